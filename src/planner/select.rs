//! Services by what a caller calls them.
//!
//! A caller names services to drain, to hold or to decommission by an address, a
//! service id, the start of a location, or a name that only the mapping has, as
//! that of a service which died. Each name is resolved here, once, and what
//! follows speaks of services and of names of the mapping.
//!
//! A name may be two things: a site may be called what a service was. Each
//! meaning makes another plan, so such a name is refused, with both.

use std::borrow::Cow;
use std::fmt;

use super::ids::Ids;
use crate::index::{Id, Name};
use crate::mapping::PrefixMapping;
use crate::service::ServiceIndex;
use crate::topology::Topology;

/// What some names stand for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Selection {
    /// Services of the topology; ascending, each once.
    pub(crate) services: Vec<ServiceIndex>,
    /// Names of the mapping that no service has; ascending, each once.
    pub(crate) unknown: Vec<Name>,
}

impl Selection {
    /// Resolves names. The mapping names known services by their addresses.
    ///
    /// # Errors
    ///
    /// [`SelectError`] for the first name that stands for nothing, or for two
    /// things.
    pub(crate) fn new(
        mapping: &PrefixMapping,
        topology: &Topology,
        names: &[String],
    ) -> Result<Self, SelectError> {
        let mut selection = Self::default();
        for name in names {
            selection.add(mapping, topology, name)?;
        }
        selection.sort();
        Ok(selection)
    }

    fn add(
        &mut self,
        mapping: &PrefixMapping,
        topology: &Topology,
        name: &str,
    ) -> Result<(), SelectError> {
        let service = topology.find(name);
        let unknown = if service.is_some() { None } else { mapping.name_of(name) };
        let located = topology.in_location(name);
        let is_other = |located: &ServiceIndex| service != Some(*located);
        if (service.is_some() || unknown.is_some()) && located.iter().any(is_other) {
            return Err(SelectError::Ambiguous {
                name: name.to_owned(),
                service: service
                    .map(|service| topology.services()[service.index()].address().into()),
                located: located.len(),
            });
        }
        if service.is_none() && unknown.is_none() && located.is_empty() {
            return Err(SelectError::Nobody { name: name.to_owned() });
        }
        self.services.extend(service);
        self.services.extend(located);
        self.unknown.extend(unknown);
        Ok(())
    }

    /// Adds what others stand for.
    pub(crate) fn add_all(&mut self, others: &Self) {
        self.services.extend(&others.services);
        self.unknown.extend(&others.unknown);
        self.sort();
    }

    fn sort(&mut self) {
        self.services.sort_unstable();
        self.services.dedup();
        self.unknown.sort_unstable();
        self.unknown.dedup();
    }

    /// Their ids.
    pub(crate) fn ids(&self, ids: &Ids) -> Vec<Id> {
        let services = self.services.iter().map(|&service| ids.of_service(service));
        services.chain(self.unknown.iter().map(|name| ids.of_names()[name.index()])).collect()
    }

    /// The first name, ascending, that is in both.
    pub(crate) fn common_name<'a>(
        &self,
        others: &Self,
        mapping: &'a PrefixMapping,
        topology: &'a Topology,
    ) -> Option<&'a str> {
        let services = self.services.iter().filter(|it| others.services.contains(it));
        let unknown = self.unknown.iter().filter(|it| others.unknown.contains(it));
        let both =
            Self { services: services.copied().collect(), unknown: unknown.copied().collect() };
        both.names(mapping, topology).first().copied()
    }

    /// The topology with the services drained; the same when there are none.
    pub(crate) fn drained<'a>(&self, topology: &'a Topology) -> Cow<'a, Topology> {
        match &*self.services {
            [] => Cow::Borrowed(topology),
            services => Cow::Owned(topology.drained(services)),
        }
    }

    /// What the mapping calls them: addresses, and the names that only it has;
    /// ascending.
    pub(crate) fn names<'a>(
        &self,
        mapping: &'a PrefixMapping,
        topology: &'a Topology,
    ) -> Vec<&'a str> {
        let addresses = self.services.iter().map(|it| topology.services()[it.index()].address());
        let unknown = self.unknown.iter().map(|&name| mapping.name(name));
        let mut names: Vec<_> = addresses.chain(unknown).collect();
        names.sort_unstable();
        names
    }
}

/// Why a name does not stand for services.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum SelectError {
    /// Neither the topology nor the mapping has it.
    Nobody {
        /// The name.
        name: String,
    },
    /// It is the name of one service, and a location of others.
    Ambiguous {
        /// The name.
        name: String,
        /// The address of the service that has the name for its address or id;
        /// `None` when only the mapping has the name.
        service: Option<String>,
        /// How many services are in the location.
        located: usize,
    },
}

/// Says that nothing has a name.
pub(crate) fn write_nobody(f: &mut fmt::Formatter<'_>, name: &str) -> fmt::Result {
    write!(f, "no service, and no location, is called {name:?}")
}

/// Says which two things a name is; the fields are those of
/// [`SelectError::Ambiguous`].
pub(crate) fn write_ambiguous(
    f: &mut fmt::Formatter<'_>,
    name: &str,
    service: Option<&str>,
    located: usize,
) -> fmt::Result {
    write!(f, "{name:?} is both ")?;
    match service {
        Some(address) => write!(f, "the service {address}")?,
        None => f.write_str("a name that only the mapping has")?,
    }
    let s = if located == 1 { "" } else { "s" };
    write!(
        f,
        " and a location of {located} service{s}: name a service by its address, and a location \
         by its parts"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decommission::DecommissionError;
    use crate::goal::RebalanceOptions;
    use crate::prefix::Digits;
    use crate::rebalance::RebalanceError;
    use crate::rules::Rules;
    use crate::service::Service;

    /// Five services on sites s1 and s2, and a mapping that also names `dead`
    /// and `s1`.
    fn cluster() -> (PrefixMapping, Topology) {
        let places = [
            ("a", "s1.r1.h1.v1"),
            ("b", "s1.r1.h1.v2"),
            ("c", "s1.r2.h1.v1"),
            ("d", "s2.r1.h1.v1"),
        ];
        let mut services: Vec<_> = places
            .into_iter()
            .map(|(name, location)| Service::new(name, location.parse().unwrap()))
            .collect();
        services.push(Service::new("e", "s2.r2.h1.v1".parse().unwrap()).with_id("s2"));
        services.push(Service::new("f", "f".parse().unwrap()).with_id("id-f"));
        let mut mapping = PrefixMapping::new(Digits::try_from(0).unwrap());
        let base = mapping.digits().base(0).unwrap();
        mapping.assign_services(base, ["dead", "s1", "a"]).unwrap();
        (mapping, Topology::new(services).unwrap())
    }

    fn owned(names: &[&str]) -> Vec<String> {
        names.iter().map(|&name| name.to_owned()).collect()
    }

    #[track_caller]
    fn selected(names: &[&str], wanted: &[&str]) {
        let (mapping, topology) = cluster();
        let selection = Selection::new(&mapping, &topology, &owned(names)).unwrap();
        assert_eq!(selection.names(&mapping, &topology), wanted);
    }

    #[track_caller]
    fn refused(names: &[&str], wanted: &str) {
        let (mapping, topology) = cluster();
        let refused = Selection::new(&mapping, &topology, &owned(names)).unwrap_err();
        assert_eq!(RebalanceError::from(refused.clone()).to_string(), wanted);
        assert_eq!(DecommissionError::from(refused).to_string(), wanted);
    }

    #[test]
    fn a_name_is_an_address_an_id_a_location_or_one_of_the_mapping() {
        selected(&[], &[]);
        selected(&["b", "a", "b"], &["a", "b"]);
        selected(&["id-f", "s1.r1"], &["a", "b", "f"]);
        selected(&["dead", "d"], &["d", "dead"]);
    }

    #[test]
    fn a_service_whose_address_is_its_location_is_one_thing() {
        selected(&["f"], &["f"]);
    }

    #[test]
    fn what_nobody_is_called_is_refused() {
        refused(&["a", "zz"], "no service, and no location, is called \"zz\"");
        refused(&["s1.r3"], "no service, and no location, is called \"s1.r3\"");
    }

    #[test]
    fn a_name_that_is_two_things_is_refused_with_both() {
        refused(
            &["a", "s1"],
            "\"s1\" is both a name that only the mapping has and a location of 3 services: name a \
             service by its address, and a location by its parts",
        );
        refused(
            &["s2"],
            "\"s2\" is both the service e and a location of 2 services: name a service by its \
             address, and a location by its parts",
        );
    }

    #[test]
    fn a_plan_says_whom_it_drains_and_holds() {
        let (mapping, topology) = cluster();
        let rules = Rules::new(3).unwrap();
        let plan = |drain: &[&str]| {
            let options = RebalanceOptions::new(rules).drain(drain.iter().copied()).hold(["c"]);
            mapping.rebalance(&topology, &options)
        };
        let ours = plan(&["s1.r1", "dead", "id-f"]).unwrap();
        assert!(ours.drained().eq(["a", "b", "dead", "f"]));
        assert!(ours.held().eq(["c"]));
        assert_eq!(ours.inverse().drained().len() + ours.inverse().held().len(), 0);
        assert!(matches!(plan(&["s1"]), Err(RebalanceError::AmbiguousService { located: 3, .. })));
    }
}
