//! The bases' side of the flow: which services hold each base now, and which
//! others could.

use super::before::Before;
use super::changed::Changed;
use crate::index::Place;
use crate::planner::limits::{Blocked, Limits};

/// The replicas of every base, now and before.
///
/// A table of places with a row for each base and none in cells without a
/// replica. What is fixed stays in its cell; the row of a base that has nothing
/// else may be empty, as nothing ever comes to it.
#[derive(Debug)]
pub(crate) struct Bases<'a> {
    pub(super) width: usize,
    pub(super) rows: Vec<Place>,
    pub(super) before: Before<'a>,
    pub(super) changed: Vec<Changed>,
    pub(super) is_any_changed: bool,
}

impl Bases<'_> {
    /// The rows of every base, and where each is changed: whoever changes a cell
    /// adds it.
    pub(super) fn rows_and_changes(&mut self) -> (&mut [Place], &mut [Changed]) {
        self.is_any_changed = true;
        (&mut self.rows, &mut self.changed)
    }

    /// Whether no base has anything that it may keep or give up.
    pub(crate) const fn are_all_fixed(&self) -> bool {
        self.before.own.is_empty()
    }

    #[inline]
    pub(crate) fn row(&self, base: usize) -> &[Place] {
        &self.rows[base * self.width..][..self.width]
    }

    /// The services of a base that it holds now, but for one; none stands for
    /// no exception.
    #[inline]
    pub(crate) fn without(
        &self,
        base: usize,
        leaving: Place,
    ) -> impl Iterator<Item = Place> + Clone {
        let row = self.row(base).iter().copied();
        row.filter(move |&place| place.is_some() && place != leaving)
    }

    /// The services that a base held and may give up.
    pub(crate) fn own(&self, base: usize) -> impl Iterator<Item = Place> + Clone {
        self.before.own(base)
    }

    /// The services that a base has now and may give up.
    #[inline]
    pub(crate) fn movable(&self, base: usize) -> impl Iterator<Item = Place> {
        let cells = self.row(base).iter().copied().enumerate();
        let movable = cells.filter(move |&(cell, place)| {
            place.is_some() && !self.before.is_fixed(base, cell, place)
        });
        movable.map(|(_, place)| place)
    }

    pub(crate) const fn count(&self) -> usize {
        self.changed.len()
    }

    pub(super) fn holds(&self, base: usize, service: Place) -> bool {
        let row = self.row(base);
        match row.len() {
            0..16 => row.contains(&service),
            // Without a branch for each, many cells are compared at once.
            _ => row.iter().filter(|&&place| place == service).count() > 0,
        }
    }

    /// What having a service costs a base: 1 if it did not hold it before.
    pub(super) fn cost(&self, base: usize, service: Place) -> i64 {
        i64::from(!self.before.held(base, service))
    }

    pub(crate) const fn is_any_changed(&self) -> bool {
        self.is_any_changed
    }

    /// Whether a base may have own services that it does not hold now.
    #[inline]
    pub(crate) fn is_changed(&self, base: usize) -> bool {
        self.changed[base] != Changed::Nowhere
    }

    #[inline]
    pub(crate) fn changed(&self, base: usize) -> Changed {
        self.changed[base]
    }

    /// The bases that may have other services than before, ascending, and where.
    #[inline]
    pub(crate) fn all_changed(&self) -> impl Iterator<Item = (usize, Changed)> {
        let all = self.changed.iter().copied().enumerate();
        all.filter(|(_, changed)| *changed != Changed::Nowhere)
    }

    /// How many cells a row has.
    pub(crate) const fn width(&self) -> usize {
        self.width
    }

    /// Puts a service in a cell.
    #[inline]
    pub(super) fn set(&mut self, base: usize, cell: usize, service: Place) {
        self.changed[base].add(cell);
        self.is_any_changed = true;
        self.rows[base * self.width + cell] = service;
    }

    /// Puts a service in the place of another, or of none.
    pub(crate) fn replace(&mut self, base: usize, from: Place, to: Place) {
        let cell = self.row(base).iter().position(|&cell| cell == from);
        self.set(base, cell.expect("the base holds what it gives"), to);
    }

    /// Blocks where a base that gives up a service, or none, can't have another.
    pub(crate) fn block(
        &self,
        base: usize,
        leaving: Place,
        limits: &Limits,
        blocked: &mut Blocked,
    ) {
        blocked.fill(self.without(base, leaving), limits);
    }

    /// Whether a base that gives up a service, or none, could have another.
    pub(crate) fn lets(
        &self,
        base: usize,
        leaving: Place,
        service: Place,
        limits: &Limits,
    ) -> bool {
        limits.lets(&self.without(base, leaving), service)
    }

    /// The bases by the service that holds them: the bases of `s` are
    /// `list[start[s]..start[s + 1]]`, ascending.
    pub(super) fn by_service(&self, services: usize) -> (Vec<u32>, Vec<u32>) {
        let mut start = vec![0_u32; services + 2];
        self.for_each_movable(|_, service| start[service.index() + 2] += 1);
        for service in 2..start.len() {
            start[service] += start[service - 1];
        }
        let mut list = vec![0; start[services + 1] as usize];
        self.for_each_movable(|base, service| {
            let slot = &mut start[service.index() + 1];
            list[*slot as usize] = base;
            *slot += 1;
        });
        start.pop();
        (start, list)
    }

    /// Shows each base with each service that it has now and may give up.
    #[inline]
    pub(crate) fn for_each_movable(&self, mut show: impl FnMut(u32, Place)) {
        let has_fixed = !self.before.fixed.is_empty();
        for (base, row) in (0_u32..).zip(self.rows.chunks_exact(self.width.max(1))) {
            for (cell, &place) in row.iter().enumerate() {
                let is_fixed = || has_fixed && self.before.is_fixed(base as usize, cell, place);
                if place.is_some() && !is_fixed() {
                    show(base, place);
                }
            }
        }
    }
}
