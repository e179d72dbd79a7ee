//! A mapping that is made in memory: of rows, by assignments, and back to rows.

use std::collections::{BTreeMap, BTreeSet};

use itertools::Itertools;
use meta0::{AssignError, Base, Digits, Prefix, PrefixMapping};
use proptest::prelude::*;

const D: Digits = Digits::new(1).unwrap();

/// Names of every length, some with what JSON would escape, few of them empty.
fn name() -> impl Strategy<Value = String> {
    prop_oneof![
        20 => "10\\.0\\.0\\.[0-9]{1,3}:6001",
        10 => "[a-c\0\\\\\"é]{1,9}",
        10 => "[ab]{7,9}|[ab]{15,17}|[ab]{23,25}",
        10 => "(\0|a){23,49}",
        1 => "",
    ]
}

/// Rows of bases in any order. Few bases come twice, and few rows have a name twice.
fn rows() -> impl Strategy<Value = Vec<(Base, Vec<String>)>> {
    let names = prop::collection::vec(name(), 0..6);
    let rows = prop::collection::btree_map(0..16_usize, names, 0..16);
    let again = prop::option::weighted(0.1, (0..16_usize, prop::collection::vec(name(), 0..3)));
    let base = |(base, names)| (D.base(base).unwrap(), names);
    let all = (rows, again)
        .prop_map(move |(rows, again)| rows.into_iter().chain(again).map(base).collect::<Vec<_>>());
    all.prop_shuffle()
}

/// What is wrong with the first row that is, in the order in which they come.
fn wrong(rows: &[(Base, Vec<String>)]) -> Option<AssignError> {
    let mut came = BTreeSet::new();
    for &(base, ref names) in rows {
        if !came.insert(base) {
            return Some(AssignError::RepeatedBase { base });
        }
        let mut had = BTreeSet::new();
        for name in names {
            if name.is_empty() {
                return Some(AssignError::EmptyName { base });
            }
            if !had.insert(name) {
                return Some(AssignError::Repeated { base, name: name.clone() });
            }
        }
    }
    None
}

/// Row after row, as a caller would by hand.
fn one_by_one(mut mapping: PrefixMapping, rows: &[(Base, Vec<String>)]) -> PrefixMapping {
    for (base, names) in rows {
        mapping.assign_services(*base, names).unwrap();
    }
    mapping
}

fn by_ref(rows: &[(Base, Vec<String>)]) -> impl Iterator<Item = (Base, &[String])> {
    rows.iter().map(|(base, names)| (*base, &**names))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn a_mapping_of_rows_is_that_of_assignments(rows in rows()) {
        match (PrefixMapping::from_rows(D, by_ref(&rows)), wrong(&rows)) {
            (Ok(mapping), None) => {
                let other = one_by_one(PrefixMapping::new(D), &rows);
                prop_assert_eq!(mapping.digest(), other.digest());
                prop_assert!(mapping.names().eq(other.names()));
                prop_assert_eq!(mapping, other);
            }
            (made, wrong) => prop_assert_eq!(made.err(), wrong),
        }
    }

    #[test]
    fn extending_replaces_the_rows_that_come_and_no_others(first in rows(), then in rows()) {
        prop_assume!(wrong(&first).is_none());
        let before = PrefixMapping::from_rows(D, by_ref(&first)).unwrap();
        let mut after = before.clone();
        match (after.try_extend(by_ref(&then)), wrong(&then)) {
            (Ok(()), None) => prop_assert_eq!(after, one_by_one(before, &then)),
            (refused, wrong) => {
                prop_assert_eq!(refused.err(), wrong);
                prop_assert_eq!(after, before);
            }
        }
    }

    #[test]
    fn the_rows_of_a_mapping_make_it_again(rows in rows()) {
        prop_assume!(wrong(&rows).is_none());
        let mapping = PrefixMapping::from_rows(D, by_ref(&rows)).unwrap();
        prop_assert_eq!(&PrefixMapping::from_rows(D, &mapping).unwrap(), &mapping);
        let rows: BTreeMap<_, _> = rows.into_iter().collect();
        for (base, services) in &mapping {
            let names = rows.get(&base).into_iter().flatten().sorted();
            prop_assert!(services.eq(names));
        }
    }

    #[test]
    fn iterators_read_the_same_from_both_ends(rows in rows(), at in 0..16_usize) {
        prop_assume!(wrong(&rows).is_none());
        let mapping = PrefixMapping::from_rows(D, by_ref(&rows)).unwrap();
        let names = |(base, services): (Base, meta0::ServicesOf<'_>)| {
            let reversed = services.clone().rev().map(str::to_owned).collect_vec();
            assert_eq!(services.len(), reversed.len());
            (base, reversed.into_iter().rev().collect_vec())
        };
        let all = mapping.iter().map(names).collect_vec();
        prop_assert_eq!(mapping.iter().len(), all.len());
        prop_assert_eq!(mapping.iter().nth(at).map(names), all.get(at).cloned());
        let backwards = mapping.iter().rev().map(names).collect_vec();
        prop_assert!(backwards.iter().rev().eq(&all));
        prop_assert!(mapping.names().rev().eq(mapping.names().collect_vec().into_iter().rev()));
        let missing = mapping.missing_bases().collect_vec();
        prop_assert!(mapping.missing_bases().rev().eq(missing.into_iter().rev()));
        let counts = mapping.count_bases_by_service().rev().collect_vec();
        prop_assert!(counts.into_iter().rev().eq(mapping.count_bases_by_service()));
    }
}

proptest! {
    #[test]
    fn serde_writes_what_meta0_takes(rows in rows(), of in 0..=2_u8) {
        prop_assume!(wrong(&rows).is_none());
        let digits = Digits::new(of).unwrap();
        let rows = rows.into_iter().take(digits.count()).enumerate();
        let rows = rows.map(|(index, (_, names))| (digits.base(index).unwrap(), names));
        let mapping = PrefixMapping::from_rows(digits, rows).unwrap();
        let json = serde_json::to_string(&mapping).unwrap();
        prop_assert_eq!(&json, &mapping.to_json().replace(['\n'], ""));
        prop_assert_eq!(PrefixMapping::from_json(&json, digits).unwrap(), mapping);
    }
}

#[test]
fn prefixes_bases_and_digits_in_serde() {
    let base = Base::parse("BE", Digits::new(2).unwrap()).unwrap();
    let prefix: Prefix = "00af".parse().unwrap();
    let json = serde_json::to_string(&(base, prefix, D)).unwrap();
    assert_eq!(json, r#"["BE00","00AF",1]"#);
    let read: (Prefix, Prefix, Digits) = serde_json::from_str(&json).unwrap();
    assert_eq!(read, (base.first_prefix(), prefix, D));
    let refused = serde_json::from_str::<Prefix>("\"0AF\"").unwrap_err().to_string();
    assert_eq!(refused, "invalid value: string \"0AF\", expected 4 hex digits at line 1 column 5");
    let refused = serde_json::from_str::<Digits>("5").unwrap_err().to_string();
    assert_eq!(refused, "invalid value: integer `5`, expected 0 to 4");
}

#[test]
fn prefixes_and_bases_read_the_same_from_both_ends() {
    for digits in (0..=4).filter_map(Digits::new) {
        let last = digits.bases().next_back().unwrap();
        assert_eq!(last.index() + 1, digits.count());
        assert_eq!(last.prefixes().next_back().unwrap().to_string(), "FFFF");
        let first = last.first_prefix();
        assert_eq!(meta0::generate_prefixes(digits).next_back(), Some(first));
        assert_eq!(meta0::generate_short_prefixes(digits).next_back(), Some(last));
        assert_eq!(meta0::prefix_siblings(first, digits).len(), digits.siblings());
    }
}

/// So many names, none of which `from` has with another start.
fn many(from: usize, count: usize) -> impl Iterator<Item = String> {
    (from..from + count).map(|name| format!("{name:05}"))
}

#[test]
fn more_than_a_mapping_holds() {
    let base = |index| D.base(index).unwrap();
    let (half, limit) = (1 << 15, 65_535);
    let rows = |last| [(base(0), many(0, half)), (base(1), many(half, last))];
    let mut mapping = PrefixMapping::from_rows(D, rows(limit - half)).unwrap();
    assert_eq!(mapping.names().len(), limit);
    let refused = PrefixMapping::from_rows(D, rows(limit - half + 5)).unwrap_err();
    let too_large = AssignError::TooLarge { names: limit + 1, replicas: limit - half + 1 };
    assert_eq!(refused, too_large);
    // Names that no base has any more make room.
    mapping.try_extend([(base(1), many(limit, 7))]).unwrap();
    assert_eq!(mapping.names().len(), half + 7);
    let wide = Digits::MAX.base(7).unwrap();
    let refused = PrefixMapping::from_rows(Digits::MAX, [(wide, many(0, 4097))]).unwrap_err();
    assert_eq!(refused, AssignError::TooLarge { names: 4097, replicas: 4097 });
}

#[test]
fn refusals_in_words() {
    let base = D.base(10).unwrap();
    let refused = |rows: &[(Base, &[&str])]| {
        let rows = rows.iter().map(|(base, names)| (*base, *names));
        PrefixMapping::from_rows(D, rows).unwrap_err().to_string()
    };
    let other = Digits::MAX.base(0xAF).unwrap();
    assert_eq!(refused(&[(other, &["a"])]), "base \"00AF\" has 4 digits: the mapping has 1");
    let twice = refused(&[(base, &[]), (base, &["a"])]);
    assert_eq!(twice, "base \"A\" comes twice: expected each base once");
    assert_eq!(refused(&[(base, &[""])]), "base \"A\" can't have a service without a name");
    assert_eq!(refused(&[(base, &["a", "b", "a"])]), "base \"A\" can't have the service a twice");
}
