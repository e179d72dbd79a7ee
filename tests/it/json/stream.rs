//! Reading from an input in pieces: what comes of it is what comes of its text.

use std::error::Error as _;
use std::io::{self, Cursor, Read};

use meta0::{Base, JsonError, PrefixMapping};

use super::D;

/// An input that gives a few bytes at a time, and fails at a place.
struct Halting(Cursor<Vec<u8>>, u64);

impl Read for Halting {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.0.position() >= self.1 {
            return Err(io::Error::other("the disk is gone"));
        }
        let few = out.len().min(7);
        self.0.read(&mut out[..few])
    }
}

/// 65,536 entries of mixed lengths, some long, the last as given.
fn long_document(last: &str) -> String {
    let long = "x".repeat(2_000);
    let row = |base: Base| match base.index() % 1_000 {
        7 => format!("\"a\",\"{long}\""),
        index => format!("\"{index}\", \"é\""),
    };
    let rows = D.bases().take(65_535).map(|base| format!("\"{base}\":[{}],\n", row(base)));
    format!("\u{FEFF}{{{}\"FFFF\":{last}}}\n", rows.collect::<String>())
}

#[test]
fn a_streamed_document_is_that_of_its_text() {
    let endless = format!("[\"{}\"]", "x".repeat(3 << 20));
    for last in ["[\"a\"]", "[\"\\u0061\"]", "[\"a\",\"a\"]", "[\"a\"", &endless] {
        let text = long_document(last);
        let (all, whole) = (u64::MAX, PrefixMapping::from_json(&text, D));
        let read = PrefixMapping::read_json(Halting(Cursor::new(text.into()), all), D);
        match (read, whole) {
            (Ok(read), Ok(whole)) => assert_eq!(read, whole),
            (read, whole) => {
                assert_eq!(read.unwrap_err().to_string(), whole.unwrap_err().to_string());
            }
        }
    }
}

#[test]
fn a_document_starts_where_its_input_stands() {
    let mut input = Cursor::new("skipped {\"0000\":7}");
    input.set_position(8);
    let error = PrefixMapping::read_json(&mut input, D).unwrap_err();
    assert_eq!(
        error.to_string(),
        "key \"0000\" has a number at byte 8: expected an array of addresses"
    );
}

#[test]
fn inputs_that_give_no_text() {
    let text = long_document("[]");
    for place in [0, 100_000] {
        let input = Halting(Cursor::new(text.clone().into()), place);
        let error = PrefixMapping::read_json(input, D).unwrap_err();
        assert!(matches!(error, JsonError::Io { .. }));
        assert_eq!(error.to_string(), "the mapping can't be read");
        assert_eq!(error.source().unwrap().to_string(), "the disk is gone");
    }
    // Before anything else that is wrong.
    for (bytes, offset) in [(&b"{7\xFF"[..], 2), (b"\xEF\xBB", 0), (b"{\"0000\":[\"\xC3\"]}", 10)] {
        let message = format!("the mapping is not a text in UTF-8 at byte {offset}");
        for read in [PrefixMapping::read_json(bytes, D), PrefixMapping::from_json(bytes, D)] {
            assert_eq!(read.unwrap_err().to_string(), message);
        }
    }
}

#[test]
fn an_error_far_behind_names_what_was_read_long_before() {
    let error = PrefixMapping::read_json(long_document("[\"a\"],\n\"00aF\":[]").as_bytes(), D);
    let JsonError::RepeatedKey { offset, key, first_offset, first } = error.unwrap_err() else {
        panic!("the last key repeats one");
    };
    assert_eq!((&*key, &*first), ("00aF", "00AF"));
    assert!(first_offset < 10_000 && offset > 1_000_000, "{first_offset} and {offset}");
    let text = long_document("[\"a\"");
    let error = PrefixMapping::read_json(text.as_bytes(), D).unwrap_err();
    assert_eq!(error.source().unwrap().to_string(), "expected `,` or `]`");
    assert_eq!((error.offset(), error.key()), (Some(text.len() - 2), Some("FFFF")));
}
