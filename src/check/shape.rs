//! One integer says what a base looks like to the rules.
//!
//! Which rules a base breaks, how often, and what it may lose depend on its
//! [`Shape`] alone, not on its services. A mapping has few shapes, so nearly
//! every base is of one that has been examined before, and need only be counted.

use super::breach::{BaseBreaches, Breaches};
use crate::index::Name;
use crate::location::Level;
use crate::service::ServiceIndex;
use crate::topology::Topology;

/// The most replicas that a base with a shape has.
pub(super) const SHAPE_WIDTH: usize = 8;

/// Where a name's service is, and in the last bit whether it is unavailable.
///
/// Site, rack and host have 16 bits each, and the volume within its host has 15,
/// so that the leading bits in common tell how close two services are. A host
/// with more volumes gives its last ones a single number: they then look like
/// one volume, and a base on two of them has no shape.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Spot(u64);

impl Spot {
    /// The spot of a name which no service has. It comes after all others.
    const UNKNOWN: Self = Self(u64::MAX);

    pub(super) fn new(topology: &Topology, service: Option<ServiceIndex>) -> Self {
        let Some(service) = service else { return Self::UNKNOWN };
        let domain = |level, service| topology.domain_at(level, service);
        let [site, rack, host, volume] = Level::ALL.map(|level| domain(level, service));
        let neighbours = topology.members(&topology.domains(Level::Host)[host]);
        let volume = volume - domain(Level::Volume, neighbours[0]);
        let path =
            [site, rack, host].into_iter().fold(0, |path, domain| path << 16 | domain as u64);
        let is_available = topology.services()[service.index()].is_available();
        Self(path << 16 | (volume.min(0x7FFF) as u64) << 1 | u64::from(!is_available))
    }
}

/// The highest bit that is set stands for the base. Below it each replica, in
/// order of location, has four bits: three say at how many levels it is like the
/// replica before it, one says whether it is unavailable. Unknown names come
/// last and have all four bits set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Shape(u64);

impl Shape {
    /// The shape of a base with `REPLICAS` replicas; `spots` are those of all
    /// names.
    ///
    /// `None` when one of its cells is a hole, or when two replicas may be one
    /// service, because they are in one volume or have one unknown name.
    #[inline]
    pub(super) fn of<const REPLICAS: usize>(
        row: &[Name; REPLICAS],
        spots: &[Spot],
    ) -> Option<Self> {
        let mut known = [Spot::UNKNOWN; REPLICAS];
        for (spot, &name) in known.iter_mut().zip(row) {
            *spot = *spots.get(name.index())?;
        }
        Self::of_spots(&mut known).filter(|shape| !shape.has_unknown() || !has_repeat(row))
    }

    /// The same for a base with any number of replicas. It is also `None` when
    /// there are more than [`SHAPE_WIDTH`].
    pub(super) fn of_any(row: &[Name], spots: &[Spot]) -> Option<Self> {
        let mut known = [Spot::UNKNOWN; SHAPE_WIDTH];
        let known = known.get_mut(..row.len())?;
        for (spot, &name) in known.iter_mut().zip(row) {
            *spot = spots[name.index()];
        }
        Self::of_spots(known).filter(|_| !has_repeat(row))
    }

    #[inline]
    fn of_spots(spots: &mut [Spot]) -> Option<Self> {
        // A sort of at most eight without a branch on what is in them.
        for last in (1..spots.len()).rev() {
            for at in 0..last {
                let (a, b) = (spots[at], spots[at + 1]);
                (spots[at], spots[at + 1]) = (a.min(b), a.max(b));
            }
        }
        let mut shape = 1;
        let mut last = Spot::UNKNOWN;
        for &spot in &*spots {
            let apart = spot.0 ^ last.0;
            let replica = if spot == Spot::UNKNOWN {
                0b1111
            } else if apart < 2 {
                return None;
            } else {
                (spot.0 & 1) << 3 | u64::from((apart | 1).leading_zeros() / 16)
            };
            shape = shape << 4 | replica;
            last = spot;
        }
        Some(Self(shape))
    }

    #[inline]
    const fn has_unknown(self) -> bool {
        self.0 & 0b1111 == 0b1111
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

/// Whether a name stands twice among names that ascend.
#[inline]
fn has_repeat(row: &[Name]) -> bool {
    row.windows(2).any(|pair| pair[0] == pair[1])
}

/// How many shapes are remembered, which is more than most mappings have.
const SLOTS: usize = 128;

/// A shape that has been examined.
#[derive(Debug, Clone, Copy, Default)]
struct Examined {
    shape: Shape,
    counts: BaseBreaches,
    /// How many bases of it came since.
    bases: u32,
}

/// Shapes that have been examined: of each hash the last one.
#[derive(Debug)]
pub(super) struct Shapes([Examined; SLOTS]);

impl Shapes {
    pub(super) fn new() -> Self {
        Self([Examined::default(); SLOTS])
    }

    /// Counts a base of a shape, if it is remembered.
    #[inline]
    pub(super) fn count(&mut self, shape: Shape) -> bool {
        let examined = &mut self.0[shape.slot()];
        let is_known = examined.shape == shape;
        examined.bases += u32::from(is_known);
        is_known
    }

    /// Remembers a shape in the place of another, whose breaches are added up.
    pub(super) fn insert(&mut self, shape: Shape, counts: BaseBreaches, breaches: &mut Breaches) {
        let examined = &mut self.0[shape.slot()];
        breaches.add_counts(examined.counts, examined.bases);
        *examined = Examined { shape, counts, bases: 0 };
    }

    /// Adds up the breaches of the bases that were counted.
    pub(super) fn finish(&self, breaches: &mut Breaches) {
        for examined in &self.0 {
            breaches.add_counts(examined.counts, examined.bases);
        }
    }
}
