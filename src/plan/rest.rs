//! A plan goes on from where the cluster is, to its end or back to its start.
//!
//! # Why a rest has the proof of the whole
//!
//! A plan of fewest moves leaves each base on a set of services whose cost is the least
//! by the numbers of its certificate, and all its other terms at their least, for
//! otherwise the bound would be lower than its moves. Say one move of a base is done,
//! from `s` to `t`.
//!
//! - In a rebalance the base now holds `t` of its own, and not `s`. The plan's set, which
//!   has `t` and not `s`, costs one less. Any other set costs at most one less. So the
//!   base's least falls by one, the other terms stay, and the bound falls by one.
//! - In a decommission what has moved is fixed, and the base places one replica fewer.
//!   The least of the base falls by `1 - p(t)`, since `t` and a set for the rest are a
//!   set for the whole. A service or domain above `t` has a replica more that is fixed
//!   and one fewer that is placed, so that its least falls by its slope. Slopes and the
//!   root's number add up to `p(t)`, and the bound falls by one.
//!
//! A removal costs nothing, and changes no least. Hence the bound falls by the moves that
//! are done, as do the moves of the plan. Under limits on moves the plan is a part of one
//! of fewest moves, and the bound is that one's: it falls likewise.

use std::borrow::Cow;
use std::error::Error;
use std::fmt;

use crate::goal::Goal;
use crate::index::PlanName;
use crate::mapping::PrefixMapping;
use crate::mapping::change::RawChange;
use crate::plan::position::Position;
use crate::plan::progress::write_foreign;
use crate::plan::{ApplyError, Origin, Plan};
use crate::prefix::{Base, Digits};
use crate::topology::Topology;

impl Plan {
    /// The first `waves` waves as a plan, and the rest as another; `mapping` is the one
    /// before the plan. The first has no goal and no proof. The rest has those of the
    /// whole ([`Plan::rest_from`]).
    ///
    /// Takes as long as [`PrefixMapping::apply_waves`].
    ///
    /// # Errors
    ///
    /// [`ApplyError`] when the plan was made for another mapping.
    ///
    /// # Examples
    ///
    /// ```
    /// # use meta0::{Digits, PrefixMapping};
    /// # let mut old = PrefixMapping::new(Digits::try_from(0)?);
    /// # let base = old.digits().base(0).ok_or("no such base")?;
    /// # old.assign_services(base, ["a", "b", "c"])?;
    /// # let mut new = old.clone();
    /// # new.assign_services(base, ["d", "e", "f"])?;
    /// let plan = old.diff(&new)?;
    /// let (first, rest) = plan.split_at(&old, 2)?;
    /// assert_eq!((first.moves(), rest.moves()), (2, 1));
    /// assert_eq!(old.apply(&first)?.apply(&rest)?, new);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn split_at(
        &self,
        mapping: &PrefixMapping,
        waves: usize,
    ) -> Result<(Self, Self), ApplyError> {
        let middle = mapping.apply_waves(self, waves)?.digest();
        let end = self.end_of(waves);
        let first = self.part(|change| change < end, (self.before, middle), Origin::Part);
        Ok((first, self.rest(|change| change >= end, middle)))
    }

    /// The plan from where a cluster is to the end of this one, `now` being its mapping:
    /// the waves of this plan without the changes that are done.
    ///
    /// The rest of a plan of fewest moves is one of fewest moves, and keeps goal and
    /// certificate. Its bound, and a limit on all moves, are less by the moves that are
    /// done; a decommission of some bases names those alone that have something to do. A
    /// base breaks no rule after a wave that it kept before the whole plan.
    ///
    /// Takes as long as [`Plan::progress`].
    ///
    /// # Errors
    ///
    /// [`RestError`] when the cluster is not on the way of the plan.
    ///
    /// # Examples
    ///
    /// ```
    /// use meta0::{BootstrapOptions, Digits, PrefixMapping, RebalanceOptions, Rules, Service, Topology};
    ///
    /// let cluster = |hosts: u8| {
    ///     let service = |n| Service::new(format!("s{n}"), format!("host{n}.d0").parse().unwrap());
    ///     Topology::new((1..=hosts).map(service))
    /// };
    /// let (rules, digits) = (Rules::new(3)?, Digits::try_from(2)?);
    /// let mapping = PrefixMapping::bootstrap(&cluster(9)?, digits, &BootstrapOptions::new(rules))?;
    /// let plan = mapping.rebalance(&cluster(12)?, &RebalanceOptions::new(rules))?.max_per_service(10);
    ///
    /// // Another process, two waves later, from the mapping as meta0 has it.
    /// let now = mapping.apply_waves(&plan, 2)?;
    /// let rest = plan.rest_from(&now)?;
    /// assert_eq!(rest.waves().len(), plan.waves().len() - 2);
    /// assert!(rest.verify(&now, &cluster(12)?)?.is_minimal());
    /// assert_eq!(now.apply(&rest)?, mapping.apply(&plan)?);
    ///
    /// let undo = plan.undo_from(&now)?;
    /// assert_eq!(now.apply(&undo)?, mapping);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn rest_from(&self, now: &PrefixMapping) -> Result<Self, RestError> {
        let (position, digest) = self.way_from(now)?;
        Ok(self.rest(|change| position.is_done[change] == Some(false), digest))
    }

    /// The plan from where a cluster is back to the start of this one: what undoes the
    /// changes that are done, the last wave first. [`Plan::rest_from`] has an example.
    ///
    /// Takes as long as [`Plan::progress`].
    ///
    /// # Errors
    ///
    /// [`RestError`] when the cluster is not on the way of the plan.
    pub fn undo_from(&self, now: &PrefixMapping) -> Result<Self, RestError> {
        let (position, digest) = self.way_from(now)?;
        let is_done = |change: usize| position.is_done[change] == Some(true);
        Ok(self.part(is_done, (self.before, digest), Origin::Part).inverse())
    }

    /// How far each base is where all are on the way, and the digest of the mapping.
    fn way_from(&self, now: &PrefixMapping) -> Result<(Position, u64), RestError> {
        if self.digits != now.digits() {
            return Err(RestError::OtherDigits { plan: self.digits, mapping: now.digits() });
        }
        let now = &*now.renamed(&self.aliases);
        let position = Position::new(self, now);
        match position.is_elsewhere_changed {
            Some(false) => Ok((position, now.digest())),
            Some(true) => Err(RestError::ChangedElsewhere),
            None => {
                let bases = position.foreign.iter().map(|&base| self.base(base)).collect();
                Err(RestError::Foreign { bases })
            }
        }
    }

    /// The changes that are left, from a mapping of some digest, to the end.
    fn rest(&self, is_left: impl Fn(usize) -> bool, before: u64) -> Self {
        let mut rest = self.part(is_left, (before, self.after), self.origin.clone());
        let done = self.moves() - rest.moves();
        if let Origin::Goal(goal) = &self.origin {
            rest.origin = Origin::Goal(Box::new(rest.left_of(goal, done)));
        }
        rest.proof.clone_from(&self.proof);
        if let Some(proof) = &mut rest.proof {
            proof.lower_bound = proof.lower_bound.saturating_sub(done);
        }
        rest.shortfall.clone_from(&self.shortfall);
        rest
    }

    /// What is left of the goal of the plan that this is the rest of, after some moves.
    fn left_of(&self, goal: &Goal, done: usize) -> Goal {
        match goal.clone() {
            Goal::Rebalance(options) => Goal::Rebalance(match options.get_max_moves() {
                Some(most) => options.max_moves(most.saturating_sub(done)),
                None => options,
            }),
            Goal::Decommission { services, mut options } => {
                if options.bases.is_some() {
                    options.bases = Some(self.changed_bases().collect());
                }
                Goal::Decommission { services, options }
            }
        }
    }

    /// Some changes of the plan, in its waves, with the digests that they lead from and to.
    fn part(
        &self,
        is_kept: impl Fn(usize) -> bool,
        (before, after): (u64, u64),
        origin: Origin,
    ) -> Self {
        let mut part = Self {
            digits: self.digits,
            names: Vec::new(),
            aliases: self.aliases.clone(),
            changes: Vec::new(),
            ends: Vec::new(),
            before,
            after,
            origin,
            proof: None,
            shortfall: None,
        };
        for wave in 0..self.ends.len() {
            let kept = (self.end_of(wave)..self.end_of(wave + 1)).filter(|&change| is_kept(change));
            part.changes.extend(kept.map(|change| self.changes[change]));
            if part.changes.len() > part.end_of(usize::MAX) {
                part.ends.push(part.changes.len());
            }
        }
        part.take_names(&self.names);
        part
    }

    /// Keeps those of some names that the changes have, which are numbered by all.
    fn take_names(&mut self, names: &[Box<str>]) {
        let mut places = vec![None; names.len()];
        for RawChange { from, to, .. } in &self.changes {
            for name in [from, to].into_iter().filter(|name| name.is_some()) {
                places[name.index()] = Some(PlanName::NONE);
            }
        }
        for (name, place) in names.iter().zip(&mut places).filter(|(_, place)| place.is_some()) {
            *place = Some(PlanName::new(self.names.len()));
            self.names.push(name.clone());
        }
        let place = |name: PlanName| places.get(name.index()).copied().flatten();
        for change in &mut self.changes {
            change.from = place(change.from).unwrap_or(PlanName::NONE);
            change.to = place(change.to).unwrap_or(PlanName::NONE);
        }
    }
}

/// A goal without the services that were to lose all they have and are gone: no topology
/// and no mapping has them any more. The rest of a plan still names them.
pub(super) fn without_gone<'a>(
    goal: &'a Goal,
    mapping: &PrefixMapping,
    topology: &Topology,
) -> Cow<'a, Goal> {
    let is_there = |name: &String| mapping.has_name(name) || !topology.select(name).is_empty();
    let leaving: &[String] = match goal {
        Goal::Rebalance(_) => &[],
        Goal::Decommission { services, .. } => services,
    };
    if goal.drained_names().chain(leaving).all(is_there) {
        return Cow::Borrowed(goal);
    }
    let mut goal = goal.clone();
    match &mut goal {
        Goal::Rebalance(options) => options.drain.retain(is_there),
        Goal::Decommission { services, options } => {
            services.retain(is_there);
            options.drain.retain(is_there);
        }
    }
    Cow::Owned(goal)
}

/// Why a plan can't go on from a mapping, or back.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum RestError {
    /// The mapping has other digits than the plan.
    OtherDigits {
        /// The digits of the plan.
        plan: Digits,
        /// Those of the mapping.
        mapping: Digits,
    },
    /// Bases that are in none of the states through which the plan takes them; ascending,
    /// at least one.
    Foreign {
        /// The bases.
        bases: Vec<Base>,
    },
    /// Something has changed that the plan does not change.
    ChangedElsewhere,
}

impl fmt::Display for RestError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OtherDigits { plan, mapping } => {
                return write!(f, "the plan has {plan} digits, the mapping {mapping}");
            }
            Self::Foreign { bases } => write_foreign(f, bases)?,
            Self::ChangedElsewhere => {
                f.write_str("something has changed that the plan does not change")?;
            }
        }
        f.write_str(": plan anew from the mapping as it is now")
    }
}

impl Error for RestError {}
