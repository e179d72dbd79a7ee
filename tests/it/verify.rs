//! `Plan::verify`: every plan of the planner is what it says, and no forged one is.

pub(crate) mod forged;

use meta0::{
    DecommissionOptions, Digits, Level, Plan, PrefixMapping, RebalanceOptions, Rules, Strategy,
    Verified,
};

use crate::instance::{Instance, Size};
use crate::notation::topology;

/// What verifying a plan for an instance finds.
#[track_caller]
fn verified(instance: &Instance, plan: &Plan) -> Verified {
    let verified = plan.verify(&instance.mapping, &instance.topology).unwrap();
    assert_eq!(verified.moves(), plan.moves());
    assert_eq!(verified.lower_bound(), plan.lower_bound().or(Some(plan.moves())));
    verified
}

#[test]
fn a_rebalance_is_what_it_says() {
    for seed in 0..4_000 {
        let size = [Size::TINY, Size::SMALL, Size::MIDDLE][seed % 3];
        let instance = Instance::satisfiable(seed as u64, size);
        let _context = instance.context();
        let options = RebalanceOptions::new(instance.rules).tolerance(instance.tolerance);
        let plan = instance.mapping.rebalance(&instance.topology, &options).unwrap();
        let verified = verified(&instance, &plan);
        assert!(verified.is_minimal() && verified.report().unwrap().is_clean());
    }
}

#[test]
fn a_restricted_rebalance_is_what_it_says() {
    let mut compared = 0;
    for seed in 0..6_000 {
        let instance = Instance::satisfiable(seed, Size::SMALL);
        let _context = instance.context();
        let services = instance.some_services(seed);
        let (held, drained) = services.split_at(services.len() / 2);
        let mut options = RebalanceOptions::new(instance.rules)
            .tolerance(instance.tolerance)
            .hold(held.iter().copied())
            .drain(drained.iter().copied());
        if seed % 2 == 0 {
            options = options.hold_bases(instance.some_bases(seed));
        }
        let Ok(plan) = instance.mapping.rebalance(&instance.topology, &options) else { continue };
        compared += 1;
        assert!(verified(&instance, &plan).is_minimal());
        let limited = options.max_moves(plan.moves() / 2).max_moves_per_base(1);
        let plan = instance.mapping.rebalance(&instance.topology, &limited).unwrap();
        verified(&instance, &plan);
    }
    assert!(compared > 3_000, "{compared}");
}

#[test]
fn a_decommission_is_what_it_says() {
    let mut compared = 0;
    for seed in 0..6_000 {
        let instance = Instance::satisfiable(seed, Size::SMALL);
        let _context = instance.context();
        let leavers = instance.leavers(seed);
        let names: Vec<_> = leavers.services.iter().map(String::as_str).collect();
        let strategies = [Strategy::Optimal, Strategy::FewestBases, Strategy::MostAvailability];
        for strategy in strategies {
            let mut options = DecommissionOptions::new(instance.rules)
                .tolerance(instance.tolerance)
                .strategy(strategy);
            if let Some(bases) = &leavers.bases {
                options = options.bases(bases.iter().copied());
            }
            let plan = instance.mapping.decommission(&instance.topology, &names, &options);
            let Ok(plan) = plan else { continue };
            compared += 1;
            let verified = verified(&instance, &plan);
            assert!(verified.is_minimal());
            assert_eq!(plan.certificate().is_some(), strategy == Strategy::Optimal);
        }
    }
    assert!(compared > 3_000, "{compared}");
}

/// Where racks may hold two replicas of a base and do, two is what the planner has to
/// reckon with: with a cap of one, every base would have to move.
#[test]
fn a_cap_that_the_planner_took_for_lower_would_show() {
    let cluster = "a=s.r1.h1.v b=s.r1.h2.v c=s.r2.h3.v d=s.r2.h4.v e=s.r3.h5.v f=s.r3.h6.v";
    let (small, grown) = (topology(cluster), topology(&format!("{cluster} g=s.r3.h7.v")));
    let rules = Rules::new(3).unwrap().at_most(Level::Rack, 2).unwrap();
    let apart = Rules::new(3).unwrap().at_most(Level::Rack, 1).unwrap();
    let (before, options) = (crowded(), RebalanceOptions::new(rules));
    assert!(before.rebalance(&small, &options).unwrap().is_empty());
    assert!(before.rebalance(&small, &RebalanceOptions::new(apart)).unwrap().moves() > 100);
    let plan = before.rebalance(&grown, &options).unwrap();
    // The share of the new one, 256 * 3 / 7, is 109 and a fraction.
    assert_eq!((plan.moves(), plan.is_minimal()), (109, true));
}

/// 256 bases, each with two replicas in one of the racks `a b`, `c d`, `e f`, and every
/// load 128.
fn crowded() -> PrefixMapping {
    let mut crowded = PrefixMapping::new(Digits::try_from(2).unwrap());
    for base in crowded.digits().bases() {
        let rows = [["a", "b", "c"], ["d", "e", "f"], ["c", "d", "e"], ["a", "b", "f"]];
        crowded.assign_services(base, rows[base.index() % 4]).unwrap();
    }
    crowded
}
