//! `--at-most`: how it is said, what is refused, what reports say of it.

use serde_json::{Value, json};

use super::{answer, complaint, folder_with, meta0};

/// Two sites; `s1` has a rack of two hosts, one of them with two volumes.
const CLUSTER: &str = r#"[
  {"address": "a", "location": "s1.r1.h1.v1", "score": 9},
  {"address": "b", "location": "s1.r1.h1.v2", "score": 9},
  {"address": "c", "location": "s1.r1.h2.v1", "score": 9},
  {"address": "d", "location": "s2.r2.h3.v1", "score": 9},
  {"address": "e", "location": "s2.r2.h4.v1", "score": 9}
]"#;

/// A check of the one base of no digits, on `names`, under `--at-most`.
fn check(names: &str, options: &str, status: i32) -> String {
    let (folder, _) = folder_with("m.json", &format!("{{\"0000\": {names}}}"));
    let arguments = "check --services - --mapping m.json --digits 0 --tolerance 100%";
    let mut command = meta0(&format!("{arguments} {options}"));
    answer(command.write_stdin(CLUSTER).current_dir(&folder), status)
}

#[test]
fn a_base_over_a_cap_is_crowded() {
    let sites = check(r#"["a", "b", "c"]"#, "--at-most site=2", 1);
    assert!(sites.starts_with("NOT OK: the rules are broken; "), "{sites}");
    let rules = "\nrules     replicas on different volumes, volumes loaded alike, \
                 at most 2 of a base in a site\n";
    assert!(sites.contains(rules), "{sites}");
    let crowded = "\ncrowded: 1 base\n  base \"\" has 3 replicas in site s1, not 2 or fewer, \
                   on a, b and c\n";
    assert!(sites.contains(crowded), "{sites}");
}

#[test]
fn both_spellings_mean_the_same() {
    let named = check(r#"["a", "c", "d"]"#, "--at-most host=1,site=2,rack=2,volume=1", 0);
    assert_eq!(named, check(r#"["a", "c", "d"]"#, "--at-most 2.2.1.1", 0));
    let rules = ", at most 2 of a base in a site, 2 in a rack, 1 in a host, 1 in a volume\n";
    assert!(named.contains(rules), "{named}");
    // The host is twice as full as its cap lets, the site is one and a half times.
    let hosts = check(r#"["a", "b", "c"]"#, "--at-most 2.2.1.1", 1);
    let crowded = "base \"\" has 2 replicas in host s1.r1.h1, not 1 or fewer, on a and b\n";
    assert!(hosts.contains("crowded: 1 base\n") && hosts.contains(crowded), "{hosts}");
}

#[test]
fn a_cap_that_cant_bind_is_no_error() {
    for caps in ["volume=3", "site=3", "9.9.9.9", "site=65535"] {
        let report = check(r#"["a", "c", "d"]"#, &format!("--at-most {caps}"), 0);
        assert!(report.starts_with("OK: "), "{caps}: {report}");
    }
}

#[test]
fn the_json_has_the_caps_that_were_said() {
    let json = |options: &str, status| -> Value {
        let options = format!("{options} --format json");
        serde_json::from_str(&check(r#"["a", "b", "c"]"#, &options, status)).unwrap()
    };
    let report = json("--at-most site=2,host=3", 1);
    assert_eq!(report["at_most"], json!({"site": 2, "host": 3}));
    assert_eq!(report["before"]["breaches"]["crowded"], 1);
    let report = json("", 0);
    assert_eq!(report["at_most"], json!({}));
    assert_eq!(report["before"]["breaches"]["crowded"], 0);
}

/// The report of a command on the one base of no digits, on `names`, that writes
/// `new.json`; and its entry there.
fn plan(command: &str, names: &str) -> (Value, String) {
    let (folder, _) = folder_with("m.json", &format!("{{\"0000\": {names}}}"));
    let arguments = "--services - --digits 0 --tolerance 100% --at-most site=2 -o new.json";
    let mut command = meta0(&format!("{command} --mapping m.json {arguments} --format json"));
    let report = answer(command.write_stdin(CLUSTER).current_dir(&folder), 0);
    let mapping = std::fs::read_to_string(folder.path().join("new.json")).unwrap();
    let entry = mapping.lines().nth(1).unwrap().trim_end_matches(',').to_owned();
    (serde_json::from_str(&report).unwrap(), entry)
}

#[test]
fn plans_keep_within_the_caps() {
    let (report, _) = plan("rebalance", r#"["a", "b", "c"]"#);
    assert_eq!((&report["moves"], &report["minimal"]), (&json!(1), &json!(true)));
    assert_eq!(report["before"]["breaches"]["crowded"], 1);
    assert_eq!(report["after"]["breaches"]["crowded"], 0);
    assert_eq!(report["at_most"], json!({"site": 2}));
    // One more on the first site would be one too many.
    for strategy in ["optimal", "fewest-bases", "most-availability"] {
        let decommission = format!("decommission d --strategy {strategy}");
        let (report, entry) = plan(&decommission, r#"["a", "b", "d"]"#);
        assert_eq!((&report["moves"], &*entry), (&json!(1), r#""0000":["a","b","e"]"#));
    }
}

#[test]
fn a_bootstrap_keeps_within_the_caps() {
    let folder = tempfile::tempdir().unwrap();
    let run = |command: &str, options: &str, status: i32| {
        let mut command = meta0(&format!("{command} --services - --digits 2 {options}"));
        command.current_dir(&folder).write_stdin(CLUSTER).assert().code(status).get_output().clone()
    };
    run("bootstrap", "--at-most site=2,host=1 -o m.json", 0);
    run("check --mapping m.json", "--at-most site=2,host=1", 0);
    let output = run("bootstrap", "--at-most site=1 -o none.json", 1);
    let text = String::from_utf8(output.stderr).unwrap();
    assert!(
        text.starts_with("error: the rules can't be met: no base can have 3 replicas"),
        "{text}"
    );
    assert!(text.ends_with("raise --at-most, or add services elsewhere\n"), "{text}");
}

#[test]
fn what_is_no_cap_is_refused() {
    let shapes = "expected caps of levels, as site=2,host=1, or of all four from site to \
                  volume, as 2.2.1.1";
    let number = "expected a whole number, 1 to 65535";
    for (caps, wanted) in [
        ("site=2,site=1", "site is named twice: expected one cap of a level".to_owned()),
        ("site=2,host=0", format!("\"0\" is not a cap of host: {number}")),
        ("2.2.0.1", format!("\"0\" is not a cap of host: {number}")),
        ("site=65536", format!("\"65536\" is not a cap of site: {number}")),
        ("rack=-1", format!("\"-1\" is not a cap of rack: {number}")),
        ("site=", format!("\"\" is not a cap of site: {number}")),
        ("2.two.1.1", format!("\"two\" is not a cap of rack: {number}")),
        ("room=2", meta0::LocationError::NotALevel { text: "room".to_owned() }.to_string()),
        ("site=2,host", format!("\"host\" has no cap: {shapes}")),
        ("site=2,", format!("\"\" has no cap: {shapes}")),
        ("2.2.1", format!("\"2.2.1\" has 3 parts: {shapes}")),
        ("2.2.1.1.1", format!("\"2.2.1.1.1\" has 5 parts: {shapes}")),
        ("-2", format!("\"-2\" has 1 part: {shapes}")),
    ] {
        let text = complaint(&mut meta0(&format!("bootstrap --services - --at-most {caps}")), 2);
        let line = format!("error: invalid value '{caps}' for '--at-most <CAPS>': {wanted}\n");
        assert!(text.starts_with(&line), "{text}");
    }
}
