//! A restricted plan may have to leave something undone, and says what and why.

use std::fmt;

use crate::check::CheckReport;
use crate::prefix::Base;

/// What a plan leaves undone, because its restrictions kept it from more.
///
/// Prints as one line, with the reasons.
///
/// # Examples
///
/// ```
/// # use meta0::{BootstrapOptions, Digits, PrefixMapping, RebalanceOptions, Rules, Service, Topology};
/// # let service = |n: u8| Service::new(format!("s{n}"), format!("host{n}.d0").parse().unwrap());
/// # let cluster = |hosts: u8| Topology::new((1..=hosts).map(service));
/// # let (rules, digits) = (Rules::new(3)?, Digits::try_from(2)?);
/// # let mapping = PrefixMapping::bootstrap(&cluster(3)?, digits, &BootstrapOptions::new(rules))?;
/// // A fourth host is to take 192 replicas; 100 may move today.
/// let options = RebalanceOptions::new(rules).max_moves(100);
/// let plan = mapping.rebalance(&cluster(4)?, &options)?;
/// assert_eq!((plan.moves(), plan.lower_bound()), (100, Some(192)));
///
/// let shortfall = plan.shortfall().ok_or("all is done")?;
/// assert_eq!(shortfall.moves(), 92);
/// assert!(shortfall.report().is_valid());
/// assert_eq!(
///     shortfall.to_string(),
///     "0 breaches and 184 replicas outside their bands are left, because 92 moves were left out"
/// );
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shortfall {
    pub(crate) report: CheckReport,
    pub(crate) held: Vec<String>,
    pub(crate) held_bases: Vec<Base>,
    pub(crate) moves: usize,
}

impl Shortfall {
    /// The check of the mapping that the plan leads to: what rules are still
    /// broken, and which loads are outside their bands.
    #[must_use]
    pub const fn report(&self) -> &CheckReport {
        &self.report
    }

    /// The services that were to keep what they have, by address or as the mapping names
    /// them; ascending.
    #[must_use]
    pub fn held(&self) -> &[String] {
        &self.held
    }

    /// The bases that were to keep their services; ascending.
    #[must_use]
    pub fn held_bases(&self) -> &[Base] {
        &self.held_bases
    }

    /// How many moves of the whole plan were left out to keep to the most
    /// moves, in all or of each base.
    #[must_use]
    pub const fn moves(&self) -> usize {
        self.moves
    }
}

impl fmt::Display for Shortfall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} are left", self.report.faults())?;
        if !self.held.is_empty() {
            write!(f, ", because services are held ({})", self.held.join(", "))?;
        }
        match self.held_bases.len() {
            0 => {}
            1 => f.write_str(", because 1 base is held")?,
            held => write!(f, ", because {held} bases are held")?,
        }
        if self.moves > 0 {
            write!(f, ", because {} moves were left out", self.moves)?;
        }
        Ok(())
    }
}
