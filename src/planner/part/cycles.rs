//! Which steps to take when they may not be all: a circulation cycle by cycle.
//!
//! A circulation is a sum of cycles each of which runs with its flow and never
//! against it (Gallai 1958). Some of these cycles are a circulation too, and the
//! load of each node changes by a part of what it would change by, so that it
//! stays within the same bounds. Cycles with a repair come first, then those of
//! few moves: a cycle of one move takes a replica from where there are too many
//! to where there are too few.
//!
//! # Complexity
//!
//! Each cycle uses up an arc, so that there are at most as many as arcs; their
//! lengths add up to the time. They are found twice, to be counted and to be
//! taken, and none is stored.

use std::collections::BTreeMap;

use super::circulation::{Circulation, Lane, Scope};

/// What an arc is that no lane has.
const NO_LANE: u32 = u32::MAX;

/// A node that is not on the path.
const OFF: usize = usize::MAX;

/// Of the steps of a circulation, those that have `most` moves at most: so many
/// of each lane. What ends at the root is no move; what starts there repairs.
pub(super) fn cut(
    circulation: &Circulation,
    scopes: &[Scope],
    lanes: &[Lane],
    most: usize,
) -> Vec<i64> {
    let root = scopes.len() - 1;
    let mut lane_of = vec![NO_LANE; circulation.arcs.len()];
    for (lane, &arc) in (0..).zip(&circulation.lanes) {
        lane_of[arc as usize] = lane;
    }
    let of = |arc: &usize| Some(lane_of[*arc] as usize).filter(|_| lane_of[*arc] != NO_LANE);
    let class = |cycle: &[usize]| {
        let steps = || cycle.iter().filter_map(of).map(|lane| lanes[lane]);
        let moves = steps().filter(|lane| lane.to.index() != root).count();
        (steps().all(|lane| lane.from.index() != root), moves)
    };
    let flow = circulation.flow(scopes);
    let mut quota: BTreeMap<(bool, usize), i64> = BTreeMap::new();
    for_each_cycle(circulation, flow.clone(), |cycle, amount| {
        *quota.entry(class(cycle)).or_default() += amount;
    });
    let mut left = i64::try_from(most).unwrap_or(i64::MAX);
    for (&(_, moves), cycles) in &mut quota {
        let moves = i64::try_from(moves).unwrap_or(i64::MAX);
        *cycles = left.checked_div(moves).map_or(*cycles, |few| few.min(*cycles));
        left -= *cycles * moves;
    }
    let mut taken = vec![0; lanes.len()];
    for_each_cycle(circulation, flow, |cycle, amount| {
        let quota = quota.entry(class(cycle)).or_default();
        let amount = amount.min(*quota);
        *quota -= amount;
        cycle.iter().filter_map(of).for_each(|lane| taken[lane] += amount);
    });
    taken
}

/// Shows the arcs of one cycle after another, and how often it runs.
fn for_each_cycle(
    circulation: &Circulation,
    mut flow: Vec<i64>,
    mut show: impl FnMut(&[usize], i64),
) {
    let Circulation { start, arcs, .. } = circulation;
    let mut next = start.clone();
    let mut place = vec![OFF; start.len() - 1];
    let mut path: Vec<usize> = Vec::new();
    for node in 0..place.len() {
        let mut at = node;
        // What comes to a node leaves it: the path ends where it began.
        while let Some(arc) = (next[at]..start[at + 1]).find(|&arc| flow[arc] > 0) {
            next[at] = arc;
            place[at] = path.len();
            path.push(arc);
            at = arcs[arc].to.index();
            if place[at] == OFF {
                continue;
            }
            let cycle = &path[place[at]..];
            let amount = cycle.iter().map(|&arc| flow[arc]).min().unwrap_or_default();
            for &arc in cycle {
                flow[arc] -= amount;
                place[arcs[arcs[arc].back as usize].to.index()] = OFF;
            }
            show(cycle, amount);
            let length = cycle.len();
            path.truncate(path.len() - length);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::circulation::tests::{PARENTS, are_allowed, lanes, scopes};
    use super::*;
    use crate::planner::flow::Node;

    const WIDE: Scope = Scope { parent: Some(Node::new(4)), rise: 9, fall: 9 };
    const ROOT: Scope = Scope { parent: None, rise: 0, fall: 0 };

    /// What is taken of lanes of four services below the root, 4.
    fn taken(lanes: &[(usize, usize, i64)], scopes: [Scope; 5], most: usize) -> Vec<i64> {
        let lane = |&(from, to, count): &(usize, usize, i64)| Lane {
            from: Node::new(from),
            to: Node::new(to),
            count,
            cost: 1,
        };
        let lanes: Vec<_> = lanes.iter().map(lane).collect();
        let mut circulation = Circulation::new(&scopes, &lanes);
        circulation.settle();
        cut(&circulation, &scopes, &lanes, most)
    }

    #[test]
    fn repairs_come_first_and_removals_are_free() {
        let lanes = [(0, 1, 3), (4, 2, 2), (3, 4, 4)];
        let scopes = [WIDE, WIDE, WIDE, WIDE, ROOT];
        assert_eq!(taken(&lanes, scopes, 0), [0, 0, 4]);
        assert_eq!(taken(&lanes, scopes, 1), [0, 1, 4]);
        assert_eq!(taken(&lanes, scopes, 3), [1, 2, 4]);
    }

    #[test]
    fn a_chain_is_taken_whole_or_not_at_all() {
        // Service 1 keeps its load, so that what comes from 0 goes on to 2.
        let exact = Scope { parent: Some(Node::new(4)), rise: 0, fall: 0 };
        let scopes = [WIDE, exact, WIDE, WIDE, ROOT];
        let lanes = [(0, 1, 3), (1, 2, 2), (3, 2, 1)];
        assert_eq!(taken(&lanes, scopes, 1), [0, 0, 1]);
        assert_eq!(taken(&lanes, scopes, 4), [1, 1, 1]);
        assert_eq!(taken(&lanes, scopes, 9), [2, 2, 1]);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(1024))]
        #[test]
        fn what_is_taken_is_a_part_of_the_circulation_that_is_allowed(
            (scopes, lanes) in (scopes(), lanes()),
            most in 0..9_usize,
        ) {
            let mut circulation = Circulation::new(&scopes, &lanes);
            circulation.settle();
            let all: Vec<_> = circulation.taken().collect();
            let taken = cut(&circulation, &scopes, &lanes, most);
            prop_assert!(are_allowed(&scopes, &lanes, &taken));
            prop_assert!(taken.iter().zip(&all).all(|(taken, all)| (0..=*all).contains(taken)));
            let moves = |taken: &[i64]| -> usize {
                let root = PARENTS.len() - 1;
                let moves = lanes.iter().zip(taken).filter(|(lane, _)| lane.to.index() != root);
                moves.map(|(_, taken)| usize::try_from(*taken).unwrap()).sum()
            };
            prop_assert!(moves(&taken) <= most);
            prop_assert!(moves(&all) > most || taken == all);
        }
    }
}
