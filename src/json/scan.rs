//! The quick reader, for documents without anything unusual.
//!
//! One pass over the bytes. It takes keys of four hex digits and non-empty
//! arrays of plain strings with any white space between, and declines all else
//! by `None`, what is wrong and what is merely rare alike: [`strict`] then tells
//! which. The end of a string is searched for eight bytes at a time, and those
//! bytes are what [`Names`] knows it by.
//!
//! [`strict`]: super::strict

use super::names::Names;
use super::rows::Rows;
use super::words::Words;
use crate::prefix::Prefix;

/// The names and the rows of a document, or `None` when it is not for this
/// reader.
pub(super) fn scan(text: &str) -> Option<(Vec<Box<str>>, Rows)> {
    let (mut names, mut rows) = (Names::new(), Rows::new());
    let mut cursor = Cursor { text, at: 0 };
    cursor.expect(b'{')?;
    for row in 1.. {
        cursor.expect(b'"')?;
        let prefix = cursor.prefix()?;
        cursor.expect(b':')?;
        cursor.at = cursor.array(&mut names, &mut rows, row)?;
        rows.close(prefix)?;
        if !cursor.goes_on(b'}')? {
            break;
        }
    }
    let rest = text.bytes().skip(cursor.at);
    rest.into_iter().all(is_space).then(|| (names.into_vec(), rows))
}

#[derive(Clone, Copy)]
struct Cursor<'a> {
    text: &'a str,
    at: usize,
}

impl Cursor<'_> {
    /// Reads an array into the open row; where the text goes on. By value and
    /// not inlined, so that what the loop turns on stays in registers.
    #[inline(never)]
    fn array(mut self, names: &mut Names, rows: &mut Rows, row: u32) -> Option<usize> {
        self.expect(b'[')?;
        loop {
            self.expect(b'"')?;
            let (words, length) = Words::until_quote(self.text.as_bytes().get(self.at..)?)?;
            let end = self.at + length;
            rows.push(names.intern(words, self.text, self.at..end, row)?);
            self.at = end + 1;
            if !self.goes_on(b']')? {
                return Some(self.at);
            }
        }
    }

    /// The next byte that is no white space.
    #[inline]
    fn token(&mut self) -> Option<u8> {
        loop {
            let byte = *self.text.as_bytes().get(self.at)?;
            self.at += 1;
            if !is_space(byte) {
                return Some(byte);
            }
        }
    }

    #[inline]
    fn expect(&mut self, wanted: u8) -> Option<()> {
        (self.token()? == wanted).then_some(())
    }

    /// Whether a comma follows, or else the end of the list.
    #[inline]
    fn goes_on(&mut self, end: u8) -> Option<bool> {
        let byte = self.token()?;
        (byte == b',' || byte == end).then_some(byte == b',')
    }

    /// A key, its first quote behind.
    #[inline]
    fn prefix(&mut self) -> Option<Prefix> {
        let &[a, b, c, d, b'"'] = self.text.as_bytes().get(self.at..)?.first_chunk()? else {
            return None;
        };
        let [a, b, c, d] = [a, b, c, d].map(|byte| u16::from(HEX[usize::from(byte)]));
        self.at += 5;
        ((a | b | c | d) < 16).then_some(Prefix::new(a << 12 | b << 8 | c << 4 | d))
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
