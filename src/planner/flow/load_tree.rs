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
    /// And as few as there can be: of the loads below a node that passes `x` on,
    /// `min(x, k)` stay where they are, but for a constant, where `k` is what it
    /// passed on bottom-up. That holds for a service; and for a domain, as its
    /// parts share `x` best by all passing on their `k` or less, or all theirs or
    /// more, which is what happens here.
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
