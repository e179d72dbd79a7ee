//! `meta0 bootstrap`.

use std::process::ExitCode;

use meta0::{BootstrapError, BootstrapOptions, CheckOptions, PrefixMapping};

use crate::args::BootstrapArgs;
use crate::failure::Failure;
use crate::output::{Output, Staged};
use crate::report::Report;

/// Makes a mapping from nothing, and writes it where told.
pub(crate) fn run(args: &BootstrapArgs) -> Result<ExitCode, Failure> {
    let topology = args.cluster.read()?;
    let rules = args.rules.get()?;
    let options = BootstrapOptions::new(rules).seed(args.seed);
    let mapping =
        PrefixMapping::bootstrap(&topology, args.rules.digits, &options).map_err(refused)?;
    let after = mapping.check(&topology, &CheckOptions::new(rules))?;

    let output = args.output.as_ref();
    let staged = output.map(|output| output.stage(|out| mapping.write_json(out))).transpose()?;
    let report = Report {
        command: "bootstrap",
        topology: &topology,
        digits: mapping.digits(),
        rules,
        held_bases: &[],
        before: None,
        after: Some(&after),
        plan: None,
        outcome: match output {
            Some(output) => format!("mapping written to {output}"),
            None => "nothing written: --output FILE writes the mapping".to_owned(),
        },
    };
    report.print(&args.report, output == Some(&Output::Stdout))?;
    staged.map_or(Ok(()), Staged::commit)?;
    Ok(ExitCode::SUCCESS)
}

fn refused(error: BootstrapError) -> Failure {
    match error {
        BootstrapError::Unsatisfiable(proof) => proof.into(),
        error => Failure::because("no mapping", &error),
    }
}
