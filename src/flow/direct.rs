//! Direct moves: most of what a cluster that grew or lost services needs.
//!
//! After the first raise, a service with too much and one with too little are
//! one change of one base apart, and so are a base that lacks a replica and a
//! service with too little. This takes such changes as they come, in one pass
//! over the table, and needs no bases by service. Each is a path of tight arcs,
//! so that what the search does afterwards is as exact as without.

use super::{Place, Search};
use crate::mapping::HOLE;

/// How many services are tried for one replica before it is left to the
/// search.
const TRIES: usize = 16;

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
        for _ in 0..TRIES.min(self.places.len()) {
            self.at = if self.at + 1 < self.places.len() { self.at + 1 } else { 0 };
            let place = self.places[self.at];
            if lets(place) {
                return Some(place);
            }
        }
        None
    }
}

impl Search<'_> {
    pub(super) fn move_directly(&mut self) {
        let is_lacking = |place: &Place| {
            let at = usize::from(*place);
            self.limits.open[at] && self.tree.excess[at] < 0 && self.tree.potential[at] == 1
        };
        let mut places: Vec<Place> =
            (0..).take(self.limits.group.len()).filter(is_lacking).collect();
        places.sort_by_key(|&place| u32::from(place).wrapping_mul(0x9E37_79B1));
        let mut ring = Ring { places, at: 0 };
        self.fill_directly(&mut ring);
        self.shift_directly(&mut ring);
    }

    /// Fills bases that lack replicas.
    fn fill_directly(&mut self, ring: &mut Ring) {
        let mut short = std::mem::take(&mut self.short);
        for (base, lacking) in &mut short {
            for cell in 0..self.bases.width() {
                let is_free = *lacking > 0 && self.bases.row(*base as usize)[cell] == HOLE;
                if is_free && self.give(ring, *base as usize, cell) {
                    *lacking -= 1;
                }
            }
        }
        short.retain(|(_, lacking)| *lacking > 0);
        self.short = short;
    }

    /// Moves replicas from services with too much, one of each base at most.
    fn shift_directly(&mut self, ring: &mut Ring) {
        let surplus = |&excess: &i64| excess.max(0);
        let mut left: i64 = self.tree.excess[..self.limits.group.len()].iter().map(surplus).sum();
        for base in 0..self.bases.count() {
            if left == 0 || ring.places.is_empty() {
                return;
            }
            if !self.bases.is_touched(base)
                && let Some((cell, from)) = self.fullest(base)
                && self.give(ring, base, cell)
            {
                self.tree.excess[usize::from(from)] -= 1;
                left -= 1;
            }
        }
    }

    /// The cell and the service of a base that has the most too much.
    #[inline]
    fn fullest(&self, base: usize) -> Option<(usize, Place)> {
        let (mut found, mut most) = (None, 0);
        for (cell, &place) in self.bases.row(base).iter().enumerate() {
            if let Some(&excess) = self.tree.excess.get(usize::from(place))
                && excess > most
            {
                (found, most) = (Some((cell, place)), excess);
            }
        }
        found
    }

    /// Gives a base a service of the ring in one of its cells.
    fn give(&mut self, ring: &mut Ring, base: usize, cell: usize) -> bool {
        let row = self.bases.row(base);
        let to = if self.bases.are_groups_all() {
            let group = |place: Place| self.limits.group.get(usize::from(place));
            let is_far = |at: usize, held: Place, to: Place| at == cell || group(held) != group(to);
            ring.next(|to| row.iter().enumerate().all(|(at, &held)| is_far(at, held, to)))
        } else {
            self.bases.blocked(base, row[cell], self.limits, &mut self.blocked);
            ring.next(|to| self.blocked.lets(to, self.limits))
        };
        let Some(to) = to else { return false };
        self.bases.set(base, cell, to);
        let excess = &mut self.tree.excess[usize::from(to)];
        *excess += 1;
        if *excess == 0 {
            ring.places.swap_remove(ring.at);
        }
        true
    }
}
