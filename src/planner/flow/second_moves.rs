//! Second moves of a base: one goes to a base that has none, where it can.
//!
//! A base that moves from `s` to `t` beside another move gives that one up, and
//! a base that holds `s` and has no move makes it instead. Loads and cost stay
//! as they are, so the flow stays optimal. How few bases with more than one move
//! there can be is no flow problem; this is one pass, with no promise.
//!
//! # Complexity
//!
//! One pass over the bases, in which each without a move looks at [`GIVERS_TRIED`]
//! bases with several for each of its services.

use super::changed::Changed;
use super::solve::Solver;
use crate::index::Place;

/// How many bases with several moves a base without one looks at, for each
/// service that it holds.
const GIVERS_TRIED: usize = 16;

impl Solver<'_> {
    pub(super) fn spread_second_moves(&mut self) {
        if !self.bases.is_any_changed() {
            return;
        }
        let mut givers = self.givers();
        if givers.is_empty() {
            return;
        }
        for base in 0..self.bases.count() {
            let is_free = match self.bases.changed(base) {
                Changed::Nowhere => true,
                Changed::Cell(_) => false,
                Changed::Anywhere => self.new_places(base).next().is_none(),
            };
            if is_free {
                self.take_one(base, &mut givers);
            }
        }
    }

    /// The bases with several moves, by each service that they gave up; empty
    /// when there are none.
    fn givers(&self) -> Vec<Vec<u32>> {
        let mut givers = Vec::new();
        if self.bases.are_all_fixed() {
            return givers;
        }
        for base in (0..).take(self.bases.count()) {
            let index = base as usize;
            if self.bases.changed(index) == Changed::Anywhere && self.has_several(index) {
                for from in self.bases.own(index).filter(|&own| !self.bases.holds(index, own)) {
                    givers.resize(self.limits.places(), Vec::new());
                    givers[from.index()].push(base);
                }
            }
        }
        givers
    }

    fn has_several(&self, base: usize) -> bool {
        self.new_places(base).nth(1).is_some()
    }

    /// The services that a base holds and did not hold at the start.
    fn new_places(&self, base: usize) -> impl Iterator<Item = Place> {
        let row = self.bases.row(base).iter().copied();
        row.filter(move |&place| place.is_some() && self.bases.cost(base, place) == 1)
    }

    /// Lets a base without a move take one over.
    fn take_one(&mut self, base: usize, givers: &mut [Vec<u32>]) {
        for cell in 0..self.bases.width() {
            let from = self.bases.row(base)[cell];
            let Some(givers) = givers.get_mut(from.index()) else { continue };
            for at in (givers.len().saturating_sub(GIVERS_TRIED)..givers.len()).rev() {
                let giver = givers[at] as usize;
                if !self.has_several(giver) || self.bases.holds(giver, from) {
                    givers.swap_remove(at);
                } else if self.take_over(base, giver, from) {
                    givers.swap_remove(at);
                    return;
                }
            }
        }
    }

    /// Lets a base take over a move from a service, if both then keep the rules.
    fn take_over(&mut self, base: usize, giver: usize, from: Place) -> bool {
        for cell in 0..self.bases.width() {
            let to = self.bases.row(giver)[cell];
            let takes = to.is_some()
                && self.bases.cost(giver, to) == 1
                && self.bases.cost(base, to) == 1
                && self.bases.lets(base, from, to, self.limits)
                && self.bases.lets(giver, to, from, self.limits);
            if takes {
                self.bases.set(giver, cell, from);
                self.bases.replace(base, from, to);
                return true;
            }
        }
        false
    }
}
