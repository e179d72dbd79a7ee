//! A mapping says which services hold each base.
//!
//! It is a table of numbers, a row for each base, over a list of names: 65,536
//! bases of three replicas take 384 KiB, and every operation is a pass over them.
//! This file has the table and its queries; how it changes is in files of their own.

mod assign;
pub(crate) mod change;
mod digest;
mod edit;
mod from_rows;
mod gathered;
mod iter;
mod known_names;
mod packed_name;
mod resolve;
mod rows;
mod width;

pub use assign::AssignError;
pub(crate) use digest::{digest_of_base, digest_of_digits, hash_of_name};
pub(crate) use gathered::GatheredRows;
pub use iter::{Rows, ServicesOf};
pub(crate) use known_names::KnownNames;
pub(crate) use packed_name::PackedName;
pub(crate) use resolve::{Alias, merge};
pub(crate) use rows::by_width;

use std::fmt;
use std::sync::OnceLock;

use crate::index::{Name, renumbered};
use crate::mapping::rows::{sort_rows, without_holes};
use crate::prefix::{Base, Digits};

/// The most replicas that a table has room for, holes included: 2^28, half a
/// gigabyte.
pub(crate) const TABLE_LIMIT: usize = 1 << 28;

/// Which services hold each base: a value, with no ties to a cluster.
///
/// Services are named as the mapping names them, by address or by service id;
/// a name need not be any topology's.
///
/// Invariants:
/// 1. `names` ascend, each once, none empty, at most
///    65,535 of them;
/// 2. `table` has `width` cells for each base; the names of a base come first,
///    ascending, then holes;
/// 3. a name stands twice in one base only after [`PrefixMapping::resolve`] found
///    a service under both its names;
/// 4. `digest`, once it is asked for, is that of the bases as they are;
/// 5. some base has `width` names, unless `width` is 0; `widest`, once it is asked
///    for, is how many bases do.
///
/// Two mappings are equal when they have the same digits and each base has the
/// same services. To compare them takes `O(b + r)`.
///
/// In memory it is 2 bytes for each base and each of the replicas that the base
/// with the most has, and the names.
///
/// # Examples
///
/// ```
/// use meta0::{Digits, PrefixMapping};
///
/// let mut mapping = PrefixMapping::new(Digits::try_from(1)?);
/// let base = mapping.digits().base(10).ok_or("no such base")?;
/// mapping.assign_services(base, ["10.0.0.2:6001", "10.0.0.1:6001"])?;
/// assert!(mapping.services_of(base).eq(["10.0.0.1:6001", "10.0.0.2:6001"]));
/// assert_eq!(mapping.missing_bases().count(), 15);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct PrefixMapping {
    digits: Digits,
    names: Vec<Box<str>>,
    width: usize,
    table: Vec<Name>,
    digest: OnceLock<u64>,
    widest: Option<usize>,
}

impl PrefixMapping {
    /// A mapping in which every base is missing. It allocates nothing.
    ///
    /// # Examples
    ///
    /// ```
    /// use meta0::{Digits, PrefixMapping};
    ///
    /// let mapping = PrefixMapping::new(Digits::MAX);
    /// assert_eq!((mapping.num_bases(), mapping.missing_bases().count()), (65_536, 65_536));
    /// ```
    #[must_use]
    pub const fn new(digits: Digits) -> Self {
        Self {
            digits,
            names: Vec::new(),
            width: 0,
            table: Vec::new(),
            digest: OnceLock::new(),
            widest: None,
        }
    }

    /// A mapping of a table over names in any order, each at most once; rows
    /// in any order, holes last.
    pub(crate) fn from_table(
        digits: Digits,
        names: Vec<Box<str>>,
        width: usize,
        table: Vec<Name>,
    ) -> Self {
        debug_assert_eq!(table.len(), digits.count() * width);
        let mut mapping =
            Self { digits, names, width, table, digest: OnceLock::new(), widest: None };
        mapping.sort();
        mapping
    }

    /// Restores invariants 1 and 2.
    fn sort(&mut self) {
        if self.names.is_sorted() {
            return sort_rows(&mut self.table, self.width, |cell| cell);
        }
        let mut order: Vec<_> = Name::all(self.names.len()).collect();
        order.sort_by(|a, b| self.names[a.index()].cmp(&self.names[b.index()]));
        let mut rank = vec![Name::NONE; order.len()];
        for (&name, place) in order.iter().zip(Name::all(order.len())) {
            rank[name.index()] = place;
        }
        self.names.sort();
        let rank_of = |cell: Name| renumbered(cell.index(), &rank, Name::NONE);
        sort_rows(&mut self.table, self.width, rank_of);
    }

    /// How many digits name a base.
    #[must_use]
    pub const fn digits(&self) -> Digits {
        self.digits
    }

    /// The number of bases, missing ones included: `16^digits`.
    #[must_use]
    pub const fn num_bases(&self) -> usize {
        self.digits.count()
    }

    /// Every name in the mapping, ascending. A name that no base has any more
    /// may still be among them.
    ///
    /// # Examples
    ///
    /// ```
    /// use meta0::{Digits, PrefixMapping};
    ///
    /// let digits = Digits::try_from(1)?;
    /// let mapping = PrefixMapping::from_rows(digits, digits.bases().zip([["b", "a"], ["c", "b"]]))?;
    /// assert!(mapping.names().eq(["a", "b", "c"]));
    /// assert_eq!(mapping.names().next_back(), Some("c"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn names(&self) -> impl DoubleEndedIterator<Item = &str> + ExactSizeIterator + Clone {
        self.names.iter().map(AsRef::as_ref)
    }

    /// The services of a base, ascending by name; none when the base is
    /// missing, or is no base of these digits.
    ///
    /// This takes `O(log r)` for `r` replicas.
    ///
    /// # Examples
    ///
    /// ```
    /// use meta0::{Base, Digits, PrefixMapping};
    ///
    /// let digits = Digits::try_from(1)?;
    /// let mapping = PrefixMapping::from_rows(digits, digits.bases().zip([["b", "a"], ["c", "b"]]))?;
    /// assert!(mapping.services_of(Base::parse("1", digits)?).eq(["b", "c"]));
    /// assert_eq!(mapping.services_of(Base::parse("2", digits)?).len(), 0);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn services_of(&self, base: Base) -> ServicesOf<'_> {
        let row = if base.digits() == self.digits { self.row(base.index()) } else { &[] };
        ServicesOf::new(&self.names, row)
    }

    /// The bases that a service holds, ascending, by the name that the mapping
    /// has for it.
    ///
    /// The mapping has no index by service: to look at all bases takes `O(b + r)` for
    /// `b` bases and `r` replicas. Where many services are asked for,
    /// [`PrefixMapping::iter`] looks at each base once.
    ///
    /// # Examples
    ///
    /// ```
    /// use meta0::{Digits, PrefixMapping};
    ///
    /// let digits = Digits::try_from(1)?;
    /// let mapping = PrefixMapping::from_rows(digits, digits.bases().zip([["b", "a"], ["c", "b"]]))?;
    /// let bases = mapping.managed_bases("b").map(|base| base.to_string());
    /// assert!(bases.eq(["0", "1"]));
    /// assert_eq!(mapping.managed_bases("nobody").count(), 0);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn managed_bases(&self, name: &str) -> impl DoubleEndedIterator<Item = Base> + Clone {
        let wanted = self.name_of(name);
        let holds = move |row: &[Name]| wanted.is_some_and(|wanted| row.contains(&wanted));
        self.digits.bases().filter(move |base| holds(self.row(base.index())))
    }

    /// How many bases each name holds, ascending by name.
    ///
    /// This takes `O(b + r + n)` for all bases, replicas and names.
    ///
    /// # Examples
    ///
    /// ```
    /// use meta0::{Digits, PrefixMapping};
    ///
    /// let digits = Digits::try_from(1)?;
    /// let mapping = PrefixMapping::from_rows(digits, digits.bases().zip([["b", "a"], ["c", "b"]]))?;
    /// assert!(mapping.count_bases_by_service().eq([("a", 1), ("b", 2), ("c", 1)]));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn count_bases_by_service(
        &self,
    ) -> impl DoubleEndedIterator<Item = (&str, usize)> + ExactSizeIterator + Clone {
        let mut counts = vec![0; self.names.len()];
        for row in self.rows() {
            for (place, &name) in row.iter().enumerate() {
                // A service under two names counts once.
                counts[name.index()] += usize::from(place == 0 || row[place - 1] != name);
            }
        }
        self.names.iter().map(AsRef::as_ref).zip(counts)
    }

    /// The bases that no service holds, ascending. To look at all takes `O(b)`.
    ///
    /// # Examples
    ///
    /// ```
    /// use meta0::{Digits, PrefixMapping};
    ///
    /// let mapping = PrefixMapping::from_json(r#"{"1000": ["a"]}"#, Digits::try_from(1)?)?;
    /// let missing = mapping.missing_bases().take(2).map(|base| base.to_string());
    /// assert!(missing.eq(["0", "2"]));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn missing_bases(&self) -> impl DoubleEndedIterator<Item = Base> + Clone {
        self.digits.bases().filter(|base| self.row(base.index()).is_empty())
    }

    pub(crate) fn has_name(&self, name: &str) -> bool {
        self.name_of(name).is_some()
    }

    /// The number of a name, if the mapping has it.
    pub(crate) fn name_of(&self, name: &str) -> Option<Name> {
        self.names.binary_search_by(|other| (**other).cmp(name)).ok().map(Name::new)
    }

    /// The name of a number.
    pub(crate) fn name(&self, name: Name) -> &str {
        &self.names[name.index()]
    }

    pub(crate) fn boxed_names(&self) -> &[Box<str>] {
        &self.names
    }

    /// The most replicas that any base has.
    pub(crate) const fn width(&self) -> usize {
        self.width
    }

    /// The rows of every base, one after another, each of [`Self::width`]
    /// cells.
    pub(crate) fn table(&self) -> &[Name] {
        &self.table
    }

    /// The names of a base, ascending.
    #[inline]
    pub(crate) fn row(&self, index: usize) -> &[Name] {
        without_holes(self.cells(index))
    }

    /// The cells of a base, holes last.
    #[inline]
    pub(crate) fn cells(&self, index: usize) -> &[Name] {
        &self.table[index * self.width..][..self.width]
    }

    /// The rows of every base, ascending.
    #[inline]
    pub(crate) fn rows(&self) -> impl Iterator<Item = &[Name]> + Clone {
        let empty = if self.width == 0 { self.num_bases() } else { 0 };
        let rows = self.table.chunks_exact(self.width.max(1)).map(without_holes);
        rows.chain(std::iter::repeat_n(&[][..], empty))
    }
}

impl PartialEq for PrefixMapping {
    fn eq(&self, other: &Self) -> bool {
        if self.digits != other.digits {
            return false;
        }
        if self.names == other.names {
            return self.rows().eq(other.rows());
        }
        self.digits.bases().all(|base| self.services_of(base).eq(other.services_of(base)))
    }
}

impl Eq for PrefixMapping {}

/// Says that a base has other digits than a mapping.
pub(crate) fn write_other_digits(
    f: &mut fmt::Formatter<'_>,
    base: Base,
    digits: Digits,
) -> fmt::Result {
    let (name, has) = (base.to_string(), base.digits());
    write!(f, "base {name:?} has {has} digits: the mapping has {digits}")
}

/// Says that a mapping has no room for so many replicas of each base.
pub(crate) fn write_too_many_replicas(
    f: &mut fmt::Formatter<'_>,
    replicas: usize,
    digits: Digits,
) -> fmt::Result {
    let room = TABLE_LIMIT / digits.count();
    write!(f, "{replicas} replicas are too many: a base of {digits} digits has room for {room}")
}
