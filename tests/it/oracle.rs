//! The slow, plain, exact solver that the planners are compared with.
//!
//! A min-cost flow on the explicit graph, one vertex for everything there is:
//!
//! ```text
//! source -> base -> base in site -> base in rack -> base in host -> base in volume
//!        -> service -> volume -> host -> rack -> site -> sink
//! ```
//!
//! A base takes what it wants, and in each domain as many replicas as the cap
//! of its level allows beyond those that it keeps there. A service costs 1 when
//! it is new to the base. Each load pays for its distance to its band: an arc with the room up to the floor and
//! a reward, one with the room up to the ceiling, one without limit and with a
//! penalty. The weights make the sum lexicographic.

use std::collections::{BTreeMap, BTreeSet};

use itertools::Itertools;
use meta0::{Band, Base, Level, PrefixMapping, Rules, ServiceIndex, Tolerance, Topology};

use crate::bands::Bands;
use crate::flow::Network;
use crate::judge::{self, Standing};
use crate::notation;

/// Beyond any number of moves.
const DOMAIN_WEIGHT: i64 = 1 << 20;
/// Beyond any distance of domains.
const SERVICE_WEIGHT: i64 = 1 << 40;

/// The best that any plan can reach, and a mapping that does.
#[derive(Debug, Clone)]
pub(crate) struct Least {
    pub(crate) service_distance: u64,
    pub(crate) domain_distance: u64,
    pub(crate) moves: u64,
    pub(crate) mapping: PrefixMapping,
    /// Whether some base loses replicas that a plan may keep, or has to keep,
    /// although they don't fit: none replaces them. All else is then no measure
    /// of what a plan can reach.
    pub(crate) takes_too_much: bool,
}

/// What may not change.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Restrictions<'a> {
    /// Services that keep what they have and get nothing new.
    pub(crate) held: &'a [&'a str],
    /// Services that are as if their score were 0.
    pub(crate) drained: &'a [&'a str],
    /// Bases that keep what they have and get nothing new.
    pub(crate) held_bases: &'a [Base],
}

/// The fewest moves to a valid and balanced mapping.
#[track_caller]
pub(crate) fn least_moves(
    mapping: &PrefixMapping,
    topology: &Topology,
    rules: Rules,
    tolerance: Tolerance,
) -> u64 {
    let least = least(mapping, topology, rules, tolerance, Restrictions::default());
    let least = least.expect("satisfiable rules");
    judge::assert_valid_and_balanced(&least.mapping, topology, rules, tolerance);
    least.moves
}

/// The least distance of services to their bands; with that, of domains; with
/// that, the fewest moves.
///
/// What is held stays exactly as it is: its replicas count in their domains,
/// and the others of the base are as many as fit. A held service that is
/// unavailable, or unknown, keeps its replicas as well, but has no band. `None`
/// when the rules can't be satisfied without what is drained.
pub(crate) fn least(
    mapping: &PrefixMapping,
    topology: &Topology,
    rules: Rules,
    tolerance: Tolerance,
    restrictions: Restrictions<'_>,
) -> Option<Least> {
    let Restrictions { held, drained, held_bases } = restrictions;
    let find = |names: &[&str]| names.iter().filter_map(|name| topology.find(name)).collect();
    let drained: Vec<_> = find(drained);
    let topology = &topology.drained(&drained);
    let bands = Bands::new(topology, mapping.digits(), rules, tolerance)?;
    let mapping = &mapping.resolve(topology);
    let held_names: BTreeSet<&str> = held
        .iter()
        .map(|name| topology.find(name).map_or(*name, |i| topology.services()[i.index()].address()))
        .collect();
    let keeps = |base: Base, name: &str| held_bases.contains(&base) || held_names.contains(name);
    let held: BTreeSet<ServiceIndex> = find(held).into_iter().collect();
    let mut task = Task::new(mapping, topology, rules, keeps);
    task.open.retain(|service| !held.contains(service));
    for (base, task) in mapping.digits().bases().zip(&mut task.bases) {
        let wants = u64::from(rules.replicas()).saturating_sub(task.kept.len() as u64);
        task.wants = if held_bases.contains(&base) { 0 } else { wants };
    }
    let weights = [SERVICE_WEIGHT, DOMAIN_WEIGHT, 1];
    let (placed, _) = task.solve(&bands, weights);
    let after = task.mapping_with(&placed);
    let (service_distance, domain_distance) =
        judge::distance_from_bands(&after, topology, rules, tolerance);
    let moves = judge::moves_between(mapping, &after) as u64;
    let takes_too_much = mapping.digits().bases().any(|base| {
        let of = |mapping: &PrefixMapping| {
            Standing::of(mapping.services_of(base).unique(), topology, rules)
        };
        let is_kept = |name| after.services_of(base).any(|other| other == name);
        let is_short = after.services_of(base).len() < usize::from(rules.replicas());
        is_short && !mapping.services_of(base).all(is_kept)
            || takes_too_much(&of(mapping), &of(&after), rules)
    });
    Some(Least { service_distance, domain_distance, moves, mapping: after, takes_too_much })
}

/// Whether a base has fewer replicas now, in all or up, than it had and than
/// the rules want.
pub(crate) fn takes_too_much(before: &Standing, after: &Standing, rules: Rules) -> bool {
    let wanted = usize::from(rules.replicas());
    after.replicas < before.replicas.min(wanted) || after.up < before.up.min(wanted)
}

/// What decommissioning some services costs: the moves, and the least sum of
/// the distances of services to their bands. `None` when the rules can't be
/// satisfied without the services, or some freed replica has nowhere to go.
///
/// The services lose the named bases, or all of theirs; the bands are then of
/// all available services, or of those that stay.
pub(crate) fn least_decommission(
    mapping: &PrefixMapping,
    topology: &Topology,
    rules: Rules,
    tolerance: Tolerance,
    services: &[&str],
    bases: Option<&[Base]>,
) -> Option<(u64, u64)> {
    let mapping = &mapping.resolve(topology);
    let named: Vec<_> = services.iter().filter_map(|name| topology.find(name)).collect();
    let leaves = |name: &str| {
        services.contains(&name) || topology.find(name).is_some_and(|index| named.contains(&index))
    };
    let stays = topology.drained(&named);
    let of_bands = if bases.is_some() { topology } else { &stays };
    let bands = Bands::new(of_bands, mapping.digits(), rules, tolerance)?;
    let leaves_base =
        |base: Base, name: &str| leaves(name) && bases.is_none_or(|some| some.contains(&base));
    let mut task = Task::new(mapping, of_bands, rules, |base, name| !leaves_base(base, name));
    task.open.retain(|service| !named.contains(service));
    let mut freed = 0;
    for (base, task) in mapping.digits().bases().zip(&mut task.bases) {
        task.wants = (mapping.services_of(base).unique().count() - task.kept.len()) as u64;
        freed += task.wants;
    }
    let (placed, sent) = task.solve(&bands, [1, 0, 0]);
    if sent < freed {
        return None;
    }
    let after = task.mapping_with(&placed);
    let (distance, _) = judge::distance_from_bands(&after, of_bands, rules, tolerance);
    Some((freed, distance))
}

/// What to place, and where it may go.
struct Task<'a> {
    mapping: &'a PrefixMapping,
    topology: &'a Topology,
    rules: Rules,
    /// The services that may get something.
    open: Vec<ServiceIndex>,
    bases: Vec<BaseTask<'a>>,
}

/// One base: the replicas that stay, all that it holds, and how many to place.
struct BaseTask<'a> {
    kept: BTreeSet<&'a str>,
    holds: BTreeSet<ServiceIndex>,
    wants: u64,
}

impl<'a> Task<'a> {
    fn new(
        mapping: &'a PrefixMapping,
        topology: &'a Topology,
        rules: Rules,
        keeps: impl Fn(Base, &str) -> bool,
    ) -> Self {
        let base_task = |base| BaseTask {
            kept: mapping.services_of(base).filter(|name| keeps(base, name)).collect(),
            holds: mapping.services_of(base).filter_map(|name| topology.find(name)).collect(),
            wants: 0,
        };
        let is_available = |index: &ServiceIndex| topology.services()[index.index()].is_available();
        let open = topology.by_location().iter().copied().filter(is_available).collect();
        let bases = mapping.digits().bases().map(base_task).collect();
        Self { mapping, topology, rules, open, bases }
    }

    /// The services that each base gets, and how many in all. The weights are
    /// those of a service's distance, of a domain's, and of a move.
    fn solve(&self, bands: &Bands, weights: [i64; 3]) -> (Vec<Vec<ServiceIndex>>, u64) {
        let mut network = Network::default();
        let [source, sink] = [network.vertex(), network.vertex()];
        let services = self.add_loads(&mut network, sink, bands, weights);
        let arcs: Vec<_> = self
            .bases
            .iter()
            .map(|base| self.add_base(&mut network, source, &services, base, weights[2]))
            .collect();
        let sent = network.send(source, sink);
        let taken = |arcs: &Vec<(ServiceIndex, usize)>| {
            let taken = arcs.iter().filter(|(_, arc)| network.flow(*arc) > 0);
            taken.map(|(service, _)| *service).collect()
        };
        (arcs.iter().map(taken).collect(), sent)
    }

    /// Services to volumes to hosts to racks to sites to the sink. Gives the
    /// vertices of the services.
    fn add_loads(
        &self,
        network: &mut Network,
        sink: usize,
        bands: &Bands,
        weights: [i64; 3],
    ) -> Vec<usize> {
        let kept = self.kept_loads();
        let [service_weight, domain_weight, _] = weights;
        // For each service, the vertex of its domain at the last level.
        let mut above = vec![sink; kept.len()];
        for level in Level::ALL {
            for (domain, band) in self.topology.domains(level).iter().zip(bands.domains(level)) {
                let vertex = network.vertex();
                let members = self.topology.members(domain);
                let load = members.iter().map(|member| kept[member.index()]).sum();
                add_band(network, [vertex, above[members[0].index()]], *band, load, domain_weight);
                for member in members {
                    above[member.index()] = vertex;
                }
            }
        }
        for (index, &band) in bands.services.iter().enumerate() {
            let vertex = network.vertex();
            add_band(network, [vertex, above[index]], band, kept[index], service_weight);
            above[index] = vertex;
        }
        above
    }

    /// How many replicas each available service keeps.
    fn kept_loads(&self) -> Vec<u64> {
        let mut loads = vec![0; self.topology.services().len()];
        for name in self.bases.iter().flat_map(|base| &base.kept) {
            if let Some(index) = self.topology.find(name) {
                let is_available = self.topology.services()[index.index()].is_available();
                loads[index.index()] += u64::from(is_available);
            }
        }
        loads
    }

    /// The source to a base, to its domains from sites to volumes, to the
    /// services. Gives the arcs that end in a service.
    fn add_base(
        &self,
        network: &mut Network,
        source: usize,
        services: &[usize],
        base: &BaseTask,
        move_weight: i64,
    ) -> Vec<(ServiceIndex, usize)> {
        if base.wants == 0 {
            return Vec::new();
        }
        let vertex = network.vertex();
        network.arc(source, vertex, base.wants, 0);
        let kept: Vec<_> = base.kept.iter().filter_map(|name| self.topology.find(name)).collect();
        let (mut inside, mut arcs) = (BTreeMap::new(), Vec::new());
        for &service in &self.open {
            let mut above = vertex;
            for level in Level::ALL {
                let domain = self.domain(level, service);
                above = *inside.entry((level, domain)).or_insert_with(|| {
                    let here = kept.iter().filter(|&&kept| self.domain(level, kept) == domain);
                    let room = judge::cap(self.rules, level).saturating_sub(here.count());
                    let in_domain = network.vertex();
                    network.arc(above, in_domain, room as u64, 0);
                    in_domain
                });
            }
            let cost = if base.holds.contains(&service) { 0 } else { move_weight };
            arcs.push((service, network.arc(above, services[service.index()], 1, cost)));
        }
        arcs
    }

    fn mapping_with(&self, placed: &[Vec<ServiceIndex>]) -> PrefixMapping {
        let mut after = PrefixMapping::new(self.mapping.digits());
        for ((base, task), placed) in after.digits().bases().zip(&self.bases).zip(placed) {
            let placed = placed.iter().map(|s| self.topology.services()[s.index()].address());
            let services: BTreeSet<_> = task.kept.iter().copied().chain(placed).collect();
            after.assign_services(base, services).expect("names without repeats");
        }
        after
    }

    fn domain(&self, level: Level, service: ServiceIndex) -> usize {
        self.topology.domain_of(level, service).expect("one of the topology")
    }
}

/// What a load pays above the `kept` replicas that it has in any case.
fn add_band(network: &mut Network, arc: [usize; 2], band: Band, kept: u64, weight: i64) {
    let [from, to] = arc;
    let below = band.floor.saturating_sub(kept);
    let inside = band.ceil.saturating_sub(band.floor.max(kept));
    for (room, cost) in [(below, -weight), (inside, 0), (u64::from(u32::MAX), weight)] {
        if room > 0 {
            network.arc(from, to, room, cost);
        }
    }
}

/// Hosts a, d and e, and four volumes on a: two replicas too many on a, one too
/// few on d, and no base with a0 can give it to d.
pub(crate) fn crossed_hosts() -> (Topology, PrefixMapping) {
    let topology = notation::topology("a0=a.0 a1=a.1 a2=a.2 a3=a.3 d=d.0 e=e.0");
    let mapping = notation::mapping(
        1,
        "0: a0 d | 1: a0 d | 2: d e | 3: a1 e | 4: a2 e | 5: a3 e | 6: a0 d | 7: a0 d | \
         8: d e | 9: a1 e | A: a2 e | B: a3 e | C: a0 d | D: a0 d | E: d e | F: a1 e",
    );
    (topology, mapping)
}

#[test]
fn a_sound_replica_makes_room() {
    let (topology, mapping) = crossed_hosts();
    let rules = Rules::new(2).unwrap().min_dist(2.try_into().unwrap());
    // Three replicas of a0 leave; a fourth, elsewhere, makes the room.
    assert_eq!(least_moves(&mapping, &topology, rules, Tolerance::default()), 4);
}
