//! What a base looks like to the rules, as one integer.
//!
//! Which rules a base breaks, how often, and what it may lose depend on its
//! [`Shape`] alone, not on its services. A mapping has few shapes, so nearly
//! every base is of one that has been examined before, and need only be counted.

use super::breach::Breaches;
use crate::location::Level;
use crate::service::ServiceIndex;
use crate::topology::Topology;

/// How many replicas a base with a shape has at most.
const FEW: usize = 8;

/// Where a name's service is, and in the last bit whether it is unavailable.
///
/// 16 bits each for its site, rack and host, 15 for its volume within the host,
/// so that the leading bits in common tell how close two are. The last volumes
/// of a host with more have one number: as if they were one, which makes a base
/// on two of them one without a shape.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Spot(u64);

impl Spot {
    /// That of a name which no service has: after all others.
    const UNKNOWN: Self = Self(u64::MAX);

    pub(super) fn new(topology: &Topology, service: Option<ServiceIndex>) -> Self {
        let Some(service) = service else { return Self::UNKNOWN };
        let domain = |level, service| topology.domain_of(level, service).unwrap_or_default();
        let [site, rack, host, volume] = Level::ALL.map(|level| domain(level, service));
        let neighbours = topology.members(&topology.domains(Level::Host)[host]);
        let volume = volume - domain(Level::Volume, neighbours[0]);
        let path =
            [site, rack, host].into_iter().fold(0, |path, domain| path << 16 | domain as u64);
        let is_available = topology.services()[service.index()].is_available();
        Self(path << 16 | (volume.min(0x7FFF) as u64) << 1 | u64::from(!is_available))
    }
}

/// Below a bit that stands for the base, four bits for each replica in order of
/// location: at how many levels it is like the one before it, and whether it is
/// unavailable; the unknown ones last, all four set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Shape(u64);

impl Shape {
    /// The shape of a base that has so many replicas; `spots` are those of all
    /// names.
    ///
    /// `None` when one of its cells is a hole, or when two replicas may be one
    /// service: they are in one volume, or of one unknown name.
    #[inline]
    pub(super) fn of<const REPLICAS: usize>(row: &[u16; REPLICAS], spots: &[Spot]) -> Option<Self> {
        let mut known = [Spot::UNKNOWN; REPLICAS];
        for (spot, &name) in known.iter_mut().zip(row) {
            *spot = *spots.get(usize::from(name))?;
        }
        Self::of_spots(&mut known).filter(|shape| !shape.has_unknown() || !has_repeat(row))
    }

    /// The same for a base of any number of replicas; `None` as well when they
    /// are many.
    pub(super) fn of_any(row: &[u16], spots: &[Spot]) -> Option<Self> {
        let mut known = [Spot::UNKNOWN; FEW];
        let known = known.get_mut(..row.len())?;
        for (spot, &name) in known.iter_mut().zip(row) {
            *spot = spots[usize::from(name)];
        }
        Self::of_spots(known).filter(|_| !has_repeat(row))
    }

    #[inline]
    fn of_spots(spots: &mut [Spot]) -> Option<Self> {
        // Of so few, and without a branch on what is in them.
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

/// Whether a name stands twice; they ascend.
#[inline]
fn has_repeat(row: &[u16]) -> bool {
    row.windows(2).any(|pair| pair[0] == pair[1])
}

/// How many shapes are remembered: more than a mapping mostly has.
const SLOTS: usize = 128;

/// By kind, how many breaches there are in a base of a shape.
pub(super) type Counts = [u8; 8];

/// A shape that has been examined.
#[derive(Debug, Clone, Copy, Default)]
struct Examined {
    shape: Shape,
    counts: Counts,
    /// How many bases of it came since.
    bases: u32,
}

/// Some of the shapes that have been examined: the last of each hash.
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
    pub(super) fn insert(&mut self, shape: Shape, counts: Counts, breaches: &mut Breaches) {
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
