//! Others carry out a plan, by requests to the proxy: these are its steps.
//!
//! A plan says which service takes a base from which; a cluster has to be told
//! how. [`Plan::steps`] has the order of the steps of a base. Each change of each wave
//! is an [`Errand`]: the replicas of the base before and after it say who copies, who
//! takes and who goes.
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
use crate::service::Service;
use crate::topology::Topology;

/// Why writing to a string succeeds.
const NO_LIMIT: &str = "a string takes whatever is written";

/// What a step does. Prints as words. [`Plan::steps`] has an example.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum StepKind {
    /// Ask the service that a base is copied from whether it has the base.
    HasBase,
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
            Self::HasBase => "has",
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
            Self::HasBase => "has base",
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
/// of `wave`, `base` (its 4-digit prefix), `kind` (in words), `method`, `route`,
/// `query`, `body` (a text, or null) and, where there are some, `alternatives`.
/// [`Plan::steps`] has an example.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    wave: usize,
    base: Base,
    kind: StepKind,
    route: String,
    query: Option<String>,
    body: Option<String>,
    alternatives: Vec<String>,
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

    /// The other services that a copy may come from, the best first: they hold the
    /// base, and are up. None of a step that is no copy.
    ///
    /// Where a copy fails, the same request with one of them for `from` is the next to
    /// try.
    #[must_use]
    pub fn alternatives(&self) -> &[String] {
        &self.alternatives
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
        let fields = 7 + usize::from(!self.alternatives.is_empty());
        let mut object = serializer.serialize_struct("Step", fields)?;
        object.serialize_field("wave", &self.wave)?;
        object.serialize_field("base", &self.base.first_prefix().to_string())?;
        object.serialize_field("kind", &self.kind.to_string())?;
        object.serialize_field("method", self.method())?;
        object.serialize_field("route", &self.route)?;
        object.serialize_field("query", &self.query)?;
        object.serialize_field("body", &self.body)?;
        if self.alternatives.is_empty() {
            object.skip_field("alternatives")?;
        } else {
            object.serialize_field("alternatives", &self.alternatives)?;
        }
        object.end()
    }
}

impl Plan {
    /// The steps that carry the plan out on a cluster, as requests to the proxy
    /// of a namespace: wave by wave, in a wave ascending by base, the steps of a
    /// base in their order. An empty plan has none.
    ///
    /// Services are named by their address. The topology says which of them are
    /// up; a name that no service of it has counts as down.
    ///
    /// The steps of a change, in order:
    ///
    /// 1. *has base* asks the source of the copy whether it has the base;
    /// 2. *set peers*: the replicas that stay learn the new set;
    /// 3. *copy* the base to the service that takes it, from a replica that is up:
    ///    the one that goes, or else the first by address of those that stay. The
    ///    others that are up are the [alternatives](Step::alternatives);
    /// 4. *link*: meta0 gets the new set, a partial object of this one base;
    /// 5. *leave* the election, so that no peer asks the old copy for its version;
    /// 6. *remove* the old copy;
    /// 7. *leave* again, for the next election to run among the new peers;
    /// 8. *status*, which starts that election and shows how it went.
    ///
    /// Steps without an object are left out: 1 and 3 when no service takes the base,
    /// 5 and 6 when none gives it up. Beyond that:
    ///
    /// - A *dead* base, none of whose replicas is up, has no copy: there is nothing
    ///   to copy it from. It is linked before its peers are set, for the proxy finds a
    ///   base through meta0, and the old peers don't answer. Once a service that is up
    ///   has it, its later changes copy from there.
    /// - A base that is missing is linked, then its peers are set: there is no
    ///   election to leave either.
    /// - A replica that only stood twice is no other set of peers: they are set and
    ///   linked, and no copy is removed, for that would be the one that stays.
    /// - A base that would lose its last replica has no steps. meta0 can't be told
    ///   to forget a base, and the copy that it points to is better kept.
    ///
    /// What answers is for the runner to find out. The removal of an old copy fails
    /// without harm where its service is down. When a copy fails nothing is linked
    /// yet, and setting the old peers undoes it. The steps of one base go in order;
    /// bases of the same wave don't depend on each other.
    ///
    /// Each step is made when it is asked for, in time linear in the replicas of its
    /// base, and for a link in the prefixes of the base. The heap holds the replicas
    /// of the bases that were changed so far.
    ///
    /// # Errors
    ///
    /// [`ApplyError`] when the plan was made for another mapping.
    ///
    /// # Examples
    ///
    /// ```
    /// use meta0::{Digits, PrefixMapping, Service, Topology};
    ///
    /// let service = |name: &str| Service::new(name, format!("host-{name}.d0").parse().unwrap());
    /// let cluster = Topology::new(["a", "b", "c", "d"].map(service))?;
    /// let mut old = PrefixMapping::new(Digits::MAX);
    /// let base = old.digits().base(0xAF).ok_or("no such base")?;
    /// old.assign_services(base, ["a", "b", "c"])?;
    /// let mut new = old.clone();
    /// new.assign_services(base, ["b", "c", "d"])?;
    ///
    /// let plan = old.diff(&new)?;
    /// let steps: Vec<_> = plan.steps(&old, &cluster, "NS")?.collect();
    /// let kinds: Vec<_> = steps.iter().map(|step| step.kind().to_string()).collect();
    /// let words = ["has base", "set peers", "copy", "link", "leave", "remove", "leave", "status"];
    /// assert_eq!(kinds, words);
    ///
    /// let copy = &steps[2];
    /// assert_eq!(copy.route(), "/v3.0/NS/admin/copy");
    /// assert_eq!(copy.query(), Some(&*format!("type=meta1&cid=00AF{}", "0".repeat(60))));
    /// assert_eq!(copy.body(), Some(r#"{"from":"a","to":"d"}"#));
    /// assert_eq!(copy.alternatives(), ["b", "c"]);
    ///
    /// // `a` is down: the copy comes from a replica that stays.
    /// let cluster = cluster.with_up("a", false)?;
    /// let copy = plan.steps(&old, &cluster, "NS")?.nth(2).ok_or("no copy")?;
    /// assert_eq!(copy.body(), Some(r#"{"from":"b","to":"d"}"#));
    /// assert_eq!(copy.alternatives(), ["c"]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn steps<'a>(
        &'a self,
        mapping: &'a PrefixMapping,
        topology: &'a Topology,
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
            Errand { topology, namespace: &namespace, wave, base: change.base }.steps(&old, &new)
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
    topology: &'a Topology,
    namespace: &'a str,
    wave: usize,
    base: Base,
}

impl Errand<'_> {
    /// The steps from some replicas to others, each ascending.
    fn steps(self, old: &[String], new: &[String]) -> Vec<Step> {
        if new.is_empty() {
            return Vec::new();
        }
        let taker = new.iter().find(|name| !old.contains(name));
        let giver = old.iter().find(|name| !new.contains(name));
        let sources = self.sources(old, giver);
        let mut steps = Vec::with_capacity(8);
        if let Some((source, others)) = sources.split_first() {
            steps.extend(taker.map(|_| self.has_base(source)));
            steps.push(self.set_peers(new));
            steps.extend(taker.map(|taker| self.copy(source, taker, others)));
            steps.push(self.link(new));
        } else {
            steps.extend([self.link(new), self.set_peers(new)]);
        }
        if let Some(giver) = giver {
            steps.extend([self.leave(), self.remove(giver)]);
        }
        if old != new && !old.is_empty() {
            steps.extend([self.leave(), self.about_base(StepKind::Status, "", None)]);
        }
        steps
    }

    /// The replicas that are up, the one that goes first.
    fn sources<'a>(self, old: &'a [String], giver: Option<&'a String>) -> Vec<&'a str> {
        let stay = old.iter().filter(|name| giver != Some(name));
        let is_up = |name: &&str| {
            let service = self.topology.find(name).and_then(|index| self.topology.service(index));
            service.is_some_and(Service::is_up)
        };
        giver.into_iter().chain(stay).map(String::as_str).filter(is_up).collect()
    }

    fn has_base(self, service: &str) -> Step {
        let more = format!("&service_id={}", percent_encode(service));
        self.about_base(StepKind::HasBase, &more, None)
    }

    fn set_peers(self, peers: &[String]) -> Step {
        let peers = Value::from(peers.join(","));
        let body = format!("{{\"system\":{{\"sys.peers\":{peers}}}}}");
        self.about_base(StepKind::SetPeers, "", Some(body))
    }

    fn copy(self, from: &str, to: &str, others: &[&str]) -> Step {
        let body = format!("{{\"from\":{},\"to\":{}}}", Value::from(from), Value::from(to));
        let alternatives = others.iter().copied().map(str::to_owned).collect();
        Step { alternatives, ..self.about_base(StepKind::Copy, "", Some(body)) }
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
        let (wave, base) = (self.wave, self.base);
        Step { wave, base, kind, route, query, body, alternatives: Vec::new() }
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
