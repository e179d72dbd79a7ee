//! Replacing freed replicas one after another, as a strategy says.
//!
//! A strategy that goes by a key finds the least one in a tournament of all
//! places, without the intervals of places that a base blocks: its full domains.
//! That takes `O(replicas * log(services))` a replica. A caller's own choice sees
//! all services that the rules allow, which takes `O(services * replicas)`.

use super::Task;
use super::ids::Ids;
use super::limits::Blocked;
use super::survey::{Broken, Survey};
use super::tournament::Tournament;
use crate::index::{Id, Place};
use crate::mapping::change::RawChange;
use crate::prefix::Base;
use crate::service::Service;
use crate::share::Band;

/// A service that may take a freed replica.
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

    /// Asks for a place for each freed replica.
    pub(crate) fn run(
        mut self,
        choose: &mut impl FnMut(Base, &[Candidate<'_>]) -> usize,
    ) -> Vec<RawChange<Id>> {
        for Broken { base, need, .. } in std::mem::take(&mut self.survey.broken) {
            let index = base as usize;
            let name = self.task.mapping.digits().base(index).expect("a base of the mapping");
            for _ in 0..need {
                let (places, candidates) = self.candidates(index);
                let last = candidates.len().checked_sub(1).expect("room was counted");
                let chosen = places[choose(name, &candidates).min(last)];
                self.survey.bases.replace(index, Place::NONE, chosen);
                self.survey.fixed_loads[chosen.index()] += 1;
            }
        }
        self.task.changes(&self.survey.bases).0
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
