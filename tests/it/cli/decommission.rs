//! `meta0 decommission`: services go, nothing else moves.

use serde_json::Value;

use super::{THREE, answer, complaint, folder_with, meta0, services};

const CLUSTER: &str = "--services @services-96-with-ids.openio.json --digits 2 --min-dist 2";

#[test]
fn a_rack_goes_and_nothing_else_moves() {
    let (folder, _) = folder_with("old.json", "");
    let run = |arguments: &str| answer(meta0(arguments).current_dir(&folder), 0);
    run(&format!("bootstrap {CLUSTER} -o old.json"));
    let arguments = format!("decommission par1.r01 {CLUSTER} --mapping old.json -o new.json");
    let report: Value = serde_json::from_str(&run(&format!("{arguments} --format json"))).unwrap();
    assert_eq!(report["moves"], 96, "12 of 96 services had an eighth of 768 replicas");
    assert_eq!(report["command"], "decommission");
    let after = services(&report["after"]);
    for (addr, service) in services(&report["before"]) {
        let [before, after] = [service, after[addr]].map(|at| at["load"].as_u64().unwrap());
        let leaves = service["location"].as_str().unwrap().starts_with("par1.r01.");
        assert!(if leaves { after == 0 } else { before <= after }, "{service}");
    }
    let text = run(&format!("{arguments} --strategy fewest-bases"));
    assert!(text.contains(": after 96 moves of "), "{text}");
}

#[test]
fn named_bases_alone_may_go() {
    let (folder, _) = folder_with("m.json", r#"{"0000": ["a:1"], "1000": ["a:1"]}"#);
    let run = |options: &str, status: i32| {
        let arguments = "decommission a:1 --services - --mapping m.json --digits 1 --replicas 1";
        let mut command = meta0(&format!("{arguments} {options}"));
        command.current_dir(&folder).write_stdin(THREE).assert().code(status).get_output().clone()
    };
    let output = run("--base 1 --format json", 0);
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(
        (&report["moves"], &services(&report["after"])["a:1"]["load"]),
        (&1.into(), &1.into())
    );
    run("--base 1 --strict", 1);
    let output = run("--base 123", 2);
    let text = String::from_utf8(output.stderr).unwrap();
    assert!(text.starts_with("error: --base: \"123\" is not a base of 1 digits"), "{text}");
}

#[test]
fn replicas_with_nowhere_to_go_are_status_1() {
    let (folder, _) = folder_with("m.json", r#"{"0000": ["a:1", "c:1"]}"#);
    let rules = "--services - --mapping m.json --digits 0 --replicas 2 --min-dist 2";
    let refuse = |services: &str| {
        let mut command = meta0(&format!("decommission {services} {rules}"));
        complaint(command.current_dir(&folder).write_stdin(THREE), 1)
    };
    let text = refuse("r2");
    assert!(text.starts_with("error: the rules can't be met: no base can have 2"), "{text}");
    let text = refuse("c:1 --base 0000");
    assert!(text.starts_with("error: no plan: "), "{text}");
    assert!(text.contains("\nhint: rebalance with --drain instead"), "{text}");
}
