//! The quick reader, for documents without anything unusual.
//!
//! One pass over the bytes. It takes keys of four hex digits and non-empty
//! arrays of plain strings with any white space between, and declines all else
//! by `None`, what is wrong and what is merely rare alike: [`strict`] then tells
//! which. Strings are searched for their end eight bytes at a time, and those
//! eight bytes are what [`Names`] knows them by.
//!
//! [`strict`]: super::strict

use super::names::{Names, Words, long_word};
use super::rows::Rows;
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
            let (words, end) = self.string()?;
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

    /// The words of a string, its first quote behind, and where its last is.
    #[inline]
    fn string(&self) -> Option<(Words, usize)> {
        let rest = self.text.as_bytes().get(self.at..)?;
        let words = rest.first_chunk().map_or_else(|| last_words(rest), words_of);
        // Spelled out: in a loop the words go through memory, which stalls.
        let (words, length) = if let Some((first, length)) = until_quote(words.first) {
            (Words { first, second: 0, third: 0 }, length)
        } else if let Some((second, length)) = until_quote(words.second) {
            (Words { second, third: 0, ..words }, 8 + length)
        } else if let Some((third, length)) = until_quote(words.third) {
            (Words { third, ..words }, 16 + length)
        } else {
            let length = rest.iter().position(|&byte| byte == b'"')?;
            (Words { third: long_word(rest.get(16..length)?), ..words }, length)
        };
        Some((words, self.at + length))
    }
}

#[inline]
fn words_of(window: &[u8; 24]) -> Words {
    let (chunks, _) = window.as_chunks();
    let [first, second, third] = [chunks[0], chunks[1], chunks[2]].map(u64::from_le_bytes);
    Words { first, second, third }
}

/// The last bytes of the text.
#[cold]
fn last_words(rest: &[u8]) -> Words {
    let mut window = [0; 24];
    window[..rest.len()].copy_from_slice(rest);
    words_of(&window)
}

/// The bytes of a word before its first quote, and their number.
#[inline]
const fn until_quote(word: u64) -> Option<(u64, usize)> {
    let zeros = word ^ 0x2222_2222_2222_2222;
    // The top bit of every quote, and of some bytes above the first of them.
    let quotes = zeros.wrapping_sub(0x0101_0101_0101_0101) & !zeros & 0x8080_8080_8080_8080;
    if quotes == 0 {
        return None;
    }
    Some((word & ((quotes ^ (quotes - 1)) >> 8), quotes.trailing_zeros() as usize / 8))
}

#[inline]
const fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\n' | b'\r' | b'\t')
}

/// The value of each hex digit, 16 and more for other bytes.
const HEX: [u8; 256] = {
    let mut values = [0x10; 256];
    let mut value = 0;
    while value < 16 {
        values[b"0123456789abcdef"[value] as usize] = value as u8;
        values[b"0123456789ABCDEF"[value] as usize] = value as u8;
        value += 1;
    }
    values
};
