//! What goes without a newcomer in its place: which of it is taken away at last.
//!
//! Without restrictions all of it goes. Where a restriction left no place for
//! others, a base keeps as many replicas as it had, up to the number wanted, and as
//! many that are up: a copy of score 0 is a copy, one that is down may come back, and
//! an unknown name may be the last one. Those that are left over then stay beside the services that a base is
//! to have, and should break few rules.
//!
//! # How
//!
//! The rules that may cap a domain are three: the distance, the degradation, and
//! what is said outright. For each set of them that may be broken, the others make
//! the sets of services that a base may have a laminar matroid, in which greed finds
//! the cheapest leftovers: available ones first, which break nothing by
//! themselves, then unavailable ones that are up, then those that are down, then unknown
//! names. Of the eight outcomes the
//! one is taken that breaks the fewest rules, each unavailable or unknown replica
//! counted as one more. That is exact: the best choice breaks some set of rules, and
//! for that set greed breaks no other rule and keeps as few of such replicas.

use super::limits::{Limits, Rule};
use crate::index::{Id, Place};

const RULES: [Rule; 3] = [Rule::MinDist, Rule::Degradation, Rule::AtMost];

/// What chooses, one base after another.
#[derive(Debug)]
pub(super) struct Leftover<'a> {
    limits: &'a Limits,
    replicas: usize,
}

impl<'a> Leftover<'a> {
    pub(super) const fn new(limits: &'a Limits, replicas: usize) -> Self {
        Self { limits, replicas }
    }

    /// Lets some of `going` stay in a base that has `held`, and returns them.
    pub(super) fn keep_some(
        &self,
        held: &[Id],
        going: &mut Vec<Id>,
        is_sound: impl Fn(Id) -> bool,
    ) -> Vec<Id> {
        let staying = held.len() - going.len();
        let up = |ids: &[Id]| ids.iter().filter(|&&id| self.is_up(id)).count();
        let up_staying = up(held) - up(going);
        let wants = held.len().min(self.replicas).saturating_sub(staying);
        let wants_up = up(held).min(self.replicas).saturating_sub(up_staying);
        if wants == 0 && wants_up == 0 {
            return Vec::new();
        }
        let rest: Vec<Id> = held.iter().copied().filter(|id| !going.contains(id)).collect();
        let mut order = going.clone();
        order.sort_by_key(|&id| (!is_sound(id), !self.is_up(id), id));
        let outcomes = (0..1 << RULES.len()).filter_map(|broken: u8| {
            let kept = self.keep(&rest, &order, (wants, wants_up), broken)?;
            let unsound = kept.iter().filter(|&&id| !is_sound(id)).count();
            let all: Vec<Id> = rest.iter().chain(&kept).copied().collect();
            let rules = RULES.iter().filter(|&&rule| self.is_broken(rule, &all)).count();
            Some((unsound + rules, kept))
        });
        let best = outcomes.min_by_key(|(broken, _)| *broken);
        let (_, kept) = best.expect("with all rules broken, anything may stay");
        going.retain(|id| !kept.contains(id));
        kept
    }

    /// The first of some ids that keep the rules beside the rest, but for some of
    /// them, until there are enough; `None` when there never are.
    fn keep(
        &self,
        rest: &[Id],
        order: &[Id],
        (wants, wants_up): (usize, usize),
        broken: u8,
    ) -> Option<Vec<Id>> {
        let mut kept: Vec<Id> = Vec::new();
        let mut up = 0;
        for &id in order {
            let (lacks, lacks_up) = (kept.len() < wants, up < wants_up);
            let others = || rest.iter().chain(&kept).copied();
            let is_wanted = lacks || lacks_up && self.is_up(id);
            if is_wanted && self.fits(others(), id, broken) {
                up += usize::from(self.is_up(id));
                kept.push(id);
            }
        }
        (kept.len() >= wants && up >= wants_up).then_some(kept)
    }

    /// Whether a base with some ids may have one more by the rules that may not be
    /// broken.
    fn fits(&self, others: impl Iterator<Item = Id> + Clone, id: Id, broken: u8) -> bool {
        let Some(place) = self.place(id) else { return true };
        let may_break = |rule: Rule| {
            RULES.iter().position(|&r| r == rule).is_some_and(|at| broken >> at & 1 == 1)
        };
        let places = others.filter_map(|other| self.place(other));
        let mut kept = self.limits.by_rule().iter().filter(|(rule, _)| !may_break(*rule));
        kept.all(|(_, tier)| tier.count(places.clone(), place) < tier.cap)
    }

    fn is_broken(&self, rule: Rule, ids: &[Id]) -> bool {
        let places: Vec<Place> = ids.iter().filter_map(|&id| self.place(id)).collect();
        let mut tiers = self.limits.by_rule().iter().filter(|(other, _)| *other == rule);
        tiers.any(|(_, tier)| {
            places.iter().any(|&place| tier.count(places.iter().copied(), place) > tier.cap)
        })
    }

    fn is_up(&self, id: Id) -> bool {
        self.limits.is_up(id)
    }

    fn place(&self, id: Id) -> Option<Place> {
        (id.index() < self.limits.places()).then(|| Place::new(id.index()))
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

    /// Which of `going` are taken from `held`, with hosts 0, 0, 1, 2 for the first
    /// four ids and unknown names after them; `unsound` and unknown ones may not
    /// stay.
    fn gone(held: &[usize], going: &[usize], replicas: u16, unsound: &[usize]) -> Vec<usize> {
        let locations = ["h0.v", "h0.w", "h1.v", "h2.v"];
        let service = |(n, location): (usize, &&str)| {
            Service::new(format!("a{n}"), location.parse().unwrap())
        };
        let services = locations.iter().enumerate().map(service);
        let topology = Topology::new(services).unwrap();
        let rules = Rules::new(replicas).unwrap().min_dist("2".parse().unwrap());
        let limits = Limits::new(&topology, rules, vec![true; 4]);
        let ids = |list: &[usize]| -> Vec<Id> { list.iter().map(|&id| Id::new(id)).collect() };
        let is_sound = |id: Id| id.index() < 4 && !unsound.contains(&id.index());
        let mut going = ids(going);
        Leftover::new(&limits, replicas.into()).keep_some(&ids(held), &mut going, is_sound);
        going.iter().map(|id| id.index()).collect()
    }

    #[test]
    fn all_goes_where_enough_stay() {
        assert_eq!(gone(&[0, 1, 2, 3], &[1, 3], 2, &[]), [1, 3]);
        assert_eq!(gone(&[0, 2, 4, 5], &[4, 5], 2, &[]), [4, 5]);
    }

    #[test]
    fn no_live_copy_goes_that_nothing_replaces() {
        assert_eq!(gone(&[0, 1], &[1], 2, &[]), [0_usize; 0]);
        assert_eq!(gone(&[4, 5], &[4, 5], 2, &[]), [0_usize; 0]);
    }

    #[test]
    fn of_two_dead_replicas_the_one_that_breaks_no_further_rule_stays() {
        assert_eq!(gone(&[0, 1, 3], &[1, 3], 2, &[1, 3]), [1]);
        assert_eq!(gone(&[3, 2, 0], &[0, 2], 2, &[0, 2]), [2]);
    }

    #[test]
    fn an_unknown_name_goes_before_one_that_is_up() {
        assert_eq!(gone(&[0, 3, 4], &[3, 4], 2, &[3]), [4]);
    }

    /// Eight services on two racks of two hosts, two each, of which those from
    /// [`DOWN`] on are down; the rest are unknown.
    fn eight(rules: Rules) -> Limits {
        let service = |n: usize| {
            let location = format!("r{}.h{}.v{}", n / 4, n / 2 % 2, n % 2);
            Service::new(format!("a{n}"), location.parse().unwrap()).with_up(n < DOWN)
        };
        let topology = Topology::new((0..8).map(service)).unwrap();
        Limits::new(&topology, rules, vec![true; 8])
    }

    const DOWN: usize = 6;

    /// How many rules a base breaks that has some ids, one for each that may not
    /// stay.
    fn broken(limits: &Limits, ids: &[Id], unsound: &[bool]) -> usize {
        let places = ids.iter().filter(|id| id.index() < 8).map(|id| Place::new(id.index()));
        let places: Vec<_> = places.collect();
        let count = |(_, tier): &(Rule, _), place| {
            let tier: &crate::planner::limits::Tier = tier;
            tier.count(places.iter().copied(), place) > tier.cap
        };
        let is_broken = |rule: &Rule| {
            let mut here = limits.by_rule().iter().filter(|(other, _)| other == rule);
            here.any(|tier| places.iter().any(|&place| count(tier, place)))
        };
        let rules = [Rule::MinDist, Rule::Degradation, Rule::AtMost];
        rules.iter().filter(|rule| is_broken(rule)).count()
            + ids.iter().filter(|id| unsound.get(id.index()).copied().unwrap_or(true)).count()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(1024))]
        #[test]
        fn what_stays_breaks_the_fewest_rules(
            (replicas, min_dist, degradation) in (1..6_u16, 1..4_u8, 0..2_u16),
            caps in [prop::option::of(1..4_u16), prop::option::of(1..3_u16)],
            held in prop::sample::subsequence((0..11).collect::<Vec<_>>(), 1..8).prop_shuffle(),
            goes in prop::collection::vec(any::<bool>(), 8),
            unsound in prop::collection::vec(any::<bool>(), 8),
        ) {
            let rules = Rules::new(replicas).unwrap().min_dist(min_dist.try_into().unwrap());
            let rules = rules.level(Level::Rack);
            let rules = rules.degradation(degradation).unwrap_or(rules);
            let rules = caps[0].map_or(rules, |cap| rules.at_most(Level::Rack, cap).unwrap());
            let limits = eight(caps[1].map_or(rules, |cap| rules.at_most(Level::Host, cap).unwrap()));
            let replicas = usize::from(replicas);
            let held: Vec<_> = held.into_iter().map(Id::new).collect();
            let going: Vec<_> =
                held.iter().zip(goes).filter(|(_, goes)| *goes).map(|(id, _)| *id).collect();
            let unsound: Vec<_> =
                unsound.iter().enumerate().map(|(id, unsound)| *unsound || id >= DOWN).collect();
            let is_sound = |id: Id| !unsound.get(id.index()).copied().unwrap_or(true);
            let up = |ids: &[Id]| ids.iter().filter(|id| id.index() < DOWN).count();
            let is_enough = |ids: &[Id]| {
                ids.len() >= held.len().min(replicas) && up(ids) >= up(&held).min(replicas)
            };
            let left = |gone: &[Id]| -> Vec<Id> {
                held.iter().copied().filter(|id| !gone.contains(id)).collect()
            };
            let gone = (0..1_u32 << going.len()).map(|set| -> Vec<Id> {
                let gone = going.iter().enumerate().filter(|(at, _)| set >> at & 1 == 1);
                gone.map(|(_, id)| *id).collect()
            });
            let stay = gone.map(|gone| left(&gone)).filter(|stay| is_enough(stay));
            let best = stay.map(|stay| (broken(&limits, &stay, &unsound), stay.len())).min();
            let mut chosen = going.clone();
            Leftover::new(&limits, replicas).keep_some(&held, &mut chosen, is_sound);
            prop_assert!(chosen.iter().all(|id| going.contains(id)) && is_enough(&left(&chosen)));
            let stay = left(&chosen);
            prop_assert_eq!(Some((broken(&limits, &stay, &unsound), stay.len())), best);
        }
    }
}
