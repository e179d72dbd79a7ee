//! The bases that need only be counted.
//!
//! A base is *plain* when it has as many replicas as wanted, all on available
//! services, and keeps within [`Limits`] which make sure that it keeps every
//! rule and withstands what all others do. Most are: so this is the loop where
//! the time of a check goes, a few instructions a replica. A base of a shape
//! that has been examined is counted here as well.

use super::shape::{Shape, Shapes, Spot};
use crate::location::Level;
use crate::mapping::{HOLE, PrefixMapping, by_width};

/// What makes a base plain, beside its number of replicas and their services.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Limits {
    /// No two replicas are in one domain of this level.
    pub(super) apart: Level,
    /// No more replicas than these are in one domain of that level.
    pub(super) crowd: Option<(Level, u8)>,
}

/// What is known of a name: one load, then one store.
#[derive(Debug, Clone, Copy)]
struct Cell {
    /// The domain that it must have alone, or `UNSOUND`.
    domain: u32,
    load: u32,
    /// One, in the four bits of the domain that may be crowded.
    crowd: u64,
}

/// The domain of a name without an available service: a bit that no other has.
const UNSOUND: u32 = 1 << 16;

/// The lowest of each four bits.
const LOWEST: u64 = 0x1111_1111_1111_1111;

/// The names as plain bases need them.
#[derive(Debug)]
pub(super) struct Plain {
    cells: Vec<Cell>,
    /// Added to the crowds of a base, it sets the highest of four bits where
    /// there are too many.
    slack: u64,
}

impl Plain {
    /// For so many names, none of which has a service.
    pub(super) fn new(names: usize) -> Self {
        Self { cells: vec![Cell { domain: UNSOUND, load: 0, crowd: 0 }; names], slack: 0 }
    }

    /// Takes other limits; `domain` is that of a name at a level, if its
    /// service is available.
    ///
    /// Domains may share four bits: their crowd then looks larger than it is,
    /// and a base is taken for one that is not plain.
    pub(super) fn set_limits(
        &mut self,
        limits: Limits,
        domain: impl Fn(Level, usize) -> Option<usize>,
    ) {
        self.slack = limits.crowd.map_or(0, |(_, most)| LOWEST * u64::from(7 - most.min(7)));
        for (name, cell) in self.cells.iter_mut().enumerate() {
            let apart = domain(limits.apart, name).and_then(|domain| domain.try_into().ok());
            cell.domain = apart.unwrap_or(UNSOUND);
            let crowd = limits.crowd.and_then(|(level, _)| domain(level, name));
            cell.crowd = crowd.map_or(0, |domain| 1 << (4 * (domain % 16)));
        }
    }

    /// Adds a base to the load of a name.
    #[inline]
    pub(super) fn add(&mut self, name: u16) {
        self.cells[usize::from(name)].load += 1;
    }

    /// How many bases each name holds.
    pub(super) fn loads(&self) -> impl Iterator<Item = u32> {
        self.cells.iter().map(|cell| cell.load)
    }
}

/// Counts the bases from a first one on that are plain or of a shape that has
/// been examined; the first that is neither.
pub(super) type Pass = fn(&PrefixMapping, usize, &mut Plain, &mut Shapes, &[Spot]) -> usize;

/// The pass for so many replicas wanted: none of more than a few is plain.
pub(super) fn pass_for(replicas: u16) -> Pass {
    by_width!(usize::from(replicas), REPLICAS => pass::<REPLICAS>, else |_, first, _, _, _| first)
}

fn pass<const REPLICAS: usize>(
    mapping: &PrefixMapping,
    first: usize,
    plain: &mut Plain,
    shapes: &mut Shapes,
    spots: &[Spot],
) -> usize {
    let width = mapping.width();
    if width < REPLICAS {
        return first;
    }
    let (cells, slack) = (&mut plain.cells[..], plain.slack);
    let mut rows = mapping.table()[first * width..].chunks_exact(width);
    let is_other = |row: &[u16]| {
        let Some((row, rest)) = row.split_first_chunk::<REPLICAS>() else { return true };
        if rest.first().is_some_and(|&cell| cell != HOLE) {
            return true;
        }
        if !is_plain(row, cells, slack) {
            let shape = Shape::of(row, spots);
            if !shape.is_some_and(|shape| shapes.count(shape)) {
                return true;
            }
        }
        for &name in row {
            cells[usize::from(name)].load += 1;
        }
        false
    };
    rows.position(is_other).map_or(mapping.num_bases(), |passed| first + passed)
}

/// Whether the replicas of a base, none of which is a hole, are on sound
/// services and within the limits.
#[inline]
fn is_plain<const REPLICAS: usize>(row: &[u16; REPLICAS], cells: &[Cell], slack: u64) -> bool {
    let mut domains = [UNSOUND; REPLICAS];
    let (mut all, mut crowds) = (0, slack);
    for (domain, &name) in domains.iter_mut().zip(row) {
        let Some(cell) = cells.get(usize::from(name)) else { return false };
        *domain = cell.domain;
        all |= cell.domain;
        // Of up to four, one is to spare at most: then crowds are of one, which
        // is being apart.
        if REPLICAS > 4 {
            crowds += cell.crowd;
        }
    }
    let is_alone = |place: usize| domains[..place].iter().all(|other| *other != domains[place]);
    let is_crowded = REPLICAS > 4 && crowds & (LOWEST << 3) != 0;
    all & UNSOUND == 0 && !is_crowded && (1..REPLICAS).all(is_alone)
}
