//! The addresses of a document are looked up and kept once each.
//!
//! A document names a few services some 200,000 times, so this lookup is most
//! of the reading. A name of up to 23 bytes, which any IPv4 address with its
//! port is, is known by three words, and telling two apart is three
//! comparisons: no string is touched, and none is hashed byte by byte. A longer
//! one has a hash of its tail for a third word, and is compared in full.
//!
//! Open addressing at a load of at most an eighth, so that a name is nearly always
//! in the first of its slots. Names that crowd one slot
//! (nobody's addresses do, but a document may be made to) are declined rather
//! than searched, so that a lookup takes constant time.

use super::packed::{LONG, PackedName};
use crate::index::{LIMIT, Name};

/// How many slots a name may be from its own.
const PROBES: usize = 32;

/// The names that a document has had so far, with the row that named each last.
pub(in crate::wire) struct KnownNames {
    slots: Vec<Name>,
    /// How many low bits of a hash are dropped.
    shift: u32,
    known: Vec<KnownName>,
    list: Vec<Box<str>>,
}

struct KnownName {
    packed: PackedName,
    row: u32,
}

impl KnownNames {
    pub(in crate::wire) fn new() -> Self {
        Self { slots: vec![Name::NONE; 256], shift: 64 - 8, known: Vec::new(), list: Vec::new() }
    }

    pub(in crate::wire) fn into_vec(self) -> Vec<Box<str>> {
        self.list
    }

    /// The place of a name in the list, if the first of its slots has it and
    /// `row` has not named it before. It is packed by [`PackedName::until_quote`].
    #[inline]
    pub(in crate::wire) fn find(&mut self, packed: PackedName, row: u32) -> Option<Name> {
        let place = self.slots[self.slot_of(packed)];
        let name = self.known.get_mut(place.index())?;
        if name.packed != packed || name.row == row {
            return None;
        }
        name.row = row;
        Some(place)
    }

    /// The place of any name in the list, added at its end when it is new.
    /// `None` when `row` has named it before, or when it is declined. Apart
    /// from [`KnownNames::find`], to keep that short.
    #[inline(never)]
    pub(in crate::wire) fn search(
        &mut self,
        packed: PackedName,
        name: &[u8],
        row: u32,
    ) -> Option<Name> {
        let packed = packed.or_of(name);
        let short = packed.third < LONG;
        let first = self.slot_of(packed);
        for slot in first..first + PROBES {
            let place = self.slots[slot & (self.slots.len() - 1)];
            if place.is_none() {
                return self.insert(packed, name, row);
            }
            let other = &mut self.known[place.index()];
            if other.packed == packed && (short || *name == *self.list[place.index()].as_bytes()) {
                let new = other.row != row;
                other.row = row;
                return new.then_some(place);
            }
        }
        None
    }

    #[cold]
    fn insert(&mut self, packed: PackedName, name: &[u8], row: u32) -> Option<Name> {
        let name = str::from_utf8(name).ok()?;
        let plain = |byte| byte >= b' ' && byte != b'\\';
        if name.is_empty() || !name.bytes().all(plain) || self.list.len() == LIMIT {
            return None;
        }
        self.list.push(name.into());
        self.known.push(KnownName { packed, row });
        if self.slots.len() < 8 * self.list.len() {
            self.slots = vec![Name::NONE; 2 * self.slots.len()];
            self.shift -= 1;
            (0..self.list.len()).try_for_each(|place| self.place(place))?;
        } else {
            self.place(self.list.len() - 1)?;
        }
        Some(Name::new(self.list.len() - 1))
    }

    /// Puts a name into the first free slot from its own.
    fn place(&mut self, place: usize) -> Option<()> {
        let first = self.slot_of(self.known[place].packed);
        let mask = self.slots.len() - 1;
        let free = (first..first + PROBES).find(|slot| self.slots[slot & mask].is_none())?;
        self.slots[free & mask] = Name::new(place);
        Some(())
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
        names.find(packed, row).or_else(|| names.search(packed, name.as_bytes(), row))
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
        assert_eq!(intern(&mut names, "", 2), None);
        assert_eq!(intern(&mut names, "a\\", 2), None);
        assert_eq!(names.search(PackedName::of(b"\xFF"), b"\xFF", 2), None);
        assert_eq!(names.into_vec(), ["a".into(), "b".into()]);
    }
}
