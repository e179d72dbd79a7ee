//! A plan outlives the process that made it, as a file.
//!
//! What is written says all that the plan is: what it is for, what it changes, and the
//! certificate. What is read is checked in three steps:
//!
//! 1. `object` and `waves` read each key as a value of its type and range, and keep no
//!    text but the names, once each; `quick` reads ordinary waves;
//! 2. `build` makes a plan of them where they agree;
//! 3. a refusal is told by the path and the byte offset of what is refused (`path`).
//!
//! Whether a plan fits a mapping and keeps its word is for `Plan::verify` to say.

mod build;
mod error;
mod object;
mod path;
mod quick;
mod waves;
mod write;

use std::io;

use serde::de::{Deserialize, Deserializer, Error, IgnoredAny};

pub use error::PlanFileError;
use error::{Reason, Refusal};
use object::{Object, OfObject};
use path::Path;

use crate::plan::{Plan, Step};

/// The one format that is known.
const FORMAT: &str = "meta0-plan/1";

/// How much of a text is written at once.
const PIECE: usize = 64 << 10;

const BYTE_ORDER_MARK: &[u8] = "\u{FEFF}".as_bytes();

impl Plan {
    /// The plan as a JSON object, one change a line.
    ///
    /// [`Plan::from_json`] reads it, in this process or another, on this machine or
    /// another, and gives an equal plan. `Serialize` gives the same object.
    ///
    /// # The format
    ///
    /// The keys stand in this order. A reader takes them in any order, and refuses keys
    /// that it does not know, that stand twice, or that plans of the command do not have.
    /// Bases are named by the first of their prefixes, 4 upper-case hex digits. All
    /// arrays but `waves` and `steps` are written ascending; a reader takes them in any
    /// order.
    ///
    /// | key | what it says |
    /// |---|---|
    /// | `format` | `"meta0-plan/1"` |
    /// | `command` | `"rebalance"`, `"decommission"`, `"diff"`, `"undo"` or `"part"`; the last three have none of the keys from `replicas` to `max_moves_per_base` |
    /// | `digits` | 0 to 4 |
    /// | `replicas`, `min_dist`, `level`, `degradation`, `at_most` | the [`Rules`](crate::Rules); `at_most` has the caps that were said outright, as `{"site": 2}` |
    /// | `tolerance` | a fraction in lowest terms, `"0"` or `"1/20"` |
    /// | `drained` | who gets nothing and has no share; the services of a decommission among them, unless they lose some bases only |
    /// | `held` | who keeps what it has and gets nothing; empty in a decommission |
    /// | `held_bases` | of a rebalance, where there are any: bases of which nothing moves |
    /// | `leaving` | of a decommission: the services that lose bases; absent where they are those of `drained` |
    /// | `bases` | of a decommission: the bases that they lose; absent for all |
    /// | `strategy` | of a decommission: `"fewest bases"`, `"most availability"` or `"custom"`; absent for the optimal one |
    /// | `max_moves`, `max_moves_per_base` | of a rebalance, where there are limits |
    /// | `renamed` | where there are any: names of the mapping that are service ids, each with the address; all else speaks of the mapping with these replaced |
    /// | `digest`, `digest_after` | of the mapping that the plan is for, and of the one that it leads to: 16 lower-case hex digits |
    /// | `moves`, `removals` | how many changes have a `to`, and how many have none |
    /// | `lower_bound` | the fewest moves of any plan to the goal; null for a plan without a goal, or by a strategy |
    /// | `minimal` | whether that is the number of moves |
    /// | `certificate` | the [`Certificate`](crate::Certificate) of the bound; null where there is none |
    /// | `beside` | of a rebalance, where what is held leaves a base no room for what it has: by base, the replicas that stay beside those that it is to have; they are no loads to the bound |
    /// | `waves` | an array of arrays of `{"base", "from", "to"}`, which ascend by base; `from` is null for a replica that was missing, `to` for one that goes |
    /// | `steps` | the steps, where they were asked for |
    ///
    /// The shortfall is not in it: a plan that was read has none, and
    /// [`Plan::verify`] judges where it leads.
    ///
    /// # The digest
    ///
    /// All is modulo 2^64. With `mix(z)`:
    ///
    /// ```text
    /// z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9
    /// z = (z ^ (z >> 27)) * 0x94D049BB133111EB
    /// mix = z ^ (z >> 31)
    /// ```
    ///
    /// and `hash(name)` the `mix` of its FNV-1a in 64 bits, the digest of a mapping is
    /// `mix(digits + 1)` plus, for each base, `mix(S + (index + 1) * 0x9E3779B97F4A7C15)`,
    /// where `S` is the sum of the hashes of its names, and the index its short name as
    /// a number; a base where `S` is 0 adds nothing.
    ///
    /// # Examples
    ///
    /// A plan is made in one place and carried out in another:
    ///
    /// ```
    /// use meta0::{Digits, Plan, PrefixMapping};
    ///
    /// let mut old = PrefixMapping::new(Digits::try_from(2)?);
    /// let base = old.digits().base(0xAF).ok_or("no such base")?;
    /// old.assign_services(base, ["a", "b"])?;
    /// let mut new = old.clone();
    /// new.assign_services(base, ["b", "c"])?;
    ///
    /// let text = old.diff(&new)?.to_json();
    /// assert_eq!(
    ///     text,
    ///     "{\"format\":\"meta0-plan/1\",\"command\":\"diff\",\"digits\":2,\
    ///      \"digest\":\"c66d3051b538fcd5\",\"digest_after\":\"e88a2db9bfd967e0\",\
    ///      \"moves\":1,\"removals\":0,\"lower_bound\":null,\"minimal\":false,\
    ///      \"certificate\":null,\"waves\":[\n\
    ///      [\n\
    ///      {\"base\":\"AF00\",\"from\":\"a\",\"to\":\"c\"}\n\
    ///      ]\n\
    ///      ],\"steps\":[]}\n"
    /// );
    ///
    /// let plan = Plan::from_json(&text)?;
    /// assert_eq!(old.apply(&plan)?, new);
    /// assert_eq!(plan, old.diff(&new)?);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn to_json(&self) -> String {
        write::text(self)
    }

    /// Writes what [`Plan::to_json`] gives, which has an example, in pieces of 64 KiB.
    ///
    /// # Errors
    ///
    /// Those of `out`.
    pub fn write_json(&self, out: impl io::Write) -> io::Result<()> {
        write::write(self, std::iter::empty(), out)
    }

    /// Writes what [`Plan::to_json`] gives with some steps in it, as
    /// [`Plan::steps`] gives them: each is made when it is written.
    ///
    /// # Errors
    ///
    /// Those of `out`.
    ///
    /// # Examples
    ///
    /// ```
    /// # use meta0::{Digits, Plan, PrefixMapping, Service, Topology};
    /// # let topology = Topology::new([
    /// #     Service::new("a", "h1.d".parse()?),
    /// #     Service::new("b", "h2.d".parse()?),
    /// # ])?;
    /// # let mut old = PrefixMapping::new(Digits::try_from(0)?);
    /// # let base = old.digits().base(0).ok_or("no such base")?;
    /// # old.assign_services(base, ["a"])?;
    /// # let mut new = old.clone();
    /// # new.assign_services(base, ["b"])?;
    /// let plan = old.diff(&new)?;
    /// let mut file = Vec::new();
    /// plan.write_json_with_steps(&mut file, plan.steps(&old, &topology, "OPENIO")?)?;
    /// // Who reads the plan makes the steps anew.
    /// assert_eq!(Plan::from_json(file)?, plan);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn write_json_with_steps(
        &self,
        out: impl io::Write,
        steps: impl IntoIterator<Item = Step>,
    ) -> io::Result<()> {
        write::write(self, steps.into_iter(), out)
    }

    /// Reads a plan from what [`Plan::to_json`] gives, which has an example.
    ///
    /// White space and a byte order mark are fine. Whatever disagrees within the text is
    /// refused. Whether the plan fits a mapping is told by
    /// [`PrefixMapping::apply`](crate::PrefixMapping::apply), and whether it keeps its
    /// word by [`Plan::verify`]. Steps are passed over: [`Plan::steps`] makes them anew
    /// from the plan, so that nobody carries out what a file only says.
    ///
    /// Takes time linear in the text. Beside the plan this allocates a few words for
    /// each name; where the text is refused, a few for each change.
    ///
    /// # Errors
    ///
    /// [`PlanFileError`], with the path and the byte offset of what is refused.
    pub fn from_json(text: impl AsRef<[u8]>) -> Result<Self, PlanFileError> {
        let text = text.as_ref();
        let json = text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(text);
        let skipped = text.len() - json.len();
        let json = str::from_utf8(json)
            .map_err(|error| PlanFileError::encoding(skipped + error.valid_up_to()))?;
        if let Some(plan) = read_quickly(json) {
            return Ok(plan);
        }
        let mut source = serde_json::Deserializer::from_str(json);
        let read = OfObject::deserialize(&mut source).and_then(|read| source.end().map(|()| read));
        let OfObject(object) = read.map_err(|error| refusal(&error, json, skipped))?;
        let refused = |refusal| PlanFileError::refused(refusal, json, skipped);
        plan_of(object).map_err(refused)
    }

    /// Reads what [`Plan::from_json`] takes, to its end. The text is in memory as a
    /// whole meanwhile, for a refusal to say where.
    ///
    /// # Errors
    ///
    /// Those of `from_json`, and those of `input`.
    ///
    /// # Examples
    ///
    /// ```no_run
    /// let plan = meta0::Plan::read_json(std::fs::File::open("plan.json")?)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn read_json(mut input: impl io::Read) -> Result<Self, PlanFileError> {
        let mut text = Vec::new();
        input.read_to_end(&mut text)?;
        Self::from_json(text)
    }
}

impl<'de> Deserialize<'de> for Plan {
    /// What [`Plan::from_json`] takes, with the same refusals but for the byte offset.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        plan_of(OfObject::deserialize(deserializer)?.0).map_err(Error::custom)
    }
}

/// The plan in a text that has nothing unusual in it; `None` for any other.
fn read_quickly(json: &str) -> Option<Plan> {
    let (rest, waves) = quick::split(json)?;
    let OfObject(object) = serde_json::from_str::<OfObject<Object>>(&rest).ok()?;
    let is_split = object.waves.as_ref().is_some_and(|waves| waves.ends.is_empty());
    if is_split { object.into_plan(Some(waves)).ok() } else { None }
}

fn plan_of(mut object: Object) -> Result<Plan, Refusal> {
    let waves = object.waves.take();
    object.into_plan(waves)
}

/// Why a text is no object of a plan. That it is not JSON at all counts more than what
/// is wrong before that, and another format more than what this one does not know.
fn refusal(error: &serde_json::Error, json: &str, skipped: usize) -> PlanFileError {
    if let Err(source) = serde_json::from_str::<IgnoredAny>(json) {
        return PlanFileError::syntax(source, json, skipped);
    }
    let path = Path::key("format");
    let found = path.find(json).and_then(|text| serde_json::from_str::<String>(text).ok());
    match found.filter(|found| found != FORMAT) {
        Some(found) => {
            PlanFileError::refused(Reason::OtherFormat { found }.at(path), json, skipped)
        }
        None => PlanFileError::data(error, json, skipped),
    }
}
