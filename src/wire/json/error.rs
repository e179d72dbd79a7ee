//! A document that can't be read as a mapping is refused with the reason and the
//! place.

use std::error::Error;
use std::fmt;
use std::io;

use crate::index::LIMIT;
use crate::mapping::TABLE_LIMIT;
use crate::prefix::{Base, Digits, Prefix};

/// Why a text can't be read as a mapping: the first thing in it that is wrong.
/// Offsets are in bytes from the start of the text, the byte order mark included.
#[derive(Debug)]
#[non_exhaustive]
pub enum JsonError {
    /// The input can't be read; only from
    /// [`PrefixMapping::read_json`](crate::PrefixMapping::read_json).
    Io {
        /// What the input says.
        source: io::Error,
    },
    /// No text in UTF-8.
    Encoding {
        /// Where the text ends.
        offset: usize,
    },
    /// Not JSON.
    Syntax {
        /// Where.
        offset: usize,
        /// The last key before it, if there is one.
        key: Option<String>,
        /// What the JSON reader says.
        source: SyntaxError,
    },
    /// JSON, but no object.
    NotAnObject {
        /// Where it starts.
        offset: usize,
    },
    /// A key that is not 4 hex digits.
    Key {
        /// Where it starts.
        offset: usize,
        /// The key.
        key: String,
    },
    /// Two keys for one prefix.
    RepeatedKey {
        /// Where the second starts.
        offset: usize,
        /// The second.
        key: String,
        /// Where the first starts.
        first_offset: usize,
        /// The first.
        first: String,
    },
    /// A value that is no array.
    NotAnArray {
        /// Where it starts.
        offset: usize,
        /// Its key.
        key: String,
        /// What it is instead.
        found: &'static str,
    },
    /// Something in an array that is no string.
    NotAnAddress {
        /// Where it starts.
        offset: usize,
        /// The key of the array.
        key: String,
        /// What it is instead.
        found: &'static str,
    },
    /// An empty string in an array.
    EmptyAddress {
        /// Where it starts.
        offset: usize,
        /// The key of the array.
        key: String,
    },
    /// An address twice in one array.
    RepeatedAddress {
        /// Where the second starts.
        offset: usize,
        /// The key of the array.
        key: String,
        /// The address.
        address: String,
    },
    /// Something after the object.
    Trailing {
        /// Where it starts.
        offset: usize,
    },
    /// More addresses than a mapping has room for.
    TooManyServices {
        /// Where the first too many starts.
        offset: usize,
        /// The key of its array.
        key: String,
    },
    /// Arrays so long that the table of the mapping would be too large.
    TooManyReplicas {
        /// The length of the longest.
        replicas: usize,
        /// The digits of the mapping.
        digits: Digits,
    },
    /// Prefixes of one base that have different services.
    Siblings {
        /// The base.
        base: Base,
        /// The first of its prefixes that has services.
        first: Prefix,
        /// The first after it that has others.
        second: Prefix,
    },
}

impl JsonError {
    /// Where in the text the error is, in bytes from its start; `None` where it is
    /// of no one place: the input fails, prefixes disagree, or an array is too long.
    ///
    /// # Examples
    ///
    /// ```
    /// use meta0::{Digits, JsonError, PrefixMapping};
    ///
    /// let error = PrefixMapping::from_json(r#"{"0000": ["a"], "0001": 7}"#, Digits::MAX).unwrap_err();
    /// assert_eq!((error.offset(), error.key()), (Some(24), Some("0001")));
    /// assert!(matches!(error, JsonError::NotAnArray { found: "a number", .. }));
    /// ```
    #[must_use]
    pub const fn offset(&self) -> Option<usize> {
        match self {
            Self::Encoding { offset }
            | Self::Syntax { offset, .. }
            | Self::NotAnObject { offset }
            | Self::Key { offset, .. }
            | Self::RepeatedKey { offset, .. }
            | Self::NotAnArray { offset, .. }
            | Self::NotAnAddress { offset, .. }
            | Self::EmptyAddress { offset, .. }
            | Self::RepeatedAddress { offset, .. }
            | Self::Trailing { offset }
            | Self::TooManyServices { offset, .. } => Some(*offset),
            Self::Io { .. } | Self::TooManyReplicas { .. } | Self::Siblings { .. } => None,
        }
    }

    /// The key that the error is about, as it is written in the text: the one that is
    /// wrong, that of the array that is, or the last one before what is no JSON.
    #[must_use]
    pub fn key(&self) -> Option<&str> {
        match self {
            Self::Syntax { key, .. } => key.as_deref(),
            Self::Key { key, .. }
            | Self::RepeatedKey { key, .. }
            | Self::NotAnArray { key, .. }
            | Self::NotAnAddress { key, .. }
            | Self::EmptyAddress { key, .. }
            | Self::RepeatedAddress { key, .. }
            | Self::TooManyServices { key, .. } => Some(key),
            Self::Io { .. }
            | Self::Encoding { .. }
            | Self::NotAnObject { .. }
            | Self::Trailing { .. }
            | Self::TooManyReplicas { .. }
            | Self::Siblings { .. } => None,
        }
    }
}

impl fmt::Display for JsonError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io { .. } => f.write_str("the mapping can't be read"),
            Self::Encoding { offset } => {
                write!(f, "the mapping is not a text in UTF-8 at byte {offset}")
            }
            Self::Syntax { offset, key: None, .. } => {
                write!(f, "the mapping is not JSON at byte {offset}, before any key")
            }
            Self::Syntax { offset, key: Some(key), .. } => {
                write!(f, "the mapping is not JSON at byte {offset}, after key {key:?}")
            }
            Self::NotAnObject { offset } => write!(
                f,
                "the mapping is not an object at byte {offset}: expected prefixes and their services"
            ),
            Self::Key { offset, key } => {
                write!(f, "key {key:?} at byte {offset} is not a prefix: expected 4 hex digits")
            }
            Self::RepeatedKey { offset, key, first_offset, first } => write!(
                f,
                "key {key:?} at byte {offset} is the prefix of key {first:?} at byte \
                 {first_offset}: expected each prefix once"
            ),
            Self::NotAnArray { offset, key, found } => {
                write!(
                    f,
                    "key {key:?} has {found} at byte {offset}: expected an array of addresses"
                )
            }
            Self::NotAnAddress { offset, key, found } => write!(
                f,
                "the array of key {key:?} has {found} at byte {offset}: expected addresses alone"
            ),
            Self::EmptyAddress { offset, key } => {
                write!(f, "the array of key {key:?} has an empty address at byte {offset}")
            }
            Self::RepeatedAddress { offset, key, address } => write!(
                f,
                "the array of key {key:?} has {address} again at byte {offset}: expected each \
                 address once"
            ),
            Self::Trailing { offset } => {
                write!(f, "the mapping has text after its object at byte {offset}")
            }
            Self::TooManyServices { offset, key } => write!(
                f,
                "the array of key {key:?} has one address too many at byte {offset}: a mapping \
                 names at most {LIMIT}"
            ),
            Self::TooManyReplicas { replicas, digits } => write!(
                f,
                "an array of {replicas} addresses is too long: a base of {digits} digits has \
                 room for {}",
                TABLE_LIMIT / digits.count()
            ),
            Self::Siblings { base, first, second } => write!(
                f,
                "prefixes {first} and {second} of base {:?} disagree: expected the same services \
                 for all prefixes of a base, or more digits than {}",
                base.to_string(),
                base.digits()
            ),
        }
    }
}

impl Error for JsonError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Io { source } => Some(source),
            Self::Syntax { source, .. } => Some(source),
            _ => None,
        }
    }
}

impl From<io::Error> for JsonError {
    fn from(source: io::Error) -> Self {
        Self::Io { source }
    }
}

/// What keeps a text from being JSON, as the reader of JSON says it; the place is in
/// [`JsonError::Syntax`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SyntaxError {
    message: Box<str>,
}

impl SyntaxError {
    /// The error without its line and column, which are those of a part of the text.
    pub(super) fn of(error: &serde_json::Error) -> Self {
        let text = error.to_string();
        let message = text.rsplit_once(" at line ").map_or(&*text, |(message, _)| message);
        Self { message: message.into() }
    }
}

impl fmt::Display for SyntaxError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl Error for SyntaxError {}
