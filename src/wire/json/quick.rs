//! The quick reader, for documents without anything unusual.
//!
//! One pass over the bytes. It takes keys of four hex digits and non-empty
//! arrays of plain strings with any white space between, and declines all else,
//! what is wrong and what is merely rare alike: [`thorough`] then tells which. The
//! end of a string is searched for eight bytes at a time, and those bytes are
//! what [`Names`] knows it by.
//!
//! It reads whole entries, so that a document may come in pieces: an entry that a
//! piece cuts changes nothing, and is read again with the piece after it.
//!
//! [`thorough`]: super::thorough

use super::cursor::Cursor;
use super::entries::Rows;
use super::names::Names;

/// What a document has said so far.
pub(super) struct Scanner {
    names: Names,
    rows: Rows,
    /// Tells entries apart; one that is read again has another number.
    entry: u32,
    next: Part,
}

/// The parts of a document.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Opening,
    Entry,
    Rest,
}

impl Scanner {
    pub(super) fn new() -> Self {
        Self { names: Names::new(), rows: Rows::new(), entry: 0, next: Part::Opening }
    }

    /// Reads what the document goes on with, as far as it is whole; how many
    /// bytes that is. The next piece is to start behind them.
    pub(super) fn feed(&mut self, piece: &[u8]) -> usize {
        let mut cursor = Cursor::new(piece);
        let mut read = 0;
        while self.step(&mut cursor).is_some() {
            read = piece.len() - cursor.len();
        }
        self.rows.clear();
        read
    }

    /// The names and the rows, if the object has ended.
    pub(super) fn finish(self) -> Option<(Vec<Box<str>>, Rows)> {
        (self.next == Part::Rest).then(|| (self.names.into_vec(), self.rows))
    }

    /// Reads the next part; if it is not whole, nothing of it counts.
    #[inline]
    fn step(&mut self, cursor: &mut Cursor<'_>) -> Option<()> {
        self.next = match self.next {
            Part::Opening => {
                cursor.skip_mark();
                cursor.expect(b'{')?;
                Part::Entry
            }
            Part::Entry => self.entry(cursor)?,
            Part::Rest => {
                cursor.space()?;
                Part::Rest
            }
        };
        Some(())
    }

    /// Reads an entry with the comma or the brace behind it.
    #[inline]
    fn entry(&mut self, cursor: &mut Cursor<'_>) -> Option<Part> {
        self.entry += 1;
        let prefix = cursor.key()?;
        self.array(cursor)?;
        let next = if cursor.another_key()? { Part::Entry } else { Part::Rest };
        self.rows.close(prefix)?;
        Some(next)
    }

    /// Reads the strings of an array into the open row.
    #[inline]
    fn array(&mut self, cursor: &mut Cursor<'_>) -> Option<()> {
        loop {
            let (words, name) = cursor.string()?;
            if let Some(place) = self.names.find(words, self.entry) {
                self.rows.push(place);
            } else {
                self.rows.push(self.names.search(words, name, self.entry)?);
            }
            if !cursor.another_string()? {
                return Some(());
            }
        }
    }
}
