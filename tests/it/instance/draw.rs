//! How an instance is drawn: topology, rules, a start, and damage.

use std::collections::BTreeSet;

use meta0::{Digits, Level, Location, MinDist, PrefixMapping, Rules, Service, Tolerance, Topology};
use rand::rngs::StdRng;
use rand::seq::{IndexedRandom, SliceRandom};
use rand::{RngExt, SeedableRng};

use super::{Instance, Size};
use crate::bands::{self, Exact};
use crate::judge;

/// What the mapping was before it was damaged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Start {
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
    /// All replicas are in one domain of some level, as far as it has services.
    Crowded,
    /// A service stands there by address and by id.
    Twice,
}

pub(super) type Row = BTreeSet<String>;

/// What draws an instance, piece by piece.
pub(super) struct Draw {
    pub(super) rng: StdRng,
    size: Size,
}

impl Draw {
    pub(super) fn new(seed: u64, size: Size) -> Self {
        Self { rng: StdRng::seed_from_u64(seed), size }
    }

    fn digits(&self) -> Digits {
        Digits::try_from(self.size.max_digits).expect("digits of a size")
    }

    pub(super) fn instance(&mut self, topology: Topology, rules: Rules) -> Instance {
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

    pub(super) fn topology(&mut self) -> Topology {
        let count = self.rng.random_range(1..=self.size.services);
        let tokens = [3, 3, 3, 4].map(|most| self.rng.random_range(1..=most));
        let (depth, mixed) = (self.rng.random_range(1..=4), self.rng.random_bool(0.2));
        let absent = self.pick(&[0.0, 0.0, 0.2]);
        let with_id = self.pick(&[0.0, 0.0, 0.5, 1.0]);
        let services = (0..count).map(|number| {
            let depth = if mixed { self.rng.random_range(1..=4) } else { depth };
            let service =
                Service::new(format!("10.0.0.{number}:6001"), self.location(tokens, depth));
            let service = match (self.rng.random_bool(absent), number % 2) {
                (true, 0) => service.with_score(0),
                (true, _) => service.with_up(false),
                (false, _) => service.with_score(80),
            };
            if self.rng.random_bool(with_id) {
                service.with_id(format!("meta1-{}", 99 - number))
            } else {
                service
            }
        });
        Topology::new(services).expect("distinct addresses and ids")
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

    /// `None` when no base could keep what was drawn.
    pub(super) fn rules(&mut self) -> Option<Rules> {
        let min_dist = MinDist::try_from(self.pick(&[1, 1, 1, 2, 2, 3, 4])).expect("a distance");
        let rules = Rules::new(self.rng.random_range(1..=self.size.replicas))
            .expect("replicas")
            .min_dist(min_dist)
            .level(self.pick(&Level::ALL));
        let degradation = self.pick(&[0, 0, 1, 1, 2]);
        let capped = if self.rng.random_bool(0.5) { self.capped(rules) } else { rules };
        capped.degradation(degradation).ok()
    }

    /// The same with a cap at some levels, which sometimes can't bind.
    fn capped(&mut self, rules: Rules) -> Rules {
        let count = self.pick(&[1, 1, 2, 3]);
        let levels: Vec<_> = Level::ALL.sample(&mut self.rng, count).copied().collect();
        levels.into_iter().fold(rules, |rules, level| {
            let cap = self.rng.random_range(1..=rules.replicas() + 1);
            rules.at_most(level, cap).expect("a cap above 0")
        })
    }

    /// The same without most of the services that the rules can do without.
    pub(super) fn squeezed(&mut self, topology: &Topology, rules: Rules) -> Topology {
        let mut services = topology.services().to_vec();
        services.shuffle(&mut self.rng);
        for place in (0..services.len()).rev() {
            let mut fewer = services.clone();
            fewer.remove(place);
            if self.rng.random_bool(0.8) && bands::is_satisfiable(&fewer, rules) {
                services = fewer;
            }
        }
        Topology::new(services).expect("distinct addresses and ids")
    }

    pub(super) fn start(
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
        let Some(shares) = bands::shares(topology, digits, rules) else {
            return digits.bases().map(|_| self.valid_row(topology, rules, &[1])).collect();
        };
        let mut points = Vec::new();
        let mut end = Exact::ZERO;
        for index in topology.by_location() {
            let address = topology.services()[index.index()].address();
            end = end + shares.get(address).copied().unwrap_or(Exact::ZERO);
            while Exact::whole(points.len()) < end {
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
            row.push(service);
            let names = row.iter().map(|service| service.address());
            let fits = judge::judge_row(names, topology, rules).is_ok();
            if row.len() > usize::from(rules.replicas()) || !fits {
                row.pop();
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
                let level = self.pick(&Level::ALL);
                let near = |s: &&Service| s.location().shares(random.location(), level);
                let near: Vec<_> = topology.services().iter().filter(near).collect();
                let some = near.sample(&mut self.rng, rules.replicas().into());
                *row = some.map(|service| service.address().to_owned()).collect();
            }
            Damage::Twice => {
                let mut held = names.iter().filter_map(|name| topology.find(name));
                let id = held.find_map(|i| topology.services()[i.index()].id());
                row.extend(id.map(str::to_owned));
            }
        }
    }
}
