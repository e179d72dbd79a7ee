//! Others carry out a plan, by requests to the proxy: these are its steps.
//!
//! A plan says which service takes a base from which; a cluster has to be told
//! how. For each change of each wave, from the replicas of the base before and
//! after it:
//!
//! 1. set peers: the replicas that stay learn the new set;
//! 2. copy the base to the service that takes it, from the first by address of
//!    those that keep it, or where none does from the one that gives it up;
//! 3. link: meta0 gets the new set, a partial object of this one base;
//! 4. leave the election, so that no peer asks the old copy for its version;
//! 5. remove the old copy;
//! 6. leave again, for the next election to run among the new peers;
//! 7. status, which starts that election and shows how it went.
//!
//! Steps without an object are left out: 2 when no service takes the base, 4
//! and 5 when none gives it up. Beyond that:
//!
//! - A base that is missing is linked, then its peers are set: there is nothing
//!   to copy, no election to leave, and the proxy finds a base through meta0.
//! - A replica that only stood twice is no other set of peers: they are set and
//!   linked, and no copy is removed, for that would be the one that stays.
//! - A base that would lose its last replica has no steps. meta0 can't be told
//!   to forget a base, and the copy that it points to is better kept.
//!
//! What answers is for the runner to find out. The steps are the same when a
//! service of the base is dead: a copy may then have to come from another of
//! its peers, and the removal of the old copy may fail without harm. When a
//! copy fails nothing is linked yet, and setting the old peers undoes it. The
//! steps of one base go in order; bases of the same wave don't depend on each
//! other.
//!
//! The steps are made one change at a time, in time linear in the change and,
//! for the link, in the prefixes of the base; what is kept meanwhile is the
//! replicas of the bases that were changed so far.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt::{self, Write};

use serde::ser::{Serialize, SerializeStruct, Serializer};
use serde_json::Value;

use crate::mapping::PrefixMapping;
use crate::plan::{ApplyError, Change, Plan};
use crate::prefix::Base;

/// Why writing to a string succeeds.
const NO_LIMIT: &str = "a string takes whatever is written";

/// What a step does. Prints as words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum StepKind {
    /// Tell the replicas of a base who they are.
    SetPeers,
    /// Copy the base from one service to another.
    Copy,
    /// Tell meta0 which services hold the base.
    Link,
    /// Make every peer leave the election.
    Leave,
    /// Remove the copy of one service.
    Remove,
    /// Start an election, and ask how it went.
    Status,
}

impl StepKind {
    /// The last part of the route.
    const fn action(self) -> &'static str {
        match self {
            Self::SetPeers => "set_properties",
            Self::Copy => "copy",
            Self::Link => "meta0_force",
            Self::Leave => "leave",
            Self::Remove => "remove",
            Self::Status => "status",
        }
    }
}

impl fmt::Display for StepKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::SetPeers => "set peers",
            Self::Copy => "copy",
            Self::Link => "link",
            Self::Leave => "leave",
            Self::Remove => "remove",
            Self::Status => "status",
        })
    }
}

/// One request to the proxy.
///
/// Prints as its request: method, route, query, body. Serializes as an object
/// of `wave`, `base` (its short name), `kind` (in words), `method`, `route`,
/// `query` and `body` (a text, or null).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    wave: usize,
    base: Base,
    kind: StepKind,
    route: String,
    query: Option<String>,
    body: Option<String>,
}

impl Step {
    /// The wave that it belongs to, from 0.
    #[must_use]
    pub const fn wave(&self) -> usize {
        self.wave
    }

    /// The base that it is about.
    #[must_use]
    pub const fn base(&self) -> Base {
        self.base
    }

    /// What it does.
    #[must_use]
    pub const fn kind(&self) -> StepKind {
        self.kind
    }

    /// The method of the request: the proxy takes each of them by `POST`.
    #[must_use]
    pub const fn method(&self) -> &'static str {
        "POST"
    }

    /// The path of the request.
    #[must_use]
    pub fn route(&self) -> &str {
        &self.route
    }

    /// The query of the request, percent-encoded, without the question mark.
    #[must_use]
    pub fn query(&self) -> Option<&str> {
        self.query.as_deref()
    }

    /// The body of the request, JSON.
    #[must_use]
    pub fn body(&self) -> Option<&str> {
        self.body.as_deref()
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.method(), self.route)?;
        if let Some(query) = &self.query {
            write!(f, "?{query}")?;
        }
        match &self.body {
            Some(body) => write!(f, " {}", body.trim_end()),
            None => Ok(()),
        }
    }
}

impl Serialize for Step {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = serializer.serialize_struct("Step", 7)?;
        object.serialize_field("wave", &self.wave)?;
        object.serialize_field("base", &self.base.to_string())?;
        object.serialize_field("kind", &self.kind.to_string())?;
        object.serialize_field("method", self.method())?;
        object.serialize_field("route", &self.route)?;
        object.serialize_field("query", &self.query)?;
        object.serialize_field("body", &self.body)?;
        object.end()
    }
}

impl Plan {
    /// The steps that carry the plan out on a cluster, as requests to the proxy
    /// of a namespace: wave by wave, in a wave ascending by base, the steps of a
    /// base in their order. An empty plan has none.
    ///
    /// Services are named by their address. A base that would lose its last
    /// replica has no steps, since meta0 can't be told to forget a base.
    ///
    /// # Errors
    ///
    /// [`ApplyError`] when the plan was made for another mapping.
    ///
    /// # Examples
    ///
    /// ```
    /// use meta0::{Digits, PrefixMapping};
    ///
    /// let mut old = PrefixMapping::new(Digits::MAX);
    /// let base = old.digits().base(0xAF).ok_or("no such base")?;
    /// old.assign_services(base, ["a", "b"])?;
    /// let mut new = old.clone();
    /// new.assign_services(base, ["b", "c"])?;
    ///
    /// let plan = old.diff(&new)?;
    /// let kinds: Vec<_> = plan.steps(&old, "NS")?.map(|step| step.kind().to_string()).collect();
    /// let words = ["set peers", "copy", "link", "leave", "remove", "leave", "status"];
    /// assert_eq!(kinds, words);
    ///
    /// let copy = plan.steps(&old, "NS")?.nth(1).ok_or("no copy")?;
    /// assert_eq!(copy.route(), "/v3.0/NS/admin/copy");
    /// assert_eq!(copy.query(), Some(&*format!("type=meta1&cid=00AF{}", "0".repeat(60))));
    /// assert_eq!(copy.body(), Some(r#"{"from":"b","to":"c"}"#));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn steps<'a>(
        &'a self,
        mapping: &'a PrefixMapping,
        namespace: &str,
    ) -> Result<impl Iterator<Item = Step> + use<'a>, ApplyError> {
        let mut replicas =
            ReplicasByBase { mapping: self.accept(mapping)?, changed: BTreeMap::new() };
        let namespace = percent_encode(namespace);
        let waves = self.waves().enumerate();
        let changes =
            waves.flat_map(|(wave, changes)| changes.changes().map(move |change| (wave, change)));
        Ok(changes.flat_map(move |(wave, change)| {
            let (old, new) = replicas.advance(change);
            Errand { namespace: &namespace, wave, base: change.base }.steps(&old, &new)
        }))
    }
}

/// The replicas of the bases, change by change.
#[derive(Debug)]
struct ReplicasByBase<'a> {
    mapping: Cow<'a, PrefixMapping>,
    /// A service that stood twice in its base stands twice here, until one of
    /// the two goes.
    changed: BTreeMap<Base, Vec<String>>,
}

impl ReplicasByBase<'_> {
    /// The services of a base before and after its next change, each once,
    /// ascending.
    fn advance(&mut self, change: Change<'_>) -> (Vec<String>, Vec<String>) {
        let before = || self.mapping.services_of(change.base).map(str::to_owned).collect();
        let row = self.changed.entry(change.base).or_insert_with(before);
        let old = distinct(row);
        let gone = row.iter().position(|name| change.from == Some(name));
        gone.map(|place| row.remove(place));
        row.extend(change.to.map(str::to_owned));
        row.sort_unstable();
        (old, distinct(row))
    }
}

fn distinct(row: &[String]) -> Vec<String> {
    let mut row = row.to_vec();
    row.dedup();
    row
}

/// What is to be done about one base in one wave.
#[derive(Debug, Clone, Copy)]
struct Errand<'a> {
    namespace: &'a str,
    wave: usize,
    base: Base,
}

impl Errand<'_> {
    /// The steps from some replicas to others, each ascending.
    fn steps(self, old: &[String], new: &[String]) -> Vec<Step> {
        let taker = new.iter().find(|name| !old.contains(name));
        let giver = old.iter().find(|name| !new.contains(name));
        let source = old.iter().find(|name| new.contains(name)).or(giver);
        if new.is_empty() {
            return Vec::new();
        }
        let Some(source) = source else {
            return vec![self.link(new), self.set_peers(new)];
        };
        let mut steps = vec![self.set_peers(new)];
        steps.extend(taker.map(|taker| self.copy(source, taker)));
        steps.push(self.link(new));
        if let Some(giver) = giver {
            steps.extend([self.leave(), self.remove(giver)]);
        }
        if old != new {
            steps.extend([self.leave(), self.about_base(StepKind::Status, "", None)]);
        }
        steps
    }

    fn set_peers(self, peers: &[String]) -> Step {
        let peers = Value::from(peers.join(","));
        let body = format!("{{\"system\":{{\"sys.peers\":{peers}}}}}");
        self.about_base(StepKind::SetPeers, "", Some(body))
    }

    fn copy(self, from: &str, to: &str) -> Step {
        let body = format!("{{\"from\":{},\"to\":{}}}", Value::from(from), Value::from(to));
        self.about_base(StepKind::Copy, "", Some(body))
    }

    /// The body is what [`PrefixMapping::to_json_of`] gives of the base, made
    /// without the table of a mapping.
    fn link(self, services: &[String]) -> Step {
        let services = Value::from(services).to_string();
        let prefixes = self.base.prefixes();
        let mut body = String::with_capacity(prefixes.len() * (services.len() + 9) + 3);
        let mut separator = "{";
        for prefix in prefixes {
            write!(body, "{separator}\n\"{prefix}\":{services}").expect(NO_LIMIT);
            separator = ",";
        }
        body.push_str("\n}\n");
        self.request(StepKind::Link, None, Some(body))
    }

    fn leave(self) -> Step {
        self.about_base(StepKind::Leave, "&bypass_service_down=true", None)
    }

    fn remove(self, service: &str) -> Step {
        let more = format!("&service_id={}", percent_encode(service));
        self.about_base(StepKind::Remove, &more, None)
    }

    /// A request that the proxy hands on to the services of the base.
    fn about_base(self, kind: StepKind, more: &str, body: Option<String>) -> Step {
        let query = format!("type=meta1&cid={}{more}", self.base.cid());
        self.request(kind, Some(query), body)
    }

    fn request(self, kind: StepKind, query: Option<String>, body: Option<String>) -> Step {
        let route = format!("/v3.0/{}/admin/{}", self.namespace, kind.action());
        Step { wave: self.wave, base: self.base, kind, route, query, body }
    }
}

/// Encodes what neither a path segment nor the value of a query may have as it
/// is (RFC 3986). The colon of an address may stay.
fn percent_encode(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b':' => {
                encoded.push(char::from(byte));
            }
            _ => write!(encoded, "%{byte:02X}").expect(NO_LIMIT),
        }
    }
    encoded
}
