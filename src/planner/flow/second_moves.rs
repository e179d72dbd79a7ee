//! Second moves of a base: one goes to a base that has none, where it can.
//!
//! A base that moves from `s` to `t` beside another move gives that one up, and
//! a base that holds `s` and has no move makes it instead. Loads and cost stay
//! as they are, so the flow stays optimal. How few bases with more than one move
//! there can be is no flow problem; this is one pass, with no promise.
//!
//! # Complexity
//!
//! One pass over the bases, in which each without a move looks at no more than
//! [`GIVERS_TRIED`] bases with several for each of its services.

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
        for (base, &changed) in (0_u32..).zip(&self.bases.changed) {
            let index = base as usize;
            if changed == Changed::Anywhere && self.has_several(index) {
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
    ///
    /// What the base takes it did not hold at the start: the exchange makes a move
    /// of the giver undone, and would else be none of the base, so that the flow
    /// would cost less than the least.
    fn take_over(&mut self, base: usize, giver: usize, from: Place) -> bool {
        for cell in 0..self.bases.width() {
            let to = self.bases.row(giver)[cell];
            let takes = to.is_some()
                && self.bases.cost(giver, to) == 1
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

#[cfg(test)]
mod tests {
    use super::super::{Bases, Before, LoadTree, Node, NodeSpec};
    use super::*;
    use crate::index::Name;
    use crate::planner::limits::Limits;
    use crate::rules::Rules;
    use crate::service::Service;
    use crate::topology::Topology;

    /// What bases with two replicas hold after the pass that had, and have, others.
    /// The services are on hosts that ascend.
    fn spread(hosts: &[&str], bases: &[([usize; 2], [usize; 2])]) -> Vec<[usize; 2]> {
        let service = |(n, host): (usize, &&str)| {
            Service::new(format!("a{n}"), format!("{host}.v{n}").parse().unwrap())
        };
        let topology = Topology::new(hosts.iter().enumerate().map(service)).unwrap();
        let rules = Rules::new(2).unwrap().min_dist("2".parse().unwrap());
        let limits = Limits::new(&topology, rules, vec![true; hosts.len()]);
        let table: Vec<_> = bases.iter().flat_map(|(before, _)| before.map(Name::new)).collect();
        let own: Vec<_> = Place::all(hosts.len()).collect();
        let before = Before { table: &table, width: 2, own: &own, fixed: &[] };
        let mut held = Bases::new(2, before, bases.len());
        for (base, (before, now)) in bases.iter().enumerate() {
            held.row_mut(base).copy_from_slice(&before.map(Place::new));
            for cell in (0..2).filter(|&cell| before[cell] != now[cell]) {
                held.set(base, cell, Place::new(now[cell]));
            }
        }
        let root = NodeSpec { parent: Node::NONE, low: 0, high: 0, weight: 0 };
        let tree = LoadTree::new(vec![root; hosts.len() + 1], &vec![0; hosts.len()], 0);
        let mut solver = Solver::new(&limits, held, tree, Vec::new());
        solver.spread_second_moves();
        let row = |base| <[Place; 2]>::try_from(solver.bases.row(base)).unwrap();
        (0..bases.len()).map(|base| row(base).map(Place::index)).collect()
    }

    const APART: [&str; 6] = ["h0", "h1", "h2", "h3", "h4", "h5"];

    #[test]
    fn a_base_without_a_move_takes_one_over() {
        let bases = [([0, 1], [2, 3]), ([0, 4], [0, 4])];
        assert_eq!(spread(&APART, &bases), [[0, 3], [2, 4]]);
        let bases = [([0, 1], [2, 3]), ([4, 1], [4, 1]), ([0, 5], [0, 5])];
        assert_eq!(spread(&APART, &bases), [[1, 3], [4, 2], [0, 5]], "the giver keeps one");
    }

    #[test]
    fn nobody_takes_over_what_the_rules_forbid() {
        // With 3 on its host, the base can't have 2; it can have 4.
        let bases = [([0, 1], [2, 4]), ([0, 3], [0, 3])];
        assert_eq!(spread(&["h0", "h1", "h2", "h2", "h3"], &bases), [[2, 0], [4, 3]]);
        // With 0 back, the giver can't keep 1, on its host.
        let bases = [([2, 0], [3, 1]), ([0, 4], [0, 4])];
        assert_eq!(spread(&["h0", "h0", "h1", "h2", "h3"], &bases), [[3, 0], [1, 4]]);
        // What a base holds it can't have again.
        let bases = [([0, 1], [2, 3]), ([0, 2], [0, 2]), ([1, 3], [1, 3])];
        assert_eq!(spread(&APART, &bases), [[2, 0], [3, 2], [1, 3]]);
    }

    #[test]
    fn only_a_base_with_several_moves_gives_and_only_one_without_takes() {
        let bases = [([0, 1], [2, 1]), ([0, 4], [0, 4])];
        assert_eq!(spread(&APART, &bases), [[2, 1], [0, 4]]);
        let bases = [([0, 1], [2, 3]), ([0, 4], [0, 5])];
        assert_eq!(spread(&APART, &bases), [[2, 3], [0, 5]]);
    }
}
