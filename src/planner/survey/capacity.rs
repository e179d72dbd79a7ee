//! How many replicas the rules let a base place, beside those that it keeps.
//!
//! What the open services of a domain may hold of one base is the least of the
//! domain's cap and what its parts may hold together. A replica that a base keeps
//! takes one from the cap of each domain that it is in, and so changes nothing but
//! the few domains around it: the capacity beside some replicas is that of a base
//! without any, less what those domains lose.
//!
//! # Complexity
//!
//! `O(places)` once, and `O(k * log(k))` for a base that keeps `k` replicas.

use crate::index::Place;
use crate::planner::limits::Limits;

/// The capacity of each domain for one base, by tier and first place.
#[derive(Debug)]
pub(super) struct Capacity<'a> {
    limits: &'a Limits,
    /// Of each tier, what the parts of each domain may hold together; those of the
    /// finest domains are their open services.
    parts: Vec<Vec<u32>>,
    /// The capacity for a base that keeps nothing.
    all: u64,
}

/// What a domain loses to the replicas that a base keeps.
#[derive(Debug, Clone, Copy)]
struct Loss {
    /// A place in it.
    place: Place,
    /// How many replicas the base keeps in it.
    kept: usize,
    /// How much less than its capacity it has.
    lost: u64,
}

impl<'a> Capacity<'a> {
    pub(super) fn new(limits: &'a Limits) -> Self {
        let mut here: Vec<(Place, u32)> = limits.open().map(|place| (place, 1)).collect();
        let mut parts = Vec::with_capacity(limits.tiers().len());
        for tier in limits.tiers() {
            let mut sums = vec![0; limits.places()];
            let mut domains: Vec<(Place, u32)> = Vec::new();
            for (place, capacity) in here {
                let domain = tier.domain(place).expect("an open service has a place");
                if domains.last().is_none_or(|last| last.0 != domain) {
                    domains.push((domain, 0));
                }
                sums[domain.index()] += capacity;
            }
            for (domain, capacity) in &mut domains {
                let cap = u32::try_from(tier.cap).unwrap_or(u32::MAX);
                *capacity = sums[domain.index()].min(cap);
            }
            parts.push(sums);
            here = domains;
        }
        let all = here.iter().map(|&(_, capacity)| u64::from(capacity)).sum();
        Self { limits, parts, all }
    }

    /// The capacity for a base that keeps nothing.
    pub(super) const fn all(&self) -> u64 {
        self.all
    }

    /// The capacity beside some replicas that a base keeps.
    pub(super) fn beside(&self, kept: impl Iterator<Item = Place>) -> u64 {
        let mut losses: Vec<Loss> = kept.map(|place| Loss { place, kept: 1, lost: 0 }).collect();
        losses.sort_unstable_by_key(|loss| loss.place);
        for (tier, parts) in self.limits.tiers().iter().zip(&self.parts) {
            let domain = |loss: &Loss| tier.domain(loss.place).expect("a service has a place");
            let around = |alike: &[Loss]| {
                let place = domain(&alike[0]);
                let kept: usize = alike.iter().map(|loss| loss.kept).sum();
                let lost: u64 = alike.iter().map(|loss| loss.lost).sum();
                let parts = u64::from(parts[place.index()]);
                let [before, now] =
                    [(tier.cap, parts), (tier.cap.saturating_sub(kept), parts - lost)]
                        .map(|(cap, parts)| parts.min(cap as u64));
                Loss { place, kept, lost: before - now }
            };
            losses = losses.chunk_by(|a, b| domain(a) == domain(b)).map(around).collect();
        }
        self.all - losses.iter().map(|loss| loss.lost).sum::<u64>()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::location::Level;
    use crate::rules::Rules;
    use crate::service::Service;
    use crate::topology::Topology;

    const PLACES: usize = 12;

    fn limits(caps: [u16; 3], open: Vec<bool>) -> Limits {
        let service = |n: usize| {
            let location = format!("s{}.r{}.h{}.v{}", n / 6, n / 3 % 2, n / 2 % 2, n % 2);
            Service::new(format!("a{n:02}"), location.parse().unwrap())
        };
        let topology = Topology::new((0..PLACES).map(service)).unwrap();
        let rules = Rules::new(9).unwrap().at_most(Level::Site, caps[0]).unwrap();
        let rules =
            rules.at_most(Level::Rack, caps[1]).unwrap().at_most(Level::Host, caps[2]).unwrap();
        Limits::new(&topology, rules, open)
    }

    /// As many as can be added, by trying every set.
    fn most(limits: &Limits, kept: &[Place]) -> u64 {
        let open: Vec<_> = limits.open().collect();
        let sets = (0..1_u32 << open.len()).filter(|set| {
            let added = open.iter().enumerate().filter(|(at, _)| set >> at & 1 == 1);
            let mut held = kept.to_vec();
            added.map(|(_, &place)| place).all(|place| {
                let fits = limits.lets(&held.iter().copied(), place);
                held.push(place);
                fits
            })
        });
        sets.map(|set| u64::from(set.count_ones())).max().unwrap_or(0)
    }

    proptest! {
        #[test]
        fn it_is_what_can_be_added(
            open in prop::collection::vec(any::<bool>(), PLACES),
            kept in prop::collection::btree_set(0..PLACES, 0..6),
            caps in [1..5_u16, 1..4_u16, 1..3_u16],
        ) {
            let limits = limits(caps, open);
            let kept: Vec<_> = kept.into_iter().map(Place::new).collect();
            let capacity = Capacity::new(&limits);
            prop_assert_eq!(capacity.all(), most(&limits, &[]));
            prop_assert_eq!(capacity.beside(kept.iter().copied()), most(&limits, &kept));
        }
    }
}
