//! The search for paths: levels over tight arcs, then a blocking flow on them.

use super::bases::{Bases, Blocked, Limits};
use super::cells::{Cells, Key};
use super::tree::LoadTree;
use super::{NONE, Place};
use crate::mapping::HOLE;

/// How a path came to a node.
#[derive(Debug, Clone, Copy)]
enum Arc {
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
enum Stage {
    Tree,
    Untouched,
    Touched,
    Added,
}

#[derive(Debug, Clone, Copy)]
struct Cursor {
    stage: Stage,
    index: u32,
}

const START: Cursor = Cursor { stage: Stage::Tree, index: 0 };

/// A flow in the making: see the module's own text.
#[derive(Debug)]
pub(crate) struct Search<'a> {
    limits: &'a Limits,
    bases: Bases,
    tree: LoadTree,
    /// Bases that lack replicas, and how many.
    short: Vec<(u32, u16)>,
    /// The bases by service at the start; those that have left are passed over.
    start: Vec<u32>,
    list: Vec<u32>,
    /// Bases that came to a service since.
    added: Vec<Vec<u32>>,
    level: Vec<u32>,
    cursor: Vec<Cursor>,
    queue: Vec<u32>,
    path: Vec<(u32, Arc)>,
    cells: Cells,
    blocked: Blocked,
    sorting: Vec<(Key, Place)>,
}

impl<'a> Search<'a> {
    /// A search from bases that keep their own services as far as the rules
    /// let them; `short` are those that then lack replicas.
    pub(crate) fn new(
        limits: &'a Limits,
        bases: Bases,
        tree: LoadTree,
        short: Vec<(u32, u16)>,
    ) -> Self {
        let services = limits.group.len();
        let nodes = tree.len();
        let (start, list) = bases.by_service(services);
        Self {
            limits,
            bases,
            short,
            start,
            list,
            added: vec![Vec::new(); services],
            level: vec![NONE; nodes],
            cursor: vec![START; nodes],
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
    pub(crate) fn run(mut self) -> (Bases, Vec<i64>) {
        while self.has_source() {
            if self.find_levels() {
                self.block();
            } else if !self.raise() {
                debug_assert!(false, "a penalty arc leads from every source to the root");
                break;
            }
        }
        (self.bases, self.tree.into_potentials())
    }

    fn has_source(&self) -> bool {
        !self.short.is_empty() || self.tree.excess.iter().any(|&excess| excess > 0)
    }

    /// Finds the level of every node that tight arcs lead to, until one with a
    /// deficit is among them. Returns whether one is.
    fn find_levels(&mut self) -> bool {
        self.level.fill(NONE);
        self.queue.clear();
        let (limits, tree) = (self.limits, &self.tree);
        let key =
            |s: usize| (limits.open[s] && tree.excess[s] <= 0).then_some((0, tree.potential[s]));
        self.cells.fill(limits, key, &mut self.sorting);
        for node in (0..).take(self.tree.len()) {
            if self.tree.excess[node as usize] > 0 {
                self.level[node as usize] = 0;
                self.queue.push(node);
            }
        }
        let mut last = NONE;
        for index in 0..self.short.len() {
            let base = self.short[index].0 as usize;
            self.reach_from_base(base, HOLE, 1, 1, &mut last);
        }
        let mut head = 0;
        while let Some(&node) = self.queue.get(head) {
            let level = self.level[node as usize] + 1;
            if level > last {
                break;
            }
            head += 1;
            self.reach_from_node(node, level, &mut last);
        }
        last != NONE
    }

    fn reach(&mut self, node: u32, level: u32, last: &mut u32) {
        self.level[node as usize] = level;
        self.queue.push(node);
        if let Some(place) = self.as_place(node) {
            self.cells.remove(place);
        }
        if self.tree.excess[node as usize] < 0 {
            *last = level;
        }
    }

    fn as_place(&self, node: u32) -> Option<Place> {
        Place::try_from(node).ok().filter(|&place| usize::from(place) < self.limits.group.len())
    }

    fn reach_from_node(&mut self, node: u32, level: u32, last: &mut u32) {
        let parent = self.tree.parent(node);
        if parent != NONE && self.level[parent as usize] == NONE && self.tree.up(node) == 0 {
            self.reach(parent, level, last);
        }
        let Some(place) = self.as_place(node) else {
            for index in 0..self.tree.children(node).len() {
                let child = self.tree.children(node)[index];
                if self.level[child as usize] == NONE && self.tree.down(child) == 0 {
                    self.reach(child, level, last);
                }
            }
            return;
        };
        let potential = self.tree.potential[node as usize];
        let others = self.cells.has((0, potential + 1));
        for index in self.start[usize::from(place)]..self.start[usize::from(place) + 1] {
            let base = self.list[index as usize] as usize;
            if (others || self.bases.is_touched(base)) && self.bases.holds(base, place) {
                self.reach_from_base(base, place, potential + 1, level, last);
            }
        }
        for index in 0..self.added[usize::from(place)].len() {
            let base = self.added[usize::from(place)][index] as usize;
            if self.bases.holds(base, place) {
                self.reach_from_base(base, place, self.others(base, place), level, last);
            }
        }
    }

    /// Reaches the services that a base could hold instead of `leaving`, at
    /// the potential `others`, or one less if they are its own.
    fn reach_from_base(
        &mut self,
        base: usize,
        leaving: u16,
        others: i64,
        level: u32,
        last: &mut u32,
    ) {
        let key = (0, others);
        if !self.bases.is_touched(base) && !self.cells.has(key) {
            return;
        }
        self.bases.blocked(base, leaving, self.limits, &mut self.blocked);
        while let Some(own) = self.own_at(base, |search, own| {
            search.level[usize::from(own)] == NONE
                && search.tree.potential[usize::from(own)] == others - 1
        }) {
            self.reach(own.into(), level, last);
        }
        while let Some(other) = self.cells.pick(key, &self.blocked, self.limits, 0) {
            self.reach(other.into(), level, last);
        }
    }

    /// An own service that a base does not hold, could hold, and that is
    /// wanted.
    fn own_at(&self, base: usize, wanted: impl Fn(&Self, Place) -> bool) -> Option<Place> {
        if !self.bases.is_touched(base) {
            return None;
        }
        self.bases.own(base).iter().copied().find(|&own| {
            own != HOLE
                && !self.bases.holds(base, own)
                && self.blocked.lets(own, self.limits)
                && wanted(self, own)
        })
    }

    /// Raises the potential of what was not reached by the least reduced cost
    /// of an arc that leads there. Returns whether there is such an arc.
    fn raise(&mut self) -> bool {
        let mut step = i64::MAX;
        for index in 0..self.short.len() {
            let base = self.short[index].0 as usize;
            self.least_from_base(base, HOLE, 1, &mut step);
        }
        for index in 0..self.queue.len() {
            if step == 1 {
                break;
            }
            self.least_from_node(self.queue[index], &mut step);
        }
        if step == i64::MAX {
            return false;
        }
        for (potential, _) in
            self.tree.potential.iter_mut().zip(&self.level).filter(|(_, level)| **level == NONE)
        {
            *potential += step;
        }
        true
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
        for index in self.start[usize::from(place)]..self.start[usize::from(place) + 1] {
            self.least_from_holder(self.list[index as usize], place, step);
        }
        for index in 0..self.added[usize::from(place)].len() {
            self.least_from_holder(self.added[usize::from(place)][index], place, step);
        }
    }

    fn least_from_holder(&mut self, base: u32, place: Place, step: &mut i64) {
        let base = base as usize;
        if *step > 1 && self.bases.holds(base, place) {
            self.least_from_base(base, place, self.others(base, place), step);
        }
    }

    fn least_from_base(&mut self, base: usize, leaving: u16, others: i64, step: &mut i64) {
        self.bases.blocked(base, leaving, self.limits, &mut self.blocked);
        let cost = |search: &Self, own: Place| others - 1 - search.tree.potential[usize::from(own)];
        let nearer = |search: &Self, own, step| {
            search.level[usize::from(own)] == NONE && cost(search, own) < step
        };
        while let Some(own) = self.own_at(base, |search, own| nearer(search, own, *step)) {
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
    fn others(&self, base: usize, place: Place) -> i64 {
        self.tree.potential[usize::from(place)] + 1 - self.bases.cost(base, place)
    }

    /// A blocking flow: no path along the levels is left afterwards.
    fn block(&mut self) {
        let (limits, level, tree) = (self.limits, &self.level, &self.tree);
        let key = |s: usize| {
            (limits.open[s] && !matches!(level[s], 0 | NONE))
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
        while let Some(next) = self.swap(base, HOLE, 1, 1) {
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
        for (node, arc) in self.path.drain(..) {
            if let Arc::Swap { base, .. } = arc {
                self.added[node as usize].push(base);
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

    /// Takes the next arc from a node to the next level, if there is one.
    fn advance(&mut self, node: u32) -> Option<(u32, Arc)> {
        let level = self.level[node as usize] + 1;
        let place = self.as_place(node);
        loop {
            let Cursor { stage, index } = self.cursor[node as usize];
            if stage == Stage::Tree {
                if let Some(next) = self.advance_in_tree(node, level, index) {
                    return Some(next);
                }
                if (index as usize) < self.tree.children(node).len() {
                    self.cursor[node as usize].index += 1;
                    continue;
                }
                let index = self.start[usize::from(place?)];
                self.cursor[node as usize] = Cursor { stage: Stage::Untouched, index };
                continue;
            }
            let place = place?;
            if let Some(base) = self.base_at(place, level, stage, index) {
                let others = self.others(base as usize, place);
                if let Some(next) = self.swap(base, place, others, level) {
                    return Some(next);
                }
                self.cursor[node as usize].index += 1;
            } else if !self.next_base(node, place) {
                return None;
            }
        }
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

    /// The base at a place of the cursor, if it is of the stage and still holds
    /// the service.
    fn base_at(&mut self, place: Place, level: u32, stage: Stage, index: u32) -> Option<u32> {
        let base = match stage {
            Stage::Added => *self.added[usize::from(place)].get(index as usize)?,
            _ if index < self.start[usize::from(place) + 1] => self.list[index as usize],
            _ => return None,
        };
        let at = base as usize;
        let of_stage = match stage {
            Stage::Untouched => {
                let others = self.tree.potential[usize::from(place)] + 1;
                !self.bases.is_touched(at) && self.cells.has((level, others))
            }
            Stage::Touched => self.bases.is_touched(at),
            Stage::Tree | Stage::Added => true,
        };
        (of_stage && self.bases.holds(at, place)).then_some(base)
    }

    /// Moves the cursor to the next base, or to the next stage. Returns false
    /// when there is none.
    fn next_base(&mut self, node: u32, place: Place) -> bool {
        let (start, end) = (self.start[usize::from(place)], self.start[usize::from(place) + 1]);
        let cursor = &mut self.cursor[node as usize];
        cursor.index += 1;
        let end = match cursor.stage {
            Stage::Added => self.added[usize::from(place)].len(),
            _ => end as usize,
        };
        if (cursor.index as usize) < end {
            return true;
        }
        *cursor = match cursor.stage {
            Stage::Untouched => Cursor { stage: Stage::Touched, index: start },
            Stage::Touched if !self.added[usize::from(place)].is_empty() => {
                Cursor { stage: Stage::Added, index: 0 }
            }
            _ => return false,
        };
        true
    }

    /// Gives a base a service of the next level instead of `from`.
    fn swap(&mut self, base: u32, from: u16, others: i64, level: u32) -> Option<(u32, Arc)> {
        let at = base as usize;
        self.bases.blocked(at, from, self.limits, &mut self.blocked);
        let to = self
            .own_at(at, |search, own| {
                search.level[usize::from(own)] == level
                    && search.tree.potential[usize::from(own)] == others - 1
            })
            .or_else(|| self.cells.pick((level, others), &self.blocked, self.limits, at))?;
        self.bases.replace(at, from, to);
        Some((to.into(), Arc::Swap { base, from }))
    }
}
