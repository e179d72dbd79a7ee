//! A mapping within a larger document of some format of serde.

use serde::ser::{Serialize, SerializeMap, Serializer};

use crate::mapping::PrefixMapping;

/// As meta0 takes it, which is what [`PrefixMapping::write_json`] writes: a map from
/// each prefix, ascending, to the services of its base. Missing bases are left out.
///
/// There is no `Deserialize`. The number of digits is not in the format, and
/// 65,536 prefixes whose siblings all agree may be those of any number that is large
/// enough; a guess would move databases. Of a map that a larger document has,
/// [`PrefixMapping::from_rows`] makes a mapping once the digits are known.
///
/// # Examples
///
/// ```
/// use std::collections::BTreeMap;
///
/// use meta0::{Base, Digits, Prefix, PrefixMapping};
///
/// let digits = Digits::try_from(3)?;
/// let mut mapping = PrefixMapping::new(digits);
/// mapping.assign_services(Base::parse("BEE", digits)?, ["b", "a"])?;
/// let json = serde_json::to_string(&mapping)?;
/// assert!(json.starts_with(r#"{"BEE0":["a","b"],"BEE1":["a","b"],"#));
///
/// let rows: BTreeMap<Prefix, Vec<String>> = serde_json::from_str(&json)?;
/// let bases = rows.into_iter().map(|(prefix, row)| (Base::of(prefix, digits), row));
/// // Siblings say the same: one of them is enough.
/// let bases: BTreeMap<_, _> = bases.collect();
/// assert_eq!(PrefixMapping::from_rows(digits, bases)?, mapping);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
impl Serialize for PrefixMapping {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let held = || self.iter().filter(|(_, services)| services.len() > 0);
        let prefixes = held().count() * self.digits().siblings();
        let mut map = serializer.serialize_map(Some(prefixes))?;
        for (base, services) in held() {
            let mut row: Vec<_> = services.collect();
            // A service that the mapping knew under two names stands in the row twice.
            row.dedup();
            for prefix in base.prefixes() {
                map.serialize_entry(&prefix, &row)?;
            }
        }
        map.end()
    }
}
