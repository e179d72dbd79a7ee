//! The graph of [`crate::oracle`]: a plain min-cost flow, of no use to anything
//! else.
//!
//! It sends the flow by successive shortest paths with potentials:
//!
//! 1. Bellman and Ford find the first potentials, for arcs of negative cost
//!    (there must be no negative cycle).
//! 2. Dijkstra finds the cheapest paths, by cost and then by number of arcs;
//!    the arcs on them form layers.
//! 3. Paths are filled through the layers until none is left; then again from
//!    2, until the sink is out of reach.
//!
//! Every path filled is a cheapest one, so no negative cycle ever arises: the
//! flow is the cheapest of its value at every step.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

/// A directed graph whose arcs have room and cost.
#[derive(Debug, Default)]
pub(crate) struct Network {
    /// Arc `i ^ 1` is the way back of arc `i`.
    arcs: Vec<Arc>,
    out: Vec<Vec<usize>>,
}

#[derive(Debug)]
struct Arc {
    to: usize,
    room: u64,
    cost: i64,
}

/// Cost, then number of arcs.
type Length = (i64, u32);

impl Network {
    pub(crate) fn vertex(&mut self) -> usize {
        self.out.push(Vec::new());
        self.out.len() - 1
    }

    /// Adds an arc, and says its number.
    pub(crate) fn arc(&mut self, from: usize, to: usize, room: u64, cost: i64) -> usize {
        let number = self.arcs.len();
        self.out[from].push(number);
        self.out[to].push(number + 1);
        self.arcs.push(Arc { to, room, cost });
        self.arcs.push(Arc { to: from, room: 0, cost: -cost });
        number
    }

    pub(crate) fn flow(&self, arc: usize) -> u64 {
        self.arcs[arc ^ 1].room
    }

    /// Sends as much as fits, at the least cost, and says how much.
    pub(crate) fn send(&mut self, source: usize, sink: usize) -> u64 {
        let mut potentials = self.bellman_ford(source);
        let mut sent = 0;
        loop {
            let lengths = self.dijkstra(source, &potentials);
            if lengths[sink].is_none() {
                return sent;
            }
            for (potential, length) in potentials.iter_mut().zip(&lengths) {
                *potential += length.map_or(0, |(cost, _)| cost);
            }
            let mut layers = Layers {
                potentials: &potentials,
                lengths: &lengths,
                next: vec![0; self.out.len()],
            };
            while let Some(more) = self.fill(source, sink, u64::MAX, &mut layers) {
                sent += more;
            }
        }
    }

    fn bellman_ford(&self, source: usize) -> Vec<i64> {
        let mut costs = vec![None; self.out.len()];
        costs[source] = Some(0);
        let mut queue = VecDeque::from([source]);
        while let Some(from) = queue.pop_front() {
            let cost = costs[from].expect("queued with a cost");
            for arc in self.out[from].iter().map(|&arc| &self.arcs[arc]) {
                if arc.room > 0 && costs[arc.to].is_none_or(|old| cost + arc.cost < old) {
                    costs[arc.to] = Some(cost + arc.cost);
                    queue.push_back(arc.to);
                }
            }
        }
        // What is out of reach stays so: no path ever enters it.
        costs.into_iter().map(Option::unwrap_or_default).collect()
    }

    fn dijkstra(&self, source: usize, potentials: &[i64]) -> Vec<Option<Length>> {
        let mut lengths: Vec<Option<Length>> = vec![None; self.out.len()];
        lengths[source] = Some((0, 0));
        let mut heap = BinaryHeap::from([Reverse(((0, 0), source))]);
        while let Some(Reverse((length, from))) = heap.pop() {
            if lengths[from] != Some(length) {
                continue;
            }
            for arc in self.out[from].iter().map(|&arc| &self.arcs[arc]) {
                let cost = arc.cost + potentials[from] - potentials[arc.to];
                let longer = (length.0 + cost, length.1 + 1);
                if arc.room > 0 && lengths[arc.to].is_none_or(|old| longer < old) {
                    lengths[arc.to] = Some(longer);
                    heap.push(Reverse((longer, arc.to)));
                }
            }
        }
        lengths
    }

    /// Fills one path through the layers, by at most `limit`.
    fn fill(&mut self, from: usize, sink: usize, limit: u64, layers: &mut Layers) -> Option<u64> {
        if from == sink {
            return Some(limit);
        }
        while let Some(&number) = self.out[from].get(layers.next[from]) {
            let Arc { to, room, cost } = self.arcs[number];
            if room > 0
                && layers.connect(from, to, cost)
                && let Some(filled) = self.fill(to, sink, limit.min(room), layers)
            {
                self.arcs[number].room -= filled;
                self.arcs[number ^ 1].room += filled;
                return Some(filled);
            }
            layers.next[from] += 1;
        }
        None
    }
}

/// The arcs of the cheapest paths, and for each vertex the first of its arcs
/// that may still lead to the sink.
struct Layers<'a> {
    potentials: &'a [i64],
    lengths: &'a [Option<Length>],
    next: Vec<usize>,
}

impl Layers<'_> {
    fn connect(&self, from: usize, to: usize, cost: i64) -> bool {
        let (Some((_, near)), Some((_, far))) = (self.lengths[from], self.lengths[to]) else {
            return false;
        };
        far == near + 1 && cost + self.potentials[from] == self.potentials[to]
    }
}

#[test]
fn a_cheaper_path_gives_way() {
    // The cheapest path is s-a-b-t alone; two units need s-a-t and s-b-t.
    let mut network = Network::default();
    let [s, a, b, t] = std::array::from_fn(|_| network.vertex());
    let arcs = [(s, a, 1), (s, b, 4), (a, b, -2), (a, t, 5), (b, t, 1)]
        .map(|(from, to, cost)| network.arc(from, to, 1, cost));
    assert_eq!(network.send(s, t), 2);
    assert_eq!(arcs.map(|arc| network.flow(arc)), [1, 1, 0, 1, 1]);
}
