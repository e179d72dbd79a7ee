//! An independent check of a mapping: nothing but definitions, pair by pair.

use std::collections::{BTreeMap, BTreeSet};

use itertools::Itertools;
use meta0::{Base, Level, PrefixMapping, Rules, Service, ServiceIndex, Tolerance, Topology};

use crate::bands::Bands;

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
        services.push(find(topology, name).ok_or(format!("has {name}, which nobody knows"))?);
    }
    if let Some(service) = services.iter().find(|service| !service.is_up() || service.score() <= 0)
    {
        return Err(format!("has {service}, which is unavailable"));
    }
    if let Some(service) = services.iter().duplicates_by(|service| service.address()).next() {
        return Err(format!("has {service} twice"));
    }
    for level in Level::ALL {
        let (most, cap) = (crowd(&services, level), cap(rules, level));
        if most > cap {
            return Err(format!("has {most} replicas in one {level}, not {cap} or fewer"));
        }
    }
    Ok(())
}

fn find<'a>(topology: &'a Topology, name: &str) -> Option<&'a Service> {
    topology.find(name).map(|index| &topology.services()[index.index()])
}

/// The most replicas of a base that a domain of a level may hold, from what
/// each rule says of it.
pub(crate) fn cap(rules: Rules, level: Level) -> usize {
    let replicas = rules.replicas();
    // Two services of a domain have as many tokens in common, or more.
    let farthest = [3, 2, 1, 0][level.index()];
    let apart = (farthest < rules.get_min_dist().get()).then_some(1);
    let spread = (level == rules.get_level()).then(|| degradation_cap(rules)).flatten();
    let caps = [apart, spread, rules.get_at_most(level), Some(replicas)];
    caps.into_iter().flatten().min().expect("as many as there are").into()
}

/// What may be lost with every one of some domains, and a quorum be left.
fn degradation_cap(rules: Rules) -> Option<u16> {
    let may_be_lost = rules.replicas() - (rules.replicas() / 2 + 1);
    may_be_lost.checked_div(rules.get_degradation())
}

/// The most of some services that are in one domain of a level.
fn crowd(services: &[&Service], level: Level) -> usize {
    let alike =
        |a: &&Service| services.iter().filter(|b| a.location().shares(b.location(), level)).count();
    services.iter().map(alike).max().unwrap_or_default()
}

/// The rules on distance and domains that some services break, each by what it
/// alone says.
pub(crate) fn broken_caps(services: &[&Service], rules: Rules) -> BTreeSet<&'static str> {
    let is_close =
        |[a, b]: [&&Service; 2]| a.location().distance(b.location()) < rules.get_min_dist().get();
    let exceeds =
        |level, cap: Option<u16>| cap.is_some_and(|cap| crowd(services, level) > usize::from(cap));
    let binding = |level| rules.get_at_most(level).filter(|cap| *cap < rules.replicas());
    let is_crowded = |level: &Level| exceeds(*level, binding(*level));
    let broken = [
        ("too_close", services.iter().array_combinations().any(is_close)),
        ("degradation", exceeds(rules.get_level(), degradation_cap(rules))),
        ("crowded", Level::ALL.iter().any(is_crowded)),
    ];
    broken.into_iter().filter(|(_, is_broken)| *is_broken).map(|(rule, _)| rule).collect()
}

/// How a base stands: what no wave and no limit may make worse.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Standing {
    /// The kinds of breach that it has, in the words of a report, and how many
    /// of each.
    pub(crate) breaches: BTreeMap<&'static str, usize>,
    /// How many services it is on, known or not.
    pub(crate) replicas: usize,
    /// On how many of them that are up: the topology has them, and says so.
    pub(crate) up: usize,
}

impl Standing {
    pub(crate) fn of<'a>(
        row: impl Iterator<Item = &'a str>,
        topology: &Topology,
        rules: Rules,
    ) -> Self {
        let names: Vec<&str> = row.collect();
        let distinct: BTreeSet<&str> = names.iter().copied().collect();
        let known: Vec<_> = distinct.iter().filter_map(|name| find(topology, name)).collect();
        let (wanted, replicas) = (usize::from(rules.replicas()), distinct.len());
        let counts = [
            ("missing", usize::from(replicas == 0)),
            ("short", usize::from((1..wanted).contains(&replicas))),
            ("excess", usize::from(replicas > wanted)),
            ("duplicate", usize::from(replicas < names.len())),
            ("unknown", replicas - known.len()),
            (
                "unavailable",
                known.iter().filter(|service| !service.is_up() || service.score() <= 0).count(),
            ),
        ];
        let caps = broken_caps(&known, rules).into_iter().map(|rule| (rule, 1));
        let breaches = counts.into_iter().chain(caps).filter(|(_, count)| *count > 0).collect();
        let up = known.iter().filter(|service| service.is_up()).count();
        Self { breaches, replicas, up }
    }

    /// Whether most of the services that the base names are up.
    pub(crate) const fn has_quorum(&self) -> bool {
        self.up > self.replicas / 2
    }

    /// What is worse now than it was before, if anything.
    pub(crate) fn worse_than(&self, before: &Self, rules: Rules) -> Option<String> {
        // A base that was missing is short as soon as it has a replica.
        let grows = |kind: &str| kind == "short" && before.replicas == 0;
        let is_new = |kind: &&&str| !before.breaches.contains_key(**kind) && !grows(kind);
        let new: Vec<_> = self.breaches.keys().filter(is_new).collect();
        let has_fewer = self.up < before.up.min(rules.replicas().into());
        let lost_quorum = before.has_quorum() && !self.has_quorum();
        (!new.is_empty() || has_fewer || lost_quorum)
            .then(|| format!("breaks {new:?}: {before:?}, then {self:?}"))
    }
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
    let bands = Bands::new(topology, mapping.digits(), rules, tolerance);
    let bands = bands.expect("rules that can be kept");
    distance_of_loads(&loads(mapping, topology), topology, &bands)
}

/// The same, from the loads of the services of a topology.
pub(crate) fn distance_of_loads(loads: &[u64], topology: &Topology, bands: &Bands) -> (u64, u64) {
    let (services, domains) = distances_of_loads(loads, topology, bands);
    (services.iter().sum(), domains.iter().sum())
}

/// The same, of each available service and each domain.
pub(crate) fn distances_of_loads(
    loads: &[u64],
    topology: &Topology,
    bands: &Bands,
) -> (Vec<u64>, Vec<u64>) {
    let available = |index: &usize| topology.services()[*index].is_available();
    let services = bands.services.iter().enumerate().filter(|(index, _)| available(index));
    let services = services.map(|(index, band)| band.distance(loads[index])).collect();
    let mut domains = Vec::new();
    for level in Level::ALL {
        for (domain, band) in topology.domains(level).iter().zip(bands.domains(level)) {
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
        assert_eq!(fault(far, "a b c"), "has 2 replicas in one host, not 1 or fewer");
        let spread = rules.level(Level::Host).degradation(1).unwrap();
        assert_eq!(fault(spread, "a b c"), "has 2 replicas in one host, not 1 or fewer");
        let site = rules.at_most(Level::Site, 2).unwrap();
        assert_eq!(fault(site, "a b c"), "has 3 replicas in one site, not 2 or fewer");
    }

    #[test]
    fn the_least_cap_of_a_level_counts() {
        let rules = Rules::new(5)
            .unwrap()
            .at_most(Level::Site, 4)
            .unwrap()
            .at_most(Level::Volume, 3)
            .unwrap();
        let caps = |rules| Level::ALL.map(|level| cap(rules, level));
        assert_eq!(caps(rules), [4, 5, 5, 1]);
        let rules =
            rules.min_dist(2.try_into().unwrap()).level(Level::Rack).degradation(1).unwrap();
        assert_eq!(caps(rules), [4, 2, 1, 1]);
        assert_eq!(caps(rules.at_most(Level::Rack, 3).unwrap()), [4, 2, 1, 1]);
        assert_eq!(caps(rules.at_most(Level::Rack, 1).unwrap()), [4, 1, 1, 1]);
        assert_eq!(caps(rules.degradation(2).unwrap()), [4, 1, 1, 1]);
    }

    #[test]
    fn each_rule_is_broken_alone() {
        let topology = topology("a=r1.h1.v1 b=r1.h1.v2 c=r1.h2.v1 d=r1.h3.v1");
        let rules = Rules::new(3).unwrap();
        let broken = |rules: Rules, row: &str| {
            let standing = Standing::of(row.split(' '), &topology, rules);
            standing.breaches.into_keys().join(", ")
        };
        let close = rules.min_dist(2.try_into().unwrap());
        assert_eq!(broken(close, "a b c"), "too_close");
        assert_eq!(
            broken(rules.level(Level::Host).degradation(1).unwrap(), "a b c"),
            "degradation"
        );
        let crowded = close.at_most(Level::Rack, 2).unwrap().at_most(Level::Host, 2).unwrap();
        assert_eq!(broken(crowded, "a c d"), "crowded");
        assert_eq!(broken(crowded, "a b"), "short, too_close");
        assert_eq!(broken(crowded, "a b c"), "crowded, too_close");
    }

    #[test]
    fn what_is_worse_is_found() {
        let topology = topology("a=h1 b=h2 c=h3 d=h4!0");
        let rules = Rules::new(3).unwrap();
        let worse = |before: &str, after: &str| {
            let of = |row: &str| Standing::of(row.split_whitespace(), &topology, rules);
            of(after).worse_than(&of(before), rules).is_some()
        };
        assert!(!worse("a b x", "a c x") && !worse("a b x", "a b c"));
        assert!(worse("a b x", "a x") && worse("a b x", "a y x") && worse("a b c", "a b d"));
        assert!(!worse("a b c d", "a b c") && !worse("a b x y", "a b x"));
        assert!(worse("a b", "a b x y"), "no quorum any more");
        assert!(!worse("", "a") && worse("x", ""));
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
