//! Room: the most replicas of one base that each domain may hold.
//!
//! That is the least of the domain's cap and of what its parts may hold together,
//! where an available service holds one. What the sites may hold together is the most
//! that a base can have.

use std::ops::Range;

use crate::location::Level;
use crate::rules::Rules;
use crate::topology::{Domain, Topology};

/// The most replicas of one base that each domain may hold.
#[derive(Debug)]
pub(crate) struct Room {
    /// By level and domain.
    domains: [Vec<u64>; 4],
    /// How many services are available before each place, and in all.
    available: Vec<u64>,
}

impl Room {
    pub(crate) fn new(topology: &Topology, rules: Rules) -> Self {
        let mut before = 0;
        let mut available = Vec::with_capacity(topology.services().len() + 1);
        available.push(before);
        for service in topology.by_location() {
            before += u64::from(topology.services()[service.index()].is_available());
            available.push(before);
        }
        let mut room = Self { domains: [const { Vec::new() }; 4], available };
        for level in Level::ALL.into_iter().rev() {
            let cap = u64::from(rules.cap(level));
            let here = topology.domains(level).iter();
            let here = here.map(|domain| cap.min(room.of_parts(topology, domain))).collect();
            room.domains[level.index()] = here;
        }
        room
    }

    /// The most of a domain.
    pub(crate) fn of(&self, level: Level, domain: usize) -> u64 {
        self.domains[level.index()][domain]
    }

    /// The most of the parts of a domain, or of its services.
    pub(crate) fn of_parts(&self, topology: &Topology, domain: &Domain) -> u64 {
        match domain.level().finer() {
            Some(finer) => self.domains[finer.index()][topology.parts(domain)].iter().sum(),
            None => self.available(domain.members()),
        }
    }

    /// The most of the cluster.
    pub(crate) fn of_all(&self) -> u64 {
        self.domains[Level::Site.index()].iter().sum()
    }

    /// How many services in some places are available.
    pub(crate) fn available(&self, places: Range<usize>) -> u64 {
        self.available[places.end] - self.available[places.start]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::service::Service;

    #[test]
    fn a_domain_has_the_room_of_its_parts_up_to_its_cap() {
        let locations = ["s1.r1.h1.v1", "s1.r1.h1.v1", "s1.r1.h2.v1", "s1.r2.h1.v1", "s2.r1.h1.v1"];
        let service = |(n, location): (usize, &&str)| {
            Service::new(format!("a{n}"), location.parse().unwrap())
        };
        let services = locations.iter().enumerate().map(service);
        let topology = Topology::new(services).unwrap();
        let room = Room::new(&topology, Rules::new(5).unwrap().at_most(Level::Rack, 1).unwrap());
        let of = |level: Level| -> Vec<u64> {
            (0..topology.domains(level).len()).map(|domain| room.of(level, domain)).collect()
        };
        assert_eq!(Level::ALL.map(of), [vec![2, 1], vec![1; 3], vec![1; 4], vec![1; 4]]);
        assert_eq!((room.of_all(), room.available(0..5), room.available(1..3)), (3, 5, 2));
    }
}
