//! A caller may say by hand which services hold a base.
//!
//! Names ascend, so a name that comes new takes the number of the next one, and
//! all after it get another. For a few names that is one pass each over the
//! table, many cells at a time; for more of them one renumbering, which looks
//! each cell up. Keeping the names in the order in which they come, and sorting
//! on demand, would leave every reader to ask whether they are sorted.
//!
//! Names that no base has any more stay, since most come back, until there is
//! no room for others.

use std::error::Error;
use std::fmt;

use super::{PrefixMapping, TABLE_LIMIT, write_other_digits};
use crate::index::{LIMIT, Name, renumbered};
use crate::prefix::{Base, Digits};

/// Of at most so many new names, a pass for each takes less time than a sort.
const FEW_NAMES: usize = 8;

impl PrefixMapping {
    /// Makes some services, and no others, hold a base. Without any the base is
    /// missing afterwards: `assign_services(base, [""; 0])`.
    ///
    /// This takes `O(r log n)` for `r` services among `n` names, and as long as a pass
    /// over the table, `O(bases * replicas)`, where a name comes new or the most replicas
    /// that any base has are others than before. To make a whole mapping,
    /// [`PrefixMapping::from_rows`] takes less.
    ///
    /// # Errors
    ///
    /// [`AssignError`] when the base is none of these digits, when a name is
    /// empty or stands twice, or when there are too many names. The mapping is
    /// then as it was.
    ///
    /// # Examples
    ///
    /// ```
    /// use meta0::{Base, Digits, PrefixMapping};
    ///
    /// let digits = Digits::try_from(2)?;
    /// let mut mapping = PrefixMapping::new(digits);
    /// let base = Base::parse("BE", digits)?;
    /// let services: Vec<String> = (1..=3).map(|host| format!("10.0.0.{host}:6001")).collect();
    /// mapping.assign_services(base, &services)?;
    /// mapping.assign_services(base, ["10.0.0.9:6001", "10.0.0.1:6001"])?;
    /// assert!(mapping.services_of(base).eq(["10.0.0.1:6001", "10.0.0.9:6001"]));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn assign_services(
        &mut self,
        base: Base,
        services: impl IntoIterator<Item: AsRef<str>>,
    ) -> Result<(), AssignError> {
        let services: Vec<_> = services.into_iter().collect();
        self.assign(base, services.iter().map(AsRef::as_ref).collect())
    }

    /// Like [`PrefixMapping::assign_services`], but refuses a base that some
    /// service holds already.
    ///
    /// # Errors
    ///
    /// [`AssignError::AlreadySet`], and those of `assign_services`.
    ///
    /// # Examples
    ///
    /// ```
    /// use meta0::{AssignError, Base, Digits, PrefixMapping, Prefix};
    ///
    /// let mut mapping = PrefixMapping::new(Digits::MAX);
    /// let base = Base::of(Prefix::new(0xAF), Digits::MAX);
    /// mapping.assign_missing(base, ["a", "b"])?;
    /// let refused = mapping.assign_missing(base, ["c"]);
    /// assert_eq!(refused, Err(AssignError::AlreadySet { base, replicas: 2 }));
    /// # Ok::<(), AssignError>(())
    /// ```
    pub fn assign_missing(
        &mut self,
        base: Base,
        services: impl IntoIterator<Item: AsRef<str>>,
    ) -> Result<(), AssignError> {
        let replicas = self.services_of(base).len();
        if replicas > 0 {
            return Err(AssignError::AlreadySet { base, replicas });
        }
        self.assign_services(base, services)
    }

    fn assign(&mut self, base: Base, services: Vec<&str>) -> Result<(), AssignError> {
        if base.digits() != self.digits {
            return Err(AssignError::OtherDigits { base, digits: self.digits });
        }
        let services = sorted(base, services)?;
        let new: Vec<_> = services.iter().copied().filter(|name| !self.has_name(name)).collect();
        let before = self.row(base.index()).len();
        self.make_room(base, &services, &new)?;
        self.insert_names(&new);
        self.widen(services.len());
        self.set_row(base, &services);
        self.fit_width(before, services.len());
        Ok(())
    }

    /// Makes some names, which the mapping has and the table has room for, the row
    /// of a base.
    fn set_row(&mut self, base: Base, services: &[&str]) {
        let place = |name: &&str| self.name_of(name).expect("the mapping has the name");
        let places: Vec<_> = services.iter().map(place).collect();
        self.digest.take();
        let start = base.index() * self.width;
        let row = &mut self.table[start..start + self.width];
        row.fill(Name::NONE);
        row[..places.len()].copy_from_slice(&places);
    }

    /// Drops names that are no longer used when some services of a base would
    /// not fit otherwise.
    fn make_room(
        &mut self,
        base: Base,
        services: &[&str],
        new: &[&str],
    ) -> Result<(), AssignError> {
        let mut names = self.names.len() + new.len();
        let mut used = None;
        if names > LIMIT {
            let used = used.insert(self.used_names_without(base, services));
            names = used.iter().filter(|is_used| **is_used).count() + new.len();
        }
        let cells = services.len().max(self.width) * self.num_bases();
        if names > LIMIT || cells > TABLE_LIMIT {
            return Err(AssignError::TooLarge { names, replicas: services.len() });
        }
        if let Some(used) = used {
            let start = base.index() * self.width;
            self.table[start..start + self.width].fill(Name::NONE);
            self.keep_names(&used);
        }
        Ok(())
    }

    /// Of each name, whether it is one of these services or some other base has
    /// it.
    fn used_names_without(&self, base: Base, services: &[&str]) -> Vec<bool> {
        let mut others = self.clone();
        let start = base.index() * self.width;
        others.table[start..start + self.width].fill(Name::NONE);
        let mut used = others.used_names();
        for place in services.iter().filter_map(|name| self.name_of(name)) {
            used[place.index()] = true;
        }
        used
    }

    /// Of each name, whether some base has it.
    pub(super) fn used_names(&self) -> Vec<bool> {
        let mut used = vec![false; self.names.len()];
        for &name in self.rows().flatten() {
            used[name.index()] = true;
        }
        used
    }

    /// Drops the other names, which no base has.
    pub(super) fn keep_names(&mut self, kept: &[bool]) {
        let mut next = Name::all(self.names.len());
        let mut number = |is_kept: &bool| match is_kept {
            true => next.next().expect("no more are kept than there are"),
            false => Name::NONE,
        };
        let numbers: Vec<_> = kept.iter().map(&mut number).collect();
        for cell in &mut self.table {
            *cell = renumbered(cell.index(), &numbers, Name::NONE);
        }
        let mut kept = kept.iter();
        self.names.retain(|_| kept.next().is_some_and(|is_kept| *is_kept));
    }

    /// Puts new names among the others.
    fn insert_names(&mut self, new: &[&str]) {
        if new.len() > FEW_NAMES {
            self.names.extend(new.iter().copied().map(Box::from));
            return self.sort();
        }
        for &name in new {
            let place = self.names.partition_point(|other| **other < *name);
            self.names.insert(place, name.into());
            let new = Name::new(place);
            for cell in &mut self.table {
                *cell = cell.beside_new(new);
            }
        }
    }
}

/// The names that a base is to have, ascending.
fn sorted(base: Base, mut services: Vec<&str>) -> Result<Vec<&str>, AssignError> {
    services.sort_unstable();
    if services.first() == Some(&"") {
        return Err(AssignError::EmptyName { base });
    }
    match services.windows(2).find(|pair| pair[0] == pair[1]) {
        Some(pair) => Err(AssignError::Repeated { base, name: pair[0].to_owned() }),
        None => Ok(services),
    }
}

/// Why services can't be assigned to a base.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum AssignError {
    /// The base has other digits than the mapping.
    OtherDigits {
        /// The base.
        base: Base,
        /// The digits of the mapping.
        digits: Digits,
    },
    /// A service without a name.
    EmptyName {
        /// The base.
        base: Base,
    },
    /// One name twice.
    Repeated {
        /// The base.
        base: Base,
        /// The name.
        name: String,
    },
    /// One base twice.
    RepeatedBase {
        /// The base.
        base: Base,
    },
    /// Some service holds the base already.
    AlreadySet {
        /// The base.
        base: Base,
        /// How many services hold it.
        replicas: usize,
    },
    /// More names, or more replicas in all, than a mapping has room for.
    TooLarge {
        /// How many names there would be.
        names: usize,
        /// How many replicas the base would have.
        replicas: usize,
    },
}

impl fmt::Display for AssignError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OtherDigits { base, digits } => write_other_digits(f, *base, *digits),
            Self::EmptyName { base } => {
                write!(f, "base {:?} can't have a service without a name", base.to_string())
            }
            Self::Repeated { base, name } => {
                write!(f, "base {:?} can't have the service {name} twice", base.to_string())
            }
            Self::RepeatedBase { base } => {
                write!(f, "base {:?} comes twice: expected each base once", base.to_string())
            }
            Self::AlreadySet { base, replicas } => {
                write!(f, "base {:?} has {replicas} services already", base.to_string())
            }
            Self::TooLarge { names, replicas } => write!(
                f,
                "{names} services, {replicas} of them for one base, are more than a mapping holds"
            ),
        }
    }
}

impl Error for AssignError {}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(numbers: std::ops::Range<usize>) -> Vec<String> {
        numbers.map(|number| format!("{number:05}")).collect()
    }

    fn assign(
        mapping: &mut PrefixMapping,
        base: usize,
        names: &[String],
    ) -> Result<(), AssignError> {
        let base = mapping.digits().base(base).unwrap();
        mapping.assign_services(base, names)
    }

    #[test]
    fn names_ascend_in_whatever_order_they_come() {
        let mut mapping = PrefixMapping::new(Digits::try_from(1).unwrap());
        for (base, row) in [["m", "c"], ["a", "z"], ["m", "b"], ["n", "c"]].iter().enumerate() {
            mapping.assign_services(mapping.digits().base(base).unwrap(), *row).unwrap();
        }
        assert!(mapping.names().eq(["a", "b", "c", "m", "n", "z"]));
        assert_eq!(mapping.table()[..8], [2, 3, 0, 5, 1, 3, 2, 4].map(Name::new));
    }

    #[test]
    fn a_mapping_full_of_names_drops_those_that_no_base_has() {
        let mut mapping = PrefixMapping::new(Digits::try_from(0).unwrap());
        let limit = LIMIT;
        assign(&mut mapping, 0, &names(0..limit)).unwrap();
        assign(&mut mapping, 0, &names(5..8)).unwrap();
        assert_eq!(mapping.names().len(), limit);
        assign(&mut mapping, 0, &names(limit - 1..limit + 1)).unwrap();
        let kept = names(limit - 1..limit + 1);
        assert!(mapping.names().eq(kept.iter().map(String::as_str)));
        assert!(mapping.services_of(mapping.digits().base(0).unwrap()).eq(mapping.names()));
    }

    #[test]
    fn the_other_bases_keep_their_services_when_names_are_dropped() {
        let mut mapping = PrefixMapping::new(Digits::try_from(1).unwrap());
        let limit = LIMIT;
        assign(&mut mapping, 1, &names(3..6)).unwrap();
        assign(&mut mapping, 0, &names(0..limit)).unwrap();
        assign(&mut mapping, 0, &names(7..9)).unwrap();
        assign(&mut mapping, 0, &names(limit..limit + 1)).unwrap();
        for (base, kept) in [(0, names(limit..limit + 1)), (1, names(3..6))] {
            let base = mapping.digits().base(base).unwrap();
            assert!(mapping.services_of(base).eq(kept.iter().map(String::as_str)));
        }
        assert_eq!(mapping.names().len(), 4);
    }

    #[test]
    fn what_no_base_may_have_is_refused() {
        let mut mapping = PrefixMapping::new(Digits::try_from(1).unwrap());
        let [first, other] =
            [1, 2].map(|digits| Digits::try_from(digits).unwrap().base(0).unwrap());
        let mut refused = |base, row: &[&str]| {
            let error = mapping.assign_missing(base, row.iter().copied()).unwrap_err();
            assert_eq!(mapping.names().len(), 0);
            error.to_string()
        };
        assert_eq!(refused(other, &["a"]), "base \"00\" has 2 digits: the mapping has 1");
        assert_eq!(refused(first, &["a", ""]), "base \"0\" can't have a service without a name");
        assert_eq!(refused(first, &["b", "a", "b"]), "base \"0\" can't have the service b twice");
        mapping.assign_missing(first, ["b", "a"]).unwrap();
        let error = mapping.assign_missing(first, ["c"]).unwrap_err();
        assert_eq!(error.to_string(), "base \"0\" has 2 services already");
        assert!(mapping.services_of(first).eq(["a", "b"]));
    }

    #[test]
    fn a_table_is_no_larger_than_its_limit() {
        let mut mapping = PrefixMapping::new(Digits::MAX);
        let limit = TABLE_LIMIT / mapping.num_bases();
        assert_eq!(
            assign(&mut mapping, 0, &names(0..limit + 1)).unwrap_err().to_string(),
            "4097 services, 4097 of them for one base, are more than a mapping holds"
        );
        assert_eq!(mapping.names().len(), 0);
    }

    #[test]
    fn a_mapping_whose_names_are_all_used_takes_no_more() {
        let mut mapping = PrefixMapping::new(Digits::try_from(1).unwrap());
        let (half, limit) = (1 << 15, LIMIT);
        assign(&mut mapping, 0, &names(0..half)).unwrap();
        assign(&mut mapping, 1, &names(half..limit)).unwrap();
        let before = mapping.clone();
        let refused = assign(&mut mapping, 2, &names(limit..limit + 1));
        assert_eq!(refused, Err(AssignError::TooLarge { names: limit + 1, replicas: 1 }));
        assert_eq!(mapping, before);
        assert!(mapping.names().eq(before.names()));
        // In the place of others there is room.
        assign(&mut mapping, 1, &names(limit..limit + 1)).unwrap();
        assert_eq!(mapping.names().len(), half + 1);
    }

    #[test]
    fn a_plan_for_a_mapping_full_of_names_drops_those_that_no_base_has() {
        let mut old = PrefixMapping::new(Digits::try_from(0).unwrap());
        assign(&mut old, 0, &names(1..2)).unwrap();
        let mut new = old.clone();
        assign(&mut new, 0, &names(70_000..70_001)).unwrap();
        let plan = old.diff(&new).unwrap();
        assign(&mut old, 0, &names(0..LIMIT)).unwrap();
        assign(&mut old, 0, &names(1..2)).unwrap();
        assert_eq!(old.apply(&plan).unwrap(), new);
    }
}
