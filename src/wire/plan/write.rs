//! A plan is written as it goes, one change or step a line, for those who read plans or
//! compare them: the steps of 65,536 moves are some 130 MB.

use std::cell::Cell;
use std::fmt::Display;
use std::io::{self, BufWriter, Write};

use serde::ser::{Serialize, Serializer};
use serde_json::ser::Formatter;

use super::FORMAT;
use super::object::{Command, StrategyName};
use crate::certificate::Certificate;
use crate::goal::{DecommissionOptions, Goal, RebalanceOptions, Strategy};
use crate::location::Level;
use crate::mapping::Alias;
use crate::plan::{Change, Origin, Plan, Step, Wave};
use crate::prefix::{Base, Prefix};
use crate::rules::Rules;

/// Writes a plan and some steps.
pub(super) fn write(
    plan: &Plan,
    steps: impl Iterator<Item = Step>,
    out: impl Write,
) -> io::Result<()> {
    let mut out = BufWriter::with_capacity(super::PIECE, out);
    let object = Object::new(plan, Steps(Cell::new(Some(steps))));
    object.serialize(&mut serde_json::Serializer::with_formatter(&mut out, Lines::default()))?;
    out.write_all(b"\n")?;
    out.flush()
}

/// A plan as a text, without steps.
pub(super) fn text(plan: &Plan) -> String {
    let mut text = Vec::with_capacity(length(plan));
    write(plan, std::iter::empty(), &mut text).expect("a vector takes whatever is written");
    String::from_utf8(text).expect("names were strings, and all else is ASCII")
}

/// About how long the text of a plan is, and seldom less than that.
fn length(plan: &Plan) -> usize {
    let name = |name: Option<&str>| name.map_or(4, str::len);
    let changes = plan.changes().map(|change| 36 + name(change.from) + name(change.to));
    let numbers = plan.certificate().into_iter().flat_map(|certificate| {
        let domains = Level::ALL.into_iter().flat_map(|level| certificate.domains(level));
        domains.chain(certificate.services()).map(|(name, _)| name.len() + 20)
    });
    let names = plan.drained().chain(plan.held()).map(|name| name.len() + 4);
    changes.chain(numbers).chain(names).sum::<usize>() + (4 << 10)
}

impl Serialize for Plan {
    /// As [`Plan::to_json`] has it, without steps.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Object::new(self, [(); 0]).serialize(serializer)
    }
}

/// The keys of a plan, in their order.
#[derive(serde::Serialize)]
struct Object<'a, S> {
    format: &'static str,
    command: Command,
    digits: u8,
    #[serde(skip_serializing_if = "Option::is_none")]
    replicas: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    min_dist: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    level: Option<Text<Level>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    degradation: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    at_most: Option<AtMost>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tolerance: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    drained: Option<&'a [String]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    held: Option<&'a [String]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    held_bases: Option<Bases<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    leaving: Option<&'a [String]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    bases: Option<Bases<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    strategy: Option<StrategyName>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_moves: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_moves_per_base: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    renamed: Option<Renamed<'a>>,
    digest: String,
    digest_after: String,
    moves: usize,
    removals: usize,
    lower_bound: Option<usize>,
    minimal: bool,
    certificate: Option<&'a Certificate>,
    #[serde(skip_serializing_if = "Option::is_none")]
    beside: Option<Beside<'a>>,
    waves: Waves<'a>,
    steps: S,
}

impl<'a, S> Object<'a, S> {
    /// The object of a plan.
    fn new(plan: &'a Plan, steps: S) -> Self {
        let object = Self::without_goal(plan, steps);
        match plan.goal() {
            Some(Goal::Rebalance(options)) => object.rebalance(options),
            Some(Goal::Decommission { services, options }) => {
                object.decommission(services, options)
            }
            None => object,
        }
    }

    fn without_goal(plan: &'a Plan, steps: S) -> Self {
        Self {
            format: FORMAT,
            command: command(plan.origin()),
            digits: plan.digits().get(),
            replicas: None,
            min_dist: None,
            level: None,
            degradation: None,
            at_most: None,
            tolerance: None,
            drained: None,
            held: None,
            held_bases: None,
            leaving: None,
            bases: None,
            strategy: None,
            max_moves: None,
            max_moves_per_base: None,
            renamed: Some(Renamed(plan.aliases())).filter(|renamed| !renamed.0.is_empty()),
            digest: format!("{:016x}", plan.digest()),
            digest_after: format!("{:016x}", plan.digest_afterwards()),
            moves: plan.moves(),
            removals: plan.removals(),
            lower_bound: plan.lower_bound(),
            minimal: plan.is_minimal(),
            certificate: plan.certificate(),
            beside: Some(Beside(plan)).filter(|_| !plan.beside().is_empty()),
            waves: Waves(plan),
            steps,
        }
    }

    fn rules(mut self, rules: Rules) -> Self {
        self.replicas = Some(rules.replicas());
        self.min_dist = Some(rules.get_min_dist().get());
        self.level = Some(Text(rules.get_level()));
        self.degradation = Some(rules.get_degradation());
        self.at_most = Some(AtMost(rules));
        self
    }

    fn rebalance(self, options: &'a RebalanceOptions) -> Self {
        Self {
            tolerance: Some(options.get_tolerance().to_string()),
            drained: Some(options.get_drain()),
            held: Some(options.get_hold()),
            held_bases: Some(Bases(options.get_hold_bases())).filter(|bases| !bases.0.is_empty()),
            max_moves: options.get_max_moves(),
            max_moves_per_base: options.get_max_moves_per_base(),
            ..self.rules(options.get_rules())
        }
    }

    fn decommission(self, services: &'a [String], options: &'a DecommissionOptions) -> Self {
        let drained = options.get_drain();
        let strategy = match options.get_strategy() {
            _ if self.certificate.is_some() => None,
            Strategy::Optimal => Some(StrategyName::Custom),
            Strategy::FewestBases => Some(StrategyName::FewestBases),
            Strategy::MostAvailability => Some(StrategyName::MostAvailability),
        };
        Self {
            tolerance: Some(options.get_tolerance().to_string()),
            drained: Some(drained),
            held: Some(&[]),
            leaving: Some(services).filter(|services| *services != drained),
            bases: options.get_bases().map(Bases),
            strategy,
            ..self.rules(options.get_rules())
        }
    }
}

const fn command(origin: &Origin) -> Command {
    match origin {
        Origin::Goal(goal) => match **goal {
            Goal::Rebalance(_) => Command::Rebalance,
            Goal::Decommission { .. } => Command::Decommission,
        },
        Origin::Diff => Command::Diff,
        Origin::Undo => Command::Undo,
        Origin::Part => Command::Part,
    }
}

/// A value as its text.
struct Text<T>(T);

impl<T: Display> Serialize for Text<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

/// The caps that are said outright, coarsest level first.
struct AtMost(Rules);

impl Serialize for AtMost {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let cap = |level| Some((Text(level), self.0.get_at_most(level)?));
        serializer.collect_map(Level::ALL.into_iter().filter_map(cap))
    }
}

/// Bases by their first prefix.
struct Bases<'a>(&'a [Base]);

impl Serialize for Bases<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().map(|base| BaseName(base.first_prefix())))
    }
}

struct Renamed<'a>(&'a [Alias]);

impl Serialize for Renamed<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, address)| (name, address)))
    }
}

/// What stays beside the replicas that a base is to have, by base.
struct Beside<'a>(&'a Plan);

impl Serialize for Beside<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let by_base = self.0.beside().chunk_by(|(a, _), (b, _)| a == b);
        serializer.collect_map(by_base.map(|same| {
            let base = self.0.digits().base(usize::from(same[0].0));
            let base = base.map_or(Prefix::new(0), Base::first_prefix);
            (BaseName(base), same.iter().map(|(_, name)| name).collect::<Vec<_>>())
        }))
    }
}

/// The waves, an array of arrays of changes.
struct Waves<'a>(&'a Plan);

impl Serialize for Waves<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.waves().map(Changes))
    }
}

struct Changes<'a>(Wave<'a>);

impl Serialize for Changes<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.changes().map(ChangeLine::of))
    }
}

/// A move; with a `null`, a replica that is new or one that is taken away.
#[derive(serde::Serialize)]
struct ChangeLine<'a> {
    base: BaseName,
    from: Option<&'a str>,
    to: Option<&'a str>,
}

impl<'a> ChangeLine<'a> {
    fn of(change: Change<'a>) -> Self {
        Self { base: BaseName(change.base.first_prefix()), from: change.from, to: change.to }
    }
}

/// A prefix as its four digits, made without the machinery of formatting.
struct BaseName(Prefix);

impl Serialize for BaseName {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let digit = |shift: u16| b"0123456789ABCDEF"[usize::from(self.0.get() >> shift & 0xF)];
        let digits = [12, 8, 4, 0].map(digit);
        serializer.serialize_str(str::from_utf8(&digits).expect("digits are ASCII"))
    }
}

/// The requests to the proxy, in their order. They are made as they are written, once.
struct Steps<I>(Cell<Option<I>>);

impl<I: Iterator<Item = Step>> Serialize for Steps<I> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.take().into_iter().flatten())
    }
}

/// One element of an array a line; nothing between the brackets of an empty one.
#[derive(Debug, Default)]
struct Lines {
    is_empty: bool,
}

impl Formatter for Lines {
    fn begin_array<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.is_empty = true;
        out.write_all(b"[")
    }

    fn begin_array_value<W: ?Sized + Write>(&mut self, out: &mut W, first: bool) -> io::Result<()> {
        self.is_empty = false;
        out.write_all(if first { b"\n" } else { b",\n" })
    }

    fn end_array<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        let is_empty = std::mem::take(&mut self.is_empty);
        out.write_all(if is_empty { b"]" } else { b"\n]" })
    }
}
