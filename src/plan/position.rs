//! How far each base of a plan is, told from the plan and the mapping as it is now.
//!
//! # The problem
//!
//! Under a plan a base passes through states: as it was, then after each of its
//! changes. A plan knows the changes, but not what the base has beside them, so it
//! can't tell a state by the whole row. It can by the names of its changes: the row
//! has, or lacks, each of them as in the state.
//!
//! # How
//!
//! 1. Where a base names each service once, as all do but what
//!    [`resolve`](PrefixMapping::resolve) found under two names, the changes say which
//!    of their names it had at first: those that some change takes away before one
//!    brings them. So each state is known over those names, and two states of equal
//!    names are equal rows; the later one is taken.
//! 2. All else is told by the digest of the mapping before. It is a sum over bases of
//!    what the hashes of their names add up to, so that the changes done can be taken
//!    back in it. Where it does not come out, something else has changed.
//! 3. Or a base named a service twice. Then its row may be that of several states, with
//!    another first row each. Such bases are assumed to be where whole waves leave
//!    them, and each number of waves is tried on the digest.
//!
//! # Complexity
//!
//! One pass over the table, and `O(changes * log(changes))`.

use std::ops::Range;

use crate::index::{Name, PlanName, renumbered};
use crate::mapping::change::RawChange;
use crate::mapping::{PrefixMapping, digest_of_base, hash_of_name};
use crate::plan::Plan;

/// How far each base of a plan is.
#[derive(Debug)]
pub(super) struct Position {
    /// Of each change of the plan, whether it is done; `None` when its base is foreign.
    pub(super) is_done: Vec<Option<bool>>,
    /// The bases that are in none of their states; ascending.
    pub(super) foreign: Vec<u16>,
    /// Whether anything has changed that the plan does not change. `None` where the
    /// digest can't tell, as a base is foreign.
    pub(super) is_elsewhere_changed: Option<bool>,
}

impl Position {
    /// Of a mapping that has the digits and the names of the plan.
    pub(super) fn new(plan: &Plan, now: &PrefixMapping) -> Self {
        let mut cluster = Cluster::new(plan, now);
        let is_elsewhere_changed = cluster.settle();
        let mut position = Self {
            is_done: vec![None; plan.changes.len()],
            foreign: Vec::new(),
            is_elsewhere_changed,
        };
        for track in &cluster.tracks {
            let Some(done) = track.done else {
                position.foreign.push(track.base);
                continue;
            };
            for (number, &change) in cluster.order[track.changes.clone()].iter().enumerate() {
                position.is_done[change] = Some(number < done);
            }
        }
        position
    }

    /// Of a mapping in which every base of a plan is foreign.
    pub(super) fn of_stranger(plan: &Plan) -> Self {
        let mut foreign: Vec<_> = plan.changes.iter().map(|change| change.base).collect();
        foreign.sort_unstable();
        foreign.dedup();
        let is_elsewhere_changed = foreign.is_empty().then_some(true);
        Self { is_done: vec![None; plan.changes.len()], foreign, is_elsewhere_changed }
    }
}

/// A base that a plan changes.
#[derive(Debug)]
struct Track {
    base: u16,
    /// Its changes in their order, as a part of [`Cluster::order`].
    changes: Range<usize>,
    /// How many of them are done, as far as that can be told.
    done: Option<usize>,
    /// Whether it may be in another state, if it named a service twice.
    is_unclear: bool,
}

/// The mapping as it is now, seen from a plan.
#[derive(Debug)]
struct Cluster<'a> {
    plan: &'a Plan,
    /// The changes of the plan by base, those of a base in their order.
    order: Vec<usize>,
    /// Ascending by base.
    tracks: Vec<Track>,
    /// The sum of the hashes of the names of each base.
    sums: Vec<u64>,
    /// The hash of each name of the plan.
    hashes: Vec<u64>,
    digest: u64,
}

impl<'a> Cluster<'a> {
    fn new(plan: &'a Plan, now: &PrefixMapping) -> Self {
        let mut order: Vec<_> = (0..plan.changes.len()).collect();
        order.sort_by_key(|&change| plan.changes[change].base);
        let names = plan.names.iter();
        let places: Vec<_> =
            names.clone().map(|name| now.name_of(name).unwrap_or(Name::NONE)).collect();
        let (mut tally, mut tracks, mut start) = (Tally::default(), Vec::new(), 0);
        for same in order.chunk_by(|&a, &b| plan.changes[a].base == plan.changes[b].base) {
            let changes = same.iter().map(|&change| plan.changes[change]);
            let base = plan.changes[same[0]].base;
            let (done, is_unclear) = tally.place(changes, now.row(base.into()), &places);
            let end = start + same.len();
            tracks.push(Track { base, changes: start..end, done, is_unclear });
            start = end;
        }
        let hashes = names.map(|name| hash_of_name(name)).collect();
        Self { plan, order, tracks, sums: now.sums(), hashes, digest: now.digest() }
    }

    /// Finds out what the names leave open. Says whether something has changed that
    /// the plan does not change; `None` where a base is foreign.
    fn settle(&mut self) -> Option<bool> {
        let is_foreign = |track: &Track| track.done.is_none();
        if !self.tracks.iter().any(is_foreign) && self.digest_before() == self.plan.before {
            return Some(false);
        }
        if self.settle_by_waves() {
            return Some(false);
        }
        (!self.tracks.iter().any(is_foreign)).then_some(true)
    }

    /// The digest of the mapping from which the changes done lead to this one.
    fn digest_before(&self) -> u64 {
        let terms = self.tracks.iter().map(|track| self.term(track, track.done.unwrap_or(0)));
        terms.fold(self.digest, u64::wrapping_add)
    }

    /// What the digest grows by when the first so many changes of a base are undone.
    fn term(&self, track: &Track, done: usize) -> u64 {
        let changes = &self.order[track.changes.clone()][..done];
        let sum = self.sums[usize::from(track.base)];
        let before = changes.iter().fold(sum, |sum, &change| sum.wrapping_sub(self.gain(change)));
        difference(track.base, sum, before)
    }

    /// What the sum of a base grows by with a change.
    fn gain(&self, change: usize) -> u64 {
        let RawChange { from, to, .. } = self.plan.changes[change];
        let hash = |name: PlanName| renumbered(name.index(), &self.hashes, 0);
        hash(to).wrapping_sub(hash(from))
    }

    /// Looks for a number of waves after which the bases that are unclear make the
    /// digest come out, and takes it for them.
    fn settle_by_waves(&mut self) -> bool {
        let is_hopeless = |track: &Track| track.done.is_none() && !track.is_unclear;
        if self.tracks.iter().any(is_hopeless) || !self.tracks.iter().any(|it| it.is_unclear) {
            return false;
        }
        let clear = self.tracks.iter().filter(|track| !track.is_unclear);
        let terms = clear.map(|track| self.term(track, track.done.unwrap_or(0)));
        let mut digest = terms.fold(self.digest, u64::wrapping_add);
        let mut sums = self.sums.clone();
        let waves = self.plan.ends.len();
        for done in 0..=waves {
            if digest == self.plan.before {
                self.take_waves(done);
                return true;
            }
            for change in self.plan.end_of(done)..self.plan.end_of(done + 1) {
                let base = self.plan.changes[change].base;
                if self.track_of(base).is_unclear {
                    let old = sums[usize::from(base)];
                    let new = old.wrapping_sub(self.gain(change));
                    digest = digest.wrapping_add(difference(base, old, new));
                    sums[usize::from(base)] = new;
                }
            }
        }
        false
    }

    fn track_of(&self, base: u16) -> &Track {
        &self.tracks[self.tracks.partition_point(|track| track.base < base)]
    }

    /// Puts the bases that are unclear where so many waves leave them.
    fn take_waves(&mut self, waves: usize) {
        let end = self.plan.end_of(waves);
        for track in self.tracks.iter_mut().filter(|track| track.is_unclear) {
            let changes = &self.order[track.changes.clone()];
            track.done = Some(changes.partition_point(|&change| change < end));
        }
    }
}

/// What the digest grows by when the names of a base have another sum.
fn difference(base: u16, old: u64, new: u64) -> u64 {
    digest_of_base(base.into(), new).wrapping_sub(digest_of_base(base.into(), old))
}

/// How many names a base has more or less often than once each lets it.
#[derive(Debug, Default, PartialEq, Eq)]
struct Off {
    above: i64,
    below: i64,
}

impl Off {
    fn count(&mut self, excess: i64, by: i64) {
        self.above += if excess > 0 { by } else { 0 };
        self.below += if excess < 0 { by } else { 0 };
    }
}

/// The names that the changes of one base have.
#[derive(Debug, Default)]
struct Tally {
    names: Vec<Counted>,
}

#[derive(Debug, Clone, Copy)]
struct Counted {
    name: PlanName,
    /// How often it comes, less how often it goes.
    net: i64,
    /// The least that `net` has been.
    least: i64,
    /// How often the base had it at first, beyond what the changes need. That is 0,
    /// where a base names each service once.
    excess: i64,
}

impl Tally {
    /// After how many of its changes a base has some row, if each service is named
    /// once; and whether there are other numbers, if not.
    fn place(
        &mut self,
        changes: impl DoubleEndedIterator<Item = RawChange<PlanName>> + ExactSizeIterator + Clone,
        row: &[Name],
        places: &[Name],
    ) -> (Option<usize>, bool) {
        self.count(changes.clone());
        for counted in &mut self.names {
            let place = places[counted.name.index()];
            let end = row.partition_point(|&name| name <= place);
            let has = end - row.partition_point(|&name| name < place);
            let has = i64::try_from(has).expect("a row is no longer than a table");
            counted.excess = has - counted.net + counted.least;
        }
        let (mut done, mut possible) = (None, 0);
        let mut off = Off::default();
        self.names.iter().for_each(|counted| off.count(counted.excess, 1));
        let mut last = changes.len();
        let mut back = changes.rev();
        loop {
            possible += usize::from(off.below == 0);
            if off == Off::default() && done.is_none() {
                done = Some(last);
            }
            let Some(change) = back.next() else { break };
            last -= 1;
            for (name, more) in [(change.to, 1), (change.from, -1)] {
                self.with(name, |counted| {
                    off.count(counted.excess, -1);
                    counted.excess += more;
                    off.count(counted.excess, 1);
                });
            }
        }
        (done, possible > usize::from(done.is_some()))
    }

    /// Counts how often each name comes and goes.
    fn count(&mut self, changes: impl Iterator<Item = RawChange<PlanName>> + Clone) {
        self.names.clear();
        let names = changes.clone().flat_map(|change| [change.from, change.to]);
        let counted = |name| Counted { name, net: 0, least: 0, excess: 0 };
        self.names.extend(names.filter(|name| name.is_some()).map(counted));
        self.names.sort_unstable_by_key(|counted| counted.name);
        self.names.dedup_by_key(|counted| counted.name);
        for change in changes {
            self.with(change.from, |from| {
                from.net -= 1;
                from.least = from.least.min(from.net);
            });
            self.with(change.to, |to| to.net += 1);
        }
    }

    fn with(&mut self, name: PlanName, change: impl FnOnce(&mut Counted)) {
        if name.is_some()
            && let Ok(at) = self.names.binary_search_by_key(&name, |counted| counted.name)
        {
            change(&mut self.names[at]);
        }
    }
}
