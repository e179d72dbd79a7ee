//! `meta0 decommission`.

use std::process::ExitCode;

use meta0::{CheckOptions, DecommissionError, DecommissionOptions};

use crate::args::DecommissionArgs;
use crate::failure::Failure;
use crate::files::Files;
use crate::planned::{EXAMPLES, Planned, bases};

/// Plans how services lose bases, and nothing else moves.
pub(crate) fn run(args: &DecommissionArgs) -> Result<ExitCode, Failure> {
    let files = Files::of_plan(&args.plan)?;
    let rules = args.rules.get()?;
    let (cluster, before) = args.cluster.read_with(&args.mapping, args.rules.digits)?;
    let mut options = DecommissionOptions::new(rules)
        .tolerance(args.tolerance)
        .strategy(args.strategy.into())
        .drain(&args.drained);
    if let Some(names) = &args.base {
        options = options.bases(bases("--base", names, before.digits())?);
    }
    let plan = before.decommission(&cluster, &args.leavers, &options).map_err(refused)?;

    Planned {
        command: "decommission",
        cluster,
        options: CheckOptions::new(rules).tolerance(args.tolerance).examples(EXAMPLES),
        rules,
        held_bases: Vec::new(),
        before,
        plan,
        is_restricted: true,
        is_strict: args.plan.strict,
    }
    .deliver(files, &args.report)
}

fn refused(error: DecommissionError) -> Failure {
    match error {
        DecommissionError::Unsatisfiable(proof) => proof.into(),
        DecommissionError::NowhereToGo { .. } => Failure::unmet("no plan", &error)
            .hint("rebalance with --drain instead: other replicas may move to make room"),
        error => Failure::because("no plan", &error),
    }
}
