//! Replacing freed replicas one after another, as a strategy says.

use crate::mapping::HOLE;
use crate::mapping::change::RawChange;
use crate::planner::Planner;
use crate::planner::flow::Limits;
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
    planner: &'a Planner<'a>,
    survey: Survey<'a>,
    bands: Vec<Band>,
    /// Every open place, ascending by address.
    places: Vec<u16>,
}

impl<'a> Replacement<'a> {
    pub(crate) fn new(planner: &'a Planner<'a>, survey: Survey<'a>) -> Self {
        let open = &planner.limits.open;
        let mut places: Vec<u16> =
            (0..).take(open.len()).filter(|&place| open[usize::from(place)]).collect();
        places.sort_by_key(|&place| planner.ids.names[usize::from(place)]);
        let bands = planner.shares.service_bands().collect();
        Self { planner, survey, bands, places }
    }

    /// Asks for a place for each freed replica.
    pub(crate) fn run(
        mut self,
        choose: &mut impl FnMut(Base, &[Candidate<'_>]) -> usize,
    ) -> Vec<RawChange> {
        for Broken { base, need, .. } in std::mem::take(&mut self.survey.broken) {
            let index = base as usize;
            let name = self.planner.mapping.digits().base(index).expect("a base of the mapping");
            for _ in 0..need {
                let (places, candidates) = self.candidates(index);
                let last = candidates.len().checked_sub(1).expect("room was counted");
                let chosen = places[choose(name, &candidates).min(last)];
                self.survey.bases.replace(index, HOLE, chosen);
                self.survey.fixed_loads[usize::from(chosen)] += 1;
            }
        }
        self.planner.changes(&self.survey.bases)
    }

    fn candidates(&self, base: usize) -> (Vec<u16>, Vec<Candidate<'a>>) {
        let limits: &Limits = self.planner.limits;
        let topology = self.planner.topology;
        let lets = |place: &u16| self.survey.bases.lets(base, HOLE, *place, limits);
        let fit = self.places.iter().copied().filter(lets);
        let candidate = |place: u16| {
            let service = topology.by_location()[usize::from(place)];
            Candidate {
                service: &topology.services()[service.index()],
                bases: self.survey.fixed_loads[usize::from(place)],
                band: self.bands[service.index()],
            }
        };
        fit.map(|place| (place, candidate(place))).unzip()
    }
}
