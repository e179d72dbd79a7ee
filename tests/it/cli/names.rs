//! What services are called: each name is resolved once, for plan and report.

use serde_json::{Value, json};

use super::{answer, complaint, folder_with, meta0, services};

/// A service in each of four sites; two have a service id.
const SITES: &str = r#"[
  {"address": "a", "id": "id-a", "location": "s1.r1.h1.v1", "score": 9},
  {"address": "b", "id": "id-b", "location": "s2.r2.h2.v1", "score": 9},
  {"address": "c", "location": "s3.r3.h3.v1", "score": 9},
  {"address": "d", "location": "s4.r4.h4.v1", "score": 9}
]"#;

const RULES: &str = "--services - --mapping m.json --digits 0 --replicas 2 --min-dist 4";

#[test]
fn a_name_that_is_two_things_is_refused_with_both() {
    let (folder, _) = folder_with("m.json", r#"{"0000": ["s1", "b"]}"#);
    for command in ["rebalance --drain s1", "rebalance --hold s1", "decommission s1"] {
        let mut command = meta0(&format!("{command} {RULES}"));
        let text = complaint(command.current_dir(&folder).write_stdin(SITES), 2);
        assert_eq!(
            text,
            "error: no plan: \"s1\" is both a name that only the mapping has and a location of \
             1 service: name a service by its address, and a location by its parts\n"
        );
    }
}

#[test]
fn the_report_drains_what_the_plan_drains() {
    let (folder, _) = folder_with("m.json", r#"{"0000": ["dead", "id-b"]}"#);
    for command in ["rebalance --drain dead --drain s3", "decommission dead s3"] {
        let mut command = meta0(&format!("{command} {RULES} --format json"));
        let report = answer(command.current_dir(&folder).write_stdin(SITES), 0);
        let report: Value = serde_json::from_str(&report).unwrap();
        let (before, after) = (services(&report["before"]), services(&report["after"]));
        assert_eq!(["a", "b", "c", "d"].map(|name| &after[name]["ceil"]), [1, 1, 0, 1]);
        assert_eq!((&before["dead"]["load"], &before["dead"]["ceil"]), (&json!(1), &json!(0)));
        assert!(!after.contains_key("dead"), "{report}");
        assert_eq!(report["moves"], 1);
    }
}

#[test]
fn siblings_that_name_one_service_by_id_and_by_address_agree() {
    let mapping = r#"{"0000": ["id-a", "b"], "8000": ["id-b", "a"], "FFFF": ["a", "b"]}"#;
    let (folder, _) = folder_with("m.json", mapping);
    let run = |command: &str, rules: &str| {
        let mut command = meta0(&format!("{command} {rules} --format json"));
        let report = answer(command.current_dir(&folder).write_stdin(SITES), 0);
        serde_json::from_str::<Value>(&report).unwrap()
    };
    let piped = "--services s.json --mapping - --digits 0 --replicas 2 --min-dist 4";
    assert_eq!(run("check", RULES)["before"]["breaches"]["unknown"], 0);
    assert_eq!(run("rebalance", RULES)["moves"], 0);
    assert_eq!(run("decommission id-a", RULES)["moves"], 1);
    assert_eq!(run("rebalance --drain id-a", RULES)["moves"], 1);
    // By a pipe as well; without a topology nobody knows who is who.
    std::fs::write(folder.path().join("s.json"), SITES).unwrap();
    let mut check = meta0(&format!("check {piped}"));
    answer(check.current_dir(&folder).write_stdin(mapping), 0);
    let mut diff = meta0("diff m.json m.json --digits 0");
    let text = complaint(diff.current_dir(&folder), 2);
    assert!(text.starts_with("error: m.json: prefixes 0000 and 8000 of base \"\" disag"), "{text}");
}
