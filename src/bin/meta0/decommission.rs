//! `meta0 decommission`.

use std::process::ExitCode;

use meta0::{Base, CheckOptions, DecommissionError, DecommissionOptions, PrefixMapping};

use crate::args::DecommissionArgs;
use crate::failure::Failure;
use crate::planned::{EXAMPLES, Planned, expand};

/// Plans how services lose bases, and nothing else moves.
pub(crate) fn run(args: &DecommissionArgs) -> Result<ExitCode, Failure> {
    let (cluster, mapping) = args.cluster.read_with(&args.mapping, args.rules.digits)?;
    let rules = args.rules.get()?;
    let before = mapping.resolve(&cluster);
    let [leaving, drained] = [&args.leavers, &args.drain].map(|names| expand(&cluster, names));

    let mut options = DecommissionOptions::new(rules)
        .tolerance(args.tolerance)
        .strategy(args.strategy.into())
        .drained(&drained);
    if !args.base.is_empty() {
        options = options.bases(bases(&before, &args.base)?);
    }
    let names: Vec<_> = leaving.iter().map(String::as_str).collect();
    let plan = before.decommission(&cluster, &names, &options).map_err(refused)?;

    let whole = if args.base.is_empty() { leaving } else { Vec::new() };
    let gone = whole.iter().chain(&drained).filter_map(|name| cluster.find(name));
    Planned {
        command: "decommission",
        target: cluster.drain(&gone.collect::<Vec<_>>()),
        cluster,
        options: CheckOptions::new(rules).tolerance(args.tolerance).examples(EXAMPLES),
        rules,
        before,
        plan,
        is_restricted: true,
    }
    .deliver(&args.plan, &args.report)
}

fn bases(mapping: &PrefixMapping, names: &[String]) -> Result<Vec<Base>, Failure> {
    let base = |name: &String| Base::parse(name, mapping.digits());
    let bases: Result<_, _> = names.iter().map(base).collect();
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
