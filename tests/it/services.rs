//! Lists of services, and the topologies they form: every shape, every refusal.

use std::error::Error;

use meta0::{MissingLocation, Service, Topology, read_services};

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
    let text = r#"[{"Addr": "a", "Location": "h.v", "Service Id": "n/a", "Score": "n/a"},
        {"addr": "b", "tags": {"tag.loc": "h.w"}}, {"address": "c", "location": "h.x"}]"#;
    let services = read(text);
    assert!(services.iter().all(|service| service.score() == 0 && service.id().is_none()));
    let text = r#"[{"addr": "10.0.0.1:6001"}, {"addr": "10.0.0.2:6001", "tags": {}}]"#;
    let services = read_services(text, MissingLocation::UseHost).unwrap();
    assert_eq!(services[0].location().to_string(), "10-0-0-1.6001");
    assert_eq!(services[0].location().distance(services[1].location()), 2);
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
    let error = Topology::new(many.collect()).unwrap_err().to_string();
    assert_eq!(error, "65536 services are too many: at most 65535 fit");
}
