//! The place with the least key, outside some intervals of places.
//!
//! A tournament tree (Knuth, volume 3, 5.4.1) over the places: each inner node has
//! the better of its two parts. `O(log(places))` to set a key, and as much for
//! each interval that a question leaves.

use crate::index::Place;

/// How good a place is: by its key, then by its rank. The least is the best.
type Entry = (i64, u16, Place);

/// Of a place that takes no part: after all others.
const NONE: Entry = (i64::MAX, u16::MAX, Place::NONE);

/// Keys of places.
#[derive(Debug)]
pub(super) struct Tournament {
    /// Node `n` has the parts `2 * n` and `2 * n + 1`; the places follow the
    /// inner nodes.
    nodes: Vec<Entry>,
    /// The rank of each place.
    ranks: Vec<u16>,
}

impl Tournament {
    /// Of so many places without a key. Of two with the same key, the one that
    /// stands first in `order` is the better.
    pub(super) fn new(places: usize, order: &[Place]) -> Self {
        let mut ranks = vec![u16::MAX; places];
        for (rank, &place) in (0..=u16::MAX).zip(order) {
            ranks[place.index()] = rank;
        }
        Self { nodes: vec![NONE; 2 * places], ranks }
    }

    pub(super) fn set(&mut self, place: Place, key: i64) {
        let places = self.ranks.len();
        let mut node = places + place.index();
        self.nodes[node] = (key, self.ranks[place.index()], place);
        while node > 1 {
            self.nodes[node / 2] = self.nodes[node].min(self.nodes[node ^ 1]);
            node /= 2;
        }
    }

    /// The best place outside some intervals, which ascend by where they begin.
    pub(super) fn least_outside(&self, blocked: &[(Place, u16)]) -> Option<Place> {
        let (mut best, mut start) = (NONE, 0);
        for &(first, end) in blocked {
            best = best.min(self.least(start, first.index()));
            start = start.max(usize::from(end));
        }
        best = best.min(self.least(start, self.ranks.len()));
        (best != NONE).then_some(best.2)
    }

    /// The best of the places from `start` to before `end`.
    fn least(&self, start: usize, end: usize) -> Entry {
        let places = self.ranks.len();
        let (mut left, mut right, mut best) = (start + places, end + places, NONE);
        while left < right {
            if left % 2 == 1 {
                best = best.min(self.nodes[left]);
                left += 1;
            }
            if right % 2 == 1 {
                right -= 1;
                best = best.min(self.nodes[right]);
            }
            (left, right) = (left / 2, right / 2);
        }
        best
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn it_finds_what_a_scan_finds(
            keys in prop::collection::vec(prop::option::of(0..4_i64), 1..40),
            sets in prop::collection::vec((0..40_usize, 0..4_i64), 0..10),
            mut blocked in prop::collection::vec((0..40_u16, 0..8_u16), 0..5),
        ) {
            let (mut keys, places) = (keys.clone(), keys.len());
            let order: Vec<Place> = Place::all(places).rev().collect();
            let mut tournament = Tournament::new(places, &order);
            let sets = sets.into_iter().filter(|(place, _)| *place < places);
            let first = keys.clone().into_iter().enumerate().filter_map(|(p, key)| Some((p, key?)));
            for (place, key) in first.chain(sets) {
                keys[place] = Some(key);
                tournament.set(Place::new(place), key);
            }
            let within = |place: u16| place.min(u16::try_from(places).unwrap());
            for (first, end) in &mut blocked {
                (*first, *end) = (within(*first), within(*first + *end));
            }
            blocked.sort_unstable();
            let is_free = |place: &Place| {
                blocked.iter().all(|(a, b)| !(*a..*b).contains(&u16::try_from(place.index()).unwrap()))
            };
            let open = order.iter().copied().filter(is_free);
            let scan = open.filter_map(|place| Some((keys[place.index()]?, place)));
            let best = scan.min_by_key(|(key, _)| *key).map(|(_, place)| place);
            let blocked: Vec<_> = blocked.iter()
                .map(|&(first, end)| (Place::from_low_bits(first.into()), end)).collect();
            prop_assert_eq!(tournament.least_outside(&blocked), best);
        }
    }
}
