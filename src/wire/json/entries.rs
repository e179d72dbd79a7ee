//! A document says something of each prefix, and a mapping is made of that.
//!
//! A mapping has one row for each base, and a document has one for each of the
//! prefixes of a base. They have to name the same services, in whatever order.
//! They may name one of them differently, by its address here and by its service
//! id there: with a topology at hand names are resolved first, each once, and only
//! then are the rows of a base compared.

use super::JsonError;
use crate::index::Name;
use crate::mapping::{GatheredRows, PrefixMapping, TABLE_LIMIT, merge};
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
pub(super) struct Entries {
    rows: GatheredRows,
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
            self.entries.rows.renumber(&numbers);
        }
    }
}

impl Entries {
    pub(super) fn new() -> Self {
        Self { rows: GatheredRows::new(PREFIXES) }
    }

    /// Adds a service to the open entry.
    #[inline]
    pub(super) fn push(&mut self, name: Name) {
        self.rows.push(name);
    }

    /// Makes the open entry that of a prefix and opens the next. `None` when the
    /// prefix has an entry already, or the open one is empty.
    #[inline]
    pub(super) fn close(&mut self, prefix: Prefix) -> Option<()> {
        self.rows.close(usize::from(prefix.get()))
    }

    /// Empties the open entry.
    pub(super) fn clear(&mut self) {
        self.rows.clear();
    }

    /// Whether a prefix has an entry.
    pub(super) fn has(&self, prefix: Prefix) -> bool {
        !self.of(prefix).is_empty()
    }

    fn of(&self, prefix: Prefix) -> &[Name] {
        self.rows.row(usize::from(prefix.get()))
    }

    /// The table of the bases of these digits, and the width of its rows.
    ///
    /// # Errors
    ///
    /// [`JsonError::Siblings`] for the first base whose prefixes disagree,
    /// [`JsonError::TooManyReplicas`].
    fn into_table(self, digits: Digits) -> Result<(usize, Vec<Name>), JsonError> {
        let width = self.rows.width();
        if width > TABLE_LIMIT / digits.count() {
            return Err(JsonError::TooManyReplicas { replicas: width, digits });
        }
        if digits == Digits::MAX {
            return Ok((width, self.rows.into_table(width)));
        }
        let mut table = vec![Name::NONE; digits.count() * width];
        for (base, row) in digits.bases().zip(table.chunks_exact_mut(width.max(1))) {
            for (cell, &name) in row.iter_mut().zip(self.agreed(base)?) {
                *cell = name;
            }
        }
        Ok((width, table))
    }

    /// The one row that the prefixes of a base have, in whatever order each of
    /// them gives it; empty when none has any.
    #[inline]
    fn agreed(&self, base: Base) -> Result<&[Name], JsonError> {
        let mut given = base.prefixes().filter(|&prefix| self.has(prefix));
        let Some(first) = given.next() else { return Ok(&[]) };
        let row = self.of(first);
        match given.find(|&prefix| !same_set(row, self.of(prefix))) {
            None => Ok(row),
            Some(second) => Err(JsonError::Siblings { base, first, second }),
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
