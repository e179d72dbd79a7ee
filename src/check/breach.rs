//! A base may break the rules in several ways, and each is counted and told of.

use std::fmt;

use serde::{Deserialize, Serialize, Serializer};

use crate::location::{Level, MinDist};
use crate::prefix::Base;

/// The ways in which a base may break the rules.
///
/// Prints, and reads and writes with serde, as the words of a report: `missing`,
/// `too_close`. [`CheckReport::count`](crate::CheckReport::count) counts them, and
/// [`Breach`] has an example.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum BreachKind {
    /// A base without any replica.
    Missing,
    /// A base with fewer replicas than wanted, but some.
    Short,
    /// A base with more replicas than wanted.
    Excess,
    /// A base that names one service more than once: by its address and by its
    /// id.
    Duplicate,
    /// A replica whose name is no service's of the topology.
    Unknown,
    /// A replica on a service that is not up, or has a score of 0 or less.
    Unavailable,
    /// A base with two replicas closer than the least distance.
    TooClose,
    /// A base with more replicas in one domain than the degradation lets.
    Degradation,
    /// A base with more replicas in one domain than [`Rules::at_most`] lets.
    ///
    /// [`Rules::at_most`]: crate::Rules::at_most
    Crowded,
}

impl BreachKind {
    /// All of them, in the order of a report.
    pub const ALL: [Self; 9] = [
        Self::Missing,
        Self::Short,
        Self::Excess,
        Self::Duplicate,
        Self::Unknown,
        Self::Unavailable,
        Self::TooClose,
        Self::Degradation,
        Self::Crowded,
    ];

    /// Whether it is counted in replicas; all others are counted in bases.
    #[must_use]
    pub const fn is_per_replica(self) -> bool {
        matches!(self, Self::Unknown | Self::Unavailable)
    }
}

impl fmt::Display for BreachKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Missing => "missing",
            Self::Short => "short",
            Self::Excess => "excess",
            Self::Duplicate => "duplicate",
            Self::Unknown => "unknown",
            Self::Unavailable => "unavailable",
            Self::TooClose => "too_close",
            Self::Degradation => "degradation",
            Self::Crowded => "crowded",
        })
    }
}

/// A base that breaks a rule, and the services by which it does.
///
/// Prints as a sentence. Serializes as an object of `base` (its 4-digit prefix), `kind`,
/// the fields of the [`BrokenRule`], and `services`.
///
/// # Examples
///
/// ```
/// use meta0::{
///     BreachKind, BrokenRule, CheckOptions, Digits, Level, PrefixMapping, Rules, Service, Topology,
/// };
///
/// let services = ["a", "b", "c"].map(|name| Service::new(name, "paris.r.h.d".parse().unwrap()));
/// let topology = Topology::new(services)?.with(Service::new("d", "rome.r.h.d".parse()?))?;
/// let mut mapping = PrefixMapping::new(Digits::try_from(1)?);
/// mapping.assign_services(mapping.digits().base(10).ok_or("no such base")?, ["a", "d"])?;
///
/// let rules = Rules::new(2)?.at_most(Level::Site, 1)?;
/// let base = mapping.digits().base(7).ok_or("no such base")?;
/// mapping.assign_services(base, ["a", "b"])?;
/// let report = mapping.check(&topology, &CheckOptions::new(rules))?;
/// let breach = &report.examples(BreachKind::Crowded)[0];
/// assert_eq!(breach.base(), base);
/// let BrokenRule::Crowded(over) = breach.rule() else { return Err("another rule".into()) };
/// assert_eq!((over.level, &*over.domain, over.cap), (Level::Site, "paris", 1));
/// assert_eq!(
///     serde_json::to_string(breach)?,
///     r#"{"base":"7000","kind":"crowded","level":"site","domain":"paris","cap":1,"services":["a","b"]}"#
/// );
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Breach {
    #[serde(serialize_with = "as_prefix")]
    base: Base,
    #[serde(flatten)]
    rule: BrokenRule,
    services: Vec<String>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands out references")]
fn as_prefix<S: Serializer>(base: &Base, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&base.first_prefix())
}

/// The rule that a base breaks, with what a reader needs to see why.
///
/// [`Breach`] has an example.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[non_exhaustive]
pub enum BrokenRule {
    /// It has no replica.
    Missing,
    /// It has fewer replicas than wanted.
    Short {
        /// How many the rules want.
        wanted: u16,
    },
    /// It has more replicas than wanted.
    Excess {
        /// How many the rules want.
        wanted: u16,
    },
    /// It names a service more than once.
    Duplicate,
    /// It names a service that the topology lacks.
    Unknown,
    /// It is on a service that is unavailable.
    Unavailable,
    /// Two of its replicas are too close.
    TooClose {
        /// The distance of the two closest, from 0.
        distance: u8,
        /// The least distance by the rules.
        min_dist: MinDist,
    },
    /// A domain holds more of its replicas than the degradation lets.
    Degradation(OverCap),
    /// A domain holds more of its replicas than [`Rules::at_most`] lets.
    ///
    /// [`Rules::at_most`]: crate::Rules::at_most
    Crowded(OverCap),
}

/// A domain that holds more replicas of a base than its cap. [`Breach`] has an example.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct OverCap {
    /// The level of the domain.
    pub level: Level,
    /// Its name, as [`Domain::name`](crate::Domain::name) has it.
    pub domain: String,
    /// The most replicas of a base that it may hold by the rule.
    pub cap: u16,
}

impl BrokenRule {
    const fn kind(&self) -> BreachKind {
        match self {
            Self::Missing => BreachKind::Missing,
            Self::Short { .. } => BreachKind::Short,
            Self::Excess { .. } => BreachKind::Excess,
            Self::Duplicate => BreachKind::Duplicate,
            Self::Unknown => BreachKind::Unknown,
            Self::Unavailable => BreachKind::Unavailable,
            Self::TooClose { .. } => BreachKind::TooClose,
            Self::Degradation(_) => BreachKind::Degradation,
            Self::Crowded(_) => BreachKind::Crowded,
        }
    }
}

impl Breach {
    pub(super) const fn new(base: Base, services: Vec<String>, rule: BrokenRule) -> Self {
        Self { base, rule, services }
    }

    /// The kind of breach.
    #[must_use]
    pub const fn kind(&self) -> BreachKind {
        self.rule.kind()
    }

    /// The rule, with the numbers by which it is broken.
    #[must_use]
    pub const fn rule(&self) -> &BrokenRule {
        &self.rule
    }

    /// The base.
    #[must_use]
    pub const fn base(&self) -> Base {
        self.base
    }

    /// The services by which the base breaks the rule: their addresses, or the
    /// mapping's names of those that are unknown.
    ///
    /// | kind | services |
    /// |---|---|
    /// | missing | none |
    /// | short, excess | all that hold the base |
    /// | duplicate | those that it names more than once |
    /// | unknown, unavailable | the one |
    /// | `too_close` | the two closest |
    /// | degradation | those of the domain that holds most of its replicas |
    /// | crowded | those of the domain that is fullest in proportion to its cap |
    #[must_use]
    pub fn services(&self) -> &[String] {
        &self.services
    }
}

impl fmt::Display for Breach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let base = self.base.to_string();
        let (count, services) = (self.services.len(), Listed(&self.services));
        match &self.rule {
            BrokenRule::Missing => write!(f, "base {base:?} has no replica"),
            BrokenRule::Short { wanted } | BrokenRule::Excess { wanted } => {
                let plural = if count == 1 { "" } else { "s" };
                write!(f, "base {base:?} has {count} replica{plural}, not {wanted}, on {services}")
            }
            BrokenRule::Duplicate => write!(f, "base {base:?} names {services} more than once"),
            BrokenRule::Unknown => {
                write!(f, "base {base:?} is on {services}, which no service has for its name")
            }
            BrokenRule::Unavailable => {
                write!(f, "base {base:?} is on {services}, which is unavailable")
            }
            BrokenRule::TooClose { distance, min_dist } => write!(
                f,
                "base {base:?} has replicas at distance {distance}, not {min_dist} or more, on \
                 {services}"
            ),
            BrokenRule::Degradation(OverCap { level, domain, cap })
            | BrokenRule::Crowded(OverCap { level, domain, cap }) => write!(
                f,
                "base {base:?} has {count} replicas in {level} {domain}, not {cap} or fewer, on \
                 {services}"
            ),
        }
    }
}

/// `a`, `a and b`, `a, b and c`.
struct Listed<'a>(&'a [String]);

impl fmt::Display for Listed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, name) in self.0.iter().enumerate() {
            f.write_str(match place {
                0 => "",
                _ if place + 1 == self.0.len() => " and ",
                _ => ", ",
            })?;
            f.write_str(name)?;
        }
        Ok(())
    }
}

const KINDS: usize = BreachKind::ALL.len();

/// How many breaches of each kind one base has.
pub(super) type BaseBreaches = [u8; BreachKind::ALL.len()];

/// How many breaches there are of each kind, and the first few.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Breaches {
    counts: [u64; KINDS],
    examples: [Vec<Breach>; KINDS],
    limit: usize,
}

impl Breaches {
    pub(super) fn new(limit: usize) -> Self {
        Self { limit, ..Self::default() }
    }

    /// Counts a breach, and keeps it as an example while there are few.
    pub(super) fn add(&mut self, kind: BreachKind, breach: impl FnOnce() -> Breach) {
        self.counts[kind as usize] += 1;
        let examples = &mut self.examples[kind as usize];
        if examples.len() < self.limit {
            examples.push(breach());
        }
    }

    /// Counts the breaches of `bases` bases that have `counts` each. No example
    /// of them is wanted.
    pub(super) fn add_counts(&mut self, counts: BaseBreaches, bases: u32) {
        for (count, more) in self.counts.iter_mut().zip(counts) {
            *count += u64::from(more) * u64::from(bases);
        }
    }

    /// How many breaches of each kind came after `before`. `None` when another
    /// example of one of those kinds is wanted.
    pub(super) fn exemplified_since(&self, before: &[u64; KINDS]) -> Option<BaseBreaches> {
        let mut counts = BaseBreaches::default();
        for (place, count) in counts.iter_mut().enumerate() {
            let more = self.counts[place] - before[place];
            if more > 0 && self.examples[place].len() < self.limit {
                return None;
            }
            *count = more.try_into().ok()?;
        }
        Some(counts)
    }

    pub(super) const fn counts(&self) -> [u64; KINDS] {
        self.counts
    }

    pub(super) const fn count(&self, kind: BreachKind) -> u64 {
        self.counts[kind as usize]
    }

    pub(super) fn examples(&self, kind: BreachKind) -> &[Breach] {
        &self.examples[kind as usize]
    }

    pub(super) fn is_empty(&self) -> bool {
        self.counts == [0; KINDS]
    }
}
