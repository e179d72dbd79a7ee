//! A plan half done: how far it is, its rest, and the way back.

use std::collections::BTreeMap;

use itertools::Itertools;
use meta0::{Base, Goal, Plan, PrefixMapping, RestError, Topology};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use crate::notation::{mapping, show};
use crate::plan::plans;

/// How many changes of each base are done, of those that it has.
type Done = BTreeMap<Base, usize>;

/// Some waves, and some changes of the next; or some of the changes of each base.
fn some_done(plan: &Plan, seed: u64) -> Done {
    let mut rng = StdRng::seed_from_u64(seed);
    let mut done = Done::new();
    if seed.is_multiple_of(3) {
        let counts = plan.changes().map(|change| change.base).counts();
        for (base, count) in counts.into_iter().sorted_unstable() {
            done.insert(base, rng.random_range(0..=count));
        }
        return done;
    }
    let waves = rng.random_range(0..=plan.waves().len());
    let mut make = |base| *done.entry(base).or_default() += 1;
    plan.waves().take(waves).flat_map(|wave| wave.changes()).for_each(|it| make(it.base));
    let next = plan.wave(waves).into_iter().flat_map(|wave| wave.changes());
    next.filter(|_| rng.random_bool(0.5)).for_each(|it| make(it.base));
    done
}

/// Whether each change of a plan is done.
fn flags(plan: &Plan, mut done: Done) -> Vec<bool> {
    let take = |left: &mut usize| left.checked_sub(1).map(|less| *left = less).is_some();
    plan.changes().map(|change| done.get_mut(&change.base).is_some_and(take)).collect()
}

/// The mapping after some changes of a plan, made by hand: rows that change are named by
/// address, the others as they were.
fn made(before: &PrefixMapping, topology: &Topology, plan: &Plan, done: &[bool]) -> PrefixMapping {
    let resolved = before.resolve(topology);
    let mut rows = BTreeMap::new();
    for (change, _) in plan.changes().zip(done).filter(|(_, done)| **done) {
        let row = || resolved.services_of(change.base).collect::<Vec<_>>();
        let row: &mut Vec<_> = rows.entry(change.base).or_insert_with(row);
        if let Some(from) = change.from {
            row.swap_remove(row.iter().position(|name| *name == from).unwrap());
        }
        row.extend(change.to);
    }
    // Names that no base has any more are not there, as in what meta0 lists.
    let mut now = PrefixMapping::new(before.digits());
    for base in before.digits().bases() {
        let row = rows.remove(&base).unwrap_or_else(|| before.services_of(base).collect());
        now.assign_services(base, row).unwrap();
    }
    now
}

/// Whether some base names a service twice.
fn has_twins(mapping: &PrefixMapping) -> bool {
    mapping.digits().bases().any(|base| !mapping.services_of(base).all_unique())
}

/// Plans half done: by what changes, and what the mapping is then.
fn halves(
    seeds: u64,
    mut show: impl FnMut(&str, &Topology, &PrefixMapping, &Plan, &[bool], &PrefixMapping),
) {
    let mut seen = 0;
    for (seed, instance, plans) in plans(seeds) {
        let _context = instance.context();
        let (topology, before) = (&instance.topology, &instance.mapping);
        if has_twins(&before.resolve(topology)) {
            continue;
        }
        for (number, plan) in plans.into_iter().enumerate() {
            let plan = if seed % 2 == 0 { plan } else { plan.max_per_service(1 + number % 2) };
            for plan in [plan.clone(), plan] {
                seen += 1;
                let done = flags(&plan, some_done(&plan, seen));
                let now = made(before, topology, &plan, &done);
                show(&format!("seed {seed}, plan {number}"), topology, before, &plan, &done, &now);
            }
        }
    }
    assert!(seen > seeds, "{seen}");
}

#[test]
fn it_is_told_how_far_a_plan_is() {
    halves(1_000, |context, _, _, plan, done, now| {
        let progress = plan.progress(now);
        let count = |flags: &[bool], what| flags.iter().filter(|flag| **flag == what).count();
        assert_eq!(progress.done(), count(done, true), "{context}");
        assert_eq!(progress.open(), count(done, false), "{context}");
        assert_eq!((progress.changes(), progress.waves()), (done.len(), plan.waves().len()));
        assert!(progress.foreign().is_empty() && progress.is_on_the_way(), "{context}");
        assert_eq!(progress.is_elsewhere_changed(), Some(false), "{context}");
        assert_eq!(progress.is_started(), done.contains(&true));
        assert_eq!(progress.is_done(), !done.contains(&false));
        let mut left = done;
        let waves = plan.waves().map(|wave| left.split_off(..wave.len()).unwrap()).collect_vec();
        let whole = waves.iter().take_while(|wave| !wave.contains(&false)).count();
        assert_eq!(progress.waves_done(), whole, "{context}");
        let next = waves.get(whole).copied().unwrap_or_default();
        let found = (progress.next_done(), progress.next_open());
        assert_eq!(found, (count(next, true), count(next, false)), "{context}");
    });
}

#[test]
fn the_rest_leads_to_the_end_and_the_way_back_to_the_start() {
    halves(1_000, |context, topology, before, plan, done, now| {
        let rest = plan.rest_from(now).unwrap();
        let end = before.apply(plan).unwrap().resolve(topology);
        assert_eq!(now.apply(&rest).unwrap().resolve(topology), end, "{context}");
        assert_eq!(rest.digest_afterwards(), plan.digest_afterwards(), "{context}");
        let open = plan.changes().zip(done).filter(|(_, done)| !**done).map(|(change, _)| change);
        assert!(rest.changes().eq(open), "{context}");
        assert_eq!(rest.progress(now).done(), 0, "{context}");

        let undo = plan.undo_from(now).unwrap();
        let start = before.resolve(topology);
        assert_eq!(now.apply(&undo).unwrap().resolve(topology), start, "{context}");
        assert_eq!(undo.digest_afterwards(), plan.digest(), "{context}");
        assert_eq!(undo.goal(), None);
        assert_eq!(undo.changes().len() + rest.changes().len(), plan.changes().len(), "{context}");

        // The way back can be left half done as well.
        let back = undo.rest_from(now).unwrap();
        assert_eq!(back, undo, "{context}");
        assert_eq!(plan.inverse().undo_from(now).unwrap().changes().len(), rest.changes().len());
    });
}

#[test]
fn the_rest_is_what_it_says() {
    let (mut minimal, mut bounded) = (0, 0);
    halves(1_500, |context, topology, before, plan, _, now| {
        let rest = plan.rest_from(now).unwrap();
        let whole = plan.verify(before, topology).unwrap();
        let found = rest.verify(now, topology).unwrap_or_else(|error| panic!("{context}: {error}"));
        assert_eq!(found.is_minimal(), whole.is_minimal(), "{context}");
        assert_eq!(found.lower_bound(), rest.lower_bound(), "{context}");
        let done = plan.moves() - rest.moves();
        let bound = plan.lower_bound().map(|bound| bound - done);
        assert_eq!(rest.lower_bound(), bound, "{context}");
        assert_eq!(rest.certificate(), plan.certificate());
        minimal += u32::from(whole.is_minimal());
        bounded += u32::from(whole.lower_bound().is_some());
    });
    assert!(minimal > 5_000 && bounded > minimal, "{minimal}, {bounded}");
}

#[test]
fn a_plan_splits_at_each_wave() {
    for (seed, instance, plans) in plans(500) {
        let _context = instance.context();
        let before = instance.mapping.resolve(&instance.topology);
        for plan in plans.into_iter().map(|plan| plan.max_per_service(1)) {
            let waves = plan.waves().len();
            for wave in [0, 1, waves / 2, waves, usize::MAX] {
                let (first, rest) = plan.split_at(&before, wave).unwrap();
                let middle = before.apply(&first).unwrap();
                assert_eq!(middle, before.apply_waves(&plan, wave).unwrap(), "seed {seed}");
                assert_eq!(rest.digest(), first.digest_afterwards(), "seed {seed}");
                assert_eq!(middle.apply(&rest).unwrap(), before.apply(&plan).unwrap());
                assert!(first.changes().chain(rest.changes()).eq(plan.changes()), "seed {seed}");
                assert_eq!(first.waves().len(), wave.min(waves));
                assert_eq!((first.goal(), first.lower_bound()), (None, None));
                assert_eq!(middle.apply(&first.inverse()).unwrap(), before);
                plan.verify(&before, &instance.topology).unwrap();
                rest.verify(&middle, &instance.topology).unwrap();
            }
        }
    }
}

#[test]
fn the_goal_of_a_rest_is_what_is_left_of_it() {
    halves(1_000, |context, _, _, plan, _, now| {
        let rest = plan.rest_from(now).unwrap();
        match (plan.goal().unwrap(), rest.goal().unwrap()) {
            (Goal::Rebalance(whole), Goal::Rebalance(left)) => {
                let done = plan.moves() - rest.moves();
                let most = whole.get_max_moves().map(|most| most - done);
                assert_eq!(left.get_max_moves(), most, "{context}");
            }
            (Goal::Decommission { options, .. }, Goal::Decommission { options: left, .. }) => {
                assert_eq!(left.get_bases().is_some(), options.get_bases().is_some());
                let named = left.get_bases().unwrap_or_default().iter().copied();
                assert!(left.get_bases().is_none() || named.eq(rest.changed_bases()), "{context}");
            }
            _ => panic!("{context}: another goal"),
        }
    });
}

#[test]
fn what_somebody_else_changed_is_told() {
    let mut foreign = 0;
    halves(1_000, |context, _, _, plan, done, now| {
        for base in now.digits().bases().step_by(3) {
            let mut other = now.clone();
            other.assign_services(base, ["stranger"]).unwrap();
            let progress = plan.progress(&other);
            assert!(!progress.is_on_the_way(), "{context}");
            let (rest, undo) = (plan.rest_from(&other), plan.undo_from(&other));
            assert_eq!(rest.clone().unwrap_err(), undo.unwrap_err());
            if progress.foreign().is_empty() {
                assert_eq!(progress.is_elsewhere_changed(), Some(true), "{context}");
                assert_eq!(rest, Err(RestError::ChangedElsewhere));
                continue;
            }
            foreign += 1;
            assert_eq!((progress.foreign(), progress.is_elsewhere_changed()), (&[base][..], None));
            assert_eq!(rest, Err(RestError::Foreign { bases: vec![base] }));
            let flags = plan.changes().zip(done).filter(|(change, _)| change.base != base);
            let counts = flags.map(|(_, done)| *done).counts();
            let count = |what| counts.get(&what).copied().unwrap_or_default();
            assert_eq!((progress.done(), progress.open()), (count(true), count(false)));
        }
    });
    assert!(foreign > 500, "{foreign}");
}

#[test]
fn a_base_that_named_a_service_twice_is_told_after_each_wave() {
    let mut seen = 0;
    for (seed, instance, plans) in plans(1_500) {
        let before = instance.mapping.resolve(&instance.topology);
        if !has_twins(&before) {
            continue;
        }
        for plan in plans.into_iter().flat_map(|plan| [plan.inverse(), plan.max_per_service(1)]) {
            let start = if plan.goal().is_some() {
                before.clone()
            } else {
                before.apply(&plan.inverse()).unwrap()
            };
            for wave in 0..=plan.waves().len() {
                let now = start.apply_waves(&plan, wave).unwrap();
                let progress = plan.progress(&now);
                assert_eq!(progress.waves_done(), wave, "seed {seed}");
                assert!(progress.is_on_the_way(), "seed {seed}");
                let rest = plan.rest_from(&now).unwrap();
                assert_eq!(now.apply(&rest).unwrap(), start.apply(&plan).unwrap(), "seed {seed}");
                seen += 1;
            }
        }
    }
    assert!(seen > 1_000, "{seen}");
}

#[test]
fn a_row_has_just_the_names_of_its_state() {
    let before = mapping(1, "0: a b c | 1: a b c | 2: a b c");
    let after = mapping(1, "0: d e c | 1: a b c | 2: a b d");
    let plan = before.diff(&after).unwrap();
    let found = |rows: &str| {
        let progress = plan.progress(&mapping(1, rows));
        (progress.done(), progress.foreign().len(), progress.is_elsewhere_changed())
    };
    assert_eq!(found("0: a b c | 1: a b c | 2: a b c"), (0, 0, Some(false)));
    assert_eq!(found("0: d b c | 1: a b c | 2: a b c"), (1, 0, Some(false)));
    assert_eq!(found("0: d e c | 1: a b c | 2: a b d"), (3, 0, Some(false)));
    // The second change before the first; one half done; both names; neither.
    for row in ["a e c", "b c", "a b d c", "a c"] {
        assert_eq!(found(&format!("0: {row} | 1: a b c | 2: a b d")), (1, 1, None), "{row}");
    }
    // Another replica of a base that changes, and a base that does not.
    assert_eq!(found("0: d b x | 1: a b c | 2: a b c"), (1, 0, Some(true)));
    assert_eq!(found("0: d b c | 1: a b x | 2: a b c"), (1, 0, Some(true)));
    assert_eq!(found("0: d b c | 1: a b c | 2: a b c | 3: a"), (1, 0, Some(true)));
}

#[test]
fn progress_prints_and_serializes() {
    let before = mapping(1, "0: a b | 1: a b | 2: a b");
    let after = mapping(1, "0: c d | 1: a c | 2: a c");
    let plan = before.diff(&after).unwrap();
    let line = |rows: &str| plan.progress(&mapping(1, rows)).to_string();
    assert_eq!(line(&show(&after)), "4 of 4 changes are done");
    assert_eq!(
        line("0: b c | 1: a c | 2: a b"),
        "0 of 2 waves are done, 2 of 3 changes of the next, 2 of 4 in all"
    );
    assert_eq!(
        line("0: x y | 1: z b | 2: a c"),
        "0 of 2 waves are done, 1 of 2 changes of the next, 1 of 4 in all; \
         1 base is foreign: 0000"
    );
    assert_eq!(
        line("0: c d | 1: a c | 2: a c | 3: a"),
        "4 of 4 changes are done; something has changed that the plan does not change"
    );
    let progress = plan.progress(&mapping(1, "0: x | 1: a c | 2: a b"));
    assert_eq!(
        serde_json::to_string(&progress).unwrap(),
        r#"{"waves":2,"waves_done":0,"next_done":1,"next_open":1,"changes":4,"done":1,"open":1,"foreign":["0000"],"elsewhere_changed":null}"#
    );
    let nothing = before.diff(&before).unwrap().progress(&before);
    assert!(nothing.is_done() && !nothing.is_started());
    assert_eq!(nothing.to_string(), "0 of 0 changes are done");
}

#[test]
fn refusals_say_what_is_foreign() {
    let plan = mapping(1, "0: a b").diff(&mapping(1, "0: b c")).unwrap();
    let refusal = |now: PrefixMapping| plan.rest_from(&now).unwrap_err().to_string();
    let advice = ": plan anew from the mapping as it is now";
    assert_eq!(refusal(mapping(1, "0: b")), format!("1 base is foreign: 0000{advice}"));
    assert_eq!(
        refusal(mapping(1, "0: b c | A: x")),
        format!("something has changed that the plan does not change{advice}")
    );
    let other = mapping(2, "00: a b");
    assert_eq!(refusal(other.clone()), "the plan has 1 digits, the mapping 2");
    assert_eq!(plan.progress(&other).foreign().len(), 1);
    let empty = mapping(1, "").diff(&mapping(1, "")).unwrap();
    assert_eq!(empty.progress(&other).is_elsewhere_changed(), Some(true));
}
