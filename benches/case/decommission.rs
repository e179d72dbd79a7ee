//! Decommissions: one service, a rack, named bases, by each strategy.

use meta0::{Base, DecommissionOptions, Level, PrefixMapping, Strategy, Topology};

use super::cluster::line;
use super::rebalance::LINES;
use super::{Case, LARGE_SIZES, MORE_SIZES, Run, SIZES, Size, bootstrap, run};
use crate::fixture;

const SERVICE: &str = "10.0.0.1:6001";

pub(super) const CASES: [Case; 7] = [
    Case::new("decommission-service", MORE_SIZES, |size| {
        sized(size, SERVICE, DecommissionOptions::new(size.rules()))
    }),
    Case::new("decommission-rack", LARGE_SIZES, |size| {
        sized(size, "site0.rack0", DecommissionOptions::new(size.rules()))
    }),
    Case::new("decommission-in-capped-sites", SIZES, |size| {
        let rules = size.rules().at_most(Level::Site, size.replicas.div_ceil(3)).unwrap();
        let mapping = bootstrap(size.services, rules);
        let topology = fixture::cluster(size.services);
        decommission(mapping, topology, vec![SERVICE.to_owned()], DecommissionOptions::new(rules))
    }),
    Case::new("decommission-bases", SIZES, |size| {
        let held: Vec<Base> = size.mapping().managed_bases(SERVICE).step_by(2).collect();
        sized(size, SERVICE, DecommissionOptions::new(size.rules()).bases(held))
    }),
    Case::new("decommission-fewest-bases", SIZES, |size| strategy(size, Strategy::FewestBases)),
    Case::new("decommission-most-availability", SIZES, |size| {
        strategy(size, Strategy::MostAvailability)
    }),
    Case::new("decommission-line", LINES, |size| {
        let (topology, mapping, old) = line(usize::from(size.replicas) + 1);
        decommission(mapping, topology, old, DecommissionOptions::new(size.rules()))
    }),
];

fn strategy(size: Size, strategy: Strategy) -> Run {
    sized(size, SERVICE, DecommissionOptions::new(size.rules()).strategy(strategy))
}

fn sized(size: Size, name: &str, options: DecommissionOptions) -> Run {
    let topology = fixture::cluster(size.services);
    decommission(size.mapping(), topology, vec![name.to_owned()], options)
}

fn decommission(
    mapping: PrefixMapping,
    topology: Topology,
    names: Vec<String>,
    options: DecommissionOptions,
) -> Run {
    run(move || {
        let names: Vec<_> = names.iter().map(String::as_str).collect();
        mapping.decommission(&topology, &names, &options).unwrap()
    })
}
