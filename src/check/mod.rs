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
//! 1. Names are looked up in the topology, by address or by id, once each. An
//!    available service becomes a [`Path`](path::Path): its domains at the four
//!    levels in one integer, so that two replicas cost one exclusive or.
//! 2. One pass over the table. A base is *plain* when all its replicas are on
//!    available services, as many as wanted, far enough apart for every rule,
//!    and no closer than bases seen before: it only adds to the loads. Of any
//!    other the [`Shape`](shape::Shape) is found, which says all that the rules
//!    ask: it is counted when a base of that shape has been examined and gives
//!    no example, and examined in full otherwise.
//! 3. Loads by name become loads of services and of domains, and are held
//!    against the bands of their [`Shares`].
//!
//! # What may be lost
//!
//! Of the ways to lose `k` domains, the worst for a base takes those that hold
//! most of its replicas, so a base withstands the largest `k` for which the
//! fullest `k` leave a quorum; a mapping withstands what its weakest base does.
//! That is exact, since each base may be looked at alone.
//!
//! # Complexity
//!
//! `O(bases * replicas)` for plain bases and `O(replicas * log(replicas))` for
//! each of the others. The heap holds a few words for each service, name and
//! domain, and the examples: nothing that grows with the bases.

mod breach;
mod path;
mod plain;
mod report;
mod scan;
mod shape;

pub use breach::{Breach, BreachKind};
pub use report::{CheckReport, DomainLoad, ServiceLoad};

use crate::mapping::PrefixMapping;
use crate::ratio::Tolerance;
use crate::rules::Rules;
use crate::share::Shares;
use crate::topology::Topology;
use crate::unsatisfiable::Unsatisfiable;
use scan::Scan;

/// What a mapping is held against.
///
/// # Examples
///
/// ```
/// use meta0::{CheckOptions, Rules};
///
/// let options = CheckOptions::new(Rules::new(3)?).tolerance("5%".parse()?).examples(1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CheckOptions {
    rules: Rules,
    tolerance: Tolerance,
    examples: usize,
}

impl CheckOptions {
    /// The rules that the mapping is to keep.
    #[must_use]
    pub fn new(rules: Rules) -> Self {
        Self { rules, tolerance: Tolerance::default(), examples: 5 }
    }

    /// How far beyond its share a load may be; 0 unless said.
    #[must_use]
    pub const fn tolerance(mut self, tolerance: Tolerance) -> Self {
        self.tolerance = tolerance;
        self
    }

    /// How many examples to keep of each kind of breach; 5 unless said.
    #[must_use]
    pub const fn examples(mut self, examples: usize) -> Self {
        self.examples = examples;
        self
    }
}

impl PrefixMapping {
    /// Every rule that the mapping breaks, every load outside its band, and how
    /// many domains may be lost.
    ///
    /// A service may be named by its address or by its id.
    ///
    /// Beside the report this allocates at most 200 bytes for each service and
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
    ) -> Result<CheckReport, Box<Unsatisfiable>> {
        let shares =
            Shares::new(topology, self.digits(), options.rules)?.tolerance(options.tolerance);
        let findings = Scan::new(self, topology, options).run();
        Ok(CheckReport::new(topology, &shares, findings))
    }
}
