//! What a plan starts from: each replica's part in it, and what the rules say
//! of each base as it is.
//!
//! Services and names are *ids* here: a service of the topology has its place
//! in location order, a name that only the mapping knows a number after those.

mod broken;
mod capacity;
mod intact;

use self::broken::Reader;
use self::capacity::Rooms;
use self::intact::keep_sound;
use crate::mapping::{HOLE, PrefixMapping};
use crate::planner::flow::{Bases, Limits, Own};
use crate::service::ServiceIndex;
use crate::topology::Topology;

/// What a replica is to a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// It may stay, and may be moved.
    Own,
    /// It stays.
    Fixed,
    /// It goes.
    Leaving,
}

/// The ids of the names of a mapping.
#[derive(Debug)]
pub(crate) struct Ids<'a> {
    /// The id of each name of the mapping.
    pub(crate) of_name: Vec<u16>,
    /// The name of each id: of a service, its address.
    pub(crate) names: Vec<&'a str>,
    /// The ids of the services, ascending by address; they are the first ids.
    by_address: Vec<u16>,
}

impl<'a> Ids<'a> {
    /// Fails with their number when there are more than a mapping may have.
    pub(crate) fn new(mapping: &'a PrefixMapping, topology: &'a Topology) -> Result<Self, usize> {
        let by_location = topology.by_location();
        let mut place = vec![0; by_location.len()];
        for (at, service) in by_location.iter().enumerate() {
            place[service.index()] = ServiceIndex::new(at).get();
        }
        let address = |service: &ServiceIndex| topology.services()[service.index()].address();
        let mut names: Vec<_> = by_location.iter().map(address).collect();
        let mut of_name = Vec::with_capacity(mapping.boxed_names().len());
        for (name, found) in mapping.names().zip(topology.find_all(mapping.boxed_names())) {
            let place_of = |service: ServiceIndex| usize::from(place[service.index()]);
            let id = found.map_or(names.len(), place_of);
            if id >= ServiceIndex::LIMIT {
                return Err(mapping.boxed_names().len() + by_location.len());
            }
            of_name.push(ServiceIndex::new(id).get());
            if found.is_none() {
                names.push(name);
            }
        }
        Ok(Self { of_name, names, by_address: place })
    }
}

impl Ids<'_> {
    /// Those of some ids that a flag marks, ascending by name.
    pub(crate) fn marked(&self, marks: &[bool]) -> Vec<u16> {
        let unknown = (0..=u16::MAX).take(self.names.len()).skip(self.by_address.len());
        let ids = self.by_address.iter().copied().chain(unknown);
        let mut marked: Vec<u16> = ids.filter(|&id| marks[usize::from(id)]).collect();
        // Two runs that ascend: merging them is all that is to be done.
        marked.sort_by_key(|&id| self.names[usize::from(id)]);
        marked
    }

    /// Whether each id is of an available service.
    pub(crate) fn availability(&self, topology: &Topology) -> Vec<bool> {
        let is_available =
            |service: &ServiceIndex| topology.services()[service.index()].is_available();
        let mut available: Vec<_> = topology.by_location().iter().map(is_available).collect();
        available.resize(self.names.len(), false);
        available
    }
}

/// How replicas and services take part.
#[derive(Debug)]
pub(crate) struct Roles {
    /// The role of a replica, by its id.
    of_id: Vec<Role>,
    /// The place of each name of the mapping whose replicas may stay, or be
    /// moved; [`HOLE`] of the others. Empty when there is none.
    own_place: Vec<u16>,
    /// The place of each name whose replicas stay, likewise.
    fixed_place: Vec<u16>,
    /// The bases in which replicas leave, when not in all; elsewhere those
    /// that would leave are fixed.
    leaving_from: Option<Vec<bool>>,
    /// Whether a base gets no more replicas than leave it.
    refill_only: bool,
}

impl Roles {
    /// Every base gets as many replicas as the rules want.
    pub(crate) fn new(ids: &Ids<'_>, of_id: Vec<Role>) -> Self {
        let own_place = places(ids, &of_id, Role::Own);
        let fixed_place = places(ids, &of_id, Role::Fixed);
        Self { of_id, own_place, fixed_place, leaving_from: None, refill_only: false }
    }

    /// No base gets more replicas than leave it, and none leaves but from some
    /// bases, if there are any. No role is [`Role::Own`].
    pub(crate) fn refilling(
        ids: &Ids<'_>,
        of_id: Vec<Role>,
        leaving_from: Option<Vec<bool>>,
    ) -> Self {
        Self { leaving_from, refill_only: true, ..Self::new(ids, of_id) }
    }

    pub(crate) fn of(&self, base: usize, id: u16) -> Role {
        match (self.of_id[usize::from(id)], &self.leaving_from) {
            (Role::Leaving, Some(bases)) if !bases[base] => Role::Fixed,
            (role, _) => role,
        }
    }

    /// Whether an id is of a service that is sound, as far as the plan goes.
    pub(crate) fn stays(&self, id: u16) -> bool {
        self.of_id[usize::from(id)] != Role::Leaving
    }
}

/// The place of each name of a service that has a role, and [`HOLE`] of the
/// others; nothing when no id has it.
fn places(ids: &Ids<'_>, of_id: &[Role], role: Role) -> Vec<u16> {
    if !of_id.contains(&role) {
        return Vec::new();
    }
    let has = |id: usize| id < ids.by_address.len() && of_id[id] == role;
    let place = |&id: &u16| if has(usize::from(id)) { id } else { HOLE };
    ids.of_name.iter().map(place).collect()
}

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
        ids: &Ids<'_>,
        roles: &'a Roles,
        limits: &Limits,
        replicas: u16,
    ) -> Self {
        let places = limits.group.len();
        let own = Own {
            table: mapping.table(),
            width: mapping.width(),
            place: &roles.own_place,
            fixed: &roles.fixed_place,
        };
        let bases = Bases::new(usize::from(replicas), own, mapping.num_bases(), limits);
        let mut survey = Self {
            bases,
            short: Vec::new(),
            broken: Vec::new(),
            loads: vec![0; places],
            fixed_loads: vec![0; places],
        };
        let reader = Reader { roles, limits, rooms: Rooms::new(limits), replicas };
        if roles.refill_only {
            reader.read_left(&mut survey, mapping, ids);
        } else {
            let most = usize::from(replicas);
            let may_lack = roles.fixed_place.is_empty() && reader.rooms.all >= replicas;
            let least = if may_lack { 0 } else { most };
            let place = &roles.own_place;
            for base in keep_sound(&mut survey, mapping, place, limits, most, least) {
                reader.read(&mut survey, base as usize, mapping.row(base as usize), ids);
            }
        }
        survey
    }

    /// Lets the broken bases keep what they may, those services first that are
    /// furthest below what `high` says. Returns the loads with theirs, and all
    /// the bases that lack replicas, and how many.
    pub(crate) fn keep(
        &mut self,
        limits: &Limits,
        high: impl Fn(u16) -> i64,
    ) -> (Vec<i64>, Vec<(u32, u16)>) {
        let mut loads = self.loads.clone();
        let mut short = std::mem::take(&mut self.short);
        if self.bases.are_all_fixed() {
            let lacking = self.broken.iter().filter(|broken| broken.need > 0);
            short.extend(lacking.map(|broken| (broken.base, broken.need)));
            return (loads, short);
        }
        let mut order: Vec<(i64, u16)> = Vec::new();
        for &Broken { base, need, .. } in &self.broken {
            let (index, need) = (base as usize, usize::from(need));
            order.clear();
            order.extend(self.bases.own(index).map(|id| (loads[usize::from(id)] - high(id), id)));
            order.sort_unstable();
            order.dedup();
            let order = order.iter().map(|&(_, id)| id);
            let take = |id| loads[usize::from(id)] += 1;
            let lacking = need - self.bases.keep(index, need, limits, order, take);
            if lacking > 0 {
                short.push((base, u16::try_from(lacking).expect("at most the need")));
            }
        }
        (loads, short)
    }
}
