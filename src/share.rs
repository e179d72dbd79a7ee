//! Fair shares: how many bases each service, and each domain, ought to hold.
//!
//! # The problem
//!
//! `B` bases want `R` replicas each. A *unit* is a domain of the rules' level
//! with an available service. The rules cap what a domain of each level may hold
//! of one base, and with that what any set of services may hold. Among the loads
//! that these caps let through, the share is the max-min fair one: first between
//! units, then between the services of a unit.
//!
//! # How
//!
//! Water filling in a tree. Let the water stand at `w`. A leaf holds as much as
//! the water is high, up to its capacity; a domain `X` above it holds what its
//! parts hold together, up to `B * cap(X)`:
//!
//! ```text
//! f_leaf(w) = min(w, capacity)        f_X(w) = min(B * cap(X), sum of f_part(w))
//! ```
//!
//! 1. [`Filling::rise`] finds, finest domains first, the water at which each
//!    domain is full: from there on none of its leaves rises. What a domain says
//!    to the one above is a list of [`Stop`]s, ascending by water: so many leaves
//!    stop rising, with so many replicas in them.
//! 2. The root holds a given amount, which gives its water.
//! 3. [`Filling::settle`] goes down again: a leaf holds as much as the lowest
//!    water on its path, since a full domain keeps its leaves where they were when
//!    it filled up.
//!
//! That is done twice: from all of the cluster down to the units, whose capacity
//! is `B` times what one base may have there, with an amount of `B * R`; and from
//! each unit down to its services, of capacity `B`, with what the unit holds.
//!
//! # Why that is the fair share
//!
//! The caps are a laminar family with the rank function of a polymatroid, and
//! on its base polytope the lexicographically largest sorted vector is unique
//! and found by raising all coordinates together, freezing those that a tight
//! set holds (Megiddo 1974; Fujishige 1980). With nested sets the tight ones are
//! the domains that are full, which is what step 1 finds.
//!
//! # Complexity
//!
//! `O(services * log(services))`. The water at which a domain is full is a whole
//! number over a number of leaves: what has stopped below it are full domains
//! and leaves, which hold whole numbers. So terms stay below 2^48 in the first
//! part and denominators below 2^32 in the second, and nothing overflows.

use std::cmp::Ordering;
use std::fmt;
use std::ops::Range;

use crate::location::Level;
use crate::prefix::Digits;
use crate::ratio::{Ratio, Tolerance};
use crate::rules::Rules;
use crate::service::ServiceIndex;
use crate::topology::{Domain, Topology};
use crate::unsatisfiable::Unsatisfiable;

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
    /// The shares of the services of a topology in a mapping of these digits.
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
        let room = Room::new(topology, rules);
        if room.of_all() < rules.replicas().into() {
            return Err(Box::new(Unsatisfiable::new(topology, rules, &room)));
        }
        let services = pour(topology, digits, rules, &room);
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

    /// The band of a service of the topology.
    pub(crate) fn service_band(&self, service: ServiceIndex) -> Band {
        self.band(self.services[service.index()])
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

/// The share of each domain: the sum of its parts, finest level first. What is
/// full holds a whole number and the rest of a domain stands at one water, so
/// that the terms of a sum have few denominators.
fn sum_by_domain(topology: &Topology, services: &[Ratio]) -> [Vec<Ratio>; 4] {
    let mut domains = [const { Vec::new() }; 4];
    for level in Level::ALL.into_iter().rev() {
        let sum = |parts: &[Ratio]| parts.iter().fold(Ratio::ZERO, |sum, &part| sum.plus(part));
        let sums = topology.domains(level).iter().map(|domain| match level.finer() {
            None => topology
                .members(domain)
                .iter()
                .fold(Ratio::ZERO, |sum, service| sum.plus(services[service.index()])),
            Some(finer) => sum(&domains[finer.index()][topology.parts(domain)]),
        });
        let sums = sums.collect();
        domains[level.index()] = sums;
    }
    domains
}

/// How high water stands: a fraction.
#[derive(Debug, Clone, Copy)]
struct Water {
    numerator: u64,
    denominator: u64,
}

impl Water {
    const fn whole(numerator: u64) -> Self {
        Self { numerator, denominator: 1 }
    }

    fn cmp(self, other: Self) -> Ordering {
        if self.denominator == other.denominator {
            return self.numerator.cmp(&other.numerator);
        }
        let product = |a: u64, b: u64| u128::from(a) * u128::from(b);
        product(self.numerator, other.denominator).cmp(&product(other.numerator, self.denominator))
    }

    fn min(self, other: Self) -> Self {
        if self.cmp(other).is_le() { self } else { other }
    }

    fn ratio(self) -> Ratio {
        Ratio::new(self.numerator, self.denominator).over(1)
    }
}

/// Leaves that rise no further: how many, from which water on, and how many
/// replicas they hold then.
#[derive(Debug, Clone, Copy)]
struct Stop {
    at: Water,
    leaves: u64,
    amount: u64,
}

/// What the leaves of a filling are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Leaves {
    /// The domains of this level, each with room for what one base may have there.
    Domains(Level),
    /// The services.
    Services,
}

/// One filling of a tree of domains.
#[derive(Debug)]
struct Filling<'a> {
    topology: &'a Topology,
    bases: u64,
    /// The most replicas that a domain of each level holds of all bases.
    caps: [u64; 4],
    room: &'a Room,
    leaves: Leaves,
    /// The water at which each domain above the leaves is full, if it ever is.
    full_at: [Vec<Option<Water>>; 4],
    /// The stops of the domain at hand, after those of the domains before it.
    stops: Vec<Stop>,
}

impl<'a> Filling<'a> {
    fn new(
        topology: &'a Topology,
        digits: Digits,
        rules: Rules,
        room: &'a Room,
        leaves: Leaves,
    ) -> Self {
        let full_at = Level::ALL.map(|level| vec![None; topology.domains(level).len()]);
        let bases = digits.count() as u64;
        let caps = Level::ALL.map(|level| bases * u64::from(rules.cap(level)));
        Self { topology, bases, caps, room, leaves, full_at, stops: Vec::new() }
    }

    /// Adds the stops of some domains of a level.
    fn rise_all(&mut self, level: Level, domains: Range<usize>) {
        let start = self.stops.len();
        for domain in domains {
            self.rise(level, domain, start);
        }
        let by_water = |a: &Stop, b: &Stop| a.at.cmp(b.at);
        if !self.stops[start..].is_sorted_by(|a, b| by_water(a, b).is_le()) {
            self.stops[start..].sort_by(by_water);
        }
    }

    /// Adds the stops of a domain, to those of its siblings from `start` on.
    fn rise(&mut self, level: Level, domain: usize, start: usize) {
        let room = self.room.of(level, domain);
        if room == 0 {
            return;
        }
        if self.leaves == Leaves::Domains(level) {
            let capacity = self.bases * room;
            return self.stop(Water::whole(capacity), 1, capacity, start);
        }
        let here = self.stops.len();
        let domain_at = &self.topology.domains(level)[domain];
        if let Some(finer) = level.finer() {
            self.rise_all(finer, self.topology.parts(domain_at));
        } else {
            let leaves = self.room.available(domain_at.members());
            self.stop(Water::whole(self.bases), leaves, self.bases * leaves, here);
        }
        let cap = self.caps[level.index()];
        let binds = self.stops[here..].iter().map(|stop| stop.amount).sum::<u64>() > cap;
        if binds && let Some((water, kept, last)) = self.fill(here, Water::whole(cap)) {
            self.full_at[level.index()][domain] = Some(water);
            self.stops.truncate(kept);
            self.stop(water, last.leaves, last.amount, here);
        }
        // Equal stops of siblings are one.
        if here > start && self.stops.len() == here + 1 {
            let Stop { at, leaves, amount } = self.stops[here];
            self.stops.truncate(here);
            self.stop(at, leaves, amount, start);
        }
    }

    /// Adds a stop, to the last one from `start` on if that is at the same water.
    fn stop(&mut self, at: Water, leaves: u64, amount: u64, start: usize) {
        match self.stops[start..].last_mut() {
            Some(last) if last.at.cmp(at).is_eq() => {
                last.leaves += leaves;
                last.amount += amount;
            }
            _ => self.stops.push(Stop { at, leaves, amount }),
        }
    }

    /// The water at which the stops from `start` on hold an amount: with it, how
    /// many stops are below, and what stops there, were it for good. `None` when
    /// they never hold so much, or only when all have stopped.
    fn fill(&self, start: usize, amount: Water) -> Option<(Water, usize, Stop)> {
        let mut rising: u64 = self.stops[start..].iter().map(|stop| stop.leaves).sum();
        let Water { numerator, denominator } = amount;
        let mut left = numerator;
        for (place, stop) in self.stops.iter().enumerate().skip(start) {
            // stop.at * rising >= left / denominator
            let held = u128::from(stop.at.numerator) * u128::from(rising) * u128::from(denominator);
            if held >= u128::from(left) * u128::from(stop.at.denominator) {
                let at = Water { numerator: left, denominator: denominator * rising };
                return Some((at, place, Stop { at, leaves: rising, amount: left }));
            }
            rising -= stop.leaves;
            left -= stop.amount * denominator;
        }
        None
    }

    /// Says what each leaf below some domains of a level holds, when the water
    /// above them stands at a height; `None` is above all.
    fn settle(
        &self,
        level: Level,
        domains: Range<usize>,
        above: Option<Water>,
        say: &mut impl FnMut(usize, Water),
    ) {
        for domain in domains {
            let room = self.room.of(level, domain);
            if room == 0 {
                continue;
            }
            let lowest = |own: Water| above.map_or(own, |above| above.min(own));
            if self.leaves == Leaves::Domains(level) {
                say(domain, lowest(Water::whole(self.bases * room)));
                continue;
            }
            let water = self.full_at[level.index()][domain].map(lowest).or(above);
            let here = &self.topology.domains(level)[domain];
            match level.finer() {
                Some(finer) => self.settle(finer, self.topology.parts(here), water, say),
                None => self.settle_services(here.members(), water, say),
            }
        }
    }

    /// Gives each available service of a unit its share of what the unit holds.
    fn divide(&mut self, unit: &Domain, holds: Water, shares: &mut [Ratio]) {
        let leaves = self.room.available(unit.members());
        let mut last = (Water::whole(0), Ratio::ZERO);
        let mut say = |service: usize, water: Water| {
            if last.0.cmp(water).is_ne() {
                last = (water, water.ratio());
            }
            shares[service] = last.1;
        };
        let finer = unit.level().finer();
        let Some(finer) = finer.filter(|_| self.room.of_parts(self.topology, unit) < leaves) else {
            // No cap within the unit binds: all services stand alike.
            let Water { numerator, denominator } = holds;
            let water = Water { numerator, denominator: denominator * leaves.max(1) };
            return self.settle_services(unit.members(), Some(water), &mut say);
        };
        let parts = self.topology.parts(unit);
        self.stops.clear();
        self.rise_all(finer, parts.clone());
        let water = self.fill(0, holds).map(|filled| filled.0);
        self.settle(finer, parts, water, &mut say);
    }

    fn settle_services(
        &self,
        places: Range<usize>,
        above: Option<Water>,
        say: &mut impl FnMut(usize, Water),
    ) {
        let all = Water::whole(self.bases);
        let water = above.map_or(all, |above| above.min(all));
        for &service in &self.topology.by_location()[places] {
            if self.topology.services()[service.index()].is_available() {
                say(service.index(), water);
            }
        }
    }
}

/// The most replicas of one base that each domain may hold.
#[derive(Debug)]
pub(crate) struct Room {
    /// By level and domain.
    domains: [Vec<u64>; 4],
    /// How many services are available before each place, and in all.
    available: Vec<u64>,
}

impl Room {
    fn new(topology: &Topology, rules: Rules) -> Self {
        let mut before = 0;
        let mut available = Vec::with_capacity(topology.services().len() + 1);
        available.push(before);
        for service in topology.by_location() {
            before += u64::from(topology.services()[service.index()].is_available());
            available.push(before);
        }
        let mut room = Self { domains: [const { Vec::new() }; 4], available };
        for level in Level::ALL.into_iter().rev() {
            let cap = u64::from(rules.cap(level));
            let here = topology.domains(level).iter();
            let here = here.map(|domain| cap.min(room.of_parts(topology, domain))).collect();
            room.domains[level.index()] = here;
        }
        room
    }

    /// The most of a domain.
    pub(crate) fn of(&self, level: Level, domain: usize) -> u64 {
        self.domains[level.index()][domain]
    }

    /// The most of the parts of a domain, or of its services.
    fn of_parts(&self, topology: &Topology, domain: &Domain) -> u64 {
        match domain.level().finer() {
            Some(finer) => self.domains[finer.index()][topology.parts(domain)].iter().sum(),
            None => self.available(domain.members()),
        }
    }

    /// The most of the cluster.
    pub(crate) fn of_all(&self) -> u64 {
        self.domains[Level::Site.index()].iter().sum()
    }

    /// How many services in some places are available.
    pub(crate) fn available(&self, places: Range<usize>) -> u64 {
        self.available[places.end] - self.available[places.start]
    }
}

/// The share of every service.
fn pour(topology: &Topology, digits: Digits, rules: Rules, room: &Room) -> Vec<Ratio> {
    let level = rules.get_level();
    let mut unit_holds = vec![Water::whole(0); topology.domains(level).len()];
    let mut units = Filling::new(topology, digits, rules, room, Leaves::Domains(level));
    let sites = 0..topology.domains(Level::Site).len();
    units.rise_all(Level::Site, sites.clone());
    let total = digits.count() as u64 * u64::from(rules.replicas());
    let water = units.fill(0, Water::whole(total)).map(|filled| filled.0);
    units.settle(Level::Site, sites, water, &mut |unit, holds| unit_holds[unit] = holds);

    let mut shares = vec![Ratio::ZERO; topology.services().len()];
    let mut services = Filling::new(topology, digits, rules, room, Leaves::Services);
    for (unit, holds) in topology.domains(level).iter().zip(unit_holds) {
        services.divide(unit, holds, &mut shares);
    }
    shares
}

#[cfg(test)]
mod tests {
    use itertools::Itertools;
    use proptest::prelude::*;

    use super::*;
    use crate::service::Service;

    /// Two sites of as many racks, hosts and volumes as two bits say, where several
    /// services may be on one volume.
    fn topology(places: &[(u8, bool)]) -> Topology {
        let service = |(at, &(place, is_down)): (usize, &(u8, bool))| {
            let [site, rack, host, volume] = [0, 1, 2, 3].map(|bit| place >> bit & 1);
            let location = format!("s{site}.r{rack}.h{host}.v{volume}");
            let service = Service::new(format!("{at:02}"), location.parse().unwrap());
            if is_down { service.with_score(0) } else { service }
        };
        Topology::new(places.iter().enumerate().map(service).collect()).unwrap()
    }

    fn rules() -> impl Strategy<Value = Rules> {
        let cap = || prop::option::of(1..4_u16);
        (1..7_u16, 1..4_u8, 0..4_usize, 0..3_u16, [cap(), cap(), cap()]).prop_map(
            |(replicas, min_dist, level, degradation, caps)| {
                let rules = Rules::new(replicas).unwrap().min_dist(min_dist.try_into().unwrap());
                let rules = rules.level(Level::ALL[level]).degradation(degradation);
                Level::ALL.into_iter().zip(caps).fold(rules, |rules, (level, cap)| match cap {
                    Some(cap) => rules.at_most(level, cap),
                    None => rules,
                })
            },
        )
    }

    fn sum<'a>(shares: impl IntoIterator<Item = &'a Ratio>) -> Ratio {
        shares.into_iter().fold(Ratio::ZERO, |sum, &share| sum.plus(share))
    }

    /// A unit, or a service: its places, what it holds and what it may hold.
    struct Part {
        places: Range<usize>,
        holds: Ratio,
        room: u64,
    }

    /// Whether nobody can be given what another has more: who holds less is full, or
    /// in a full domain that the other is not in.
    fn is_fair(parts: &[Part], full: &[Range<usize>]) -> bool {
        let is_held_down = |low: &Part, high: &Part| {
            let has = |domain: &Range<usize>, part: &Part| domain.contains(&part.places.start);
            low.holds == Ratio::whole(low.room)
                || full.iter().any(|domain| has(domain, low) && !has(domain, high))
        };
        let mut pairs = parts.iter().cartesian_product(parts);
        pairs.all(|(low, high)| low.holds >= high.holds || is_held_down(low, high))
    }

    /// The services of a unit that are available.
    fn services(topology: &Topology, shares: &Shares, unit: &Part, bases: u64) -> Vec<Part> {
        let service = |place: usize| topology.by_location()[place].index();
        let is_open = |place: &usize| topology.services()[service(*place)].is_available();
        let holds = |place: usize| shares.services()[service(place)];
        let part = |place| Part { places: place..place + 1, holds: holds(place), room: bases };
        unit.places.clone().filter(is_open).map(part).collect()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4096))]
        #[test]
        fn shares_keep_the_caps_and_without_one_nobody_has_less_than_another(
            places in prop::collection::vec((0..16_u8, prop::bool::weighted(0.2)), 1..10),
            rules in rules(),
            digits in 0..2_u8,
        ) {
            let (topology, digits) = (topology(&places), Digits::try_from(digits).unwrap());
            let Ok(shares) = Shares::new(&topology, digits, rules) else { return Ok(()) };
            let bases = digits.count() as u64;
            prop_assert_eq!(sum(shares.services()), Ratio::whole(bases * u64::from(rules.replicas())));
            let room = Room::new(&topology, rules);
            let (mut full, mut units) = (Vec::new(), Vec::new());
            for level in Level::ALL {
                let here = topology.domains(level).iter().zip(shares.domains(level));
                for (at, (domain, &holds)) in here.enumerate() {
                    let members = topology.members(domain).iter();
                    prop_assert_eq!(holds, sum(members.map(|s| &shares.services()[s.index()])));
                    let cap = Ratio::whole(bases * u64::from(rules.cap(level)));
                    prop_assert!(holds <= cap);
                    full.extend((holds == cap).then(|| domain.members()));
                    let room = bases * room.of(level, at);
                    if level == rules.get_level() && room > 0 {
                        units.push(Part { places: domain.members(), holds, room });
                    }
                }
                if level == rules.get_level() {
                    prop_assert!(is_fair(&units, &full));
                }
            }
            for unit in units {
                let services = services(&topology, &shares, &unit, bases);
                prop_assert!(services.iter().all(|part| part.holds <= Ratio::whole(bases)));
                prop_assert!(is_fair(&services, &full));
            }
        }
    }

    #[test]
    fn a_distance_is_from_the_nearer_end_of_a_band() {
        let band = Band { floor: 2, ceil: 4 };
        assert_eq!([0, 1, 2, 3, 4, 5, 7].map(|load| band.distance(load)), [2, 1, 0, 0, 0, 1, 3]);
    }
}
