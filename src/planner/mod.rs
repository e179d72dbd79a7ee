//! The planner: from a survey to a solved flow, and from that to the changes of each
//! base and the proof that they have the fewest moves.
//!
//! A [`Task`] is what rebalance and decommission have in common: a mapping and a
//! topology whose names are resolved, shares, and the part that each service and
//! base has. [`survey`] finds what each base starts from, [`flow`] solves, over
//! integers alone, [`sequence`] puts the changes of each base in order, and [`bound`]
//! proves the number of moves. [`part`] keeps to limits that are no flows, and
//! [`one_by_one`] places freed replicas by a strategy.

mod bound;
mod flow;
mod ids;
mod leftover;
mod limits;
mod load_nodes;
mod one_by_one;
mod part;
mod roles;
mod select;
mod sequence;
mod survey;
mod task;
mod tournament;

pub use one_by_one::Candidate;

pub(crate) use one_by_one::Replacement;
pub(crate) use part::{Most, restrict};
pub(crate) use roles::Role;
pub(crate) use select::{SelectError, write_ambiguous, write_nobody};
pub(crate) use survey::{Broken, Survey};
pub(crate) use task::{Aim, Kind, Task, TaskError};

use bound::{Bound, Intact};
use flow::{Bases, Changed, LoadTree, Solver};
use ids::Ids;
use load_nodes::{Network, cost_of_misses};
use sequence::Sequencer;

use crate::index::{Id, Name};
use crate::mapping::change::RawChange;

/// A solved flow.
#[derive(Debug)]
pub(crate) struct Solution {
    /// The changes, over ids; those of a base together, in their order.
    pub(crate) changes: Vec<RawChange<Id>>,
    /// The fewest moves of any plan to the same end.
    pub(crate) lower_bound: usize,
}

impl Task<'_> {
    /// What each base starts from.
    pub(crate) fn survey(&self) -> Survey<'_> {
        let mut survey =
            Survey::new(&self.mapping, &self.ids, &self.roles, &self.limits, self.replicas);
        // A fixed replica on an unavailable service is no part of any load.
        for (load, service) in survey.fixed_loads.iter_mut().zip(self.topology.by_location()) {
            if !self.topology.services()[service.index()].is_available() {
                *load = 0;
            }
        }
        survey
    }

    /// Solves the flow and proves the solution.
    pub(crate) fn solve(&self, mut survey: Survey<'_>) -> Solution {
        let (topology, shares, limits) = (&*self.topology, &self.shares, &self.limits);
        let network = Network::new(topology, shares, limits, &survey.fixed_loads, self.is_soft);
        let lacking = survey.short.iter().map(|&(_, lacking)| i64::from(lacking)).sum();
        let (loads, short) = survey.keep(limits, |place| network.nodes[place.index()].high);
        let Survey { bases, broken, loads: intact_loads, fixed_loads, .. } = survey;
        let intact =
            Intact { roles: &self.roles, loads: &intact_loads, lacking, replicas: self.replicas };
        let total =
            intact.total() + broken.iter().map(|broken| i64::from(broken.need)).sum::<i64>();
        let tree = LoadTree::new(network.nodes.clone(), &loads, total);
        let (bases, potentials) = Solver::new(limits, bases, tree, short).run();
        if !bases.is_any_changed() {
            return Solution { changes: Vec::new(), lower_bound: 0 };
        }
        let changes = self.changes(&bases);
        if changes.iter().all(|change| change.to.is_none()) {
            // No plan has fewer moves than none.
            return Solution { changes, lower_bound: 0 };
        }
        let potentials = &network.by_node(topology, &potentials);
        let bound = Bound { topology, shares, limits, potentials, fixed: &fixed_loads };
        let cost = bound.cost(&intact, &bases, &broken);
        let misses = if self.is_soft { self.misses(&bases, fixed_loads) } else { 0 };
        let lower_bound = usize::try_from(cost - misses)
            .expect("a bound from optimal potentials is the cost, which no misses exceed");
        Solution { changes, lower_bound }
    }

    /// What the distances of loads from their bands cost, of services and domains,
    /// when the bases hold what they do now. `loads` are the fixed ones, by place.
    fn misses(&self, bases: &Bases<'_>, mut loads: Vec<u64>) -> i128 {
        for base in 0..bases.count() {
            for place in bases.movable(base) {
                loads[place.index()] += 1;
            }
        }
        for (service, load) in self.topology.by_location().iter().zip(&mut loads) {
            if !self.topology.services()[service.index()].is_available() {
                *load = 0;
            }
        }
        cost_of_misses(&self.topology, &self.shares, &loads)
    }

    /// How many bases each id holds.
    pub(crate) fn held(&self) -> Vec<u64> {
        let mut held = vec![0; self.ids.of_names().len()];
        for row in self.mapping.rows() {
            for (at, &name) in row.iter().enumerate() {
                held[name.index()] += u64::from(at == 0 || row[at - 1] != name);
            }
        }
        let mut by_id = vec![0; self.ids.len()];
        for (id, held) in self.ids.of_names().iter().zip(held) {
            by_id[id.index()] += held;
        }
        by_id
    }

    /// What each base changes, in an order that breaks no rule it keeps.
    pub(crate) fn changes(&self, bases: &Bases<'_>) -> Vec<RawChange<Id>> {
        let ids = &self.ids;
        let mut changes = Vec::new();
        let mut sequencer =
            Sequencer::new(&self.limits, self.replicas.into(), !self.roles.refills_only());
        let (mut has, mut wants) = (Vec::new(), Vec::new());
        for base in (0..=u16::MAX).take(self.mapping.num_bases()) {
            let index = usize::from(base);
            match bases.changed(index) {
                Changed::Nowhere => {}
                Changed::Cell(cell) => {
                    let cell = usize::from(cell);
                    let name = self.mapping.cells(index).get(cell).copied().unwrap_or(Name::NONE);
                    let (from, to) = (ids.of_name(name), Ids::of_place(bases.row(index)[cell]));
                    if from != to {
                        changes.push(RawChange { base, from, to });
                    }
                }
                Changed::Anywhere => {
                    has.clear();
                    has.extend(self.mapping.row(index).iter().map(|&name| ids.of_name(name)));
                    wants.clear();
                    let placed = bases.row(index).iter().filter(|place| place.is_some());
                    wants.extend(placed.map(|&place| Ids::of_place(place)));
                    wants.extend(has.iter().filter(|&&id| self.roles.of(id) == Role::Fixed));
                    let stays = |id| self.roles.stays(id);
                    sequencer.add(base, &has, &wants, stays, &mut changes);
                }
            }
        }
        changes
    }
}
