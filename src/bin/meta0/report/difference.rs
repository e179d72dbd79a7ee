//! What changes between two mappings, service by service. No rules judge them.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::fmt;

use meta0::{Plan, PrefixMapping, Topology};
use serde::Serialize;

use super::json::{PlanCounts, to_line};
use super::table::{Align, BAD, Cell, STRONG, Table};
use super::{WIDE, print_report};
use crate::args::ReportArgs;
use crate::failure::Failure;

/// How many rows of a wide table are shown.
const MOST_CHANGED: usize = 10;

/// Two mappings, and the plan from one to the other.
#[derive(Debug)]
pub(crate) struct Difference<'a> {
    pub(crate) old: &'a PrefixMapping,
    pub(crate) new: &'a PrefixMapping,
    /// The services, where they are given.
    pub(crate) cluster: Option<&'a Topology>,
    pub(crate) plan: &'a Plan,
    /// What became of it.
    pub(crate) outcome: String,
}

/// The loads of a service of either mapping, and what it gains and loses.
#[derive(Debug, Clone, Copy, Default, Serialize)]
struct Row<'a> {
    addr: &'a str,
    before: usize,
    after: usize,
    #[serde(skip)]
    gains: usize,
    #[serde(skip)]
    loses: usize,
    /// Why nothing can be copied from it, if nothing can.
    #[serde(skip)]
    note: &'static str,
}

/// The report for programs.
#[derive(Debug, Serialize)]
struct Object<'a> {
    command: &'a str,
    digits: u8,
    bases: usize,
    services: Vec<Row<'a>>,
    #[serde(flatten)]
    plan: PlanCounts,
}

impl Difference<'_> {
    /// Prints it where the mapping doesn't go.
    pub(crate) fn print(&self, args: &ReportArgs, to_stderr: bool) -> Result<(), Failure> {
        let text = || Text { difference: self, all: args.all }.to_string();
        print_report(args.format, to_stderr, text, || to_line(&self.object()))
    }

    fn object(&self) -> Object<'_> {
        Object {
            command: "diff",
            digits: self.plan.digits().get(),
            bases: self.plan.digits().count(),
            services: self.rows(),
            plan: PlanCounts::of(self.plan),
        }
    }

    /// Every service that holds a base in either mapping, ascending by name.
    fn rows(&self) -> Vec<Row<'_>> {
        let mut rows: BTreeMap<&str, Row<'_>> = BTreeMap::new();
        for (name, load) in self.old.count_bases_by_service() {
            rows.entry(name).or_default().before = load;
        }
        for (name, load) in self.new.count_bases_by_service() {
            rows.entry(name).or_default().after = load;
        }
        let named = rows.into_iter().map(|(addr, row)| Row { addr, note: self.note(addr), ..row });
        let mut rows: Vec<_> = named.collect();
        let place = |name: &str| rows.binary_search_by(|row| row.addr.cmp(name)).ok();
        for (from, to, count) in self.plan.count_changes_between(place) {
            if let Some(place) = from.flatten() {
                rows[place].loses += count;
            }
            if let Some(place) = to.flatten() {
                rows[place].gains += count;
            }
        }
        rows.retain(|row| row.before + row.after > 0);
        rows
    }

    fn note(&self, name: &str) -> &'static str {
        let Some(cluster) = self.cluster else { return "" };
        match cluster.find(name).and_then(|service| cluster.service(service)) {
            None => "unknown",
            Some(service) if !service.is_up() => "down",
            Some(_) => "",
        }
    }
}

/// Prints as the report for a person.
#[derive(Debug)]
struct Text<'a> {
    difference: &'a Difference<'a>,
    all: bool,
}

impl fmt::Display for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Difference { plan, outcome, .. } = self.difference;
        if plan.is_empty() {
            return writeln!(f, "{STRONG}the mappings are the same{STRONG:#}\n{outcome}");
        }
        writeln!(f, "{STRONG}{plan}{STRONG:#}\n{outcome}\n")?;
        let mut rows = self.difference.rows();
        rows.retain(|row| row.gains + row.loses > 0);
        let changed = rows.len();
        if changed > WIDE && !self.all {
            rows.sort_by_key(|row| Reverse(row.gains + row.loses));
            rows.truncate(MOST_CHANGED);
        }
        let numbers = ["before", "after", "gains", "loses"].map(|title| (title, Align::Right));
        let (name, note) = (("service", Align::Left), ("", Align::Left));
        let mut table = Table::new([name].into_iter().chain(numbers).chain([note]));
        for row in &rows {
            let numbers = [row.before, row.after, row.gains, row.loses].map(Cell::new);
            let (name, note) = (Cell::new(row.addr), Cell::styled(row.note, BAD));
            table.push([name].into_iter().chain(numbers).chain([note]).collect());
        }
        write!(f, "{table}")?;
        match changed - rows.len() {
            0 => Ok(()),
            rest => writeln!(f, "and {rest} more services (--all lists them)"),
        }
    }
}
