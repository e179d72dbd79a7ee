//! What changed from one mapping to another is a plan.
//!
//! # The problem
//!
//! Of each base, the replicas that both mappings have stay; those of the old
//! one alone go, and those of the new one alone come. As many as can be of
//! these are moves, from a service that goes to one that comes.
//!
//! # How
//!
//! Both mappings have their names, and each row, in ascending order, so the
//! names of the two are merged and the rows compared in one pass each: a row
//! read in the merged names ascends as well.
//!
//! # Complexity
//!
//! `O(replicas + names)`; the heap holds the names and the changes.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::error::Error;
use std::fmt;
use std::ops::Range;

use crate::index::{LIMIT, Name, PlanName, renumbered};
use crate::mapping::PrefixMapping;
use crate::mapping::change::RawChange;
use crate::plan::Plan;
use crate::prefix::Digits;

impl PrefixMapping {
    /// The plan that changes this mapping into another: the same replicas stay,
    /// and a base that loses one service and gains another has one move.
    ///
    /// The replicas that both mappings have stay. Of a base, the first service by name
    /// that goes is replaced by the first that comes, and so on; what is over is a
    /// replica from nowhere, or a removal. So no plan between the two mappings has fewer
    /// moves. But a diff knows no rules: it has no [goal](Plan::goal) and no proof, and
    /// between its waves a base may break a rule that it keeps before and after.
    ///
    /// Names are compared as they are: [`PrefixMapping::resolve`] both when
    /// they may name services by id.
    ///
    /// Takes `O(bases * replicas + names)`. Beside the plan this allocates at most 40 bytes for each change and 100
    /// for each service, and 4 KiB; a table more when one has wider rows than
    /// the other.
    ///
    /// # Errors
    ///
    /// [`DiffError`] when the two have different digits, or more names than a
    /// mapping may have.
    ///
    /// # Examples
    ///
    /// ```
    /// use meta0::{Digits, PrefixMapping};
    ///
    /// let mut old = PrefixMapping::new(Digits::try_from(1)?);
    /// let [first, second] = [0, 1].map(|base| old.digits().base(base).unwrap());
    /// old.assign_services(first, ["a", "b"])?;
    /// old.assign_services(second, ["a", "b", "c"])?;
    /// let mut new = old.clone();
    /// new.assign_services(first, ["b", "d"])?;
    /// new.assign_services(second, ["a", "b"])?;
    ///
    /// let plan = old.diff(&new)?;
    /// let changes: Vec<_> = plan.changes().map(|change| change.to_string()).collect();
    /// assert_eq!(changes, ["0000: a -> d", "1000: c -> -"]);
    /// assert_eq!(old.apply(&plan)?, new);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn diff(&self, other: &Self) -> Result<Plan, DiffError> {
        if self.digits() != other.digits() {
            return Err(DiffError::OtherDigits { old: self.digits(), new: other.digits() });
        }
        let names = merge_names(self.boxed_names(), other.boxed_names());
        if names.len() > LIMIT {
            return Err(DiffError::TooManyNames { count: names.len() });
        }
        let width = self.width().max(other.width());
        let [old, new] = [self, other].map(|mapping| Side {
            cells: mapping.widened(width),
            places: places(mapping.boxed_names(), &names),
        });
        let changes = compare(&old, &new, width);
        let names = names.into_iter().map(Box::from).collect();
        Ok(Plan::new(self, names, changes, super::Origin::Diff))
    }
}

/// One of the two mappings: its table, and where its names are among all.
#[derive(Debug)]
struct Side<'a> {
    cells: Cow<'a, [Name]>,
    places: Vec<PlanName>,
}

impl Side<'_> {
    /// The name in a cell, in the names of both; a hole stays one.
    #[inline]
    fn name(&self, cell: Name) -> PlanName {
        renumbered(cell.index(), &self.places, PlanName::NONE)
    }

    fn names(&self, row: Range<usize>) -> impl Iterator<Item = PlanName> {
        self.cells[row].iter().map(|&cell| self.name(cell))
    }
}

/// The names of two mappings, ascending, each once.
#[expect(clippy::stable_sort_primitive, reason = "it merges two runs in one pass")]
fn merge_names<'a>(old: &'a [Box<str>], new: &'a [Box<str>]) -> Vec<&'a str> {
    let mut names: Vec<&str> = old.iter().chain(new).map(AsRef::as_ref).collect();
    names.sort();
    names.dedup();
    names
}

/// Where each of some names is among all; both ascend.
fn places(some: &[Box<str>], all: &[&str]) -> Vec<PlanName> {
    let mut rest = all.iter().enumerate();
    let mut place = |name: &str| {
        let found = rest.find(|(_, other)| **other == name);
        found.expect("all has the names of both, in their order").0
    };
    some.iter().map(|name| PlanName::new(place(name))).collect()
}

/// The changes from one table to another, both of rows so wide.
fn compare(old: &Side<'_>, new: &Side<'_>, width: usize) -> Vec<RawChange<PlanName>> {
    let mut changes = Vec::new();
    let mut start = 0;
    while let Some(same) = common(old, new, start) {
        let index = (start + same) / width;
        let row = index * width..(index + 1) * width;
        start = row.end;
        let base = u16::try_from(index).expect("a table has up to 65,536 rows");
        compare_rows(base, old.names(row.clone()), new.names(row), &mut changes);
    }
    changes
}

/// How many cells from a place on are the same, if any is not. A loop of its
/// own, over the cells and not by row: it is where the time goes.
fn common(old: &Side<'_>, new: &Side<'_>, start: usize) -> Option<usize> {
    let mut cells = old.cells[start..].iter().zip(&new.cells[start..]);
    cells.position(|(&from, &to)| old.name(from) != new.name(to))
}

/// Adds the changes from one row to another. Both ascend, so the first that
/// goes is replaced by the first that comes; a replica that stands twice is
/// left over once where the other row has it once.
fn compare_rows(
    base: u16,
    mut from: impl Iterator<Item = PlanName>,
    mut to: impl Iterator<Item = PlanName>,
    changes: &mut Vec<RawChange<PlanName>>,
) {
    let (mut gone, mut come) = (changes.len(), changes.len());
    // Nobody is above every name.
    let mut next_old = || from.next().unwrap_or(PlanName::NONE);
    let mut next_new = || to.next().unwrap_or(PlanName::NONE);
    let (mut old, mut new) = (next_old(), next_new());
    while (old, new) != (PlanName::NONE, PlanName::NONE) {
        match old.cmp(&new) {
            Ordering::Equal => (old, new) = (next_old(), next_new()),
            Ordering::Less => {
                change_at(gone, base, changes).from = old;
                (gone, old) = (gone + 1, next_old());
            }
            Ordering::Greater => {
                change_at(come, base, changes).to = new;
                (come, new) = (come + 1, next_new());
            }
        }
    }
}

/// The change at a place, which is that of another change or the next one.
fn change_at(
    place: usize,
    base: u16,
    changes: &mut Vec<RawChange<PlanName>>,
) -> &mut RawChange<PlanName> {
    if place == changes.len() {
        changes.push(RawChange { base, from: PlanName::NONE, to: PlanName::NONE });
    }
    &mut changes[place]
}

/// Why there is no plan between two mappings.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum DiffError {
    /// They have different digits.
    OtherDigits {
        /// The digits of the old mapping.
        old: Digits,
        /// The digits of the new one.
        new: Digits,
    },
    /// Together they have more names than a mapping may have.
    TooManyNames {
        /// How many.
        count: usize,
    },
}

impl fmt::Display for DiffError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OtherDigits { old, new } => {
                write!(
                    f,
                    "the old mapping has {old} digits, the new one {new}: read both with the same"
                )
            }
            Self::TooManyNames { count } => {
                write!(f, "the two mappings name {count} services: at most {LIMIT} fit")
            }
        }
    }
}

impl Error for DiffError {}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every row of up to three of four names, ascending, repeats included.
    fn rows() -> Vec<Vec<usize>> {
        let mut rows = vec![Vec::new()];
        for shorter in 0.. {
            let Some(row) = rows.get(shorter).filter(|row: &&Vec<usize>| row.len() < 3) else {
                return rows;
            };
            let longer = (row.last().copied().unwrap_or(0)..4)
                .map(|name| row.iter().copied().chain([name]).collect());
            rows.extend(longer.collect::<Vec<_>>());
        }
        rows
    }

    fn left_over(row: &[usize], other: &[usize]) -> Vec<usize> {
        let mut other = other.to_vec();
        let mut left = row.to_vec();
        left.retain(|name| {
            let kept = other.iter().position(|kept| kept == name);
            kept.map(|place| other.swap_remove(place)).is_none()
        });
        left
    }

    #[test]
    fn changes_pair_what_is_left_over_of_both_rows() {
        let rows = rows();
        assert_eq!(rows.len(), 35);
        for (from, to) in rows.iter().flat_map(|from| rows.iter().map(move |to| (from, to))) {
            let mut changes = Vec::new();
            let name = |&name: &usize| PlanName::new(name);
            compare_rows(0, from.iter().map(name), to.iter().map(name), &mut changes);
            let (gone, come) = (left_over(from, to), left_over(to, from));
            let at = |left: &[usize], index: usize| left.get(index).map_or(PlanName::NONE, name);
            let change =
                |index| RawChange { base: 0, from: at(&gone, index), to: at(&come, index) };
            let wanted: Vec<_> = (0..gone.len().max(come.len())).map(change).collect();
            assert_eq!(changes, wanted, "{from:?} {to:?}");
        }
    }

    #[test]
    fn names_merge_in_order() {
        let [old, new] = [["a", "c"], ["b", "c"]].map(|names| names.map(Box::from));
        let names = merge_names(&old, &new);
        assert_eq!(names, ["a", "b", "c"]);
        let places = [&old, &new].map(|some| places(some, &names));
        assert_eq!(places, [[0, 2], [1, 2]].map(|places| places.map(PlanName::new)));
    }
}
