//! `meta0 diff`.

use std::process::ExitCode;

use crate::args::DiffArgs;
use crate::failure::Failure;
use crate::files::{Files, StagedFiles};
use crate::report::Difference;

/// Finds what changes a mapping into another.
pub(crate) fn run(args: &DiffArgs) -> Result<ExitCode, Failure> {
    let files = Files::of_diff(args)?;
    let (old, new) = args.read()?;
    let plan = old.diff(&new).map_err(|error| Failure::because("no plan", &error))?;
    let plan = files.in_waves(plan);
    let staged =
        if plan.is_empty() { StagedFiles::default() } else { files.stage(&plan, &old, &new)? };
    let outcome = staged.describe().unwrap_or_else(|| files.why_nothing(&plan).to_owned());
    let report = Difference { old: &old, new: &new, plan: &plan, outcome };
    report.print(&args.report, files.use_stdout())?;
    staged.commit()?;
    Ok(ExitCode::SUCCESS)
}
