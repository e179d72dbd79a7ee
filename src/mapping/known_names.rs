//! The names of a mapping that is read are looked up and kept once each.
//!
//! A mapping names a few services some 200,000 times, so this lookup is most
//! of the reading. A name of up to 23 bytes, which any IPv4 address with its
//! port is, is known by three words, and telling two apart is three
//! comparisons: no string is touched, and none is hashed byte by byte. A longer
//! one has a hash of its tail for a third word, and is compared in full.
//!
//! Open addressing at a load of at most an eighth, so that a name is nearly always
//! in the first of its slots. Names that find the slots next to theirs full (nobody's
//! addresses do, but a document may be made to) are hashed by the standard
//! library, which no document can foresee. So a lookup takes constant time.

use std::collections::HashMap;

use super::packed_name::{LONG, PackedName};
use crate::index::{LIMIT, Name};

/// How many slots a name may be from its own.
const PROBES: usize = 32;

/// The names that came so far, with the row that named each last.
#[derive(Debug)]
pub(crate) struct KnownNames {
    slots: Vec<Name>,
    /// How many low bits of a hash are dropped.
    shift: u32,
    known: Vec<KnownName>,
    list: Vec<Box<str>>,
    /// Those that are in no slot.
    crowded: HashMap<Box<str>, Name>,
}

#[derive(Debug)]
struct KnownName {
    packed: PackedName,
    row: u32,
}

/// Why a name has no place in the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Declined {
    /// The row has named it before.
    Again,
    /// It is no text that is taken.
    NoText,
    /// There are as many names as there may be.
    NoRoom,
}

impl KnownNames {
    pub(crate) fn new() -> Self {
        Self {
            slots: vec![Name::NONE; 256],
            shift: 64 - 8,
            known: Vec::new(),
            list: Vec::new(),
            crowded: HashMap::new(),
        }
    }

    /// How many names there are.
    pub(crate) fn len(&self) -> usize {
        self.list.len()
    }

    pub(crate) fn into_vec(self) -> Vec<Box<str>> {
        self.list
    }

    /// The place of a name in the list, if the first of its slots has it and
    /// `row` has not named it before. It is packed by [`PackedName::until_quote`] or
    /// [`PackedName::of_short`], which leave the words of a long one unknown.
    #[inline]
    pub(crate) fn find(&mut self, packed: PackedName, row: u32) -> Option<Name> {
        let place = self.slots[self.slot_of(packed)];
        let name = self.known.get_mut(place.index())?;
        if name.packed != packed || name.row == row {
            return None;
        }
        name.row = row;
        Some(place)
    }

    /// The place of any name in the list, added at its end when it is new and
    /// `text` takes it. Apart from [`KnownNames::find`], to keep that short.
    #[inline(never)]
    pub(crate) fn search<'a>(
        &mut self,
        packed: PackedName,
        name: &'a [u8],
        row: u32,
        text: impl FnOnce(&'a [u8]) -> Option<&'a str>,
    ) -> Result<Name, Declined> {
        let packed = packed.or_of(name);
        let short = packed.third < LONG;
        let first = self.slot_of(packed);
        for slot in first..first + PROBES {
            let place = self.slots[slot & (self.slots.len() - 1)];
            if place.is_none() {
                return self.insert(packed, text(name).ok_or(Declined::NoText)?, row);
            }
            let other = &self.known[place.index()];
            if other.packed == packed && (short || *name == *self.list[place.index()].as_bytes()) {
                return self.named(place, row);
            }
        }
        let text = text(name).ok_or(Declined::NoText)?;
        match self.crowded.get(text) {
            Some(&place) => self.named(place, row),
            None => self.insert(packed, text, row),
        }
    }

    /// A name that is known, unless `row` has named it before.
    fn named(&mut self, place: Name, row: u32) -> Result<Name, Declined> {
        let before = std::mem::replace(&mut self.known[place.index()].row, row);
        if before == row { Err(Declined::Again) } else { Ok(place) }
    }

    #[cold]
    fn insert(&mut self, packed: PackedName, name: &str, row: u32) -> Result<Name, Declined> {
        if self.list.len() == LIMIT {
            return Err(Declined::NoRoom);
        }
        self.list.push(name.into());
        self.known.push(KnownName { packed, row });
        if self.slots.len() < 8 * self.list.len() {
            self.slots = vec![Name::NONE; 2 * self.slots.len()];
            self.shift -= 1;
            self.crowded.clear();
            (0..self.list.len()).for_each(|place| self.place(place));
        } else {
            self.place(self.list.len() - 1);
        }
        Ok(Name::new(self.list.len() - 1))
    }

    /// Puts a name into the first free slot from its own, or apart.
    fn place(&mut self, place: usize) {
        let first = self.slot_of(self.known[place].packed);
        let mask = self.slots.len() - 1;
        match (first..first + PROBES).find(|slot| self.slots[slot & mask].is_none()) {
            Some(free) => self.slots[free & mask] = Name::new(place),
            None => drop(self.crowded.insert(self.list[place].clone(), Name::new(place))),
        }
    }

    /// Multiplicative hashing: the top bits of a product depend on all below.
    /// Digits differ in the low half of a byte, so that two packed share one
    /// product: turned by half a byte, the digits of one miss the other's.
    #[inline]
    fn slot_of(&self, PackedName { first, second, third }: PackedName) -> usize {
        let hash = (first ^ second.rotate_left(4))
            .wrapping_mul(0x9E37_79B9_7F4A_7C15)
            .wrapping_add(third.wrapping_mul(0xD6E8_FEB8_6659_FD93));
        #[expect(clippy::cast_possible_truncation, reason = "less than there are slots")]
        let slot = (hash >> self.shift) as usize;
        slot
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn intern(names: &mut KnownNames, name: &str, row: u32) -> Option<Name> {
        let (packed, _) = PackedName::until_quote(format!("{name}\"").as_bytes()).unwrap();
        let text = |_| Some(name);
        names.find(packed, row).or_else(|| names.search(packed, name.as_bytes(), row, text).ok())
    }

    #[test]
    fn many_names_are_found_again() {
        let families: [fn(u16) -> String; 4] = [
            |name| format!("10.0.{}.{name}:60", name / 99),
            |name| format!("192.168.{}.{}:{}", 100 + name / 800, 100 + name / 8 % 100, name % 8),
            |name| format!("172.16.100.{}:{}", 100 + name % 100, 6000 + name / 100),
            |name| format!("meta1-{name:05}"),
        ];
        for family in families {
            let mut names = KnownNames::new();
            let all: Vec<_> = (0..20_000).map(family).collect();
            for row in 1..3 {
                let found = all.iter().map(|name| intern(&mut names, name, row));
                assert!(found.eq(Name::all(20_000).map(Some)));
            }
            let crowd = names.slots.split(|slot| slot.is_none()).map(<[Name]>::len).max();
            assert!(crowd < Some(PROBES), "{}: {crowd:?}", all[0]);
        }
    }

    #[test]
    fn long_names_differ_anywhere() {
        let mut names = KnownNames::new();
        let plain = "a".repeat(50);
        assert_eq!(intern(&mut names, &plain, 1), Some(Name::new(0)));
        for place in 0..50 {
            let mut name = plain.clone();
            name.replace_range(place..=place, "b");
            assert_eq!(intern(&mut names, &name, 1), Some(Name::new(place + 1)));
        }
        assert_eq!(intern(&mut names, &plain[..24], 1), Some(Name::new(51)));
        assert_eq!(intern(&mut names, &plain[..23], 1), Some(Name::new(52)));
        assert_eq!(intern(&mut names, &plain, 2), Some(Name::new(0)));
    }

    #[test]
    fn a_name_is_new_to_each_row_once() {
        let mut names = KnownNames::new();
        assert_eq!(intern(&mut names, "a", 1), Some(Name::new(0)));
        assert_eq!(intern(&mut names, "b", 1), Some(Name::new(1)));
        assert_eq!(intern(&mut names, "a", 1), None);
        assert_eq!(intern(&mut names, "a", 2), Some(Name::new(0)));
        let untaken = names.search(PackedName::of(b"c"), b"c", 2, |_| None);
        assert_eq!(untaken, Err(Declined::NoText));
        assert_eq!(names.into_vec(), ["a".into(), "b".into()]);
    }

    #[test]
    fn names_of_one_slot_are_found_again() {
        let mut names = KnownNames::new();
        // Names whose first word is the second, turned as the hash turns it.
        let name = |number: u32| {
            let digits = (0..8).map(|place| number / 7_u32.pow(place) % 7 + 1);
            let second: Vec<_> = digits.map(|digit| u8::try_from(digit).unwrap()).collect();
            let first = second.iter().map(|digit| digit << 4);
            String::from_utf8(first.chain(second.iter().copied()).collect()).unwrap()
        };
        let crowd: Vec<_> = (0..400).map(name).collect();
        for row in 1..4 {
            let found: Vec<_> = crowd.iter().map(|name| intern(&mut names, name, row)).collect();
            let again = crowd.iter().map(|name| intern(&mut names, name, row));
            assert!(again.eq(found.iter().map(|_| None)));
            assert_eq!(names.len(), crowd.len());
        }
        assert!(!names.crowded.is_empty());
    }
}
