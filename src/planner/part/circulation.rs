//! The most steps that can be taken together with every load within its bounds.
//!
//! # The problem
//!
//! A *lane* is a bundle of steps from one node of the load tree to another, the
//! root standing for all that takes no part in the balance. Taking a step raises
//! the loads of all nodes above its end and lowers those above its start. How far
//! each load may rise and fall is given. Wanted are numbers of steps, lane by
//! lane, that cost the least to leave out.
//!
//! # How
//!
//! With an arc for each lane and two for each node and its parent, such numbers
//! are a circulation: what comes to a node goes up, or on by a lane. A
//! circulation of greatest gain is a flow of least cost (Ford and Fulkerson
//! 1962):
//!
//! 1. All steps are taken, and each node passes up what its bounds let it: the
//!    rest is its *excess*, or what it lacks.
//! 2. An excess leaves by a residual path: of tree arcs, which cost nothing, and
//!    of lanes walked backwards, which leave a step out. Only paths of least cost
//!    are used, many at a time: layers over arcs of reduced cost 0, then a
//!    blocking flow (Dinic 1970).
//! 3. Where no lack is reached, the prices of what was not reached rise by the
//!    least reduced cost of an arc that leads there.
//!
//! # Why it ends, and is right
//!
//! No reduced cost is negative: at first, as all that costs less than nothing is
//! saturated; then, as prices rise by no more than the least reduced cost, and
//! paths add only reverses of arcs whose reduced cost is 0. Such a flow is
//! optimal for its excesses, at last for none. A raise reaches a node more, so
//! that at most as many as there are nodes come between two flows, and each flow
//! takes a unit of excess away. Where there is excess there is a path, for to
//! leave out all steps is allowed.
//!
//! # Complexity
//!
//! `O(nodes + lanes)` memory and time for each search; there are about as many
//! searches as different path costs, which are few.

use std::collections::VecDeque;

use crate::planner::flow::Node;

/// What a node has above it: in which node it is, and how far its load may rise
/// and fall.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Scope {
    /// `None` of the root, which is the last node, and of a node apart.
    pub(super) parent: Option<Node>,
    pub(super) rise: i64,
    pub(super) fall: i64,
}

/// So many steps from a node to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Lane {
    pub(super) from: Node,
    pub(super) to: Node,
    pub(super) count: i64,
    /// What leaving one of them out costs: more than nothing.
    pub(super) cost: i64,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Arc {
    pub(super) to: Node,
    /// The arc the other way.
    pub(super) back: u32,
    left: i64,
    cost: i64,
}

/// A node that no search has reached.
const UNREACHED: u32 = u32::MAX;

/// Scopes and lanes as a network, and the flow on it.
#[derive(Debug)]
pub(super) struct Circulation {
    /// Where the arcs of each node begin: the tree's first, then the lanes'.
    pub(super) start: Vec<usize>,
    pub(super) arcs: Vec<Arc>,
    /// The arc up from each node, and the arc of each lane.
    pub(super) up: Vec<u32>,
    pub(super) lanes: Vec<u32>,
    excess: Vec<i64>,
    price: Vec<i64>,
    layer: Vec<u32>,
}

impl Circulation {
    /// All steps of all lanes are taken. Parents come after their children; no
    /// lane ends where it begins.
    pub(super) fn new(scopes: &[Scope], lanes: &[Lane]) -> Self {
        let mut circulation = Self::arrange(scopes, lanes);
        for (lane, &arc) in lanes.iter().zip(&circulation.lanes) {
            circulation.excess[lane.to.index()] += lane.count;
            circulation.excess[lane.from.index()] -= lane.count;
            let back = circulation.arcs[arc as usize].back;
            circulation.arcs[back as usize].left = lane.count;
        }
        for (node, scope) in scopes.iter().enumerate() {
            let Some(parent) = scope.parent else { continue };
            let passed = circulation.excess[node].clamp(-scope.fall, scope.rise);
            circulation.excess[node] -= passed;
            circulation.excess[parent.index()] += passed;
            let arc = circulation.up[node] as usize;
            let back = circulation.arcs[arc].back as usize;
            circulation.arcs[arc].left = scope.rise - passed;
            circulation.arcs[back].left = scope.fall + passed;
        }
        circulation
    }

    /// The arcs, node by node, with no room yet.
    fn arrange(scopes: &[Scope], lanes: &[Lane]) -> Self {
        let rungs = scopes
            .iter()
            .enumerate()
            .filter_map(|(at, scope)| Some((Node::new(at), scope.parent?)));
        let ends = rungs.clone().chain(lanes.iter().map(|lane| (lane.from, lane.to)));
        let mut start = vec![0; scopes.len() + 2];
        for (from, to) in ends {
            start[from.index() + 2] += 1;
            start[to.index() + 2] += 1;
        }
        for node in 2..start.len() {
            start[node] += start[node - 1];
        }
        let none = Arc { to: Node::NONE, back: 0, left: 0, cost: 0 };
        let mut arcs = vec![none; start[scopes.len() + 1]];
        let mut add = |from: Node, to: Node, cost: i64| {
            let mut next = |node: Node| {
                let slot = &mut start[node.index() + 1];
                *slot += 1;
                *slot - 1
            };
            let (arc, back) = (next(from), next(to));
            arcs[arc] = Arc { to, back: number(back), left: 0, cost };
            arcs[back] = Arc { to: from, back: number(arc), left: 0, cost: -cost };
            number(arc)
        };
        let mut up = vec![0; scopes.len()];
        for (node, parent) in rungs {
            up[node.index()] = add(node, parent, 0);
        }
        let lanes = lanes.iter().map(|lane| add(lane.from, lane.to, -lane.cost)).collect();
        start.pop();
        let count = scopes.len();
        let (excess, price, layer) = (vec![0; count], vec![0; count], vec![0; count]);
        Self { start, arcs, up, lanes, excess, price, layer }
    }

    /// Leaves out what costs the least, until all loads are within their bounds.
    pub(super) fn settle(&mut self) {
        while self.excess.iter().any(|&excess| excess > 0) {
            if self.reach() {
                self.block();
            } else {
                self.raise();
            }
        }
    }

    /// How many steps of each lane are taken.
    pub(super) fn taken(&self) -> impl Iterator<Item = i64> {
        let back = |&arc: &u32| self.arcs[arc as usize].back;
        self.lanes.iter().map(move |arc| self.arcs[back(arc) as usize].left)
    }

    /// What is passed along each arc, less what comes back.
    pub(super) fn flow(&self, scopes: &[Scope]) -> Vec<i64> {
        let mut flow = vec![0; self.arcs.len()];
        for (&arc, taken) in self.lanes.iter().zip(self.taken()) {
            flow[arc as usize] = taken;
        }
        let rungs = scopes.iter().zip(&self.up).filter(|(scope, _)| scope.parent.is_some());
        for (scope, &up) in rungs {
            let Arc { back, left, .. } = self.arcs[up as usize];
            let passed = scope.rise - left;
            flow[if passed > 0 { up } else { back } as usize] = passed.abs();
        }
        flow
    }

    fn arcs_of(&self, node: usize) -> std::ops::Range<usize> {
        self.start[node]..self.start[node + 1]
    }

    fn reduced(&self, from: usize, arc: Arc) -> i64 {
        arc.cost + self.price[from] - self.price[arc.to.index()]
    }

    /// Gives layers to what the excess reaches at no cost. Says whether that is
    /// any node that lacks something.
    fn reach(&mut self) -> bool {
        self.layer.fill(UNREACHED);
        let sources = (0..self.excess.len()).filter(|&node| self.excess[node] > 0);
        let mut queue: VecDeque<usize> = sources.collect();
        for &node in &queue {
            self.layer[node] = 0;
        }
        let mut is_met = false;
        while let Some(node) = queue.pop_front() {
            is_met |= self.excess[node] < 0;
            for arc in self.arcs_of(node).map(|arc| self.arcs[arc]) {
                let to = arc.to.index();
                if arc.left > 0 && self.layer[to] == UNREACHED && self.reduced(node, arc) == 0 {
                    self.layer[to] = self.layer[node] + 1;
                    queue.push_back(to);
                }
            }
        }
        is_met
    }

    fn raise(&mut self) {
        let leading = |node: usize| {
            let arcs = self.arcs[self.arcs_of(node)].iter();
            let is_new = |to: Node| self.layer[to.index()] == UNREACHED;
            let out = arcs.filter(|arc| arc.left > 0 && is_new(arc.to));
            out.map(|arc| self.reduced(node, *arc)).min()
        };
        let reached = (0..self.layer.len()).filter(|&node| self.layer[node] != UNREACHED);
        let step = reached.filter_map(leading).min().expect("to leave out all steps is allowed");
        for (price, level) in self.price.iter_mut().zip(&self.layer) {
            if *level == UNREACHED {
                *price += step;
            }
        }
    }

    /// Sends excess along the layers until every path of them is full.
    fn block(&mut self) {
        let mut next = self.start.clone();
        let mut path: Vec<usize> = Vec::new();
        for source in 0..self.excess.len() {
            while self.excess[source] > 0 && self.find_path(source, &mut next, &mut path) {
                self.send(source, &path);
            }
        }
    }

    /// A path along the layers from a node to one that lacks something. `next`
    /// passes over the arcs that lead nowhere.
    fn find_path(&self, source: usize, next: &mut [usize], path: &mut Vec<usize>) -> bool {
        path.clear();
        let mut node = source;
        while self.excess[node] >= 0 {
            let end = self.start[node + 1];
            let is_open = |&at: &usize| {
                let arc = self.arcs[at];
                let is_next = self.layer[arc.to.index()] == self.layer[node].saturating_add(1);
                arc.left > 0 && is_next && self.reduced(node, arc) == 0
            };
            if let Some(arc) = (next[node]..end).find(is_open) {
                next[node] = arc;
                path.push(arc);
                node = self.arcs[arc].to.index();
            } else if let Some(arc) = path.pop() {
                next[node] = end;
                node = self.arcs[self.arcs[arc].back as usize].to.index();
                next[node] += 1;
            } else {
                next[node] = end;
                return false;
            }
        }
        true
    }

    fn send(&mut self, source: usize, path: &[usize]) {
        let Some(&last) = path.last() else { return };
        let end = self.arcs[last].to.index();
        let room = path.iter().map(|&arc| self.arcs[arc].left);
        let amount = room.fold(self.excess[source].min(-self.excess[end]), i64::min);
        for &arc in path {
            let back = self.arcs[arc].back as usize;
            self.arcs[arc].left -= amount;
            self.arcs[back].left += amount;
        }
        self.excess[source] -= amount;
        self.excess[end] += amount;
    }
}

fn number(arc: usize) -> u32 {
    u32::try_from(arc).expect("below 2^32 arcs: a step has two at most")
}

#[cfg(test)]
pub(super) mod tests {
    use itertools::Itertools;
    use proptest::prelude::*;

    use super::*;

    /// Services 0 to 3 in two domains, 4 and 5, below the root, 6.
    pub(in super::super) const PARENTS: [Option<Node>; 7] = {
        let [a, b, root] = [Node::new(4), Node::new(5), Node::new(6)];
        [Some(a), Some(a), Some(b), Some(b), Some(root), Some(root), None]
    };

    /// By how much the load of each node rises.
    fn rises(lanes: &[Lane], taken: &[i64]) -> Vec<i64> {
        let mut rises = vec![0; PARENTS.len()];
        for (lane, taken) in lanes.iter().zip(taken) {
            for (node, change) in [(lane.from, -taken), (lane.to, *taken)] {
                let above = |node: &Node| PARENTS[node.index()];
                std::iter::successors(Some(node), above).for_each(|x| rises[x.index()] += change);
            }
        }
        rises
    }

    pub(in super::super) fn are_allowed(scopes: &[Scope], lanes: &[Lane], taken: &[i64]) -> bool {
        let mut nodes = scopes.iter().zip(rises(lanes, taken)).take(PARENTS.len() - 1);
        nodes.all(|(scope, rise)| (-scope.fall..=scope.rise).contains(&rise))
    }

    fn worth(lanes: &[Lane], taken: &[i64]) -> i64 {
        lanes.iter().zip(taken).map(|(lane, taken)| lane.cost * taken).sum()
    }

    /// Lanes between any two of the services and the root.
    pub(in super::super) fn lanes() -> impl Strategy<Value = Vec<Lane>> {
        let node = [0, 1, 2, 3, 6].map(Node::new);
        let lane = (0..5_usize, 1..5_usize, 1..3_i64, prop::sample::select(vec![1, 100]));
        let lane = lane.prop_map(move |(from, ahead, count, cost)| Lane {
            from: node[from],
            to: node[(from + ahead) % 5],
            count,
            cost,
        });
        prop::collection::vec(lane, 1..6)
    }

    /// How far each load may rise and fall.
    pub(in super::super) fn scopes() -> impl Strategy<Value = Vec<Scope>> {
        prop::collection::vec((0..3_i64, 0..3_i64), 7).prop_map(|bounds| {
            let scope = |(parent, (rise, fall))| Scope { parent, rise, fall };
            PARENTS.into_iter().zip(bounds).map(scope).collect()
        })
    }

    proptest! {
        #[test]
        fn as_much_is_taken_as_by_brute_force(
            (scopes, lanes) in (scopes(), lanes()),
        ) {
            let mut circulation = Circulation::new(&scopes, &lanes);
            circulation.settle();
            let taken: Vec<_> = circulation.taken().collect();
            prop_assert!(are_allowed(&scopes, &lanes, &taken));
            let choices = lanes.iter().map(|lane| 0..=lane.count).multi_cartesian_product();
            let allowed = choices.filter(|taken| are_allowed(&scopes, &lanes, taken));
            let best = allowed.map(|taken| worth(&lanes, &taken)).max();
            prop_assert_eq!(Some(worth(&lanes, &taken)), best);
        }
    }
}
