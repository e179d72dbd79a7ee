//! Plans: what changes a mapping into another, as data.

mod diff;
mod partial;
mod steps;
mod wave;

pub use diff::DiffError;
pub use steps::{Step, StepKind};

use std::borrow::Cow;
use std::error::Error;
use std::fmt;

use crate::check::{BreachKind, CheckReport};
use crate::mapping::change::RawChange;
use crate::mapping::{Alias, HOLE, PrefixMapping, digest_of_base, digest_of_digits, hash_of_name};
use crate::prefix::{Base, Digits};

/// One replica of one base that comes, goes, or goes from one service to
/// another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Change<'a> {
    /// The base.
    pub base: Base,
    /// The service that gives the base up; `None` when a replica was missing.
    pub from: Option<&'a str>,
    /// The service that takes the base; `None` when an excess replica is taken
    /// away.
    pub to: Option<&'a str>,
}

impl Change<'_> {
    /// Whether it is a move: some service takes the base.
    #[must_use]
    pub const fn is_move(&self) -> bool {
        self.to.is_some()
    }
}

impl fmt::Display for Change<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { base, from, to } = self;
        write!(f, "{}: {} -> {}", base.first_prefix(), from.unwrap_or("-"), to.unwrap_or("-"))
    }
}

/// What a plan leaves undone, because its restrictions kept it from more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Left {
    pub(crate) report: CheckReport,
    pub(crate) held: Vec<String>,
    pub(crate) held_bases: Vec<Base>,
    pub(crate) moves: usize,
}

impl Left {
    /// The check of the mapping that the plan leads to: what rules are still
    /// broken, and which loads are outside their bands.
    #[must_use]
    pub const fn report(&self) -> &CheckReport {
        &self.report
    }

    /// The services that were to keep what they have; ascending.
    #[must_use]
    pub fn held(&self) -> &[String] {
        &self.held
    }

    /// The bases that were to keep their services; ascending.
    #[must_use]
    pub fn held_bases(&self) -> &[Base] {
        &self.held_bases
    }

    /// How many moves of the whole plan were left out to keep to the most
    /// moves, in all or of each base.
    #[must_use]
    pub const fn moves(&self) -> usize {
        self.moves
    }
}

impl fmt::Display for Left {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let broken: u64 = BreachKind::ALL.iter().map(|&kind| self.report.count(kind)).sum();
        write!(
            f,
            "{broken} breaches and {} replicas outside their bands",
            self.report.outside_band()
        )?;
        f.write_str(" are left")?;
        if !self.held.is_empty() {
            write!(f, ", because services are held ({})", self.held.join(", "))?;
        }
        if !self.held_bases.is_empty() {
            write!(f, ", because {} bases are held", self.held_bases.len())?;
        }
        if self.moves > 0 {
            write!(f, ", because {} moves were left out", self.moves)?;
        }
        Ok(())
    }
}

/// What changes a mapping into another: waves of changes, with counts and a
/// proof.
///
/// Invariants:
/// 1. within a wave, changes ascend by base, and no base has two;
/// 2. applied wave by wave, no base breaks a rule that it kept before the plan;
/// 3. it applies to the mapping of its digest and to no other.
///
/// # Examples
///
/// ```
/// use meta0::{Digits, PrefixMapping};
///
/// let mut old = PrefixMapping::new(Digits::try_from(0)?);
/// let base = old.digits().base(0).ok_or("no such base")?;
/// old.assign_services(base, ["a", "b"])?;
/// let mut new = old.clone();
/// new.assign_services(base, ["b", "c"])?;
///
/// let plan = old.diff(&new)?;
/// assert_eq!(plan.to_string(), "1 move of 1 base in 1 wave");
/// assert_eq!(old.apply(&plan)?, new);
/// assert_eq!(new.apply(&plan.inverse())?, old);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    digits: Digits,
    /// Every name that a change has; ascending.
    names: Vec<Box<str>>,
    /// Names that the mapping may have for services that the plan knows by
    /// their address; ascending.
    aliases: Vec<Alias>,
    changes: Vec<RawChange>,
    /// Where each wave ends in `changes`.
    ends: Vec<usize>,
    before: u64,
    after: u64,
    lower_bound: Option<usize>,
    left: Option<Box<Left>>,
    drained: Vec<Box<str>>,
    held: Vec<Box<str>>,
}

impl Plan {
    /// A plan for `mapping` of changes over `names`, which ascend. The changes
    /// of one base stand together, in the order in which they are to happen.
    /// With aliases, it applies to a mapping that has those as well.
    pub(crate) fn new(
        mapping: &PrefixMapping,
        names: Vec<Box<str>>,
        changes: Vec<RawChange>,
    ) -> Self {
        let (before, after) = digests(mapping, &names, &changes);
        let (changes, ends) = wave::arrange(changes, names.len(), usize::MAX);
        Self {
            digits: mapping.digits(),
            names,
            aliases: Vec::new(),
            changes,
            ends,
            before,
            after,
            lower_bound: None,
            left: None,
            drained: Vec::new(),
            held: Vec::new(),
        }
    }

    pub(crate) fn with_proof(mut self, lower_bound: usize) -> Self {
        self.lower_bound = Some(lower_bound);
        self
    }

    pub(crate) fn with_aliases(mut self, aliases: Vec<Alias>) -> Self {
        self.aliases = aliases;
        self
    }

    /// Says which services are drained, by address or by a name that only the
    /// mapping has.
    pub(crate) fn with_drained(mut self, drained: &[&str]) -> Self {
        self.drained = sorted(drained);
        self
    }

    /// Says which services are held, likewise.
    pub(crate) fn with_held(mut self, held: &[&str]) -> Self {
        self.held = sorted(held);
        self
    }

    pub(crate) fn with_left(mut self, left: Left) -> Self {
        self.left = Some(Box::new(left));
        self
    }

    /// The same plan in waves that move no more than `most` replicas into any
    /// service, and no more out of it. `0` counts as 1.
    ///
    /// Beside the plan this allocates at most 64 bytes for each change and 100
    /// for each service, and 4 KiB.
    #[must_use]
    pub fn max_per_service(mut self, most: usize) -> Self {
        let mut sequence = self.changes.clone();
        // Waves are in order, so a stable sort keeps the order within a base.
        sequence.sort_by_key(|change| change.base);
        (self.changes, self.ends) = wave::arrange(sequence, self.names.len(), most.max(1));
        self
    }

    /// How many digits name a base.
    #[must_use]
    pub const fn digits(&self) -> Digits {
        self.digits
    }

    /// Every change, wave by wave, ascending by base within a wave.
    #[must_use]
    pub fn changes(&self) -> impl ExactSizeIterator<Item = Change<'_>> + Clone {
        self.changes.iter().map(|change| self.named(*change))
    }

    fn named(&self, change: RawChange) -> Change<'_> {
        let name = |name: u16| self.names.get(usize::from(name)).map(AsRef::as_ref);
        Change {
            base: self.digits.base(usize::from(change.base)).expect("a base of these digits"),
            from: name(change.from),
            to: name(change.to),
        }
    }

    /// The waves, in order; none is empty.
    #[must_use]
    pub fn waves(&self) -> impl ExactSizeIterator<Item = Wave<'_>> + Clone {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        let waves = starts.zip(&self.ends).map(|(start, &end)| Wave { plan: self, start, end });
        waves.collect::<Vec<_>>().into_iter()
    }

    /// How many changes lead from one class of services to another: each pair of
    /// classes that has some, with their number, ascending.
    ///
    /// `class` is called once for each service of the plan, with its name. No
    /// class stands for a replica that comes from nowhere, or goes.
    ///
    /// # Examples
    ///
    /// ```
    /// # use meta0::{Digits, PrefixMapping};
    /// # let mut old = PrefixMapping::new(Digits::try_from(0)?);
    /// # let base = old.digits().base(0).ok_or("no such base")?;
    /// # old.assign_services(base, ["r1.a", "r1.b"])?;
    /// # let mut new = old.clone();
    /// # new.assign_services(base, ["r2.a", "r2.b", "r2.c"])?;
    /// let racks = old.diff(&new)?.count_changes_between(|name| &name[..2]);
    /// assert_eq!(racks, [(None, Some("r2"), 1), (Some("r1"), Some("r2"), 2)]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn count_changes_between<'a, C: Ord + Copy>(
        &'a self,
        class: impl FnMut(&'a str) -> C,
    ) -> Vec<(Option<C>, Option<C>, usize)> {
        let class_of: Vec<C> = self.names.iter().map(AsRef::as_ref).map(class).collect();
        let mut classes = class_of.clone();
        classes.sort_unstable();
        classes.dedup();
        // Numbers from 1 on, so that no class comes first.
        let number = |class: &C| classes.partition_point(|other| other <= class);
        let numbers: Vec<_> = class_of.iter().map(number).collect();
        let number = |name: u16| numbers.get(usize::from(name)).copied().unwrap_or(0);
        let class = |number: usize| number.checked_sub(1).map(|place| classes[place]);
        let pair = |change: &RawChange| (number(change.from), number(change.to));
        let mut pairs: Vec<_> = self.changes.iter().map(pair).collect();
        pairs.sort_unstable();
        let counted = pairs.chunk_by(|a, b| a == b);
        counted.map(|same| (class(same[0].0), class(same[0].1), same.len())).collect()
    }

    /// How many changes are moves: replicas that some service takes.
    #[must_use]
    pub fn moves(&self) -> usize {
        self.changes.iter().filter(|change| change.to != HOLE).count()
    }

    /// How many changes take an excess replica away.
    #[must_use]
    pub fn removals(&self) -> usize {
        self.changes.len() - self.moves()
    }

    fn moves_by_base(&self) -> impl Iterator<Item = usize> {
        let moves = self.changes.iter().filter(|change| change.to != HOLE);
        let mut bases: Vec<_> = moves.map(|change| change.base).collect();
        bases.sort_unstable();
        let counts: Vec<_> = bases.chunk_by(|a, b| a == b).map(<[u16]>::len).collect();
        counts.into_iter()
    }

    /// How many bases have a move.
    #[must_use]
    pub fn moved_bases(&self) -> usize {
        self.moves_by_base().count()
    }

    /// How many bases have more than one move.
    #[must_use]
    pub fn multi_move_bases(&self) -> usize {
        self.moves_by_base().filter(|&moves| moves > 1).count()
    }

    /// The bases that the plan changes, ascending.
    #[must_use]
    pub fn changed_bases(&self) -> impl ExactSizeIterator<Item = Base> + Clone {
        let mut bases: Vec<_> = self.changes().map(|change| change.base).collect();
        bases.sort_unstable();
        bases.dedup();
        bases.into_iter()
    }

    /// The services that were to lose all they have and to get nothing, as the
    /// names that the caller gave were resolved; ascending, each once.
    ///
    /// They are named by address, or as the mapping names them where the topology
    /// has no such service. A caller who judges the outcome drains these:
    ///
    /// ```
    /// # use meta0::{Plan, Topology};
    /// fn target(topology: &Topology, plan: &Plan) -> Topology {
    ///     let gone: Vec<_> = plan.drained().filter_map(|name| topology.find(name)).collect();
    ///     topology.drain(&gone)
    /// }
    /// ```
    #[must_use]
    pub fn drained(&self) -> impl ExactSizeIterator<Item = &str> + Clone {
        self.drained.iter().map(AsRef::as_ref)
    }

    /// The services that were to keep what they have and to get nothing,
    /// likewise.
    #[must_use]
    pub fn held(&self) -> impl ExactSizeIterator<Item = &str> + Clone {
        self.held.iter().map(AsRef::as_ref)
    }

    /// The fewest moves that any plan to the same end could have, as far as
    /// the proof goes; `None` when nobody asked for the fewest.
    #[must_use]
    pub const fn lower_bound(&self) -> Option<usize> {
        self.lower_bound
    }

    /// Whether the plan is proven to have the fewest moves.
    #[must_use]
    pub fn is_minimal(&self) -> bool {
        self.lower_bound == Some(self.moves())
    }

    /// The mapping that the plan was made for, in the names of the plan.
    ///
    /// # Errors
    ///
    /// [`ApplyError`] when this is another mapping.
    pub(crate) fn accept<'a>(
        &self,
        mapping: &'a PrefixMapping,
    ) -> Result<Cow<'a, PrefixMapping>, ApplyError> {
        let mapping = mapping.renamed(&self.aliases);
        let found = mapping.digest();
        if self.digits != mapping.digits() || self.before != found {
            return Err(ApplyError { wanted: self.before, found });
        }
        Ok(mapping)
    }

    /// Whether it changes nothing.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }

    /// What is left to do after it, and why; `None` when nothing is, as it is
    /// without restrictions.
    #[must_use]
    pub fn left(&self) -> Option<&Left> {
        self.left.as_deref()
    }

    /// The digest of the mapping that it applies to.
    #[must_use]
    pub const fn digest(&self) -> u64 {
        self.before
    }

    /// The digest of the mapping that it leads to.
    #[must_use]
    pub const fn digest_afterwards(&self) -> u64 {
        self.after
    }

    /// The way back: it undoes the waves, the last one first.
    ///
    /// Beside the plan that it gives this allocates at most 8 bytes for each
    /// change and 64 for each service, and 4 KiB.
    #[must_use]
    pub fn inverse(&self) -> Self {
        let mut changes = Vec::with_capacity(self.changes.len());
        let mut ends = Vec::with_capacity(self.ends.len());
        for (wave, &end) in self.ends.iter().enumerate().rev() {
            let start = wave.checked_sub(1).map_or(0, |last| self.ends[last]);
            let back =
                |change: &RawChange| RawChange { from: change.to, to: change.from, ..*change };
            changes.extend(self.changes[start..end].iter().map(back));
            ends.push(changes.len());
        }
        Self {
            changes,
            ends,
            before: self.after,
            after: self.before,
            lower_bound: None,
            left: None,
            drained: Vec::new(),
            held: Vec::new(),
            ..self.clone()
        }
    }
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = |f: &mut fmt::Formatter<'_>, number: usize, noun: &str| {
            write!(f, "{number} {noun}{}", if number == 1 { "" } else { "s" })
        };
        if self.is_empty() {
            return f.write_str("nothing to do");
        }
        if self.moves() > 0 {
            count(f, self.moves(), "move")?;
            f.write_str(" of ")?;
            count(f, self.moved_bases(), "base")?;
            if self.removals() > 0 {
                f.write_str(", ")?;
                count(f, self.removals(), "removal")?;
            }
        } else {
            count(f, self.removals(), "removal")?;
            f.write_str(" of ")?;
            count(f, self.changed_bases().len(), "base")?;
        }
        f.write_str(" in ")?;
        count(f, self.ends.len(), "wave")
    }
}

/// Changes that may run together: at most one of each base.
#[derive(Debug, Clone, Copy)]
pub struct Wave<'a> {
    plan: &'a Plan,
    start: usize,
    end: usize,
}

impl<'a> Wave<'a> {
    /// Its changes, ascending by base; never none.
    #[must_use]
    pub fn changes(&self) -> impl ExactSizeIterator<Item = Change<'a>> + Clone + use<'a> {
        let plan = self.plan;
        plan.changes[self.start..self.end].iter().map(move |change| plan.named(*change))
    }
}

impl PrefixMapping {
    /// The mapping that a plan leads to.
    ///
    /// Beside that mapping this allocates at most 64 bytes for each service, and
    /// 4 KiB; 2 bytes for each replica more when it resolves service ids.
    ///
    /// # Errors
    ///
    /// [`ApplyError`] when the plan was made for another mapping.
    pub fn apply(&self, plan: &Plan) -> Result<Self, ApplyError> {
        self.apply_waves(plan, plan.ends.len())
    }

    /// The mapping after the first `waves` waves of a plan: each of the states
    /// that a cluster passes through.
    ///
    /// # Errors
    ///
    /// [`ApplyError`] when the plan was made for another mapping.
    pub fn apply_waves(&self, plan: &Plan, waves: usize) -> Result<Self, ApplyError> {
        let mapping = plan.accept(self)?;
        let end = plan.ends[..waves.min(plan.ends.len())].last().copied().unwrap_or(0);
        let refused = ApplyError { wanted: plan.before, found: plan.before };
        mapping.edit(&plan.names, &plan.changes[..end]).ok_or(refused)
    }
}

/// Some names, ascending, each once.
fn sorted(names: &[&str]) -> Vec<Box<str>> {
    let mut names: Vec<Box<str>> = names.iter().copied().map(Box::from).collect();
    names.sort_unstable();
    names.dedup();
    names
}

/// The digests of a mapping, and of the one that some changes lead to. Those of
/// a base stand together, and bases ascend.
fn digests(mapping: &PrefixMapping, names: &[Box<str>], changes: &[RawChange]) -> (u64, u64) {
    let hashes: Vec<_> = names.iter().map(|name| hash_of_name(name)).collect();
    let hash = |name: u16| hashes.get(usize::from(name)).copied().unwrap_or_default();
    let start = digest_of_digits(mapping.digits());
    let (mut before, mut after, mut left) = (start, start, changes);
    mapping.for_each_sum(|base, old| {
        let mut new = old;
        while let [change, rest @ ..] = left
            && usize::from(change.base) == base
        {
            new = new.wrapping_add(hash(change.to)).wrapping_sub(hash(change.from));
            left = rest;
        }
        let here = digest_of_base(base, old);
        before = before.wrapping_add(here);
        after = after.wrapping_add(if new == old { here } else { digest_of_base(base, new) });
    });
    (before, after)
}

/// A plan applied to a mapping that it was not made for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ApplyError {
    wanted: u64,
    found: u64,
}

impl fmt::Display for ApplyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { wanted, found } = self;
        write!(
            f,
            "the plan is for the mapping {wanted:016x}, this one is {found:016x}: plan anew from \
             the mapping as it is now, with service ids resolved"
        )
    }
}

impl Error for ApplyError {}
