//! The fewest broken rules that a restricted plan may leave: every row is tried.
//!
//! What is held keeps what it has and gets nothing. Of the other replicas of a
//! base any may go, and any open service may join, unless the base then had
//! fewer replicas, in all or on services that are up, than before and than the
//! rules want. Bases are apart here: no base's breaches depend on another's.

use std::collections::{BTreeMap, BTreeSet};

use itertools::Itertools;
use meta0::{PrefixMapping, RebalanceOptions, Rules, Service, Topology};

use crate::instance::{Instance, Size};
use crate::judge::Standing;
use crate::oracle::takes_too_much;

/// What is the same for every base.
struct Search<'a> {
    /// The topology without what is drained.
    topology: &'a Topology,
    rules: Rules,
    held: BTreeSet<&'a str>,
    found: BTreeMap<BTreeSet<&'a str>, usize>,
}

impl<'a> Search<'a> {
    /// The fewest breaches that a plan may leave in a base with these replicas.
    fn fewest(&mut self, row: &BTreeSet<&'a str>) -> usize {
        if let Some(found) = self.found.get(row) {
            return *found;
        }
        let before = self.standing(row);
        let stay: BTreeSet<&str> = row & &self.held;
        let mut free: Vec<&str> = row.difference(&self.held).copied().collect();
        let services = self.topology.services().iter().filter(|service| service.is_available());
        let others = services.map(Service::address);
        free.extend(others.filter(|name| !row.contains(name) && !self.held.contains(name)));
        let rows = free.into_iter().powerset().map(|some| &stay | &some.into_iter().collect());
        let standings = rows.map(|row| self.standing(&row));
        let may_be = standings.filter(|after| !takes_too_much(&before, after, self.rules));
        let fewest = may_be.map(|after| breaches(&after)).min().expect("the row as it is");
        self.found.insert(row.clone(), fewest);
        fewest
    }

    fn standing(&self, row: &BTreeSet<&str>) -> Standing {
        Standing::of(row.iter().copied(), self.topology, self.rules)
    }
}

fn breaches(standing: &Standing) -> usize {
    standing.breaches.values().sum()
}

fn rows(mapping: &PrefixMapping) -> impl Iterator<Item = BTreeSet<&str>> {
    mapping.digits().bases().map(|base| mapping.services_of(base).collect())
}

#[test]
fn a_hold_leaves_the_fewest_broken_rules_that_it_can() {
    let mut broken = 0;
    for seed in 0..1_500 {
        let instance = Instance::satisfiable(seed, Size::TINY);
        let _context = instance.context();
        let Instance { topology, mapping, rules, tolerance } = &instance;
        let held = instance.some_services(seed);
        let mut drained = instance.some_services(seed + 1_000_000);
        drained.retain(|name| !held.contains(name));
        let options = RebalanceOptions::new(*rules).tolerance(*tolerance);
        let options = options.hold(held.iter().copied()).drain(drained.iter().copied());
        let Ok(plan) = mapping.rebalance(topology, &options) else { continue };
        let drained: Vec<_> = drained.iter().filter_map(|name| topology.find(name)).collect();
        let topology = &topology.drained(&drained);
        let [before, after] =
            [mapping, &mapping.apply(&plan).unwrap()].map(|mapping| mapping.resolve(topology));
        let found = BTreeMap::new();
        let held = held.into_iter().collect();
        let mut search = Search { topology, rules: *rules, held, found };
        for (base, (was, is)) in mapping.digits().bases().zip(rows(&before).zip(rows(&after))) {
            let (had, has) = (search.standing(&was), search.standing(&is));
            assert!(!takes_too_much(&had, &has, *rules), "{base}: {had:?}, {has:?}");
            assert_eq!(breaches(&has), search.fewest(&was), "{base}: {was:?} to {is:?}");
            broken += breaches(&has);
        }
    }
    assert!(broken > 1_000, "{broken}");
}
