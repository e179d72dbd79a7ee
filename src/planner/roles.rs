//! The part that each replica has in a plan.

use super::ids::Ids;
use crate::index::{Id, Place};

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

/// How replicas and bases take part.
#[derive(Debug)]
pub(crate) struct Roles {
    /// The role of a replica, by its id.
    of_id: Vec<Role>,
    /// The place of each name of the mapping whose replicas may stay, or be
    /// moved; none of the others. Empty when there is none.
    pub(crate) own_place: Vec<Place>,
    /// The place of each name whose replicas stay, likewise.
    pub(crate) fixed_place: Vec<Place>,
    /// The bases of which nothing moves, as a flag for each; empty when there is
    /// none.
    still: Vec<bool>,
    /// Whether a base gets no more replicas than leave it.
    refills_only: bool,
}

impl Roles {
    /// Every base gets as many replicas as the rules want, but for those that are
    /// held.
    pub(crate) fn new(ids: &Ids, of_id: Vec<Role>, held: Vec<bool>) -> Self {
        let own_place = places(ids, &of_id, Role::Own);
        let fixed_place = places(ids, &of_id, Role::Fixed);
        Self { of_id, own_place, fixed_place, still: held, refills_only: false }
    }

    /// No base gets more replicas than leave it, and nothing of some bases moves.
    /// No role is [`Role::Own`].
    pub(crate) fn refilling(ids: &Ids, of_id: Vec<Role>, still: Vec<bool>) -> Self {
        Self { refills_only: true, ..Self::new(ids, of_id, still) }
    }

    /// The role of an id in the bases that are not still.
    pub(crate) fn of(&self, id: Id) -> Role {
        self.of_id[id.index()]
    }

    /// Whether an id may have a replica when all is done.
    pub(crate) fn stays(&self, id: Id) -> bool {
        self.of(id) != Role::Leaving
    }

    /// Whether nothing of a base moves.
    pub(crate) fn is_still(&self, base: usize) -> bool {
        self.still.get(base).copied().unwrap_or(false)
    }

    /// The bases of which nothing moves, ascending.
    pub(crate) fn still(&self) -> impl Iterator<Item = usize> + '_ {
        let still = self.still.iter().enumerate();
        still.filter(|(_, is_still)| **is_still).map(|(base, _)| base)
    }

    /// Whether a base gets no more replicas than leave it.
    pub(crate) const fn refills_only(&self) -> bool {
        self.refills_only
    }
}

/// The place of each name of a service that has a role, and none of the others;
/// nothing when no service has it.
fn places(ids: &Ids, of_id: &[Role], role: Role) -> Vec<Place> {
    if !of_id.contains(&role) {
        return Vec::new();
    }
    let place = |&id: &Id| if of_id[id.index()] == role { ids.place(id) } else { Place::NONE };
    ids.of_names().iter().map(place).collect()
}
