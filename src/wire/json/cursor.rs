//! The quick reader takes a text token by token, from a place that moves on.
//!
//! Each method is `None` for another token, and where the text ends too early.
//! What is usual comes first, and needs no look at white space.

use crate::mapping::PackedName;
use crate::prefix::Prefix;

const BYTE_ORDER_MARK: &[u8] = "\u{FEFF}".as_bytes();

/// The text that is still to be read.
#[derive(Clone, Copy)]
pub(super) struct TextCursor<'a> {
    rest: &'a [u8],
}

/// A key as it stands in the text.
pub(super) struct Key {
    pub(super) prefix: Prefix,
    pub(super) digits: [u8; 4],
    /// How many bytes were still to be read behind its first quote.
    pub(super) ahead: usize,
}

impl<'a> TextCursor<'a> {
    pub(super) const fn new(rest: &'a [u8]) -> Self {
        Self { rest }
    }

    /// How many bytes are still to be read.
    pub(super) const fn len(self) -> usize {
        self.rest.len()
    }

    pub(super) fn skip_mark(&mut self) {
        self.rest = self.rest.strip_prefix(BYTE_ORDER_MARK).unwrap_or(self.rest);
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
            self.rest = behind_space(self.rest);
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
            self.rest = rest;
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
        let ahead = self.rest.len();
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
}

/// Apart from its callers, to keep them short.
#[inline(never)]
fn behind_space(text: &[u8]) -> &[u8] {
    let space = text.iter().take_while(|&&byte| is_space(byte)).count();
    &text[space..]
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
