//! The check against an example of each breach, and against a slow, plain one.

use std::collections::{BTreeMap, BTreeSet};

use itertools::Itertools;
use meta0::{
    BreachKind, CheckOptions, CheckReport, Digits, Level, PrefixMapping, Rules, Service, Shares,
    Topology,
};
use proptest::prelude::*;

use crate::notation::{self, mapping, topology};
use crate::share::some_rules;

/// Every base of one digit on the same services, but for those said.
fn filled(names: &[&str], others: &str) -> PrefixMapping {
    notation::filled(1, names, others)
}

fn rules(replicas: u16, min_dist: &str) -> Rules {
    Rules::new(replicas).unwrap().min_dist(min_dist.parse().unwrap())
}

#[track_caller]
fn check(mapping: &PrefixMapping, topology: &Topology, rules: Rules) -> CheckReport {
    mapping.check(topology, &CheckOptions::new(rules)).unwrap()
}

/// That there are breaches of one kind alone, and how the examples read.
#[track_caller]
fn assert_only(report: &CheckReport, kind: BreachKind, wanted: &[&str]) {
    for other in BreachKind::ALL.into_iter().filter(|&other| other != kind) {
        assert_eq!(report.count(other), 0, "{other}: {:?}", report.examples(other));
    }
    let examples: Vec<_> = report.examples(kind).iter().map(ToString::to_string).collect();
    assert_eq!(examples, wanted);
    assert!(report.examples(kind).iter().all(|breach| breach.kind() == kind));
    assert_eq!(report.count(kind), wanted.len() as u64);
    assert!(!report.is_valid() && !report.is_clean());
}

const FOUR_HOSTS: &str = "a=r1.h1.d b=r1.h2.d c=r2.h3.d d=r2.h4.d";

#[test]
fn a_missing_base() {
    let mut mapping = filled(&["a", "b", "c"], "0: a b d");
    mapping.assign_services(mapping.digits().base(10).unwrap(), []).unwrap();
    let report = check(&mapping, &topology(FOUR_HOSTS), rules(3, "2"));
    assert_only(&report, BreachKind::Missing, &["base \"A\" has no replica"]);
    assert_eq!(report.tolerated(Level::Volume), None);
}

#[test]
fn a_short_base() {
    let mapping = filled(&["a", "b", "c"], "3: a | 5: b d");
    let report = check(&mapping, &topology(FOUR_HOSTS), rules(3, "2"));
    let wanted =
        ["base \"3\" has 1 replica, not 3, on a", "base \"5\" has 2 replicas, not 3, on b and d"];
    assert_only(&report, BreachKind::Short, &wanted);
    assert_eq!(report.examples(BreachKind::Short)[1].services(), ["b", "d"]);
    assert_eq!(report.examples(BreachKind::Short)[1].base().index(), 5);
}

#[test]
fn an_excess_base() {
    let mapping = filled(&["a", "b", "c"], "F: a b c d");
    let report = check(&mapping, &topology(FOUR_HOSTS), rules(3, "2"));
    let wanted = "base \"F\" has 4 replicas, not 3, on a, b, c and d";
    assert_only(&report, BreachKind::Excess, &[wanted]);
}

#[test]
fn a_service_under_two_names() {
    let topology = topology("a#ida=h1.d b=h2.d c=h3.d");
    let mapping = filled(&["ida", "b", "c"], "1: a b c ida");
    for mapping in [mapping.resolve(&topology), mapping] {
        let report = check(&mapping, &topology, rules(3, "2"));
        assert_only(&report, BreachKind::Duplicate, &["base \"1\" names a more than once"]);
        assert!(report.loads().iter().all(|service| service.load() == 16));
        assert_eq!(report.outside_band() + report.domains_outside_band(), 0);
    }
}

#[test]
fn a_name_that_no_service_has() {
    let mapping = filled(&["a", "b", "c"], "2: a b gone");
    let report = check(&mapping, &topology(FOUR_HOSTS), rules(3, "2"));
    let wanted = "base \"2\" is on gone, which no service has for its name";
    assert_only(&report, BreachKind::Unknown, &[wanted]);
    let gone = report.loads().last().unwrap();
    assert_eq!((gone.name(), gone.service(), gone.load()), ("gone", None, 1));
    assert_eq!(gone.band().ceil, 0);
}

#[test]
fn an_unknown_name_that_stands_twice() {
    let known = topology("b=h1 x#y=h2");
    let mapping = filled(&["b", "u", "v"], "7: b x y").resolve(&known);
    let options = CheckOptions::new(rules(3, "1")).examples(0);
    let report = mapping.check(&topology("b=h1 c=h2 d=h3"), &options).unwrap();
    assert_eq!(report.count(BreachKind::Duplicate), 1);
    assert_eq!(report.count(BreachKind::Unknown), 15 * 2 + 1);
    assert_eq!(report.count(BreachKind::Short), 1);
}

#[test]
fn an_unavailable_service() {
    let mapping = filled(&["a", "b", "c"], "2: a b e | 3: a e c");
    let topology = topology(&format!("{FOUR_HOSTS} e=r3.h5.d!0"));
    let report = check(&mapping, &topology, rules(3, "2"));
    let wanted = [2, 3].map(|base| format!("base \"{base}\" is on e, which is unavailable"));
    assert_only(&report, BreachKind::Unavailable, &wanted.each_ref().map(String::as_str));
    // e's two replicas are breaches, not loads outside a band.
    let [a, b, c, d] = [16_u64, 15, 15, 0].map(|load| load.abs_diff(12));
    assert_eq!(report.outside_band(), a + b + c + d);
}

#[test]
fn replicas_too_close() {
    let topology = topology("a=r1.h1.d b=r1.h1.e c=r2.h3.d d=r2.h4.d");
    let mapping = filled(&["a", "c", "d"], "7: a b c");
    let report = check(&mapping, &topology, rules(3, "2"));
    let wanted = "base \"7\" has replicas at distance 1, not 2 or more, on a and b";
    assert_only(&report, BreachKind::TooClose, &[wanted]);
}

#[test]
fn too_many_replicas_in_one_domain() {
    let topology = topology("a=r1.h1.d b=r1.h2.d c=r1.h3.d d=r2.h4.d e=r3.h5.d f=r3.h6.d");
    let mapping = filled(&["a", "b", "d", "e", "f"], "7: a b c d e");
    let rules = rules(5, "2").level(Level::Rack).degradation(1);
    let report = check(&mapping, &topology, rules);
    let wanted = "base \"7\" has 3 replicas in rack r1, not 2 or fewer, on a, b and c";
    assert_only(&report, BreachKind::Degradation, &[wanted]);
    let tolerated = Level::ALL.map(|level| report.tolerated(level).unwrap());
    assert_eq!(tolerated, [0, 0, 2, 2]);
}

#[test]
fn a_clean_mapping_and_its_text() {
    let topology = topology("a=h1.d b=h2.d c=h3.d");
    let report = check(&filled(&["a", "b", "c"], "0: a b c"), &topology, rules(3, "2"));
    assert!(report.is_valid() && report.is_clean());
    let wanted = "no breach: every base keeps the rules\n\
                  outside band: 0 on services, 0 on domains\n\
                  tolerated: site 0, rack 0, host 1, volume 1";
    assert_eq!(report.to_string(), wanted);
}

#[test]
fn the_text_of_a_broken_mapping() {
    let topology = topology("a=h1.d b=h2.d c=h3.d");
    let options = CheckOptions::new(rules(3, "2")).examples(1);
    let report = mapping(0, ":x y").check(&topology, &options).unwrap();
    let wanted = "short: 1 base\n  base \"\" has 2 replicas, not 3, on x and y\n\
                  unknown: 2 replicas\n  base \"\" is on x, which no service has for its name\n  \
                  and 1 more\n\
                  outside band: 3 on services, 12 on domains\n\
                  tolerated: nothing, some base has no quorum even now";
    assert_eq!(report.to_string(), wanted);
    assert_eq!(report.count(BreachKind::Unknown), 2);
}

#[test]
fn rules_that_nothing_satisfies_are_refused() {
    let error = mapping(0, ": a b")
        .check(&topology("a=h1.d b=h1.e"), &CheckOptions::new(rules(2, "2")))
        .unwrap_err();
    assert_eq!((error.wanted, error.capacity), (2, 1));
}

#[test]
fn a_tolerance_widens_the_bands() {
    let mapping = filled(&["a", "b", "c"], "0: a b d | 1: a b d | 2: a b d | 3: a b d");
    let topology = topology(FOUR_HOSTS);
    let options = CheckOptions::new(rules(3, "2"));
    let outside = |tolerance: &str| {
        let options = options.tolerance(tolerance.parse().unwrap());
        mapping.check(&topology, &options).unwrap().outside_band()
    };
    assert_eq!([outside("0"), outside("25%"), outside("2/3")], [16, 7, 0]);
}

/// A service as a few small numbers.
#[derive(Debug, Clone)]
struct Spot {
    tokens: [u8; 4],
    depth: usize,
    is_available: bool,
    has_id: bool,
}

fn spots() -> impl Strategy<Value = Vec<Spot>> {
    let tokens = (0..3_u8, 0..3_u8, 0..4_u8, 0..3_u8);
    let spot = (tokens, 1..=4_usize, 0..8_u8, any::<bool>()).prop_map(
        |((site, rack, host, volume), depth, score, has_id)| Spot {
            tokens: [site, rack, host, volume],
            depth: if score > 4 { depth } else { 4 },
            is_available: score > 0,
            has_id,
        },
    );
    prop::collection::vec(spot, 1..=60)
}

fn topology_of(spots: &[Spot]) -> Topology {
    let service = |(place, spot): (usize, &Spot)| {
        let location = spot.tokens[4 - spot.depth..].iter().join(".");
        let score = i64::from(spot.is_available);
        let service =
            Service::new(format!("s{place}"), location.parse().unwrap()).with_score(score);
        if spot.has_id { service.with_id(format!("i{place}")) } else { service }
    };
    Topology::new(spots.iter().enumerate().map(service).collect()).unwrap()
}

/// Every base on `replicas` services at even steps, then some of them on
/// anything: services, ids, and names that nobody has.
fn mapping_of(
    spots: &[Spot],
    rules: Rules,
    digits: u8,
    damage: &[(usize, Vec<u16>)],
) -> PrefixMapping {
    let digits = Digits::try_from(digits).unwrap();
    let count = spots.len();
    let mut mapping = PrefixMapping::new(digits);
    for base in digits.bases() {
        let step = (count / usize::from(rules.replicas())).max(1);
        let names: BTreeSet<_> = (0..usize::from(rules.replicas()))
            .map(|replica| format!("s{}", (base.index() + replica * step) % count))
            .collect();
        mapping.assign_services(base, names.iter().map(String::as_str)).unwrap();
    }
    for (base, codes) in damage {
        let name = |&code: &u16| {
            let place = usize::from(code) % (count + 3);
            let is_id = code > 0x8000 && spots.get(place).is_some_and(|spot| spot.has_id);
            format!("{}{place}", if is_id { "i" } else { "s" })
        };
        let names: BTreeSet<_> = codes.iter().map(name).collect();
        let base = digits.base(base % digits.count()).unwrap();
        mapping.assign_services(base, names.iter().map(String::as_str)).unwrap();
    }
    mapping
}

/// The check as its definitions read, with names for everything.
struct Naive<'a> {
    topology: &'a Topology,
    rules: Rules,
    counts: BTreeMap<BreachKind, u64>,
    first: BTreeMap<BreachKind, usize>,
    loads: BTreeMap<String, u64>,
    tolerated: [Option<u32>; 4],
}

impl<'a> Naive<'a> {
    fn new(mapping: &PrefixMapping, topology: &'a Topology, rules: Rules) -> Self {
        let mut naive = Self {
            topology,
            rules,
            counts: BTreeMap::new(),
            first: BTreeMap::new(),
            loads: BTreeMap::new(),
            tolerated: [Some(u32::MAX); 4],
        };
        for base in mapping.digits().bases() {
            naive.look_at(base.index(), &mapping.services_of(base).collect::<Vec<_>>());
        }
        naive
    }

    fn service(&self, name: &str) -> Option<&'a Service> {
        let mut services = self.topology.services().iter();
        services.find(|service| service.address() == name || service.id() == Some(name))
    }

    fn add(&mut self, kind: BreachKind, base: usize, count: usize) {
        if count > 0 {
            *self.counts.entry(kind).or_default() += count as u64;
            self.first.entry(kind).or_insert(base);
        }
    }

    fn look_at(&mut self, base: usize, names: &[&str]) {
        let resolve = |name: &&str| self.service(name).map_or(*name, Service::address).to_owned();
        let distinct: BTreeSet<String> = names.iter().map(resolve).collect();
        for name in &distinct {
            *self.loads.entry(name.clone()).or_default() += 1;
        }
        let known: Vec<_> = distinct.iter().filter_map(|name| self.service(name)).collect();
        let wanted = usize::from(self.rules.replicas());
        self.add(BreachKind::Missing, base, usize::from(distinct.is_empty()));
        let is_short = !distinct.is_empty() && distinct.len() < wanted;
        self.add(BreachKind::Short, base, usize::from(is_short));
        self.add(BreachKind::Excess, base, usize::from(distinct.len() > wanted));
        self.add(BreachKind::Duplicate, base, usize::from(distinct.len() < names.len()));
        self.add(BreachKind::Unknown, base, distinct.len() - known.len());
        let dead = known.iter().filter(|service| service.score() <= 0).count();
        self.add(BreachKind::Unavailable, base, dead);
        let is_close = |[a, b]: [&&Service; 2]| {
            a.location().distance(b.location()) < self.rules.get_min_dist().get()
        };
        let too_close = known.iter().array_combinations().any(is_close);
        self.add(BreachKind::TooClose, base, usize::from(too_close));
        let domains = domains(&known, self.rules.get_level());
        let cap = usize::from(self.rules.degradation_cap().unwrap_or(self.rules.replicas()));
        let crowded = self.rules.get_degradation() > 0 && domains.values().any(|&n| n > cap);
        self.add(BreachKind::Degradation, base, usize::from(crowded));
        let sound: Vec<_> = known.into_iter().filter(|service| service.score() > 0).collect();
        for level in Level::ALL {
            let withstands = withstands(&sizes(&sound, level), self.rules.quorum().into());
            let least = &mut self.tolerated[level.index()];
            *least = least.zip(withstands).map(|(a, b)| a.min(b));
        }
    }
}

fn domains<'a>(services: &[&'a Service], level: Level) -> BTreeMap<[Option<&'a str>; 4], usize> {
    let mut domains = BTreeMap::new();
    for service in services {
        let token = |at: Level| if at <= level { service.location().token(at) } else { None };
        *domains.entry(Level::ALL.map(token)).or_default() += 1;
    }
    domains
}

fn sizes(services: &[&Service], level: Level) -> Vec<usize> {
    domains(services, level).into_values().collect()
}

/// The largest `k` such that no `k` domains, of all the ways to choose them,
/// leave less than a quorum.
fn withstands(sizes: &[usize], quorum: usize) -> Option<u32> {
    let all: usize = sizes.iter().sum();
    let survives = |k: &usize| {
        sizes.iter().combinations(*k).all(|lost| all - lost.into_iter().sum::<usize>() >= quorum)
    };
    let least = (0..=sizes.len()).take_while(survives).last()?;
    Some(u32::try_from(least).unwrap())
}

#[track_caller]
fn assert_same(report: &CheckReport, naive: &Naive<'_>, shares: &Shares) {
    for kind in BreachKind::ALL {
        assert_eq!(report.count(kind), naive.counts.get(&kind).copied().unwrap_or(0), "{kind}");
        let first = report.examples(kind).first().map(|breach| breach.base().index());
        assert_eq!(first, naive.first.get(&kind).copied(), "{kind}");
        assert!(report.examples(kind).is_sorted_by_key(meta0::Breach::base));
        assert_eq!(report.examples(kind).len() as u64, report.count(kind).min(5));
    }
    for level in Level::ALL {
        assert_eq!(report.tolerated(level), naive.tolerated[level.index()], "{level}");
    }
    let mut loads = naive.loads.clone();
    for service in naive.topology.services() {
        loads.entry(service.address().to_owned()).or_default();
    }
    let found = report.loads().iter().map(|service| (service.name().to_owned(), service.load()));
    assert!(found.eq(loads.clone()));
    assert_same_bands(report, naive, shares, &loads);
}

fn assert_same_bands(
    report: &CheckReport,
    naive: &Naive<'_>,
    shares: &Shares,
    loads: &BTreeMap<String, u64>,
) {
    let mut outside = 0;
    for (service, band) in naive.topology.services().iter().zip(shares.service_bands()) {
        outside += if service.score() > 0 { band.distance(loads[service.address()]) } else { 0 };
    }
    assert_eq!(report.outside_band(), outside);
    let mut outside = 0;
    for level in Level::ALL {
        let domains = naive.topology.domains(level).iter().zip(shares.domain_bands(level));
        for ((domain, band), found) in domains.zip(report.domain_loads(level)) {
            let services =
                naive.topology.members(domain).iter().filter_map(|&at| naive.topology.service(at));
            let available = services.filter(|service| service.score() > 0);
            let load = available.map(|service| loads[service.address()]).sum();
            assert_eq!((found.load(), found.band()), (load, band));
            outside += band.distance(load);
        }
    }
    assert_eq!(report.domains_outside_band(), outside);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn agrees_with_the_plain_check(
        spots in spots(),
        rules in some_rules(10),
        digits in 0..=2_u8,
        damage in prop::collection::vec((0..256_usize, prop::collection::vec(any::<u16>(), 0..=12)), 0..20),
    ) {
        let topology = topology_of(&spots);
        let mapping = mapping_of(&spots, rules, digits, &damage);
        let Ok(shares) = Shares::new(&topology, mapping.digits(), rules) else {
            prop_assert!(mapping.check(&topology, &CheckOptions::new(rules)).is_err());
            return Ok(());
        };
        let naive = Naive::new(&mapping, &topology, rules);
        for mapping in [mapping.resolve(&topology), mapping] {
            assert_same(&check(&mapping, &topology, rules), &naive, &shares);
        }
    }
}
