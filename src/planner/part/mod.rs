//! A part of a plan that makes nothing worse: what `max_moves` and
//! `max_moves_per_base` leave of it.
//!
//! # The problem
//!
//! Of the moves of the whole plan as many as the limits allow are to be made,
//! repairs first. Each base goes through steps in an order that breaks no rule it
//! kept ([`steps`]), and no service or domain that takes part in the balance
//! ends up further from its band than it was.
//!
//! # How
//!
//! 1. Each node of the load tree has bounds: its band, widened to the load that
//!    it had before the plan. A load within its bounds is no further from its
//!    band than that one was.
//! 2. In a round each base offers one step. Steps from one service to another
//!    are one *lane*, however many bases offer them.
//! 3. The most of these steps that keep all loads within their bounds are a
//!    circulation through the tree and the lanes ([`circulation`]). It is exact,
//!    and its network is as large as the tree and the lanes, whatever the number of
//!    bases. In it a repair outweighs all other steps.
//! 4. If those are more than the moves that are left, cycles of that circulation
//!    are taken, repairs and then the shortest first ([`cycles`]).
//! 5. Bases that got their step offer the next one, the others another of
//!    theirs. A base offers first what changes the fewest loads: the step within
//!    the smallest domain.
//!
//! # Why no load gets worse
//!
//! All loads are within their bounds before a round: at first by the choice of
//! the bounds. The round takes a circulation that keeps to them, or some of its
//! cycles. No cycle runs against another, so that some of them change a load by a
//! part of what all would change it by: it stays between where it was and where the
//! circulation takes it, both of which are within its bounds.
//!
//! # Why it ends
//!
//! A round that takes no more than one in [`ENOUGH`] of what is offered is idle.
//! After as many idle rounds in a row as any base has had choices, but no more than
//! [`IDLE_ROUNDS`], there is no further one. Any other round uses up steps, and steps
//! never come back.
//!
//! # How close it comes
//!
//! A round is optimal for what is offered. Which of its steps a base offers is a
//! heuristic where it may move fewer replicas than it has to: a base that may
//! take one of several steps is an arc of capacity one beside those of the
//! lanes, and a flow with such arcs has as many vertices as there are bases; and
//! where full domains tie a newcomer to some of those that go, it is no flow at
//! all, since the arcs of such a base lead to some of each other only.
//!
//! # Complexity
//!
//! A round takes `O(offers * log(offers) + choices * replicas)` and a few
//! searches of `O(nodes + lanes)`. Rounds but the idle ones take a share of what
//! is offered. Memory is linear in the changes and the services.

mod circulation;
mod cycles;
mod steps;

use self::circulation::{Circulation, Lane, Scope};
use self::steps::{Choice, Steps};
use super::Task;
use super::flow::{Node, NodeSpec};
use super::limits::Limits;
use super::load_nodes::Network;
use crate::index::Id;
use crate::mapping::change::RawChange;

/// A round is idle that takes no more than one offer in this many.
const ENOUGH: usize = 256;

/// How many idle rounds in a row there are at most.
const IDLE_ROUNDS: usize = 8;

/// What it costs to leave a repair out: more than all other steps of a round, of
/// which each of at most 65,536 bases offers one.
const REPAIR: i64 = 1 << 20;

/// What a plan is restricted to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Most {
    pub(crate) moves: usize,
    pub(crate) moves_per_base: usize,
}

/// What is taken of a plan's changes; `None` when it is all of them.
pub(crate) fn restrict(
    task: &Task<'_>,
    changes: &[RawChange<Id>],
    most: Most,
) -> Option<Vec<RawChange<Id>>> {
    // The usual plan has no limits, and is spared the counting.
    if (most.moves, most.moves_per_base) == (usize::MAX, usize::MAX) {
        return None;
    }
    let is_move = |change: &&RawChange<Id>| change.to.is_some();
    let moves = |steps: &[RawChange<Id>]| steps.iter().filter(is_move).count();
    let mut bases = changes.chunk_by(|a, b| a.base == b.base);
    if moves(changes) <= most.moves && bases.all(|steps| moves(steps) <= most.moves_per_base) {
        return None;
    }
    let loads = Loads::new(task);
    let steps = Steps::new(task, changes, most.moves_per_base, |id| loads.has(id));
    Some(Part { loads, steps, moves_left: most.moves }.run())
}

/// The load tree: its bounds, and how many replicas each service holds.
#[derive(Debug)]
struct Loads {
    /// The root is the last.
    nodes: Vec<NodeSpec>,
    /// How many nodes are above each.
    depth: Vec<u32>,
    held: Vec<i64>,
}

impl Loads {
    fn new(task: &Task<'_>) -> Self {
        let services = task.topology.by_location().iter();
        let available: Vec<bool> = services
            .map(|service| task.topology.services()[service.index()].is_available())
            .collect();
        let (none, places) = (vec![0; available.len()], available.len());
        let limits = Limits::opened(available);
        let nodes = Network::new(&task.topology, &task.shares, &limits, &none, false).nodes;
        let held = task.held().into_iter().take(places);
        let held = held.map(|held| i64::try_from(held).expect("at most 65,536"));
        let mut depth = vec![0; nodes.len()];
        for (node, spec) in nodes.iter().enumerate().rev().filter(|(_, spec)| spec.parent.is_some())
        {
            depth[node] = depth[spec.parent.index()] + 1;
        }
        let mut loads = Self { held: held.collect(), depth, nodes };
        for (load, node) in loads.by_node().into_iter().zip(&mut loads.nodes) {
            (node.low, node.high) = (node.low.min(load), node.high.max(load));
        }
        loads
    }

    fn root(&self) -> Node {
        Node::new(self.nodes.len() - 1)
    }

    /// Whether an id is of a service that takes part in the balance.
    fn has(&self, id: Id) -> bool {
        let services = &self.nodes[..self.held.len()];
        services.get(id.index()).is_some_and(|node| node.parent.is_some())
    }

    /// The node of an id.
    fn node(&self, id: Id) -> Node {
        if self.has(id) { Node::new(id.index()) } else { self.root() }
    }

    fn by_node(&self) -> Vec<i64> {
        let mut loads = self.held.clone();
        loads.resize(self.nodes.len(), 0);
        for (at, node) in self.nodes.iter().enumerate().filter(|(_, node)| node.parent.is_some()) {
            loads[node.parent.index()] += loads[at];
        }
        loads
    }

    fn scopes(&self) -> Vec<Scope> {
        let scope = |(node, load): (&NodeSpec, i64)| Scope {
            parent: Some(node.parent).filter(|parent| parent.is_some()),
            rise: node.high - load,
            fall: load - node.low,
        };
        self.nodes.iter().zip(self.by_node()).map(scope).collect()
    }

    /// How many loads a step changes.
    fn span(&self, step: RawChange<Id>) -> u32 {
        let (mut a, mut b) = (self.node(step.from), self.node(step.to));
        let mut span = 0;
        while a != b {
            let deep = if self.depth[a.index()] > self.depth[b.index()] { &mut a } else { &mut b };
            *deep = self.nodes[deep.index()].parent;
            span += 1;
        }
        span
    }

    fn shift(&mut self, step: RawChange<Id>) {
        for (id, change) in [(step.from, -1), (step.to, 1)] {
            if self.has(id) {
                self.held[id.index()] += change;
            }
        }
    }
}

/// A step that a base offers to take.
#[derive(Debug, Clone, Copy)]
struct Offer {
    from: Node,
    to: Node,
    /// The place of the base's sequence.
    at: usize,
    choice: Choice,
}

#[derive(Debug)]
struct Part<'a> {
    loads: Loads,
    steps: Steps<'a>,
    moves_left: usize,
}

impl Part<'_> {
    fn run(mut self) -> Vec<RawChange<Id>> {
        let (mut idle, mut tries) = (0, 1);
        for round in 0.. {
            let (offers, most_choices) = self.offers(round);
            if offers.is_empty() {
                break;
            }
            tries = most_choices.clamp(tries, IDLE_ROUNDS);
            let taken = self.take_some(&offers);
            idle = if taken > offers.len() / ENOUGH { 0 } else { idle + 1 };
            if idle >= tries {
                break;
            }
        }
        self.steps.taken()
    }

    /// A step of each base that has one, lane by lane; and the most choices that
    /// a base had. Takes the steps that no load knows of.
    fn offers(&mut self, round: usize) -> (Vec<Offer>, usize) {
        let (mut offers, mut choices, mut most_choices) = (Vec::new(), Vec::new(), 0);
        for at in 0..self.steps.sequences.len() {
            loop {
                self.steps.choices(at, self.moves_left, &mut choices);
                most_choices = most_choices.max(choices.len());
                let Some(choice) = self.pick(&mut choices, round) else { break };
                let step = self.steps.step(choice);
                let (from, to) = (self.loads.node(step.from), self.loads.node(step.to));
                if from != to {
                    offers.push(Offer { from, to, at, choice });
                    break;
                }
                self.moves_left -= self.steps.take(at, choice);
            }
        }
        offers.sort_unstable_by_key(|offer| (offer.from, offer.to, offer.at));
        (offers, most_choices)
    }

    /// Of a base's choices, that which changes the fewest loads; in later rounds
    /// the next ones.
    fn pick(&self, choices: &mut [Choice], round: usize) -> Option<Choice> {
        let rank = |choice: &Choice| self.loads.span(self.steps.step(*choice));
        match choices.len() {
            0 => None,
            1 => Some(choices[0]),
            count if round.is_multiple_of(count) => choices.iter().copied().min_by_key(rank),
            count => {
                choices.sort_by_cached_key(rank);
                Some(choices[round % count])
            }
        }
    }

    /// Takes as many of some steps as can be. Returns how many.
    fn take_some(&mut self, offers: &[Offer]) -> usize {
        let bundles = || offers.chunk_by(|a, b| (a.from, a.to) == (b.from, b.to));
        let root = self.loads.root();
        let lane = |bundle: &[Offer]| {
            let Offer { from, to, .. } = bundle[0];
            let count = i64::try_from(bundle.len()).expect("at most 65,536 bases");
            Lane { from, to, count, cost: if from == root { REPAIR } else { 1 } }
        };
        let lanes: Vec<_> = bundles().map(lane).collect();
        let scopes = self.loads.scopes();
        let mut circulation = Circulation::new(&scopes, &lanes);
        circulation.settle();
        let mut counts: Vec<_> = circulation.taken().collect();
        let moves: i64 =
            counts.iter().zip(&lanes).filter(|(_, lane)| lane.to != root).map(|(n, _)| n).sum();
        if usize::try_from(moves).is_ok_and(|moves| moves > self.moves_left) {
            counts = cycles::cut(&circulation, &scopes, &lanes, self.moves_left);
        }
        let mut taken = 0;
        for (bundle, count) in bundles().zip(counts) {
            for offer in bundle.iter().zip(0..count).map(|(offer, _)| offer) {
                self.loads.shift(self.steps.step(offer.choice));
                self.moves_left -= self.steps.take(offer.at, offer.choice);
                taken += 1;
            }
        }
        taken
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use proptest::prelude::*;

    use crate::location::{Level, Location};
    use crate::mapping::PrefixMapping;
    use crate::planner::tests::{Instance, instance};
    use crate::rules::Rules;
    use crate::share::Shares;
    use crate::topology::Topology;

    /// How far the load of each service and domain is from its band.
    fn misses(mapping: &PrefixMapping, topology: &Topology, shares: &Shares) -> Vec<u64> {
        let mapping = mapping.resolve(topology);
        let load = |place: &usize| {
            let service = &topology.services()[topology.by_location()[*place].index()];
            let held = mapping.managed_bases(service.address()).count() as u64;
            if service.is_available() { held } else { 0 }
        };
        let place = |place: usize| topology.by_location()[place].index();
        let bands: Vec<_> = shares.service_bands().collect();
        let services = (0..bands.len()).map(|at| bands[place(at)].distance(load(&at)));
        let domains = Level::ALL.into_iter().flat_map(|level| {
            let here = topology.domains(level).iter().zip(shares.domain_bands(level));
            here.map(|(domain, band)| band.distance(domain.members().map(|at| load(&at)).sum()))
        });
        services.chain(domains).collect()
    }

    /// Whether a base has more in a domain than a rule lets it, and than it had there.
    fn is_worse(had: &[&Location], held: &[&Location], rules: Rules) -> bool {
        let caps = Level::ALL.map(|level| Some((level, rules.at_most_cap(level)?)));
        let degradation = rules.degradation_cap().map(|cap| (rules.get_level(), cap));
        let caps = caps.into_iter().flatten().chain(degradation);
        let mut caps = caps
            .filter(|(_, cap)| *cap < rules.replicas())
            .chain([(rules.get_min_dist().level(), 1)]);
        caps.any(|(level, cap)| {
            let count = |of: &[&Location], place: &Location| {
                of.iter().filter(|other| other.shares(place, level)).count()
            };
            held.iter().any(|place| count(held, place) > count(had, place).max(cap.into()))
        })
    }

    fn locations<'a>(topology: &'a Topology, names: &BTreeSet<&str>) -> Vec<&'a Location> {
        let services = names.iter().filter_map(|name| topology.find(name));
        services.map(|service| topology.services()[service.index()].location()).collect()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(1024))]
        #[test]
        fn a_part_keeps_to_its_limits_and_makes_nothing_worse(
            instance in instance(),
            most in 0..20_usize,
            per_base in 0..4_usize,
        ) {
            let Instance { topology, mapping, rules, .. } = &instance;
            let Ok(whole) = mapping.rebalance(topology, &instance.options()) else { return Ok(()) };
            let options = instance.options().max_moves(most).max_moves_per_base(per_base);
            let part = mapping.rebalance(topology, &options).unwrap();
            let mut moves = BTreeMap::new();
            let count = |change: &crate::Change<'_>| change.to.is_some();
            part.changes().filter(count).for_each(|it| *moves.entry(it.base).or_insert(0) += 1);
            prop_assert!(part.moves() <= most && moves.values().all(|&moves| moves <= per_base));
            prop_assert!(part.moves() <= whole.moves());
            if part.changes().eq(whole.changes()) {
                return Ok(());
            }
            let shares = Shares::new(topology, mapping.digits(), *rules).unwrap();
            let [before, after] =
                [mapping, &mapping.apply(&part).unwrap()].map(|of| misses(of, topology, &shares));
            prop_assert!(before.iter().zip(&after).all(|(before, after)| after <= before));
            let resolved = mapping.resolve(topology);
            for base in mapping.digits().bases() {
                let mut held: BTreeSet<_> = resolved.services_of(base).collect();
                let had = locations(topology, &held);
                let changes: Vec<_> = part.changes().filter(|it| it.base == base).collect();
                for change in &changes {
                    change.from.map(|from| held.remove(from));
                    held.extend(change.to);
                    prop_assert!(!is_worse(&had, &locations(topology, &held), *rules), "{base}");
                }
            }
        }
    }
}
