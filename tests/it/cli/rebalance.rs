//! `meta0 rebalance`: the plan, its files, its report.

use std::fs;
use std::path::Path;

use meta0::PrefixMapping;
use serde_json::{Value, json};

use super::{answer, complaint, folder_with, meta0, names_in, services};

const DAMAGED: &str = "--digits 2 --min-dist 2 --services @services-12-one-down.conscience.json";
const MAPPING: &str = "--mapping @mapping-12-dead-and-unknown.digits2.json";

fn report_of(arguments: &str) -> Value {
    let mut command = meta0(&format!("rebalance {arguments} --format json"));
    serde_json::from_str(&answer(&mut command, 0)).unwrap()
}

fn mapping_in(path: &Path) -> PrefixMapping {
    let text = fs::read_to_string(path).unwrap();
    PrefixMapping::from_json(&text, "2".parse().unwrap()).unwrap()
}

#[test]
fn a_damaged_mapping_is_made_whole() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = meta0(&format!("rebalance {DAMAGED} {MAPPING} -o new.json --plan plan.json"));
    let report = answer(command.current_dir(&folder), 0);
    assert!(report.starts_with("OK: after "), "{report}");
    for line in [
        "proven: no plan has fewer moves",
        "mapping written to new.json",
        "plan written to plan.json",
        "missing: 4 bases before, 0 bases after",
        "  before  nothing: some base has no quorum even now",
    ] {
        assert!(report.lines().any(|other| other == line), "{line}: {report}");
    }
    let check = format!("check {DAMAGED} --mapping new.json");
    answer(meta0(&check).current_dir(&folder), 0);

    let again = format!("rebalance {DAMAGED} --mapping new.json -o newer.json --plan p.json");
    let report = answer(meta0(&again).current_dir(&folder), 0);
    assert!(report.starts_with("OK: nothing to do: every base keeps the rules"), "{report}");
    assert!(
        report.contains("\nmapping written to newer.json\nplan written to p.json\n"),
        "{report}"
    );
    let read = |name: &str| fs::read_to_string(folder.path().join(name)).unwrap();
    assert_eq!(read("newer.json"), read("new.json"));
    assert_eq!(serde_json::from_str::<Value>(&read("p.json")).unwrap()["moves"], 0);
    let part = format!("rebalance {DAMAGED} --mapping new.json -o part.json --partial");
    answer(meta0(&part).current_dir(&folder), 0);
    assert_eq!(read("part.json"), "{}\n", "an older file is not taken for the answer");
}

#[test]
fn the_json_has_the_counts_of_the_plan() {
    let report = report_of(&format!("{DAMAGED} {MAPPING}"));
    let keys = ["moves", "moved_bases", "multi_move_bases", "lower_bound", "minimal", "waves"];
    assert!(keys.iter().all(|key| !report[key].is_null()), "{report}");
    assert_eq!(report["moves"], report["lower_bound"]);
    assert_eq!((&report["minimal"], &report["command"]), (&json!(true), &json!("rebalance")));
    assert_eq!(report["before"]["breaches"]["unknown"], 128);
    assert_eq!(report["after"]["breaches"]["unknown"], 0);
    assert_eq!(report["after"]["outside_band"], 0);
    let gone = "10.0.9.1:6111";
    assert_eq!(
        *services(&report["before"])[gone],
        json!({
            "addr": gone, "location": null, "score": 0, "up": false, "load": 64, "floor": 0,
            "ceil": 0,
        })
    );
    assert!(!services(&report["after"]).contains_key(gone), "{report}");
}

#[test]
fn the_plan_and_the_partial_mapping_lead_to_the_whole_one() {
    let folder = tempfile::tempdir().unwrap();
    let services = "--services @services-18-uneven.openio.json --digits 2 --min-dist 4";
    let old = "--mapping @mapping-18-uneven-slices.digits2.json";
    let run = |options: &str| {
        let mut command = meta0(&format!("rebalance {services} {old} {options}"));
        answer(command.current_dir(&folder), 0);
    };
    run("-o whole.json --plan plan.json --max-per-service 3");
    run("-o part.json --partial");
    let whole = mapping_in(&folder.path().join("whole.json"));
    let part = mapping_in(&folder.path().join("part.json"));
    let mut merged = mapping_in(&crate::fixtures::fixture("mapping-18-uneven-slices.digits2.json"));
    let mut stepped = merged.clone();
    for base in part.digits().bases().filter(|base| part.services_of(*base).len() > 0) {
        merged.assign_services(base, part.services_of(base)).unwrap();
    }
    assert_eq!(merged, whole);

    let plan = fs::read_to_string(folder.path().join("plan.json")).unwrap();
    let plan: Value = serde_json::from_str(&plan).unwrap();
    assert_eq!(plan["digest"], format!("{:016x}", stepped.digest()));
    assert_eq!(plan["digest_after"], format!("{:016x}", whole.digest()));
    for change in plan["waves"].as_array().unwrap().iter().flat_map(|wave| wave.as_array().unwrap())
    {
        let [base, from, to] = ["base", "from", "to"].map(|key| change[key].as_str().unwrap());
        let base = meta0::Base::parse(base, stepped.digits()).unwrap();
        let row: Vec<_> = stepped.services_of(base).map(str::to_owned).collect();
        let row = row.iter().map(|name| if name == from { to } else { name });
        stepped.assign_services(base, row).unwrap();
    }
    assert_eq!(stepped, whole);
}

#[test]
fn a_location_drains_all_that_is_there() {
    let cluster = "--services @services-96-with-ids.openio.json";
    let mapping = "--mapping @mapping-96-slices-proxy-order.digits4.json";
    let report = report_of(&format!("{cluster} {mapping} --drain par1.r01 --drain oio-meta1-096"));
    let (before, after) = (services(&report["before"]), services(&report["after"]));
    let emptied = after.values().filter(|service| service["ceil"] == 0);
    let emptied: Vec<_> = emptied.map(|service| service["location"].as_str().unwrap()).collect();
    assert_eq!(emptied.len(), 13);
    assert!(emptied[..12].iter().all(|location| location.starts_with("par1.r01.")), "{emptied:?}");
    assert_eq!(emptied[12], "rbx2.r04.h06.d2");
    assert!(after.values().all(|service| service["ceil"] != 0 || service["load"] == 0));
    assert!(before.values().all(|service| service["score"] != 0), "the cluster is as it is");
}

#[test]
fn a_service_that_nobody_knows_is_refused() {
    let mut command = meta0(&format!("rebalance {DAMAGED} {MAPPING} --drain 10.9.9.9:1"));
    assert_eq!(
        complaint(&mut command, 2),
        "error: no plan: no service, and no location, is called \"10.9.9.9:1\"\n"
    );
}

#[test]
fn rules_that_cant_be_met_write_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let arguments = format!("rebalance {DAMAGED} {MAPPING} --replicas 9 -o new.json --plan p.json");
    let text = complaint(meta0(&arguments).current_dir(&folder), 1);
    assert!(text.starts_with("error: the rules can't be met: no base can have 9 replicas"));
    assert_eq!(names_in(folder.path()), [""; 0]);
}

#[test]
fn more_replicas_than_a_mapping_has_room_for_are_refused() {
    let service = |n| json!({"address": format!("{n}"), "location": format!("h{n}.d"), "score": 1});
    let services = (0..20_001).map(service).collect::<Value>().to_string();
    let (folder, _) = folder_with("m.json", "{}");
    let refuse = |arguments: &str| {
        let mut command = meta0(&format!("{arguments} --services - --replicas 20000"));
        complaint(command.current_dir(&folder).write_stdin(services.as_str()), 2)
    };
    let why = "20000 replicas are too many: a base of 4 digits has room for 4096\n";
    assert_eq!(refuse("bootstrap"), format!("error: no mapping: {why}"));
    assert_eq!(refuse("rebalance --mapping m.json"), format!("error: no plan: {why}"));
    assert_eq!(refuse("decommission 7 --mapping m.json"), format!("error: no plan: {why}"));
}
