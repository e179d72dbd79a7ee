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
