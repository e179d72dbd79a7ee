//! Direct moves: most of what a cluster that grew or lost services needs.
//!
//! After the first raise, a service with too much and one with too little are often
//! one change of one base apart, and so are a base that lacks a replica and a
//! service with too little. This takes such changes as they come, in a pass over
//! the table for each move that bases need on average, and needs no bases by
//! service. What it misses is left to the search.
//!
//! # Why it is exact
//!
//! Each change is a path of one tight arc. Where it comes from has excess, or is a
//! base that lacks a replica: sources, at potential 0. Where it goes has potential 1.
//! So it is tight if it costs 1, that is, if the service that goes was the base's
//! own and the one that comes was not:
//!
//! - a service that a base got has a potential of 1 at least, if it was not the
//!   base's own. Let `t` come for `r` by a tight arc. Then `p(t) - new(t)` is
//!   `p(r) - new(r)`, which is not negative where `r` is own, nor later on, as no
//!   potential ever falls. The same holds for what came to a base that lacked it;
//! - an own service that the base could take back at 0 or less would be at the end
//!   of an arc of negative reduced cost, and there is none.
//!
//! Nor does a fixed replica ever go. The services that have fixed replicas in bases
//! that take part have no others to give, so none of them has excess.

use super::changed::Changed;
use super::solve::Solver;
use crate::index::Place;
use crate::mapping::by_width;
use crate::planner::limits::Tier;

/// How many services are tried for one replica before it is left to the
/// search.
const RING_TRIES: usize = 16;

/// Services with too little, at potential 1, in an order that mixes domains.
#[derive(Debug)]
struct Ring {
    places: Vec<Place>,
    at: usize,
}

impl Ring {
    /// The next service that `lets` lets; it is then at `at`.
    #[inline]
    fn next(&mut self, lets: impl Fn(Place) -> bool) -> Option<Place> {
        for _ in 0..RING_TRIES.min(self.places.len()) {
            self.at = if self.at + 1 < self.places.len() { self.at + 1 } else { 0 };
            let place = self.places[self.at];
            if lets(place) {
                return Some(place);
            }
        }
        None
    }

    /// Counts a replica that the service at `at` gets.
    #[inline]
    fn count(&mut self, excess: &mut i64) {
        *excess += 1;
        if *excess == 0 {
            self.places.swap_remove(self.at);
        }
    }
}

impl Solver<'_> {
    pub(super) fn move_directly(&mut self) {
        let tree = &self.tree;
        let is_lacking =
            |place: &Place| tree.excess[place.index()] < 0 && tree.potential[place.index()] == 1;
        let mut places: Vec<Place> = self.limits.open().filter(is_lacking).collect();
        let mixed = |index: usize| (index as u64).wrapping_mul(0x9E37_79B1) & u64::from(u32::MAX);
        places.sort_by_key(|place| mixed(place.index()));
        let mut ring = Ring { places, at: 0 };
        let width = self.bases.width();
        by_width!(width, WIDTH => self.move_in_rows::<WIDTH>(&mut ring), else {
            self.move_in_rows::<0>(&mut ring);
        });
        self.short.retain(|&(_, lacking)| lacking > 0);
    }

    /// All of it in rows of a width; 0 stands for one that is no constant.
    #[inline(never)]
    fn move_in_rows<const WIDTH: usize>(&mut self, ring: &mut Ring) {
        let width = if WIDTH == 0 { self.bases.width() } else { WIDTH };
        let (exclusive, wider) = (self.limits.exclusive(), self.limits.wider());
        let has_wider = !wider.is_empty();
        let fits = |row: &[Place], cell: usize, to: Place| {
            is_apart(row, cell, to, exclusive) && (!has_wider || keeps_caps(row, cell, to, wider))
        };
        let excess = &mut self.tree.excess[..];
        let mut left: i64 =
            excess[..self.limits.places()].iter().map(|&excess| excess.max(0)).sum();
        let (rows, changed) = self.bases.rows_and_changes();
        for (base, lacking) in &mut self.short {
            let base = *base as usize;
            let row = &mut rows[base * width..][..width];
            for cell in 0..width {
                if *lacking > 0
                    && row[cell].is_none()
                    && let Some(to) = ring.next(|to| fits(row, cell, to))
                {
                    row[cell] = to;
                    changed[base].add(cell);
                    ring.count(&mut excess[to.index()]);
                    *lacking -= 1;
                }
            }
        }
        for pass in 0.. {
            let before = left;
            for (row, changed) in rows.chunks_exact_mut(width).zip(&mut *changed) {
                if left == 0 || ring.places.is_empty() {
                    return;
                }
                if (pass > 0 || *changed == Changed::Nowhere)
                    && let Some(cell) = fullest(row, excess)
                    && let Some(to) = ring.next(|to| fits(row, cell, to))
                {
                    excess[row[cell].index()] -= 1;
                    left -= 1;
                    row[cell] = to;
                    changed.add(cell);
                    ring.count(&mut excess[to.index()]);
                }
            }
            if !is_more(before, left, changed.len()) {
                return;
            }
        }
    }
}

/// Whether another pass is due. Each takes one replica of a base at most, so that
/// few bases move twice. When as many are left as there are bases, most have to move
/// again.
fn is_more(before: i64, left: i64, bases: usize) -> bool {
    left < before && usize::try_from(left).is_ok_and(|left| left >= bases)
}

/// Whether a service is in a domain of its own beside all of a row but one cell.
#[inline]
fn is_apart(row: &[Place], cell: usize, to: Place, exclusive: &Tier) -> bool {
    let domain = exclusive.domain(to);
    // Without a branch for each: the answer is mostly yes.
    row.iter()
        .enumerate()
        .filter(|&(at, _)| at != cell)
        .fold(true, |is_apart, (_, held)| is_apart & (exclusive.domain(*held) != domain))
}

/// Whether a service keeps the wider caps beside all of a row but one cell.
#[inline]
fn keeps_caps(row: &[Place], cell: usize, to: Place, wider: &[Tier]) -> bool {
    let others = || row.iter().enumerate().filter(|&(at, _)| at != cell).map(|(_, held)| *held);
    wider.iter().all(|tier| tier.count(others(), to) < tier.cap)
}

/// The cell of a row with the service that has the most too much.
#[inline]
fn fullest(row: &[Place], excess: &[i64]) -> Option<usize> {
    let (mut found, mut most) = (None, 0);
    for (cell, place) in row.iter().enumerate() {
        let here = excess.get(place.index()).copied().unwrap_or(0);
        if here > most {
            (found, most) = (Some(cell), here);
        }
    }
    found
}
