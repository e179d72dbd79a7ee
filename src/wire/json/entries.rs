//! What a document says of each prefix, and the mapping made of it.

use super::JsonError;
use crate::mapping::{HOLE, PrefixMapping, TABLE_LIMIT};
use crate::prefix::{Base, Digits, PREFIXES, Prefix};

/// The rows of a document: for each prefix the places of its services in a list
/// of names.
///
/// Cells stand in the order of the document and each prefix knows its part of
/// them: one array of thousands of addresses costs what it takes, not 65,536
/// times that, and the order of the keys makes no difference.
pub(super) struct Rows {
    cells: Vec<u16>,
    spans: Vec<Span>,
    open: u32,
}

/// A part of the cells; empty for a prefix without a row.
#[derive(Clone, Copy, Default)]
struct Span {
    start: u32,
    end: u32,
}

impl Span {
    const fn is_empty(self) -> bool {
        self.start == self.end
    }
}

impl Rows {
    pub(super) fn new() -> Self {
        let cells = Vec::with_capacity(3 * PREFIXES);
        Self { cells, spans: vec![Span::default(); PREFIXES], open: 0 }
    }

    /// Adds a service to the open row.
    #[inline]
    pub(super) fn push(&mut self, place: u16) {
        self.cells.push(place);
    }

    /// Makes the open row that of a prefix and opens the next. `None` when the
    /// prefix has a row already, or the row is empty.
    #[inline]
    pub(super) fn close(&mut self, prefix: Prefix) -> Option<()> {
        let span = Span { start: self.open, end: u32::try_from(self.cells.len()).ok()? };
        let known = self.spans.get_mut(usize::from(prefix.get()))?;
        if span.is_empty() || !known.is_empty() {
            return None;
        }
        *known = span;
        self.open = span.end;
        Some(())
    }

    /// Empties the open row.
    pub(super) fn clear(&mut self) {
        self.cells.truncate(self.open as usize);
    }

    fn cells_of(&self, span: Span) -> &[u16] {
        &self.cells[span.start as usize..span.end as usize]
    }

    /// The mapping of these rows over a list of names.
    ///
    /// # Errors
    ///
    /// [`JsonError::Siblings`] for the first base whose prefixes disagree,
    /// [`JsonError::TooManyReplicas`].
    pub(super) fn into_mapping(
        self,
        names: Vec<Box<str>>,
        digits: Digits,
    ) -> Result<PrefixMapping, JsonError> {
        let widths = self.spans.iter().map(|span| span.end - span.start);
        let width = widths.max().unwrap_or_default() as usize;
        if width > TABLE_LIMIT / digits.count() {
            return Err(JsonError::TooManyReplicas { replicas: width, digits });
        }
        if digits == Digits::MAX && self.is_table(width) {
            let mut table = self.cells;
            table.shrink_to_fit();
            return Ok(PrefixMapping::from_table(digits, names, width, table));
        }
        let mut table = vec![HOLE; digits.count() * width];
        let bases = digits.bases().zip(self.spans.chunks_exact(digits.siblings()));
        for ((base, spans), row) in bases.zip(table.chunks_exact_mut(width.max(1))) {
            for (cell, &place) in row.iter_mut().zip(self.agreed(base, spans)?) {
                *cell = place;
            }
        }
        Ok(PrefixMapping::from_table(digits, names, width, table))
    }

    /// Whether the cells are a row of that width, the largest, for each prefix
    /// in ascending order, as this library writes them.
    fn is_table(&self, width: usize) -> bool {
        let mut spans = self.spans.iter().enumerate();
        self.cells.len() == PREFIXES * width
            && spans.all(|(place, span)| span.start as usize == place * width)
    }

    /// The one row that the prefixes of a base have, in whatever order each of
    /// them gives it; empty when none has any.
    #[inline]
    fn agreed(&self, base: Base, spans: &[Span]) -> Result<&[u16], JsonError> {
        let Some(first) = spans.iter().position(|span| !span.is_empty()) else { return Ok(&[]) };
        let row = self.cells_of(spans[first]);
        let agrees = |&span: &Span| span.is_empty() || same_set(row, self.cells_of(span));
        match spans[first + 1..].iter().position(|span| !agrees(span)) {
            None => Ok(row),
            Some(more) => {
                let prefix = |place| base.prefixes().nth(place).unwrap_or(base.first_prefix());
                let (first, second) = (prefix(first), prefix(first + 1 + more));
                Err(JsonError::Siblings { base, first, second })
            }
        }
    }
}

/// Whether two rows without repeats hold the same places.
fn same_set(one: &[u16], other: &[u16]) -> bool {
    let sorted = |row: &[u16]| {
        let mut row = row.to_vec();
        row.sort_unstable();
        row
    };
    one == other || (one.len() == other.len() && sorted(one) == sorted(other))
}
