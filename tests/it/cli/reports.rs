//! Reports: the text word for word, the JSON key by key.

use std::fs;

use meta0::{
    CheckOptions, Level, MinDist, MissingLocation, PrefixMapping, RebalanceOptions, Rules,
    Topology, read_services,
};
use serde_json::{Value, json};

use super::{THREE, answer, folder_with, meta0, services};
use crate::fixtures::fixture;

const DAMAGED: &str = "check --digits 2 --min-dist 2 \
    --services @services-12-one-down.conscience.json \
    --mapping @mapping-12-dead-and-unknown.digits2.json";

/// Two bases of one digit: one is too close and on a service nobody knows.
const MAPPING: &str = r#"{"0000": ["a:1", "b:1", "old:1"], "1000": ["a:1", "c:1"]}"#;

fn check_three(options: &str) -> String {
    let (folder, _) = folder_with("m.json", MAPPING);
    let rules = "--digits 1 --replicas 2 --min-dist 2";
    let mut command = meta0(&format!("check --services - --mapping m.json {rules} {options}"));
    answer(command.write_stdin(THREE).current_dir(&folder), 1)
}

#[test]
fn the_text_of_a_small_check() {
    assert_eq!(
        check_three(""),
        "\
NOT OK: the rules are broken in 4 ways; loads are 28 replicas outside their bands

cluster   3 services
mapping   16 bases of 1 digit, 2 replicas each
rules     replicas on different hosts, hosts loaded alike
may lose  nothing: some base has no quorum even now

missing: 14 bases
  base \"2\" has no replica
  base \"3\" has no replica
  base \"4\" has no replica
  and 11 more

excess: 1 base
  base \"0\" has 3 replicas, not 2, on a:1, b:1 and old:1

unknown: 1 replica
  base \"0\" is on old:1, which no service has for its name

too_close: 1 base
  base \"0\" has replicas at distance 1, not 2 or more, on a:1 and b:1

rack  load  band  off
r1       3    16  -13  █████░░░░░░░░░░░░░░░░░░░
r2       1    16  -15  ██░░░░░░░░░░░░░░░░░░░░░░

service  location  load  band      off
a:1      r1.h1.d1     2     8       -6  ███░░░░░░░░░
b:1      r1.h1.d2     1     8       -7  ██░░░░░░░░░░
c:1      r2.h1.d1     1    16      -15  ██░░░░░░░░░░░░░░░░░░░░░░
old:1                 1     0  unknown  ▓▓

█ in its band  ░ lacking  ▓ too many
"
    );
}

#[test]
fn the_text_of_a_small_bootstrap() {
    let rules = "--digits 1 --replicas 2 --min-dist 2 --degradation 0";
    let mut command = meta0(&format!("bootstrap --services - {rules}"));
    assert_eq!(
        answer(command.write_stdin(THREE), 0),
        "\
OK: every base keeps the rules, every load is in its band
nothing written: --output FILE writes the mapping

cluster   3 services
mapping   16 bases of 1 digit, 2 replicas each
rules     replicas on different hosts, hosts loaded alike
may lose  no rack, no host, no volume

rack  load  band
r1      16    16  ████████████████████████
r2      16    16  ████████████████████████

service  location  load  band
a:1      r1.h1.d1     8     8  ████████████
b:1      r1.h1.d2     8     8  ████████████
c:1      r2.h1.d1    16    16  ████████████████████████
"
    );
}

#[test]
fn the_json_of_a_small_check() {
    assert_eq!(
        check_three("--format json"),
        concat!(
            r#"{"command":"check","digits":1,"#,
            r#""replicas":2,"min_dist":2,"level":"host","degradation":0,"at_most":{},"bases":16,"#,
            r#""before":{"breaches":{"missing":14,"short":0,"excess":1,"duplicate":0,"unknown":1,"#,
            r#""unavailable":0,"too_close":1,"degradation":0,"crowded":0},"examples":{"#,
            r#""missing":[{"base":"2000","kind":"missing","services":[]},"#,
            r#"{"base":"3000","kind":"missing","services":[]},"#,
            r#"{"base":"4000","kind":"missing","services":[]}],"#,
            r#""excess":[{"base":"0000","kind":"excess","wanted":2,"#,
            r#""services":["a:1","b:1","old:1"]}],"#,
            r#""unknown":[{"base":"0000","kind":"unknown","services":["old:1"]}],"#,
            r#""too_close":[{"base":"0000","kind":"too_close","distance":1,"min_dist":2,"#,
            r#""services":["a:1","b:1"]}]},"outside_band":28,"domains_outside_band":112,"#,
            r#""tolerated":{"site":null,"rack":null,"host":null,"volume":null},"services":["#,
            r#"{"addr":"a:1","location":"r1.h1.d1","score":9,"up":true,"load":2,"floor":8,"ceil":8},"#,
            r#"{"addr":"b:1","location":"r1.h1.d2","score":9,"up":true,"load":1,"floor":8,"ceil":8},"#,
            r#"{"addr":"c:1","location":"r2.h1.d1","score":9,"up":true,"load":1,"#,
            r#""floor":16,"ceil":16},"#,
            r#"{"addr":"old:1","location":null,"score":0,"up":false,"load":1,"floor":0,"ceil":0}],"#,
            r#""domains":{"site":[{"name":"-","load":4,"floor":32,"ceil":32}],"#,
            r#""rack":[{"name":"r1","load":3,"floor":16,"ceil":16},"#,
            r#"{"name":"r2","load":1,"floor":16,"ceil":16}],"#,
            r#""host":[{"name":"r1.h1","load":3,"floor":16,"ceil":16},"#,
            r#"{"name":"r2.h1","load":1,"floor":16,"ceil":16}],"#,
            r#""volume":[{"name":"r1.h1.d1","load":2,"floor":8,"ceil":8},"#,
            r#"{"name":"r1.h1.d2","load":1,"floor":8,"ceil":8},"#,
            r#"{"name":"r2.h1.d1","load":1,"floor":16,"ceil":16}]}},"after":null}"#,
            "\n"
        )
    );
}

fn read_damaged() -> (Topology, PrefixMapping) {
    let read = |name| fs::read(fixture(name)).unwrap();
    let services = read("services-12-one-down.conscience.json");
    let topology = Topology::new(read_services(services, MissingLocation::Refuse).unwrap());
    let mapping = read("mapping-12-dead-and-unknown.digits2.json");
    (topology.unwrap(), PrefixMapping::from_json(mapping, "2".parse().unwrap()).unwrap())
}

/// The report of a run on the damaged mapping.
fn report_of(command: &str, status: i32) -> Value {
    let options = DAMAGED.strip_prefix("check").unwrap();
    let mut command = meta0(&format!("{command} {options} --format json"));
    serde_json::from_str(&answer(&mut command, status)).unwrap()
}

#[test]
fn the_json_of_a_check_is_what_the_library_serializes() {
    let (topology, mapping) = read_damaged();
    let options = "--at-most rack=2 --tolerance 5%";
    let rules = Rules::new(3).unwrap().min_dist(MinDist::HOST).at_most(Level::Rack, 2).unwrap();
    let judge = CheckOptions::new(rules).tolerance("5%".parse().unwrap()).examples(3);
    let mut wanted = serde_json::to_value(rules).unwrap();
    wanted["command"] = json!("check");
    wanted["digits"] = serde_json::to_value(mapping.digits()).unwrap();
    wanted["bases"] = json!(256);
    wanted["before"] = serde_json::to_value(mapping.check(&topology, &judge).unwrap()).unwrap();
    wanted["after"] = Value::Null;
    assert_eq!(report_of(&format!("check {options}"), 1), wanted);
}

#[test]
fn the_json_of_a_plan_has_both_checks_of_the_library() {
    let (topology, mapping) = read_damaged();
    let rules = Rules::new(3).unwrap().min_dist(MinDist::HOST);
    let judge = CheckOptions::new(rules).examples(3);
    let held = mapping.digits().base(3).unwrap();
    let options = RebalanceOptions::new(rules).drain(["10.0.3.1:6111"]).hold_bases([held]);
    let plan = mapping.rebalance(&topology, &options).unwrap();
    let drained = topology.drained(&topology.select("10.0.3.1:6111"));
    let mut wanted = serde_json::to_value(rules).unwrap();
    wanted["command"] = json!("rebalance");
    wanted["digits"] = json!(2);
    wanted["held_bases"] = json!([held]);
    wanted["bases"] = json!(256);
    let check = |mapping: &PrefixMapping, topology| {
        serde_json::to_value(mapping.check(topology, &judge).unwrap()).unwrap()
    };
    wanted["before"] = check(&mapping, &topology);
    wanted["after"] = check(&mapping.apply(&plan).unwrap(), &drained);
    wanted["moves"] = json!(plan.moves());
    wanted["removals"] = json!(plan.removals());
    wanted["moved_bases"] = json!(plan.moved_bases());
    wanted["multi_move_bases"] = json!(plan.multi_move_bases());
    wanted["lower_bound"] = json!(plan.lower_bound());
    wanted["minimal"] = json!(plan.is_minimal());
    wanted["waves"] = json!(plan.waves().len());
    assert_eq!(report_of("rebalance --drain 10.0.3.1:6111 --hold-base 03", 0), wanted);
}

/// Every service is in its band and every base keeps the rules; one rack has a
/// replica too many, the other one too few.
#[test]
fn the_json_says_which_domains_are_outside_their_bands() {
    let names: Vec<_> = (0..6).map(|host| format!("r{}.h{host}.v", host / 3)).collect();
    let service = |name| json!({"address": name, "location": name, "score": 1});
    let services = names.iter().map(service).collect::<Value>().to_string();
    let holders = [0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 5, 5].into_iter().enumerate();
    let mapping: Value =
        holders.map(|(base, at)| (format!("{base:X}000"), json!([names[at]]))).collect();
    let (folder, _) = folder_with("m.json", &mapping.to_string());
    let rules = "--digits 1 --replicas 1 --min-dist 3 --format json";
    let mut command = meta0(&format!("check --services - --mapping m.json {rules}"));
    let text = answer(command.write_stdin(services).current_dir(&folder), 1);
    let report: Value = serde_json::from_str(&text).unwrap();
    let state = &report["before"];
    assert!(state["breaches"].as_object().unwrap().values().all(|count| count == 0), "{text}");
    assert_eq!((&state["outside_band"], &state["domains_outside_band"]), (&json!(0), &json!(2)));
    assert_eq!(
        state["domains"]["rack"],
        json!([
            {"name": "r0", "load": 9, "floor": 8, "ceil": 8},
            {"name": "r1", "load": 7, "floor": 8, "ceil": 8},
        ])
    );
    let levels: Vec<_> = state["domains"].as_object().unwrap().keys().collect();
    assert_eq!(levels.len(), 4, "{levels:?}");
    assert_eq!(state["domains"]["volume"].as_array().unwrap().len(), 6);
}

#[test]
fn the_json_of_a_damaged_mapping() {
    let state = &report_of("check", 1)["before"];
    assert_eq!(
        state["breaches"],
        json!({
            "missing": 4, "short": 5, "excess": 0, "duplicate": 0, "unknown": 128,
            "unavailable": 60, "too_close": 124, "degradation": 0, "crowded": 0,
        })
    );
    assert_eq!(
        (&state["outside_band"], &state["domains_outside_band"]),
        (&json!(205), &json!(820))
    );
    let nothing = json!({"site": null, "rack": null, "host": null, "volume": null});
    assert_eq!(state["tolerated"], nothing);
    let services = services(state);
    assert_eq!(services.len(), 14);
    assert_eq!(
        *services["10.0.2.1:6111"],
        json!({
            "addr": "10.0.2.1:6111", "location": "par1.r02.h01.d1", "score": 0, "up": false,
            "load": 60, "floor": 0, "ceil": 0,
        })
    );
}

#[test]
fn the_json_of_a_bootstrap() {
    let rules = "--digits 3 --min-dist 4 --acceptable-degradation auto";
    let cluster = "--services @services-18-uneven.openio.json";
    let mut command = meta0(&format!("bootstrap {cluster} {rules} --format json"));
    let report: Value = serde_json::from_str(&answer(&mut command, 0)).unwrap();
    assert_eq!(report["command"], "bootstrap");
    assert_eq!((&report["level"], &report["degradation"]), (&json!("site"), &json!(1)));
    assert_eq!((&report["bases"], &report["before"]), (&json!(4096), &Value::Null));
    assert_eq!(report["after"]["tolerated"], json!({"site": 1, "rack": 1, "host": 1, "volume": 1}));
    assert_eq!(report["after"]["outside_band"], 0);
    for service in services(&report["after"]).values() {
        let [load, floor, ceil] =
            ["load", "floor", "ceil"].map(|key| service[key].as_u64().unwrap());
        assert!((floor..=ceil).contains(&load), "{service}");
    }
}

#[test]
fn a_wide_cluster_is_summed_up() {
    let check = "check --services @services-1000-some-ids.conscience.json \
        --mapping @mapping-1000-too-close.digits3.json --digits 3 --min-dist 2";
    let report = answer(&mut meta0(check), 1);
    assert!(report.lines().count() < 80, "{report}");
    assert!(report.contains(
        "\nthe worst 10 of 1000 services, which hold 10..15 each; 250 are outside their bands \
         (--all lists them)\n"
    ));
    let report = answer(&mut meta0(&format!("{check} --all")), 1);
    assert!(report.lines().count() > 1200);
    assert!(!report.contains("the worst"));
}

#[test]
fn colours_only_where_they_are_seen() {
    let coloured = |setting: Option<&str>| {
        let mut command = meta0(DAMAGED);
        if let Some(name) = setting {
            command.env(name, "1");
        }
        answer(&mut command, 1).contains('\u{1B}')
    };
    assert!(!coloured(None), "a pipe is no terminal");
    assert!(!coloured(Some("NO_COLOR")));
    assert!(coloured(Some("CLICOLOR_FORCE")));
    let mut both = meta0(DAMAGED);
    let both = answer(both.env("CLICOLOR_FORCE", "1").env("NO_COLOR", "1"), 1);
    assert!(!both.contains('\u{1B}'), "NO_COLOR is obeyed");
}
