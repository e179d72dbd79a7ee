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
            while *lacking > 0 && self.give(ring, *base as usize, HOLE) {
                *lacking -= 1;
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
            let has_surplus =
                |&&place: &&Place| place != HOLE && self.tree.excess[usize::from(place)] > 0;
            let Some(&from) = self.bases.row(base).iter().find(has_surplus) else { continue };
            if !self.bases.is_touched(base) && self.give(ring, base, from) {
                self.tree.excess[usize::from(from)] -= 1;
                left -= 1;
            }
        }
    }

    /// Gives a base a service of the ring in the place of `from`.
    fn give(&mut self, ring: &mut Ring, base: usize, from: u16) -> bool {
        let mut is_blocked_known = false;
        for _ in 0..TRIES.min(ring.places.len()) {
            ring.at = if ring.at + 1 < ring.places.len() { ring.at + 1 } else { 0 };
            let to = ring.places[ring.at];
            let lets = self.bases.lets_alone(base, from, to, self.limits).unwrap_or_else(|| {
                if !is_blocked_known {
                    self.bases.blocked(base, from, self.limits, &mut self.blocked);
                    is_blocked_known = true;
                }
                self.blocked.lets(to, self.limits)
            });
            if lets {
                self.bases.replace(base, from, to);
                let excess = &mut self.tree.excess[usize::from(to)];
                *excess += 1;
                if *excess == 0 {
                    ring.places.swap_remove(ring.at);
                }
                return true;
            }
        }
        false
    }
}
