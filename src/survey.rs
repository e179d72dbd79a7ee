//! What a plan starts from: each replica's part in it, and what the rules say
//! of each base as it is.
//!
//! Services and names are *ids* here: a service of the topology has its place
//! in location order, a name that only the mapping knows a number after those.

use crate::flow::{Bases, Limits};
use crate::mapping::{HOLE, PrefixMapping};
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
}

impl<'a> Ids<'a> {
    /// Fails with their number when there are more than a mapping may have.
    pub(crate) fn new(mapping: &'a PrefixMapping, topology: &'a Topology) -> Result<Self, usize> {
        let by_location = topology.by_location();
        let mut place = vec![0; by_location.len()];
        for (at, service) in by_location.iter().enumerate() {
            place[service.index()] = at;
        }
        let address = |service: &ServiceIndex| topology.services()[service.index()].address();
        let mut names: Vec<_> = by_location.iter().map(address).collect();
        let mut of_name = Vec::with_capacity(mapping.boxed_names().len());
        for (name, found) in mapping.names().zip(topology.find_all(mapping.boxed_names())) {
            let id = found.map_or(names.len(), |service| place[service.index()]);
            if id >= ServiceIndex::LIMIT {
                return Err(mapping.boxed_names().len() + by_location.len());
            }
            of_name.push(ServiceIndex::new(id).get());
            if found.is_none() {
                names.push(name);
            }
        }
        Ok(Self { of_name, names })
    }
}

impl Ids<'_> {
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
    pub(crate) of_id: Vec<Role>,
    /// The bases in which replicas leave, when not in all; elsewhere those
    /// that would leave are fixed.
    pub(crate) leaving_from: Option<Vec<bool>>,
    /// Whether a base gets no more replicas than leave it.
    pub(crate) refill_only: bool,
}

impl Roles {
    pub(crate) fn of(&self, base: usize, id: u16) -> Role {
        match (self.of_id[usize::from(id)], &self.leaving_from) {
            (Role::Leaving, Some(bases)) if !bases[base] => Role::Fixed,
            (role, _) => role,
        }
    }
}

/// What a plan starts from.
#[derive(Debug)]
pub(crate) struct Survey {
    /// Holding their own services, but for those that are broken.
    pub(crate) bases: Bases,
    /// How many replicas each base places, those it keeps of its own included.
    pub(crate) need: Vec<u16>,
    /// The bases that can't stay as they are, ascending.
    pub(crate) broken: Vec<u32>,
    /// The kept replicas of each service, by place.
    pub(crate) loads: Vec<i64>,
    /// The fixed replicas of each service, by place.
    pub(crate) fixed_loads: Vec<u64>,
    /// The bases that want more replicas than the rules let them place, and
    /// how many more.
    pub(crate) stuck: Vec<(u32, u16)>,
}

impl Survey {
    pub(crate) fn new(
        mapping: &PrefixMapping,
        ids: &Ids<'_>,
        roles: &Roles,
        limits: &Limits,
        replicas: u16,
    ) -> Self {
        let places = limits.group.len();
        let has_fixed = roles.leaving_from.is_some() || roles.of_id.contains(&Role::Fixed);
        let own_width = if roles.refill_only { 0 } else { mapping.width() };
        let fixed_width = if has_fixed { mapping.width() } else { 0 };
        let bases =
            Bases::new(usize::from(replicas), own_width, fixed_width, mapping.num_bases(), limits);
        let mut survey = Self {
            bases,
            need: vec![replicas; mapping.num_bases()],
            broken: Vec::new(),
            loads: vec![0; places],
            fixed_loads: vec![0; places],
            stuck: Vec::new(),
        };
        let rooms = Rooms::new(limits);
        let mut row = Vec::with_capacity(mapping.width());
        for (base, names) in mapping.rows().enumerate() {
            row.clear();
            row.extend(names.iter().map(|&name| ids.of_name[usize::from(name)]));
            let is_sound = |&id: &u16| roles.of(base, id) == Role::Own;
            if row.len() == usize::from(replicas) && row.iter().all(is_sound) && limits.keeps(&row)
            {
                survey.bases.keep_all(base, &row);
                for &id in &row {
                    survey.loads[usize::from(id)] += 1;
                }
            } else {
                survey.read_broken(base, &mut row, roles, limits, &rooms);
            }
        }
        survey
    }

    /// Reads a base in which something is wrong, or a replica is fixed.
    fn read_broken(
        &mut self,
        base: usize,
        row: &mut Vec<u16>,
        roles: &Roles,
        limits: &Limits,
        rooms: &Rooms,
    ) {
        row.sort_unstable();
        row.dedup();
        let with = |role| row.iter().copied().filter(move |&id| roles.of(base, id) == role);
        let count = |role| u16::try_from(with(role).count()).unwrap_or(u16::MAX);
        // A fixed replica that no service has counts, but is nowhere.
        let known = with(Role::Fixed).filter(|&id| usize::from(id) < limits.group.len());
        for id in known.clone() {
            self.fixed_loads[usize::from(id)] += 1;
        }
        self.bases.set(base, with(Role::Own), known);
        let mut wanted = self.need[base].saturating_sub(count(Role::Fixed));
        if roles.refill_only {
            wanted = wanted.min(count(Role::Leaving));
            if count(Role::Leaving) == 0 {
                self.need[base] = 0;
                return;
            }
        }
        let index = u32::try_from(base).expect("below 65,536");
        let room = rooms.of(self.bases.fixed(base), limits);
        if wanted > room {
            self.stuck.push((index, wanted - room));
        }
        self.need[base] = wanted.min(room);
        self.broken.push(index);
    }

    /// Lets the broken bases keep what they may, those services first that are
    /// furthest below what `high` says. Returns the bases that lack replicas,
    /// and how many.
    pub(crate) fn keep(&mut self, limits: &Limits, high: impl Fn(u16) -> i64) -> Vec<(u32, u16)> {
        let mut short = Vec::new();
        let mut order = Vec::new();
        for &base in &self.broken {
            let index = base as usize;
            order.clear();
            order.extend(self.bases.own(index).iter().filter(|&&id| id != HOLE));
            order.sort_by_key(|&id| (self.loads[usize::from(id)] - high(id), id));
            let kept = self.bases.keep(index, usize::from(self.need[index]), limits, &order);
            for &id in self.bases.row(index).iter().filter(|&&id| id != HOLE) {
                self.loads[usize::from(id)] += 1;
            }
            if kept < usize::from(self.need[index]) {
                short.push((base, self.need[index] - u16::try_from(kept).expect("below need")));
            }
        }
        short
    }
}

/// How many replicas the rules let a base place.
#[derive(Debug)]
struct Rooms {
    /// The unit and the group of each group with an open service.
    groups: Vec<(u16, u16)>,
    /// The room for a base without fixed replicas.
    all: u16,
}

impl Rooms {
    fn new(limits: &Limits) -> Self {
        let open = (0..limits.group.len()).filter(|&place| limits.open[place]);
        let mut groups: Vec<_> =
            open.map(|place| (limits.unit[place], limits.group[place])).collect();
        groups.dedup();
        let mut rooms = Self { groups, all: 0 };
        rooms.all = rooms.count(&[], limits);
        rooms
    }

    fn of(&self, fixed: &[u16], limits: &Limits) -> u16 {
        if fixed.iter().all(|&id| id == HOLE) { self.all } else { self.count(fixed, limits) }
    }

    fn count(&self, fixed: &[u16], limits: &Limits) -> u16 {
        let places = || fixed.iter().filter(|&&id| id != HOLE).map(|&id| usize::from(id));
        let of_unit = |groups: &[(u16, u16)]| {
            let unit = groups[0].0;
            let taken = places().filter(|&place| limits.unit[place] == unit).count();
            let free =
                groups.iter().filter(|(_, group)| places().all(|p| limits.group[p] != *group));
            free.count().min(usize::from(limits.unit_cap).saturating_sub(taken))
        };
        let room: usize = self.groups.chunk_by(|a, b| a.0 == b.0).map(of_unit).sum();
        u16::try_from(room).unwrap_or(u16::MAX)
    }
}
