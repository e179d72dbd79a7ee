//! Spreading moves: of two moves of one base, one goes to a base that has none.
//!
//! A base that moves from `s` to `t` beside another move gives that one up, and
//! a base that holds `s` and has no move makes it instead. Loads and cost stay
//! as they are, so the flow stays optimal. How few bases with more than one move
//! there can be is no flow problem; this is one pass, with no promise.
//!
//! # Complexity
//!
//! Each service's bases are passed over once, and each move of a base with
//! several looks at [`TRIES`] bases beyond that.

use super::{Place, Search, Touched};
use crate::mapping::HOLE;

/// How many unmoved bases are tried for one move.
const TRIES: usize = 32;

impl Search<'_> {
    pub(super) fn spread_moves(&mut self) {
        let moves = |search: &Self, base: usize| search.new_places(base).count();
        let several: Vec<usize> = (0..self.bases.count())
            .filter(|&base| self.bases.touched(base) == Touched::Anywhere)
            .filter(|&base| moves(self, base) > 1)
            .collect();
        if several.is_empty() {
            return;
        }
        self.hold();
        let services = self.limits.group.len();
        let mut cursors: Vec<u32> = self.holders().start[..services].to_vec();
        for base in several {
            let new: Vec<Place> = self.new_places(base).collect();
            for to in new {
                if moves(self, base) > 1 {
                    self.hand_over(base, to, &mut cursors);
                }
            }
        }
    }

    /// The services that a base holds and did not hold at the start.
    fn new_places(&self, base: usize) -> impl Iterator<Item = Place> {
        let row = self.bases.row(base).iter().copied();
        row.filter(move |&place| place != HOLE && self.bases.cost(base, place) == 1)
    }

    /// Lets another base take `to` instead of a service that this one gave up.
    fn hand_over(&mut self, base: usize, to: Place, cursors: &mut [u32]) {
        self.bases.blocked(base, to, self.limits, &mut self.blocked);
        let could_return =
            |from: &Place| !self.bases.holds(base, *from) && self.blocked.lets(*from, self.limits);
        let gone: Vec<Place> = self.bases.own(base).filter(could_return).collect();
        for from in gone {
            if let Some(other) = self.unmoved(from, to, cursors) {
                self.bases.replace(base, to, from);
                self.bases.replace(other, from, to);
                return;
            }
        }
    }

    /// A base without a move that holds `from` and could hold `to` instead.
    fn unmoved(&mut self, from: Place, to: Place, cursors: &mut [u32]) -> Option<usize> {
        let at = usize::from(from);
        let end = self.holders().start[at + 1];
        let is_unmoved = |search: &Self, index: u32| {
            let base = search.holders().list[index as usize] as usize;
            let holds = search.bases.holds(base, from);
            (holds && search.new_places(base).next().is_none()).then_some(base)
        };
        while cursors[at] < end && is_unmoved(self, cursors[at]).is_none() {
            cursors[at] += 1;
        }
        for index in (cursors[at]..end).take(TRIES) {
            let Some(base) = is_unmoved(self, index) else { continue };
            self.bases.blocked(base, from, self.limits, &mut self.blocked);
            if self.blocked.lets(to, self.limits) && self.bases.cost(base, to) == 1 {
                return Some(base);
            }
        }
        None
    }
}
