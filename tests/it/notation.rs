//! Topologies and mappings as one line of text, so that a test fits on a screen.

use itertools::Itertools;
use meta0::{Base, Digits, PrefixMapping, Service, Topology};

/// Reads `a=s1.r1.h1.v1 b#id=s1.r2.h2!0`: address, service id, location, score
/// (100 unless said).
#[track_caller]
pub(crate) fn topology(text: &str) -> Topology {
    Topology::new(text.split_whitespace().map(service).collect()).expect("a topology")
}

#[track_caller]
fn service(text: &str) -> Service {
    let (name, place) = text.split_once('=').expect("address=location");
    let (location, score) = place.split_once('!').unwrap_or((place, "100"));
    let (address, id) = name.split_once('#').map_or((name, None), |(name, id)| (name, Some(id)));
    let service = Service::new(address, location.parse().expect("a location"))
        .with_score(score.parse().expect("a score"));
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
