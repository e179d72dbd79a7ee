//! What the rules let a base hold, over places.
//!
//! In location order the services of a domain are an interval of places, whatever
//! its level, so all caps have one shape: no interval of some kind may hold more
//! than its cap. Two sets of kinds are kept. The solver asks for those that bind:
//! a cap that a coarser level implies says nothing more, so that the caps left
//! ascend with the domains. The order of changes asks for each rule by itself,
//! since a base that breaks one rule may still keep another.

use std::cmp::Reverse;

use crate::index::{Id, Place};
use crate::location::Level;
use crate::rules::Rules;
use crate::topology::Topology;

/// The domains of one level, as intervals of places, and their cap.
#[derive(Debug, Clone)]
pub(crate) struct Tier {
    /// The most replicas of a base that a domain may hold.
    pub(crate) cap: usize,
    /// The domain of each place: its first place, which also names it, and the place
    /// after its last.
    intervals: Vec<(Place, u16)>,
}

impl Tier {
    fn new(topology: &Topology, level: Level, cap: u16) -> Self {
        let places = topology.services().len();
        let mut intervals = Vec::with_capacity(places);
        for domain in topology.domains(level) {
            let members = domain.members();
            let end = u16::try_from(members.end).expect("at most 65,535 places");
            intervals.resize(members.end, (Place::new(members.start), end));
        }
        Self { cap: cap.into(), intervals }
    }

    /// The first place of the domain of a place, which names the domain; `None`
    /// where no service is.
    #[inline]
    pub(crate) fn domain(&self, place: Place) -> Option<Place> {
        self.intervals.get(place.index()).map(|&(first, _)| first)
    }

    /// The places of the domain of a place: the first, and the one after the last.
    #[inline]
    pub(crate) fn interval(&self, place: Place) -> (Place, u16) {
        self.intervals[place.index()]
    }

    /// How many of some places are in the domain of another.
    #[inline]
    pub(crate) fn count(&self, places: impl Iterator<Item = Place>, around: Place) -> usize {
        let domain = self.domain(around);
        places.filter(|&place| self.domain(place) == domain).count()
    }

    /// Whether none of some places is in the domain of another.
    #[inline]
    fn is_apart(&self, mut places: impl Iterator<Item = Place>, around: Place) -> bool {
        let domain = self.domain(around);
        places.all(|place| self.domain(place) != domain)
    }
}

/// A rule that caps what a domain may hold, as a check counts them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rule {
    MinDist,
    Degradation,
    AtMost,
}

/// What the rules say of the services of one base, by place.
#[derive(Debug, Clone)]
pub(crate) struct Limits {
    /// The caps that bind: finest domains first, caps ascending from 1. A domain
    /// of a tier is within one of the next.
    tiers: Vec<Tier>,
    /// The caps of every rule, finest domains first.
    by_rule: Vec<(Rule, Tier)>,
    /// Whether a service may be given anything.
    open: Vec<bool>,
    /// Whether a service is up.
    up: Vec<bool>,
}

impl Limits {
    /// The limits of services of which some are open, by place.
    pub(crate) fn new(topology: &Topology, rules: Rules, open: Vec<bool>) -> Self {
        let mut tiers: Vec<Tier> = Vec::new();
        let mut least = usize::MAX;
        for level in Level::ALL {
            let cap = rules.cap(level);
            let binds = cap < rules.replicas() || level == Level::Volume;
            if binds && usize::from(cap) < least {
                least = cap.into();
                tiers.push(Tier::new(topology, level, cap));
            }
        }
        tiers.reverse();
        let apart = (Rule::MinDist, rules.get_min_dist().level(), 1);
        let degradation = rules.degradation_cap();
        let degradation = degradation.map(|cap| (Rule::Degradation, rules.get_level(), cap));
        let at_most = Level::ALL.into_iter();
        let at_most = at_most.filter_map(|l| Some((Rule::AtMost, l, rules.at_most_cap(l)?)));
        let all = std::iter::once(apart).chain(degradation).chain(at_most);
        let mut binding: Vec<_> =
            all.filter(|&(_, _, cap)| cap < rules.replicas() || cap == 1).collect();
        binding.sort_by_key(|&(_, level, _)| Reverse(level));
        let tier = |(rule, level, cap)| (rule, Tier::new(topology, level, cap));
        let services = topology.by_location().iter();
        let up = services.map(|service| topology.services()[service.index()].is_up()).collect();
        Self { tiers, by_rule: binding.into_iter().map(tier).collect(), open, up }
    }

    /// No caps, where only what is open counts. There is no [`Limits::exclusive`], and
    /// nobody is up.
    pub(crate) const fn opened(open: Vec<bool>) -> Self {
        Self { tiers: Vec::new(), by_rule: Vec::new(), open, up: Vec::new() }
    }

    /// Whether an id is a service that is up; a name that no service has is not.
    pub(crate) fn is_up(&self, id: Id) -> bool {
        self.up.get(id.index()).copied().unwrap_or(false)
    }

    /// How many places there are.
    pub(crate) const fn places(&self) -> usize {
        self.open.len()
    }

    /// The caps that bind, finest domains first; the first cap is 1.
    #[inline]
    pub(crate) fn tiers(&self) -> &[Tier] {
        &self.tiers
    }

    /// The domains that hold one replica of a base at most, the coarsest such.
    #[inline]
    pub(crate) fn exclusive(&self) -> &Tier {
        &self.tiers[0]
    }

    /// The caps that bind beyond [`Limits::exclusive`].
    #[inline]
    pub(crate) fn wider(&self) -> &[Tier] {
        &self.tiers[1..]
    }

    /// The caps of every rule, finest domains first.
    pub(crate) fn by_rule(&self) -> &[(Rule, Tier)] {
        &self.by_rule
    }

    /// Whether a service may be given anything.
    #[inline]
    pub(crate) fn is_open(&self, place: Place) -> bool {
        self.open[place.index()]
    }

    /// Whether each place may be given anything.
    pub(crate) fn open_flags(&self) -> &[bool] {
        &self.open
    }

    /// The places that may be given something, ascending.
    pub(crate) fn open(&self) -> impl Iterator<Item = Place> + Clone {
        Place::all(self.places()).filter(|&place| self.is_open(place))
    }

    /// Whether a base with some services may have one more.
    #[inline]
    pub(crate) fn lets(
        &self,
        others: &(impl Iterator<Item = Place> + Clone),
        place: Place,
    ) -> bool {
        // Mostly there is one tier, and the first that is too close tells.
        let Some((exclusive, wider)) = self.tiers.split_first() else { return true };
        exclusive.cap > 0
            && exclusive.is_apart(others.clone(), place)
            && wider.iter().all(|tier| tier.count(others.clone(), place) < tier.cap)
    }
}

/// How many intervals are few: to look at each takes no longer than to search.
const FEW: usize = 8;

/// The domains of which a base can't have another replica, as intervals of
/// places. Each holds its cap or more, and there are at most as many intervals as
/// the base has replicas. None is within another; where the base breaks a cap of 1,
/// one may stand twice.
#[derive(Debug, Default)]
pub(crate) struct Blocked {
    /// The first place of each, and the place after the last.
    intervals: Vec<(Place, u16)>,
    held: Vec<Place>,
}

impl Blocked {
    /// Blocks what is full by the services that a base holds.
    pub(crate) fn fill(&mut self, held: impl Iterator<Item = Place>, limits: &Limits) {
        self.intervals.clear();
        if limits.wider().is_empty() {
            let exclusive = limits.exclusive();
            self.intervals.extend(held.map(|place| exclusive.interval(place)));
        } else {
            self.fill_by_tiers(held, limits);
        }
        if self.intervals.len() > FEW {
            self.intervals.sort_unstable();
        }
    }

    fn fill_by_tiers(&mut self, held: impl Iterator<Item = Place>, limits: &Limits) {
        self.held.clear();
        self.held.extend(held);
        self.held.sort_unstable();
        for tier in limits.tiers().iter().rev() {
            for alike in self.held.chunk_by(|a, b| tier.domain(*a) == tier.domain(*b)) {
                if alike.len() >= tier.cap && self.find(alike[0]).is_none() {
                    self.intervals.push(tier.interval(alike[0]));
                }
            }
        }
    }

    /// Where the full domain that a place is in ends, if it is in one.
    #[inline]
    pub(crate) fn around(&self, place: Place) -> Option<u16> {
        if self.intervals.len() <= FEW {
            return self.find(place);
        }
        // They ascend, and none is within another: the last that begins no later
        // than a place is the one that it may be in.
        let before = self.intervals.partition_point(|(first, _)| *first <= place);
        let (_, end) = self.intervals[before.checked_sub(1)?];
        (place.index() < usize::from(end)).then_some(end)
    }

    /// The same, by a look at each.
    #[inline]
    fn find(&self, place: Place) -> Option<u16> {
        let is_in =
            |(first, end): &&(Place, u16)| *first <= place && place.index() < usize::from(*end);
        self.intervals.iter().find(is_in).map(|(_, end)| *end)
    }

    #[inline]
    pub(crate) fn lets(&self, place: Place) -> bool {
        self.around(place).is_none()
    }

    /// The full domains, ascending by where they begin.
    pub(crate) fn ascending(&mut self) -> &[(Place, u16)] {
        self.intervals.sort_unstable();
        &self.intervals
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::service::Service;

    /// Twelve services on two sites of two racks of three hosts.
    fn cluster() -> Topology {
        let service = |n: usize| {
            let location = format!("s{}.r{}.h{}.v", n / 6, n / 3 % 2, n % 3);
            Service::new(format!("a{n:02}"), location.parse().unwrap())
        };
        Topology::new((0..12).map(service)).unwrap()
    }

    fn limits(rules: Rules) -> Limits {
        Limits::new(&cluster(), rules, vec![true; 12])
    }

    #[test]
    fn a_cap_that_a_coarser_one_implies_is_no_tier() {
        let caps = |rules: Rules| -> Vec<usize> {
            limits(rules).tiers().iter().map(|tier| tier.cap).collect()
        };
        let rules = Rules::new(5).unwrap();
        assert_eq!(caps(rules), [1]);
        assert_eq!(
            caps(rules.at_most(Level::Site, 3).unwrap().at_most(Level::Rack, 3).unwrap()),
            [1, 3]
        );
        assert_eq!(
            caps(rules.at_most(Level::Site, 3).unwrap().at_most(Level::Rack, 2).unwrap()),
            [1, 2, 3]
        );
        assert_eq!(
            caps(rules.at_most(Level::Site, 1).unwrap().at_most(Level::Host, 2).unwrap()),
            [1]
        );
        assert_eq!(caps(rules.at_most(Level::Site, 5).unwrap()), [1]);
        assert_eq!(caps(Rules::new(1).unwrap()), [1]);
    }

    proptest! {
        #[test]
        fn what_is_blocked_is_what_one_more_replica_would_overfill(
            held in prop::collection::btree_set(0..12_usize, 0..6),
            caps in [1..4_u16, 1..4_u16, 1..4_u16],
        ) {
            let rules = Rules::new(6).unwrap().at_most(Level::Site, caps[0]).unwrap();
            let rules = rules.at_most(Level::Rack, caps[1]).unwrap().at_most(Level::Host, caps[2]).unwrap();
            let limits = limits(rules);
            let held: Vec<_> = held.into_iter().map(Place::new).collect();
            let mut blocked = Blocked::default();
            blocked.fill(held.iter().copied(), &limits);
            prop_assert!(blocked.intervals.len() <= held.len());
            for place in Place::all(12) {
                let topology = cluster();
                let location = |place: Place| {
                    let service = topology.by_location()[place.index()];
                    topology.services()[service.index()].location().clone()
                };
                let fits = Level::ALL.into_iter().all(|level| {
                    let near = |other: &&Place| location(**other).shares(&location(place), level);
                    held.iter().filter(near).count() < usize::from(rules.cap(level))
                });
                prop_assert_eq!(blocked.lets(place), fits, "{:?}", place);
                prop_assert_eq!(limits.lets(&held.iter().copied(), place), fits);
            }
        }
    }
}
