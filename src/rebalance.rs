//! Rebalance: the plan of fewest moves to a valid and balanced mapping.

use std::error::Error;
use std::fmt;

use crate::mapping::PrefixMapping;
use crate::network::limits;
use crate::plan::Plan;
use crate::planner::{Planner, over_names};
use crate::ratio::Tolerance;
use crate::rules::Rules;
use crate::service::ServiceIndex;
use crate::share::{Shares, Unsatisfiable};
use crate::survey::{Ids, Role, Roles, Survey};
use crate::topology::Topology;

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

    /// Services, by address or id, that lose all they have and get nothing, as
    /// if their score were 0. A name that only the mapping knows is drained in
    /// any case.
    #[must_use]
    pub fn drain<S: Into<String>>(mut self, services: impl IntoIterator<Item = S>) -> Self {
        self.drain = services.into_iter().map(Into::into).collect();
        self
    }

    /// Services, by address or id, that keep what they have and get nothing.
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
        let drained = known(&mapping, topology, &options.drain)?;
        let held = known(&mapping, topology, &options.hold)?;
        if let Some(both) = held.iter().find(|held| drained.contains(held)) {
            return Err(RebalanceError::HeldAndDrained { service: (*both).to_owned() });
        }
        let topology = topology
            .drain(&drained.iter().filter_map(|name| topology.find(name)).collect::<Vec<_>>());
        let shares = Shares::new(&topology, mapping.digits(), options.rules)
            .map_err(RebalanceError::Unsatisfiable)?
            .tolerance(options.tolerance);
        let ids = Ids::new(&mapping, &topology)
            .map_err(|count| RebalanceError::TooManyNames { count })?;
        let is_available: Vec<_> = topology
            .by_location()
            .iter()
            .map(|service| topology.services()[service.index()].is_available())
            .collect();
        let role = |(id, name): (usize, &&str)| match is_available.get(id) {
            _ if held.contains(name) => Role::Fixed,
            Some(true) => Role::Own,
            _ => Role::Leaving,
        };
        let of_id: Vec<_> = ids.names.iter().enumerate().map(role).collect();
        let open = of_id[..is_available.len()].iter().map(|role| *role == Role::Own).collect();
        let roles = Roles { of_id, leaving_from: None, refill_only: false };
        let limits = limits(&topology, options.rules, open);
        let replicas = options.rules.replicas();
        let survey = Survey::new(&mapping, &ids, &roles, &limits, replicas);
        let planner = Planner {
            mapping: &mapping,
            topology: &topology,
            shares: &shares,
            ids: &ids,
            roles: &roles,
            limits: &limits,
            replicas,
            soft: !held.is_empty(),
        };
        let solution = planner.solve(survey);
        let (names, changes) = over_names(&ids, &solution.changes);
        let plan = Plan::new(&mapping, names, &changes).with_aliases(aliases);
        Ok(plan.with_proof(solution.lower_bound))
    }
}

/// The names by which the mapping, or else the topology, has some services.
fn known<'a>(
    mapping: &'a PrefixMapping,
    topology: &'a Topology,
    services: &'a [String],
) -> Result<Vec<&'a str>, RebalanceError> {
    let find = |name: &'a String| match topology.find(name) {
        Some(index) => Ok(topology.services()[index.index()].address()),
        None if mapping.names().any(|known| known == name) => Ok(name.as_str()),
        None => Err(RebalanceError::UnknownService { service: name.clone() }),
    };
    services.iter().map(find).collect()
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
        /// Its name.
        service: String,
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
            Self::UnknownService { service } => {
                write!(f, "neither the topology nor the mapping has a service {service:?}")
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
