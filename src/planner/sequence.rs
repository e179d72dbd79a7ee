//! The order of the changes of one base, in which no step breaks a rule that
//! the base kept before.
//!
//! A base goes from the services it has, `S`, to those it is to have, `T`. Where one
//! comes and one goes, that is the step. Else each service that comes takes the
//! place of one that goes, or of none, chosen so that the step breaks nothing. A
//! domain's *allowance* is its cap, or what `S` has in it where that is more, so that
//! a base which breaks a rule makes it no worse. A domain is *tight* when the base
//! holds its allowance there. What makes room for a newcomer is
//!
//! 1. if a domain around it is tight: one that goes of the finest such domain, if
//!    possible one that may not stay;
//! 2. else one that may not stay: it is unknown, unavailable or drained;
//! 3. else nothing, if the base lacks replicas;
//! 4. else the first that goes, by id.
//!
//! In 1 such a service exists. `T` keeps the allowance of the tight domain, since it
//! adds to no domain beyond its cap, and it has the newcomer there. If all that the
//! base holds there were in `T`, that would be more than the allowance: so some of it
//! goes. One of the finest tight domain makes room in all of them, which are nested.
//! In 2 to 4 there is room already. That holds whatever was chosen before, so no
//! choice runs into a dead end.
//!
//! What then still goes is taken away last, when all that came are there. A
//! rebalance deletes no copy that a base may need: where a restriction leaves a base
//! with fewer replicas than wanted, it keeps as many as it has, up to that number,
//! and as many that are up. Which of them stay is [`leftover`](super::leftover)'s
//! choice. What a decommission frees always goes.
//!
//! A service that stands twice loses its second entry first: no replica goes with
//! it.

use super::leftover::Leftover;
use super::limits::{Limits, Tier};
use crate::index::{Id, Place};
use crate::mapping::change::RawChange;

/// What puts the changes of bases in order, one base after another.
#[derive(Debug)]
pub(crate) struct Sequencer<'a> {
    limits: &'a Limits,
    replicas: usize,
    /// What the base had, each once, ascending.
    had: Vec<Id>,
    /// What the base has after the steps so far, in any order.
    held: Vec<Id>,
    /// What the base is to have, ascending.
    wanted: Vec<Id>,
    /// What has still to go, ascending.
    going: Vec<Id>,
    /// What is to come, ascending.
    coming: Vec<Id>,
    /// What chooses among what goes at last; `None` when all of it goes.
    leftover: Option<Leftover<'a>>,
    /// What stays beside the services that a base wants.
    pub(crate) beside: Vec<(u16, Id)>,
}

impl<'a> Sequencer<'a> {
    /// `protects` says whether replicas stay that a base may need.
    pub(crate) fn new(limits: &'a Limits, replicas: usize, protects: bool) -> Self {
        Self {
            limits,
            replicas,
            had: Vec::new(),
            held: Vec::new(),
            wanted: Vec::new(),
            going: Vec::new(),
            coming: Vec::new(),
            leftover: protects.then(|| Leftover::new(limits, replicas)),
            beside: Vec::new(),
        }
    }

    /// Adds the changes of a base from the services that it has to those that it
    /// wants. A service is sound when it may stay.
    // The loop over all bases, few of which come here, is faster without it.
    #[inline(never)]
    pub(crate) fn add(
        &mut self,
        base: u16,
        has: &[Id],
        wants: &[Id],
        is_sound: impl Fn(Id) -> bool,
        changes: &mut Vec<RawChange<Id>>,
    ) {
        let mut add = |from, to| changes.push(RawChange { base, from, to });
        self.start(has, wants, |repeated| add(repeated, Id::NONE));
        if let ([from], [to]) = (&self.going[..], &self.coming[..])
            && self.held.len() == has.len()
        {
            return add(*from, *to);
        }
        self.had.clear();
        self.had.extend(&self.held);
        for at in 0..self.coming.len() {
            let comes = self.coming[at];
            let goes = self.choose(comes, &is_sound).map(|at| self.going.remove(at));
            match self.held.iter_mut().find(|held| Some(**held) == goes) {
                Some(held) => *held = comes,
                None => self.held.push(comes),
            }
            add(goes.unwrap_or(Id::NONE), comes);
        }
        if self.going.is_empty() {
            return;
        }
        if let Some(leftover) = &self.leftover {
            let kept = leftover.keep_some(&self.held, &mut self.going, is_sound);
            self.beside.extend(kept.into_iter().map(|id| (base, id)));
        }
        // What is down goes first: a base names it, and so needs more that are up.
        self.going.sort_by_key(|&id| self.limits.is_up(id));
        for &goes in &self.going {
            add(goes, Id::NONE);
        }
    }

    /// Sets the lists of a base, and shows what it has repeatedly.
    fn start(&mut self, has: &[Id], wants: &[Id], mut show: impl FnMut(Id)) {
        for list in [&mut self.held, &mut self.wanted, &mut self.going, &mut self.coming] {
            list.clear();
        }
        self.held.extend(has);
        self.held.sort_unstable();
        self.held.dedup_by(|id, last| {
            let is_repeated = id == last;
            if is_repeated {
                show(*id);
            }
            is_repeated
        });
        self.wanted.extend(wants);
        self.wanted.sort_unstable();
        add_difference(&self.held, &self.wanted, &mut self.going);
        add_difference(&self.wanted, &self.held, &mut self.coming);
    }

    /// Which of those that go makes room for one that comes.
    fn choose(&self, comes: Id, is_sound: impl Fn(Id) -> bool) -> Option<usize> {
        let first = |fits: &dyn Fn(Id) -> bool| self.going.iter().position(|&goes| fits(goes));
        if let Some(tier) = self.finest_tight(comes) {
            let domain = Self::domain(tier, comes);
            let is_near = |goes| Self::domain(tier, goes) == domain;
            let unsound = first(&|goes| is_near(goes) && !is_sound(goes));
            return unsound.or_else(|| first(&is_near));
        }
        first(&|goes| !is_sound(goes)).or_else(|| first(&|_| self.held.len() >= self.replicas))
    }

    /// The finest rule whose domain around a newcomer is tight.
    fn finest_tight(&self, comes: Id) -> Option<&'a Tier> {
        let limits = self.limits;
        limits.by_rule().iter().map(|(_, tier)| tier).find(|tier| {
            let domain = Self::domain(tier, comes);
            let is_near = |&&id: &&Id| Self::domain(tier, id) == domain;
            let count = |ids: &[Id]| ids.iter().filter(is_near).count();
            let held = count(&self.held);
            held >= tier.cap && held >= count(&self.had)
        })
    }

    /// The domain that an id is in: a newcomer is in one, an unknown name in none, as
    /// it comes after all places.
    fn domain(tier: &Tier, id: Id) -> Option<Place> {
        tier.domain(Place::new(id.index()))
    }
}

/// Adds those of some ids that are not among others; both ascend.
fn add_difference(some: &[Id], mut others: &[Id], difference: &mut Vec<Id>) {
    for &id in some {
        while let [other, rest @ ..] = others
            && *other < id
        {
            others = rest;
        }
        if others.first() != Some(&id) {
            difference.push(id);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::collection::btree_set;
    use proptest::prelude::*;

    use super::*;
    use crate::location::Level;
    use crate::rules::Rules;
    use crate::service::Service;
    use crate::topology::Topology;

    /// The steps on services at some locations, which ascend; unknown names come
    /// after them.
    #[track_caller]
    fn steps(
        has: &[usize],
        wants: &[usize],
        (locations, rules): (&[&str], Rules),
        unsound: &[usize],
    ) -> Vec<(Option<usize>, Option<usize>)> {
        assert!(locations.is_sorted(), "so that ids are places in this list");
        let services = locations.iter().enumerate();
        let service = |(n, location): (usize, &&str)| {
            Service::new(format!("a{n}"), location.parse().unwrap())
        };
        let topology = Topology::new(services.map(service)).unwrap();
        let limits = Limits::new(&topology, rules, vec![true; locations.len()]);
        let ids = |list: &[usize]| -> Vec<Id> { list.iter().map(|&id| Id::new(id)).collect() };
        let is_sound = |id: Id| !unsound.contains(&id.index()) && id.index() < locations.len();
        let mut changes = Vec::new();
        Sequencer::new(&limits, rules.replicas().into(), true).add(
            0,
            &ids(has),
            &ids(wants),
            is_sound,
            &mut changes,
        );
        let shown = |id: Id| id.is_some().then_some(id.index());
        changes.iter().map(|change| (shown(change.from), shown(change.to))).collect()
    }

    const APART: [&str; 5] = ["h0.v", "h1.v", "h2.v", "h3.v", "h4.v"];

    fn three() -> (&'static [&'static str], Rules) {
        (&APART, Rules::new(3).unwrap())
    }

    #[test]
    fn a_service_that_stands_twice_loses_its_second_entry_first() {
        let wanted = [(Some(0), None), (None, Some(2)), (Some(1), Some(3))];
        assert_eq!(steps(&[0, 1, 0], &[0, 2, 3], three(), &[]), wanted);
    }

    #[test]
    fn a_base_that_lacks_replicas_is_filled_before_a_sound_one_goes() {
        let wanted = [(Some(0), Some(2)), (None, Some(3)), (Some(1), Some(4))];
        assert_eq!(steps(&[0, 1], &[2, 3, 4], three(), &[0]), wanted);
    }

    #[test]
    fn a_full_domain_gives_up_one_of_its_own() {
        let rules = Rules::new(3).unwrap().at_most(Level::Site, 2).unwrap();
        let locations: &[&str] = &["s0.r.h.a", "s0.r.h.b", "s0.r.h.c", "s1.r.h.a", "s1.r.h.b"];
        let wanted = [(Some(0), Some(2)), (Some(1), Some(4))];
        assert_eq!(steps(&[0, 1, 3], &[2, 3, 4], (locations, rules), &[]), wanted);
    }

    #[test]
    fn a_rule_that_is_broken_gets_no_worse_and_one_that_is_kept_stays_so() {
        // Three on one rack, where one is too many; on two hosts at least.
        let rules =
            Rules::new(4).unwrap().at_most(Level::Rack, 2).unwrap().min_dist("2".parse().unwrap());
        let locations: &[&str] =
            &["s.r0.h0.v", "s.r0.h1.v", "s.r0.h2.v", "s.r0.h2.w", "s.r1.h0.v", "s.r1.h1.v"];
        // 3 is on 2's host, so it takes its place, whatever else goes.
        let wanted = [(Some(2), Some(3)), (Some(0), Some(5))];
        assert_eq!(steps(&[0, 1, 2, 4], &[1, 3, 4, 5], (locations, rules), &[]), wanted);
    }

    /// Two sites of as many racks and hosts, two volumes each; names that no service
    /// has come after them.
    const SERVICES: usize = 16;
    /// The services from this one on are down.
    const DOWN: usize = 13;

    fn sixteen(rules: Rules) -> Limits {
        let service = |n: usize| {
            let [site, rack, host, volume] = [3, 2, 1, 0].map(|bit| n >> bit & 1);
            let location = format!("s{site}.r{rack}.h{host}.v{volume}");
            Service::new(format!("a{n:02}"), location.parse().unwrap()).with_up(n < DOWN)
        };
        let topology = Topology::new((0..SERVICES).map(service)).unwrap();
        Limits::new(&topology, rules, vec![true; SERVICES])
    }

    fn rules() -> impl Strategy<Value = Rules> {
        let cap = || prop::option::of(1..4_u16);
        (1..6_u16, 1..3_u8, 0..2_u16, [cap(), cap(), cap()]).prop_map(
            |(replicas, min_dist, degradation, caps)| {
                let rules = Rules::new(replicas).unwrap().min_dist(min_dist.try_into().unwrap());
                let rules = rules.level(Level::Rack);
                let rules = rules.degradation(degradation).unwrap_or(rules);
                Level::ALL.into_iter().zip(caps).fold(rules, |rules, (level, cap)| match cap {
                    Some(cap) => rules.at_most(level, cap).unwrap(),
                    None => rules,
                })
            },
        )
    }

    fn is_known(id: Id) -> bool {
        id.index() < SERVICES
    }

    fn is_up(id: Id) -> bool {
        id.index() < DOWN
    }

    /// Whether a base that had some services has more in a domain than a rule lets
    /// it, and than it had there.
    fn is_worse(limits: &Limits, had: &BTreeSet<Id>, held: &BTreeSet<Id>) -> bool {
        let places = |ids: &BTreeSet<Id>| -> Vec<Place> {
            ids.iter().filter(|id| is_known(**id)).map(|id| Place::new(id.index())).collect()
        };
        let (had, held) = (places(had), places(held));
        limits.by_rule().iter().any(|(_, tier)| {
            let count = |ids: &[Place], around| tier.count(ids.iter().copied(), around);
            held.iter().any(|&place| count(&held, place) > tier.cap.max(count(&had, place)))
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2048))]
        #[test]
        fn no_step_breaks_a_rule_or_takes_what_a_base_needs(
            rules in rules(),
            had in btree_set(0..SERVICES + 3, 0..6),
            stay in btree_set(0..SERVICES + 3, 0..8),
            come in prop::sample::subsequence((0..DOWN).collect::<Vec<_>>(), 0..6).prop_shuffle(),
            unsound in btree_set(0..SERVICES, 0..8),
            protects in any::<bool>(),
        ) {
            let (limits, replicas) = (sixteen(rules), usize::from(rules.replicas()));
            let had: BTreeSet<_> = had.into_iter().map(Id::new).collect();
            let stay: BTreeSet<_> = stay.into_iter().map(Id::new).collect();
            let mut wants: BTreeSet<_> = had.intersection(&stay).copied().collect();
            for id in come.into_iter().map(Id::new).filter(|id| !had.contains(id)) {
                let places: Vec<_> = wants.iter().filter(|id| is_known(**id)).map(|id| Place::new(id.index())).collect();
                if wants.len() < replicas && limits.lets(&places.into_iter(), Place::new(id.index())) {
                    wants.insert(id);
                }
            }
            let is_sound = |id: Id| wants.contains(&id) || is_up(id) && !unsound.contains(&id.index());
            let list = |ids: &BTreeSet<Id>| ids.iter().rev().copied().collect::<Vec<_>>();
            let mut changes = Vec::new();
            let mut sequencer = Sequencer::new(&limits, replicas, protects);
            sequencer.add(7, &list(&had), &list(&wants), is_sound, &mut changes);
            let up = |ids: &BTreeSet<Id>| ids.iter().filter(|id| is_up(**id)).count();
            let mut held = had.clone();
            for change in &changes {
                prop_assert!(change.base == 7 && (change.from.is_none() || held.remove(&change.from)));
                prop_assert!(change.to.is_none() || held.insert(change.to));
                prop_assert!(!is_worse(&limits, &had, &held), "{:?}", changes);
                if protects {
                    prop_assert!(held.len() >= had.len().min(replicas));
                    prop_assert!(up(&held) >= up(&had).min(replicas));
                }
            }
            prop_assert!(held.is_superset(&wants) && (protects || held == wants));
            let moves = changes.iter().filter(|change| change.to.is_some()).count();
            prop_assert_eq!(moves, wants.difference(&had).count());
        }
    }
}
