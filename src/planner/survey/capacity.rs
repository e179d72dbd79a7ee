//! How many replicas the rules have room for, beside those that a base keeps.

use crate::mapping::HOLE;
use crate::planner::flow::Limits;

/// How many replicas the rules let a base place.
#[derive(Debug)]
pub(super) struct Rooms {
    /// The unit and the group of each group with an open service.
    groups: Vec<(u16, u16)>,
    /// The room for a base without fixed replicas.
    pub(super) all: u16,
}

impl Rooms {
    pub(super) fn new(limits: &Limits) -> Self {
        let open = (0..limits.group.len()).filter(|&place| limits.open[place]);
        let mut groups: Vec<_> =
            open.map(|place| (limits.unit[place], limits.group[place])).collect();
        groups.dedup();
        let mut rooms = Self { groups, all: 0 };
        rooms.all = rooms.of(&[], limits);
        rooms
    }

    /// The room beside some fixed replicas, and holes.
    pub(super) fn of(&self, fixed: &[u16], limits: &Limits) -> u16 {
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
