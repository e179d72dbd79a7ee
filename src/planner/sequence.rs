//! The order of the changes of one base, in which no step breaks a rule that
//! the base kept before.
//!
//! A base goes from the services it has, `S`, to those it is to have, `T`, which
//! keep the rules (or the rest of them, where a service is held). Where one comes
//! and one goes, that is the step. Else each service that comes takes the place of
//! one that goes, chosen so that the step breaks nothing:
//!
//! 1. one in its own group, if there is one: the two would be too close;
//! 2. else, in a unit that is full, one of that unit;
//! 3. else one that is unknown or unavailable;
//! 4. else none, if the base lacks replicas;
//! 5. else the first that goes.
//!
//! Such a one exists: `T` keeps one replica in the group and no more than the
//! cap in the unit, the newcomer among them, so what is there already is not
//! all in `T`. And it is enough: valid sets are the bases of a matroid (a
//! truncated laminar one), in which any element of `T` can be brought in against
//! one that is not in `T`, so that no choice runs into a dead end. What then
//! still goes is taken away last, when all that came are there; but of a base
//! that has fewer than it ought to, because a restriction left no place for
//! more, no unknown or unavailable replica is taken: it may be the last copy.
//! A service that stands twice loses its second entry first: no replica goes with
//! it.

use crate::mapping::HOLE;
use crate::mapping::change::RawChange;
use crate::planner::flow::Limits;

/// What puts the changes of bases in order, one base after another.
///
/// Services are places; those from `limits` on are unknown to the topology.
#[derive(Debug)]
pub(crate) struct Sequencer<'a> {
    limits: &'a Limits,
    replicas: usize,
    /// What the base has after the steps so far, in any order.
    held: Vec<u16>,
    /// What has still to go, ascending.
    going: Vec<u16>,
    /// What is to come, ascending.
    coming: Vec<u16>,
}

impl<'a> Sequencer<'a> {
    pub(crate) const fn new(limits: &'a Limits, replicas: usize) -> Self {
        Self { limits, replicas, held: Vec::new(), going: Vec::new(), coming: Vec::new() }
    }

    /// Adds the changes of a base from the services that it has to those that it
    /// wants.
    pub(crate) fn add(
        &mut self,
        base: u16,
        has: &[u16],
        wants: &[u16],
        is_sound: impl Fn(u16) -> bool,
        changes: &mut Vec<RawChange>,
    ) {
        let mut add = |from, to| changes.push(RawChange { base, from, to });
        self.start(has, wants);
        self.held.dedup_by(|a, b| {
            let is_repeated = a == b;
            if is_repeated {
                add(*a, HOLE);
            }
            is_repeated
        });
        if let ([from], [to]) = (&self.going[..], &self.coming[..])
            && self.held.len() == has.len()
        {
            return add(*from, *to);
        }
        for at in 0..self.coming.len() {
            let comes = self.coming[at];
            let goes = self.choose(comes, &is_sound).map(|at| self.going.remove(at));
            if let Some(goes) = goes {
                self.take_out(goes);
            }
            self.held.push(comes);
            add(goes.unwrap_or(HOLE), comes);
        }
        for at in 0..self.going.len() {
            let goes = self.going[at];
            if is_sound(goes) || self.held.len() > self.replicas {
                self.take_out(goes);
                add(goes, HOLE);
            }
        }
    }

    fn start(&mut self, has: &[u16], wants: &[u16]) {
        for list in [&mut self.held, &mut self.going, &mut self.coming] {
            list.clear();
        }
        self.held.extend(has);
        self.held.sort_unstable();
        self.going.extend(self.held.iter().filter(|service| !wants.contains(service)));
        self.going.dedup();
        self.coming.extend(wants.iter().filter(|service| !has.contains(service)));
        self.coming.sort_unstable();
    }

    fn take_out(&mut self, goes: u16) {
        let at = self.held.iter().position(|&service| service == goes);
        self.held.swap_remove(at.expect("what goes is held"));
    }

    /// Which of those that go makes room for one that comes.
    fn choose(&self, comes: u16, is_sound: impl Fn(u16) -> bool) -> Option<usize> {
        let group = |service: u16| self.limits.group.get(usize::from(service));
        let unit = |service: u16| self.limits.unit.get(usize::from(service));
        let first = |fits: &dyn Fn(u16) -> bool| self.going.iter().position(|&goes| fits(goes));
        let of_unit = || self.held.iter().filter(|&&held| unit(held) == unit(comes)).count();
        let cap = usize::from(self.limits.unit_cap);
        first(&|goes| group(goes) == group(comes))
            .or_else(|| {
                let is_full = self.held.len() >= cap && of_unit() >= cap;
                first(&|goes| is_full && unit(goes) == unit(comes))
            })
            .or_else(|| first(&|goes| !is_sound(goes)))
            .or_else(|| first(&|_| self.held.len() >= self.replicas))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The steps where each service has a group of its own, and these units.
    fn steps(
        has: &[u16],
        wants: &[u16],
        replicas: usize,
        (unit, unit_cap): (&[u16], u16),
        unsound: &[u16],
    ) -> Vec<(u16, u16)> {
        let group = (0..).take(unit.len()).collect();
        let open = vec![true; unit.len()];
        let limits = Limits { group, unit: unit.to_vec(), unit_cap, open };
        let (is_sound, mut changes) = (|service| !unsound.contains(&service), Vec::new());
        Sequencer::new(&limits, replicas).add(0, has, wants, is_sound, &mut changes);
        changes.into_iter().map(|change| (change.from, change.to)).collect()
    }

    const NO_UNITS: (&[u16], u16) = (&[0; 5], 9);

    #[test]
    fn a_service_that_stands_twice_loses_its_second_entry_first() {
        assert_eq!(steps(&[0, 1, 0], &[0, 2, 3], 3, NO_UNITS, &[]), [(0, HOLE), (HOLE, 2), (1, 3)]);
    }

    #[test]
    fn a_base_that_lacks_replicas_is_filled_before_a_sound_one_goes() {
        let wanted = [(0, 2), (HOLE, 3), (1, 4)];
        assert_eq!(steps(&[0, 1], &[2, 3, 4], 3, NO_UNITS, &[0]), wanted);
    }

    #[test]
    fn a_full_unit_gives_up_one_of_its_own() {
        let units: (&[u16], u16) = (&[1, 0, 0, 0, 1], 2);
        assert_eq!(steps(&[0, 1, 2], &[1, 3, 4], 3, units, &[]), [(2, 3), (0, 4)]);
    }

    #[test]
    fn an_unsound_replica_that_nothing_replaces_goes_only_when_it_is_one_too_many() {
        assert_eq!(steps(&[0, 1, 2], &[2], 2, NO_UNITS, &[0, 1]), [(0, HOLE)]);
        assert_eq!(steps(&[0, 1, 2], &[2], 2, NO_UNITS, &[1]), [(0, HOLE)]);
        assert_eq!(steps(&[0, 1, 2], &[2], 2, NO_UNITS, &[]), [(0, HOLE), (1, HOLE)]);
    }
}
