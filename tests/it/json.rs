//! The wire format: what is refused and in which words, and properties against
//! a naive reader.

mod stream;

use std::collections::BTreeMap;
use std::error::Error as _;
use std::fmt;
use std::io::Cursor;

use meta0::{Base, Digits, Prefix, PrefixMapping};
use proptest::prelude::*;
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::Value;

const D: Digits = Digits::MAX;

fn digits(digits: u8) -> Digits {
    Digits::try_from(digits).unwrap()
}

#[track_caller]
fn refused(text: &str, of: Digits, message: &str) {
    let error = PrefixMapping::from_json(text, of).unwrap_err();
    assert_eq!(error.to_string(), message);
}

#[track_caller]
fn same(text: &str, of: Digits, json: &str) {
    assert_eq!(PrefixMapping::from_json(text, of).unwrap().to_json(), json);
}

#[test]
fn documents_that_are_no_object_of_prefixes() {
    for (text, message) in [
        ("", "the mapping is not JSON at byte 0, before any key"),
        ("\u{FEFF}", "the mapping is not JSON at byte 3, before any key"),
        ("{", "the mapping is not JSON at byte 1, before any key"),
        ("{\"0000\":", "the mapping is not JSON at byte 8, after key \"0000\""),
        ("{\n\"0000\":[\"a\"],\n}", "the mapping is not JSON at byte 16, after key \"0000\""),
        ("{\"0000\":[\"a\" \"b\"]}", "the mapping is not JSON at byte 13, after key \"0000\""),
        ("{\"0000\":[\"\\uD800\"]}", "the mapping is not JSON at byte 16, after key \"0000\""),
        (
            "{\"0000\":[\"a\"],\"0001\":[\"a\0\"]}",
            "the mapping is not JSON at byte 24, after key \"0001\"",
        ),
        (
            "{\"0000\":[\"a\"],\"0001\":[\"b\u{1}\"]}",
            "the mapping is not JSON at byte 24, after key \"0001\"",
        ),
        ("{1:[]}", "the mapping is not JSON at byte 1, before any key"),
        (" []", "the mapping is not an object at byte 1: expected prefixes and their services"),
        ("null", "the mapping is not an object at byte 0: expected prefixes and their services"),
        ("{} {}", "the mapping has text after its object at byte 3"),
        ("\u{FEFF}{\"0000\":[\"a\"]}\nx", "the mapping has text after its object at byte 18"),
        (
            "{\"0000\":[\"a\"],\"00A\":[\"a\"]}",
            "key \"00A\" at byte 14 is not a prefix: expected 4 hex digits",
        ),
        ("\u{FEFF}{\"+0AF\":[]}", "key \"+0AF\" at byte 4 is not a prefix: expected 4 hex digits"),
        ("{\"00g0\":7}", "key \"00g0\" at byte 1 is not a prefix: expected 4 hex digits"),
    ] {
        refused(text, D, message);
    }
    let error = PrefixMapping::from_json("{", D).unwrap_err();
    let source = error.source().unwrap().to_string();
    assert_eq!(source, "EOF while parsing an object");
}

#[test]
fn repeated_keys() {
    let twice = "{\"00AF\": [\"a\"], \"00AF\": [\"a\"]}";
    refused(
        twice,
        D,
        "key \"00AF\" at byte 16 is the prefix of key \"00AF\" at byte 1: expected each prefix once",
    );
    let by_case = "\u{FEFF}{\"00AF\": [], \"00aF\": [\"a\"]}";
    refused(
        by_case,
        D,
        "key \"00aF\" at byte 16 is the prefix of key \"00AF\" at byte 4: expected each prefix once",
    );
}

#[test]
fn values_that_are_no_arrays_of_addresses() {
    for (value, message) in [
        ("\"a\"", "key \"0000\" has a string at byte 8: expected an array of addresses"),
        ("{\"a\":[]}", "key \"0000\" has an object at byte 8: expected an array of addresses"),
        ("true", "key \"0000\" has a boolean at byte 8: expected an array of addresses"),
        ("-1", "key \"0000\" has a number at byte 8: expected an array of addresses"),
        ("null", "key \"0000\" has null at byte 8: expected an array of addresses"),
        ("[[\"a\"]]", "the array of key \"0000\" has an array at byte 9: expected addresses alone"),
        (
            "[\"a\", 7]",
            "the array of key \"0000\" has a number at byte 14: expected addresses alone",
        ),
        ("[{}]", "the array of key \"0000\" has an object at byte 9: expected addresses alone"),
        ("[null]", "the array of key \"0000\" has null at byte 9: expected addresses alone"),
        ("[\"a\",\"\"]", "the array of key \"0000\" has an empty address at byte 13"),
        (
            "[\"a\",\"b\",\"\\u0061\"]",
            "the array of key \"0000\" has a again at byte 17: expected each address once",
        ),
    ] {
        refused(&format!("{{\"0000\":{value}}}"), D, message);
    }
}

#[test]
fn siblings_that_disagree() {
    let message = "prefixes 0A00 and 0A02 of base \"0A\" disagree: expected the same services for all \
                   prefixes of a base, or more digits than 2";
    for text in [
        r#"{"0A00":["a","b"],"0A01":["b","a"],"0A02":["a"],"0A03":["c"],"0B00":["a"]}"#,
        r#"{"0A03":["c"],"0B00":["a"],"0A02":["a"],"0A01":["b","a"],"0A00":["a","b"]}"#,
        r#"{"0B01":["c"],"0B00":["a"],"0A02":["a","c"],"0a00":["a","b"],"0A01":[]}"#,
    ] {
        refused(text, digits(2), message);
        assert!(PrefixMapping::from_json(text, D).is_ok());
    }
}

#[test]
fn more_than_a_mapping_holds() {
    let array = |count: usize| {
        let addresses: Vec<_> = (0..count).map(|address| format!("\"{address}\"")).collect();
        format!("{{\"0000\":[{}]}}", addresses.join(","))
    };
    refused(
        &array(65_536),
        digits(0),
        "the array of key \"0000\" has one address too many at byte 513179: a mapping names at \
         most 65535",
    );
    refused(
        &array(4097),
        D,
        "an array of 4097 addresses is too long: a base of 4 digits has room for 4096",
    );
    let base = digits(0).base(0).unwrap();
    let mapping = PrefixMapping::from_json(array(65_535), digits(0)).unwrap();
    assert_eq!(mapping.services_of(base).len(), 65_535);
}

#[test]
fn what_reads_and_how_it_is_written() {
    same("{}", D, "{}\n");
    same("{\"0000\":[]}", D, "{}\n");
    same("\u{FEFF}\r\n{ \"bEEf\" :\t[ \"b\" ,\n\"a\" ] }\n\n", D, "{\n\"BEEF\":[\"a\",\"b\"]\n}\n");
    same(r#"{"\u0030001":["\/é\n"]}"#, D, "{\n\"0001\":[\"/é\\n\"]\n}\n");
    let long = "[2001:db8:0000:0000:0000:0000:0000:1]:6001";
    let lines = format!("{{\n\"0001\":[\"{long}0\",\"{long}1\",\"a\"]\n}}\n");
    same(&lines, D, &lines);

    let mapping = PrefixMapping::from_json(r#"{"A7FF":["a"],"b000":["b"]}"#, digits(3)).unwrap();
    let json = mapping.to_json();
    assert_eq!(json.lines().count(), 2 + 32);
    assert!(json.starts_with("{\n\"A7F0\":[\"a\"],\n\"A7F1\":[\"a\"],\n"));
    let bases = ["B00", "000", "B00"].map(|base| Base::parse(base, digits(3)).unwrap());
    let part = mapping.to_json_of(bases.into_iter().chain(D.base(0xA7F)));
    assert_eq!(part.lines().count(), 2 + 16);
    assert!(part.starts_with("{\n\"B000\":[\"b\"],\n") && part.ends_with("\"B00F\":[\"b\"]\n}\n"));
    assert_eq!(mapping.to_json_of([]), "{}\n");
}

#[test]
fn a_service_under_two_names_is_written_once() {
    let services = vec![meta0::Service::new("a", "h.d".parse().unwrap()).with_id("id")];
    let topology = meta0::Topology::new(services).unwrap();
    let mapping = PrefixMapping::from_json(r#"{"0000":["a","b","id"]}"#, D).unwrap();
    assert_eq!(mapping.resolve(&topology).to_json(), "{\n\"0000\":[\"a\",\"b\"]\n}\n");
}

#[test]
fn pieces_are_the_whole() {
    let mut mapping = PrefixMapping::new(D);
    for base in D.bases().step_by(3) {
        let (one, other) = (format!("a{}", base.index() % 977), "long ".repeat(9));
        mapping.assign_services(base, [&*one, &*other]).unwrap();
    }
    let mut out = Vec::new();
    mapping.write_json(&mut out).unwrap();
    assert_eq!(String::from_utf8(out).unwrap(), mapping.to_json());
    let mut part = Vec::new();
    mapping.write_json_of(D.bases().skip(9).take(30_000), &mut part).unwrap();
    let whole = mapping.to_json_of(D.bases().skip(9).take(30_000));
    assert_eq!(String::from_utf8(part).unwrap(), whole);
}

/// Addresses of every kind of length, some that need escapes.
fn address() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => "10\\.0\\.[0-3]\\.[0-9]{1,3}:6001",
        2 => "[a-c]{1,40}",
        1 => "[ab\"\\\\\n\u{7f}é\u{10FFFF}]{1,5}",
    ]
}

fn rows() -> impl Strategy<Value = Vec<(u16, Vec<String>)>> {
    let row = prop::collection::btree_set(address(), 1..5);
    let prefix = prop_oneof![0_u16..40, any::<u16>()];
    let rows = prop::collection::btree_map(prefix, row, 0..12);
    let flat = |rows: BTreeMap<_, std::collections::BTreeSet<_>>| {
        rows.into_iter().map(|(prefix, row)| (prefix, row.into_iter().collect())).collect()
    };
    rows.prop_map(flat)
}

fn mapping_of(rows: &[(u16, Vec<String>)], digits: Digits) -> PrefixMapping {
    let mut mapping = PrefixMapping::new(digits);
    for (prefix, row) in rows {
        let base = Base::of(Prefix::new(*prefix), digits);
        mapping.assign_services(base, row.iter().map(|name| &**name)).unwrap();
    }
    mapping
}

/// Entries in the order of a document, the repeated ones too.
struct Entries(Vec<(String, Value)>);

impl<'de> Deserialize<'de> for Entries {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct All;
        impl<'de> Visitor<'de> for All {
            type Value = Vec<(String, Value)>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut entries = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    entries.push(entry);
                }
                Ok(entries)
            }
        }
        deserializer.deserialize_map(All).map(Entries)
    }
}

/// What a document says, the slow and plain way.
fn naive(text: &str, digits: Digits) -> Option<PrefixMapping> {
    let text = text.strip_prefix('\u{FEFF}').unwrap_or(text);
    let mut rows = BTreeMap::new();
    for (key, value) in serde_json::from_str::<Entries>(text).ok()?.0 {
        let prefix: Prefix = key.parse().ok()?;
        let mut row = Vec::new();
        for name in value.as_array()? {
            row.push(name.as_str().filter(|name| !name.is_empty())?.to_owned());
        }
        row.sort();
        if row.windows(2).any(|pair| pair[0] == pair[1]) || rows.insert(prefix.get(), row).is_some()
        {
            return None;
        }
    }
    rows.retain(|_, row| !row.is_empty());
    let agree = |(prefix, row): (&u16, &Vec<String>)| {
        let first = Base::of(Prefix::new(*prefix), digits).first_prefix().get();
        rows.range(first..).next().is_some_and(|(_, other)| other == row)
    };
    rows.iter().all(agree).then(|| mapping_of(&rows.into_iter().collect::<Vec<_>>(), digits))
}

#[derive(Debug, Clone)]
enum Edit {
    Replace(prop::sample::Index, String),
    Delete(prop::sample::Index, usize),
    Duplicate(prop::sample::Index, prop::sample::Index, usize),
}

fn edit() -> impl Strategy<Value = Edit> {
    let index = any::<prop::sample::Index>;
    let byte = "[\"\\\\\\[\\]{}:, \n\t\u{0}\u{1}0aAfFg1é/un]";
    prop_oneof![
        (index(), byte).prop_map(|(at, byte)| Edit::Replace(at, byte)),
        (index(), 1..20_usize).prop_map(|(at, length)| Edit::Delete(at, length)),
        (index(), index(), 1..40_usize)
            .prop_map(|(from, to, length)| Edit::Duplicate(from, to, length)),
    ]
}

fn edited(text: &str, edits: &[Edit]) -> String {
    let mut chars: Vec<char> = text.chars().collect();
    for edit in edits.iter().filter(|_| !text.is_empty()) {
        let place = |index: &prop::sample::Index| index.index(text.len()).min(chars.len());
        let range = |at: usize, length| at..usize::min(at + length, chars.len());
        match edit {
            Edit::Replace(at, with) => {
                drop(chars.splice(range(place(at), 1), with.chars().collect::<Vec<_>>()));
            }
            Edit::Delete(at, length) => drop(chars.drain(range(place(at), *length))),
            Edit::Duplicate(from, to, length) => {
                let part = chars[range(place(from), *length)].to_vec();
                let to = place(to);
                drop(chars.splice(to..to, part));
            }
        }
    }
    chars.into_iter().collect()
}

/// A document of these rows: keys of mixed case, in some order, spaced.
fn document(rows: &[(u16, Vec<String>)], case: u32, space: &str) -> String {
    let entry = |(place, (prefix, row)): (usize, &(u16, Vec<String>))| {
        let upper = case >> (place % 32) & 1 == 1;
        let key = if upper { format!("{prefix:04X}") } else { format!("{prefix:04x}") };
        let row: Vec<_> = row.iter().map(|name| Value::from(&**name).to_string()).collect();
        format!("{space}\"{key}\"{space}:[{space}{}]", row.join(&format!("{space},{space}")))
    };
    let entries: Vec<_> = rows.iter().enumerate().map(entry).collect();
    format!("{{{}{space}}}{space}", entries.join(","))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn json_round_trip(rows in rows(), of in 0..=4_u8) {
        let mapping = mapping_of(&rows, digits(of));
        let read = PrefixMapping::from_json(mapping.to_json(), digits(of)).unwrap();
        prop_assert_eq!(read.to_json(), mapping.to_json());
        prop_assert_eq!(read, mapping);
    }

    #[test]
    fn key_order_and_case_make_no_difference(
        (rows, shuffled) in rows().prop_flat_map(|rows| (Just(rows.clone()), Just(rows).prop_shuffle())),
        case: u32,
        space in "[ \n\r\t]{0,3}",
        mark in "\u{FEFF}?",
        of in 0..=4_u8,
    ) {
        let plain = PrefixMapping::from_json(document(&rows, 0, ""), digits(of));
        let text = mark + &document(&shuffled, case, &space);
        match (plain, PrefixMapping::from_json(&text, digits(of))) {
            (Ok(one), Ok(other)) => prop_assert_eq!(one.to_json(), other.to_json()),
            (Err(one), Err(other)) => prop_assert_eq!(one.to_string(), other.to_string()),
            (one, other) => prop_assert!(false, "{one:?} and {other:?}"),
        }
    }

    #[test]
    fn edited_documents_read_as_the_naive_way(
        rows in rows(),
        case: u32,
        space in "[ \n]?",
        edits in prop::collection::vec(edit(), 0..4),
        of in 0..=4_u8,
    ) {
        let text = edited(&document(&rows, case, &space), &edits);
        let read = PrefixMapping::from_json(&text, digits(of));
        let naive = naive(&text, digits(of));
        prop_assert_eq!(read.as_ref().ok(), naive.as_ref(), "{:?}: {:?}", text, read);
        let streamed = PrefixMapping::read_json(Cursor::new(&text), digits(of));
        prop_assert_eq!(streamed.map_err(|error| error.to_string()), read.map_err(|error| error.to_string()));
    }
}
