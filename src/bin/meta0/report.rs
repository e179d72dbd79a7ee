//! What a run reports: for a person, or for a program.

mod difference;
mod json;
mod loads;
mod moves;
mod table;
mod text;

use std::collections::BTreeMap;
use std::io::{self, Write};

use meta0::{Band, CheckReport, Digits, DomainLoad, Level, Plan, Rules, Service, Topology};

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
    /// The mapping that was read, judged.
    pub(crate) before: Option<&'a CheckReport>,
    /// The mapping that was made, judged.
    pub(crate) after: Option<&'a CheckReport>,
    /// What leads from the one to the other.
    pub(crate) plan: Option<&'a Plan>,
    /// What became of it; nothing when there is none.
    pub(crate) outcome: String,
}

/// A service of the cluster, or of the mapping alone.
#[derive(Debug, Clone, Copy)]
struct Holder<'a> {
    name: &'a str,
    service: Option<&'a Service>,
    before: Option<u64>,
    after: Option<u64>,
    band: Band,
}

/// A domain of the cluster, and what its available services hold.
#[derive(Debug, Clone, Copy)]
struct DomainRow<'a> {
    name: &'a str,
    before: Option<u64>,
    after: Option<u64>,
    band: Band,
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

    /// Every domain of a level, ascending by location.
    fn domains(&self, level: Level) -> impl Iterator<Item = DomainRow<'a>> {
        let [before, after] =
            [self.before, self.after].map(|state| state.map(|state| state.domain_loads(level)));
        self.topology.domains(level).iter().enumerate().map(move |(place, domain)| {
            let [before, after] = [before, after].map(|loads| loads.map(|loads| loads[place]));
            DomainRow {
                name: domain.name(),
                before: before.map(DomainLoad::load),
                after: after.map(DomainLoad::load),
                band: after.or(before).map(DomainLoad::band).unwrap_or_default(),
            }
        })
    }

    /// Every service, ascending by name.
    fn holders(&self) -> impl Iterator<Item = Holder<'a>> {
        let mut holders: BTreeMap<&str, Holder<'_>> = BTreeMap::new();
        for (report, is_after) in [(self.before, false), (self.after, true)] {
            for load in report.map_or(&[][..], CheckReport::loads) {
                let holder = holders.entry(load.name()).or_insert(Holder {
                    name: load.name(),
                    service: load.service().and_then(|index| self.topology.service(index)),
                    before: self.before.map(|_| 0),
                    after: self.after.map(|_| 0),
                    band: Band::default(),
                });
                let slot = if is_after { &mut holder.after } else { &mut holder.before };
                *slot = Some(load.load());
                holder.band = load.band();
            }
        }
        holders.into_values()
    }
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
