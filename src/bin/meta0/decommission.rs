//! `meta0 decommission`.

use std::process::ExitCode;

use meta0::{Base, CheckOptions, DecommissionError, DecommissionOptions, PrefixMapping};

use crate::args::DecommissionArgs;
use crate::failure::Failure;
use crate::files::Files;
use crate::planned::{EXAMPLES, Planned, without};

/// Plans how services lose bases, and nothing else moves.
pub(crate) fn run(args: &DecommissionArgs) -> Result<ExitCode, Failure> {
    let files = Files::of_plan(&args.plan)?;
    let rules = args.rules.get()?;
    let (cluster, mapping) = args.cluster.read_with(&args.mapping, args.rules.digits)?;
    let before = mapping.resolve(&cluster);
    let mut options = DecommissionOptions::new(rules)
        .tolerance(args.tolerance)
        .strategy(args.strategy.into())
        .drained(&args.drained);
    if let Some(names) = &args.base {
        options = options.bases(bases(&before, names)?);
    }
    let leavers: Vec<_> = args.leavers.iter().map(String::as_str).collect();
    let plan = before.decommission(&cluster, &leavers, &options).map_err(refused)?;

    // Services that lose some of their bases stay, and have a share.
    let gone = if args.base.is_none() { &args.leavers[..] } else { &[] };
    Planned {
        command: "decommission",
        target: without(&cluster, gone.iter().chain(&args.drained)),
        cluster,
        options: CheckOptions::new(rules).tolerance(args.tolerance).examples(EXAMPLES),
        rules,
        before,
        plan,
        is_restricted: true,
        is_strict: args.plan.strict,
    }
    .deliver(files, &args.report)
}

/// The bases of some names; an empty one names none.
fn bases(mapping: &PrefixMapping, names: &[String]) -> Result<Vec<Base>, Failure> {
    let base = |name: &String| Base::parse(name, mapping.digits());
    let bases: Result<_, _> = names.iter().filter(|name| !name.is_empty()).map(base).collect();
    bases.map_err(|error| Failure::because("--base", &error))
}

fn refused(error: DecommissionError) -> Failure {
    match error {
        DecommissionError::Unsatisfiable(proof) => proof.into(),
        DecommissionError::NowhereToGo { .. } => Failure::unmet("no plan", &error)
            .hint("rebalance with --drain instead: other replicas may move to make room"),
        error => Failure::because("no plan", &error),
    }
}
