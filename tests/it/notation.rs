//! Topologies and mappings as one line of text, so that a test fits on a screen.

use itertools::Itertools;
use meta0::{Base, Digits, Level, MinDist, PrefixMapping, Rules, Service, Topology};

/// Reads `a=s1.r1.h1.v1 b#id=s1.r2.h2!0`: address, service id, location, score
/// (100 unless said), or `!down`.
#[track_caller]
pub(crate) fn topology(text: &str) -> Topology {
    Topology::new(text.split_whitespace().map(service)).expect("a topology")
}

#[track_caller]
fn service(text: &str) -> Service {
    let (name, place) = text.split_once('=').expect("address=location");
    let (location, state) = place.split_once('!').unwrap_or((place, "100"));
    let (address, id) = name.split_once('#').map_or((name, None), |(name, id)| (name, Some(id)));
    let service = Service::new(address, location.parse().expect("a location"));
    let service = match state {
        "down" => service.with_up(false),
        score => service.with_score(score.parse().expect("a score")),
    };
    match id {
        Some(id) => service.with_id(id),
        None => service,
    }
}

#[track_caller]
pub(crate) fn digits(digits: u8) -> Digits {
    Digits::try_from(digits).expect("0 to 4 digits")
}

#[track_caller]
pub(crate) fn base(digits: Digits, name: &str) -> Base {
    Base::parse(name, digits).expect("a base of these digits")
}

/// Reads `0: a b c | 1: b c d`: bases by short name; those that are absent are
/// missing.
#[track_caller]
pub(crate) fn mapping(digits: u8, text: &str) -> PrefixMapping {
    let mut mapping = PrefixMapping::new(self::digits(digits));
    for part in text.split('|').filter(|part| !part.trim().is_empty()) {
        let (name, services) = part.split_once(':').expect("base: services");
        mapping
            .assign_services(base(mapping.digits(), name.trim()), services.split_whitespace())
            .expect("services without repeats");
    }
    mapping
}

/// Writes what [`mapping`] reads; bases and services ascend.
pub(crate) fn show(mapping: &PrefixMapping) -> String {
    mapping
        .digits()
        .bases()
        .filter(|base| mapping.services_of(*base).len() > 0)
        .map(|base| format!("{base}: {}", mapping.services_of(base).join(" ")))
        .join(" | ")
}

/// Writes what [`topology`] reads.
pub(crate) fn show_topology(topology: &Topology) -> String {
    let service = |service: &Service| {
        let id = service.id().map(|id| format!("#{id}")).unwrap_or_default();
        let state = match service.score() {
            _ if !service.is_up() => "!down".to_owned(),
            100 => String::new(),
            score => format!("!{score}"),
        };
        format!("{}{id}={}{state}", service.address(), service.location())
    };
    topology.services().iter().map(service).join(" ")
}

/// Writes the calls that build some rules.
pub(crate) fn show_rules(rules: Rules) -> String {
    let (min_dist, level) = (rules.get_min_dist(), rules.get_level());
    let degradation = rules.get_degradation();
    let calls = [
        (min_dist != MinDist::default())
            .then(|| format!(".min_dist(\"{}\".parse().unwrap())", min_dist.get())),
        (level != min_dist.level()).then(|| format!(".level(Level::{level:?})")),
        (degradation > 0).then(|| format!(".degradation({degradation}).unwrap()")),
    ];
    let caps = Level::ALL.into_iter().filter_map(|level| {
        Some(format!(".at_most(Level::{level:?}, {}).unwrap()", rules.get_at_most(level)?))
    });
    let calls = calls.into_iter().flatten().chain(caps);
    format!("Rules::new({}).unwrap(){}", rules.replicas(), calls.format(""))
}

/// Every base on the same services, but for those that a text says.
#[track_caller]
pub(crate) fn filled(digits: u8, names: &[&str], others: &str) -> PrefixMapping {
    let mut mapping = mapping(digits, others);
    let missing: Vec<_> = mapping.missing_bases().collect();
    for base in missing {
        mapping.assign_services(base, names.iter().copied()).expect("services without repeats");
    }
    mapping
}

#[test]
fn a_topology_reads_as_written() {
    let topology = topology("b#id=s1.r2.h2!0 a=s1.r1.h1.v1");
    let [a, b] = topology.services() else { panic!("two services") };
    assert_eq!((a.address(), a.id(), a.score()), ("a", None, 100));
    assert_eq!((b.address(), b.id(), b.score()), ("b", Some("id"), 0));
    assert_eq!(b.location().to_string(), "s1.r2.h2");
}

#[test]
fn a_mapping_reads_as_written() {
    assert_eq!(show(&mapping(1, "A: c b | 0: a")), "0: a | A: b c");
    assert_eq!(show(&mapping(0, ": b a")), ": a b");
    assert_eq!(mapping(1, "").missing_bases().count(), 16);
}

#[test]
fn what_is_shown_reads_back() {
    let text = "a=s1.r1.h1.v1 b#id=s1.r2.h2!0 c=v!-5 d#x=h!80";
    assert_eq!(show_topology(&topology(text)), text);
    assert_eq!(show(&filled(1, &["b", "c"], "0: a | F: a b")).matches("b c").count(), 14);
    assert_eq!(show_rules(Rules::default()), "Rules::new(3).unwrap()");
    let rules =
        Rules::default().min_dist("2".parse().unwrap()).level(Level::Rack).degradation(1).unwrap();
    assert_eq!(
        show_rules(rules.at_most(Level::Site, 2).unwrap().at_most(Level::Host, 9).unwrap()),
        "Rules::new(3).unwrap().min_dist(\"2\".parse().unwrap()).level(Level::Rack)\
         .degradation(1).unwrap().at_most(Level::Site, 2).unwrap().at_most(Level::Host, 9).unwrap()"
    );
}
