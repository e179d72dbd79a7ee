//! The steps of a plan, word for word.

use std::collections::{BTreeMap, BTreeSet};

use itertools::Itertools;
use meta0::{Base, Plan, PrefixMapping, RebalanceOptions, Rules, Step, StepKind, Topology};
use serde_json::Value;

use crate::instance::{Instance, Size};
use crate::notation::{mapping, topology};

/// A step as a request on namespace `NS`, about base `00AF`: `set_properties`
/// goes to `/v3.0/NS/admin/set_properties?type=meta1&cid=00AF…`.
fn about(action: &str, more: &str, body: &str) -> String {
    let zeros = "0".repeat(60);
    let request = format!("POST /v3.0/NS/admin/{action}?type=meta1&cid=00AF{zeros}{more} {body}");
    request.trim_end().to_owned()
}

fn has_base(service: &str) -> String {
    about("has", &format!("&service_id={service}"), "")
}

fn set_peers(peers: &str) -> String {
    about("set_properties", "", &format!(r#"{{"system":{{"sys.peers":"{peers}"}}}}"#))
}

fn copy(from: &str, to: &str) -> String {
    about("copy", "", &format!(r#"{{"from":"{from}","to":"{to}"}}"#))
}

fn link(services: &str) -> String {
    format!("POST /v3.0/NS/admin/meta0_force {{\n\"00AF\":{services}\n}}")
}

fn leave() -> String {
    about("leave", "&bypass_service_down=true", "")
}

fn remove(service: &str) -> String {
    about("remove", &format!("&service_id={service}"), "")
}

fn status() -> String {
    about("status", "", "")
}

fn requests(plan: &Plan, mapping: &PrefixMapping, topology: &Topology) -> Vec<String> {
    plan.steps(mapping, topology, "NS").unwrap().map(|step| step.to_string()).collect()
}

/// A cluster of `a` to `f`, which are up but for those that are named.
fn cluster(down: &str) -> Topology {
    let all = topology("a=h1 b=h2 c=h3 d=h4 e=h5 f=h6 [::1]:6001=h7");
    let down = down.split_whitespace();
    down.fold(all, |all, name| all.with_up(name, false).unwrap())
}

/// The steps of one base, `00AF`, from some services to others.
#[track_caller]
fn from_to(old: &str, new: &str, down: &str, steps: &[String]) {
    let base = |services: &str| match services {
        "" => mapping(4, ""),
        services => mapping(4, &format!("00AF: {services}")),
    };
    let old = base(old);
    let plan = old.diff(&base(new)).unwrap();
    assert_eq!(requests(&plan, &old, &cluster(down)), steps);
}

/// The source and the alternatives of the copy of a base that goes from `a b c` to
/// `b c d`.
fn sources(down: &str) -> Option<String> {
    let (old, new) = (mapping(4, "00AF: a b c"), mapping(4, "00AF: b c d"));
    let (plan, cluster) = (old.diff(&new).unwrap(), cluster(down));
    let copy = plan.steps(&old, &cluster, "NS").unwrap().find(|s| s.kind() == StepKind::Copy)?;
    let body: Value = serde_json::from_str(copy.body().unwrap()).unwrap();
    let source = body["from"].as_str().unwrap();
    Some(copy.alternatives().iter().fold(source.to_owned(), |all, other| all + " " + other))
}

#[test]
fn a_move() {
    let steps = [
        has_base("a"),
        set_peers("b,c,d"),
        copy("a", "d"),
        link(r#"["b","c","d"]"#),
        leave(),
        remove("a"),
        leave(),
        status(),
    ];
    from_to("c b a", "b c d", "", &steps);
}

#[test]
fn a_copy_comes_from_who_is_up_and_goes_first() {
    assert_eq!(sources("").as_deref(), Some("a b c"));
    assert_eq!(sources("a").as_deref(), Some("b c"));
    assert_eq!(sources("b").as_deref(), Some("a c"));
    assert_eq!(sources("a b").as_deref(), Some("c"));
    assert_eq!(sources("b c").as_deref(), Some("a"));
    assert_eq!(sources("a b c"), None);
    // An unavailable service that is up still has what it had.
    let (old, new) = (mapping(4, "00AF: a b"), mapping(4, "00AF: b c"));
    let plan = old.diff(&new).unwrap();
    let drained = cluster("").with_score("a", 0).unwrap();
    assert_eq!(requests(&plan, &old, &drained)[0], has_base("a"));
    // Who is in no list is down.
    let unlisted = drained.without(&drained.select("a"));
    assert_eq!(requests(&plan, &old, &unlisted)[0], has_base("b"));
}

#[test]
fn a_move_of_the_only_replica_copies_from_it() {
    let steps = [
        has_base("a"),
        set_peers("b"),
        copy("a", "b"),
        link(r#"["b"]"#),
        leave(),
        remove("a"),
        leave(),
        status(),
    ];
    from_to("a", "b", "", &steps);
}

#[test]
fn a_dead_base_is_not_copied() {
    let moved = [link(r#"["b"]"#), set_peers("b"), leave(), remove("a"), leave(), status()];
    from_to("a", "b", "a", &moved);
    let refilled = [
        vec![link(r#"["b","c"]"#), set_peers("b,c"), leave(), remove("a"), leave(), status()],
        // Now `c` has it, and what was written since.
        vec![has_base("c"), set_peers("c,d"), copy("c", "d"), link(r#"["c","d"]"#)],
        vec![leave(), remove("b"), leave(), status()],
    ];
    from_to("a b", "c d", "a b", &refilled.concat());
}

#[test]
fn a_missing_replica() {
    let steps = [
        has_base("b"),
        set_peers("a,b,c"),
        copy("b", "a"),
        link(r#"["a","b","c"]"#),
        leave(),
        status(),
    ];
    from_to("b c", "a b c", "", &steps);
}

#[test]
fn a_removal() {
    let steps = [set_peers("a,c"), link(r#"["a","c"]"#), leave(), remove("b"), leave(), status()];
    from_to("a b c", "a c", "", &steps);
    from_to("a b c", "a c", "b", &steps);
}

#[test]
fn a_missing_base_is_linked_first() {
    let steps = [
        link(r#"["a"]"#),
        set_peers("a"),
        has_base("a"),
        set_peers("a,b"),
        copy("a", "b"),
        link(r#"["a","b"]"#),
        leave(),
        status(),
    ];
    from_to("", "a b", "", &steps);
}

#[test]
fn the_last_replica_stays_where_it_is() {
    let first = [set_peers("b"), link(r#"["b"]"#), leave(), remove("a"), leave(), status()];
    from_to("a b", "", "", &first);
    from_to("a", "", "", &[]);
}

#[test]
fn a_service_under_two_names_keeps_its_copy() {
    let topology = topology("a#id=h1 b=h2 c=h3");
    let twice = mapping(4, "00AF: a b id").resolve(&topology);
    let requests = |plan: &Plan, mapping: &PrefixMapping| requests(plan, mapping, &topology);

    let folded = twice.diff(&mapping(4, "00AF: a b")).unwrap();
    assert_eq!(folded.removals(), 1);
    assert_eq!(requests(&folded, &twice), [set_peers("a,b"), link(r#"["a","b"]"#)]);
    let unfolded = folded.inverse();
    let once = twice.apply(&folded).unwrap();
    assert_eq!(requests(&unfolded, &once), [set_peers("a,b"), link(r#"["a","b"]"#)]);

    let moved = twice.diff(&mapping(4, "00AF: a b c")).unwrap();
    assert_eq!((moved.moves(), moved.removals()), (1, 0));
    let steps = [
        has_base("a"),
        set_peers("a,b,c"),
        copy("a", "c"),
        link(r#"["a","b","c"]"#),
        leave(),
        status(),
    ];
    assert_eq!(requests(&moved, &twice), steps);
}

#[test]
fn services_go_by_their_address() {
    let topology = topology("a#ida=h1 b#idb=h2 c#idc=h3");
    let old = mapping(0, ": ida idb dead");
    let options = RebalanceOptions::new(Rules::default());
    let plan = old.rebalance(&topology, &options).unwrap();
    let steps: Vec<_> = plan.steps(&old, &topology, "NS").unwrap().collect();
    let bodies: Vec<_> = steps.iter().filter_map(Step::body).collect();
    assert_eq!(bodies[0], r#"{"system":{"sys.peers":"a,b,c"}}"#);
    assert_eq!(bodies[1], r#"{"from":"a","to":"c"}"#);
    assert_eq!(bodies[2], old.apply(&plan).unwrap().to_json());
    assert_eq!(bodies[2].lines().count(), 2 + 65_536);
    assert_eq!(steps[2].alternatives(), ["b"]);
    assert!(steps[5].query().unwrap().ends_with("&service_id=dead"));
}

#[test]
fn waves_follow_each_other() {
    let cluster = cluster("");
    let old = mapping(1, "0: a b c | 1: a b c | 2: a b c");
    let new = mapping(1, "0: d e f | 1: a d e | 2: a b d");
    let plan = old.diff(&new).unwrap();
    let steps: Vec<_> = plan.steps(&old, &cluster, "NS").unwrap().collect();
    assert!(steps.iter().map(|step| (step.wave(), step.base())).is_sorted());
    assert_eq!(steps.len(), 6 * 8);
    let peers = |step: &Step| {
        let body = step.body().filter(|body| body.starts_with(r#"{"system"#))?;
        Some(format!("{} {}: {}", step.wave(), step.base(), &body[24..body.len() - 3]))
    };
    let peers: Vec<_> = steps.iter().filter_map(peers).collect();
    let states =
        ["0 0: b,c,d", "0 1: a,c,d", "0 2: a,b,d", "1 0: c,d,e", "1 1: a,d,e", "2 0: d,e,f"];
    assert_eq!(peers, states);
}

#[test]
fn each_link_is_the_partial_object_of_its_base() {
    let cluster = cluster("");
    let old = mapping(2, "00: a b c | 01: a b | 0A: \"é\" x\\y");
    let new = mapping(2, "00: d e f | 01: a b c | 0A: a x\\y | FF: a b");
    let plan = old.diff(&new).unwrap();
    let links = plan.steps(&old, &cluster, "NS").unwrap().filter(|step| step.query().is_none());
    let mut count = 0;
    for step in links {
        let after = old.apply_waves(&plan, step.wave() + 1).unwrap();
        assert_eq!(step.body(), Some(&*after.to_json_of([step.base()])));
        count += 1;
    }
    assert_eq!(count, plan.changes().len());
}

#[test]
fn strange_names_are_encoded() {
    let cluster = cluster("");
    let old = mapping(4, "00AF: [::1]:6001 é&b=% c");
    let plan = old.diff(&mapping(4, "00AF: c")).unwrap();
    let steps: Vec<_> = plan.steps(&old, &cluster, "a/b ?").unwrap().collect();
    assert!(steps.iter().all(|step| step.route().starts_with("/v3.0/a%2Fb%20%3F/admin/")));
    let gone = steps.iter().filter(|step| step.kind() == StepKind::Remove);
    let gone: Vec<_> = gone.filter_map(|step| step.query()?.split('&').nth(2)).collect();
    assert_eq!(gone, ["service_id=%5B::1%5D:6001", "service_id=%C3%A9%26b%3D%25"]);
}

#[test]
fn a_step_serializes_with_its_request() {
    let old = mapping(2, "0A: a b");
    let (plan, cluster) = (old.diff(&mapping(2, "0A: b c")).unwrap(), cluster(""));
    let json = plan.steps(&old, &cluster, "NS").unwrap();
    let json = json.map(|step| serde_json::to_string(&step).unwrap()).collect_vec();
    let cid = old.digits().base(0x0A).unwrap().cid();
    let has = r#"{"wave":0,"base":"0A00","kind":"has base","method":"POST","route":"/v3.0/NS/admin/has","query":"type=meta1&cid=CID&service_id=a","body":null}"#;
    assert_eq!(json[0], has.replace("CID", &cid));
    let set = r#"{"wave":0,"base":"0A00","kind":"set peers","method":"POST","route":"/v3.0/NS/admin/set_properties","query":"type=meta1&cid=CID","body":"{\"system\":{\"sys.peers\":\"b,c\"}}"}"#;
    assert_eq!(json[1], set.replace("CID", &cid));
    let copy = r#"{"wave":0,"base":"0A00","kind":"copy","method":"POST","route":"/v3.0/NS/admin/copy","query":"type=meta1&cid=CID","body":"{\"from\":\"a\",\"to\":\"c\"}","alternatives":["b"]}"#;
    assert_eq!(json[2], copy.replace("CID", &cid));
    assert!(json[3].starts_with(r#"{"wave":0,"base":"0A00","kind":"link","method":"POST","route":"/v3.0/NS/admin/meta0_force","query":null,"body":"{\n\"0A00\":[\"b\",\"c\"]"#));
}

#[test]
fn an_empty_plan_has_no_steps_and_another_mapping_is_refused() {
    let cluster = cluster("");
    let old = mapping(1, "0: a b");
    assert_eq!(old.diff(&old).unwrap().steps(&old, &cluster, "NS").unwrap().count(), 0);
    let plan = old.diff(&mapping(1, "0: a c")).unwrap();
    assert!(plan.steps(&mapping(1, "0: a c"), &cluster, "NS").is_err());
    assert!(plan.steps(&mapping(0, ": a b"), &cluster, "NS").is_err());
}

/// Who has a copy of each base, and who ought to by its own account.
struct Cluster {
    copies: BTreeMap<Base, BTreeSet<String>>,
    peers: BTreeMap<Base, BTreeSet<String>>,
    /// Who answers.
    up: BTreeSet<String>,
}

impl Cluster {
    fn new(mapping: &PrefixMapping, topology: &Topology) -> Self {
        let up = topology.services().iter().filter(|service| service.is_up());
        let up = up.map(|service| service.address().to_owned()).collect();
        let row = |base| mapping.services_of(base).map(str::to_owned).collect();
        let copies: BTreeMap<_, _> =
            mapping.digits().bases().map(|base| (base, row(base))).collect();
        Self { peers: copies.clone(), copies, up }
    }

    /// Does what a step says, as far as the services do it themselves.
    #[track_caller]
    fn run(&mut self, step: &Step) {
        let copies = self.copies.entry(step.base()).or_default();
        let body = || serde_json::from_str::<Value>(step.body().unwrap()).unwrap();
        match step.kind() {
            StepKind::SetPeers => {
                let body = body();
                let peers = body["system"]["sys.peers"].as_str().unwrap().split(',');
                let peers: BTreeSet<_> = peers.map(str::to_owned).collect();
                if copies.is_disjoint(&self.up) {
                    // The service that opens a base that nobody has makes it.
                    copies.extend(peers.iter().cloned());
                }
                self.peers.insert(step.base(), peers);
            }
            StepKind::HasBase => {
                let source = step.query().unwrap().split_once("service_id=").unwrap().1;
                assert!(copies.contains(source) && self.up.contains(source), "{step}");
            }
            StepKind::Copy => {
                let body = body();
                let source = body["from"].as_str().unwrap();
                let sources = step.alternatives().iter().map(String::as_str).chain([source]);
                // All that are up, each once.
                let sources: BTreeSet<_> = sources.collect();
                assert!(copies.intersection(&self.up).eq(sources.iter().copied()), "{step}");
                assert_eq!(sources.len(), 1 + step.alternatives().len(), "{step}");
                assert!(copies.insert(body["to"].as_str().unwrap().to_owned()), "{step}");
            }
            StepKind::Remove => {
                let gone = step.query().unwrap().split_once("service_id=").unwrap().1;
                assert!(!self.peers[&step.base()].contains(gone), "{step}");
                assert!(copies.remove(gone), "{step}");
                assert!(!copies.is_empty(), "{step}");
            }
            _ => {}
        }
    }
}

#[test]
fn a_cluster_that_takes_the_steps_gets_to_the_new_mapping() {
    for seed in 0..300 {
        let instance = Instance::satisfiable(seed, Size::SMALL);
        let _context = instance.context();
        let Instance { topology, mapping, rules, .. } = instance;
        let plan = mapping.rebalance(&topology, &RebalanceOptions::new(rules)).unwrap();
        let plan = plan.max_per_service(1 + usize::try_from(seed % 9).unwrap());
        let mut cluster = Cluster::new(&mapping.resolve(&topology), &topology);
        for step in plan.steps(&mapping, &topology, "NS").unwrap() {
            cluster.run(&step);
        }
        let after = Cluster::new(&mapping.apply(&plan).unwrap(), &topology);
        assert_eq!(cluster.copies, after.copies, "seed {seed}");
        assert_eq!(cluster.peers, after.peers, "seed {seed}");
    }
}
