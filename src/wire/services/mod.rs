//! The conscience and the command line of `OpenIO` list services, each in a shape
//! of its own.
//!
//! Three shapes, told apart by content, service by service:
//!
//! | | conscience (`GET /v3.0/{ns}/conscience/list?type=meta1`) | `openio cluster list meta1 -f json` | this library |
//! |---|---|---|---|
//! | address | `addr` | `Addr` | `address` |
//! | service id | `tags."tag.service_id"` | `Service Id` | `id` |
//! | location | `tags."tag.loc"` | `Location` | `location` |
//! | score | `score` | `Score` | `score` |
//! | up | `tags."tag.up"` | `Up` | `up` |
//! | type | `type` | `Type` | |
//!
//! [`read_services`] says what is made of them.

mod fields;

use std::error::Error;
use std::fmt;
use std::str::Utf8Error;

use fields::{Field, FieldName, Fields, FieldsReader};
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, SeqAccess, Visitor};
use serde_json::Value;

use crate::location::{Location, LocationError};
use crate::service::Service;
use crate::wire::byte_offset::byte_offset;

/// What to do with a service that has no location. [`read_services`] has an example.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum MissingLocation {
    /// Refuse the list, naming the service.
    #[default]
    Refuse,
    /// Take the host part of its address for its host: [`Location::of_host`].
    UseHost,
}

/// Reads a list of services, a JSON array in UTF-8, as text or as bytes.
///
/// Three shapes are known, and told apart by content, service by service:
///
/// | | conscience (`GET /v3.0/{ns}/conscience/list?type=meta1`) | `openio cluster list meta1 -f json` | serde's of [`Service`] |
/// |---|---|---|---|
/// | address | `addr` | `Addr` | `address` |
/// | service id | `tags."tag.service_id"` | `Service Id` | `id` |
/// | location | `tags."tag.loc"` | `Location` | `location` |
/// | score | `score` | `Score` | `score` |
/// | up | `tags."tag.up"` | `Up` | `up` |
/// | type | `type` | `Type` | |
///
/// Other fields are passed over, and so is a byte order mark. `"n/a"`, `null` and the
/// empty string mean absent. A service whose score is absent has the score 0, or in
/// the third shape [`Service::DEFAULT_SCORE`]. A service is up unless it is said not
/// to be, by `false` or by the text `"false"` in any case.
///
/// Takes time linear in the text. The heap holds the services, and the fields of
/// one more.
///
/// # Errors
///
/// [`ServiceListError`], naming the place in the list (from 0), the address, or the
/// byte. What is no JSON is told of first, however far on. Two services with one
/// address are told of by [`Topology::new`](crate::Topology::new).
///
/// # Examples
///
/// ```
/// use meta0::{MissingLocation, read_services};
///
/// let text = r#"[
///     {"addr": "10.0.0.1:6001", "score": 80, "tags": {"tag.loc": "r1.h1.d1", "tag.up": true}},
///     {"Addr": "10.0.0.2:6001", "Score": 80, "Location": "r1.h2.d1", "Up": false}
/// ]"#;
/// let services = read_services(text, MissingLocation::Refuse)?;
/// assert_eq!(services[0].location().to_string(), "r1.h1.d1");
/// assert!(services[0].is_available() && !services[1].is_up());
///
/// let nowhere = br#"[{"addr": "10.0.0.1:6001"}]"#;
/// let refused = read_services(nowhere, MissingLocation::Refuse).unwrap_err();
/// assert!(refused.to_string().starts_with("service 10.0.0.1:6001 has no location"));
/// let services = read_services(nowhere, MissingLocation::UseHost)?;
/// assert_eq!(services[0].location().to_string(), "10-0-0-1.6001");
/// # Ok::<(), meta0::ServiceListError>(())
/// ```
pub fn read_services(
    json: impl AsRef<[u8]>,
    without_location: MissingLocation,
) -> Result<Vec<Service>, ServiceListError> {
    let text = std::str::from_utf8(json.as_ref())
        .map_err(|source| ServiceListError::NotUtf8 { offset: source.valid_up_to(), source })?;
    read_list(text, without_location)
}

fn read_list(
    text: &str,
    without_location: MissingLocation,
) -> Result<Vec<Service>, ServiceListError> {
    let json = text.strip_prefix('\u{FEFF}').unwrap_or(text);
    let mark = text.len() - json.len();
    let mut reader = serde_json::Deserializer::from_str(json);
    let read = List { without_location }.deserialize(&mut reader);
    let refused = match read.and_then(|list| reader.end().map(|()| list)) {
        Ok(list) => return list,
        // Valid so far, but no array: that counts if the rest is valid too.
        Err(error) if error.is_data() => serde_json::from_str::<IgnoredAny>(json).err(),
        Err(error) => Some(error),
    };
    Err(refused.map_or(ServiceListError::NotAnArray, |source| ServiceListError::Syntax {
        offset: mark + byte_offset(json, &source),
        source,
    }))
}

/// Reads services one by one, so that the fields of only one are in memory.
#[derive(Debug, Clone, Copy)]
struct List {
    without_location: MissingLocation,
}

impl<'de> DeserializeSeed<'de> for List {
    /// The services, or what is wrong with the first that is no service.
    type Value = Result<Vec<Service>, ServiceListError>;

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<Self::Value, D::Error> {
        reader.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for List {
    type Value = Result<Vec<Service>, ServiceListError>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of services")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        let mut services = Ok(Vec::new());
        for place in 0.. {
            let mut fields = Fields::default();
            let reader = FieldsReader::new(&mut fields);
            let Some(is_object) = list.next_element_seed(reader)? else { break };
            // What is no JSON further on is told of rather than this.
            let Ok(known) = &mut services else { continue };
            let service = if is_object {
                read_service(place, &fields, self.without_location)
            } else {
                Err(ServiceListError::NotAnObject { place })
            };
            match service {
                Ok(service) => known.push(service),
                Err(error) => services = Err(error),
            }
        }
        Ok(services)
    }
}

/// The service that some fields describe.
fn read_service(
    place: usize,
    fields: &Fields<'_>,
    without_location: MissingLocation,
) -> Result<Service, ServiceListError> {
    let is_listed = fields.first(&[FieldName::Addr, FieldName::ListedAddr]).is_some();
    let address = if is_listed {
        fields.text(&[FieldName::Addr, FieldName::ListedAddr])
    } else {
        fields.text(&[FieldName::Address])
    };
    let address = address.ok_or(ServiceListError::NoAddress { place })?;
    if let Some(kind) = fields.text(&[FieldName::Type, FieldName::ListedType])
        && kind != "meta1"
    {
        let kind = kind.to_owned();
        return Err(ServiceListError::NotMeta1 { address: address.to_owned(), kind });
    }
    let location = read_location(address, fields, without_location)?;
    let absent = if is_listed { 0 } else { Service::DEFAULT_SCORE };
    let service = Service::new(address, location)
        .with_score(read_score(address, fields, absent)?)
        .with_up(read_up(address, fields)?);
    Ok(match fields.text(&[FieldName::TagId, FieldName::ListedId, FieldName::Id]) {
        Some(id) => service.with_id(id),
        None => service,
    })
}

fn read_location(
    address: &str,
    fields: &Fields<'_>,
    without_location: MissingLocation,
) -> Result<Location, ServiceListError> {
    let keys = [FieldName::TagLocation, FieldName::ListedLocation, FieldName::Location];
    let owned = || address.to_owned();
    match (fields.text(&keys), without_location) {
        (Some(text), _) => {
            text.parse().map_err(|source| ServiceListError::Location { address: owned(), source })
        }
        (None, MissingLocation::UseHost) => Ok(Location::of_host(address)),
        (None, MissingLocation::Refuse) => Err(ServiceListError::NoLocation { address: owned() }),
    }
}

fn read_score(address: &str, fields: &Fields<'_>, absent: i64) -> Result<i64, ServiceListError> {
    match fields.first(&[FieldName::Score, FieldName::ListedScore]) {
        None | Some(Field::Absent) => Ok(absent),
        Some(Field::Integer(score)) => Ok(*score),
        Some(other) => {
            let address = address.to_owned();
            Err(ServiceListError::Score { address, text: other.to_string() })
        }
    }
}

fn read_up(address: &str, fields: &Fields<'_>) -> Result<bool, ServiceListError> {
    match fields.first(&[FieldName::TagUp, FieldName::ListedUp, FieldName::Up]) {
        None | Some(Field::Absent) => Ok(true),
        Some(Field::Other(Value::Bool(up))) => Ok(*up),
        Some(Field::Text(text)) if text.eq_ignore_ascii_case("true") => Ok(true),
        Some(Field::Text(text)) if text.eq_ignore_ascii_case("false") => Ok(false),
        Some(other) => {
            let address = address.to_owned();
            Err(ServiceListError::Up { address, text: other.to_string() })
        }
    }
}

/// Why a list of services can't be read.
#[derive(Debug)]
#[non_exhaustive]
pub enum ServiceListError {
    /// Not text in UTF-8.
    NotUtf8 {
        /// Where, in bytes from the start.
        offset: usize,
        /// What the decoder says.
        source: Utf8Error,
    },
    /// Not JSON.
    Syntax {
        /// Where, in bytes from the start of the text.
        offset: usize,
        /// What the JSON reader says.
        source: serde_json::Error,
    },
    /// JSON, but no array.
    NotAnArray,
    /// An entry that is no object.
    NotAnObject {
        /// Its place in the list, from 0.
        place: usize,
    },
    /// An entry without an address.
    NoAddress {
        /// Its place in the list, from 0.
        place: usize,
    },
    /// A service of another type.
    NotMeta1 {
        /// Its address.
        address: String,
        /// Its type.
        kind: String,
    },
    /// A service without a location.
    NoLocation {
        /// Its address.
        address: String,
    },
    /// A service whose location can't be read.
    Location {
        /// Its address.
        address: String,
        /// Why.
        source: LocationError,
    },
    /// A service whose score is no whole number.
    Score {
        /// Its address.
        address: String,
        /// What stands there.
        text: String,
    },
    /// A service that is said to be neither up nor down.
    Up {
        /// Its address.
        address: String,
        /// What stands there.
        text: String,
    },
}

impl fmt::Display for ServiceListError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotUtf8 { offset, .. } => {
                write!(f, "the list of services is not UTF-8 at byte {offset}")
            }
            Self::Syntax { offset, .. } => {
                write!(f, "the list of services is not JSON at byte {offset}")
            }
            Self::NotAnArray => f.write_str(
                "the list of services is not an array: expected what the conscience lists",
            ),
            Self::NotAnObject { place } => write!(f, "entry {place} of the list is not an object"),
            Self::NoAddress { place } => write!(
                f,
                "entry {place} of the list has no address: expected \"addr\", \"Addr\" or \"address\""
            ),
            Self::NotMeta1 { address, kind } => {
                write!(f, "service {address} is a {kind:?}: list the services of type meta1 alone")
            }
            Self::NoLocation { address } => write!(
                f,
                "service {address} has no location: give it one, or ask that its host be taken \
                 for it"
            ),
            Self::Location { address, .. } => {
                write!(f, "service {address} has a location that can't be read")
            }
            Self::Score { address, text } => {
                write!(f, "service {address} has the score {text}: expected a whole number")
            }
            Self::Up { address, text } => {
                write!(f, "service {address} has {text} for up: expected true or false")
            }
        }
    }
}

impl Error for ServiceListError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::NotUtf8 { source, .. } => Some(source),
            Self::Syntax { source, .. } => Some(source),
            Self::Location { source, .. } => Some(source),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests;
