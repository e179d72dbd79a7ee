//! What a base could hold in the place of a service, or of none.
//!
//! For one base, all services that are not its own cost the same, so the search
//! asks for *one* price: the potential that another service has at the end of a
//! tight arc. An own service, which is free, has one less there. Either must be
//! in no domain that is full without the service that leaves.

use super::layers::Layer;
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
        if !has_other && !self.given_up(base).any(|own| self.is_at(own, layer, price - 1)) {
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
        let own = self.returnable(asked.base).find(|&own| self.is_at(own, layer, asked.price - 1));
        own.or_else(|| self.unreached.pick((layer, asked.price), &self.blocked, spread))
    }

    fn is_at(&self, place: Place, layer: Layer, potential: i64) -> bool {
        self.layer[place.index()] == layer && self.potential(place) == potential
    }

    /// The own services that a base does not hold now.
    fn given_up(&self, base: usize) -> impl Iterator<Item = Place> {
        let own = self.bases.is_changed(base).then(|| self.bases.own(base));
        own.into_iter().flatten().filter(move |&own| !self.bases.holds(base, own))
    }

    /// Those of them that the base looked at could hold.
    pub(super) fn returnable(&self, base: usize) -> impl Iterator<Item = Place> {
        self.given_up(base).filter(|&own| self.blocked.lets(own))
    }
}
