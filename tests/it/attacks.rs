//! What broke once, or would hurt most: each found by trying to.

use itertools::Itertools;
use meta0::{
    BreachKind, CheckOptions, DecommissionOptions, Digits, PrefixMapping, RebalanceOptions, Rules,
    Service, Topology,
};

use crate::notation;

/// `s1`, `s2`, … on hosts of their own, with the ids `id1`, `id2`, ….
fn hosts(count: usize) -> Topology {
    let service = |n| {
        Service::new(format!("s{n}"), format!("h{n}.d").parse().unwrap()).with_id(format!("id{n}"))
    };
    Topology::new((1..=count).map(service)).unwrap()
}

fn all_on(digits: u8, services: &[&str]) -> PrefixMapping {
    notation::filled(digits, services, "")
}

#[test]
fn a_second_entry_elsewhere_leaves_the_proof_of_a_decommission_alone() {
    let mut mapping = all_on(1, &["s2", "s3"]);
    let first = mapping.digits().base(0).unwrap();
    mapping.assign_services(first, ["s1", "id1"]).unwrap();
    let options = DecommissionOptions::new(Rules::new(2).unwrap());
    let plan = mapping.decommission(&hosts(5), &["s2"], &options).unwrap();
    assert_eq!((plan.moves(), plan.lower_bound()), (15, Some(15)));
}

#[test]
fn a_replica_that_nothing_can_replace_stays() {
    let rules = Rules::new(2).unwrap();
    let all = (1..=5).map(|n| format!("s{n}")).collect_vec();
    let unknown = all_on(1, &["u1", "u2"]);
    let plan =
        unknown.rebalance(&hosts(5), &RebalanceOptions::new(rules).hold(all.clone())).unwrap();
    assert!(plan.is_empty());
    let left = plan.shortfall().unwrap().report();
    assert_eq!((left.count(BreachKind::Missing), left.count(BreachKind::Unknown)), (0, 32));

    let drained = all_on(1, &["s1", "s2"]);
    let options = RebalanceOptions::new(rules).drain(["s1", "s2"]).hold(all[2..].to_vec());
    let plan = drained.rebalance(&hosts(5), &options).unwrap();
    let after = drained.apply(&plan).unwrap();
    assert!(after.missing_bases().next().is_none());
    assert!(after.digits().bases().all(|base| after.services_of(base).len() == 2));
}

#[test]
fn a_base_may_gain_a_thousand_replicas() {
    let names = (0..1000).map(|n| format!("s{n:03}")).collect_vec();
    let old = PrefixMapping::new(Digits::MAX);
    let mut new = old.clone();
    let base = new.digits().base(7).unwrap();
    new.assign_services(base, names.iter().map(String::as_str)).unwrap();
    let plan = old.diff(&new).unwrap();
    assert_eq!(old.apply(&plan).unwrap(), new);
    assert_eq!(new.apply(&plan.inverse()).unwrap(), old);
}

#[test]
fn one_move_at_a_time_takes_as_many_waves_as_the_busiest_service_has() {
    let topology = hosts(500);
    let mapping = all_on(4, &["s1", "s2", "s3"]);
    let rules = Rules::new(3).unwrap();
    let plan = mapping.rebalance(&topology, &RebalanceOptions::new(rules)).unwrap();
    let leaving = plan.changes().filter_map(|change| change.from).counts();
    let busiest = leaving.into_values().max().unwrap();
    let moves = plan.moves();
    let plan = plan.max_per_service(1);
    assert!((busiest..2 * busiest).contains(&plan.waves().len()), "{}", plan.waves().len());
    assert_eq!(plan.moves(), moves);
    let after = mapping.apply(&plan).unwrap();
    assert!(after.check(&topology, &CheckOptions::new(rules)).unwrap().is_clean());
}

#[test]
fn thousands_of_names_are_found_in_no_time() {
    let names = (0..20_000).map(|n| format!("u{n:05}")).collect_vec();
    let mut mapping = PrefixMapping::new(Digits::try_from(3).unwrap());
    let rows = names.chunks(5).map(|row| row.iter().map(String::as_str).collect_vec());
    let text = mapping.digits().bases().zip(rows).map(|(base, row)| {
        format!("\"{}\": {}", base.first_prefix(), serde_json::to_string(&row).unwrap())
    });
    let text = format!("{{{}}}", { text }.join(","));
    mapping = PrefixMapping::from_json(&text, mapping.digits()).unwrap();
    let every = names.iter().map(String::as_str).collect_vec();
    let options = DecommissionOptions::new(Rules::new(5).unwrap());
    let plan = mapping.decommission(&hosts(10), &every, &options).unwrap();
    assert_eq!(plan.moves(), 20_000);
}
