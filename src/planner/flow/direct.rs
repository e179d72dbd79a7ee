//! Direct moves: most of what a cluster that grew or lost services needs.
//!
//! After the first raise, a service with too much and one with too little are
//! one change of one base apart, and so are a base that lacks a replica and a
//! service with too little. This takes such changes as they come, in a pass over
//! the table for each move that bases need on average, and needs no bases by
//! service. Each is a path of tight arcs,
//! so that what the search does afterwards is as exact as without.

use super::{Limits, Place, Search, Touched};
use crate::mapping::HOLE;

/// How many services are tried for one replica before it is left to the
/// search.
const TRIES: usize = 16;

/// Services with too little, at potential 1, in an order that mixes domains.
#[derive(Debug)]
struct Ring {
    places: Vec<Place>,
    at: usize,
}

impl Ring {
    /// The next service that `lets` lets; it is then at `at`.
    #[inline]
    fn next(&mut self, lets: impl Fn(Place) -> bool) -> Option<Place> {
        for _ in 0..TRIES.min(self.places.len()) {
            self.at = if self.at + 1 < self.places.len() { self.at + 1 } else { 0 };
            let place = self.places[self.at];
            if lets(place) {
                return Some(place);
            }
        }
        None
    }

    /// Counts a replica that the service at `at` gets.
    #[inline]
    fn count(&mut self, excess: &mut i64) {
        *excess += 1;
        if *excess == 0 {
            self.places.swap_remove(self.at);
        }
    }
}

impl Search<'_> {
    pub(super) fn move_directly(&mut self) {
        let is_lacking = |place: &Place| {
            let at = usize::from(*place);
            self.limits.open[at] && self.tree.excess[at] < 0 && self.tree.potential[at] == 1
        };
        let mut places: Vec<Place> =
            (0..).take(self.limits.group.len()).filter(is_lacking).collect();
        places.sort_by_key(|&place| u32::from(place).wrapping_mul(0x9E37_79B1));
        let mut ring = Ring { places, at: 0 };
        match self.bases.width() {
            1 if self.bases.are_groups_all() => self.move_in_rows::<1>(&mut ring),
            2 if self.bases.are_groups_all() => self.move_in_rows::<2>(&mut ring),
            3 if self.bases.are_groups_all() => self.move_in_rows::<3>(&mut ring),
            4 if self.bases.are_groups_all() => self.move_in_rows::<4>(&mut ring),
            5 if self.bases.are_groups_all() => self.move_in_rows::<5>(&mut ring),
            6 if self.bases.are_groups_all() => self.move_in_rows::<6>(&mut ring),
            7 if self.bases.are_groups_all() => self.move_in_rows::<7>(&mut ring),
            8 if self.bases.are_groups_all() => self.move_in_rows::<8>(&mut ring),
            _ => {
                self.fill_directly(&mut ring);
                self.shift_directly(&mut ring);
            }
        }
        self.short.retain(|&(_, lacking)| lacking > 0);
    }

    /// How many replicas services have too much.
    fn surplus(&self) -> i64 {
        self.tree.excess[..self.limits.group.len()].iter().map(|&excess| excess.max(0)).sum()
    }

    /// All of it for rows of the usual widths, where only groups matter.
    #[inline(never)]
    fn move_in_rows<const WIDTH: usize>(&mut self, ring: &mut Ring) {
        let mut left = self.surplus();
        let (rows, touched) = self.bases.rows_touched();
        let rows = rows.as_chunks_mut::<WIDTH>().0;
        let excess = &mut self.tree.excess[..];
        for (base, lacking) in &mut self.short {
            let base = *base as usize;
            for cell in 0..WIDTH {
                if *lacking > 0
                    && rows[base][cell] == HOLE
                    && let Some(to) = ring.next(|to| is_far(&rows[base], cell, to, self.limits))
                {
                    rows[base][cell] = to;
                    touched[base].add(cell);
                    ring.count(&mut excess[usize::from(to)]);
                    *lacking -= 1;
                }
            }
        }
        for pass in 0.. {
            let before = left;
            for (row, touched) in rows.iter_mut().zip(&mut *touched) {
                if left == 0 || ring.places.is_empty() {
                    return;
                }
                if (pass > 0 || *touched == Touched::No)
                    && let Some(cell) = fullest(row, excess)
                    && let Some(to) = ring.next(|to| is_far(row, cell, to, self.limits))
                {
                    excess[usize::from(row[cell])] -= 1;
                    left -= 1;
                    row[cell] = to;
                    touched.add(cell);
                    ring.count(&mut excess[usize::from(to)]);
                }
            }
            if !is_more(before, left, rows.len()) {
                return;
            }
        }
    }

    /// Fills bases that lack replicas.
    fn fill_directly(&mut self, ring: &mut Ring) {
        for index in 0..self.short.len() {
            let base = self.short[index].0 as usize;
            for cell in 0..self.bases.width() {
                let is_free = self.short[index].1 > 0 && self.bases.row(base)[cell] == HOLE;
                if is_free && self.give(ring, base, cell) {
                    self.short[index].1 -= 1;
                }
            }
        }
    }

    /// Moves replicas from services with too much.
    fn shift_directly(&mut self, ring: &mut Ring) {
        let mut left = self.surplus();
        for pass in 0.. {
            let before = left;
            for base in 0..self.bases.count() {
                if left == 0 || ring.places.is_empty() {
                    return;
                }
                let row = self.bases.row(base);
                if (pass > 0 || self.bases.touched(base) == Touched::No)
                    && let Some(cell) = fullest(row, &self.tree.excess)
                {
                    let from = row[cell];
                    if self.give(ring, base, cell) {
                        self.tree.excess[usize::from(from)] -= 1;
                        left -= 1;
                    }
                }
            }
            if !is_more(before, left, self.bases.count()) {
                return;
            }
        }
    }

    /// Gives a base a service of the ring in one of its cells.
    fn give(&mut self, ring: &mut Ring, base: usize, cell: usize) -> bool {
        let leaving = self.bases.row(base)[cell];
        self.bases.blocked(base, leaving, self.limits, &mut self.blocked);
        let to = ring.next(|to| self.blocked.lets(to, self.limits));
        if let Some(to) = to {
            self.bases.set(base, cell, to);
            ring.count(&mut self.tree.excess[usize::from(to)]);
        }
        to.is_some()
    }
}

/// Whether another pass is due: each takes one replica of a base at most, so
/// that few bases move twice, but when there are more left than bases, they
/// must.
fn is_more(before: i64, left: i64, bases: usize) -> bool {
    left < before && usize::try_from(left).is_ok_and(|left| left >= bases)
}

/// Whether a service is in another group than all of a row but one cell.
#[inline]
fn is_far(row: &[u16], cell: usize, to: Place, limits: &Limits) -> bool {
    let group = limits.group.get(usize::from(to));
    let others = row.iter().enumerate().filter(|&(at, _)| at != cell);
    others.fold(true, |far, (_, held)| far & (limits.group.get(usize::from(*held)) != group))
}

/// The cell of a row with the service that has the most too much.
#[inline]
fn fullest(row: &[u16], excess: &[i64]) -> Option<usize> {
    let (mut found, mut most) = (None, 0);
    for (cell, &place) in row.iter().enumerate() {
        let here = excess.get(usize::from(place)).copied().unwrap_or(0);
        if here > most {
            (found, most) = (Some(cell), here);
        }
    }
    found
}
