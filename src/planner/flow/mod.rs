//! Min-cost flow from bases to services to bands, over integers alone.
//!
//! # The network
//!
//! Four kinds of vertex, from left to right:
//!
//! - a *base* sends out as many units as it needs replicas. Inside it, each domain
//!   of each tier ([`limits`](super::limits)) is a vertex of its own, which passes
//!   on no more units than its cap: the *inner* vertices of the base;
//! - a *service* takes one unit at most from a base: at cost 0 where it held the
//!   base before (the base's *own* services), at cost 1 where it didn't;
//! - a *domain* takes what its parts pass on. Services and domains together are
//!   the *nodes* of the load tree ([`load_tree`]), and the arc from a node to its
//!   parent carries its load: free inside the band, `weight` for each replica
//!   outside it;
//! - the *root* takes everything.
//!
//! A flow of least cost is a mapping with, first, the loads of services closest to
//! their bands, then those of domains, then the fewest moves. Fixed replicas are no
//! units of it: they take room in the domains around them, and the bands are less
//! by what is fixed below them.
//!
//! # The algorithm
//!
//! Successive shortest paths, many at a time (primal-dual; Ford and Fulkerson
//! 1962), on a network that is never built: bases hold 99 % of its vertices and
//! arcs, and what they say is derived from the table when it is asked for.
//!
//! 1. *Start*: each base keeps as many of its own services as the rules let it,
//!    and the arcs of the load tree carry loads that keep every band and leave as
//!    much as can be where it is ([`load_tree`]). What a service has beyond its load
//!    is *excess*, what it lacks a *deficit*; a base that lacks replicas is a
//!    source too. No arc has a negative cost, so potentials of 0 prove this
//!    pseudoflow optimal for its excesses.
//! 2. *Layers*: breadth first from the sources over *tight* arcs, those of
//!    reduced cost 0 ([`search`]).
//! 3. If a deficit was reached: paths along the layers, until none is found
//!    ([`blocking`]). Then 2 again. Such a turn is a *round*.
//! 4. If not: the potentials of all that was not reached rise by the least
//!    reduced cost of an arc that leaves what was ([`raise`]). Then 2 again. When no
//!    source is left, the flow is optimal. After the first raise, most paths that
//!    are one change of one base long are taken in passes over the table, without
//!    a search ([`direct`]).
//! 5. Where a base has two moves, a base without one takes one over
//!    ([`second_moves`]).
//!
//! The residual arc between two services is a base: "`b` holds `s` and could
//! hold `t` instead", at cost `new(t) - new(s)`. For one base and one `s` all
//! `t` that are not its own are alike, so the search asks for the next
//! unreached service at *one* potential outside the full domains of the base
//! ([`offers`], [`unreached`]), and each service is found once. So a whole search
//! looks at each replica of the table once, and once more for each time that a path
//! brought one there; it stops as soon as nothing is left to find.
//!
//! # Why it is optimal
//!
//! Let `p` be the potentials. Every residual arc `u -> v` keeps
//! `cost + p(u) - p(v) >= 0`: true at the start; step 4 lowers no reduced cost
//! below 0 by its choice of the step; and a path of tight arcs adds only their
//! reverses, which are tight.
//!
//! The last of these is about the arcs of the network, and a change of a base, "`t`
//! for `s`", is a *way*: up from `s` through inner vertices, and down to `t`. So the
//! inner vertices need potentials too, the base among them; they exist although
//! nothing stores them:
//!
//! - *They exist.* Give an inner vertex the least of `p(s) + cost` over the residual
//!   ways that lead to it from a service `s`, or from the base where that lacks a
//!   replica (at potential 0, as no source is ever raised). Where no way leads, give
//!   it one number above all others. Then no arc into it has a negative reduced cost
//!   by definition, and none out of it to a service `t` has one, as that would be a
//!   change from `s` to `t` which has one.
//! - *A tight change is made of tight arcs.* The reduced costs of its arcs add up to
//!   its own, which is 0, and none of them is negative.
//!
//! A flow without residual arcs of negative reduced cost has the least cost of all
//! flows that meet the same supplies (complementary slackness), and at the end the
//! supplies are the problem's own.
//!
//! # Why the weights are large enough
//!
//! A replica outside the band costs `2^40` at a service and `2^20` at a domain; that
//! this makes the order of the aims lexicographic does not rest on the number of
//! moves, which may exceed `2^20`. The difference of two flows is a sum of simple
//! cycles that are residual for the first, none of which undoes a part of another
//! (Gallai 1958). A simple cycle passes each service and each domain once at most:
//!
//! - of the arcs of bases it has one into and one out of each of at most `2^16`
//!   services, so that it changes the moves by `c` with `|c| <= 2^17`;
//! - of each of at most `2^18` domains it has the arc to the parent once, so that it
//!   changes the misses of domains by `b` with `|b| <= 2^18`;
//! - its cost, `2^40 * a + 2^20 * b + c`, is therefore negative just where the first
//!   of `a`, `b` and `c` that is not 0 is negative.
//!
//! Say a flow of least cost were worse than another in that order. Then so would be
//! one of the cycles of their difference, since sums keep the order: its cost would
//! be negative, and to run it would lower the cost. So no flow has fewer misses of
//! services, nor as few and fewer of domains, nor as few of both and fewer moves.
//!
//! A potential is at most the cost of a path that passes no node twice, which is below
//! `2^57` for the same reasons. So reduced costs do not overflow.
//!
//! # Why it ends
//!
//! *Each round takes a path.* One path may pass a base twice, and its second step
//! then sees the first one applied. That neither blocks a step along the layers nor
//! makes one, as long as the round has taken no path. Take a step of a base, `v` for
//! `u`, that is there now or was there when the layers were found. Say that its way
//! shares inner vertices with ways of earlier steps of the path, let `x` be the last
//! such vertex of it, and let `t` for `s` be the earlier step. By induction the way
//! from `s` to `x` was there when the layers were found; so was that from `x` to `v`,
//! which no earlier step has touched. Both are tight, as the potentials of the inner
//! vertices outlast a step. So `v` could have come for `s` at once, and is in the layer
//! after that of `s` at the latest. But the layer of `v` is the one after that of `u`,
//! and `u` is no nearer than `t`. Hence the steps of a path share no inner vertex:
//! each was there when the layers were found, and each of those can be taken,
//! whatever the path has done before. What is closed then leads nowhere indeed, and
//! the first path is found where the layers say that there is one.
//!
//! *After the first, some may be missed.* A path that was taken, or a step that is
//! tried on the way, may block a base for a moment, and a node that finds no way on
//! just then is closed for the rest of the round. So a round is no blocking flow in
//! Dinic's sense, and the next one may find a deficit in the same layer: his bound
//! on the number of rounds is not claimed. What is taken is sound all the same: each
//! path is a change of the table at the cost of a shortest path.
//!
//! Each round takes a unit of excess away. Each raise keeps what was reached, whose
//! arcs to each other stay tight, and reaches a node more; but for the first raise,
//! which may be less than the least reduced cost. So there are no more rounds than
//! units of excess at the start, and between two rounds no more raises than nodes,
//! and one.
//!
//! The proof a user sees does not rest on this text: the final potentials are
//! handed out, and [`bound`](super::bound) computes a lower bound from them by weak
//! duality alone.
//!
//! # Complexity
//!
//! The direct moves are one pass over the table, and leave nothing to search for
//! in the joins and drains that are measured. A search looks at each replica, for
//! `O(replicas)` each, or `O(replicas^2)` where wider domains have caps, and at each
//! node. With the sorting of the services that is
//! `O(table * replicas + services * log(services))` for caps of one level. Most
//! searches stop early: a base that is as it was is only asked while something is
//! left to find at its price, and one that has changed only while something near is.
//! Finding the least step looks at the bases of all services that were reached, for
//! each potential below theirs, until one step is 1.
//!
//! There are about as many raises as there are different path costs: one or two
//! for a cluster that grew or lost services, as many as a chain is long when moves
//! must be chained. The heap holds the table once, and once more as the bases by
//! service when there is a search, and a few words for each node and each base
//! that changed.
//!
//! # What was dropped
//!
//! The explicit graph: 66 million arcs for 1,000 services. Pooling bases that
//! hold the same services: fast on striped mappings, useless on mixed ones.
//! Cancelling negative cycles from a greedy plan: the last few cycles cost more
//! than everything before. Capacity or cost scaling: costs are tiny integers
//! already.

mod bases;
mod before;
mod blocking;
mod changed;
mod direct;
mod holders;
mod layer;
mod load_tree;
mod offers;
mod path;
mod raise;
mod search;
mod second_moves;
mod solve;
mod start;
mod unreached;
mod walk;

pub(crate) use bases::Bases;
pub(crate) use before::Before;
pub(crate) use changed::Changed;
pub(crate) use load_tree::{LoadTree, NodeSpec};
pub(crate) use solve::Solver;

use crate::index::Place;

/// A node of the load tree: a service by its place, then a domain, or the root.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Node(u32);

impl Node {
    /// No node: the parent of the root.
    pub(crate) const NONE: Self = Self(u32::MAX);

    /// The node of an index.
    ///
    /// # Panics
    ///
    /// When there can't be so many: five for each service, and the root.
    pub(crate) const fn new(index: usize) -> Self {
        assert!(index < u32::MAX as usize, "at most five nodes for each service");
        #[expect(clippy::cast_possible_truncation, reason = "below the limit")]
        Self(index as u32)
    }

    #[inline]
    pub(crate) const fn index(self) -> usize {
        self.0 as usize
    }

    #[inline]
    pub(crate) const fn is_none(self) -> bool {
        self.0 == u32::MAX
    }

    #[inline]
    pub(crate) const fn is_some(self) -> bool {
        self.0 != u32::MAX
    }
}

impl From<Place> for Node {
    fn from(place: Place) -> Self {
        Self::new(place.index())
    }
}
