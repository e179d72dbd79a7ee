//! Decommission: services lose bases, and nothing else moves.
//!
//! Each freed replica goes where the rules hold. With [`Strategy::Optimal`] the
//! loads that result are, in sum, as close to their bands as they can be: the
//! flow of a rebalance in which every other replica is fixed. The other
//! strategies choose one replica after another, by base; a choice never runs
//! into a dead end, since what the rules let a base have are the independent
//! sets of a matroid.

use std::collections::BTreeMap;
use std::error::Error;
use std::fmt;

use crate::goal::{DecommissionOptions, Goal, Strategy};
use crate::mapping::{PrefixMapping, write_other_digits, write_too_many_replicas};
use crate::plan::Plan;
use crate::planner::{
    Broken, Freed, Replacement, Role, SelectError, Solution, Survey, Task, TaskError,
    write_ambiguous, write_nobody,
};
use crate::prefix::{Base, Digits};
use crate::service::ServiceIndex;
use crate::share::Band;
use crate::topology::Topology;
use crate::unsatisfiable::Unsatisfiable;

impl PrefixMapping {
    /// The plan by which some services lose their bases, and nothing else
    /// moves. They are named by address, by id, or all of a location
    /// (`paris.rack1`); a name that only the mapping knows will do.
    ///
    /// They get nothing back. Each freed replica goes to a service in none of whose
    /// domains the base is then over a cap. Bands are those of the services that stay, or,
    /// when only some bases go, of all that are available. A base that has more
    /// replicas than the rules want is not refilled beyond them.
    ///
    /// With [`Strategy::Optimal`] the distance of all loads from their bands is the
    /// least there is, and [`Plan::certificate`] proves it. The other strategies choose
    /// one replica after another, ascending by base, and prove nothing. None of their
    /// choices leads into a dead end: where each freed replica has a place to begin with,
    /// so has each that is left after a choice. (What the rules let a base hold are the
    /// independent sets of a matroid.)
    ///
    /// Takes a pass over the table. The optimal strategy then searches as a
    /// [rebalance](PrefixMapping::rebalance) does; the others take
    /// `O(replicas * log(services))` for each freed replica. Beside the plan this
    /// allocates at most 6 bytes for each replica, 24 for each change and 1000 for each
    /// service, and 4 KiB.
    ///
    /// # Errors
    ///
    /// [`DecommissionError`] when some freed replica has nowhere to go: before
    /// anything is planned, with the bases and the reasons. Also when the services that
    /// stay can't keep the rules, or when a name stands for nothing or for two things.
    ///
    /// # Examples
    ///
    /// ```
    /// use meta0::{
    ///     BootstrapOptions, DecommissionOptions, Digits, MinDist, PrefixMapping, Rules, Service,
    ///     Topology,
    /// };
    ///
    /// let service = |n: u8| Ok(Service::new(format!("10.0.0.{n}:6001"), format!("h{n}.d0").parse()?));
    /// let services: Result<Vec<_>, meta0::LocationError> = (1..=4).map(service).collect();
    /// let topology = Topology::new(services?)?;
    /// let rules = Rules::new(3)?.min_dist(MinDist::HOST);
    /// let digits = Digits::try_from(2)?;
    /// let mapping = PrefixMapping::bootstrap(&topology, digits, &BootstrapOptions::new(rules))?;
    ///
    /// let options = DecommissionOptions::new(rules);
    /// let plan = mapping.decommission(&topology, ["10.0.0.4:6001"], &options)?;
    /// assert_eq!(plan.moves(), 192);
    /// // With two hosts gone, three replicas have no place.
    /// let refused = mapping.decommission(&topology, ["h3", "h4"], &options).unwrap_err();
    /// assert!(refused.to_string().starts_with("no base can have 3 replicas: 2 is the most"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn decommission(
        &self,
        topology: &Topology,
        services: impl IntoIterator<Item: AsRef<str>>,
        options: &DecommissionOptions,
    ) -> Result<Plan, DecommissionError> {
        let work = |task: &Task<'_>, survey: Survey<'_>| match options.strategy {
            Strategy::Optimal => {
                let solution = task.solve(survey);
                Ok((solution, true))
            }
            Strategy::FewestBases => {
                let bases = |bases: u64, _| bases.cast_signed();
                Ok((Replacement::new(task, survey).run_least(bases).into(), false))
            }
            Strategy::MostAvailability => {
                let lack_of_room =
                    |bases: u64, band: Band| bases.cast_signed().saturating_sub_unsigned(band.ceil);
                Ok((Replacement::new(task, survey).run_least(lack_of_room).into(), false))
            }
        };
        self.decommission_by(topology, owned(services), options, work)
    }

    /// Like [`PrefixMapping::decommission`], with a choice of the caller's. Of each freed
    /// replica in turn, ascending by base, `choose` gets the base, who leaves it, who
    /// stays, and the services that the rules allow. It returns the place, in
    /// [`Freed::candidates`], of the one that takes the replica, or `None` to take none,
    /// and then there is no plan.
    ///
    /// The options' [`Strategy`] counts for nothing. Takes `O(services * replicas)` for
    /// each freed replica, and the time of the closure.
    ///
    /// # Errors
    ///
    /// Those of `decommission`, and [`DecommissionError::Declined`] when `choose` returns
    /// `None`, or a place beyond the candidates.
    ///
    /// # Examples
    ///
    /// ```
    /// use meta0::{DecommissionOptions, Freed, Rules};
    /// # use meta0::{Digits, PrefixMapping, Service, Topology};
    /// # let service = |n: u8| Service::new(format!("s{n}"), format!("h{n}.d0").parse().unwrap());
    /// # let topology = Topology::new((1..=5).map(service))?;
    /// # let rules = Rules::new(3)?;
    /// # let mut mapping = PrefixMapping::new(Digits::try_from(0)?);
    /// # mapping.assign_services(mapping.digits().base(0).unwrap(), ["s1", "s2", "s3"])?;
    ///
    /// // The last by address, whatever its load.
    /// let last = |freed: Freed<'_>| freed.candidates().len().checked_sub(1);
    /// let options = DecommissionOptions::new(rules);
    /// let plan = mapping.decommission_with(&topology, ["s1"], &options, last)?;
    /// assert_eq!(plan.changes().next().and_then(|change| change.to), Some("s5"));
    ///
    /// let refused = mapping.decommission_with(&topology, ["s1"], &options, |_| None).unwrap_err();
    /// assert_eq!(
    ///     refused.to_string(),
    ///     "base \"\" is given to none of the 2 services that the rules allow"
    /// );
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn decommission_with(
        &self,
        topology: &Topology,
        services: impl IntoIterator<Item: AsRef<str>>,
        options: &DecommissionOptions,
        mut choose: impl FnMut(Freed<'_>) -> Option<usize>,
    ) -> Result<Plan, DecommissionError> {
        let work = |task: &Task<'_>, survey: Survey<'_>| {
            let changes = Replacement::new(task, survey).run(&mut choose);
            let declined = |(base, candidates)| DecommissionError::Declined { base, candidates };
            Ok((changes.map_err(declined)?.into(), false))
        };
        self.decommission_by(topology, owned(services), options, work)
    }

    fn decommission_by(
        &self,
        topology: &Topology,
        services: Vec<String>,
        options: &DecommissionOptions,
        work: impl FnOnce(&Task<'_>, Survey<'_>) -> Result<(Solution, bool), DecommissionError>,
    ) -> Result<Plan, DecommissionError> {
        let goal = Goal::Decommission { services, options: options.clone() };
        let task = Task::new(self, topology, &goal)?;
        let survey = task.survey();
        if survey.broken.iter().any(|broken| broken.stuck > 0) {
            return Err(nowhere(&task, &survey));
        }
        let (solution, is_optimal) = work(&task, survey)?;
        let goal = task.resolved(goal);
        let proof = is_optimal.then(|| task.prove(&goal, &solution));
        Ok(task.plan(goal, solution.changes, proof))
    }
}

fn owned(names: impl IntoIterator<Item: AsRef<str>>) -> Vec<String> {
    names.into_iter().map(|name| name.as_ref().to_owned()).collect()
}

/// The bases of which a replica has nowhere to go, by reason.
fn nowhere(task: &Task<'_>, survey: &Survey<'_>) -> DecommissionError {
    let mut reasons: BTreeMap<(u16, u16, Vec<&str>), Vec<Base>> = BTreeMap::new();
    for &Broken { base, need: room, stuck } in survey.broken.iter().filter(|b| b.stuck > 0) {
        let index = base as usize;
        let stay = task.names_of(index, Role::Fixed);
        let base = task.mapping.digits().base(index).expect("a base of the mapping");
        reasons.entry((stuck, room, stay)).or_default().push(base);
    }
    let reason = |((lacking, room, stay), bases): ((u16, u16, Vec<&str>), Vec<Base>)| Stuck {
        freed: lacking + room,
        room,
        beside: stay.into_iter().map(str::to_owned).collect(),
        bases,
    };
    DecommissionError::NowhereToGo { stuck: reasons.into_iter().map(reason).collect() }
}

/// Bases of which a freed replica has nowhere to go, for one reason: what the
/// replicas that stay leave room for. [`DecommissionError`] has an example.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stuck {
    /// How many replicas of each base are freed.
    pub freed: u16,
    /// How many of them the rules have room for.
    pub room: u16,
    /// The services that keep a replica of each of the bases, ascending: too
    /// close to all others, or filling up their domains.
    pub beside: Vec<String>,
    /// The bases, ascending.
    pub bases: Vec<Base>,
}

/// Why there is no plan.
///
/// # Examples
///
/// A base that has nowhere to go, though the rules can be met elsewhere:
///
/// ```
/// use meta0::{
///     DecommissionError, DecommissionOptions, Digits, MinDist, PrefixMapping, Rules, Service,
///     Topology,
/// };
///
/// let topology = Topology::new([
///     Service::new("a", "h1.d1".parse()?),
///     Service::new("b", "h2.d1".parse()?),
///     Service::new("c", "h2.d2".parse()?),
/// ])?;
/// let mut mapping = PrefixMapping::new(Digits::try_from(1)?);
/// let base = mapping.digits().base(10).ok_or("no such base")?;
/// mapping.assign_services(base, ["a", "b"])?;
///
/// // `c` is on the host of `b`, which stays.
/// let options = DecommissionOptions::new(Rules::new(2)?.min_dist(MinDist::HOST)).bases([base]);
/// let refused = mapping.decommission(&topology, ["a"], &options).unwrap_err();
/// let DecommissionError::NowhereToGo { stuck } = &refused else { return Err(refused.into()) };
/// assert_eq!((stuck[0].freed, stuck[0].room, &stuck[0].bases[..]), (1, 0, &[base][..]));
/// assert_eq!(stuck[0].beside, ["b"]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum DecommissionError {
    /// The services that stay can't keep the rules; the proof is in it.
    Unsatisfiable(Unsatisfiable),
    /// Some freed replica has nowhere to go.
    NowhereToGo {
        /// The bases, by reason.
        stuck: Vec<Stuck>,
    },
    /// The caller's choice takes none of the services that the rules allow.
    Declined {
        /// The base of which a replica is freed.
        base: Base,
        /// How many services there were.
        candidates: usize,
    },
    /// A service that neither the topology nor the mapping has.
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
    /// A base that none of the services holds.
    NotHeld {
        /// The base.
        base: Base,
    },
    /// A base of other digits than the mapping's.
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

impl From<TaskError> for DecommissionError {
    fn from(error: TaskError) -> Self {
        match error {
            TaskError::Select(error) => error.into(),
            TaskError::Unsatisfiable(proof) => Self::Unsatisfiable(proof),
            TaskError::TooManyReplicas { replicas, digits } => {
                Self::TooManyReplicas { replicas, digits }
            }
            TaskError::TooManyNames { count } => Self::TooManyNames { count },
            TaskError::OtherDigits { base, digits } => Self::OtherDigits { base, digits },
            TaskError::NotHeld { base } => Self::NotHeld { base },
            TaskError::HeldAndDrained { .. } => unreachable!("a decommission holds no services"),
        }
    }
}

impl From<SelectError> for DecommissionError {
    fn from(refused: SelectError) -> Self {
        match refused {
            SelectError::Nobody { name } => Self::UnknownService { service: name },
            SelectError::Ambiguous { name, service, located } => {
                Self::AmbiguousService { service: name, address: service, located }
            }
        }
    }
}

impl fmt::Display for DecommissionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unsatisfiable(proof) => proof.fmt(f),
            Self::NowhereToGo { stuck } => {
                let count: usize = stuck.iter().map(|stuck| stuck.bases.len()).sum();
                write!(f, "replicas of {count} bases have nowhere to go")?;
                for Stuck { freed, room, beside, bases } in stuck.iter().take(4) {
                    let name = |base: &Base| base.first_prefix().to_string();
                    let some: Vec<_> = bases.iter().take(4).map(name).collect();
                    let more = if bases.len() > 4 { ", …" } else { "" };
                    write!(
                        f,
                        "; {} ({}{more}): {freed} freed, room for {room} beside {}",
                        bases.len(),
                        some.join(", "),
                        beside.join(", ")
                    )?;
                }
                if stuck.len() > 4 {
                    write!(f, "; and {} more reasons", stuck.len() - 4)
                } else {
                    Ok(())
                }
            }
            Self::Declined { base, candidates } => {
                let plural = if *candidates == 1 { "" } else { "s" };
                write!(
                    f,
                    "base {:?} is given to none of the {candidates} service{plural} ",
                    base.to_string()
                )?;
                f.write_str("that the rules allow")
            }
            Self::UnknownService { service } => write_nobody(f, service),
            Self::AmbiguousService { service, address, located } => {
                write_ambiguous(f, service, address.as_deref(), *located)
            }
            Self::NotHeld { base } => {
                write!(f, "base {:?} is on none of the services to decommission", base.to_string())
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

impl Error for DecommissionError {}
