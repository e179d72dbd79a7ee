//! A plan as JSON: what it is for, what it counts, its waves, and on request
//! the steps that carry it out.
//!
//! All of it is streamed, one change or step a line: the steps of 65,536 moves
//! are some 130 MB.

use std::fmt::Display;
use std::io::{self, BufWriter, Write};

use meta0::{Change, Plan, Prefix, PrefixMapping, Topology, Wave};
use serde::ser::{Error, Serialize, Serializer};
use serde_json::ser::Formatter;

/// A plan, and how it is written.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PlanFile<'a> {
    pub(crate) plan: &'a Plan,
    /// The mapping that the plan is for.
    pub(crate) before: &'a PrefixMapping,
    /// The services, some of which are up.
    pub(crate) cluster: &'a Topology,
    /// The namespace of the steps; none are written without.
    pub(crate) namespace: Option<&'a str>,
}

impl PlanFile<'_> {
    /// Writes the plan.
    pub(crate) fn write(self, out: &mut dyn Write) -> io::Result<()> {
        let Self { plan, .. } = self;
        let object = Object {
            digits: plan.digits().get(),
            digest: format!("{:016x}", plan.digest()),
            digest_after: format!("{:016x}", plan.digest_afterwards()),
            moves: plan.moves(),
            removals: plan.removals(),
            lower_bound: plan.lower_bound(),
            minimal: plan.is_minimal(),
            waves: Waves(plan),
            steps: self.namespace.map(|namespace| Steps { file: self, namespace }),
        };
        let mut out = BufWriter::with_capacity(64 << 10, out);
        object.serialize(&mut serde_json::Serializer::with_formatter(&mut out, Lines))?;
        writeln!(out)?;
        out.flush()
    }
}

#[derive(Debug, serde::Serialize)]
struct Object<'a> {
    digits: u8,
    digest: String,
    digest_after: String,
    moves: usize,
    removals: usize,
    lower_bound: Option<usize>,
    minimal: bool,
    waves: Waves<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    steps: Option<Steps<'a>>,
}

/// The waves, an array of arrays of changes.
#[derive(Debug)]
struct Waves<'a>(&'a Plan);

impl Serialize for Waves<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.waves().map(Changes))
    }
}

#[derive(Debug)]
struct Changes<'a>(Wave<'a>);

impl Serialize for Changes<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.changes().map(ChangeLine::of))
    }
}

/// A move; with a `null`, a replica that is new or one that is taken away.
#[derive(Debug, serde::Serialize)]
struct ChangeLine<'a> {
    #[serde(serialize_with = "as_text")]
    base: Prefix,
    from: Option<&'a str>,
    to: Option<&'a str>,
}

impl<'a> ChangeLine<'a> {
    fn of(change: Change<'a>) -> Self {
        Self { base: change.base.first_prefix(), from: change.from, to: change.to }
    }
}

fn as_text<S: Serializer>(value: &impl Display, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(value)
}

/// The requests to the proxy, in their order.
#[derive(Debug)]
struct Steps<'a> {
    file: PlanFile<'a>,
    namespace: &'a str,
}

impl Serialize for Steps<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let PlanFile { plan, before, cluster, .. } = self.file;
        let steps = plan.steps(before, cluster, self.namespace);
        serializer.collect_seq(steps.map_err(S::Error::custom)?)
    }
}

/// One element of an array a line, for those who read plans, or compare them.
#[derive(Debug)]
struct Lines;

impl Formatter for Lines {
    fn begin_array_value<W: ?Sized + Write>(&mut self, out: &mut W, first: bool) -> io::Result<()> {
        out.write_all(if first { b"\n" } else { b",\n" })
    }

    fn end_array<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        out.write_all(b"\n]")
    }
}
