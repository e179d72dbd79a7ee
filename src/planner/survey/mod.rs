//! What a plan starts from: which replicas each base keeps, and how many it lacks.
//!
//! Nearly every base is [`intact`]: nothing is wrong with it, or it lacks replicas
//! and nothing else. It keeps what it has. Of the others, the [`broken`] ones, the
//! survey says how many replicas they are to place, as far as the rules let them
//! ([`capacity`]). A base of which nothing moves takes no part in the plan; its
//! replicas are fixed loads.

mod broken;
mod capacity;
mod intact;

use self::broken::BrokenBases;
use self::capacity::Capacity;
use self::intact::keep_intact;
use super::flow::{Bases, Before};
use super::ids::Ids;
use super::limits::Limits;
use super::roles::Roles;
use crate::index::{Name, Place};
use crate::mapping::PrefixMapping;

/// What a plan starts from.
#[derive(Debug)]
pub(crate) struct Survey<'a> {
    /// Holding their own services, but for those that are broken.
    pub(crate) bases: Bases<'a>,
    /// The bases that lack replicas and are not broken, and how many: they keep
    /// all their own services, and nothing else is wrong with them.
    pub(crate) short: Vec<(u32, u16)>,
    /// How many replicas the broken bases place, those they keep of their own
    /// included.
    pub(crate) broken: Vec<Broken>,
    /// The replicas of each service, by place, in bases that are not broken.
    pub(crate) loads: Vec<i64>,
    /// The fixed replicas of each service, by place.
    pub(crate) fixed_loads: Vec<u64>,
}

/// A base that can't stay as it is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Broken {
    pub(crate) base: u32,
    /// How many replicas it is to place, those it keeps of its own included.
    pub(crate) need: u16,
    /// How many more it wants than the rules let it place.
    pub(crate) stuck: u16,
}

impl<'a> Survey<'a> {
    pub(crate) fn new(
        mapping: &'a PrefixMapping,
        ids: &Ids,
        roles: &'a Roles,
        limits: &Limits,
        replicas: u16,
    ) -> Self {
        let places = limits.places();
        let before = Before {
            table: mapping.table(),
            width: mapping.width(),
            own: &roles.own_place,
            fixed: &roles.fixed_place,
        };
        let bases = Bases::new(usize::from(replicas), before, mapping.num_bases());
        let mut survey = Self {
            bases,
            short: Vec::new(),
            broken: Vec::new(),
            loads: vec![0; places],
            fixed_loads: vec![0; places],
        };
        let capacity = Capacity::new(limits);
        // Where nothing is fixed and the cluster has room for all replicas of a base,
        // whatever a base lacks can be filled.
        let may_lack = roles.fixed_place.is_empty() && capacity.all() >= u64::from(replicas);
        let broken = BrokenBases { mapping, ids, roles, capacity, replicas };
        if roles.refills_only() {
            broken.take_left(&mut survey);
        } else {
            let most = usize::from(replicas);
            let least = if may_lack { 0 } else { most };
            let place = &roles.own_place;
            let others = keep_intact(&mut survey, mapping, place, limits, most, least);
            survey.leave_still(mapping, ids, roles);
            for base in others.into_iter().map(|base| base as usize) {
                if !roles.is_still(base) {
                    broken.take(&mut survey, base);
                }
            }
        }
        survey
    }

    /// Takes the bases of which nothing moves out of what is planned: their
    /// replicas are fixed loads.
    fn leave_still(&mut self, mapping: &PrefixMapping, ids: &Ids, roles: &Roles) {
        for base in roles.still() {
            for place in self.bases.row_mut(base) {
                if let Some(load) = self.loads.get_mut(place.index()) {
                    *load -= 1;
                }
                *place = Place::NONE;
            }
            let mut last = Name::NONE;
            for &name in mapping.row(base) {
                let place = ids.place(ids.of_name(name));
                if let Some(load) = self.fixed_loads.get_mut(place.index()) {
                    *load += u64::from(name != last);
                }
                last = name;
            }
        }
        if roles.still().next().is_some() {
            self.short.retain(|&(base, _)| !roles.is_still(base as usize));
        }
    }

    /// Lets the broken bases keep what they may, those services first that are
    /// furthest below what `high` says. Returns the loads with theirs, and all
    /// the bases that lack replicas, and how many.
    pub(crate) fn keep(
        &mut self,
        limits: &Limits,
        high: impl Fn(Place) -> i64,
    ) -> (Vec<i64>, Vec<(u32, u16)>) {
        let mut loads = self.loads.clone();
        let mut short = std::mem::take(&mut self.short);
        if self.bases.are_all_fixed() {
            let lacking = self.broken.iter().filter(|broken| broken.need > 0);
            short.extend(lacking.map(|broken| (broken.base, broken.need)));
            return (loads, short);
        }
        let mut order: Vec<(i64, Place)> = Vec::new();
        for &Broken { base, need, .. } in &self.broken {
            let (index, need) = (base as usize, usize::from(need));
            order.clear();
            let own = self.bases.own(index);
            order.extend(own.map(|place| (loads[place.index()] - high(place), place)));
            order.sort_unstable();
            order.dedup();
            let order = order.iter().map(|&(_, place)| place);
            let take = |place: Place| loads[place.index()] += 1;
            let lacking = need - self.bases.keep(index, need, limits, order, take);
            if lacking > 0 {
                short.push((base, u16::try_from(lacking).expect("at most the need")));
            }
        }
        (loads, short)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::super::tests::{Instance, instance};
    use super::*;
    use crate::goal::{Goal, RebalanceOptions};
    use crate::index::Id;
    use crate::planner::Task;
    use crate::planner::roles::Role;

    /// How many open services the rules let a base have beside some.
    fn room(limits: &Limits, held: &[Place]) -> usize {
        let mut all = held.to_vec();
        for place in limits.open() {
            if limits.lets(&all.iter().copied(), place) {
                all.push(place);
            }
        }
        all.len() - held.len()
    }

    fn places(task: &Task<'_>, ids: impl IntoIterator<Item = Id>) -> Vec<Place> {
        ids.into_iter().map(|id| task.ids.place(id)).filter(|place| place.is_some()).collect()
    }

    /// Whether nothing is wrong with a base but that it lacks replicas, which none
    /// may where services are held.
    fn is_intact(task: &Task<'_>, row: &[Id]) -> bool {
        let own: Vec<Id> =
            row.iter().copied().filter(|&id| task.roles.of(id) == Role::Own).collect();
        let (places, most) = (places(task, own), usize::from(task.replicas));
        let fits = |at: usize| task.limits.lets(&places[..at].iter().copied(), places[at]);
        let has_enough = places.len() == most || task.roles.fixed_place.is_empty();
        row.len() <= most && has_enough && (0..places.len()).all(fits)
    }

    /// A survey as the plain judge has it: what is short and what is broken, with
    /// needs, and the loads.
    type Judged = (Vec<(u32, u16)>, Vec<(u32, u16, u16)>, Vec<i64>, Vec<u64>);

    fn judge(task: &Task<'_>) -> Judged {
        let mut judged = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        let (short, broken, loads, fixed_loads) = &mut judged;
        loads.resize(task.limits.places(), 0);
        fixed_loads.resize(task.limits.places(), 0);
        for (base, names) in (0..).zip(task.mapping.rows()) {
            let row: Vec<Id> = names.iter().map(|&name| task.ids.of_name(name)).collect();
            let each = |role| row.iter().copied().filter(move |&id| task.roles.of(id) == role);
            let fixed: BTreeSet<Id> = each(Role::Fixed).collect();
            let stays = if task.roles.is_still(base as usize) {
                row.iter().copied().collect()
            } else if is_intact(task, &row) {
                let own = places(task, each(Role::Own));
                for place in &own {
                    loads[place.index()] += 1;
                }
                let lacking = task.replicas - u16::try_from(own.len()).unwrap();
                short.extend((lacking > 0).then_some((base, lacking)));
                continue;
            } else {
                let wanted = task.replicas.saturating_sub(fixed.len().try_into().unwrap());
                let room = room(&task.limits, &places(task, fixed.iter().copied()));
                let need = wanted.min(room.try_into().unwrap());
                broken.push((base, need, wanted - need));
                fixed
            };
            for place in places(task, stays) {
                fixed_loads[place.index()] += 1;
            }
        }
        judged
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(1024))]
        #[test]
        fn a_survey_finds_what_a_plain_judge_finds(instance in instance()) {
            let Instance { topology, mapping, rules, held, held_bases } = &instance;
            let options = RebalanceOptions::new(*rules).hold(held.clone());
            let goal = Goal::Rebalance(options.hold_bases(held_bases.iter().copied()));
            let Ok(task) = Task::new(mapping, topology, &goal) else { return Ok(()) };
            let survey =
                Survey::new(&task.mapping, &task.ids, &task.roles, &task.limits, task.replicas);
            let broken = survey.broken.iter().map(|it| (it.base, it.need, it.stuck)).collect();
            let found = (survey.short, broken, survey.loads, survey.fixed_loads);
            prop_assert_eq!(found, judge(&task));
        }
    }
}
