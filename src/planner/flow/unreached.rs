//! Services that the search has still to find, by layer and potential, with whole
//! domains passed over in one step.

use super::layer::Layer;
use crate::index::Place;
use crate::planner::limits::{Blocked, Limits};

/// What services are told apart by: the layer that they are to be found in, and
/// their potential.
pub(super) type Key = (Layer, i64);

/// Services sorted by key, then by location; those taken out are passed over
/// by path-compressed jumps, so that a search over all costs
/// `O(n * log*(n))` beside its hits. A blocked domain is a run of services within
/// a key, whose end is found in a time logarithmic in its length.
#[derive(Debug, Default)]
pub(super) struct Unreached {
    order: Vec<Place>,
    position: Vec<u32>,
    next: Vec<u32>,
    /// Where the services of each key are in `order`, ascending by key.
    ranges: Vec<(Key, u32, u32)>,
    sorting: Vec<(Key, Place)>,
    /// The ranges that were asked for last, of an even potential and of an odd one:
    /// mostly they are asked for again, as what the bases of a service ask for
    /// differs by 1.
    last: [Option<(Key, (u32, u32))>; 2],
    /// How many services were taken out since the last filling.
    removed: u32,
}

impl Unreached {
    /// Sorts the open services that have a key.
    pub(super) fn fill(&mut self, limits: &Limits, key: impl Fn(Place) -> Option<Key>) {
        self.sorting.clear();
        self.sorting.extend(limits.open().filter_map(|place| Some((key(place)?, place))));
        self.sorting.sort_unstable();
        self.order.clear();
        self.order.extend(self.sorting.iter().map(|&(_, place)| place));
        self.position.resize(limits.places(), u32::MAX);
        self.ranges.clear();
        self.last = [None; 2];
        self.removed = 0;
        let count = u32::try_from(self.sorting.len()).expect("at most 65,535 places");
        self.next.clear();
        self.next.extend(0..=count);
        for (index, &(key, place)) in (0..).zip(&self.sorting) {
            self.position[place.index()] = index;
            match self.ranges.last_mut() {
                Some(range) if range.0 == key => range.2 = index + 1,
                _ => self.ranges.push((key, index, index + 1)),
            }
        }
    }

    /// Takes a service out.
    pub(super) fn remove(&mut self, place: Place) {
        let at = self.position[place.index()];
        if self.order.get(at as usize) == Some(&place) {
            self.next[at as usize] = at + 1;
            self.removed += 1;
        }
    }

    /// How many services were taken out since the last filling.
    pub(super) const fn removed(&self) -> u32 {
        self.removed
    }

    fn find(&mut self, mut at: u32) -> u32 {
        while self.next[at as usize] != at {
            let beyond = self.next[self.next[at as usize] as usize];
            self.next[at as usize] = beyond;
            at = beyond;
        }
        at
    }

    /// Where the services of a key are in `order`; nowhere when there is none.
    #[inline]
    fn range(&mut self, key: Key) -> (u32, u32) {
        match self.last[slot(key)] {
            Some((last, range)) if last == key => range,
            _ => self.find_range(key),
        }
    }

    fn find_range(&mut self, key: Key) -> (u32, u32) {
        let found = self.ranges.binary_search_by(|range| range.0.cmp(&key));
        let range = found.map_or((0, 0), |index| (self.ranges[index].1, self.ranges[index].2));
        self.last[slot(key)] = Some((key, range));
        range
    }

    /// Whether a key has a service left.
    #[inline]
    pub(super) fn has(&mut self, key: Key) -> bool {
        let (start, end) = self.range(key);
        self.find(start) < end
    }

    /// Whether a layer has a service left whose potential is no more than 1 from
    /// a value: all that the bases of a service at that potential can lead to.
    pub(super) fn has_near(&mut self, layer: Layer, potential: i64) -> bool {
        (potential - 1..=potential + 1).any(|potential| self.has((layer, potential)))
    }

    /// The largest potential below a value that a service of a layer has, whether
    /// or not it is left.
    pub(super) fn next_below(&self, layer: Layer, value: i64) -> Option<i64> {
        let below = self.ranges.partition_point(|&(key, ..)| key < (layer, value));
        let key = self.ranges[below.checked_sub(1)?].0;
        (key.0 == layer).then_some(key.1)
    }

    /// A service left with a key that is in no blocked domain. The search starts
    /// somewhere among those of the key that `spread` says, so that many bases
    /// find many services.
    pub(super) fn pick(&mut self, key: Key, blocked: &Blocked, spread: usize) -> Option<Place> {
        let (start, end) = self.range(key);
        let hash = (spread as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 32;
        let middle = start + ((hash * u64::from(end - start)) >> 32) as u32;
        self.pick_within(middle, end, blocked).or_else(|| self.pick_within(start, middle, blocked))
    }

    fn pick_within(&mut self, start: u32, end: u32, blocked: &Blocked) -> Option<Place> {
        let mut at = self.find(start);
        while at < end {
            let place = self.order[at as usize];
            let Some(blocked_end) = blocked.around(place) else { return Some(place) };
            let beyond = self.beyond(at, end, blocked_end);
            at = self.find(beyond);
        }
        None
    }

    /// The first position after one, up to an end, whose place is not before
    /// another: by steps that double, then by halves.
    fn beyond(&self, at: u32, end: u32, place: u16) -> u32 {
        let order = &self.order[at as usize..end as usize];
        let is_before = |&other: &Place| other.index() < usize::from(place);
        let mut step = 1;
        while order.get(step).is_some_and(is_before) {
            step *= 2;
        }
        let (low, high) = (step / 2, order.len().min(step));
        let found = low + order[low..high].partition_point(is_before);
        at + u32::try_from(found).expect("at most 65,535 places")
    }
}

/// Where the range of a key is kept: by whether its potential is odd.
#[inline]
fn slot((_, potential): Key) -> usize {
    usize::from(potential & 1 == 1)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::location::Level;
    use crate::rules::Rules;
    use crate::service::Service;
    use crate::topology::Topology;

    const PLACES: usize = 24;

    fn limits() -> Limits {
        let service = |n: usize| {
            let location = format!("s{}.r{}.h{}.v{}", n / 12, n / 6 % 2, n / 2 % 3, n % 2);
            Service::new(format!("a{n:02}"), location.parse().unwrap())
        };
        let topology = Topology::new((0..PLACES).map(service)).unwrap();
        let rules = Rules::new(5).unwrap().min_dist("2".parse().unwrap());
        Limits::new(&topology, rules.at_most(Level::Rack, 2).unwrap(), vec![true; PLACES])
    }

    proptest! {
        #[test]
        fn a_pick_is_left_and_not_blocked_and_there_is_one_if_there_can_be(
            potentials in prop::collection::vec(0..3_i64, PLACES),
            removed in prop::collection::vec(0..PLACES, 0..PLACES),
            held in prop::collection::btree_set(0..PLACES, 0..5),
            spread in any::<usize>(),
        ) {
            let limits = limits();
            let mut unreached = Unreached::default();
            unreached.fill(&limits, |place| Some((Layer::NONE, potentials[place.index()])));
            for &place in &removed {
                unreached.remove(Place::new(place));
            }
            let mut blocked = Blocked::default();
            blocked.fill(held.iter().map(|&place| Place::new(place)), &limits);
            for potential in 0..3 {
                let fits = |place: Place| {
                    potentials[place.index()] == potential
                        && !removed.contains(&place.index())
                        && blocked.lets(place)
                };
                let picked = unreached.pick((Layer::NONE, potential), &blocked, spread);
                prop_assert_eq!(picked.is_some(), Place::all(PLACES).any(fits));
                prop_assert!(picked.is_none_or(fits));
            }
        }
    }
}
