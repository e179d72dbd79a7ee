//! `meta0 diff`.

use std::process::ExitCode;

use crate::args::{DiffArgs, PlanArgs};
use crate::failure::Failure;
use crate::planned::in_waves;
use crate::report::Difference;

/// Finds what changes a mapping into another.
pub(crate) fn run(args: &DiffArgs) -> Result<ExitCode, Failure> {
    let (old, new) = args.read()?;
    let plan = old.diff(&new).map_err(|error| Failure::because("no plan", &error))?;
    let plan = in_waves(plan, args.max_per_service);
    let files = PlanArgs {
        output: args.output.clone(),
        partial: true,
        plan: args.plan.clone(),
        max_per_service: args.max_per_service,
        strict: false,
    };
    let staged = if plan.is_empty() { Vec::new() } else { files.stage(&plan, &new)? };
    let outcome = files.outcome(!staged.is_empty(), plan.is_empty());
    let report = Difference { old: &old, new: &new, plan: &plan, outcome };
    report.print(&args.report, files.uses_stdout())?;
    staged.into_iter().try_for_each(crate::output::Staged::commit)?;
    Ok(ExitCode::SUCCESS)
}
