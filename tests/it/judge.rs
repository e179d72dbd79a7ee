//! An independent check of a mapping: nothing but definitions, pair by pair.

use std::collections::BTreeSet;

use itertools::Itertools;
use meta0::{
    Base, Level, PrefixMapping, Rules, Service, ServiceIndex, Shares, Tolerance, Topology,
};

/// Panics unless every base is valid and every load is in its band.
#[track_caller]
pub(crate) fn assert_valid_and_balanced(
    mapping: &PrefixMapping,
    topology: &Topology,
    rules: Rules,
    tolerance: Tolerance,
) {
    for base in mapping.digits().bases() {
        if let Err(fault) = judge_base(mapping, topology, rules, base) {
            let row = mapping.services_of(base).join(" ");
            panic!("base {:?} ({row}) {fault}, by {rules:?}", base.to_string());
        }
    }
    let distance = distance_from_bands(mapping, topology, rules, tolerance);
    assert_eq!(distance, (0, 0), "services and domains outside their bands, by {rules:?}");
}

/// What is wrong with a base, if anything.
pub(crate) fn judge_base(
    mapping: &PrefixMapping,
    topology: &Topology,
    rules: Rules,
    base: Base,
) -> Result<(), String> {
    match mapping.services_of(base).len() {
        replicas if replicas == usize::from(rules.replicas()) => {
            judge_row(mapping.services_of(base), topology, rules)
        }
        replicas => Err(format!("has {replicas} replicas")),
    }
}

/// What is wrong with some replicas of a base, however many they are.
pub(crate) fn judge_row<'a>(
    names: impl Iterator<Item = &'a str>,
    topology: &Topology,
    rules: Rules,
) -> Result<(), String> {
    let mut services: Vec<&Service> = Vec::new();
    for name in names {
        let index = topology.find(name).ok_or(format!("has {name}, which nobody knows"))?;
        services.push(&topology.services()[index.index()]);
    }
    if let Some(service) = services.iter().find(|service| service.score() <= 0) {
        return Err(format!("has {service}, which is unavailable"));
    }
    for [a, b] in services.iter().array_combinations() {
        if a.address() == b.address() {
            return Err(format!("has {a} twice"));
        }
        if a.location().distance(b.location()) < rules.get_min_dist().get() {
            return Err(format!("has {a} too close to {b}"));
        }
    }
    for service in &services {
        let near =
            |other: &&&Service| other.location().shares(service.location(), rules.get_level());
        let alike = services.iter().filter(near).count();
        if rules.get_degradation() > 0
            && alike > usize::from(rules.degradation_cap().unwrap_or(rules.replicas()))
        {
            return Err(format!("has {alike} replicas around {service}"));
        }
    }
    Ok(())
}

/// By how much the loads of the available services are off their bands, in
/// sum; and those of the domains of every level.
#[track_caller]
pub(crate) fn distance_from_bands(
    mapping: &PrefixMapping,
    topology: &Topology,
    rules: Rules,
    tolerance: Tolerance,
) -> (u64, u64) {
    let shares = Shares::new(topology, mapping.digits(), rules).expect("rules that can be kept");
    distance_of_loads(&loads(mapping, topology), topology, &shares.tolerance(tolerance))
}

/// The same, from the loads of the services of a topology.
pub(crate) fn distance_of_loads(loads: &[u64], topology: &Topology, shares: &Shares) -> (u64, u64) {
    let (services, domains) = distances_of_loads(loads, topology, shares);
    (services.iter().sum(), domains.iter().sum())
}

/// The same, of each available service and each domain.
pub(crate) fn distances_of_loads(
    loads: &[u64],
    topology: &Topology,
    shares: &Shares,
) -> (Vec<u64>, Vec<u64>) {
    let available = |index: &usize| topology.services()[*index].is_available();
    let services = shares.service_bands().enumerate().filter(|(index, _)| available(index));
    let services = services.map(|(index, band)| band.distance(loads[index])).collect();
    let mut domains = Vec::new();
    for level in Level::ALL {
        for (domain, band) in topology.domains(level).iter().zip(shares.domain_bands(level)) {
            let members = topology.members(domain).iter().map(|member| member.index());
            domains.push(band.distance(members.filter(available).map(|index| loads[index]).sum()));
        }
    }
    (services, domains)
}

/// How many bases each service of a topology holds.
pub(crate) fn loads(mapping: &PrefixMapping, topology: &Topology) -> Vec<u64> {
    let mut loads = vec![0; topology.services().len()];
    for base in mapping.digits().bases() {
        let holders: BTreeSet<ServiceIndex> =
            mapping.services_of(base).filter_map(|name| topology.find(name)).collect();
        for holder in holders {
            loads[holder.index()] += 1;
        }
    }
    loads
}

/// How many (base, service) pairs of `after` are not in `before`. Both name
/// services by address: see [`PrefixMapping::resolve`].
pub(crate) fn moves_between(before: &PrefixMapping, after: &PrefixMapping) -> usize {
    let new = |base: &Base| {
        let old: BTreeSet<_> = before.services_of(*base).collect();
        after.services_of(*base).collect::<BTreeSet<_>>().difference(&old).count()
    };
    after.digits().bases().map(|base| new(&base)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::notation::{mapping, topology};

    #[test]
    fn every_fault_is_found() {
        let topology = topology("a#i=h1.v1 b=h1.v2 c=h2.v1 d=h2.v2 e=h3.v1!0");
        let rules = Rules::new(3).unwrap();
        let fault = |rules: Rules, row: &str| {
            let mapping = mapping(0, &format!(": {row}"));
            let base = mapping.digits().base(0).unwrap();
            judge_base(&mapping, &topology, rules, base).err().unwrap_or_default()
        };
        assert_eq!(fault(rules, "a b c"), "");
        assert_eq!(fault(rules, "a b"), "has 2 replicas");
        assert_eq!(fault(rules, "a b x"), "has x, which nobody knows");
        assert_eq!(fault(rules, "a b e"), "has e (h3.v1), which is unavailable");
        assert_eq!(fault(rules, "a b i"), "has a (h1.v1) twice");
        let far = rules.min_dist(2.try_into().unwrap());
        assert_eq!(fault(far, "a b c"), "has a (h1.v1) too close to b (h1.v2)");
        let spread = rules.level(Level::Host).degradation(1);
        assert_eq!(fault(spread, "a b c"), "has 2 replicas around a (h1.v1)");
    }

    #[test]
    fn loads_are_measured_against_their_bands() {
        let topology = topology("a=h1.v1 b=h1.v2 c=h2.v1");
        let rules = Rules::new(1).unwrap().level(Level::Volume);
        let distance =
            |text| distance_from_bands(&mapping(1, text), &topology, rules, Tolerance::default());
        // Bands 5..6 of each service, 10..11 of h1 and 5..6 of h2, 16 in all.
        assert_eq!(distance("0: a | 1: b"), (4 + 4 + 5, (14 + 14) + (8 + 5) + (4 + 4 + 5)));
    }

    #[test]
    fn moves_are_new_pairs() {
        let before = mapping(1, "0: a b c | 1: a");
        assert_eq!(moves_between(&before, &mapping(1, "0: a b | 1: b c | 2: a")), 3);
    }
}
