//! The check: an example of each breach, and of what it says.

mod naive;

use meta0::{
    BreachKind, BrokenRule, CheckOptions, CheckReport, Level, PrefixMapping, Rules, Service,
    Topology,
};
use serde_json::{Value, json};

use crate::instance::{Instance, Size};
use crate::notation::{self, mapping, topology};

/// Every base of one digit on the same services, but for those said.
fn filled(names: &[&str], others: &str) -> PrefixMapping {
    notation::filled(1, names, others)
}

fn rules(replicas: u16, min_dist: &str) -> Rules {
    Rules::new(replicas).unwrap().min_dist(min_dist.parse().unwrap())
}

#[track_caller]
fn check(mapping: &PrefixMapping, topology: &Topology, rules: Rules) -> CheckReport {
    mapping.check(topology, &CheckOptions::new(rules)).unwrap()
}

/// That there are breaches of one kind alone, and how the examples read.
#[track_caller]
fn assert_only(report: &CheckReport, kind: BreachKind, wanted: &[&str]) {
    for other in BreachKind::ALL.into_iter().filter(|&other| other != kind) {
        assert_eq!(report.count(other), 0, "{other}: {:?}", report.examples(other));
    }
    let examples: Vec<_> = report.examples(kind).iter().map(ToString::to_string).collect();
    assert_eq!(examples, wanted);
    assert!(report.examples(kind).iter().all(|breach| breach.kind() == kind));
    assert_eq!(report.count(kind), wanted.len() as u64);
    assert!(!report.is_valid() && !report.is_clean());
}

const FOUR_HOSTS: &str = "a=r1.h1.d b=r1.h2.d c=r2.h3.d d=r2.h4.d";

#[test]
fn a_missing_base() {
    let mut mapping = filled(&["a", "b", "c"], "0: a b d");
    mapping.assign_services(mapping.digits().base(10).unwrap(), [""; 0]).unwrap();
    let report = check(&mapping, &topology(FOUR_HOSTS), rules(3, "2"));
    assert_only(&report, BreachKind::Missing, &["base \"A\" has no replica"]);
    assert_eq!(report.tolerated(Level::Volume), None);
}

#[test]
fn a_short_base() {
    let mapping = filled(&["a", "b", "c"], "3: a | 5: b d");
    let report = check(&mapping, &topology(FOUR_HOSTS), rules(3, "2"));
    let wanted =
        ["base \"3\" has 1 replica, not 3, on a", "base \"5\" has 2 replicas, not 3, on b and d"];
    assert_only(&report, BreachKind::Short, &wanted);
    assert_eq!(report.examples(BreachKind::Short)[1].services(), ["b", "d"]);
    assert_eq!(report.examples(BreachKind::Short)[1].base().index(), 5);
}

#[test]
fn an_excess_base() {
    let mapping = filled(&["a", "b", "c"], "F: a b c d");
    let report = check(&mapping, &topology(FOUR_HOSTS), rules(3, "2"));
    let wanted = "base \"F\" has 4 replicas, not 3, on a, b, c and d";
    assert_only(&report, BreachKind::Excess, &[wanted]);
}

#[test]
fn a_service_under_two_names() {
    let topology = topology("a#ida=h1.d b=h2.d c=h3.d");
    let mapping = filled(&["ida", "b", "c"], "1: a b c ida");
    for mapping in [mapping.resolve(&topology), mapping] {
        let report = check(&mapping, &topology, rules(3, "2"));
        assert_only(&report, BreachKind::Duplicate, &["base \"1\" names a more than once"]);
        assert!(report.loads().iter().all(|service| service.load() == 16));
        assert_eq!(report.outside_band() + report.domains_outside_band(), 0);
    }
}

#[test]
fn a_name_that_no_service_has() {
    let mapping = filled(&["a", "b", "c"], "2: a b gone");
    let report = check(&mapping, &topology(FOUR_HOSTS), rules(3, "2"));
    let wanted = "base \"2\" is on gone, which no service has for its name";
    assert_only(&report, BreachKind::Unknown, &[wanted]);
    let gone = report.loads().last().unwrap();
    assert_eq!((gone.name(), gone.service(), gone.load()), ("gone", None, 1));
    assert_eq!(gone.band().ceil, 0);
}

#[test]
fn an_unknown_name_that_stands_twice() {
    let known = topology("b=h1 x#y=h2");
    let mapping = filled(&["b", "u", "v"], "7: b x y").resolve(&known);
    let options = CheckOptions::new(rules(3, "1")).examples(0);
    let report = mapping.check(&topology("b=h1 c=h2 d=h3"), &options).unwrap();
    assert_eq!(report.count(BreachKind::Duplicate), 1);
    assert_eq!(report.count(BreachKind::Unknown), 15 * 2 + 1);
    assert_eq!(report.count(BreachKind::Short), 1);
}

#[test]
fn an_unavailable_service() {
    let mapping = filled(&["a", "b", "c"], "2: a b e | 3: a e c");
    let topology = topology(&format!("{FOUR_HOSTS} e=r3.h5.d!0"));
    let report = check(&mapping, &topology, rules(3, "2"));
    let wanted = [2, 3].map(|base| format!("base \"{base}\" is on e, which is unavailable"));
    assert_only(&report, BreachKind::Unavailable, &wanted.each_ref().map(String::as_str));
    // e's two replicas are breaches, not loads outside a band.
    let [a, b, c, d] = [16_u64, 15, 15, 0].map(|load| load.abs_diff(12));
    assert_eq!(report.outside_band(), a + b + c + d);
}

#[test]
fn replicas_too_close() {
    let topology = topology("a=r1.h1.d b=r1.h1.e c=r2.h3.d d=r2.h4.d");
    let mapping = filled(&["a", "c", "d"], "7: a b c");
    let report = check(&mapping, &topology, rules(3, "2"));
    let wanted = "base \"7\" has replicas at distance 1, not 2 or more, on a and b";
    assert_only(&report, BreachKind::TooClose, &[wanted]);
}

#[test]
fn too_many_replicas_in_one_domain() {
    let topology = topology("a=r1.h1.d b=r1.h2.d c=r1.h3.d d=r2.h4.d e=r3.h5.d f=r3.h6.d");
    let mapping = filled(&["a", "b", "d", "e", "f"], "7: a b c d e");
    let rules = rules(5, "2").level(Level::Rack).degradation(1).unwrap();
    let report = check(&mapping, &topology, rules);
    let wanted = "base \"7\" has 3 replicas in rack r1, not 2 or fewer, on a, b and c";
    assert_only(&report, BreachKind::Degradation, &[wanted]);
    let tolerated = Level::ALL.map(|level| report.tolerated(level).unwrap());
    assert_eq!(tolerated, [0, 0, 2, 2]);
}

#[test]
fn too_many_replicas_in_a_capped_domain() {
    let topology = topology("a=s1.r1.h1.d b=s1.r1.h2.d c=s1.r2.h3.d d=s2.r3.h4.d e=s2.r3.h5.d");
    let mapping = filled(&["a", "b", "d"], "7: a b c");
    let rules = rules(3, "2").at_most(Level::Site, 2).unwrap().at_most(Level::Rack, 3).unwrap();
    let report = check(&mapping, &topology, rules);
    let wanted = "base \"7\" has 3 replicas in site s1, not 2 or fewer, on a, b and c";
    assert_only(&report, BreachKind::Crowded, &[wanted]);
    assert!(check(&mapping, &topology, rules.at_most(Level::Site, 3).unwrap()).is_valid());
}

#[test]
fn a_base_that_breaks_two_caps_is_crowded_once() {
    let topology = topology("a=s1.r1.h1.d b=s1.r1.h2.d c=s1.r1.h3.d d=s2.r3.h4.d e=s2.r4.h5.d");
    let rules = rules(3, "1").at_most(Level::Site, 2).unwrap().at_most(Level::Rack, 1).unwrap();
    let report = check(&filled(&["a", "b", "c"], ""), &topology, rules);
    assert_eq!(report.count(BreachKind::Crowded), 16);
    assert_eq!(report.count(BreachKind::TooClose) + report.count(BreachKind::Degradation), 0);
    let close = rules.min_dist("3".parse().unwrap()).level(Level::Rack).degradation(1).unwrap();
    let report = check(&filled(&["a", "b", "c"], ""), &topology, close);
    let kinds = [BreachKind::TooClose, BreachKind::Degradation, BreachKind::Crowded];
    assert_eq!(kinds.map(|kind| report.count(kind)), [16; 3]);
}

#[test]
fn a_quorum_is_of_the_services_that_a_base_names() {
    let topology = topology("a=h1.d b=h2.d c=h3.d d=h4.d e=h5.d");
    let tolerated = |names: &[&str]| {
        let report = check(&filled(names, ""), &topology, rules(3, "2"));
        report.tolerated(Level::Host)
    };
    assert_eq!(tolerated(&["a"]), Some(0));
    assert_eq!(tolerated(&["a", "b", "c"]), Some(1));
    assert_eq!(tolerated(&["a", "b", "c", "d", "e"]), Some(2));
    assert_eq!(tolerated(&["a", "b", "x"]), Some(0));
    assert_eq!(tolerated(&["a", "b", "x", "y"]), None);
}

#[test]
fn a_clean_mapping_and_its_text() {
    let topology = topology("a=h1.d b=h2.d c=h3.d");
    let report = check(&filled(&["a", "b", "c"], "0: a b c"), &topology, rules(3, "2"));
    assert!(report.is_valid() && report.is_clean());
    let wanted = "no breach: every base keeps the rules\n\
                  outside band: 0 on services, 0 on domains\n\
                  tolerated: site 0, rack 0, host 1, volume 1";
    assert_eq!(report.to_string(), wanted);
}

#[test]
fn the_text_of_a_broken_mapping() {
    let topology = topology("a=h1.d b=h2.d c=h3.d");
    let options = CheckOptions::new(rules(3, "2")).examples(1);
    let report = mapping(0, ":x y").check(&topology, &options).unwrap();
    let wanted = "short: 1 base\n  base \"\" has 2 replicas, not 3, on x and y\n\
                  unknown: 2 replicas\n  base \"\" is on x, which no service has for its name\n  \
                  and 1 more\n\
                  outside band: 3 on services, 12 on domains\n\
                  tolerated: nothing, some base has no quorum even now";
    assert_eq!(report.to_string(), wanted);
    assert_eq!(report.count(BreachKind::Unknown), 2);
}

#[test]
fn rules_that_nothing_satisfies_are_refused() {
    let error = mapping(0, ": a b")
        .check(&topology("a=h1.d b=h1.e"), &CheckOptions::new(rules(2, "2")))
        .unwrap_err();
    assert_eq!((error.wanted, error.capacity), (2, 1));
}

#[test]
fn a_tolerance_widens_the_bands() {
    let mapping = filled(&["a", "b", "c"], "0: a b d | 1: a b d | 2: a b d | 3: a b d");
    let topology = topology(FOUR_HOSTS);
    let options = CheckOptions::new(rules(3, "2"));
    let outside = |tolerance: &str| {
        let options = options.tolerance(tolerance.parse().unwrap());
        mapping.check(&topology, &options).unwrap().outside_band()
    };
    assert_eq!([outside("0"), outside("25%"), outside("2/3")], [16, 7, 0]);
}

/// Reports of random mappings, with every example.
fn reports() -> impl Iterator<Item = (Instance, CheckReport)> {
    (0..300).map(|seed| {
        let instance = Instance::satisfiable(seed, Size::SMALL);
        let options = CheckOptions::new(instance.rules).examples(usize::MAX);
        let report = instance.mapping.check(&instance.topology, &options).unwrap();
        (instance, report)
    })
}

#[test]
fn a_breach_has_the_numbers_that_it_is_broken_by() {
    for (instance, report) in reports() {
        let _context = instance.context();
        let Instance { topology, rules, .. } = instance;
        let locate = |name: &String| topology.service(topology.find(name)?).map(Service::location);
        let examples = BreachKind::ALL.into_iter().flat_map(|kind| report.examples(kind));
        for breach in examples {
            let places: Vec<_> = breach.services().iter().filter_map(locate).collect();
            let (count, wanted_replicas) = (breach.services().len(), rules.replicas());
            match breach.rule() {
                BrokenRule::Short { wanted } => {
                    assert!(count < usize::from(*wanted) && *wanted == wanted_replicas);
                }
                BrokenRule::Excess { wanted } => {
                    assert!(count > usize::from(*wanted) && *wanted == wanted_replicas);
                }
                BrokenRule::TooClose { distance, min_dist } => {
                    assert_eq!(places[0].distance(places[1]), *distance);
                    assert!(*distance < min_dist.get() && *min_dist == rules.get_min_dist());
                }
                BrokenRule::Degradation(over) | BrokenRule::Crowded(over) => {
                    let is_crowded = matches!(breach.kind(), BreachKind::Crowded);
                    let degradation =
                        (rules.get_level() == over.level).then(|| rules.degradation_cap());
                    let cap = if is_crowded {
                        rules.at_most_cap(over.level)
                    } else {
                        degradation.flatten()
                    };
                    assert_eq!(cap, Some(over.cap));
                    assert!(count > over.cap.into());
                    assert!(places.iter().all(|place| place.shares(places[0], over.level)));
                }
                _ => {}
            }
        }
    }
}

#[test]
fn a_report_serializes_with_names_and_locations() {
    for (instance, report) in reports() {
        let _context = instance.context();
        let Instance { topology, .. } = instance;
        let json = serde_json::to_value(&report).unwrap();
        for kind in BreachKind::ALL {
            assert_eq!(json["breaches"][kind.to_string()], report.count(kind));
            let examples = report.examples(kind);
            let told = json["examples"].get(kind.to_string()).and_then(Value::as_array);
            assert_eq!(told.map_or(0, Vec::len), examples.len());
            for (told, breach) in told.into_iter().flatten().zip(examples) {
                assert_eq!(told["base"], breach.base().first_prefix().to_string());
                assert_eq!(
                    (&told["kind"], &told["services"]),
                    (&json!(kind), &json!(breach.services()))
                );
            }
        }
        let services = report.loads().iter().map(|load| {
            let service = topology.find(load.name()).and_then(|index| topology.service(index));
            json!({
                "addr": load.name(),
                "location": service.map(|service| service.location().to_string()),
                "score": service.map_or(0, Service::score),
                "up": service.is_some_and(Service::is_up),
                "load": load.load(), "floor": load.band().floor, "ceil": load.band().ceil,
            })
        });
        assert_eq!(json["services"], services.collect::<Value>());
        for level in Level::ALL {
            let domains = topology.domains(level).iter().zip(report.domain_loads(level));
            let domains = domains.map(|(domain, load)| {
                assert_eq!((domain.name(), domain.level()), (load.name(), load.level()));
                let band = load.band();
                json!({"name": domain.name(), "load": load.load(), "floor": band.floor, "ceil": band.ceil})
            });
            assert_eq!(json["domains"][level.to_string()], domains.collect::<Value>());
            assert_eq!(json["tolerated"][level.to_string()], json!(report.tolerated(level)));
        }
        assert_eq!(json["outside_band"], report.outside_band());
        assert_eq!(json["domains_outside_band"], report.domains_outside_band());
    }
}
