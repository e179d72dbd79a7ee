//! The arguments of a comparison.

use clap::{Args, ValueHint};
use meta0::{Digits, MissingLocation, PrefixMapping, Topology};

use super::help::DIFF_HELP;
use super::{ReportArgs, WaveArgs, one_stdin};
use crate::failure::Failure;
use crate::input::Input;
use crate::output::Output;

/// Find what changes a mapping into another.
///
/// Services are compared by the names that the mappings have for them. With
/// --services, a service is the same by its address and by its id.
#[derive(Debug, Args)]
#[command(after_help = DIFF_HELP)]
pub(crate) struct DiffArgs {
    /// The mapping to start from; - is standard input
    #[arg(value_hint = ValueHint::FilePath)]
    old: Input,

    /// The mapping to end at; - is standard input
    #[arg(value_hint = ValueHint::FilePath)]
    new: Input,

    /// The services, which say whose ids the mappings name and, for --steps, who is
    /// up; - is standard input [default: every service is up]
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, help_heading = "Input")]
    services: Option<Input>,

    /// How many leading hex digits name a base, 0 to 4 (`ns.meta1_digits`)
    #[arg(long, value_name = "N", default_value_t, allow_negative_numbers = true)]
    digits: Digits,

    /// Where to write the bases that change: merged into OLD, they make NEW
    #[arg(short, long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    #[arg(help_heading = "Output")]
    pub(crate) output: Option<Output>,

    #[command(flatten)]
    pub(crate) waves: WaveArgs,

    #[command(flatten)]
    pub(crate) report: ReportArgs,
}

impl DiffArgs {
    /// The two mappings, and the cluster if it is given; one of them may be standard
    /// input.
    pub(crate) fn read(&self) -> Result<(PrefixMapping, PrefixMapping, Option<Topology>), Failure> {
        let inputs = [("OLD", Some(&self.old)), ("NEW", Some(&self.new))];
        one_stdin(inputs.into_iter().chain([("--services", self.services.as_ref())]))?;
        // Where a service is makes no difference here.
        let read = |services: &Input| services.read_topology(MissingLocation::UseHost);
        let cluster = self.services.as_ref().map(read).transpose()?;
        let mapping = |input: &Input| input.read_mapping(self.digits, cluster.as_ref());
        Ok((mapping(&self.old)?, mapping(&self.new)?, cluster))
    }
}
