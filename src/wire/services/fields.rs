//! A list has a dozen fields for each service, of which a few are read: those are
//! kept as they pass, most of them as parts of the text.
//!
//! What is passed over is looked at as closely as what is kept, so that a list is
//! JSON or not whichever fields it has.

use std::borrow::Cow;
use std::fmt;

use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{Deserialize, DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

/// What a field is called, the fields of `tags` included.
#[derive(Debug, Clone, Copy)]
pub(super) enum FieldName {
    TagLocation,
    TagId,
    TagUp,
    Addr,
    ListedAddr,
    Address,
    Type,
    ListedType,
    ListedLocation,
    Location,
    Score,
    ListedScore,
    ListedUp,
    Up,
    ListedId,
    Id,
}

impl FieldName {
    const COUNT: usize = Self::Id as usize + 1;
}

/// The fields of one service. Of a key that stands twice, the last counts.
#[derive(Debug, Default)]
pub(super) struct Fields<'a>([Option<Field<'a>>; FieldName::COUNT]);

impl<'a> Fields<'a> {
    /// The field of the first of some keys that the service has.
    pub(super) fn first(&self, keys: &[FieldName]) -> Option<&Field<'a>> {
        keys.iter().find_map(|&key| self.0[key as usize].as_ref())
    }

    /// The text of that field, if it has one.
    pub(super) fn text(&self, keys: &[FieldName]) -> Option<&str> {
        match self.first(keys)? {
            Field::Text(text) => Some(text),
            Field::Absent | Field::Integer(_) | Field::Other(_) => None,
        }
    }
}

/// The value of a field.
#[derive(Debug)]
pub(super) enum Field<'a> {
    /// `null`, `"n/a"` or the empty string.
    Absent,
    Text(Cow<'a, str>),
    Integer(i64),
    Other(Value),
}

impl fmt::Display for Field<'_> {
    /// As it is written in JSON.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Absent => f.write_str("null"),
            Self::Text(text) => Value::from(&**text).fmt(f),
            Self::Integer(integer) => integer.fmt(f),
            Self::Other(value) => value.fmt(f),
        }
    }
}

impl<'de> Deserialize<'de> for Field<'de> {
    fn deserialize<D: Deserializer<'de>>(reader: D) -> Result<Self, D::Error> {
        reader.deserialize_any(FieldReader)
    }
}

/// Reads one field that is kept.
struct FieldReader;

impl FieldReader {
    fn text<'a>(text: impl Into<Cow<'a, str>>) -> Field<'a> {
        let text = text.into();
        if text.is_empty() || text == "n/a" { Field::Absent } else { Field::Text(text) }
    }
}

impl<'de> Visitor<'de> for FieldReader {
    type Value = Field<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a field of a service")
    }

    fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
        Ok(Field::Absent)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Self::Value, E> {
        Ok(Field::Other(value.into()))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Self::Value, E> {
        Ok(Field::Integer(value))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Self::Value, E> {
        Ok(i64::try_from(value).map_or_else(|_| Field::Other(value.into()), Field::Integer))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Self::Value, E> {
        Ok(Field::Other(value.into()))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Self::text(text.to_owned()))
    }

    fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Self::text(text))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, array: A) -> Result<Self::Value, A::Error> {
        Value::deserialize(SeqAccessDeserializer::new(array)).map(Field::Other)
    }

    fn visit_map<A: MapAccess<'de>>(self, object: A) -> Result<Self::Value, A::Error> {
        Value::deserialize(MapAccessDeserializer::new(object)).map(Field::Other)
    }
}

/// What becomes of the value of a key.
#[derive(Debug, Clone, Copy)]
enum Use {
    Keep(FieldName),
    /// An object of more fields.
    Tags,
    PassOver,
}

/// The objects that are told apart by what their keys mean.
#[derive(Debug, Clone, Copy)]
enum Object {
    Service,
    Tags,
    Other,
}

impl Object {
    fn use_of(self, key: &str) -> Use {
        match self {
            Self::Service => match key {
                "addr" => Use::Keep(FieldName::Addr),
                "Addr" => Use::Keep(FieldName::ListedAddr),
                "address" => Use::Keep(FieldName::Address),
                "type" => Use::Keep(FieldName::Type),
                "Type" => Use::Keep(FieldName::ListedType),
                "Location" => Use::Keep(FieldName::ListedLocation),
                "location" => Use::Keep(FieldName::Location),
                "score" => Use::Keep(FieldName::Score),
                "Score" => Use::Keep(FieldName::ListedScore),
                "Up" => Use::Keep(FieldName::ListedUp),
                "up" => Use::Keep(FieldName::Up),
                "Service Id" => Use::Keep(FieldName::ListedId),
                "id" => Use::Keep(FieldName::Id),
                "tags" => Use::Tags,
                _ => Use::PassOver,
            },
            Self::Tags => match key {
                "tag.loc" => Use::Keep(FieldName::TagLocation),
                "tag.service_id" => Use::Keep(FieldName::TagId),
                "tag.up" => Use::Keep(FieldName::TagUp),
                _ => Use::PassOver,
            },
            Self::Other => Use::PassOver,
        }
    }
}

impl<'de> DeserializeSeed<'de> for Object {
    type Value = Use;

    fn deserialize<D: Deserializer<'de>>(self, key: D) -> Result<Use, D::Error> {
        key.deserialize_str(self)
    }
}

impl Visitor<'_> for Object {
    type Value = Use;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_str<E: Error>(self, key: &str) -> Result<Use, E> {
        Ok(self.use_of(key))
    }
}

/// Reads any value; of an object it keeps some fields.
#[derive(Debug)]
pub(super) struct FieldsReader<'a, 'de> {
    object: Object,
    fields: &'a mut Fields<'de>,
}

impl<'a, 'de> FieldsReader<'a, 'de> {
    /// Keeps those of a service.
    pub(super) const fn new(fields: &'a mut Fields<'de>) -> Self {
        Self { object: Object::Service, fields }
    }

    /// A reader of a value within this one.
    const fn within(&mut self, object: Object) -> FieldsReader<'_, 'de> {
        FieldsReader { object, fields: self.fields }
    }
}

impl<'de> DeserializeSeed<'de> for FieldsReader<'_, 'de> {
    /// Whether it is an object.
    type Value = bool;

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<bool, D::Error> {
        reader.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for FieldsReader<'_, 'de> {
    type Value = bool;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_unit<E: Error>(self) -> Result<bool, E> {
        Ok(false)
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<bool, E> {
        Ok(false)
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<bool, E> {
        Ok(false)
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<bool, E> {
        Ok(false)
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<bool, E> {
        Ok(false)
    }

    fn visit_str<E: Error>(self, _: &str) -> Result<bool, E> {
        Ok(false)
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut array: A) -> Result<bool, A::Error> {
        while array.next_element_seed(self.within(Object::Other))?.is_some() {}
        Ok(false)
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut object: A) -> Result<bool, A::Error> {
        while let Some(of_key) = object.next_key_seed(self.object)? {
            match of_key {
                Use::Keep(key) => self.fields.0[key as usize] = Some(object.next_value()?),
                Use::Tags => {
                    for tag in [FieldName::TagLocation, FieldName::TagId, FieldName::TagUp] {
                        self.fields.0[tag as usize] = None;
                    }
                    object.next_value_seed(self.within(Object::Tags))?;
                }
                Use::PassOver => {
                    object.next_value_seed(self.within(Object::Other))?;
                }
            }
        }
        Ok(true)
    }
}
