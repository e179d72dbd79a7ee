//! The bases in which nothing is wrong, or some replicas are lacking and nothing
//! else: nearly all of them, so that what each costs is most of a survey.

use super::Survey;
use crate::mapping::{HOLE, PrefixMapping};
use crate::planner::flow::Limits;

/// Lets bases of `replicas` keep all their own services, if those keep the rules
/// and are at least `least`. `place` has the place of each name whose replicas
/// may stay, and [`HOLE`] for the others. Returns the bases in which something is
/// wrong beyond that.
///
/// The usual widths have a loop each, in which nothing is left to be counted.
pub(super) fn keep_sound(
    survey: &mut Survey<'_>,
    mapping: &PrefixMapping,
    place: &[u16],
    limits: &Limits,
    replicas: usize,
    least: usize,
) -> Vec<u32> {
    let group = |place: u16| limits.group.get(usize::from(place)).copied().unwrap_or(HOLE);
    let names: Vec<_> = place.iter().map(|&place| OwnName::new(place, group(place))).collect();
    let table = mapping.table();
    let mut keeper = Keeper { survey, limits, replicas, least, others: Vec::new() };
    match mapping.width() {
        1 => keeper.keep_rows(table.as_chunks::<1>().0, &names),
        2 => keeper.keep_rows(table.as_chunks::<2>().0, &names),
        3 => keeper.keep_rows(table.as_chunks::<3>().0, &names),
        4 => keeper.keep_rows(table.as_chunks::<4>().0, &names),
        5 => keeper.keep_rows(table.as_chunks::<5>().0, &names),
        6 => keeper.keep_rows(table.as_chunks::<6>().0, &names),
        7 => keeper.keep_rows(table.as_chunks::<7>().0, &names),
        8 => keeper.keep_rows(table.as_chunks::<8>().0, &names),
        width => {
            let mut own = Vec::with_capacity(width);
            for (base, row) in (0..).zip(mapping.rows()) {
                own.clear();
                own.extend(row.iter().map(|&name| OwnName::of(name, &names)));
                keeper.keep(base, &own);
            }
        }
    }
    keeper.others
}

/// The place of a name whose replicas may stay, and above it its group: one
/// word, so that one comparison tells that there is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct OwnName(u32);

impl OwnName {
    /// Of a hole, and of a name whose replicas may not stay.
    const NONE: Self = Self(u32::MAX);

    fn new(place: u16, group: u16) -> Self {
        Self(u32::from(group) << 16 | u32::from(place))
    }

    #[inline]
    fn of(name: u16, names: &[Self]) -> Self {
        names.get(usize::from(name)).copied().unwrap_or(Self::NONE)
    }

    /// [`HOLE`] where there is none.
    #[inline]
    #[expect(clippy::cast_possible_truncation, reason = "the group is cut off")]
    const fn place(self) -> u16 {
        self.0 as u16
    }

    #[inline]
    const fn is_too_close(self, other: Self) -> bool {
        (self.0 ^ other.0) >> 16 == 0 && self.0 != u32::MAX
    }
}

/// What lets bases keep their own services.
#[derive(Debug)]
struct Keeper<'a, 'b> {
    survey: &'b mut Survey<'a>,
    limits: &'b Limits,
    replicas: usize,
    least: usize,
    /// The bases that may not.
    others: Vec<u32>,
}

impl Keeper<'_, '_> {
    #[inline(never)]
    fn keep_rows<const WIDTH: usize>(&mut self, table: &[[u16; WIDTH]], names: &[OwnName]) {
        let Survey { bases, short, loads, .. } = &mut *self.survey;
        let widths = [self.replicas, bases.width()];
        if widths != [WIDTH; 2] || usize::from(self.limits.unit_cap) < WIDTH {
            let row = |row: &[u16; WIDTH]| row.map(|name| OwnName::of(name, names));
            return (0..).zip(table).for_each(|(base, names)| self.keep(base, &row(names)));
        }
        let most = WIDTH - self.least;
        let loads = &mut loads[..];
        let rows = bases.rows_mut().as_chunks_mut::<WIDTH>().0;
        for (base, (names_here, row)) in table.iter().zip(rows).enumerate() {
            let own = names_here.map(|name| OwnName::of(name, names));
            let lacking = own.iter().filter(|own| **own == OwnName::NONE).count();
            if lacking > most || !are_apart(&own) {
                self.others.push(number_of(base));
                continue;
            }
            *row = own.map(OwnName::place);
            for place in *row {
                if let Some(load) = loads.get_mut(usize::from(place)) {
                    *load += 1;
                }
            }
            if lacking > 0 {
                let lacking = u16::try_from(lacking).expect("at most the replicas");
                short.push((number_of(base), lacking));
            }
        }
    }

    /// Lets a base keep what it has.
    fn keep(&mut self, base: u32, own: &[OwnName]) {
        let Survey { bases, short, loads, .. } = &mut *self.survey;
        let kept = own.iter().filter(|own| **own != OwnName::NONE).count();
        let row = bases.row_mut(base as usize);
        if kept < self.least || self.replicas < own.len() || !are_apart(own) {
            return self.others.push(base);
        }
        let lacking = self.replicas - kept;
        for (cell, own) in row.iter_mut().zip(own) {
            *cell = own.place();
        }
        if !self.limits.keeps_units(row) {
            row.fill(HOLE);
            return self.others.push(base);
        }
        for &place in row.iter().filter(|&&place| place != HOLE) {
            loads[usize::from(place)] += 1;
        }
        if lacking > 0 {
            short.push((base, u16::try_from(lacking).expect("at most the replicas")));
        }
    }
}

fn number_of(base: usize) -> u32 {
    u32::try_from(base).expect("at most 65,536 bases")
}

/// Whether the services that may stay are in groups of their own. Without a
/// branch for each: the answer is nearly always yes.
#[inline]
fn are_apart(own: &[OwnName]) -> bool {
    let mut is_apart = true;
    for (at, one) in own.iter().enumerate() {
        for other in &own[..at] {
            is_apart &= !one.is_too_close(*other);
        }
    }
    is_apart
}
