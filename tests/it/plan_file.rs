//! Plans as files: what is written is read back, and nothing else is.

use meta0::{
    DecommissionOptions, Digits, Freed, Level, Plan, PrefixMapping, RebalanceOptions, Rules,
    Strategy, Tolerance,
};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde_json::{Map, Value, json};

use crate::instance::{Instance, Size};
use crate::notation::{digits, mapping, topology};

/// A seed as a number below `count`.
fn index(seed: u64, count: usize) -> usize {
    usize::try_from(seed).unwrap() % count
}

/// Plans of every kind for an instance.
fn plans(instance: &Instance, seed: u64) -> Vec<Plan> {
    let Instance { topology, mapping, rules, tolerance } = instance;
    let services = instance.some_services(seed);
    let (held, drained) = services.split_at(index(seed, services.len() + 1));
    let options = RebalanceOptions::new(*rules).tolerance(*tolerance).drain(drained.to_vec());
    let limited = options.clone().max_moves(3).max_moves_per_base(1);
    let holding = options.clone().hold(held.to_vec()).hold_bases(instance.some_bases(seed));
    let limited_holding = holding.clone().max_moves(index(seed, 9));
    let all = [options, limited, holding, limited_holding];
    let mut plans: Vec<_> = all.iter().flat_map(|it| mapping.rebalance(topology, it)).collect();

    let leavers = instance.leavers(seed);
    let names: Vec<_> = leavers.services.iter().map(String::as_str).collect();
    let mut options = DecommissionOptions::new(*rules).tolerance(*tolerance);
    if let Some(bases) = leavers.bases {
        options = options.bases(bases);
    }
    for strategy in [Strategy::Optimal, Strategy::FewestBases, Strategy::MostAvailability] {
        let options = options.clone().strategy(strategy);
        plans.extend(mapping.decommission(topology, &names, &options));
    }
    let first = |_: Freed<'_>| Some(0);
    plans.extend(mapping.decommission_with(topology, &names, &options, first));

    let resolved = mapping.resolve(topology);
    let others: Vec<_> = plans.iter().map(|plan| mapping.apply(plan).unwrap()).collect();
    plans.extend(others.iter().map(|other| resolved.diff(other).unwrap()));
    plans.extend(plans.iter().map(Plan::inverse).collect::<Vec<_>>());
    plans.extend(plans.iter().map(|plan| plan.clone().max_per_service(1)).collect::<Vec<_>>());
    plans
}

#[test]
fn what_is_written_is_read_back() {
    let mut read = 0;
    for seed in 0..1_500 {
        let instance = Instance::satisfiable(seed, [Size::TINY, Size::SMALL][index(seed, 2)]);
        let _context = instance.context();
        for plan in plans(&instance, seed) {
            let text = plan.to_json();
            assert_eq!(Plan::from_json(&text).unwrap(), plan, "{text}");
            assert_eq!(Plan::from_json(&text).unwrap().to_json(), text);
            // In another order, by another reader.
            let value = serde_json::to_value(&plan).unwrap();
            assert_eq!(serde_json::from_value::<Plan>(value.clone()).unwrap(), plan);
            assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), value);
            assert_eq!(Plan::read_json(value.to_string().as_bytes()).unwrap(), plan);
            read += 1;
        }
    }
    assert!(read > 20_000, "{read}");
}

#[test]
fn what_was_read_is_what_it_says() {
    for seed in 0..1_000 {
        let instance = Instance::satisfiable(seed, Size::SMALL);
        let _context = instance.context();
        for plan in plans(&instance, seed).iter().filter(|plan| plan.goal().is_some()) {
            let read = Plan::from_json(plan.to_json()).unwrap();
            let verified =
                read.verify(&instance.mapping, &instance.topology).unwrap_or_else(|error| {
                    panic!(
                        "{seed} {error:?} {:?} {}",
                        plan.verify(&instance.mapping, &instance.topology),
                        plan.to_json()
                    )
                });
            assert_eq!(verified, plan.verify(&instance.mapping, &instance.topology).unwrap());
            let after = instance.mapping.apply(plan).unwrap();
            assert_eq!(instance.mapping.apply(&read).unwrap(), after);
        }
    }
}

/// A rebalance of five bases that says everything, as text.
fn rebalance() -> String {
    let topology = topology("a#id-a=s1.r1.h1 b=s1.r1.h2 c=s1.r2.h3 d=s2.r1.h4 e=s2.r2.h5!0");
    let mapping = mapping(1, "0: id-a b | 1: id-a b | 2: id-a b | 3: a c | F: e b");
    let rules = Rules::new(2).unwrap().min_dist("2".parse().unwrap());
    let options = RebalanceOptions::new(rules.at_most(Level::Rack, 2).unwrap())
        .tolerance("5%".parse::<Tolerance>().unwrap())
        .hold(["c"])
        .hold_bases([digits(1).base(3).unwrap()])
        .max_moves(40);
    mapping.rebalance(&topology, &options).unwrap().to_json()
}

/// The keys of an object, in their order.
fn keys(text: &str) -> Vec<String> {
    struct Keys(Vec<String>);
    impl<'de> serde::Deserialize<'de> for Keys {
        fn deserialize<D: serde::Deserializer<'de>>(reader: D) -> Result<Self, D::Error> {
            reader.deserialize_map(Keys(Vec::new()))
        }
    }
    impl<'de> serde::de::Visitor<'de> for Keys {
        type Value = Self;
        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("an object")
        }
        fn visit_map<A: serde::de::MapAccess<'de>>(mut self, mut map: A) -> Result<Self, A::Error> {
            while let Some((key, _)) = map.next_entry::<String, Value>()? {
                self.0.push(key);
            }
            Ok(self)
        }
    }
    serde_json::from_str::<Keys>(text).unwrap().0
}

#[test]
fn keys_stand_in_their_order() {
    let all = "format command digits replicas min_dist level degradation at_most tolerance drained \
        held held_bases leaving bases strategy max_moves max_moves_per_base renamed digest \
        digest_after moves removals lower_bound minimal certificate beside waves steps";
    let order: Vec<_> = all.split_whitespace().collect();
    let mut seen = std::collections::BTreeSet::new();
    for seed in 0..200 {
        let instance = Instance::satisfiable(seed, Size::SMALL);
        for plan in plans(&instance, seed) {
            let keys = keys(&plan.to_json());
            let places = keys.iter().map(|key| order.iter().position(|it| it == key).unwrap());
            assert!(places.is_sorted_by(|a, b| a < b), "{keys:?}");
            seen.extend(keys);
        }
    }
    assert_eq!(seen.len(), order.len());
}

#[test]
fn a_plan_key_by_key() {
    let text = rebalance();
    let value: Map<String, Value> = serde_json::from_str(&text).unwrap();
    for (key, wanted) in [
        ("format", json!("meta0-plan/1")),
        ("command", json!("rebalance")),
        ("digits", json!(1)),
        ("replicas", json!(2)),
        ("min_dist", json!(2)),
        ("level", json!("host")),
        ("degradation", json!(0)),
        ("at_most", json!({"rack": 2})),
        ("tolerance", json!("1/20")),
        ("drained", json!([])),
        ("held", json!(["c"])),
        ("held_bases", json!(["3000"])),
        ("max_moves", json!(40)),
        ("renamed", json!({"id-a": "a"})),
        ("steps", json!([])),
    ] {
        assert_eq!(value[key], wanted, "{key}");
    }
    let plan = Plan::from_json(&text).unwrap();
    assert_eq!(plan.digest(), u64::from_str_radix(value["digest"].as_str().unwrap(), 16).unwrap());
    assert_eq!(value["moves"], json!(plan.moves()));
    assert!(text.ends_with("\n]\n],\"steps\":[]}\n"));
}

/// What reading a text is refused with.
#[track_caller]
fn refusal(text: &str) -> String {
    let error = Plan::from_json(text).unwrap_err();
    let offset = error.offset().unwrap();
    assert!(offset <= text.len());
    error.to_string().replace(&format!(" at byte {offset}"), "")
}

/// The text of a value of the plan above, with others for some values.
fn edited(edits: &[(&str, Value)]) -> String {
    let mut value: Value = serde_json::from_str(&rebalance()).unwrap();
    for (pointer, new) in edits {
        match value.pointer_mut(pointer) {
            Some(place) => *place = new.clone(),
            None => value[&pointer[1..]] = new.clone(),
        }
    }
    value.to_string()
}

#[test]
fn values_that_are_amiss_are_refused() {
    let (heads, waves) = (amiss_in_the_head(), amiss_in_the_waves());
    for (pointer, value, wanted) in heads.into_iter().chain(waves) {
        assert_eq!(refusal(&edited(&[(pointer, value)])), wanted);
    }
}

/// Where, what stands there, and what is said of it.
type Amiss = Vec<(&'static str, Value, &'static str)>;

fn amiss_in_the_head() -> Amiss {
    vec![
        (
            "/format",
            json!("meta0-plan/2"),
            "format: this is format \"meta0-plan/2\": expected \"meta0-plan/1\", the one that is known",
        ),
        (
            "/command",
            json!("move"),
            "command: unknown variant `move`, expected one of `rebalance`, `decommission`, `diff`, `undo`, `part`",
        ),
        ("/digits", json!(5), "digits: 5 is not a number of digits: expected 0 to 4"),
        ("/digits", json!("1"), "digits: invalid type: string \"1\", expected u8"),
        (
            "/digits",
            json!(0),
            "held_bases: this is no base of 0 digits: expected the first of its prefixes",
        ),
        ("/replicas", json!(0), "replicas: invalid value: integer `0`, expected a nonzero u16"),
        (
            "/replicas",
            json!(65536),
            "replicas: invalid value: integer `65536`, expected a nonzero u16",
        ),
        (
            "/min_dist",
            json!(0),
            "min_dist: \"0\" is not a distance between replicas: expected 1 to 4",
        ),
        (
            "/level",
            json!("room"),
            "level: \"room\" is not a level: expected site, rack, host or volume",
        ),
        (
            "/at_most",
            json!({"room": 1}),
            "at_most.room: unknown field `room`: expected the keys of format \"meta0-plan/1\" alone",
        ),
        (
            "/at_most",
            json!({"rack": 0}),
            "at_most.rack: invalid value: integer `0`, expected a nonzero u16",
        ),
        ("/tolerance", json!("5%"), "tolerance: \"5%\" is not in lowest terms: expected \"1/20\""),
        (
            "/tolerance",
            json!("x"),
            "tolerance: \"x\" is not a tolerance: expected a part of the share, like 0.05, 5% or 1/20",
        ),
        ("/held", json!(["c", ""]), "held[1]: the name is empty: expected that of a service"),
        ("/held", json!(["c", "d", "c"]), "held: c stands twice: expected it once"),
        (
            "/held_bases",
            json!(["3000", "3001"]),
            "held_bases: this is no base of 1 digits: expected the first of its prefixes",
        ),
        (
            "/held_bases",
            json!(["300"]),
            "held_bases[0]: invalid value: string \"300\", expected a base, as 4 upper-case hex digits",
        ),
        ("/max_moves", json!(null), "max_moves: invalid type: null, expected usize"),
        ("/max_moves", json!(-1), "max_moves: invalid value: integer `-1`, expected usize"),
        (
            "/renamed",
            json!({"a": "a"}),
            "renamed: \"a\" stands for itself: expected an address that is another",
        ),
        (
            "/digest",
            json!("123"),
            "digest: \"123\" is no digest: expected 16 lower-case hex digits",
        ),
        (
            "/digest",
            json!("00000000000000AF"),
            "digest: \"00000000000000AF\" is no digest: expected 16 lower-case hex digits",
        ),
        ("/minimal", json!(1), "minimal: invalid type: integer `1`, expected a boolean"),
        (
            "/certificate",
            json!(null),
            "certificate: expected a bound and a certificate, or null for both",
        ),
        (
            "/lower_bound",
            json!(null),
            "certificate: expected a bound and a certificate, or null for both",
        ),
        ("/leaving", json!([]), "leaving: a plan of command \"rebalance\" does not have this key"),
        (
            "/more",
            json!([]),
            "more: unknown field `more`: expected the keys of format \"meta0-plan/1\" alone",
        ),
    ]
}

fn amiss_in_the_waves() -> Amiss {
    vec![
        ("/waves", json!({}), "waves: invalid type: map, expected an array of waves"),
        ("/waves/0", json!([]), "waves[0]: a wave is empty: expected a change in each"),
        ("/waves/0/0", json!([]), "waves[0][0]: invalid type: sequence, expected a change"),
        ("/waves/0/0", json!({"base": "0000", "from": "b"}), "waves[0][0]: missing field `to`"),
        (
            "/waves/0/0/from",
            json!(""),
            "waves[0][0].from: the name is empty: expected a service or null",
        ),
        (
            "/waves/0/0/to",
            json!(7),
            "waves[0][0].to: invalid type: integer `7`, expected a service or null",
        ),
        (
            "/waves/0/0/base",
            json!("00af"),
            "waves[0][0].base: invalid value: string \"00af\", expected a base, as 4 upper-case hex digits",
        ),
        (
            "/steps",
            json!([1]),
            "steps[0]: invalid type: integer `1`, expected a step, which is an object",
        ),
    ]
}

#[test]
fn values_that_disagree_are_refused() {
    let change = |base: &str, from: Value| json!({"base": base, "from": from, "to": "d"});
    for (edits, wanted) in [
        (vec![("/moves", json!(77))], "moves: expected 1, as counted in the waves"),
        (vec![("/removals", json!(1))], "removals: expected 0, as counted in the waves"),
        (
            vec![("/lower_bound", json!(0))],
            "minimal: expected false, as the bound and the moves say",
        ),
        (
            vec![("/waves/0", json!([change("1000", json!("a")), change("1000", json!("b"))]))],
            "waves[0]: base 1000 does not come after the one before it: expected the bases \
             of a wave to ascend, each once",
        ),
        (
            vec![("/waves/0", json!([change("1000", json!("d"))]))],
            "waves[0][0]: \"from\" and \"to\" are the same: expected a change",
        ),
        (
            vec![("/lower_bound", json!(null)), ("/certificate", json!(null))],
            "lower_bound: expected a bound and its certificate",
        ),
        (
            vec![("/command", json!("diff"))],
            "replicas: a plan of command \"diff\" does not have this key",
        ),
    ] {
        let edits: Vec<_> = [
            ("/waves", json!([[change("0000", json!("a"))]])),
            ("/moves", json!(1)),
            ("/lower_bound", json!(1)),
            ("/minimal", json!(true)),
        ]
        .into_iter()
        .chain(edits)
        .collect();
        assert_eq!(refusal(&edited(&edits)), wanted);
    }
}

#[test]
fn a_decommission_that_disagrees_is_refused() {
    let topology = topology("a=h1.d b=h2.d c=h3.d");
    let before = mapping(0, ": a b");
    let options = DecommissionOptions::new(Rules::new(2).unwrap());
    let plan = before.decommission(&topology, &["a"], &options).unwrap();
    let edited = |key: &str, new: Value| {
        let mut value = serde_json::to_value(&plan).unwrap();
        value[key] = new;
        value.to_string()
    };
    for (key, value, wanted) in [
        ("held", json!(["b"]), "held: expected an empty array: a decommission holds no services"),
        (
            "held_bases",
            json!([]),
            "held_bases: a plan of command \"decommission\" does not have this key",
        ),
        (
            "leaving",
            json!(["b"]),
            "leaving: \"b\" loses all its bases and is not drained: expected it among \"drained\"",
        ),
        (
            "strategy",
            json!("custom"),
            "lower_bound: expected null: nobody asked for the fewest moves",
        ),
        (
            "strategy",
            json!("best"),
            "strategy: unknown variant `best`, expected one of `fewest bases`, `most availability`, `custom`",
        ),
    ] {
        assert_eq!(refusal(&edited(key, value)), wanted);
    }
    assert!(Plan::from_json(edited("leaving", json!(["a"]))).is_ok());
}

#[test]
fn each_key_stands_once_and_each_that_has_to() {
    let text = rebalance();
    let value: Map<String, Value> = serde_json::from_str(&text).unwrap();
    for key in value.keys() {
        let one = format!("{{{}:{},", json!(key), value[key]);
        let twice = text.replacen('{', &one, 1);
        let wanted = format!("{key}: duplicate field `{key}`");
        assert!(refusal(&twice).ends_with(&wanted), "{}", refusal(&twice));
        let mut less = value.clone();
        less.remove(key);
        match key.as_str() {
            "held_bases" | "max_moves" | "renamed" => {
                assert!(Plan::from_json(json!(less).to_string()).is_ok());
            }
            _ => assert_eq!(
                refusal(&json!(less).to_string()),
                format!("the plan: key {key:?} is missing")
            ),
        }
    }
}

#[test]
fn what_is_no_plan_is_refused_where_it_ceases_to_be_one() {
    let text = rebalance();
    for (text, wanted) in [
        (String::new(), "the plan at byte 0: this is not JSON"),
        ("[]".to_owned(), "the plan at byte 0: invalid type: sequence, expected an object"),
        ("{}".to_owned(), "the plan at byte 0: key \"format\" is missing"),
        (format!("{text}x"), &*format!("the plan at byte {}: this is not JSON", text.len())),
        (
            text.replace("[]}", "[]"),
            &*format!("the plan at byte {}: this is not JSON", text.len() - 1),
        ),
        (
            format!("\u{FEFF}{{\"x\":1,{}", &text[1..]),
            "x at byte 4: unknown field `x`: expected the keys of format \"meta0-plan/1\" alone",
        ),
    ] {
        assert_eq!(Plan::from_json(&text).unwrap_err().to_string(), wanted);
    }
    let mut bytes = text.replace("\"id-a\"", "\"id-é\"").into_bytes();
    assert!(Plan::from_json(&bytes).is_ok());
    let at = bytes.iter().position(|&byte| byte == 0xC3).unwrap();
    bytes[at + 1] = b'x';
    let wanted = format!("the plan at byte {at}: this is not a text in UTF-8");
    assert_eq!(Plan::from_json(&bytes).unwrap_err().to_string(), wanted);
    assert!(Plan::from_json(format!("\u{FEFF}{text} \n")).is_ok());
}

#[test]
fn steps_are_passed_over() {
    let (old, new) = (mapping(1, "0: a b | 1: a b"), mapping(1, "0: a c | 1: b c"));
    let plan = old.diff(&new).unwrap();
    let mut text = Vec::new();
    let topology = topology("a=h1 b=h2 c=h3");
    let steps = || plan.steps(&old, &topology, "NS").unwrap();
    plan.write_json_with_steps(&mut text, steps()).unwrap();
    let value: Value = serde_json::from_slice(&text).unwrap();
    assert_eq!(value["steps"].as_array().unwrap().len(), steps().count());
    assert_eq!(Plan::read_json(&*text).unwrap(), plan);
}

#[test]
fn a_mutated_text_is_refused_or_read_and_nothing_else() {
    let text = rebalance().into_bytes();
    let mut rng = StdRng::seed_from_u64(1);
    let before = PrefixMapping::new(Digits::MAX);
    for _ in 0..20_000 {
        let mut text = text.clone();
        for _ in 0..rng.random_range(1..4) {
            let (at, from) = (rng.random_range(0..text.len()), rng.random_range(0..text.len()));
            match rng.random_range(0..3) {
                0 => text[at] = text[from],
                1 => drop(text.remove(at)),
                _ => text.insert(at, rng.random()),
            }
        }
        match Plan::from_json(&text) {
            Ok(plan) => drop(before.apply(&plan)),
            Err(error) => assert!(error.offset().unwrap() <= text.len(), "{error}"),
        }
    }
}
