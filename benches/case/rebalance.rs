//! Rebalancing: a cluster that grows, shrinks, or gets stricter rules.

use meta0::{
    BootstrapOptions, Digits, Level, PrefixMapping, RebalanceOptions, Rules, Service, Topology,
};

use super::cluster::{line, racks_of_twelve, short_chains, slices, uneven_sites};
use super::{Case, LARGE_SIZES, MORE_SIZES, Run, SIZES, Size, bootstrap, run};
use crate::fixture;

/// Lines of 4 and of 8 hosts.
pub(super) const LINES: &[Size] = &[Size::new(7, 3), Size::new(15, 7)];

pub(super) const CASES: [Case; 20] = [
    Case::new("rebalance-still", SIZES, |size| drain(size, &[])),
    Case::new("rebalance-join", MORE_SIZES, |size| {
        rebalance(size.mapping(), fixture::cluster(grown(size)), options(size.rules()))
    }),
    Case::new("rebalance-drain-service", MORE_SIZES, |size| drain(size, &["10.0.0.1:6001"])),
    Case::new("rebalance-drain-rack", LARGE_SIZES, |size| drain(size, &["site0.rack0"])),
    Case::new("rebalance-drain-site", LARGE_SIZES, |size| drain(size, &["site1"])),
    Case::new("rebalance-hold-site", SIZES, |size| {
        let hold = options(size.rules()).hold(["site1"]).drain(["10.0.0.1:6001"]);
        rebalance(size.mapping(), fixture::cluster(size.services), hold)
    }),
    Case::new("rebalance-tighten", SIZES, |size| {
        let topology = fixture::cluster(size.services);
        rebalance(slices(&topology, 3, 3), topology, options(size.rules()))
    }),
    Case::new("rebalance-join-two-sites", TWO_SITES, |size| join_two_sites(size.rules())),
    Case::new("rebalance-join-at-most-site", TWO_SITES, |size| {
        join_two_sites(size.rules().at_most(Level::Site, 2).unwrap())
    }),
    Case::new("rebalance-drain-at-most-site", TWO_SITES, |size| {
        drain_balanced(
            racks_of_twelve(),
            size.rules().at_most(Level::Site, 2).unwrap(),
            "site0.rack1",
        )
    }),
    Case::new("rebalance-join-at-most-rack-host", CAPPED, |size| {
        let rules = capped(size);
        let mapping = bootstrap(size.services, rules);
        rebalance(mapping, fixture::cluster(grown(size)), options(rules))
    }),
    Case::new("rebalance-drain-at-most-rack-host", CAPPED, |size| {
        drain_balanced(fixture::cluster(size.services), capped(size), "10.0.0.1:6001")
    }),
    Case::new("rebalance-rack-of-12", &[Size::new(96, 3)], |size| {
        drain_balanced(racks_of_twelve(), size.rules(), "site0.rack1")
    }),
    Case::new("rebalance-site-of-5", &[Size::new(18, 3)], |size| {
        drain_balanced(uneven_sites(), size.rules(), "site1")
    }),
    Case::new("rebalance-uneven-slices", &[Size::new(18, 3)], |_| {
        let (topology, rules) = (uneven_sites(), Rules::new(3).unwrap());
        let rules = rules.min_dist("4".parse().unwrap());
        rebalance(slices(&topology, 3, 1), topology, options(rules))
    }),
    Case::new("rebalance-short-chains", &[Size::new(6, 2)], |_| {
        let (topology, mapping) = short_chains();
        rebalance(mapping, topology, options(fixture::rules(2)))
    }),
    Case::new("rebalance-line", LINES, |size| {
        let (topology, mapping, old) = line(usize::from(size.replicas) + 1);
        rebalance(mapping, topology, options(size.rules()).drain(old))
    }),
    Case::new("rebalance-limited-each", TENFOLD, |size| {
        limited(size, options(size.rules()).max_moves_per_base(1))
    }),
    Case::new("rebalance-limited-all", TENFOLD, |size| {
        limited(size, options(size.rules()).max_moves(60_000))
    }),
    Case::new("rebalance-limited-each-of-few", &[Size::new(34, 3)], |size| {
        let topology = fixture::cluster(size.services);
        let options = options(Rules::new(size.replicas).unwrap()).max_moves_per_base(1);
        part(slices(&topology, 3, 0), topology, options)
    }),
];

/// Two sites of 48 services.
const TWO_SITES: &[Size] = &[Size::new(96, 3)];

/// Five replicas, at most two of them in a rack.
const CAPPED: &[Size] = &[Size::new(96, 5), Size::new(1000, 5)];

fn capped(size: Size) -> Rules {
    size.rules().at_most(Level::Rack, 2).unwrap().at_most(Level::Host, 1).unwrap()
}

/// A sixth host joins each rack of two sites.
fn join_two_sites(rules: Rules) -> Run {
    let topology = racks_of_twelve();
    let is_old = |service: &&Service| {
        let host = service.location().token(Level::Host).unwrap().trim_start_matches("host");
        host.parse::<usize>().unwrap() % 6 < 5
    };
    let old = topology.services().iter().filter(is_old).cloned();
    let old = Topology::new(old).unwrap();
    let mapping = PrefixMapping::bootstrap(&old, Digits::MAX, &BootstrapOptions::new(rules));
    rebalance(mapping.unwrap(), topology, options(rules))
}

/// Clusters that grow to ten times their size.
const TENFOLD: &[Size] = &[Size::new(12, 3), Size::new(100, 3)];

/// How many services there are after some join: 15, 120, 1,100.
pub(super) const fn grown(size: Size) -> usize {
    let tenth = size.services / 10;
    size.services + if size.services < 1000 { size.services / 4 } else { tenth }
}

fn options(rules: Rules) -> RebalanceOptions {
    RebalanceOptions::new(rules)
}

fn rebalance(mapping: PrefixMapping, topology: Topology, options: RebalanceOptions) -> Run {
    run(move || {
        let plan = mapping.rebalance(&topology, &options).unwrap();
        assert!(plan.is_minimal());
        plan
    })
}

/// A plan that restrictions keep from the whole.
fn part(mapping: PrefixMapping, topology: Topology, options: RebalanceOptions) -> Run {
    run(move || {
        let plan = mapping.rebalance(&topology, &options).unwrap();
        assert!(plan.shortfall().is_some());
        plan
    })
}

fn limited(size: Size, options: RebalanceOptions) -> Run {
    part(size.mapping(), fixture::cluster(10 * size.services), options)
}

fn drain(size: Size, names: &[&str]) -> Run {
    let options = options(size.rules()).drain(names.iter().copied());
    rebalance(bootstrap(size.services, size.rules()), fixture::cluster(size.services), options)
}

fn drain_balanced(topology: Topology, rules: Rules, name: &str) -> Run {
    let balanced = BootstrapOptions::new(rules);
    let mapping = PrefixMapping::bootstrap(&topology, Digits::MAX, &balanced).unwrap();
    rebalance(mapping, topology, options(rules).drain([name]))
}
