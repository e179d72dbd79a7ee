//! What a plan is restricted to, and what the report says of what is left.

use std::collections::BTreeMap;
use std::fs;

use serde_json::{Value, json};

use super::{THREE, answer, complaint, folder_with, meta0, names_in, services};

const DAMAGED: &str = "rebalance --digits 2 --min-dist 2 \
    --services @services-12-one-down.conscience.json \
    --mapping @mapping-12-dead-and-unknown.digits2.json";

const SLICES: &str = "--services @services-96-with-ids.openio.json \
    --mapping @mapping-96-slices-proxy-order.digits4.json";

/// The report of a run, as JSON.
fn report_of(arguments: &str, status: i32) -> Value {
    serde_json::from_str(&answer(&mut meta0(&format!("{arguments} --format json")), status))
        .unwrap()
}

#[test]
fn the_json_of_a_plan_key_by_key() {
    let (folder, _) = folder_with("m.json", r#"{"0000": ["a:1", "b:1"]}"#);
    let rules = "--services - --mapping m.json --digits 0 --replicas 2 --format json";
    let run = |command: &str| {
        let mut command = meta0(&format!("{command} {rules}"));
        answer(command.write_stdin(THREE).current_dir(&folder), 0)
    };
    let state = |services: [String; 3], domains: [String; 4]| {
        let [site, rack, host, volume] = domains;
        format!(
            "{{\"breaches\":{{\"missing\":0,\"short\":0,\"excess\":0,\"duplicate\":0,\"unknown\":0,\
             \"unavailable\":0,\"too_close\":0,\"degradation\":0,\"crowded\":0}},\"examples\":{{}},\
             \"outside_band\":0,\"domains_outside_band\":0,\
             \"tolerated\":{{\"site\":0,\"rack\":0,\"host\":0,\"volume\":0}},\"services\":[{}],\
             \"domains\":{{\"site\":[{site}],\"rack\":[{rack}],\"host\":[{host}],\
             \"volume\":[{volume}]}}}}",
            services.join(",")
        )
    };
    let service = |name: char, place: &str, score: u8, load: u8, [floor, ceil]: [u8; 2]| {
        format!(
            "{{\"addr\":\"{name}:1\",\"location\":\"{place}\",\"score\":{score},\"up\":true,\
             \"load\":{load},\"floor\":{floor},\"ceil\":{ceil}}}"
        )
    };
    let domains = |loads: &[(&str, u8, [u8; 2])]| {
        let domain = |(name, load, [floor, ceil]): &(&str, u8, [u8; 2])| {
            format!("{{\"name\":\"{name}\",\"load\":{load},\"floor\":{floor},\"ceil\":{ceil}}}")
        };
        loads.iter().map(domain).collect::<Vec<_>>().join(",")
    };
    let before = state(
        [
            service('a', "r1.h1.d1", 9, 1, [0, 1]),
            service('b', "r1.h1.d2", 9, 1, [0, 1]),
            service('c', "r2.h1.d1", 9, 0, [0, 1]),
        ],
        [
            domains(&[("-", 2, [2, 2])]),
            domains(&[("r1", 2, [1, 2]), ("r2", 0, [0, 1])]),
            domains(&[("r1.h1", 2, [1, 2]), ("r2.h1", 0, [0, 1])]),
            domains(&[("r1.h1.d1", 1, [0, 1]), ("r1.h1.d2", 1, [0, 1]), ("r2.h1.d1", 0, [0, 1])]),
        ],
    );
    let after = state(
        [
            service('a', "r1.h1.d1", 9, 1, [1, 1]),
            service('b', "r1.h1.d2", 0, 0, [0, 0]),
            service('c', "r2.h1.d1", 9, 1, [1, 1]),
        ],
        [
            domains(&[("-", 2, [2, 2])]),
            domains(&[("r1", 1, [1, 1]), ("r2", 1, [1, 1])]),
            domains(&[("r1.h1", 1, [1, 1]), ("r2.h1", 1, [1, 1])]),
            domains(&[("r1.h1.d1", 1, [1, 1]), ("r1.h1.d2", 0, [0, 0]), ("r2.h1.d1", 1, [1, 1])]),
        ],
    );
    assert_eq!(
        run("decommission b:1"),
        format!(
            "{{\"command\":\"decommission\",\"digits\":0,\"replicas\":2,\"min_dist\":1,\
             \"level\":\"volume\",\"degradation\":0,\"at_most\":{{}},\"bases\":1,\"before\":{before},\
             \"after\":{after},\"moves\":1,\"removals\":0,\"moved_bases\":1,\"multi_move_bases\":0,\
             \"lower_bound\":1,\"minimal\":true,\"waves\":1}}\n",
        )
    );
    let still = run("rebalance");
    assert!(still.starts_with("{\"command\":\"rebalance\",\"digits\":0,"), "{still}");
    let end = "\"moves\":0,\"removals\":0,\"moved_bases\":0,\"multi_move_bases\":0,\"lower_bound\":0,\
               \"minimal\":true,\"waves\":0}\n";
    assert!(still.ends_with(end), "{still}");
}

#[test]
fn what_is_left_is_written_and_told() {
    let folder = tempfile::tempdir().unwrap();
    let arguments = format!("{DAMAGED} --max-moves 50 -o new.json");
    let report = answer(meta0(&arguments).current_dir(&folder), 0);
    assert!(report.starts_with("PARTLY: after 50 moves of "), "{report}");
    assert!(report.contains("\nproven: no whole plan has fewer than 269 moves\n"), "{report}");
    assert!(report.contains(", because 219 moves were left out\n"), "{report}");
    assert!(report.contains("\nmissing: 4 bases before, "), "{report}");
    assert_eq!(names_in(folder.path()), ["new.json"]);

    fs::remove_file(folder.path().join("new.json")).unwrap();
    let strict = answer(meta0(&format!("{arguments} --strict")).current_dir(&folder), 1);
    assert_eq!(strict, report);
    assert_eq!(names_in(folder.path()), ["new.json"], "a strict run writes what it can");
}

#[test]
fn strict_is_no_matter_when_nothing_is_left() {
    let report = report_of(&format!("{DAMAGED} --strict"), 0);
    assert_eq!(report["minimal"], true);
    report_of(&format!("{DAMAGED} --max-moves 1000 --strict"), 0);
}

#[test]
fn no_base_moves_more_than_it_may() {
    let free = report_of(DAMAGED, 0);
    assert!(free["multi_move_bases"].as_u64() > Some(0), "{free}");
    let report = report_of(&format!("{DAMAGED} --max-moves-per-base 1"), 0);
    assert_eq!((&report["multi_move_bases"], &report["minimal"]), (&json!(0), &json!(false)));
    assert_eq!(report["moves"], report["moved_bases"]);
    let none = report_of(&format!("{DAMAGED} --max-moves 0"), 0);
    assert_eq!((&none["moves"], &none["waves"]), (&json!(0), &json!(0)));
}

#[test]
fn held_services_keep_what_they_have() {
    let arguments = format!("{DAMAGED} --hold par1.r02.h02 --hold 10.0.3.1:6111");
    let report = report_of(&arguments, 0);
    let held = ["10.0.2.2:6111", "10.0.2.2:6112", "10.0.3.1:6111"];
    let (before, after) = (services(&report["before"]), services(&report["after"]));
    for addr in held {
        assert_eq!(before[addr]["load"], after[addr]["load"], "{addr}");
    }
    let text = answer(&mut meta0(&arguments), 0);
    assert!(text.contains(", because services are held (10.0.2.2:6111, "), "{text}");
    let both = format!("{DAMAGED} --hold par1.r01 --drain 10.0.1.1:6111");
    let text = complaint(&mut meta0(&both), 2);
    assert!(text.contains("10.0.1.1:6111 can't be both held and drained"), "{text}");
}

#[test]
fn held_bases_keep_their_services() {
    let held = |options: &str| {
        let folder = tempfile::tempdir().unwrap();
        let arguments = format!("{DAMAGED} {options} --plan p.json");
        let text = answer(meta0(&arguments).current_dir(&folder), 0);
        let plan = fs::read_to_string(folder.path().join("p.json")).unwrap();
        (text, plan)
    };
    let (_, free) = held("");
    let is_in = |plan: &str, base: &str| plan.contains(&format!("\"base\":\"{base}\""));
    assert!(is_in(&free, "0000") && is_in(&free, "0300"), "both are to change");
    let (text, plan) = held("--hold-base 00,03");
    assert!(!is_in(&plan, "0000") && !is_in(&plan, "0300"), "{plan}");
    assert!(text.starts_with("PARTLY: after "), "{text}");
    assert!(text.contains(", because 2 bases are held\n"), "{text}");
    assert!(text.contains("\nheld      2 bases: 0000, 0300\n"), "{text}");
    assert_eq!(held("--hold-base 0300 --hold-base 00").0, text, "in any order, by any name");
    let report = report_of(&format!("{DAMAGED} --hold-base 00,03"), 0);
    assert_eq!(report["held_bases"], json!(["0000", "0300"]));
    assert_eq!(report_of(DAMAGED, 0).get("held_bases"), None);
    report_of(&format!("{DAMAGED} --hold-base 00,03 --strict"), 1);
    let text = complaint(&mut meta0(&format!("{DAMAGED} --hold-base 123")), 2);
    assert!(text.starts_with("error: --hold-base: \"123\" is not a base of 2 digits"), "{text}");
}

#[test]
fn a_tolerance_saves_moves() {
    let moves = |options: &str| {
        let report = report_of(&format!("rebalance {SLICES} --drain par1.r01 {options}"), 0);
        assert_eq!(report["after"]["outside_band"], 0);
        report["moves"].as_u64().unwrap()
    };
    assert!(moves("--tolerance 10%") <= moves(""));
    let uneven = "rebalance --services @services-18-uneven.openio.json --digits 2 --level site \
        --mapping @mapping-18-uneven-slices.digits2.json";
    let moves = |options: &str| report_of(&format!("{uneven} {options}"), 0)["moves"].as_u64();
    assert!(moves("--tolerance 1/2") < moves(""));
}

#[test]
fn a_wave_bears_on_no_service_more_than_it_may() {
    let folder = tempfile::tempdir().unwrap();
    let arguments = format!("{DAMAGED} --max-per-service 3 --plan p.json");
    answer(meta0(&arguments).current_dir(&folder), 0);
    let plan = fs::read_to_string(folder.path().join("p.json")).unwrap();
    let plan: Value = serde_json::from_str(&plan).unwrap();
    for wave in plan["waves"].as_array().unwrap() {
        let mut loads = BTreeMap::<_, usize>::new();
        for change in wave.as_array().unwrap() {
            for key in ["from", "to"] {
                if let Some(service) = change[key].as_str() {
                    *loads.entry((key, service)).or_default() += 1;
                }
            }
        }
        assert!(loads.values().all(|&load| load <= 3), "{loads:?}");
    }
}

#[test]
fn bases_come_one_by_one_or_by_commas() {
    let decommission = format!("decommission par1.r01 {SLICES}");
    let moves = |bases: &[&str]| {
        let mut command = meta0(&format!("{decommission} --format json"));
        for base in bases {
            command.args(["--base", base]);
        }
        let report: Value = serde_json::from_str(&answer(&mut command, 0)).unwrap();
        (report["moves"].as_u64().unwrap(), report["moved_bases"].as_u64().unwrap())
    };
    assert_eq!(moves(&["0000,0001"]), moves(&["0001", "0000"]));
    assert_eq!(moves(&["0000,0001"]).1, 2);
    assert_eq!(moves(&[""]), (0, 0), "an empty list is none");
    assert_eq!(moves(&["", "0000"]), moves(&["0000"]));
    let text = complaint(&mut meta0(&format!("{decommission} --base 0000,xyz")), 2);
    assert_eq!(text, "error: --base: \"xyz\" is not a base of 4 digits: expected 4 hex digits\n");
}

#[test]
fn a_second_decommission_does_not_refill_the_first() {
    let folder = tempfile::tempdir().unwrap();
    let cluster = "--services @services-96-with-ids.openio.json";
    let first = format!("decommission par1.r01 {SLICES} -o new.json");
    answer(meta0(&first).current_dir(&folder), 0);
    for drained in ["--drained", "--drain"] {
        let second = format!("decommission par1.r02 {drained} par1.r01 {cluster}");
        let mut command = meta0(&format!("{second} --mapping new.json --format json"));
        let report = answer(command.current_dir(&folder), 0);
        let report: Value = serde_json::from_str(&report).unwrap();
        for service in services(&report["after"]).values() {
            let location = service["location"].as_str().unwrap();
            if location.starts_with("par1.r01.") || location.starts_with("par1.r02.") {
                assert_eq!(service["load"], 0, "{service}");
            }
        }
    }
}

#[test]
fn strategies_choose_the_takers() {
    for strategy in ["optimal", "fewest-bases", "most-availability"] {
        let arguments = format!("decommission par1.r01 {SLICES} --strategy {strategy}");
        let report = report_of(&arguments, 0);
        assert_eq!(report["moves"], 24_576);
        assert_eq!(report["lower_bound"].is_null(), strategy != "optimal");
    }
}

#[test]
fn a_decommission_leaves_what_else_is_wrong() {
    let arguments = format!("decommission par1.r01 --base 0000 {SLICES} --min-dist 2");
    let report = answer(&mut meta0(&arguments), 0);
    assert!(report.starts_with("DONE: after 3 moves of 1 base in 3 waves, "), "{report}");
    assert!(report.contains("\nmeta0 rebalance mends that: here nothing else moves\n"), "{report}");
    assert!(report.contains("\ntoo_close: 65536 bases before, 65535 bases after\n"), "{report}");
    answer(&mut meta0(&format!("{arguments} --strict")), 1);
}
