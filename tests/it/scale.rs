//! The large and hard instances that the benches time: what they have to move.

use meta0::{CheckOptions, Plan, PrefixMapping, RebalanceOptions, Rules, Topology};

#[expect(dead_code, reason = "the benches have more clusters")]
#[path = "../../benches/case/cluster.rs"]
mod cluster;

fn rules(replicas: u16, min_dist: &str) -> Rules {
    Rules::new(replicas).unwrap().min_dist(min_dist.parse().unwrap())
}

/// The plan, which is minimal and leads to a clean mapping.
#[track_caller]
fn plan(mapping: &PrefixMapping, topology: &Topology, options: &RebalanceOptions) -> Plan {
    let plan = mapping.rebalance(topology, options).unwrap();
    assert!(plan.is_minimal());
    assert_eq!(plan.shortfall(), None);
    plan
}

#[test]
fn slices_of_uneven_sites_held_to_one_replica_a_site() {
    for (step, moves) in [(1, 109_228), (3, 109_226)] {
        let topology = cluster::uneven_sites();
        let mapping = cluster::slices(&topology, 3, step);
        let rules = rules(3, "4");
        let plan = plan(&mapping, &topology, &RebalanceOptions::new(rules));
        assert_eq!(plan.moves(), moves);
        let after = mapping.apply(&plan).unwrap();
        assert!(after.check(&topology, &CheckOptions::new(rules)).unwrap().is_clean());
    }
}

#[test]
fn thousands_of_short_chains() {
    let (topology, mapping) = cluster::short_chains();
    let plan = plan(&mapping, &topology, &RebalanceOptions::new(rules(2, "2")));
    assert_eq!(plan.moves(), 2 * 10_922);
}

#[test]
fn a_line_of_hosts_moves_each_base_once() {
    let (topology, mapping, old) = cluster::line(6);
    let plan = plan(&mapping, &topology, &RebalanceOptions::new(rules(5, "2")).drain(old));
    assert_eq!((plan.moves(), plan.moved_bases()), (65_536, 65_536));
}
