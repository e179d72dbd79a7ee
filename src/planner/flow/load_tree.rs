//! The load tree: services, the domains above them, and the root.

use super::Node;

/// What a node is made of: its parent, its band, and what a replica outside it
/// costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NodeSpec {
    /// None for the root, and for a service that takes no part.
    pub(crate) parent: Node,
    pub(crate) low: i64,
    pub(crate) high: i64,
    pub(crate) weight: i64,
}

impl NodeSpec {
    /// Whether both have the same band.
    pub(crate) const fn has_band_of(&self, other: &Self) -> bool {
        self.low == other.low && self.high == other.high
    }
}

/// The flow on the load side.
///
/// The first nodes are the services, in location order; the last is the root,
/// and a parent comes after its children. `flow` is what the arc to the parent
/// carries, `excess` what a node takes in beyond that.
#[derive(Debug)]
pub(crate) struct LoadTree {
    nodes: Vec<NodeSpec>,
    pub(super) flow: Vec<i64>,
    pub(super) excess: Vec<i64>,
    pub(super) potential: Vec<i64>,
    child_start: Vec<u32>,
    children: Vec<Node>,
}

impl LoadTree {
    /// The flow that carries the given loads of the services as far as the
    /// bands let it, on the way to a root that wants `total`.
    ///
    /// First each node, bottom-up, passes on what it gets, cut to its *range*:
    /// the loads that its own band and those below it allow together. Then,
    /// top-down, what a domain gets too much or too little of is taken from, or
    /// given to, its parts within their ranges. Where the bands can all be kept,
    /// that leaves excesses and deficits at services alone.
    ///
    /// And as few of them as there can be. Say a node passes `x` on, within its range,
    /// and passed `k` on bottom-up. At most `min(x, k)` of the loads below it, and a
    /// number that does not depend on `x`, stay where they are:
    ///
    /// - that holds for a service, whose `k` is its load, cut to its range;
    /// - and for a domain whose parts it holds for. The sum of `min(x, k)` over its
    ///   parts is at most the `min` of their sums. It is that where all parts pass on
    ///   no more than their `k`, or all no less: top-down, all shift the same way.
    pub(crate) fn new(nodes: Vec<NodeSpec>, loads: &[i64], total: i64) -> Self {
        let count = nodes.len();
        let (child_start, children) = children_of(&nodes);
        let mut tree = Self {
            flow: vec![0; count],
            excess: vec![0; count],
            potential: vec![0; count],
            nodes,
            child_start,
            children,
        };
        tree.excess[..loads.len()].copy_from_slice(loads);
        let ranges = tree.ranges();
        for (node, &(least, most)) in ranges.iter().enumerate() {
            let parent = tree.nodes[node].parent;
            if parent.is_some() {
                let carried = tree.excess[node].clamp(least, most);
                tree.flow[node] = carried;
                tree.excess[node] -= carried;
                tree.excess[parent.index()] += carried;
            }
        }
        if let Some(root) = tree.excess.last_mut() {
            *root -= total;
        }
        for node in (loads.len()..count).rev() {
            for child in tree.child_start[node]..tree.child_start[node + 1] {
                let child = tree.children[child as usize].index();
                let (least, most) = ranges[child];
                let (flow, excess) = (tree.flow[child], tree.excess[node]);
                let shift = (flow - excess).clamp(least, most) - flow;
                tree.flow[child] += shift;
                tree.excess[child] -= shift;
                tree.excess[node] += shift;
            }
        }
        tree
    }

    /// What each node may carry so that it and all nodes below keep their
    /// bands; its own band where there is no such load.
    fn ranges(&self) -> Vec<(i64, i64)> {
        let own = |spec: &NodeSpec| (spec.low, spec.high);
        let mut ranges: Vec<_> = self.nodes.iter().map(own).collect();
        for node in 0..ranges.len() {
            let children = self.children(Node::new(node));
            if children.is_empty() {
                continue;
            }
            let parts = children.iter().map(|&child| ranges[child.index()]);
            let (least, most) = parts.fold((0_i64, 0_i64), |sum, part| {
                (sum.0.saturating_add(part.0), sum.1.saturating_add(part.1))
            });
            let (low, high) = ranges[node];
            if least.max(low) <= most.min(high) {
                ranges[node] = (least.max(low), most.min(high));
            }
        }
        ranges
    }

    pub(super) const fn len(&self) -> usize {
        self.nodes.len()
    }

    pub(super) fn parent(&self, node: Node) -> Node {
        self.nodes[node.index()].parent
    }

    pub(super) fn children(&self, node: Node) -> &[Node] {
        let node = node.index();
        &self.children[self.child_start[node] as usize..self.child_start[node + 1] as usize]
    }

    /// The reduced cost of carrying one more replica from a node to its parent.
    pub(super) fn up(&self, node: Node) -> i64 {
        let spec = &self.nodes[node.index()];
        let flow = self.flow[node.index()];
        let cost = if flow < spec.low {
            -spec.weight
        } else if flow < spec.high {
            0
        } else {
            spec.weight
        };
        cost + self.potential[node.index()] - self.potential[spec.parent.index()]
    }

    /// The reduced cost of carrying one replica less from a node to its parent:
    /// of the residual arc from the parent to the node.
    ///
    /// An arc that carries nothing has no such residual arc, and shows one all the
    /// same. No path takes it: unless its node is a source, nothing is carried below
    /// it either, so that there is no deficit, and no base to go on with.
    pub(super) fn down(&self, node: Node) -> i64 {
        let spec = &self.nodes[node.index()];
        let flow = self.flow[node.index()];
        let cost = if flow > spec.high {
            -spec.weight
        } else if flow > spec.low {
            0
        } else {
            spec.weight
        };
        cost + self.potential[spec.parent.index()] - self.potential[node.index()]
    }

    /// The potential of every node.
    pub(crate) fn into_potentials(self) -> Vec<i64> {
        self.potential
    }
}

/// For each node its children, as an interval of one list.
fn children_of(nodes: &[NodeSpec]) -> (Vec<u32>, Vec<Node>) {
    let mut start = vec![0_u32; nodes.len() + 1];
    let parents = || nodes.iter().map(|node| node.parent).filter(|parent| parent.is_some());
    for parent in parents() {
        start[parent.index() + 1] += 1;
    }
    for node in 0..nodes.len() {
        start[node + 1] += start[node];
    }
    let mut next = start.clone();
    let mut children = vec![Node::NONE; parents().count()];
    for (node, spec) in nodes.iter().enumerate() {
        if spec.parent.is_some() {
            let slot = &mut next[spec.parent.index()];
            children[*slot as usize] = Node::new(node);
            *slot += 1;
        }
    }
    (start, children)
}

#[cfg(test)]
mod tests {
    use itertools::Itertools;
    use proptest::prelude::*;

    use super::*;

    /// Services 0 to 3, where some take no part, below domains 4 and 5 and the root,
    /// 6; 4 may be in 5.
    fn specs(parents: [usize; 5], bands: &[(i64, i64)]) -> Vec<NodeSpec> {
        let parents =
            parents.map(|parent| if parent == 0 { Node::NONE } else { Node::new(parent) });
        let parents = parents.into_iter().chain([Node::new(6), Node::NONE]);
        let spec = |(parent, &(low, width)): (Node, &(i64, i64))| NodeSpec {
            parent,
            low,
            high: low + width,
            weight: 9,
        };
        parents.zip(bands).map(spec).collect()
    }

    /// What each node takes in beyond what it passes on.
    fn excess(specs: &[NodeSpec], loads: &[i64], total: i64, flow: &[i64]) -> Vec<i64> {
        let mut excess = loads.to_vec();
        excess.resize(specs.len(), 0);
        excess[specs.len() - 1] -= total;
        for (node, spec) in specs.iter().enumerate().filter(|(_, spec)| spec.parent.is_some()) {
            excess[node] -= flow[node];
            excess[spec.parent.index()] += flow[node];
        }
        excess
    }

    fn beyond(excess: &[i64]) -> i64 {
        excess.iter().map(|excess| excess.abs()).sum()
    }

    /// Each domain has a service.
    fn parents() -> impl Strategy<Value = [usize; 5]> {
        let parent = || prop::sample::select(vec![0, 4, 5, 6]);
        (parent(), parent(), 5..7_usize)
            .prop_map(|(third, fourth, above)| [4, 5, third, fourth, above])
    }

    proptest! {
        #[test]
        fn the_start_keeps_the_bands_and_leaves_the_least_excess(
            parents in parents(),
            bands in prop::collection::vec((0..3_i64, 0..3_i64), 7),
            mut loads in prop::collection::vec(0..5_i64, 4),
            total in 0..10_i64,
        ) {
            let specs = specs(parents, &bands);
            let is_tied = |node: usize| specs[node].parent.is_some();
            loads.iter_mut().zip(0..).for_each(|(load, node)| *load *= i64::from(is_tied(node)));
            let tree = LoadTree::new(specs.clone(), &loads, total);
            let excess = |flow: &[i64]| excess(&specs, &loads, total, flow);
            prop_assert_eq!(&tree.excess, &excess(&tree.flow));
            let band = |node| if is_tied(node) { specs[node].low..=specs[node].high } else { 0..=0 };
            prop_assert!((0..6).all(|node| band(node).contains(&tree.flow[node])));
            let flows = (0..6).map(band).multi_cartesian_product();
            let excesses: Vec<_> = flows.map(|flow| excess(&flow)).collect();
            let at_services = |excess: &[i64]| excess[4..].iter().all(|&excess| excess == 0);
            if excesses.iter().any(|excess| at_services(excess)) {
                prop_assert!(at_services(&tree.excess));
            }
            prop_assert_eq!(Some(beyond(&tree.excess)), excesses.iter().map(|it| beyond(it)).min());
        }

        #[test]
        fn a_reduced_cost_is_what_one_replica_more_or_less_costs(
            (low, width) in (0..4_i64, 0..3_i64),
            flow in 0..8_i64,
            potential in [0..9_i64, 0..9_i64],
        ) {
            let root = NodeSpec { parent: Node::NONE, low: 0, high: 0, weight: 0 };
            let service = NodeSpec { parent: Node::new(1), low, high: low + width, weight: 9 };
            let mut tree = LoadTree::new(vec![service, root], &[0], 0);
            (tree.flow[0], tree.potential) = (flow, potential.to_vec());
            let cost = |flow: i64| 9 * ((low - flow).max(0) + (flow - low - width).max(0));
            let gain = potential[0] - potential[1];
            prop_assert_eq!(tree.up(Node::new(0)), cost(flow + 1) - cost(flow) + gain);
            prop_assert_eq!(tree.down(Node::new(0)), cost(flow - 1) - cost(flow) - gain);
        }
    }
}
