//! The check against a slow, plain one.

use std::collections::{BTreeMap, BTreeSet};

use itertools::Itertools;
use meta0::{
    BreachKind, CheckOptions, CheckReport, Digits, Level, PrefixMapping, Rules, Service, Tolerance,
    Topology,
};
use proptest::prelude::*;

use super::check;
use crate::bands::{Bands, cut};
use crate::instance::Instance;
use crate::judge::Standing;
use crate::share::some_rules;

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
    Topology::new(spots.iter().enumerate().map(service)).unwrap()
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
    /// The breaches by the words of a report, and the first base of each.
    counts: BTreeMap<&'static str, u64>,
    first: BTreeMap<&'static str, usize>,
    loads: BTreeMap<String, u64>,
    tolerated: [Option<u32>; 4],
}

impl<'a> Naive<'a> {
    fn new(mapping: &PrefixMapping, topology: &'a Topology, rules: Rules) -> Self {
        let mut naive = Self {
            topology,
            counts: BTreeMap::new(),
            first: BTreeMap::new(),
            loads: BTreeMap::new(),
            tolerated: [Some(u32::MAX); 4],
        };
        for base in mapping.digits().bases() {
            naive.look_at(base.index(), mapping.services_of(base), rules);
        }
        naive
    }

    fn service(&self, name: &str) -> Option<&'a Service> {
        let mut services = self.topology.services().iter();
        services.find(|service| service.address() == name || service.id() == Some(name))
    }

    fn look_at<'m>(&mut self, base: usize, names: impl Iterator<Item = &'m str>, rules: Rules) {
        let names: Vec<&str> =
            names.map(|name| self.service(name).map_or(name, Service::address)).collect();
        let standing = Standing::of(names.iter().copied(), self.topology, rules);
        for (kind, count) in standing.breaches {
            *self.counts.entry(kind).or_default() += count as u64;
            self.first.entry(kind).or_insert(base);
        }
        let distinct: BTreeSet<&str> = names.into_iter().collect();
        for name in &distinct {
            *self.loads.entry((*name).to_owned()).or_default() += 1;
        }
        let known = distinct.iter().filter_map(|name| self.service(name));
        let alive: Vec<_> =
            known.filter(|service| service.is_up() && service.score() > 0).collect();
        for level in Level::ALL {
            let sizes: Vec<_> = cut(&alive, level).iter().map(Vec::len).collect();
            let withstands = withstands(&sizes, distinct.len() / 2 + 1);
            let least = &mut self.tolerated[level.index()];
            *least = least.zip(withstands).map(|(a, b)| a.min(b));
        }
    }
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
fn assert_same(report: &CheckReport, naive: &Naive<'_>, bands: &Bands) {
    for kind in BreachKind::ALL {
        let word = kind.to_string();
        let count = naive.counts.get(&*word).copied().unwrap_or(0);
        assert_eq!(report.count(kind), count, "{kind}");
        let first = report.examples(kind).first().map(|breach| breach.base().index());
        assert_eq!(first, naive.first.get(&*word).copied(), "{kind}");
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
    assert_same_bands(report, naive, bands, &loads);
}

fn assert_same_bands(
    report: &CheckReport,
    naive: &Naive<'_>,
    bands: &Bands,
    loads: &BTreeMap<String, u64>,
) {
    let mut outside = 0;
    for (service, band) in naive.topology.services().iter().zip(&bands.services) {
        outside += if service.is_up() && service.score() > 0 {
            band.distance(loads[service.address()])
        } else {
            0
        };
    }
    assert_eq!(report.outside_band(), outside);
    let mut outside = 0;
    for level in Level::ALL {
        let domains = naive.topology.domains(level).iter().zip(bands.domains(level));
        for ((domain, band), found) in domains.zip(report.domain_loads(level)) {
            let services =
                naive.topology.members(domain).iter().filter_map(|&at| naive.topology.service(at));
            let available = services.filter(|service| service.is_up() && service.score() > 0);
            let load = available.map(|service| loads[service.address()]).sum();
            assert_eq!((found.load(), found.band()), (load, *band));
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
        let tolerance = Tolerance::default();
        let instance = Instance { topology, mapping, rules, tolerance };
        let _context = instance.context();
        let Instance { topology, mapping, .. } = instance;
        let Some(bands) = Bands::new(&topology, mapping.digits(), rules, tolerance) else {
            prop_assert!(mapping.check(&topology, &CheckOptions::new(rules)).is_err());
            return Ok(());
        };
        let naive = Naive::new(&mapping, &topology, rules);
        for mapping in [mapping.resolve(&topology), mapping] {
            assert_same(&check(&mapping, &topology, rules), &naive, &bands);
        }
    }
}
