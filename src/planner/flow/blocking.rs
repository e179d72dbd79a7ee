//! Paths along the layers of a search, until none is found.
//!
//! Depth first, each path applied as it goes down and undone as it backs out, so
//! that a path which passes a base twice sees what its first step changed. A
//! node from which no path leads on just then is closed for the rest of the round,
//! and each node tries its arcs once: a round looks at each replica of the table
//! as often as a search does.

use super::Node;
use super::layer::Layer;
use super::offers::Asked;
use super::path::{Cursor, Hop, Stage};
use super::solve::Solver;
use crate::index::Place;

impl Solver<'_> {
    /// Takes paths along the layers, the first of which there is.
    pub(super) fn block(&mut self) {
        let (layer, tree) = (&self.layer, &self.tree);
        self.unreached.fill(self.limits, |place| {
            let here = layer[place.index()];
            here.is_after_a_step().then_some((here, tree.potential[place.index()]))
        });
        self.cursor.fill(Cursor::START);
        for index in 0..self.queue.len() {
            let node = self.queue[index];
            if self.layer[node.index()] != Layer::FIRST {
                break;
            }
            while self.tree.excess[node.index()] > 0 {
                self.path.push((node, Hop::Source));
                if !self.follow() {
                    break;
                }
                self.tree.excess[node.index()] -= 1;
            }
        }
        let mut short = std::mem::take(&mut self.short);
        for (base, lacking) in &mut short {
            while *lacking > 0 && self.follow_from_base(*base) {
                *lacking -= 1;
            }
        }
        short.retain(|(_, lacking)| *lacking > 0);
        self.short = short;
    }

    fn follow_from_base(&mut self, base: u32) -> bool {
        let asked = Asked { base: base as usize, leaving: Place::NONE, price: 1 };
        while let Some(next) = self.swap(asked, Layer::FIRST.next_step()) {
            self.path.push(next);
            if self.follow() {
                return true;
            }
        }
        false
    }

    /// Follows the path, from where it is, to a deficit; applies it and returns
    /// true, or undoes it and returns false.
    fn follow(&mut self) -> bool {
        while let Some(&(node, hop)) = self.path.last() {
            if self.tree.excess[node.index()] < 0 {
                self.tree.excess[node.index()] += 1;
                self.commit();
                return true;
            }
            if let Some(next) = self.advance(node) {
                self.path.push(next);
            } else {
                self.close(node);
                self.undo(node, hop);
                self.path.pop();
            }
        }
        false
    }

    fn commit(&mut self) {
        let path = self.path.drain(..);
        let Some(holders) = &mut self.holders else { return };
        for (node, hop) in path {
            if let Hop::Swap { base, .. } = hop {
                holders.add(Place::new(node.index()), base);
            }
        }
    }

    /// No path leads on from a node.
    fn close(&mut self, node: Node) {
        self.layer[node.index()] = Layer::NONE;
        if let Some(place) = self.as_place(node) {
            self.unreached.remove(place);
        }
    }

    fn undo(&mut self, node: Node, hop: Hop) {
        match hop {
            Hop::Source => {}
            Hop::Swap { base, from } => {
                let place = self.as_place(node).expect("a base holds services");
                self.bases.replace(base as usize, place, from);
            }
            Hop::Up { child } => self.tree.flow[child.index()] -= 1,
            Hop::Down => self.tree.flow[node.index()] += 1,
        }
    }

    /// Takes the next arc from a node along the layers, if there is one.
    fn advance(&mut self, node: Node) -> Option<(Node, Hop)> {
        let layer = self.layer[node.index()];
        let at = node.index();
        while self.cursor[at].stage == Stage::Tree
            && self.cursor[at].index as usize <= self.tree.children(node).len()
        {
            let index = self.cursor[at].index;
            if let Some(next) = self.advance_in_tree(node, layer.next_hop(), index) {
                return Some(next);
            }
            self.cursor[at].advance();
        }
        let place = self.as_place(node)?;
        self.holders.as_ref()?;
        self.advance_from_place(place, layer.next_step())
    }

    /// The arc to the parent (index 0), then those to the children.
    fn advance_in_tree(&mut self, node: Node, layer: Layer, index: u32) -> Option<(Node, Hop)> {
        let Some(child) = index.checked_sub(1) else {
            let parent = self.tree.parent(node);
            let leads =
                parent.is_some() && self.layer[parent.index()] == layer && self.tree.up(node) == 0;
            return leads.then(|| {
                self.tree.flow[node.index()] += 1;
                (parent, Hop::Up { child: node })
            });
        };
        let child = *self.tree.children(node).get(child as usize)?;
        if self.layer[child.index()] == layer && self.tree.down(child) == 0 {
            self.tree.flow[child.index()] -= 1;
            return Some((child, Hop::Down));
        }
        None
    }

    /// The next change of a base that holds a service, to a service of a layer.
    fn advance_from_place(&mut self, place: Place, layer: Layer) -> Option<(Node, Hop)> {
        let mut cursor = self.cursor[place.index()];
        let was_changed = cursor.is_at_changed();
        let mut is_near = None;
        let next = loop {
            let Some(asked) = self.next_holder(place, &mut cursor, layer) else { break None };
            if cursor.is_at_changed() {
                let is_near = *is_near.get_or_insert_with(|| {
                    self.unreached.has_near(layer, self.tree.potential[place.index()])
                });
                if !is_near {
                    break None;
                }
            }
            if let Some(next) = self.swap(asked, layer) {
                break Some(next);
            }
            cursor.advance();
        };
        debug_assert!(!was_changed || cursor.is_at_changed(), "cursors go on");
        self.cursor[place.index()] = cursor;
        next
    }

    /// Gives a base a service of a layer in the place of the one that leaves.
    fn swap(&mut self, asked: Asked, layer: Layer) -> Option<(Node, Hop)> {
        if !self.look_at(asked, layer) {
            return None;
        }
        let to = self.next_offer(asked, layer, asked.base)?;
        let base = u32::try_from(asked.base).expect("at most 65,536 bases");
        self.replace(base, asked.leaving, to);
        Some((to.into(), Hop::Swap { base, from: asked.leaving }))
    }

    /// Puts a service in the place of another, or of none, and remembers that the
    /// base has changed.
    fn replace(&mut self, base: u32, from: Place, to: Place) {
        let at = base as usize;
        if let Some(holders) = &mut self.holders
            && !self.bases.is_changed(at)
        {
            for place in self.bases.movable(at) {
                holders.add(place, base);
            }
        }
        self.bases.replace(at, from, to);
    }
}
