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

use super::words::{LONG, Words};
use crate::service::ServiceIndex;

const FREE: u16 = u16::MAX;

/// How many slots a name may be from its own.
const PROBES: usize = 32;

/// A table of names, with the row that named each last.
pub(super) struct Names {
    slots: Vec<u16>,
    /// How many low bits of a hash are dropped.
    shift: u32,
    entries: Vec<Entry>,
    list: Vec<Box<str>>,
}

struct Entry {
    words: Words,
    row: u32,
}

impl Names {
    pub(super) fn new() -> Self {
        Self { slots: vec![FREE; 256], shift: 64 - 8, entries: Vec::new(), list: Vec::new() }
    }

    pub(super) fn into_vec(self) -> Vec<Box<str>> {
        self.list
    }

    /// The place of a name in the list, added at its end when it is new. `None`
    /// when `row` has named it before, or when it is declined.
    #[inline]
    pub(super) fn intern(&mut self, words: Words, name: &[u8], row: u32) -> Option<u16> {
        let place = self.slots[self.slot_of(words)];
        match self.entries.get_mut(usize::from(place)) {
            Some(entry) if entry.row != row && words.third < LONG && entry.words == words => {
                entry.row = row;
                Some(place)
            }
            _ => self.search(name, row),
        }
    }

    /// What [`Names::intern`] says of a name that is new, long, or not in the
    /// first of its slots. Apart from it, to keep that short.
    #[inline(never)]
    fn search(&mut self, name: &[u8], row: u32) -> Option<u16> {
        let words = Words::of(name);
        let first = self.slot_of(words);
        for slot in first..first + PROBES {
            let place = self.slots[slot & (self.slots.len() - 1)];
            if place == FREE {
                return self.insert(words, name, row);
            }
            let entry = &mut self.entries[usize::from(place)];
            let short = words.third < LONG;
            if entry.words == words && (short || *name == *self.list[usize::from(place)].as_bytes())
            {
                let new = entry.row != row;
                entry.row = row;
                return new.then_some(place);
            }
        }
        None
    }

    #[cold]
    fn insert(&mut self, words: Words, name: &[u8], row: u32) -> Option<u16> {
        let name = str::from_utf8(name).ok()?;
        let plain = |byte| byte >= b' ' && byte != b'\\';
        if name.is_empty() || !name.bytes().all(plain) || self.list.len() == ServiceIndex::LIMIT {
            return None;
        }
        self.list.push(name.into());
        self.entries.push(Entry { words, row });
        if self.slots.len() < 4 * self.list.len() {
            self.slots = vec![FREE; 2 * self.slots.len()];
            self.shift -= 1;
            (0..self.list.len()).try_for_each(|place| self.place(place))?;
        } else {
            self.place(self.list.len() - 1)?;
        }
        Some(ServiceIndex::new(self.list.len() - 1).get())
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
        #[expect(clippy::cast_possible_truncation, reason = "less than there are slots")]
        let slot = (hash >> self.shift) as usize;
        slot
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn intern(names: &mut Names, name: &str, row: u32) -> Option<u16> {
        names.intern(Words::of(name.as_bytes()), name.as_bytes(), row)
    }

    #[test]
    fn many_names_are_found_again() {
        let mut names = Names::new();
        let all: Vec<_> =
            (0..20_000).map(|name| format!("10.0.{}.{}:60", name / 99, name)).collect();
        for row in 1..3 {
            assert!(all.iter().map(|name| intern(&mut names, name, row)).eq((0..20_000).map(Some)));
        }
    }

    #[test]
    fn long_names_differ_anywhere() {
        let mut names = Names::new();
        let plain = "a".repeat(50);
        assert_eq!(intern(&mut names, &plain, 1), Some(0));
        for place in 0..50 {
            let mut name = plain.clone();
            name.replace_range(place..=place, "b");
            assert_eq!(intern(&mut names, &name, 1), u16::try_from(place + 1).ok());
        }
        assert_eq!(intern(&mut names, &plain[..24], 1), Some(51));
        assert_eq!(intern(&mut names, &plain[..23], 1), Some(52));
        assert_eq!(intern(&mut names, &plain, 2), Some(0));
    }

    #[test]
    fn a_name_is_new_to_each_row_once() {
        let mut names = Names::new();
        assert_eq!(intern(&mut names, "a", 1), Some(0));
        assert_eq!(intern(&mut names, "b", 1), Some(1));
        assert_eq!(intern(&mut names, "a", 1), None);
        assert_eq!(intern(&mut names, "a", 2), Some(0));
        assert_eq!(intern(&mut names, "", 2), None);
        assert_eq!(intern(&mut names, "a\\", 2), None);
        assert_eq!(names.search(b"\xFF", 2), None);
        assert_eq!(names.into_vec(), ["a".into(), "b".into()]);
    }
}
