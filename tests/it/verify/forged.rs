//! Forged plans: an honest one as JSON, one thing of it changed, and the rest made to
//! fit. What `Plan::verify` still accepts has to be true.

use meta0::{
    CheckOptions, DecommissionError, DecommissionOptions, Goal, Plan, PrefixMapping,
    RebalanceOptions, Service, Topology, Verified,
};
use rand::rngs::StdRng;
use rand::seq::{IndexedRandom, SliceRandom};
use rand::{RngExt, SeedableRng};
use serde_json::{Value, json};

use crate::instance::{Instance, Size};
use crate::judge::assert_valid_and_balanced;

/// A plan as JSON, and what it is a plan for.
pub(crate) struct Forger {
    pub(crate) instance: Instance,
    /// With names resolved, as plans have them.
    before: PrefixMapping,
    pub(crate) plan: Value,
    rng: StdRng,
}

impl Forger {
    /// An honest plan that changes something, of a kind that the seed says.
    pub(crate) fn new(seed: u64) -> Option<Self> {
        let instance =
            Instance::satisfiable(seed, [Size::TINY, Size::SMALL][usize::from(seed % 2 == 1)]);
        let plan = honest(&instance, seed)?;
        Some(Self::of(instance, &plan, seed))
    }

    /// A plan for an instance.
    pub(crate) fn of(instance: Instance, plan: &Plan, seed: u64) -> Self {
        let before = instance.mapping.resolve(&instance.topology);
        let plan = serde_json::to_value(plan).unwrap();
        Self { instance, before, plan, rng: StdRng::seed_from_u64(seed) }
    }

    fn address(&mut self) -> String {
        let services = self.instance.topology.services();
        services.choose(&mut self.rng).unwrap().address().to_owned()
    }

    /// A place of a change, as a wave and a place in it.
    fn place(&mut self) -> (usize, usize) {
        let waves = self.plan["waves"].as_array().unwrap();
        let wave = self.rng.random_range(0..waves.len());
        (wave, self.rng.random_range(0..waves[wave].as_array().unwrap().len()))
    }

    fn change(&mut self) -> &mut Value {
        let (wave, at) = self.place();
        &mut self.plan["waves"][wave][at]
    }

    fn base(&mut self) -> String {
        let bases: Vec<_> = self.before.digits().bases().collect();
        bases.choose(&mut self.rng).unwrap().first_prefix().to_string()
    }

    /// The mapping that the plan leads to, as far as it fits.
    fn after(&self) -> Option<PrefixMapping> {
        let plan = serde_json::from_value::<Plan>(self.plan.clone()).ok()?;
        self.instance.mapping.apply(&plan).ok()
    }

    /// Makes the counts those of the waves.
    fn count(&mut self) {
        let changes = || self.plan["waves"].as_array().unwrap().iter();
        let all = changes().flat_map(|wave| wave.as_array().unwrap());
        let (removals, moves): (Vec<_>, Vec<_>) = all.partition(|change| change["to"].is_null());
        let (removals, moves) = (removals.len(), moves.len());
        (self.plan["moves"], self.plan["removals"]) = (json!(moves), json!(removals));
        self.plan["minimal"] = json!(self.plan["lower_bound"] == self.plan["moves"]);
    }

    /// Makes the plan agree with itself, and claim to be minimal where it can.
    fn make_consistent(&mut self, claims_minimal: bool) {
        self.count();
        if claims_minimal && !self.plan["lower_bound"].is_null() {
            self.plan["lower_bound"] = self.plan["moves"].clone();
            self.plan["minimal"] = json!(true);
        }
        if let Some(after) = self.after() {
            self.plan["digest_after"] = json!(format!("{:016x}", after.digest()));
        }
    }

    /// What verifying finds; `None` where the plan is refused.
    fn verify(&self) -> Option<(Plan, Verified)> {
        let plan = Plan::from_json(self.plan.to_string()).ok()?;
        let verified = plan.verify(&self.instance.mapping, &self.instance.topology).ok()?;
        Some((plan, verified))
    }
}

fn honest(instance: &Instance, seed: u64) -> Option<Plan> {
    let Instance { topology, mapping, rules, tolerance } = instance;
    let services = instance.some_services(seed);
    let options = RebalanceOptions::new(*rules).tolerance(*tolerance);
    let plan = match seed / 2 % 4 {
        0 => mapping.rebalance(topology, &options),
        1 => mapping.rebalance(topology, &options.drain(services)),
        2 => {
            let held = options.hold(services).hold_bases(instance.some_bases(seed));
            mapping.rebalance(topology, &held)
        }
        _ => {
            let leavers = instance.leavers(seed);
            let names: Vec<_> = leavers.services.iter().map(String::as_str).collect();
            let options = DecommissionOptions::new(*rules).tolerance(*tolerance);
            let options = leavers.bases.into_iter().fold(options, DecommissionOptions::bases);
            return mapping.decommission(topology, &names, &options).ok().filter(is_some);
        }
    };
    plan.ok().filter(is_some)
}

fn is_some(plan: &Plan) -> bool {
    !plan.is_empty()
}

/// A way to forge: it changes one thing, and what has to fit with it.
pub(crate) type Forgery = fn(&mut Forger);

fn certificate(it: &mut Forger) {
    let level = *["site", "rack", "host", "volume", "service"].choose(&mut it.rng).unwrap();
    let known: Vec<_> =
        it.plan["certificate"][level].as_object().unwrap().keys().cloned().collect();
    let name = known.choose(&mut it.rng).cloned().unwrap_or_else(|| it.address());
    let numbers = [-(1_i64 << 60), -(1 << 40), -(1 << 20), -1, 0, 1, 2, 1 << 20, 1 << 40, 1 << 60];
    let number = *numbers.choose(&mut it.rng).unwrap();
    match it.rng.random_range(0..8) {
        0 => it.plan["certificate"]["root"] = json!(number),
        _ => it.plan["certificate"][level][name] = json!(number),
    }
}

fn bound(it: &mut Forger) {
    let old = it.plan["lower_bound"].as_u64().unwrap();
    let by = *[1, 2, 100, 1 << 20, 1 << 40].choose(&mut it.rng).unwrap();
    let new = if it.rng.random() { old + by } else { old.saturating_sub(by) };
    it.plan["lower_bound"] = json!(new);
    it.plan["minimal"] = json!(it.plan["lower_bound"] == it.plan["moves"]);
}

fn added_move(it: &mut Forger) {
    let (base, to) = (it.base(), it.address());
    let row = it.after().unwrap();
    let index = usize::from_str_radix(&base, 16).unwrap() / row.digits().siblings();
    let row: Vec<_> = row.services_of(row.digits().base(index).unwrap()).collect();
    let from = if it.rng.random() { json!(row.choose(&mut it.rng)) } else { Value::Null };
    let change = json!({"base": base, "from": from, "to": to});
    it.plan["waves"].as_array_mut().unwrap().push(json!([change]));
    let claims = it.rng.random();
    it.make_consistent(claims);
}

fn left_out_move(it: &mut Forger) {
    let (wave, at) = it.place();
    it.plan["waves"][wave].as_array_mut().unwrap().remove(at);
    it.plan["waves"].as_array_mut().unwrap().retain(|wave| *wave != json!([]));
    let claims = it.rng.random();
    it.make_consistent(claims);
}

fn redirected_move(it: &mut Forger) {
    let to = it.address();
    it.change()["to"] = json!(to);
    let claims = it.rng.random();
    it.make_consistent(claims);
}

fn removal_for_a_move(it: &mut Forger) {
    it.change()["to"] = Value::Null;
    it.make_consistent(true);
}

fn other_source(it: &mut Forger) {
    let from = it.address();
    it.change()["from"] = json!(from);
    it.make_consistent(true);
}

fn other_base(it: &mut Forger) {
    let base = it.base();
    let (wave, at) = it.place();
    let mut change = it.plan["waves"][wave].as_array_mut().unwrap().remove(at);
    change["base"] = json!(base);
    let waves = it.plan["waves"].as_array_mut().unwrap();
    waves.push(json!([change]));
    waves.retain(|wave| *wave != json!([]));
    it.make_consistent(true);
}

fn counts(it: &mut Forger) {
    let key = *["moves", "removals"].choose(&mut it.rng).unwrap();
    let count = it.plan[key].as_u64().unwrap();
    it.plan[key] = json!(if it.rng.random() { count + 1 } else { count.saturating_sub(1) });
    it.plan["minimal"] = json!(it.plan["lower_bound"] == it.plan["moves"]);
}

fn digests(it: &mut Forger) {
    let key = *["digest", "digest_after"].choose(&mut it.rng).unwrap();
    let digest = u64::from_str_radix(it.plan[key].as_str().unwrap(), 16).unwrap();
    it.plan[key] = json!(format!("{:016x}", digest ^ 1 << it.rng.random_range(0..64)));
}

fn rules(it: &mut Forger) {
    let levels = ["site", "rack", "host", "volume"];
    let level = *levels.choose(&mut it.rng).unwrap();
    let number = it.rng.random_range(1..5);
    match it.rng.random_range(0..6) {
        0 => it.plan["replicas"] = json!(number),
        1 => it.plan["min_dist"] = json!(number),
        2 => it.plan["level"] = json!(level),
        3 => it.plan["degradation"] = json!(number - 1),
        4 => it.plan["at_most"][level] = json!(number),
        _ => it.plan["tolerance"] = json!(["0", "1/20", "1/2", "1"][number - 1]),
    }
}

fn lists(it: &mut Forger) {
    let key = *["drained", "held", "held_bases", "leaving", "bases"].choose(&mut it.rng).unwrap();
    let is_rebalance = it.plan["command"] == "rebalance";
    let key = if is_rebalance == (key == "leaving" || key == "bases") { "drained" } else { key };
    let element = if key.ends_with("bases") { it.base() } else { it.address() };
    let mut list = match &it.plan[key] {
        Value::Array(list) => list.clone(),
        _ if key == "leaving" => it.plan["drained"].as_array().unwrap().clone(),
        _ => Vec::new(),
    };
    match list.iter().position(|other| *other == element) {
        Some(at) => drop(list.remove(at)),
        None if list.is_empty() || it.rng.random() => list.push(json!(element)),
        None => drop(list.remove(it.rng.random_range(0..list.len()))),
    }
    it.plan[key] = json!(list);
}

fn limits(it: &mut Forger) {
    let key = *["max_moves", "max_moves_per_base"].choose(&mut it.rng).unwrap();
    it.plan[key] = json!(it.rng.random_range(0..4));
    if it.rng.random() {
        left_out_move(it);
    }
}

pub(crate) fn other_waves(it: &mut Forger) {
    let waves = it.plan["waves"].as_array().unwrap();
    let mut all: Vec<_> = waves.iter().flat_map(|wave| wave.as_array().unwrap().clone()).collect();
    if it.rng.random() {
        all.shuffle(&mut it.rng);
    }
    it.plan["waves"] = json!(all.chunks(1).collect::<Vec<_>>());
}

fn no_proof(it: &mut Forger) {
    (it.plan["lower_bound"], it.plan["certificate"]) = (Value::Null, Value::Null);
    it.plan["minimal"] = json!(false);
    if it.plan["command"] == "decommission" {
        it.plan["strategy"] = json!("custom");
    }
    left_out_move(it);
}

/// What can be told of a plan whose bound is nothing but zeros.
fn no_numbers(it: &mut Forger) {
    let zeros = json!({});
    it.plan["certificate"] = zeros;
    if it.rng.random() {
        it.plan["waves"] = json!([]);
        it.make_consistent(true);
    }
}

/// The topology without the services that a plan drains.
fn target(topology: &Topology, plan: &Plan) -> Topology {
    let gone: Vec<_> = plan.drained().filter_map(|name| topology.find(name)).collect();
    topology.drained(&gone)
}

/// Panics unless what was verified is true, by a plan made anew to the same goal.
#[track_caller]
fn assert_true(it: &Forger, plan: &Plan, verified: &Verified) {
    let Instance { topology, mapping, .. } = &it.instance;
    let after = mapping.apply(plan).unwrap();
    assert_eq!(after.digest(), plan.digest_afterwards());
    assert_eq!(verified.moves(), plan.changes().filter(|change| change.to.is_some()).count());
    let goal = plan.goal().unwrap();
    let fresh = match goal {
        Goal::Rebalance(options) => {
            let mut whole = RebalanceOptions::new(options.get_rules())
                .tolerance(options.get_tolerance())
                .drain(options.get_drain().to_vec())
                .hold(options.get_hold().to_vec());
            whole = whole.hold_bases(options.get_hold_bases().iter().copied());
            mapping.rebalance(topology, &whole).unwrap()
        }
        Goal::Decommission { services, options } => {
            let names: Vec<_> = services.iter().map(String::as_str).collect();
            match mapping.decommission(topology, &names, options) {
                // A base more that none of them holds is nothing to do.
                Err(DecommissionError::NotHeld { .. }) => return,
                fresh => fresh.unwrap(),
            }
        }
        _ => unreachable!("no other goal is made here"),
    };
    if let Some(bound) = verified.lower_bound() {
        assert!(bound <= fresh.moves(), "{bound} of {}", fresh.moves());
    }
    let is_limited = match goal {
        Goal::Rebalance(options) => {
            options.get_max_moves().or(options.get_max_moves_per_base()).is_some()
        }
        _ => false,
    };
    if is_limited || !verified.is_minimal() {
        return;
    }
    assert_eq!(plan.moves(), fresh.moves());
    let target = target(topology, plan);
    if !goal.may_miss_bands() {
        assert_valid_and_balanced(&after, &target, goal.rules(), goal.tolerance());
    }
    let options = CheckOptions::new(goal.rules()).tolerance(goal.tolerance());
    let report = after.check(&target, &options).unwrap();
    assert_eq!(verified.report(), Some(&report));
    let best = mapping.apply(&fresh).unwrap().check(&target, &options).unwrap();
    // A duplicate of a held replica may go as well as stay.
    if report.is_valid() && best.is_valid() {
        let misses =
            |report: &meta0::CheckReport| (report.outside_band(), report.domains_outside_band());
        assert_eq!(misses(&report), misses(&best));
    }
}

/// Forges thousands of plans in one way; how many of them are still accepted, each of
/// which is true, and how many there were.
fn forge(forgery: Forgery) -> (usize, usize) {
    let (mut accepted, mut all) = (0, 0);
    for seed in 0..4_000 {
        let Some(mut it) = Forger::new(seed) else { continue };
        let _context = it.instance.context();
        let honest = it.plan.clone();
        forgery(&mut it);
        if it.plan == honest {
            continue;
        }
        all += 1;
        if let Some((plan, verified)) = it.verify() {
            assert_true(&it, &plan, &verified);
            accepted += 1;
        }
    }
    assert!(all > 1_000, "{all}");
    (accepted, all)
}

/// All ways but other waves, each with whether it always makes a lie.
pub(crate) const FORGERIES: [(Forgery, bool); 15] = [
    (certificate, false),
    (bound, true),
    (added_move, true),
    (left_out_move, false),
    (redirected_move, false),
    (removal_for_a_move, true),
    (other_source, false),
    (other_base, false),
    (counts, true),
    (digests, true),
    (rules, false),
    (lists, false),
    (limits, false),
    (no_proof, true),
    (no_numbers, false),
];

#[test]
fn what_is_not_true_is_never_verified() {
    for (place, (forgery, is_always_a_lie)) in FORGERIES.into_iter().enumerate() {
        let (accepted, all) = forge(forgery);
        assert!(!is_always_a_lie || accepted == 0, "{place}: {accepted} of {all}");
        assert!(accepted < all, "{place}: {accepted} of {all}");
    }
}

/// The changes of a base in another order lead to the same end, by way of other states:
/// some of them are no worse than before and after, others are.
#[test]
fn changes_in_another_order_are_refused_where_a_base_is_worse_off_between() {
    let (accepted, all) = forge(other_waves);
    assert!(accepted > 0 && accepted < all, "{accepted} of {all}");
}

/// Two bases exchange a replica each at the end, so that loads stay as they are.
fn exchange(it: &mut Forger) -> Option<()> {
    let after = it.after()?;
    let bases: Vec<_> = after.digits().bases().collect();
    let (x, y) = (*bases.choose(&mut it.rng)?, *bases.choose(&mut it.rng)?);
    let only = |base, other| {
        let there: Vec<&str> = after.services_of(other).collect();
        after.services_of(base).filter(move |name| !there.contains(name)).collect::<Vec<_>>()
    };
    let is_live = |name: &&&str| {
        let service = it.instance.topology.find(name);
        service.is_some_and(|it_is| it.instance.topology.services()[it_is.index()].is_available())
    };
    let (s, t) = (only(x, y), only(y, x));
    let s: &str = s.iter().find(is_live)?;
    let t: &str = t.iter().find(is_live)?;
    let change = |base: meta0::Base, from, to| json!({"base": base.first_prefix().to_string(), "from": from, "to": to});
    let mut wave = [change(x, s, t), change(y, t, s)];
    wave.sort_by_key(|change| change["base"].to_string());
    it.plan["waves"].as_array_mut()?.push(json!(wave));
    Some(())
}

#[test]
fn a_plan_two_moves_too_long_is_refused() {
    let (mut forged, mut valid) = (0, 0);
    for seed in 0..8_000 {
        let Some(mut it) = Forger::new(seed) else { continue };
        let _context = it.instance.context();
        if exchange(&mut it).is_none() {
            continue;
        }
        let claims = it.rng.random();
        it.make_consistent(claims);
        let Ok(plan) = serde_json::from_value::<Plan>(it.plan.clone()) else { continue };
        let goal = plan.goal().unwrap();
        let options = CheckOptions::new(goal.rules()).tolerance(goal.tolerance());
        let after = it.instance.mapping.apply(&plan).unwrap();
        let target = target(&it.instance.topology, &plan);
        valid += usize::from(after.check(&target, &options).unwrap().is_clean());
        assert!(it.verify().is_none());
        forged += 1;
    }
    assert!(forged > 2_000 && valid > 300, "{valid} of {forged}");
}

/// A plan for a mapping in which a dead name is taken for a service.
#[test]
fn a_name_is_not_what_a_plan_says_that_it_is() {
    let mut forged = 0;
    for seed in 0..3_000 {
        let instance = Instance::satisfiable(seed, Size::SMALL);
        let _context = instance.context();
        let is_dead = |name: &&str| instance.topology.find(name).is_none();
        let Some(dead) = instance.mapping.names().find(is_dead) else { continue };
        let service = &instance.topology.services()[0];
        let renamed = instance.topology.services().iter().map(|service| match service.address() {
            address if address == instance.topology.services()[0].address() => {
                Service::new(address, service.location().clone())
                    .with_score(service.score())
                    .with_id(dead)
            }
            _ => service.clone(),
        });
        let Ok(renamed) = Topology::new(renamed) else { continue };
        let options = RebalanceOptions::new(instance.rules).tolerance(instance.tolerance);
        let plan = instance.mapping.rebalance(&renamed, &options).unwrap();
        if instance.mapping.names().any(|name| service.id() == Some(name)) {
            continue;
        }
        let plan = Plan::from_json(plan.to_json()).unwrap();
        assert!(plan.verify(&instance.mapping, &renamed).unwrap().is_minimal());
        assert!(plan.verify(&instance.mapping, &instance.topology).is_err());
        forged += 1;
    }
    assert!(forged > 500, "{forged}");
}
