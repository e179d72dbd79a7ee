//! A certificate: numbers from which anyone can recompute that no plan has fewer moves.
//!
//! Nothing in here knows how plans are found. The numbers are taken as they come, and
//! all else is recomputed from the inputs: which services are available, what each
//! base has of its own, the caps and the shares.
//!
//! # The bound
//!
//! Give every service, domain and the root a number, `p`. For any plan to the goal let
//! `T(b)` be the services on which base `b` ends up, without the replicas that are
//! fixed. Let `new` be 1 for those that it did not hold before, and `m(x)` how many
//! replicas of all `T` end up below `x`. Then, adding and taking away `p` along the
//! path from each service to the root,
//!
//! ```text
//! cost = sum of new(b, s) over the pairs, and weight(x) * miss(x) over services and domains
//!      = sum over bases of  sum over s in T(b) of  new(b, s) - p(s)
//!      + sum over services and domains of  weight(x) * miss(x) + m(x) * (p(x) - p(parent of x))
//!      + all replicas placed * p(root)
//! ```
//!
//! Each base's sum is at least its minimum over all sets that the rules allow, and the
//! term of each service and domain at least its minimum over all its loads. The sum of
//! those minima is therefore a lower bound on the cost of every plan, *whatever* the
//! numbers are: that is weak duality. With the potentials of an optimal flow it is the
//! optimum.
//!
//! Where nothing is held, every load ends up in its band: `miss` is 0, a term is least
//! at an end of the band, and the cost is the moves. Where services or bases are held,
//! and in a decommission, loads may have to miss their bands. The numbers then also
//! price a replica outside its band, and the bound is on that sum; less the misses of
//! a plan, it is a bound on the moves of all plans whose loads miss by no more.
//!
//! A base's minimum is found by greed, which has a file of its own. What a plan to the
//! goal is:
//!
//! - a rebalance moves what is not held; each base places as many replicas as the rules
//!   let it, at most the number wanted less those that are held;
//! - a decommission moves what leaves, and each base places as many as leave it, at
//!   most as many as it then lacks.
//!
//! # Complexity
//!
//! One pass over the table, in which a base takes `O(replicas^2)`, and
//! `O(services * log(services))`.

mod bound;
mod caps;
mod format;
mod greed;
mod numbers;
mod parts;

#[cfg(test)]
mod tests;

pub(crate) use self::bound::{Astray, Terms};
pub(crate) use self::numbers::Numbers;

use std::error::Error;
use std::fmt;

use crate::goal::Goal;
use crate::location::Level;
use crate::mapping::PrefixMapping;
use crate::prefix::{Base, Digits};
use crate::share::Shares;
use crate::topology::Topology;
use crate::unsatisfiable::Unsatisfiable;

/// What a replica of a service's load outside its band costs. Why that is enough to come
/// before domains, and those before moves, is said where plans are found.
pub(crate) const SERVICE_WEIGHT: i64 = 1 << 40;

/// What a replica of a domain's load outside its band costs.
pub(crate) const DOMAIN_WEIGHT: i64 = 1 << 20;

/// Numbers of a certificate are within this of 0, so that no sum of them overflows.
const MOST: i64 = 1 << 60;

/// Numbers for services, domains and the root, from which anyone can recompute that no
/// plan has fewer moves.
///
/// A service is named by its address, a domain by its tokens down to its level with the
/// lacking ones empty: a rack is `site.rack`, and a host without site and rack
/// `..host1`. A number that is not there is 0. Reads and writes, with serde, as
/// `{"root": 0, "site": {}, "rack": {"par1.r01": -1}, "host": {}, "volume": {},
/// "service": {"10.0.1.8:6112": 1}}`.
///
/// Whatever the numbers are, what [`Certificate::lower_bound`] makes of them is true;
/// bad numbers make a low bound. This is why. Let `p` be the number of a service, a domain
/// or the root, and let `new` be 1 for a service that did not hold the base before. For
/// every mapping in which all loads are in their bands,
///
/// ```text
/// moves = sum over bases of  sum over the services s of the base of  new(base, s) - p(s)
///       + sum over services and domains x of  load(x) * (p(x) - p(parent of x))
///       + all replicas * p(root)
/// ```
///
/// since the numbers cancel out. Each base's sum is at least the least over all sets of
/// services that the rules allow, and each `load(x)` term at least the lesser of those at
/// the two ends of its band. The sum of these least values is the bound (weak duality).
/// Where loads may miss their bands, the numbers also price a replica outside: `2^40` of a
/// service, `2^20` of a domain, and the bound is on prices and moves together.
/// [`guide::proof`](crate::guide::proof) computes one by hand.
///
/// # Examples
///
/// ```
/// use meta0::{Digits, Goal, PrefixMapping, RebalanceOptions, Rules, Service, Topology};
///
/// let cluster = |hosts: u8| {
///     let service = |n| Service::new(format!("s{n}"), format!("host{n}.d0").parse().unwrap());
///     Topology::new((1..=hosts).map(service))
/// };
/// let rules = Rules::new(3)?;
/// let mapping = PrefixMapping::bootstrap(
///     &cluster(9)?,
///     Digits::try_from(2)?,
///     &meta0::BootstrapOptions::new(rules),
/// )?;
/// let options = RebalanceOptions::new(rules);
/// let plan = mapping.rebalance(&cluster(12)?, &options)?;
///
/// let certificate = plan.certificate().ok_or("a rebalance has a certificate")?;
/// let bound = certificate.lower_bound(&mapping, &cluster(12)?, &Goal::Rebalance(options))?;
/// assert_eq!(bound, 192);
/// assert_eq!(plan.moves(), 192);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Certificate {
    root: i64,
    /// By level, ascending by name; no number is 0.
    domains: [Vec<(Box<str>, i64)>; 4],
    /// Ascending by address; no number is 0.
    services: Vec<(Box<str>, i64)>,
}

impl Certificate {
    /// The number of the root.
    #[must_use]
    pub const fn root(&self) -> i64 {
        self.root
    }

    /// The domains of a level whose number is not 0, with it; ascending by name.
    #[must_use]
    pub fn domains(
        &self,
        level: Level,
    ) -> impl DoubleEndedIterator<Item = (&str, i64)> + ExactSizeIterator + Clone {
        self.domains[level.index()].iter().map(|(name, number)| (&**name, *number))
    }

    /// The services whose number is not 0, by address, with it; ascending.
    #[must_use]
    pub fn services(
        &self,
    ) -> impl DoubleEndedIterator<Item = (&str, i64)> + ExactSizeIterator + Clone {
        self.services.iter().map(|(address, number)| (&**address, *number))
    }

    /// The same certificate with another number for the root.
    ///
    /// # Errors
    ///
    /// [`CertificateError::TooLarge`] for a number beyond 2^60.
    pub fn with_root(mut self, number: i64) -> Result<Self, CertificateError> {
        self.root = within(number)?;
        Ok(self)
    }

    /// The same certificate with another number for a domain.
    ///
    /// # Errors
    ///
    /// [`CertificateError::TooLarge`] for a number beyond 2^60.
    pub fn with_domain(
        mut self,
        level: Level,
        name: &str,
        number: i64,
    ) -> Result<Self, CertificateError> {
        set(&mut self.domains[level.index()], name, number)?;
        Ok(self)
    }

    /// The same certificate with another number for a service.
    ///
    /// # Errors
    ///
    /// [`CertificateError::TooLarge`] for a number beyond 2^60.
    pub fn with_service(mut self, address: &str, number: i64) -> Result<Self, CertificateError> {
        set(&mut self.services, address, number)?;
        Ok(self)
    }

    /// The least cost of any plan from a mapping to a goal that these numbers prove.
    ///
    /// The cost of a rebalance without held services or bases is its moves. Where loads
    /// may have to miss their bands, each replica outside the band of a service costs
    /// 2^40 besides, and of a domain 2^20. It is recomputed from the arguments alone, in
    /// time `O(bases * replicas^2 + services * log(services))`.
    ///
    /// # Errors
    ///
    /// [`CertificateError`] when a name is unknown, a base has other digits, or the
    /// topology can't keep the rules.
    pub fn lower_bound(
        &self,
        mapping: &PrefixMapping,
        topology: &Topology,
        goal: &Goal,
    ) -> Result<i128, CertificateError> {
        let mapping = &*mapping.resolved(topology);
        let topology = &goal.drained(mapping, topology)?;
        let shares = &Shares::new(topology, mapping.digits(), goal.rules())
            .map_err(CertificateError::Unsatisfiable)?
            .tolerance(goal.tolerance());
        let numbers = self.numbers(topology)?;
        Ok(Terms::new(mapping, topology, shares, goal)?.bound(&numbers, None))
    }
}

impl Goal {
    /// The topology without the services that the goal drains.
    pub(crate) fn drained(
        &self,
        mapping: &PrefixMapping,
        topology: &Topology,
    ) -> Result<Topology, CertificateError> {
        let (services, _) = parts::resolve(mapping, topology, self.drained_names())?;
        Ok(if services.is_empty() { topology.clone() } else { topology.drained(&services) })
    }
}

fn within(number: i64) -> Result<i64, CertificateError> {
    if (-MOST..=MOST).contains(&number) {
        Ok(number)
    } else {
        Err(CertificateError::TooLarge { number })
    }
}

fn set(
    numbers: &mut Vec<(Box<str>, i64)>,
    name: &str,
    number: i64,
) -> Result<(), CertificateError> {
    let number = within(number)?;
    match numbers.binary_search_by(|(other, _)| (**other).cmp(name)) {
        Ok(at) if number == 0 => drop(numbers.remove(at)),
        Ok(at) => numbers[at].1 = number,
        Err(_) if number == 0 => {}
        Err(at) => numbers.insert(at, (name.into(), number)),
    }
    Ok(())
}

impl fmt::Display for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "root {}", self.root)?;
        for level in Level::ALL {
            for (name, number) in self.domains(level) {
                write!(f, ", {level} {name} {number}")?;
            }
        }
        self.services().try_for_each(|(address, number)| write!(f, ", {address} {number}"))
    }
}

/// Why a certificate proves nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum CertificateError {
    /// A number for a domain that the topology does not have.
    UnknownDomain {
        /// The level.
        level: Level,
        /// The name.
        name: String,
    },
    /// A name that neither the topology nor the mapping has.
    UnknownService {
        /// The name.
        service: String,
    },
    /// A number beyond 2^60.
    TooLarge {
        /// The number.
        number: i64,
    },
    /// A base of other digits than the mapping's.
    OtherDigits {
        /// The base.
        base: Base,
        /// The digits of the mapping.
        digits: Digits,
    },
    /// The topology can't keep the rules; the proof is in it.
    Unsatisfiable(Unsatisfiable),
}

impl CertificateError {
    fn unknown_domain(level: Level, name: &str) -> Self {
        Self::UnknownDomain { level, name: name.to_owned() }
    }

    fn unknown_service(name: &str) -> Self {
        Self::UnknownService { service: name.to_owned() }
    }
}

impl fmt::Display for CertificateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownDomain { level, name } => {
                write!(
                    f,
                    "the certificate has a number for the {level} {name:?}, which no service is in"
                )
            }
            Self::UnknownService { service } => {
                write!(
                    f,
                    "{service:?} is no service of the topology, and the mapping has no such name"
                )
            }
            Self::TooLarge { number } => {
                write!(
                    f,
                    "the certificate has the number {number}: expected at most 2^60 either way"
                )
            }
            Self::OtherDigits { base, digits } => {
                crate::mapping::write_other_digits(f, *base, *digits)
            }
            Self::Unsatisfiable(proof) => proof.fmt(f),
        }
    }
}

impl Error for CertificateError {}
