//! `meta0 plan status`.

use std::process::ExitCode;

use super::read;
use crate::args::{Format, StatusArgs};
use crate::failure::Failure;
use crate::report::say;

/// Says how far the cluster is: the status is 1 when something is open, and 2 when
/// somebody else changed something.
pub(super) fn run(args: &StatusArgs) -> Result<ExitCode, Failure> {
    let (plan, now) = read(&args.file, &args.mapping)?;
    let progress = plan.progress(&now);
    let (word, status) = if !progress.is_on_the_way() {
        ("FOREIGN", 2)
    } else if progress.is_done() {
        ("DONE", 0)
    } else {
        ("OPEN", 1)
    };
    let report = match args.format {
        Format::Text => format!("{word}: {progress}\n"),
        Format::Json => {
            let json = serde_json::to_string_pretty(&progress);
            json.map_err(|error| Failure::because("can't write the report", &error))? + "\n"
        }
    };
    say(&report, false)?;
    Ok(ExitCode::from(status))
}
