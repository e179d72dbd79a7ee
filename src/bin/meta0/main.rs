//! `meta0`: the library's operations on files.
//!
//! Arguments become values of the library, one call makes the result, and a
//! report of it is printed; all that is decided here is what goes to which
//! file, and the exit status: 0 all is well, 1 the mapping is not as it should
//! be or can't be made so, 2 wrong usage or files that can't be read or
//! written.

mod args;
mod bootstrap;
mod check;
mod completions;
mod decommission;
mod diff;
mod failure;
mod files;
mod input;
mod output;
mod plan;
mod plan_file;
mod planned;
mod rebalance;
mod report;

use std::process::ExitCode;

use clap::Parser;

use args::{Cli, Command};

fn main() -> ExitCode {
    let result = match Cli::parse().command {
        Command::Bootstrap(args) => bootstrap::run(&args),
        Command::Check(args) => check::run(&args),
        Command::Rebalance(args) => rebalance::run(&args),
        Command::Decommission(args) => decommission::run(&args),
        Command::Diff(args) => diff::run(&args),
        Command::Plan(args) => plan::run(&args),
        Command::Completions(args) => completions::run(&args),
    };
    result.unwrap_or_else(|failure| failure.print())
}
