//! Rebalance: the plan of fewest moves to a valid and balanced mapping.

use std::error::Error;
use std::fmt;

use crate::check::CheckOptions;
use crate::goal::{Goal, RebalanceOptions};
use crate::mapping::PrefixMapping;
use crate::mapping::{write_other_digits, write_too_many_replicas};
use crate::plan::{Plan, Shortfall};
use crate::planner::{
    Most, SelectError, Task, TaskError, count_moves, restrict, write_ambiguous, write_nobody,
};
use crate::prefix::{Base, Digits};
use crate::service::ServiceIndex;
use crate::topology::Topology;
use crate::unsatisfiable::Unsatisfiable;

impl PrefixMapping {
    /// The plan of fewest moves to a valid and balanced mapping.
    ///
    /// It repairs bases of every [kind of breach](crate::BreachKind) alike: missing,
    /// short, excess, duplicate, unknown, unavailable, too close, and over a cap. In
    /// order: fewest broken rules left, loads of services closest to their bands, then
    /// those of domains, then fewest moves; all exact. Unrestricted, the first three end
    /// at nothing. [`Plan::certificate`] proves the last one, and [`Plan::verify`] checks
    /// the proof.
    ///
    /// Among plans of fewest moves, one in which few bases have several moves is aimed
    /// at, not promised. After each wave, no base breaks a rule that it kept before the
    /// plan.
    ///
    /// Where the mapping names services by id, the plan names their addresses,
    /// and what it leads to does so throughout ([`PrefixMapping::resolve`]).
    ///
    /// Takes a few passes over the table, `O(bases * replicas + services * log(services))`,
    /// where services join, go or are drained. Where replicas have to pass along chains
    /// of services, each search for chains that cost one more is another pass, of
    /// `O(bases * replicas^2)` where one level has a cap.
    ///
    /// Beside the plan this allocates at most 11 bytes for each replica, 24 for
    /// each change and 800 for each service, and 4 KiB, when nothing is
    /// restricted; with a limit on moves, at most 72 bytes for each replica and
    /// 1000 for each service.
    ///
    /// # Errors
    ///
    /// [`RebalanceError`] when the topology can't keep the rules, with the proof; when an
    /// option names what nobody knows, or what is two things; and when a service is both
    /// held and drained.
    ///
    /// # Examples
    ///
    /// ```
    /// use meta0::{BootstrapOptions, Digits, PrefixMapping, RebalanceOptions, Rules, Service, Topology};
    ///
    /// let cluster = |hosts: u8| {
    ///     let service = |n| Ok(Service::new(format!("10.0.0.{n}:6001"), format!("host{n}.d0").parse()?));
    ///     let services: Result<Vec<_>, meta0::LocationError> = (1..=hosts).map(service).collect();
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
        let goal = Goal::Rebalance(options.clone());
        let task = Task::new(self, topology, &goal)?;
        Ok(options.plan(task, goal))
    }
}

impl RebalanceOptions {
    fn plan(&self, task: Task<'_>, goal: Goal) -> Plan {
        let whole = task.solve(task.survey());
        let moves = self.get_max_moves().unwrap_or(usize::MAX);
        let moves_per_base = self.get_max_moves_per_base().unwrap_or(usize::MAX);
        let part = restrict(&task, &whole.changes, Most { moves, moves_per_base });
        let is_whole = part.is_none();
        let goal = task.resolved(goal);
        let proof = task.prove(&goal, &whole);
        let moves_left =
            part.as_deref().map_or(0, |part| count_moves(&whole.changes) - count_moves(part));
        let changes = part.unwrap_or(whole.changes);
        let is_soft = task.is_soft;
        if !is_soft && is_whole && !cfg!(debug_assertions) {
            return task.plan(goal, changes, Some(proof));
        }
        let (mapping, topology) = (task.mapping.clone(), task.topology.clone());
        let plan = task.plan(goal, changes, Some(proof));
        let options = CheckOptions::new(self.rules).tolerance(self.tolerance);
        let after = mapping.apply(&plan).expect("the plan is for this mapping");
        let report = after.check(&topology, &options).expect("the rules have shares");
        if report.is_clean() {
            return plan;
        }
        debug_assert!(is_soft || !is_whole, "all is mended");
        let (held, held_bases) = match plan.goal() {
            Some(Goal::Rebalance(options)) => (options.hold.clone(), options.hold_bases.clone()),
            _ => unreachable!("the plan is for a rebalance"),
        };
        plan.with_shortfall(Shortfall { report, held, held_bases, moves: moves_left })
    }
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
///
/// # Examples
///
/// ```
/// use meta0::{Digits, PrefixMapping, RebalanceError, RebalanceOptions, Rules, Service, Topology};
///
/// let topology = Topology::new([Service::new("a", "h1.d1".parse()?)])?;
/// let mapping = PrefixMapping::new(Digits::try_from(1)?);
/// let options = RebalanceOptions::new(Rules::new(1)?).drain(["b"]);
/// let refused = mapping.rebalance(&topology, &options).unwrap_err();
/// assert_eq!(refused, RebalanceError::UnknownService { service: "b".to_owned() });
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum RebalanceError {
    /// The topology can't keep the rules; the proof is in it.
    Unsatisfiable(Unsatisfiable),
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
