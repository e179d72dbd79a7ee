//! A loop over the rows of a table takes less where it knows how wide they are.
//!
//! A mapping is a table with a row of `width` cells for each base, and nearly
//! everything that is done to one visits all 65,536 rows. Where the width is a
//! constant, the loop over the cells of a row is unrolled, and a row is sorted
//! without a branch. A width is the number of replicas, mostly, and that is a
//! small number: [`by_width`] turns the usual ones into constants. It is the one
//! list of them.

use crate::index::Name;

/// Evaluates an expression in which the width is a constant; for a width that is
/// none of the usual ones, 1 to 8, another expression.
///
/// ```ignore
/// by_width!(width, WIDTH => visit_rows::<WIDTH>(table), else visit_any_rows(table))
/// ```
macro_rules! by_width {
    ($width:expr, $WIDTH:ident => $usual:expr, else $other:expr) => {
        by_width!(@usual [1 2 3 4 5 6 7 8] $width, $WIDTH => $usual, $other)
    };
    (@usual [$($each:literal)*] $width:expr, $WIDTH:ident => $usual:expr, $other:expr) => {
        match $width {
            $($each => {
                const $WIDTH: usize = $each;
                $usual
            })*
            _ => $other,
        }
    };
}

pub(crate) use by_width;

/// A row up to its first hole: holes stand last.
#[inline]
pub(super) fn without_holes(row: &[Name]) -> &[Name] {
    match row.last() {
        Some(last) if last.is_none() => &row[..row.partition_point(|cell| cell.is_some())],
        _ => row,
    }
}

/// Renames the cells of each row and sorts them.
pub(super) fn sort_rows(table: &mut [Name], width: usize, rename: impl Fn(Name) -> Name) {
    by_width!(width, WIDTH => sort_each::<WIDTH>(table, rename), else {
        for row in table.chunks_exact_mut(width.max(1)) {
            for cell in &mut *row {
                *cell = rename(*cell);
            }
            row.sort_unstable();
        }
    });
}

/// Without a branch on what is in the cells: which of two is smaller is anyone's
/// guess, and a wrong one costs more than the whole row.
fn sort_each<const WIDTH: usize>(table: &mut [Name], rename: impl Fn(Name) -> Name) {
    for row in table.as_chunks_mut::<WIDTH>().0 {
        let mut sorted = row.map(&rename);
        for last in (1..WIDTH).rev() {
            for at in 0..last {
                (sorted[at], sorted[at + 1]) =
                    (sorted[at].min(sorted[at + 1]), sorted[at].max(sorted[at + 1]));
            }
        }
        *row = sorted;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(numbers: impl Iterator<Item = usize>) -> Vec<Name> {
        numbers.map(Name::new).collect()
    }

    #[test]
    fn rows_of_every_width_are_renamed_and_sorted() {
        for width in 0..12 {
            let cells = 5 * width;
            let reversed = |cell: Name| Name::new(500 - cell.index());
            let mut table = names((0..cells).map(|cell| cell * 7 % cells));
            let mut wanted = table.clone();
            for row in wanted.chunks_exact_mut(width.max(1)) {
                for cell in &mut *row {
                    *cell = reversed(*cell);
                }
                row.sort_unstable();
            }
            sort_rows(&mut table, width, reversed);
            assert_eq!(table, wanted, "{width}");
        }
    }
}
