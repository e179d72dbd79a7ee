//! The addresses of a document, each kept once.
//!
//! A document names a few services some 200,000 times, so this lookup is most
//! of the reading. A name of up to 23 bytes, which any IPv4 address with its
//! port is, is known by three words, and telling two apart is three
//! comparisons: no string is touched, and none is hashed byte by byte. A longer
//! one has a hash of its tail for a third word, and is compared in full.
//!
//! Open addressing at a load of at most a quarter, so that a name is
//! mostly in the first of its slots. Names that crowd one slot
//! (nobody's addresses do, but a document may be made to) are declined rather
//! than searched, so that a lookup takes constant time.

use std::ops::Range;

use crate::service::ServiceIndex;

/// The first 16 bytes of a name in two little-endian words; in the third the
/// next 7 bytes, or [`LONG`] and a hash of all that follow. Short words are
/// padded with 0, which no name has.
#[derive(Clone, Copy)]
pub(super) struct Words {
    pub(super) first: u64,
    pub(super) second: u64,
    pub(super) third: u64,
}

impl PartialEq for Words {
    /// Not the derived one: three branches, and each is guessed.
    #[inline]
    fn eq(&self, other: &Self) -> bool {
        let differs =
            (self.first ^ other.first) | (self.second ^ other.second) | (self.third ^ other.third);
        differs == 0
    }
}

/// The bit that a third word has when the name is longer than the words: the
/// top byte of a short one is 0.
const LONG: u64 = 1 << 63;

const FREE: u16 = u16::MAX;

/// How many slots a name may be from its own.
const PROBES: usize = 32;

/// A table of names, with the row that named each last.
pub(super) struct Names {
    slots: Vec<u16>,
    entries: Vec<Entry>,
    names: Vec<Box<str>>,
}

struct Entry {
    words: Words,
    row: u32,
}

impl Names {
    pub(super) fn new() -> Self {
        Self { slots: vec![FREE; 256], entries: Vec::new(), names: Vec::new() }
    }

    pub(super) fn into_vec(self) -> Vec<Box<str>> {
        self.names
    }

    /// The place of a name, which is that range of the text, in the list, added
    /// at its end when it is new. `None` when `row` has named it before, or when
    /// it is declined.
    #[inline]
    pub(super) fn intern(
        &mut self,
        words: Words,
        text: &str,
        range: Range<usize>,
        row: u32,
    ) -> Option<u16> {
        let place = self.slots[self.slot_of(words)];
        match self.entries.get_mut(usize::from(place)) {
            Some(entry) if entry.row != row && words.third < LONG && entry.words == words => {
                entry.row = row;
                Some(place)
            }
            _ => self.search(words, text.get(range)?, row),
        }
    }

    /// What [`Names::intern`] says of a name that is new, long, or not in the
    /// first of its slots. Apart from it, to keep that short.
    #[inline(never)]
    fn search(&mut self, words: Words, name: &str, row: u32) -> Option<u16> {
        let first = self.slot_of(words);
        for slot in first..first + PROBES {
            let place = self.slots[slot & (self.slots.len() - 1)];
            if place == FREE {
                return self.insert(words, name, row);
            }
            let entry = &mut self.entries[usize::from(place)];
            let short = words.third < LONG;
            if entry.words == words && (short || *name == *self.names[usize::from(place)]) {
                let new = entry.row != row;
                entry.row = row;
                return new.then_some(place);
            }
        }
        None
    }

    #[cold]
    fn insert(&mut self, words: Words, name: &str, row: u32) -> Option<u16> {
        let plain = |byte| byte >= b' ' && byte != b'\\';
        if name.is_empty() || !name.bytes().all(plain) || self.names.len() == ServiceIndex::LIMIT {
            return None;
        }
        self.names.push(name.into());
        self.entries.push(Entry { words, row });
        if self.slots.len() < 4 * self.names.len() {
            self.slots = vec![FREE; 2 * self.slots.len()];
            (0..self.names.len()).try_for_each(|place| self.place(place))?;
        } else {
            self.place(self.names.len() - 1)?;
        }
        Some(ServiceIndex::new(self.names.len() - 1).get())
    }

    /// Puts a name into the first free slot from its own.
    fn place(&mut self, place: usize) -> Option<()> {
        let first = self.slot_of(self.entries[place].words);
        let mask = self.slots.len() - 1;
        let free = (first..first + PROBES).find(|slot| self.slots[slot & mask] == FREE)?;
        self.slots[free & mask] = ServiceIndex::new(place).get();
        Some(())
    }

    /// Multiplicative hashing: the top bits of a product depend on all below.
    #[inline]
    fn slot_of(&self, Words { first, second, third }: Words) -> usize {
        let hash = first
            .wrapping_mul(0x9E37_79B9_7F4A_7C15)
            .wrapping_add(second.wrapping_mul(0xC2B2_AE3D_27D4_EB4F))
            .wrapping_add(third.wrapping_mul(0xD6E8_FEB8_6659_FD93));
        #[expect(clippy::cast_possible_truncation, reason = "32 bits are left")]
        let top = (hash >> 32) as usize;
        top >> (32 - self.slots.len().trailing_zeros())
    }
}

/// The third word of a name of 24 bytes or more, of all but its first 16.
pub(super) fn long_word(tail: &[u8]) -> u64 {
    let hash = tail.chunks(8).fold(0, |hash: u64, chunk| {
        let mut word = [0; 8];
        word[..chunk.len()].copy_from_slice(chunk);
        (hash.rotate_left(29) ^ u64::from_le_bytes(word)).wrapping_mul(0x9E37_79B9_7F4A_7C15)
    });
    hash | LONG
}

#[cfg(test)]
mod tests {
    use super::*;

    fn intern(names: &mut Names, first: u64, third: u64, name: &str, row: u32) -> Option<u16> {
        names.intern(Words { first, second: 0, third }, name, 0..name.len(), row)
    }

    #[test]
    fn crowded_names_are_declined() {
        let mut names = Names::new();
        let kept = (0..40).filter_map(|name| {
            let place = intern(&mut names, 0, LONG, &format!("{name:030}"), 1)?;
            Some(usize::from(place))
        });
        assert!(kept.eq(0..PROBES));
    }

    #[test]
    fn a_name_is_new_to_each_row_once() {
        let mut names = Names::new();
        assert_eq!(intern(&mut names, 1, 0, "a", 1), Some(0));
        assert_eq!(intern(&mut names, 2, 0, "b", 1), Some(1));
        assert_eq!(intern(&mut names, 1, 0, "a", 1), None);
        assert_eq!(intern(&mut names, 1, 0, "a", 2), Some(0));
        assert_eq!(intern(&mut names, 3, 0, "", 2), None);
        assert_eq!(intern(&mut names, 3, 0, "a\\", 2), None);
        assert_eq!(names.into_vec(), ["a".into(), "b".into()]);
    }
}
