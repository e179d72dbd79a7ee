//! Checks: of what is sound, of what is broken, and under caps.

use meta0::{
    BootstrapOptions, CheckOptions, Digits, Level, PrefixMapping, Rules, Shares, Topology,
};

use super::cluster::{racks_of_twelve, slices};
use super::{Case, MORE_SIZES, Run, SIZES, Size, bootstrap, run};
use crate::fixture;

/// Two sites of 48 services.
const TWO_SITES: &[Size] = &[Size::new(96, 3)];
/// Five replicas, of which some racks hold two.
const CAPPED: &[Size] = &[Size::new(96, 5), Size::new(1000, 5)];

pub(super) const CASES: [Case; 7] = [
    Case::new("check-shares-alone", SIZES, |size| {
        let topology = fixture::cluster(size.services);
        run(move || Shares::new(&topology, Digits::MAX, size.rules()).unwrap())
    }),
    Case::new("check-sound", MORE_SIZES, |size| check(size.mapping(), size)),
    Case::new("check-slices", SIZES, |size| {
        check(slices(&fixture::cluster(size.services), 3, 3), size)
    }),
    Case::new("check-dead", SIZES, |size| {
        check(bootstrap(size.services + size.services / 4, size.rules()), size)
    }),
    Case::new("check-two-sites", TWO_SITES, |size| two_sites(size.rules())),
    Case::new("check-at-most-site", TWO_SITES, |size| {
        two_sites(size.rules().at_most(Level::Site, 2).unwrap())
    }),
    Case::new("check-at-most-rack-host", CAPPED, |size| {
        let rules = size.rules().at_most(Level::Rack, 2).unwrap().at_most(Level::Host, 1).unwrap();
        judge(size.mapping(), fixture::cluster(size.services), rules)
    }),
];

fn two_sites(rules: Rules) -> Run {
    let topology = racks_of_twelve();
    let options = BootstrapOptions::new(rules);
    judge(PrefixMapping::bootstrap(&topology, Digits::MAX, &options).unwrap(), topology, rules)
}

fn check(mapping: PrefixMapping, size: Size) -> Run {
    judge(mapping, fixture::cluster(size.services), size.rules())
}

fn judge(mapping: PrefixMapping, topology: Topology, rules: Rules) -> Run {
    let options = CheckOptions::new(rules);
    run(move || mapping.check(&topology, &options).unwrap())
}
