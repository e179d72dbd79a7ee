//! The ids of a plan: numbers for everyone whom it speaks of.
//!
//! A service of the topology has its place in location order for an id, a name
//! that the mapping alone knows a number after those.

use crate::index::{Id, LIMIT, Name, Place};
use crate::service::ServiceIndex;
use crate::topology::Topology;

/// The ids of the names of a mapping, and of the services of a topology.
#[derive(Debug)]
pub(crate) struct Ids {
    /// The id of each name of the mapping.
    of_name: Vec<Id>,
    /// The ids of the services, ascending by address; they are the first ids.
    by_address: Vec<Id>,
    /// The names that the mapping alone has, ascending; their ids follow.
    unknown: Vec<Name>,
}

impl Ids {
    /// The ids where the names of a mapping were found to be some services. Fails
    /// with their number when there are more than a mapping may have.
    pub(crate) fn new(found: &[Option<ServiceIndex>], topology: &Topology) -> Result<Self, usize> {
        let by_location = topology.by_location();
        let mut by_address = vec![Id::NONE; by_location.len()];
        for (place, service) in by_location.iter().enumerate() {
            by_address[service.index()] = Id::new(place);
        }
        let mut ids = Self { of_name: Vec::new(), by_address, unknown: Vec::new() };
        for (name, service) in Name::all(found.len()).zip(found) {
            let id = match service {
                Some(service) => ids.by_address[service.index()],
                None if ids.len() >= LIMIT => {
                    return Err(found.len() + by_location.len());
                }
                None => {
                    ids.unknown.push(name);
                    Id::new(ids.len() - 1)
                }
            };
            ids.of_name.push(id);
        }
        Ok(ids)
    }

    /// How many there are.
    pub(crate) const fn len(&self) -> usize {
        self.by_address.len() + self.unknown.len()
    }

    /// How many of them are services of the topology.
    pub(crate) const fn services(&self) -> usize {
        self.by_address.len()
    }

    /// The id of each name of the mapping.
    pub(crate) fn of_names(&self) -> &[Id] {
        &self.of_name
    }

    /// The id of a name of the mapping; none of a hole.
    #[inline]
    pub(crate) fn of_name(&self, name: Name) -> Id {
        self.of_name.get(name.index()).copied().unwrap_or(Id::NONE)
    }

    /// The id of a service.
    pub(crate) fn of_service(&self, service: ServiceIndex) -> Id {
        self.by_address[service.index()]
    }

    /// The name that only the mapping has of an id; `None` of a service.
    pub(crate) fn unknown_name(&self, id: Id) -> Option<Name> {
        Some(self.unknown[id.index().checked_sub(self.services())?])
    }

    /// The place of a service; none of a name that only the mapping has.
    #[inline]
    pub(crate) fn place(&self, id: Id) -> Place {
        if id.index() < self.services() { Place::new(id.index()) } else { Place::NONE }
    }

    /// The id of a place; none of none.
    #[inline]
    pub(crate) fn of_place(place: Place) -> Id {
        place.into()
    }

    /// Every id, the services by address, then the unknown names ascending: two
    /// runs that ascend by name.
    pub(crate) fn by_name(&self) -> impl Iterator<Item = Id> + '_ {
        let unknown = (self.services()..self.len()).map(Id::new);
        self.by_address.iter().copied().chain(unknown)
    }
}
