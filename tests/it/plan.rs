//! Plans as data: applied, turned back, cut into waves, and compared.

use std::collections::{BTreeMap, BTreeSet};

use itertools::Itertools;
use meta0::{
    Base, DecommissionOptions, Plan, PrefixMapping, RebalanceOptions, Rules, Service, ServiceIndex,
    Topology,
};

use crate::instance::{Instance, Leavers, Size};
use crate::judge;
use crate::notation::{mapping, topology};

/// Each instance with the plans that are made for it.
fn plans(seeds: u64) -> impl Iterator<Item = (u64, Instance, Vec<Plan>)> {
    (0..seeds).map(|seed| {
        let instance = Instance::satisfiable(seed, Size::SMALL);
        let Instance { topology, mapping, rules, .. } = &instance;
        let Leavers { services, bases } = instance.leavers(seed);
        let names: Vec<_> = services.iter().map(String::as_str).collect();
        let mut options = DecommissionOptions::new(*rules);
        if let Some(bases) = bases {
            options = options.bases(bases);
        }
        let rebalance = mapping.rebalance(topology, &RebalanceOptions::new(*rules));
        let rebalance = rebalance.expect("rules that can be kept");
        let decommission = mapping.decommission(topology, &names, &options).ok();
        let plans = [rebalance].into_iter().chain(decommission).collect();
        (seed, instance, plans)
    })
}

#[test]
fn apply_then_inverse_is_the_identity() {
    for (seed, Instance { topology, mapping, .. }, plans) in plans(1_500) {
        if mapping.resolve(&topology) != mapping {
            continue;
        }
        for plan in plans {
            let after = mapping.apply(&plan).unwrap();
            assert_eq!(after.apply(&plan.inverse()).unwrap(), mapping, "seed {seed}");
            assert_eq!(plan.inverse().digest(), after.digest(), "seed {seed}");
            assert_eq!(plan.digest(), mapping.digest(), "seed {seed}");
        }
    }
}

#[test]
fn a_plan_for_another_mapping_is_refused() {
    let topology = topology("a=h1 b=h2 c=h3 d=h4");
    let options = RebalanceOptions::new(Rules::default());
    let plan = mapping(0, ": a b dead").rebalance(&topology, &options).unwrap();
    assert!(mapping(0, ": a b dead").apply(&plan).is_ok());
    assert!(mapping(0, ": a b other").apply(&plan).is_err());
    assert!(mapping(1, "0: a b dead").apply(&plan).is_err());
}

#[test]
fn counts_are_those_of_the_changes() {
    for (seed, _, plans) in plans(1_500) {
        for plan in plans {
            let moves = plan.changes().filter(|change| change.to.is_some());
            let by_base = moves.map(|change| change.base).counts();
            assert_eq!(plan.moves(), by_base.values().sum::<usize>(), "seed {seed}");
            assert_eq!(plan.moved_bases(), by_base.len(), "seed {seed}");
            let multi = by_base.into_values().filter(|count| *count > 1).count();
            assert_eq!(plan.multi_move_bases(), multi, "seed {seed}");
            let removals = plan.changes().filter(|change| change.to.is_none()).count();
            assert_eq!(plan.removals(), removals, "seed {seed}");
            let in_waves: usize = plan.waves().map(|wave| wave.changes().count()).sum();
            assert_eq!(in_waves, plan.changes().len(), "seed {seed}");
            let changed: BTreeSet<_> = plan.changes().map(|change| change.base).collect();
            assert_eq!(plan.changed_bases().collect::<BTreeSet<_>>(), changed, "seed {seed}");
            assert_eq!(plan.is_empty(), changed.is_empty(), "seed {seed}");
        }
    }
}

#[test]
fn waves_are_safe_at_every_step() {
    for (seed, Instance { topology, mapping, rules, .. }, plans) in plans(1_500) {
        for plan in plans {
            let mut rows = rows(&mapping.resolve(&topology));
            let before: BTreeMap<_, _> =
                rows.iter().map(|(base, row)| (*base, broken(row, &topology, rules))).collect();
            for wave in plan.waves() {
                let mut moved = BTreeSet::new();
                for change in wave.changes() {
                    if change.to.is_some() {
                        assert!(moved.insert(change.base), "seed {seed}: {} twice", change.base);
                    }
                    let row = rows.get_mut(&change.base).unwrap();
                    if let Some(from) = change.from {
                        let place = row.iter().position(|name| name == from);
                        row.swap_remove(place.expect("it leaves a service that holds it"));
                    }
                    row.extend(change.to.map(str::to_owned));
                }
                for change in wave.changes() {
                    let broken = broken(&rows[&change.base], &topology, rules);
                    let was = &before[&change.base];
                    assert!(broken.is_subset(was), "seed {seed}: {} {broken:?}", change.base);
                }
            }
            let after = mapping.apply(&plan).unwrap().resolve(&topology);
            assert_eq!(sets(rows), sets(self::rows(&after)), "seed {seed}");
        }
    }
}

fn rows(mapping: &PrefixMapping) -> BTreeMap<Base, Vec<String>> {
    let row = |base| mapping.services_of(base).map(str::to_owned).collect();
    mapping.digits().bases().map(|base| (base, row(base))).collect()
}

fn sets(rows: BTreeMap<Base, Vec<String>>) -> Vec<BTreeSet<String>> {
    rows.into_values().map(BTreeSet::from_iter).collect()
}

/// The rules that a row breaks.
fn broken(row: &[String], topology: &Topology, rules: Rules) -> BTreeSet<&'static str> {
    let known: Vec<&Service> = row
        .iter()
        .filter_map(|name| Some(&topology.services()[topology.find(name)?.index()]))
        .collect();
    let min_dist = rules.get_min_dist().get();
    let is_close =
        |[a, b]: [&&Service; 2]| a != b && a.location().distance(b.location()) < min_dist;
    let alike = |service: &Service| {
        let here =
            |other: &&&Service| other.location().shares(service.location(), rules.get_level());
        known.iter().filter(here).count()
    };
    let wanted = usize::from(rules.replicas());
    let replicas = row.iter().unique().count();
    let most = usize::from(rules.degradation_cap().unwrap_or(rules.replicas()));
    let faults = [
        ("short", replicas < wanted),
        ("excess", replicas > wanted),
        ("duplicate", replicas < row.len()),
        ("unknown", known.len() < row.len()),
        ("unavailable", known.iter().any(|service| !service.is_available())),
        ("too close", known.iter().array_combinations().any(is_close)),
        ("degradation", rules.get_degradation() > 0 && known.iter().any(|s| alike(s) > most)),
    ];
    faults.into_iter().filter(|(_, is_broken)| *is_broken).map(|(fault, _)| fault).collect()
}

#[test]
fn a_diff_leads_from_one_mapping_to_the_other() {
    for (seed, Instance { topology, mapping, .. }, plans) in plans(500) {
        let before = mapping.resolve(&topology);
        for plan in plans {
            let after = mapping.apply(&plan).unwrap().resolve(&topology);
            let diff = before.diff(&after).unwrap();
            assert_eq!(before.apply(&diff).unwrap(), after, "seed {seed}");
            assert_eq!(diff.moves(), judge::moves_between(&before, &after), "seed {seed}");
            assert!(after.diff(&after).unwrap().is_empty(), "seed {seed}");
        }
    }
}

#[test]
fn a_plan_prints_its_counts() {
    let before = mapping(1, "0: a b | 1: a b | 2: a b c");
    let plan = |after| before.diff(&mapping(1, after)).unwrap().to_string();
    assert_eq!(plan("0: a b | 1: a b | 2: a b c"), "nothing to do");
    assert_eq!(plan("0: a c | 1: a b | 2: a b c"), "1 move of 1 base in 1 wave");
    assert_eq!(plan("0: a b | 1: a | 2: a b c"), "1 removal of 1 base in 1 wave");
    assert_eq!(plan("0: a b | 1: a | 2: a"), "3 removals of 2 bases in 2 waves");
    assert_eq!(plan("0: a c | 1: c d | 2: a"), "3 moves of 2 bases, 2 removals in 2 waves");
}

#[test]
fn mappings_of_other_digits_have_no_diff() {
    let refused = mapping(0, ": a").diff(&mapping(1, "0: a")).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "the old mapping has 0 digits, the new one 1: read both with the same"
    );
}

#[test]
fn mappings_of_more_names_than_one_holds_have_no_diff() {
    let numbered =
        |numbers: std::ops::Range<u32>| mapping(0, &format!(": {}", numbers.format(" ")));
    let most = numbered(1..1 << 16);
    assert_eq!(most.diff(&numbered(1..3)).unwrap().removals(), ServiceIndex::LIMIT - 2);
    let refused = most.diff(&numbered(0..1)).unwrap_err();
    assert_eq!(refused.to_string(), "the two mappings name 65536 services: at most 65535 fit");
}
