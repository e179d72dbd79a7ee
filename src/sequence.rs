//! The order of the changes of one base, in which no step breaks a rule that
//! the base kept before.
//!
//! A base goes from the services it has, `S`, to those it is to have, `T`, which
//! keep the rules (or the rest of them, where a service is held). Each service
//! that comes takes the place of one that goes, chosen so that the step breaks
//! nothing:
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
//! A service that
//! stands twice loses its second entry first: no replica goes with it.

use crate::flow::Limits;
use crate::mapping::HOLE;

/// The services that a base has, as places; places from `limits` on are those
/// that the topology does not know.
pub(crate) fn sequence(
    has: &[u16],
    wants: &[u16],
    replicas: usize,
    limits: &Limits,
    is_sound: impl Fn(u16) -> bool,
) -> Vec<(u16, u16)> {
    let mut steps = Vec::new();
    let mut held: Vec<u16> = has.to_vec();
    held.sort_unstable();
    held.dedup_by(|a, b| {
        let is_repeated = a == b;
        if is_repeated {
            steps.push((*a, HOLE));
        }
        is_repeated
    });
    let mut going: Vec<u16> = held.iter().copied().filter(|s| !wants.contains(s)).collect();
    for &comes in wants.iter().filter(|s| !has.contains(s)) {
        let goes = choose(comes, &going, &held, replicas, limits, &is_sound);
        if let Some(goes) = goes {
            going.retain(|&service| service != goes);
            held.retain(|&service| service != goes);
        }
        held.push(comes);
        steps.push((goes.unwrap_or(HOLE), comes));
    }
    for goes in going {
        if is_sound(goes) || held.len() > replicas {
            held.retain(|&service| service != goes);
            steps.push((goes, HOLE));
        }
    }
    steps
}

fn choose(
    comes: u16,
    going: &[u16],
    held: &[u16],
    replicas: usize,
    limits: &Limits,
    is_sound: impl Fn(u16) -> bool,
) -> Option<u16> {
    let group = |service: u16| limits.group.get(usize::from(service));
    let unit = |service: u16| limits.unit.get(usize::from(service));
    let first = |fits: &dyn Fn(u16) -> bool| going.iter().copied().find(|&service| fits(service));
    let in_unit = held.iter().filter(|&&service| unit(service) == unit(comes)).count();
    first(&|service| group(service) == group(comes))
        .or_else(|| {
            let full = in_unit >= usize::from(limits.unit_cap);
            first(&|service| full && unit(service) == unit(comes))
        })
        .or_else(|| first(&|service| !is_sound(service)))
        .or_else(|| first(&|_| held.len() >= replicas))
}
