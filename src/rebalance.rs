//! Rebalance: the plan of fewest moves to a valid and balanced mapping.

use std::error::Error;
use std::fmt;

use crate::check::CheckOptions;
use crate::mapping::change::RawChange;
use crate::mapping::{HOLE, PrefixMapping};
use crate::plan::{Left, Plan};
use crate::planner::load_nodes::limits;
use crate::planner::part::{Most, restrict};
use crate::planner::select::{SelectError, Selection, write_ambiguous, write_nobody};
use crate::planner::survey::{Ids, Role, Roles};
use crate::planner::{Planner, over_names};
use crate::ratio::Tolerance;
use crate::rules::Rules;
use crate::service::ServiceIndex;
use crate::share::Shares;
use crate::topology::Topology;
use crate::unsatisfiable::Unsatisfiable;

/// How to rebalance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RebalanceOptions {
    rules: Rules,
    tolerance: Tolerance,
    drain: Vec<String>,
    hold: Vec<String>,
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
    #[must_use]
    pub fn hold<S: Into<String>>(mut self, services: impl IntoIterator<Item = S>) -> Self {
        self.hold = services.into_iter().map(Into::into).collect();
        self
    }

    /// At most so many moves. The plan is then a part of the whole one that
    /// makes nothing worse, and [`Plan::left`] says what it leaves.
    #[must_use]
    pub const fn max_moves(mut self, most: usize) -> Self {
        self.max_moves = most;
        self
    }

    /// At most so many moves of each base, with the same proviso.
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
    /// restricted.
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
    /// assert!(after.count_prefixes_by_service().all(|(_, bases)| bases == 16_384));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn rebalance(
        &self,
        topology: &Topology,
        options: &RebalanceOptions,
    ) -> Result<Plan, RebalanceError> {
        let aliases = self.aliases(topology);
        let mapping = self.renamed(&aliases);
        let select =
            |names: &[String]| Selection::new(&mapping, topology, names.iter().map(String::as_str));
        let gone = select(&options.drain)?;
        let drained = gone.names(&mapping, topology);
        let held = select(&options.hold)?.names(&mapping, topology);
        if let Some(both) = held.iter().find(|held| drained.binary_search(held).is_ok()) {
            return Err(RebalanceError::HeldAndDrained { service: (*both).to_owned() });
        }
        let topology = gone.drained(topology);
        let shares = Shares::new(&topology, mapping.digits(), options.rules)
            .map_err(RebalanceError::Unsatisfiable)?
            .tolerance(options.tolerance);
        let ids = Ids::new(&mapping, &topology)
            .map_err(|count| RebalanceError::TooManyNames { count })?;
        let plan = options.plan(&mapping, &topology, &shares, &ids, &held);
        Ok(plan.with_aliases(aliases).with_drained(&drained).with_held(&held))
    }
}

impl RebalanceOptions {
    fn plan(
        &self,
        mapping: &PrefixMapping,
        topology: &Topology,
        shares: &Shares,
        ids: &Ids<'_>,
        held: &[&str],
    ) -> Plan {
        let available = ids.availability(topology);
        let role = |(name, is_available): (&&str, &bool)| match is_available {
            _ if held.binary_search(name).is_ok() => Role::Fixed,
            true => Role::Own,
            false => Role::Leaving,
        };
        let of_id: Vec<_> = ids.names.iter().zip(&available).map(role).collect();
        let places = topology.services().len();
        let open = of_id[..places].iter().map(|role| *role == Role::Own).collect();
        let limits = limits(topology, self.rules, open);
        let roles = Roles::new(ids, of_id);
        let replicas = self.rules.replicas();
        let soft = !held.is_empty();
        let planner = Planner {
            mapping,
            topology,
            shares,
            ids,
            roles: &roles,
            limits: &limits,
            replicas,
            soft,
        };
        let whole = planner.solve(planner.survey());
        let most = Most { moves: self.max_moves, moves_per_base: self.max_moves_per_base };
        let part = restrict(&planner, &whole.changes, most);
        let is_whole = part.is_none();
        let moves_left =
            part.as_deref().map_or(0, |part| count_moves(&whole.changes) - count_moves(part));
        let (names, changes) = over_names(ids, part.unwrap_or(whole.changes));
        let plan = Plan::new(mapping, names, changes).with_proof(whole.lower_bound);
        if !soft && is_whole {
            debug_assert!(self.is_reached(mapping, topology, &plan), "all is mended");
            return plan;
        }
        let options = CheckOptions::new(self.rules).tolerance(self.tolerance);
        let after = mapping.apply(&plan).expect("the plan is for this mapping");
        let report = after.check(topology, &options).expect("the rules have shares");
        if report.is_clean() {
            return plan;
        }
        let held = held.iter().map(|&name| name.to_owned()).collect();
        plan.with_left(Left { report, held, moves: moves_left })
    }
}

impl RebalanceOptions {
    /// Whether a plan leads to a valid and balanced mapping.
    fn is_reached(&self, mapping: &PrefixMapping, topology: &Topology, plan: &Plan) -> bool {
        let options = CheckOptions::new(self.rules).tolerance(self.tolerance);
        let after = mapping.apply(plan).ok();
        let report = after.and_then(|after| after.check(topology, &options).ok());
        report.is_some_and(|report| report.is_clean())
    }
}

fn count_moves(changes: &[RawChange]) -> usize {
    changes.iter().filter(|change| change.to != HOLE).count()
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
            Self::TooManyNames { count } => {
                let limit = ServiceIndex::LIMIT;
                write!(f, "{count} services in the topology and the mapping: at most {limit} fit")
            }
        }
    }
}

impl Error for RebalanceError {}
