//! `meta0 plan apply`.

use std::process::ExitCode;

use super::{deliver, read, stage_partial, unsaid};
use crate::args::ApplyArgs;
use crate::failure::Failure;

/// Writes the mapping that a plan, or its first waves, lead to.
pub(super) fn run(args: &ApplyArgs) -> Result<ExitCode, Failure> {
    let (plan, before) = read(&args.file, &args.mapping)?;
    let all = plan.waves().len();
    let waves = args.waves.unwrap_or(all);
    if waves > all {
        return Err(Failure::new(format!("--waves {waves}: the plan has {all}")));
    }
    let misfit = |error| Failure::unmet("the plan does not fit the mapping", &error);
    let (first, _) = plan.split_at(&before, waves).map_err(misfit)?;
    let mut report = format!("{waves} of {all} wave{}: {first}\n", if all == 1 { "" } else { "s" });
    let staged = if args.partial {
        let partial = first.partial(&before).map_err(misfit)?;
        report += &unsaid(partial.unsaid());
        stage_partial(&args.output, &partial)?
    } else {
        let after = before.apply(&first).map_err(misfit)?;
        args.output.stage(|out| after.write_json(out))?
    };
    deliver(&report, vec![("mapping", &args.output, staged)])
}
