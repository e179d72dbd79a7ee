//! Nearly every document has nothing unusual in it, and the quick reader is for
//! those.
//!
//! It makes one pass over the bytes. It takes keys of four hex digits and non-empty
//! arrays of plain strings with any white space between, and declines all else,
//! what is wrong and what is merely rare alike: [`thorough`] then tells which. The
//! end of a string is searched for eight bytes at a time, and those bytes are
//! what [`KnownNames`] knows it by.
//!
//! It reads whole entries, so that a document may come in pieces: an entry that a
//! piece cuts changes nothing, and is read again with the piece after it.
//!
//! [`thorough`]: super::thorough

use super::cursor::{Key, TextCursor};
use super::entries::{Document, Entries};
use super::seen_keys::SeenKeys;
use crate::mapping::KnownNames;

/// The quick reader, and what a document has said so far.
pub(super) struct QuickReader {
    names: KnownNames,
    entries: Entries,
    keys: SeenKeys,
    /// Tells entries apart; one that is read again has another number.
    entry: u32,
    next: Part,
    /// How many bytes of the document were read.
    read: usize,
}

/// The parts of a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    Opening,
    Entry,
    Rest,
}

/// The start of a document, which is read, for another reader to go on with.
pub(super) struct Begun {
    /// What it says.
    pub(super) document: Document,
    /// The keys of its entries.
    pub(super) keys: SeenKeys,
    /// What comes next.
    pub(super) next: Part,
    /// Where in the document it ends.
    pub(super) end: usize,
}

impl QuickReader {
    /// A reader of a document that is at hand as a whole, to be read again by
    /// another one from its start.
    pub(super) fn of_whole() -> Self {
        Self::new(SeenKeys::none())
    }

    /// A reader of a document of which nothing is kept.
    pub(super) fn of_pieces() -> Self {
        Self::new(SeenKeys::new())
    }

    fn new(keys: SeenKeys) -> Self {
        Self {
            names: KnownNames::new(),
            entries: Entries::new(),
            keys,
            entry: 0,
            next: Part::Opening,
            read: 0,
        }
    }

    /// Reads what the document goes on with, as far as it is whole; how many
    /// bytes that is. The next piece is to start behind them.
    pub(super) fn feed(&mut self, piece: &[u8]) -> usize {
        let mut cursor = TextCursor::new(piece);
        let mut read = 0;
        let end = self.read + piece.len();
        if self.keys.is_too_long(end) {
            return 0;
        }
        while self.step(&mut cursor, end).is_some() {
            read = piece.len() - cursor.len();
        }
        self.entries.clear();
        self.read += read;
        read
    }

    /// Whether the object has ended.
    pub(super) fn is_done(&self) -> bool {
        self.next == Part::Rest
    }

    /// What was read.
    pub(super) fn finish(self) -> Begun {
        let Self { names, entries, keys, next, read: end, .. } = self;
        Begun { document: Document { names: names.into_vec(), entries }, keys, next, end }
    }

    /// Reads the next part; if it is not whole, nothing of it counts. `end` is where
    /// in the document the text of the cursor ends.
    #[inline]
    fn step(&mut self, cursor: &mut TextCursor<'_>, end: usize) -> Option<()> {
        self.next = match self.next {
            Part::Opening => {
                cursor.skip_mark();
                cursor.expect(b'{')?;
                Part::Entry
            }
            Part::Entry => self.entry(cursor, end)?,
            Part::Rest => {
                cursor.space()?;
                Part::Rest
            }
        };
        Some(())
    }

    /// Reads an entry with the comma or the brace behind it.
    #[inline]
    fn entry(&mut self, cursor: &mut TextCursor<'_>, end: usize) -> Option<Part> {
        self.entry += 1;
        let Key { prefix, digits, ahead } = cursor.key()?;
        self.array(cursor)?;
        let next = if cursor.another_key()? { Part::Entry } else { Part::Rest };
        self.entries.close(prefix)?;
        self.keys.see(prefix, end - ahead - 1, digits);
        Some(next)
    }

    /// Reads the strings of an array into the open entry.
    #[inline]
    fn array(&mut self, cursor: &mut TextCursor<'_>) -> Option<()> {
        loop {
            let (packed, name) = cursor.string()?;
            if let Some(place) = self.names.find(packed, self.entry) {
                self.entries.push(place);
            } else {
                self.entries.push(self.names.search(packed, name, self.entry, plain_text).ok()?);
            }
            if !cursor.another_string()? {
                return Some(());
            }
        }
    }
}

/// A name that is a text without escapes.
pub(in crate::wire) fn plain_text(name: &[u8]) -> Option<&str> {
    let plain = |&byte: &u8| byte >= b' ' && byte != b'\\';
    let is_plain = !name.is_empty() && name.iter().all(plain);
    str::from_utf8(name).ok().filter(|_| is_plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_plain_text_is_declined() {
        for name in [&b""[..], b"a\\", b"\xFF", b"a\n"] {
            assert_eq!(plain_text(name), None);
        }
        assert_eq!(plain_text("\u{e9} 1".as_bytes()), Some("\u{e9} 1"));
    }
}
