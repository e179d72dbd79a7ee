//! A plan is what changes a mapping into another, as data for others to carry out.
//!
//! This file has the plan and what can be asked of it; how it is applied, written,
//! cut into waves and made of two mappings is in files of their own.

mod apply;
mod change;
mod diff;
mod partial;
mod position;
mod progress;
mod rest;
mod safety;
mod shortfall;
mod steps;
mod verify;
mod wave;

pub use apply::ApplyError;
pub use change::Change;
pub use diff::DiffError;
pub use partial::{Partial, WavePartial};
pub use progress::Progress;
pub use rest::RestError;
pub use shortfall::Shortfall;
pub use steps::{Step, StepKind};
pub use verify::{Verified, VerifyError};
pub use wave::Wave;

use std::fmt;

use crate::certificate::Certificate;
use crate::goal::Goal;
use crate::index::PlanName;
use crate::mapping::change::RawChange;
use crate::mapping::{Alias, PrefixMapping};
use crate::plan::apply::digests;
use crate::prefix::{Base, Digits};

/// What changes a mapping into another: waves of changes, with counts and a
/// proof.
///
/// Invariants:
/// 1. within a wave, changes ascend by base, and no base has two;
/// 2. applied wave by wave, no base breaks a rule that it kept before the plan, where
///    the plan is of a rebalance or a decommission; the inverse passes through the same
///    mappings, and a diff knows no rules;
/// 3. it applies to the mapping of its digest and to no other.
///
/// Prints as one line. Only what is asked for is computed: counts take a pass over the
/// changes, or sort them where they are by base.
///
/// | a plan | is asked by |
/// |---|---|
/// | what it does | [`changes`](Plan::changes), [`waves`](Plan::waves), [`moves`](Plan::moves), [`removals`](Plan::removals) |
/// | what it is for, what it can't do | [`goal`](Plan::goal), [`drained`](Plan::drained), [`held`](Plan::held), [`shortfall`](Plan::shortfall) |
/// | why no plan is smaller | [`lower_bound`](Plan::lower_bound), [`certificate`](Plan::certificate), [`verify`](Plan::verify) |
/// | how it is carried out | [`partial`](Plan::partial), [`rollback`](Plan::rollback), [`steps`](Plan::steps), [`max_per_service`](Plan::max_per_service) |
/// | how it is kept | [`to_json`](Plan::to_json), [`from_json`](Plan::from_json), [`read_json`](Plan::read_json), [`write_json`](Plan::write_json) |
/// | how far it is, and how to go on | [`progress`](Plan::progress), [`rest_from`](Plan::rest_from), [`undo_from`](Plan::undo_from), [`split_at`](Plan::split_at) |
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
#[derive(Debug, Clone, Eq)]
pub struct Plan {
    digits: Digits,
    /// Every name that a change has; ascending.
    names: Vec<Box<str>>,
    /// Names that the mapping may have for services that the plan knows by
    /// their address; ascending.
    aliases: Vec<Alias>,
    changes: Vec<RawChange<PlanName>>,
    /// Where each wave ends in `changes`.
    ends: Vec<usize>,
    before: u64,
    after: u64,
    origin: Origin,
    proof: Option<Box<Proof>>,
    shortfall: Option<Box<Shortfall>>,
}

/// Where a plan comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Origin {
    /// An operation that has a goal.
    Goal(Box<Goal>),
    /// Two mappings.
    Diff,
    /// Another plan, of which it is the way back.
    Undo,
    /// Another plan, of which it is the first waves.
    Part,
}

/// What shows that a plan has the fewest moves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Proof {
    pub(crate) certificate: Certificate,
    /// The fewest moves of any plan to the same end, whose loads miss their bands by no
    /// more.
    pub(crate) lower_bound: usize,
    /// Where a hold leaves a base no room for what it has: the replicas, by base and
    /// name, that stay beside those that it is to have. They are no loads to the bound.
    pub(crate) beside: Vec<(u16, Box<str>)>,
}

impl Plan {
    /// A plan for `mapping` of changes over `names`, which ascend. The changes
    /// of one base stand together, in the order in which they are to happen.
    /// With aliases, it applies to a mapping that has those as well.
    pub(crate) fn new(
        mapping: &PrefixMapping,
        names: Vec<Box<str>>,
        changes: Vec<RawChange<PlanName>>,
        origin: Origin,
    ) -> Self {
        let digests = digests(mapping, &names, &changes);
        let (changes, ends) = wave::arrange(changes, names.len(), usize::MAX);
        Self::of_waves(mapping.digits(), names, changes, ends, digests, origin)
    }

    /// A plan of waves that are known, as they are when it is read; names and waves are
    /// as those of any plan.
    pub(crate) const fn of_waves(
        digits: Digits,
        names: Vec<Box<str>>,
        changes: Vec<RawChange<PlanName>>,
        ends: Vec<usize>,
        (before, after): (u64, u64),
        origin: Origin,
    ) -> Self {
        Self {
            digits,
            names,
            aliases: Vec::new(),
            changes,
            ends,
            before,
            after,
            origin,
            proof: None,
            shortfall: None,
        }
    }

    pub(crate) fn with_proof(mut self, proof: Proof) -> Self {
        self.proof = Some(Box::new(proof));
        self
    }

    pub(crate) fn with_aliases(mut self, aliases: Vec<Alias>) -> Self {
        self.aliases = aliases;
        self
    }

    pub(crate) fn with_shortfall(mut self, shortfall: Shortfall) -> Self {
        self.shortfall = Some(Box::new(shortfall));
        self
    }

    /// Names that the mapping may have for services that the plan knows by their address.
    pub(crate) fn aliases(&self) -> &[Alias] {
        &self.aliases
    }

    /// The replicas that stay beside those that a base is to have, by the index of the
    /// base; ascending.
    pub(crate) fn beside(&self) -> &[(u16, Box<str>)] {
        self.proof.as_ref().map_or(&[], |proof| &proof.beside)
    }

    pub(crate) const fn origin(&self) -> &Origin {
        &self.origin
    }

    /// What the plan is for: the operation and its options, with every name resolved, to
    /// the address of a service or a name that only the mapping has. `None` of a diff, of
    /// the way back, and of the first waves of a plan.
    #[must_use]
    pub fn goal(&self) -> Option<&Goal> {
        match &self.origin {
            Origin::Goal(goal) => Some(goal),
            Origin::Diff | Origin::Undo | Origin::Part => None,
        }
    }

    /// How many digits name a base.
    #[must_use]
    pub const fn digits(&self) -> Digits {
        self.digits
    }

    /// Every change, wave by wave, ascending by base within a wave.
    #[must_use]
    pub fn changes(
        &self,
    ) -> impl DoubleEndedIterator<Item = Change<'_>> + ExactSizeIterator + Clone {
        self.changes.iter().map(|change| self.named(*change))
    }

    fn base(&self, index: u16) -> Base {
        self.digits.base(usize::from(index)).expect("a plan changes bases of its digits")
    }

    fn named(&self, change: RawChange<PlanName>) -> Change<'_> {
        // Nobody is beyond all names.
        let name = |name: PlanName| self.names.get(name.index()).map(AsRef::as_ref);
        Change { base: self.base(change.base), from: name(change.from), to: name(change.to) }
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
    /// let plan = old.diff(&new)?;
    /// let racks = plan.count_changes_between(|name| &name[..2]);
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
        let number = |name: PlanName| numbers.get(name.index()).copied().unwrap_or(0);
        let class = |number: usize| number.checked_sub(1).map(|place| classes[place]);
        let pair = |change: &RawChange<PlanName>| (number(change.from), number(change.to));
        let mut pairs: Vec<_> = self.changes.iter().map(pair).collect();
        pairs.sort_unstable();
        let counted = pairs.chunk_by(|a, b| a == b);
        counted.map(|same| (class(same[0].0), class(same[0].1), same.len())).collect()
    }

    /// How many changes are moves: replicas that some service takes. `O(changes)`.
    #[must_use]
    pub fn moves(&self) -> usize {
        self.changes.iter().filter(|change| change.to.is_some()).count()
    }

    /// How many changes take an excess replica away, which is no move. `O(changes)`.
    #[must_use]
    pub fn removals(&self) -> usize {
        self.changes.len() - self.moves()
    }

    /// How many moves each base has that has some, ascending by base.
    fn moves_by_base(&self) -> impl Iterator<Item = usize> {
        let mut counts = vec![0_usize; self.digits.count()];
        for change in &self.changes {
            counts[usize::from(change.base)] += usize::from(change.to.is_some());
        }
        counts.into_iter().filter(|&moves| moves > 0)
    }

    /// How many bases have a move. `O(changes * log(changes))`.
    #[must_use]
    pub fn moved_bases(&self) -> usize {
        self.moves_by_base().count()
    }

    /// How many bases have more than one move. `O(changes * log(changes))`.
    #[must_use]
    pub fn multi_move_bases(&self) -> usize {
        self.moves_by_base().filter(|&moves| moves > 1).count()
    }

    /// The bases that the plan changes, ascending, each once. `O(changes * log(changes))`.
    #[must_use]
    pub fn changed_bases(
        &self,
    ) -> impl DoubleEndedIterator<Item = Base> + ExactSizeIterator + Clone {
        let mut bases: Vec<_> = self.changes.iter().map(|change| change.base).collect();
        bases.sort_unstable();
        bases.dedup();
        bases.into_iter().map(|base| self.base(base))
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
    ///     topology.drained(&gone)
    /// }
    /// ```
    #[must_use]
    pub fn drained(&self) -> impl ExactSizeIterator<Item = &str> + Clone {
        let drained: &[String] = match self.goal() {
            Some(Goal::Rebalance(options)) => options.get_drain(),
            Some(Goal::Decommission { options, .. }) => options.get_drain(),
            None => &[],
        };
        drained.iter().map(AsRef::as_ref)
    }

    /// The services that were to keep what they have and to get nothing,
    /// likewise.
    #[must_use]
    pub fn held(&self) -> impl ExactSizeIterator<Item = &str> + Clone {
        let held: &[String] = match self.goal() {
            Some(Goal::Rebalance(options)) => options.get_hold(),
            _ => &[],
        };
        held.iter().map(AsRef::as_ref)
    }

    /// The numbers from which the bound can be recomputed; `None` of a plan that looks for
    /// no fewest moves: a diff, an inverse, and a strategy other than the optimal one.
    ///
    /// # Examples
    ///
    /// ```
    /// # use meta0::{BootstrapOptions, Digits, PrefixMapping, RebalanceOptions, Rules, Service, Topology};
    /// # let service = |n: u8| Service::new(format!("s{n}"), format!("host{n}.d0").parse().unwrap());
    /// # let cluster = |hosts: u8| Topology::new((1..=hosts).map(service));
    /// # let (rules, digits) = (Rules::new(3)?, Digits::try_from(2)?);
    /// # let mapping = PrefixMapping::bootstrap(&cluster(3)?, digits, &BootstrapOptions::new(rules))?;
    /// let topology = cluster(4)?;
    /// let plan = mapping.rebalance(&topology, &RebalanceOptions::new(rules))?;
    /// let (Some(certificate), Some(goal)) = (plan.certificate(), plan.goal()) else {
    ///     return Err("a rebalance has both".into());
    /// };
    /// // From the inputs, by nothing of the planner.
    /// assert_eq!(certificate.lower_bound(&mapping, &topology, goal)?, 192);
    /// assert_eq!((plan.lower_bound(), plan.moves()), (Some(192), 192));
    /// assert!(plan.is_minimal());
    /// // The way back is not claimed to be the shortest.
    /// assert_eq!(plan.inverse().certificate(), None);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn certificate(&self) -> Option<&Certificate> {
        self.proof.as_ref().map(|proof| &proof.certificate)
    }

    /// The fewest moves that any plan to the same end could have, as the certificate
    /// proves it; `None` of a plan without one. Under limits on moves it is that of the
    /// whole plan.
    #[must_use]
    pub fn lower_bound(&self) -> Option<usize> {
        self.proof.as_ref().map(|proof| proof.lower_bound)
    }

    /// Whether the plan is proven to have the fewest moves: the bound is what it has.
    #[must_use]
    pub fn is_minimal(&self) -> bool {
        self.lower_bound() == Some(self.moves())
    }

    /// Whether it changes nothing. An empty plan has no waves.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }

    /// What is left to do after it, and why; `None` when nothing is, as it is
    /// without restrictions, and of a plan that was read: [`Verified::report`] judges
    /// where that leads.
    #[must_use]
    pub fn shortfall(&self) -> Option<&Shortfall> {
        self.shortfall.as_deref()
    }

    /// The digest of the mapping that it applies to, as
    /// [`PrefixMapping::digest`] has it.
    #[must_use]
    pub const fn digest(&self) -> u64 {
        self.before
    }

    /// The digest of the mapping that it leads to.
    #[must_use]
    pub const fn digest_afterwards(&self) -> u64 {
        self.after
    }
}

impl PartialEq for Plan {
    /// Whether the two say the same as files. The shortfall, which is a judgement of
    /// where a plan leads, takes no part.
    fn eq(&self, other: &Self) -> bool {
        let whole = |plan: &Self| (plan.digits, plan.before, plan.after);
        let has_same_changes = || {
            if self.names == other.names {
                self.changes == other.changes
            } else {
                // Names that no change has make no difference.
                self.changes().eq(other.changes())
            }
        };
        whole(self) == whole(other)
            && self.ends == other.ends
            && self.origin == other.origin
            && self.proof == other.proof
            && self.aliases == other.aliases
            && has_same_changes()
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
