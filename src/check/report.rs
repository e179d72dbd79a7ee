//! A check tells its caller all that it found.

use std::fmt;

use super::breach::{Breach, BreachKind, Breaches};
use super::inspection::Findings;
use crate::location::Level;
use crate::service::{Service, ServiceIndex};
use crate::share::{Band, Shares};
use crate::topology::Topology;

/// The load of a service, beside its band.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceLoad {
    name: String,
    service: Option<ServiceIndex>,
    load: u64,
    band: Band,
}

impl ServiceLoad {
    /// Its address; the mapping's name of a service that the topology lacks.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The service, `None` when the topology lacks it.
    #[must_use]
    pub const fn service(&self) -> Option<ServiceIndex> {
        self.service
    }

    /// How many bases it holds.
    #[must_use]
    pub const fn load(&self) -> u64 {
        self.load
    }

    /// How many it ought to hold: none when it is unavailable or unknown.
    #[must_use]
    pub const fn band(&self) -> Band {
        self.band
    }
}

/// The load of a domain, beside its band.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DomainLoad {
    load: u64,
    band: Band,
}

impl DomainLoad {
    /// How many replicas its available services hold.
    #[must_use]
    pub const fn load(self) -> u64 {
        self.load
    }

    /// How many they ought to hold.
    #[must_use]
    pub const fn band(self) -> Band {
        self.band
    }
}

/// What [`PrefixMapping::check`](crate::PrefixMapping::check) found.
///
/// Prints as a short text: a line for each kind of breach that there is, with
/// its examples, then the loads, then what may be lost.
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
        let is_available = |load: &&ServiceLoad| {
            let service = load.service.and_then(|index| topology.service(index));
            service.is_some_and(Service::is_available)
        };
        Self {
            breaches,
            tolerated: tolerated.0,
            outside_band: loads
                .iter()
                .filter(is_available)
                .map(|service| service.band.distance(service.load))
                .sum(),
            loads,
            domains_outside_band: domain_loads
                .iter()
                .flatten()
                .map(|domain| domain.band.distance(domain.load))
                .sum(),
            domain_loads,
        }
    }

    /// Whether no base breaks a rule, and every service and every domain is in
    /// its band.
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

    /// How many breaches there are, of all kinds.
    #[must_use]
    pub fn breaches(&self) -> u64 {
        BreachKind::ALL.iter().map(|&kind| self.count(kind)).sum()
    }

    /// The first few breaches of a kind, ascending by base.
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
    let known = services.map(|(((index, service), &load), band)| ServiceLoad {
        name: service.address().to_owned(),
        service: Some(ServiceIndex::new(index)),
        load,
        band,
    });
    let unknown = unknown.into_iter().map(|(name, load)| ServiceLoad {
        name,
        service: None,
        load,
        band: Band::default(),
    });
    let mut merged: Vec<_> = known.chain(unknown).collect();
    merged.sort_by(|a, b| a.name.cmp(&b.name));
    merged
}

fn load_domains(
    topology: &Topology,
    shares: &Shares,
    level: Level,
    loads: &[u64],
) -> Vec<DomainLoad> {
    let mut domains: Vec<_> =
        shares.domain_bands(level).map(|band| DomainLoad { load: 0, band }).collect();
    for (index, (service, load)) in topology.services().iter().zip(loads).enumerate() {
        if service.is_available() {
            domains[topology.domain_at(level, ServiceIndex::new(index))].load += load;
        }
    }
    domains
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
