//! The bases that can't stay as they are: what is fixed in them, and how many
//! replicas they are to place.

use super::capacity::Capacity;
use super::{Broken, Survey};
use crate::index::Name;
use crate::mapping::PrefixMapping;
use crate::planner::ids::Ids;
use crate::planner::roles::{Role, Roles};

/// What takes broken bases into a survey.
#[derive(Debug)]
pub(super) struct BrokenBases<'a> {
    pub(super) mapping: &'a PrefixMapping,
    pub(super) ids: &'a Ids,
    pub(super) roles: &'a Roles,
    pub(super) capacity: Capacity<'a>,
    pub(super) replicas: u16,
}

impl BrokenBases<'_> {
    /// Takes in the bases that replicas leave, where they are only refilled. All
    /// that others have is fixed, and is counted by name.
    pub(super) fn take_left(&self, survey: &mut Survey<'_>) {
        let leaves: Vec<bool> =
            self.ids.of_names().iter().map(|&id| self.roles.of(id) == Role::Leaving).collect();
        let mut held = vec![0_u64; leaves.len()];
        for (base, names) in self.mapping.rows().enumerate() {
            if names.iter().any(|&name| leaves[name.index()]) && !self.roles.is_still(base) {
                self.take(survey, base);
                continue;
            }
            let mut last = Name::NONE;
            for &name in names {
                held[name.index()] += u64::from(name != last);
                last = name;
            }
        }
        for (&id, held) in self.ids.of_names().iter().zip(held) {
            if let Some(load) = survey.fixed_loads.get_mut(id.index()) {
                *load += held;
            }
        }
    }

    /// Takes in a base.
    pub(super) fn take(&self, survey: &mut Survey<'_>, base: usize) {
        let (fixed, leaving) = self.fix(survey, base);
        let mut wanted = self.replicas.saturating_sub(fixed);
        if self.roles.refills_only() {
            wanted = wanted.min(leaving);
        }
        let kept = || survey.bases.row(base).iter().copied().filter(|place| place.is_some());
        // A fixed replica takes the room of one at most, even if it breaks a cap, as
        // `bound` says: so this many fit without a count.
        let is_roomy = u64::from(wanted) + u64::from(fixed) <= self.capacity.all();
        let need = if wanted == 0 || is_roomy {
            wanted
        } else {
            u16::try_from(self.capacity.beside(kept())).map_or(wanted, |room| wanted.min(room))
        };
        if survey.bases.are_all_fixed() {
            survey.bases.compare(base, usize::from(need));
        }
        let base = u32::try_from(base).expect("at most 65,536 bases");
        survey.broken.push(Broken { base, need, stuck: wanted - need });
    }

    /// Puts what a base keeps in any case in its cells, and counts it. Returns how many
    /// of its replicas are fixed, and how many leave; both 0 where nothing is fixed
    /// and bases are not only refilled. One that no service has may be fixed too: it
    /// counts, but is nowhere.
    fn fix(&self, survey: &mut Survey<'_>, base: usize) -> (u16, u16) {
        let (mut fixed, mut leaving, mut last) = (0, 0, Name::NONE);
        if self.roles.fixed_place.is_empty() && !self.roles.refills_only() {
            return (0, 0);
        }
        let row = survey.bases.row_mut(base);
        for (cell, &name) in self.mapping.row(base).iter().enumerate() {
            let id = self.ids.of_name(name);
            match self.roles.of(id) {
                _ if name == last => {}
                Role::Own => {}
                Role::Leaving => leaving += 1,
                Role::Fixed => {
                    fixed += 1;
                    if let Some(load) = survey.fixed_loads.get_mut(id.index()) {
                        *load += 1;
                        row[cell] = self.ids.place(id);
                    }
                }
            }
            last = name;
        }
        (fixed, leaving)
    }
}
