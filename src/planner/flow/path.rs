//! A path in the making: how it came to each node, and which arcs are still to try.

use super::Node;
use crate::index::Place;

/// How a path came to a node.
#[derive(Debug, Clone, Copy)]
pub(super) enum Hop {
    /// It starts there.
    Source,
    /// A base takes the service in the place of another, or of none.
    Swap { base: u32, from: Place },
    /// From a child to its parent.
    Up { child: Node },
    /// From a parent to its child.
    Down,
}

/// Which part of its arcs a node has still to try, in the order of the search.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    Tree,
    Unchanged,
    Changed,
}

/// How far a node has tried its arcs.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cursor {
    pub(super) stage: Stage,
    pub(super) index: u32,
}

impl Cursor {
    pub(super) const START: Self = Self { stage: Stage::Tree, index: 0 };

    pub(super) const fn advance(&mut self) {
        self.index += 1;
    }

    pub(super) fn is_at_changed(self) -> bool {
        self.stage == Stage::Changed
    }
}
