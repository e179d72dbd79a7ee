//! Random clusters, rules, and mappings in need of work, each from a seed.
//!
//! Tokens are few, so that domains collide; depths, scores and sizes of domains
//! differ. A mapping starts from something orderly, then is damaged.

use std::collections::BTreeSet;

use itertools::Itertools;
use meta0::{
    Base, Digits, Level, Location, MinDist, PrefixMapping, Ratio, Rules, Service, Shares,
    Tolerance, Topology,
};
use rand::rngs::StdRng;
use rand::seq::{IndexedRandom, SliceRandom};
use rand::{RngExt, SeedableRng};

use crate::judge;

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

/// What the mapping was before it was damaged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Start {
    /// Every base is missing.
    Nothing,
    /// Balanced for this topology.
    Balanced,
    /// Balanced for one with other services and scores.
    Older,
    /// Valid bases at random.
    Scattered,
    /// Valid bases, most of them on a few services.
    Concentrated,
    /// A few valid rows for all bases: little room, so that moves need chains.
    Chains,
}

/// What is done to a base.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Damage {
    /// It holds nothing.
    Missing,
    /// One replica is gone.
    Short,
    /// One replica more, anywhere.
    Excess,
    /// One replica is on a service that no topology has.
    Unknown,
    /// One replica is anywhere: too close, unavailable, or just elsewhere.
    Stray,
    /// All replicas are in one rack, as far as it has services.
    Crowded,
    /// A service stands there by address and by id.
    Twice,
}

/// A cluster, its rules, and its mapping.
#[derive(Debug, Clone)]
pub(crate) struct Instance {
    pub(crate) topology: Topology,
    pub(crate) mapping: PrefixMapping,
    pub(crate) rules: Rules,
    pub(crate) tolerance: Tolerance,
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
        let mut draw = Draw { rng: StdRng::seed_from_u64(seed), size };
        let topology = draw.topology();
        let rules = draw.rules();
        draw.instance(topology, rules)
    }

    /// An instance whose rules can be satisfied.
    pub(crate) fn satisfiable(seed: u64, size: Size) -> Self {
        let mut draw = Draw { rng: StdRng::seed_from_u64(seed), size };
        loop {
            let (topology, rules) = (draw.topology(), draw.rules());
            if Shares::new(&topology, draw.digits(), rules).is_ok() {
                return draw.instance(topology, rules);
            }
        }
    }

    /// Whether the rules can be satisfied.
    pub(crate) fn is_satisfiable(&self) -> bool {
        Shares::new(&self.topology, self.mapping.digits(), self.rules).is_ok()
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

type Row = BTreeSet<String>;

struct Draw {
    rng: StdRng,
    size: Size,
}

impl Draw {
    fn digits(&self) -> Digits {
        Digits::try_from(self.size.max_digits).expect("digits of a size")
    }

    fn instance(&mut self, topology: Topology, rules: Rules) -> Instance {
        let digits = match self.rng.random_range(0..8) {
            0 => Digits::try_from(0).expect("digits"),
            1 => Digits::try_from(1).expect("digits"),
            _ => self.digits(),
        };
        let starts = [
            Start::Nothing,
            Start::Balanced,
            Start::Older,
            Start::Scattered,
            Start::Concentrated,
            Start::Chains,
            Start::Chains,
        ];
        let start = self.pick(&starts);
        let mut rows = self.start(start, &topology, rules, digits);
        for _ in 0..self.rng.random_range(0..4) {
            self.damage(&mut rows, &topology, rules);
        }
        let mut mapping = PrefixMapping::new(digits);
        for (base, row) in digits.bases().zip(&rows) {
            mapping.assign_services(base, row.iter().map(String::as_str)).expect("a set of names");
        }
        let tolerances = [(0, 1), (0, 1), (0, 1), (1, 20), (1, 5), (3, 2)];
        let (numerator, denominator) = self.pick(&tolerances);
        let tolerance = Tolerance::new(numerator, denominator).expect("a tolerance");
        Instance { topology, mapping, rules, tolerance }
    }

    fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        *from.choose(&mut self.rng).expect("something to pick from")
    }

    fn topology(&mut self) -> Topology {
        let count = self.rng.random_range(1..=self.size.services);
        let tokens = [3, 3, 3, 4].map(|most| self.rng.random_range(1..=most));
        let (depth, mixed) = (self.rng.random_range(1..=4), self.rng.random_bool(0.2));
        let absent = self.pick(&[0.0, 0.0, 0.2]);
        let with_id = self.pick(&[0.0, 0.0, 0.5, 1.0]);
        let services = (0..count).map(|number| {
            let depth = if mixed { self.rng.random_range(1..=4) } else { depth };
            let service =
                Service::new(format!("10.0.0.{number}:6001"), self.location(tokens, depth));
            let service = service.with_score(if self.rng.random_bool(absent) { 0 } else { 80 });
            if self.rng.random_bool(with_id) {
                service.with_id(format!("meta1-{}", 99 - number))
            } else {
                service
            }
        });
        Topology::new(services.collect()).expect("distinct addresses and ids")
    }

    /// Low tokens are likelier, so that domains differ in size.
    fn location(&mut self, tokens: [usize; 4], depth: usize) -> Location {
        let draw = |(level, most): (usize, usize)| {
            let token = self.rng.random_range(0..most).min(self.rng.random_range(0..most));
            format!("{}{token}", ["s", "r", "h", "v"][level])
        };
        let tokens: Vec<_> = tokens.into_iter().enumerate().skip(4 - depth).map(draw).collect();
        tokens.join(".").parse().expect("one to four tokens")
    }

    fn rules(&mut self) -> Rules {
        let min_dist = MinDist::try_from(self.pick(&[1, 1, 1, 2, 2, 3, 4])).expect("a distance");
        Rules::new(self.rng.random_range(1..=self.size.replicas))
            .expect("replicas")
            .min_dist(min_dist)
            .level(self.pick(&Level::ALL))
            .degradation(self.pick(&[0, 0, 1, 1, 2]))
    }

    fn start(
        &mut self,
        start: Start,
        topology: &Topology,
        rules: Rules,
        digits: Digits,
    ) -> Vec<Row> {
        let count = digits.count();
        match start {
            Start::Nothing => vec![Row::new(); count],
            Start::Balanced => self.balanced(topology, rules, digits),
            Start::Older => {
                let older = self.older(topology);
                self.balanced(&older, rules, digits)
            }
            Start::Scattered => (0..count).map(|_| self.valid_row(topology, rules, &[1])).collect(),
            Start::Concentrated => {
                (0..count).map(|_| self.valid_row(topology, rules, &[1, 5, 25])).collect()
            }
            Start::Chains => {
                let patterns: Vec<_> = (0..self.rng.random_range(1..=4))
                    .map(|_| self.valid_row(topology, rules, &[1, 3]))
                    .collect();
                (0..count).map(|_| patterns.choose(&mut self.rng).expect("one").clone()).collect()
            }
        }
    }

    /// Some services less, some more, and all of them available.
    fn older(&mut self, topology: &Topology) -> Topology {
        let gone = self.pick(&[0.1, 0.3]);
        let mut services: Vec<_> =
            topology.services().iter().map(|service| service.clone().with_score(80)).collect();
        services.retain(|_| !self.rng.random_bool(gone));
        for number in 0..self.rng.random_range(0..4) {
            let location = self.location([3, 3, 3, 4], 4);
            services.push(Service::new(format!("10.99.0.{number}:6001"), location));
        }
        Topology::new(services).expect("distinct addresses and ids")
    }

    /// Services in location order are arcs of a circle, each as long as its
    /// share; a base holds those that its evenly spaced points fall on.
    fn balanced(&mut self, topology: &Topology, rules: Rules, digits: Digits) -> Vec<Row> {
        let Ok(shares) = Shares::new(topology, digits, rules) else {
            return digits.bases().map(|_| self.valid_row(topology, rules, &[1])).collect();
        };
        let mut points = Vec::new();
        let mut end = (0, 1);
        for index in topology.by_location() {
            end = plus(end, shares.services()[index.index()]);
            let address = topology.services()[index.index()].address();
            while (points.len() as u128) * end.1 < end.0 {
                points.push(address.to_owned());
            }
        }
        let mut rows: Vec<Row> = vec![Row::new(); digits.count()];
        for (point, address) in points.into_iter().enumerate() {
            rows[point % digits.count()].insert(address);
        }
        rows.shuffle(&mut self.rng);
        rows
    }

    /// As many replicas as the rules let through, at random; a service is taken
    /// the sooner the larger its weight, and the weights repeat.
    fn valid_row(&mut self, topology: &Topology, rules: Rules, weights: &[u32]) -> Row {
        let services = topology.services().iter().filter(|service| service.is_available());
        let mut order: Vec<_> = services
            .zip(weights.iter().cycle())
            .map(|(service, &weight)| (self.rng.random_range(0..1000 * weight), service))
            .collect();
        order.sort_by_key(|(key, service)| (*key, service.address()));
        let mut row: Vec<&Service> = Vec::new();
        for (_, service) in order.into_iter().rev() {
            let near =
                |other: &&&Service| other.location().shares(service.location(), rules.get_level());
            let far = |other: &&Service| {
                other.location().distance(service.location()) >= rules.get_min_dist().get()
            };
            let has_room = row.iter().filter(near).count()
                < usize::from(rules.degradation_cap().unwrap_or(rules.replicas()));
            if row.len() < usize::from(rules.replicas()) && has_room && row.iter().all(far) {
                row.push(service);
            }
        }
        row.into_iter().map(|service| service.address().to_owned()).collect()
    }

    fn damage(&mut self, rows: &mut [Row], topology: &Topology, rules: Rules) {
        let damages = [
            Damage::Missing,
            Damage::Short,
            Damage::Excess,
            Damage::Unknown,
            Damage::Stray,
            Damage::Crowded,
            Damage::Twice,
        ];
        let damage = self.pick(&damages);
        let rate = self.pick(&[0.1, 0.3, 1.0]);
        for row in rows {
            if self.rng.random_bool(rate) {
                self.damage_row(damage, row, topology, rules);
            }
        }
    }

    fn damage_row(&mut self, damage: Damage, row: &mut Row, topology: &Topology, rules: Rules) {
        let names: Vec<_> = row.iter().cloned().collect();
        let first = names.choose(&mut self.rng).cloned();
        let random = topology.services().choose(&mut self.rng).expect("a service");
        let mut replace = |by: String| {
            row.retain(|name| Some(name) != first.as_ref());
            row.insert(by);
        };
        match damage {
            Damage::Missing => row.clear(),
            Damage::Short => row.retain(|name| Some(name) != first.as_ref()),
            Damage::Excess => row.extend([random.address().to_owned()]),
            Damage::Unknown => replace(format!("10.98.0.{}:6001", self.rng.random_range(0..3))),
            Damage::Stray => replace(random.address().to_owned()),
            Damage::Crowded => {
                let near = |s: &&Service| s.location().shares(random.location(), Level::Rack);
                let near = topology.services().iter().filter(near);
                *row = near.take(rules.replicas().into()).map(|s| s.address().to_owned()).collect();
            }
            Damage::Twice => {
                let mut held = names.iter().filter_map(|name| topology.find(name));
                let id = held.find_map(|i| topology.services()[i.index()].id());
                row.extend(id.map(str::to_owned));
            }
        }
    }
}

/// A sum of fractions, in lowest terms.
fn plus((a, b): (u128, u128), share: Ratio) -> (u128, u128) {
    let (c, d) = share.parts();
    let (numerator, denominator) = (a * d + c * b, b * d);
    let (mut divisor, mut rest) = (numerator, denominator);
    while rest > 0 {
        (divisor, rest) = (rest, divisor % rest);
    }
    (numerator / divisor, denominator / divisor)
}

#[test]
fn every_kind_of_fault_comes_up() {
    let kinds = [" 0 replicas", "replicas", "nobody", "unavailable", "too close", "around"];
    let mut found = BTreeSet::new();
    for seed in 0..300 {
        let Instance { topology, mapping, rules, .. } = Instance::satisfiable(seed, Size::SMALL);
        let mapping = mapping.resolve(&topology);
        for base in mapping.digits().bases() {
            let fault = judge::judge_base(&mapping, &topology, rules, base).err();
            let is_there = |kind: &&str| fault.as_ref().is_some_and(|fault| fault.contains(kind));
            found.extend(kinds.into_iter().filter(is_there));
            found.extend((!mapping.services_of(base).all_unique()).then_some("twice"));
        }
    }
    assert_eq!(found.len(), kinds.len() + 1, "{found:?}");
}

#[test]
fn a_balanced_start_is_balanced() {
    for seed in 0..200 {
        let Instance { topology, mapping, rules, tolerance } =
            Instance::satisfiable(seed, Size::MIDDLE);
        let mut draw = Draw { rng: StdRng::seed_from_u64(seed), size: Size::MIDDLE };
        let rows = draw.start(Start::Balanced, &topology, rules, mapping.digits());
        let mut balanced = PrefixMapping::new(mapping.digits());
        for (base, row) in mapping.digits().bases().zip(&rows) {
            balanced.assign_services(base, row.iter().map(String::as_str)).unwrap();
        }
        judge::assert_valid_and_balanced(&balanced, &topology, rules, tolerance);
    }
}
