//! Replacing freed replicas one after another, as a strategy says.

use crate::index::{Id, Place};
use crate::mapping::change::RawChange;
use crate::planner::Task;
use crate::planner::ids::Ids;
use crate::planner::survey::{Broken, Survey};
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
        self.task.changes(&self.survey.bases)
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
