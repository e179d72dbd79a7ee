//! The bases in which nothing is wrong, or some replicas are lacking and nothing
//! else: nearly all of them, so that what each costs is most of a survey.

use super::Survey;
use crate::index::{Name, Place};
use crate::mapping::{PrefixMapping, by_width};
use crate::planner::limits::{Limits, Tier};

/// Lets each base keep all its own services, if they keep the rules and are no fewer
/// than `least`; those that then have fewer than `replicas` are short. `place` has
/// the place of each name whose replicas may stay, and none for the others. Returns
/// the other bases.
pub(super) fn keep_intact(
    survey: &mut Survey<'_>,
    mapping: &PrefixMapping,
    place: &[Place],
    limits: &Limits,
    replicas: usize,
    least: usize,
) -> Vec<u32> {
    let names: Vec<_> = place.iter().map(|&place| OwnName::new(place, limits)).collect();
    let widths = [mapping.width(), survey.bases.width()];
    let mut keeper = Keeper { survey, limits, replicas, least, others: Vec::new() };
    if widths == [replicas; 2] {
        by_width!(replicas, WIDTH => {
            let rows = mapping.table().as_chunks::<WIDTH>().0;
            if limits.wider().is_empty() {
                keeper.keep_rows::<WIDTH, false>(rows, &names);
            } else {
                keeper.keep_rows::<WIDTH, true>(rows, &names);
            }
            return keeper.others;
        }, else {});
    }
    let mut own = Vec::with_capacity(mapping.width());
    for (base, row) in mapping.rows().enumerate() {
        own.clear();
        own.extend(row.iter().map(|&name| OwnName::of(name, &names)));
        keeper.keep(base, &own);
    }
    keeper.others
}

/// The place of a name whose replicas may stay, and above it the domain that holds
/// one replica at most: one word, so that one comparison tells that there is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct OwnName(u32);

impl OwnName {
    /// Of a hole, and of a name whose replicas may not stay.
    const NONE: Self = Self(u32::MAX);

    fn new(place: Place, limits: &Limits) -> Self {
        let bits = |place: Place| u32::try_from(place.index()).expect("a place has 16 bits");
        let domain = limits.exclusive().domain(place);
        domain.map_or(Self::NONE, |domain| Self(bits(domain) << 16 | bits(place)))
    }

    #[inline]
    fn of(name: Name, names: &[Self]) -> Self {
        names.get(name.index()).copied().unwrap_or(Self::NONE)
    }

    #[inline]
    const fn place(self) -> Place {
        Place::from_low_bits(self.0)
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
    /// Lets the bases of a table keep what they have, whose rows are as wide as
    /// bases are to have replicas. `HAS_WIDER` says whether there is more than one
    /// tier of caps.
    #[inline(never)]
    fn keep_rows<const WIDTH: usize, const HAS_WIDER: bool>(
        &mut self,
        table: &[[Name; WIDTH]],
        names: &[OwnName],
    ) {
        let Survey { bases, short, loads, .. } = &mut *self.survey;
        let (most, wider) = (WIDTH - self.least, self.limits.wider());
        let loads = &mut loads[..];
        let rows = bases.rows_mut().as_chunks_mut::<WIDTH>().0;
        for (base, (names_here, row)) in table.iter().zip(rows).enumerate() {
            let own = names_here.map(|name| OwnName::of(name, names));
            let lacking = own.iter().filter(|own| **own == OwnName::NONE).count();
            if lacking > most
                || !are_apart(&own)
                || HAS_WIDER && !keep_caps(&own.map(OwnName::place), wider)
            {
                self.others.push(number_of(base));
                continue;
            }
            *row = own.map(OwnName::place);
            for place in *row {
                if let Some(load) = loads.get_mut(place.index()) {
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
    fn keep(&mut self, base: usize, own: &[OwnName]) {
        let Survey { bases, short, loads, .. } = &mut *self.survey;
        let kept = own.iter().filter(|own| **own != OwnName::NONE).count();
        let row = bases.row_mut(base);
        for (cell, own) in row.iter_mut().zip(own) {
            *cell = own.place();
        }
        let fits = kept >= self.least && self.replicas >= own.len();
        if !fits || !are_apart(own) || !keep_caps(row, self.limits.wider()) {
            row.fill(Place::NONE);
            return self.others.push(number_of(base));
        }
        for place in row.iter().filter(|place| place.is_some()) {
            loads[place.index()] += 1;
        }
        if let Some(lacking) = self.replicas.checked_sub(kept).filter(|&lacking| lacking > 0) {
            let lacking = u16::try_from(lacking).expect("at most the replicas");
            short.push((number_of(base), lacking));
        }
    }
}

fn number_of(base: usize) -> u32 {
    u32::try_from(base).expect("at most 65,536 bases")
}

/// Whether no two services are in one domain that holds one replica at most.
/// Without a branch for each: the answer is nearly always yes.
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

/// Whether no domain of some tiers has more of some services than its cap.
#[inline]
fn keep_caps(places: &[Place], tiers: &[Tier]) -> bool {
    let alike = |tier: &Tier, at: usize| {
        let domain = tier.domain(places[at]);
        let others = places[..at].iter().filter(|&&other| tier.domain(other) == domain);
        if domain.is_some() { others.count() } else { 0 }
    };
    tiers.iter().all(|tier| (tier.cap..places.len()).all(|at| alike(tier, at) < tier.cap))
}
