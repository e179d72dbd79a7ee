//! What is done with a plan: that of the services that join.

use std::io;

use meta0::{Plan, PrefixMapping, RebalanceOptions};

use super::rebalance::grown;
use super::{Case, Run, SIZES, Size, run};
use crate::fixture;

pub(super) const CASES: [Case; 11] = [
    Case::new("apply", SIZES, |size| with_plan(size, |mapping, plan| mapping.apply(plan).unwrap())),
    Case::new("apply-inverse", SIZES, |size| with_plan(size, |_, plan| plan.inverse())),
    Case::new("apply-diff", SIZES, |size| {
        let (mapping, plan) = join(size);
        let after = mapping.apply(&plan).unwrap();
        run(move || mapping.diff(&after).unwrap())
    }),
    Case::new("apply-partial-json", SIZES, |size| {
        with_plan(size, |mapping, plan| plan.partial_json(mapping).unwrap())
    }),
    Case::new("plan-write", SIZES, |size| with_plan(size, |_, plan| plan.to_json())),
    Case::new("plan-write-streamed", SIZES, |size| {
        with_plan(size, |_, plan| plan.write_json(io::sink()).unwrap())
    }),
    Case::new("plan-read", SIZES, |size| {
        let text = join(size).1.to_json();
        run(move || Plan::from_json(&text).unwrap())
    }),
    Case::new("plan-verify", SIZES, |size| {
        let (mapping, plan) = join(size);
        let topology = fixture::cluster(grown(size));
        run(move || plan.verify(&mapping, &topology).unwrap())
    }),
    Case::new("apply-capped-waves", SIZES, |size| {
        with_plan(size, |_, plan| plan.clone().max_per_service(10))
    }),
    Case::new("apply-wave-partials", SIZES, |size| {
        let (mapping, plan) = join(size);
        let plan = plan.max_per_service(10);
        run(move || plan.wave_partials(&mapping).unwrap().collect::<Vec<_>>())
    }),
    Case::new("apply-progress", SIZES, |size| {
        let (mapping, plan) = join(size);
        let plan = plan.max_per_service(10);
        let now = mapping.apply_waves(&plan, plan.waves().len() / 2).unwrap();
        run(move || plan.progress(&now))
    }),
];

fn join(size: Size) -> (PrefixMapping, Plan) {
    let mapping = size.mapping();
    let options = RebalanceOptions::new(size.rules());
    let plan = mapping.rebalance(&fixture::cluster(grown(size)), &options).unwrap();
    (mapping, plan)
}

fn with_plan<T: 'static>(size: Size, work: fn(&PrefixMapping, &Plan) -> T) -> Run {
    let (mapping, plan) = join(size);
    run(move || work(&mapping, &plan))
}
