//! Tables of loads: the domains of a level, the services.
//!
//! A wide table is cut down to its worst rows; the others are summed up.

use std::collections::BTreeMap;
use std::fmt;

use meta0::{Band, CheckReport, DomainLoad, Level, Location, ServiceLoad};

use super::table::{Align, BAD, Cell, GOOD, PLAIN, Table, bar};
use super::{Report, WIDE};

/// How many rows a wide table shows of those outside their bands.
const WORST: usize = 10;

/// A domain or a service, and what it holds.
#[derive(Debug)]
struct Row<'a> {
    name: &'a str,
    location: Option<&'a Location>,
    before: Option<u64>,
    after: Option<u64>,
    band: Band,
    /// Why it ought to hold nothing, if it oughtn't.
    note: &'static str,
}

impl<'a> Row<'a> {
    /// A service by its loads in the mappings before and after; `None` when
    /// neither has it.
    fn of_service(report: &Report<'_>, loads: [Option<&'a ServiceLoad>; 2]) -> Option<Self> {
        let [before, after] = loads;
        // On the cluster as it is, and as it is to be.
        let (known, judged) = (before.or(after)?, after.or(before)?);
        let held = |load: Option<&ServiceLoad>| load.map_or(0, ServiceLoad::load);
        Some(Self {
            name: known.name(),
            location: known.location(),
            before: report.before.map(|_| held(before)),
            after: report.after.map(|_| held(after)),
            band: judged.band(),
            note: match known.service() {
                None => "unknown",
                Some(_) if !known.is_up() => "down",
                Some(_) if !known.is_available() => "unavailable",
                // An available service has a share.
                Some(_) if judged.band().ceil == 0 => "drained",
                Some(_) => "",
            },
        })
    }

    /// The load that counts.
    fn load(&self) -> u64 {
        self.after.or(self.before).unwrap_or_default()
    }

    fn off(&self) -> u64 {
        self.band.distance(self.load())
    }

    /// What stands in the column of differences.
    fn difference(&self) -> Cell {
        let (load, off) = (self.load(), self.off());
        match off {
            0 => Cell::new(self.note),
            _ if !self.note.is_empty() => Cell::styled(self.note, BAD),
            _ if load < self.band.floor => Cell::styled(format_args!("-{off}"), BAD),
            _ => Cell::styled(format_args!("+{off}"), BAD),
        }
    }

    fn cells(&self, longest: u64) -> Vec<Cell> {
        let load = |load: Option<u64>| load.map_or_else(Cell::default, Cell::new);
        let style = if self.off() == 0 { GOOD } else { PLAIN };
        vec![
            Cell::new(self.name),
            self.location.map_or_else(Cell::default, Cell::new),
            load(self.before),
            load(self.after),
            Cell::new(self.band),
            self.difference(),
            Cell::styled(bar(self.load(), self.band, longest), style),
        ]
    }
}

/// A table of loads, with what it leaves out.
#[derive(Debug)]
pub(super) struct Loads<'a> {
    /// What a row is: `rack`, `service`.
    noun: String,
    rows: Vec<Row<'a>>,
    /// Whether there are two loads in each row.
    compares: bool,
    all: bool,
}

impl<'a> Loads<'a> {
    /// The domains of a level, ascending by location.
    pub(super) fn of_domains(report: &Report<'a>, level: Level, all: bool) -> Self {
        let loads = |state: &'a CheckReport| state.domain_loads(level);
        let [before, after] =
            [report.before, report.after].map(|state| state.map_or(&[][..], loads));
        let judged = if after.is_empty() { before } else { after };
        let rows = judged.iter().enumerate().map(|(place, domain)| Row {
            name: domain.name(),
            location: None,
            before: before.get(place).map(DomainLoad::load),
            after: after.get(place).map(DomainLoad::load),
            band: domain.band(),
            note: "",
        });
        Self { noun: level.to_string(), rows: rows.collect(), compares: compares(report), all }
    }

    /// Every service in location order, then those that the mapping alone knows.
    pub(super) fn of_services(report: &Report<'a>, all: bool) -> Self {
        let mut rank = vec![usize::MAX; report.topology.services().len()];
        for (place, service) in report.topology.by_location().iter().enumerate() {
            rank[service.index()] = place;
        }
        let mut pairs = BTreeMap::<_, [Option<&ServiceLoad>; 2]>::new();
        for (side, state) in [report.before, report.after].into_iter().enumerate() {
            for load in state.map_or(&[][..], CheckReport::loads) {
                let rank = load.service().map_or(usize::MAX, |service| rank[service.index()]);
                pairs.entry((rank, load.name())).or_default()[side] = Some(load);
            }
        }
        let rows = pairs.into_values().filter_map(|loads| Row::of_service(report, loads));
        Self { noun: "service".to_owned(), rows: rows.collect(), compares: compares(report), all }
    }

    /// The rows to show, in their order, or the worst of a wide table first.
    fn shown(&self) -> Vec<&Row<'a>> {
        if self.all || self.rows.len() <= WIDE {
            return self.rows.iter().collect();
        }
        let mut worst: Vec<_> = self.rows.iter().filter(|row| row.off() > 0).collect();
        worst.sort_by_key(|row| std::cmp::Reverse(row.off()));
        worst.truncate(WORST);
        worst
    }
}

fn compares(report: &Report<'_>) -> bool {
    report.before.is_some() && report.after.is_some()
}

impl fmt::Display for Loads<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = self.shown();
        let longest = shown.iter().map(|row| row.load().max(row.band.floor)).max().unwrap_or(0);
        let [before, after] = if self.compares { ["before", "after"] } else { ["load"; 2] };
        let mut table = Table::new([
            (self.noun.as_str(), Align::Left),
            ("location", Align::Left),
            (before, Align::Right),
            (after, Align::Right),
            ("band", Align::Right),
            ("off", Align::Right),
            ("", Align::Left),
        ]);
        for row in &shown {
            table.push(row.cells(longest));
        }
        if !shown.is_empty() {
            write!(f, "{table}")?;
        }
        if shown.len() < self.rows.len() {
            self.fmt_rest(shown.len(), f)?;
        }
        Ok(())
    }
}

impl Loads<'_> {
    /// Sums up the table for those that are not shown.
    fn fmt_rest(&self, shown: usize, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { noun, rows, .. } = self;
        let outside = rows.iter().filter(|row| row.off() > 0).count();
        let expected = || rows.iter().filter(|row| row.band.ceil > 0).map(Row::load);
        let (least, most) = (expected().min().unwrap_or(0), expected().max().unwrap_or(0));
        if shown > 0 {
            write!(f, "the worst {shown} of ")?;
        }
        let band = Band { floor: least, ceil: most };
        write!(f, "{} {noun}s, which hold {band} each", rows.len())?;
        match outside {
            0 => writeln!(f, ", all in their bands (--all lists them)"),
            _ => writeln!(f, "; {outside} are outside their bands (--all lists them)"),
        }
    }
}
