//! What a service or a domain holds, beside what it ought to hold.

use std::fmt;
use std::sync::Arc;

use serde::Serialize;

use crate::location::{Level, Location};
use crate::service::{Service, ServiceIndex};
use crate::share::Band;
use crate::topology::Domain;

/// The load of a service, beside its band; both in bases.
///
/// It has all that a table shows of a service. Prints as `10.0.0.1:6001: 12, expected
/// 10..11`. Serializes as an object of `addr`, `location`, `score`, `up`, `load`, `floor`
/// and `ceil`. A service that the mapping alone knows has no location, which is
/// null, the score 0, and is not up.
///
/// [`CheckReport`](crate::CheckReport) has an example.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ServiceLoad {
    #[serde(rename = "addr")]
    name: Arc<str>,
    location: Option<Location>,
    score: i64,
    up: bool,
    #[serde(skip)]
    service: Option<ServiceIndex>,
    load: u64,
    #[serde(flatten)]
    band: Band,
}

impl ServiceLoad {
    pub(super) fn known(index: ServiceIndex, service: &Service, load: u64, band: Band) -> Self {
        Self {
            name: service.shared_address(),
            location: Some(service.location().clone()),
            score: service.score(),
            up: service.is_up(),
            service: Some(index),
            load,
            band,
        }
    }

    /// The load under a name which no service has.
    pub(super) fn unknown(name: String, load: u64) -> Self {
        Self {
            name: name.into(),
            location: None,
            score: 0,
            up: false,
            service: None,
            load,
            band: Band::default(),
        }
    }

    /// Its address; the mapping's name of a service that the topology lacks.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Where it is; `None` when the topology lacks it.
    #[must_use]
    pub const fn location(&self) -> Option<&Location> {
        self.location.as_ref()
    }

    /// Its score; 0 when the topology lacks it.
    #[must_use]
    pub const fn score(&self) -> i64 {
        self.score
    }

    /// Whether it is up; it isn't when the topology lacks it.
    #[must_use]
    pub const fn is_up(&self) -> bool {
        self.up
    }

    /// Whether it may hold bases: it is up, and its score is above 0.
    #[must_use]
    pub const fn is_available(&self) -> bool {
        self.up && self.score > 0
    }

    /// The service in the topology of the check, `None` when that lacks it.
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

impl fmt::Display for ServiceLoad {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}, expected {}", self.name, self.load, self.band)
    }
}

/// The load of a domain, beside its band; both in replicas.
///
/// Prints as `paris.rack1: 12, expected 10..11`. Serializes as an object of `name`, `load`,
/// `floor` and `ceil`; its level is the key that it stands under in a
/// [`CheckReport`](crate::CheckReport), which has an example.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DomainLoad {
    #[serde(skip)]
    level: Level,
    name: Arc<str>,
    load: u64,
    #[serde(flatten)]
    band: Band,
}

impl DomainLoad {
    pub(super) fn new(domain: &Domain, band: Band) -> Self {
        Self { level: domain.level(), name: domain.shared_name(), load: 0, band }
    }

    /// Adds what one of its services holds.
    pub(super) const fn add(&mut self, load: u64) {
        self.load += load;
    }

    /// Its level.
    #[must_use]
    pub const fn level(&self) -> Level {
        self.level
    }

    /// Its name, as [`Domain::name`] has it.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How many replicas its available services hold.
    #[must_use]
    pub const fn load(&self) -> u64 {
        self.load
    }

    /// How many they ought to hold.
    #[must_use]
    pub const fn band(&self) -> Band {
        self.band
    }
}

impl fmt::Display for DomainLoad {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}, expected {}", self.name, self.load, self.band)
    }
}
