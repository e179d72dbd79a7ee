//! The command line: what goes where, and with which exit status.

mod at_most;
mod decommission;
mod diff;
mod files;
mod names;
mod plan;
mod plan_file;
mod rebalance;
mod reports;
mod restrictions;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use assert_cmd::Command;
use serde_json::Value;
use tempfile::TempDir;

use crate::fixtures::fixture;

/// Three services: two volumes of one host in one rack, and another rack.
const THREE: &str = r#"[
  {"address": "a:1", "location": "r1.h1.d1", "score": 9},
  {"address": "b:1", "location": "r1.h1.d2", "score": 9},
  {"address": "c:1", "location": "r2.h1.d1", "score": 9}
]"#;

/// `meta0` with arguments separated by blanks; `@name` is a fixture.
fn meta0(arguments: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_meta0"));
    for argument in arguments.split_whitespace() {
        match argument.strip_prefix('@') {
            Some(name) => command.arg(fixture(name)),
            None => command.arg(argument),
        };
    }
    command.env_remove("NO_COLOR").env_remove("CLICOLOR_FORCE");
    command
}

/// What a run says on standard error.
#[track_caller]
fn complaint(command: &mut Command, status: i32) -> String {
    let output = command.assert().code(status).get_output().clone();
    assert_eq!(String::from_utf8_lossy(&output.stdout), "");
    String::from_utf8(output.stderr).unwrap()
}

/// What a run prints on standard output; nothing on standard error.
#[track_caller]
fn answer(command: &mut Command, status: i32) -> String {
    let output = command.assert().code(status).stderr("").get_output().clone();
    String::from_utf8(output.stdout).unwrap()
}

/// A folder with one file in it.
fn folder_with(name: &str, text: &str) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    std::fs::write(&path, text).unwrap();
    (folder, path)
}

/// The services of a mapping as a report judges it, by their addresses.
fn services(state: &Value) -> BTreeMap<&str, &Value> {
    let services = state["services"].as_array().unwrap();
    services.iter().map(|service| (service["addr"].as_str().unwrap(), service)).collect()
}

fn names_in(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap();
    let mut names: Vec<_> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn every_help_shows_an_example() {
    for command in ["", "bootstrap", "check", "rebalance", "decommission", "diff", "completions"] {
        let help = answer(&mut meta0(&format!("{command} --help")), 0);
        assert!(help.contains("Example"), "{command}: {help}");
        assert!(help.lines().all(|line| line.len() <= 100), "{command}: {help}");
    }
    let version = format!("meta0 {}\n", env!("CARGO_PKG_VERSION"));
    assert_eq!(answer(&mut meta0("--version"), 0), version);
}

#[test]
fn completions_know_the_options() {
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let script = answer(&mut meta0(&format!("completions {shell}")), 0);
        assert!(script.contains("min-dist") && script.contains("balanced-level"), "{shell}");
    }
}

#[test]
fn a_bootstrapped_mapping_checks_clean() {
    let (_folder, mapping) = folder_with("mapping.json", "");
    for (services, rules) in [
        ("@services-12.conscience.json", "--min-dist 3"),
        ("@services-18-uneven.openio.json", "--digits 3 --min-dist 4 --degradation auto"),
        ("@services-96-with-ids.openio.json", "--replicas 5 --level rack --degradation 2"),
        ("@services-1000-some-ids.conscience.json", "--digits 2 --balanced-level site"),
    ] {
        let common = format!("--services {services} {rules}");
        let made = answer(meta0(&format!("bootstrap {common}")).arg("-o").arg(&mapping), 0);
        assert!(made.starts_with("OK: every base keeps the rules, every load is in its band\n"));
        let checked = answer(meta0(&format!("check {common} --mapping")).arg(&mapping), 0);
        assert!(checked.starts_with("OK: "), "{checked}");
    }
}

#[test]
fn a_mapping_at_fault_is_status_1() {
    for arguments in [
        "--services @services-12.conscience.json \
         --mapping @mapping-12-slices.digits2.json --digits 2 --min-dist 2",
        "--services @services-96-with-ids.openio.json \
         --mapping @mapping-96-slices-proxy-order.digits4.json --min-dist 2",
        // The rules are kept: only the loads are unfair.
        "--services @services-18-uneven.openio.json \
         --mapping @mapping-18-uneven-slices.digits2.json --digits 2 --level site",
    ] {
        let report = answer(&mut meta0(&format!("check {arguments}")), 1);
        assert!(report.starts_with("NOT OK: "), "{report}");
    }
}

#[test]
fn a_tolerated_load_is_no_fault() {
    let (_folder, mapping) = folder_with("mapping.json", r#"{"0000":["a:1","b:1"]}"#);
    let check = |more: &str| {
        let rules = "check --services - --digits 0 --replicas 2 --level rack";
        let mut command = meta0(&format!("{rules} {more} --mapping"));
        command.arg(&mapping).write_stdin(THREE);
        command
    };
    answer(&mut check(""), 1);
    answer(&mut check("--tolerance 100%"), 0);
}

#[test]
fn rules_that_cant_be_met_are_status_1() {
    assert_eq!(
        complaint(meta0("bootstrap --services - --min-dist 3").write_stdin(THREE), 1),
        "error: the rules can't be met: no base can have 3 replicas: 2 is the most, 1 in \
         each of 2 racks by min_dist 3 (r1, r2)\n\
         hint: lower --replicas or --min-dist, or add services elsewhere\n"
    );
    let mapping = fixture("mapping-12-slices.digits2.json");
    let mut check = meta0("check --services - --digits 2 --degradation 1 --level rack --mapping");
    let text = complaint(check.arg(mapping).write_stdin(THREE), 1);
    assert!(text.contains("hint: lower --replicas or --degradation, or add"), "{text}");
    let down = r#"[{"addr": "a:1", "score": 9, "tags": {"tag.loc": "h1.d1", "tag.up": false}}]"#;
    assert_eq!(
        complaint(meta0("bootstrap --services -").write_stdin(down), 1),
        "error: the rules can't be met: no base can have 3 replicas: no service is available\n\
         hint: a service is available that is up, not drained, and of a score above 0\n"
    );
}

#[test]
fn usage_is_status_2() {
    for (arguments, wanted) in [
        ("bootstrap", "--services <FILE>"),
        ("check --services x", "--mapping <FILE>"),
        ("bootstrap --services - --replicas -1", "expected a whole number, 1 to 65535"),
        ("bootstrap --services - --degradation -1", "expected a whole number, 0 to 65535 or auto"),
        ("rebalance --max-moves 99999999999", "expected a whole number, 0 to 4294967295"),
        ("rebalance --max-moves-per-base -1", "expected a whole number, 0 to 4294967295"),
        ("diff - x --max-per-service 0", "expected a whole number, 1 to 4294967295"),
        ("check --tolerance -1", "\"-1\" is not a tolerance: expected a part of the share"),
        ("diff - x --steps", "--plan <FILE>"),
        ("diff - x --plan p --namespace X", "--steps"),
        ("decommission --services x --mapping y", "<SERVICE>..."),
        ("decommission a --strategy best", "[possible values: optimal, fewest-bases, most-avail"),
        ("bootstrap --services - --replicas 0", "0 replicas is no mapping: expected 1 or more"),
        ("bootstrap --services - --digits 5", "5 is not a number of digits: expected 0 to 4"),
        ("bootstrap --services - --min-dist 9", "\"9\" is not a distance between replicas"),
        ("bootstrap --services - --level room", "[possible values: site, rack, host, volume]"),
        ("bootstrap --services - --degradation some", "invalid value 'some'"),
        ("bootstrap --services - --format yaml", "[possible values: text, json]"),
        (
            "check --services - --mapping -",
            "error: --services and --mapping can't both be standard input\n\
             hint: give a file for one of them\n",
        ),
    ] {
        let text = complaint(&mut meta0(arguments), 2);
        assert!(text.contains(wanted), "{arguments}: {text}");
    }
}

#[test]
fn unreadable_input_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let services = folder.path().join("s.json");
    let complain = |content: &[u8]| {
        std::fs::write(&services, content).unwrap();
        let mut command = meta0("bootstrap --services");
        let text = complaint(command.arg("s.json").current_dir(&folder), 2);
        text.strip_prefix("error: ").unwrap().to_owned()
    };
    let source = "hint: `openio cluster list meta1 -f json` prints such a list\n";
    assert_eq!(
        complain(b"[{]"),
        format!(
            "s.json: the list of services is not JSON at byte 2: key must be a string at line 1 \
             column 3\n{source}"
        )
    );
    assert_eq!(
        complain(br#"[{"addr": "10.0.0.1:6001", "score": 3}]"#),
        "s.json: service 10.0.0.1:6001 has no location: give it one, or ask that its host be \
         taken for it\n\
         hint: --location-from-address takes the host part of an address for its host\n"
    );
    assert_eq!(
        complain(br#"[{"addr": "a:1", "tags": {"tag.loc": "a..b"}}]"#),
        "s.json: service a:1 has a location that can't be read: location \"a..b\" has an empty \
         token\n"
    );
    assert_eq!(complain(b"[\xFF]"), format!("s.json: not a text in UTF-8 at byte 1\n{source}"));
    std::fs::remove_file(&services).unwrap();
    let text = complaint(meta0("check --mapping x --services").arg(&services), 2);
    assert!(text.starts_with("error: can't read ") && text.contains("s.json: No such file"));
    assert!(text.ends_with(source), "{text}");
}

#[test]
fn an_unreadable_mapping_is_named() {
    let complain = |mapping: &str, digits: u8| {
        let (folder, _) = folder_with("m.json", mapping);
        let arguments = format!("check --services - --mapping m.json --digits {digits}");
        complaint(meta0(&arguments).current_dir(&folder).write_stdin(THREE), 2)
    };
    let text = complain(r#"{"0000":["a:1"],"0001":["b:1"]}"#, 3);
    assert!(text.starts_with("error: m.json: prefixes 0000 and 0001 of base \"000\""), "{text}");
    assert!(text.ends_with("hint: --digits must be the namespace's (ns.meta1_digits)\n"), "{text}");
    let text = complain(r#"{"0000":["a:1"],"0000":["b:1"]}"#, 4);
    assert!(text.starts_with("error: m.json: key \"0000\" at byte "), "{text}");
    assert!(text.contains("\nhint: the proxy's /v3.0/NS/admin/meta0_list answers such a mapping"));
}

#[test]
fn a_mapping_that_is_no_text_is_named() {
    let source = "hint: the proxy's /v3.0/NS/admin/meta0_list answers such a mapping\n";
    let (folder, mapping) = folder_with("m.json", "");
    let check = |mapping: &str, input: &[u8]| {
        let arguments = "check --services @services-12.conscience.json --mapping";
        let mut command = meta0(arguments);
        complaint(command.arg(mapping).current_dir(&folder).write_stdin(input), 2)
    };
    let text = b"{\"0000\":[\"a\"],7,\"\xFF\"}";
    std::fs::write(&mapping, text).unwrap();
    let message = format!("not a text in UTF-8 at byte 17\n{source}");
    assert_eq!(check("m.json", b""), format!("error: m.json: {message}"));
    assert_eq!(check("-", text), format!("error: standard input: {message}"));
    std::fs::remove_file(&mapping).unwrap();
    let text = check("m.json", b"");
    assert!(text.starts_with("error: can't read m.json: No such file") && text.ends_with(source));
    let text = check(".", b"");
    assert_eq!(text, "error: can't read .: Is a directory (os error 21)\n");
}

#[test]
fn a_host_may_stand_for_a_location() {
    let services = r#"[{"addr": "10.0.0.1:1", "score": 1}, {"addr": "10.0.0.2:1", "score": 1}]"#;
    let arguments = "bootstrap --services - --digits 0 --replicas 2 --min-dist 2";
    complaint(meta0(arguments).write_stdin(services), 2);
    let mut command = meta0(&format!("{arguments} --location-from-address"));
    let report = answer(command.write_stdin(services), 0);
    assert!(report.contains("10.0.0.1:1  10-0-0-1.1     1"), "{report}");
}
