//! `meta0 check`.

use std::process::ExitCode;

use meta0::CheckOptions;

use crate::args::CheckArgs;
use crate::failure::Failure;
use crate::report::Report;

/// How many breaches of each kind the report shows.
const EXAMPLES: usize = 3;

/// Judges a mapping: the status is 1 when anything is wrong with it.
pub(crate) fn run(args: &CheckArgs) -> Result<ExitCode, Failure> {
    let (topology, mapping) = args.cluster.read_with(&args.mapping, args.rules.digits)?;
    let rules = args.rules.get()?;
    let options = CheckOptions::new(rules).tolerance(args.tolerance).examples(EXAMPLES);
    let before = mapping.check(&topology, &options)?;
    let report = Report {
        command: "check",
        topology: &topology,
        digits: mapping.digits(),
        rules,
        held_bases: &[],
        before: Some(&before),
        after: None,
        plan: None,
        outcome: String::new(),
    };
    report.print(&args.report, false)?;
    Ok(ExitCode::from(u8::from(!before.is_clean())))
}
