//! The report for a person: the verdict, then what it rests on.

use std::fmt;

use meta0::{BreachKind, CheckReport, Level, Plan, Topology};

use super::loads::Loads;
use super::moves::Moves;
use super::table::{BAD, GOOD, STRONG};
use super::{Report, first_few};

/// Prints as the report.
#[derive(Debug)]
pub(super) struct Text<'a> {
    pub(super) report: &'a Report<'a>,
    /// Whether wide tables are printed in full.
    pub(super) all: bool,
}

impl fmt::Display for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(state) = self.report.state() else { return Ok(()) };
        self.fmt_verdict(state, f)?;
        if let Some(plan) = self.report.plan {
            fmt_proof(plan, f)?;
        }
        if !self.report.outcome.is_empty() {
            writeln!(f, "{}", self.report.outcome)?;
        }
        writeln!(f)?;
        self.fmt_rules(f)?;
        self.fmt_tolerated(state, f)?;
        self.fmt_wrongs(state, f)?;
        self.fmt_moves(f)?;
        for level in self.levels() {
            write!(f, "\n{}", Loads::of_domains(self.report, level, self.all))?;
        }
        write!(f, "\n{}", Loads::of_services(self.report, self.all))?;
        if tables_show_faults(state) {
            writeln!(f, "\n█ in its band  ░ lacking  ▓ too many")?;
        }
        Ok(())
    }
}

/// What is wrong with a mapping, in a few words.
fn fmt_faults(state: &CheckReport, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let kinds = BreachKind::ALL.into_iter().filter(|&kind| state.count(kind) > 0).count();
    match kinds {
        0 => write!(f, "every base keeps the rules; ")?,
        1 => write!(f, "the rules are broken; ")?,
        _ => write!(f, "the rules are broken in {kinds} ways; ")?,
    }
    match (state.outside_band(), state.domains_outside_band()) {
        (0, 0) => writeln!(f, "every load is in its band"),
        (0, off) => writeln!(f, "loads of domains are {} outside their bands", replicas(off)),
        (off, _) => writeln!(f, "loads are {} outside their bands", replicas(off)),
    }
}

/// Whether another plan could do with fewer moves, and what this one leaves.
fn fmt_proof(plan: &Plan, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    match plan.lower_bound() {
        Some(_) if plan.is_empty() => {}
        Some(_) if plan.is_minimal() => writeln!(f, "proven: no plan has fewer moves")?,
        Some(bound) => writeln!(f, "proven: no whole plan has fewer than {bound} moves")?,
        None => {}
    }
    plan.shortfall().map_or(Ok(()), |left| writeln!(f, "{left}"))
}

/// Whether some bar is not full.
fn tables_show_faults(state: &CheckReport) -> bool {
    let out_of_band = state.loads().iter().any(|load| load.band().distance(load.load()) > 0);
    out_of_band || state.domains_outside_band() > 0
}

fn replicas(count: u64) -> String {
    plural(count, "replica")
}

fn plural(count: u64, noun: &str) -> String {
    format!("{count} {noun}{}", if count == 1 { "" } else { "s" })
}

impl Text<'_> {
    /// The first line: is all well, and if not, in how many ways.
    fn fmt_verdict(&self, state: &CheckReport, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (style, word) = match self.report.plan {
            _ if state.is_clean() => (GOOD, "OK"),
            Some(plan) if plan.shortfall().is_some() => (BAD, "PARTLY"),
            // A decommission leaves what else is wrong.
            Some(_) => (STRONG, "DONE"),
            None => (BAD, "NOT OK"),
        };
        write!(f, "{style}{word}{style:#}: ")?;
        match self.report.plan {
            Some(plan) if plan.is_empty() => write!(f, "{plan}: ")?,
            Some(plan) => write!(f, "after {plan}, ")?,
            None => {}
        }
        if state.is_clean() {
            writeln!(f, "every base keeps the rules, every load is in its band")
        } else {
            fmt_faults(state, f)?;
            match self.report.plan {
                Some(plan) if plan.shortfall().is_none() => {
                    writeln!(f, "meta0 rebalance mends that: here nothing else moves")
                }
                _ => Ok(()),
            }
        }
    }

    fn fmt_tolerated(&self, state: &CheckReport, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{STRONG}may lose{STRONG:#}  ")?;
        fmt_tolerated(state, self.report.topology, f)?;
        if let (Some(before), Some(_)) = (self.report.before, self.report.after) {
            write!(f, "  before  ")?;
            fmt_tolerated(before, self.report.topology, f)?;
        }
        Ok(())
    }

    /// Each kind of breach that there is, or was, with a few examples: of what
    /// is left, or else of what was wrong.
    fn fmt_wrongs(&self, state: &CheckReport, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let before = self.report.before.filter(|_| self.report.after.is_some());
        for kind in BreachKind::ALL {
            let unit = if kind.is_per_replica() { "replica" } else { "base" };
            let is = plural(state.count(kind), unit);
            match before.filter(|before| before.count(kind) > 0) {
                Some(before) => {
                    let was = plural(before.count(kind), unit);
                    writeln!(f, "\n{STRONG}{kind}{STRONG:#}: {was} before, {is} after")?;
                    fmt_examples(if state.count(kind) > 0 { state } else { before }, kind, f)?;
                }
                None if state.count(kind) > 0 => {
                    writeln!(f, "\n{BAD}{kind}{BAD:#}: {is}")?;
                    fmt_examples(state, kind, f)?;
                }
                None => {}
            }
        }
        Ok(())
    }

    fn fmt_moves(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Report { plan, topology, .. } = *self.report;
        let Some(plan) = plan.filter(|plan| !plan.is_empty()) else { return Ok(()) };
        let level = self.levels().next().unwrap_or(Level::Volume);
        write!(f, "\n{}", Moves { plan, topology, level, all: self.all })
    }

    fn fmt_rules(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Report { rules, digits, topology, .. } = self.report;
        let (bases, services) = (digits.count() as u64, topology.services().len() as u64);
        write!(f, "{STRONG}cluster{STRONG:#}   {}", plural(services, "service"))?;
        match services - topology.available() as u64 {
            0 => writeln!(f)?,
            down => writeln!(f, ", {down} of them unavailable")?,
        }
        writeln!(
            f,
            "{STRONG}mapping{STRONG:#}   {} of {}, {} each",
            plural(bases, "base"),
            plural(digits.get().into(), "digit"),
            replicas(rules.replicas().into()),
        )?;
        let (apart, level) = (rules.get_min_dist().level(), rules.get_level());
        write!(f, "{STRONG}rules{STRONG:#}     replicas on different {apart}s, ")?;
        write!(f, "{level}s loaded alike")?;
        match rules.get_degradation() {
            0 => {}
            1 => write!(f, ", quorum kept when a {level} is lost")?,
            lost => write!(f, ", quorum kept when {lost} {level}s are lost")?,
        }
        let caps =
            Level::ALL.into_iter().filter_map(|level| Some((level, rules.get_at_most(level)?)));
        for (place, (level, cap)) in caps.enumerate() {
            match place {
                0 => write!(f, ", at most {cap} of a base in a {level}")?,
                _ => write!(f, ", {cap} in a {level}")?,
            }
        }
        writeln!(f)?;
        self.fmt_held(f)
    }

    /// How many bases are held, and the first few.
    fn fmt_held(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let held = self.report.held_bases;
        if held.is_empty() {
            return Ok(());
        }
        let count = plural(held.len() as u64, "base");
        writeln!(f, "{STRONG}held{STRONG:#}      {count}: {}", first_few(held))
    }

    /// The levels down to that of the rules whose domains are not those of a
    /// coarser one, nor single services, nor the whole cluster.
    fn levels(&self) -> impl Iterator<Item = Level> {
        let Report { topology, rules, .. } = self.report;
        let mut last = 1;
        Level::ALL.into_iter().filter(move |&level| {
            let count = topology.domains(level).len();
            let tells = count > last && count < topology.services().len();
            last = last.max(count);
            tells && level <= rules.get_level()
        })
    }
}

/// What may be lost, of the levels that the locations have.
fn fmt_tolerated(
    state: &CheckReport,
    topology: &Topology,
    f: &mut fmt::Formatter<'_>,
) -> fmt::Result {
    let has_level = |&level: &Level| {
        topology.services().iter().any(|service| service.location().token(level).is_some())
    };
    for (place, level) in Level::ALL.into_iter().filter(has_level).enumerate() {
        let Some(lost) = state.tolerated(level) else {
            return writeln!(f, "{BAD}nothing{BAD:#}: some base has no quorum even now");
        };
        let comma = if place == 0 { "" } else { ", " };
        match lost {
            0 => write!(f, "{comma}no {level}")?,
            _ => write!(f, "{comma}any {}", plural(lost.into(), &level.to_string()))?,
        }
    }
    writeln!(f)
}

/// A few breaches of a kind.
fn fmt_examples(state: &CheckReport, kind: BreachKind, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let examples = state.examples(kind);
    for example in examples {
        writeln!(f, "  {example}")?;
    }
    match state.count(kind).saturating_sub(examples.len() as u64) {
        0 => Ok(()),
        more => writeln!(f, "  and {more} more"),
    }
}
