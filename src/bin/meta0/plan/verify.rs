//! `meta0 plan verify`.

use std::process::ExitCode;

use super::refuse_two;
use crate::args::VerifyArgs;
use crate::failure::Failure;
use crate::report::say;

/// Verifies that a plan is what it says: the status is 1 when it is not.
pub(super) fn run(args: &VerifyArgs) -> Result<ExitCode, Failure> {
    let cluster = ("--services", args.cluster.services());
    refuse_two(&args.file, &[cluster, ("--mapping", &args.mapping)])?;
    let plan = args.file.read()?;
    let (cluster, mapping) = args.cluster.read_with(&args.mapping, plan.digits())?;
    let verified =
        plan.verify(&mapping, &cluster).map_err(|error| Failure::unmet("not verified", &error))?;
    say(&format!("{verified}\n"), false)?;
    Ok(ExitCode::SUCCESS)
}
