//! The walk over the bases that hold a service, from where it last stood.

use super::holders::Holders;
use super::layer::Layer;
use super::offers::Asked;
use super::path::{Cursor, Stage};
use super::solve::Solver;
use crate::index::Place;

impl Solver<'_> {
    /// Finds the bases by service, if nobody has.
    pub(super) fn find_holders(&mut self) {
        if self.holders.is_none() {
            self.holders = Some(Holders::new(&self.bases, self.limits.places()));
        }
    }

    /// The next base that holds a service and may find one of a layer to hold in its
    /// place, which only [`Solver::look_at`] tells. The cursor stays at it, and goes
    /// on from the arcs of the load tree to the bases.
    ///
    /// Bases that are as they were come before those that have changed already, so
    /// that few bases move twice. The former are only asked while the layer has
    /// something left at their price, the latter while it has something near.
    pub(super) fn next_holder(
        &mut self,
        place: Place,
        cursor: &mut Cursor,
        layer: Layer,
    ) -> Option<Asked> {
        let holders = self.holders.as_ref().expect("a path that leaves a service finds them first");
        let price = self.tree.potential[place.index()] + 1;
        if cursor.stage == Stage::Tree {
            *cursor = Cursor { stage: Stage::Unchanged, index: holders.start[place.index()] };
        }
        if cursor.stage == Stage::Unchanged {
            let end = holders.start[place.index() + 1];
            while cursor.index < end && self.unreached.has((layer, price)) {
                let base = holders.list[cursor.index as usize] as usize;
                if !self.bases.is_changed(base) && self.bases.holds(base, place) {
                    return Some(Asked { base, leaving: place, price });
                }
                cursor.index += 1;
            }
            *cursor = Cursor { stage: Stage::Changed, index: 0 };
        }
        let changed = &holders.changed[place.index()];
        while let Some(&base) = changed.get(cursor.index as usize) {
            if self.bases.holds(base as usize, place) {
                return Some(self.asked_to_replace(base, place));
            }
            cursor.index += 1;
        }
        None
    }
}
