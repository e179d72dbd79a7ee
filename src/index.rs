//! Numbers that stand for things: the type says which thing, and of what.
//!
//! All are 16 bits wide, so that a table of 65,536 bases stays small, and all
//! spare their last value for "none": a cell without a replica, a change that
//! comes from nowhere.

use std::fmt;

/// How many things of a kind there may be: 65,535.
pub(crate) const LIMIT: usize = u16::MAX as usize;

macro_rules! indices {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub(crate) struct $name(u16);

        #[allow(dead_code, clippy::allow_attributes, reason = "not every kind needs all")]
        impl $name {
            /// No such thing; after all others.
            pub(crate) const NONE: Self = Self(u16::MAX);

            /// The thing at a place, from 0.
            ///
            /// # Panics
            ///
            /// When the place is [`LIMIT`] or more.
            #[inline]
            pub(crate) const fn new(index: usize) -> Self {
                assert!(index < LIMIT, "at most 65,535 of a kind");
                #[expect(clippy::cast_possible_truncation, reason = "below the limit")]
                Self(index as u16)
            }

            /// Its place; that of [`Self::NONE`] is beyond all.
            #[inline]
            pub(crate) const fn index(self) -> usize {
                self.0 as usize
            }

            #[inline]
            pub(crate) const fn is_none(self) -> bool {
                self.0 == u16::MAX
            }

            #[inline]
            pub(crate) const fn is_some(self) -> bool {
                self.0 != u16::MAX
            }

            /// The first so many, ascending.
            pub(crate) fn all(count: usize) -> impl DoubleEndedIterator<Item = Self> + Clone {
                assert!(count <= LIMIT, "at most 65,535 of a kind");
                (0..u16::MAX).map(Self).take(count)
            }
        }

        impl From<$name> for usize {
            #[inline]
            fn from(index: $name) -> Self {
                index.index()
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                if self.is_none() { f.write_str("none") } else { self.0.fmt(f) }
            }
        }
    )*};
}

indices! {
    /// A name of a mapping: its place among the names. They ascend; in a document
    /// that is read they come in any order.
    Name;
    /// A name of a plan, likewise.
    PlanName;
    /// Whom a planner knows: a service of the topology by its place in location
    /// order, then the names that the mapping alone has.
    Id;
    /// A service of the topology: its place in location order.
    Place;
}

impl Place {
    /// The place that the low 16 bits of a word are.
    #[inline]
    #[expect(clippy::cast_possible_truncation, reason = "what is above is cut off")]
    pub(crate) const fn from_low_bits(bits: u32) -> Self {
        Self(bits as u16)
    }
}

impl From<Place> for Id {
    /// Services have their places for ids; none of none.
    #[inline]
    fn from(place: Place) -> Self {
        Self(place.0)
    }
}

impl Name {
    /// Its number once another name has taken a place among the names: it moves up
    /// from there on. Nobody stays nobody.
    #[inline]
    pub(crate) const fn beside_new(self, new: Self) -> Self {
        // It can't wrap, and a check would keep a loop from taking many at once.
        Self(self.0.wrapping_add((self.0 >= new.0 && self.is_some()) as u16))
    }
}

/// The number that an index has in a list of others: none for none, which is
/// beyond every list.
#[inline]
pub(crate) fn renumbered<T: Copy>(index: usize, numbers: &[T], none: T) -> T {
    numbers.get(index).copied().unwrap_or(none)
}
