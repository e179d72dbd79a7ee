//! Lists of services, and the topologies they form: every shape, every refusal.

use std::error::Error;

use meta0::{MissingLocation, Service, Topology, read_services};

use crate::instance::{Instance, Size};

#[track_caller]
fn read(text: &str) -> Vec<Service> {
    read_services(text, MissingLocation::Refuse).unwrap()
}

/// The message of a refusal, and of what it comes from.
#[track_caller]
fn refusal(text: &str) -> String {
    let error = read_services(text, MissingLocation::Refuse).unwrap_err();
    match error.source() {
        Some(source) => format!("{error}: {source}"),
        None => error.to_string(),
    }
}

#[test]
fn the_three_shapes_say_the_same() {
    let service = Service::new("10.0.0.1:6001", "s.r.h.v".parse().unwrap());
    let wanted = [service.with_id("one").with_score(7)];
    let conscience = r#"[{"addr": "10.0.0.1:6001", "score": 7, "scores": {"score.put": 1},
        "tags": {"tag.loc": "s.r.h.v", "tag.service_id": "one", "tag.up": true, "stat.cpu": 9},
        "ns": "OPENIO", "type": "meta1"}]"#;
    let listed = r#"[{"Type": "meta1", "Addr": "10.0.0.1:6001", "Service Id": "one",
        "Volume": "/v", "Location": "s.r.h.v", "Slots": "meta1", "Up": true, "Score": 7}]"#;
    let own = serde_json::to_string(&wanted).unwrap();
    for text in [conscience, listed, &own, &format!("\u{FEFF}{own}")] {
        assert_eq!(read(text), wanted, "{text}");
    }
    assert_eq!(serde_json::from_str::<Vec<Service>>(&own).unwrap(), wanted);
}

#[test]
fn what_is_absent_is_no_crash() {
    let text = r#"[{"Addr": "a", "Location": "h.v", "Service Id": "n/a", "Score": "n/a", "Up": "n/a"},
        {"addr": "b", "tags": {"tag.loc": "h.w"}}, {"address": "c", "location": "h.x"}]"#;
    let services = read(text);
    assert!(services.iter().all(|service| service.is_up() && service.id().is_none()));
    assert_eq!(services.iter().map(Service::score).collect::<Vec<_>>(), [0, 0, 100]);
    let text = r#"[{"addr": "10.0.0.1:6001"}, {"addr": "10.0.0.2:6001", "tags": {}}]"#;
    let services = read_services(text, MissingLocation::UseHost).unwrap();
    assert_eq!(services[0].location().to_string(), "10-0-0-1.6001");
    assert_eq!(services[0].location().distance(services[1].location()), 2);
}

#[test]
fn a_service_is_unavailable_when_it_is_not_up() {
    for (up, wanted) in [
        ("true", true),
        ("false", false),
        (r#""True""#, true),
        (r#""False""#, false),
        ("null", true),
        (r#""n/a""#, true),
    ] {
        let text = format!(
            r#"[{{"addr": "a", "score": 9, "tags": {{"tag.loc": "h.v", "tag.up": {up}}}}},
                {{"Addr": "b", "Score": 9, "Location": "h.w", "Up": {up}}},
                {{"address": "c", "location": "h.x", "up": {up}}}]"#
        );
        for service in read(&text) {
            assert_eq!((service.is_up(), service.is_available()), (wanted, wanted), "{text}");
            assert!(service.score() > 0);
        }
    }
    assert!(
        !read(r#"[{"addr": "a", "tags": {"tag.loc": "v", "tag.up": true}}]"#)[0].is_available()
    );
}

#[test]
fn a_service_is_the_same_by_new_and_by_serde() {
    let new = Service::new("a", "h.v".parse().unwrap());
    let text = r#"{"address":"a","location":"h.v"}"#;
    assert_eq!(serde_json::from_str::<Service>(text).unwrap(), new);
    assert_eq!(read(&format!("[{text}]")), vec![new.clone()]);
    assert_eq!(
        serde_json::to_string(&new).unwrap(),
        r#"{"address":"a","location":"h.v","score":100}"#
    );
    let down = new.with_score(3).with_id("x").with_up(false);
    let json = serde_json::to_string(&down).unwrap();
    assert_eq!(json, r#"{"address":"a","id":"x","location":"h.v","score":3,"up":false}"#);
    assert_eq!(serde_json::from_str::<Service>(&json).unwrap(), down);
    let empty = serde_json::from_str::<Service>(r#"{"address":"","location":"h.v"}"#).unwrap_err();
    assert!(
        empty
            .to_string()
            .starts_with("invalid value: string \"\", expected the address of a service")
    );
}

#[test]
fn bytes_are_read_as_text_is() {
    let text = "\u{FEFF}[{\"addr\": \"é:1\", \"tags\": {\"tag.loc\": \"h.v\"}}]";
    assert_eq!(read_services(text.as_bytes(), MissingLocation::Refuse).unwrap(), read(text));
    let error = read_services(b"[{\"addr\": \"\xFF\"}]", MissingLocation::Refuse).unwrap_err();
    assert_eq!(error.to_string(), "the list of services is not UTF-8 at byte 11");
    assert!(error.source().is_some());
}

#[test]
fn a_list_that_can_t_be_read_is_refused() {
    for (text, wanted) in [
        ("[{]", "the list of services is not JSON at byte 2: "),
        // What is no JSON is told of first, however far on.
        ("[1, {]", "the list of services is not JSON at byte 5: "),
        ("[] []", "the list of services is not JSON at byte 3: "),
        ("{\"a\": ]", "the list of services is not JSON at byte 6: "),
        (
            "{\"a\": [1]}",
            "the list of services is not an array: expected what the conscience lists",
        ),
        ("[1]", "entry 0 of the list is not an object"),
        (
            r#"[{"score": 1}]"#,
            "entry 0 of the list has no address: expected \"addr\", \"Addr\" or \"address\"",
        ),
        (
            r#"[{"addr": "a", "type": "rawx"}]"#,
            "service a is a \"rawx\": list the services of type meta1 alone",
        ),
        (
            r#"[{"addr": "a", "tags": {"tag.loc": ""}}]"#,
            "service a has no location: give it one, or ask that its host be taken for it",
        ),
        (
            r#"[{"addr": "a", "tags": {"tag.loc": "1.2.3.4.5"}}]"#,
            "service a has a location that can't be read: location \"1.2.3.4.5\" has 5 tokens: \
             expected 1 to 4, site.rack.host.volume",
        ),
        (
            r#"[{"addr": "a", "tags": {"tag.loc": "r..v"}}]"#,
            "service a has a location that can't be read: location \"r..v\" has an empty token",
        ),
        (
            r#"[{"addr": "a", "Location": "h", "Score": 1.5}]"#,
            "service a has the score 1.5: expected a whole number",
        ),
        (
            r#"[{"addr": "a", "tags": {"tag.loc": "h", "tag.up": "yes"}}]"#,
            "service a has \"yes\" for up: expected true or false",
        ),
        (
            r#"[{"addr": "a", "Location": "h", "Up": 1}]"#,
            "service a has 1 for up: expected true or false",
        ),
    ] {
        assert!(refusal(text).starts_with(wanted), "{text}: {}", refusal(text));
    }
}

#[test]
fn two_services_of_one_name_form_no_topology() {
    let service = |address: &str, id: &str| {
        Service::new(address, "h.v".parse().unwrap()).with_id(id.to_owned())
    };
    let refusal =
        |services: [Service; 2]| Topology::new(services.to_vec()).unwrap_err().to_string();
    assert_eq!(
        refusal([service("a", "1"), service("a", "2")]),
        "two services have the address \"a\": list each once"
    );
    assert_eq!(
        refusal([service("a", "1"), service("b", "1")]),
        "services a and b both answer to the service id \"1\": list each once"
    );
    assert_eq!(
        refusal([service("a", "1"), service("b", "a")]),
        "services a and b both answer to the service id \"a\": list each once"
    );
    assert_eq!(
        refusal([service("", "1"), service("b", "2")]),
        "the service at h.v has an empty address"
    );
    assert!(Topology::new(vec![service("a", "a"), service("b", "b")]).is_ok());
    let many = (0..65_536).map(|n| Service::new(format!("{n}"), "h.v".parse().unwrap()));
    let error = Topology::new(many).unwrap_err().to_string();
    assert_eq!(error, "65536 services are too many: at most 65535 fit");
}

#[test]
fn an_edited_topology_is_that_of_the_edited_list() {
    for seed in 0..300 {
        let Instance { topology, .. } = Instance::satisfiable(seed, Size::SMALL);
        let all = topology.services();
        let at = usize::try_from(seed).unwrap() % all.len();
        let service = &all[at];
        let index = topology.find(service.address()).unwrap();

        let rest = all.iter().filter(|other| *other != service).cloned();
        let without = topology.without(&[index, index]);
        assert_eq!(without, Topology::new(rest).unwrap());
        assert_eq!(without.with(service.clone()).unwrap(), topology);
        assert!(topology.with(service.clone()).is_err());
        assert_eq!(topology.without(&[]), topology);
        assert!(topology.without(topology.by_location()).services().is_empty());

        let edited = |edit: &dyn Fn(Service) -> Service| {
            let edit = |(place, other): (usize, &Service)| {
                if place == at { edit(other.clone()) } else { other.clone() }
            };
            Topology::new(all.iter().enumerate().map(edit)).unwrap()
        };
        for name in [Some(service.address()), service.id()].into_iter().flatten() {
            let scored = topology.with_score(name, -7).unwrap();
            assert_eq!(scored, edited(&|service| service.with_score(-7)));
            let down = topology.with_up(name, false).unwrap();
            assert_eq!(down, edited(&|service| service.with_up(false)));
            assert_eq!(down.with_up(name, service.is_up()).unwrap(), topology);
        }
        assert!(without.with_score(service.address(), 1).is_err());
    }
}
