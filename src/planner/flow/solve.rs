//! The solver: what a flow in the making knows, and the order of its phases.

use super::Node;
use super::bases::Bases;
use super::holders::Holders;
use super::layer::Layer;
use super::load_tree::LoadTree;
use super::path::{Cursor, Hop};
use super::unreached::Unreached;
use crate::index::Place;
use crate::planner::limits::{Blocked, Limits};

/// A flow in the making: see the module's own text.
#[derive(Debug)]
pub(crate) struct Solver<'a> {
    pub(super) limits: &'a Limits,
    pub(super) bases: Bases<'a>,
    pub(super) tree: LoadTree,
    /// Bases that lack replicas, and how many.
    pub(super) short: Vec<(u32, u16)>,
    pub(super) holders: Option<Holders>,
    /// The layer of each node; none where no tight path leads.
    pub(super) layer: Vec<Layer>,
    /// The arcs that each node has still to try.
    pub(super) cursor: Vec<Cursor>,
    pub(super) queue: Vec<Node>,
    pub(super) path: Vec<(Node, Hop)>,
    pub(super) unreached: Unreached,
    /// The full domains of the base that was looked at last.
    pub(super) blocked: Blocked,
}

impl<'a> Solver<'a> {
    /// A flow from bases that keep their own services as far as the rules let
    /// them; `short` are those that then lack replicas, and how many.
    pub(crate) fn new(
        limits: &'a Limits,
        bases: Bases<'a>,
        tree: LoadTree,
        short: Vec<(u32, u16)>,
    ) -> Self {
        Self {
            limits,
            bases,
            short,
            holders: None,
            layer: vec![Layer::NONE; tree.len()],
            cursor: vec![Cursor::START; tree.len()],
            tree,
            queue: Vec::new(),
            path: Vec::new(),
            unreached: Unreached::default(),
            blocked: Blocked::default(),
        }
    }

    /// Moves replicas until no source is left. Returns the bases and the
    /// potentials of the nodes, which prove that no cheaper flow exists.
    pub(crate) fn run(mut self) -> (Bases<'a>, Vec<i64>) {
        while self.has_source() && self.find_layers() {
            self.block();
        }
        if self.has_source() {
            // Reduced costs are whole, and none of an arc that leads on is 0.
            self.raise_by(1);
            self.move_directly();
            // Direct moves do not keep the bases by service up to date.
            self.holders = None;
        }
        while self.has_source() {
            if self.find_layers() {
                self.block();
            } else {
                let step = self.least_step();
                self.raise_by(step.expect("penalty arcs lead from every source to a deficit"));
            }
        }
        self.spread_second_moves();
        (self.bases, self.tree.into_potentials())
    }

    fn has_source(&self) -> bool {
        !self.short.is_empty() || self.tree.excess.iter().any(|&excess| excess > 0)
    }

    /// The service that a node is, if it is one.
    pub(super) fn as_place(&self, node: Node) -> Option<Place> {
        (node.index() < self.limits.places()).then(|| Place::new(node.index()))
    }

    pub(super) fn potential(&self, place: Place) -> i64 {
        self.tree.potential[place.index()]
    }
}
