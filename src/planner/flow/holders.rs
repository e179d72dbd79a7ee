//! The bases that hold a service, found when a search first leaves one.

use super::bases::Bases;
use crate::index::Place;

/// The bases by service.
#[derive(Debug, Default)]
pub(super) struct Holders {
    /// The bases of `s` at that time are `list[start[s]..start[s + 1]]`; those
    /// that have left are passed over.
    pub(super) start: Vec<u32>,
    pub(super) list: Vec<u32>,
    /// The changed bases that hold each service, with some that have left.
    pub(super) changed: Vec<Vec<u32>>,
}

impl Holders {
    /// Finds them for so many services.
    pub(super) fn new(bases: &Bases<'_>, services: usize) -> Self {
        let (start, list) = bases.by_service(services);
        let mut holders = Self { start, list, changed: vec![Vec::new(); services] };
        for (base, _) in bases.all_changed() {
            for place in bases.movable(base) {
                holders.add(place, u32::try_from(base).expect("at most 65,536 bases"));
            }
        }
        holders
    }

    /// Adds a changed base to those of a service.
    pub(super) fn add(&mut self, place: Place, base: u32) {
        self.changed[place.index()].push(base);
    }

    /// Every base that may hold a service, some of them more than once.
    pub(super) fn of(&self, place: Place) -> impl Iterator<Item = u32> {
        let [start, end] = [0, 1].map(|next| self.start[place.index() + next] as usize);
        self.list[start..end].iter().chain(&self.changed[place.index()]).copied()
    }
}
