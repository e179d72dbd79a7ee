//! The second verifier, `tests/certificate/verify.py`, which shares no line with the
//! crate: it and `Plan::verify` agree on every plan, honest or forged.
//!
//! The files of a run stay in `target/tmp/certificate`, so that one on which the two
//! differ can be looked at.

use std::collections::BTreeSet;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use meta0::{
    Base, DecommissionOptions, Freed, Plan, PrefixMapping, RebalanceOptions, Service, Strategy,
    Topology,
};

use serde_json::{Value, json};

use crate::instance::{Instance, Size};
use crate::verify::forged::{FORGERIES, Forger, Forgery, other_waves};

/// Runs the verifier on many plans in one process: a line for each.
const DRIVER: &str = "
import sys, verify
for name in sys.stdin.read().split():
    files = [f'{name}.{part}.json' for part in ('services', 'mapping', 'plan')]
    try: print(0, *verify.verify(*files), sep=' | ')
    except SystemExit as refusal: print(1, refusal)
    except Exception as error: print(2, repr(error))
";

fn verifier() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/certificate/verify.py")
}

/// Python; `None`, and a note, where there is none.
#[expect(clippy::print_stderr, reason = "a test that is passed over says so")]
fn python() -> Option<Command> {
    let version = Command::new("python3").arg("--version").output();
    if version.is_ok_and(|output| output.status.success()) {
        let mut python = Command::new("python3");
        python.arg("-B").env("PYTHONPATH", verifier().parent()?);
        return Some(python);
    }
    eprintln!("note: there is no python3 here, so the second verifier was not run");
    None
}

/// A mapping by the first prefix of each base alone, which is soon read, and with each
/// name once, as [`PrefixMapping::to_json`] has it.
fn short_json(mapping: &PrefixMapping) -> String {
    let row = |base: Base| {
        let names: BTreeSet<_> = mapping.services_of(base).collect();
        (base.first_prefix().to_string(), json!(names))
    };
    let bases = mapping.digits().bases().filter(|&base| mapping.services_of(base).len() > 0);
    Value::Object(bases.map(row).collect()).to_string()
}

/// Plans as files, and what the crate finds of each.
struct Cases {
    folder: PathBuf,
    found: Vec<(String, Result<(), String>)>,
}

impl Cases {
    fn new(name: &str) -> Self {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("certificate").join(name);
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        Self { folder, found: Vec::new() }
    }

    fn add(&mut self, name: String, topology: &Topology, mapping: &PrefixMapping, plan: &str) {
        let services = serde_json::to_string(topology.services()).unwrap();
        let text = short_json(mapping);
        for (part, text) in [("services", &*services), ("mapping", &*text), ("plan", plan)] {
            fs::write(self.folder.join(format!("{name}.{part}.json")), text).unwrap();
        }
        let mapping = PrefixMapping::from_json(text, mapping.digits()).unwrap();
        let found = Plan::from_json(plan).map_err(|error| error.to_string()).and_then(|plan| {
            plan.verify(&mapping, topology).map(drop).map_err(|error| error.to_string())
        });
        self.found.push((name, found));
    }

    /// Has the second verifier look at all, and panics where it disagrees. How many plans
    /// both accept.
    #[track_caller]
    fn compare(&self, mut python: Command) -> usize {
        let mut child = python
            .args(["-c", DRIVER])
            .current_dir(&self.folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let names: Vec<_> = self.found.iter().map(|(name, _)| name.as_str()).collect();
        child.stdin.take().unwrap().write_all(names.join("\n").as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        let lines: Vec<_> = text.lines().collect();
        assert_eq!(lines.len(), self.found.len());
        let differ = self
            .found
            .iter()
            .zip(lines)
            .filter(|((_, found), line)| found.is_ok() != line.starts_with('0'));
        let differ: Vec<_> = differ.collect();
        let folder = self.folder.display();
        assert!(differ.is_empty(), "{} differ in {folder}: {differ:#?}", differ.len());
        self.found.iter().filter(|(_, found)| found.is_ok()).count()
    }
}

/// Rebalances of every kind, with services and bases held, services drained, and limits.
fn rebalances(instance: &Instance, seed: u64) -> Vec<(&'static str, Plan)> {
    let Instance { topology, mapping, rules, tolerance } = instance;
    let services = instance.some_services(seed);
    let (held, drained) = services.split_at(services.len() / 2);
    let whole = RebalanceOptions::new(*rules).tolerance(*tolerance);
    let drain = whole.clone().drain(drained);
    let holding = drain.clone().hold(held);
    let hold_bases = holding.clone().hold_bases(instance.some_bases(seed));
    let limit = |options: &RebalanceOptions| options.clone().max_moves(3);
    let limit_each = |options: &RebalanceOptions| options.clone().max_moves_per_base(1);
    let all = [
        ("limited", limit(&whole)),
        ("limited-held", limit_each(&hold_bases)),
        ("whole", whole),
        ("drained", drain),
        ("held", holding),
        ("held-bases", hold_bases),
    ];
    let plan = |(name, options)| Some((name, mapping.rebalance(topology, &options).ok()?));
    all.into_iter().filter_map(plan).collect()
}

/// Decommissions by each strategy, of whole services or of some bases.
fn decommissions(instance: &Instance, seed: u64) -> Vec<(&'static str, Plan)> {
    let Instance { topology, mapping, rules, tolerance } = instance;
    let leavers = instance.leavers(seed);
    let names: Vec<_> = leavers.services.iter().map(String::as_str).collect();
    let strategies = [
        ("leaving", Strategy::Optimal),
        ("leaving-fewest", Strategy::FewestBases),
        ("leaving-most", Strategy::MostAvailability),
    ];
    let plan = |(name, strategy)| {
        let options = DecommissionOptions::new(*rules).tolerance(*tolerance).strategy(strategy);
        let options = leavers.bases.iter().cloned().fold(options, DecommissionOptions::bases);
        Some((name, mapping.decommission(topology, &names, &options).ok()?))
    };
    let mut plans: Vec<_> = strategies.into_iter().filter_map(plan).collect();
    let options = DecommissionOptions::new(*rules).tolerance(*tolerance);
    let options = leavers.bases.iter().cloned().fold(options, DecommissionOptions::bases);
    let first = |_: Freed<'_>| Some(0);
    let custom = mapping.decommission_with(topology, &names, &options, first);
    plans.extend(custom.ok().map(|plan| ("leaving-custom", plan)));
    plans
}

#[test]
fn both_verifiers_accept_honest_plans() {
    let Some(python) = python() else { return };
    let mut cases = Cases::new("honest");
    for seed in 0..150 {
        let size = [Size::TINY, Size::SMALL][usize::from(seed % 2 == 1)];
        let instance = Instance::satisfiable(seed, size);
        let _context = instance.context();
        let Instance { topology, mapping, .. } = &instance;
        let resolved = mapping.resolve(topology);
        let mut plans = rebalances(&instance, seed);
        plans.extend(decommissions(&instance, seed));
        for (kind, plan) in plans {
            let mut add = |way, before: &PrefixMapping, plan: &Plan| {
                let name = format!("{seed}-{kind}-{way}");
                cases.add(name, topology, before, &plan.to_json());
            };
            add("plan", mapping, &plan);
            let after = mapping.apply(&plan).unwrap();
            match seed % 3 {
                0 => add("undo", &after, &plan.inverse()),
                1 => add("diff", &resolved, &resolved.diff(&after).unwrap()),
                _ => {
                    let half = mapping.apply_waves(&plan, plan.waves().len() / 2).unwrap();
                    add("rest", &half, &plan.rest_from(&half).unwrap());
                    add("back", &half, &plan.undo_from(&half).unwrap());
                }
            }
        }
    }
    // A base that names a service twice is written with it once, and is then another.
    let plans = cases.found.iter().filter(|(name, _)| name.ends_with("-plan"));
    let refused = plans.filter(|(_, found)| found.is_err()).collect::<Vec<_>>();
    assert!(refused.is_empty(), "{refused:?}");
    let accepted = cases.compare(python);
    assert!(accepted > 1_000, "{accepted}");
}

/// Takes away what stays beside, or has a replica stay beside that goes.
fn beside(it: &mut Forger) {
    let plan = it.plan.as_object_mut().unwrap();
    if plan.remove("beside").is_none() {
        let Value::Object(change) = plan["waves"][0][0].clone() else { return };
        let base = change["base"].as_str().unwrap().to_owned();
        plan.insert("beside".to_owned(), json!({base: [change["from"]]}));
    }
}

/// All ways to forge; the first two need a certificate.
fn ways() -> Vec<Forgery> {
    let some = FORGERIES.iter().map(|(forgery, _)| *forgery);
    some.chain([other_waves as Forgery, beside]).collect()
}

#[test]
fn both_verifiers_refuse_the_same_forged_plans() {
    let Some(python) = python() else { return };
    let mut cases = Cases::new("forged");
    for (way, forgery) in ways().into_iter().enumerate() {
        for seed in 0..120 {
            let Some(mut it) = Forger::new(seed * 7 + way as u64) else { continue };
            forgery(&mut it);
            let Instance { topology, mapping, .. } = &it.instance;
            cases.add(format!("{way}-{seed}"), topology, mapping, &it.plan.to_string());
        }
    }
    let accepted = cases.compare(python);
    assert!(accepted > 50 && accepted < cases.found.len() / 2, "{accepted}");
}

/// Likewise plans under limits, by a strategy, and with replicas beside.
#[test]
fn both_verifiers_refuse_the_same_forged_plans_of_other_kinds() {
    let Some(python) = python() else { return };
    let (mut cases, ways) = (Cases::new("forged-others"), ways());
    for turn in 0..200_usize {
        let seed = 1_000 + turn as u64;
        let instance = Instance::satisfiable(seed, Size::SMALL);
        let _context = instance.context();
        let mut plans = rebalances(&instance, seed);
        plans.extend(decommissions(&instance, seed));
        plans.retain(|(_, plan)| !plan.is_empty());
        for (at, (kind, plan)) in plans.into_iter().enumerate() {
            let proven = if plan.lower_bound().is_some() { 0 } else { 2 };
            let way = proven + (turn * 3 + at) % (ways.len() - proven);
            let mut it = Forger::of(instance.clone(), &plan, seed);
            ways[way](&mut it);
            let Instance { topology, mapping, .. } = &instance;
            cases.add(format!("{seed}-{kind}-{way}"), topology, mapping, &it.plan.to_string());
        }
    }
    let accepted = cases.compare(python);
    assert!(accepted > 50 && accepted < cases.found.len() / 2, "{accepted}");
}

/// What the verifier itself says of a plan.
fn run(python: &mut Command, case: &Path) -> Output {
    let file = |part: &str| format!("{}.{part}.json", case.display());
    let files = ["services", "mapping", "plan"].map(file);
    python.arg(verifier()).args(files).output().unwrap()
}

#[test]
fn the_second_verifier_has_an_exit_status() {
    let mut cases = Cases::new("status");
    let [a, b] = ["a", "b"].map(|host| Service::new(host, format!("{host}.v").parse().unwrap()));
    let topology = Topology::new([a, b]).unwrap();
    let mapping = PrefixMapping::from_json(r#"{"0000": ["a"]}"#, 0.try_into().unwrap()).unwrap();
    let rules = meta0::Rules::new(2).unwrap();
    let plan = mapping.rebalance(&topology, &RebalanceOptions::new(rules)).unwrap().to_json();
    let lie = plan.replace("\"moves\":1", "\"moves\":2");
    for (status, plan) in [(0, &*plan), (1, &*lie), (2, "{")] {
        let Some(mut python) = python() else { return };
        cases.add(status.to_string(), &topology, &mapping, plan);
        let output = run(&mut python, &cases.folder.join(status.to_string()));
        let lines = |text: &[u8]| String::from_utf8_lossy(text).lines().count();
        let says = [lines(&output.stdout), lines(&output.stderr)];
        assert_eq!(output.status.code(), Some(status), "{output:?}");
        assert_eq!(says, if status == 0 { [3, 0] } else { [0, 1] }, "{output:?}");
    }
}
