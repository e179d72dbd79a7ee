//! The oracle of the oracle: everything is tried.
//!
//! Every row that a base may have is listed by definition; then, base by base,
//! every vector of loads that can be reached, with the fewest
//! moves to it. It takes `(bases + 1)^services` states, so few services.

use std::iter;

use itertools::Itertools;
use meta0::{Base, Level, PrefixMapping, Rules, Service, ServiceIndex, Tolerance, Topology};

use crate::bands::Bands;
use crate::judge;
use crate::oracle::Restrictions;

/// The most services that may get something.
const LIMIT: usize = 4;

/// What may be placed, on which services; a set of them is a bit for each.
struct Choices<'a> {
    topology: &'a Topology,
    /// The services that may get something.
    open: Vec<ServiceIndex>,
    /// What stays where it is.
    kept: PrefixMapping,
}

impl<'a> Choices<'a> {
    /// `None` when there are too many open services to try everything.
    fn new(
        mapping: &PrefixMapping,
        topology: &'a Topology,
        is_open: impl Fn(ServiceIndex) -> bool,
        keeps: impl Fn(Base, &str) -> bool,
    ) -> Option<Self> {
        let mut kept = PrefixMapping::new(mapping.digits());
        for base in mapping.digits().bases() {
            let row = mapping.services_of(base).filter(|name| keeps(base, name));
            kept.assign_services(base, row.unique()).expect("part of a row");
        }
        let available = |index: &ServiceIndex| topology.services()[index.index()].is_available();
        let open = topology.by_location().iter().copied().filter(available);
        let open: Vec<_> = open.filter(|index| is_open(*index)).collect();
        let limit = if mapping.num_bases() == 1 { 2 * LIMIT } else { LIMIT };
        (open.len() <= limit).then_some(Self { topology, open, kept })
    }

    /// Every set of open services that may join what a base keeps: as many as
    /// it wants, or as fit.
    fn of(&self, base: Base, wants: usize, rules: Rules) -> Vec<u32> {
        let allowed =
            |set: &u32| set.count_ones() as usize <= wants && self.fits(base, *set, rules);
        let sets: Vec<u32> = (0..1 << self.open.len()).filter(allowed).collect();
        let most = sets.iter().map(|set| set.count_ones()).max().unwrap_or_default();
        sets.into_iter().filter(|set| set.count_ones() == most).collect()
    }

    /// Whether no new replica breaks a rule with another one.
    fn fits(&self, base: Base, set: u32, rules: Rules) -> bool {
        let service = |index: ServiceIndex| &self.topology.services()[index.index()];
        let new: Vec<&Service> = self.members(set).map(service).collect();
        let kept = self.kept.services_of(base).filter_map(|name| self.topology.find(name));
        let all: Vec<&Service> = kept.map(service).chain(new.iter().copied()).collect();
        new.iter().all(|service| {
            Level::ALL.into_iter().all(|level| {
                let alike = |s: &&&Service| s.location().shares(service.location(), level);
                all.iter().filter(alike).count() <= judge::cap(rules, level)
            })
        })
    }

    fn members(&self, set: u32) -> impl Iterator<Item = ServiceIndex> {
        self.open.iter().enumerate().filter(move |(bit, _)| set >> bit & 1 == 1).map(|(_, s)| *s)
    }

    /// The least distance of services, of domains, and number of moves; each
    /// base takes one of its sets, of which each costs what it says.
    fn best(&self, bands: &Bands, sets: &[Vec<(u32, u64)>]) -> (u64, u64, u64) {
        let radix = sets.len() + 1;
        let places: Vec<usize> = iter::successors(Some(1), |place| Some(place * radix))
            .take(self.open.len() + 1)
            .collect();
        let step = |set: u32| -> usize {
            let bits = (0..self.open.len()).filter(|bit| set >> bit & 1 == 1);
            bits.map(|bit| places[bit]).sum()
        };
        let mut least = vec![None; places[self.open.len()]];
        least[0] = Some(0);
        for sets in sets {
            let mut next = vec![None; least.len()];
            for (state, moves) in least.iter().enumerate() {
                let Some(moves) = moves else { continue };
                for &(set, cost) in sets {
                    let slot: &mut Option<u64> = &mut next[state + step(set)];
                    *slot = Some(slot.map_or(moves + cost, |old| old.min(moves + cost)));
                }
            }
            least = next;
        }
        let kept = judge::loads(&self.kept, self.topology);
        let distances = |mut state: usize| {
            let mut loads = kept.clone();
            for service in &self.open {
                loads[service.index()] += (state % radix) as u64;
                state /= radix;
            }
            judge::distance_of_loads(&loads, self.topology, bands)
        };
        let reached =
            least.iter().enumerate().filter_map(|(state, moves)| Some((state, (*moves)?)));
        let rated = reached.map(|(state, moves)| {
            let (services, domains) = distances(state);
            (services, domains, moves)
        });
        rated.min().expect("every base has a set, if only the empty one")
    }
}

/// What [`crate::oracle::least`] finds; `None` when there is too much to try.
fn least(
    mapping: &PrefixMapping,
    topology: &Topology,
    rules: Rules,
    tolerance: Tolerance,
    restrictions: Restrictions<'_>,
) -> Option<(u64, u64, u64)> {
    let Restrictions { held, drained, held_bases } = restrictions;
    let drained: Vec<_> = drained.iter().filter_map(|name| topology.find(name)).collect();
    let topology = &topology.drained(&drained);
    let mapping = &mapping.resolve(topology);
    let is_held = |name: &str| held.contains(&name);
    let is_open = |index: ServiceIndex| !is_held(topology.services()[index.index()].address());
    let keeps = |base: Base, name: &str| is_held(name) || held_bases.contains(&base);
    let choices = Choices::new(mapping, topology, is_open, keeps)?;
    let sets = mapping.digits().bases().map(|base| {
        let wants =
            usize::from(rules.replicas()).saturating_sub(choices.kept.services_of(base).len());
        let wants = if held_bases.contains(&base) { 0 } else { wants };
        let holders: Vec<_> =
            mapping.services_of(base).filter_map(|name| topology.find(name)).collect();
        let moves = |set| choices.members(set).filter(|s| !holders.contains(s)).count() as u64;
        choices.of(base, wants, rules).into_iter().map(|set| (set, moves(set))).collect()
    });
    let bands = Bands::new(topology, mapping.digits(), rules, tolerance)?;
    Some(choices.best(&bands, &sets.collect::<Vec<_>>()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::instance::{Instance, Leavers, Size};
    use crate::oracle;

    #[test]
    fn the_oracle_finds_the_least_of_all() {
        let mut tried = 0;
        for seed in 0..3_000 {
            let instance = Instance::satisfiable(seed, Size::TINY);
            let _context = instance.context();
            let Instance { topology, mapping, rules, tolerance } = instance;
            let all = least(&mapping, &topology, rules, tolerance, Restrictions::default());
            let Some(all) = all else { continue };
            assert_eq!((all.0, all.1), (0, 0), "a balanced mapping exists, seed {seed}");
            let moves = oracle::least_moves(&mapping, &topology, rules, tolerance);
            assert_eq!(moves, all.2, "seed {seed}");
            tried += 1;
        }
        assert!(tried > 2_000, "{tried}");
    }

    #[test]
    fn the_oracle_finds_the_least_under_restrictions() {
        let mut tried = 0;
        for seed in 0..3_000 {
            let instance = Instance::satisfiable(seed, Size::TINY);
            let _context = instance.context();
            let Instance { topology, mapping, rules, tolerance } = &instance;
            let held_bases = instance.some_bases(seed);
            let restrictions = Restrictions {
                held: &instance.some_services(seed),
                drained: &instance.some_services(seed + 1_000_000),
                held_bases: if seed % 2 == 0 { &held_bases } else { &[] },
            };
            let of_oracle = oracle::least(mapping, topology, *rules, *tolerance, restrictions);
            let all = least(mapping, topology, *rules, *tolerance, restrictions);
            let (Some(least), Some(all)) = (of_oracle, all) else { continue };
            let found = (least.service_distance, least.domain_distance, least.moves);
            assert_eq!(found, all, "seed {seed}: {restrictions:?}");
            tried += 1;
        }
        assert!(tried > 1_000, "{tried}");
    }

    #[test]
    fn the_oracle_finds_the_least_decommission() {
        let mut tried = 0;
        for seed in 0..4_000 {
            let instance = Instance::satisfiable(seed, Size::TINY);
            let _context = instance.context();
            let Leavers { services, bases } = instance.leavers(seed);
            let Instance { topology, mapping, rules, tolerance } = &instance;
            let mapping = &mapping.resolve(topology);
            let names: Vec<_> = services.iter().map(String::as_str).collect();
            let left: Vec<_> = names.iter().filter_map(|name| topology.find(name)).collect();
            let of_bands = if bases.is_some() { topology } else { &topology.drained(&left) };
            let keeps = |base, name: &str| {
                !names.contains(&name) || bases.as_ref().is_some_and(|some| !some.contains(&base))
            };
            let is_open = |index| !left.contains(&index);
            let Some(choices) = Choices::new(mapping, of_bands, is_open, keeps) else { continue };
            let frees = |base| {
                mapping.services_of(base).unique().count() - choices.kept.services_of(base).len()
            };
            let sets = mapping.digits().bases().map(|base| choices.of(base, frees(base), *rules));
            let sets: Vec<Vec<_>> = sets
                .map(|sets| sets.into_iter().map(|s| (s, s.count_ones().into())).collect())
                .collect();
            let all_fit = mapping
                .digits()
                .bases()
                .zip(&sets)
                .all(|(base, sets)| sets.iter().all(|(_, moves)| *moves == frees(base) as u64));
            let bands = Bands::new(of_bands, mapping.digits(), *rules, *tolerance);
            let all = bands.filter(|_| all_fit).map(|bands| {
                let (distance, _, _) = choices.best(&bands, &sets);
                (mapping.digits().bases().map(frees).sum::<usize>() as u64, distance)
            });
            let found = oracle::least_decommission(
                mapping,
                topology,
                *rules,
                *tolerance,
                &names,
                bases.as_deref(),
            );
            assert_eq!(found, all, "seed {seed}");
            tried += 1;
        }
        assert!(tried > 2_000, "{tried}");
    }

    #[test]
    fn rules_that_cannot_be_satisfied_have_no_valid_base() {
        let mut unsatisfiable = 0;
        for seed in 0..3_000 {
            let instance = Instance::any(seed, Size::TINY);
            let _context = instance.context();
            let Instance { topology, mapping, rules, .. } = &instance;
            let empty = PrefixMapping::new(crate::notation::digits(0));
            let base = empty.digits().base(0).unwrap();
            let choices = Choices::new(&empty, topology, |_| true, |_, _| true).unwrap();
            let sets = choices.of(base, rules.replicas().into(), *rules);
            let is_full = |set: &u32| set.count_ones() == u32::from(rules.replicas());
            assert_eq!(sets.iter().any(is_full), instance.is_satisfiable(), "seed {seed}");
            unsatisfiable += u32::from(!instance.is_satisfiable());
            assert!(mapping.num_bases() <= 16);
        }
        assert!(unsatisfiable > 300, "{unsatisfiable}");
    }
}
