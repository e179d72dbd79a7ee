//! A certificate as JSON has it: an object a level, name by name.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, Visitor};
use serde::ser::{Serialize, SerializeStruct, Serializer};

use super::{Certificate, within};
use crate::location::Level;

/// Named numbers, written as an object.
struct Named<'a>(&'a [(Box<str>, i64)]);

impl Serialize for Named<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, number)| (name, number)))
    }
}

impl Serialize for Certificate {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = serializer.serialize_struct("Certificate", 6)?;
        object.serialize_field("root", &self.root)?;
        for (key, level) in ["site", "rack", "host", "volume"].into_iter().zip(Level::ALL) {
            object.serialize_field(key, &Named(&self.domains[level.index()]))?;
        }
        object.serialize_field("service", &Named(&self.services))?;
        object.end()
    }
}

/// Named numbers, read from an object: ascending, each name once.
#[derive(Default)]
struct Numbers(Vec<(Box<str>, i64)>);

impl<'de> Deserialize<'de> for Numbers {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(NumbersVisitor)
    }
}

struct NumbersVisitor;

impl<'de> Visitor<'de> for NumbersVisitor {
    type Value = Numbers;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object of names and whole numbers")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Numbers, A::Error> {
        let mut numbers = Vec::new();
        while let Some((name, number)) = map.next_entry::<Box<str>, i64>()? {
            numbers.push((name, within(number).map_err(A::Error::custom)?));
        }
        numbers.sort_unstable();
        if let Some(pair) = numbers.windows(2).find(|pair| pair[0].0 == pair[1].0) {
            return Err(A::Error::custom(format_args!("{:?} has two numbers", pair[0].0)));
        }
        numbers.retain(|(_, number)| *number != 0);
        Ok(Numbers(numbers))
    }
}

/// The object; a key that is not there stands for zeros.
#[derive(Default, serde::Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Object {
    root: i64,
    site: Numbers,
    rack: Numbers,
    host: Numbers,
    volume: Numbers,
    service: Numbers,
}

impl<'de> Deserialize<'de> for Certificate {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Object { root, site, rack, host, volume, service } = Object::deserialize(deserializer)?;
        let domains = [site, rack, host, volume].map(|numbers| numbers.0);
        let root = within(root).map_err(D::Error::custom)?;
        Ok(Self { root, domains, services: service.0 })
    }
}
