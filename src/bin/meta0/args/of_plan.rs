//! The arguments of `meta0 plan`: what is asked of a plan that was kept in a file.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueHint};
use meta0::Plan;

use super::help::{
    PLAN_APPLY_HELP, PLAN_HELP, PLAN_REST_HELP, PLAN_SHOW_HELP, PLAN_STATUS_HELP, PLAN_UNDO_HELP,
    PLAN_VERIFY_HELP, PLAN_WAVES_HELP,
};
use super::number::at_least;
use super::{ClusterArgs, Format};
use crate::failure::Failure;
use crate::input::Input;
use crate::output::Output;

/// Show, verify, follow and carry on a plan that was written to a file.
#[derive(Debug, Args)]
#[command(after_help = PLAN_HELP)]
pub(crate) struct OfPlanArgs {
    #[command(subcommand)]
    pub(crate) command: OfPlan,
}

#[derive(Debug, Subcommand)]
pub(crate) enum OfPlan {
    Show(ShowArgs),
    Verify(VerifyArgs),
    Status(StatusArgs),
    Apply(ApplyArgs),
    Rest(RestArgs),
    Undo(UndoArgs),
    Waves(WavesArgs),
}

/// The plan.
#[derive(Debug, Args)]
pub(crate) struct File {
    /// The plan, as --plan writes it; - is standard input
    #[arg(value_name = "PLAN", value_hint = ValueHint::FilePath)]
    plan: Input,
}

impl File {
    /// The plan.
    pub(crate) fn read(&self) -> Result<Plan, Failure> {
        self.plan.read_plan()
    }

    /// Whether it is read from standard input.
    pub(crate) fn is_stdin(&self) -> bool {
        self.plan == Input::Stdin
    }
}

/// Say what a plan is for, what it does, and what is proven.
///
/// Nothing is checked against a cluster: `meta0 plan verify` does that.
#[derive(Debug, Args)]
#[command(after_help = PLAN_SHOW_HELP)]
pub(crate) struct ShowArgs {
    #[command(flatten)]
    pub(crate) file: File,
}

/// Verify that a plan is what it says, without trusting what made it.
///
/// The services and the mapping are those that the plan was made for. The changes are laid
/// over the mapping, the result is checked, the moves are counted, and the fewest moves
/// there can be are computed anew from the plan's certificate.
#[derive(Debug, Args)]
#[command(after_help = PLAN_VERIFY_HELP)]
pub(crate) struct VerifyArgs {
    #[command(flatten)]
    pub(crate) file: File,

    #[command(flatten)]
    pub(crate) cluster: ClusterArgs,

    /// The mapping that the plan was made for; - is standard input
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, help_heading = "Input")]
    pub(crate) mapping: Input,
}

/// Say how far the cluster is with a plan.
#[derive(Debug, Args)]
#[command(after_help = PLAN_STATUS_HELP)]
pub(crate) struct StatusArgs {
    #[command(flatten)]
    pub(crate) file: File,

    /// The mapping as it is now; - is standard input
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, help_heading = "Input")]
    pub(crate) mapping: Input,

    /// The shape of the report
    #[arg(long, value_enum, default_value_t, help_heading = "Output")]
    pub(crate) format: Format,
}

/// Write the mapping that a plan leads to, or its first waves.
#[derive(Debug, Args)]
#[command(after_help = PLAN_APPLY_HELP)]
pub(crate) struct ApplyArgs {
    #[command(flatten)]
    pub(crate) file: File,

    /// The mapping that the plan was made for; - is standard input
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, help_heading = "Input")]
    pub(crate) mapping: Input,

    /// How many waves, the first ones [default: all]
    #[arg(long, value_name = "N", value_parser = at_least(0), allow_negative_numbers = true)]
    pub(crate) waves: Option<usize>,

    /// Where to write the mapping; - is standard output (the report then goes to standard
    /// error)
    #[arg(short, long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    #[arg(help_heading = "Output")]
    pub(crate) output: Output,

    /// Write only the bases that change: meta0 merges such a mapping
    #[arg(long, help_heading = "Output")]
    pub(crate) partial: bool,
}

/// Plan what is left of a plan: from where the cluster is to the end.
///
/// It is proven like the whole plan. Bases that somebody else changed are named, and
/// nothing is planned.
#[derive(Debug, Args)]
#[command(after_help = PLAN_REST_HELP)]
pub(crate) struct RestArgs {
    #[command(flatten)]
    pub(crate) way: WayArgs,
}

/// Plan the way back: from where the cluster is to where the plan began.
#[derive(Debug, Args)]
#[command(after_help = PLAN_UNDO_HELP)]
pub(crate) struct UndoArgs {
    #[command(flatten)]
    pub(crate) way: WayArgs,
}

#[derive(Debug, Args)]
pub(crate) struct WayArgs {
    #[command(flatten)]
    pub(crate) file: File,

    /// The mapping as it is now; - is standard input
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, help_heading = "Input")]
    pub(crate) mapping: Input,

    /// Where to write the mapping that it leads to; - is standard output (the report then
    /// goes to standard error)
    #[arg(short, long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    #[arg(help_heading = "Output")]
    pub(crate) output: Option<Output>,

    /// Write only the bases that change: meta0 merges such a mapping
    #[arg(long, requires = "output", help_heading = "Output")]
    pub(crate) partial: bool,

    /// Where to write the plan; - is standard output
    #[arg(id = "way", long = "plan", value_name = "FILE", value_hint = ValueHint::FilePath)]
    #[arg(help_heading = "Output")]
    pub(crate) plan: Option<Output>,
}

/// Write what meta0 is to merge for each wave, and what undoes it.
///
/// Each wave gets a file of the bases that it changes as they are after it, and beside it
/// one of the same bases as they are before: wave-0001.json and wave-0001.rollback.json.
#[derive(Debug, Args)]
#[command(after_help = PLAN_WAVES_HELP)]
pub(crate) struct WavesArgs {
    #[command(flatten)]
    pub(crate) file: File,

    /// The mapping that the plan was made for; - is standard input
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, help_heading = "Input")]
    pub(crate) mapping: Input,

    /// The folder to make for the files: one that is not there yet, or is empty
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath, help_heading = "Output")]
    pub(crate) dir: PathBuf,
}
