//! Fair shares: how many bases each service, and each domain, ought to hold.
//!
//! [`filling`](crate::filling) finds the shares of services and says why they are
//! fair; here they are added up for domains, and made bands.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::filling::pour;
use crate::location::Level;
use crate::prefix::Digits;
use crate::ratio::{Ratio, Tolerance};
use crate::room::Room;
use crate::rules::Rules;
use crate::service::ServiceIndex;
use crate::topology::Topology;
use crate::unsatisfiable::Unsatisfiable;

/// The loads that count as balanced: `floor..=ceil`, in replicas.
///
/// A share is a fraction and a load a whole number, so the band of a share goes from its
/// floor to its ceiling. A [`Tolerance`] of `t` widens it to `floor(share * (1 - t))` and
/// `ceil(share * (1 + t))`. Where the rules can be met, there is a mapping that keeps them
/// and has all loads of services and domains in their bands.
///
/// Prints as `floor..ceil`, or as one number where both are the same.
///
/// # Examples
///
/// ```
/// use meta0::Band;
///
/// let band = Band { floor: 2, ceil: 4 };
/// assert_eq!([1, 2, 4, 7].map(|load| band.distance(load)), [1, 0, 0, 3]);
/// assert_eq!(band.to_string(), "2..4");
/// assert_eq!(serde_json::to_string(&band)?, r#"{"floor":2,"ceil":4}"#);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub struct Band {
    /// The least load in the band.
    pub floor: u64,
    /// The largest load in the band.
    pub ceil: u64,
}

impl Band {
    /// By how many replicas a load is above or below the band; 0 inside it.
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

/// The fair share of every service and of every domain: how many bases it ought to hold.
///
/// All replicas of all bases go to the domains of the rules' [level](Rules::level) in
/// equal parts, and in each domain to its available services in equal parts. But no set
/// of services gets more than the rules let it hold: what is over goes in equal parts to
/// those that are not full (max-min fairness, also called water filling). The share of a
/// domain is the sum of those of its services. Shares are exact fractions, and there is
/// only one vector of them for a topology and rules.
///
/// Every operation takes the shares from here, so a mapping that one of them calls
/// balanced is balanced for all.
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
/// // Bands are of loads alone: that `c` can hold no more than all 16 bases is a rule.
/// let bands: Vec<_> = shares.tolerance("25%".parse()?).service_bands().collect();
/// assert_eq!(bands.iter().map(ToString::to_string).collect::<Vec<_>>(), ["6..10", "6..10", "12..20"]);
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
    /// Takes `O(services * log(services))`. The tolerance is 0 until
    /// [`Shares::tolerance`] sets another.
    ///
    /// # Errors
    ///
    /// [`Unsatisfiable`] when the topology can't hold `replicas` replicas of a
    /// base, with the proof.
    pub fn new(topology: &Topology, digits: Digits, rules: Rules) -> Result<Self, Unsatisfiable> {
        let room = Room::new(topology, rules);
        if room.of_all() < rules.replicas().into() {
            return Err(Unsatisfiable::new(topology, rules, &room));
        }
        let services = pour(topology, digits, rules, &room);
        let domains = sum_by_domain(topology, &services);
        Ok(Self { services, domains, tolerance: Tolerance::default() })
    }

    /// The same shares with wider bands: the shares stay, and
    /// [`Shares::service_bands`] and [`Shares::domain_bands`] change. Defaults to a
    /// tolerance of 0.
    #[must_use]
    pub const fn tolerance(mut self, tolerance: Tolerance) -> Self {
        self.tolerance = tolerance;
        self
    }

    /// The share of every service, in bases, in the order of [`Topology::services`]; 0 of
    /// those that are unavailable.
    #[must_use]
    pub fn services(&self) -> &[Ratio] {
        &self.services
    }

    /// The share of every domain of a level, in replicas, in the order of
    /// [`Topology::domains`].
    #[must_use]
    pub fn domains(&self, level: Level) -> &[Ratio] {
        &self.domains[level.index()]
    }

    /// The band of every service, in the order of [`Topology::services`].
    #[must_use]
    pub fn service_bands(
        &self,
    ) -> impl ExactSizeIterator<Item = Band> + DoubleEndedIterator + Clone + '_ {
        self.services.iter().map(|&share| self.band(share))
    }

    /// The band of a service of the topology.
    pub(crate) fn service_band(&self, service: ServiceIndex) -> Band {
        self.band(self.services[service.index()])
    }

    /// The band of every domain of a level, in the order of
    /// [`Topology::domains`].
    #[must_use]
    pub fn domain_bands(
        &self,
        level: Level,
    ) -> impl ExactSizeIterator<Item = Band> + DoubleEndedIterator + Clone + '_ {
        self.domains(level).iter().map(|&share| self.band(share))
    }

    fn band(&self, share: Ratio) -> Band {
        let (floor, ceil) = self.tolerance.widen(share);
        Band { floor, ceil }
    }
}

/// The share of each domain: the sum of its parts, finest level first. Of the parts
/// of a domain, those that are full hold whole numbers, and the rest stand at one
/// water. So the sum of some of them has the denominator of that water at most.
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

#[cfg(test)]
mod tests {
    use itertools::Itertools;
    use proptest::prelude::*;

    use std::ops::Range;

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
        Topology::new(places.iter().enumerate().map(service)).unwrap()
    }

    fn rules() -> impl Strategy<Value = Rules> {
        let cap = || prop::option::of(1..4_u16);
        (1..7_u16, 1..4_u8, 0..4_usize, 0..3_u16, [cap(), cap(), cap()]).prop_map(
            |(replicas, min_dist, level, degradation, caps)| {
                let rules = Rules::new(replicas).unwrap().min_dist(min_dist.try_into().unwrap());
                let rules = rules.level(Level::ALL[level]);
                let rules = rules.degradation(degradation).unwrap_or(rules);
                Level::ALL.into_iter().zip(caps).fold(rules, |rules, (level, cap)| match cap {
                    Some(cap) => rules.at_most(level, cap).unwrap(),
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
