//! A plan changes many bases at once.
//!
//! Changes come over the names of their plan. Each leaves its row in order. Names
//! that are new to the mapping go to the end of its names, and one sort at the end
//! restores the order of all.

use super::change::RawChange;
use super::{PrefixMapping, TABLE_LIMIT};
use crate::index::{LIMIT, Name, PlanName};

impl PrefixMapping {
    /// The mapping after some changes over `names`; `None` when one takes away
    /// what a base does not have, or the table has no room for what comes.
    pub(crate) fn edit(&self, names: &[Box<str>], changes: &[RawChange<PlanName>]) -> Option<Self> {
        let mut mapping = self.clone();
        mapping.digest.take();
        if mapping.names.len() + names.len() > LIMIT {
            mapping.keep_names(&mapping.used_names());
        }
        let known = mapping.names.len();
        let mut places: Vec<_> = names.iter().map(|name| mapping.name_of(name)).collect();
        for change in changes.iter().filter(|change| change.to.is_some()) {
            let place = &mut places[change.to.index()];
            if place.is_none() {
                *place = Some(Some(mapping.names.len()).filter(|&new| new < LIMIT).map(Name::new)?);
                mapping.names.push(names[change.to.index()].clone());
            }
        }
        for change in changes {
            let cell = |name: PlanName| {
                if name.is_none() { Some(Name::NONE) } else { places[name.index()] }
            };
            mapping.replace(usize::from(change.base), cell(change.from)?, cell(change.to)?)?;
        }
        if mapping.names.len() > known {
            mapping.sort();
        }
        if mapping.width > self.width || changes.iter().any(|change| change.to.is_none()) {
            mapping.narrow();
        }
        mapping.widest = None;
        Some(mapping)
    }

    /// Puts a name in the place of another, or of a hole; `None` when the base
    /// does not have it, or the table has no room.
    fn replace(&mut self, base: usize, from: Name, to: Name) -> Option<()> {
        let row = &mut self.table[base * self.width..][..self.width];
        if exchange(row, from, to) {
            return Some(());
        }
        if from.is_some() || self.width >= TABLE_LIMIT / self.num_bases() {
            return None;
        }
        let most = TABLE_LIMIT / self.num_bases();
        self.widen(usize::clamp(2 * self.width, 1, most));
        self.replace(base, from, to)
    }
}

/// Of at most so many cells, a look at each takes no longer than a search.
const FEW_CELLS: usize = 8;

/// Puts a name in the place of another in a row that ascends, holes last, and goes
/// on to; says whether the other was there.
fn exchange(row: &mut [Name], from: Name, to: Name) -> bool {
    if row.len() <= FEW_CELLS {
        let Some(mut at) = row.iter().position(|&cell| cell == from) else { return false };
        row[at] = to;
        while at + 1 < row.len() && row[at + 1] < to {
            row.swap(at, at + 1);
            at += 1;
        }
        while at > 0 && row[at - 1] > to {
            row.swap(at, at - 1);
            at -= 1;
        }
        return true;
    }
    let place_of = |row: &[Name], name: Name| row.partition_point(|&cell| cell < name);
    let old = place_of(row, from);
    if row.get(old) != Some(&from) {
        return false;
    }
    let new = place_of(row, to);
    if old < new {
        row.copy_within(old + 1..new, old);
        row[new - 1] = to;
    } else {
        row.copy_within(new..old, new + 1);
        row[new] = to;
    }
    true
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_row_stays_in_order_whatever_its_width(
            numbers in prop::collection::btree_set(0..40_usize, 1..20),
            holes in 0..3_usize,
            at in 0..20_usize,
            to in prop::option::of(0..40_usize),
        ) {
            let mut row: Vec<_> = numbers.iter().map(|&n| Name::new(n)).collect();
            row.extend(vec![Name::NONE; holes]);
            let (from, to) = (row[at % row.len()], to.map_or(Name::NONE, Name::new));
            let mut wanted = row.clone();
            wanted[at % row.len()] = to;
            wanted.sort_unstable();
            prop_assert!(exchange(&mut row, from, to));
            prop_assert_eq!(&row, &wanted);
            prop_assert!(!exchange(&mut row, Name::new(50), to));
            prop_assert_eq!(row, wanted);
        }
    }
}
