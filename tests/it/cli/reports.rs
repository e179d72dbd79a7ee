//! Reports: the text word for word, the JSON key by key.

use serde_json::{Value, json};

use super::{THREE, answer, folder_with, meta0};

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
        "{\"command\":\"check\",\"digits\":1,\"replicas\":2,\"min_dist\":2,\"level\":\"host\",\
         \"degradation\":0,\"at_most\":{},\"bases\":16,\"before\":{\"breaches\":{\"missing\":14,\"short\":0,\
         \"excess\":1,\"duplicate\":0,\"unknown\":1,\"unavailable\":0,\"too_close\":1,\
         \"degradation\":0,\"crowded\":0},\"outside_band\":28,\"domains_outside_band\":112,\
         \"tolerated\":{\"site\":null,\"rack\":null,\
         \"host\":null,\"volume\":null}},\"after\":null,\"services\":[\
         {\"addr\":\"a:1\",\"location\":\"r1.h1.d1\",\"score\":9,\"before\":2,\"after\":null,\
         \"floor\":8,\"ceil\":8},\
         {\"addr\":\"b:1\",\"location\":\"r1.h1.d2\",\"score\":9,\"before\":1,\"after\":null,\
         \"floor\":8,\"ceil\":8},\
         {\"addr\":\"c:1\",\"location\":\"r2.h1.d1\",\"score\":9,\"before\":1,\"after\":null,\
         \"floor\":16,\"ceil\":16},\
         {\"addr\":\"old:1\",\"location\":null,\"score\":0,\"before\":1,\"after\":null,\
         \"floor\":0,\"ceil\":0}],\
         \"domains\":{\"site\":[{\"name\":\"-\",\"before\":4,\"after\":null,\"floor\":32,\"ceil\":32}],\
         \"rack\":[{\"name\":\"r1\",\"before\":3,\"after\":null,\"floor\":16,\"ceil\":16},\
         {\"name\":\"r2\",\"before\":1,\"after\":null,\"floor\":16,\"ceil\":16}],\
         \"host\":[{\"name\":\"r1.h1\",\"before\":3,\"after\":null,\"floor\":16,\"ceil\":16},\
         {\"name\":\"r2.h1\",\"before\":1,\"after\":null,\"floor\":16,\"ceil\":16}],\
         \"volume\":[{\"name\":\"r1.h1.d1\",\"before\":2,\"after\":null,\"floor\":8,\"ceil\":8},\
         {\"name\":\"r1.h1.d2\",\"before\":1,\"after\":null,\"floor\":8,\"ceil\":8},\
         {\"name\":\"r2.h1.d1\",\"before\":1,\"after\":null,\"floor\":16,\"ceil\":16}]}}\n"
    );
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
        report["domains"]["rack"],
        json!([
            {"name": "r0", "before": 9, "after": null, "floor": 8, "ceil": 8},
            {"name": "r1", "before": 7, "after": null, "floor": 8, "ceil": 8},
        ])
    );
    let levels: Vec<_> = report["domains"].as_object().unwrap().keys().collect();
    assert_eq!(levels.len(), 4, "{levels:?}");
    assert_eq!(report["domains"]["volume"].as_array().unwrap().len(), 6);
}

#[test]
fn the_json_of_a_damaged_mapping() {
    let report: Value =
        serde_json::from_str(&answer(&mut meta0(&format!("{DAMAGED} --format json")), 1)).unwrap();
    assert_eq!(
        report["before"],
        json!({
            "breaches": {
                "missing": 4, "short": 5, "excess": 0, "duplicate": 0, "unknown": 128,
                "unavailable": 60, "too_close": 124, "degradation": 0, "crowded": 0,
            },
            "outside_band": 205,
            "domains_outside_band": 820,
            "tolerated": {"site": null, "rack": null, "host": null, "volume": null},
        })
    );
    let services = report["services"].as_array().unwrap();
    assert_eq!(services.len(), 14);
    assert_eq!(
        services[4],
        json!({
            "addr": "10.0.2.1:6111", "location": "par1.r02.h01.d1", "score": 0, "before": 60,
            "after": null, "floor": 0, "ceil": 0,
        })
    );
}

#[test]
fn the_json_of_a_bootstrap() {
    let rules = "--digits 3 --min-dist 4 --acceptable-degradation auto";
    let services = "--services @services-18-uneven.openio.json";
    let mut command = meta0(&format!("bootstrap {services} {rules} --format json"));
    let report: Value = serde_json::from_str(&answer(&mut command, 0)).unwrap();
    assert_eq!(report["command"], "bootstrap");
    assert_eq!((&report["level"], &report["degradation"]), (&json!("site"), &json!(1)));
    assert_eq!((&report["bases"], &report["before"]), (&json!(4096), &Value::Null));
    assert_eq!(report["after"]["tolerated"], json!({"site": 1, "rack": 1, "host": 1, "volume": 1}));
    assert_eq!(report["after"]["outside_band"], 0);
    for service in report["services"].as_array().unwrap() {
        let [after, floor, ceil] =
            ["after", "floor", "ceil"].map(|key| service[key].as_u64().unwrap());
        assert!(service["before"].is_null() && (floor..=ceil).contains(&after), "{service}");
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
