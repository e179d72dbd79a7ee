//! `meta0 plan rest` and `meta0 plan undo`: on from where the cluster is, or back.

use std::process::ExitCode;

use meta0::{Plan, PrefixMapping, RestError};

use super::{deliver, read, stage_partial, unsaid};
use crate::args::WayArgs;
use crate::failure::Failure;
use crate::files::misfit;

/// Plans what is left of a plan.
pub(super) fn rest(args: &WayArgs) -> Result<ExitCode, Failure> {
    go(args, Plan::rest_from, "to go on")
}

/// Plans the way back.
pub(super) fn undo(args: &WayArgs) -> Result<ExitCode, Failure> {
    go(args, Plan::undo_from, "to go back")
}

fn go(
    args: &WayArgs,
    way: impl FnOnce(&Plan, &PrefixMapping) -> Result<Plan, RestError>,
    what: &str,
) -> Result<ExitCode, Failure> {
    if let (Some(output), Some(plan)) = (&args.output, &args.plan)
        && output.is_same(plan)
    {
        return Err(Failure::new("--output and --plan can't be one file")
            .hint("give another file to one of them"));
    }
    let (plan, now) = read(&args.file, &args.mapping)?;
    let way = way(&plan, &now).map_err(|error| Failure::unmet("no plan", &error))?;
    let mut report = format!("{what}: {way}\n");
    let mut files = Vec::new();
    if let Some(output) = &args.output {
        let staged = if args.partial {
            let partial = way.partial(&now).map_err(|error| misfit(&error))?;
            report += &unsaid(partial.unsaid());
            stage_partial(output, &partial)?
        } else {
            let after = now.apply(&way).map_err(|error| misfit(&error))?;
            output.stage(|out| after.write_json(out))?
        };
        files.push(("mapping", output, staged));
    }
    if let Some(output) = &args.plan {
        files.push(("plan", output, output.stage(|out| way.write_json(out))?));
    }
    if files.is_empty() {
        report += "nothing written: --output FILE writes the mapping, --plan FILE the plan\n";
    }
    deliver(&report, files)
}
