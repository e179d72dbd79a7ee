//! What a plan writes to meta0, merged as meta0 merges it.

use std::collections::BTreeMap;

use meta0::{Base, Partial, PrefixMapping};

use crate::notation::{mapping, topology};
use crate::plan::plans;

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
    assert_eq!(plan.wave_partials(&after).err(), Some(refused));
    assert!(plan.partial_json(&mapping(1, "")).is_err());
}

#[test]
fn one_pass_writes_what_each_wave_does() {
    for (seed, instance, plans) in plans(600) {
        let before = &instance.mapping;
        for (number, plan) in plans.into_iter().enumerate() {
            let plan = if number % 2 == 0 { plan } else { plan.max_per_service(1) };
            let partials: Vec<_> = plan.wave_partials(before).unwrap().collect();
            assert_eq!(partials.len(), plan.waves().len(), "seed {seed}");
            for (wave, partial) in partials.into_iter().enumerate() {
                let forward = plan.wave_json(before, wave).unwrap();
                assert_eq!(partial.forward.into_json(), forward, "seed {seed}");
                let rollback = plan.wave_rollback_json(before, wave).unwrap();
                assert_eq!(partial.rollback.into_json(), rollback, "seed {seed}");
            }
        }
    }
}

#[test]
fn a_service_that_a_base_names_twice_is_written_once() {
    let topology = topology("a#x=h1 b=h2 c=h3 d=h4");
    let before = mapping(0, ": a x b").resolve(&topology);
    let plan = before.diff(&mapping(0, ": a c d")).unwrap();
    let partials: Vec<_> = plan.wave_partials(&before).unwrap().collect();
    let first = r#"{"0000":["a","b"],"0001":"#;
    let text = partials[0].rollback.json().unwrap().replace('\n', "");
    assert!(text.starts_with(first), "{text}");
    assert_eq!(
        partials[0].rollback.json(),
        plan.wave_rollback_json(&before, 0).unwrap().as_deref()
    );
}

#[test]
fn what_an_object_cannot_say_is_said() {
    let before = mapping(1, "0: a b | 1: a b | 2: a | 3: \"é\"");
    let after = mapping(1, "0: a c | 2: b | 4: a b");
    let (gone, missing) = (["1", "3"], ["4"]);
    let names =
        |partial: &Partial| partial.unsaid().iter().map(Base::to_string).collect::<Vec<_>>();
    let plan = before.diff(&after).unwrap();
    let (partial, rollback) = (plan.partial(&before).unwrap(), plan.rollback(&before).unwrap());
    assert_eq!(
        (names(&partial), names(&rollback)),
        (gone.map(Into::into).into(), missing.map(Into::into).into())
    );
    assert_eq!(partial.into_json(), Some(after.to_json()));
    assert_eq!(rollback.into_json(), Some(before.to_json()));

    let waves: Vec<_> = plan.wave_partials(&before).unwrap().collect();
    assert_eq!(waves.len(), 2);
    // Base 1 loses its first replica in the first wave, and base 4 gets one.
    assert_eq!(
        (names(&waves[0].forward), names(&waves[0].rollback)),
        (vec!["3".to_owned()], vec!["4".to_owned()])
    );
    assert_eq!(
        (names(&waves[1].forward), names(&waves[1].rollback)),
        (vec!["1".to_owned()], vec![])
    );

    let back = plan.undo_from(&after).unwrap();
    assert_eq!(names(&back.partial(&after).unwrap()), missing);
    assert_eq!(names(&back.rollback(&after).unwrap()), gone);
}
