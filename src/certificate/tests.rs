//! The bound against everything that it might be: all sets of a base, all loads of a
//! node, and the optimum with numbers of any kind.

use proptest::collection::{btree_set, vec};
use proptest::prelude::*;

use super::bound::least_of_node;
use super::caps::Caps;
use super::greed::{Greed, offers};
use super::*;
use crate::goal::RebalanceOptions;
use crate::index::Place;
use crate::planner::tests::{Instance, instance};
use crate::rules::Rules;
use crate::service::Service;
use crate::share::Band;

const PLACES: usize = 9;

fn caps([site, rack, host]: [u16; 3]) -> Caps {
    let service = |n: usize| {
        let location = format!("s{}.r{}.h{}.v{}", n / 5, n / 3, n / 2, n);
        Service::new(format!("a{n}"), location.parse().unwrap())
    };
    let topology = Topology::new((0..PLACES).map(service)).unwrap();
    let rules = Rules::new(9).unwrap().at_most(Level::Site, site).unwrap();
    Caps::new(
        &topology,
        rules.at_most(Level::Rack, rack).unwrap().at_most(Level::Host, host).unwrap(),
    )
}

/// What a base holds: own services, some that stay, and how many it places at most.
type Held = (Vec<Place>, Vec<Place>, usize);

/// Services of which some are a base's own, others fixed in it.
fn held() -> impl Strategy<Value = Held> {
    (btree_set(0..PLACES, 0..4), btree_set(0..PLACES, 0..4), 0..5_usize).prop_map(
        |(own, fixed, want)| {
            let places = |set: &mut dyn Iterator<Item = usize>| set.map(Place::new).collect();
            (places(&mut own.difference(&fixed).copied()), places(&mut fixed.into_iter()), want)
        },
    )
}

/// The least that a set of open and own services costs which the rules let a base add,
/// of so many; `None` where there is no such set.
fn least(
    caps: &Caps,
    open: &[bool],
    prices: &[i64],
    (own, fixed, _): &Held,
    count: usize,
) -> Option<i128> {
    let sets = (0..1_u32 << PLACES).filter(|set| set.count_ones() as usize == count);
    let cost = |set: u32| {
        let mut taken = fixed.clone();
        let mut places = Place::all(PLACES).filter(|place| set >> place.index() & 1 == 1);
        places.try_fold(0, |sum, place| {
            let is_own = own.contains(&place);
            let fits = (is_own || open[place.index()]) && caps.let_in(&taken, place);
            taken.push(place);
            fits.then(|| sum + i128::from(!is_own) - i128::from(prices[place.index()]))
        })
    };
    sets.filter_map(cost).min()
}

proptest! {
    #[test]
    fn the_least_of_a_base_is_that_of_its_largest_sets_whatever_was_asked_before(
        open in vec(prop::bool::weighted(0.8), PLACES),
        prices in vec(-1..3_i64, PLACES),
        rules in [1..5_u16, 1..4_u16, 1..3_u16],
        bases in vec(held(), 1..5),
    ) {
        let caps = caps(rules);
        let offers = offers(&caps, &open, &prices);
        let mut greed = Greed::new(&caps, &prices, &offers);
        for held in bases {
            let found = greed.least(&held.0, &held.1, held.2);
            let mut sets = (0..=held.2).rev().map(|count| (count, least(&caps, &open, &prices, &held, count)));
            let (placed, cost) = sets.find(|(_, least)| least.is_some()).unwrap();
            prop_assert_eq!((Some(found.cost), found.placed), (cost, placed));
        }
    }

    #[test]
    fn the_bar_is_met_where_so_many_cost_no_more_than_the_cheapest(
        open in vec(prop::bool::weighted(0.8), PLACES),
        prices in vec(0..2_i64, PLACES),
        rules in [1..5_u16, 1..4_u16, 1..3_u16],
        asked in vec(0..6_usize, 1..5),
    ) {
        let caps = caps(rules);
        let offers = offers(&caps, &open, &prices);
        let mut greed = Greed::new(&caps, &prices, &offers);
        for full in asked {
            let all = least(&caps, &open, &prices, &(Vec::new(), Vec::new(), full), full);
            let open = prices.iter().zip(&open).filter(|(_, open)| **open);
            let cheapest = open.map(|(price, _)| i128::from(1 - price)).min().unwrap_or(0);
            let all_cheapest = cheapest * i128::try_from(full).unwrap();
            prop_assert_eq!(greed.is_bar_met(full), all == Some(all_cheapest));
        }
    }

    #[test]
    fn the_least_of_a_node_is_that_of_all_its_loads(
        (floor, width) in (0..6_u64, 0..4_u64),
        (fixed, slope, most) in (0..8_u64, -4..5_i64, 0..12_i64),
    ) {
        let band = Band { floor, ceil: floor + width };
        let cost = |load: i64| {
            let miss = band.distance(fixed + u64::try_from(load).unwrap());
            i128::from(miss) * 3 + i128::from(slope * load)
        };
        let least = (0..=most).map(cost).min();
        prop_assert_eq!(Some(least_of_node(band, fixed, slope, 3, most)), least);
    }
}

/// A certificate of any small numbers over a topology.
fn certificate(topology: &Topology, numbers: &[i64]) -> Certificate {
    let mut numbers = numbers.iter().copied().cycle();
    let mut next = || numbers.next().unwrap();
    let all = Numbers {
        services: topology.services().iter().map(|_| next()).collect(),
        domains: Level::ALL.map(|level| topology.domains(level).iter().map(|_| next()).collect()),
        root: next(),
    };
    all.by_name(topology)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2048))]
    #[test]
    fn whatever_the_numbers_they_prove_no_more_than_the_optimum(
        instance in instance(),
        numbers in vec(-2..3_i64, 1..30),
        scale in prop_oneof![3 => Just(1_i64), 1 => Just(1 << 20), 1 => Just(1 << 40)],
    ) {
        let Instance { topology, mapping, .. } = &instance;
        let Ok(plan) = mapping.rebalance(topology, &instance.options()) else { return Ok(()) };
        let goal = plan.goal().unwrap();
        let prove = |certificate: &Certificate| certificate.lower_bound(mapping, topology, goal);
        let best = prove(plan.certificate().unwrap()).unwrap();
        let numbers: Vec<_> = numbers.iter().map(|number| number * scale).collect();
        let found = prove(&certificate(topology, &numbers)).unwrap();
        prop_assert!(found <= best, "{} of {}", found, best);
    }

    #[test]
    fn a_certificate_is_the_same_under_its_names_and_in_json(
        instance in instance(),
        numbers in vec(-2..3_i64, 1..30),
    ) {
        let topology = &instance.topology;
        let certificate = certificate(topology, &numbers);
        prop_assert_eq!(certificate.numbers(topology).unwrap().by_name(topology), certificate.clone());
        let json = serde_json::to_string(&certificate).unwrap();
        prop_assert_eq!(serde_json::from_str::<Certificate>(&json).unwrap(), certificate);
    }
}

#[test]
fn numbers_that_nobody_has_are_refused() {
    let topology = Topology::new(vec![Service::new("a", "h.v".parse().unwrap())]).unwrap();
    let mapping = PrefixMapping::new(Digits::try_from(0).unwrap());
    let goal = Goal::Rebalance(RebalanceOptions::new(Rules::new(1).unwrap()));
    let prove = |certificate: &Certificate| certificate.lower_bound(&mapping, &topology, &goal);
    let named = |level, name| Certificate::default().with_domain(level, name, 1).unwrap();
    assert_eq!(prove(&named(Level::Host, "..h")), Ok(1));
    let refused = prove(&named(Level::Rack, "r")).unwrap_err().to_string();
    assert_eq!(refused, "the certificate has a number for the rack \"r\", which no service is in");
    assert!(prove(&Certificate::default().with_service("b", 1).unwrap()).is_err());
    assert!(Certificate::default().with_root((1 << 60) + 1).is_err());
    let read = |text| serde_json::from_str::<Certificate>(text).map_err(|error| error.to_string());
    assert_eq!(read(r#"{"root": 0, "site": {"a": 0}}"#), Ok(Certificate::default()));
    let refused = read(r#"{"site": {"a": 1, "a": 2}}"#).unwrap_err();
    assert_eq!(refused, "\"a\" has two numbers at line 1 column 25");
    assert!(read(r#"{"service": {"a": 1152921504606846977}}"#).is_err());
    assert!(read(r#"{"rot": 1}"#).is_err());
}
