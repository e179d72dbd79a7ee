//! The pass over the table: breaches, loads, and what may be lost.

use super::CheckOptions;
use super::breach::{Breach, BreachKind, Breaches, Broken};
use super::path::{Path, by_domain};
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

/// What a plain base needs to know of a name: one load, then one store.
#[derive(Debug, Clone, Copy)]
struct Cell {
    /// The domain of the plain level that it is in, or `UNSOUND`.
    domain: u32,
    load: u32,
}

/// The domain of a service that is unknown or unavailable: a bit that no other
/// has.
const UNSOUND: u32 = 1 << 16;

/// How many replicas are few enough to compare each pair.
const FEW: usize = 8;

/// The pass itself.
#[derive(Debug)]
pub(super) struct Scan<'a> {
    names: Names<'a>,
    topology: &'a Topology,
    rules: Rules,
    /// By name, as are the spots and the cells.
    holders: Vec<Holder>,
    spots: Vec<Spot>,
    cells: Vec<Cell>,
    shapes: Shapes,
    breaches: Breaches,
    tolerated: [Option<u32>; 4],
    /// The replicas of a plain base are in as many domains of this level. It is
    /// so fine that none of a coarser level may be lost, and so coarse that such
    /// a base keeps every rule.
    plain_level: Level,
    examined: usize,
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
        let holders: Vec<_> = (0..)
            .zip(topology.find_all(mapping.boxed_names()))
            .map(|(name, found)| found.map_or(Holder::Unknown(name), Holder::Known))
            .collect();
        let mut scan = Self {
            names: Names { mapping, topology },
            topology,
            rules: options.rules,
            cells: vec![Cell { domain: UNSOUND, load: 0 }; holders.len()],
            spots: holders.iter().map(|&holder| spot(topology, holder)).collect(),
            holders,
            shapes: Shapes::new(),
            breaches: Breaches::new(options.examples),
            tolerated: [Some(u32::MAX); 4],
            plain_level: Level::Site,
            examined: 0,
            replicas: Vec::new(),
            known: Vec::new(),
            sizes: Vec::new(),
        };
        scan.set_plain_level(Level::Site);
        scan
    }

    pub(super) fn run(mut self) -> Findings {
        let mapping = self.names.mapping;
        let replicas = usize::from(self.rules.replicas());
        let mut bases = mapping.digits().bases().zip(mapping.rows());
        while let Some((base, row)) = pass_plain(&mut bases, &mut self.cells, replicas) {
            self.look_at(base, row);
            self.examined += 1;
        }
        if self.examined < mapping.num_bases() {
            self.lose_domains_of_plain();
        }
        self.finish()
    }

    /// Takes in a base of any kind; counts it only, when it has the shape of one
    /// before.
    fn look_at(&mut self, base: Base, row: &[u16]) {
        let shape = Shape::of(row, &self.spots);
        if let Some(counts) = shape.and_then(|shape| self.shapes.get(shape)) {
            self.breaches.add_counts(counts);
            for &name in row {
                self.cells[usize::from(name)].load += 1;
            }
            return;
        }
        let before = self.breaches.counts();
        self.examine(base, row);
        if let Some(shape) = shape
            && let Some(counts) = self.breaches.exemplified_since(&before)
        {
            self.shapes.insert(shape, counts);
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
        let level = self.find_plain_level();
        if level != self.plain_level {
            self.set_plain_level(level);
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
            self.cells[usize::from(name)].load += 1;
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
        let (level, cap) = (self.rules.get_level(), self.rules.domain_cap());
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

    /// A plain base has its replicas in as many domains, of every level of which
    /// any may be lost.
    fn lose_domains_of_plain(&mut self) {
        let spare = u32::from(self.rules.replicas() - self.rules.quorum());
        for least in self.tolerated.iter_mut().flatten() {
            *least = spare.min(*least);
        }
    }

    fn find_plain_level(&self) -> Level {
        let far_apart = self.rules.get_min_dist().level();
        let spread_out = match self.rules.get_degradation() {
            0 => Level::Volume,
            _ => self.rules.get_level(),
        };
        let may_lose = |level: &Level| self.tolerated[level.index()].is_some_and(|least| least > 0);
        let settled = Level::ALL.into_iter().find(may_lose).unwrap_or(Level::Volume);
        far_apart.min(spread_out).min(settled)
    }

    fn set_plain_level(&mut self, level: Level) {
        self.plain_level = level;
        for (cell, holder) in self.cells.iter_mut().zip(&self.holders) {
            if let Holder::Known(service) = *holder
                && is_available(self.topology, service)
            {
                let domain = self.topology.domain_of(level, service);
                cell.domain = domain.and_then(|domain| domain.try_into().ok()).unwrap_or(UNSOUND);
            }
        }
    }

    /// Adds up the loads of a service's names.
    fn finish(self) -> Findings {
        let mut loads = vec![0; self.topology.services().len()];
        let mut unknown = Vec::new();
        for (&holder, &Cell { load, .. }) in self.holders.iter().zip(&self.cells) {
            match holder {
                Holder::Known(service) => loads[service.index()] += u64::from(load),
                Holder::Unknown(_) if load == 0 => {}
                Holder::Unknown(_) => unknown.push((self.names.of(holder).to_owned(), load.into())),
            }
        }
        Findings { breaches: self.breaches, tolerated: self.tolerated, loads, unknown }
    }
}

fn spot(topology: &Topology, holder: Holder) -> Spot {
    match holder {
        Holder::Known(service) => {
            Some((Path::of(topology, service), is_available(topology, service)))
        }
        Holder::Unknown(_) => None,
    }
}

fn is_available(topology: &Topology, service: ServiceIndex) -> bool {
    topology.services()[service.index()].is_available()
}

/// Adds the bases up to the first that is not plain to the loads; that one.
///
/// A loop of its own, over slices alone: it is where the time goes.
fn pass_plain<'a>(
    bases: &mut impl Iterator<Item = (Base, &'a [u16])>,
    cells: &mut [Cell],
    replicas: usize,
) -> Option<(Base, &'a [u16])> {
    for (base, row) in bases {
        if row.len() != replicas || !is_plain(row, cells) {
            return Some((base, row));
        }
        for &name in row {
            cells[usize::from(name)].load += 1;
        }
    }
    None
}

/// Whether replicas are on sound services in domains of their own. With more
/// than a few, sorting them is faster: none is plain then.
#[inline]
fn is_plain(row: &[u16], cells: &[Cell]) -> bool {
    let domain = |name: &u16| cells[usize::from(*name)].domain;
    match row {
        [a, b, c] => {
            let (a, b, c) = (domain(a), domain(b), domain(c));
            (a | b | c) & UNSOUND == 0 && a != b && a != c && b != c
        }
        _ if row.len() > FEW => false,
        _ => row.iter().enumerate().all(|(place, name)| {
            let domain_of_name = domain(name);
            let is_alone = row[..place].iter().all(|other| domain(other) != domain_of_name);
            is_alone && domain_of_name != UNSOUND
        }),
    }
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
