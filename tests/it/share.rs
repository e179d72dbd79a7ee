//! Fair shares against the vectors, and against plain progressive filling.

use itertools::Itertools;
use meta0::{Band, Digits, Level, Rules, Service, Shares, Topology};
use proptest::prelude::*;

use crate::bands::{self, Exact};
use crate::judge::cap;
use crate::notation;
use crate::vectors::{Vector, vectors};

#[test]
fn every_vector_has_its_bands() {
    for Vector { name, topology, mapping, rules, expected } in vectors() {
        let shares = Shares::new(&topology, mapping.digits(), rules);
        assert_eq!(shares.is_ok(), expected.is_some(), "{name}");
        let (Ok(shares), Some(expected)) = (shares, expected) else { continue };
        for (service, band) in topology.services().iter().zip(shares.service_bands()) {
            let wanted = expected.bands.get(service.address()).copied();
            assert_eq!(wanted.is_some(), service.is_available(), "{name}: {service}");
            assert_eq!(band, wanted.unwrap_or_default(), "{name}: {service}");
        }
    }
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
        Topology::new((0..spots.len().min(count)).map(service)).unwrap()
    })
}

/// Rules of up to so many replicas; half of them cap some levels outright.
pub(crate) fn some_rules(replicas: u16) -> impl Strategy<Value = Rules> {
    let cap = prop::option::of(1..=replicas + 1);
    let at_most = prop_oneof![Just([None; 4]), prop::array::uniform4(cap)];
    (1..=replicas, 1..=4_u8, 0..=4_usize, 0..=2_u16, at_most).prop_map(
        |(replicas, dist, level, degradation, at_most)| {
            let rules = Rules::new(replicas).unwrap().min_dist(dist.try_into().unwrap());
            let rules = rules.degradation(degradation).unwrap_or(rules);
            let rules = Level::ALL.get(level).map_or(rules, |&level| rules.level(level));
            Level::ALL.into_iter().zip(at_most).fold(rules, |rules, (level, cap)| {
                cap.map_or(rules, |cap| rules.at_most(level, cap).unwrap())
            })
        },
    )
}

/// That every limit of the rules is kept, and that nothing is left over.
fn assert_limits(topology: &Topology, shares: &Shares, digits: Digits, rules: Rules) {
    let bases = Exact::whole(digits.count());
    let total = bases * Exact::whole(rules.replicas().into());
    for level in Level::ALL {
        let sums: Vec<Exact> = shares.domains(level).iter().map(|&sum| sum.into()).collect();
        let cap = bases * Exact::whole(cap(rules, level));
        assert!(sums.iter().all(|&sum| sum <= cap), "{level}");
        assert_eq!(sums.iter().copied().sum::<Exact>(), total);
        for (domain, sum) in topology.domains(level).iter().zip(sums) {
            let members = topology.members(domain).iter();
            let parts = members.map(|index| Exact::from(shares.services()[index.index()]));
            assert_eq!(sum, parts.sum());
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn progressive_filling_gives_the_same(
        topology in topologies(),
        digits in (0..=4_u8).prop_map(notation::digits),
        rules in some_rules(6),
    ) {
        let wanted = bands::shares(&topology, digits, rules);
        let found = Shares::new(&topology, digits, rules);
        prop_assert_eq!(wanted.is_some(), bands::is_satisfiable(topology.services(), rules));
        prop_assert_eq!(wanted.is_some(), found.is_ok());
        let (Some(wanted), Ok(shares)) = (wanted, found) else { return Ok(()) };
        for (service, &share) in topology.services().iter().zip(shares.services()) {
            let wanted = wanted.get(service.address()).copied().unwrap_or(Exact::ZERO);
            prop_assert_eq!(Exact::from(share), wanted, "{}", service);
        }
        for (band, &share) in shares.service_bands().zip(shares.services()) {
            prop_assert_eq!(band, Band { floor: share.floor(), ceil: share.ceil() });
        }
        assert_limits(&topology, &shares, digits, rules);
    }

    #[test]
    fn a_refusal_proves_itself(topology in topologies(), rules in some_rules(6)) {
        let Err(error) = Shares::new(&topology, Digits::MAX, rules) else { return Ok(()) };
        prop_assert_eq!((error.wanted, error.rules), (rules.replicas(), rules));
        prop_assert!(error.capacity < error.wanted.into());
        let mut capacity = 0;
        let mut covered = vec![0; topology.services().len()];
        for full in &error.domains {
            prop_assert_eq!(usize::from(full.cap), cap(rules, full.level), "{:?}", full);
            capacity += u64::from(full.cap);
            let mut named = topology.domains(full.level).iter();
            let domain = named.find(|domain| domain.name() == full.name).unwrap();
            for index in topology.members(domain) {
                covered[index.index()] += 1;
            }
        }
        prop_assert_eq!(capacity, error.capacity);
        for (service, times) in topology.services().iter().zip(covered) {
            prop_assert!(times < 2 && (times > 0 || !service.is_available()), "{}", service);
        }
    }
}
