//! What a plan writes to meta0, merged as meta0 merges it.

use std::collections::BTreeMap;

use meta0::PrefixMapping;

use crate::notation::mapping;

/// Prefixes and their services, as meta0 keeps them.
type Table = BTreeMap<String, Vec<String>>;

fn table(json: &str) -> Table {
    serde_json::from_str(json).unwrap()
}

/// Each base has its moves in some wave, the first in three of them.
fn before_and_after() -> (PrefixMapping, PrefixMapping) {
    let before = mapping(2, "00: a b c | 01: a b | 02: a b c d | 0A: e f g | 0B: a b c");
    let after = mapping(2, "00: d e f | 01: a b c | 02: a b c | 0A: a f h | 0B: a b c | FF: a b");
    (before, after)
}

#[test]
fn merged_wave_by_wave_they_lead_to_the_new_mapping_and_back() {
    let (before, after) = before_and_after();
    for most in [usize::MAX, 2, 1] {
        let plan = before.diff(&after).unwrap().max_per_service(most);
        let waves = plan.waves().len();
        assert!(waves >= 3);
        let mut kept = table(&before.to_json());
        for wave in 0..waves {
            kept.extend(table(&plan.wave_json(&before, wave).unwrap().unwrap()));
            let passed = before.apply_waves(&plan, wave + 1).unwrap();
            assert_eq!(kept, table(&passed.to_json()));
        }
        assert_eq!(kept, table(&after.to_json()));

        let mut merged = table(&before.to_json());
        merged.extend(table(&plan.partial_json(&before).unwrap().unwrap()));
        assert_eq!(merged, kept);

        let held = |table: &Table| -> Table {
            let keys = table.iter().filter(|(prefix, _)| !prefix.starts_with("FF"));
            keys.map(|(prefix, row)| (prefix.clone(), row.clone())).collect()
        };
        for wave in (0..waves).rev() {
            let back = plan.wave_rollback_json(&before, wave).unwrap();
            kept.extend(back.map(|back| table(&back)).unwrap_or_default());
        }
        assert_eq!(held(&kept), table(&before.to_json()));
        merged.extend(table(&plan.rollback_json(&before).unwrap().unwrap()));
        assert_eq!(held(&merged), table(&before.to_json()));
    }
}

#[test]
fn only_what_changes_is_written() {
    let before = mapping(3, "000: a b | A7F: a c | B00: a d");
    let after = mapping(3, "000: a b | A7F: b c | B00: a d");
    let plan = before.diff(&after).unwrap();
    let json = plan.partial_json(&before).unwrap().unwrap();
    assert!(json.starts_with("{\n\"A7F0\":[\"b\",\"c\"],\n\"A7F1\""), "{json}");
    assert!(json.ends_with("\"A7FF\":[\"b\",\"c\"]\n}\n"), "{json}");
    assert_eq!(json.lines().count(), 2 + 16);
    assert_eq!(plan.wave_json(&before, 0).unwrap(), Some(json));
    let back = plan.rollback_json(&before).unwrap();
    assert_eq!(back, plan.inverse().partial_json(&after).unwrap());
    assert_eq!(plan.wave_rollback_json(&before, 0).unwrap(), back);
}

#[test]
fn nothing_is_written_where_nothing_changes_or_can_be_written() {
    let before = mapping(1, "0: a b");
    let empty = before.diff(&before).unwrap();
    assert_eq!(empty.partial_json(&before).unwrap(), None);
    assert_eq!(empty.rollback_json(&before).unwrap(), None);
    for wave in [0, usize::MAX] {
        assert_eq!(empty.wave_json(&before, wave).unwrap(), None);
        assert_eq!(empty.wave_rollback_json(&before, wave).unwrap(), None);
    }

    let away = before.diff(&mapping(1, "")).unwrap();
    assert_eq!(away.waves().len(), 2);
    assert_eq!(away.partial_json(&before).unwrap(), None);
    assert!(away.wave_json(&before, 0).unwrap().is_some());
    assert_eq!(away.wave_json(&before, 1).unwrap(), None);
    let back = away.inverse();
    assert_eq!(back.rollback_json(&mapping(1, "")).unwrap(), None);
    assert_eq!(away.rollback_json(&before).unwrap(), Some(before.to_json()));
}

#[test]
fn another_mapping_is_refused() {
    let (before, after) = before_and_after();
    let plan = before.diff(&after).unwrap();
    let refused = after.apply(&plan).unwrap_err();
    assert_eq!(plan.partial_json(&after), Err(refused));
    assert_eq!(plan.rollback_json(&after), Err(refused));
    assert_eq!(plan.wave_json(&after, 0), Err(refused));
    assert_eq!(plan.wave_rollback_json(&after, 0), Err(refused));
    assert!(plan.partial_json(&mapping(1, "")).is_err());
}
