//! The search for paths: levels over tight arcs, and potentials where they end.
//!
//! A level counts steps: changes of a base, from one service to another. Within
//! a step, paths run along the load tree, in *hops*; so that the way from a
//! service up to a domain that lacks load, and the way down from one that has
//! too much, need no round of their own. A node's level is `STEP * steps + hops`;
//! arcs of the tree lead one hop on, changes of a base to hop 0 of the next
//! step, so that the arcs along levels form no cycle.

use super::bases::{Bases, Blocked, Limits};
use super::blocking::{Arc, Cursor, START};
use super::load_tree::LoadTree;
use super::unreached::{Cells, Key};
use super::{NONE, Place};
use crate::mapping::HOLE;

/// More hops than a path has within a step: up to the root and down again.
pub(super) const STEP: u32 = 1 << 8;

/// The level of what a change of a base leads to from a level.
pub(super) const fn next_step(level: u32) -> u32 {
    (level | (STEP - 1)) + 1
}

/// The bases by service: made when the first path leaves a service.
#[derive(Debug, Default)]
pub(super) struct Holders {
    /// The bases of `s` at that time are `list[start[s]..start[s + 1]]`; those
    /// that have left are passed over.
    pub(super) start: Vec<u32>,
    pub(super) list: Vec<u32>,
    /// The touched bases that hold each service, with some that have left.
    pub(super) touched: Vec<Vec<u32>>,
}

/// A flow in the making: see the module's own text.
#[derive(Debug)]
pub(crate) struct Search<'a> {
    pub(super) limits: &'a Limits,
    pub(super) bases: Bases<'a>,
    pub(super) tree: LoadTree,
    /// Bases that lack replicas, and how many.
    pub(super) short: Vec<(u32, u16)>,
    pub(super) holders: Option<Holders>,
    pub(super) level: Vec<u32>,
    pub(super) cursor: Vec<Cursor>,
    pub(super) queue: Vec<u32>,
    pub(super) path: Vec<(u32, Arc)>,
    pub(super) cells: Cells,
    pub(super) blocked: Blocked,
    pub(super) sorting: Vec<(Key, Place)>,
}

impl<'a> Search<'a> {
    /// A search from bases that keep their own services as far as the rules
    /// let them; `short` are those that then lack replicas.
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
            level: vec![NONE; tree.len()],
            cursor: vec![START; tree.len()],
            tree,
            queue: Vec::new(),
            path: Vec::new(),
            cells: Cells::default(),
            blocked: Blocked::default(),
            sorting: Vec::new(),
        }
    }

    /// Moves replicas until no source is left. Returns the bases and the
    /// potentials of the nodes, which prove that no cheaper flow exists.
    pub(crate) fn run(mut self) -> (Bases<'a>, Vec<i64>) {
        while self.has_source() && self.find_levels() {
            self.block();
        }
        if self.has_source() {
            // Costs are whole, and none that leads on is 0.
            self.raise_by(1);
            self.move_directly();
            self.holders = None;
        }
        while self.has_source() {
            if self.find_levels() {
                self.block();
            } else if let Some(step) = self.least_step() {
                self.raise_by(step);
            } else {
                debug_assert!(false, "a penalty arc leads from every source to the root");
                break;
            }
        }
        self.spread_moves();
        (self.bases, self.tree.into_potentials())
    }

    fn has_source(&self) -> bool {
        !self.short.is_empty() || self.tree.excess.iter().any(|&excess| excess > 0)
    }

    /// Finds the level of every node that tight arcs lead to, up to the step in
    /// which one has a deficit. Returns whether one has.
    fn find_levels(&mut self) -> bool {
        self.level.fill(NONE);
        self.queue.clear();
        let (limits, tree) = (self.limits, &self.tree);
        let key =
            |s: usize| (limits.open[s] && tree.excess[s] <= 0).then_some((0, tree.potential[s]));
        self.cells.fill(limits, key, &mut self.sorting);
        for node in (0..).take(self.tree.len()) {
            if self.tree.excess[node as usize] > 0 {
                self.reach(node, 0);
            }
        }
        let mut start = 0;
        for step in 0.. {
            if self.reach_along_tree(start) {
                return true;
            }
            let end = self.queue.len();
            let leads = self.bases.is_any_touched() || self.cells.has((0, 1));
            let short = if step == 0 && leads { self.short.len() } else { 0 };
            for index in 0..short {
                self.reach_from_base(self.short[index].0, HOLE, 1, STEP);
            }
            for index in start..end {
                let node = self.queue[index];
                if let Some(place) = self.as_place(node) {
                    self.reach_from_place(place, next_step(self.level[node as usize]));
                }
            }
            if self.queue.len() == end {
                break;
            }
            start = end;
        }
        false
    }

    fn reach(&mut self, node: u32, level: u32) {
        self.level[node as usize] = level;
        self.queue.push(node);
        if let Some(place) = self.as_place(node) {
            self.cells.remove(place);
        }
    }

    pub(super) fn as_place(&self, node: u32) -> Option<Place> {
        Place::try_from(node).ok().filter(|&place| usize::from(place) < self.limits.group.len())
    }

    /// Reaches what the load tree leads to from the nodes of the queue, from
    /// `start` on. Returns whether a deficit is among them.
    fn reach_along_tree(&mut self, start: usize) -> bool {
        let mut found = false;
        let mut head = start;
        while let Some(&node) = self.queue.get(head) {
            head += 1;
            found |= self.tree.excess[node as usize] < 0;
            let level = self.level[node as usize] + 1;
            let parent = self.tree.parent(node);
            if parent != NONE && self.level[parent as usize] == NONE && self.tree.up(node) == 0 {
                self.reach(parent, level);
            }
            for index in 0..self.tree.children(node).len() {
                let child = self.tree.children(node)[index];
                if self.level[child as usize] == NONE && self.tree.down(child) == 0 {
                    self.reach(child, level);
                }
            }
        }
        found
    }

    /// Reaches what the bases of a service could hold in its place.
    fn reach_from_place(&mut self, place: Place, level: u32) {
        let others = self.tree.potential[usize::from(place)] + 1;
        let at = usize::from(place);
        if !self.cells.has((0, others)) && !self.bases.is_any_touched() {
            return;
        }
        self.hold();
        for index in self.holders().start[at]..self.holders().start[at + 1] {
            if !self.cells.has((0, others)) {
                break;
            }
            let base = self.holders().list[index as usize];
            if !self.bases.is_touched(base as usize) && self.bases.holds(base as usize, place) {
                self.reach_from_base(base, place, others, level);
            }
        }
        let mut found = usize::MAX;
        for index in 0..self.holders().touched[at].len() {
            if found != self.queue.len() {
                found = self.queue.len();
                if !self.cells.has_near(0, others - 1) {
                    return;
                }
            }
            let base = self.holders().touched[at][index];
            if self.bases.holds(base as usize, place) {
                self.reach_from_base(base, place, self.others(base, place), level);
            }
        }
    }

    /// Reaches the services that a base could hold instead of `leaving`, at
    /// the potential `others`, or one less if they are its own.
    fn reach_from_base(&mut self, base: u32, leaving: u16, others: i64, level: u32) {
        let (at, key) = (base as usize, (0, others));
        let is_own = |search: &Self, own: Place| {
            search.level[usize::from(own)] == NONE
                && search.tree.potential[usize::from(own)] == others - 1
        };
        if !self.cells.has(key) && self.own_at(at, |search, own| is_own(search, own)).is_none() {
            return;
        }
        self.bases.blocked(at, leaving, self.limits, &mut self.blocked);
        let lets =
            |search: &Self, own| is_own(search, own) && search.blocked.lets(own, search.limits);
        while let Some(own) = self.own_at(at, lets) {
            self.reach(own.into(), level);
        }
        while let Some(other) = self.cells.pick(key, &self.blocked, self.limits, 0) {
            self.reach(other.into(), level);
        }
    }

    pub(super) fn holders(&self) -> &Holders {
        self.holders.as_ref().expect("made when the first path leaves a service")
    }

    pub(super) fn hold(&mut self) {
        if self.holders.is_some() {
            return;
        }
        let services = self.limits.group.len();
        let (start, list) = self.bases.by_service(services);
        let mut touched = vec![Vec::new(); services];
        for base in (0..).take(self.bases.count()) {
            if self.bases.is_touched(base as usize) {
                for place in self.bases.movable(base as usize) {
                    touched[usize::from(place)].push(base);
                }
            }
        }
        self.holders = Some(Holders { start, list, touched });
    }

    /// An own service that a base does not hold, and that is wanted.
    pub(super) fn own_at(
        &self,
        base: usize,
        wanted: impl Fn(&Self, Place) -> bool,
    ) -> Option<Place> {
        if !self.bases.is_touched(base) {
            return None;
        }
        self.bases.own(base).find(|&own| wanted(self, own) && !self.bases.holds(base, own))
    }

    fn raise_by(&mut self, step: i64) {
        for (potential, level) in self.tree.potential.iter_mut().zip(&self.level) {
            if *level == NONE {
                *potential += step;
            }
        }
    }

    /// The least reduced cost of an arc that leads on from what was reached.
    fn least_step(&mut self) -> Option<i64> {
        let mut step = i64::MAX;
        for index in 0..self.short.len() {
            if step > 1 {
                self.least_from_base(self.short[index].0, HOLE, 1, &mut step);
            }
        }
        for index in 0..self.queue.len() {
            if step > 1 {
                self.least_from_node(self.queue[index], &mut step);
            }
        }
        (step != i64::MAX).then_some(step)
    }

    fn least_from_node(&mut self, node: u32, step: &mut i64) {
        let parent = self.tree.parent(node);
        if parent != NONE && self.level[parent as usize] == NONE {
            *step = self.tree.up(node).min(*step);
        }
        for &child in self.tree.children(node) {
            if self.level[child as usize] == NONE {
                *step = self.tree.down(child).min(*step);
            }
        }
        let Some(place) = self.as_place(node) else { return };
        let at = usize::from(place);
        self.hold();
        for index in self.holders().start[at]..self.holders().start[at + 1] {
            self.least_from_holder(self.holders().list[index as usize], place, step);
        }
        for index in 0..self.holders().touched[at].len() {
            self.least_from_holder(self.holders().touched[at][index], place, step);
        }
    }

    fn least_from_holder(&mut self, base: u32, place: Place, step: &mut i64) {
        if *step > 1 && self.bases.holds(base as usize, place) {
            self.least_from_base(base, place, self.others(base, place), step);
        }
    }

    fn least_from_base(&mut self, base: u32, leaving: u16, others: i64, step: &mut i64) {
        let at = base as usize;
        self.bases.blocked(at, leaving, self.limits, &mut self.blocked);
        let cost = |search: &Self, own: Place| others - 1 - search.tree.potential[usize::from(own)];
        let nearer = |search: &Self, own, step| {
            search.level[usize::from(own)] == NONE
                && cost(search, own) < step
                && search.blocked.lets(own, search.limits)
        };
        while let Some(own) = self.own_at(at, |search, own| nearer(search, own, *step)) {
            *step = cost(self, own);
        }
        let mut below = others;
        while let Some(potential) = self.cells.next_below(below) {
            if others - potential >= *step {
                break;
            }
            if self.cells.pick((0, potential), &self.blocked, self.limits, 0).is_some() {
                *step = others - potential;
            }
            below = potential;
        }
    }

    /// The potential at which a base offers to others the place of a service
    /// that it holds.
    pub(super) fn others(&self, base: u32, place: Place) -> i64 {
        self.tree.potential[usize::from(place)] + 1 - self.bases.cost(base as usize, place)
    }
}
