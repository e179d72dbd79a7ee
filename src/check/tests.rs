//! The pass against the rules base by base, as SPEC words them.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::inspection::{Findings, Inspection};
use super::{BreachKind, CheckOptions};
use crate::location::Level;
use crate::mapping::PrefixMapping;
use crate::prefix::Digits;
use crate::rules::Rules;
use crate::service::Service;
use crate::topology::Topology;

/// Three sites with as many racks, hosts and volumes as two bits say; one
/// service in eight is unavailable.
fn topology(places: &[(u8, bool)]) -> Topology {
    let service = |(at, &(place, is_down)): (usize, &(u8, bool))| {
        let [site, rack, host] = [place % 3, place / 3 % 2, place / 6 % 2];
        let location = format!("s{site}.r{rack}.h{host}.v{}", place / 12);
        let service = Service::new(format!("{at:02}"), location.parse().unwrap());
        if is_down { service.with_score(0) } else { service }
    };
    Topology::new(places.iter().enumerate().map(service)).unwrap()
}

fn rules() -> impl Strategy<Value = Rules> {
    let cap = || prop::option::of(1..4_u16);
    (1..9_u16, 1..5_u8, 0..4_usize, 0..3_u16, [cap(), cap(), cap(), cap()]).prop_map(
        |(replicas, min_dist, level, degradation, caps)| {
            let rules = Rules::new(replicas).unwrap().min_dist(min_dist.try_into().unwrap());
            let rules = rules.level(Level::ALL[level]);
            let rules = rules.degradation(degradation).unwrap_or(rules);
            Level::ALL.into_iter().zip(caps).fold(rules, |rules, (level, cap)| match cap {
                Some(cap) => rules.at_most(level, cap).unwrap(),
                None => rules,
            })
        },
    )
}

/// Counts by kind, and what may be lost.
#[derive(Debug, PartialEq, Eq)]
struct Verdict {
    counts: BTreeMap<BreachKind, u64>,
    tolerated: [Option<u32>; 4],
}

impl Verdict {
    fn of(findings: &Findings) -> Self {
        let count = |kind| (kind, findings.breaches.count(kind));
        let counts = BreachKind::ALL.map(count).into_iter().filter(|&(_, count)| count > 0);
        Self { counts: counts.collect(), tolerated: findings.tolerated.0 }
    }

    fn plain(mapping: &PrefixMapping, topology: &Topology, rules: Rules) -> Self {
        let mut verdict = Self { counts: BTreeMap::new(), tolerated: [Some(u32::MAX); 4] };
        for base in mapping.digits().bases() {
            let names: BTreeSet<_> = mapping.services_of(base).collect();
            verdict.take_in(&names, topology, rules);
        }
        verdict
    }

    fn take_in(&mut self, names: &BTreeSet<&str>, topology: &Topology, rules: Rules) {
        let services: Vec<_> = names
            .iter()
            .filter_map(|name| topology.services().iter().find(|s| s.address() == *name))
            .collect();
        let available: Vec<_> = services.iter().copied().filter(|s| s.is_available()).collect();
        let wanted = usize::from(rules.replicas());
        let pairs = services.iter().enumerate();
        let closest = pairs.flat_map(|(at, a)| {
            services[at + 1..].iter().map(move |b| a.location().distance(b.location()))
        });
        let is_over = |level, cap: Option<u16>| {
            cap.is_some_and(|cap| sizes(&services, level).iter().any(|&size| size > cap.into()))
        };
        let at_most = |level: Level| is_over(level, rules.at_most_cap(level));
        for (kind, count) in [
            (BreachKind::Missing, usize::from(names.is_empty())),
            (BreachKind::Short, usize::from((1..wanted).contains(&names.len()))),
            (BreachKind::Excess, usize::from(names.len() > wanted)),
            (BreachKind::Unknown, names.len() - services.len()),
            (BreachKind::Unavailable, services.len() - available.len()),
            (
                BreachKind::TooClose,
                closest.min().is_some_and(|d| d < rules.get_min_dist().get()).into(),
            ),
            (BreachKind::Degradation, is_over(rules.get_level(), rules.degradation_cap()).into()),
            (BreachKind::Crowded, Level::ALL.into_iter().any(at_most).into()),
        ] {
            if count > 0 {
                *self.counts.entry(kind).or_default() += count as u64;
            }
        }
        for level in Level::ALL {
            let mut sizes = sizes(&available, level);
            sizes.sort_unstable();
            let quorum = names.len() / 2 + 1;
            let is_kept =
                |lost: &usize| sizes[..sizes.len() - lost].iter().sum::<usize>() >= quorum;
            let most =
                (0..=sizes.len()).rev().find(is_kept).map(|lost| u32::try_from(lost).unwrap());
            let least = &mut self.tolerated[level.index()];
            *least = least.zip(most).map(|(least, most)| least.min(most));
        }
    }
}

/// How many of some services each domain of a level has.
fn sizes(services: &[&Service], level: Level) -> Vec<usize> {
    let mut sizes: BTreeMap<Vec<Option<&str>>, usize> = BTreeMap::new();
    for service in services {
        let tokens = Level::ALL[..=level.index()].iter().map(|&l| service.location().token(l));
        *sizes.entry(tokens.collect()).or_default() += 1;
    }
    sizes.into_values().collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4096))]

    /// A few rows stand again and again, so that bases are passed, counted by
    /// their shape, and examined.
    #[test]
    fn every_base_is_judged_alike(
        places in prop::collection::vec((0..36_u8, prop::sample::select(vec![false, false, false, false, false, true])), 1..30),
        rules in rules(),
        surplus in prop::collection::vec(prop::sample::select(vec![0_i8, 0, 0, 0, 0, 0, 1, 2, -1, -2]), 6),
        rows in prop::collection::vec(prop::collection::vec(0..34_u8, 11), 6),
        order in prop::collection::vec(0..6_usize, 16),
        examples in 0..3_usize,
    ) {
        let topology = topology(&places);
        let mut mapping = PrefixMapping::new(Digits::try_from(1).unwrap());
        for (base, &row) in mapping.digits().bases().zip(&order) {
            let wanted = i32::from(rules.replicas()) + i32::from(surplus[row]);
            let names: BTreeSet<_> = rows[row].iter().map(|at| format!("{:02}", usize::from(*at) % (places.len() + 1))).collect();
            let wanted = usize::try_from(wanted).unwrap_or(0);
            mapping.assign_services(base, names.iter().take(wanted).map(String::as_str)).unwrap();
        }
        let options = CheckOptions::new(rules).examples(examples);
        let findings = Inspection::new(&mapping, &topology, &options).run();
        prop_assert_eq!(Verdict::of(&findings), Verdict::plain(&mapping, &topology, rules));
    }
}
