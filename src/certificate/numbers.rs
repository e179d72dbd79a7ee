//! The numbers of a certificate, by place and domain, and by name.

use super::{Certificate, CertificateError};
use crate::location::Level;
use crate::service::ServiceIndex;
use crate::topology::{Domain, Topology};

/// A number for each service, each domain and the root of a topology.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Numbers {
    /// By place.
    pub(crate) services: Vec<i64>,
    /// By level, in the order of [`Topology::domains`].
    pub(crate) domains: [Vec<i64>; 4],
    pub(crate) root: i64,
}

impl Numbers {
    /// Nothing but zeros.
    pub(super) fn zeros(topology: &Topology) -> Self {
        let zeros = |level| vec![0; topology.domains(level).len()];
        Self { services: zeros_of_services(topology), domains: Level::ALL.map(zeros), root: 0 }
    }

    /// The numbers under their names.
    pub(crate) fn by_name(&self, topology: &Topology) -> Certificate {
        let mut services: Vec<_> = topology.by_location().iter().zip(&self.services).collect();
        services.retain(|(_, number)| **number != 0);
        services.sort_unstable();
        let service = |(service, number): (&ServiceIndex, &i64)| {
            (topology.at(*service).address().into(), *number)
        };
        let domains = Level::ALL.map(|level| {
            let here = topology.domains(level).iter().zip(&self.domains[level.index()]);
            let named = here.filter(|(_, number)| **number != 0);
            let mut named: Vec<_> =
                named.map(|(domain, number)| (padded_name(topology, domain), *number)).collect();
            named.sort_unstable();
            named
        });
        Certificate {
            root: self.root,
            domains,
            services: services.into_iter().map(service).collect(),
        }
    }
}

fn zeros_of_services(topology: &Topology) -> Vec<i64> {
    vec![0; topology.services().len()]
}

impl Certificate {
    /// The numbers by place and domain.
    ///
    /// # Errors
    ///
    /// [`CertificateError`] for a name that the topology does not have.
    pub(crate) fn numbers(&self, topology: &Topology) -> Result<Numbers, CertificateError> {
        let mut numbers = Numbers::zeros(topology);
        numbers.root = self.root;
        for level in Level::ALL {
            let wanted = &self.domains[level.index()];
            if wanted.is_empty() {
                continue;
            }
            let name = |(at, domain)| (padded_name(topology, domain), at);
            let mut names: Vec<(Box<str>, usize)> =
                topology.domains(level).iter().enumerate().map(name).collect();
            names.sort_unstable();
            for (name, number) in wanted {
                let at = names.binary_search_by(|(other, _)| other.cmp(name));
                let at = at.map_err(|_| CertificateError::unknown_domain(level, name))?;
                numbers.domains[level.index()][names[at].1] = *number;
            }
        }
        let mut place_of = vec![0; topology.services().len()];
        for (place, service) in topology.by_location().iter().enumerate() {
            place_of[service.index()] = place;
        }
        for (address, number) in &self.services {
            let service = topology.find(address);
            let service = service.filter(|&service| topology.at(service).address() == &**address);
            let service = service.ok_or_else(|| CertificateError::unknown_service(address))?;
            numbers.services[place_of[service.index()]] = *number;
        }
        Ok(numbers)
    }
}

/// The tokens of a domain down to its level, a lacking one empty, with dots
/// between: `site.rack`, or `..host1` where site and rack are not named.
pub(crate) fn padded_name(topology: &Topology, domain: &Domain) -> Box<str> {
    let first = topology.members(domain)[0];
    let location = topology.at(first).location();
    let levels = &Level::ALL[..=domain.level().index()];
    let tokens: Vec<_> = levels.iter().map(|&level| location.token(level).unwrap_or("")).collect();
    tokens.join(".").into()
}
