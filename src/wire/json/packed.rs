//! A name is packed into three words.
//!
//! Looking for the end of a name, hashing it and comparing it by byte would be most
//! of the time of a reading. Of a name in three words each is a few instructions.

/// The bit that a third word has when the name is longer than the words.
pub(super) const LONG: u64 = 1 << 63;

/// The first 16 bytes of a string in two little-endian words; in the third the
/// next 7 bytes with the length above them, or [`LONG`] and a hash of all that
/// follow. Short words are padded with 0; the length tells that from a NUL.
#[derive(Clone, Copy)]
pub(in crate::wire) struct PackedName {
    pub(super) first: u64,
    pub(super) second: u64,
    pub(super) third: u64,
}

impl PackedName {
    /// Stands for the words of a name that has not been looked at yet. No name
    /// has these: none has a NUL.
    const UNKNOWN: Self = Self { first: 0, second: 0, third: LONG };

    /// The words of a name.
    pub(super) fn of(name: &[u8]) -> Self {
        let mut words = name.chunks(8).map(|chunk| {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            u64::from_le_bytes(word)
        });
        let mut next = || words.next().unwrap_or_default();
        let (first, second, third) = (next(), next(), next());
        if name.len() < 24 {
            return Self { first, second, third }.of_length(name.len());
        }
        let hash = words.fold(third, |hash, word| {
            (hash.rotate_left(29) ^ word).wrapping_mul(0x9E37_79B9_7F4A_7C15)
        });
        Self { first, second, third: hash | LONG }
    }

    /// The words of the string that `rest` starts with, its first quote behind,
    /// and its length; of a long one, or one close to the end of the text, the
    /// length alone.
    #[inline]
    pub(in crate::wire) fn until_quote(rest: &[u8]) -> Option<(Self, usize)> {
        let Some(window) = rest.first_chunk::<24>() else {
            return Some((Self::UNKNOWN, quote_in(rest)?));
        };
        let (chunks, _) = window.as_chunks();
        let [first, second, third] = [chunks[0], chunks[1], chunks[2]].map(u64::from_le_bytes);
        // Spelled out: in a loop the words go through memory, which stalls.
        let (words, length) = if let Some((first, length)) = until_quote(first) {
            (Self { first, second: 0, third: 0 }, length)
        } else if let Some((second, length)) = until_quote(second) {
            (Self { first, second, third: 0 }, 8 + length)
        } else if let Some((third, length)) = until_quote(third) {
            (Self { first, second, third }, 16 + length)
        } else {
            return Some((Self::UNKNOWN, quote_in(rest)?));
        };
        Some((words.of_length(length), length))
    }

    /// These words, or those of the name when they are unknown.
    pub(super) fn or_of(self, name: &[u8]) -> Self {
        if self.third < LONG { self } else { Self::of(name) }
    }

    #[inline]
    const fn of_length(self, length: usize) -> Self {
        Self { third: self.third | (length as u64) << 56, ..self }
    }
}

impl PartialEq for PackedName {
    /// Not the derived one: three branches, and each is guessed.
    #[inline]
    fn eq(&self, other: &Self) -> bool {
        let differs =
            (self.first ^ other.first) | (self.second ^ other.second) | (self.third ^ other.third);
        differs == 0
    }
}

#[inline(never)]
fn quote_in(rest: &[u8]) -> Option<usize> {
    rest.iter().position(|&byte| byte == b'"')
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn padding_is_no_nul() {
        assert!(PackedName::of(b"a") != PackedName::of(b"a\0"));
        assert!(PackedName::of(&[b'a'; 16]) != PackedName::of(b"aaaaaaaaaaaaaaaa\0\0"));
    }

    #[test]
    fn the_end_of_a_string_and_its_words() {
        for length in 0..60 {
            for more in ["", "\"", "\",\"10.0.0.1:6001\",\"10.0.0.2:6001\""] {
                let name: String = "\u{1}#!\u{ff}\u{a2}xy".chars().cycle().take(length).collect();
                let text = format!("{name}\"{more}");
                let (words, end) = PackedName::until_quote(text.as_bytes()).unwrap();
                assert_eq!(end, name.len());
                assert!(words == PackedName::of(name.as_bytes()) || words.third == LONG);
                assert!(name.len() < 24 || words.third == LONG);
            }
        }
        assert!(PackedName::until_quote(b"10.0.0.1").is_none());
    }
}
