//! The search for paths: layers over tight arcs.

use super::Node;
use super::layer::Layer;
use super::offers::Asked;
use super::path::Cursor;
use super::solve::Solver;
use crate::index::Place;

impl Solver<'_> {
    /// Finds the layer of every node that tight arcs lead to, up to the step in
    /// which one has a deficit. Returns whether one has.
    pub(super) fn find_layers(&mut self) -> bool {
        self.layer.fill(Layer::NONE);
        self.queue.clear();
        let tree = &self.tree;
        self.unreached.fill(self.limits, |place| {
            let potential = tree.potential[place.index()];
            (tree.excess[place.index()] <= 0).then_some((Layer::NONE, potential))
        });
        for node in 0..self.tree.len() {
            if self.tree.excess[node] > 0 {
                self.reach(Node::new(node), Layer::FIRST);
            }
        }
        let mut start = 0;
        for step in 0.. {
            if self.reach_along_tree(start) {
                return true;
            }
            let end = self.queue.len();
            if step == 0 {
                self.reach_from_short_bases();
            }
            for index in start..end {
                let node = self.queue[index];
                if let Some(place) = self.as_place(node) {
                    self.reach_from_place(place, self.layer[node.index()].next_step());
                }
            }
            if self.queue.len() == end {
                break;
            }
            start = end;
        }
        false
    }

    fn reach(&mut self, node: Node, layer: Layer) {
        self.layer[node.index()] = layer;
        self.queue.push(node);
        if let Some(place) = self.as_place(node) {
            self.unreached.remove(place);
        }
    }

    /// Reaches what the load tree leads to from the nodes of the queue, from
    /// `start` on. Returns whether a deficit is among them.
    fn reach_along_tree(&mut self, start: usize) -> bool {
        let mut found = false;
        let mut head = start;
        while let Some(&node) = self.queue.get(head) {
            head += 1;
            found |= self.tree.excess[node.index()] < 0;
            let layer = self.layer[node.index()].next_hop();
            let is_new = |solver: &Self, node: Node| solver.layer[node.index()] == Layer::NONE;
            let parent = self.tree.parent(node);
            if parent.is_some() && is_new(self, parent) && self.tree.up(node) == 0 {
                self.reach(parent, layer);
            }
            for index in 0..self.tree.children(node).len() {
                let child = self.tree.children(node)[index];
                if is_new(self, child) && self.tree.down(child) == 0 {
                    self.reach(child, layer);
                }
            }
        }
        found
    }

    /// Reaches what bases that lack replicas could hold.
    fn reach_from_short_bases(&mut self) {
        if !self.bases.is_any_changed() && !self.unreached.has((Layer::NONE, 1)) {
            return;
        }
        for index in 0..self.short.len() {
            let base = self.short[index].0 as usize;
            let asked = Asked { base, leaving: Place::NONE, price: 1 };
            self.reach_from_base(asked, Layer::FIRST.next_step());
        }
    }

    /// Reaches what the bases of a service could hold in its place.
    fn reach_from_place(&mut self, place: Place, layer: Layer) {
        let price = self.potential(place) + 1;
        if !self.bases.is_any_changed() && !self.unreached.has((Layer::NONE, price)) {
            return;
        }
        self.find_holders();
        let mut cursor = Cursor::START;
        let mut asked_at = None;
        while let Some(asked) = self.next_holder(place, &mut cursor, Layer::NONE) {
            // A changed base is only worth a look while a service is left at a
            // potential that it may lead to. That changes when one is taken out.
            if cursor.is_at_changed() && asked_at != Some(self.unreached.removed()) {
                asked_at = Some(self.unreached.removed());
                if !self.unreached.has_near(Layer::NONE, price - 1) {
                    return;
                }
            }
            self.reach_from_base(asked, layer);
            cursor.advance();
        }
    }

    /// Reaches the services that a base could hold.
    fn reach_from_base(&mut self, asked: Asked, layer: Layer) {
        if self.look_at(asked, Layer::NONE) {
            while let Some(place) = self.next_offer(asked, Layer::NONE, 0) {
                self.reach(place.into(), layer);
            }
        }
    }
}
