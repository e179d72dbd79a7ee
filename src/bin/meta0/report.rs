//! What a run reports: for a person, or for a program.

mod difference;
mod json;
mod loads;
mod moves;
mod table;
mod text;

use std::io::{self, Write};

use meta0::{
    Band, Base, CheckReport, Digits, DomainLoad, Level, Plan, Rules, Service, ServiceIndex,
    ServiceLoad, Topology,
};

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

/// A service of the cluster, or of the mapping alone.
#[derive(Debug, Clone, Copy)]
struct Holder<'a> {
    name: &'a str,
    index: Option<ServiceIndex>,
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
            let [before, after] = [before, after].map(|loads| loads.map(|loads| &loads[place]));
            DomainRow {
                name: domain.name(),
                before: before.map(DomainLoad::load),
                after: after.map(DomainLoad::load),
                band: after.or(before).map(DomainLoad::band).unwrap_or_default(),
            }
        })
    }

    /// Every service, ascending by name.
    fn holders(&self) -> Vec<Holder<'a>> {
        let loads = |state: Option<&'a CheckReport>| state.map_or(&[][..], CheckReport::loads);
        let mut loads = [self.before, self.after].map(loads);
        let mut holders = Vec::with_capacity(loads[0].len().max(loads[1].len()));
        let next = |loads: &[&'a [ServiceLoad]; 2]| {
            loads.iter().filter_map(|loads| loads.first()).map(ServiceLoad::name).min()
        };
        while let Some(name) = next(&loads) {
            let [before, after] = loads.each_mut().map(|loads| take_if(loads, name));
            holders.extend(after.or(before).map(|load| Holder {
                name,
                index: load.service(),
                service: load.service().and_then(|index| self.topology.service(index)),
                before: self.before.map(|_| before.map_or(0, ServiceLoad::load)),
                after: self.after.map(|_| after.map_or(0, ServiceLoad::load)),
                band: load.band(),
            }));
        }
        holders
    }
}

/// The first of some loads, which it is then taken from, if it has that name.
fn take_if<'a>(loads: &mut &'a [ServiceLoad], name: &str) -> Option<&'a ServiceLoad> {
    let (first, rest) = loads.split_first().filter(|(first, _)| first.name() == name)?;
    *loads = rest;
    Some(first)
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
