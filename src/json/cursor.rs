//! A place in a text, and the tokens from there on.
//!
//! Each method is `None` for another token, and where the text ends too early.

use super::words::Words;
use crate::prefix::Prefix;

const BYTE_ORDER_MARK: &[u8] = "\u{FEFF}".as_bytes();

#[derive(Clone, Copy)]
pub(super) struct Cursor<'a> {
    text: &'a [u8],
    at: usize,
}

impl<'a> Cursor<'a> {
    pub(super) const fn new(text: &'a [u8]) -> Self {
        Self { text, at: 0 }
    }

    pub(super) const fn position(self) -> usize {
        self.at
    }

    pub(super) fn skip_mark(&mut self) {
        if self.text[self.at..].starts_with(BYTE_ORDER_MARK) {
            self.at += BYTE_ORDER_MARK.len();
        }
    }

    /// The next byte that is no white space.
    #[inline]
    fn token(&mut self) -> Option<u8> {
        loop {
            let byte = *self.text.get(self.at)?;
            self.at += 1;
            if !is_space(byte) {
                return Some(byte);
            }
        }
    }

    /// One byte of white space.
    #[inline]
    pub(super) fn space(&mut self) -> Option<()> {
        let byte = *self.text.get(self.at)?;
        self.at += 1;
        is_space(byte).then_some(())
    }

    #[inline]
    pub(super) fn expect(&mut self, wanted: u8) -> Option<()> {
        (self.token()? == wanted).then_some(())
    }

    /// Whether a comma follows, or else the end of the list.
    #[inline]
    pub(super) fn goes_on(&mut self, end: u8) -> Option<bool> {
        let byte = self.token()?;
        (byte == b',' || byte == end).then_some(byte == b',')
    }

    /// A key, its first quote behind.
    #[inline]
    pub(super) fn prefix(&mut self) -> Option<Prefix> {
        let &[a, b, c, d, b'"'] = self.text.get(self.at..)?.first_chunk()? else {
            return None;
        };
        let [a, b, c, d] = [a, b, c, d].map(|byte| u16::from(HEX[usize::from(byte)]));
        self.at += 5;
        ((a | b | c | d) < 16).then_some(Prefix::new(a << 12 | b << 8 | c << 4 | d))
    }

    /// A string without escapes, its first quote behind, and its words.
    #[inline]
    pub(super) fn string(&mut self) -> Option<(Words, &'a [u8])> {
        let rest = self.text.get(self.at..)?;
        let (words, length) = Words::until_quote(rest)?;
        self.at += length + 1;
        Some((words, rest.get(..length)?))
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
