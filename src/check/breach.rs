//! A base may break the rules in several ways, and each is counted and told of.

use std::fmt;

use crate::location::Level;
use crate::prefix::Base;

/// The ways in which a base may break the rules.
///
/// Prints as the words of a report: `missing`, `too_close`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
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
    /// A replica on a service of score 0 or less.
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
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Breach {
    base: Base,
    services: Vec<String>,
    rule: BrokenRule,
}

/// The rule that is broken, with what a reader needs to see why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum BrokenRule {
    Missing,
    Short { wanted: u16 },
    Excess { wanted: u16 },
    Duplicate,
    Unknown,
    Unavailable,
    TooClose { distance: usize, min_dist: u8 },
    Degradation(OverCap),
    Crowded(OverCap),
}

/// A domain that holds more replicas of a base than its cap.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct OverCap {
    pub(super) level: Level,
    pub(super) domain: String,
    pub(super) cap: u16,
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
        Self { base, services, rule }
    }

    /// The kind of breach.
    #[must_use]
    pub const fn kind(&self) -> BreachKind {
        self.rule.kind()
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
