//! What a base could hold in the place of a service, or of none.
//!
//! For one base, all services that are not its own cost the same, so the search
//! asks for *one* price: the potential that another service has at the end of a
//! tight arc. An own service, which is free, has one less there. Either must be
//! in no domain that is full without the service that leaves.

use super::layer::Layer;
use super::solve::Solver;
use crate::index::Place;

/// A base that could hold other services, which ones being asked.
#[derive(Debug, Clone, Copy)]
pub(super) struct Asked {
    pub(super) base: usize,
    /// The service that would leave; none when the base lacks a replica.
    pub(super) leaving: Place,
    /// The potential of a service that the base did not hold before, at the end of
    /// a tight arc.
    pub(super) price: i64,
}

impl Solver<'_> {
    /// What a base is asked for that holds a service now.
    pub(super) fn asked_to_replace(&self, base: u32, leaving: Place) -> Asked {
        let base = base as usize;
        let price = self.potential(leaving) + 1 - self.bases.cost(base, leaving);
        Asked { base, leaving, price }
    }

    /// Looks at a base, if a layer may have something for it; what is full then
    /// stands in `blocked`.
    pub(super) fn look_at(&mut self, asked: Asked, layer: Layer) -> bool {
        let Asked { base, leaving, price } = asked;
        let has_other = self.unreached.has((layer, price));
        if !has_other && self.find_given_up(base, |own| self.is_at(own, layer, price - 1)).is_none()
        {
            return false;
        }
        self.bases.block(base, leaving, self.limits, &mut self.blocked);
        true
    }

    /// The next service of a layer that the base looked at could hold.
    pub(super) fn next_offer(
        &mut self,
        asked: Asked,
        layer: Layer,
        spread: usize,
    ) -> Option<Place> {
        let is_there = |own| self.is_at(own, layer, asked.price - 1);
        self.find_returnable(asked.base, is_there)
            .or_else(|| self.unreached.pick((layer, asked.price), &self.blocked, spread))
    }

    fn is_at(&self, place: Place, layer: Layer, potential: i64) -> bool {
        self.layer[place.index()] == layer && self.potential(place) == potential
    }

    /// The first own service that a base does not hold now and that is wanted.
    fn find_given_up(&self, base: usize, is_wanted: impl Fn(Place) -> bool) -> Option<Place> {
        if !self.bases.is_changed(base) {
            return None;
        }
        self.bases.own(base).find(|&own| is_wanted(own) && !self.bases.holds(base, own))
    }

    /// The first of those that the base looked at could hold.
    pub(super) fn find_returnable(
        &self,
        base: usize,
        is_wanted: impl Fn(Place) -> bool,
    ) -> Option<Place> {
        self.find_given_up(base, |own| is_wanted(own) && self.blocked.lets(own))
    }
}
