//! `meta0 plan`: what is asked of a plan that was kept in a file.

use std::fs;
use std::path::Path;

use assert_cmd::Command;
use meta0::Plan;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::{THREE, answer, complaint, folder_with, meta0, names_in};

/// A diff of three bases, which goes in two waves.
const OLD: &str = r#"{"0000": ["a:1", "b:1"], "1000": ["a:1", "b:1"], "2000": ["d:1"]}"#;
const NEW: &str = r#"{"0000": ["a:1", "c:1"], "1000": ["a:1", "c:1"], "2000": ["a:1"]}"#;

/// What somebody else made of it.
const FOREIGN: &str = r#"{"0000": ["a:1", "x:1"], "1000": ["a:1", "b:1"], "2000": ["d:1"]}"#;

/// A run of `meta0 plan` in a folder.
fn plan(folder: &TempDir, arguments: &str) -> Command {
    let mut command = meta0(&format!("plan {arguments}"));
    command.current_dir(folder);
    command
}

/// A folder with the diff as `plan.json`, and what it is between.
fn folder_with_diff() -> TempDir {
    let (folder, _) = folder_with("old.json", OLD);
    write(&folder, "new.json", NEW);
    write(&folder, "foreign.json", FOREIGN);
    let diff = "diff --digits 1 old.json new.json --max-per-service 1 --plan plan.json";
    answer(meta0(diff).current_dir(&folder), 0);
    folder
}

/// A folder with a rebalance from three services to four as `plan.json`.
fn folder_with_rebalance() -> TempDir {
    let (folder, _) = folder_with("three.json", THREE);
    let d = r#"{"address": "d:1", "location": "r2.h1.d2", "score": 9}"#;
    write(&folder, "services.json", &THREE.replace("\n]", &format!(", {d}\n]")));
    let bootstrap = "bootstrap --services three.json --digits 1 --replicas 2 -o mapping.json";
    answer(meta0(bootstrap).current_dir(&folder), 0);
    let rebalance = "rebalance --services services.json --mapping mapping.json --digits 1 \
        --replicas 2 --max-per-service 4 --plan plan.json";
    answer(meta0(rebalance).current_dir(&folder), 0);
    folder
}

fn write(folder: &TempDir, name: &str, text: &str) {
    fs::write(folder.path().join(name), text).unwrap();
}

fn read(folder: &TempDir, name: impl AsRef<Path>) -> String {
    fs::read_to_string(folder.path().join(name)).unwrap()
}

#[test]
fn every_help_shows_an_example() {
    for command in ["", "show", "verify", "status", "apply", "rest", "undo", "waves"] {
        let help = answer(&mut meta0(&format!("plan {command} --help")), 0);
        assert!(help.contains("Example"), "{command}: {help}");
        assert!(help.lines().all(|line| line.len() <= 100), "{command}: {help}");
    }
}

#[test]
fn a_plan_is_shown() {
    let folder = folder_with_rebalance();
    let text = answer(&mut plan(&folder, "show plan.json"), 0);
    let plan = Plan::from_json(read(&folder, "plan.json")).unwrap();
    let (before, after) = (plan.digest(), plan.digest_afterwards());
    assert_eq!(
        text,
        format!(
            "8 moves of 8 bases in 2 waves\n\
             it claims that no plan has fewer moves\n\
             \n\
             from       mapping {before:016x}\n\
             to         mapping {after:016x}\n\
             digits     1\n\
             goal       rebalance\n\
             rules      2 replicas, min_dist 1, level volume\n\
             tolerance  0\n\
             wave 1     4 changes\n\
             wave 2     4 changes\n"
        )
    );
}

#[test]
fn a_plan_is_shown_with_what_restricts_it() {
    let folder = folder_with_rebalance();
    let run = |command: &str| {
        let cluster = "--services services.json --mapping mapping.json --digits 1 --replicas 2";
        answer(meta0(&format!("{command} {cluster} --plan p.json")).current_dir(&folder), 0);
        answer(&mut plan(&folder, "show p.json"), 0)
    };
    let text = run("rebalance --hold a:1 --drain b:1 --hold-base 3,F --max-moves 1");
    assert!(
        text.starts_with("1 move of 1 base in 1 wave\nit claims that the whole plan, "),
        "{text}"
    );
    let lines = [
        "\ndrained    b:1\n",
        "\nheld       a:1\n",
        "\nheld bases 3000, F000\n",
        "\nat most    1 move\n",
        "\nwave 1     1 change\n",
    ];
    for line in lines {
        assert!(text.contains(line), "{line:?}: {text}");
    }
    let text = run("decommission a:1 --strategy fewest-bases");
    assert!(text.contains("\nit claims nothing of the fewest moves\n"), "{text}");
    for line in ["\ngoal       decommission\n", "\nleaving    a:1\n", "\nstrategy   fewest bases\n"]
    {
        assert!(text.contains(line), "{line:?}: {text}");
    }
}

#[test]
fn a_plan_is_verified() {
    let folder = folder_with_rebalance();
    let verify = |name: &str, services: &str| {
        plan(&folder, &format!("verify {name} --services {services} --mapping mapping.json"))
    };
    assert_eq!(
        answer(&mut verify("plan.json", "services.json"), 0),
        "plan: 8 moves of 8 bases in 2 waves, for this mapping\n\
         outcome: every base is valid, every load in its band\n\
         bound: no plan has fewer moves\n"
    );
    assert_eq!(
        complaint(&mut verify("plan.json", "three.json"), 1),
        "error: not verified: base 0000 goes to d:1, which is to get nothing\n"
    );
    let honest: Value = serde_json::from_str(&read(&folder, "plan.json")).unwrap();
    let lie = |key: &str, value: Value| {
        let mut plan = honest.clone();
        plan[key] = value;
        write(&folder, "lie.json", &plan.to_string());
        verify("lie.json", "services.json")
    };
    let mut certificate = honest["certificate"].clone();
    certificate["service"].as_object_mut().unwrap().clear();
    let text = complaint(&mut lie("certificate", certificate), 1);
    assert!(
        text.starts_with("error: not verified: the plan claims that 8 is the fewest"),
        "{text}"
    );
    let text = complaint(&mut lie("digest_after", json!("0123456789abcdef")), 1);
    let start = "error: not verified: the plan says that it leads to the mapping 0123456789abcdef:";
    assert!(text.starts_with(start), "{text}");
    let text = complaint(&mut lie("moves", json!(9)), 2);
    assert!(text.starts_with("error: lie.json: moves at byte "), "{text}");
    write(&folder, "lie.json", "{");
    let text = complaint(&mut verify("lie.json", "services.json"), 2);
    assert!(text.ends_with("hint: `meta0 rebalance --plan FILE` writes such a plan\n"), "{text}");
}

#[test]
fn the_status_says_how_far_the_cluster_is() {
    let folder = folder_with_diff();
    answer(&mut plan(&folder, "apply plan.json --mapping old.json --waves 1 -o now.json"), 0);
    for (mapping, status, wanted) in [
        ("new.json", 0, "DONE: 3 of 3 changes are done\n"),
        ("old.json", 1, "OPEN: 0 of 2 waves are done, 0 of 2 changes of the next, 0 of 3 in all\n"),
        ("now.json", 1, "OPEN: 1 of 2 waves is done, 0 of 1 change of the next, 2 of 3 in all\n"),
        (
            "foreign.json",
            2,
            "FOREIGN: 0 of 2 waves are done, 0 of 1 change of the next, 0 of 3 in all; \
             1 base is foreign: 0000\n",
        ),
    ] {
        let run = |options: &str| {
            plan(&folder, &format!("status plan.json --mapping {mapping} {options}"))
        };
        assert_eq!(answer(&mut run(""), status), wanted);
        let report: Value =
            serde_json::from_str(&answer(&mut run("--format json"), status)).unwrap();
        assert_eq!(report["waves"], 2, "{report}");
        assert_eq!(report["foreign"] == json!(["0000"]), status == 2, "{report}");
        assert_eq!(report["done"] == 3, status == 0, "{report}");
    }
    let text = complaint(&mut plan(&folder, "status plan.json --mapping nowhere.json"), 2);
    assert!(text.starts_with("error: can't read nowhere.json: "), "{text}");
}

#[test]
fn a_plan_is_applied_in_full_or_in_part() {
    let folder = folder_with_diff();
    let apply = |options: &str| {
        let text = answer(
            &mut plan(
                &folder,
                &format!("apply plan.json --mapping old.json -o out.json {options}"),
            ),
            0,
        );
        let mapping: Value = serde_json::from_str(&read(&folder, "out.json")).unwrap();
        (text, mapping)
    };
    let (text, whole) = apply("");
    assert_eq!(text, "2 of 2 waves: 3 moves of 3 bases in 2 waves\nmapping written to out.json\n");
    assert_eq!(whole.as_object().unwrap().len(), 3 << 12);
    assert_eq!(whole["1FFF"], json!(["a:1", "c:1"]));
    let (text, first) = apply("--waves 1 --partial");
    assert_eq!(text, "1 of 2 waves: 2 moves of 2 bases in 1 wave\nmapping written to out.json\n");
    assert_eq!(first.as_object().unwrap().len(), 2 << 12);
    assert!(first["1000"].is_null() && first["2000"] == json!(["a:1"]));
    let (text, none) = apply("--waves 0 --partial");
    assert!(text.starts_with("0 of 2 waves: nothing to do\n"), "{text}");
    assert_eq!(none, json!({}));
    let text = complaint(
        &mut plan(&folder, "apply plan.json --mapping old.json -o out.json --waves 3"),
        2,
    );
    assert_eq!(text, "error: --waves 3: the plan has 2\n");
    let text = complaint(&mut plan(&folder, "apply plan.json --mapping new.json -o out.json"), 1);
    assert!(text.starts_with("error: the plan does not fit the mapping: "), "{text}");
    assert_eq!(read(&folder, "out.json"), "{}\n");
}

/// Half a wave is done: the rest has the other half, and is proven like the whole.
#[test]
fn what_is_left_of_a_plan_is_a_plan() {
    let folder = folder_with_rebalance();
    answer(&mut plan(&folder, "apply plan.json --mapping mapping.json -o after.json"), 0);
    let whole = Plan::from_json(read(&folder, "plan.json")).unwrap();
    let first = whole.changes().next().unwrap().base.first_prefix().to_string();
    let mut now: Value = serde_json::from_str(&read(&folder, "mapping.json")).unwrap();
    let after: Value = serde_json::from_str(&read(&folder, "after.json")).unwrap();
    for (prefix, row) in now.as_object_mut().unwrap() {
        if prefix[..1] == first[..1] {
            *row = after[prefix].clone();
        }
    }
    write(&folder, "now.json", &now.to_string());
    let rest = "rest plan.json --mapping now.json --plan rest.json -o end.json";
    assert_eq!(
        answer(&mut plan(&folder, rest), 0),
        "to go on: 7 moves of 7 bases in 2 waves\n\
         mapping written to end.json\n\
         plan written to rest.json\n"
    );
    assert_eq!(read(&folder, "end.json"), read(&folder, "after.json"));
    let verify = "verify rest.json --services services.json --mapping now.json";
    let text = answer(&mut plan(&folder, verify), 0);
    assert!(text.ends_with("\nbound: no plan has fewer moves\n"), "{text}");

    let undo = "undo plan.json --mapping now.json --plan undo.json -o start.json";
    let text = answer(&mut plan(&folder, undo), 0);
    assert!(text.starts_with("to go back: 1 move of 1 base in 1 wave\n"), "{text}");
    assert_eq!(read(&folder, "start.json"), read(&folder, "mapping.json"));
    let text = answer(&mut plan(&folder, "status undo.json --mapping mapping.json"), 0);
    assert_eq!(text, "DONE: 1 of 1 change is done\n");
}

#[test]
fn from_where_somebody_else_was_there_is_no_way() {
    let folder = folder_with_diff();
    for way in ["rest", "undo"] {
        let command = format!("{way} plan.json --mapping foreign.json --plan p.json -o o.json");
        assert_eq!(
            complaint(&mut plan(&folder, &command), 1),
            "error: no plan: 1 base is foreign: 0000: plan anew from the mapping as it is now\n"
        );
    }
    assert_eq!(names_in(folder.path()), ["foreign.json", "new.json", "old.json", "plan.json"]);
}

#[test]
fn without_a_file_nothing_is_written() {
    let folder = folder_with_diff();
    for (way, wanted) in [
        ("rest", "to go on: 3 moves of 3 bases in 2 waves\n"),
        ("undo", "to go back: nothing to do\n"),
    ] {
        let text = answer(&mut plan(&folder, &format!("{way} plan.json --mapping old.json")), 0);
        let nothing = "nothing written: --output FILE writes the mapping, --plan FILE the plan\n";
        assert_eq!(text, format!("{wanted}{nothing}"));
    }
}

/// Whoever names a file finds it there, also when there is nothing to do.
#[test]
fn an_empty_plan_writes_its_files() {
    let folder = folder_with_diff();
    let rest = "rest plan.json --mapping new.json --plan rest.json -o part.json --partial";
    let text = answer(&mut plan(&folder, rest), 0);
    assert!(text.starts_with("to go on: nothing to do\nmapping written to part.json\n"), "{text}");
    assert_eq!(read(&folder, "part.json"), "{}\n");
    assert!(Plan::from_json(read(&folder, "rest.json")).unwrap().is_empty());
    answer(&mut plan(&folder, "status rest.json --mapping new.json"), 0);
    let text = answer(&mut plan(&folder, "waves rest.json --mapping new.json --dir waves"), 0);
    assert_eq!(text, "nothing to do\n0 files written to waves\n");
    assert_eq!(names_in(&folder.path().join("waves")), [""; 0]);
}

#[test]
fn waves_are_files_with_what_undoes_them() {
    let folder = folder_with_diff();
    fs::create_dir(folder.path().join("waves")).unwrap();
    let waves = "waves plan.json --mapping old.json --dir waves";
    let text = answer(&mut plan(&folder, waves), 0);
    assert_eq!(text, "3 moves of 3 bases in 2 waves\n4 files written to waves\n");
    let names = ["wave-0001.json", "wave-0001.rollback.json"]
        .into_iter()
        .chain(["wave-0002.json", "wave-0002.rollback.json"]);
    assert_eq!(names_in(&folder.path().join("waves")), names.collect::<Vec<_>>());
    let file = |name: &str| {
        let text = read(&folder, Path::new("waves").join(name));
        serde_json::from_str::<Value>(&text).unwrap()
    };
    let (second, back) = (file("wave-0002.json"), file("wave-0002.rollback.json"));
    assert_eq!(second.as_object().unwrap().len(), 1 << 12);
    assert_eq!((&second["1000"], &back["1000"]), (&json!(["a:1", "c:1"]), &json!(["a:1", "b:1"])));

    let text = complaint(&mut plan(&folder, waves), 2);
    assert!(text.starts_with("error: waves is not empty\nhint: give --dir a folder "), "{text}");
}

#[test]
fn waves_that_cant_be_written_leave_nothing() {
    let folder = folder_with_diff();
    let before = names_in(folder.path());
    for (mapping, dir, status, wanted) in [
        ("new.json", "waves", 1, "error: the plan does not fit the mapping: "),
        ("old.json", "new.json", 2, "error: new.json is no folder that can be read\n"),
        ("old.json", "no/waves", 2, "error: can't write no/waves: there is no folder no\n"),
    ] {
        let command = format!("waves plan.json --mapping {mapping} --dir {dir}");
        let text = complaint(&mut plan(&folder, &command), status);
        assert!(text.starts_with(wanted), "{text}");
        assert_eq!(names_in(folder.path()), before, "{dir}");
    }
}

/// A base that was missing can't be made missing again.
#[test]
fn what_no_mapping_can_say_is_told() {
    let (folder, _) = folder_with("old.json", r#"{"0000": ["a:1"]}"#);
    write(&folder, "new.json", r#"{"0000": ["a:1"], "1000": ["a:1"]}"#);
    let diff = "diff --digits 1 old.json new.json --plan plan.json";
    answer(meta0(diff).current_dir(&folder), 0);
    let note =
        "the mapping can't say that base 1000 has no replica: meta0 keeps what it has of it\n";
    let undo = "undo plan.json --mapping new.json -o undo.json --partial";
    let text = answer(&mut plan(&folder, undo), 0);
    assert!(text.contains(&format!("\n{note}")), "{text}");
    assert_eq!(read(&folder, "undo.json"), "{}\n");
    let waves = "waves plan.json --mapping old.json --dir waves";
    let text = answer(&mut plan(&folder, waves), 0);
    assert!(text.contains(&format!("\nwave-0001.rollback.json: {note}")), "{text}");
}

#[test]
fn one_file_has_one_use() {
    let folder = folder_with_diff();
    for (arguments, wanted) in [
        ("rest plan.json --mapping old.json -o x --plan ./x", "--output and --plan can't be one"),
        ("undo plan.json --mapping old.json -o - --plan -", "--output and --plan can't be one"),
        ("status - --mapping -", "PLAN and --mapping can't both be standard input"),
        ("waves - --mapping - --dir x", "PLAN and --mapping can't both be standard input"),
        ("verify - --services - --mapping m", "PLAN and --services can't both be standard input"),
        ("verify p --services - --mapping -", "--services and --mapping can't both be standard"),
        ("rest plan.json --mapping old.json --partial", "--output <FILE>"),
    ] {
        let text = complaint(&mut plan(&folder, arguments), 2);
        assert!(text.contains(wanted), "{arguments}: {text}");
    }
    assert_eq!(names_in(folder.path()), ["foreign.json", "new.json", "old.json", "plan.json"]);
}

/// A plan may come by a pipe, and go on by one: the report is then apart.
#[test]
fn a_plan_comes_and_goes_by_pipes() {
    let folder = folder_with_diff();
    let mut undo = plan(&folder, "undo - --mapping new.json --plan -");
    let output = undo.write_stdin(read(&folder, "plan.json")).output().unwrap();
    let way = Plan::from_json(&output.stdout).unwrap();
    assert_eq!((way.moves(), output.status.code()), (3, Some(0)));
    let report = String::from_utf8(output.stderr).unwrap();
    assert!(report.starts_with("to go back: 3 moves of 3 bases in 2 waves\n"), "{report}");
}
