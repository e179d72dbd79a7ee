//! What each base held before anything moved, read off the mapping's table.
//!
//! A base's *own* services are those that it held and may give up; taking one back
//! is no move. What it held and keeps in any case is *fixed*.

use crate::index::{Name, Place};

/// The services that bases held at the start, as a table of names with a row for
/// each base, in which a repeated name follows itself.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Before<'a> {
    pub(crate) table: &'a [Name],
    pub(crate) width: usize,
    /// The place of each name that bases may keep, or give up; none of the others.
    /// Empty when there is none.
    pub(crate) own: &'a [Place],
    /// The place of each name that bases keep in any case, likewise.
    pub(crate) fixed: &'a [Place],
}

impl Before<'_> {
    pub(super) fn names(&self, base: usize) -> &[Name] {
        &self.table[base * self.width..][..self.width]
    }

    /// The cell of a service in the row of a base, if it may be given up.
    pub(super) fn cell(&self, base: usize, service: Place) -> Option<usize> {
        let is = |&name: &Name| self.own.get(name.index()) == Some(&service);
        self.names(base).iter().position(is)
    }

    /// What a base may give up, repeated services repeatedly.
    pub(super) fn own(&self, base: usize) -> impl Iterator<Item = Place> + Clone {
        let names = if self.own.is_empty() { &[] } else { self.names(base) };
        let place = |&name: &Name| self.own.get(name.index()).copied().unwrap_or(Place::NONE);
        names.iter().map(place).filter(|place| place.is_some())
    }

    /// Whether a name is that of a place.
    #[inline]
    pub(super) fn is_named(&self, place: Place, name: Name) -> bool {
        let is = |of: &[Place]| of.get(name.index()) == Some(&place);
        is(self.own) || is(self.fixed)
    }

    /// Whether a base held a service.
    pub(super) fn held(&self, base: usize, place: Place) -> bool {
        self.names(base).iter().any(|&name| self.is_named(place, name))
    }

    /// Whether what is in a cell is what was there and stays in any case.
    #[inline]
    pub(super) fn is_fixed(&self, base: usize, cell: usize, place: Place) -> bool {
        let is = |name: &Name| self.fixed.get(name.index()) == Some(&place);
        !self.fixed.is_empty() && self.names(base).get(cell).is_some_and(is)
    }
}
