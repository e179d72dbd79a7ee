//! What the quick reader has read is gone, and an error may still speak of it.
//!
//! The thorough reader goes on where the quick one stopped. Its errors name byte
//! offsets, lines and columns of the whole document, and the first of two keys
//! of a prefix.

use super::cursor::TextCursor;
use crate::prefix::{PREFIXES, Prefix};

/// A place in a document, by byte, line and column.
#[derive(Debug, Clone, Copy)]
pub(super) struct TextPlace {
    offset: usize,
    lines: usize,
    line_start: usize,
}

impl TextPlace {
    pub(super) const START: Self = Self { offset: 0, lines: 0, line_start: 0 };

    pub(super) const fn offset(self) -> usize {
        self.offset
    }

    /// A cursor at the place, over the text behind it.
    pub(super) const fn cursor(self, text: &[u8]) -> TextCursor<'_> {
        TextCursor::new(text, self.offset + text.len() - self.line_start)
    }

    /// The place that a cursor has moved to, whose text ends at an offset.
    pub(super) const fn moved_to(self, end: usize, cursor: TextCursor<'_>) -> Self {
        Self {
            offset: end - cursor.len(),
            lines: self.lines + cursor.lines(),
            line_start: end - cursor.line(),
        }
    }

    /// A text that ends in the line and column of the place and in the middle of an
    /// object: behind its brace, or behind [`DUMMY`] and its comma.
    pub(super) fn stand_in(self, has_dummy: bool) -> String {
        let (start, end) = if has_dummy { (DUMMY, "") } else { ("", "{") };
        let column = self.offset - self.line_start;
        let fills = if self.lines == 0 { start.len() + end.len() } else { end.len() };
        let newlines = "\n".repeat(self.lines);
        format!("{start}{newlines}{}{end}", " ".repeat(column - fills))
    }
}

/// The start of an object, with one entry that no reader takes for another.
/// It is shorter than any.
const DUMMY: &str = "{\"\":0,";

/// The keys of the entries that were read, unless nobody will ask.
#[derive(Debug)]
pub(super) struct SeenKeys(Vec<SeenKey>);

/// A key: where it is, and how it is written. One that was not seen has no digits.
#[derive(Debug, Clone, Copy)]
struct SeenKey {
    offset: u32,
    digits: [u8; 4],
}

impl SeenKeys {
    /// Keeps no keys.
    pub(super) const fn none() -> Self {
        Self(Vec::new())
    }

    pub(super) fn new() -> Self {
        Self(vec![SeenKey { offset: 0, digits: [0; 4] }; PREFIXES])
    }

    #[inline]
    pub(super) fn see(&mut self, prefix: Prefix, offset: u32, digits: [u8; 4]) {
        if let Some(key) = self.0.get_mut(usize::from(prefix.get())) {
            *key = SeenKey { offset, digits };
        }
    }

    /// The key of a prefix and where it is, if it was seen.
    pub(super) fn get(&self, prefix: Prefix) -> Option<(String, usize)> {
        self.0.get(usize::from(prefix.get())).filter(|key| key.is_seen()).map(|key| key.said())
    }

    /// The last key that was seen.
    pub(super) fn last(&self) -> Option<String> {
        let seen = self.0.iter().filter(|key| key.is_seen());
        seen.max_by_key(|key| key.offset).map(|key| key.said().0)
    }
}

impl SeenKey {
    fn is_seen(&self) -> bool {
        self.digits[0] != 0
    }

    fn said(&self) -> (String, usize) {
        (self.digits.into_iter().map(char::from).collect(), self.offset as usize)
    }
}
