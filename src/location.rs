//! Locations, the levels they are looked at, and the distance between two.

use std::error::Error;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// How deep a location is looked at, coarsest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// The first token alone.
    Site,
    /// Site and rack.
    Rack,
    /// Site, rack and host.
    Host,
    /// The whole location.
    Volume,
}

impl Level {
    /// All four, coarsest first.
    pub const ALL: [Self; 4] = [Self::Site, Self::Rack, Self::Host, Self::Volume];

    /// The next finer level; `None` for a volume.
    pub(crate) const fn finer(self) -> Option<Self> {
        match self {
            Self::Site => Some(Self::Rack),
            Self::Rack => Some(Self::Host),
            Self::Host => Some(Self::Volume),
            Self::Volume => None,
        }
    }

    /// Its place in [`Level::ALL`], 0 to 3.
    #[must_use]
    pub const fn index(self) -> usize {
        self as usize
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(["site", "rack", "host", "volume"][self.index()])
    }
}

impl FromStr for Level {
    type Err = LocationError;

    fn from_str(text: &str) -> Result<Self, LocationError> {
        Self::ALL
            .into_iter()
            .find(|level| level.to_string() == text)
            .ok_or_else(|| LocationError::NotALevel { text: text.to_owned() })
    }
}

/// The least distance between two replicas of a base: 1 to 4.
///
/// # Examples
///
/// ```
/// use meta0::{Level, MinDist};
///
/// assert_eq!(MinDist::try_from(2)?.level(), Level::Host);
/// # Ok::<(), meta0::LocationError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MinDist(u8);

impl MinDist {
    /// The number itself, 1 to 4.
    #[must_use]
    pub const fn get(self) -> u8 {
        self.0
    }

    /// The level whose domains hold at most one replica of a base: 1 volume,
    /// 2 host, 3 rack, 4 site.
    #[must_use]
    pub const fn level(self) -> Level {
        Level::ALL[4 - self.0 as usize]
    }
}

impl Default for MinDist {
    fn default() -> Self {
        Self(1)
    }
}

impl fmt::Display for MinDist {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl TryFrom<u8> for MinDist {
    type Error = LocationError;

    fn try_from(min_dist: u8) -> Result<Self, LocationError> {
        match min_dist {
            1..=4 => Ok(Self(min_dist)),
            _ => Err(LocationError::NotAMinDist { text: min_dist.to_string() }),
        }
    }
}

impl FromStr for MinDist {
    type Err = LocationError;

    fn from_str(text: &str) -> Result<Self, LocationError> {
        let number: u8 = text.parse().unwrap_or(0);
        Self::try_from(number).map_err(|_| LocationError::NotAMinDist { text: text.to_owned() })
    }
}

/// Where a service is: `site.rack.host.volume`.
///
/// Invariants:
/// 1. it has one to four tokens, none of them empty, none with a dot in it;
/// 2. the tokens that a short one lacks are the coarse ones.
///
/// Two locations that both lack a token are alike in it. Ordered token by
/// token, coarsest first, a lacking token before any other.
///
/// # Examples
///
/// ```
/// use meta0::Location;
///
/// let a: Location = "paris.rack1.host1.disk1".parse()?;
/// let b: Location = "paris.rack1.host2.disk1".parse()?;
/// assert_eq!(a.distance(&b), 2);
/// // A short location lacks the coarse tokens: this is a host and a volume.
/// assert_eq!(a.distance(&"host1.disk1".parse()?), 4);
/// # Ok::<(), meta0::LocationError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Location {
    /// Shared: a topology with some services drained has the same locations.
    tokens: Arc<[Option<Box<str>>; 4]>,
}

impl Location {
    /// The host part of an address as a host, its port as the volume. The dots
    /// of the host become dashes: they would read as levels.
    #[must_use]
    pub fn of_host(address: &str) -> Self {
        let (host, port) = address.rsplit_once(':').unwrap_or((address, "0"));
        let token = |text: &str| match text {
            "" => Some("-".into()),
            _ => Some(text.replace('.', "-").into_boxed_str()),
        };
        Self { tokens: Arc::new([None, None, token(host), token(port)]) }
    }

    /// Its token at a level, `None` when it is too short to have one.
    #[must_use]
    pub fn token(&self, level: Level) -> Option<&str> {
        self.tokens[level.index()].as_deref()
    }

    /// The tokens that it has, coarsest first: one to four of them.
    pub fn tokens(&self) -> impl DoubleEndedIterator<Item = &str> + Clone {
        self.tokens.iter().flatten().map(AsRef::as_ref)
    }

    /// 4 minus the number of leading tokens in common: 0 same volume,
    /// 1 different volumes, 2 hosts, 3 racks, 4 sites.
    #[must_use]
    pub fn distance(&self, other: &Self) -> u8 {
        let pairs = self.tokens.iter().zip(&*other.tokens);
        pairs.skip_while(|(a, b)| a == b).map(|_| 1).sum()
    }

    /// Whether both are in one domain of that level.
    #[must_use]
    pub fn shares(&self, other: &Self, level: Level) -> bool {
        self.tokens[..=level.index()] == other.tokens[..=level.index()]
    }
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, token) in self.tokens().enumerate() {
            let dot = if index == 0 { "" } else { "." };
            write!(f, "{dot}{token}")?;
        }
        Ok(())
    }
}

impl From<Location> for String {
    fn from(location: Location) -> Self {
        location.to_string()
    }
}

impl TryFrom<String> for Location {
    type Error = LocationError;

    fn try_from(text: String) -> Result<Self, LocationError> {
        text.parse()
    }
}

impl FromStr for Location {
    type Err = LocationError;

    fn from_str(text: &str) -> Result<Self, LocationError> {
        let count = text.split('.').count();
        if count > 4 {
            return Err(LocationError::TooManyTokens { text: text.to_owned(), count });
        }
        let mut tokens = [const { None }; 4];
        for (slot, token) in tokens[4 - count..].iter_mut().zip(text.split('.')) {
            if token.is_empty() {
                return Err(LocationError::EmptyToken { text: text.to_owned() });
            }
            *slot = Some(token.into());
        }
        Ok(Self { tokens: Arc::new(tokens) })
    }
}

/// Why a location, a level or a distance can't be read.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum LocationError {
    /// More than four tokens.
    TooManyTokens {
        /// What was read.
        text: String,
        /// How many tokens it has.
        count: usize,
    },
    /// A token without a character in it.
    EmptyToken {
        /// What was read.
        text: String,
    },
    /// Not the name of a level.
    NotALevel {
        /// What was read.
        text: String,
    },
    /// Not a distance from 1 to 4.
    NotAMinDist {
        /// What was read.
        text: String,
    },
}

impl fmt::Display for LocationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooManyTokens { text, count } => {
                write!(
                    f,
                    "location {text:?} has {count} tokens: expected 1 to 4, site.rack.host.volume"
                )
            }
            Self::EmptyToken { text } => write!(f, "location {text:?} has an empty token"),
            Self::NotALevel { text } => {
                write!(f, "{text:?} is not a level: expected site, rack, host or volume")
            }
            Self::NotAMinDist { text } => {
                write!(f, "{text:?} is not a distance between replicas: expected 1 to 4")
            }
        }
    }
}

impl Error for LocationError {}

#[cfg(test)]
mod tests {
    use super::*;

    fn location(text: &str) -> Location {
        text.parse().unwrap()
    }

    #[test]
    fn distance_counts_from_the_coarsest_token() {
        let distance = |a, b| location(a).distance(&location(b));
        assert_eq!(distance("s.r.h.v", "s.r.h.v"), 0);
        assert_eq!(distance("s.r.h.v", "s.r.h.w"), 1);
        assert_eq!(distance("s.r.h.v", "s.r.i.v"), 2);
        assert_eq!(distance("s.r.h.v", "s.q.h.v"), 3);
        assert_eq!(distance("s.r.h.v", "t.r.h.v"), 4);
        assert_eq!(distance("h.v", "h.w"), 1);
        assert_eq!(distance("h.v", "r.h.v"), 3);
    }

    #[test]
    fn the_host_of_an_address_is_one_token() {
        let here = Location::of_host("10.0.0.1:6001");
        assert_eq!(here.to_string(), "10-0-0-1.6001");
        assert_eq!(here, location("10-0-0-1.6001"));
        assert_eq!(here.distance(&Location::of_host("10.0.0.1:6002")), 1);
        assert_eq!(here.distance(&Location::of_host("10.0.0.2:6001")), 2);
    }

    #[test]
    fn refusals() {
        let message = |text: &str| text.parse::<Location>().unwrap_err().to_string();
        assert_eq!(
            message("a.b.c.d.e"),
            "location \"a.b.c.d.e\" has 5 tokens: expected 1 to 4, site.rack.host.volume"
        );
        assert_eq!(message("a..b"), "location \"a..b\" has an empty token");
        assert_eq!(message(""), "location \"\" has an empty token");
        assert_eq!(
            "room".parse::<Level>().unwrap_err().to_string(),
            "\"room\" is not a level: expected site, rack, host or volume"
        );
        assert_eq!(
            "0".parse::<MinDist>().unwrap_err().to_string(),
            "\"0\" is not a distance between replicas: expected 1 to 4"
        );
    }
}
