//! Changes of different bases may run together, as a wave.
//!
//! Moves take hours, and run side by side. What runs together must not depend on
//! one another, which changes of different bases never do, and must not ask more
//! of a service than a caller allows.

use std::collections::BTreeMap;

use crate::index::PlanName;
use crate::mapping::change::RawChange;
use crate::plan::{Change, Plan};

/// Changes that may run together: at most one of each base.
///
/// Changes of different bases never depend on one another. After each wave of a
/// rebalance or a decommission, whatever is restricted, no base breaks a rule that it
/// kept before the plan, has fewer replicas that are up than before (beyond the number
/// wanted), or lacks a quorum that it had. Within a wave the changes may be made in any
/// order, and some of them alone: a base is either as before the wave or as after it.
///
/// [`Plan::waves`] gives them, and has an example; [`Plan::max_per_service`] makes them
/// smaller.
#[derive(Debug, Clone, Copy)]
pub struct Wave<'a> {
    plan: &'a Plan,
    start: usize,
    end: usize,
}

impl<'a> Wave<'a> {
    /// Its changes, ascending by base; never none.
    #[must_use]
    pub fn changes(
        &self,
    ) -> impl DoubleEndedIterator<Item = Change<'a>> + ExactSizeIterator + Clone + use<'a> {
        let plan = self.plan;
        plan.changes[self.start..self.end].iter().map(move |change| plan.named(*change))
    }

    /// How many changes it has: at least 1.
    #[expect(clippy::len_without_is_empty, reason = "no wave is empty")]
    #[must_use]
    pub const fn len(&self) -> usize {
        self.end - self.start
    }
}

impl Plan {
    /// The waves, in order; none is empty.
    ///
    /// There are as many as the most changed base has changes, which is the least; after
    /// [`Plan::max_per_service`] there may be more. Takes no time: the waves are kept.
    ///
    /// # Examples
    ///
    /// ```
    /// # use meta0::{Digits, PrefixMapping};
    /// # let mut old = PrefixMapping::new(Digits::try_from(0)?);
    /// # let base = old.digits().base(0).ok_or("no such base")?;
    /// # old.assign_services(base, ["a", "b"])?;
    /// # let mut new = old.clone();
    /// # new.assign_services(base, ["c", "d"])?;
    /// let plan = old.diff(&new)?;
    /// assert_eq!(plan.waves().len(), 2);
    /// let last = plan.waves().next_back().ok_or("no wave")?;
    /// assert_eq!(last.changes().map(|change| change.to_string()).collect::<Vec<_>>(), ["0000: b -> d"]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn waves(&self) -> impl DoubleEndedIterator<Item = Wave<'_>> + ExactSizeIterator + Clone {
        (0..self.ends.len()).map(|wave| self.numbered(wave))
    }

    /// The wave of a number, from 0; `None` when there are not so many.
    #[must_use]
    pub fn wave(&self, number: usize) -> Option<Wave<'_>> {
        (number < self.ends.len()).then(|| self.numbered(number))
    }

    fn numbered(&self, wave: usize) -> Wave<'_> {
        Wave { plan: self, start: self.end_of(wave), end: self.ends[wave] }
    }

    /// Where the first so many waves end in the changes, all of them at most.
    pub(super) fn end_of(&self, waves: usize) -> usize {
        self.ends[..waves.min(self.ends.len())].last().copied().unwrap_or(0)
    }

    /// The same changes in waves that move at most `most` replicas into any
    /// service, and at most `most` out of it. `0` counts as 1.
    ///
    /// Each change takes the first wave that is open to it, those of a base in their
    /// order. But for that order, there are at most twice as many waves as there have to
    /// be: a change is kept out only by waves that are full for one of its two services.
    ///
    /// Takes `O(changes * log(changes))`, where `most` is not far below what one service
    /// takes; a word of 64 full waves is passed over at once. Beside the plan this allocates at most 64 bytes for each change and 100
    /// for each service, and 4 KiB.
    ///
    /// # Examples
    ///
    /// ```
    /// # use meta0::{Digits, PrefixMapping};
    /// # let mut old = PrefixMapping::new(Digits::try_from(1)?);
    /// # for base in old.digits().bases() {
    /// #     old.assign_services(base, ["a", "b"])?;
    /// # }
    /// # let mut new = old.clone();
    /// # for base in old.digits().bases() {
    /// #     new.assign_services(base, ["a", "c"])?;
    /// # }
    /// let plan = old.diff(&new)?;
    /// assert_eq!(plan.to_string(), "16 moves of 16 bases in 1 wave");
    /// let plan = plan.max_per_service(5);
    /// assert!(plan.waves().map(|wave| wave.len()).eq([5, 5, 5, 1]));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn max_per_service(mut self, most: usize) -> Self {
        let mut sequence = std::mem::take(&mut self.changes);
        // Waves are in order, so a stable sort keeps the order within a base.
        sequence.sort_by_key(|change| change.base);
        (self.changes, self.ends) = arrange(sequence, self.names.len(), most.max(1));
        self
    }
}

/// Sorts changes into waves: one change of a base at most in each, the changes
/// of a base in their order, no more than `most` into a service and no more
/// out of it. Each change takes the first wave that is open to it.
///
/// Returns the changes, wave by wave, and where each wave ends. What is given
/// ascends by base, and so does what each wave gets.
///
/// # Complexity
///
/// Without a limit, linear. With one, each change looks at the waves of its two
/// services from the first that is not full in either, 64 at a time; the heap
/// holds a few words for each change.
pub(super) fn arrange(
    changes: Vec<RawChange<PlanName>>,
    names: usize,
    most: usize,
) -> (Vec<RawChange<PlanName>>, Vec<usize>) {
    if most == usize::MAX && changes.is_sorted_by(|a, b| a.base < b.base) {
        let ends = if changes.is_empty() { Vec::new() } else { vec![changes.len()] };
        return (changes, ends);
    }
    let mut turns = AllTurns::new(names, most);
    let mut last: Option<(u16, usize)> = None;
    let wave_of = |change: &RawChange<PlanName>| {
        let earliest =
            last.filter(|(base, _)| *base == change.base).map_or(0, |(_, wave)| wave + 1);
        let wave = turns.take(*change, earliest);
        last = Some((change.base, wave));
        wave
    };
    let waves: Vec<usize> = changes.iter().map(wave_of).collect();
    let mut ends = vec![0; waves.iter().max().map_or(0, |last| last + 1)];
    for &wave in &waves {
        ends[wave] += 1;
    }
    let mut next: Vec<usize> = ends
        .iter_mut()
        .scan(0, |end, size| {
            let start = *end;
            *end += *size;
            *size = *end;
            Some(start)
        })
        .collect();
    let mut placed =
        vec![RawChange { base: 0, from: PlanName::NONE, to: PlanName::NONE }; changes.len()];
    for (change, wave) in changes.iter().zip(waves) {
        placed[next[wave]] = *change;
        next[wave] += 1;
    }
    (placed, ends)
}

/// How full each wave is, for each service and direction.
#[derive(Debug)]
struct AllTurns {
    most: usize,
    turns: Vec<Turns>,
}

#[derive(Debug, Clone, Default)]
struct Turns {
    /// The first wave with room: those before it are full.
    low: usize,
    /// A bit for each wave from `low` on that is full, by word.
    full: BTreeMap<usize, u64>,
    /// How many changes the waves have that are begun and not full.
    begun: BTreeMap<usize, usize>,
}

impl AllTurns {
    fn new(names: usize, most: usize) -> Self {
        let turns = if most == usize::MAX { 0 } else { 2 * names };
        Self { most, turns: vec![Turns::default(); turns] }
    }

    /// The first wave not before `earliest` that has room for a change, which
    /// takes it.
    fn take(&mut self, change: RawChange<PlanName>, earliest: usize) -> usize {
        let half = self.turns.len() / 2;
        if half == 0 {
            return earliest;
        }
        let used = [(change.from, 0), (change.to, half)];
        let used = used.iter().filter(|(name, _)| name.is_some());
        let used: Vec<_> = used.map(|(name, shift)| name.index() + shift).collect();
        let start = used.iter().map(|&turn| self.turns[turn].low).fold(earliest, usize::max);
        let mut word = start / 64;
        let mut skip = (1 << (start % 64)) - 1;
        let wave = loop {
            let full = |turn: &usize| self.turns[*turn].full.get(&word).copied().unwrap_or(0);
            let taken = used.iter().map(full).fold(skip, |taken: u64, full| taken | full);
            if taken != u64::MAX {
                break word * 64 + taken.trailing_ones() as usize;
            }
            (word, skip) = (word + 1, 0);
        };
        for turn in used {
            self.turns[turn].count(wave, self.most);
        }
        wave
    }
}

impl Turns {
    fn count(&mut self, wave: usize, most: usize) {
        let count = self.begun.entry(wave).or_default();
        *count += 1;
        if *count < most {
            return;
        }
        self.begun.remove(&wave);
        *self.full.entry(wave / 64).or_default() |= 1 << (wave % 64);
        while self.full.get(&(self.low / 64)).is_some_and(|bits| bits >> (self.low % 64) & 1 == 1) {
            self.low += 1;
            if self.low.is_multiple_of(64) {
                self.full.remove(&(self.low / 64 - 1));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn change(base: u16, from: usize, to: usize) -> RawChange<PlanName> {
        let name = |name| if name == NOBODY { PlanName::NONE } else { PlanName::new(name) };
        RawChange { base, from: name(from), to: name(to) }
    }

    const NOBODY: usize = usize::MAX;

    /// What [`arrange`] finds, by looking at every wave.
    fn first_fit(changes: &[RawChange<PlanName>], most: usize) -> Vec<Vec<RawChange<PlanName>>> {
        let mut waves: Vec<Vec<RawChange<PlanName>>> = Vec::new();
        for change in changes {
            let is_full = |wave: &Vec<RawChange<PlanName>>| {
                let out = wave.iter().filter(|other| other.from == change.from).count();
                let into = wave.iter().filter(|other| other.to == change.to).count();
                change.from.is_some() && out >= most || change.to.is_some() && into >= most
            };
            let has_base =
                |wave: &Vec<RawChange<PlanName>>| wave.iter().any(|o| o.base == change.base);
            let after = waves.iter().rposition(has_base).map_or(0, |wave| wave + 1);
            let open = waves[after..].iter().position(|wave| !is_full(wave));
            let wave = open.map_or(waves.len(), |open| after + open);
            waves.resize(waves.len().max(wave + 1), Vec::new());
            waves[wave].push(*change);
        }
        waves
    }

    proptest! {
        #[test]
        fn each_change_takes_the_first_wave_that_is_open(
            steps in prop::collection::vec((0..9_u8, 0..4_usize, 0..4_usize), 0..500),
            most in 1..4_usize,
        ) {
            let ids = [0, 1, 2, NOBODY];
            let mut base = 0;
            let changes: Vec<_> = steps.into_iter().map(|(gap, from, to)| {
                base += u16::from(gap == 0);
                change(base, ids[from], ids[to])
            }).collect();
            let waves = first_fit(&changes, most);
            let (placed, ends) = arrange(changes, 3, most);
            let sizes = waves.iter().scan(0, |end, wave| { *end += wave.len(); Some(*end) });
            prop_assert_eq!(ends, sizes.collect::<Vec<_>>());
            prop_assert_eq!(placed, waves.concat());
        }
    }

    #[test]
    fn the_changes_of_a_base_follow_each_other() {
        let changes = [change(0, 1, 2), change(0, 3, 4), change(1, 1, 2), change(2, 1, 2)];
        let (placed, ends) = arrange(changes.to_vec(), 5, usize::MAX);
        assert_eq!(ends, [3, 4]);
        assert_eq!(placed[3], change(0, 3, 4));
    }

    #[test]
    fn no_wave_is_fuller_than_asked() {
        let changes: Vec<_> =
            (0..200_u16).map(|base| change(base, 0, 1 + usize::from(base % 2))).collect();
        let (_, ends) = arrange(changes.clone(), 3, 1);
        assert_eq!(ends.len(), 200);
        let (_, ends) = arrange(changes, 3, 50);
        assert_eq!(ends, [50, 100, 150, 200]);
    }
}
