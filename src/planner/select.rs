//! Services by what a caller calls them: an address, a service id, the start of
//! a location, or a name that only the mapping has.

use crate::mapping::PrefixMapping;
use crate::topology::Topology;

/// A name that nobody has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Nobody(pub(crate) String);

/// What the mapping calls some services once its ids are resolved: addresses,
/// or names that only it knows. Ascending, each once.
pub(crate) fn select<'a>(
    mapping: &'a PrefixMapping,
    topology: &'a Topology,
    names: &'a [String],
) -> Result<Vec<&'a str>, Nobody> {
    let mut selected = Vec::with_capacity(names.len());
    for name in names {
        if topology.find(name).is_none() && mapping.has_name(name) {
            selected.push(name.as_str());
            continue;
        }
        let found = topology.select(name);
        if found.is_empty() {
            return Err(Nobody(name.clone()));
        }
        let address =
            |service: &crate::service::ServiceIndex| topology.services()[service.index()].address();
        selected.extend(found.iter().map(address));
    }
    selected.sort_unstable();
    selected.dedup();
    Ok(selected)
}
