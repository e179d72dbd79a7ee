//! Replacing freed replicas one after another, as a strategy says.
//!
//! A strategy that goes by a key finds the least one in a tournament of all
//! places, without the intervals of places that a base blocks: its full domains.
//! That takes `O(replicas * log(services))` a replica. A caller's own choice sees
//! all services that the rules allow, which takes `O(services * replicas)`.

use super::Task;
use super::ids::Ids;
use super::limits::Blocked;
use super::roles::Role;
use super::survey::{Broken, Survey};
use super::tournament::Tournament;
use crate::index::{Id, Place};
use crate::mapping::change::RawChange;
use crate::prefix::Base;
use crate::service::Service;
use crate::share::Band;

/// A service that may take a freed replica. [`Freed`] has an example.
#[derive(Debug, Clone, Copy)]
pub struct Candidate<'a> {
    service: &'a Service,
    bases: u64,
    band: Band,
}

impl<'a> Candidate<'a> {
    /// The service.
    #[must_use]
    pub const fn service(&self) -> &'a Service {
        self.service
    }

    /// How many bases it has by now, those of earlier choices included.
    #[must_use]
    pub const fn bases(&self) -> u64 {
        self.bases
    }

    /// How many it ought to have.
    #[must_use]
    pub const fn band(&self) -> Band {
        self.band
    }
}

/// A replica that a decommission frees, and who may take it: what the closure of
/// [`decommission_with`] chooses by.
///
/// # Examples
///
/// A strategy that keeps sites that a base leaves filled by the same site:
///
/// ```
/// use meta0::{DecommissionOptions, Freed, Level, Rules};
/// # use meta0::{Digits, PrefixMapping, Service, Topology};
/// # let service = |(name, place): (&str, &str)| Service::new(name, place.parse().unwrap());
/// # let topology = Topology::new([
/// #     ("a", "paris.r.h1.d"), ("b", "rome.r.h1.d"), ("c", "paris.r.h2.d"), ("d", "rome.r.h2.d"),
/// # ].map(service))?;
/// # let mut mapping = PrefixMapping::new(Digits::try_from(0)?);
/// # mapping.assign_services(mapping.digits().base(0).unwrap(), ["a", "b"])?;
///
/// // `a` is in Paris and leaves; `b` is in Rome and stays.
/// let same_site = |freed: Freed<'_>| {
///     assert_eq!((freed.leaving(), freed.staying()), (&["a"][..], &["b"][..]));
///     let candidates = freed.candidates();
///     assert_eq!(candidates.len(), 2);
///     let site = topology.service(topology.find(freed.leaving()[0])?)?.location().token(Level::Site);
///     candidates.iter().position(|it| it.service().location().token(Level::Site) == site)
/// };
/// let options = DecommissionOptions::new(Rules::new(2)?);
/// let plan = mapping.decommission_with(&topology, ["a"], &options, same_site)?;
/// assert_eq!(plan.changes().next().and_then(|change| change.to), Some("c"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// [`decommission_with`]: crate::PrefixMapping::decommission_with
#[derive(Debug, Clone, Copy)]
pub struct Freed<'a> {
    base: Base,
    leaving: &'a [&'a str],
    staying: &'a [&'a str],
    candidates: &'a [Candidate<'a>],
}

impl<'a> Freed<'a> {
    /// The base.
    #[must_use]
    pub const fn base(&self) -> Base {
        self.base
    }

    /// The services that the base leaves, ascending: the one whose replica is freed,
    /// and where the base loses several, the others. They go by their address, or by
    /// the mapping's name of one that the topology lacks.
    #[must_use]
    pub const fn leaving(&self) -> &'a [&'a str] {
        self.leaving
    }

    /// The services that keep a replica of the base, ascending, then those that took
    /// one of its freed replicas before, in that order; named likewise.
    #[must_use]
    pub const fn staying(&self) -> &'a [&'a str] {
        self.staying
    }

    /// The services that the rules allow, ascending by address; never none.
    #[must_use]
    pub const fn candidates(&self) -> &'a [Candidate<'a>] {
        self.candidates
    }
}

/// A decommission in which each freed replica is placed in turn.
#[derive(Debug)]
pub(crate) struct Replacement<'a> {
    task: &'a Task<'a>,
    survey: Survey<'a>,
    bands: Vec<Band>,
    /// Every open place, ascending by address.
    places: Vec<Place>,
}

impl<'a> Replacement<'a> {
    pub(crate) fn new(task: &'a Task<'a>, survey: Survey<'a>) -> Self {
        let mut places: Vec<Place> = task.limits.open().collect();
        places.sort_by_key(|&place| task.name(Ids::of_place(place)));
        let bands = task.shares.service_bands().collect();
        Self { task, survey, bands, places }
    }

    /// Gives each freed replica to the service with the least key, of several
    /// the first by address. The key is of the bases that it has by now, and of
    /// its band.
    pub(crate) fn run_least(mut self, key: impl Fn(u64, Band) -> i64) -> Vec<RawChange<Id>> {
        let task = self.task;
        let key = |place: Place, loads: &[u64]| {
            let service = task.topology.by_location()[place.index()];
            key(loads[place.index()], self.bands[service.index()])
        };
        let mut tournament = Tournament::new(task.limits.places(), &self.places);
        for &place in &self.places {
            tournament.set(place, key(place, &self.survey.fixed_loads));
        }
        let mut blocked = Blocked::default();
        for Broken { base, need, .. } in std::mem::take(&mut self.survey.broken) {
            let index = base as usize;
            for _ in 0..need {
                self.survey.bases.block(index, Place::NONE, &task.limits, &mut blocked);
                let chosen = tournament.least_outside(blocked.ascending());
                let chosen = chosen.expect("room was counted");
                self.survey.bases.replace(index, Place::NONE, chosen);
                self.survey.fixed_loads[chosen.index()] += 1;
                tournament.set(chosen, key(chosen, &self.survey.fixed_loads));
            }
        }
        task.changes(&self.survey.bases).0
    }

    /// Asks for a place for each freed replica. Fails with the base of the first that
    /// gets none, and how many there were.
    pub(crate) fn run(
        mut self,
        choose: &mut impl FnMut(Freed<'_>) -> Option<usize>,
    ) -> Result<Vec<RawChange<Id>>, (Base, usize)> {
        let task = self.task;
        for Broken { base, need, .. } in std::mem::take(&mut self.survey.broken) {
            let index = base as usize;
            let base = task.mapping.digits().base(index).expect("a base of the mapping");
            let leaving = task.names_of(index, Role::Leaving);
            let mut staying = task.names_of(index, Role::Fixed);
            for _ in 0..need {
                let (places, candidates) = self.candidates(index);
                let (leaving, candidates) = (&leaving[..], &candidates[..]);
                let choice = choose(Freed { base, leaving, staying: &staying, candidates });
                let chosen = choice.and_then(|choice| places.get(choice).copied());
                let chosen = chosen.ok_or((base, places.len()))?;
                self.survey.bases.replace(index, Place::NONE, chosen);
                self.survey.fixed_loads[chosen.index()] += 1;
                staying.push(task.name(Ids::of_place(chosen)));
            }
        }
        Ok(task.changes(&self.survey.bases).0)
    }

    fn candidates(&self, base: usize) -> (Vec<Place>, Vec<Candidate<'a>>) {
        let limits = &self.task.limits;
        let topology = &self.task.topology;
        let lets = |place: &Place| self.survey.bases.lets(base, Place::NONE, *place, limits);
        let fit = self.places.iter().copied().filter(lets);
        let candidate = |place: Place| {
            let service = topology.by_location()[place.index()];
            Candidate {
                service: &topology.services()[service.index()],
                bases: self.survey.fixed_loads[place.index()],
                band: self.bands[service.index()],
            }
        };
        fit.map(|place| (place, candidate(place))).unzip()
    }
}
