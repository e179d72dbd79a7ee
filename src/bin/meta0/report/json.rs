//! The report for programs: one JSON object. Its keys and their order are a
//! contract.
//!
//! All counts are of bases, except that `unknown`, `unavailable`, `outside_band`
//! and `domains_outside_band` count replicas. The status of a check is 0 when
//! all counts of its state are 0.

use meta0::{Base, BreachKind, CheckReport, Level, Location, Plan, Rules};
use serde::Serialize;

use super::{DomainRow, Report};

#[derive(Debug, Serialize)]
struct Object<'a> {
    command: &'a str,
    digits: u8,
    replicas: u16,
    min_dist: u8,
    level: String,
    degradation: u16,
    at_most: AtMost,
    /// Left out where none is.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    held_bases: Vec<String>,
    bases: usize,
    before: Option<State>,
    after: Option<State>,
    services: Vec<ServiceLine<'a>>,
    domains: Domains<'a>,
    #[serde(flatten)]
    plan: Option<PlanCounts>,
}

/// The caps that were said, and no others.
#[derive(Debug, Serialize)]
struct AtMost {
    #[serde(skip_serializing_if = "Option::is_none")]
    site: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rack: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    host: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    volume: Option<u16>,
}

#[derive(Debug, Serialize)]
struct State {
    breaches: Breaches,
    outside_band: u64,
    domains_outside_band: u64,
    tolerated: Tolerated,
}

#[derive(Debug, Serialize)]
struct Breaches {
    missing: u64,
    short: u64,
    excess: u64,
    duplicate: u64,
    unknown: u64,
    unavailable: u64,
    too_close: u64,
    degradation: u64,
    crowded: u64,
}

/// `null` when some base has no quorum even now.
#[derive(Debug, Serialize)]
struct Tolerated {
    site: Option<u32>,
    rack: Option<u32>,
    host: Option<u32>,
    volume: Option<u32>,
}

/// A service that the mapping alone knows has no location, and the score 0.
#[derive(Debug, Serialize)]
struct ServiceLine<'a> {
    addr: &'a str,
    location: Option<&'a Location>,
    score: i64,
    before: Option<u64>,
    after: Option<u64>,
    floor: u64,
    ceil: u64,
}

/// By level, in the order of their locations.
#[derive(Debug, Serialize)]
struct Domains<'a> {
    site: Vec<DomainLine<'a>>,
    rack: Vec<DomainLine<'a>>,
    host: Vec<DomainLine<'a>>,
    volume: Vec<DomainLine<'a>>,
}

#[derive(Debug, Serialize)]
struct DomainLine<'a> {
    name: &'a str,
    before: Option<u64>,
    after: Option<u64>,
    floor: u64,
    ceil: u64,
}

/// What a command that plans adds.
#[derive(Debug, Serialize)]
pub(super) struct PlanCounts {
    moves: usize,
    moved_bases: usize,
    multi_move_bases: usize,
    lower_bound: Option<usize>,
    minimal: bool,
    waves: usize,
}

/// The report as one line.
pub(super) fn write(report: &Report<'_>) -> String {
    to_line(&Object::of(report))
}

/// An object and a newline.
pub(super) fn to_line(object: &impl Serialize) -> String {
    serde_json::to_string(object).expect("numbers and strings under known keys") + "\n"
}

impl<'a> Object<'a> {
    fn of(report: &Report<'a>) -> Self {
        let rules = report.rules;
        let services = report.holders().into_iter().map(|holder| ServiceLine {
            addr: holder.name,
            location: holder.service.map(meta0::Service::location),
            score: holder.service.map_or(0, meta0::Service::score),
            before: holder.before,
            after: holder.after,
            floor: holder.band.floor,
            ceil: holder.band.ceil,
        });
        Self {
            command: report.command,
            digits: report.digits.get(),
            replicas: rules.replicas(),
            min_dist: rules.get_min_dist().get(),
            level: rules.get_level().to_string(),
            degradation: rules.get_degradation(),
            at_most: AtMost::of(rules),
            held_bases: report.held_bases.iter().copied().map(prefix_of).collect(),
            bases: report.digits.count(),
            before: report.before.map(State::of),
            after: report.after.map(State::of),
            services: services.collect(),
            domains: Domains::of(report),
            plan: report.plan.map(PlanCounts::of),
        }
    }
}

/// What a base is called in reports and plans.
fn prefix_of(base: Base) -> String {
    base.first_prefix().to_string()
}

impl AtMost {
    fn of(rules: Rules) -> Self {
        let [site, rack, host, volume] = Level::ALL.map(|level| rules.get_at_most(level));
        Self { site, rack, host, volume }
    }
}

impl<'a> Domains<'a> {
    fn of(report: &Report<'a>) -> Self {
        let [site, rack, host, volume] = Level::ALL.map(|level| {
            let line = |domain: DomainRow<'a>| DomainLine {
                name: domain.name,
                before: domain.before,
                after: domain.after,
                floor: domain.band.floor,
                ceil: domain.band.ceil,
            };
            report.domains(level).map(line).collect()
        });
        Self { site, rack, host, volume }
    }
}

impl PlanCounts {
    pub(super) fn of(plan: &Plan) -> Self {
        Self {
            moves: plan.moves(),
            moved_bases: plan.moved_bases(),
            multi_move_bases: plan.multi_move_bases(),
            lower_bound: plan.lower_bound(),
            minimal: plan.is_minimal(),
            waves: plan.waves().len(),
        }
    }
}

impl State {
    fn of(report: &CheckReport) -> Self {
        Self {
            breaches: Breaches {
                missing: report.count(BreachKind::Missing),
                short: report.count(BreachKind::Short),
                excess: report.count(BreachKind::Excess),
                duplicate: report.count(BreachKind::Duplicate),
                unknown: report.count(BreachKind::Unknown),
                unavailable: report.count(BreachKind::Unavailable),
                too_close: report.count(BreachKind::TooClose),
                degradation: report.count(BreachKind::Degradation),
                crowded: report.count(BreachKind::Crowded),
            },
            outside_band: report.outside_band(),
            domains_outside_band: report.domains_outside_band(),
            tolerated: Tolerated {
                site: report.tolerated(Level::Site),
                rack: report.tolerated(Level::Rack),
                host: report.tolerated(Level::Host),
                volume: report.tolerated(Level::Volume),
            },
        }
    }
}
