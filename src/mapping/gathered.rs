//! Rows are gathered as they come, and a table is made of them.
//!
//! Rows come in any order and are of any length. Their cells stand one after
//! another as they come, and each row knows its part of them: one row of thousands
//! of services costs what it takes, not 65,536 times that.

use super::TABLE_LIMIT;
use crate::index::Name;

/// Rows by their place, over names by their number.
#[derive(Debug)]
pub(crate) struct GatheredRows {
    cells: Vec<Name>,
    spans: Vec<Span>,
    open: u32,
}

/// A part of the cells: its start and its end.
type Span = [u32; 2];

/// The part of a row that nobody gave.
const ABSENT: Span = [0, 0];

fn len([start, end]: Span) -> u32 {
    end - start
}

impl GatheredRows {
    /// No rows yet, of as many as there may be.
    pub(crate) fn new(rows: usize) -> Self {
        let cells = Vec::with_capacity(3 * rows);
        Self { cells, spans: vec![ABSENT; rows], open: 0 }
    }

    /// Adds a name to the open row.
    #[inline]
    pub(crate) fn push(&mut self, name: Name) {
        self.cells.push(name);
    }

    /// Makes the open row that of a place and opens the next. `None` when the
    /// place has a row already, or the open one is empty.
    #[inline]
    pub(crate) fn close(&mut self, place: usize) -> Option<()> {
        let end = u32::try_from(self.cells.len()).ok()?;
        let known = self.spans.get_mut(place)?;
        if end == self.open || len(*known) > 0 {
            return None;
        }
        *known = [self.open, end];
        self.open = end;
        Some(())
    }

    /// How many names the open row has.
    #[inline]
    pub(crate) fn open_len(&self) -> usize {
        self.cells.len() - self.open as usize
    }

    /// Empties the open row.
    pub(crate) fn clear(&mut self) {
        self.cells.truncate(self.open as usize);
    }

    /// The row of a place, in the order in which its names came; empty where
    /// nobody gave one.
    #[inline]
    pub(crate) fn row(&self, place: usize) -> &[Name] {
        let [start, end] = self.spans[place];
        &self.cells[start as usize..end as usize]
    }

    /// The length of the longest row.
    pub(crate) fn width(&self) -> usize {
        self.spans.iter().map(|&span| len(span)).max().unwrap_or_default() as usize
    }

    /// Gives each name another number.
    pub(crate) fn renumber(&mut self, numbers: &[Name]) {
        for cell in &mut self.cells {
            *cell = numbers[cell.index()];
        }
    }

    /// The rows as a table of this width, the greatest, holes last.
    pub(crate) fn into_table(mut self, width: usize) -> Vec<Name> {
        debug_assert!(self.spans.len() * width <= TABLE_LIMIT);
        if self.is_table(width) {
            self.cells.shrink_to_fit();
            return self.cells;
        }
        let mut table = vec![Name::NONE; self.spans.len() * width];
        for (place, row) in table.chunks_exact_mut(width.max(1)).enumerate() {
            for (cell, &name) in row.iter_mut().zip(self.row(place)) {
                *cell = name;
            }
        }
        table
    }

    /// Whether the cells are a row of that width for each place, ascending.
    fn is_table(&self, width: usize) -> bool {
        let mut spans = self.spans.iter().enumerate();
        self.cells.len() == self.spans.len() * width
            && spans.all(|(place, [start, _])| *start as usize == place * width)
    }
}
