//! Fair shares against the vectors, and against plain progressive filling.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::ops::{Add, Mul, Sub};
use std::path::{Path, PathBuf};

use itertools::Itertools;
use meta0::{
    Band, Digits, Level, Ratio, Rules, Service, Shares, Topology, WithoutLocation, read_services,
};
use proptest::prelude::*;
use serde_json::Value;

fn vectors() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors");
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.filter(|path| path.is_dir()).sorted().collect()
}

fn rules_of(expect: &Value) -> Rules {
    let number = |name: &str| u16::try_from(expect[name].as_u64().unwrap()).unwrap();
    Rules::new(number("replicas"))
        .unwrap()
        .min_dist(expect["min_dist"].to_string().parse().unwrap())
        .level(expect["level"].as_str().unwrap().parse().unwrap())
        .degradation(number("degradation"))
}

#[test]
fn every_vector_has_its_bands() {
    let vectors = vectors();
    assert_eq!(vectors.len(), 24);
    for vector in vectors {
        let read = |name| fs::read_to_string(vector.join(name)).unwrap();
        let services = read_services(&read("services.json"), WithoutLocation::Refuse).unwrap();
        let topology = Topology::new(services).unwrap();
        let expect: Value = serde_json::from_str(&read("expect.json")).unwrap();
        let digits = expect["digits"].to_string().parse().unwrap();
        let shares = Shares::new(&topology, digits, rules_of(&expect));
        let Value::Object(bands) = &expect["band"] else {
            assert_eq!(expect["satisfiable"], false);
            assert!(shares.is_err(), "{}", vector.display());
            continue;
        };
        let shares = shares.unwrap();
        for (service, band) in topology.services().iter().zip(shares.service_bands()) {
            let found = serde_json::json!([band.floor, band.ceil]);
            let wanted = bands.get(service.address());
            let shown = vector.display();
            assert_eq!(wanted.is_some(), service.is_available(), "{shown}: {service}");
            assert_eq!(&found, wanted.unwrap_or(&serde_json::json!([0, 0])), "{shown}: {service}");
        }
    }
}

/// A fraction of its own, so that nothing of the library's is trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Exact(i128, i128);

impl Exact {
    fn new(numerator: i128, denominator: i128) -> Self {
        let (mut a, mut b) = (numerator.abs(), denominator);
        while b != 0 {
            (a, b) = (b, a % b);
        }
        Self(numerator / a.max(1), denominator / a.max(1))
    }

    fn whole(number: usize) -> Self {
        Self(i128::try_from(number).unwrap(), 1)
    }

    fn over(self, divisor: usize) -> Self {
        Self::new(self.0, self.1 * i128::try_from(divisor).unwrap())
    }

    fn is_below(self, other: Self) -> bool {
        self.0 * other.1 < other.0 * self.1
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

impl std::iter::Sum for Exact {
    fn sum<I: Iterator<Item = Self>>(parts: I) -> Self {
        parts.fold(Self(0, 1), Self::add)
    }
}

/// Some things, and the most that they may have together.
type Limit = (BTreeSet<usize>, Exact);

/// Raises all things alike until a limit is reached, then only those outside
/// it, until there is no more to share out. `None` when the limits leave some.
fn fill(count: usize, limits: &[Limit], total: Exact) -> Option<Vec<Exact>> {
    let mut shares = vec![Exact(0, 1); count];
    let mut rising: BTreeSet<usize> = (0..count).collect();
    let mut left = total;
    while left.0 > 0 {
        if rising.is_empty() {
            return None;
        }
        let room = |(things, limit): &Limit| {
            let used = things.iter().map(|&thing| shares[thing]).sum();
            let number = things.intersection(&rising).count();
            (number > 0).then(|| (*limit - used).over(number))
        };
        let rooms: Vec<_> = limits.iter().map(room).collect();
        let even = left.over(rising.len());
        let step = rooms.iter().flatten().fold(even, |a, b| if b.is_below(a) { *b } else { a });
        left = left - step * Exact::whole(rising.len());
        for &thing in &rising {
            shares[thing] = shares[thing] + step;
        }
        for ((things, _), _) in limits.iter().zip(rooms).filter(|(_, room)| *room == Some(step)) {
            rising.retain(|thing| !things.contains(thing));
        }
    }
    Some(shares)
}

type Key = Vec<Option<String>>;

fn key(service: &Service, level: Level) -> Key {
    let tokens = Level::ALL[..=level.index()].iter();
    tokens.map(|&level| service.location().token(level).map(str::to_owned)).collect()
}

fn cut<'a>(services: &[&'a Service], level: Level) -> Vec<Vec<&'a Service>> {
    let mut domains: BTreeMap<Key, Vec<&Service>> = BTreeMap::new();
    for service in services {
        domains.entry(key(service, level)).or_default().push(service);
    }
    domains.into_values().collect()
}

/// Which parts have a service in each of some sets.
fn touching(parts: &[Vec<&Service>], set: &[&Service]) -> BTreeSet<usize> {
    let is_in = |part: &[&Service]| part.iter().any(|service| set.contains(service));
    (0..parts.len()).filter(|&part| is_in(&parts[part])).collect()
}

/// The shares of the available services, by address, as their definition reads.
fn naive(topology: &Topology, digits: Digits, rules: Rules) -> Option<BTreeMap<&str, Exact>> {
    let bases = Exact::whole(digits.count());
    let available: Vec<_> = topology.services().iter().filter(|s| s.score() > 0).collect();
    let units = cut(&available, rules.get_level());
    let group_level = rules.get_min_dist().level();
    let groups = cut(&available, group_level);
    let cap = usize::from(rules.degradation_cap().unwrap_or(rules.replicas()));
    let of_units = units.iter().enumerate().map(|(place, unit)| {
        (BTreeSet::from([place]), bases * Exact::whole(cap.min(cut(unit, group_level).len())))
    });
    let of_groups = groups.iter().filter_map(|group| {
        let inside = touching(&units, group);
        (inside.len() > 1).then_some((inside, bases))
    });
    let limits: Vec<_> = of_units.chain(of_groups).collect();
    let total = bases * Exact::whole(rules.replicas().into());
    let mut shares = BTreeMap::new();
    for (unit, part) in units.iter().zip(fill(units.len(), &limits, total)?) {
        let alone: Vec<_> = unit.iter().map(|service| vec![*service]).collect();
        let limits: Vec<_> =
            cut(unit, group_level).iter().map(|group| (touching(&alone, group), bases)).collect();
        let parts = fill(unit.len(), &limits, part).expect("a unit takes what its limit lets");
        shares.extend(unit.iter().map(|service| service.address()).zip(parts));
    }
    Some(shares)
}

fn topologies() -> impl Strategy<Value = Topology> {
    let tokens = (0..4_u8, 0..3_u8, 0..5_u8, 0..4_u8);
    let spots = prop::collection::vec((tokens, 0..16_usize), 1..=200);
    (spots, 1..=4_u8, 1..=200_usize).prop_map(|(spots, sites, count)| {
        let service = |place: usize| {
            let ((site, rack, host, volume), odd) = spots[place];
            let tokens = [site % sites, rack, host, volume];
            // Most are whole and available.
            let missing = if odd < 4 { odd } else { 0 };
            let location = tokens[missing..].iter().join(".").parse().unwrap();
            Service::new(format!("s{place}"), location).with_score(i64::from(odd != 15))
        };
        Topology::new((0..spots.len().min(count)).map(service).collect()).unwrap()
    })
}

pub(crate) fn some_rules() -> impl Strategy<Value = Rules> {
    (1..=6_u16, 1..=4_u8, 0..4_usize, 0..=2_u16).prop_map(|(replicas, dist, level, degradation)| {
        Rules::new(replicas)
            .unwrap()
            .min_dist(dist.try_into().unwrap())
            .level(Level::ALL[level])
            .degradation(degradation)
    })
}

fn exact(ratio: Ratio) -> Exact {
    let (numerator, denominator) = ratio.parts();
    Exact::new(numerator.try_into().unwrap(), denominator.try_into().unwrap())
}

/// That every limit of the rules is kept, and that nothing is left over.
fn assert_limits(topology: &Topology, shares: &Shares, digits: Digits, rules: Rules) {
    let bases = Exact::whole(digits.count());
    let sum = |level| shares.domains(level).iter().map(|&share| exact(share));
    assert!(sum(rules.get_min_dist().level()).all(|share| !bases.is_below(share)));
    let cap = bases * Exact::whole(rules.degradation_cap().unwrap_or(rules.replicas()).into());
    assert!(sum(rules.get_level()).all(|share| !cap.is_below(share)));
    let total = bases * Exact::whole(rules.replicas().into());
    for level in Level::ALL {
        assert_eq!(sum(level).sum::<Exact>(), total);
        for (domain, &share) in topology.domains(level).iter().zip(shares.domains(level)) {
            let members = topology.members(domain).iter();
            let parts = members.map(|index| exact(shares.services()[index.index()]));
            assert_eq!(exact(share), parts.sum());
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn progressive_filling_gives_the_same(
        topology in topologies(),
        digits in 0..=4_u8,
        rules in some_rules(),
    ) {
        let digits = Digits::try_from(digits).unwrap();
        let wanted = naive(&topology, digits, rules);
        let found = Shares::new(&topology, digits, rules);
        prop_assert_eq!(wanted.is_some(), found.is_ok());
        let (Some(wanted), Ok(shares)) = (wanted, found) else { return Ok(()) };
        for (service, &share) in topology.services().iter().zip(shares.services()) {
            let wanted = wanted.get(service.address()).copied().unwrap_or(Exact(0, 1));
            prop_assert_eq!(exact(share), wanted, "{}", service);
        }
        for (band, &share) in shares.service_bands().zip(shares.services()) {
            prop_assert_eq!(band, Band { floor: share.floor(), ceil: share.ceil() });
        }
        assert_limits(&topology, &shares, digits, rules);
    }

    #[test]
    fn a_refusal_proves_itself(topology in topologies(), rules in some_rules()) {
        let Err(error) = Shares::new(&topology, Digits::MAX, rules) else { return Ok(()) };
        let capacity: u64 = error.domains.iter().map(|d| u64::from(d.cap)).sum();
        prop_assert_eq!(capacity, error.capacity);
        prop_assert!(error.capacity < error.wanted.into());
        prop_assert_eq!(error.wanted, rules.replicas());
    }
}
