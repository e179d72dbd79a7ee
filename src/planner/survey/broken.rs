//! The bases that can't stay as they are: what is fixed in them, and how many
//! replicas they are to place.

use super::capacity::Rooms;
use super::{Broken, Ids, Role, Roles, Survey};
use crate::mapping::{HOLE, PrefixMapping};
use crate::planner::flow::Limits;

/// What reads them into a survey.
#[derive(Debug)]
pub(super) struct Reader<'a> {
    pub(super) roles: &'a Roles,
    pub(super) limits: &'a Limits,
    pub(super) rooms: Rooms,
    pub(super) replicas: u16,
}

impl Reader<'_> {
    /// Reads the bases that replicas leave, where they are only refilled. All
    /// that others have is fixed, and is counted by name.
    pub(super) fn read_left(
        &self,
        survey: &mut Survey<'_>,
        mapping: &PrefixMapping,
        ids: &Ids<'_>,
    ) {
        let role = |&id: &u16| self.roles.of_id[usize::from(id)];
        let leaves: Vec<bool> = ids.of_name.iter().map(|id| role(id) == Role::Leaving).collect();
        let mut held = vec![0_u64; leaves.len()];
        let from = self.roles.leaving_from.as_ref();
        for (base, names) in mapping.rows().enumerate() {
            if names.iter().any(|&name| leaves[usize::from(name)]) && from.is_none_or(|b| b[base]) {
                self.read(survey, base, names, ids);
                continue;
            }
            let mut last = HOLE;
            for &name in names {
                held[usize::from(name)] += u64::from(name != last);
                last = name;
            }
        }
        for (&id, held) in ids.of_name.iter().zip(held) {
            if let Some(load) = survey.fixed_loads.get_mut(usize::from(id)) {
                *load += held;
            }
        }
    }

    /// Reads a base by the names that it has.
    pub(super) fn read(&self, survey: &mut Survey<'_>, base: usize, names: &[u16], ids: &Ids<'_>) {
        let (fixed, leaving) = self.count(base, names, ids);
        survey.bases.fix(base);
        let mut wanted = self.replicas.saturating_sub(fixed);
        if self.roles.refill_only {
            wanted = wanted.min(leaving);
        }
        let row = survey.bases.row(base);
        for &place in row.iter().filter(|&&place| place != HOLE) {
            survey.fixed_loads[usize::from(place)] += 1;
        }
        // What is fixed takes no more room than one replica each.
        let is_roomy = u32::from(wanted) + u32::from(fixed) <= u32::from(self.rooms.all);
        let room = if is_roomy { wanted } else { self.rooms.of(row, self.limits) };
        let need = wanted.min(room);
        if survey.bases.are_all_fixed() {
            survey.bases.compare(base, usize::from(need));
        }
        let base = u32::try_from(base).expect("below 65,536");
        survey.broken.push(Broken { base, need, stuck: wanted - need });
    }

    /// How many of a base's replicas are fixed, and how many leave, as far as it
    /// matters. One that no service has may be fixed too: it counts, but is
    /// nowhere.
    fn count(&self, base: usize, names: &[u16], ids: &Ids<'_>) -> (u16, u16) {
        let (mut fixed, mut leaving, mut last) = (0, 0, HOLE);
        if self.roles.fixed_place.is_empty() && !self.roles.refill_only {
            return (0, 0);
        }
        for &name in names {
            match self.roles.of(base, ids.of_name[usize::from(name)]) {
                _ if name == last => {}
                Role::Own => {}
                Role::Fixed => fixed += 1,
                Role::Leaving => leaving += 1,
            }
            last = name;
        }
        (fixed, leaving)
    }
}
