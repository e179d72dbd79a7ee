//! `meta0 diff`: what changes, and the part that makes it.

use std::fs;

use serde_json::{Value, json};

use super::{answer, complaint, folder_with, meta0};

const OLD: &str = r#"{"0000": ["a", "b"], "1000": ["a", "c"]}"#;
const NEW: &str = r#"{"0000": ["b", "d"], "1000": ["c"]}"#;

#[test]
fn the_text_and_the_part_that_changes() {
    let (folder, old) = folder_with("old.json", OLD);
    fs::write(folder.path().join("new.json"), NEW).unwrap();
    let run = |arguments: &str| {
        let mut command = meta0(&format!("diff --digits 1 {arguments}"));
        answer(command.current_dir(&folder), 0)
    };
    assert_eq!(
        run("old.json new.json -o part.json"),
        "\
1 move of 1 base, 1 removal in 1 wave
mapping written to part.json

service  before  after  gains  loses
a             2      0      0      2
d             0      1      1      0
"
    );
    let part = fs::read_to_string(folder.path().join("part.json")).unwrap();
    assert!(part.starts_with("{\n\"0000\":[\"b\",\"d\"],\n"), "{part}");
    assert!(part.ends_with("\"1FFF\":[\"c\"]\n}\n"), "{part}");

    assert_eq!(
        run("old.json old.json -o part.json"),
        "the mappings are the same\nmapping written to part.json\n"
    );
    assert_eq!(fs::read_to_string(folder.path().join("part.json")).unwrap(), "{}\n");
    assert_eq!(fs::read_to_string(old).unwrap(), OLD);
}

#[test]
fn the_json() {
    let (folder, _) = folder_with("old.json", OLD);
    let mut command = meta0("diff --digits 1 old.json - --format json");
    assert_eq!(
        answer(command.current_dir(&folder).write_stdin(NEW), 0),
        "{\"command\":\"diff\",\"digits\":1,\"bases\":16,\"services\":[\
         {\"addr\":\"a\",\"before\":2,\"after\":0},{\"addr\":\"b\",\"before\":1,\"after\":1},\
         {\"addr\":\"c\",\"before\":1,\"after\":1},{\"addr\":\"d\",\"before\":0,\"after\":1}],\
         \"moves\":1,\"removals\":1,\"moved_bases\":1,\"multi_move_bases\":0,\"lower_bound\":null,\
         \"minimal\":false,\"waves\":1}\n"
    );
}

/// Two services, one of them down; the other has an id.
const CLUSTER: &str = r#"[
  {"address": "a", "up": false},
  {"address": "b", "id": "id-b"},
  {"address": "d"}
]"#;

#[test]
fn steps_copy_from_nobody_who_is_down() {
    let (folder, _) = folder_with("old.json", r#"{"0000": ["a", "b"]}"#);
    fs::write(folder.path().join("new.json"), r#"{"0000": ["b", "d"]}"#).unwrap();
    let copy = |options: &str| {
        let arguments = "diff old.json new.json --digits 1 --plan p.json --steps";
        let mut command = meta0(&format!("{arguments} {options}"));
        answer(command.current_dir(&folder).write_stdin(CLUSTER), 0);
        let plan = fs::read_to_string(folder.path().join("p.json")).unwrap();
        let plan: Value = serde_json::from_str(&plan).unwrap();
        let steps = plan["steps"].as_array().unwrap();
        let copy = steps.iter().find(|step| step["kind"] == "copy").unwrap();
        (copy["body"].clone(), copy.get("alternatives").cloned())
    };
    assert_eq!(copy(""), (json!(r#"{"from":"a","to":"d"}"#), Some(json!(["b"]))));
    assert_eq!(copy("--services -"), (json!(r#"{"from":"b","to":"d"}"#), None));
}

#[test]
fn an_id_is_its_service_where_the_services_are_given() {
    let (folder, _) = folder_with("old.json", r#"{"0000": ["a", "id-b"]}"#);
    fs::write(folder.path().join("s.json"), CLUSTER).unwrap();
    let run = |options: &str| {
        let mut command = meta0(&format!("diff --digits 0 old.json - {options}"));
        answer(command.current_dir(&folder).write_stdin(r#"{"0000": ["b", "d"]}"#), 0)
    };
    assert!(run("").starts_with("2 moves of 1 base in 2 waves\n"));
    assert!(run("--services s.json").starts_with("1 move of 1 base in 1 wave\n"));
}

#[test]
fn services_that_no_copy_comes_from_are_marked() {
    let (folder, _) = folder_with("old.json", r#"{"0000": ["a", "gone"]}"#);
    fs::write(folder.path().join("new.json"), r#"{"0000": ["b", "d"]}"#).unwrap();
    let mut command = meta0("diff old.json new.json --digits 0 --services -");
    assert_eq!(
        answer(command.current_dir(&folder).write_stdin(CLUSTER), 0),
        "\
2 moves of 1 base in 2 waves
nothing written: --output FILE writes the mapping, --plan FILE the plan

service  before  after  gains  loses
a             1      0      0      1  down
b             0      1      1      0
d             0      1      1      0
gone          1      0      0      1  unknown
"
    );
}

#[test]
fn two_inputs_cant_share_standard_input() {
    for (arguments, two) in [
        ("diff - -", "OLD and NEW"),
        ("diff x - --services -", "NEW and --services"),
        ("diff - x --services -", "OLD and --services"),
    ] {
        let text = complaint(meta0(arguments).write_stdin(OLD), 2);
        let line = format!("error: {two} can't both be standard input\n");
        assert!(text.starts_with(&line), "{text}");
    }
}
