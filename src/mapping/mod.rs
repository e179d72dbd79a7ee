//! The mapping: which services hold each base.

mod assign;
pub(crate) mod change;
mod rows;

pub use assign::AssignError;
pub(crate) use rows::by_width;

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;

use crate::index::Name;
use crate::mapping::change::RawChange;
use crate::mapping::rows::{for_each_row, sort_rows, without_holes};
use crate::prefix::{Base, Digits};
use crate::service::ServiceIndex;
use crate::topology::Topology;

/// A cell of the table without a replica.
pub(crate) const HOLE: u16 = u16::MAX;

/// The most replicas that a table has room for, holes included: 2^28, half a
/// gigabyte.
pub(crate) const TABLE_LIMIT: usize = 1 << 28;

/// A name, and the address of the service that it stands for.
pub(crate) type Alias = (Box<str>, Box<str>);

/// Which services hold each base: a value, with no ties to a cluster.
///
/// Services are named as the mapping names them, by address or by service id;
/// a name need not be any topology's.
///
/// Invariants:
/// 1. `names` ascend, each once, none empty, at most
///    [`ServiceIndex::LIMIT`] of them;
/// 2. `table` has `width` cells for each base; the names of a base come first,
///    ascending, then holes;
/// 3. a name stands twice in one base only after [`PrefixMapping::resolve`] found
///    a service under both its names.
///
/// Two mappings are equal when they have the same digits and each base has the
/// same services.
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
    table: Vec<u16>,
}

impl PrefixMapping {
    /// A mapping in which every base is missing.
    #[must_use]
    pub const fn new(digits: Digits) -> Self {
        Self { digits, names: Vec::new(), width: 0, table: Vec::new() }
    }

    /// A mapping of a table over names in any order, each at most once; rows
    /// in any order, holes last.
    pub(crate) fn from_table(
        digits: Digits,
        names: Vec<Box<str>>,
        width: usize,
        table: Vec<u16>,
    ) -> Self {
        debug_assert_eq!(table.len(), digits.count() * width);
        let mut mapping = Self { digits, names, width, table };
        mapping.sort();
        mapping
    }

    /// Restores invariants 1 and 2.
    fn sort(&mut self) {
        if self.names.is_sorted() {
            return sort_rows(&mut self.table, self.width, |cell| cell);
        }
        let mut order: Vec<u16> =
            (0..self.names.len()).map(|i| ServiceIndex::new(i).get()).collect();
        order.sort_by(|a, b| self.names[usize::from(*a)].cmp(&self.names[usize::from(*b)]));
        let mut rank = vec![0; order.len()];
        for (place, &name) in order.iter().enumerate() {
            rank[usize::from(name)] = ServiceIndex::new(place).get();
        }
        self.names.sort();
        let rank_of = |cell: u16| rank.get(usize::from(cell)).copied().unwrap_or(HOLE);
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
    pub fn names(&self) -> impl ExactSizeIterator<Item = &str> + Clone {
        self.names.iter().map(AsRef::as_ref)
    }

    /// The services of a base, ascending by name; none when the base is
    /// missing, or is no base of these digits.
    #[must_use]
    pub fn services_of(&self, base: Base) -> impl ExactSizeIterator<Item = &str> + Clone {
        let row = if base.digits() == self.digits { self.row(base.index()) } else { &[] };
        row.iter().map(|&name| &*self.names[usize::from(name)])
    }

    /// The bases that a service holds, ascending, by the name that the mapping
    /// has for it.
    pub fn managed_bases(&self, name: &str) -> impl Iterator<Item = Base> + Clone {
        let wanted = self.place_of(name);
        let holds = move |row: &[u16]| wanted.is_some_and(|wanted| row.contains(&wanted));
        self.digits.bases().filter(move |base| holds(self.row(base.index())))
    }

    /// How many bases each name holds, ascending by name.
    pub fn count_prefixes_by_service(&self) -> impl ExactSizeIterator<Item = (&str, usize)> {
        let mut counts = vec![0; self.names.len()];
        for row in self.rows() {
            for (place, &name) in row.iter().enumerate() {
                // A service under two names counts once.
                counts[usize::from(name)] += usize::from(place == 0 || row[place - 1] != name);
            }
        }
        self.names.iter().map(AsRef::as_ref).zip(counts)
    }

    /// The bases that no service holds, ascending.
    pub fn missing_bases(&self) -> impl Iterator<Item = Base> + Clone {
        self.digits.bases().filter(|base| self.row(base.index()).is_empty())
    }

    /// Drops the cells that no row uses.
    fn narrow(&mut self) {
        let width = self.rows().map(<[u16]>::len).max().unwrap_or_default();
        let rows = self.table.chunks_exact(self.width.max(1));
        self.table = rows.flat_map(|row| &row[..width]).copied().collect();
        self.width = width;
    }

    fn widen(&mut self, width: usize) {
        if width > self.width {
            (self.table, self.width) = (self.widened(width).into_owned(), width);
        }
    }

    /// The table with rows of so many cells, if they are shorter.
    pub(crate) fn widened(&self, width: usize) -> Cow<'_, [u16]> {
        if width <= self.width {
            return Cow::Borrowed(&self.table);
        }
        let mut table = vec![HOLE; width * self.num_bases()];
        let old = self.table.chunks_exact(self.width.max(1));
        for (row, old) in table.chunks_exact_mut(width).zip(old) {
            row[..old.len()].copy_from_slice(old);
        }
        Cow::Owned(table)
    }

    /// The same mapping with every service that a topology knows named by its
    /// address. What is written to meta0 names addresses.
    ///
    /// A base that named one service by both its address and its id has that
    /// service twice, which a check counts as a duplicate.
    #[must_use]
    pub fn resolve(&self, topology: &Topology) -> Self {
        self.renamed(&self.aliases(topology)).into_owned()
    }

    /// The names that are not the address of the service they stand for, each
    /// with that address, ascending.
    pub(crate) fn aliases(&self, topology: &Topology) -> Vec<Alias> {
        let found = self.names().zip(topology.find_all(&self.names));
        let alias = |(name, service): (&str, Option<ServiceIndex>)| {
            let address = topology.services()[service?.index()].address();
            (address != name).then(|| (name.into(), address.into()))
        };
        found.filter_map(alias).collect()
    }

    /// The mapping with other names for some services.
    pub(crate) fn renamed(&self, aliases: &[Alias]) -> Cow<'_, Self> {
        if aliases.is_empty() {
            return Cow::Borrowed(self);
        }
        let mut names: Vec<Box<str>> = Vec::with_capacity(self.names.len());
        let mut place_of = HashMap::with_capacity(self.names.len());
        let mut renamed = Vec::with_capacity(self.names.len());
        for name in &self.names {
            let alias = aliases.binary_search_by(|(alias, _)| alias.cmp(name));
            let name = alias.map_or(name, |at| &aliases[at].1);
            renamed.push(*place_of.entry(name).or_insert_with(|| {
                names.push(name.clone());
                ServiceIndex::new(names.len() - 1).get()
            }));
        }
        let rename = |&cell: &u16| if cell == HOLE { HOLE } else { renamed[usize::from(cell)] };
        let table = self.table.iter().map(rename).collect();
        Cow::Owned(Self::from_table(self.digits, names, self.width, table))
    }

    /// A number that tells mappings apart: the same for equal mappings, on any
    /// machine, whatever the order they were read in.
    #[must_use]
    pub fn digest(&self) -> u64 {
        let mut digest = digest_of_digits(self.digits);
        self.for_each_sum(|base, sum| digest = digest.wrapping_add(digest_of_base(base, sum)));
        digest
    }

    /// Calls `visit` with the sum of the hashes of the names of each base,
    /// ascending by base.
    #[inline]
    pub(crate) fn for_each_sum(&self, mut visit: impl FnMut(usize, u64)) {
        let hashes: Vec<_> = self.names.iter().map(|name| hash_of_name(name)).collect();
        let hash = |&cell: &u16| hashes.get(usize::from(cell)).copied().unwrap_or_default();
        for_each_row(&self.table, self.width, self.num_bases(), |base, cells| {
            visit(base, cells.iter().map(hash).fold(0, u64::wrapping_add));
        });
    }

    /// The mapping after some changes over `names`; `None` when one takes away
    /// what a base does not have.
    pub(crate) fn edit(&self, names: &[Box<str>], changes: &[RawChange]) -> Option<Self> {
        let mut mapping = self.clone();
        if mapping.names.len() + names.len() > ServiceIndex::LIMIT {
            mapping.keep_names(&mapping.used_names());
        }
        let mut places: Vec<_> = names.iter().map(|name| mapping.place_of(name)).collect();
        for change in changes.iter().filter(|change| change.to != HOLE) {
            let place = &mut places[usize::from(change.to)];
            if place.is_none() {
                *place = Some(u16::try_from(mapping.names.len()).ok().filter(|&new| new != HOLE)?);
                mapping.names.push(names[usize::from(change.to)].clone());
            }
        }
        for change in changes {
            let cell = |name: u16| match name {
                HOLE => Some(HOLE),
                name => places[usize::from(name)],
            };
            mapping.replace(usize::from(change.base), cell(change.from)?, cell(change.to)?)?;
        }
        mapping.sort();
        if mapping.width > self.width {
            mapping.narrow();
        }
        Some(mapping)
    }

    /// Puts a name in the place of another, or of a hole; `None` when the base
    /// does not have it. The row is then in no order.
    fn replace(&mut self, base: usize, from: u16, to: u16) -> Option<()> {
        let row = base * self.width..(base + 1) * self.width;
        let found = self.table[row.clone()].iter().position(|&cell| cell == from);
        if let Some(place) = found {
            self.table[row.start + place] = to;
            return Some(());
        }
        if from != HOLE {
            return None;
        }
        let width = self.width;
        self.widen(usize::max(2 * width, 1));
        self.table[base * self.width + width] = to;
        Some(())
    }

    pub(crate) fn has_name(&self, name: &str) -> bool {
        self.place_of(name).is_some()
    }

    fn place_of(&self, name: &str) -> Option<u16> {
        let place = self.names.binary_search_by(|other| (**other).cmp(name)).ok()?;
        Some(ServiceIndex::new(place).get())
    }

    /// The place of a name among [`PrefixMapping::names`].
    pub(crate) fn name_of(&self, name: &str) -> Option<Name> {
        self.place_of(name).map(|place| Name::new(place.into()))
    }

    /// The name at a place.
    pub(crate) fn name(&self, name: Name) -> &str {
        &self.names[name.index()]
    }

    pub(crate) fn boxed_names(&self) -> &[Box<str>] {
        &self.names
    }

    /// The most replicas that any base has had.
    pub(crate) const fn width(&self) -> usize {
        self.width
    }

    /// The rows of every base, one after another, each of [`Self::width`]
    /// cells.
    pub(crate) fn table(&self) -> &[u16] {
        &self.table
    }

    /// The services of a base as places in `names`, ascending.
    #[inline]
    pub(crate) fn row(&self, index: usize) -> &[u16] {
        without_holes(self.cells(index))
    }

    /// The cells of a base, holes last.
    #[inline]
    pub(crate) fn cells(&self, index: usize) -> &[u16] {
        &self.table[index * self.width..][..self.width]
    }

    /// The rows of every base, ascending.
    #[inline]
    pub(crate) fn rows(&self) -> impl Iterator<Item = &[u16]> + Clone {
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

/// FNV-1a, then mixed: a few bits of difference reach all 64.
pub(crate) fn hash_of_name(name: &str) -> u64 {
    let fnv = name.bytes().fold(0xCBF2_9CE4_8422_2325, |hash: u64, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3)
    });
    mix(fnv)
}

pub(crate) fn digest_of_digits(digits: Digits) -> u64 {
    mix(u64::from(digits.get()) + 1)
}

/// What one base adds to the digest: its index and the sum of the hashes of its
/// names, so that the order of its replicas makes no difference. A missing base
/// adds nothing.
#[inline]
pub(crate) fn digest_of_base(index: usize, names: u64) -> u64 {
    // An odd multiple of the index tells bases apart.
    let index = (index as u64 + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    if names == 0 { 0 } else { mix(names.wrapping_add(index)) }
}

/// The finalizer of `SplitMix64` (Steele, Lea and Flood 2014): a bijection.
#[inline]
const fn mix(mut bits: u64) -> u64 {
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    bits ^ (bits >> 31)
}

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
