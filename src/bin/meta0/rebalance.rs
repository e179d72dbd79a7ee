//! `meta0 rebalance`.

use std::process::ExitCode;

use meta0::{CheckOptions, RebalanceError, RebalanceOptions};

use crate::args::RebalanceArgs;
use crate::failure::Failure;
use crate::files::Files;
use crate::planned::{EXAMPLES, Planned, bases};

/// Plans the fewest moves to a valid and balanced mapping.
pub(crate) fn run(args: &RebalanceArgs) -> Result<ExitCode, Failure> {
    let files = Files::of_plan(&args.plan)?;
    let rules = args.rules.get()?;
    let (cluster, before) = args.cluster.read_with(&args.mapping, args.rules.digits)?;
    let held_bases = bases("--hold-base", &args.hold_base, before.digits())?;
    let options = RebalanceOptions::new(rules)
        .tolerance(args.tolerance)
        .drain(&args.drain)
        .hold(&args.hold)
        .hold_bases(held_bases.iter().copied());
    let options = args.max_moves.into_iter().fold(options, RebalanceOptions::max_moves);
    let most = args.max_moves_per_base;
    let options = most.into_iter().fold(options, RebalanceOptions::max_moves_per_base);
    let plan = before.rebalance(&cluster, &options).map_err(refused)?;
    Planned {
        command: "rebalance",
        cluster,
        options: CheckOptions::new(rules).tolerance(args.tolerance).examples(EXAMPLES),
        rules,
        held_bases,
        before,
        plan,
        is_restricted: args.is_restricted(),
        is_strict: args.plan.strict,
    }
    .deliver(files, &args.report)
}

fn refused(error: RebalanceError) -> Failure {
    match error {
        RebalanceError::Unsatisfiable(proof) => proof.into(),
        error => Failure::because("no plan", &error),
    }
}
