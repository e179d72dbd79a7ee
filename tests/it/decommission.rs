//! `decommission` against the oracle, the worked instances, and by property.

use std::collections::BTreeMap;

use itertools::Itertools;
use meta0::{
    Base, Candidate, DecommissionError, DecommissionOptions, Freed, Plan, PrefixMapping, Rules,
    Strategy, Tolerance, Topology,
};

use crate::instance::{Instance, Leavers, Size};
use crate::judge;
use crate::notation::{base, digits, mapping, show, topology};
use crate::oracle;
use crate::vectors::{Decommission, vectors};

/// What is asked for: services, and the bases that they lose (`None`: all).
#[derive(Debug, Clone, Copy)]
struct Request<'a> {
    services: &'a [&'a str],
    bases: Option<&'a [Base]>,
    rules: Rules,
    tolerance: Tolerance,
}

impl Request<'_> {
    fn options(&self) -> DecommissionOptions {
        let options = DecommissionOptions::new(self.rules).tolerance(self.tolerance);
        match self.bases {
            Some(bases) => options.bases(bases.iter().copied()),
            None => options,
        }
    }

    fn least(&self, mapping: &PrefixMapping, topology: &Topology) -> Option<(u64, u64)> {
        let Self { services, bases, rules, tolerance } = *self;
        oracle::least_decommission(mapping, topology, rules, tolerance, services, bases)
    }

    /// Panics unless the plan frees what is asked for, touches nothing else,
    /// keeps the rules, and costs that much.
    #[track_caller]
    fn judge(&self, mapping: &PrefixMapping, topology: &Topology, plan: &Plan, least: (u64, u64)) {
        let after = mapping.apply(plan).expect("a plan for this mapping").resolve(topology);
        let before = mapping.resolve(topology);
        for base in before.digits().bases() {
            let loses = |name: &&str| {
                self.services.contains(name) && self.bases.is_none_or(|bases| bases.contains(&base))
            };
            let is_kept = |name| after.services_of(base).any(|other| other == name);
            let stay = before.services_of(base).filter(|name| !loses(name));
            assert!(stay.clone().all(is_kept), "base {base}: a replica moved that is to stay");
            let is_freed = before.services_of(base).any(|name| loses(&name));
            if is_freed {
                assert!(!after.services_of(base).any(|name| loses(&name)), "base {base} is freed");
                let rules = judge::judge_row(after.services_of(base), topology, self.rules);
                assert_eq!(rules, Ok(()), "base {base}");
            }
            let [had, has] =
                [&before, &after].map(|mapping| mapping.services_of(base).unique().count());
            assert_eq!(had, has, "base {base}: as many replicas as before");
        }
        let stays = match self.bases {
            Some(_) => topology.clone(),
            None => topology.drained(
                &self.services.iter().filter_map(|s| topology.find(s)).collect::<Vec<_>>(),
            ),
        };
        let (distance, _) = judge::distance_from_bands(&after, &stays, self.rules, self.tolerance);
        assert_eq!((plan.moves() as u64, distance), least);
        assert_eq!(judge::moves_between(&before, &after), plan.moves());
    }
}

fn names(owned: &[String]) -> Vec<&str> {
    owned.iter().map(String::as_str).collect()
}

#[test]
fn the_vectors_cost_what_they_say() {
    for vector in vectors() {
        let Some(Decommission { services, bases, cost }) =
            vector.expected.and_then(|expected| expected.decommission)
        else {
            continue;
        };
        let services = names(&services);
        let request = Request {
            services: &services,
            bases: bases.as_deref(),
            rules: vector.rules,
            tolerance: Tolerance::default(),
        };
        let plan = vector.mapping.decommission(&vector.topology, &services, &request.options());
        match cost {
            None => assert!(plan.is_err(), "{}", vector.name),
            Some(cost) => {
                let plan = plan.unwrap_or_else(|error| panic!("{}: {error}", vector.name));
                request.judge(&vector.mapping, &vector.topology, &plan, cost);
            }
        }
    }
}

#[test]
fn the_loads_are_as_close_as_the_oracles() {
    let mut planned = 0;
    for (size, seeds) in [(Size::TINY, 2_000), (Size::SMALL, 4_000), (Size::MIDDLE, 100)] {
        for seed in 0..seeds {
            let instance = Instance::satisfiable(seed, size);
            let _context = instance.context();
            let Leavers { services, bases } = instance.leavers(seed);
            let Instance { topology, mapping, rules, tolerance } = instance;
            let (services, bases) = (names(&services), bases.as_deref());
            let request = Request { services: &services, bases, rules, tolerance };
            let plan = mapping.decommission(&topology, &services, &request.options());
            match request.least(&mapping, &topology) {
                None => assert!(plan.is_err(), "seed {seed} of {size:?}: can't be done"),
                Some(least) => {
                    let plan = plan.unwrap_or_else(|e| panic!("seed {seed} of {size:?}: {e}"));
                    request.judge(&mapping, &topology, &plan, least);
                    planned += u32::from(!plan.is_empty());
                }
            }
        }
    }
    assert!(planned > 1_000, "{planned}");
}

#[test]
fn an_empty_list_of_bases_means_none() {
    let topology = topology("a=h1 b=h2 c=h3 d=h4");
    let mapping = mapping(0, ": a b c");
    let options = DecommissionOptions::new(Rules::default()).bases([]);
    assert!(mapping.decommission(&topology, &["a"], &options).unwrap().is_empty());
    let options = DecommissionOptions::new(Rules::default());
    let plan = mapping.decommission(&topology, &["a"], &options).unwrap();
    assert_eq!(show(&mapping.apply(&plan).unwrap()), ": b c d");
}

#[test]
fn named_bases_alone_are_lost() {
    let topology = topology("a=h1 b=h2");
    let mapping = mapping(1, "0: a | 1: a | 2: b");
    let rules = Rules::new(1).unwrap();
    let options = DecommissionOptions::new(rules).bases([base(digits(1), "1")]);
    let plan = mapping.decommission(&topology, &["a"], &options).unwrap();
    assert_eq!(show(&mapping.apply(&plan).unwrap()), "0: a | 1: b | 2: b");
}

#[test]
fn a_second_drain_never_refills_the_first() {
    let mut planned = 0;
    for seed in 0..3_000 {
        let instance = Instance::satisfiable(seed, Size::SMALL);
        let _context = instance.context();
        let Instance { topology, mapping, rules, .. } = instance;
        let [first, second] = match topology.services() {
            [first, .., second] => [first.address(), second.address()],
            _ => continue,
        };
        let options = DecommissionOptions::new(rules);
        let Ok(plan) = mapping.decommission(&topology, &[first], &options) else { continue };
        let after = mapping.apply(&plan).unwrap();
        let options = options.drain([first]);
        let Ok(plan) = after.decommission(&topology, &[second], &options) else { continue };
        let after = after.apply(&plan).unwrap();
        assert_eq!(after.managed_bases(first).count(), 0, "seed {seed}");
        assert_eq!(after.managed_bases(second).count(), 0, "seed {seed}");
        planned += u32::from(!plan.is_empty());
    }
    assert!(planned > 200, "{planned}");
}

#[test]
fn a_whole_rack_leaves_at_once() {
    let names: Vec<_> =
        (0..24).map(|n| format!("a{n:02}=r{}.h{}.v{}", n / 6, n % 6 / 2, n % 2)).collect();
    let topology = topology(&names.join(" "));
    let rules = Rules::new(3).unwrap().min_dist(3.try_into().unwrap());
    let options = meta0::RebalanceOptions::new(rules);
    let mapping = PrefixMapping::new(digits(1));
    let mapping = mapping.apply(&mapping.rebalance(&topology, &options).unwrap()).unwrap();
    let rack: Vec<_> = topology.in_location("r1");
    let rack: Vec<_> = rack.iter().map(|i| topology.services()[i.index()].address()).collect();
    let request = Request { services: &rack, bases: None, rules, tolerance: Tolerance::default() };
    let plan = mapping.decommission(&topology, &rack, &request.options()).unwrap();
    assert_eq!(plan.moves(), 12);
    let least = request.least(&mapping, &topology).unwrap();
    request.judge(&mapping, &topology, &plan, least);
}

#[test]
fn an_id_names_the_service() {
    let topology = topology("a#x=h1 b#y=h2 c#z=h3 d=h4");
    let mapping = mapping(0, ": a y c");
    let options = DecommissionOptions::new(Rules::default());
    for name in ["b", "y"] {
        let plan = mapping.decommission(&topology, &[name], &options).unwrap();
        assert_eq!(show(&mapping.apply(&plan).unwrap()), ": a c d", "{name}");
    }
}

#[test]
fn a_service_that_only_the_mapping_knows_is_decommissioned() {
    let topology = topology("a=h1 b=h2 c=h3");
    let mapping = mapping(0, ": a b dead");
    let options = DecommissionOptions::new(Rules::default());
    let plan = mapping.decommission(&topology, &["dead"], &options).unwrap();
    assert_eq!(show(&mapping.apply(&plan).unwrap()), ": a b c");
}

#[test]
fn what_is_left_goes_by_every_strategy_from_bases_of_any_width() {
    let topology = topology("a=h1 b=h2 c=h3 d=h4 e=h5");
    let mapping = mapping(1, "0: a | 1: a b | 2: a b c | 3: a b c d | 4: a b c d e | 5: b c d e");
    let counts = [1, 2, 3, 3, 3, 3];
    for strategy in [Strategy::Optimal, Strategy::FewestBases, Strategy::MostAvailability] {
        let options = DecommissionOptions::new(Rules::default()).strategy(strategy);
        let plan = mapping.decommission(&topology, &["a", "b"], &options).unwrap();
        let after = mapping.apply(&plan).unwrap();
        for gone in ["a", "b"] {
            assert_eq!(after.managed_bases(gone).count(), 0, "{strategy:?}");
        }
        let count = |base| after.services_of(base).len();
        assert_eq!(digits(1).bases().take(6).map(count).collect_vec(), counts, "{strategy:?}");
    }
}

#[test]
fn strategies_choose_what_a_scan_of_all_services_does() {
    let mut planned = 0;
    for seed in 0..3_000 {
        let instance = Instance::satisfiable(seed, Size::SMALL);
        let Leavers { services, bases } = instance.leavers(seed);
        let Instance { topology, mapping, rules, tolerance } = instance;
        let services = names(&services);
        let request = Request { services: &services, bases: bases.as_deref(), rules, tolerance };
        for strategy in [Strategy::FewestBases, Strategy::MostAvailability] {
            let key = |offer: &Candidate<'_>| match strategy {
                Strategy::FewestBases => offer.bases().cast_signed(),
                _ => offer.bases().cast_signed() - offer.band().ceil.cast_signed(),
            };
            let options = request.options().strategy(strategy);
            let scan = |freed: Freed<'_>| {
                freed.candidates().iter().position_min_by_key(|offer| key(offer))
            };
            let plan = mapping.decommission(&topology, &services, &options);
            let wanted = mapping.decommission_with(&topology, &services, &options, scan);
            assert_eq!(plan, wanted, "seed {seed}: {strategy:?}");
            planned += usize::from(plan.is_ok_and(|plan| !plan.is_empty()));
        }
    }
    assert!(planned > 1_000, "{planned}");
}

#[test]
fn the_most_room_is_what_a_service_lacks_to_its_band() {
    // Bands are 5..=6; c has the higher score and 5 bases, d has none.
    let topology = topology("a=h1 b=h2 c=h3!100 d=h4!1");
    let rows = "a a a a a b b b b b b c c c c c".split(' ').enumerate();
    let rows: Vec<_> = rows.map(|(base, row)| format!("{base:X}: {row}")).collect();
    let mapping = mapping(1, &rows.join(" | "));
    let rules = Rules::new(1).unwrap();
    let options = DecommissionOptions::new(rules).strategy(Strategy::MostAvailability);
    let plan = mapping.decommission(&topology, &["a"], &options).unwrap();
    assert!(plan.changes().all(|change| change.to == Some("d")));
}

#[test]
fn what_has_nowhere_to_go_is_refused() {
    let topology = topology("a=h1.v1 b=h2.v1 c=h3.v1 d=h3.v2");
    let rules = Rules::new(3).unwrap().min_dist(2.try_into().unwrap());
    let options = DecommissionOptions::new(rules);
    assert!(mapping(0, ": a b c").decommission(&topology, &["a"], &options).is_err());
    let plan = mapping(0, ": a b c").decommission(&topology, &["c"], &options).unwrap();
    assert_eq!(plan.moves(), 1);
}

#[test]
fn a_choice_sees_who_leaves_who_stays_and_who_may_take() {
    let mut asked = 0;
    for seed in 0..1_000 {
        let instance = Instance::satisfiable(seed, Size::SMALL);
        let _context = instance.context();
        let Leavers { services, bases } = instance.leavers(seed);
        let Instance { topology, mapping, rules, tolerance } = instance;
        let (resolved, bases) = (mapping.resolve(&topology), bases.as_deref());
        let leavers = names(&services);
        let request = Request { services: &leavers, bases, rules, tolerance };
        let mut given: BTreeMap<Base, Vec<String>> = BTreeMap::new();
        let choose = |freed: Freed<'_>| {
            let taken = given.entry(freed.base()).or_default();
            let (leave, mut stay): (Vec<_>, Vec<_>) = resolved
                .services_of(freed.base())
                .sorted()
                .dedup()
                .partition(|name| services.iter().any(|leaver| leaver == name));
            stay.extend(taken.iter().map(String::as_str));
            assert_eq!((freed.leaving(), freed.staying()), (&*leave, &*stay), "{}", freed.base());
            let offers: Vec<_> =
                freed.candidates().iter().map(|it| it.service().address()).collect();
            assert!(offers.is_sorted() && offers.iter().all(|offer| !stay.contains(offer)));
            let last = offers.len() - 1;
            taken.push(offers[last].to_owned());
            asked += 1;
            Some(last)
        };
        let plan = mapping.decommission_with(&topology, &services, &request.options(), choose);
        let Ok(plan) = plan else { continue };
        let after = mapping.apply(&plan).unwrap().resolve(&topology);
        for (base, taken) in given {
            assert!(taken.iter().all(|name| after.services_of(base).contains(&**name)), "{base}");
        }
    }
    assert!(asked > 500, "{asked}");
}

#[test]
fn a_choice_may_decline() {
    let topology = topology("a=h1 b=h2 c=h3 d=h4 e=h5");
    let mapping = mapping(1, "0: b c d | 1: a b c | 2: a c d");
    let options = DecommissionOptions::new(Rules::default());
    for answer in [None, Some(2), Some(usize::MAX)] {
        let choose = |freed: Freed<'_>| {
            let is_second = freed.base() == base(digits(1), "2");
            if is_second { answer } else { Some(0) }
        };
        let refused = mapping.decommission_with(&topology, ["a"], &options, choose).unwrap_err();
        let wanted = DecommissionError::Declined { base: base(digits(1), "2"), candidates: 2 };
        assert_eq!(refused, wanted);
        let message = "base \"2\" is given to none of the 2 services that the rules allow";
        assert_eq!(refused.to_string(), message);
    }
}

#[test]
fn names_come_in_any_shape_and_options_add_up() {
    let topology = topology("a=h1 b=h2 c=h3 d=h4 e=h5");
    let mapping = mapping(1, "0: a b c | 1: a b c");
    let options = DecommissionOptions::new(Rules::default());
    let plan = mapping.decommission(&topology, ["a"], &options).unwrap();
    assert_eq!(mapping.decommission(&topology, &["a".to_owned()], &options).unwrap(), plan);
    assert_eq!(mapping.decommission(&topology, vec!["a".to_owned()], &options).unwrap(), plan);
    assert_eq!(mapping.decommission(&topology, Some("a"), &options).unwrap(), plan);
    let [zero, one] = ["0", "1"].map(|name| base(digits(1), name));
    assert_eq!(options.clone().bases([zero]).bases([one]), options.clone().bases([zero, one]));
    let drains = options.clone().drain(["d"]).drain(["e"]);
    assert_eq!(drains.get_drain(), ["d", "e"]);
    assert!(mapping.decommission(&topology, ["a"], &drains).is_err());
}
