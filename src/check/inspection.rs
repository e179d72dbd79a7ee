//! One pass over the table finds breaches, loads, and what may be lost.

use super::CheckOptions;
use super::breach::{Breach, BreachKind, Breaches, BrokenRule, OverCap};
use super::lost::Tolerated;
use super::pass_limits::PassLimits;
use super::path::{Path, by_domain};
use super::shape::{Shape, Shapes, Spot};
use super::tally::Tally;
use crate::index::Name;
use crate::location::Level;
use crate::mapping::PrefixMapping;
use crate::prefix::Base;
use crate::rules::Rules;
use crate::service::ServiceIndex;
use crate::topology::Topology;

/// Who a name of the mapping is. Known ones come first, ascending by address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Peer {
    Known(ServiceIndex),
    /// The place of the name among the mapping's.
    Unknown(Name),
}

/// How a breach calls a peer: a service by its address, an unknown one as the
/// mapping does.
#[derive(Debug, Clone, Copy)]
struct PeerNames<'a> {
    mapping: &'a PrefixMapping,
    topology: &'a Topology,
}

impl<'a> PeerNames<'a> {
    fn of(self, peer: Peer) -> &'a str {
        match peer {
            Peer::Known(service) => self.topology.services()[service.index()].address(),
            Peer::Unknown(name) => &self.mapping.boxed_names()[name.index()],
        }
    }

    fn list(self, peers: impl IntoIterator<Item = Peer>) -> Vec<String> {
        peers.into_iter().map(|peer| self.of(peer).to_owned()).collect()
    }

    /// The domain of a level that some replicas are in, and their services.
    fn describe(self, replicas: &[Located], level: Level) -> (String, Vec<String>) {
        let domain = self.topology.domain_at(level, replicas[0].service);
        let domain = self.topology.domains(level)[domain].name().to_owned();
        (domain, self.list(replicas.iter().map(|located| Peer::Known(located.service))))
    }
}

/// A replica on a known service, and where that is. Ordered by location.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Located {
    path: Path,
    service: ServiceIndex,
}

/// What the pass found.
#[derive(Debug)]
pub(super) struct Findings {
    pub(super) breaches: Breaches,
    pub(super) tolerated: Tolerated,
    /// How many bases each service holds, in the order of the topology.
    pub(super) loads: Vec<u64>,
    /// The names that no service has and that hold bases, ascending.
    pub(super) unknown: Vec<(String, u64)>,
}

/// The pass itself.
#[derive(Debug)]
pub(super) struct Inspection<'a> {
    names: PeerNames<'a>,
    topology: &'a Topology,
    rules: Rules,
    /// The peer of each name.
    peers: Vec<Peer>,
    /// The spot of each name.
    spots: Vec<Spot>,
    tally: Tally,
    shapes: Shapes,
    breaches: Breaches,
    tolerated: Tolerated,
    looked_at: usize,
    /// The replicas of the base at hand, each peer once.
    replicas: Vec<(Peer, Name)>,
    /// Those on known services, in order of location.
    known: Vec<Located>,
    sizes: Vec<usize>,
}

impl<'a> Inspection<'a> {
    pub(super) fn new(
        mapping: &'a PrefixMapping,
        topology: &'a Topology,
        options: &CheckOptions,
    ) -> Self {
        let found = topology.find_all(mapping.boxed_names());
        let peer = |(name, found): (Name, &Option<ServiceIndex>)| {
            found.map_or(Peer::Unknown(name), Peer::Known)
        };
        let mut inspection = Self {
            names: PeerNames { mapping, topology },
            topology,
            rules: options.rules,
            tally: Tally::new(found.len()),
            spots: found.iter().map(|&found| Spot::new(topology, found)).collect(),
            peers: Name::all(found.len()).zip(&found).map(peer).collect(),
            shapes: Shapes::new(),
            breaches: Breaches::new(options.examples),
            tolerated: Tolerated::NO_BASE,
            looked_at: 0,
            replicas: Vec::new(),
            known: Vec::new(),
            sizes: Vec::new(),
        };
        inspection.set_limits();
        inspection
    }

    pub(super) fn run(mut self) -> Findings {
        let mapping = self.names.mapping;
        let replicas = self.rules.replicas();
        let mut next = 0;
        loop {
            next = self.tally.pass(mapping, next, replicas, &mut self.shapes, &self.spots);
            let Some(base) = mapping.digits().base(next) else { break };
            self.look_at(base, mapping.row(next));
            self.looked_at += 1;
            next += 1;
        }
        if self.looked_at < mapping.num_bases() {
            // A base that was passed withstands what those do that were examined,
            // or as much as its replicas beyond the quorum let it.
            self.tolerated.lower_all((replicas - self.rules.quorum()).into());
        }
        self.finish()
    }

    /// Takes in a base of any kind, and only counts it when its shape has been
    /// examined before.
    fn look_at(&mut self, base: Base, row: &[Name]) {
        let shape = Shape::of_any(row, &self.spots);
        if shape.is_some_and(|shape| self.shapes.count(shape)) {
            for &name in row {
                self.tally.add(name);
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
    fn examine(&mut self, base: Base, row: &[Name]) {
        self.gather(row);
        self.judge_names(base);
        self.judge_count(base);
        self.judge_services(base);
        self.judge_distance(base);
        self.judge_degradation(base);
        self.judge_crowds(base);
        let before = self.tolerated;
        self.lose_domains();
        if self.tolerated != before {
            self.set_limits();
        }
    }

    /// Fills `replicas`, repeats included, and `known`.
    fn gather(&mut self, row: &[Name]) {
        self.replicas.clear();
        self.replicas.extend(row.iter().map(|&name| (self.peers[name.index()], name)));
        self.replicas.sort_unstable();
        self.known.clear();
        self.known.extend(self.replicas.iter().filter_map(|&(peer, _)| match peer {
            Peer::Known(service) => {
                Some(Located { path: Path::of(self.topology, service), service })
            }
            Peer::Unknown(_) => None,
        }));
        self.known.sort_unstable();
        self.known.dedup();
    }

    /// Counts each service once, and takes its repeats out of `replicas`.
    fn judge_names(&mut self, base: Base) {
        let names = self.names;
        let is_repeat = |pair: &&[(Peer, Name)]| pair[0].0 == pair[1].0;
        if self.replicas.windows(2).any(|pair| is_repeat(&pair)) {
            self.breaches.add(BreachKind::Duplicate, || {
                let mut twice: Vec<_> =
                    self.replicas.windows(2).filter(is_repeat).map(|pair| pair[0].0).collect();
                twice.dedup();
                Breach::new(base, names.list(twice), BrokenRule::Duplicate)
            });
            self.replicas.dedup_by_key(|replica| replica.0);
        }
        for &(_, name) in &self.replicas {
            self.tally.add(name);
        }
    }

    fn judge_count(&mut self, base: Base) {
        let wanted = self.rules.replicas();
        let (kind, rule) = match self.replicas.len() {
            0 => (BreachKind::Missing, BrokenRule::Missing),
            count if count < wanted.into() => (BreachKind::Short, BrokenRule::Short { wanted }),
            count if count > wanted.into() => (BreachKind::Excess, BrokenRule::Excess { wanted }),
            _ => return,
        };
        let names = self.names;
        let peers = self.replicas.iter().map(|replica| replica.0);
        self.breaches.add(kind, || Breach::new(base, names.list(peers), rule));
    }

    fn judge_services(&mut self, base: Base) {
        let names = self.names;
        for &(peer, _) in &self.replicas {
            let (kind, rule) = match peer {
                Peer::Unknown(_) => (BreachKind::Unknown, BrokenRule::Unknown),
                Peer::Known(service) if !is_available(self.topology, service) => {
                    (BreachKind::Unavailable, BrokenRule::Unavailable)
                }
                Peer::Known(_) => continue,
            };
            self.breaches.add(kind, || Breach::new(base, names.list([peer]), rule));
        }
    }

    fn judge_distance(&mut self, base: Base) {
        let depth = |pair: &[Located]| pair[0].path.depth(pair[1].path);
        let min_dist = self.rules.get_min_dist();
        // In order of location, the closest two are neighbours. The first such
        // pair is the example.
        let Some(closest) = self.known.windows(2).rev().max_by_key(|pair| depth(pair)) else {
            return;
        };
        let distance = u8::try_from(4 - depth(closest)).expect("at most 4");
        if distance < min_dist.get() {
            let names = self.names;
            let peers = closest.iter().map(|located| Peer::Known(located.service));
            let rule = BrokenRule::TooClose { distance, min_dist };
            self.breaches.add(BreachKind::TooClose, || Breach::new(base, names.list(peers), rule));
        }
    }

    fn judge_degradation(&mut self, base: Base) {
        let Some(cap) = self.rules.degradation_cap() else { return };
        let level = self.rules.get_level();
        let fullest = fullest(&self.known, level);
        if fullest.len() > cap.into() {
            self.breaches.add(BreachKind::Degradation, || {
                let (domain, services) = self.names.describe(fullest, level);
                let rule = BrokenRule::Degradation(OverCap { level, domain, cap });
                Breach::new(base, services, rule)
            });
        }
    }

    /// Counts the base once, by the domain that is fullest in proportion to its
    /// cap; of several, by the coarsest.
    fn judge_crowds(&mut self, base: Base) {
        let mut worst: Option<(&[Located], Level, u16)> = None;
        for level in Level::ALL {
            let Some(cap) = self.rules.at_most_cap(level) else { continue };
            let crowd = fullest(&self.known, level);
            let is_fuller = |&(other, _, other_cap): &(&[Located], Level, u16)| {
                crowd.len() * usize::from(other_cap) > other.len() * usize::from(cap)
            };
            if crowd.len() > cap.into() && worst.as_ref().is_none_or(is_fuller) {
                worst = Some((crowd, level, cap));
            }
        }
        let Some((crowd, level, cap)) = worst else { return };
        self.breaches.add(BreachKind::Crowded, || {
            let (domain, services) = self.names.describe(crowd, level);
            Breach::new(base, services, BrokenRule::Crowded(OverCap { level, domain, cap }))
        });
    }

    /// Lowers what may be lost to what the base withstands, by the quorum of the
    /// peers that it names. Leaves only the available services in `known`.
    fn lose_domains(&mut self) {
        let quorum = self.replicas.len() / 2 + 1;
        self.known.retain(|located| is_available(self.topology, located.service));
        for level in Level::ALL {
            self.sizes.clear();
            self.sizes
                .extend(by_domain(&self.known, level, |located| located.path).map(<[_]>::len));
            self.tolerated.lower(level, &mut self.sizes, quorum);
        }
    }

    fn set_limits(&mut self) {
        let limits = PassLimits::new(self.rules, self.tolerated.0);
        self.tally.set_limits(&limits, |level, name| match self.peers[name] {
            Peer::Known(service) if is_available(self.topology, service) => {
                Some(self.topology.domain_at(level, service))
            }
            _ => None,
        });
    }

    /// Adds up the loads of a service's names.
    fn finish(mut self) -> Findings {
        self.shapes.finish(&mut self.breaches);
        let mut loads = vec![0; self.topology.services().len()];
        let mut unknown = Vec::new();
        for (&peer, load) in self.peers.iter().zip(self.tally.loads()) {
            match peer {
                Peer::Known(service) => loads[service.index()] += u64::from(load),
                Peer::Unknown(_) if load == 0 => {}
                Peer::Unknown(_) => unknown.push((self.names.of(peer).to_owned(), load.into())),
            }
        }
        Findings { breaches: self.breaches, tolerated: self.tolerated, loads, unknown }
    }
}

fn is_available(topology: &Topology, service: ServiceIndex) -> bool {
    topology.services()[service.index()].is_available()
}

/// The replicas in the domain of a level that holds the most of them; of several
/// such domains, the first.
fn fullest(known: &[Located], level: Level) -> &[Located] {
    let domains = by_domain(known, level, |located| located.path);
    domains.fold(&[], |fullest, domain| if domain.len() > fullest.len() { domain } else { fullest })
}
