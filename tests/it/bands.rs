//! Fair shares as their definition reads, by plain progressive filling.
//!
//! Everything rises at one pace from 0 until a set of things has all that the
//! rules let it hold; that set stands still, and the others rise on. First the
//! units rise, then the services inside each unit. The limits are those of the
//! domains of all levels, by a recount of what a base may have in each.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};
use std::iter::Sum;
use std::ops::{Add, Mul, Sub};

use meta0::{Band, Digits, Level, Ratio, Rules, Service, Tolerance, Topology};

use crate::judge::cap;

/// A fraction of its own, so that nothing of the library's is trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Exact(i128, i128);

impl Exact {
    pub(crate) const ZERO: Self = Self(0, 1);

    pub(crate) fn new(numerator: i128, denominator: i128) -> Self {
        let (mut a, mut b) = (numerator.abs(), denominator);
        while b != 0 {
            (a, b) = (b, a % b);
        }
        Self(numerator / a.max(1), denominator / a.max(1))
    }

    pub(crate) fn whole(number: usize) -> Self {
        Self(i128::try_from(number).expect("a small number"), 1)
    }

    pub(crate) fn over(self, divisor: usize) -> Self {
        Self::new(self.0, self.1 * i128::try_from(divisor).expect("a small number"))
    }

    pub(crate) fn floor(self) -> u64 {
        u64::try_from(self.0.div_euclid(self.1)).unwrap_or_default()
    }

    pub(crate) fn ceil(self) -> u64 {
        (self + Self(self.1 - 1, self.1)).floor()
    }
}

impl From<Ratio> for Exact {
    fn from(ratio: Ratio) -> Self {
        let [numerator, denominator] =
            <[u128; 2]>::from(ratio.parts()).map(|part| i128::try_from(part).expect("a share"));
        Self::new(numerator, denominator)
    }
}

impl From<Tolerance> for Exact {
    fn from(tolerance: Tolerance) -> Self {
        let text = tolerance.to_string();
        let (numerator, denominator) = text.split_once('/').unwrap_or((&text, "1"));
        let [numerator, denominator] =
            [numerator, denominator].map(|part| part.parse().expect("a whole number"));
        Self::new(numerator, denominator)
    }
}

impl Ord for Exact {
    fn cmp(&self, other: &Self) -> Ordering {
        (self.0 * other.1).cmp(&(other.0 * self.1))
    }
}

impl PartialOrd for Exact {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Add for Exact {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self::new(self.0 * other.1 + other.0 * self.1, self.1 * other.1)
    }
}

impl Sub for Exact {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        self + other * Self(-1, 1)
    }
}

impl Mul for Exact {
    type Output = Self;

    fn mul(self, other: Self) -> Self {
        Self::new(self.0 * other.0, self.1 * other.1)
    }
}

impl Sum for Exact {
    fn sum<I: Iterator<Item = Self>>(parts: I) -> Self {
        parts.fold(Self::ZERO, Self::add)
    }
}

/// Some things that still rise, and how much more they may have together.
struct Limit {
    things: BTreeSet<usize>,
    room: Exact,
}

impl Limit {
    /// How high they stand when they have all of it.
    fn height(&self) -> Exact {
        self.room.over(self.things.len())
    }

    fn freeze(&mut self, thing: usize, height: Exact) {
        if self.things.remove(&thing) {
            self.room = self.room - height;
        }
    }
}

/// The heights at which things stand still, when `total` is shared out; `None`
/// when the limits leave some of it.
fn fill(count: usize, mut limits: Vec<Limit>, total: Exact) -> Option<Vec<Exact>> {
    let mut heights = vec![Exact::ZERO; count];
    limits.push(Limit { things: (0..count).collect(), room: total });
    loop {
        let rising = limits.iter().filter(|limit| !limit.things.is_empty());
        let Some(height) = rising.clone().map(Limit::height).min() else { break };
        let tight = rising.filter(|limit| limit.height() == height);
        let frozen: BTreeSet<usize> = tight.flat_map(|limit| limit.things.clone()).collect();
        for thing in frozen {
            heights[thing] = height;
            for limit in &mut limits {
                limit.freeze(thing, height);
            }
        }
    }
    (limits.pop()?.room == Exact::ZERO).then_some(heights)
}

/// The services alike down to a level, by their tokens, as one part each.
pub(crate) fn cut<'a>(services: &[&'a Service], level: Level) -> Vec<Vec<&'a Service>> {
    let mut domains: BTreeMap<Vec<Option<&str>>, Vec<&Service>> = BTreeMap::new();
    for service in services {
        let tokens = Level::ALL[..=level.index()].iter();
        let key = tokens.map(|&level| service.location().token(level)).collect();
        domains.entry(key).or_default().push(service);
    }
    domains.into_values().collect()
}

/// The most replicas of a base that services alike down to a level may hold,
/// or any services when no level is given.
fn capacity(services: &[&Service], level: Option<Level>, rules: Rules) -> usize {
    let finer = level.map_or(0, |level| level.index() + 1);
    let inside = match Level::ALL.get(finer) {
        Some(&finer) => {
            let domains = cut(services, finer).into_iter();
            domains.map(|domain| capacity(&domain, Some(finer), rules)).sum()
        }
        None => services.len(),
    };
    level.map_or(inside, |level| inside.min(cap(rules, level)))
}

fn available(services: &[Service]) -> Vec<&Service> {
    services.iter().filter(|service| service.is_up() && service.score() > 0).collect()
}

/// Whether a base can have all its replicas on these services.
pub(crate) fn is_satisfiable(services: &[Service], rules: Rules) -> bool {
    capacity(&available(services), None, rules) >= usize::from(rules.replicas())
}

/// The limits of the domains of some levels, on parts of which each is inside
/// or outside.
fn limits(
    services: &[&Service],
    parts: &[Vec<&Service>],
    levels: &[Level],
    bases: usize,
    rules: Rules,
) -> Vec<Limit> {
    let limit = |(level, domain): (Level, Vec<&Service>)| {
        let addresses: BTreeSet<_> = domain.iter().map(|service| service.address()).collect();
        let is_inside = |part: &usize| addresses.contains(parts[*part][0].address());
        let most = capacity(&domain, Some(level), rules).min(rules.replicas().into());
        Limit {
            things: (0..parts.len()).filter(is_inside).collect(),
            room: Exact::whole(bases * most),
        }
    };
    let domains = |&level: &Level| cut(services, level).into_iter().map(move |part| (level, part));
    levels.iter().flat_map(domains).map(limit).collect()
}

/// The shares of the available services, by address; `None` when the rules
/// can't be satisfied.
pub(crate) fn shares(
    topology: &Topology,
    digits: Digits,
    rules: Rules,
) -> Option<BTreeMap<&str, Exact>> {
    let bases = digits.count();
    let available = available(topology.services());
    let units = cut(&available, rules.get_level());
    let (coarse, fine) = Level::ALL.split_at(rules.get_level().index() + 1);
    let total = Exact::whole(bases * usize::from(rules.replicas()));
    let of_units = fill(units.len(), limits(&available, &units, coarse, bases, rules), total)?;
    let mut shares = BTreeMap::new();
    for (unit, total) in units.iter().zip(of_units) {
        let alone: Vec<_> = unit.iter().map(|service| vec![*service]).collect();
        let limits = limits(unit, &alone, fine, bases, rules);
        let parts = fill(unit.len(), limits, total).expect("a unit takes what it may have");
        shares.extend(unit.iter().map(|service| service.address()).zip(parts));
    }
    Some(shares)
}

/// The loads that are fair: of each service of a topology, and of each domain.
#[derive(Debug)]
pub(crate) struct Bands {
    pub(crate) services: Vec<Band>,
    domains: [Vec<Band>; 4],
}

impl Bands {
    /// `None` when the rules can't be satisfied.
    pub(crate) fn new(
        topology: &Topology,
        digits: Digits,
        rules: Rules,
        tolerance: Tolerance,
    ) -> Option<Self> {
        let shares = shares(topology, digits, rules)?;
        let share =
            |service: &Service| shares.get(service.address()).copied().unwrap_or(Exact::ZERO);
        let (one, off) = (Exact::whole(1), Exact::from(tolerance));
        let band = |share: Exact| Band {
            floor: (share * (one - off)).floor(),
            ceil: (share * (one + off)).ceil(),
        };
        let services = topology.services().iter().map(|service| band(share(service))).collect();
        let domains = Level::ALL.map(|level| {
            let sum = |domain| {
                let members = topology.members(domain).iter();
                members.map(|index| share(&topology.services()[index.index()])).sum()
            };
            topology.domains(level).iter().map(|domain| band(sum(domain))).collect()
        });
        Some(Self { services, domains })
    }

    /// Those of the domains of a level, in the topology's order.
    pub(crate) fn domains(&self, level: Level) -> &[Band] {
        &self.domains[level.index()]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::notation::{digits, topology};

    #[test]
    fn a_capped_site_leaves_the_rest_to_the_other() {
        let topology = topology("a=s1.r1.h1.v b=s1.r1.h2.v c=s1.r2.h3.v d=s2.r3.h4.v");
        let rules = Rules::new(3).unwrap().at_most(Level::Site, 2).unwrap();
        let shares = shares(&topology, digits(1), rules).unwrap();
        let third = Exact::new(32, 3);
        let wanted = [("a", third), ("b", third), ("c", third), ("d", Exact::whole(16))];
        assert_eq!(shares, BTreeMap::from(wanted));
        assert!(!is_satisfiable(topology.services(), rules.at_most(Level::Site, 1).unwrap()));
    }

    #[test]
    fn a_tolerance_widens_a_band() {
        let topology = topology("a=h1.v b=h2.v c=h3.v d=h3.w");
        let rules = Rules::new(1).unwrap();
        let band = |tolerance: &str| {
            let tolerance = tolerance.parse().unwrap();
            let bands = Bands::new(&topology, digits(1), rules, tolerance).unwrap();
            (bands.services[0], bands.domains(Level::Host)[2])
        };
        let band_of = |floor, ceil| Band { floor, ceil };
        assert_eq!(band("0"), (band_of(4, 4), band_of(8, 8)));
        assert_eq!(band("1/3"), (band_of(2, 6), band_of(5, 11)));
        assert_eq!(band("3/2"), (band_of(0, 10), band_of(0, 20)));
    }
}
