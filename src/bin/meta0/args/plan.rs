//! The arguments that say what becomes of a plan.

use clap::builder::NonEmptyStringValueParser;
use clap::{Args, ValueHint};

use super::number::at_least;
use crate::output::Output;

/// The files of a command that makes a new mapping.
#[derive(Debug, Args)]
#[command(next_help_heading = "Output")]
pub(crate) struct PlanArgs {
    /// Where to write the new mapping; - is standard output (the report then
    /// goes to standard error)
    #[arg(short, long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) output: Option<Output>,

    /// Write only the bases that change: meta0 merges such a mapping
    #[arg(long, requires = "output")]
    pub(crate) partial: bool,

    #[command(flatten)]
    pub(crate) waves: WaveArgs,

    /// Exit with status 1 when something is left that is not as it should be
    #[arg(long)]
    pub(crate) strict: bool,
}

/// The plan itself.
#[derive(Debug, Args)]
#[command(next_help_heading = "Output")]
pub(crate) struct WaveArgs {
    /// Where to write the plan, wave by wave, as JSON; - is standard output
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) plan: Option<Output>,

    /// Add to the plan the requests to the proxy that carry it out
    #[arg(long, requires = "plan")]
    pub(crate) steps: bool,

    /// The namespace that those requests are for
    #[arg(long, value_name = "NS", default_value = "OPENIO", requires = "steps")]
    #[arg(value_parser = NonEmptyStringValueParser::new())]
    pub(crate) namespace: String,

    /// The most replicas that may go into a service, and out of it, in one wave
    #[arg(long, value_name = "N", value_parser = at_least(1), allow_negative_numbers = true)]
    pub(crate) max_per_service: Option<usize>,
}
