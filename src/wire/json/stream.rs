//! A document is read piece by piece, so that it is never in memory as a whole.
//!
//! The quick reader takes the whole entries of a piece; the entry that the piece
//! cuts goes to the front of the next, and one longer than a piece makes the piece
//! grow. So each byte is read once, and those of an entry that is cut a few times.
//!
//! What the quick reader declines, and what would make a piece grow without bounds, is
//! read again from where it started and as a whole: its first error has to be
//! found in all of it, as `PrefixMapping::from_json` would.

use std::io::{self, Read, Seek, SeekFrom};

use super::entries::Document;
use super::quick::QuickReader;
use super::{JsonError, thorough};

/// To how many times its size a piece grows.
const GROWTH: usize = 16;

/// What an input goes on with, read in pieces of that size.
///
/// # Errors
///
/// [`JsonError`].
pub(super) fn read(mut input: impl Read + Seek, piece: usize) -> Result<Document, JsonError> {
    let start = input.stream_position()?;
    if let Some(document) = read_quickly(&mut input, piece)? {
        return Ok(document);
    }
    input.seek(SeekFrom::Start(start))?;
    thorough::read(&text_of(input)?)
}

/// What [`QuickReader`] makes of an input; `None` when it declines it.
fn read_quickly(input: &mut impl Read, piece: usize) -> io::Result<Option<Document>> {
    let mut reader = QuickReader::new();
    let mut text = vec![0; piece];
    let mut held = 0;
    loop {
        held += fill(input, &mut text[held..])?;
        let done = reader.feed(&text[..held]);
        if held < text.len() {
            return Ok(reader.finish().filter(|_| done == held));
        }
        text.copy_within(done..held, 0);
        held -= done;
        if done == 0 {
            if held >= GROWTH * piece {
                return Ok(None);
            }
            text.resize(2 * held, 0);
        }
    }
}

/// Reads until a piece is full, or the input ends. Not by `Read::read_to_end`,
/// which feels its way with small reads.
fn fill(input: &mut impl Read, piece: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while filled < piece.len() {
        match input.read(&mut piece[filled..]) {
            Ok(0) => break,
            Ok(count) => filled += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}

/// The rest of an input.
fn text_of(mut input: impl Read) -> Result<String, JsonError> {
    let mut bytes = Vec::new();
    input.read_to_end(&mut bytes)?;
    let refused = |offset| JsonError::Encoding { offset };
    String::from_utf8(bytes).map_err(|error| refused(error.utf8_error().valid_up_to()))
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use proptest::prelude::*;

    use super::*;
    use crate::mapping::PrefixMapping;
    use crate::prefix::Digits;

    /// An input that gives at most so many bytes at a time.
    struct Slow<'a>(Cursor<&'a [u8]>, usize);

    impl Read for Slow<'_> {
        fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
            let few = out.len().min(self.1);
            self.0.read(&mut out[..few])
        }
    }

    impl Seek for Slow<'_> {
        fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
            self.0.seek(to)
        }
    }

    /// What reading comes to, in words.
    fn outcome(read: Result<PrefixMapping, JsonError>) -> String {
        read.map_or_else(|error| format!("{error:?}"), |mapping| mapping.to_json())
    }

    fn of_whole(bytes: &[u8], digits: Digits) -> String {
        outcome(text_of(bytes).and_then(|text| PrefixMapping::from_json(&text, digits)))
    }

    /// Entries with a name of each kind, and what is often next to them.
    const PARTS: [&str; 16] = [
        "\u{FEFF}",
        "{",
        "}",
        "[",
        "]",
        ",",
        "\"",
        ":",
        " ",
        "\n\t\r",
        "\"10.0.0.1:6001\"",
        "\"0000\":[\"a\"]",
        "\"00Ff\" : [ \"b\" , \"a\" ]",
        "\"8000\":[\"[2001:db8::1]:6001 long\"]",
        "\"0001\":[\"\\u0061\"]",
        "\"FFFF\":[\"é\"]",
    ];

    fn document() -> impl Strategy<Value = Vec<u8>> {
        let part = prop_oneof![3 => 10..16_usize, 1 => 0..16_usize];
        let entries = prop::collection::vec(part, 0..9);
        let marked = |mark| if mark { "\u{FEFF}" } else { "" };
        (any::<bool>(), entries).prop_map(move |(mark, entries)| {
            let entries: Vec<_> = entries.into_iter().map(|part| PARTS[part]).collect();
            format!("{}{{{}}}\n", marked(mark), entries.join(",")).into()
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4000))]

        #[test]
        fn a_piece_of_any_size_makes_no_difference(
            mut bytes in document(),
            edit in prop::option::of((any::<prop::sample::Index>(), any::<u8>())),
            piece in 1..80_usize,
            few in 1..20_usize,
            digits in 0..=4_u8,
        ) {
            if let Some((place, byte)) = edit {
                let place = place.index(bytes.len());
                bytes[place] = byte;
            }
            let digits = Digits::try_from(digits).unwrap();
            let read = read(Slow(Cursor::new(&bytes), few), piece);
            let mapping = read.and_then(|document| document.into_mapping(digits, None));
            prop_assert_eq!(outcome(mapping), of_whole(&bytes, digits));
        }
    }
}
