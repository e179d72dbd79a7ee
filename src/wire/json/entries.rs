//! A document says something of each prefix, and a mapping is made of that.
//!
//! A mapping has one row for each base, and a document has one for each of the
//! prefixes of a base. They have to name the same services, in whatever order.
//! They may name one of them differently, by its address here and by its service
//! id there: with a topology at hand names are resolved first, each once, and only
//! then are the rows of a base compared.

use super::JsonError;
use crate::index::Name;
use crate::mapping::{PrefixMapping, TABLE_LIMIT, merge};
use crate::prefix::{Base, Digits, PREFIXES, Prefix};
use crate::topology::Topology;

/// A document that was read: its names in the order in which they come, and its
/// entries over them.
pub(super) struct Document {
    pub(super) names: Vec<Box<str>>,
    pub(super) entries: Entries,
}

/// The entries of a document: for each prefix its services, by their numbers in
/// a list of names.
///
/// Cells stand in the order of the document and each prefix knows its part of
/// them: one array of thousands of addresses costs what it takes, not 65,536
/// times that, and the order of the keys makes no difference.
pub(super) struct Entries {
    cells: Vec<Name>,
    spans: Vec<Span>,
    open: u32,
}

/// A part of the cells; empty for a prefix without an entry.
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

impl Document {
    /// The mapping that the document is, its services named by their addresses
    /// where a topology is given and knows them.
    ///
    /// # Errors
    ///
    /// [`JsonError::Siblings`] for the first base whose prefixes disagree,
    /// [`JsonError::TooManyReplicas`].
    pub(super) fn into_mapping(
        mut self,
        digits: Digits,
        topology: Option<&Topology>,
    ) -> Result<PrefixMapping, JsonError> {
        if let Some(topology) = topology {
            self.resolve(topology);
        }
        let (width, table) = self.entries.into_table(digits)?;
        Ok(PrefixMapping::from_table(digits, self.names, width, table))
    }

    /// Names every service that a topology knows by its address.
    fn resolve(&mut self, topology: &Topology) {
        let mut has_ids = false;
        for name in &mut self.names {
            let Some(service) = topology.find(name) else { continue };
            let address = topology.services()[service.index()].address();
            if **name != *address {
                *name = address.into();
                has_ids = true;
            }
        }
        if has_ids {
            let (names, numbers) = merge(self.names.iter());
            self.names = names;
            for cell in &mut self.entries.cells {
                *cell = numbers[cell.index()];
            }
        }
    }
}

impl Entries {
    pub(super) fn new() -> Self {
        let cells = Vec::with_capacity(3 * PREFIXES);
        Self { cells, spans: vec![Span::default(); PREFIXES], open: 0 }
    }

    /// Adds a service to the open entry.
    #[inline]
    pub(super) fn push(&mut self, name: Name) {
        self.cells.push(name);
    }

    /// Makes the open entry that of a prefix and opens the next. `None` when the
    /// prefix has an entry already, or the open one is empty.
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

    /// Empties the open entry.
    pub(super) fn clear(&mut self) {
        self.cells.truncate(self.open as usize);
    }

    fn cells_of(&self, span: Span) -> &[Name] {
        &self.cells[span.start as usize..span.end as usize]
    }

    /// The table of the bases of these digits, and the width of its rows.
    ///
    /// # Errors
    ///
    /// [`JsonError::Siblings`] for the first base whose prefixes disagree,
    /// [`JsonError::TooManyReplicas`].
    fn into_table(self, digits: Digits) -> Result<(usize, Vec<Name>), JsonError> {
        let widths = self.spans.iter().map(|span| span.end - span.start);
        let width = widths.max().unwrap_or_default() as usize;
        if width > TABLE_LIMIT / digits.count() {
            return Err(JsonError::TooManyReplicas { replicas: width, digits });
        }
        if digits == Digits::MAX && self.is_table(width) {
            let mut table = self.cells;
            table.shrink_to_fit();
            return Ok((width, table));
        }
        let mut table = vec![Name::NONE; digits.count() * width];
        let bases = digits.bases().zip(self.spans.chunks_exact(digits.siblings()));
        for ((base, spans), row) in bases.zip(table.chunks_exact_mut(width.max(1))) {
            for (cell, &name) in row.iter_mut().zip(self.agreed(base, spans)?) {
                *cell = name;
            }
        }
        Ok((width, table))
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
    fn agreed(&self, base: Base, spans: &[Span]) -> Result<&[Name], JsonError> {
        let Some(first) = spans.iter().position(|span| !span.is_empty()) else { return Ok(&[]) };
        let row = self.cells_of(spans[first]);
        let agrees = |&span: &Span| span.is_empty() || same_set(row, self.cells_of(span));
        match spans[first + 1..].iter().position(|span| !agrees(span)) {
            None => Ok(row),
            Some(more) => {
                let prefix = |place| base.prefixes().nth(place).expect("a span for each prefix");
                let (first, second) = (prefix(first), prefix(first + 1 + more));
                Err(JsonError::Siblings { base, first, second })
            }
        }
    }
}

/// Whether two rows hold the same names, each as often.
fn same_set(one: &[Name], other: &[Name]) -> bool {
    let sorted = |row: &[Name]| {
        let mut row = row.to_vec();
        row.sort_unstable();
        row
    };
    one == other || (one.len() == other.len() && sorted(one) == sorted(other))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::service::Service;

    /// Two services, of which the first has the service id `id-a`.
    fn topology() -> Topology {
        let service = |name: &str| Service::new(name, format!("h.{name}").parse().unwrap());
        Topology::new(vec![service("a").with_id("id-a"), service("b")]).unwrap()
    }

    fn read(text: &str, digits: u8) -> Result<String, String> {
        let digits = Digits::try_from(digits).unwrap();
        let of_text = PrefixMapping::from_json_resolved(text, digits, &topology());
        let input = std::io::Cursor::new(text);
        let of_input = PrefixMapping::read_json_resolved(input, digits, &topology());
        let [text, input] =
            [of_text, of_input].map(|read| read.map(|it| it.to_json()).map_err(|e| e.to_string()));
        assert_eq!(text, input);
        text.map(|json| json.lines().nth(1).unwrap_or_default().to_owned())
    }

    #[test]
    fn siblings_that_name_one_service_differently_agree() {
        let text = r#"{"FF00":["id-a","b"],"FF01":["b","a"],"FFAA":["a","b"]}"#;
        assert!(PrefixMapping::from_json(text, Digits::try_from(2).unwrap()).is_err());
        assert_eq!(read(text, 2).unwrap(), r#""FF00":["a","b"],"#);
    }

    #[test]
    fn siblings_that_disagree_are_refused_whatever_they_are_called() {
        let text = r#"{"FF00":["id-a","x"],"FF01":["x","a"],"FF02":["a","b"]}"#;
        let refused = read(text, 2).unwrap_err();
        assert!(refused.starts_with("prefixes FF00 and FF02 of base \"FF\" disagree"), "{refused}");
        // A replica more under another name is another row.
        let text = r#"{"FF00":["id-a"],"FF01":["id-a","a"]}"#;
        assert!(read(text, 2).unwrap_err().starts_with("prefixes FF00 and FF01"));
    }

    #[test]
    fn a_document_in_which_something_is_unusual_is_resolved_as_well() {
        let text = r#"{"0000":["\u0069d-a","dead"],"0001":[],"0002":["dead","a"]}"#;
        assert_eq!(read(text, 0).unwrap(), r#""0000":["a","dead"],"#);
        assert!(read("{", 0).is_err());
    }

    #[test]
    fn reading_resolved_is_reading_and_resolving() {
        let text = r#"{"0000":["id-a","a"],"8000":["id-a","b","x"]}"#;
        let digits = Digits::try_from(1).unwrap();
        let plain = PrefixMapping::from_json(text, digits).unwrap();
        let resolved = PrefixMapping::from_json_resolved(text, digits, &topology()).unwrap();
        assert_eq!(resolved, plain.resolve(&topology()));
        assert!(resolved.names().eq(["a", "b", "x"]));
        let twice = resolved.services_of(digits.base(0).unwrap());
        assert!(twice.eq(["a", "a"]), "a check is to see a service under two names");
    }
}
