//! The bases that hold a service, found when the first path leaves one.

use super::blocking::{Cursor, Stage};
use super::layers::Layer;
use super::offers::Asked;
use super::solve::Solver;
use crate::index::Place;

/// The bases by service.
#[derive(Debug, Default)]
pub(super) struct Holders {
    /// The bases of `s` at that time are `list[start[s]..start[s + 1]]`; those
    /// that have left are passed over.
    start: Vec<u32>,
    list: Vec<u32>,
    /// The changed bases that hold each service, with some that have left.
    changed: Vec<Vec<u32>>,
}

impl Holders {
    /// Adds a changed base to those of a service.
    pub(super) fn add(&mut self, place: Place, base: u32) {
        self.changed[place.index()].push(base);
    }

    /// Every base that may hold a service, some of them twice.
    pub(super) fn of(&self, place: Place) -> impl Iterator<Item = u32> {
        let [start, end] = [0, 1].map(|next| self.start[place.index() + next] as usize);
        self.list[start..end].iter().chain(&self.changed[place.index()]).copied()
    }
}

impl Solver<'_> {
    /// Finds the bases by service, if nobody has.
    pub(super) fn find_holders(&mut self) {
        if self.holders.is_some() {
            return;
        }
        let services = self.limits.places();
        let (start, list) = self.bases.by_service(services);
        let mut holders = Holders { start, list, changed: vec![Vec::new(); services] };
        for base in (0..).take(self.bases.count()) {
            if self.bases.is_changed(base as usize) {
                for place in self.bases.movable(base as usize) {
                    holders.add(place, base);
                }
            }
        }
        self.holders = Some(holders);
    }

    /// The next base that holds a service and could hold one of a layer in its
    /// place, as far as it is told without a look at the base. The cursor stays
    /// at it.
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
