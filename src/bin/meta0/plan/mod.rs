//! `meta0 plan`: what is asked of a plan that was kept in a file.

mod apply;
mod show;
mod status;
mod verify;
mod waves;
mod way;

use std::process::ExitCode;

use meta0::{Base, Partial, PrefixMapping};

use crate::args::{File, OfPlan, OfPlanArgs};
use crate::failure::Failure;
use crate::input::Input;
use crate::output::{Output, Staged};
use crate::report::{first_few, say};

/// Answers what is asked of a plan.
pub(crate) fn run(args: &OfPlanArgs) -> Result<ExitCode, Failure> {
    match &args.command {
        OfPlan::Show(args) => show::run(args),
        OfPlan::Verify(args) => verify::run(args),
        OfPlan::Status(args) => status::run(args),
        OfPlan::Apply(args) => apply::run(args),
        OfPlan::Rest(args) => way::rest(&args.way),
        OfPlan::Undo(args) => way::undo(&args.way),
        OfPlan::Waves(args) => waves::run(args),
    }
}

/// A plan, and a mapping of its digits; one of them may be standard input.
fn read(file: &File, mapping: &Input) -> Result<(meta0::Plan, PrefixMapping), Failure> {
    refuse_two(file, &[("--mapping", mapping)])?;
    let plan = file.read()?;
    let mapping = mapping.read_mapping(plan.digits(), None)?;
    Ok((plan, mapping))
}

/// Only one input may be standard input.
fn refuse_two(file: &File, others: &[(&str, &Input)]) -> Result<(), Failure> {
    let stdin = others.iter().filter(|(_, input)| **input == Input::Stdin);
    let mut names: Vec<_> = stdin.map(|(name, _)| *name).collect();
    if file.is_stdin() {
        names.insert(0, "PLAN");
    }
    match names[..] {
        [one, other, ..] => {
            Err(Failure::new(format!("{one} and {other} can't both be standard input"))
                .hint("give a file for one of them"))
        }
        _ => Ok(()),
    }
}

/// Writes what meta0 is to merge where [`Staged::commit`] finds it: an empty object when
/// that is nothing.
fn stage_partial(output: &Output, partial: &Partial) -> Result<Staged, Failure> {
    output.stage(|out| out.write_all(partial.json().unwrap_or("{}\n").as_bytes()))
}

/// Says which bases a partial object can't empty.
fn unsaid(bases: &[Base]) -> String {
    let some = first_few(bases);
    match bases.len() {
        0 => String::new(),
        1 => format!(
            "the mapping can't say that base {some} has no replica: meta0 keeps what it has of it\n"
        ),
        count => format!(
            "the mapping can't say that {count} bases have no replica: meta0 keeps what it has of \
             {some}\n"
        ),
    }
}

/// Puts files in their places, and says what was written where.
fn deliver(report: &str, files: Vec<(&str, &Output, Staged)>) -> Result<ExitCode, Failure> {
    let to_stderr = files.iter().any(|(_, output, _)| **output == Output::Stdout);
    let lines = files.iter().map(|(what, output, _)| format!("{what} written to {output}\n"));
    let report = format!("{report}{}", lines.collect::<String>());
    say(&report, to_stderr)?;
    files.into_iter().try_for_each(|(_, _, staged)| staged.commit())?;
    Ok(ExitCode::SUCCESS)
}
