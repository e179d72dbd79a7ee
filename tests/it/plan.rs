//! Plans as data: applied, turned back, cut into waves, and compared.

use std::collections::{BTreeMap, BTreeSet};

use itertools::Itertools;
use meta0::{
    Base, DecommissionOptions, Plan, PrefixMapping, RebalanceOptions, Rules, ServiceIndex,
    Tolerance,
};

use crate::instance::{Instance, Leavers, Size};
use crate::judge;
use crate::notation::{mapping, topology};
use crate::restricted::crowded_rack;

/// Each instance with the plans that are made for it, whole and restricted.
pub(crate) fn plans(seeds: u64) -> impl Iterator<Item = (u64, Instance, Vec<Plan>)> {
    (0..seeds).map(|seed| {
        let instance = Instance::satisfiable(seed, Size::SMALL);
        let _context = instance.context();
        let Instance { topology, mapping, rules, .. } = &instance;
        let Leavers { services, bases } = instance.leavers(seed);
        let names: Vec<_> = services.iter().map(String::as_str).collect();
        let mut options = DecommissionOptions::new(*rules);
        if let Some(bases) = bases {
            options = options.bases(bases);
        }
        let decommission = mapping.decommission(topology, &names, &options).ok();
        let rebalances = restrictions(&instance, seed)
            .map(|options| mapping.rebalance(topology, &options).expect("rules that can be kept"));
        let plans = rebalances.into_iter().chain(decommission).collect();
        (seed, instance, plans)
    })
}

/// A whole rebalance; one with services and bases held; and both with limits.
fn restrictions(instance: &Instance, seed: u64) -> [RebalanceOptions; 6] {
    let whole = RebalanceOptions::new(instance.rules);
    let held = whole.clone().hold(instance.some_services(seed));
    let held = held.hold_bases(instance.some_bases(seed));
    let small = usize::try_from(seed % 7).expect("a small number");
    let limits = |options: &RebalanceOptions| {
        [options.clone().max_moves(small), options.clone().max_moves_per_base(1 + small % 2)]
    };
    let ([a, b], [c, d]) = (limits(&whole), limits(&held));
    [whole, held, a, b, c, d]
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
    for (seed, instance, plans) in plans(1_500) {
        let _context = instance.context();
        for plan in plans {
            assert_waves_are_safe(&instance, &plan);
            let narrow = usize::try_from(1 + seed % 3).unwrap();
            assert_waves_are_safe(&instance, &plan.max_per_service(narrow));
        }
    }
}

#[test]
fn waves_keep_a_rule_that_none_of_the_others_covers() {
    let (topology, mapping, rules) = crowded_rack();
    let plan = mapping.rebalance(&topology, &RebalanceOptions::new(rules)).unwrap();
    assert!(plan.multi_move_bases() > 0);
    let tolerance = Tolerance::default();
    assert_waves_are_safe(&Instance { topology, mapping, rules, tolerance }, &plan);
}

#[test]
fn what_is_down_leaves_before_a_quorum_is_lost() {
    let topology = topology("a=v0 b=v1 c=v2");
    let rules = Rules::new(1).unwrap();
    for row in ["a b x", "a b c x y", "0 a b", "0 1 a b c"] {
        let mapping = mapping(0, &format!(": {row}"));
        let whole = RebalanceOptions::new(rules);
        for options in [whole.clone().max_moves(0), whole.clone().max_moves_per_base(1), whole] {
            let plan = mapping.rebalance(&topology, &options).unwrap();
            let (topology, mapping) = (topology.clone(), mapping.clone());
            let tolerance = Tolerance::default();
            assert_waves_are_safe(&Instance { topology, mapping, rules, tolerance }, &plan);
        }
    }
}

/// Panics unless a wave moves at most one replica of a base, no base is worse
/// after any wave than before the plan, and the last wave ends where the plan
/// does.
#[track_caller]
fn assert_waves_are_safe(instance: &Instance, plan: &Plan) {
    let Instance { topology, mapping, rules, .. } = instance;
    let mut rows = rows(&mapping.resolve(topology));
    let standing =
        |row: &Vec<String>| judge::Standing::of(row.iter().map(String::as_str), topology, *rules);
    let before: BTreeMap<_, _> = rows.iter().map(|(base, row)| (*base, standing(row))).collect();
    for wave in plan.waves() {
        let mut moved = BTreeSet::new();
        for change in wave.changes() {
            if change.to.is_some() {
                assert!(moved.insert(change.base), "{} twice", change.base);
            }
            let row = rows.get_mut(&change.base).unwrap();
            if let Some(from) = change.from {
                let place = row.iter().position(|name| name == from);
                row.swap_remove(place.expect("it leaves a service that holds it"));
            }
            row.extend(change.to.map(str::to_owned));
        }
        for change in wave.changes() {
            let now = standing(&rows[&change.base]);
            let worse = now.worse_than(&before[&change.base], *rules);
            assert_eq!(worse, None, "base {}", change.base);
        }
    }
    let after = mapping.apply(plan).unwrap().resolve(topology);
    assert_eq!(sets(rows), sets(self::rows(&after)));
}

fn rows(mapping: &PrefixMapping) -> BTreeMap<Base, Vec<String>> {
    let row = |base| mapping.services_of(base).map(str::to_owned).collect();
    mapping.digits().bases().map(|base| (base, row(base))).collect()
}

fn sets(rows: BTreeMap<Base, Vec<String>>) -> Vec<BTreeSet<String>> {
    rows.into_values().map(BTreeSet::from_iter).collect()
}

#[test]
fn waves_and_changes_go_both_ways_and_know_their_number() {
    for (seed, _, plans) in plans(200) {
        for plan in plans.into_iter().map(|plan| plan.max_per_service(2)) {
            let waves: Vec<_> = plan.waves().map(|wave| wave.changes().collect_vec()).collect();
            let back = plan.waves().rev().map(|wave| wave.changes().rev().collect_vec());
            let back: Vec<_> = back.flatten().collect();
            assert!(back.iter().rev().eq(waves.iter().flatten()), "seed {seed}");
            assert!(plan.changes().rev().eq(back), "seed {seed}");
            for (number, changes) in waves.iter().enumerate() {
                let wave = plan.wave(number).unwrap();
                assert_eq!((wave.len(), wave.changes().len()), (changes.len(), changes.len()));
                assert!(wave.changes().eq(changes.iter().copied()), "seed {seed}");
            }
            assert_eq!(plan.waves().len(), waves.len());
            assert!(plan.wave(waves.len()).is_none());
        }
    }
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
