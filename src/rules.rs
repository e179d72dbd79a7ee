//! The rules that a mapping keeps.

use std::error::Error;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::num::NonZeroU16;

use serde::{Deserialize, Serialize};

use crate::location::{Level, MinDist};

/// How many replicas a base has, and how many of them a domain may hold.
///
/// Inside, that is a number of replicas and a *cap* for each level: the most
/// replicas of one base that a domain of the level may hold. Caps are set in
/// three ways, and where several do, the least counts:
///
/// - [`Rules::min_dist`]: cap 1 at the level of the distance;
/// - [`Rules::degradation`] `n`: cap `(replicas - quorum) / n` at
///   [`Rules::level`];
/// - [`Rules::at_most`]: caps said outright.
///
/// A base is *valid* when it has exactly `replicas` replicas on distinct,
/// known, available services, and no domain of any level holds more of them than
/// [`Rules::cap`]. Every operation, and the check, takes the same rules and
/// means the same by them. Rules that nothing could keep are refused when they are
/// said; whether a topology can keep them, [`Shares::new`](crate::Shares::new) and every
/// operation say.
///
/// Two rules are equal when every operation does the same by them. A level that is
/// said is equal to the same one by default, a cap of `replicas` or more to no cap, and
/// one degradation to another that sets the same cap. The getters may still tell
/// them apart, and so does the wording of a refusal.
///
/// Rules print as a line, and read and write with serde as an object. Every key may be
/// absent, for its default; one that is not known is refused.
///
/// # Examples
///
/// Three replicas on two sites: at most two in each keeps every base on both.
///
/// ```
/// use meta0::{Level, MinDist, Rules};
///
/// let rules = Rules::new(3)?.min_dist(MinDist::HOST).at_most(Level::Site, 2)?;
/// assert_eq!(Level::ALL.map(|level| rules.cap(level)), [2, 3, 1, 1]);
/// assert_eq!(rules.to_string(), "3 replicas, min_dist 2, level host, at_most site=2");
///
/// let rules = Rules::new(5)?.min_dist(MinDist::HOST).level(Level::Rack).degradation(1)?;
/// assert_eq!((rules.quorum(), rules.cap(Level::Rack)), (3, 2));
/// let json = r#"{"replicas":5,"min_dist":2,"level":"rack","degradation":1,"at_most":{}}"#;
/// assert_eq!(serde_json::to_string(&rules)?, json);
/// assert_eq!(serde_json::from_str::<Rules>(r#"{"at_most": {"host": 3}}"#)?, Rules::new(3)?);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// Rules may be a constant:
///
/// ```
/// use meta0::{MinDist, Rules};
///
/// const RULES: Rules = match Rules::new(3) {
///     Ok(rules) => rules.min_dist(MinDist::RACK),
///     Err(_) => panic!("a base has replicas"),
/// };
/// assert_eq!(RULES.quorum(), 2);
/// ```
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(into = "RulesObject", try_from = "RulesObject")]
pub struct Rules {
    replicas: NonZeroU16,
    min_dist: MinDist,
    level: Option<Level>,
    degradation: u16,
    at_most: [Option<u16>; 4],
}

impl Rules {
    /// Three replicas on different volumes, and no other cap.
    const DEFAULT: Self = Self {
        replicas: const { NonZeroU16::new(3).unwrap() },
        min_dist: MinDist::VOLUME,
        level: None,
        degradation: 0,
        at_most: [None; 4],
    };

    /// `replicas` replicas of each base on different volumes, and no other cap.
    ///
    /// # Errors
    ///
    /// [`RulesError::NoReplicas`] when `replicas` is 0.
    pub const fn new(replicas: u16) -> Result<Self, RulesError> {
        match NonZeroU16::new(replicas) {
            Some(replicas) => Ok(Self { replicas, ..Self::DEFAULT }),
            None => Err(RulesError::NoReplicas),
        }
    }

    /// The least distance between two replicas of a base. Defaults to
    /// [`MinDist::VOLUME`].
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
    ///
    /// # Errors
    ///
    /// [`RulesError::TooMuchDegradation`] when it is more than `replicas - quorum`, since
    /// each base is in some domains that may be lost.
    ///
    /// # Examples
    ///
    /// ```
    /// use meta0::Rules;
    ///
    /// assert!(Rules::new(3)?.degradation(1).is_ok());
    /// assert_eq!(
    ///     Rules::new(3)?.degradation(2).unwrap_err().to_string(),
    ///     "degradation 2 leaves 3 replicas no quorum: expected 1 or less"
    /// );
    /// # Ok::<(), meta0::RulesError>(())
    /// ```
    pub const fn degradation(mut self, degradation: u16) -> Result<Self, RulesError> {
        let replicas = self.replicas();
        let most = replicas - self.quorum();
        if degradation > most {
            return Err(RulesError::TooMuchDegradation { degradation, replicas, most });
        }
        self.degradation = degradation;
        Ok(self)
    }

    /// The most replicas of a base that a domain of a level may hold. Defaults to
    /// no cap at any level.
    ///
    /// A cap of `replicas` or more restricts nothing.
    ///
    /// # Errors
    ///
    /// [`RulesError::NoReplicaAllowed`] when `cap` is 0: no base can keep that.
    pub const fn at_most(mut self, level: Level, cap: u16) -> Result<Self, RulesError> {
        if cap == 0 {
            return Err(RulesError::NoReplicaAllowed { level });
        }
        self.at_most[level.index()] = Some(cap);
        Ok(self)
    }

    /// The number of replicas wanted, at least 1.
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

    /// The cap that [`Rules::at_most`] set at a level, if it did, whether it binds or
    /// not.
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
    /// `(replicas - quorum) / degradation`, at least 1. `None` without degradation.
    #[must_use]
    pub const fn degradation_cap(self) -> Option<u16> {
        match self.degradation {
            0 => None,
            degradation => Some((self.replicas() - self.quorum()) / degradation),
        }
    }

    /// The cap that [`Rules::at_most`] sets at a level, if it binds: one of
    /// `replicas` or more is no rule, not even for a base that has too many.
    #[must_use]
    pub const fn at_most_cap(self, level: Level) -> Option<u16> {
        match self.at_most[level.index()] {
            Some(cap) if cap < self.replicas() => Some(cap),
            _ => None,
        }
    }

    /// The most replicas of a base that a domain of a level may hold, by all
    /// that sets caps; `replicas` where nothing does.
    #[must_use]
    pub const fn cap(self, level: Level) -> u16 {
        let at = level.index();
        let is_apart = at == self.min_dist.level().index() || at == Level::Volume.index();
        let mut cap = if is_apart { 1 } else { self.replicas() };
        if let Some(degradation) = self.degradation_cap()
            && at == self.get_level().index()
            && degradation < cap
        {
            cap = degradation;
        }
        match self.at_most[at] {
            Some(at_most) if at_most < cap => at_most,
            _ => cap,
        }
    }

    /// What rules that are equal agree in.
    fn meaning(self) -> (u16, MinDist, Level, Option<u16>, [Option<u16>; 4]) {
        let at_most = Level::ALL.map(|level| self.at_most_cap(level));
        (self.replicas(), self.min_dist, self.get_level(), self.degradation_cap(), at_most)
    }
}

/// Three replicas on different volumes, and no other cap.
impl Default for Rules {
    fn default() -> Self {
        Self::DEFAULT
    }
}

impl PartialEq for Rules {
    fn eq(&self, other: &Self) -> bool {
        self.meaning() == other.meaning()
    }
}

impl Eq for Rules {}

impl Hash for Rules {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.meaning().hash(state);
    }
}

impl fmt::Display for Rules {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plural = if self.replicas() == 1 { "" } else { "s" };
        write!(f, "{} replica{plural}, ", self.replicas())?;
        write!(f, "min_dist {}, level {}", self.min_dist, self.get_level())?;
        if self.degradation > 0 {
            write!(f, ", degradation {}", self.degradation)?;
        }
        let mut before = ", at_most ";
        for level in Level::ALL {
            if let Some(cap) = self.get_at_most(level) {
                write!(f, "{before}{level}={cap}")?;
                before = ",";
            }
        }
        Ok(())
    }
}

/// What serde reads and writes.
#[derive(Debug, Serialize, Deserialize)]
#[serde(default = "RulesObject::unsaid", deny_unknown_fields)]
struct RulesObject {
    replicas: u16,
    min_dist: MinDist,
    level: Option<Level>,
    degradation: u16,
    at_most: AtMost,
}

/// The caps that were said, and no others.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct AtMost {
    #[serde(skip_serializing_if = "Option::is_none")]
    site: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rack: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    host: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    volume: Option<u16>,
}

impl RulesObject {
    /// What counts where a key is absent.
    fn unsaid() -> Self {
        Self { level: None, ..Rules::DEFAULT.into() }
    }
}

impl From<Rules> for RulesObject {
    fn from(rules: Rules) -> Self {
        let [site, rack, host, volume] = rules.at_most;
        Self {
            replicas: rules.replicas(),
            min_dist: rules.min_dist,
            level: Some(rules.get_level()),
            degradation: rules.degradation,
            at_most: AtMost { site, rack, host, volume },
        }
    }
}

impl TryFrom<RulesObject> for Rules {
    type Error = RulesError;

    fn try_from(object: RulesObject) -> Result<Self, RulesError> {
        let AtMost { site, rack, host, volume } = object.at_most;
        let rules = Self::new(object.replicas)?.min_dist(object.min_dist);
        let rules = Self { level: object.level, ..rules }.degradation(object.degradation)?;
        let caps = Level::ALL.into_iter().zip([site, rack, host, volume]);
        let mut caps = caps.filter_map(|(level, cap)| Some((level, cap?)));
        caps.try_fold(rules, |rules, (level, cap)| rules.at_most(level, cap))
    }
}

/// Why there are no such rules: no base could keep them, on any topology.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum RulesError {
    /// A base without replicas.
    NoReplicas,
    /// More domains to lose than a base has replicas beyond its quorum.
    TooMuchDegradation {
        /// How many domains are to be lost.
        degradation: u16,
        /// How many replicas a base has.
        replicas: u16,
        /// The most domains that may be lost: the replicas beyond the quorum.
        most: u16,
    },
    /// A cap of 0.
    NoReplicaAllowed {
        /// The level whose domains are to hold nothing.
        level: Level,
    },
}

impl fmt::Display for RulesError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoReplicas => f.write_str("0 replicas is no mapping: expected 1 or more"),
            Self::TooMuchDegradation { degradation, replicas, most } => {
                let plural = if *replicas == 1 { "" } else { "s" };
                write!(
                    f,
                    "degradation {degradation} leaves {replicas} replica{plural} no quorum: "
                )?;
                match most {
                    0 => f.write_str("expected 0"),
                    most => write!(f, "expected {most} or less"),
                }
            }
            Self::NoReplicaAllowed { level } => {
                write!(f, "at most 0 replicas in a {level} is no mapping: expected 1 or more")
            }
        }
    }
}

impl Error for RulesError {}

#[cfg(test)]
mod tests {
    use std::hash::DefaultHasher;

    use itertools::Itertools;
    use proptest::prelude::*;

    use super::*;

    /// Rules as they are said, refused or not.
    fn said() -> impl Strategy<Value = Result<Rules, RulesError>> {
        let caps = prop::array::uniform4(prop::option::weighted(0.3, 0..6_u16));
        (0..6_u16, 1..5_u8, 0..5_usize, 0..3_u16, caps).prop_map(
            |(replicas, min_dist, level, degradation, caps)| {
                let rules = Rules::new(replicas)?.min_dist(MinDist::new(min_dist).unwrap());
                let rules = Level::ALL.get(level).map_or(rules, |&level| rules.level(level));
                let caps = Level::ALL.into_iter().zip(caps);
                caps.filter_map(|(level, cap)| Some((level, cap?)))
                    .try_fold(rules.degradation(degradation)?, |rules, (level, cap)| {
                        rules.at_most(level, cap)
                    })
            },
        )
    }

    fn hash(rules: Rules) -> u64 {
        let mut hasher = DefaultHasher::new();
        rules.hash(&mut hasher);
        hasher.finish()
    }

    proptest! {
        #[test]
        fn every_cap_lets_a_base_have_a_replica(rules in said()) {
            let Ok(rules) = rules else { return Ok(()) };
            let caps = Level::ALL.map(|level| rules.cap(level));
            prop_assert!(caps.iter().all(|cap| (1..=rules.replicas()).contains(cap)));
            prop_assert_eq!(caps[3], 1);
            prop_assert!(rules.degradation_cap().is_none_or(|cap| cap > 0));
        }

        #[test]
        fn rules_go_through_json(rules in said()) {
            let Ok(rules) = rules else { return Ok(()) };
            let json = serde_json::to_string(&rules).unwrap();
            let read: Rules = serde_json::from_str(&json).unwrap();
            prop_assert_eq!(read, rules);
            prop_assert_eq!(read.to_string(), rules.to_string());
            prop_assert_eq!(serde_json::to_string(&read).unwrap(), json);
        }

        #[test]
        fn rules_are_equal_when_they_ask_for_the_same(a in said(), b in said()) {
            let (Ok(a), Ok(b)) = (a, b) else { return Ok(()) };
            let asks = |rules: Rules| {
                let caps = Level::ALL.map(|level| {
                    rules.get_at_most(level).filter(|cap| *cap < rules.replicas())
                });
                let spread = rules.replicas() - rules.quorum();
                let spread = spread.checked_div(rules.get_degradation());
                (rules.replicas(), rules.get_min_dist(), rules.get_level(), spread, caps)
            };
            prop_assert_eq!(a == b, asks(a) == asks(b));
            prop_assert!(a != b || hash(a) == hash(b));
            // Each is equal to what says the same in more words.
            let mut wordy = a.level(a.get_level());
            for level in Level::ALL.into_iter().filter(|&level| a.at_most_cap(level).is_none()) {
                wordy = wordy.at_most(level, a.replicas() + 1).unwrap();
            }
            prop_assert_eq!(wordy, a);
            prop_assert_eq!(hash(wordy), hash(a));
        }
    }

    #[test]
    fn different_rules_tell_apart_what_the_check_does() {
        // A host too full is too close by one, crowded by the other.
        let rules = Rules::new(5).unwrap();
        let all = [
            rules,
            rules.level(Level::Host),
            rules.min_dist(MinDist::HOST),
            rules.min_dist(MinDist::HOST).level(Level::Volume),
            rules.at_most(Level::Host, 1).unwrap(),
            rules.at_most(Level::Host, 2).unwrap(),
            rules.level(Level::Host).degradation(1).unwrap(),
            rules.level(Level::Host).degradation(2).unwrap(),
        ];
        assert!(all.iter().array_combinations().all(|[a, b]| a != b));
        let seven = |degradation| Rules::new(7).unwrap().degradation(degradation).unwrap();
        assert_eq!(seven(2), seven(3));
        assert_ne!(seven(1), seven(2));
    }

    #[test]
    fn what_no_base_can_keep_is_refused_when_it_is_said() {
        let message = |refused: Result<Rules, RulesError>| refused.unwrap_err().to_string();
        assert_eq!(message(Rules::new(0)), "0 replicas is no mapping: expected 1 or more");
        let rules = |replicas| Rules::new(replicas).unwrap();
        assert_eq!(
            message(rules(5).degradation(3)),
            "degradation 3 leaves 5 replicas no quorum: expected 2 or less"
        );
        assert_eq!(
            message(rules(1).degradation(1)),
            "degradation 1 leaves 1 replica no quorum: expected 0"
        );
        assert_eq!(
            message(rules(3).at_most(Level::Rack, 0)),
            "at most 0 replicas in a rack is no mapping: expected 1 or more"
        );
    }

    #[test]
    fn objects_that_are_no_rules_are_refused() {
        let read = |json: &str| serde_json::from_str::<Rules>(json).map_err(|e| e.to_string());
        assert_eq!(read("{}").unwrap(), Rules::default());
        assert_eq!(read("{}").unwrap().min_dist(MinDist::SITE).get_level(), Level::Site);
        let full = r#"{"replicas":4,"min_dist":2,"level":null,"at_most":{"site":2}}"#;
        let rules = Rules::new(4).unwrap().min_dist(MinDist::HOST);
        assert_eq!(read(full).unwrap(), rules.at_most(Level::Site, 2).unwrap());
        for (json, wanted) in [
            (r#"{"replicas": 0}"#, "0 replicas is no mapping"),
            (r#"{"replicas": 3, "degradation": 2}"#, "degradation 2 leaves 3 replicas no quorum"),
            (r#"{"at_most": {"host": 0}}"#, "at most 0 replicas in a host is no mapping"),
            (r#"{"min_dist": 5}"#, "\"5\" is not a distance between replicas"),
            (r#"{"level": "room"}"#, "unknown variant `room`"),
            (r#"{"replica": 3}"#, "unknown field `replica`"),
            (r#"{"at_most": {"hosts": 1}}"#, "unknown field `hosts`"),
        ] {
            let message = read(json).unwrap_err();
            assert!(message.starts_with(wanted), "{json}: {message}");
        }
    }
}
