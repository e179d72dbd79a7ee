//! What each replica is to a goal: recomputed from the mapping, the topology and the
//! goal, in the words of those alone.

use super::CertificateError;
use crate::goal::Goal;
use crate::index::{Name, Place};
use crate::mapping::PrefixMapping;
use crate::prefix::Base;
use crate::service::{Service, ServiceIndex};
use crate::topology::Topology;

/// What becomes of a replica on a service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    /// It may stay, and may move.
    Own,
    /// It stays.
    Fixed,
    /// It goes.
    Leaving,
}

/// Who takes part in what way.
#[derive(Debug)]
pub(super) struct Parts {
    /// Of each service by place, what its replicas are.
    of_service: Vec<Part>,
    /// Of each name of the mapping that no service has, likewise.
    of_unknown: Vec<(Box<str>, Part)>,
    /// Of each service by place, whether it may be given anything.
    pub(super) open: Vec<bool>,
    /// The bases of which nothing moves, as a flag for each; empty for none.
    still: Vec<bool>,
    /// Whether a base gets no more than leaves it.
    pub(super) refills_only: bool,
}

/// The services and the other names that some names stand for.
type Resolved = (Vec<ServiceIndex>, Vec<Box<str>>);

/// Resolves names as a plan has them, or as a caller may say them: an address or an
/// id, a name that the mapping alone has, or a location.
pub(super) fn resolve<'a>(
    mapping: &PrefixMapping,
    topology: &Topology,
    names: impl IntoIterator<Item = &'a String>,
) -> Result<Resolved, CertificateError> {
    let mut resolved = Resolved::default();
    for name in names {
        if topology.find(name).is_none() && mapping.has_name(name) {
            resolved.1.push(name.as_str().into());
            continue;
        }
        let found = topology.select(name);
        if found.is_empty() {
            return Err(CertificateError::unknown_service(name));
        }
        resolved.0.extend(found);
    }
    Ok(resolved)
}

impl Parts {
    /// The parts under a goal; the topology is that of all services, and `is_available`
    /// says which of them, by place, are so when the drained ones are not.
    pub(super) fn new(
        mapping: &PrefixMapping,
        topology: &Topology,
        goal: &Goal,
    ) -> Result<Self, CertificateError> {
        let services = topology.by_location().iter().map(|&service| topology.at(service));
        let available: Vec<bool> = services.map(Service::is_available).collect();
        match goal {
            Goal::Rebalance(options) => {
                let part = |&is_available| if is_available { Part::Own } else { Part::Leaving };
                let parts = Self {
                    of_service: available.iter().map(part).collect(),
                    of_unknown: Vec::new(),
                    open: available,
                    still: flags(mapping, options.get_hold_bases(), false)?,
                    refills_only: false,
                };
                let held = resolve(mapping, topology, options.get_hold())?;
                Ok(parts.with(topology, held, Part::Fixed))
            }
            Goal::Decommission { services, options } => {
                let still = options.get_bases().map(|bases| flags(mapping, bases, true));
                let parts = Self {
                    of_service: vec![Part::Fixed; available.len()],
                    of_unknown: unknown_names(mapping, topology, Part::Fixed),
                    open: available,
                    still: still.transpose()?.unwrap_or_default(),
                    refills_only: true,
                };
                let leaving = resolve(mapping, topology, services)?;
                Ok(parts.with(topology, leaving, Part::Leaving))
            }
        }
    }

    /// Gives some services, which get nothing, and other names a part.
    fn with(mut self, topology: &Topology, (services, unknown): Resolved, part: Part) -> Self {
        let mut is_named = vec![false; self.open.len()];
        for service in services {
            is_named[service.index()] = true;
        }
        for (place, service) in topology.by_location().iter().enumerate() {
            if is_named[service.index()] {
                self.of_service[place] = part;
                self.open[place] = false;
            }
        }
        self.of_unknown.retain(|(name, _)| !unknown.contains(name));
        self.of_unknown.extend(unknown.into_iter().map(|name| (name, part)));
        self.of_unknown.sort_unstable_by(|(a, _), (b, _)| a.cmp(b));
        self
    }

    /// Whether nothing of a base moves.
    pub(super) fn is_still(&self, base: usize) -> bool {
        self.still.get(base).copied().unwrap_or(false)
    }
}

fn unknown_names(
    mapping: &PrefixMapping,
    topology: &Topology,
    part: Part,
) -> Vec<(Box<str>, Part)> {
    let names = mapping.boxed_names().iter();
    let found = topology.find_all(mapping.boxed_names());
    let unknown = names.zip(found).filter(|(_, service)| service.is_none());
    unknown.map(|(name, _)| (name.clone(), part)).collect()
}

/// A flag for each base: `!rest` for some, `rest` for the others.
fn flags(
    mapping: &PrefixMapping,
    bases: &[Base],
    rest: bool,
) -> Result<Vec<bool>, CertificateError> {
    if bases.is_empty() && !rest {
        return Ok(Vec::new());
    }
    let mut flags = vec![rest; mapping.num_bases()];
    for &base in bases {
        if base.digits() != mapping.digits() {
            return Err(CertificateError::OtherDigits { base, digits: mapping.digits() });
        }
        flags[base.index()] = !rest;
    }
    Ok(flags)
}

/// The names of a mapping: where each is, and what its replicas are.
#[derive(Debug)]
pub(super) struct Roster {
    pub(super) place: Vec<Place>,
    pub(super) part: Vec<Part>,
}

impl Roster {
    pub(super) fn new(mapping: &PrefixMapping, topology: &Topology, parts: &Parts) -> Self {
        let mut place_of = vec![Place::NONE; topology.services().len()];
        for (place, service) in topology.by_location().iter().enumerate() {
            place_of[service.index()] = Place::new(place);
        }
        let names = mapping.boxed_names();
        let mut roster =
            Self { place: Vec::with_capacity(names.len()), part: Vec::with_capacity(names.len()) };
        for (name, service) in names.iter().zip(topology.find_all(names)) {
            let place = service.map_or(Place::NONE, |service| place_of[service.index()]);
            let part = match parts.of_service.get(place.index()) {
                Some(part) => *part,
                None => parts.of_unknown_name(name),
            };
            roster.place.push(place);
            roster.part.push(part);
        }
        roster
    }

    /// What becomes of the replicas of a base.
    pub(super) fn split(&self, row: &[Name], is_still: bool, split: &mut Split) {
        split.clear();
        for name in row.chunk_by(|a, b| a == b).map(|same| same[0]) {
            let place = self.place[name.index()];
            match self.part[name.index()] {
                Part::Own if !is_still => split.own.push(place),
                Part::Leaving if !is_still => split.leaving += 1,
                _ => {
                    split.kept += 1;
                    split.fixed.extend(place.is_some().then_some(place));
                }
            }
        }
    }
}

impl Parts {
    fn of_unknown_name(&self, name: &str) -> Part {
        let at = self.of_unknown.binary_search_by(|(other, _)| (**other).cmp(name));
        at.map_or(Part::Leaving, |at| self.of_unknown[at].1)
    }
}

/// The replicas of one base.
#[derive(Debug, Default)]
pub(super) struct Split {
    pub(super) own: Vec<Place>,
    /// Those that stay, but for the ones that no service has.
    pub(super) fixed: Vec<Place>,
    /// How many stay.
    pub(super) kept: usize,
    /// How many go.
    pub(super) leaving: usize,
}

impl Split {
    fn clear(&mut self) {
        self.own.clear();
        self.fixed.clear();
        (self.kept, self.leaving) = (0, 0);
    }

    /// How many replicas the base is to place, as far as the rules let it.
    pub(super) fn wanted(&self, replicas: usize, is_still: bool, refills_only: bool) -> usize {
        let lacking = if is_still { 0 } else { replicas.saturating_sub(self.kept) };
        if refills_only { lacking.min(self.leaving) } else { lacking }
    }
}
