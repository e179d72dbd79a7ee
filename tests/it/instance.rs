//! Random clusters, rules, and mappings in need of work, each from a seed.
//!
//! Tokens are few, so that domains collide; depths, scores and sizes of domains
//! differ. Half of all rules cap some levels outright, and some topologies have
//! hardly more services than the rules need. A mapping starts from something
//! orderly, then is damaged.
//!
//! An [`Instance`] prints as the lines that build it, so that one that fails
//! pastes as a test: see [`Instance::context`].

mod draw;
#[cfg(test)]
mod tests;

use std::fmt;

use itertools::Itertools;
use meta0::{Base, PrefixMapping, Rules, Service, Tolerance, Topology};
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};

use self::draw::Draw;
use crate::{bands, judge, notation};

/// How large instances get.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Size {
    services: usize,
    max_digits: u8,
    replicas: u16,
}

impl Size {
    /// Few enough to try everything.
    pub(crate) const TINY: Self = Self { services: 5, max_digits: 1, replicas: 4 };
    /// Enough for every kind of trouble.
    pub(crate) const SMALL: Self = Self { services: 14, max_digits: 1, replicas: 6 };
    /// Loads of some dozens.
    pub(crate) const MIDDLE: Self = Self { services: 30, max_digits: 2, replicas: 6 };
}

/// A cluster, its rules, and its mapping.
#[derive(Clone, PartialEq)]
pub(crate) struct Instance {
    pub(crate) topology: Topology,
    pub(crate) mapping: PrefixMapping,
    pub(crate) rules: Rules,
    pub(crate) tolerance: Tolerance,
}

/// Prints an instance when the test that holds it fails.
pub(crate) struct Context(Instance);

impl Drop for Context {
    #[expect(clippy::print_stderr, reason = "what fails says on what")]
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("{:?}", self.0);
        }
    }
}

impl fmt::Debug for Instance {
    /// The lines that build it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { topology, mapping, rules, tolerance } = self;
        writeln!(f, "let topology = topology(\"{}\");", notation::show_topology(topology))?;
        let digits = mapping.digits().get();
        writeln!(f, "let mapping = mapping({digits}, \"{}\");", notation::show(mapping))?;
        writeln!(f, "let rules = {};", notation::show_rules(*rules))?;
        writeln!(f, "let tolerance: Tolerance = \"{tolerance}\".parse().unwrap();")
    }
}

/// Services that are to lose bases: all of theirs, when none are named.
#[derive(Debug, Clone)]
pub(crate) struct Leavers {
    pub(crate) services: Vec<String>,
    pub(crate) bases: Option<Vec<Base>>,
}

impl Instance {
    /// An instance whose rules can perhaps not be satisfied.
    pub(crate) fn any(seed: u64, size: Size) -> Self {
        let mut draw = Draw::new(seed, size);
        loop {
            let (topology, rules) = (draw.topology(), draw.rules());
            if let Some(rules) = rules {
                return draw.instance(topology, rules);
            }
        }
    }

    /// An instance whose rules can be satisfied.
    pub(crate) fn satisfiable(seed: u64, size: Size) -> Self {
        let mut draw = Draw::new(seed, size);
        loop {
            let (mut topology, rules) = (draw.topology(), draw.rules());
            let Some(rules) = rules else { continue };
            if bands::is_satisfiable(topology.services(), rules) {
                if draw.rng.random_bool(0.2) {
                    topology = draw.squeezed(&topology, rules);
                }
                return draw.instance(topology, rules);
            }
        }
    }

    /// Whether the rules can be satisfied.
    pub(crate) fn is_satisfiable(&self) -> bool {
        bands::is_satisfiable(self.topology.services(), self.rules)
    }

    /// What prints the instance when the test fails before the end of its block.
    pub(crate) fn context(&self) -> Context {
        Context(self.clone())
    }

    /// Some bases of the mapping, perhaps none.
    pub(crate) fn some_bases(&self, seed: u64) -> Vec<Base> {
        let mut rng = StdRng::seed_from_u64(seed + 2);
        let rate = [0.1, 0.5][usize::from(rng.random_bool(0.5))];
        self.mapping.digits().bases().filter(|_| rng.random_bool(rate)).collect()
    }

    /// Some addresses of the topology, perhaps none.
    pub(crate) fn some_services(&self, seed: u64) -> Vec<&str> {
        let mut rng = StdRng::seed_from_u64(seed);
        let count = rng.random_range(0..=self.topology.services().len().min(3));
        let services = self.topology.services().sample(&mut rng, count);
        services.map(Service::address).collect()
    }

    /// Services, known or not, that lose bases; every base that loses something
    /// is sound but for them.
    pub(crate) fn leavers(&self, seed: u64) -> Leavers {
        let mut services: Vec<_> =
            self.some_services(seed).into_iter().map(str::to_owned).collect();
        let mut rng = StdRng::seed_from_u64(seed + 1);
        let mapping = self.mapping.resolve(&self.topology);
        let is_unknown = |name: &&str| self.topology.find(name).is_none();
        let unknown = mapping.names().filter(is_unknown).filter(|_| rng.random_bool(0.3));
        services.extend(unknown.map(str::to_owned));
        let leaves = |name: &str| services.iter().any(|service| service == name);
        let is_held = |base: &Base| mapping.services_of(*base).any(leaves);
        let is_sound = |base: &Base| {
            let stay = mapping.services_of(*base).filter(|name| !leaves(name));
            let row = mapping.services_of(*base);
            row.len() == usize::from(self.rules.replicas())
                && row.clone().all_unique()
                && judge::judge_row(stay, &self.topology, self.rules).is_ok()
        };
        let held: Vec<_> = mapping.digits().bases().filter(is_held).collect();
        if held.iter().all(is_sound) && rng.random_bool(0.5) {
            return Leavers { services, bases: None };
        }
        let named = held.into_iter().filter(is_sound).filter(|_| rng.random_bool(0.7)).collect();
        Leavers { services, bases: Some(named) }
    }
}
