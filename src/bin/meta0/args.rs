//! The arguments: what clap reads, and what its help says.
//!
//! Names are upstream's where it has them. Doc comments here are the help's
//! text, so they speak to the person at the terminal.

mod at_most;
mod diff;
mod help;
mod number;
mod of_plan;
mod plan;
mod rules;

use clap::{Args, Parser, Subcommand, ValueEnum, ValueHint};
use meta0::{Digits, MissingLocation, PrefixMapping, Strategy, Tolerance, Topology};

use crate::failure::Failure;
use crate::input::Input;
use crate::output::Output;
pub(crate) use diff::DiffArgs;
use help::{
    BOOTSTRAP_HELP, CHECK_HELP, COMPLETIONS_HELP, DECOMMISSION_HELP, MAIN_HELP, REBALANCE_HELP,
};
use number::at_least;
pub(crate) use of_plan::{
    ApplyArgs, File, OfPlan, OfPlanArgs, ShowArgs, StatusArgs, VerifyArgs, WavesArgs, WayArgs,
};
pub(crate) use plan::{PlanArgs, WaveArgs};
pub(crate) use rules::RuleArgs;

/// Plans OpenIO SDS meta0 prefix mappings: which meta1 services hold each base.
///
/// Reads the services of a cluster and a mapping from files, writes mappings
/// that `meta0_force` takes, and reports what is wrong, what changes, and what
/// the cluster can lose. It talks to no server.
#[derive(Debug, Parser)]
#[command(name = "meta0", version, after_help = MAIN_HELP)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Bootstrap(BootstrapArgs),
    Check(CheckArgs),
    Rebalance(RebalanceArgs),
    Decommission(DecommissionArgs),
    Diff(DiffArgs),
    Plan(OfPlanArgs),
    Completions(CompletionsArgs),
}

/// Make a balanced, valid and mixed mapping from nothing.
///
/// Every base gets its replicas, as far apart as the rules say; every service
/// and every domain gets its fair share. Services of score 0 or that are down get
/// nothing. Without --output nothing is written: the report says what would be.
#[derive(Debug, Args)]
#[command(after_help = BOOTSTRAP_HELP)]
pub(crate) struct BootstrapArgs {
    #[command(flatten)]
    pub(crate) cluster: ClusterArgs,
    #[command(flatten)]
    pub(crate) rules: RuleArgs,

    /// Another seed gives another mix: which services share bases
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) seed: u64,

    /// Where to write the mapping; - is standard output (the report then goes
    /// to standard error)
    #[arg(short, long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    #[arg(help_heading = "Output")]
    pub(crate) output: Option<Output>,

    #[command(flatten)]
    pub(crate) report: ReportArgs,
}

/// Find every breach of the rules in a mapping, and every unfair load.
///
/// Also says, for each level, how many domains the cluster may lose while every
/// base keeps its quorum, whichever they are.
#[derive(Debug, Args)]
#[command(after_help = CHECK_HELP)]
pub(crate) struct CheckArgs {
    #[command(flatten)]
    pub(crate) cluster: ClusterArgs,

    /// The mapping, as meta0 lists it; - is standard input
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, help_heading = "Input")]
    pub(crate) mapping: Input,

    #[command(flatten)]
    pub(crate) rules: RuleArgs,

    /// How far beyond its fair share a load may be: 0.05, 5% or 1/20
    #[arg(long, value_name = "RATIO", default_value_t, help_heading = "Rules")]
    #[arg(allow_negative_numbers = true)]
    pub(crate) tolerance: Tolerance,

    #[command(flatten)]
    pub(crate) report: ReportArgs,
}

/// Plan the fewest moves that make a mapping valid and balanced.
///
/// Whatever is wrong with it: dead, unknown or new services, bases that miss
/// replicas, have too many or have them too close together, unfair loads. The
/// number of moves comes with its proof. The files that are named are written also
/// when nothing changes.
#[derive(Debug, Args)]
#[command(after_help = REBALANCE_HELP)]
pub(crate) struct RebalanceArgs {
    #[command(flatten)]
    pub(crate) cluster: ClusterArgs,

    /// The mapping, as meta0 lists it; - is standard input
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, help_heading = "Input")]
    pub(crate) mapping: Input,

    #[command(flatten)]
    pub(crate) rules: RuleArgs,

    /// How far beyond its fair share a load may be: 0.05, 5% or 1/20
    #[arg(long, value_name = "RATIO", default_value_t, help_heading = "Rules")]
    #[arg(allow_negative_numbers = true)]
    pub(crate) tolerance: Tolerance,

    /// A service that is to lose all it has: its address, its id, or a location
    /// (site0.rack00) for all that are there; may be repeated
    #[arg(long, value_name = "SERVICE", help_heading = "Restrictions")]
    pub(crate) drain: Vec<String>,

    /// A service that keeps what it has and gets nothing; may be repeated
    #[arg(long, value_name = "SERVICE", help_heading = "Restrictions")]
    pub(crate) hold: Vec<String>,

    /// A base that keeps the services it has and gets no others, whatever is wrong
    /// with it: separated by commas, or one by one
    #[arg(long, value_name = "BASE", value_delimiter = ',', help_heading = "Restrictions")]
    pub(crate) hold_base: Vec<String>,

    /// The most moves that a plan may have, so that it may leave something undone
    #[arg(long, value_name = "N", help_heading = "Restrictions")]
    #[arg(value_parser = at_least(0), allow_negative_numbers = true)]
    pub(crate) max_moves: Option<usize>,

    /// The most moves that one base may have
    #[arg(long, value_name = "N", help_heading = "Restrictions")]
    #[arg(value_parser = at_least(0), allow_negative_numbers = true)]
    pub(crate) max_moves_per_base: Option<usize>,

    #[command(flatten)]
    pub(crate) plan: PlanArgs,

    #[command(flatten)]
    pub(crate) report: ReportArgs,
}

impl RebalanceArgs {
    /// Whether the plan may leave something undone.
    pub(crate) fn is_restricted(&self) -> bool {
        !self.hold.is_empty()
            || !self.hold_base.is_empty()
            || self.max_moves.is_some()
            || self.max_moves_per_base.is_some()
    }
}

/// Plan how services lose their bases, and nothing else moves.
///
/// Each freed replica goes where the rules hold and the loads end up closest to
/// their bands. When some replica has nowhere to go there is no plan, and the
/// error names the bases and the reasons. Loads and breaches that were there
/// before stay as they are.
#[derive(Debug, Args)]
#[command(after_help = DECOMMISSION_HELP)]
pub(crate) struct DecommissionArgs {
    /// The services: addresses, ids, or locations (site0.rack00) for all that
    /// are there
    #[arg(required = true, value_name = "SERVICE")]
    pub(crate) leavers: Vec<String>,

    #[command(flatten)]
    pub(crate) cluster: ClusterArgs,

    /// The mapping, as meta0 lists it; - is standard input
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, help_heading = "Input")]
    pub(crate) mapping: Input,

    #[command(flatten)]
    pub(crate) rules: RuleArgs,

    /// How far beyond its fair share a load may be: 0.05, 5% or 1/20
    #[arg(long, value_name = "RATIO", default_value_t, help_heading = "Rules")]
    #[arg(allow_negative_numbers = true)]
    pub(crate) tolerance: Tolerance,

    /// The bases that they lose, and no others: separated by commas, or one by
    /// one; an empty text names none, and nothing moves [default: all that they
    /// have]
    #[arg(long, value_name = "BASE", value_delimiter = ',', help_heading = "Restrictions")]
    pub(crate) base: Option<Vec<String>>,

    /// A service that was drained before and is to stay so; may be repeated
    #[arg(long, alias = "drain", value_name = "SERVICE", help_heading = "Restrictions")]
    pub(crate) drained: Vec<String>,

    /// Where a freed replica goes, of the services that the rules allow
    #[arg(long, value_enum, default_value_t, help_heading = "Restrictions")]
    pub(crate) strategy: Choice,

    #[command(flatten)]
    pub(crate) plan: PlanArgs,

    #[command(flatten)]
    pub(crate) report: ReportArgs,
}

#[derive(Debug, Clone, Copy, Default, ValueEnum)]
pub(crate) enum Choice {
    /// Where all loads together end up closest to their bands
    #[default]
    Optimal,
    /// To the service with the fewest bases
    FewestBases,
    /// To the service with the most room left: its upper limit less its load
    MostAvailability,
}

impl From<Choice> for Strategy {
    fn from(choice: Choice) -> Self {
        match choice {
            Choice::Optimal => Self::Optimal,
            Choice::FewestBases => Self::FewestBases,
            Choice::MostAvailability => Self::MostAvailability,
        }
    }
}

/// Refuses a second input that is standard input.
fn one_stdin<'a>(
    inputs: impl IntoIterator<Item = (&'a str, Option<&'a Input>)>,
) -> Result<(), Failure> {
    let inputs = inputs.into_iter().filter(|(_, input)| *input == Some(&Input::Stdin));
    let names: Vec<_> = inputs.map(|(name, _)| name).collect();
    match names[..] {
        [first, second, ..] => {
            Err(Failure::new(format!("{first} and {second} can't both be standard input"))
                .hint("give a file for one of them"))
        }
        _ => Ok(()),
    }
}

/// Print the script that completes these arguments in a shell.
#[derive(Debug, Args)]
#[command(after_help = COMPLETIONS_HELP)]
pub(crate) struct CompletionsArgs {
    pub(crate) shell: clap_complete::Shell,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Input")]
pub(crate) struct ClusterArgs {
    /// The services: what `openio cluster list meta1 -f json` prints, or what
    /// the conscience lists; - is standard input
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    services: Input,

    /// Take the host part of its address for the host of a service without a
    /// location
    #[arg(long)]
    location_from_address: bool,
}

impl ClusterArgs {
    /// Where the services are.
    pub(crate) const fn services(&self) -> &Input {
        &self.services
    }

    /// The cluster.
    pub(crate) fn read(&self) -> Result<Topology, Failure> {
        self.services.read_topology(if self.location_from_address {
            MissingLocation::UseHost
        } else {
            MissingLocation::Refuse
        })
    }

    /// The cluster and its mapping, which names the services of the cluster by
    /// their addresses; one of them may be standard input.
    pub(crate) fn read_with(
        &self,
        mapping: &Input,
        digits: Digits,
    ) -> Result<(Topology, PrefixMapping), Failure> {
        one_stdin([("--services", Some(&self.services)), ("--mapping", Some(mapping))])?;
        let cluster = self.read()?;
        let mapping = mapping.read_mapping(digits, Some(&cluster))?;
        Ok((cluster, mapping))
    }
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Output")]
pub(crate) struct ReportArgs {
    /// The shape of the report
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: Format,

    /// List every domain and service, however many
    #[arg(long)]
    pub(crate) all: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(crate) enum Format {
    /// For a person
    #[default]
    Text,
    /// One object, for a program
    Json,
}
