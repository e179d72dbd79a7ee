//! The rules that a mapping keeps.

use std::error::Error;
use std::fmt;
use std::num::NonZeroU16;

use crate::location::{Level, MinDist};

/// How many replicas a base has, and how many of them a domain may hold.
///
/// Inside, that is a number of replicas and a *cap* for each level: the most
/// replicas of one base that a domain of the level may hold. Caps are set in
/// three ways, and where several do, the least counts:
///
/// - [`Rules::min_dist`]: cap 1 at the level of the distance;
/// - [`Rules::degradation`] `n`: cap `(replicas - quorum) / n` at
///   [`Rules::level`], which may be 0;
/// - [`Rules::at_most`]: caps said outright.
///
/// A base is *valid* when it has exactly `replicas` replicas on distinct,
/// known, available services, and no domain of any level holds more of them than
/// [`Rules::cap`]. Every operation, and the check, takes the same rules and
/// means the same by them.
///
/// # Examples
///
/// Three replicas on two sites: at most two in each keeps every base on both.
///
/// ```
/// use meta0::{Level, Rules};
///
/// let rules = Rules::new(3)?.min_dist("2".parse()?).at_most(Level::Site, 2);
/// assert_eq!(Level::ALL.map(|level| rules.cap(level)), [2, 3, 1, 1]);
///
/// let rules = Rules::new(5)?.min_dist("2".parse()?).level(Level::Rack).degradation(1);
/// assert_eq!((rules.quorum(), rules.cap(Level::Rack)), (3, 2));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Rules {
    replicas: NonZeroU16,
    min_dist: MinDist,
    level: Option<Level>,
    degradation: u16,
    at_most: [Option<u16>; 4],
}

impl Rules {
    /// `replicas` replicas of each base on different volumes, and no other cap.
    ///
    /// # Errors
    ///
    /// [`RulesError`] when `replicas` is 0.
    pub fn new(replicas: u16) -> Result<Self, RulesError> {
        let replicas = NonZeroU16::new(replicas).ok_or(RulesError::NoReplicas)?;
        Ok(Self { replicas, ..Self::default() })
    }

    /// The least distance between two replicas of a base. Defaults to 1.
    #[must_use]
    pub const fn min_dist(mut self, min_dist: MinDist) -> Self {
        self.min_dist = min_dist;
        self
    }

    /// The level whose domains get equal loads and may be lost. Defaults to the
    /// level of the least distance.
    #[must_use]
    pub const fn level(mut self, level: Level) -> Self {
        self.level = Some(level);
        self
    }

    /// How many whole domains of [`Rules::level`] may be lost while every base
    /// keeps its quorum. Defaults to 0.
    #[must_use]
    pub const fn degradation(mut self, degradation: u16) -> Self {
        self.degradation = degradation;
        self
    }

    /// The most replicas of a base that a domain of a level may hold. Defaults to
    /// no cap at any level.
    ///
    /// A cap of `replicas` or more restricts nothing. One of 0 is a rule that no
    /// base keeps: every operation refuses it.
    #[must_use]
    pub const fn at_most(mut self, level: Level, cap: u16) -> Self {
        self.at_most[level.index()] = Some(cap);
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
    pub const fn get_level(self) -> Level {
        match self.level {
            Some(level) => level,
            None => self.min_dist.level(),
        }
    }

    /// How many whole domains of the level may be lost.
    #[must_use]
    pub const fn get_degradation(self) -> u16 {
        self.degradation
    }

    /// The cap that [`Rules::at_most`] set at a level, if it did.
    #[must_use]
    pub const fn get_at_most(self, level: Level) -> Option<u16> {
        self.at_most[level.index()]
    }

    /// How many replicas a base needs to work: `replicas / 2 + 1`.
    #[must_use]
    pub const fn quorum(self) -> u16 {
        self.replicas() / 2 + 1
    }

    /// The cap that the degradation sets at [`Rules::level`]:
    /// `(replicas - quorum) / degradation`, `None` without degradation.
    #[must_use]
    pub const fn degradation_cap(self) -> Option<u16> {
        match self.degradation {
            0 => None,
            degradation => Some((self.replicas() - self.quorum()) / degradation),
        }
    }

    /// The most replicas of a base that a domain of a level may hold, by all
    /// that sets caps; `replicas` where nothing does.
    #[must_use]
    pub fn cap(self, level: Level) -> u16 {
        let is_apart = level == self.min_dist.level() || level == Level::Volume;
        let degradation = self.degradation_cap().filter(|_| level == self.get_level());
        let caps = [is_apart.then_some(1), degradation, self.at_most[level.index()]];
        caps.into_iter().flatten().fold(self.replicas(), u16::min)
    }
}

impl Default for Rules {
    /// Three replicas on different volumes, and no other cap.
    fn default() -> Self {
        Self {
            replicas: const { NonZeroU16::new(3).unwrap() },
            min_dist: MinDist::default(),
            level: None,
            degradation: 0,
            at_most: [None; 4],
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
            Self::NoReplicas => f.write_str("0 replicas is no mapping: expected 1 or more"),
        }
    }
}

impl Error for RulesError {}
