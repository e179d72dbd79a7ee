//! What is drawn covers what there is, and prints as what builds it.

use std::collections::BTreeSet;

use meta0::{Level, PrefixMapping, Rules};

use super::draw::{Draw, Start};
use super::{Instance, Size};
use crate::{judge, notation};

#[test]
fn every_kind_of_fault_comes_up() {
    let mut found = BTreeSet::new();
    for seed in 0..300 {
        let Instance { topology, mapping, rules, .. } = Instance::satisfiable(seed, Size::SMALL);
        let mapping = mapping.resolve(&topology);
        for base in mapping.digits().bases() {
            let standing = judge::Standing::of(mapping.services_of(base), &topology, rules);
            found.extend(standing.breaches.into_keys());
        }
    }
    let kinds = [
        "crowded",
        "degradation",
        "duplicate",
        "excess",
        "missing",
        "short",
        "too_close",
        "unavailable",
        "unknown",
    ];
    assert!(found.iter().eq(&kinds), "{found:?}");
}

#[test]
fn every_kind_of_cap_comes_up() {
    let caps = |rules: Rules| -> Vec<Level> {
        Level::ALL.into_iter().filter(|&level| rules.get_at_most(level).is_some()).collect()
    };
    let binds = |rules: Rules| {
        let others = Rules::new(rules.replicas()).unwrap().min_dist(rules.get_min_dist());
        let others = others.level(rules.get_level()).degradation(rules.get_degradation()).unwrap();
        caps(rules).iter().any(|&level| judge::cap(rules, level) < judge::cap(others, level))
    };
    let kinds: [&dyn Fn(Rules) -> bool; 7] = [
        &|rules| caps(rules).is_empty(),
        &|rules| caps(rules).len() > 1,
        &binds,
        &|rules| !caps(rules).is_empty() && !binds(rules),
        &|rules| caps(rules).iter().any(|&level| level < rules.get_level()),
        &|rules| caps(rules).iter().any(|&level| level > rules.get_level()),
        &|rules| rules.get_degradation() > 0 && rules.get_level() > rules.get_min_dist().level(),
    ];
    let all: Vec<_> = (0..300).map(|seed| Instance::satisfiable(seed, Size::SMALL).rules).collect();
    let counts = kinds.map(|kind| all.iter().filter(|rules| kind(**rules)).count());
    assert!(counts.into_iter().all(|count| (10..=200).contains(&count)), "{counts:?}");
}

#[test]
fn a_balanced_start_is_balanced() {
    for seed in 0..200 {
        let instance = Instance::satisfiable(seed, Size::MIDDLE);
        let _context = instance.context();
        let Instance { topology, mapping, rules, tolerance } = instance;
        let mut draw = Draw::new(seed, Size::MIDDLE);
        let rows = draw.start(Start::Balanced, &topology, rules, mapping.digits());
        let mut balanced = PrefixMapping::new(mapping.digits());
        for (base, row) in mapping.digits().bases().zip(&rows) {
            balanced.assign_services(base, row.iter().map(String::as_str)).unwrap();
        }
        judge::assert_valid_and_balanced(&balanced, &topology, rules, tolerance);
    }
}

/// Reads the lines that an instance prints.
fn read_back(text: &str) -> Instance {
    let quoted: Vec<&str> = text.split('"').collect();
    let between = |open: &str, close: char| {
        let (_, rest) = text.split_once(open)?;
        rest.split_once(close).map(|(inside, _)| inside)
    };
    let number = |open: &str, close| between(open, close)?.parse::<u16>().ok();
    let replicas = number("Rules::new(", ')').expect("replicas");
    let mut rules = Rules::new(replicas).expect("replicas");
    rules = rules.degradation(number(".degradation(", ')').unwrap_or_default()).unwrap();
    if let Some(min_dist) = between(".min_dist(\"", '"') {
        rules = rules.min_dist(min_dist.parse().expect("a distance"));
    }
    for level in Level::ALL {
        if text.contains(&format!(".level(Level::{level:?})")) {
            rules = rules.level(level);
        }
        if let Some(cap) = number(&format!(".at_most(Level::{level:?}, "), ')') {
            rules = rules.at_most(level, cap).unwrap();
        }
    }
    let digits = number("= mapping(", ',').expect("digits");
    Instance {
        topology: notation::topology(quoted[1]),
        mapping: notation::mapping(u8::try_from(digits).expect("digits"), quoted[3]),
        rules,
        tolerance: quoted[quoted.len() - 2].parse().expect("a tolerance"),
    }
}

#[test]
fn what_an_instance_prints_builds_it() {
    for seed in 0..300 {
        let instance = Instance::any(seed, Size::SMALL);
        let back = read_back(&format!("{instance:?}"));
        let level = |instance: &Instance| instance.rules.get_level();
        assert_eq!(level(&back), level(&instance));
        // The level of the distance is the one that rules have unless they name it.
        let rules = back.rules.level(level(&instance));
        assert_eq!(Instance { rules, ..back }, instance);
    }
}
