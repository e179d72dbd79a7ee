//! Locations, the levels they are looked at, and the distance between two.

use std::error::Error;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// How deep a location is looked at, coarsest first.
///
/// Reads and prints as its word, and with serde too: `site`, `rack`, `host`, `volume`.
///
/// # Examples
///
/// ```
/// use meta0::Level;
///
/// let level: Level = "rack".parse()?;
/// assert!(Level::Site < level && level < Level::Host);
/// assert_eq!(level.to_string(), "rack");
/// assert_eq!(serde_json::to_string(&level)?, r#""rack""#);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
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
/// Reads and writes, with serde, as the number.
///
/// # Examples
///
/// ```
/// use meta0::{Level, MinDist};
///
/// assert_eq!(MinDist::HOST.get(), 2);
/// assert_eq!(MinDist::HOST.level(), Level::Host);
/// assert_eq!(MinDist::new(2), Some(MinDist::HOST));
/// assert_eq!("2".parse(), Ok(MinDist::HOST));
/// assert_eq!(MinDist::new(5), None);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "u8", try_from = "u8")]
pub struct MinDist(u8);

impl MinDist {
    /// 1: replicas are on different volumes. That is the default.
    pub const VOLUME: Self = Self(1);
    /// 2: replicas are on different hosts.
    pub const HOST: Self = Self(2);
    /// 3: replicas are in different racks.
    pub const RACK: Self = Self(3);
    /// 4: replicas are on different sites.
    pub const SITE: Self = Self(4);

    /// The distance of a number; `None` when it is not 1 to 4.
    #[must_use]
    pub const fn new(min_dist: u8) -> Option<Self> {
        match min_dist {
            1..=4 => Some(Self(min_dist)),
            _ => None,
        }
    }

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

/// [`MinDist::VOLUME`].
impl Default for MinDist {
    fn default() -> Self {
        Self::VOLUME
    }
}

impl From<MinDist> for u8 {
    fn from(min_dist: MinDist) -> Self {
        min_dist.0
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
        let refused = || LocationError::NotAMinDist { text: min_dist.to_string() };
        Self::new(min_dist).ok_or_else(refused)
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
/// Reads and prints, with serde too, as its tokens with dots between them. A clone
/// shares them.
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
    /// The location of some tokens, coarsest first.
    ///
    /// # Errors
    ///
    /// [`LocationError`] when there are none, or more than four, or when a token is
    /// empty or has a dot in it.
    ///
    /// # Examples
    ///
    /// ```
    /// use meta0::Location;
    ///
    /// let location = Location::new(["paris", "rack1", "host1", "disk0"])?;
    /// assert_eq!(location, "paris.rack1.host1.disk0".parse()?);
    /// assert!(Location::new(["10.0.0.1", "disk0"]).is_err());
    /// # Ok::<(), meta0::LocationError>(())
    /// ```
    pub fn new(tokens: impl IntoIterator<Item: AsRef<str>>) -> Result<Self, LocationError> {
        let tokens: Vec<_> = tokens.into_iter().collect();
        let tokens: Vec<&str> = tokens.iter().map(AsRef::as_ref).collect();
        match tokens.iter().find(|token| token.contains('.')) {
            Some(token) => Err(LocationError::DotInToken { token: (*token).to_owned() }),
            None => Self::of_tokens(&tokens, || tokens.join(".")),
        }
    }

    /// The location of tokens without a dot; `text` is what they were read from.
    fn of_tokens(tokens: &[&str], text: impl Fn() -> String) -> Result<Self, LocationError> {
        let count = tokens.len();
        let mut places = [const { None }; 4];
        let lacking = places.len().checked_sub(count).filter(|_| count > 0);
        let lacking = lacking.ok_or_else(|| LocationError::TokenCount { text: text(), count })?;
        for (place, &token) in places[lacking..].iter_mut().zip(tokens) {
            if token.is_empty() {
                return Err(LocationError::EmptyToken { text: text() });
            }
            *place = Some(token.into());
        }
        Ok(Self { tokens: Arc::new(places) })
    }

    /// The host part of an address as a host, its port as the volume. The dots
    /// of the host become dashes: they would read as levels.
    ///
    /// # Examples
    ///
    /// ```
    /// use meta0::Location;
    ///
    /// assert_eq!(Location::of_host("10.0.0.1:6001").to_string(), "10-0-0-1.6001");
    /// ```
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
        let tokens: Vec<_> = text.split('.').collect();
        Self::of_tokens(&tokens, || text.to_owned())
    }
}

/// Why a location, a level or a distance can't be read.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum LocationError {
    /// No token, or more than four.
    TokenCount {
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
    /// A token with a dot in it, which would read as two.
    DotInToken {
        /// The token.
        token: String,
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
            Self::TokenCount { text, count } => {
                write!(
                    f,
                    "location {text:?} has {count} tokens: expected 1 to 4, site.rack.host.volume"
                )
            }
            Self::DotInToken { token } => {
                write!(f, "token {token:?} has a dot in it: expected one token of a location")
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
    fn tokens_are_a_location() {
        assert_eq!(Location::new(["s", "r", "h", "v"]), Ok(location("s.r.h.v")));
        assert_eq!(Location::new(location("h.v").tokens()), Ok(location("h.v")));
        assert_eq!(Location::new(vec!["v".to_owned()]), Ok(location("v")));
        let message = |tokens: &[&str]| Location::new(tokens).unwrap_err().to_string();
        assert_eq!(
            message(&[]),
            "location \"\" has 0 tokens: expected 1 to 4, site.rack.host.volume"
        );
        assert_eq!(
            message(&["a", "b", "c", "d", "e"]),
            "location \"a.b.c.d.e\" has 5 tokens: expected 1 to 4, site.rack.host.volume"
        );
        assert_eq!(message(&["a", ""]), "location \"a.\" has an empty token");
        assert_eq!(
            message(&["10.0.0.1", "v"]),
            "token \"10.0.0.1\" has a dot in it: expected one token of a location"
        );
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
