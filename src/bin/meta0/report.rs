//! What a run reports: for a person, or for a program.

mod difference;
mod json;
mod loads;
mod moves;
mod table;
mod text;

use std::io::{self, Write};

use meta0::{Base, CheckReport, Digits, Plan, Rules, Topology};

use crate::args::{Format, ReportArgs};
use crate::failure::Failure;
use crate::output::unless_gone;

pub(crate) use difference::Difference;

/// More rows than this are a wide table.
const WIDE: usize = 32;

/// Everything that a report is made of.
#[derive(Debug)]
pub(crate) struct Report<'a> {
    /// The name of the command that was run.
    pub(crate) command: &'static str,
    pub(crate) topology: &'a Topology,
    pub(crate) digits: Digits,
    pub(crate) rules: Rules,
    /// The bases that were to keep their services; ascending.
    pub(crate) held_bases: &'a [Base],
    /// The mapping that was read, judged.
    pub(crate) before: Option<&'a CheckReport>,
    /// The mapping that was made, judged.
    pub(crate) after: Option<&'a CheckReport>,
    /// What leads from the one to the other.
    pub(crate) plan: Option<&'a Plan>,
    /// What became of it; nothing when there is none.
    pub(crate) outcome: String,
}

impl<'a> Report<'a> {
    /// Prints it where the mapping doesn't go.
    pub(crate) fn print(&self, args: &ReportArgs, to_stderr: bool) -> Result<(), Failure> {
        let text = || text::Text { report: self, all: args.all }.to_string();
        print_report(args.format, to_stderr, text, || json::write(self))
    }

    /// The state that counts: what was made, or else what was read.
    fn state(&self) -> Option<&'a CheckReport> {
        self.after.or(self.before)
    }
}

/// The prefixes of the first few bases.
pub(crate) fn first_few(bases: &[Base]) -> String {
    let some = bases.iter().take(4).map(|base| base.first_prefix().to_string());
    let some = some.collect::<Vec<_>>().join(", ");
    if bases.len() > 4 { some + ", …" } else { some }
}

/// Prints a report that is made already.
pub(crate) fn say(report: &str, to_stderr: bool) -> Result<(), Failure> {
    print_report(Format::Text, to_stderr, || report.to_owned(), String::new)
}

/// Prints the report of a format, coloured where colours are seen.
fn print_report(
    format: Format,
    to_stderr: bool,
    text: impl FnOnce() -> String,
    json: impl FnOnce() -> String,
) -> Result<(), Failure> {
    let report = match format {
        Format::Text => text(),
        Format::Json => json(),
    };
    let (name, result) = if to_stderr {
        ("standard error", print_to(anstream::stderr().lock(), &report))
    } else {
        ("standard output", print_to(anstream::stdout().lock(), &report))
    };
    unless_gone(result)
        .map_err(|error| Failure::because(format_args!("can't write {name}"), &error))
}

fn print_to(mut out: impl Write, report: &str) -> io::Result<()> {
    out.write_all(report.as_bytes())?;
    out.flush()
}
