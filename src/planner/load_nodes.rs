//! The load side of a cluster: a node for each service, each domain and the root.
//!
//! Each node has a band that its load ought to be in. [`for_each_load_node`] is
//! the one walk over them; the [`Network`] that the flow solver plans on, the distance of
//! loads from their bands and partial plans are made of it.
//!
//! In the network a domain that holds a single part with the same band is one node
//! with it, unless loads may have to miss their bands: then each domain's own miss
//! counts.

use std::ops::Range;

use super::flow::{Node, NodeSpec};
use super::limits::Limits;
use crate::certificate::{DOMAIN_WEIGHT, Numbers, SERVICE_WEIGHT};
use crate::location::Level;
use crate::share::{Band, Shares};
use crate::topology::{Domain, Topology};

/// A service or a domain, and what it ought to hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LoadNode {
    /// The level of a domain; `None` of a service.
    pub(crate) level: Option<Level>,
    /// The places in it.
    pub(crate) places: Range<usize>,
    pub(crate) band: Band,
}

impl LoadNode {
    /// What a replica outside the band costs.
    pub(crate) const fn weight(&self) -> i64 {
        if self.level.is_none() { SERVICE_WEIGHT } else { DOMAIN_WEIGHT }
    }
}

/// Shows the services by place, then the domains, finest level first, those of a
/// level in the order of [`Topology::domains`].
pub(crate) fn for_each_load_node(
    topology: &Topology,
    shares: &Shares,
    mut show: impl FnMut(LoadNode),
) {
    for (place, service) in topology.by_location().iter().enumerate() {
        let band = shares.service_band(*service);
        show(LoadNode { level: None, places: place..place + 1, band });
    }
    for level in Level::ALL.into_iter().rev() {
        for (domain, band) in topology.domains(level).iter().zip(shares.domain_bands(level)) {
            show(LoadNode { level: Some(level), places: domain.members(), band });
        }
    }
}

/// What the distances of some loads from their bands cost, the loads by place.
/// Those of unavailable services are to be 0.
pub(crate) fn cost_of_misses(topology: &Topology, shares: &Shares, loads: &[u64]) -> i128 {
    let mut before = Vec::with_capacity(loads.len() + 1);
    let mut sum = 0;
    before.push(sum);
    before.extend(loads.iter().map(|load| {
        sum += load;
        sum
    }));
    let mut cost = 0;
    for_each_load_node(topology, shares, |node| {
        let load = before[node.places.end] - before[node.places.start];
        cost += i128::from(node.band.distance(load)) * i128::from(node.weight());
    });
    cost
}

/// The nodes of the flow: the services by place, then the domains, then the root.
#[derive(Debug)]
pub(crate) struct Network {
    pub(crate) nodes: Vec<NodeSpec>,
    /// The node of each domain of each level; none when no service in it is open.
    domain_node: [Vec<Node>; 4],
    /// How many nodes there are below each level.
    finer: [usize; 4],
}

impl Network {
    /// The nodes above the open services, of which each holds so many `fixed`
    /// replicas, by place. `soft` says whether loads may have to miss their bands.
    pub(crate) fn new(
        topology: &Topology,
        shares: &Shares,
        limits: &Limits,
        fixed: &[u64],
        soft: bool,
    ) -> Self {
        let nodes = Vec::with_capacity(2 * limits.places() + 1);
        let mut network = Self { nodes, domain_node: [const { Vec::new() }; 4], finer: [0; 4] };
        // The node below the next coarser domain, for each place.
        let mut top: Vec<Node> = Vec::with_capacity(limits.places());
        let mut parts = Vec::new();
        for_each_load_node(topology, shares, |node| {
            let weight = node.weight();
            let LoadNode { level, places, band } = node;
            let (low, high) = beside(band, fixed[places.clone()].iter().sum());
            let spec = NodeSpec { parent: Node::NONE, low, high, weight };
            let Some(level) = level else {
                return top.push(network.add(spec, &[]));
            };
            if network.domain_node[level.index()].is_empty() {
                network.finer[level.index()] = network.nodes.len();
            }
            find_parts(&top, limits, places.clone(), &mut parts);
            let above = match parts[..] {
                [] => Node::NONE,
                [part] if !soft && network.nodes[part.index()].has_band_of(&spec) => part,
                _ => network.add(spec, &parts),
            };
            top[places].fill(above);
            network.domain_node[level.index()].push(above);
        });
        let root = NodeSpec { parent: Node::NONE, low: 0, high: 0, weight: 0 };
        find_parts(&top, limits, 0..top.len(), &mut parts);
        network.add(root, &parts);
        network
    }

    fn add(&mut self, spec: NodeSpec, parts: &[Node]) -> Node {
        let node = Node::new(self.nodes.len());
        self.nodes.push(spec);
        for part in parts {
            self.nodes[part.index()].parent = node;
        }
        node
    }

    /// The potentials of the nodes as the numbers of services and domains.
    ///
    /// A bound speaks of differences along the tree, and of the root times all replicas
    /// that are placed, so that the same may be taken from all numbers: what most
    /// potentials are, since a number that is 0 needs no mention. Nor does one that no
    /// open service is below. A domain that is one node with its part has the number
    /// above it: the two have the same load and band, and so the same terms whichever
    /// has the difference.
    pub(crate) fn numbers(
        &self,
        topology: &Topology,
        limits: &Limits,
        potentials: &[i64],
    ) -> Numbers {
        let (services, rest) = potentials.split_at(limits.places());
        let open = services.iter().zip(limits.open_flags()).filter(|(_, is_open)| **is_open);
        let zero = most_frequent(open.map(|(number, _)| number).chain(rest).copied().collect());
        let root = potentials.last().map_or(0, |root| root - zero);
        let mut domains = [const { Vec::new() }; 4];
        let mut above: Vec<i64> = vec![root; topology.by_location().len()];
        for level in Level::ALL {
            let nodes = &self.domain_node[level.index()];
            let number = |(domain, node): (&Domain, &Node)| {
                if node.is_none() {
                    return 0;
                }
                let own = if node.index() < self.finer[level.index()] {
                    above[domain.members().start]
                } else {
                    potentials[node.index()] - zero
                };
                above[domain.members()].fill(own);
                own
            };
            domains[level.index()] =
                topology.domains(level).iter().zip(nodes).map(number).collect();
        }
        let service = |(number, is_open): (&i64, &bool)| if *is_open { number - zero } else { 0 };
        let services = services.iter().zip(limits.open_flags()).map(service).collect();
        Numbers { services, domains, root }
    }
}

fn most_frequent(mut numbers: Vec<i64>) -> i64 {
    numbers.sort_unstable();
    let runs = numbers.chunk_by(|a, b| a == b);
    runs.max_by_key(|run| run.len()).map_or(0, |run| run[0])
}

/// Finds the nodes that open services in some places are below.
fn find_parts(top: &[Node], limits: &Limits, places: Range<usize>, parts: &mut Vec<Node>) {
    parts.clear();
    for (node, is_open) in top[places.clone()].iter().zip(&limits.open_flags()[places]) {
        if *is_open && parts.last() != Some(node) {
            parts.push(*node);
        }
    }
}

/// A band as bounds of what comes on top of a fixed load.
fn beside(band: Band, fixed: u64) -> (i64, i64) {
    let bound = |end: u64| {
        let end = end.saturating_sub(fixed);
        // A tolerance may put the end of a band beyond any load there is.
        i64::try_from(end).unwrap_or(i64::MAX)
    };
    (bound(band.floor), bound(band.ceil))
}
