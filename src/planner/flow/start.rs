//! Setting the bases up: what each keeps before the flow starts.

use super::bases::Bases;
use super::before::Before;
use super::changed::Changed;
use crate::index::{Name, Place};
use crate::planner::limits::Limits;

impl<'a> Bases<'a> {
    /// Bases with nothing yet: room for the replicas that each is to have, and
    /// for all that it had where some are fixed.
    pub(crate) fn new(replicas: usize, before: Before<'a>, count: usize) -> Self {
        let width = if before.fixed.is_empty() { replicas } else { replicas.max(before.width) };
        Self {
            width,
            rows: vec![Place::NONE; width * count],
            before,
            changed: vec![Changed::Nowhere; count],
            is_any_changed: false,
        }
    }

    /// The cells of a base.
    pub(crate) fn row_mut(&mut self, base: usize) -> &mut [Place] {
        &mut self.rows[base * self.width..][..self.width]
    }

    /// The cells of every base.
    pub(crate) fn rows_mut(&mut self) -> &mut [Place] {
        &mut self.rows
    }

    /// The base takes its own services back, as many as `need` and the rules
    /// let it, in the order given; each in its old cell, if it can. Shows each,
    /// and returns how many.
    pub(crate) fn keep(
        &mut self,
        base: usize,
        need: usize,
        limits: &Limits,
        order: impl Iterator<Item = Place>,
        mut show: impl FnMut(Place),
    ) -> usize {
        let mut kept = 0;
        for service in order {
            if kept == need || !self.lets(base, Place::NONE, service, limits) {
                continue;
            }
            let cell = self.before.cell(base, service);
            let row = self.row_mut(base);
            let free = row.iter().position(|cell| cell.is_none()).expect("need is below the width");
            let cell = cell.filter(|&cell| row.get(cell).is_some_and(|cell| cell.is_none()));
            row[cell.unwrap_or(free)] = service;
            kept += 1;
            show(service);
        }
        self.compare(base, need - kept);
        kept
    }

    /// Says how far a base that lacks so many replicas is from what it was. If
    /// they fill all its empty cells and nothing else is in another cell, then at
    /// most the empty cells change.
    pub(crate) fn compare(&mut self, base: usize, lacking: usize) {
        let (row, names) = (self.row(base), self.before.names(base));
        let mut empty = None;
        let mut count = 0;
        let mut is_alike = names.get(row.len()).is_none_or(|name| name.is_none());
        for (cell, &place) in row.iter().enumerate() {
            let name = names.get(cell).copied().unwrap_or(Name::NONE);
            let is_repeated = cell > 0 && name.is_some() && names[cell - 1] == name;
            if place.is_none() {
                (empty, count) = (u8::try_from(cell).ok(), count + 1);
            }
            is_alike &= !is_repeated && (place.is_none() || self.before.is_named(place, name));
        }
        let is_left = self.own(base).any(|own| !self.holds(base, own));
        match empty {
            _ if !is_alike || count != lacking => self.change(base, Changed::Anywhere),
            Some(cell) if is_left && count == 1 => self.change(base, Changed::Cell(cell)),
            _ if is_left => self.change(base, Changed::Anywhere),
            _ => {}
        }
    }

    fn change(&mut self, base: usize, now: Changed) {
        self.changed[base].merge(now);
        self.is_any_changed = true;
    }
}
