//! The steps that bases may take next.
//!
//! The changes of a base come in an order in which none breaks a rule that the
//! base kept. Where replicas only come, or one comes for one that goes, any order
//! will do in which each newcomer finds room: no domain around it is full, or one
//! goes that shares each full domain with it. So such a base may choose among
//! those that go and those that come, and if it is valid, or lacks replicas alone,
//! it never runs into a dead end: valid sets are the bases of a matroid. While it
//! can be repaired it chooses among repairs, where what goes is nothing, or takes
//! no part in the balance.
//!
//! Every other base takes its changes as they come.

use crate::index::{Id, Name};
use crate::mapping::change::RawChange;
use crate::planner::Task;

/// How many of those that come a base chooses among, unless none of them has
/// room.
const FEW_COME: usize = 8;

/// How many of those that go it chooses among, for each that comes.
const FEW_GO: usize = 4;

/// The changes of a base: those done, then those to do.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sequence {
    start: usize,
    next: usize,
    end: usize,
    moves_left: usize,
    /// Whether it may take them in another order.
    is_free: bool,
}

/// A step that a base may take next: of its changes, one says what goes, and one
/// what comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Choice {
    goes: usize,
    comes: usize,
}

/// The steps of all bases.
#[derive(Debug)]
pub(super) struct Steps<'a> {
    task: &'a Task<'a>,
    changes: &'a [RawChange<Id>],
    /// The same, as loads see them: where a base has a service twice, the second
    /// entry is no load, and nothing leaves with it. Those done come first.
    order: Vec<RawChange<Id>>,
    pub(super) sequences: Vec<Sequence>,
    /// Whether loads are counted of an id.
    takes_part: Vec<bool>,
    /// What the base at hand has.
    held: Vec<Id>,
}

impl<'a> Steps<'a> {
    /// Of a plan's changes. `takes_part` says of which ids loads are counted.
    pub(super) fn new(
        task: &'a Task<'a>,
        changes: &'a [RawChange<Id>],
        moves_per_base: usize,
        takes_part: impl Fn(Id) -> bool,
    ) -> Self {
        let mut order = changes.to_vec();
        let mut start = 0;
        let sequence = |of_base: &mut [RawChange<Id>]| {
            let row = task.mapping.row(usize::from(of_base[0].base));
            let has_repeats = row.windows(2).any(|pair| pair[0] == pair[1]);
            if has_repeats {
                strike_repeats(task, row, of_base);
            }
            let is_free = !has_repeats && of_base.iter().all(|step| step.to.is_some());
            let end = start + of_base.len();
            let sequence =
                Sequence { start, next: start, end, moves_left: moves_per_base, is_free };
            start = end;
            sequence
        };
        let ids = Id::all(task.ids.len());
        let takes_part = ids.map(takes_part).collect();
        let sequences = order.chunk_by_mut(|a, b| a.base == b.base).map(sequence).collect();
        Self { task, changes, order, sequences, takes_part, held: Vec::new() }
    }

    /// What is left to take of a base, if it may move `most` replicas in all.
    pub(super) fn choices(&mut self, at: usize, most: usize, choices: &mut Vec<Choice>) {
        choices.clear();
        let Sequence { next, end, moves_left, is_free, .. } = self.sequences[at];
        let Some(step) = self.order[..end].get(next) else { return };
        if step.to.is_some() && moves_left.min(most) == 0 {
            return;
        }
        if !is_free || next + 1 == end {
            return choices.push(Choice { goes: next, comes: next });
        }
        self.hold(at);
        for comes in next..end {
            if comes >= next + FEW_COME && !choices.is_empty() {
                break;
            }
            let must_go = self.must_go(self.order[comes].to);
            let goes = |at: usize| self.order[at].from;
            let makes_room = |at: &usize| {
                let is_new = *at == next || goes(*at) != goes(at - 1);
                is_new
                    && must_go
                        .is_none_or(|(first, last)| (first..last).contains(&goes(*at).index()))
            };
            // Both ascend by place, so that those of the same rank are close.
            let going = (comes..end).chain(next..comes).filter(makes_room).take(FEW_GO);
            choices.extend(going.map(|goes| Choice { goes, comes }));
        }
        if choices.iter().any(|choice| self.is_repair(*choice)) {
            choices.retain(|choice| self.is_repair(*choice));
        }
    }

    fn is_repair(&self, choice: Choice) -> bool {
        let goes = self.order[choice.goes].from.index();
        !self.takes_part.get(goes).is_some_and(|takes_part| *takes_part)
    }

    /// Notes what a base has after the steps done.
    fn hold(&mut self, at: usize) {
        let Sequence { start, next, .. } = self.sequences[at];
        let done = &self.order[start..next];
        let row = self.task.mapping.row(usize::from(self.order[start].base)).iter();
        let ids = row.map(|&name| self.task.ids.of_name(name));
        let stays = |id: &Id| done.iter().all(|step| step.from != *id);
        self.held.clear();
        self.held.extend(ids.filter(stays).chain(done.iter().map(|step| step.to)));
    }

    /// The places of which one has to go for a newcomer to come, if one has to: as
    /// ids, the first and the one after the last.
    fn must_go(&self, comes: Id) -> Option<(usize, usize)> {
        let ids = &self.task.ids;
        let (place, held) = (ids.place(comes), || self.held.iter().map(|&id| ids.place(id)));
        let tiers = self.task.limits.by_rule().iter().map(|(_, tier)| tier);
        let full = tiers.filter(|tier| tier.count(held(), place) >= tier.cap);
        let domains = full.map(|tier| tier.interval(place));
        let domains = domains.map(|(first, end)| (first.index(), usize::from(end)));
        domains.reduce(|(first, last), (start, end)| (first.max(start), last.min(end)))
    }

    pub(super) fn step(&self, Choice { goes, comes }: Choice) -> RawChange<Id> {
        RawChange { from: self.order[goes].from, ..self.order[comes] }
    }

    /// Takes a step. Returns how many moves it is.
    pub(super) fn take(&mut self, at: usize, Choice { goes, comes }: Choice) -> usize {
        let sequence = &mut self.sequences[at];
        let next = sequence.next;
        let (from, to) = (self.order[goes].from, self.order[comes].to);
        self.order[goes].from = self.order[next].from;
        self.order[comes].to = self.order[next].to;
        (self.order[next].from, self.order[next].to) = (from, to);
        let moves = usize::from(to.is_some());
        sequence.next += 1;
        sequence.moves_left -= moves;
        moves
    }

    /// All steps taken, as the mapping sees them.
    pub(super) fn taken(&self) -> Vec<RawChange<Id>> {
        let taken = self.sequences.iter().flat_map(|sequence| {
            let from = if sequence.is_free { &self.order } else { self.changes };
            &from[sequence.start..sequence.next]
        });
        taken.copied().collect()
    }
}

/// Lets nothing leave with the second entry of a service that stands twice.
fn strike_repeats(task: &Task<'_>, row: &[Name], steps: &mut [RawChange<Id>]) {
    let repeats = row.windows(2).filter(|pair| pair[0] == pair[1]);
    for id in repeats.map(|pair| task.ids.of_name(pair[0])) {
        let is_second = |step: &&mut RawChange<Id>| step.from == id && step.to.is_none();
        if let Some(step) = steps.iter_mut().find(is_second) {
            step.from = Id::NONE;
        }
    }
}
