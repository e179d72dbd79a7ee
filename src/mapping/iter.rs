//! A mapping gives its bases one after another, each with its services.

use std::fmt;
use std::iter::FusedIterator;
use std::ops::Range;

use super::PrefixMapping;
use crate::index::Name;
use crate::prefix::Base;

impl PrefixMapping {
    /// Every base, ascending, with its services, which ascend as well. A missing
    /// base has none.
    ///
    /// A step takes `O(log r)`, where `r` is the number of replicas of the base.
    ///
    /// # Examples
    ///
    /// ```
    /// use meta0::{Digits, PrefixMapping};
    ///
    /// let mapping = PrefixMapping::from_json(r#"{"A000": ["b", "a"]}"#, Digits::MAX)?;
    /// let (base, services) = mapping.iter().find(|(_, services)| services.len() > 0).unwrap();
    /// assert_eq!(base.to_string(), "A000");
    /// assert!(services.eq(["a", "b"]));
    /// assert_eq!(mapping.iter().len(), mapping.num_bases());
    /// # Ok::<(), meta0::JsonError>(())
    /// ```
    #[must_use]
    pub fn iter(&self) -> Rows<'_> {
        Rows { mapping: self, bases: 0..self.num_bases() }
    }
}

impl<'a> IntoIterator for &'a PrefixMapping {
    type Item = (Base, ServicesOf<'a>);
    type IntoIter = Rows<'a>;

    fn into_iter(self) -> Rows<'a> {
        self.iter()
    }
}

/// The bases of a mapping with their services; made by [`PrefixMapping::iter`], which
/// has an example.
#[derive(Debug, Clone)]
pub struct Rows<'a> {
    mapping: &'a PrefixMapping,
    bases: Range<usize>,
}

impl<'a> Rows<'a> {
    fn row(&self, index: usize) -> Option<(Base, ServicesOf<'a>)> {
        let base = self.mapping.digits().base(index)?;
        Some((base, self.mapping.services_of(base)))
    }
}

impl<'a> Iterator for Rows<'a> {
    type Item = (Base, ServicesOf<'a>);

    fn next(&mut self) -> Option<Self::Item> {
        let index = self.bases.next()?;
        self.row(index)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.bases.size_hint()
    }

    fn nth(&mut self, n: usize) -> Option<Self::Item> {
        let index = self.bases.nth(n)?;
        self.row(index)
    }
}

impl DoubleEndedIterator for Rows<'_> {
    fn next_back(&mut self) -> Option<Self::Item> {
        let index = self.bases.next_back()?;
        self.row(index)
    }
}

impl ExactSizeIterator for Rows<'_> {}
impl FusedIterator for Rows<'_> {}

/// The services of a base, ascending by name; made by
/// [`PrefixMapping::services_of`]. [`PrefixMapping::iter`] has an example.
#[derive(Clone)]
pub struct ServicesOf<'a> {
    names: &'a [Box<str>],
    row: std::slice::Iter<'a, Name>,
}

impl<'a> ServicesOf<'a> {
    pub(super) fn new(names: &'a [Box<str>], row: &'a [Name]) -> Self {
        Self { names, row: row.iter() }
    }

    fn name(&self, name: Name) -> &'a str {
        &self.names[name.index()]
    }
}

impl<'a> Iterator for ServicesOf<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        let &name = self.row.next()?;
        Some(self.name(name))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.row.size_hint()
    }

    fn nth(&mut self, n: usize) -> Option<&'a str> {
        let &name = self.row.nth(n)?;
        Some(self.name(name))
    }
}

impl DoubleEndedIterator for ServicesOf<'_> {
    fn next_back(&mut self) -> Option<Self::Item> {
        let &name = self.row.next_back()?;
        Some(self.name(name))
    }
}

impl ExactSizeIterator for ServicesOf<'_> {}
impl FusedIterator for ServicesOf<'_> {}

impl fmt::Debug for ServicesOf<'_> {
    /// As a list of what is still to come.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.clone()).finish()
    }
}
