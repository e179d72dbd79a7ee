//! A caller hands over a whole mapping, base by base.
//!
//! Names are told apart as the reader of the wire format does it, and rows are
//! gathered in any order, so that a mapping in memory becomes one in less time
//! than its document would take. One base after another by `assign_services` would
//! renumber the table for each name that comes new.

use super::known_names::Declined;
use super::{AssignError, GatheredRows, KnownNames, PackedName, PrefixMapping, TABLE_LIMIT};
use crate::index::{LIMIT, Name};
use crate::prefix::{Base, Digits};

impl PrefixMapping {
    /// A mapping of bases, in any order, each with the names of its services.
    /// Bases that are not among them, and those with no names, are missing.
    ///
    /// There is no `FromIterator`, which could be told no digits, and no `Extend`,
    /// which could refuse nothing: see [`PrefixMapping::try_extend`].
    ///
    /// This takes `O(b + r + n log n)` for `b` bases, `r` replicas and `n` names,
    /// which is less than to read the same mapping as JSON. Beside the mapping it
    /// allocates at most 4 bytes for each replica, 9 for each base and about 100 for
    /// each name.
    ///
    /// # Errors
    ///
    /// [`AssignError`], at the first row that has what no mapping may have: a base of
    /// other digits, or one that came before; a name that is empty, or is the
    /// second of its kind in the row; more names or replicas than there is room for.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::collections::BTreeMap;
    ///
    /// use meta0::{Base, Digits, PrefixMapping};
    ///
    /// let digits = Digits::try_from(1)?;
    /// let rows = BTreeMap::from([("B", vec!["s2", "s1"]), ("0", vec!["s1", "s3"])]);
    /// let bases = rows.iter().map(|(base, names)| Ok((Base::parse(base, digits)?, names)));
    /// let bases: Vec<_> = bases.collect::<Result<_, meta0::PrefixError>>()?;
    /// let mapping = PrefixMapping::from_rows(digits, bases)?;
    /// assert!(mapping.names().eq(["s1", "s2", "s3"]));
    /// assert_eq!(mapping.missing_bases().count(), 14);
    /// assert_eq!(PrefixMapping::from_rows(digits, &mapping)?, mapping);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn from_rows<N>(
        digits: Digits,
        rows: impl IntoIterator<Item = (Base, N)>,
    ) -> Result<Self, AssignError>
    where
        N: IntoIterator<Item: AsRef<str>>,
    {
        let mut gathering = Gathering::new(digits);
        gathering.take_all(rows)?;
        Ok(gathering.into_mapping())
    }

    /// Makes some services, and no others, hold each of some bases; the other
    /// bases keep theirs. It is what `Extend` would do, if it could fail.
    ///
    /// This takes `O(b + r + n log n)` for all bases, replicas and names that there
    /// are then, however many of the bases change. Of a few bases,
    /// [`PrefixMapping::assign_services`] takes less.
    ///
    /// # Errors
    ///
    /// Those of [`PrefixMapping::from_rows`]. The mapping is then as it was.
    ///
    /// # Examples
    ///
    /// ```
    /// use meta0::{Digits, PrefixMapping};
    ///
    /// let digits = Digits::try_from(1)?;
    /// let mut mapping = PrefixMapping::from_rows(digits, digits.bases().zip([["a", "b"]; 16]))?;
    /// mapping.try_extend(digits.bases().rev().zip([["c", "a"]; 2]))?;
    /// assert!(mapping.managed_bases("c").eq(digits.bases().skip(14)));
    /// assert!(mapping.managed_bases("b").eq(digits.bases().take(14)));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn try_extend<N>(
        &mut self,
        rows: impl IntoIterator<Item = (Base, N)>,
    ) -> Result<(), AssignError>
    where
        N: IntoIterator<Item: AsRef<str>>,
    {
        let mut gathering = Gathering::new(self.digits);
        gathering.take_all(rows)?;
        gathering.keep_rest_of(self)?;
        *self = gathering.into_mapping();
        Ok(())
    }
}

/// The rows of a mapping that is being made.
struct Gathering {
    digits: Digits,
    names: KnownNames,
    rows: GatheredRows,
    /// Of each base, whether its row came.
    came: Vec<bool>,
}

impl Gathering {
    fn new(digits: Digits) -> Self {
        Self {
            digits,
            names: KnownNames::new(),
            rows: GatheredRows::new(digits.count()),
            came: vec![false; digits.count()],
        }
    }

    fn take_all<N>(&mut self, rows: impl IntoIterator<Item = (Base, N)>) -> Result<(), AssignError>
    where
        N: IntoIterator<Item: AsRef<str>>,
    {
        for (row, (base, names)) in (0_u32..).zip(rows) {
            self.open(base)?;
            for name in names {
                self.take_name(base, row, name.as_ref())?;
            }
            self.close(base)?;
        }
        Ok(())
    }

    /// Says that the row of a base comes.
    #[inline]
    fn open(&mut self, base: Base) -> Result<(), AssignError> {
        if base.digits() != self.digits {
            return Err(AssignError::OtherDigits { base, digits: self.digits });
        }
        if std::mem::replace(&mut self.came[base.index()], true) {
            return Err(AssignError::RepeatedBase { base });
        }
        Ok(())
    }

    #[inline]
    fn take_name(&mut self, base: Base, row: u32, name: &str) -> Result<(), AssignError> {
        let packed = PackedName::of_short(name);
        let place = match self.names.find(packed, row) {
            Some(place) => place,
            None => self.search(packed, base, row, name)?,
        };
        self.rows.push(place);
        Ok(())
    }

    #[inline(never)]
    fn search(
        &mut self,
        packed: PackedName,
        base: Base,
        row: u32,
        name: &str,
    ) -> Result<Name, AssignError> {
        if name.is_empty() {
            return Err(AssignError::EmptyName { base });
        }
        let place = self.names.search(packed, name.as_bytes(), row, |_| Some(name));
        place.map_err(|declined| match declined {
            Declined::NoRoom => self.too_large(LIMIT + 1, 1),
            _ => AssignError::Repeated { base, name: name.to_owned() },
        })
    }

    /// The refusal of a row that is too long, or would be with some names more.
    fn too_large(&self, names: usize, more: usize) -> AssignError {
        AssignError::TooLarge { names, replicas: self.rows.open_len() + more }
    }

    #[inline]
    fn close(&mut self, base: Base) -> Result<(), AssignError> {
        if self.rows.open_len() > TABLE_LIMIT / self.digits.count() {
            return Err(self.too_large(self.names.len(), 0));
        }
        // A row without names is no row.
        self.rows.close(base.index());
        Ok(())
    }

    /// Takes the rows of another mapping for the bases whose row did not come.
    fn keep_rest_of(&mut self, mapping: &PrefixMapping) -> Result<(), AssignError> {
        let mut places = vec![None; mapping.names.len()];
        for base in mapping.digits.bases() {
            if self.came[base.index()] {
                continue;
            }
            for &name in mapping.row(base.index()) {
                let place = match places[name.index()] {
                    Some(place) => place,
                    None => self.take_name_of(mapping, base, name)?,
                };
                places[name.index()] = Some(place);
                self.rows.push(place);
            }
            self.rows.close(base.index());
        }
        Ok(())
    }

    /// The place of a name of another mapping, which is asked for once.
    fn take_name_of(
        &mut self,
        mapping: &PrefixMapping,
        base: Base,
        name: Name,
    ) -> Result<Name, AssignError> {
        let name = mapping.name(name);
        self.search(PackedName::of_short(name), base, u32::MAX, name)
    }

    fn into_mapping(self) -> PrefixMapping {
        let width = self.rows.width();
        let table = self.rows.into_table(width);
        PrefixMapping::from_table(self.digits, self.names.into_vec(), width, table)
    }
}
