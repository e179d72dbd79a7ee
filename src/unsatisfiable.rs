//! The proof that a topology can't hold what the rules ask for.
//!
//! What one base may have in a domain is the least of the domain's cap and what
//! its parts let it have together. Followed down from the sites, that ends at
//! domains which are as full as their cap lets them: together they hold every
//! available service, and the sum of their caps is the most that a base can have.

use std::error::Error;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::location::Level;
use crate::room::Room;
use crate::rules::Rules;
use crate::topology::Topology;

/// How many domains of a level a message names.
const SHOWN: usize = 12;

/// The proof that a topology can't hold what the rules ask for.
///
/// The domains in `domains` are disjoint and have every available service in
/// them. None may hold more replicas of a base than its cap, and the caps add up
/// to less than `wanted`.
///
/// Prints as a line, which names up to 12 domains of a level. Serializes as an object
/// of its fields.
///
/// # Examples
///
/// ```
/// use meta0::{Digits, Level, Rules, Service, Shares, Topology};
///
/// let service = |n: u8| Ok(Service::new(format!("s{n}"), format!("site{}.r.h.d{n}", n % 2).parse()?));
/// let services: Result<Vec<_>, meta0::LocationError> = (0..6).map(service).collect();
/// let topology = Topology::new(services?)?;
/// let rules = Rules::new(5)?.at_most(Level::Site, 2)?;
/// let refused = Shares::new(&topology, Digits::MAX, rules).unwrap_err();
/// assert_eq!((refused.wanted, refused.capacity), (5, 4));
/// assert_eq!(
///     refused.to_string(),
///     "no base can have 5 replicas: 4 is the most, 2 in each of 2 sites by at_most site=2 (site0, site1)"
/// );
/// assert_eq!(refused.domains[1].to_string(), "2 in site site1");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Unsatisfiable {
    /// The replicas that each base is to have.
    pub wanted: u16,
    /// The most that one base can have.
    pub capacity: u64,
    /// The rules.
    pub rules: Rules,
    /// The domains that stand in the way, ascending by location.
    pub domains: Vec<FullDomain>,
}

/// A domain that holds as many replicas of a base as its cap lets it.
///
/// Prints as `2 in site paris`. [`Unsatisfiable`] has an example.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub struct FullDomain {
    /// Its level.
    pub level: Level,
    /// The tokens that its services share, as [`Domain::name`](crate::Domain::name)
    /// has them.
    pub name: String,
    /// The most replicas of one base that it may hold.
    pub cap: u16,
}

impl fmt::Display for FullDomain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} in {} {}", self.cap, self.level, self.name)
    }
}

impl Unsatisfiable {
    pub(crate) fn new(topology: &Topology, rules: Rules, room: &Room) -> Self {
        let mut proof =
            Self { wanted: rules.replicas(), capacity: room.of_all(), rules, domains: Vec::new() };
        for site in 0..topology.domains(Level::Site).len() {
            proof.add(topology, room, Level::Site, site);
        }
        proof
    }

    /// Adds the coarsest full domains in a domain.
    fn add(&mut self, topology: &Topology, room: &Room, level: Level, index: usize) {
        let domain = &topology.domains(level)[index];
        if room.available(domain.members()) == 0 {
            return;
        }
        let cap = self.rules.cap(level);
        match level.finer() {
            Some(finer) if room.of(level, index) < u64::from(cap) => {
                for part in topology.parts(domain) {
                    self.add(topology, room, finer, part);
                }
            }
            _ => self.domains.push(FullDomain { level, name: domain.name().to_owned(), cap }),
        }
    }

    /// What sets the cap of a level.
    fn cause(&self, level: Level) -> String {
        let (rules, cap) = (self.rules, self.rules.cap(level));
        let (min_dist, degradation) = (rules.get_min_dist(), rules.get_degradation());
        if rules.get_at_most(level) == Some(cap) && cap != 1 {
            format!("at_most {level}={cap}")
        } else if rules.get_level() == level && rules.degradation_cap() == Some(cap) {
            format!("degradation {degradation}")
        } else if min_dist.level() == level {
            format!("min_dist {min_dist}")
        } else {
            format!("at_most {level}={cap}")
        }
    }

    /// The domains of one level.
    fn fmt_level(&self, level: Level, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let here = || self.domains.iter().filter(|domain| domain.level == level);
        let (count, cap, cause) = (here().count(), self.rules.cap(level), self.cause(level));
        match count {
            1 => write!(f, "{cap} in 1 {level} by {cause} (")?,
            _ => write!(f, "{cap} in each of {count} {level}s by {cause} (")?,
        }
        for (place, domain) in here().take(SHOWN).enumerate() {
            let comma = if place == 0 { "" } else { ", " };
            let name = if domain.name == "-" { "unnamed" } else { &domain.name };
            write!(f, "{comma}{name}")?;
        }
        match count.saturating_sub(SHOWN) {
            0 => f.write_str(")"),
            more => write!(f, " and {more} more)"),
        }
    }
}

impl fmt::Display for Unsatisfiable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plural = if self.wanted == 1 { "" } else { "s" };
        write!(f, "no base can have {} replica{plural}: ", self.wanted)?;
        if self.domains.is_empty() {
            return f.write_str("no service is available");
        }
        write!(f, "{} is the most", self.capacity)?;
        let is_here = |level: &Level| self.domains.iter().any(|domain| domain.level == *level);
        for level in Level::ALL.into_iter().filter(is_here) {
            f.write_str(", ")?;
            self.fmt_level(level, f)?;
        }
        Ok(())
    }
}

impl Error for Unsatisfiable {}

#[cfg(test)]
mod tests {
    use crate::{Digits, Level, Rules, Service, Shares, Topology};

    fn services(locations: &[String]) -> Topology {
        let service = |(place, location): (usize, &String)| {
            Service::new(format!("a{place}"), location.parse().unwrap())
        };
        Topology::new(locations.iter().enumerate().map(service)).unwrap()
    }

    fn hosts(count: usize) -> Topology {
        services(&(1..=count).map(|host| format!("h{host}.d")).collect::<Vec<_>>())
    }

    #[track_caller]
    fn refusal(topology: &Topology, rules: Rules) -> String {
        Shares::new(topology, Digits::MAX, rules).unwrap_err().to_string()
    }

    fn apart(replicas: u16) -> Rules {
        Rules::new(replicas).unwrap().min_dist("2".parse().unwrap())
    }

    #[test]
    fn the_domains_that_stand_in_the_way_are_named() {
        assert_eq!(
            refusal(&hosts(0), apart(3)),
            "no base can have 3 replicas: no service is available"
        );
        assert_eq!(
            refusal(&hosts(1), apart(3)),
            "no base can have 3 replicas: 1 is the most, 1 in 1 host by min_dist 2 (h1)"
        );
        assert_eq!(
            refusal(&hosts(14), apart(20)),
            "no base can have 20 replicas: 14 is the most, 1 in each of 14 hosts by min_dist 2 \
             (h1, h10, h11, h12, h13, h14, h2, h3, h4, h5, h6, h7 and 2 more)"
        );
    }

    #[test]
    fn the_rule_that_sets_the_cap_is_named() {
        assert_eq!(
            refusal(&hosts(5), apart(5).level(Level::Rack).degradation(1).unwrap()),
            "no base can have 5 replicas: 2 is the most, 2 in 1 rack by degradation 1 (unnamed)"
        );
        assert_eq!(
            refusal(&hosts(2), Rules::new(3).unwrap().at_most(Level::Host, 1).unwrap()),
            "no base can have 3 replicas: 2 is the most, 1 in each of 2 hosts by at_most host=1 \
             (h1, h2)"
        );
    }

    #[test]
    fn domains_of_several_levels_are_told_apart() {
        let locations = ["s1.r1.h1.v", "s1.r1.h2.v", "s1.r1.h3.v", "s2.r1.h1.v", "s2.r1.h1.w"];
        let rules = apart(4).at_most(Level::Site, 2).unwrap();
        assert_eq!(
            refusal(&services(&locations.map(str::to_owned)), rules),
            "no base can have 4 replicas: 3 is the most, 2 in 1 site by at_most site=2 (s1), 1 in \
             1 host by min_dist 2 (s2.r1.h1)"
        );
    }
}
