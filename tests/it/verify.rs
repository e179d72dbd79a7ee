//! `Plan::verify`: every plan of the planner is what it says, and no forged one is.

use meta0::{DecommissionOptions, Plan, RebalanceOptions, Strategy, Verified};

use crate::instance::{Instance, Size};

/// What verifying a plan for an instance finds.
#[track_caller]
fn verified(instance: &Instance, plan: &Plan) -> Verified {
    let verified = plan.verify(&instance.mapping, &instance.topology).unwrap();
    assert_eq!(verified.moves(), plan.moves());
    assert_eq!(verified.lower_bound(), plan.lower_bound());
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
            assert_eq!(verified.is_minimal(), strategy == Strategy::Optimal);
        }
    }
    assert!(compared > 3_000, "{compared}");
}
