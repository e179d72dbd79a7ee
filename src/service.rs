//! Services: the meta1 servers that hold the bases.

use std::fmt;
use std::sync::Arc;

use serde::de::{Deserializer, Error, Unexpected};
use serde::{Deserialize, Serialize};

use crate::location::Location;

/// A meta1 server: its address, its optional service id, where it is, the
/// score that the conscience gives it, and whether it is up.
///
/// Only an *available* service may hold bases: one that is up and has a score
/// above 0. A service that is not up is *down*: beyond being unavailable, nothing
/// can be copied from it.
///
/// Reads and writes, with serde, as
/// `{"address": …, "id": …, "location": "site.rack.host.volume", "score": …, "up": …}`.
/// `id` is left out where there is none, and `up` where the service is up. What is
/// absent is read as [`Service::new`] makes it: no id, a score of 100, up. An
/// empty address is refused. [`read_services`](crate::read_services) reads the lists
/// that the conscience and the command line of `OpenIO` give as well.
///
/// A clone shares its strings, so it costs no more than a few counters.
///
/// # Examples
///
/// ```
/// use meta0::Service;
///
/// let service = Service::new("10.0.0.1:6001", "paris.rack1.host1.disk1".parse()?);
/// assert!(service.is_available() && service.is_up());
/// assert!(!service.clone().with_score(0).is_available());
///
/// let down = service.with_id("meta1-a").with_up(false);
/// assert!(!down.is_available());
/// let json = serde_json::to_string(&down)?;
/// assert_eq!(
///     json,
///     r#"{"address":"10.0.0.1:6001","id":"meta1-a","location":"paris.rack1.host1.disk1","score":100,"up":false}"#
/// );
/// assert_eq!(serde_json::from_str::<Service>(&json)?, down);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Service {
    #[serde(deserialize_with = "not_empty")]
    address: Arc<str>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    id: Option<Arc<str>>,
    location: Location,
    #[serde(default = "default_score")]
    score: i64,
    #[serde(default = "default_up", skip_serializing_if = "is_true")]
    up: bool,
}

const fn default_score() -> i64 {
    Service::DEFAULT_SCORE
}

const fn default_up() -> bool {
    true
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands out references")]
const fn is_true(up: &bool) -> bool {
    *up
}

fn not_empty<'de, D: Deserializer<'de>>(reader: D) -> Result<Arc<str>, D::Error> {
    let address = Arc::<str>::deserialize(reader)?;
    match &*address {
        "" => Err(D::Error::invalid_value(Unexpected::Str(""), &"the address of a service")),
        _ => Ok(address),
    }
}

impl Service {
    /// The score of a service of which none is said: 100, the best there is.
    pub const DEFAULT_SCORE: i64 = 100;

    /// A service that is up, of score [`Service::DEFAULT_SCORE`], without an id.
    ///
    /// An address may be any text: `ip:port` wherever a plan is carried out. An
    /// empty one is taken here, and refused by [`Topology::new`].
    ///
    /// [`Topology::new`]: crate::Topology::new
    #[must_use]
    pub fn new(address: impl Into<String>, location: Location) -> Self {
        let address = address.into().into();
        Self { address, id: None, location, score: Self::DEFAULT_SCORE, up: true }
    }

    /// The same service with a service id.
    #[must_use]
    pub fn with_id(mut self, id: impl Into<String>) -> Self {
        self.id = Some(id.into().into());
        self
    }

    /// The same service with another score; 0 and less make it unavailable.
    #[must_use]
    pub fn with_score(mut self, score: i64) -> Self {
        self.score = score;
        self
    }

    /// The same service up, or down.
    #[must_use]
    pub fn with_up(mut self, up: bool) -> Self {
        self.up = up;
        self
    }

    /// Its address, `ip:port`.
    #[must_use]
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Its address, shared.
    pub(crate) fn shared_address(&self) -> Arc<str> {
        Arc::clone(&self.address)
    }

    /// Its service id, if it has one.
    #[must_use]
    pub fn id(&self) -> Option<&str> {
        self.id.as_deref()
    }

    /// Where it is.
    #[must_use]
    pub const fn location(&self) -> &Location {
        &self.location
    }

    /// Its score; 0 and less mean unavailable.
    #[must_use]
    pub const fn score(&self) -> i64 {
        self.score
    }

    /// Whether it is up: only then can a base be copied from it.
    #[must_use]
    pub const fn is_up(&self) -> bool {
        self.up
    }

    /// Whether it may hold bases: it is up, and its score is above 0.
    #[must_use]
    pub const fn is_available(&self) -> bool {
        self.up && self.score > 0
    }
}

/// Prints as the address and the location: `10.0.0.1:6001 (rack1.host1.disk1)`.
impl fmt::Display for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.address, self.location)
    }
}

/// The place of a service in its [`Topology`](crate::Topology), where services
/// are sorted by address: 0 to 65,534.
///
/// It means nothing in another topology. [`Topology::find`](crate::Topology::find) and
/// the like give one.
///
/// # Examples
///
/// ```
/// use meta0::{Service, Topology};
///
/// let service = |name: &str| Service::new(name, format!("host-{name}.d0").parse().unwrap());
/// let topology = Topology::new(["b", "a"].map(service))?;
/// let b = topology.find("b").ok_or("no such service")?;
/// assert_eq!(b.index(), 1);
/// assert_eq!(topology.service(b).map(Service::address), Some("b"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ServiceIndex(u16);

impl ServiceIndex {
    /// How many services a topology may have: 65,535. So many services a mapping
    /// may name.
    pub const LIMIT: usize = crate::index::LIMIT;

    pub(crate) fn new(index: usize) -> Self {
        assert!(index < Self::LIMIT, "a topology has at most 65,535 services");
        #[expect(clippy::cast_possible_truncation, reason = "below the limit")]
        Self(index as u16)
    }

    /// The place itself, from 0.
    #[must_use]
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}
