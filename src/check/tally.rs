//! Most bases need only be counted.
//!
//! A base is *plain* when it has exactly as many replicas as wanted, all of them
//! are on available services, and it keeps within the [`PassLimits`]. Most bases
//! are plain, so the time of a check goes into this loop: a few instructions a
//! replica. The loop also counts the bases of a shape that has been examined.
//!
//! Replicas in a level that may be crowded are counted in one integer, which has
//! 16 counters of four bits; where several levels may be, each has its part of
//! the counters. Domains may share a counter: a base then looks more crowded
//! than it is, and its shape is looked up.

use super::pass_limits::PassLimits;
use super::shape::{SHAPE_WIDTH, Shape, Shapes, Spot};
use crate::index::Name;
use crate::location::Level;
use crate::mapping::{PrefixMapping, by_width};

/// What the pass knows of a name: one load reads it, one store counts a base.
#[derive(Debug, Clone, Copy)]
struct TallyLine {
    /// The domain in which a replica is to be alone, or `NOT_PLAIN`.
    domain: u32,
    load: u32,
    /// A 1 in the counter of each domain that may be crowded.
    crowd: u64,
}

/// The domain of a name without an available service: a bit that no domain has.
const NOT_PLAIN: u32 = 1 << 16;

/// How many counters of four bits an integer has.
const COUNTERS: usize = 16;

/// The highest bit of each counter.
const FULL: u64 = 0x8888_8888_8888_8888;

/// The names of a mapping: how many bases each holds, and what makes a base of
/// them plain.
#[derive(Debug)]
pub(super) struct Tally {
    lines: Vec<TallyLine>,
    is_crowded: bool,
    /// Added to the crowds of a base, it sets the highest bit of each counter
    /// that is over its cap.
    slack: u64,
}

impl Tally {
    /// A tally of `names` names, none of which has a service.
    pub(super) fn new(names: usize) -> Self {
        let line = TallyLine { domain: NOT_PLAIN, load: 0, crowd: 0 };
        Self { lines: vec![line; names], is_crowded: false, slack: 0 }
    }

    /// Takes other limits. `domain` gives the domain of a name at a level when
    /// its service is available.
    pub(super) fn set_limits(
        &mut self,
        limits: &PassLimits,
        domain: impl Fn(Level, usize) -> Option<usize>,
    ) {
        let part = COUNTERS / limits.crowded.len().max(1);
        // Every counter that no level has may fill up.
        self.slack = 0;
        for (place, &(_, cap)) in limits.crowded.iter().enumerate() {
            let slack = 7 - u64::from(cap.min(7));
            self.slack |= (0..part).fold(0, |all, at| all | slack << (4 * (place * part + at)));
        }
        self.is_crowded = !limits.crowded.is_empty();
        for (name, line) in self.lines.iter_mut().enumerate() {
            let apart = domain(limits.apart, name).and_then(|domain| domain.try_into().ok());
            line.domain = apart.unwrap_or(NOT_PLAIN);
            line.crowd = 0;
            for (place, &(level, _)) in limits.crowded.iter().enumerate() {
                let counter = domain(level, name).map(|domain| place * part + domain % part);
                line.crowd |= counter.map_or(0, |counter| 1 << (4 * counter));
            }
        }
    }

    /// Adds a base to the load of a name.
    #[inline]
    pub(super) fn add(&mut self, name: Name) {
        self.lines[name.index()].load += 1;
    }

    /// How many bases each name holds.
    pub(super) fn loads(&self) -> impl Iterator<Item = u32> {
        self.lines.iter().map(|line| line.load)
    }

    /// Counts the bases from `first` on while they are plain or of a shape that
    /// has been examined. Returns the first that is neither, or the number of
    /// bases.
    ///
    /// Where the number of replicas is none of the usual ones, no base is passed.
    pub(super) fn pass(
        &mut self,
        mapping: &PrefixMapping,
        first: usize,
        replicas: u16,
        shapes: &mut Shapes,
        spots: &[Spot],
    ) -> usize {
        let is_crowded = self.is_crowded;
        by_width!(usize::from(replicas), REPLICAS => {
            if is_crowded {
                pass::<REPLICAS, true>(mapping, first, self, shapes, spots)
            } else {
                pass::<REPLICAS, false>(mapping, first, self, shapes, spots)
            }
        }, else first)
    }
}

/// Apart from its caller, in which all of them would share the registers.
#[inline(never)]
fn pass<const REPLICAS: usize, const IS_CROWDED: bool>(
    mapping: &PrefixMapping,
    first: usize,
    tally: &mut Tally,
    shapes: &mut Shapes,
    spots: &[Spot],
) -> usize {
    const { assert!(REPLICAS <= SHAPE_WIDTH, "a base that is passed has a shape") };
    let width = mapping.width();
    if width < REPLICAS {
        return first;
    }
    let (lines, slack) = (&mut tally.lines[..], tally.slack);
    let mut rows = mapping.table()[first * width..].chunks_exact(width);
    let is_other = |row: &[Name]| {
        let Some((row, rest)) = row.split_first_chunk::<REPLICAS>() else { return true };
        if rest.first().is_some_and(|cell| cell.is_some()) {
            return true;
        }
        if !is_plain::<REPLICAS, IS_CROWDED>(row, lines, slack) {
            let shape = Shape::of(row, spots);
            if !shape.is_some_and(|shape| shapes.count(shape)) {
                return true;
            }
        }
        for &name in row {
            lines[name.index()].load += 1;
        }
        false
    };
    rows.position(is_other).map_or(mapping.num_bases(), |passed| first + passed)
}

/// Whether the replicas of a base, none of which is a hole, are on available
/// services and within the limits.
#[inline]
fn is_plain<const REPLICAS: usize, const IS_CROWDED: bool>(
    row: &[Name; REPLICAS],
    lines: &[TallyLine],
    slack: u64,
) -> bool {
    let mut domains = [NOT_PLAIN; REPLICAS];
    let (mut all, mut crowds) = (0, slack);
    for (domain, &name) in domains.iter_mut().zip(row) {
        let Some(line) = lines.get(name.index()) else { return false };
        *domain = line.domain;
        all |= line.domain;
        if IS_CROWDED {
            crowds += line.crowd;
        }
    }
    if all & NOT_PLAIN != 0 || IS_CROWDED && crowds & FULL != 0 {
        return false;
    }
    (1..REPLICAS).all(|place| domains[..place].iter().all(|other| *other != domains[place]))
}
