//! `meta0 completions`.

use std::io::{self, Write};
use std::process::ExitCode;

use clap::CommandFactory;

use crate::args::{Cli, CompletionsArgs};
use crate::failure::Failure;
use crate::output::unless_gone;

/// Prints the script that teaches a shell the arguments.
pub(crate) fn run(args: &CompletionsArgs) -> Result<ExitCode, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "meta0", &mut script);
    unless_gone(io::stdout().lock().write_all(&script))
        .map_err(|error| Failure::because("can't write standard output", &error))?;
    Ok(ExitCode::SUCCESS)
}
