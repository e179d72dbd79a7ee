//! Fair shares: how many bases each service, and each domain, ought to hold.
//!
//! # The problem
//!
//! `B` bases want `R` replicas each. A *unit* is a domain of the rules' level, a
//! *group* one of the least distance's level, each with an available service. A
//! group holds at most one replica of a base, a unit at most the degradation
//! cap. Among the loads that these limits let through, the share is the
//! max-min fair one: first between units, then between the services of a unit.
//!
//! # How
//!
//! Water filling. Vessels of weight `w` and capacity `c` fill to one level `λ`,
//! where `sum(min(c, w * λ))` is what there is to pour: sorted by `c / w`, the
//! first ones are full, and `λ` is what is left over the weight of the rest.
//!
//! 1. Level as coarse as the groups, or coarser: units of weight 1 and capacity
//!    `B * min(groups, cap)` take `B * R`; inside each, its groups, of as much
//!    weight as they have services and of capacity `B`, take what the unit has.
//! 2. Level finer than the groups: groups, of as much weight as they have units
//!    and of capacity `B`, take `B * R`; the units of a group get equal parts
//!    of it, and the services of a unit equal parts of that.
//!
//! # Why that is the fair share
//!
//! The limits are a laminar family with the rank function of a polymatroid, and
//! on its base polytope the lexicographically largest sorted vector is unique
//! and found by raising all coordinates together, freezing those that a tight
//! set holds (Megiddo 1974; Fujishige 1980). With nested sets, tight sets are
//! the vessels that are full, so freezing is what sorting by `c / w` does.
//!
//! # Complexity
//!
//! `O(services * log(services))`, in fractions whose denominators stay below
//! 2^48 and whose values stay below 2^32: nothing overflows 128 bits.

use std::error::Error;
use std::fmt;
use std::ops::Range;

use crate::location::{Level, MinDist};
use crate::prefix::Digits;
use crate::ratio::{Ratio, Tolerance};
use crate::rules::Rules;
use crate::service::ServiceIndex;
use crate::topology::Topology;

/// The loads that count as balanced: `floor..=ceil`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Band {
    /// The least load in the band.
    pub floor: u64,
    /// The largest load in the band.
    pub ceil: u64,
}

impl Band {
    /// How many replicas a load is above or below the band; 0 inside it.
    #[must_use]
    pub const fn distance(self, load: u64) -> u64 {
        if load < self.floor { self.floor - load } else { load.saturating_sub(self.ceil) }
    }
}

impl fmt::Display for Band {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.floor == self.ceil {
            write!(f, "{}", self.floor)
        } else {
            write!(f, "{}..{}", self.floor, self.ceil)
        }
    }
}

/// The fair share of every service and of every domain.
///
/// # Examples
///
/// ```
/// use meta0::{Digits, Rules, Service, Shares, Topology};
///
/// let topology = Topology::new(vec![
///     Service::new("a", "h1.d1".parse()?),
///     Service::new("b", "h1.d2".parse()?),
///     Service::new("c", "h2.d1".parse()?),
/// ])?;
/// // Two replicas on different hosts: `c` holds one of each base.
/// let rules = Rules::new(2)?.min_dist("2".parse()?);
/// let shares = Shares::new(&topology, Digits::try_from(1)?, rules)?;
/// let loads: Vec<_> = shares.services().iter().map(ToString::to_string).collect();
/// assert_eq!(loads, ["8", "8", "16"]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shares {
    services: Vec<Ratio>,
    domains: [Vec<Ratio>; 4],
    tolerance: Tolerance,
}

impl Shares {
    /// The shares of a topology with so many bases, by the rules.
    ///
    /// # Errors
    ///
    /// [`Unsatisfiable`] when the topology can't hold `replicas` replicas of a
    /// base, with the proof.
    pub fn new(
        topology: &Topology,
        digits: Digits,
        rules: Rules,
    ) -> Result<Self, Box<Unsatisfiable>> {
        let cells = Cells::new(topology, rules);
        let capacity: u64 = cells.units.iter().map(|unit| unit.capacity).sum();
        if capacity < rules.replicas().into() {
            return Err(Box::new(Unsatisfiable::new(topology, rules, capacity)));
        }
        let bases = digits.count() as u64;
        let services = cells.pour(topology, bases, rules);
        let domains = sum_by_domain(topology, &services);
        Ok(Self { services, domains, tolerance: Tolerance::default() })
    }

    /// The same shares with wider bands.
    #[must_use]
    pub const fn tolerance(mut self, tolerance: Tolerance) -> Self {
        self.tolerance = tolerance;
        self
    }

    /// The share of every service, in the order of [`Topology::services`]; 0 of
    /// those that are unavailable.
    #[must_use]
    pub fn services(&self) -> &[Ratio] {
        &self.services
    }

    /// The share of every domain of a level, in the order of
    /// [`Topology::domains`].
    #[must_use]
    pub fn domains(&self, level: Level) -> &[Ratio] {
        &self.domains[level.index()]
    }

    /// The band of every service, in the order of [`Topology::services`].
    #[must_use]
    pub fn service_bands(&self) -> impl ExactSizeIterator<Item = Band> + Clone + '_ {
        self.services.iter().map(|&share| self.band(share))
    }

    /// The band of every domain of a level, in the order of
    /// [`Topology::domains`].
    #[must_use]
    pub fn domain_bands(&self, level: Level) -> impl ExactSizeIterator<Item = Band> + Clone + '_ {
        self.domains(level).iter().map(|&share| self.band(share))
    }

    fn band(&self, share: Ratio) -> Band {
        let (floor, ceil) = self.tolerance.widen(share);
        Band { floor, ceil }
    }
}

/// The share of each domain: the sum of its parts, finest level first, so that
/// terms of one sum come from one unit and have one denominator.
fn sum_by_domain(topology: &Topology, services: &[Ratio]) -> [Vec<Ratio>; 4] {
    let mut domains = [const { Vec::new() }; 4];
    for level in Level::ALL.into_iter().rev() {
        let mut sums = vec![Ratio::ZERO; topology.domains(level).len()];
        let mut add = |service: ServiceIndex, share| {
            let sum = &mut sums[topology.domain_of(level, service).unwrap_or_default()];
            *sum = sum.plus(share);
        };
        match Level::ALL.get(level.index() + 1) {
            None => {
                for &service in topology.by_location() {
                    add(service, services[service.index()]);
                }
            }
            Some(&finer) => {
                for (domain, &share) in topology.domains(finer).iter().zip(&domains[finer.index()])
                {
                    add(topology.members(domain)[0], share);
                }
            }
        }
        domains[level.index()] = sums;
    }
    domains
}

/// A group: the available services of a domain of the least distance's level.
#[derive(Debug)]
struct Group {
    services: u64,
    units: u64,
    members: Range<usize>,
}

/// A unit that can hold replicas: the most that one base may have there.
#[derive(Debug)]
struct Unit {
    capacity: u64,
    groups: Range<usize>,
}

/// The available services by group, and the groups by unit. With a level finer
/// than the groups, all groups are in one unit: a group then holds one replica
/// at most, and so does every domain in it.
#[derive(Debug)]
struct Cells {
    groups: Vec<Group>,
    units: Vec<Unit>,
    finer: bool,
}

impl Cells {
    fn new(topology: &Topology, rules: Rules) -> Self {
        let (group_level, unit_level) = (rules.get_min_dist().level(), rules.get_level());
        let finer = unit_level > group_level;
        let mut groups: Vec<Group> = Vec::new();
        let mut units: Vec<Unit> = Vec::new();
        let mut last_unit = None;
        for domain in topology.domains(group_level) {
            let mut group = Group { services: 0, units: 0, members: domain.members() };
            let mut unit = None;
            for &service in topology.members(domain) {
                if topology.services()[service.index()].is_available() {
                    group.services += 1;
                    let last = unit.replace(topology.domain_of(unit_level, service));
                    group.units += u64::from(last != unit);
                }
            }
            if unit.is_none() {
                continue;
            }
            if last_unit.is_none() || (!finer && last_unit != unit) {
                units.push(Unit { capacity: 0, groups: groups.len()..groups.len() });
                last_unit = unit;
            }
            groups.push(group);
            units.last_mut().expect("pushed above").groups.end = groups.len();
        }
        let cap = u64::from(rules.degradation_cap().unwrap_or(rules.replicas()));
        for unit in &mut units {
            let groups = unit.groups.len() as u64;
            unit.capacity = if finer { groups * cap.min(1) } else { groups.min(cap) };
        }
        Self { groups, units, finer }
    }

    /// The share of every service.
    fn pour(&self, topology: &Topology, bases: u64, rules: Rules) -> Vec<Ratio> {
        let mut shares = vec![Ratio::ZERO; topology.services().len()];
        let total = Ratio::whole(bases * u64::from(rules.replicas()));
        if self.finer {
            let vessel = |group: &Group| Vessel { weight: group.units, capacity: bases };
            let mut vessels: Vec<_> = self.groups.iter().map(vessel).collect();
            let level = water_level(&mut vessels, total);
            for group in &self.groups {
                let part = vessel(group).content(level);
                divide_among_units(topology, rules.get_level(), group, part, &mut shares);
            }
            return shares;
        }
        let outer = |unit: &Unit| Vessel { weight: 1, capacity: bases * unit.capacity };
        let vessel = |group: &Group| Vessel { weight: group.services, capacity: bases };
        let mut vessels: Vec<_> = self.units.iter().map(outer).collect();
        let unit_level = water_level(&mut vessels, total);
        for unit in &self.units {
            let groups = &self.groups[unit.groups.clone()];
            vessels.clear();
            vessels.extend(groups.iter().map(vessel));
            let level = water_level(&mut vessels, outer(unit).content(unit_level));
            for group in groups {
                let members = &topology.by_location()[group.members.clone()];
                give(topology, members, vessel(group).content(level), &mut shares);
            }
        }
        shares
    }
}

/// Gives every available service of some the same share.
fn give(topology: &Topology, services: &[ServiceIndex], share: Ratio, shares: &mut [Ratio]) {
    for service in services {
        if topology.services()[service.index()].is_available() {
            shares[service.index()] = share;
        }
    }
}

/// Gives each unit inside a group the same part, and its services equal parts
/// of that.
fn divide_among_units(
    topology: &Topology,
    level: Level,
    group: &Group,
    part: Ratio,
    shares: &mut [Ratio],
) {
    let members = &topology.by_location()[group.members.clone()];
    let unit_of = |service: &ServiceIndex| topology.domain_of(level, *service);
    for unit in members.chunk_by(|a, b| unit_of(a) == unit_of(b)) {
        let available =
            unit.iter().filter(|index| topology.services()[index.index()].is_available()).count();
        give(topology, unit, part.over(available as u64), shares);
    }
}

#[derive(Debug, Clone, Copy)]
struct Vessel {
    weight: u64,
    capacity: u64,
}

impl Vessel {
    /// What it holds for each unit of its weight.
    fn content(self, level: Option<Ratio>) -> Ratio {
        level
            .filter(|level| !level.times(self.weight).reaches(self.capacity))
            .unwrap_or_else(|| Ratio::new(self.capacity, self.weight).over(1))
    }
}

/// The level in vessels which have room for what is poured into them; `None`
/// when they are full. Sorts them.
fn water_level(vessels: &mut [Vessel], total: Ratio) -> Option<Ratio> {
    vessels.sort_unstable_by(|a, b| (a.capacity * b.weight).cmp(&(b.capacity * a.weight)));
    let mut weight: u64 = vessels.iter().map(|vessel| vessel.weight).sum();
    let mut left = total;
    for vessel in vessels {
        if !left.times(vessel.weight).reaches(vessel.capacity * weight) {
            return Some(left.over(weight));
        }
        left = left.minus_whole(vessel.capacity);
        weight -= vessel.weight;
    }
    None
}

/// The proof that a topology can't hold what the rules ask for.
///
/// Each domain in `domains` holds at most so many replicas of one base, no
/// other domain holds any, and together that is less than `wanted`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unsatisfiable {
    /// The replicas that each base is to have.
    pub wanted: u16,
    /// The most that one base can have.
    pub capacity: u64,
    /// The least distance between two of them.
    pub min_dist: MinDist,
    /// The degradation.
    pub degradation: u16,
    /// The level of `domains`: the rules' level where the degradation binds,
    /// else that of the least distance.
    pub level: Level,
    /// The rules' level.
    pub unit_level: Level,
    /// The most replicas of a base that one domain of the rules' level may
    /// hold, by the degradation alone.
    pub domain_cap: u16,
    /// The domains with an available service, by name, and the most replicas
    /// of one base that each can hold.
    pub domains: Vec<(String, u64)>,
}

impl Unsatisfiable {
    fn new(topology: &Topology, rules: Rules, capacity: u64) -> Self {
        let group_level = rules.get_min_dist().level();
        let level = match rules.get_degradation() {
            0 => group_level,
            _ => rules.get_level().min(group_level),
        };
        let has_available = |domain: &&crate::topology::Domain| {
            let mut members = topology.members(domain).iter();
            members.any(|index| topology.services()[index.index()].is_available())
        };
        let cap = u64::from(rules.degradation_cap().unwrap_or(rules.replicas()));
        let holds = |domain: &crate::topology::Domain| {
            let mut groups: Vec<_> = topology
                .members(domain)
                .iter()
                .filter(|index| topology.services()[index.index()].is_available())
                .map(|&index| topology.domain_of(group_level, index))
                .collect();
            groups.dedup();
            (domain.name().to_owned(), cap.min(groups.len() as u64))
        };
        Self {
            wanted: rules.replicas(),
            capacity,
            min_dist: rules.get_min_dist(),
            degradation: rules.get_degradation(),
            level,
            unit_level: rules.get_level(),
            domain_cap: rules.degradation_cap().unwrap_or(rules.replicas()),
            domains: topology.domains(level).iter().filter(has_available).map(holds).collect(),
        }
    }
}

impl fmt::Display for Unsatisfiable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { wanted, capacity, min_dist, level, degradation, .. } = self;
        let plural = |count| if count == 1 { "" } else { "s" };
        let replicas = plural(usize::from(*wanted));
        write!(f, "no base can have {wanted} replica{replicas} at distance {min_dist} or more")?;
        if *degradation > 0 {
            let (cap, unit_level) = (self.domain_cap, self.unit_level);
            write!(f, " with at most {cap} in one {unit_level} (degradation {degradation})")?;
        }
        let (count, shown) = (self.domains.len(), 12);
        if count == 0 {
            return f.write_str(": no service is available");
        }
        let holds = if count == 1 { "holds" } else { "hold" };
        write!(f, ": {count} {level}{} with an available service {holds} ", plural(count))?;
        write!(f, "{capacity} ")?;
        for (index, (name, capacity)) in self.domains.iter().take(shown).enumerate() {
            write!(f, "{}{name} {capacity}", if index == 0 { "(" } else { ", " })?;
        }
        match count.saturating_sub(shown) {
            0 => f.write_str(")"),
            more => write!(f, " and {more} more)"),
        }
    }
}

impl Error for Unsatisfiable {}
