//! `rebalance` under restrictions: what is held or drained, and limits.

use itertools::Itertools;
use meta0::{BreachKind, Level, PrefixMapping, RebalanceOptions, Rules, Tolerance, Topology};

use crate::bands::Bands;
use crate::instance::{Instance, Size};
use crate::judge::{self, Standing};
use crate::notation::{digits, filled, mapping, show, topology};
use crate::oracle::{self, Restrictions};
use crate::rebalance::rules;

#[test]
fn held_and_drained_services_cost_what_the_oracle_says() {
    let mut compared = 0;
    for seed in 0..3_000 {
        let instance = Instance::satisfiable(seed, Size::SMALL);
        let _context = instance.context();
        let held = instance.some_services(seed);
        let mut drained = instance.some_services(seed + 1_000_000);
        drained.retain(|name| !held.contains(name));
        let options = RebalanceOptions::new(instance.rules)
            .tolerance(instance.tolerance)
            .hold(held.iter().copied())
            .drain(drained.iter().copied());
        let restrictions = Restrictions { held: &held, drained: &drained, held_bases: &[] };
        compared += u32::from(costs_what_the_oracle_says(&instance, &options, restrictions));
    }
    assert!(compared > 1_500, "{compared}");
}

#[test]
fn held_bases_cost_what_the_oracle_says() {
    let mut compared = 0;
    for seed in 0..3_000 {
        let instance = Instance::satisfiable(seed, Size::SMALL);
        let _context = instance.context();
        let held_bases = instance.some_bases(seed);
        let services = instance.some_services(seed);
        let (held, drained) = services.split_at(services.len() / 2);
        let options = RebalanceOptions::new(instance.rules)
            .tolerance(instance.tolerance)
            .hold(held.iter().copied())
            .drain(drained.iter().copied())
            .hold_bases(held_bases.iter().copied());
        let restrictions = Restrictions { held, drained, held_bases: &held_bases };
        compared += u32::from(costs_what_the_oracle_says(&instance, &options, restrictions));
    }
    assert!(compared > 1_500, "{compared}");
}

#[test]
fn a_held_base_keeps_what_it_has() {
    let topology = topology("a=h1 b=h2 c=h3 d=h4");
    let mapping = mapping(1, "0: a a2 | 1: a b c d | 2: | 3: a b c");
    let held = mapping.digits().bases().take(3);
    let options = RebalanceOptions::new(Rules::default()).hold_bases(held.clone());
    let plan = mapping.rebalance(&topology, &options).unwrap();
    assert!(plan.changed_bases().all(|base| base.index() > 2));
    let left = plan.shortfall().unwrap().report();
    let kinds = [BreachKind::Missing, BreachKind::Short, BreachKind::Excess, BreachKind::Unknown];
    assert_eq!(kinds.map(|kind| left.count(kind)), [1, 1, 1, 1]);
    let all = RebalanceOptions::new(Rules::default()).hold_bases(mapping.digits().bases());
    assert!(mapping.rebalance(&topology, &all).unwrap().is_empty());
}

/// Panics unless the plan leaves what is held as it is, takes nothing away for
/// nothing, and is the oracle's equal. Says whether the two could be compared.
#[track_caller]
fn costs_what_the_oracle_says(
    instance: &Instance,
    options: &RebalanceOptions,
    restrictions: Restrictions<'_>,
) -> bool {
    let Instance { topology, mapping, rules, tolerance } = instance;
    let Restrictions { held, drained, held_bases } = restrictions;
    let plan = mapping.rebalance(topology, options);
    let Some(least) = oracle::least(mapping, topology, *rules, *tolerance, restrictions) else {
        assert!(plan.is_err(), "the rules can't be satisfied");
        return false;
    };
    let plan = plan.unwrap_or_else(|error| panic!("{error}, by {restrictions:?}"));
    let after = mapping.apply(&plan).unwrap().resolve(topology);
    let before = mapping.resolve(topology);
    for name in held {
        assert!(before.managed_bases(name).eq(after.managed_bases(name)), "{name} is held");
    }
    assert!(plan.changed_bases().all(|base| !held_bases.contains(&base)), "{held_bases:?}");
    assert_none_taken(&before, &after, topology, *rules);
    if least.takes_too_much {
        return false;
    }
    let drained: Vec<_> = drained.iter().filter_map(|name| topology.find(name)).collect();
    let found = judge::distance_from_bands(&after, &topology.drained(&drained), *rules, *tolerance);
    let wanted = (least.service_distance, least.domain_distance);
    assert_eq!(found, wanted, "the loads, by {restrictions:?}");
    assert_eq!(plan.moves() as u64, least.moves, "{restrictions:?}");
    assert!(plan.is_minimal(), "{:?} by {restrictions:?}", plan.lower_bound());
    true
}

/// Panics when a base has fewer replicas than before, in all or up, and than
/// the rules want.
#[track_caller]
fn assert_none_taken(
    before: &PrefixMapping,
    after: &PrefixMapping,
    topology: &Topology,
    rules: Rules,
) {
    for base in before.digits().bases() {
        let [had, has] =
            [before, after].map(|mapping| Standing::of(mapping.services_of(base), topology, rules));
        assert!(!oracle::takes_too_much(&had, &has, rules), "base {base}: {had:?}, {has:?}");
    }
}

#[test]
fn most_moves_at_once_are_kept_to_and_nearly_all_are_made() {
    let (mut made, mut allowed) = (0, 0);
    for seed in 0..1_000 {
        let instance = Instance::satisfiable(seed, Size::SMALL);
        let _context = instance.context();
        let Instance { topology, mapping, rules, tolerance } = instance;
        let options = RebalanceOptions::new(rules).tolerance(tolerance);
        let whole = mapping.rebalance(&topology, &options).unwrap();
        for most in [0, 1, whole.moves() / 2, whole.moves()] {
            let plan = mapping.rebalance(&topology, &options.clone().max_moves(most)).unwrap();
            assert!(plan.moves() <= most, "seed {seed}: {most}");
            (made, allowed) = (made + plan.moves(), allowed + most.min(whole.moves()));
            let after = mapping.apply(&plan).unwrap();
            assert_no_worse(&mapping, &after, &topology, rules, tolerance, seed);
            if most == whole.moves() {
                judge::assert_valid_and_balanced(&after, &topology, rules, tolerance);
            }
        }
    }
    assert!(made * 1000 >= allowed * 995, "{made} of {allowed}");
}

#[test]
fn most_moves_of_a_base_are_kept_to() {
    for seed in 0..1_000 {
        let instance = Instance::satisfiable(seed, Size::SMALL);
        let _context = instance.context();
        let Instance { topology, mapping, rules, tolerance } = instance;
        for most in 0..3 {
            let options =
                RebalanceOptions::new(rules).tolerance(tolerance).max_moves_per_base(most);
            let plan = mapping.rebalance(&topology, &options).unwrap();
            let after = mapping.apply(&plan).unwrap();
            for base in plan.changed_bases() {
                let moves = plan.changes().filter(|c| c.base == base && c.to.is_some()).count();
                assert!(moves <= most, "seed {seed}: base {base}");
            }
            assert_no_worse(&mapping, &after, &topology, rules, tolerance, seed);
        }
    }
}

/// No base breaks a rule that it kept, or lost what it had, and no service or
/// domain is further from its band; but that is not said of loads where a
/// service stands twice in a base.
#[track_caller]
fn assert_no_worse(
    before: &PrefixMapping,
    after: &PrefixMapping,
    topology: &Topology,
    rules: Rules,
    tolerance: Tolerance,
    seed: u64,
) {
    let (before, after) = (&before.resolve(topology), &after.resolve(topology));
    for base in before.digits().bases() {
        let [was, is] = [before, after].map(|m| Standing::of(m.services_of(base), topology, rules));
        assert_eq!(is.worse_than(&was, rules), None, "seed {seed}: base {base}");
    }
    let bands = Bands::new(topology, before.digits(), rules, tolerance).unwrap();
    let [was, is] = [before, after].map(|mapping| {
        let loads = judge::loads(mapping, topology);
        let (services, domains) = judge::distances_of_loads(&loads, topology, &bands);
        [services, domains].concat()
    });
    let is_worse = was.iter().zip(&is).any(|(was, is)| is > was);
    assert!(!is_worse, "seed {seed}: {is:?} outside the bands, {was:?} before");
}

#[test]
fn moves_that_need_each_other_are_made_together() {
    // Loads are to be 4: a has 6, c has 2, and the bases of a all have a replica
    // on the host of c: another service takes from a and gives to c.
    let topology = topology("a=h1.v1 x=h1.v2 b=h2.v1 y=h2.v2 c=h3.v1 p=h3.v2 d=h4.v1 z=h4.v2");
    let rules = rules(2, 2);
    let rows = "ap ap ap ap ac ac xb xy xd xz bd bd bz yd yz yz";
    let mut rows: Vec<_> = rows.split(' ').map(|row| row.split("").join(" ")).collect();
    for _ in 0..2 {
        rows.reverse();
        let mut bases = rows.iter().enumerate().map(|(base, row)| format!("{base:X}: {row}"));
        let mapping = mapping(1, &bases.join(" | "));
        for (most, wanted) in [(0, 0), (1, 0), (2, 2), (3, 2), (4, 4)] {
            let options = RebalanceOptions::new(rules).max_moves(most);
            let plan = mapping.rebalance(&topology, &options).unwrap();
            assert_eq!(plan.moves(), wanted, "{most} at most");
            let after = mapping.apply(&plan).unwrap();
            assert_no_worse(&mapping, &after, &topology, rules, Tolerance::default(), 0);
        }
    }
}

#[test]
fn a_base_without_a_service_is_repaired_before_loads_are() {
    let topology = topology("a=h1 b=h2");
    let rows = "0123456789ABCDE".chars().map(|base| format!("{base}: a | "));
    let mapping = mapping(1, &(rows.collect::<String>() + "F: dead"));
    let plan = |most| {
        let options = RebalanceOptions::new(rules(1, 1)).max_moves(most);
        mapping.rebalance(&topology, &options).unwrap()
    };
    assert_eq!((plan(8).moves(), plan(7).moves()), (8, 7));
    assert_eq!(plan(1).changed_bases().map(|base| base.to_string()).collect::<Vec<_>>(), ["F"]);
}

#[test]
fn a_hold_deletes_no_live_copy() {
    let topology = topology("a=h1.v1 b=h1.v2 c=h2.v1");
    let mapping = filled(1, &["a", "b"], "");
    let options = RebalanceOptions::new(rules(2, 2)).hold(["c"]);
    for options in [options.clone(), options.max_moves(0)] {
        let plan = mapping.rebalance(&topology, &options).unwrap();
        assert!(plan.is_empty(), "{plan}");
        let left = plan.shortfall().unwrap().report();
        assert_eq!(left.count(BreachKind::TooClose), 16);
        assert_eq!(left.count(BreachKind::Short), 0);
    }
}

#[test]
fn of_two_dead_replicas_the_one_that_breaks_no_further_rule_stays() {
    for (near, far) in [("b", "c"), ("c", "b")] {
        let topology = topology(&format!("a=h1.v1 {near}=h1.v2!0 {far}=h2.v1!0 d=h3 e=h4"));
        let mapping = filled(1, &["a", "b", "c"], "");
        let options = RebalanceOptions::new(rules(2, 2)).hold(["d", "e"]);
        let plan = mapping.rebalance(&topology, &options).unwrap();
        let after = mapping.apply(&plan).unwrap();
        assert_eq!(show(&after), show(&filled(1, &["a", far], "")));
    }
}

#[test]
fn a_limit_breaks_no_rule_for_good() {
    let (topology, mapping, rules) = crowded_rack();
    let options = RebalanceOptions::new(rules).max_moves_per_base(1);
    let plan = mapping.rebalance(&topology, &options).unwrap();
    let after = mapping.apply(&plan).unwrap();
    assert_no_worse(&mapping, &after, &topology, rules, Tolerance::default(), 0);
}

/// Replicas a and b share a rack and no host; d, on the host of b, is to take
/// a's place in some bases.
pub(crate) fn crowded_rack() -> (Topology, PrefixMapping, Rules) {
    let topology = topology("a=r1.h1.v1 b=r1.h2.v1 d=r1.h2.v2 c=r2.h3.v1 e=r3.h4.v1");
    let rules = rules(3, 3).level(Level::Host).degradation(1).unwrap();
    (topology, filled(1, &["a", "b", "c"], ""), rules)
}

/// 4,096 bases on 12 services of 3 hosts become so on 120 services of 30 hosts,
/// in 6 racks on 3 sites.
fn grown_tenfold(rules: Rules) -> (PrefixMapping, Topology) {
    let name = |n: usize| {
        let host = n / 4;
        format!("10.0.0.{n}:6001=s{}.r{}.h{host}.v{n}", host % 3, host / 24)
    };
    let cluster = |count| topology(&(0..count).map(name).collect::<Vec<_>>().join(" "));
    let empty = PrefixMapping::new(digits(3));
    let plan = empty.rebalance(&cluster(12), &RebalanceOptions::new(rules)).unwrap();
    let before = empty.apply(&plan).unwrap();
    (before, cluster(120))
}

#[test]
fn nearly_every_base_moves_once_where_it_may_move_once() {
    let rules = rules(3, 2);
    let (before, topology) = grown_tenfold(rules);
    for (most, per_cent) in [(1, 97), (2, 95)] {
        let options = RebalanceOptions::new(rules).max_moves_per_base(most);
        let plan = before.rebalance(&topology, &options).unwrap();
        assert!(plan.moves() * 100 >= most * 4_096 * per_cent, "{} moves", plan.moves());
        let after = before.apply(&plan).unwrap();
        assert_no_worse(&before, &after, &topology, rules, Tolerance::default(), 0);
    }
}

#[test]
fn as_many_moves_are_made_as_are_allowed() {
    let rules = rules(3, 2);
    let (before, topology) = grown_tenfold(rules);
    for most in [1, 1_000, 4_000, 8_000] {
        let options = RebalanceOptions::new(rules).max_moves(most);
        let plan = before.rebalance(&topology, &options).unwrap();
        assert_eq!(plan.moves(), most);
        let after = before.apply(&plan).unwrap();
        assert_no_worse(&before, &after, &topology, rules, Tolerance::default(), 0);
    }
}

#[test]
fn bases_that_lack_replicas_are_filled_where_their_domains_have_room() {
    // All is on s1, where no load may grow: what comes has to come to s2 first.
    let topology =
        topology("a=s1.r1.h1.v1 b=s1.r1.h2.v1 c=s1.r1.h3.v1 d=s2.r2.h4.v1 e=s2.r2.h5.v1");
    let rows: Vec<_> = (0..16).map(|base| format!("{base:X}: a b")).collect();
    let mapping = mapping(1, &rows.join(" | "));
    let options = RebalanceOptions::new(rules(4, 2)).max_moves_per_base(1);
    let plan = mapping.rebalance(&topology, &options).unwrap();
    assert_eq!(plan.moves(), 16);
}
