//! `--plan`: the plan as JSON, its waves and its steps.

use std::fs;

use meta0::Plan;
use serde_json::{Value, json};

use super::{THREE, answer, complaint, folder_with, meta0, names_in};

/// Two bases of one digit; one is too close.
const MAPPING: &str = r#"{"0000": ["a:1", "c:1"], "1000": ["a:1", "b:1"]}"#;

const REBALANCE: &str = "rebalance --services - --mapping m.json --digits 1 --replicas 2 \
    --min-dist 2 --max-moves-per-base 1 --max-moves 1";

/// What standard output and standard error get of the one move that there is.
fn rebalance(options: &str) -> (String, String) {
    let (folder, _) = folder_with("m.json", MAPPING);
    let mut command = meta0(&format!("{REBALANCE} {options}"));
    let output = command.write_stdin(THREE).current_dir(&folder).output().unwrap();
    assert!(output.status.success());
    (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap())
}

#[test]
fn a_plan_on_standard_output_key_by_key() {
    let (plan, report) = rebalance("--plan -");
    assert!(report.starts_with("PARTLY: after 1 move of 1 base in 1 wave, "), "{report}");
    assert!(report.contains("\nplan written to standard output\n"), "{report}");
    let lines: Vec<_> = plan.lines().collect();
    let [head, "[", change, "]", "],\"steps\":[]}"] = lines[..] else { panic!("{plan}") };
    let start = "{\"format\":\"meta0-plan/1\",\"command\":\"rebalance\",\"digits\":1,";
    assert!(head.starts_with(start), "{head}");
    let counts =
        "\"moves\":1,\"removals\":0,\"lower_bound\":29,\"minimal\":false,\"certificate\":{";
    assert!(head.contains(counts) && head.ends_with("\"waves\":["), "{head}");
    let plan = Plan::from_json(&plan).unwrap();
    assert_eq!((plan.moves(), plan.lower_bound()), (1, Some(29)));
    assert!(change.starts_with("{\"base\":\"") && change.contains("000\",\"from\":"), "{change}");
}

#[test]
fn steps_are_requests_for_the_namespace() {
    let (folder, _) = folder_with("m.json", r#"{"0000": ["a:1", "c:1"]}"#);
    let run = |options: &str| {
        let command = "decommission c:1 --base 0 --services - --mapping m.json --digits 1";
        let mut command = meta0(&format!("{command} --replicas 2 --plan p.json {options}"));
        answer(command.write_stdin(THREE).current_dir(&folder), 0);
        let text = fs::read_to_string(folder.path().join("p.json")).unwrap();
        serde_json::from_str::<Value>(&text).unwrap()
    };
    let mut plan = run("");
    assert_eq!(plan["steps"], json!([]));
    assert_eq!(plan["waves"], json!([[{"base": "0000", "from": "c:1", "to": "b:1"}]]));

    let stepped = run("--steps");
    let steps = stepped["steps"].as_array().unwrap();
    let kinds: Vec<_> = steps.iter().map(|step| step["kind"].as_str().unwrap()).collect();
    let words = ["has base", "set peers", "copy", "link", "leave", "remove", "leave", "status"];
    assert_eq!(kinds, words);
    assert_eq!(
        steps[2],
        json!({
            "wave": 0, "base": "0000", "kind": "copy", "method": "POST",
            "route": "/v3.0/OPENIO/admin/copy",
            "query": format!("type=meta1&cid={}", "0".repeat(64)),
            "body": r#"{"from":"c:1","to":"b:1"}"#,
            "alternatives": ["a:1"],
        })
    );
    plan["steps"] = stepped["steps"].clone();
    assert_eq!(plan, stepped);

    let other = run("--steps --namespace NS/2");
    assert_eq!(other["steps"][0]["route"], "/v3.0/NS%2F2/admin/has");
}

#[test]
fn a_diff_has_a_plan_too() {
    let (folder, _) = folder_with("old.json", MAPPING);
    let mut command = meta0("diff --digits 1 old.json - --plan p.json --steps -o part.json");
    let new = r#"{"0000": ["a:1", "c:1"], "1000": ["a:1", "c:1"]}"#;
    answer(command.write_stdin(new).current_dir(&folder), 0);
    assert_eq!(names_in(folder.path()), ["old.json", "p.json", "part.json"]);
    let plan = fs::read_to_string(folder.path().join("p.json")).unwrap();
    let plan: Value = serde_json::from_str(&plan).unwrap();
    assert_eq!(plan["waves"], json!([[{"base": "1000", "from": "b:1", "to": "c:1"}]]));
    assert_eq!((&plan["lower_bound"], &plan["minimal"]), (&Value::Null, &json!(false)));
    assert_eq!(plan["steps"].as_array().unwrap().len(), 8);
}

#[test]
fn bases_that_no_mapping_can_take_away_are_told_of() {
    let (folder, _) = folder_with("old.json", r#"{"0000": ["a:1"], "1000": ["a:1"]}"#);
    let run = |new: &'static str| {
        let mut command = meta0("diff --digits 1 old.json - -o part.json");
        let report = answer(command.current_dir(&folder).write_stdin(new), 0);
        assert_eq!(fs::read_to_string(folder.path().join("part.json")).unwrap(), "{}\n");
        report
    };
    assert!(run(r#"{"1000": ["a:1"]}"#).starts_with(
        "1 removal of 1 base in 1 wave\nmapping written to part.json\nthe mapping can't say that \
         base 0000 loses its last replica: meta0 keeps what it has of it\n"
    ));
    assert!(run("{}").contains(
        "\nthe mapping can't say that 2 bases lose their last replica: meta0 keeps what it has of \
         0000, 1000\n"
    ));
}

#[test]
fn the_mapping_and_the_plan_are_two_files() {
    for (output, plan) in [("-", "-"), ("x.json", "./x.json")] {
        let mut command = meta0(&format!("{REBALANCE} -o {output} --plan {plan}"));
        assert_eq!(
            complaint(&mut command, 2),
            "error: --output and --plan can't be one file\n\
             hint: give another file to one of them\n"
        );
    }
}
