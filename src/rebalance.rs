//! Rebalance: the plan of fewest moves to a valid and balanced mapping.

use std::error::Error;
use std::fmt;

use crate::check::CheckOptions;
use crate::index::Id;
use crate::mapping::PrefixMapping;
use crate::mapping::change::RawChange;
use crate::mapping::{write_other_digits, write_too_many_replicas};
use crate::plan::{Plan, Shortfall};
use crate::planner::{
    Aim, Kind, Most, SelectError, Task, TaskError, restrict, write_ambiguous, write_nobody,
};
use crate::prefix::{Base, Digits};
use crate::ratio::Tolerance;
use crate::rules::Rules;
use crate::service::ServiceIndex;
use crate::topology::Topology;
use crate::unsatisfiable::Unsatisfiable;

/// How to rebalance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RebalanceOptions {
    rules: Rules,
    tolerance: Tolerance,
    drain: Vec<String>,
    hold: Vec<String>,
    hold_bases: Vec<Base>,
    max_moves: usize,
    max_moves_per_base: usize,
}

impl RebalanceOptions {
    /// By those rules, with no tolerance and no restriction.
    #[must_use]
    pub fn new(rules: Rules) -> Self {
        Self {
            rules,
            tolerance: Tolerance::default(),
            drain: Vec::new(),
            hold: Vec::new(),
            hold_bases: Vec::new(),
            max_moves: usize::MAX,
            max_moves_per_base: usize::MAX,
        }
    }

    /// Wider bands: fewer moves for a rougher balance. Still an exact optimum.
    #[must_use]
    pub const fn tolerance(mut self, tolerance: Tolerance) -> Self {
        self.tolerance = tolerance;
        self
    }

    /// Services that lose all they have and get nothing, as if their score were
    /// 0: by address, by id, or all of a location (`paris.rack1`). A name that
    /// only the mapping knows is drained in any case.
    #[must_use]
    pub fn drain<S: Into<String>>(mut self, services: impl IntoIterator<Item = S>) -> Self {
        self.drain = services.into_iter().map(Into::into).collect();
        self
    }

    /// Services, named likewise, that keep what they have and get nothing.
    /// Loads may then have to miss their bands, by as little as can be.
    ///
    /// Where what is held leaves a base no room for all its replicas, no live copy
    /// is taken away for that: replicas stay that break a rule, as few rules as can
    /// be. They are a load that the plan is not balanced around.
    #[must_use]
    pub fn hold<S: Into<String>>(mut self, services: impl IntoIterator<Item = S>) -> Self {
        self.hold = services.into_iter().map(Into::into).collect();
        self
    }

    /// Bases that keep the services they have and get no others, whatever is wrong
    /// with them. Loads may then have to miss their bands, by as little as can be.
    #[must_use]
    pub fn hold_bases(mut self, bases: impl IntoIterator<Item = Base>) -> Self {
        self.hold_bases = bases.into_iter().collect();
        self
    }

    /// At most `most` moves. The plan is then a part of the whole one that
    /// makes nothing worse, and [`Plan::shortfall`] says what it leaves.
    #[must_use]
    pub const fn max_moves(mut self, most: usize) -> Self {
        self.max_moves = most;
        self
    }

    /// At most `most` moves of each base, with the same proviso.
    #[must_use]
    pub const fn max_moves_per_base(mut self, most: usize) -> Self {
        self.max_moves_per_base = most;
        self
    }
}

impl PrefixMapping {
    /// The plan of fewest moves to a valid and balanced mapping.
    ///
    /// It repairs missing, short, excess, duplicate, unknown, unavailable,
    /// too-close and degradation-breaking bases alike. In order: fewest broken
    /// rules left, loads of services closest to their bands, then those of
    /// domains, then fewest moves; all exact. Unrestricted, the first three end
    /// at nothing. [`Plan::lower_bound`] proves the last one.
    ///
    /// Where the mapping names services by id, the plan names their addresses,
    /// and what it leads to does so throughout ([`PrefixMapping::resolve`]).
    ///
    /// Beside the plan this allocates at most 11 bytes for each replica, 24 for
    /// each change and 800 for each service, and 4 KiB, when nothing is
    /// restricted; with a limit on moves, at most 72 bytes for each replica and
    /// 1000 for each service.
    ///
    /// # Errors
    ///
    /// [`RebalanceError`] when the topology can't keep the rules, or an option
    /// names what nobody knows.
    ///
    /// # Examples
    ///
    /// ```
    /// use meta0::{BootstrapOptions, Digits, PrefixMapping, RebalanceOptions, Rules, Service, Topology};
    ///
    /// let cluster = |hosts: u8| {
    ///     let service = |n| Ok(Service::new(format!("10.0.0.{n}:6001"), format!("host{n}.d0").parse()?));
    ///     let services: Result<_, meta0::LocationError> = (1..=hosts).map(service).collect();
    ///     Topology::new(services.unwrap())
    /// };
    /// let rules = Rules::new(3)?.min_dist("2".parse()?);
    /// let options = BootstrapOptions::new(rules);
    /// let mapping = PrefixMapping::bootstrap(&cluster(9)?, Digits::MAX, &options)?;
    ///
    /// // Three hosts join: they get a quarter of the replicas, and nothing else moves.
    /// let plan = mapping.rebalance(&cluster(12)?, &RebalanceOptions::new(rules))?;
    /// assert_eq!(plan.moves(), 3 * 65_536 / 4);
    /// assert!(plan.is_minimal());
    /// let after = mapping.apply(&plan)?;
    /// assert!(after.count_bases_by_service().all(|(_, bases)| bases == 16_384));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn rebalance(
        &self,
        topology: &Topology,
        options: &RebalanceOptions,
    ) -> Result<Plan, RebalanceError> {
        let aim = Aim {
            rules: options.rules,
            tolerance: options.tolerance,
            drained: &options.drain,
            kind: Kind::Rebalance { held: &options.hold, held_bases: &options.hold_bases },
        };
        Ok(options.plan(Task::new(self, topology, aim)?))
    }
}

impl RebalanceOptions {
    fn plan(&self, task: Task<'_>) -> Plan {
        let whole = task.solve(task.survey());
        let most = Most { moves: self.max_moves, moves_per_base: self.max_moves_per_base };
        let part = restrict(&task, &whole.changes, most);
        let is_whole = part.is_none();
        let moves_left =
            part.as_deref().map_or(0, |part| count_moves(&whole.changes) - count_moves(part));
        let changes = part.unwrap_or(whole.changes);
        let (is_soft, bound) = (task.is_soft, Some(whole.lower_bound));
        if !is_soft && is_whole && !cfg!(debug_assertions) {
            return task.plan(changes, bound);
        }
        let (mapping, topology) = (task.mapping.clone(), task.topology.clone());
        let held = task.held_names().into_iter().map(str::to_owned).collect();
        let plan = task.plan(changes, bound);
        let options = CheckOptions::new(self.rules).tolerance(self.tolerance);
        let after = mapping.apply(&plan).expect("the plan is for this mapping");
        let report = after.check(&topology, &options).expect("the rules have shares");
        if report.is_clean() {
            return plan;
        }
        debug_assert!(is_soft || !is_whole, "all is mended");
        let mut held_bases = self.hold_bases.clone();
        held_bases.sort_unstable();
        held_bases.dedup();
        plan.with_shortfall(Shortfall { report, held, held_bases, moves: moves_left })
    }
}

fn count_moves(changes: &[RawChange<Id>]) -> usize {
    changes.iter().filter(|change| change.to.is_some()).count()
}

impl From<TaskError> for RebalanceError {
    fn from(error: TaskError) -> Self {
        match error {
            TaskError::Select(error) => error.into(),
            TaskError::HeldAndDrained { service } => Self::HeldAndDrained { service },
            TaskError::Unsatisfiable(proof) => Self::Unsatisfiable(proof),
            TaskError::TooManyReplicas { replicas, digits } => {
                Self::TooManyReplicas { replicas, digits }
            }
            TaskError::TooManyNames { count } => Self::TooManyNames { count },
            TaskError::OtherDigits { base, digits } => Self::OtherDigits { base, digits },
            TaskError::NotHeld { .. } => unreachable!("a rebalance names no services of bases"),
        }
    }
}

impl From<SelectError> for RebalanceError {
    fn from(refused: SelectError) -> Self {
        match refused {
            SelectError::Nobody { name } => Self::UnknownService { service: name },
            SelectError::Ambiguous { name, service, located } => {
                Self::AmbiguousService { service: name, address: service, located }
            }
        }
    }
}

/// Why there is no plan.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum RebalanceError {
    /// The topology can't keep the rules; the proof is in it.
    Unsatisfiable(Box<Unsatisfiable>),
    /// A service to drain or to hold that neither the topology nor the mapping
    /// has.
    UnknownService {
        /// What it was called.
        service: String,
    },
    /// A name that is two things: that of a service, or one that only the mapping
    /// has, and a location of others.
    AmbiguousService {
        /// The name.
        service: String,
        /// The address of the service that has the name for its address or id;
        /// `None` when only the mapping has the name.
        address: Option<String>,
        /// How many services are in the location.
        located: usize,
    },
    /// A service both to hold and to drain.
    HeldAndDrained {
        /// Its address.
        service: String,
    },
    /// A base to hold that has other digits than the mapping.
    OtherDigits {
        /// The base.
        base: Base,
        /// The digits of the mapping.
        digits: Digits,
    },
    /// More replicas of each base than a mapping has room for.
    TooManyReplicas {
        /// How many.
        replicas: usize,
        /// The digits of the mapping.
        digits: Digits,
    },
    /// More names than a mapping may have, those of the topology included.
    TooManyNames {
        /// How many.
        count: usize,
    },
}

impl fmt::Display for RebalanceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unsatisfiable(proof) => proof.fmt(f),
            Self::UnknownService { service } => write_nobody(f, service),
            Self::AmbiguousService { service, address, located } => {
                write_ambiguous(f, service, address.as_deref(), *located)
            }
            Self::HeldAndDrained { service } => {
                write!(f, "service {service} can't be both held and drained: choose one")
            }
            Self::OtherDigits { base, digits } => write_other_digits(f, *base, *digits),
            Self::TooManyReplicas { replicas, digits } => {
                write_too_many_replicas(f, *replicas, *digits)
            }
            Self::TooManyNames { count } => {
                let limit = ServiceIndex::LIMIT;
                write!(f, "{count} services in the topology and the mapping: at most {limit} fit")
            }
        }
    }
}

impl Error for RebalanceError {}
