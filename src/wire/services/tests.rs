//! One pass over the text against a list read as a whole, field by field.

use proptest::prelude::*;
use serde_json::{Map, Value};

use super::*;

/// What a service is, or why it is none.
fn naive(text: &str, without_location: MissingLocation) -> Result<Vec<Service>, String> {
    let list: Value = serde_json::from_str(text).map_err(|error| error.to_string())?;
    let list = list.as_array().ok_or("no array")?;
    list.iter()
        .enumerate()
        .map(|(place, entry)| naive_entry(place, entry, without_location))
        .collect()
}

fn naive_entry(
    place: usize,
    entry: &Value,
    without_location: MissingLocation,
) -> Result<Service, String> {
    let refused = |error: ServiceListError| error.to_string();
    let fields =
        entry.as_object().ok_or_else(|| refused(ServiceListError::NotAnObject { place }))?;
    let tag = |name| fields.get("tags").and_then(|tags| tags.get(name));
    let address = text_of(first(fields, &["addr", "Addr"]).or_else(|| fields.get("address")))
        .ok_or_else(|| refused(ServiceListError::NoAddress { place }))?;
    let address = || address.to_owned();
    if let Some(kind) = text_of(first(fields, &["type", "Type"])).filter(|kind| *kind != "meta1") {
        let kind = kind.to_owned();
        return Err(refused(ServiceListError::NotMeta1 { address: address(), kind }));
    }
    let location = text_of(tag("tag.loc").or_else(|| first(fields, &["Location", "location"])));
    let location = match (location, without_location) {
        (Some(text), _) => text
            .parse()
            .map_err(|source| refused(ServiceListError::Location { address: address(), source }))?,
        (None, MissingLocation::UseHost) => Location::of_host(&address()),
        (None, _) => return Err(refused(ServiceListError::NoLocation { address: address() })),
    };
    let is_own = first(fields, &["addr", "Addr"]).is_none();
    let score = match first(fields, &["score", "Score"]) {
        Some(score) if score.is_i64() => score.as_i64().unwrap(),
        score if is_absent(score) => 100 * i64::from(is_own),
        score => {
            let text = score.unwrap().to_string();
            return Err(refused(ServiceListError::Score { address: address(), text }));
        }
    };
    let up = match tag("tag.up").or_else(|| first(fields, &["Up", "up"])) {
        Some(Value::Bool(up)) => *up,
        Some(Value::String(text)) if text == "False" => false,
        up if is_absent(up) => true,
        up => {
            let text = up.unwrap().to_string();
            return Err(refused(ServiceListError::Up { address: address(), text }));
        }
    };
    let service = Service::new(address(), location).with_score(score).with_up(up);
    let id = text_of(tag("tag.service_id").or_else(|| first(fields, &["Service Id", "id"])));
    Ok(id.map_or(service.clone(), |id| service.with_id(id)))
}

fn first<'a>(fields: &'a Map<String, Value>, names: &[&str]) -> Option<&'a Value> {
    names.iter().find_map(|name| fields.get(*name))
}

fn is_absent(value: Option<&Value>) -> bool {
    value.is_none_or(|value| value.is_null() || value == "" || value == "n/a")
}

fn text_of(value: Option<&Value>) -> Option<&str> {
    if is_absent(value) { None } else { value?.as_str() }
}

const KEYS: [&str; 18] = [
    "addr",
    "Addr",
    "address",
    "type",
    "Type",
    "tags",
    "Location",
    "location",
    "score",
    "Score",
    "Up",
    "up",
    "Service Id",
    "id",
    "scores",
    "\\u0061ddr",
    "tag.loc",
    "ad\\ud800",
];

const VALUES: [&str; 25] = [
    "\"a\"",
    "\"b:1\"",
    "\"meta1\"",
    "\"rawx\"",
    "\"r.h.v\"",
    "\"1.2.3.4.5\"",
    "\"\"",
    "\"n/a\"",
    "null",
    "true",
    "false",
    "\"False\"",
    "7",
    "-7",
    "1.5",
    "1e999",
    "18446744073709551615",
    "\"\\u0061\"",
    "\"\\udead\"",
    "{\"tag.loc\":\"h.v\",\"x\":[{}]}",
    "{\"tag.service_id\":\"i\"}",
    "{\"tag.up\":false,\"tag.loc\":\"v\"}",
    "[1, {\"addr\":\"z\"}]",
    "[}",
    "{\"tag.loc\":null,\"tag.loc\":[\"x\"]}",
];

fn entry() -> impl Strategy<Value = String> {
    let field = (0..KEYS.len(), 0..VALUES.len())
        .prop_map(|(key, value)| format!("\"{}\": {}", KEYS[key], VALUES[value]));
    let sound = Just("\"addr\":\"c:1\",\"Location\":\"h.v\"".to_owned());
    let fields = prop::collection::vec(prop_oneof![1 => sound, 4 => field], 0..6);
    prop_oneof![
        12 => fields.prop_map(|fields| format!("{{{}}}", fields.join(","))),
        1 => (0..VALUES.len()).prop_map(|value| VALUES[value].to_owned()),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(20_000))]

    #[test]
    fn fields_are_read_as_they_pass(
        entries in prop::collection::vec(entry(), 0..3),
        uses_host in any::<bool>(),
    ) {
        let text = format!("[{}]", entries.join(","));
        let without = [MissingLocation::Refuse, MissingLocation::UseHost][usize::from(uses_host)];
        let read = read_services(&text, without).map_err(|error| match error {
            ServiceListError::Syntax { source, .. } => source.to_string(),
            error => error.to_string(),
        });
        prop_assert_eq!(read, naive(&text, without), "{}", text);
    }
}
