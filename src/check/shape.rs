//! What a base looks like to the rules, as one integer.
//!
//! Which rules a base breaks, how often, and what it may lose depend on its
//! [`Shape`] alone, not on its services. A mapping has few shapes, so nearly
//! every base is of one that has been examined before, and need only be counted.

use super::path::Path;

/// How many replicas a base with a shape has at most.
const FEW: usize = 8;

/// The place of a name's service, and whether it is available; `None` when no
/// service has the name.
pub(super) type Spot = Option<(Path, bool)>;

/// Four bits for each known replica in order of location: at how many levels it
/// is like the one before it, and whether it is unavailable. Below them the
/// number of the unknown ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Shape(u64);

impl Shape {
    /// The shape of a base; `spots` are those of all names.
    ///
    /// `None` when replicas are many, or two are in one volume: they may be one
    /// service under two names.
    #[inline]
    pub(super) fn of(row: &[u16], spots: &[Spot]) -> Option<Self> {
        let mut known = [(Path::default(), false); FEW];
        let mut count = 0;
        if row.len() > FEW {
            return None;
        }
        for &name in row {
            if let Some(spot) = spots[usize::from(name)] {
                known[count] = spot;
                count += 1;
            }
        }
        let known = &mut known[..count];
        known.sort_unstable_by_key(|spot| spot.0);
        // Apart from any shape of fewer replicas, and from the default.
        let mut shape = 1;
        let mut last = None;
        for &mut (path, is_available) in known {
            let depth = last.map_or(0, |last| path.depth(last));
            if depth == 4 {
                return None;
            }
            shape = shape << 4 | u64::from(!is_available) << 3 | depth as u64;
            last = Some(path);
        }
        Some(Self(shape << 4 | (row.len() - count) as u64))
    }

    /// Multiplicative hashing: the top bits of a product depend on all below.
    #[inline]
    const fn slot(self) -> usize {
        let hash = self.0.wrapping_mul(0x9E37_79B9_7F4A_7C15);
        #[expect(clippy::cast_possible_truncation, reason = "less than there are slots")]
        let slot = (hash >> (64 - SLOTS.trailing_zeros())) as usize;
        slot
    }
}

/// How many shapes are remembered: more than a mapping mostly has.
const SLOTS: usize = 128;

/// By kind, how many breaches there are in a base of a shape.
pub(super) type Counts = [u8; 8];

/// Some of the shapes that have been examined: the last of each hash.
#[derive(Debug)]
pub(super) struct Shapes([(Shape, Counts); SLOTS]);

impl Shapes {
    pub(super) fn new() -> Self {
        Self([(Shape::default(), [0; 8]); SLOTS])
    }

    /// The breaches in every base of a shape, if it is remembered.
    #[inline]
    pub(super) fn get(&self, shape: Shape) -> Option<Counts> {
        let (known, counts) = self.0[shape.slot()];
        (known == shape).then_some(counts)
    }

    pub(super) const fn insert(&mut self, shape: Shape, counts: Counts) {
        self.0[shape.slot()] = (shape, counts);
    }
}
