//! `rebalance` against the oracle, the worked instances, and by property.

use meta0::{Plan, PrefixMapping, RebalanceOptions, Rules, Tolerance, Topology};
use rand::SeedableRng;
use rand::rngs::StdRng;
use rand::seq::SliceRandom;

use crate::instance::{Instance, Size};
use crate::judge;
use crate::notation::{digits, mapping, show, topology};
use crate::oracle;
use crate::vectors::vectors;

/// Plans, applies, and judges everything that a whole rebalance promises but
/// the number of moves.
#[track_caller]
fn rebalance(mapping: &PrefixMapping, topology: &Topology, rules: Rules) -> (Plan, PrefixMapping) {
    rebalance_within(mapping, topology, rules, Tolerance::default())
}

#[track_caller]
fn rebalance_within(
    mapping: &PrefixMapping,
    topology: &Topology,
    rules: Rules,
    tolerance: Tolerance,
) -> (Plan, PrefixMapping) {
    let options = RebalanceOptions::new(rules).tolerance(tolerance);
    let plan = mapping.rebalance(topology, &options).expect("rules that can be kept");
    let after = mapping.apply(&plan).expect("a plan for this mapping").resolve(topology);
    judge::assert_valid_and_balanced(&after, topology, rules, tolerance);
    let moves = judge::moves_between(&mapping.resolve(topology), &after);
    assert_eq!(plan.moves(), moves, "the plan counts its moves");
    assert_eq!(plan.lower_bound(), Some(moves), "the dual proves it");
    assert!(plan.is_minimal());
    (plan, after)
}

pub(crate) fn rules(replicas: u16, min_dist: u8) -> Rules {
    let min_dist = min_dist.try_into().expect("a distance");
    Rules::new(replicas).expect("replicas").min_dist(min_dist)
}

#[test]
fn the_vectors_take_their_fewest_moves() {
    for vector in vectors() {
        let Some(expected) = vector.expected else {
            let options = RebalanceOptions::new(vector.rules);
            let refused = vector.mapping.rebalance(&vector.topology, &options);
            assert!(refused.is_err(), "{}", vector.name);
            continue;
        };
        let (plan, _) = rebalance(&vector.mapping, &vector.topology, vector.rules);
        assert_eq!(plan.moves() as u64, expected.min_moves, "{}", vector.name);
    }
}

#[test]
fn moves_are_as_few_as_the_oracles() {
    for (size, seeds) in [(Size::TINY, 2_000), (Size::SMALL, 3_000), (Size::MIDDLE, 100)] {
        for seed in 0..seeds {
            let instance = Instance::satisfiable(seed, size);
            let _context = instance.context();
            let Instance { topology, mapping, rules, tolerance } = instance;
            let (plan, _) = rebalance_within(&mapping, &topology, rules, tolerance);
            let least = oracle::least_moves(&mapping, &topology, rules, tolerance);
            assert_eq!(plan.moves() as u64, least, "seed {seed} of {size:?}");
        }
    }
}

#[test]
fn rules_that_cannot_be_satisfied_are_refused() {
    for seed in 0..2_000 {
        let instance = Instance::any(seed, Size::SMALL);
        let _context = instance.context();
        let plan =
            instance.mapping.rebalance(&instance.topology, &RebalanceOptions::new(instance.rules));
        assert_eq!(plan.is_ok(), instance.is_satisfiable(), "seed {seed}");
    }
}

#[test]
fn a_second_rebalance_moves_nothing() {
    for seed in 0..1_000 {
        let instance = Instance::satisfiable(seed, Size::SMALL);
        let _context = instance.context();
        let Instance { topology, mapping, rules, .. } = instance;
        let (_, after) = rebalance(&mapping, &topology, rules);
        let (again, same) = rebalance(&after, &topology, rules);
        assert!(again.is_empty(), "seed {seed}");
        assert_eq!(again.waves().len(), 0, "seed {seed}");
        assert_eq!(same, after, "seed {seed}");
    }
}

#[test]
fn shuffled_input_gives_the_same_plan() {
    for seed in 0..1_000 {
        let instance = Instance::satisfiable(seed, Size::SMALL);
        let _context = instance.context();
        let Instance { topology, mapping, rules, .. } = instance;
        let (plan, after) = rebalance(&mapping, &topology, rules);
        let (topology, mapping) = shuffled(&topology, &mapping, seed);
        let (same, same_after) = rebalance(&mapping, &topology, rules);
        assert!(plan.changes().eq(same.changes()), "seed {seed}");
        assert_eq!(show(&after), show(&same_after), "seed {seed}");
    }
}

/// The same services and the same rows, given in another order.
fn shuffled(topology: &Topology, mapping: &PrefixMapping, seed: u64) -> (Topology, PrefixMapping) {
    let mut rng = StdRng::seed_from_u64(seed);
    let mut services = topology.services().to_vec();
    services.shuffle(&mut rng);
    let mut bases: Vec<_> = mapping.digits().bases().collect();
    bases.shuffle(&mut rng);
    let mut other = PrefixMapping::new(mapping.digits());
    for base in bases {
        let mut row: Vec<_> = mapping.services_of(base).collect();
        row.shuffle(&mut rng);
        other.assign_services(base, row).expect("a row of a mapping");
    }
    (Topology::new(services).expect("services of a topology"), other)
}

#[test]
fn no_base_leaves_a_service_to_come_back() {
    for seed in 0..1_000 {
        let instance = Instance::satisfiable(seed, Size::SMALL);
        let _context = instance.context();
        let Instance { topology, mapping, rules, .. } = instance;
        let (plan, _) = rebalance(&mapping, &topology, rules);
        let mut left: Vec<_> = plan.changes().filter_map(|c| Some((c.base, c.from?))).collect();
        let mut taken: Vec<_> = plan.changes().filter_map(|c| Some((c.base, c.to?))).collect();
        left.sort_unstable();
        taken.sort_unstable();
        assert!(taken.windows(2).all(|pair| pair[0] != pair[1]), "seed {seed}: taken twice");
        let returns = taken.iter().any(|change| left.binary_search(change).is_ok());
        assert!(!returns, "seed {seed}: left and taken");
    }
}

#[test]
fn a_sound_replica_makes_room() {
    let (topology, mapping) = oracle::crossed_hosts();
    let (plan, _) = rebalance(&mapping, &topology, rules(2, 2));
    assert_eq!(plan.moves(), 4);
}

#[test]
fn ids_and_addresses_are_one_service() {
    let topology = topology("a#x=h1.v1 b#y=h2.v1 c#z=h3.v1");
    for row in ["a b c", "x y z", "x b z"] {
        let mapping = mapping(0, &format!(": {row}"));
        let (plan, after) = rebalance(&mapping, &topology, rules(3, 2));
        assert_eq!((plan.moves(), show(&after)), (0, ": a b c".to_owned()), "{row}");
    }
}

#[test]
fn a_service_under_two_names_is_a_duplicate() {
    let topology = topology("a#x=h1.v1 b#y=h2.v1 c#z=h3.v1");
    let (plan, after) = rebalance(&mapping(0, ": a x b"), &topology, rules(3, 2));
    assert_eq!((plan.moves(), show(&after)), (1, ": a b c".to_owned()));
}

#[test]
fn unknown_services_are_evacuated() {
    let topology = topology("a=h1 b=h2 c=h3");
    let (plan, after) = rebalance(&mapping(0, ": a dead1 dead2"), &topology, rules(3, 1));
    assert_eq!((plan.moves(), show(&after)), (2, ": a b c".to_owned()));
}

#[test]
fn an_excess_replica_is_no_move() {
    let topology = topology("a=h1 b=h2 c=h3");
    let (plan, after) = rebalance(&mapping(0, ": a b c dead"), &topology, rules(3, 1));
    assert_eq!((plan.moves(), plan.removals(), plan.is_empty()), (0, 1, false));
    assert_eq!(show(&after), ": a b c");
}

#[test]
fn replicas_are_raised_and_lowered_on_a_live_mapping() {
    let names: Vec<_> = (0..12).map(|n| format!("s{n:02}=h{}.v{}", n / 3, n % 3)).collect();
    let topology = topology(&names.join(" "));
    let empty = PrefixMapping::new(digits(2));
    let (_, three) = rebalance(&empty, &topology, rules(3, 2));
    let (plan, _) = rebalance(&three, &topology, rules(4, 2));
    assert_eq!((plan.moves(), plan.removals()), (256, 0));
    let (plan, _) = rebalance(&three, &topology, rules(2, 2));
    assert_eq!((plan.moves(), plan.removals()), (0, 256));
}

#[test]
fn ten_services_grow_to_twenty() {
    let services = |count: usize| -> Vec<_> {
        (0..count).map(|n| format!("10.0.0.{n}:6001=h{n}.v0")).collect()
    };
    let (ten, twenty) = (topology(&services(10).join(" ")), topology(&services(20).join(" ")));
    let (_, before) = rebalance(&PrefixMapping::new(digits(2)), &ten, rules(3, 2));
    let (plan, after) = rebalance(&before, &twenty, rules(3, 2));
    // 768 replicas, bands of 38..39: the new ten take the least that they may.
    assert_eq!(plan.moves(), 10 * 38);
    assert!(judge::loads(&after, &twenty).iter().all(|load| (38..=39).contains(load)));
    // No move needs another, so that there are as many as may be.
    let moves = |options: RebalanceOptions| before.rebalance(&twenty, &options).unwrap().moves();
    for most in [1, 100, 379] {
        assert_eq!(moves(RebalanceOptions::new(rules(3, 2)).max_moves(most)), most);
    }
    let one_a_base = RebalanceOptions::new(rules(3, 2)).max_moves_per_base(1);
    assert_eq!(moves(one_a_base), plan.changed_bases().count());
}

#[test]
fn locations_of_mixed_depths_are_planned() {
    let topology = topology("a=v1 b=h1.v1 c=r1.h1.v1 d=s1.r1.h1.v1 e=s1.r1.h1.v2 f=h1.v2");
    for min_dist in 1..=3 {
        rebalance(&mapping(1, "0: a b c | 1: d e f"), &topology, rules(3, min_dist));
    }
}

#[test]
fn a_plan_that_moves_nothing_is_empty() {
    let topology = topology("a=h1 b=h2 c=h3");
    let (plan, after) = rebalance(&mapping(0, ": c a b"), &topology, rules(3, 1));
    assert!(plan.is_empty());
    assert_eq!((plan.changes().len(), plan.waves().len(), plan.moves()), (0, 0, 0));
    assert_eq!(after.to_json_of(plan.changed_bases()), PrefixMapping::new(digits(0)).to_json());
}
