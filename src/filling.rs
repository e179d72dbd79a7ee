//! Water filling: what each service holds when all get as much as the caps let them.
//!
//! # The problem
//!
//! `B` bases want `R` replicas each. A *unit* is a domain of the rules' level
//! with an available service. The rules cap what a domain of each level may hold
//! of one base, and with that what any set of services may hold. Among the loads
//! that these caps let through, the share is the max-min fair one: first between
//! units, then between the services of a unit.
//!
//! # How
//!
//! Water filling in a tree. Let the water stand at `w`. A leaf holds as much as
//! the water is high, up to its capacity; a domain `X` above it holds what its
//! parts hold together, up to `B * cap(X)`:
//!
//! ```text
//! f_leaf(w) = min(w, capacity)        f_X(w) = min(B * cap(X), sum of f_part(w))
//! ```
//!
//! 1. [`Filling::rise`] finds, finest domains first, the water at which each
//!    domain is full: from there on none of its leaves rises. What a domain says
//!    to the one above is a list of [`Stop`]s, ascending by water: so many leaves
//!    stop rising, with so many replicas in them.
//! 2. The root holds a given amount, which gives its water.
//! 3. [`Filling::settle`] goes down again: a leaf holds as much as the lowest
//!    water on its path, since a full domain keeps its leaves where they were when
//!    it filled up.
//!
//! That is done twice: from all of the cluster down to the units, whose capacity
//! is `B` times what one base may have there, with an amount of `B * R`; and from
//! each unit down to its services, of capacity `B`, with what the unit holds.
//!
//! # Why that is the fair share
//!
//! What a base may hold of a set of leaves, times `B`, is the rank function of a
//! polymatroid, as the caps are those of a laminar family. On the base polytope
//! of a polymatroid the lexicographically largest sorted vector is unique, and found
//! by raising all coordinates together, freezing those that a tight set holds
//! (Megiddo 1974; Fujishige 1980). With nested sets the tight ones are the domains
//! that are full, which is what step 1 finds. The units' sums settle all caps above
//! services of different units, so the second part is one such problem for each unit.
//!
//! # Complexity
//!
//! `O(services * log(services))`.
//!
//! # Why nothing overflows
//!
//! There are fewer than `2^16` services, at most `2^16` bases, and fewer than `2^16`
//! replicas of each, so that amounts are whole numbers below `2^32`. The water at
//! which a domain is full is such an amount over a number of leaves: what has stopped
//! below it are full domains and leaves, which hold whole numbers. In the first part
//! water is therefore below `2^32 / 2^16`, in terms. What a unit holds has such terms,
//! and the second part divides it by a number of leaves once more: its numerators
//! and denominators are below `2^32`, and an amount times a denominator of the first
//! part is below `2^48`, in 64 bits. Products of three are taken in 128 bits.

use std::cmp::Ordering;
use std::ops::Range;

use crate::location::Level;
use crate::prefix::Digits;
use crate::ratio::Ratio;
use crate::room::Room;
use crate::rules::Rules;
use crate::topology::{Domain, Topology};

/// The share of every service.
pub(crate) fn pour(topology: &Topology, digits: Digits, rules: Rules, room: &Room) -> Vec<Ratio> {
    let level = rules.get_level();
    let mut unit_holds = vec![Water::whole(0); topology.domains(level).len()];
    let mut filling = Filling::new(topology, digits, rules, room, Leaves::Domains(level));
    let sites = 0..topology.domains(Level::Site).len();
    filling.rise_all(Level::Site, sites.clone());
    let total = digits.count() as u64 * u64::from(rules.replicas());
    let water = filling.fill(0, Water::whole(total)).map(|filled| filled.0);
    filling.settle(Level::Site, sites, water, &mut |unit, holds| unit_holds[unit] = holds);

    let mut shares = vec![Ratio::ZERO; topology.services().len()];
    // Services mostly hold what the one before them holds.
    let mut last = (Water::whole(0), Ratio::ZERO);
    let mut say = |service: usize, holds: Water| {
        if last.0.cmp(holds).is_ne() {
            last = (holds, holds.ratio());
        }
        shares[service] = last.1;
    };
    filling.leaves = Leaves::Services;
    for (unit, holds) in topology.domains(level).iter().zip(unit_holds) {
        filling.divide(unit, holds, &mut say);
    }
    shares
}

/// How high water stands: a fraction.
#[derive(Debug, Clone, Copy)]
struct Water {
    numerator: u64,
    denominator: u64,
}

impl Water {
    const fn whole(numerator: u64) -> Self {
        Self { numerator, denominator: 1 }
    }

    fn cmp(self, other: Self) -> Ordering {
        if self.denominator == other.denominator {
            return self.numerator.cmp(&other.numerator);
        }
        let product = |a: u64, b: u64| u128::from(a) * u128::from(b);
        product(self.numerator, other.denominator).cmp(&product(other.numerator, self.denominator))
    }

    fn min(self, other: Self) -> Self {
        if self.cmp(other).is_le() { self } else { other }
    }

    fn ratio(self) -> Ratio {
        Ratio::new(self.numerator, self.denominator).over(1)
    }
}

/// Leaves that rise no further: how many, from which water on, and how many
/// replicas they hold then.
#[derive(Debug, Clone, Copy)]
struct Stop {
    at: Water,
    leaves: u64,
    amount: u64,
}

/// What the leaves of a filling are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Leaves {
    /// The domains of this level, each with room for what one base may have there.
    Domains(Level),
    /// The services.
    Services,
}

/// A filling of a tree of domains: from the cluster down to the units, then from each
/// unit down to its services. No level above the leaves is in both.
#[derive(Debug)]
struct Filling<'a> {
    topology: &'a Topology,
    bases: u64,
    /// The most replicas that a domain of each level holds of all bases.
    caps: [u64; 4],
    room: &'a Room,
    leaves: Leaves,
    /// The water at which each domain above the leaves is full, if it ever is; empty
    /// where none of a level is.
    full_at: [Vec<Option<Water>>; 4],
    /// The stops of the domain at hand, after those of the domains before it.
    stops: Vec<Stop>,
}

impl<'a> Filling<'a> {
    fn new(
        topology: &'a Topology,
        digits: Digits,
        rules: Rules,
        room: &'a Room,
        leaves: Leaves,
    ) -> Self {
        let full_at = [const { Vec::new() }; 4];
        let bases = digits.count() as u64;
        let caps = Level::ALL.map(|level| bases * u64::from(rules.cap(level)));
        Self { topology, bases, caps, room, leaves, full_at, stops: Vec::new() }
    }

    /// Adds the stops of some domains of a level.
    fn rise_all(&mut self, level: Level, domains: Range<usize>) {
        let start = self.stops.len();
        for domain in domains {
            self.rise(level, domain, start);
        }
        let by_water = |a: &Stop, b: &Stop| a.at.cmp(b.at);
        if !self.stops[start..].is_sorted_by(|a, b| by_water(a, b).is_le()) {
            self.stops[start..].sort_by(by_water);
        }
    }

    /// Adds the stops of a domain, to those of its siblings from `start` on.
    fn rise(&mut self, level: Level, domain: usize, start: usize) {
        let room = self.room.of(level, domain);
        if room == 0 {
            return;
        }
        if self.leaves == Leaves::Domains(level) {
            let capacity = self.bases * room;
            return self.stop(Water::whole(capacity), 1, capacity, start);
        }
        let here = self.stops.len();
        let domain_at = &self.topology.domains(level)[domain];
        if let Some(finer) = level.finer() {
            self.rise_all(finer, self.topology.parts(domain_at));
        } else {
            let leaves = self.room.available(domain_at.members());
            self.stop(Water::whole(self.bases), leaves, self.bases * leaves, here);
        }
        let cap = self.caps[level.index()];
        let binds = self.stops[here..].iter().map(|stop| stop.amount).sum::<u64>() > cap;
        if binds && let Some((water, kept, last)) = self.fill(here, Water::whole(cap)) {
            let full_at = &mut self.full_at[level.index()];
            full_at.resize(self.topology.domains(level).len(), None);
            full_at[domain] = Some(water);
            self.stops.truncate(kept);
            self.stop(water, last.leaves, last.amount, here);
        }
        // Equal stops of siblings are one.
        if here > start && self.stops.len() == here + 1 {
            let Stop { at, leaves, amount } = self.stops[here];
            self.stops.truncate(here);
            self.stop(at, leaves, amount, start);
        }
    }

    /// Adds a stop, to the last one from `start` on if that is at the same water.
    fn stop(&mut self, at: Water, leaves: u64, amount: u64, start: usize) {
        match self.stops[start..].last_mut() {
            Some(last) if last.at.cmp(at).is_eq() => {
                last.leaves += leaves;
                last.amount += amount;
            }
            _ => self.stops.push(Stop { at, leaves, amount }),
        }
    }

    /// The water at which the stops from `start` on hold an amount; with it, the
    /// place of the first stop that is not below, and one stop for all the leaves
    /// that still rise, were the water to stay. `None` when they never hold so much.
    fn fill(&self, start: usize, amount: Water) -> Option<(Water, usize, Stop)> {
        let mut rising: u64 = self.stops[start..].iter().map(|stop| stop.leaves).sum();
        let Water { numerator, denominator } = amount;
        let mut left = numerator;
        for (place, stop) in self.stops.iter().enumerate().skip(start) {
            // stop.at * rising >= left / denominator
            let held = u128::from(stop.at.numerator) * u128::from(rising) * u128::from(denominator);
            if held >= u128::from(left) * u128::from(stop.at.denominator) {
                let at = Water { numerator: left, denominator: denominator * rising };
                return Some((at, place, Stop { at, leaves: rising, amount: left }));
            }
            rising -= stop.leaves;
            left -= stop.amount * denominator;
        }
        None
    }

    /// Says what each leaf below some domains of a level holds, when the water
    /// above them stands at a height; `None` is above all.
    fn settle(
        &self,
        level: Level,
        domains: Range<usize>,
        above: Option<Water>,
        say: &mut impl FnMut(usize, Water),
    ) {
        for domain in domains {
            let room = self.room.of(level, domain);
            if room == 0 {
                continue;
            }
            let lowest = |own: Water| above.map_or(own, |above| above.min(own));
            if self.leaves == Leaves::Domains(level) {
                say(domain, lowest(Water::whole(self.bases * room)));
                continue;
            }
            let full_at = self.full_at[level.index()].get(domain).copied().flatten();
            let water = full_at.map(lowest).or(above);
            let here = &self.topology.domains(level)[domain];
            match level.finer() {
                Some(finer) => self.settle(finer, self.topology.parts(here), water, say),
                None => self.settle_services(here.members(), water, say),
            }
        }
    }

    /// Says what each available service of a unit holds of what the unit holds.
    fn divide(&mut self, unit: &Domain, holds: Water, say: &mut impl FnMut(usize, Water)) {
        let leaves = self.room.available(unit.members());
        let finer = unit.level().finer();
        let Some(finer) = finer.filter(|_| self.room.of_parts(self.topology, unit) < leaves) else {
            // No cap within the unit binds: all services stand alike.
            let Water { numerator, denominator } = holds;
            let water = Water { numerator, denominator: denominator * leaves.max(1) };
            return self.settle_services(unit.members(), Some(water), say);
        };
        let parts = self.topology.parts(unit);
        self.stops.clear();
        self.rise_all(finer, parts.clone());
        let water = self.fill(0, holds).map(|filled| filled.0);
        self.settle(finer, parts, water, say);
    }

    fn settle_services(
        &self,
        places: Range<usize>,
        above: Option<Water>,
        say: &mut impl FnMut(usize, Water),
    ) {
        let all = Water::whole(self.bases);
        let water = above.map_or(all, |above| above.min(all));
        for &service in &self.topology.by_location()[places] {
            if self.topology.services()[service.index()].is_available() {
                say(service.index(), water);
            }
        }
    }
}
