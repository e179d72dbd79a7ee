//! Services that the search has still to find, by key, with whole groups and
//! units passed over in one step.

use super::Place;
use super::bases::{Blocked, Limits};

/// A cell: the services of one level and one potential.
pub(super) type Key = (u32, i64);

/// Services sorted by cell, then by location; those taken out are passed over
/// by path-compressed jumps, so that a search over all costs
/// `O(n * log*(n))` beside its hits.
#[derive(Debug, Default)]
pub(super) struct Cells {
    order: Vec<Place>,
    position: Vec<u32>,
    next: Vec<u32>,
    after_group: Vec<u32>,
    after_unit: Vec<u32>,
    /// Where each cell is in `order`, ascending by key.
    ranges: Vec<(Key, u32, u32)>,
}

impl Cells {
    /// Sorts the services that have a key.
    pub(super) fn fill(
        &mut self,
        limits: &Limits,
        key: impl Fn(usize) -> Option<Key>,
        scratch: &mut Vec<(Key, Place)>,
    ) {
        scratch.clear();
        let services = 0..limits.group.len();
        #[expect(clippy::cast_possible_truncation, reason = "places are below 65,535")]
        scratch.extend(services.filter_map(|s| Some((key(s)?, s as Place))));
        scratch.sort_unstable();
        self.order.clear();
        self.order.extend(scratch.iter().map(|&(_, service)| service));
        self.position.resize(limits.group.len(), super::NONE);
        self.ranges.clear();
        let count = u32::try_from(scratch.len()).expect("places are below 65,535");
        self.next.clear();
        self.next.extend(0..=count);
        self.after_group.resize(scratch.len(), 0);
        self.after_unit.resize(scratch.len(), 0);
        for index in (0..count).rev() {
            let at = index as usize;
            let (key, service) = scratch[at];
            self.position[usize::from(service)] = index;
            let same = |part: &[u16]| {
                scratch.get(at + 1).is_some_and(|&(later, other)| {
                    later == key && part[usize::from(other)] == part[usize::from(service)]
                })
            };
            self.after_group[at] =
                if same(&limits.group) { self.after_group[at + 1] } else { index + 1 };
            self.after_unit[at] =
                if same(&limits.unit) { self.after_unit[at + 1] } else { index + 1 };
            match self.ranges.last_mut() {
                Some(cell) if cell.0 == key => cell.1 = index,
                _ => self.ranges.push((key, index, index + 1)),
            }
        }
        self.ranges.reverse();
    }

    /// Takes a service out.
    pub(super) fn remove(&mut self, service: Place) {
        let at = self.position[usize::from(service)];
        if self.order.get(at as usize) == Some(&service) {
            self.next[at as usize] = at + 1;
        }
    }

    fn find(&mut self, mut at: u32) -> u32 {
        while self.next[at as usize] != at {
            let beyond = self.next[self.next[at as usize] as usize];
            self.next[at as usize] = beyond;
            at = beyond;
        }
        at
    }

    fn range(&self, key: Key) -> Option<(u32, u32)> {
        let index = self.ranges.binary_search_by(|cell| cell.0.cmp(&key)).ok()?;
        Some((self.ranges[index].1, self.ranges[index].2))
    }

    /// Whether a cell has a service left.
    pub(super) fn has(&mut self, key: Key) -> bool {
        self.range(key).is_some_and(|(start, end)| self.find(start) < end)
    }

    /// Whether a cell of a level has a service left whose potential is no more
    /// than 1 from a value: all that the bases of a service at that potential
    /// can lead to.
    pub(super) fn has_near(&mut self, level: u32, potential: i64) -> bool {
        (potential - 1..=potential + 1).any(|potential| self.has((level, potential)))
    }

    /// The largest potential below a value that a cell of level 0 has.
    pub(super) fn next_below(&self, value: i64) -> Option<i64> {
        let below = self.ranges.partition_point(|&((_, potential), ..)| potential < value);
        Some(self.ranges[below.checked_sub(1)?].0.1)
    }

    /// A service left in a cell whose group is not blocked and whose unit is
    /// not full. The search starts somewhere in the cell that `spread` says,
    /// so that many bases find many services.
    pub(super) fn pick(
        &mut self,
        key: Key,
        blocked: &Blocked,
        limits: &Limits,
        spread: usize,
    ) -> Option<Place> {
        let (start, end) = self.range(key)?;
        let hash = (spread as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 32;
        let middle = start + ((hash * u64::from(end - start)) >> 32) as u32;
        self.pick_within(middle, end, blocked, limits)
            .or_else(|| self.pick_within(start, middle, blocked, limits))
    }

    fn pick_within(
        &mut self,
        start: u32,
        end: u32,
        blocked: &Blocked,
        limits: &Limits,
    ) -> Option<Place> {
        let mut at = self.find(start);
        while at < end {
            let service = self.order[at as usize];
            let place = usize::from(service);
            if blocked.units.contains(&limits.unit[place]) {
                at = self.find(self.after_unit[at as usize]);
            } else if blocked.groups.contains(&limits.group[place]) {
                at = self.find(self.after_group[at as usize]);
            } else {
                return Some(service);
            }
        }
        None
    }
}
