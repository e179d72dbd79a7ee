//! The pass over the table: breaches, loads, and what may be lost.

use super::CheckOptions;
use super::breach::{Breach, BreachKind, Breaches, Broken};
use super::path::{Path, by_domain};
use super::plain::{Limits, Plain, pass_for};
use super::shape::{Shape, Shapes, Spot};
use crate::location::Level;
use crate::mapping::PrefixMapping;
use crate::prefix::Base;
use crate::rules::Rules;
use crate::service::ServiceIndex;
use crate::topology::Topology;

/// Who a name of the mapping is. Known ones come first, ascending by address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Holder {
    Known(ServiceIndex),
    /// The place of the name among the mapping's.
    Unknown(u16),
}

/// How a breach calls a holder: a service by its address, another as the
/// mapping does.
#[derive(Debug, Clone, Copy)]
struct Names<'a> {
    mapping: &'a PrefixMapping,
    topology: &'a Topology,
}

impl<'a> Names<'a> {
    fn of(self, holder: Holder) -> &'a str {
        match holder {
            Holder::Known(service) => self.topology.services()[service.index()].address(),
            Holder::Unknown(name) => &self.mapping.boxed_names()[usize::from(name)],
        }
    }

    fn list(self, holders: impl IntoIterator<Item = Holder>) -> Vec<String> {
        holders.into_iter().map(|holder| self.of(holder).to_owned()).collect()
    }
}

/// What the pass found.
#[derive(Debug)]
pub(super) struct Findings {
    pub(super) breaches: Breaches,
    /// For each level, how many domains may be lost.
    pub(super) tolerated: [Option<u32>; 4],
    /// How many bases each service holds, in the order of the topology.
    pub(super) loads: Vec<u64>,
    /// The names that no service has and that hold bases, ascending.
    pub(super) unknown: Vec<(String, u64)>,
}

/// The pass itself.
#[derive(Debug)]
pub(super) struct Scan<'a> {
    names: Names<'a>,
    topology: &'a Topology,
    rules: Rules,
    /// By name, as are the spots.
    holders: Vec<Holder>,
    spots: Vec<Spot>,
    plain: Plain,
    limits: Limits,
    shapes: Shapes,
    breaches: Breaches,
    tolerated: [Option<u32>; 4],
    looked_at: usize,
    /// Buffers of the base at hand: its replicas, each once.
    replicas: Vec<(Holder, u16)>,
    /// Those on known services, in order of location.
    known: Vec<(Path, ServiceIndex)>,
    sizes: Vec<usize>,
}

impl<'a> Scan<'a> {
    pub(super) fn new(
        mapping: &'a PrefixMapping,
        topology: &'a Topology,
        options: &CheckOptions,
    ) -> Self {
        let found = topology.find_all(mapping.boxed_names());
        let holder = |(name, found): (u16, &Option<ServiceIndex>)| {
            found.map_or(Holder::Unknown(name), Holder::Known)
        };
        let mut scan = Self {
            names: Names { mapping, topology },
            topology,
            rules: options.rules,
            plain: Plain::new(found.len()),
            limits: Limits { apart: Level::Site, crowd: None },
            spots: found.iter().map(|&found| Spot::new(topology, found)).collect(),
            holders: (0..).zip(&found).map(holder).collect(),
            shapes: Shapes::new(),
            breaches: Breaches::new(options.examples),
            tolerated: [Some(u32::MAX); 4],
            looked_at: 0,
            replicas: Vec::new(),
            known: Vec::new(),
            sizes: Vec::new(),
        };
        scan.set_limits(scan.limits);
        scan
    }

    pub(super) fn run(mut self) -> Findings {
        let mapping = self.names.mapping;
        let pass = pass_for(self.rules.replicas());
        let mut next = 0;
        loop {
            next = pass(mapping, next, &mut self.plain, &mut self.shapes, &self.spots);
            let Some(base) = mapping.digits().base(next) else { break };
            self.look_at(base, mapping.row(next));
            self.looked_at += 1;
            next += 1;
        }
        if self.looked_at < mapping.num_bases() {
            self.lose_domains_of_passed();
        }
        self.finish()
    }

    /// Takes in a base of any kind; counts it only, when it has the shape of one
    /// before.
    fn look_at(&mut self, base: Base, row: &[u16]) {
        let shape = Shape::of_any(row, &self.spots);
        if shape.is_some_and(|shape| self.shapes.count(shape)) {
            for &name in row {
                self.plain.add(name);
            }
            return;
        }
        let before = self.breaches.counts();
        self.examine(base, row);
        if let Some(shape) = shape
            && let Some(counts) = self.breaches.exemplified_since(&before)
        {
            self.shapes.insert(shape, counts, &mut self.breaches);
        }
    }

    /// Takes in a base rule by rule.
    fn examine(&mut self, base: Base, row: &[u16]) {
        self.gather(row);
        self.judge_names(base);
        self.judge_count(base);
        self.judge_services(base);
        self.judge_distance(base);
        self.judge_degradation(base);
        self.lose_domains();
        let limits = self.find_limits();
        if limits != self.limits {
            self.set_limits(limits);
        }
    }

    /// Fills `replicas`, repeats included, and `known`.
    fn gather(&mut self, row: &[u16]) {
        self.replicas.clear();
        self.replicas.extend(row.iter().map(|&name| (self.holders[usize::from(name)], name)));
        self.replicas.sort_unstable();
        self.known.clear();
        self.known.extend(self.replicas.iter().filter_map(|&(holder, _)| match holder {
            Holder::Known(service) => Some((Path::of(self.topology, service), service)),
            Holder::Unknown(_) => None,
        }));
        self.known.sort_unstable();
        self.known.dedup();
    }

    /// Counts each service once, and takes its repeats out of `replicas`.
    fn judge_names(&mut self, base: Base) {
        let names = self.names;
        let is_repeat = |pair: &&[(Holder, u16)]| pair[0].0 == pair[1].0;
        if self.replicas.windows(2).any(|pair| is_repeat(&pair)) {
            self.breaches.add(BreachKind::Duplicate, || {
                let mut twice: Vec<_> =
                    self.replicas.windows(2).filter(is_repeat).map(|pair| pair[0].0).collect();
                twice.dedup();
                Breach::new(base, names.list(twice), Broken::Duplicate)
            });
            self.replicas.dedup_by_key(|replica| replica.0);
        }
        for &(_, name) in &self.replicas {
            self.plain.add(name);
        }
    }

    fn judge_count(&mut self, base: Base) {
        let wanted = self.rules.replicas();
        let (kind, rule) = match self.replicas.len() {
            0 => (BreachKind::Missing, Broken::Missing),
            count if count < wanted.into() => (BreachKind::Short, Broken::Short { wanted }),
            count if count > wanted.into() => (BreachKind::Excess, Broken::Excess { wanted }),
            _ => return,
        };
        let names = self.names;
        let holders = self.replicas.iter().map(|replica| replica.0);
        self.breaches.add(kind, || Breach::new(base, names.list(holders), rule));
    }

    fn judge_services(&mut self, base: Base) {
        let names = self.names;
        for &(holder, _) in &self.replicas {
            let (kind, rule) = match holder {
                Holder::Unknown(_) => (BreachKind::Unknown, Broken::Unknown),
                Holder::Known(service) if !is_available(self.topology, service) => {
                    (BreachKind::Unavailable, Broken::Unavailable)
                }
                Holder::Known(_) => continue,
            };
            self.breaches.add(kind, || Breach::new(base, names.list([holder]), rule));
        }
    }

    fn judge_distance(&mut self, base: Base) {
        let depth = |pair: &[(Path, ServiceIndex)]| pair[0].0.depth(pair[1].0);
        let min_dist = self.rules.get_min_dist().get();
        // In order of location, the closest two are neighbours. The first such
        // pair is the example.
        let Some(closest) = self.known.windows(2).rev().max_by_key(|pair| depth(pair)) else {
            return;
        };
        let distance = 4 - depth(closest);
        if distance < min_dist.into() {
            let names = self.names;
            let holders = closest.iter().map(|&(_, service)| Holder::Known(service));
            let rule = Broken::TooClose { distance, min_dist };
            self.breaches
                .add(BreachKind::TooClose, || Breach::new(base, names.list(holders), rule));
        }
    }

    fn judge_degradation(&mut self, base: Base) {
        let (level, cap) =
            (self.rules.get_level(), self.rules.degradation_cap().unwrap_or(self.rules.replicas()));
        if self.rules.get_degradation() == 0 {
            return;
        }
        let mut fullest: &[(Path, ServiceIndex)] = &[];
        for domain in by_domain(&self.known, level, |known| known.0) {
            if domain.len() > fullest.len() {
                fullest = domain;
            }
        }
        if fullest.len() > cap.into() {
            let (names, topology) = (self.names, self.topology);
            self.breaches.add(BreachKind::Degradation, || {
                let holders = fullest.iter().map(|&(_, service)| Holder::Known(service));
                let domain = topology.domain_of(level, fullest[0].1).unwrap_or_default();
                let domain = topology.domains(level)[domain].name().to_owned();
                Breach::new(base, names.list(holders), Broken::Degradation { level, domain, cap })
            });
        }
    }

    /// Lowers what may be lost to what the base withstands; leaves only the
    /// available services in `known`.
    fn lose_domains(&mut self) {
        self.known.retain(|&(_, service)| is_available(self.topology, service));
        let quorum = self.rules.quorum().into();
        for level in Level::ALL {
            self.sizes.clear();
            self.sizes.extend(by_domain(&self.known, level, |known| known.0).map(<[_]>::len));
            let withstands = withstands(&mut self.sizes, quorum);
            let least = &mut self.tolerated[level.index()];
            *least = least.zip(withstands).map(|(least, withstands)| least.min(withstands));
        }
    }

    /// A base that was passed has as many replicas as wanted, and withstands what
    /// those do that were examined, or has each replica in a domain of its own.
    fn lose_domains_of_passed(&mut self) {
        let spare = u32::from(self.rules.replicas() - self.rules.quorum());
        for least in self.tolerated.iter_mut().flatten() {
            *least = spare.min(*least);
        }
    }

    /// The limits within which a base keeps every rule and lowers nothing of
    /// what may be lost.
    ///
    /// Where a base may lose as many domains as it has replicas to spare, they
    /// are apart; where it may lose `k`, it is enough that no domain has more
    /// than a `k`-th of them, which holds at a finer level if it does at this.
    fn find_limits(&self) -> Limits {
        let mut apart = self.rules.get_min_dist().level();
        let mut crowd = match self.rules.get_degradation() {
            0 => (Level::Volume, u16::MAX),
            _ => (
                self.rules.get_level(),
                self.rules.degradation_cap().unwrap_or(self.rules.replicas()),
            ),
        };
        let spare = self.rules.replicas() - self.rules.quorum();
        for (level, least) in Level::ALL.into_iter().zip(self.tolerated) {
            match least.map_or(0, |least| u16::try_from(least).unwrap_or(u16::MAX)) {
                0 => {}
                least if least >= spare => apart = apart.min(level),
                least => crowd = (crowd.0.min(level), crowd.1.min(spare / least)),
            }
        }
        if crowd.1 == 1 {
            apart = apart.min(crowd.0);
        }
        let most = u8::try_from(crowd.1).unwrap_or(u8::MAX);
        Limits { apart, crowd: (crowd.0 < apart).then_some((crowd.0, most)) }
    }

    fn set_limits(&mut self, limits: Limits) {
        self.limits = limits;
        self.plain.set_limits(limits, |level, name| match self.holders[name] {
            Holder::Known(service) if is_available(self.topology, service) => {
                self.topology.domain_of(level, service)
            }
            _ => None,
        });
    }

    /// Adds up the loads of a service's names.
    fn finish(mut self) -> Findings {
        self.shapes.finish(&mut self.breaches);
        let mut loads = vec![0; self.topology.services().len()];
        let mut unknown = Vec::new();
        for (&holder, load) in self.holders.iter().zip(self.plain.loads()) {
            match holder {
                Holder::Known(service) => loads[service.index()] += u64::from(load),
                Holder::Unknown(_) if load == 0 => {}
                Holder::Unknown(_) => unknown.push((self.names.of(holder).to_owned(), load.into())),
            }
        }
        Findings { breaches: self.breaches, tolerated: self.tolerated, loads, unknown }
    }
}

fn is_available(topology: &Topology, service: ServiceIndex) -> bool {
    topology.services()[service.index()].is_available()
}

/// How many domains a base may lose, the fullest first, and keep its quorum;
/// `None` when it has none now. `sizes`: its sound replicas by domain.
fn withstands(sizes: &mut [usize], quorum: usize) -> Option<u32> {
    let mut spare = sizes.iter().sum::<usize>().checked_sub(quorum)?;
    sizes.sort_unstable_by(|a, b| b.cmp(a));
    let mut lost = 0;
    for size in sizes {
        let Some(left) = spare.checked_sub(*size) else { break };
        spare = left;
        lost += 1;
    }
    Some(lost)
}
