//! The rules that a mapping keeps.

use std::error::Error;
use std::fmt;
use std::num::NonZeroU16;

use crate::location::{Level, MinDist};

/// How many replicas a base has, how far apart they are, and what may be lost.
///
/// A base is *valid* when it has exactly `replicas` replicas on distinct,
/// known, available services, no two closer than `min_dist`, and, with a
/// degradation of 1 or more, no domain of `level` holds more than
/// [`Rules::domain_cap`] of them. Every operation, and the check, takes the
/// same rules and means the same by them.
///
/// # Examples
///
/// ```
/// use meta0::{Level, Rules};
///
/// let rules = Rules::new(5)?.min_dist("2".parse()?).level(Level::Rack).degradation(1);
/// assert_eq!(rules.quorum(), 3);
/// assert_eq!(rules.domain_cap(), 2);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Rules {
    replicas: NonZeroU16,
    min_dist: MinDist,
    level: Option<Level>,
    degradation: u16,
}

impl Rules {
    /// That many replicas of each base on different volumes, no degradation.
    ///
    /// # Errors
    ///
    /// [`RulesError`] when `replicas` is 0.
    pub fn new(replicas: u16) -> Result<Self, RulesError> {
        let replicas = NonZeroU16::new(replicas).ok_or(RulesError::NoReplicas)?;
        Ok(Self { replicas, min_dist: MinDist::default(), level: None, degradation: 0 })
    }

    /// The least distance between two replicas of a base; 1 unless said.
    #[must_use]
    pub const fn min_dist(mut self, min_dist: MinDist) -> Self {
        self.min_dist = min_dist;
        self
    }

    /// The level whose domains get equal loads and may be lost; the level of
    /// the least distance unless said.
    #[must_use]
    pub const fn level(mut self, level: Level) -> Self {
        self.level = Some(level);
        self
    }

    /// How many whole domains of the level may be lost while every base keeps
    /// its quorum; 0 unless said.
    #[must_use]
    pub const fn degradation(mut self, degradation: u16) -> Self {
        self.degradation = degradation;
        self
    }

    /// The number of replicas wanted.
    #[must_use]
    pub const fn replicas(self) -> u16 {
        self.replicas.get()
    }

    /// The least distance between two replicas of a base.
    #[must_use]
    pub const fn get_min_dist(self) -> MinDist {
        self.min_dist
    }

    /// The level whose domains get equal loads and may be lost.
    #[must_use]
    pub fn get_level(self) -> Level {
        self.level.unwrap_or(self.min_dist.level())
    }

    /// How many whole domains of the level may be lost.
    #[must_use]
    pub const fn get_degradation(self) -> u16 {
        self.degradation
    }

    /// How many replicas a base needs to work: `replicas / 2 + 1`.
    #[must_use]
    pub const fn quorum(self) -> u16 {
        self.replicas() / 2 + 1
    }

    /// The most replicas of a base that a domain of the level may hold:
    /// `(replicas - quorum) / degradation`, or all of them without
    /// degradation.
    #[must_use]
    pub const fn domain_cap(self) -> u16 {
        match self.degradation {
            0 => self.replicas(),
            degradation => (self.replicas() - self.quorum()) / degradation,
        }
    }
}

impl Default for Rules {
    /// Three replicas on different volumes, no degradation.
    fn default() -> Self {
        Self {
            replicas: const { NonZeroU16::new(3).unwrap() },
            min_dist: MinDist::default(),
            level: None,
            degradation: 0,
        }
    }
}

/// Why there are no such rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum RulesError {
    /// A base without replicas.
    NoReplicas,
}

impl fmt::Display for RulesError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoReplicas => f.write_str("0 replicas is no mapping: want 1 or more"),
        }
    }
}

impl Error for RulesError {}
