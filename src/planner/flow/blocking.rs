//! The blocking flow: paths along the levels of a search, until none is left.
//!
//! Depth first, each path applied as it goes down and undone as it backs out, so
//! that a path which passes a base twice sees what its first step changed. A
//! node from which no path leads on is closed for the rest of the round, and
//! each node tries its arcs once: a round looks at each replica of the table
//! once at most.

use super::search::{STEP, Search, next_step};
use super::{NONE, Place};
use crate::mapping::HOLE;

/// How a path came to a node.
#[derive(Debug, Clone, Copy)]
pub(super) enum Arc {
    /// It starts there.
    Source,
    /// A base takes the service in the place of another, or of a hole.
    Swap { base: u32, from: u16 },
    /// From a child to its parent.
    Up { child: u32 },
    /// From a parent to its child.
    Down,
}

/// Which part of its arcs a node has still to try, in the order of the search.
///
/// Bases that are as they were come before those that have moved already, so
/// that few bases move twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    Tree,
    Untouched,
    Touched,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Cursor {
    stage: Stage,
    index: u32,
}

pub(super) const START: Cursor = Cursor { stage: Stage::Tree, index: 0 };

impl Search<'_> {
    /// A blocking flow: no path along the levels is left afterwards.
    pub(super) fn block(&mut self) {
        let (limits, level, tree) = (self.limits, &self.level, &self.tree);
        let key = |s: usize| {
            (limits.open[s] && level[s] >= STEP && level[s] != NONE)
                .then_some((level[s], tree.potential[s]))
        };
        self.cells.fill(limits, key, &mut self.sorting);
        self.cursor.fill(START);
        for index in 0..self.queue.len() {
            let node = self.queue[index];
            if self.level[node as usize] != 0 {
                break;
            }
            while self.tree.excess[node as usize] > 0 {
                self.path.push((node, Arc::Source));
                if !self.follow() {
                    break;
                }
                self.tree.excess[node as usize] -= 1;
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
        while let Some(next) = self.swap(base, HOLE, 1, STEP) {
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
        while let Some(&(node, arc)) = self.path.last() {
            if self.tree.excess[node as usize] < 0 {
                self.tree.excess[node as usize] += 1;
                self.commit();
                return true;
            }
            if let Some(next) = self.advance(node) {
                self.path.push(next);
            } else {
                self.close(node);
                self.undo(node, arc);
                self.path.pop();
            }
        }
        false
    }

    fn commit(&mut self) {
        let path = self.path.drain(..);
        let Some(holders) = &mut self.holders else { return };
        for (node, arc) in path {
            if let Arc::Swap { base, .. } = arc {
                holders.touched[node as usize].push(base);
            }
        }
    }

    /// No path leads on from a node.
    fn close(&mut self, node: u32) {
        self.level[node as usize] = NONE;
        if let Some(place) = self.as_place(node) {
            self.cells.remove(place);
        }
    }

    fn undo(&mut self, node: u32, arc: Arc) {
        match arc {
            Arc::Source => {}
            Arc::Swap { base, from } => {
                let place = self.as_place(node).expect("a base holds services");
                self.bases.replace(base as usize, place, from);
            }
            Arc::Up { child } => self.tree.flow[child as usize] -= 1,
            Arc::Down => self.tree.flow[node as usize] += 1,
        }
    }

    /// Takes the next arc from a node along the levels, if there is one.
    fn advance(&mut self, node: u32) -> Option<(u32, Arc)> {
        let level = self.level[node as usize];
        while self.cursor[node as usize].stage == Stage::Tree {
            let index = self.cursor[node as usize].index;
            if let Some(next) = self.advance_in_tree(node, level + 1, index) {
                return Some(next);
            }
            self.cursor[node as usize].index += 1;
            if index as usize >= self.tree.children(node).len() {
                let index = self.holders.as_ref()?.start[usize::from(self.as_place(node)?)];
                self.cursor[node as usize] = Cursor { stage: Stage::Untouched, index };
            }
        }
        self.advance_from_place(self.as_place(node)?, next_step(level))
    }

    /// The arc to the parent (index 0), then those to the children.
    fn advance_in_tree(&mut self, node: u32, level: u32, index: u32) -> Option<(u32, Arc)> {
        if index == 0 {
            let parent = self.tree.parent(node);
            let leads =
                parent != NONE && self.level[parent as usize] == level && self.tree.up(node) == 0;
            if leads {
                self.tree.flow[node as usize] += 1;
                return Some((parent, Arc::Up { child: node }));
            }
        }
        let child = *self.tree.children(node).get(index as usize)?;
        if self.level[child as usize] == level && self.tree.down(child) == 0 {
            self.tree.flow[child as usize] -= 1;
            return Some((child, Arc::Down));
        }
        None
    }

    /// The next change of a base that holds a service, to a service of a level.
    fn advance_from_place(&mut self, place: Place, level: u32) -> Option<(u32, Arc)> {
        let at = usize::from(place);
        if self.cursor[at].stage == Stage::Untouched {
            let others = self.tree.potential[at] + 1;
            let end = self.holders().start[at + 1];
            while self.cursor[at].index < end && self.cells.has((level, others)) {
                let base = self.holders().list[self.cursor[at].index as usize];
                if !self.bases.is_touched(base as usize)
                    && self.bases.holds(base as usize, place)
                    && let Some(next) = self.swap(base, place, others, level)
                {
                    return Some(next);
                }
                self.cursor[at].index += 1;
            }
            self.cursor[at] = Cursor { stage: Stage::Touched, index: 0 };
        }
        if !self.cells.has_near(level, self.tree.potential[at]) {
            return None;
        }
        while let Some(&base) = self.holders().touched[at].get(self.cursor[at].index as usize) {
            if self.bases.holds(base as usize, place)
                && let Some(next) = self.swap(base, place, self.others(base, place), level)
            {
                return Some(next);
            }
            self.cursor[at].index += 1;
        }
        None
    }

    /// Gives a base a service of a level instead of `from`.
    fn swap(&mut self, base: u32, from: u16, others: i64, level: u32) -> Option<(u32, Arc)> {
        let at = base as usize;
        let is_own = |search: &Self, own: Place| {
            search.level[usize::from(own)] == level
                && search.tree.potential[usize::from(own)] == others - 1
        };
        if !self.cells.has((level, others))
            && self.own_at(at, |search, own| is_own(search, own)).is_none()
        {
            return None;
        }
        self.bases.blocked(at, from, self.limits, &mut self.blocked);
        let lets =
            |search: &Self, own| is_own(search, own) && search.blocked.lets(own, search.limits);
        let to = self
            .own_at(at, lets)
            .or_else(|| self.cells.pick((level, others), &self.blocked, self.limits, at))?;
        self.replace(base, from, to);
        Some((to.into(), Arc::Swap { base, from }))
    }

    /// Puts a service in the place of another, or of a hole, and remembers
    /// that the base has moved.
    fn replace(&mut self, base: u32, from: u16, to: u16) {
        let at = base as usize;
        if let Some(holders) = &mut self.holders
            && !self.bases.is_touched(at)
        {
            for place in self.bases.movable(at) {
                holders.touched[usize::from(place)].push(base);
            }
        }
        self.bases.replace(at, from, to);
    }
}
