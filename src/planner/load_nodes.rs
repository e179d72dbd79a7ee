//! From a cluster to the network that the flow solver plans on, and back.
//!
//! Services are known by their *places*: their ranks in location order, so that groups,
//! units and domains are intervals. Domains that hold a single part with the
//! same band become one node with it, unless loads may have to miss their bands:
//! then each domain's own miss counts.

use crate::location::Level;
use crate::planner::flow::{Limits, NONE, NodeSpec};
use crate::rules::Rules;
use crate::service::ServiceIndex;
use crate::share::{Band, Shares};
use crate::topology::Topology;

/// What a replica of a service's load outside its band costs: more than the
/// domains of any path could.
pub(crate) const SERVICE_WEIGHT: i64 = 1 << 40;

/// What a replica of a domain's load outside its band costs: more than the
/// moves of any path could. A path has at most a move for each service.
pub(crate) const DOMAIN_WEIGHT: i64 = 1 << 20;

/// The load side of a cluster: a node for each service, by place, then the
/// domains, then the root.
#[derive(Debug)]
pub(crate) struct Network {
    pub(crate) nodes: Vec<NodeSpec>,
    /// The node of each domain of each level; [`NONE`] when no service in it
    /// is open.
    domain_node: [Vec<u32>; 4],
}

/// A number for each service, each domain and the root.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ByNode<T> {
    /// By place.
    pub(crate) services: Vec<T>,
    /// In the order of [`Topology::domains`].
    pub(crate) domains: [Vec<T>; 4],
    pub(crate) root: T,
}

impl Network {
    /// The nodes above the open services, given by place, of which each holds
    /// so many `fixed` replicas. `soft` says whether loads may have to miss
    /// their bands.
    pub(crate) fn new(
        topology: &Topology,
        shares: &Shares,
        open: &[bool],
        fixed: &[u64],
        soft: bool,
    ) -> Self {
        let bands: Vec<_> = shares.service_bands().collect();
        let node = |(service, &fixed): (&ServiceIndex, &u64)| {
            let (low, high) = beside(bands[service.index()], fixed);
            NodeSpec { parent: NONE, low, high, weight: SERVICE_WEIGHT }
        };
        let nodes = topology.by_location().iter().zip(fixed).map(node).collect();
        let mut network = Self { nodes, domain_node: [const { Vec::new() }; 4] };
        network.grow(topology, shares, open, fixed, soft);
        network
    }

    /// Adds the domains, finest first, and the root.
    fn grow(
        &mut self,
        topology: &Topology,
        shares: &Shares,
        open: &[bool],
        fixed: &[u64],
        soft: bool,
    ) {
        // The node below the next coarser domain, for each place.
        let mut top: Vec<u32> = (0..).take(open.len()).collect();
        let parts_of = |top: &[u32], open: &[bool]| {
            let open = top.iter().zip(open).filter(|(_, open)| **open);
            let mut parts: Vec<u32> = open.map(|(&node, _)| node).collect();
            parts.dedup();
            parts
        };
        for level in Level::ALL.into_iter().rev() {
            let mut domain_node = Vec::with_capacity(topology.domains(level).len());
            for (domain, band) in topology.domains(level).iter().zip(shares.domain_bands(level)) {
                let places = domain.members();
                let parts = parts_of(&top[places.clone()], &open[places.clone()]);
                let (low, high) = beside(band, fixed[places.clone()].iter().sum());
                let is_part = |part: u32| {
                    let part = &self.nodes[part as usize];
                    !soft && (part.low, part.high) == (low, high)
                };
                let node = match parts[..] {
                    [] => NONE,
                    [part] if is_part(part) => part,
                    _ => self
                        .add(NodeSpec { parent: NONE, low, high, weight: DOMAIN_WEIGHT }, &parts),
                };
                top[places].fill(node);
                domain_node.push(node);
            }
            self.domain_node[level.index()] = domain_node;
        }
        let root = NodeSpec { parent: NONE, low: 0, high: 0, weight: 0 };
        self.add(root, &parts_of(&top, open));
    }

    fn add(&mut self, spec: NodeSpec, parts: &[u32]) -> u32 {
        let node = u32::try_from(self.nodes.len()).expect("at most five nodes for each service");
        self.nodes.push(spec);
        for &part in parts {
            self.nodes[part as usize].parent = node;
        }
        node
    }

    /// Hands the nodes' numbers to services and domains. A domain without a
    /// node, or at one with its part, has its parent's.
    pub(crate) fn spread(&self, topology: &Topology, values: &[i64]) -> ByNode<i64> {
        let root = values.last().copied().unwrap_or_default();
        let mut domains = [const { Vec::new() }; 4];
        let mut above: Vec<i64> = vec![root; topology.by_location().len()];
        for level in Level::ALL {
            let nodes = &self.domain_node[level.index()];
            let value = |(domain, &node): (&crate::topology::Domain, &u32)| {
                let inherited = above[domain.members().start];
                let own = if node == NONE { inherited } else { values[node as usize] };
                above[domain.members()].fill(own);
                own
            };
            domains[level.index()] = topology.domains(level).iter().zip(nodes).map(value).collect();
        }
        let services = values[..topology.by_location().len()].to_vec();
        ByNode { services, domains, root }
    }
}

/// A band as bounds of what comes on top of a fixed load.
fn beside(band: Band, fixed: u64) -> (i64, i64) {
    let bound = |end: u64| i64::try_from(end.saturating_sub(fixed)).unwrap_or(i64::MAX);
    (bound(band.floor), bound(band.ceil))
}

/// Groups and units by place, of services of which some are open. With a level
/// finer than the groups, one unit has them all: a group then holds one replica
/// at most, and so does every domain in it.
pub(crate) fn limits(topology: &Topology, rules: Rules, open: Vec<bool>) -> Limits {
    let (group_level, unit_level) = (rules.get_min_dist().level(), rules.get_level());
    let domain_at = |level: Level| -> Vec<u16> {
        let domains = topology.domains(level).iter().enumerate();
        let ranks = domains.flat_map(|(rank, domain)| domain.members().map(move |_| rank));
        ranks.map(|rank| ServiceIndex::new(rank).get()).collect()
    };
    let binds = rules.get_degradation() > 0 && unit_level <= group_level;
    Limits {
        group: domain_at(group_level),
        unit: if binds { domain_at(unit_level) } else { vec![0; open.len()] },
        unit_cap: if binds {
            rules.degradation_cap().unwrap_or(rules.replicas())
        } else {
            u16::MAX
        },
        open,
    }
}
