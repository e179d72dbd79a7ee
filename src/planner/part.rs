//! A part of a plan that makes nothing worse: what `max_moves` and
//! `max_moves_per_base` leave of it.
//!
//! How few replicas are out of place after at most so many moves is no flow
//! problem, so this is a heuristic on top of the exact plan, with a guarantee of
//! its own: each base goes through the first steps of its sequence and so breaks
//! no rule it kept before; and no service or domain that takes part in the
//! balance ends up further from its band than it was.
//!
//! # How
//!
//! 1. Each node gets bounds: its band, widened to the load that it has now.
//! 2. Repairs first, then by base, the next step of each base is tried. Where it
//!    pushes a node out of its bounds, another step is added that pulls it back:
//!    one that leaves the node when it is too full, one that comes when it is
//!    too empty; and so on, until all is in bounds or the moves, or the patience,
//!    are used up. Then the whole chain is taken, or none of it.
//! 3. That is repeated until no chain is found any more.
//!
//! # Complexity
//!
//! `O(changes * PATIENCE)` a pass; a pass without a chain is the last one.

use super::Task;
use crate::index::Id;
use crate::location::Level;
const HOLE: u16 = u16::MAX;
use crate::mapping::change::RawChange;
use crate::service::ServiceIndex;
use crate::share::Shares;
use crate::topology::Topology;

/// How many steps a chain may try.
const PATIENCE: usize = 64;

/// What a plan is restricted to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Most {
    pub(crate) moves: usize,
    pub(crate) moves_per_base: usize,
}

/// The loads of the services and domains of a topology, and their bounds.
///
/// Loads of one level after the other; services first.
#[derive(Debug)]
struct Loads {
    now: Vec<u64>,
    low: Vec<u64>,
    high: Vec<u64>,
    /// The nodes that each place is in; none when it is unavailable.
    nodes: Vec<Vec<usize>>,
    /// The places in each node.
    places: Vec<Vec<u16>>,
}

impl Loads {
    /// Of a topology whose places hold so many replicas.
    fn new(topology: &Topology, shares: &Shares, held: &[u64]) -> Self {
        let count = topology.services().len();
        let starts: Vec<usize> = Level::ALL
            .iter()
            .scan(count, |start, &level| {
                let here = *start;
                *start += topology.domains(level).len();
                Some(here)
            })
            .collect();
        let bands = shares.service_bands().collect::<Vec<_>>();
        let by_place = topology.by_location().iter().map(|service| bands[service.index()]);
        let by_domain = Level::ALL.into_iter().flat_map(|level| shares.domain_bands(level));
        let bands: Vec<_> = by_place.chain(by_domain).collect();
        let mut now = vec![0; bands.len()];
        let mut nodes = vec![Vec::new(); count];
        let mut places = vec![Vec::new(); bands.len()];
        for (place, &service) in topology.by_location().iter().enumerate() {
            if !topology.services()[service.index()].is_available() {
                continue;
            }
            let domain = |level: Level| topology.domain_of(level, service).unwrap_or_default();
            nodes[place].push(place);
            nodes[place].extend(Level::ALL.map(|level| starts[level.index()] + domain(level)));
            for &node in &nodes[place] {
                now[node] += held[place];
                places[node].push(ServiceIndex::new(place).get());
            }
        }
        let bound = |(band, load): (&crate::share::Band, &u64)| {
            (band.floor.min(*load), band.ceil.max(*load))
        };
        let (low, high) = bands.iter().zip(&now).map(bound).unzip();
        Self { now, low, high, nodes, places }
    }

    fn nodes(&self, id: u16) -> &[usize] {
        self.nodes.get(usize::from(id)).map_or(&[], Vec::as_slice)
    }

    fn shift(&mut self, from: u16, to: u16) {
        for (id, gains) in [(from, false), (to, true)] {
            let nodes = self.nodes.get(usize::from(id)).map_or(&[][..], Vec::as_slice);
            for &node in nodes {
                let load = &mut self.now[node];
                *load = if gains { *load + 1 } else { load.saturating_sub(1) };
            }
        }
    }

    /// A node of a change's two services that is out of its bounds, and
    /// whether it is too full.
    fn violated(&self, change: RawChange<u16>) -> Option<(usize, bool)> {
        let nodes = self.nodes(change.from).iter().chain(self.nodes(change.to));
        nodes.copied().find_map(|node| {
            let load = self.now[node];
            let out = load < self.low[node] || load > self.high[node];
            out.then_some((node, load > self.high[node]))
        })
    }
}

/// The steps of a base that are left to take.
#[derive(Debug, Clone, Copy)]
struct Sequence {
    next: usize,
    end: usize,
    moves_left: usize,
}

#[derive(Debug)]
struct Packer<'a> {
    /// As loads see them.
    changes: &'a [RawChange<u16>],
    sequences: Vec<Sequence>,
    loads: Loads,
    /// The sequences whose next step leaves, or comes to, each id; with some
    /// that have moved on since.
    leaving: Vec<Vec<usize>>,
    coming: Vec<Vec<usize>>,
    moves_left: usize,
    /// The steps of the chain at hand: the sequence, and its step.
    chain: Vec<(usize, usize)>,
    patience: usize,
}

/// The part of some changes, over ids, that stays within `most`; `None` when
/// all of them do.
pub(crate) fn restrict(
    task: &Task<'_>,
    changes: &[RawChange<Id>],
    most: Most,
) -> Option<Vec<RawChange<Id>>> {
    const HOLE: u16 = u16::MAX;
    let number = |id: Id| if id.is_none() { HOLE } else { id.index() as u16 };
    let id = |n: u16| if n == HOLE { Id::NONE } else { Id::new(n.into()) };
    let raw: Vec<RawChange<u16>> = changes
        .iter()
        .map(|c| RawChange { base: c.base, from: number(c.from), to: number(c.to) })
        .collect();
    let part = restrict_raw(task, &raw, most)?;
    Some(part.iter().map(|c| RawChange { base: c.base, from: id(c.from), to: id(c.to) }).collect())
}

fn restrict_raw(
    task: &Task<'_>,
    changes: &[RawChange<u16>],
    most: Most,
) -> Option<Vec<RawChange<u16>>> {
    // The usual plan has no limits, and is spared the counting.
    if (most.moves, most.moves_per_base) == (usize::MAX, usize::MAX) {
        return None;
    }
    let is_move = |change: &&RawChange<u16>| change.to != HOLE;
    let moves = |steps: &[RawChange<u16>]| steps.iter().filter(is_move).count();
    let mut bases = changes.chunk_by(|a, b| a.base == b.base);
    if moves(changes) <= most.moves && bases.all(|steps| moves(steps) <= most.moves_per_base) {
        return None;
    }
    let held = task.held();
    let loads = Loads::new(&task.topology, &task.shares, &held);
    let effects = effects(task, changes);
    let mut packer = Packer::new(&effects, loads, held.len(), most);
    let repairs = |sequence: &Sequence, packer: &Packer<'_>| {
        let from = packer.changes[sequence.next].from;
        packer.loads.nodes(from).is_empty()
    };
    let mut order: Vec<usize> = (0..packer.sequences.len()).collect();
    order.sort_by_key(|&at| !repairs(&packer.sequences[at], &packer));
    loop {
        let taken = order.iter().filter(|&&at| packer.take_chain(at)).count();
        if taken == 0 {
            break;
        }
    }
    Some(packer.taken(changes))
}

/// The changes as loads see them: where a base has a service twice, the second
/// entry is no load, and nothing leaves with it.
fn effects(task: &Task<'_>, changes: &[RawChange<u16>]) -> Vec<RawChange<u16>> {
    let mut effects = changes.to_vec();
    for steps in effects.chunk_by_mut(|a, b| a.base == b.base) {
        let row = task.mapping.row(usize::from(steps[0].base));
        let repeats = row.windows(2).filter(|pair| pair[0] == pair[1]);
        for id in repeats.map(|pair| task.ids.of_name(pair[0])) {
            let is_second = |step: &&mut RawChange<u16>| {
                usize::from(step.from) == id.index() && step.to == HOLE
            };
            if let Some(step) = steps.iter_mut().find(is_second) {
                step.from = HOLE;
            }
        }
    }
    effects
}

impl<'a> Packer<'a> {
    fn new(changes: &'a [RawChange<u16>], loads: Loads, ids: usize, most: Most) -> Self {
        let mut next = 0;
        let sequences = changes.chunk_by(|a, b| a.base == b.base).map(|steps| {
            next += steps.len();
            Sequence { next: next - steps.len(), end: next, moves_left: most.moves_per_base }
        });
        let mut packer = Self {
            changes,
            sequences: sequences.collect(),
            loads,
            leaving: vec![Vec::new(); ids],
            coming: vec![Vec::new(); ids],
            moves_left: most.moves,
            chain: Vec::new(),
            patience: 0,
        };
        for at in 0..packer.sequences.len() {
            packer.announce(at);
        }
        packer
    }

    /// The next step of a sequence, if its base may take it.
    fn next(&self, at: usize) -> Option<RawChange<u16>> {
        let Sequence { next, end, moves_left } = self.sequences[at];
        let change = *self.changes[..end].get(next)?;
        (change.to == HOLE || moves_left > 0 && self.moves_left > 0).then_some(change)
    }

    fn announce(&mut self, at: usize) {
        let Sequence { next, end, .. } = self.sequences[at];
        let Some(change) = self.changes[..end].get(next) else { return };
        if let Some(leaving) = self.leaving.get_mut(usize::from(change.from)) {
            leaving.push(at);
        }
        if let Some(coming) = self.coming.get_mut(usize::from(change.to)) {
            coming.push(at);
        }
    }

    fn step(&mut self, at: usize, change: RawChange<u16>) {
        self.loads.shift(change.from, change.to);
        let cost = usize::from(change.to != HOLE);
        self.moves_left -= cost;
        self.sequences[at].moves_left -= cost;
        self.chain.push((at, self.sequences[at].next));
        self.sequences[at].next += 1;
        self.announce(at);
    }

    fn step_back(&mut self) {
        let Some((at, step)) = self.chain.pop() else { return };
        let change = self.changes[step];
        self.loads.shift(change.to, change.from);
        let cost = usize::from(change.to != HOLE);
        self.moves_left += cost;
        self.sequences[at].moves_left += cost;
        self.sequences[at].next = step;
        self.announce(at);
    }

    /// Takes the next step of a sequence, with all that must go with it.
    fn take_chain(&mut self, at: usize) -> bool {
        let Some(change) = self.next(at) else { return false };
        self.chain.clear();
        self.patience = PATIENCE;
        self.step(at, change);
        if self.mend() {
            return true;
        }
        self.step_back();
        false
    }

    /// Adds steps to the chain until no node is out of its bounds.
    fn mend(&mut self) -> bool {
        let violated = |&(_, step): &(usize, usize)| self.loads.violated(self.changes[step]);
        let Some((node, is_full)) = self.chain.iter().rev().find_map(violated) else { return true };
        for index in 0..self.loads.places[node].len() {
            let place = self.loads.places[node][index];
            let mut at = self.list(place, is_full).len();
            while let Some(before) = at.checked_sub(1) {
                at = before;
                if self.patience == 0 {
                    return false;
                }
                if let Some((sequence, change)) = self.candidate(place, is_full, at) {
                    self.patience -= 1;
                    self.step(sequence, change);
                    if self.mend() {
                        return true;
                    }
                    self.step_back();
                }
            }
        }
        false
    }

    fn list(&mut self, place: u16, leaving: bool) -> &mut Vec<usize> {
        let lists = if leaving { &mut self.leaving } else { &mut self.coming };
        &mut lists[usize::from(place)]
    }

    /// The sequence at a place of a list, if its next step does leave, or come
    /// to, the service; one that has moved on leaves the list.
    fn candidate(
        &mut self,
        place: u16,
        leaving: bool,
        at: usize,
    ) -> Option<(usize, RawChange<u16>)> {
        let sequence = *self.list(place, leaving).get(at)?;
        let Sequence { next, end, .. } = self.sequences[sequence];
        let does = |change: &RawChange<u16>| place == if leaving { change.from } else { change.to };
        if !self.changes[..end].get(next).is_some_and(does) {
            self.list(place, leaving).swap_remove(at);
        }
        self.next(sequence).filter(does).map(|change| (sequence, change))
    }

    /// The steps taken, as `changes` has them.
    fn taken(&self, changes: &[RawChange<u16>]) -> Vec<RawChange<u16>> {
        let mut start = 0;
        let mut taken = Vec::new();
        for sequence in &self.sequences {
            taken.extend_from_slice(&changes[start..sequence.next]);
            start = sequence.end;
        }
        taken
    }
}
