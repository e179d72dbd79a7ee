//! Judging a mapping: every rule it breaks, every load outside its band, and
//! what may be lost.
//!
//! # The problem
//!
//! A mapping comes from anywhere: a planner, meta0, a file edited by hand. The
//! check says of each base which rules it breaks, of each service and domain
//! whether its load is fair, and for each level how many domains may be lost
//! before some base loses its quorum. It uses none of the planners' code, so
//! that it can judge them.
//!
//! # How
//!
//! 1. Names are looked up in the topology, by address or by id, once each. A
//!    known service gets a [`Path`](path::Path): its domains at the four levels
//!    in one integer, so that comparing two replicas costs one exclusive or.
//! 2. One pass goes over the table. A base is *plain* when all its replicas are
//!    on available services, as many as wanted, within the
//!    [limits](pass_limits::PassLimits) that make sure that it keeps every cap
//!    and withstands what the bases seen before do: it only adds to the
//!    [loads](tally::Tally). Any other base has its [`Shape`](shape::Shape)
//!    taken, which says all that the rules ask. The base is only counted when a
//!    base of that shape has been examined and no example is wanted of it, and
//!    is [examined](inspection::Inspection) in full otherwise.
//! 3. Loads by name become loads of services and of domains, and are held
//!    against the bands of their [`Shares`].
//!
//! # Which rule is broken
//!
//! Each rule is judged by its own cap: `too_close` by the least distance,
//! `degradation` by [`Rules::degradation_cap`], `crowded` by
//! [`Rules::at_most_cap`]. A base that breaks several counts once under each.
//!
//! # What may be lost
//!
//! A base that names `n` services works while `n / 2 + 1` of its replicas are on
//! distinct, available services. Of the ways to lose `k` domains, the worst for
//! a base takes those that hold most of its replicas, so a base withstands the
//! largest `k` for which the fullest `k` leave a quorum. A mapping withstands
//! what its weakest base does. That is exact, since each base may be looked at
//! alone.
//!
//! # Complexity
//!
//! Plain bases take `O(bases * replicas)`, and each of the others takes
//! `O(replicas * log(replicas))`. The heap holds a few words for each service,
//! name and domain, and the examples: nothing that grows with the bases.

mod breach;
mod inspection;
mod load;
mod lost;
mod pass_limits;
mod path;
mod report;
mod shape;
mod tally;

pub use breach::{Breach, BreachKind, BrokenRule, OverCap};
pub use load::{DomainLoad, ServiceLoad};
pub use report::CheckReport;

use crate::mapping::PrefixMapping;
use crate::ratio::Tolerance;
use crate::rules::Rules;
use crate::share::Shares;
use crate::topology::Topology;
use crate::unsatisfiable::Unsatisfiable;
use inspection::Inspection;

/// What a mapping is held against, and how much of what is found is kept.
///
/// # Examples
///
/// ```
/// use meta0::{CheckOptions, Rules};
///
/// let options = CheckOptions::new(Rules::new(3)?).tolerance("5%".parse()?).examples(1);
/// assert_eq!(options.get_tolerance().get().to_string(), "1/20");
/// // Every breach, not only the first few.
/// let options = options.examples(usize::MAX);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CheckOptions {
    rules: Rules,
    tolerance: Tolerance,
    examples: usize,
}

impl CheckOptions {
    /// The rules that the mapping is to keep; no tolerance, and five examples.
    #[must_use]
    pub const fn new(rules: Rules) -> Self {
        Self { rules, tolerance: Tolerance::ZERO, examples: 5 }
    }

    /// How far beyond its share a load may be, as a part of the share. Defaults to 0.
    #[must_use]
    pub const fn tolerance(mut self, tolerance: Tolerance) -> Self {
        self.tolerance = tolerance;
        self
    }

    /// How many examples to keep of each kind of breach: the first by base. All are
    /// counted. Defaults to 5.
    #[must_use]
    pub const fn examples(mut self, examples: usize) -> Self {
        self.examples = examples;
        self
    }

    /// The rules.
    #[must_use]
    pub const fn get_rules(&self) -> Rules {
        self.rules
    }

    /// The tolerance.
    #[must_use]
    pub const fn get_tolerance(&self) -> Tolerance {
        self.tolerance
    }

    /// How many examples are kept of each kind of breach.
    #[must_use]
    pub const fn get_examples(&self) -> usize {
        self.examples
    }
}

impl PrefixMapping {
    /// Every rule that the mapping breaks, every load outside its band, and how
    /// many domains may be lost.
    ///
    /// A service may be named by its address or by its id.
    ///
    /// Each rule is judged by its own cap: the least distance, the degradation
    /// ([`Rules::degradation_cap`]), and what is said outright ([`Rules::at_most_cap`]). A
    /// base that breaks several counts once under each [kind](BreachKind).
    ///
    /// What may be lost is exact. A base that names `n` services works while `n / 2 + 1` of
    /// its replicas are on distinct, available services; the worst way to lose `k` domains
    /// takes those that hold most of its replicas; and a mapping withstands what its
    /// weakest base does ([`CheckReport::tolerated`]).
    ///
    /// No code of the planners takes part, so that the check can judge their plans.
    ///
    /// Takes `O(bases * replicas)` where bases keep the rules, and
    /// `O(replicas * log(replicas))` for each base that doesn't. Beside the report this
    /// allocates at most 200 bytes for each service and
    /// name, and 4 KiB.
    ///
    /// # Errors
    ///
    /// [`Unsatisfiable`] when no mapping on this topology can keep the rules:
    /// there are no fair shares then.
    ///
    /// # Examples
    ///
    /// ```
    /// use meta0::{
    ///     BreachKind, CheckOptions, Digits, Level, PrefixMapping, Rules, Service, Topology,
    /// };
    ///
    /// let topology = Topology::new(vec![
    ///     Service::new("a", "h1.d1".parse()?),
    ///     Service::new("b", "h1.d2".parse()?),
    ///     Service::new("c", "h2.d1".parse()?),
    /// ])?;
    /// let mut mapping = PrefixMapping::new(Digits::try_from(0)?);
    /// let base = mapping.digits().base(0).ok_or("no such base")?;
    /// mapping.assign_services(base, ["a", "b"])?;
    ///
    /// let rules = Rules::new(2)?.min_dist("2".parse()?);
    /// let report = mapping.check(&topology, &CheckOptions::new(rules))?;
    /// assert_eq!(report.count(BreachKind::TooClose), 1);
    /// assert_eq!(
    ///     report.examples(BreachKind::TooClose)[0].to_string(),
    ///     "base \"\" has replicas at distance 1, not 2 or more, on a and b"
    /// );
    /// assert_eq!(report.tolerated(Level::Volume), Some(0));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn check(
        &self,
        topology: &Topology,
        options: &CheckOptions,
    ) -> Result<CheckReport, Unsatisfiable> {
        let shares =
            Shares::new(topology, self.digits(), options.rules)?.tolerance(options.tolerance);
        let findings = Inspection::new(self, topology, options).run();
        Ok(CheckReport::new(topology, &shares, findings))
    }
}

#[cfg(test)]
mod tests;
