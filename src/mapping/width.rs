//! A table is as wide as its widest row.
//!
//! One base with many services makes all rows wide, which costs memory and each pass
//! over the table its time. When that base has fewer again, the table gets
//! narrow again.

use std::borrow::Cow;

use super::PrefixMapping;
use crate::index::Name;

impl PrefixMapping {
    /// Narrows the table when the last of its widest rows has got shorter. How many
    /// there are is counted when it first matters and kept from then on, since
    /// looking for one each time would make a row at a time quadratic.
    pub(super) fn fit_width(&mut self, before: usize, after: usize) {
        if before == after {
            return;
        }
        let is_widest = |len: usize| usize::from(len == self.width);
        match &mut self.widest {
            Some(widest) => *widest = *widest + is_widest(after) - is_widest(before),
            None if before == self.width => {
                self.widest = Some(self.rows().map(|row| is_widest(row.len())).sum());
            }
            None => {}
        }
        if self.widest == Some(0) {
            self.narrow();
        }
    }

    /// Drops the cells that no row uses.
    pub(super) fn narrow(&mut self) {
        let old = self.width;
        if self.rows().any(|row| row.len() == old) {
            return;
        }
        let new = self.rows().map(<[Name]>::len).max().unwrap_or_default();
        for base in 0..self.num_bases() {
            for cell in 0..new {
                self.table[base * new + cell] = self.table[base * old + cell];
            }
        }
        self.table.truncate(self.num_bases() * new);
        self.table.shrink_to_fit();
        (self.width, self.widest) = (new, None);
    }

    /// Makes room for rows of `width` names. No row has as many yet.
    pub(super) fn widen(&mut self, width: usize) {
        if width > self.width {
            (self.table, self.width) = (self.widened(width).into_owned(), width);
            self.widest = Some(0);
        }
    }

    /// The table with rows of `width` cells or more.
    pub(crate) fn widened(&self, width: usize) -> Cow<'_, [Name]> {
        if width <= self.width {
            return Cow::Borrowed(&self.table);
        }
        let mut table = vec![Name::NONE; width * self.num_bases()];
        let old = self.table.chunks_exact(self.width.max(1));
        for (row, old) in table.chunks_exact_mut(width).zip(old) {
            row[..old.len()].copy_from_slice(old);
        }
        Cow::Owned(table)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::prefix::Digits;

    /// Rows by base, of which some are wide and many are as wide as others.
    fn rows() -> impl Strategy<Value = Vec<(usize, usize)>> {
        prop::collection::vec((0..16_usize, prop_oneof![0..4_usize, 0..12_usize]), 1..60)
    }

    fn names(count: usize) -> impl Iterator<Item = String> {
        (0..count).map(|name| format!("s{name:02}"))
    }

    fn widest_row(mapping: &PrefixMapping) -> usize {
        mapping.rows().map(<[Name]>::len).max().unwrap_or_default()
    }

    proptest! {
        #[test]
        fn a_table_is_as_wide_as_its_widest_row(rows in rows()) {
            let mut mapping = PrefixMapping::new(Digits::new(1).unwrap());
            for (base, count) in rows {
                let base = mapping.digits().base(base).unwrap();
                let before = mapping.clone();
                mapping.assign_services(base, names(count)).unwrap();
                prop_assert_eq!(mapping.width(), widest_row(&mapping));
                prop_assert_eq!(mapping.table.capacity(), mapping.table.len());
                let fresh = PrefixMapping::from_rows(mapping.digits(), &mapping).unwrap();
                prop_assert_eq!(fresh.digest(), mapping.digest());
                prop_assert_eq!(&fresh, &mapping);
                // A plan there and back leads to tables of the same widths.
                let plan = before.diff(&mapping).unwrap();
                prop_assert_eq!(before.apply(&plan).unwrap().width(), mapping.width());
                prop_assert_eq!(mapping.apply(&plan.inverse()).unwrap().width(), before.width());
            }
        }
    }

    #[test]
    fn all_rows_of_a_large_table_get_shorter_one_by_one() {
        for is_ascending in [true, false] {
            let digits = Digits::MAX;
            let rows = digits.bases().map(|base| (base, ["a", "b", "c", "d"]));
            let mut mapping = PrefixMapping::from_rows(digits, rows).unwrap();
            for base in digits.bases() {
                let last = digits.count() - 1 - base.index();
                let base = if is_ascending { base } else { digits.base(last).unwrap() };
                assert_eq!(mapping.width(), 4);
                mapping.assign_services(base, ["a", "d"]).unwrap();
            }
            assert_eq!(mapping.width(), 2);
        }
    }
}
