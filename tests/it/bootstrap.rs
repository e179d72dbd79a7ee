//! Bootstrap against its definition, base by base, and against chance.

#![expect(clippy::unwrap_used, reason = "what fails is the test")]

use std::collections::BTreeMap;

use itertools::{Itertools, iproduct};
use meta0::{
    BootstrapError, BootstrapOptions, Digits, Level, PrefixMapping, Rules, Service, Shares,
    Tolerance, Topology,
};
use proptest::prelude::*;
use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use rand::{RngExt, SeedableRng};

use crate::bands::{self, Exact};
use crate::judge::{assert_valid_and_balanced, loads};
use crate::notation;
use crate::share::some_rules;

#[track_caller]
fn bootstrap(topology: &Topology, digits: Digits, rules: Rules, seed: u64) -> PrefixMapping {
    let options = BootstrapOptions::new(rules).seed(seed);
    PrefixMapping::bootstrap(topology, digits, &options).unwrap()
}

/// Domains differ in size: of two tokens drawn, a service has the lower.
fn topologies() -> impl Strategy<Value = Topology> {
    let token = |most: u8| (0..most, 0..most).prop_map(|(a, b)| a.min(b));
    let shape = (1..=6_u8, 1..=5_u8, 1..=8_u8, 1..=6_u8, 1..=4_usize, 0..=30_u8);
    let services = shape.prop_flat_map(move |(sites, racks, hosts, volumes, depth, absent)| {
        let tokens = (token(sites), token(racks), token(hosts), token(volumes));
        let service = (tokens, Just(depth), 0..100_u8).prop_map(move |(tokens, depth, luck)| {
            let tokens = [tokens.0, tokens.1, tokens.2, tokens.3];
            (tokens[4 - depth..].iter().join("."), luck >= absent)
        });
        prop::collection::vec(service, 1..=200)
    });
    services.prop_map(|services| {
        let service = |(place, (location, is_available)): (usize, (String, bool))| {
            Service::new(format!("s{place}"), location.parse().unwrap())
                .with_score(i64::from(is_available))
        };
        Topology::new(services.into_iter().enumerate().map(service)).unwrap()
    })
}

fn some_digits() -> impl Strategy<Value = Digits> {
    prop_oneof![9 => 0..=2_u8, 9 => Just(2), 6 => Just(3), 1 => Just(4)].prop_map(notation::digits)
}

/// Panics unless each base has, in every domain of every level, `floor` or
/// `ceil` of the domain's share of a base.
#[track_caller]
fn assert_spread(mapping: &PrefixMapping, topology: &Topology, rules: Rules) {
    let shares = bands::shares(topology, mapping.digits(), rules).unwrap();
    for level in Level::ALL {
        let limits = topology.domains(level).iter().map(|domain| {
            let members = topology.members(domain).iter();
            let addresses = members.map(|index| topology.services()[index.index()].address());
            let share: Exact = addresses.filter_map(|address| shares.get(address)).copied().sum();
            let of_base = share.over(mapping.num_bases());
            of_base.floor()..=of_base.ceil()
        });
        let limits: Vec<_> = limits.collect();
        for base in mapping.digits().bases() {
            let mut held = vec![0; limits.len()];
            for name in mapping.services_of(base) {
                let service = topology.find(name).unwrap();
                held[topology.domain_of(level, service).unwrap()] += 1;
            }
            for (domain, (held, limits)) in held.iter().zip(&limits).enumerate() {
                let name = topology.domains(level)[domain].name();
                assert!(limits.contains(held), "{base} has {held} on {level} {name}: {limits:?}");
            }
        }
    }
}

/// Whether bases could swap what they hold, and the mapping be another.
fn has_room(mapping: &PrefixMapping) -> bool {
    !mapping.digits().bases().map(|base| mapping.services_of(base).collect_vec()).all_equal()
}

fn config(cases: u32) -> ProptestConfig {
    ProptestConfig {
        cases,
        failure_persistence: None,
        max_global_rejects: 10 * cases,
        ..ProptestConfig::default()
    }
}

proptest! {
    #![proptest_config(config(1000))]

    #[test]
    fn every_base_is_valid_and_spread_and_every_load_in_its_band(
        topology in topologies(),
        digits in some_digits(),
        rules in some_rules(6),
        seed in any::<u64>(),
    ) {
        let options = BootstrapOptions::new(rules).seed(seed);
        let found = PrefixMapping::bootstrap(&topology, digits, &options);
        if let Err(refusal) = Shares::new(&topology, digits, rules) {
            prop_assert_eq!(found.unwrap_err(), BootstrapError::Unsatisfiable(refusal));
            return Ok(());
        }
        let mapping = found.unwrap();
        prop_assert_eq!(mapping.digits(), digits);
        assert_valid_and_balanced(&mapping, &topology, rules, Tolerance::default());
        assert_spread(&mapping, &topology, rules);
        for (service, load) in topology.services().iter().zip(loads(&mapping, &topology)) {
            prop_assert!(service.is_available() || load == 0, "{service} has {load}");
        }
    }
}

proptest! {
    #![proptest_config(config(400))]

    #[test]
    fn a_seed_changes_the_mix_and_nothing_else(
        topology in topologies(),
        digits in (0..=2_u8).prop_map(notation::digits),
        rules in some_rules(6),
    ) {
        prop_assume!(Shares::new(&topology, digits, rules).is_ok());
        let first = bootstrap(&topology, digits, rules, 0);
        let others = (1..=16).map(|seed| bootstrap(&topology, digits, rules, seed)).collect_vec();
        for other in &others {
            prop_assert!(
                other.count_bases_by_service().eq(first.count_bases_by_service())
            );
        }
        prop_assert_eq!(others.iter().any(|other| *other != first), has_room(&first));
    }

    #[test]
    fn the_order_of_the_services_makes_no_difference(
        topology in topologies(),
        digits in (0..=2_u8).prop_map(notation::digits),
        rules in some_rules(6),
        seed in any::<u64>(),
    ) {
        prop_assume!(Shares::new(&topology, digits, rules).is_ok());
        let mut services = topology.services().to_vec();
        services.shuffle(&mut StdRng::seed_from_u64(seed));
        let shuffled = Topology::new(services).unwrap();
        let text = bootstrap(&topology, digits, rules, seed).to_json();
        prop_assert!(bootstrap(&shuffled, digits, rules, seed).to_json() == text);
    }
}

/// A domain, or a service: what it has inside, and its share of a base.
struct Tree {
    children: Vec<Self>,
    service: usize,
    share: f64,
}

impl Tree {
    /// The services of a list, alike so far, by what tells them apart below.
    fn new(topology: &Topology, shares: &[f64], services: &[usize], levels: &[Level]) -> Self {
        let Some((&level, finer)) = levels.split_first() else {
            let leaf = |&service| Self { children: vec![], service, share: shares[service] };
            return Self { children: services.iter().map(leaf).collect(), service: 0, share: 0.0 };
        };
        let mut domains: BTreeMap<_, Vec<usize>> = BTreeMap::new();
        for &service in services {
            let token = topology.services()[service].location().token(level);
            domains.entry(token).or_default().push(service);
        }
        let child = |members: &Vec<usize>| Self::new(topology, shares, members, finer);
        Self { children: domains.values().map(child).collect(), service: 0, share: 0.0 }
    }

    /// Puts siblings in random order, everywhere.
    fn shuffle(&mut self, rng: &mut StdRng) {
        self.children.shuffle(rng);
        self.children.iter_mut().for_each(|child| child.shuffle(rng));
    }

    /// Goes on by `end`, the length of the services so far, and takes the one
    /// that each whole step of `next` is on.
    fn sample(&self, end: &mut f64, next: &mut f64, taken: &mut Vec<usize>) {
        *end += self.share;
        while *next < *end {
            taken.push(self.service);
            *next += 1.0;
        }
        self.children.iter().for_each(|child| child.sample(end, next, taken));
    }
}

/// Bases that know nothing of each other: each takes a systematic sample of the
/// services from a random start, in an order of its own.
fn chance(topology: &Topology, shares: &Shares, bases: usize, seed: u64) -> Vec<Vec<usize>> {
    #[expect(clippy::cast_precision_loss, reason = "shares this small are near enough")]
    let share = |share: &meta0::Ratio| {
        let (numerator, denominator) = share.parts();
        numerator as f64 / denominator as f64 / bases as f64
    };
    let shares: Vec<_> = shares.services().iter().map(share).collect();
    let all: Vec<_> = (0..shares.len()).collect();
    let mut tree = Tree::new(topology, &shares, &all, &Level::ALL);
    let mut rng = StdRng::seed_from_u64(seed);
    let rows = (0..bases).map(|_| {
        tree.shuffle(&mut rng);
        let mut row = Vec::new();
        tree.sample(&mut 0.0, &mut rng.random(), &mut row);
        row
    });
    rows.collect()
}

/// How many partners the services have, summed over the services.
fn partners(services: usize, rows: impl Iterator<Item = Vec<usize>>) -> usize {
    let mut met = vec![false; services * services];
    for row in rows {
        for [a, b] in row.iter().array_combinations() {
            met[a * services + b] = true;
            met[b * services + a] = true;
        }
    }
    met.iter().filter(|met| **met).count()
}

/// Services over sites, racks and hosts, each domain as large as its siblings
/// or not.
#[derive(Debug, Clone, Copy)]
enum Shape {
    /// One volume on each host, and nothing above.
    Hosts,
    /// Racks of 8 hosts of 4 volumes, and no sites.
    Racks,
    /// The same on 3 sites.
    Sites,
    /// The same on 5 sites.
    ManySites,
    /// Sites that compare as 2, 5 and 11, with racks of 3 to 7 hosts.
    UnevenSites,
    /// Racks that double in size, up to half of all.
    UnevenRacks,
}

impl Shape {
    const ALL: [Self; 6] = [
        Self::Hosts,
        Self::Racks,
        Self::Sites,
        Self::ManySites,
        Self::UnevenSites,
        Self::UnevenRacks,
    ];

    fn location(self, service: usize) -> String {
        let (rack, host, volume) = (service / 32, service / 4, service % 4);
        match self {
            Self::Hosts => format!("h{service}.v"),
            Self::Racks => format!("r{rack}.h{host}.v{volume}"),
            Self::Sites => format!("s{}.r{}.h{host}.v{volume}", host % 3, host / 24),
            Self::ManySites => format!("s{}.r{}.h{host}.v{volume}", host % 5, host / 40),
            Self::UnevenSites => {
                let site = [2, 7, 18].partition_point(|end| service % 18 >= *end);
                let rack = service / 18 % (site + 3);
                format!("s{site}.r{rack}.h{}.v{service}", service / 18 % 7)
            }
            Self::UnevenRacks => format!("r{}.h{host}.v{volume}", (host + 1).ilog2()),
        }
    }

    fn topology(self, services: usize) -> Topology {
        let service =
            |place| Service::new(format!("s{place:04}"), self.location(place).parse().unwrap());
        Topology::new((0..services).map(service)).unwrap()
    }
}

#[test]
fn more_replicas_than_a_mapping_holds_are_refused() {
    let service = |n| Service::new(format!("s{n:04}"), format!("h{n}").parse().unwrap());
    let topology = Topology::new((0..4097).map(service)).unwrap();
    let options = BootstrapOptions::new(Rules::new(4097).unwrap());
    let refused = PrefixMapping::bootstrap(&topology, Digits::MAX, &options).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "4097 replicas are too many: a base of 4 digits has room for 4096"
    );
    assert!(PrefixMapping::bootstrap(&topology, notation::digits(1), &options).is_ok());
}

/// The partners of a bootstrap as a part of those that chance gives; `None`
/// when the rules can't be kept.
fn mix(topology: &Topology, digits: Digits, rules: Rules) -> Option<f64> {
    let shares = Shares::new(topology, digits, rules).ok()?;
    let services = topology.services().len();
    let mapping = bootstrap(topology, digits, rules, 0);
    let row = |base| {
        let holders = mapping.services_of(base).filter_map(|name| topology.find(name));
        holders.map(meta0::ServiceIndex::index).collect()
    };
    let found = partners(services, digits.bases().map(row));
    let wanted = partners(services, chance(topology, &shares, digits.count(), 1).into_iter());
    #[expect(clippy::cast_precision_loss, reason = "a ratio to compare with 0.9")]
    Some(found as f64 / wanted as f64)
}

/// Panics unless a cluster of so many services is mixed, whatever its shape.
#[track_caller]
fn assert_mixed(services: usize, min_dists: &[u8], replicas: &[u16], digits: &[u8]) {
    let cases = iproduct!(Shape::ALL, min_dists, replicas, digits);
    let mixes = cases.filter_map(|(shape, &min_dist, &replicas, &digits)| {
        let rules = Rules::new(replicas).unwrap().min_dist(min_dist.try_into().unwrap());
        let mix = mix(&shape.topology(services), notation::digits(digits), rules)?;
        Some((mix, format!("{shape:?} x {replicas} at {min_dist}, {digits} digits")))
    });
    let mixes = mixes.collect_vec();
    let poor = mixes.iter().filter(|(mix, _)| *mix < 0.9).collect_vec();
    assert!(poor.is_empty() && mixes.len() > 5, "{services} services: {poor:?}");
}

#[test]
fn services_have_as_many_partners_as_by_chance() {
    for services in [96, 200, 500, 1000] {
        assert_mixed(services, &[1, 2, 3], &[2, 3, 5], &[2, 3]);
    }
}

#[test]
fn they_have_with_all_digits() {
    for services in [96, 1000] {
        assert_mixed(services, &[1], &[3], &[4]);
    }
}

/// The digests of some mappings, which no later version may change in silence.
#[test]
fn the_bytes_stay_the_same() {
    let digest = |services, shape: Shape, digits, replicas, seed| {
        let rules = Rules::new(replicas).unwrap().min_dist("2".parse().unwrap());
        bootstrap(&shape.topology(services), notation::digits(digits), rules, seed).digest()
    };
    let found = [
        digest(3, Shape::Hosts, 0, 3, 0),
        digest(12, Shape::Hosts, 4, 3, 0),
        digest(12, Shape::Hosts, 4, 3, 1),
        digest(96, Shape::UnevenRacks, 2, 5, 0),
        digest(200, Shape::Racks, 3, 2, u64::MAX),
        digest(1000, Shape::UnevenSites, 4, 3, 0),
    ];
    let wanted = [
        0xA99D_7120_C0B8_3ABC,
        0x3487_A04D_8D67_806F,
        0xDAA0_01AB_FF3B_BA3A,
        0xB28E_D04C_0F04_5C22,
        0x87EC_18A6_AA87_DECE,
        0xBC51_5506_752E_8D50,
    ];
    assert_eq!(found, wanted, "{found:#018X?}");
}
