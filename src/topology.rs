//! A topology is the services of a cluster, and the domains that they form.

use std::collections::HashMap;
use std::error::Error;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use crate::location::Level;
use crate::service::{Service, ServiceIndex};

/// The services alike down to a level.
///
/// Prints as the tokens its services share; a token that they lack prints as
/// nothing, and a domain of services that lack them all as `-`. [`Topology`] has an
/// example.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Domain {
    level: Level,
    /// Shared with the reports on it.
    name: Arc<str>,
    members: Range<usize>,
}

impl Domain {
    /// The level down to which its services are alike.
    #[must_use]
    pub const fn level(&self) -> Level {
        self.level
    }

    /// The tokens that its services share, dot-separated.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its name, shared.
    pub(crate) fn shared_name(&self) -> Arc<str> {
        Arc::clone(&self.name)
    }

    /// Where its services are in [`Topology::by_location`]; never empty.
    /// [`Topology::members`] has them.
    #[must_use]
    pub fn members(&self) -> Range<usize> {
        self.members.clone()
    }
}

impl fmt::Display for Domain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.name)
    }
}

/// The services of a cluster, by address and by location.
///
/// A topology is a value: what edits it gives another one, and a clone costs
/// `O(services)`, with all strings and domains shared.
///
/// Invariants:
/// 1. services ascend by address, no two with one address or one id, and no
///    id is another's address;
/// 2. `by_location` holds each service once, ascending by location, then by
///    address;
/// 3. the domains of each level cut `by_location` into ranges, in that order.
///
/// # Examples
///
/// ```
/// use meta0::{Level, Service, Topology};
///
/// let topology = Topology::new([
///     Service::new("10.0.0.2:6001", "paris.rack1.host2.disk1".parse()?),
///     Service::new("10.0.0.1:6001", "paris.rack1.host1.disk1".parse()?),
/// ])?;
/// assert_eq!(topology.services()[0].address(), "10.0.0.1:6001");
/// assert_eq!(topology.domains(Level::Rack).len(), 1);
/// assert_eq!(topology.domains(Level::Host)[1].name(), "paris.rack1.host2");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Topology {
    services: Vec<Service>,
    /// Shared: it stays as it is when services are drained.
    places: Arc<Places>,
}

/// What is where.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Places {
    by_location: Vec<ServiceIndex>,
    /// The services that have an id, ascending by it.
    by_id: Vec<ServiceIndex>,
    domains: [Vec<Domain>; 4],
    domain_of: [Vec<u16>; 4],
}

impl Places {
    fn find_domains(&mut self, services: &[Service], level: Level) {
        let location = |index: &ServiceIndex| services[index.index()].location();
        let mut domain_of = vec![0; services.len()];
        let mut domains = Vec::new();
        let mut start = 0;
        let alike = |a: &ServiceIndex, b: &ServiceIndex| location(a).shares(location(b), level);
        for members in self.by_location.chunk_by(alike) {
            let domain =
                u16::try_from(domains.len()).expect("each domain has a service of its own");
            for member in members {
                domain_of[member.index()] = domain;
            }
            let tokens: Vec<_> = Level::ALL[..=level.index()]
                .iter()
                .filter_map(|&l| location(&members[0]).token(l))
                .collect();
            let name = if tokens.is_empty() { "-".to_owned() } else { tokens.join(".") };
            let name = name.into();
            domains.push(Domain { level, name, members: start..start + members.len() });
            start += members.len();
        }
        self.domains[level.index()] = domains;
        self.domain_of[level.index()] = domain_of;
    }
}

impl Topology {
    /// Sorts the services and finds their domains. The order they come in
    /// makes no difference. There may be none. [`Topology`] has an example.
    ///
    /// Takes `O(services * log(services))`.
    ///
    /// # Errors
    ///
    /// [`TopologyError`] when an address is empty, when two services have one
    /// address or id, or when there are more than [`ServiceIndex::LIMIT`].
    pub fn new(services: impl IntoIterator<Item = Service>) -> Result<Self, TopologyError> {
        let mut services: Vec<_> = services.into_iter().collect();
        if services.len() > ServiceIndex::LIMIT {
            return Err(TopologyError::TooManyServices { count: services.len() });
        }
        services.sort_by(|a, b| {
            (a.address(), a.id(), a.location()).cmp(&(b.address(), b.id(), b.location()))
        });
        refuse_repeats(&services)?;
        Ok(Self::of_distinct(services))
    }

    /// The topology of services that ascend by address, and differ in all names.
    fn of_distinct(services: Vec<Service>) -> Self {
        let mut by_location: Vec<_> = (0..services.len()).map(ServiceIndex::new).collect();
        by_location.sort_by_key(|index| (services[index.index()].location(), *index));
        let mut by_id: Vec<_> = by_location.clone();
        by_id.retain(|index| services[index.index()].id().is_some());
        by_id.sort_by_key(|index| services[index.index()].id());
        let mut places = Places {
            by_location,
            by_id,
            domains: [const { Vec::new() }; 4],
            domain_of: [const { Vec::new() }; 4],
        };
        for level in Level::ALL {
            places.find_domains(&services, level);
        }
        Self { services, places: Arc::new(places) }
    }

    /// Every service, ascending by address; a [`ServiceIndex`] is a place in
    /// this slice.
    #[must_use]
    pub fn services(&self) -> &[Service] {
        &self.services
    }

    /// The service at a place. `O(1)`.
    ///
    /// `None` when the index is another topology's and out of range here.
    #[must_use]
    pub fn service(&self, index: ServiceIndex) -> Option<&Service> {
        self.services.get(index.index())
    }

    /// A service of this topology.
    ///
    /// # Panics
    ///
    /// When the index is another topology's and out of range here.
    #[inline]
    pub(crate) fn at(&self, index: ServiceIndex) -> &Service {
        self.service(index).expect("a service of this topology")
    }

    /// Every service, ascending by location, then by address. A shorter location comes
    /// first.
    #[must_use]
    pub fn by_location(&self) -> &[ServiceIndex] {
        &self.places.by_location
    }

    /// The domains of a level, ascending by location. Each has a service, available
    /// or not.
    #[must_use]
    pub fn domains(&self, level: Level) -> &[Domain] {
        &self.places.domains[level.index()]
    }

    /// The place, in [`Topology::domains`], of the domain that a service is in. `O(1)`.
    ///
    /// `None` when the index is another topology's and out of range here.
    #[must_use]
    pub fn domain_of(&self, level: Level, service: ServiceIndex) -> Option<usize> {
        self.places.domain_of[level.index()].get(service.index()).map(|&domain| usize::from(domain))
    }

    /// The place, in [`Topology::domains`], of the domain that a service of this
    /// topology is in.
    ///
    /// # Panics
    ///
    /// When the index is another topology's and out of range here.
    #[inline]
    pub(crate) fn domain_at(&self, level: Level, service: ServiceIndex) -> usize {
        self.domain_of(level, service).expect("a service of this topology has a domain")
    }

    /// Where the parts of a domain, the domains of the next finer level in it, are
    /// in [`Topology::domains`]; none of a volume.
    pub(crate) fn parts(&self, domain: &Domain) -> Range<usize> {
        let Some(finer) = domain.level().finer() else { return 0..0 };
        let members = self.members(domain);
        let [Some(&first), Some(&last)] = [members.first(), members.last()] else { return 0..0 };
        self.domain_at(finer, first)..self.domain_at(finer, last) + 1
    }

    /// The services of a domain, ascending by location, then by address.
    #[must_use]
    pub fn members(&self, domain: &Domain) -> &[ServiceIndex] {
        self.places.by_location.get(domain.members()).unwrap_or(&[])
    }

    /// The service of that address, or else of that service id. `O(log(services))`.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<ServiceIndex> {
        let by_address = self.services.binary_search_by(|service| service.address().cmp(name));
        by_address.ok().map(ServiceIndex::new).or_else(|| self.find_id(name))
    }

    fn find_id(&self, id: &str) -> Option<ServiceIndex> {
        let at = self.places.by_id.binary_search_by(|index| {
            self.services[index.index()].id().expect("by_id has those with an id").cmp(id)
        });
        at.ok().map(|at| self.places.by_id[at])
    }

    /// Where in [`Topology::services`] each of some names is, by address or
    /// else by service id.
    pub(crate) fn find_all(&self, names: &[Box<str>]) -> Vec<Option<ServiceIndex>> {
        let mut rest = self.services.iter().enumerate().peekable();
        let mut last = "";
        names
            .iter()
            .map(|name| {
                debug_assert!(last <= name.as_ref(), "names ascend");
                last = name;
                while rest.next_if(|(_, service)| service.address() < name.as_ref()).is_some() {}
                match rest.peek() {
                    Some((index, service)) if service.address() == name.as_ref() => {
                        Some(ServiceIndex::new(*index))
                    }
                    _ => self.find_id(name),
                }
            })
            .collect()
    }

    /// The services whose location starts with those tokens: all of
    /// `paris.rack1`, say. Ascending by location, then by address; empty when
    /// there is none. `O(log(services))`, and a copy of what is found.
    #[must_use]
    pub fn in_location(&self, tokens: &str) -> Vec<ServiceIndex> {
        let wanted: Vec<_> = tokens.split('.').collect();
        let places = &self.places.by_location;
        let mut found = Vec::new();
        // Shorter locations come first, and those of one length ascend by token.
        for length in wanted.len()..=Level::ALL.len() {
            let order = |place: &ServiceIndex| {
                let location = self.services[place.index()].location();
                let start = location.tokens().take(wanted.len());
                location
                    .tokens()
                    .count()
                    .cmp(&length)
                    .then_with(|| start.cmp(wanted.iter().copied()))
            };
            let rest = &places[places.partition_point(|place| order(place).is_lt())..];
            found.extend_from_slice(&rest[..rest.partition_point(|place| order(place).is_eq())]);
        }
        found
    }

    /// The services that a name stands for: the one of that address or service
    /// id, or else all whose location starts with it. Empty when there is none.
    ///
    /// Planning also knows the names of a mapping, and refuses a name that is two
    /// things. What it took a name for is in [`Plan::drained`] and [`Plan::held`].
    ///
    /// [`Plan::drained`]: crate::Plan::drained
    /// [`Plan::held`]: crate::Plan::held
    ///
    /// # Examples
    ///
    /// ```
    /// use meta0::{Service, Topology};
    ///
    /// let topology = Topology::new(vec![
    ///     Service::new("10.0.0.1:6001", "paris.rack1.host1.disk1".parse()?),
    ///     Service::new("10.0.0.2:6001", "paris.rack2.host1.disk1".parse()?),
    /// ])?;
    /// let count = |name| topology.select(name).len();
    /// assert_eq!([count("10.0.0.2:6001"), count("paris"), count("paris.rack3")], [1, 2, 0]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn select(&self, name: &str) -> Vec<ServiceIndex> {
        self.find(name).map_or_else(|| self.in_location(name), |service| vec![service])
    }

    /// The same topology with some services drained: their score is 0, so that
    /// no plan gives them anything. Those that are up stay so: bases can be copied
    /// from them.
    ///
    /// Indices of another topology that are out of range here are passed over. Takes
    /// `O(services)`: the domains stay as they are, and are shared.
    ///
    /// # Examples
    ///
    /// ```
    /// use meta0::{Service, Topology};
    ///
    /// let service = |n: u8| Service::new(format!("s{n}"), format!("h{n}.d0").parse().unwrap());
    /// let topology = Topology::new((0..4).map(service))?;
    /// assert_eq!(topology.drained(&topology.select("h1")).available(), 3);
    /// # Ok::<(), meta0::TopologyError>(())
    /// ```
    #[must_use]
    pub fn drained(&self, services: &[ServiceIndex]) -> Self {
        let mut drained = self.clone();
        for index in services {
            if let Some(service) = drained.services.get_mut(index.index()) {
                *service = service.clone().with_score(0);
            }
        }
        drained
    }

    /// The same topology with one service more.
    ///
    /// Takes `O(services * log(services))`: the domains are found anew.
    ///
    /// # Errors
    ///
    /// [`TopologyError`] as of [`Topology::new`]: when another service has that
    /// address or id, say.
    ///
    /// # Examples
    ///
    /// ```
    /// use meta0::{Service, Topology};
    ///
    /// let topology = Topology::new([Service::new("a", "host1.d0".parse()?)])?;
    /// let larger = topology.with(Service::new("b", "host2.d0".parse()?))?;
    /// assert_eq!(larger.services().len(), 2);
    /// let smaller = larger.without(&larger.select("host1"));
    /// assert_eq!(smaller.services()[0].address(), "b");
    /// assert!(larger.with(Service::new("a", "host3.d0".parse()?)).is_err());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn with(&self, service: Service) -> Result<Self, TopologyError> {
        Self::new(self.services.iter().cloned().chain([service]))
    }

    /// The same topology without some services: as if they had never been listed.
    /// Those that are [drained](Topology::drained) keep their place.
    ///
    /// Indices of another topology that are out of range here are passed over. Takes
    /// `O(services * log(services))`.
    ///
    /// # Examples
    ///
    /// ```
    /// # use meta0::{Service, Topology};
    /// let services = ["a", "b", "c"].map(|name| Service::new(name, "paris.r.h.d".parse().unwrap()));
    /// let topology = Topology::new(services)?;
    /// let smaller = topology.without(&topology.select("b"));
    /// assert!(smaller.services().iter().map(Service::address).eq(["a", "c"]));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn without(&self, services: &[ServiceIndex]) -> Self {
        let mut is_gone = vec![false; self.services.len()];
        for index in services {
            if let Some(is_gone) = is_gone.get_mut(index.index()) {
                *is_gone = true;
            }
        }
        let rest = self.services.iter().zip(is_gone).filter(|(_, is_gone)| !is_gone);
        Self::of_distinct(rest.map(|(service, _)| service.clone()).collect())
    }

    /// The same topology with another score of one service, by its address or id.
    ///
    /// Takes `O(services)`: the domains stay as they are, and are shared.
    ///
    /// # Errors
    ///
    /// [`TopologyError::UnknownService`] when no service has that name.
    ///
    /// # Examples
    ///
    /// ```
    /// use meta0::{Service, Topology};
    ///
    /// let topology = Topology::new([Service::new("a", "host1.d0".parse()?)])?;
    /// assert_eq!(topology.with_score("a", 0)?.available(), 0);
    /// assert_eq!(topology.with_up("a", false)?.available(), 0);
    /// let refused = topology.with_score("b", 0).unwrap_err();
    /// assert_eq!(refused.to_string(), "no service has the address or id \"b\"");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn with_score(&self, name: &str, score: i64) -> Result<Self, TopologyError> {
        self.edited(name, |service| service.with_score(score))
    }

    /// The same topology with one service up or down, by its address or id.
    ///
    /// Takes `O(services)`: the domains stay as they are, and are shared.
    ///
    /// # Errors
    ///
    /// [`TopologyError::UnknownService`] when no service has that name.
    ///
    /// # Examples
    ///
    /// ```
    /// # use meta0::{Service, Topology};
    /// let topology = Topology::new([Service::new("a", "h1.d".parse()?)])?;
    /// let after = topology.with_up("a", false)?;
    /// assert_eq!((topology.available(), after.available()), (1, 0));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn with_up(&self, name: &str, up: bool) -> Result<Self, TopologyError> {
        self.edited(name, |service| service.with_up(up))
    }

    /// The same with another service of the same names in the same place.
    fn edited(
        &self,
        name: &str,
        edit: impl FnOnce(Service) -> Service,
    ) -> Result<Self, TopologyError> {
        let unknown = || TopologyError::UnknownService { name: name.to_owned() };
        let index = self.find(name).ok_or_else(unknown)?;
        let mut edited = self.clone();
        let service = &mut edited.services[index.index()];
        *service = edit(service.clone());
        Ok(edited)
    }

    /// How many services are available: up, with a score above 0. `O(services)`.
    #[must_use]
    pub fn available(&self) -> usize {
        self.services.iter().filter(|service| service.is_available()).count()
    }
}

/// Names are compared as one set: an entry of a mapping may be an address or an
/// id, so an id that is another service's address would be two services.
fn refuse_repeats(services: &[Service]) -> Result<(), TopologyError> {
    let mut owner: HashMap<&str, usize> = HashMap::with_capacity(services.len());
    for (index, service) in services.iter().enumerate() {
        if service.address().is_empty() {
            return Err(TopologyError::EmptyAddress { location: service.location().to_string() });
        }
        if owner.insert(service.address(), index).is_some() {
            return Err(TopologyError::RepeatedAddress { address: service.address().to_owned() });
        }
    }
    for (index, service) in services.iter().enumerate() {
        let Some(id) = service.id() else { continue };
        if let Some(other) = owner.insert(id, index).filter(|other| *other != index) {
            let addresses = [other.min(index), other.max(index)]
                .map(|index| services[index].address().to_owned());
            return Err(TopologyError::RepeatedId { id: id.to_owned(), addresses });
        }
    }
    Ok(())
}

/// Why services don't form a topology, or why it can't be edited so.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum TopologyError {
    /// More services than a topology may have.
    TooManyServices {
        /// How many there are.
        count: usize,
    },
    /// A service with an empty address.
    EmptyAddress {
        /// Where the service is.
        location: String,
    },
    /// Two services with one address.
    RepeatedAddress {
        /// The address.
        address: String,
    },
    /// Two services with one service id, or one whose id is another's address.
    RepeatedId {
        /// The id.
        id: String,
        /// The addresses of the two.
        addresses: [String; 2],
    },
    /// A name that no service has for its address or id.
    UnknownService {
        /// The name.
        name: String,
    },
}

impl fmt::Display for TopologyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooManyServices { count } => {
                write!(f, "{count} services are too many: at most {} fit", ServiceIndex::LIMIT)
            }
            Self::EmptyAddress { location } => {
                write!(f, "the service at {location} has an empty address")
            }
            Self::RepeatedAddress { address } => {
                write!(f, "two services have the address {address:?}: list each once")
            }
            Self::RepeatedId { id, addresses: [a, b] } => {
                write!(
                    f,
                    "services {a} and {b} both answer to the service id {id:?}: list each once"
                )
            }
            Self::UnknownService { name } => {
                write!(f, "no service has the address or id {name:?}")
            }
        }
    }
}

impl Error for TopologyError {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bootstrap::BootstrapOptions;
    use crate::check::CheckOptions;
    use crate::goal::{DecommissionOptions, RebalanceOptions};
    use crate::mapping::PrefixMapping;
    use crate::prefix::Digits;
    use crate::rules::Rules;

    #[test]
    fn a_location_is_found_whatever_the_length_of_those_in_it() {
        let tokens =
            ["a", "ab", "b", "a.a", "a.ab", "ab.a", "b.a.a", "a.a.a", "a.a.a.a", "a.b.a.a"];
        let service = |at: usize, text: &&str| Service::new(at.to_string(), text.parse().unwrap());
        let services = tokens.iter().enumerate().map(|(at, text)| service(at, text));
        let topology = Topology::new(services).unwrap();
        for wanted in ["a", "a.a", "a.a.a", "ab", "b", "c", "a.", "", ".", "a.a.a.a.a"] {
            let is_in = |place: &&ServiceIndex| {
                let location = topology.services()[place.index()].location().to_string();
                location == *wanted || location.starts_with(&format!("{wanted}."))
            };
            let slow: Vec<_> = topology.by_location().iter().filter(is_in).copied().collect();
            assert_eq!(topology.in_location(wanted), slow, "{wanted:?}");
        }
    }

    /// A full topology, of which `rack1` has 8,192 services.
    fn full() -> Topology {
        let location = |at: usize| format!("rack{}.host{}.disk{at}", at % 8, at / 16);
        let service = |at| Service::new(format!("{at:05}"), location(at).parse().unwrap());
        Topology::new((0..ServiceIndex::LIMIT).map(service)).unwrap()
    }

    #[test]
    fn as_many_services_as_fit_are_planned_for() {
        let (topology, rules) = (full(), Rules::new(3).unwrap());
        let judge = |topology: &Topology, mapping: &PrefixMapping| {
            mapping.check(topology, &CheckOptions::new(rules)).unwrap().is_clean()
        };
        for digits in [0, 1, 4].map(|digits| Digits::try_from(digits).unwrap()) {
            let options = BootstrapOptions::new(rules);
            let mapping = PrefixMapping::bootstrap(&topology, digits, &options).unwrap();
            assert!(judge(&topology, &mapping));
            let drained = topology.drained(&topology.select("rack1"));
            let options = RebalanceOptions::new(rules).drain(["rack1"]);
            let plan = mapping.rebalance(&topology, &options).unwrap();
            let after = mapping.apply(&plan).unwrap();
            assert!(plan.is_minimal() && judge(&drained, &after));
            assert_eq!(mapping.diff(&after).unwrap().moves(), plan.moves());
            let options = DecommissionOptions::new(rules);
            let plan = mapping.decommission(&topology, &["rack1"], &options).unwrap();
            assert!(judge(&drained, &mapping.apply(&plan).unwrap()));
        }
    }

    #[test]
    fn a_base_may_be_on_as_many_services_as_fit() {
        let topology = full();
        let names: Vec<_> = topology.services().iter().map(Service::address).collect();
        let mut all = PrefixMapping::new(Digits::try_from(1).unwrap());
        let base = all.digits().base(7).unwrap();
        all.assign_services(base, names.iter().copied()).unwrap();
        assert_eq!(all.resolve(&topology), all);
        let mut last = all.clone();
        last.assign_services(base, names.last().copied()).unwrap();
        let plan = all.diff(&last).unwrap();
        assert_eq!((plan.moves(), plan.removals()), (0, 65_534));
        assert_eq!(all.apply(&plan).unwrap(), last);
        assert_eq!(last.apply(&plan.inverse()).unwrap(), all);
    }
}
