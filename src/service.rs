//! Services: the meta1 servers that hold the bases.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::location::Location;

/// A meta1 server: its address, its optional service id, where it is, and the
/// score that the conscience gives it.
///
/// Reads and writes, with serde, as
/// `{"address": …, "id": …, "location": "site.rack.host.volume", "score": …}`;
/// a service without an id is written without one.
///
/// # Examples
///
/// ```
/// use meta0::Service;
///
/// let service = Service::new("10.0.0.1:6001", "paris.rack1.host1.disk1".parse()?)
///     .with_id("meta1-a")
///     .with_score(0);
/// assert!(!service.is_available());
/// # Ok::<(), meta0::LocationError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Service {
    address: Arc<str>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    id: Option<Arc<str>>,
    location: Location,
    #[serde(default)]
    score: i64,
}

impl Service {
    /// A service of score 100 without an id.
    #[must_use]
    pub fn new(address: impl Into<String>, location: Location) -> Self {
        Self { address: address.into().into(), id: None, location, score: 100 }
    }

    /// The same service with a service id.
    #[must_use]
    pub fn with_id(mut self, id: impl Into<String>) -> Self {
        self.id = Some(id.into().into());
        self
    }

    /// The same service with another score.
    #[must_use]
    pub fn with_score(mut self, score: i64) -> Self {
        self.score = score;
        self
    }

    /// Its address, `ip:port`.
    #[must_use]
    pub fn address(&self) -> &str {
        &self.address
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

    /// Whether it may hold bases: its score is above 0.
    #[must_use]
    pub const fn is_available(&self) -> bool {
        self.score > 0
    }
}

impl fmt::Display for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.address, self.location)
    }
}

/// The place of a service in its [`Topology`](crate::Topology), where services
/// are sorted by address: 0 to 65,534.
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
