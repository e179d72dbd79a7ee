//! What a service is called is made the address that it has.
//!
//! A mapping may name a service by its address or by its service id, and meta0 is
//! told addresses. Two names of one service become one, so that rows are renamed
//! and sorted anew.

use std::borrow::Cow;
use std::collections::HashMap;

use super::PrefixMapping;
use crate::index::{Name, renumbered};
use crate::service::ServiceIndex;
use crate::topology::Topology;

/// A name, and the address of the service that it stands for.
pub(crate) type Alias = (Box<str>, Box<str>);

impl PrefixMapping {
    /// The same mapping with every service that a topology knows named by its
    /// address. What is written to meta0 names addresses.
    ///
    /// A base that named one service by both its address and its id has that
    /// service twice, which a check counts as a duplicate.
    ///
    /// This takes `O(b + r + n log n)` for all bases, replicas and names.
    ///
    /// # Examples
    ///
    /// ```
    /// use meta0::{Digits, PrefixMapping, Service, Topology};
    ///
    /// let service = Service::new("10.0.0.1:6001", "rack1.host1.disk1".parse()?).with_id("meta1-a");
    /// let topology = Topology::new(vec![service])?;
    /// let mapping = PrefixMapping::from_json(r#"{"0000": ["meta1-a", "dead"]}"#, Digits::MAX)?;
    /// assert!(mapping.resolve(&topology).names().eq(["10.0.0.1:6001", "dead"]));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn resolve(&self, topology: &Topology) -> Self {
        self.resolved(topology).into_owned()
    }

    /// [`PrefixMapping::resolve`], borrowed where nothing changes.
    pub(crate) fn resolved(&self, topology: &Topology) -> Cow<'_, Self> {
        let found = topology.find_all(&self.names);
        self.renamed(&self.aliases(topology, &found))
    }

    /// The names that are not the address of the service they stand for, each
    /// with that address, ascending; `found` are the services of all names.
    pub(crate) fn aliases(
        &self,
        topology: &Topology,
        found: &[Option<ServiceIndex>],
    ) -> Vec<Alias> {
        let found = self.names().zip(found.iter().copied());
        let alias = |(name, service): (&str, Option<ServiceIndex>)| {
            let address = topology.services()[service?.index()].address();
            (address != name).then(|| (name.into(), address.into()))
        };
        found.filter_map(alias).collect()
    }

    /// The mapping with other names for some services.
    pub(crate) fn renamed(&self, aliases: &[Alias]) -> Cow<'_, Self> {
        if aliases.is_empty() {
            return Cow::Borrowed(self);
        }
        let address_of = |name| match aliases.binary_search_by(|(alias, _)| alias.cmp(name)) {
            Ok(at) => &aliases[at].1,
            Err(_) => name,
        };
        let (names, renamed) = merge(self.names.iter().map(address_of));
        let rename = |cell: &Name| renumbered(cell.index(), &renamed, Name::NONE);
        let table = self.table.iter().map(rename).collect();
        Cow::Owned(Self::from_table(self.digits, names, self.width, table))
    }
}

/// Some names, each once, in the order in which they first come, and the
/// number of each among them.
pub(crate) fn merge<'a>(
    names: impl ExactSizeIterator<Item = &'a Box<str>>,
) -> (Vec<Box<str>>, Vec<Name>) {
    let mut merged = Vec::with_capacity(names.len());
    let mut place_of = HashMap::with_capacity(names.len());
    let places = names.map(|name| {
        *place_of.entry(name).or_insert_with(|| {
            merged.push(name.clone());
            Name::new(merged.len() - 1)
        })
    });
    let places = places.collect();
    (merged, places)
}
