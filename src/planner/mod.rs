//! What rebalance and decommission share: from a survey to a solved flow, and
//! from that to the changes of each base and their proof.

mod bound;
pub(crate) mod flow;
pub(crate) mod load_nodes;
pub(crate) mod one_by_one;
pub(crate) mod part;
pub(crate) mod select;
mod sequence;
pub(crate) mod survey;

pub use one_by_one::Candidate;

use crate::location::Level;
use crate::mapping::change::RawChange;
use crate::mapping::{HOLE, PrefixMapping};
use crate::planner::bound::{Bound, Plain};
use crate::planner::flow::{Bases, Limits, LoadTree, Search, Touched};
use crate::planner::load_nodes::{DOMAIN_WEIGHT, Network, SERVICE_WEIGHT};
use crate::planner::sequence::Sequencer;
use crate::planner::survey::{Ids, Role, Roles, Survey};
use crate::service::ServiceIndex;
use crate::share::{Band, Shares};
use crate::topology::Topology;

/// What is planned on.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Planner<'a> {
    pub(crate) mapping: &'a PrefixMapping,
    pub(crate) topology: &'a Topology,
    pub(crate) shares: &'a Shares,
    pub(crate) ids: &'a Ids<'a>,
    pub(crate) roles: &'a Roles,
    pub(crate) limits: &'a Limits,
    pub(crate) replicas: u16,
    /// Whether loads may have to miss their bands.
    pub(crate) soft: bool,
}

/// A solved flow.
#[derive(Debug)]
pub(crate) struct Solution {
    /// The changes, over ids; those of a base together, in their order.
    pub(crate) changes: Vec<RawChange>,
    /// The fewest moves of any plan to the same end.
    pub(crate) lower_bound: usize,
}

impl Planner<'_> {
    /// What each base starts from.
    pub(crate) fn survey(&self) -> Survey<'_> {
        let mut survey =
            Survey::new(self.mapping, self.ids, self.roles, self.limits, self.replicas);
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
        let open = &self.limits.open;
        let network =
            Network::new(self.topology, self.shares, open, &survey.fixed_loads, self.soft);
        let lacking = survey.short.iter().map(|&(_, lacking)| i64::from(lacking)).sum();
        let (loads, short) = survey.keep(self.limits, |id| network.nodes[usize::from(id)].high);
        let Survey { bases, broken, loads: plain_loads, fixed_loads, .. } = survey;
        let plain = Plain { loads: &plain_loads, lacking, replicas: self.replicas };
        let total = plain.total() + broken.iter().map(|broken| i64::from(broken.need)).sum::<i64>();
        let tree = LoadTree::new(network.nodes.clone(), &loads, total);
        let (bases, potentials) = Search::new(self.limits, bases, tree, short).run();
        if !bases.is_any_touched() {
            return Solution { changes: Vec::new(), lower_bound: 0 };
        }
        let changes = self.changes(&bases);
        if changes.iter().all(|change| change.to == HOLE) {
            // No plan has fewer moves than none.
            return Solution { changes, lower_bound: 0 };
        }
        let bound = Bound {
            topology: self.topology,
            shares: self.shares,
            limits: self.limits,
            potentials: &network.spread(self.topology, &potentials),
            fixed: &fixed_loads,
        };
        let cost = bound.cost(&plain, &bases, &broken);
        let misses = if self.soft { self.misses(&bases, &fixed_loads) } else { 0 };
        let lower_bound = usize::try_from(cost - misses).unwrap_or(0);
        Solution { changes, lower_bound }
    }

    /// What the loads' distances from their bands cost, of services and domains,
    /// when bases hold what they do now.
    fn misses(&self, bases: &Bases<'_>, fixed: &[u64]) -> i128 {
        let mut loads = fixed.to_vec();
        for base in 0..bases.count() {
            for id in bases.movable(base) {
                loads[usize::from(id)] += 1;
            }
        }
        let bands: Vec<Band> = self.shares.service_bands().collect();
        let mut outside = 0;
        for (service, load) in self.topology.by_location().iter().zip(&mut loads) {
            if self.topology.services()[service.index()].is_available() {
                outside += bands[service.index()].distance(*load);
            } else {
                *load = 0;
            }
        }
        let of_level = |level: Level| -> u64 {
            let domains = self.topology.domains(level).iter().zip(self.shares.domain_bands(level));
            domains.map(|(domain, band)| band.distance(loads[domain.members()].iter().sum())).sum()
        };
        let domains: u64 = Level::ALL.into_iter().map(of_level).sum();
        i128::from(outside) * i128::from(SERVICE_WEIGHT)
            + i128::from(domains) * i128::from(DOMAIN_WEIGHT)
    }

    /// How many bases each id holds.
    pub(crate) fn held(&self) -> Vec<u64> {
        let mut held = vec![0; self.ids.of_name.len()];
        for row in self.mapping.rows() {
            for (at, &name) in row.iter().enumerate() {
                held[usize::from(name)] += u64::from(at == 0 || row[at - 1] != name);
            }
        }
        let mut by_id = vec![0; self.ids.names.len()];
        for (&id, held) in self.ids.of_name.iter().zip(held) {
            by_id[usize::from(id)] += held;
        }
        by_id
    }

    /// What each base changes, in an order that breaks no rule it keeps.
    pub(crate) fn changes(&self, bases: &Bases<'_>) -> Vec<RawChange> {
        let mut changes = Vec::new();
        let mut sequencer = Sequencer::new(self.limits, usize::from(self.replicas));
        let (mut has, mut wants) = (Vec::new(), Vec::new());
        for base in (0..=u16::MAX).take(self.mapping.num_bases()) {
            let index = usize::from(base);
            match bases.touched(index) {
                Touched::No => {}
                Touched::Cell(cell) => {
                    let cell = usize::from(cell);
                    let name = self.mapping.cells(index).get(cell).copied().unwrap_or(HOLE);
                    let from = self.ids.of_name.get(usize::from(name)).copied().unwrap_or(HOLE);
                    let to = bases.row(index)[cell];
                    if from != to {
                        changes.push(RawChange { base, from, to });
                    }
                }
                Touched::Anywhere => {
                    let names = self.mapping.row(index).iter();
                    has.clear();
                    has.extend(names.map(|&name| self.ids.of_name[usize::from(name)]));
                    wants.clear();
                    wants.extend(bases.row(index).iter().filter(|&&id| id != HOLE));
                    wants.extend(has.iter().filter(|&&id| self.roles.of(index, id) == Role::Fixed));
                    let is_sound = |id| self.roles.stays(id);
                    sequencer.add(base, &has, &wants, is_sound, &mut changes);
                }
            }
        }
        changes
    }
}

/// Makes changes over ids changes over the names they use, which ascend.
pub(crate) fn over_names(
    ids: &Ids<'_>,
    mut changes: Vec<RawChange>,
) -> (Vec<Box<str>>, Vec<RawChange>) {
    let mut used = vec![false; ids.names.len()];
    for change in &changes {
        for id in [change.from, change.to] {
            if let Some(used) = used.get_mut(usize::from(id)) {
                *used = true;
            }
        }
    }
    let order = ids.marked(&used);
    let mut place = vec![HOLE; used.len()];
    for (at, &id) in order.iter().enumerate() {
        place[usize::from(id)] = ServiceIndex::new(at).get();
    }
    let name = |id: u16| place.get(usize::from(id)).copied().unwrap_or(HOLE);
    for change in &mut changes {
        (change.from, change.to) = (name(change.from), name(change.to));
    }
    (order.into_iter().map(|id| ids.names[usize::from(id)].into()).collect(), changes)
}
