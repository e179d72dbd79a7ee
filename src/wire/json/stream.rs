//! A document is read piece by piece, so that it is never in memory as a whole.
//!
//! The quick reader takes the whole entries of a piece; the entry that the piece
//! cuts goes to the front of the next, and one longer than a piece makes the piece
//! grow. So each byte is read once, and those of an entry that is cut a few times.
//!
//! What the quick reader declines, and what would make a piece grow without bounds, is
//! for the thorough one: it goes on from there, with the rest of the input as a whole.
//! So nothing is read twice, and an input need have no way back.

use std::io::{self, Read};

use super::entries::Document;
use super::quick::{Begun, QuickReader};
use super::{JsonError, thorough};

/// To how many times its size a piece grows.
const GROWTH: usize = 16;

/// What an input goes on with, read in pieces of that size.
///
/// # Errors
///
/// [`JsonError`].
pub(super) fn read(mut input: impl Read, piece: usize) -> Result<Document, JsonError> {
    let mut reader = QuickReader::of_pieces();
    let mut text = vec![0; piece];
    let mut held = 0;
    loop {
        held += fill(&mut input, &mut text[held..])?;
        let is_end = held < text.len();
        let done = reader.feed(&text[..held]);
        if is_end && done == held && reader.is_done() {
            return Ok(reader.finish().document);
        }
        text.copy_within(done..held, 0);
        held -= done;
        if is_end || done == 0 && held >= GROWTH * piece {
            text.truncate(held);
            input.read_to_end(&mut text)?;
            return go_on(reader.finish(), text);
        }
        if done == 0 {
            text.resize(2 * held, 0);
        }
    }
}

/// What a document says that was begun and goes on with these bytes, its last.
fn go_on(begun: Begun, rest: Vec<u8>) -> Result<Document, JsonError> {
    let before = begun.end;
    let refused = |offset| JsonError::Encoding { offset: before + offset };
    let rest =
        String::from_utf8(rest).map_err(|error| refused(error.utf8_error().valid_up_to()))?;
    thorough::go_on(begun, &rest)
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

    /// What reading comes to, in words.
    fn outcome(read: Result<PrefixMapping, JsonError>) -> String {
        read.map_or_else(|error| format!("{error:?}"), |mapping| mapping.to_json())
    }

    fn of_whole(bytes: &[u8], digits: Digits) -> String {
        outcome(PrefixMapping::from_json(bytes, digits))
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

    /// What stands between entries.
    const COMMAS: [&str; 4] = [",", ",\n", " ,\r\n  ", "\n,"];

    fn document() -> impl Strategy<Value = Vec<u8>> {
        let part = prop_oneof![3 => 10..16_usize, 1 => 0..16_usize];
        let entries = prop::collection::vec(part, 0..9);
        let marked = |mark| if mark { "\u{FEFF}" } else { "" };
        let comma = prop::sample::select(&COMMAS);
        (any::<bool>(), comma, entries).prop_map(move |(mark, comma, entries)| {
            let entries: Vec<_> = entries.into_iter().map(|part| PARTS[part]).collect();
            format!("{}\n{{{}}}\n", marked(mark), entries.join(comma)).into()
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
