//! The planner: from a survey to a solved flow, and from that to the changes of each
//! base and the proof that they have the fewest moves.
//!
//! A [`Task`] is what rebalance and decommission have in common: a mapping and a
//! topology whose names are resolved, shares, and the part that each service and
//! base has. [`survey`] finds what each base starts from, [`flow`] solves, over
//! integers alone, and [`sequence`] puts the changes of each base in order. What proves
//! the number of moves, the [`certificate`](crate::certificate), knows nothing of these. [`part`] keeps to limits that are no flows, and
//! [`one_by_one`] places freed replicas by a strategy.

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

pub use one_by_one::{Candidate, Freed};

pub(crate) use one_by_one::Replacement;
pub(crate) use part::{Most, restrict};
pub(crate) use roles::Role;
pub(crate) use select::{SelectError, write_ambiguous, write_nobody};
pub(crate) use survey::{Broken, Survey};
pub(crate) use task::{Task, TaskError};

use flow::{Bases, Changed, LoadTree, Solver};
use ids::Ids;
use load_nodes::{Network, cost_of_misses};
use sequence::Sequencer;

use crate::certificate::{Certificate, Numbers, Terms};
use crate::goal::Goal;
use crate::index::{Id, Name};
use crate::mapping::change::RawChange;
use crate::plan::Proof;

/// A solved flow.
#[derive(Debug)]
pub(crate) struct Solution {
    /// The changes, over ids; those of a base together, in their order.
    pub(crate) changes: Vec<RawChange<Id>>,
    /// What proves that they are the fewest; zeros will do when there is none.
    numbers: Option<Numbers>,
    /// What the loads that miss their bands cost.
    misses: i128,
    /// Replicas, by base, that stay beside those that the base is to have.
    beside: Vec<(u16, Id)>,
}

impl From<Vec<RawChange<Id>>> for Solution {
    /// Changes that nobody asked to be the fewest.
    fn from(changes: Vec<RawChange<Id>>) -> Self {
        Self { changes, numbers: None, misses: 0, beside: Vec::new() }
    }
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

    /// Solves the flow.
    pub(crate) fn solve(&self, mut survey: Survey<'_>) -> Solution {
        let (topology, shares, limits) = (&*self.topology, &self.shares, &self.limits);
        let network = Network::new(topology, shares, limits, &survey.fixed_loads, self.is_soft);
        let lacking = survey.short.iter().map(|&(_, lacking)| i64::from(lacking)).sum::<i64>();
        let (loads, short) = survey.keep(limits, |place| network.nodes[place.index()].high);
        let Survey { bases, broken, loads: intact_loads, fixed_loads, .. } = survey;
        let needs = broken.iter().map(|broken| i64::from(broken.need)).sum::<i64>();
        let total = intact_loads.iter().sum::<i64>() + lacking + needs;
        let tree = LoadTree::new(network.nodes.clone(), &loads, total);
        let (bases, potentials) = Solver::new(limits, bases, tree, short).run();
        let (changes, beside) =
            if bases.is_any_changed() { self.changes(&bases) } else { (Vec::new(), Vec::new()) };
        if !self.is_soft && count_moves(&changes) == 0 {
            return changes.into();
        }
        let numbers = Some(network.numbers(topology, limits, &potentials));
        let misses = if self.is_soft { self.misses(&bases, fixed_loads) } else { 0 };
        Solution { changes, numbers, misses, beside }
    }

    /// The proof that a solution has the fewest moves: what the certificate comes to,
    /// recomputed from the inputs by code that knows nothing of the solver.
    pub(crate) fn prove(&self, goal: &Goal, solution: &Solution) -> Proof {
        let beside = self.beside(solution);
        let Some(numbers) = &solution.numbers else {
            return Proof { certificate: Certificate::default(), lower_bound: 0, beside };
        };
        let terms = Terms::new(&self.mapping, &self.topology, &self.shares, goal)
            .expect("the goal's names are resolved");
        let moves = count_moves(&solution.changes) as i128;
        let bound = terms.bound(numbers, Some(moves + solution.misses)) - solution.misses;
        let lower_bound = usize::try_from(bound.max(0)).unwrap_or(usize::MAX);
        let certificate = numbers.by_name(&self.topology);
        Proof { certificate, lower_bound, beside }
    }

    /// The replicas on open services that stay beside those that a base is to have, by
    /// base and name; ascending.
    fn beside(&self, solution: &Solution) -> Vec<(u16, Box<str>)> {
        let is_open = |id: Id| {
            let place = self.ids.place(id);
            place.is_some() && self.limits.is_open(place)
        };
        let open = solution.beside.iter().filter(|(_, id)| is_open(*id));
        let mut beside: Vec<_> = open.map(|&(base, id)| (base, self.name(id).into())).collect();
        beside.sort_unstable();
        beside
    }

    /// What the distances of loads from their bands cost, of services and domains,
    /// when the bases hold what they do now. `loads` are the fixed ones, by place.
    fn misses(&self, bases: &Bases<'_>, mut loads: Vec<u64>) -> i128 {
        bases.for_each_movable(|_, place| loads[place.index()] += 1);
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
    /// Also returns the replicas that stay beside those that a base is to have.
    pub(crate) fn changes(&self, bases: &Bases<'_>) -> (Vec<RawChange<Id>>, Vec<(u16, Id)>) {
        let ids = &self.ids;
        let mut changes = Vec::new();
        let mut sequencer =
            Sequencer::new(&self.limits, self.replicas.into(), !self.roles.refills_only());
        let (mut has, mut wants) = (Vec::new(), Vec::new());
        for (index, changed) in bases.all_changed() {
            let base = u16::try_from(index).expect("at most 65,536 bases");
            match changed {
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
        (changes, sequencer.beside)
    }
}

/// How many of some changes are moves.
pub(crate) fn count_moves(changes: &[RawChange<Id>]) -> usize {
    changes.iter().filter(|change| change.to.is_some()).count()
}

#[cfg(test)]
pub(crate) mod tests {
    use proptest::collection::{btree_set, vec};
    use proptest::prelude::*;

    use crate::check::CheckOptions;
    use crate::goal::RebalanceOptions;
    use crate::location::Level;
    use crate::mapping::PrefixMapping;
    use crate::prefix::{Base, Digits};
    use crate::rules::Rules;
    use crate::service::Service;
    use crate::topology::Topology;

    /// Sixteen bases on a few services, some of which are unavailable.
    #[derive(Debug, Clone)]
    pub(crate) struct Instance {
        pub(crate) topology: Topology,
        pub(crate) mapping: PrefixMapping,
        pub(crate) rules: Rules,
        /// Services that are held, in a third of all instances.
        pub(crate) held: Vec<String>,
        /// Bases that are held, likewise.
        pub(crate) held_bases: Vec<Base>,
    }

    impl Instance {
        pub(crate) fn options(&self) -> RebalanceOptions {
            let options = RebalanceOptions::new(self.rules).hold(self.held.iter().cloned());
            options.hold_bases(self.held_bases.iter().copied())
        }
    }

    fn topology(places: &[(u8, bool)]) -> Topology {
        let service = |(at, &(place, is_down)): (usize, &(u8, bool))| {
            let [site, rack, host, volume] = [0, 1, 2, 3].map(|bit| place >> bit & 1);
            let location = format!("s{site}.r{rack}.h{host}.v{volume}");
            let service = Service::new(format!("a{at}"), location.parse().unwrap());
            let service = if at == 0 { service.with_id("id") } else { service };
            if is_down { service.with_score(0) } else { service }
        };
        Topology::new(places.iter().enumerate().map(service)).unwrap()
    }

    fn rules() -> impl Strategy<Value = Rules> {
        let cap = || prop::option::of(1..4_u16);
        (1..5_u16, 1..4_u8, 0..4_usize, prop::bool::weighted(0.2), [cap(), cap(), cap()]).prop_map(
            |(replicas, min_dist, level, degradation, caps)| {
                let rules = Rules::new(replicas).unwrap().min_dist(min_dist.try_into().unwrap());
                let rules = rules.level(Level::ALL[level]);
                let rules = rules.degradation(degradation.into()).unwrap_or(rules);
                Level::ALL.into_iter().zip(caps).fold(rules, |rules, (level, cap)| match cap {
                    Some(cap) => rules.at_most(level, cap).unwrap(),
                    None => rules,
                })
            },
        )
    }

    /// Bases hold services, one of them by its id, and two names that none has.
    fn mapping(rows: Vec<std::collections::BTreeSet<usize>>, services: usize) -> PrefixMapping {
        let mut mapping = PrefixMapping::new(Digits::try_from(1).unwrap());
        for (base, row) in rows.into_iter().enumerate() {
            let name = |name: usize| match name {
                0 => "id".to_owned(),
                name if name <= services => format!("a{}", name - 1),
                name => format!("x{name}"),
            };
            let names: Vec<_> = row.into_iter().map(name).collect();
            let base = mapping.digits().base(u16::try_from(base).unwrap().into()).unwrap();
            mapping.assign_services(base, names.iter().map(String::as_str)).unwrap();
        }
        mapping
    }

    pub(crate) fn instance() -> impl Strategy<Value = Instance> {
        let places = vec((0..16_u8, prop::bool::weighted(0.15)), 2..9);
        (places, rules(), 0..3_usize).prop_flat_map(|(places, rules, beyond)| {
            let (count, most) = (places.len(), usize::from(rules.replicas()) + beyond);
            let row = btree_set(0..count + 3, 0..most + 1);
            let held = prop_oneof![2 => Just(Vec::new()), 1 => vec(0..count, 1..3)];
            let held_bases = prop_oneof![2 => Just(Vec::new()), 1 => vec(0..16_usize, 1..4)];
            (vec(row, 16), held, held_bases).prop_map(move |(rows, held, bases)| {
                let mapping = mapping(rows, count);
                let held_bases = bases.iter().map(|&at| mapping.digits().base(at).unwrap());
                Instance {
                    topology: topology(&places),
                    rules,
                    held: held.iter().map(|at| format!("a{at}")).collect(),
                    held_bases: held_bases.collect(),
                    mapping,
                }
            })
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(1024))]
        #[test]
        fn a_plan_costs_what_its_potentials_prove(instance in instance()) {
            let Instance { topology, mapping, rules, held, held_bases } = &instance;
            let Ok(plan) = mapping.rebalance(topology, &instance.options()) else { return Ok(()) };
            prop_assert!(plan.is_minimal(), "{} of {:?}", plan.moves(), plan.lower_bound());
            let after = mapping.apply(&plan).unwrap();
            if held.is_empty() && held_bases.is_empty() {
                prop_assert!(after.check(topology, &CheckOptions::new(*rules)).unwrap().is_clean());
            }
            prop_assert!(after.rebalance(topology, &instance.options()).unwrap().is_empty());
        }
    }
}
