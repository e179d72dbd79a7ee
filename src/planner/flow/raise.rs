//! Raising potentials, where no tight arc leads on.

use super::Node;
use super::layer::Layer;
use super::offers::Asked;
use super::solve::Solver;
use crate::index::Place;

impl Solver<'_> {
    /// Raises the potential of everything that was not reached.
    pub(super) fn raise_by(&mut self, step: i64) {
        for (potential, layer) in self.tree.potential.iter_mut().zip(&self.layer) {
            if *layer == Layer::NONE {
                *potential += step;
            }
        }
    }

    /// The least reduced cost of an arc that leads on from what was reached. None is
    /// below 1, since tight ones were followed, so the first 1 ends the search.
    pub(super) fn least_step(&mut self) -> Option<i64> {
        let mut step = i64::MAX;
        for index in 0..self.short.len() {
            if step > 1 {
                let base = self.short[index].0 as usize;
                self.least_from_base(Asked { base, leaving: Place::NONE, price: 1 }, &mut step);
            }
        }
        for index in 0..self.queue.len() {
            if step > 1 {
                self.least_from_node(self.queue[index], &mut step);
            }
        }
        (step != i64::MAX).then_some(step)
    }

    fn least_from_node(&mut self, node: Node, step: &mut i64) {
        let parent = self.tree.parent(node);
        if parent.is_some() && self.layer[parent.index()] == Layer::NONE {
            *step = self.tree.up(node).min(*step);
        }
        for &child in self.tree.children(node) {
            if self.layer[child.index()] == Layer::NONE {
                *step = self.tree.down(child).min(*step);
            }
        }
        if let Some(place) = self.as_place(node) {
            self.find_holders();
            let holders = self.holders.take().expect("found above");
            for base in holders.of(place) {
                if *step > 1 && self.bases.holds(base as usize, place) {
                    self.least_from_base(self.asked_to_replace(base, place), step);
                }
            }
            self.holders = Some(holders);
        }
    }

    fn least_from_base(&mut self, asked: Asked, step: &mut i64) {
        let Asked { base, leaving, price } = asked;
        self.bases.block(base, leaving, self.limits, &mut self.blocked);
        let cost = |own: Place| price - 1 - self.potential(own);
        let is_new = |own: Place| self.layer[own.index()] == Layer::NONE;
        while let Some(own) = self.find_returnable(base, |own| is_new(own) && cost(own) < *step) {
            *step = cost(own);
        }
        // Own services are among these, at one more than they cost: they are seen to.
        let mut below = price;
        while let Some(potential) = self.unreached.next_below(Layer::NONE, below) {
            if price - potential >= *step {
                break;
            }
            if self.unreached.pick((Layer::NONE, potential), &self.blocked, 0).is_some() {
                *step = price - potential;
            }
            below = potential;
        }
    }
}
