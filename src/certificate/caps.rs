//! The caps of the rules, over places, and the services that one base takes.

use crate::index::Place;
use crate::location::Level;
use crate::rules::Rules;
use crate::topology::Topology;

/// The caps that bind, of the finest level first: of each level the cap, and the
/// domain of each place.
#[derive(Debug)]
pub(super) struct Caps(Vec<(usize, Vec<u16>)>);

impl Caps {
    /// A cap binds where it is below the replicas and below that of each coarser
    /// level; volumes hold one replica, and so does the first of these levels.
    pub(super) fn new(topology: &Topology, rules: Rules) -> Self {
        let mut caps = Vec::new();
        let mut least = usize::MAX;
        for level in Level::ALL {
            let cap = rules.cap(level);
            let binds = cap < rules.replicas() || level == Level::Volume;
            if binds && usize::from(cap) < least {
                least = cap.into();
                caps.push((least, domains(topology, level)));
            }
        }
        caps.reverse();
        Self(caps)
    }

    /// The domain that holds one replica of a base at most and that a place is in.
    pub(super) fn exclusive_domain(&self, place: Place) -> u16 {
        self.0[0].1[place.index()]
    }

    /// Whether a base with some services may have one more.
    #[inline]
    pub(super) fn let_in(&self, held: &[Place], place: Place) -> bool {
        self.0.iter().all(|(cap, domain)| {
            let here = domain[place.index()];
            held.iter().filter(|other| domain[other.index()] == here).count() < *cap
        })
    }
}

/// The number of the domain of each place.
fn domains(topology: &Topology, level: Level) -> Vec<u16> {
    let mut domains = Vec::with_capacity(topology.services().len());
    for (number, domain) in (0..=u16::MAX).zip(topology.domains(level)) {
        domains.resize(domain.members().end, number);
    }
    domains
}
