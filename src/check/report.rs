//! A check tells its caller all that it found.

use std::fmt;

use serde::{Serialize, Serializer};

use super::breach::{Breach, BreachKind, Breaches};
use super::inspection::Findings;
use super::load::{DomainLoad, ServiceLoad};
use crate::location::Level;
use crate::service::ServiceIndex;
use crate::share::Shares;
use crate::topology::Topology;

/// What [`PrefixMapping::check`](crate::PrefixMapping::check) found.
///
/// Prints as a short text: a line for each kind of breach that there is, with
/// its examples, then the loads, then what may be lost.
///
/// Serializes as an object of `breaches` (how many, by kind), `examples` (those that are
/// kept, by kind, where there are some), `outside_band`, `domains_outside_band`,
/// `tolerated` (by level; null when some base has no quorum even now), `services` and
/// `domains` (the loads, by level).
///
/// # Examples
///
/// ```
/// use meta0::{CheckOptions, Digits, Level, PrefixMapping, Rules, Service, Topology};
///
/// let topology = Topology::new([
///     Service::new("a", "h1.d1".parse()?),
///     Service::new("b", "h2.d1".parse()?),
/// ])?;
/// let mut mapping = PrefixMapping::new(Digits::try_from(0)?);
/// mapping.assign_services(mapping.digits().base(0).ok_or("no such base")?, ["a", "dead"])?;
///
/// let report = mapping.check(&topology, &CheckOptions::new(Rules::new(2)?))?;
/// assert_eq!(
///     report.to_string(),
///     "unknown: 1 replica\n  base \"\" is on dead, which no service has for its name\n\
///      outside band: 1 on services, 4 on domains\n\
///      tolerated: nothing, some base has no quorum even now"
/// );
/// let loads: Vec<_> = report.loads().iter().map(ToString::to_string).collect();
/// assert_eq!(loads, ["a: 1, expected 1", "b: 0, expected 1", "dead: 1, expected 0"]);
/// assert_eq!(report.domain_loads(Level::Host)[1].name(), "h2");
///
/// let json = serde_json::to_value(&report)?;
/// assert_eq!(json["breaches"]["unknown"], 1);
/// assert_eq!(json["examples"]["unknown"][0]["services"][0], "dead");
/// assert_eq!(json["services"][1]["location"], "h2.d1");
/// assert_eq!(json["domains"]["host"][1]["floor"], 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckReport {
    breaches: Breaches,
    tolerated: [Option<u32>; 4],
    loads: Vec<ServiceLoad>,
    outside_band: u64,
    domain_loads: [Vec<DomainLoad>; 4],
    domains_outside_band: u64,
}

impl CheckReport {
    pub(super) fn new(topology: &Topology, shares: &Shares, findings: Findings) -> Self {
        let Findings { breaches, tolerated, loads, unknown } = findings;
        let domain_loads = Level::ALL.map(|level| load_domains(topology, shares, level, &loads));
        let loads = load_services(topology, shares, &loads, unknown);
        Self {
            breaches,
            tolerated: tolerated.0,
            outside_band: loads
                .iter()
                .filter(|load| load.is_available())
                .map(|service| service.band().distance(service.load()))
                .sum(),
            loads,
            domains_outside_band: domain_loads
                .iter()
                .flatten()
                .map(|domain| domain.band().distance(domain.load()))
                .sum(),
            domain_loads,
        }
    }

    /// Whether no base breaks a rule, and the load of every service and of every domain
    /// is in its band: the mapping is valid and balanced.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.is_valid() && self.outside_band == 0 && self.domains_outside_band == 0
    }

    /// Whether no base breaks a rule.
    #[must_use]
    pub fn is_valid(&self) -> bool {
        self.breaches.is_empty()
    }

    /// How many bases break the rules in that way; how many replicas, where the
    /// kind [is counted so](BreachKind::is_per_replica).
    #[must_use]
    pub const fn count(&self, kind: BreachKind) -> u64 {
        self.breaches.count(kind)
    }

    /// What is wrong, in numbers: `2 breaches and 1 replica outside its band`.
    pub(crate) fn faults(&self) -> String {
        let (breaches, replicas) = (self.breaches(), self.outside_band());
        let breaches_are = if breaches == 1 { "breach" } else { "breaches" };
        let replicas_are =
            if replicas == 1 { "replica outside its band" } else { "replicas outside their bands" };
        format!("{breaches} {breaches_are} and {replicas} {replicas_are}")
    }

    /// How many breaches there are, of all kinds.
    #[must_use]
    pub fn breaches(&self) -> u64 {
        BreachKind::ALL.iter().map(|&kind| self.count(kind)).sum()
    }

    /// The first breaches of a kind, ascending by base; as many as
    /// [`CheckOptions::examples`](crate::CheckOptions::examples) asks for.
    #[must_use]
    pub fn examples(&self, kind: BreachKind) -> &[Breach] {
        self.breaches.examples(kind)
    }

    /// By how many replicas loads are above or below their bands, summed over
    /// the available services.
    ///
    /// A replica on another service counts as a breach and not here.
    #[must_use]
    pub const fn outside_band(&self) -> u64 {
        self.outside_band
    }

    /// The same, summed over the domains of every level.
    #[must_use]
    pub const fn domains_outside_band(&self) -> u64 {
        self.domains_outside_band
    }

    /// How many domains of a level may be lost, whichever they are, while every
    /// base keeps a quorum on distinct, available services.
    ///
    /// The quorum counts by the services that the mapping names for a base: of
    /// `n`, `n / 2 + 1`, whatever number of replicas the rules want. `None` when
    /// some base has no quorum even now.
    #[must_use]
    pub const fn tolerated(&self, level: Level) -> Option<u32> {
        self.tolerated[level.index()]
    }

    /// The load of every service of the topology, and of every name that the
    /// mapping alone knows; ascending by name.
    #[must_use]
    pub fn loads(&self) -> &[ServiceLoad] {
        &self.loads
    }

    /// The load of every domain of a level, in the order of
    /// [`Topology::domains`].
    #[must_use]
    pub fn domain_loads(&self, level: Level) -> &[DomainLoad] {
        &self.domain_loads[level.index()]
    }
}

fn load_services(
    topology: &Topology,
    shares: &Shares,
    loads: &[u64],
    unknown: Vec<(String, u64)>,
) -> Vec<ServiceLoad> {
    let services = topology.services().iter().enumerate().zip(loads).zip(shares.service_bands());
    let known = services.map(|(((index, service), &load), band)| {
        ServiceLoad::known(ServiceIndex::new(index), service, load, band)
    });
    let unknown = unknown.into_iter().map(|(name, load)| ServiceLoad::unknown(name, load));
    let mut merged: Vec<_> = known.chain(unknown).collect();
    merged.sort_by(|a, b| a.name().cmp(b.name()));
    merged
}

fn load_domains(
    topology: &Topology,
    shares: &Shares,
    level: Level,
    loads: &[u64],
) -> Vec<DomainLoad> {
    let bands = topology.domains(level).iter().zip(shares.domain_bands(level));
    let mut domains: Vec<_> = bands.map(|(domain, band)| DomainLoad::new(domain, band)).collect();
    for (index, (service, load)) in topology.services().iter().zip(loads).enumerate() {
        if service.is_available() {
            domains[topology.domain_at(level, ServiceIndex::new(index))].add(*load);
        }
    }
    domains
}

/// What serde writes.
#[derive(Debug, Serialize)]
struct ReportObject<'a> {
    breaches: Counts<'a>,
    examples: Examples<'a>,
    outside_band: u64,
    domains_outside_band: u64,
    tolerated: ByLevel<Option<u32>>,
    services: &'a [ServiceLoad],
    domains: ByLevel<&'a [DomainLoad]>,
}

#[derive(Debug)]
struct Counts<'a>(&'a CheckReport);

impl Serialize for Counts<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(BreachKind::ALL.map(|kind| (kind, self.0.count(kind))))
    }
}

#[derive(Debug)]
struct Examples<'a>(&'a CheckReport);

impl Serialize for Examples<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let examples = BreachKind::ALL.map(|kind| (kind, self.0.examples(kind)));
        serializer.collect_map(examples.into_iter().filter(|(_, some)| !some.is_empty()))
    }
}

#[derive(Debug, Serialize)]
struct ByLevel<T> {
    site: T,
    rack: T,
    host: T,
    volume: T,
}

impl<T> ByLevel<T> {
    fn new(value: impl Fn(Level) -> T) -> Self {
        let [site, rack, host, volume] = Level::ALL.map(value);
        Self { site, rack, host, volume }
    }
}

impl Serialize for CheckReport {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let object = ReportObject {
            breaches: Counts(self),
            examples: Examples(self),
            outside_band: self.outside_band,
            domains_outside_band: self.domains_outside_band,
            tolerated: ByLevel::new(|level| self.tolerated(level)),
            services: self.loads(),
            domains: ByLevel::new(|level| self.domain_loads(level)),
        };
        object.serialize(serializer)
    }
}

impl fmt::Display for CheckReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for kind in BreachKind::ALL.into_iter().filter(|&kind| self.count(kind) > 0) {
            self.fmt_breaches(kind, f)?;
        }
        if self.is_valid() {
            writeln!(f, "no breach: every base keeps the rules")?;
        }
        writeln!(
            f,
            "outside band: {} on services, {} on domains",
            self.outside_band, self.domains_outside_band
        )?;
        f.write_str("tolerated: ")?;
        for level in Level::ALL {
            let Some(count) = self.tolerated(level) else {
                return f.write_str("nothing, some base has no quorum even now");
            };
            let comma = if level == Level::Site { "" } else { ", " };
            write!(f, "{comma}{level} {count}")?;
        }
        Ok(())
    }
}

impl CheckReport {
    fn fmt_breaches(&self, kind: BreachKind, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (count, examples) = (self.count(kind), self.examples(kind));
        let unit = if kind.is_per_replica() { "replica" } else { "base" };
        writeln!(f, "{kind}: {count} {unit}{}", if count == 1 { "" } else { "s" })?;
        for example in examples {
            writeln!(f, "  {example}")?;
        }
        match count - examples.len() as u64 {
            more if more > 0 && !examples.is_empty() => writeln!(f, "  and {more} more"),
            _ => Ok(()),
        }
    }
}
