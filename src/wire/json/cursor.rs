//! The quick reader takes a text token by token, from a place that moves on.
//!
//! Each method is `None` for another token, and where the text ends too early.
//! What is usual comes first, and needs no look at white space.

use crate::mapping::PackedName;
use crate::prefix::Prefix;

const BYTE_ORDER_MARK: &[u8] = "\u{FEFF}".as_bytes();

/// The text that is still to be read, and how far the lines of what was read go.
#[derive(Clone, Copy)]
pub(super) struct TextCursor<'a> {
    rest: &'a [u8],
    lines: usize,
    line: usize,
}

/// A key as it stands in the text.
pub(super) struct Key {
    pub(super) prefix: Prefix,
    pub(super) digits: [u8; 4],
    /// How many bytes were still to be read at its first quote.
    pub(super) ahead: usize,
}

impl<'a> TextCursor<'a> {
    /// A cursor in a line that started when `line` bytes were still to be read.
    pub(super) const fn new(rest: &'a [u8], line: usize) -> Self {
        Self { rest, lines: 0, line }
    }

    /// How many lines were left behind.
    pub(super) const fn lines(self) -> usize {
        self.lines
    }

    /// How many bytes were still to be read when the line started.
    pub(super) const fn line(self) -> usize {
        self.line
    }

    /// How many bytes are still to be read.
    pub(super) const fn len(self) -> usize {
        self.rest.len()
    }

    /// Leaves the mark out of its line.
    pub(super) fn skip_mark(&mut self) {
        if let Some(rest) = self.rest.strip_prefix(BYTE_ORDER_MARK) {
            (self.rest, self.line) = (rest, rest.len());
        }
    }

    #[inline]
    fn byte(&mut self) -> Option<u8> {
        let (&byte, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(byte)
    }

    /// The next byte that is no white space.
    #[inline]
    fn token(&mut self) -> Option<u8> {
        if is_space(*self.rest.first()?) {
            self.skip_space();
        }
        self.byte()
    }

    /// One byte of white space.
    #[inline]
    pub(super) fn space(&mut self) -> Option<()> {
        is_space(self.byte()?).then_some(())
    }

    #[inline]
    pub(super) fn expect(&mut self, wanted: u8) -> Option<()> {
        (self.token()? == wanted).then_some(())
    }

    /// Whether a comma follows, or else the end of the object.
    #[inline]
    pub(super) fn another_key(&mut self) -> Option<bool> {
        if let [b',', b'\n', rest @ ..] = self.rest {
            *self = Self { rest, lines: self.lines + 1, line: rest.len() };
            return Some(true);
        }
        let byte = self.token()?;
        (byte == b',' || byte == b'}').then_some(byte == b',')
    }

    /// Whether another string begins, or else the array ends.
    #[inline]
    pub(super) fn another_string(&mut self) -> Option<bool> {
        if let [b',', b'"', rest @ ..] = self.rest {
            self.rest = rest;
            return Some(true);
        }
        match self.token()? {
            b',' => self.expect(b'"').map(|()| true),
            b']' => Some(false),
            _ => None,
        }
    }

    /// A key and the start of its array, up to the first string in it.
    #[inline]
    pub(super) fn key(&mut self) -> Option<Key> {
        self.expect(b'"')?;
        let ahead = self.rest.len() + 1;
        let (&[a, b, c, d, b'"'], rest) = self.rest.split_first_chunk()? else { return None };
        let digits = [a, b, c, d];
        self.rest = rest;
        if let [b':', b'[', b'"', rest @ ..] = rest {
            self.rest = rest;
        } else {
            self.expect(b':')?;
            self.expect(b'[')?;
            self.expect(b'"')?;
        }
        let [a, b, c, d] = digits.map(|byte| u16::from(HEX[usize::from(byte)]));
        let prefix = Prefix::new(a << 12 | b << 8 | c << 4 | d);
        ((a | b | c | d) < 16).then_some(Key { prefix, digits, ahead })
    }

    /// A string without escapes, its first quote behind, and its words.
    #[inline]
    pub(super) fn string(&mut self) -> Option<(PackedName, &'a [u8])> {
        let (words, length) = PackedName::until_quote(self.rest)?;
        let (name, rest) = self.rest.split_at_checked(length)?;
        self.rest = rest.get(1..)?;
        Some((words, name))
    }

    /// Apart from its callers, to keep them short.
    #[inline(never)]
    fn skip_space(&mut self) {
        while let [byte, rest @ ..] = self.rest
            && is_space(*byte)
        {
            self.rest = rest;
            if *byte == b'\n' {
                self.lines += 1;
                self.line = rest.len();
            }
        }
    }
}

#[inline]
const fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\n' | b'\r' | b'\t')
}

/// The value of each hex digit, 16 for other bytes.
const HEX: [u8; 256] = {
    let mut values = [16; 256];
    let mut value = 0;
    while value < 16_u8 {
        values[b"0123456789abcdef"[value as usize] as usize] = value;
        values[b"0123456789ABCDEF"[value as usize] as usize] = value;
        value += 1;
    }
    values
};
