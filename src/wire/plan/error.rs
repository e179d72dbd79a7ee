//! A document that can't be read as a plan is refused with the reason, the path and the
//! place.

use std::error::Error;
use std::fmt;
use std::io;

use super::FORMAT;
use super::path::Path;
use crate::prefix::Digits;
use crate::rules::RulesError;
use crate::wire::byte_offset::byte_offset;

/// Why a text can't be read as a plan: what is wrong, and where.
///
/// # Examples
///
/// ```
/// use meta0::{Digits, Plan, PrefixMapping};
///
/// let mapping = PrefixMapping::new(Digits::MAX);
/// let text = mapping.diff(&mapping)?.to_json().replace("\"moves\":0", "\"moves\":1");
/// let error = Plan::from_json(&text).unwrap_err();
/// assert_eq!(error.path(), "moves");
/// assert_eq!(error.offset(), text.find("1,\"removals\""));
/// assert_eq!(error.to_string(), "moves at byte 123: expected 0, as counted in the waves");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct PlanFileError {
    path: String,
    offset: Option<usize>,
    reason: Reason,
}

impl PlanFileError {
    /// The value that is refused, from the root of the document down to it, as
    /// `waves[0][17].base`; empty for the document itself.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Where that value starts, in bytes from the start of the text, a byte order mark
    /// included; for a text that is not JSON or not UTF-8, where it ceases to be so.
    /// `None` when the input itself could not be read.
    #[must_use]
    pub const fn offset(&self) -> Option<usize> {
        self.offset
    }

    /// A refusal of what stands at a path of a document, `skipped` bytes of which come
    /// first.
    pub(super) fn refused(refusal: Refusal, text: &str, skipped: usize) -> Self {
        let Refusal { path, reason } = refusal;
        let offset = Some(skipped + path.offset(text));
        Self { path: path.to_string(), offset, reason }
    }

    /// A text that is not in UTF-8 from a byte on.
    pub(super) fn encoding(offset: usize) -> Self {
        Self { path: String::new(), offset: Some(offset), reason: Reason::Encoding }
    }

    /// A text that is not JSON.
    pub(super) fn syntax(source: serde_json::Error, text: &str, skipped: usize) -> Self {
        let offset = Some(skipped + byte_offset(text, &source));
        Self { path: String::new(), offset, reason: Reason::Syntax { source } }
    }

    /// What a text that is JSON has instead of a plan.
    pub(super) fn data(source: &serde_json::Error, text: &str, skipped: usize) -> Self {
        let message = source.to_string();
        let message = message.rsplit_once(" at line ").map_or(&*message, |(message, _)| message);
        // An array or an object that is not expected is told of from just before it.
        let is_ahead = ["invalid type: map", "invalid type: sequence"]
            .iter()
            .any(|start| message.starts_with(start) && source.column() > 0);
        let byte = byte_offset(text, source) + usize::from(is_ahead);
        let (mut path, mut offset) = Path::of_byte(text, byte);
        if message.starts_with("missing field") {
            path = path.element();
            offset = path.offset(text);
        }
        let is_unknown = message.starts_with("unknown field");
        let message = match message.split_once(", expected one of") {
            Some((unknown, _)) if is_unknown => unknown,
            _ => message,
        };
        let message = message.to_owned();
        let reason =
            if is_unknown { Reason::UnknownKey { message } } else { Reason::Data { message } };
        Self { path: path.to_string(), offset: Some(skipped + offset), reason }
    }
}

impl fmt::Display for PlanFileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if matches!(self.reason, Reason::Io { .. }) {
            return self.reason.fmt(f);
        }
        f.write_str(if self.path.is_empty() { "the plan" } else { &self.path })?;
        if let Some(offset) = self.offset {
            write!(f, " at byte {offset}")?;
        }
        write!(f, ": {}", self.reason)
    }
}

impl Error for PlanFileError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match &self.reason {
            Reason::Io { source } => Some(source),
            Reason::Syntax { source } => Some(source),
            Reason::Rules { source } => Some(source),
            _ => None,
        }
    }
}

impl From<io::Error> for PlanFileError {
    fn from(source: io::Error) -> Self {
        Self { path: String::new(), offset: None, reason: Reason::Io { source } }
    }
}

/// What is refused, and why, when the document as such was read.
#[derive(Debug)]
pub(super) struct Refusal {
    pub(super) path: Path,
    pub(super) reason: Reason,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.path.is_root() {
            write!(f, "{}: ", self.path)?;
        }
        self.reason.fmt(f)
    }
}

/// What is wrong.
#[derive(Debug)]
pub(super) enum Reason {
    Io {
        source: io::Error,
    },
    Encoding,
    Syntax {
        source: serde_json::Error,
    },
    /// A value of another type, or out of its range, in the words of the reader.
    Data {
        message: String,
    },
    UnknownKey {
        message: String,
    },
    OtherFormat {
        found: String,
    },
    Missing {
        key: &'static str,
    },
    /// A key that the plans of its command don't have.
    Misplaced {
        command: &'static str,
    },
    Rules {
        source: RulesError,
    },
    NotABase {
        digits: Digits,
    },
    Counted {
        count: usize,
    },
    Minimal {
        is_minimal: bool,
    },
    /// A bound without a certificate, or a certificate without a bound.
    HalfAProof,
    /// A bound where there is none, or none where there is to be one.
    Proof {
        is_wanted: bool,
    },
    HoldingDecommission,
    HeldAndDrained {
        service: String,
    },
    /// A service that leaves altogether, and is not drained.
    NotDrained {
        service: String,
    },
}

impl Reason {
    /// The refusal of a value for this reason.
    pub(super) const fn at(self, path: Path) -> Refusal {
        Refusal { path, reason: self }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io { .. } => f.write_str("the plan can't be read"),
            Self::Encoding => f.write_str("this is not a text in UTF-8"),
            Self::Syntax { .. } => f.write_str("this is not JSON"),
            Self::Data { message } => f.write_str(message),
            Self::UnknownKey { message } => {
                write!(f, "{message}: expected the keys of format {FORMAT:?} alone")
            }
            Self::OtherFormat { found } => {
                write!(f, "this is format {found:?}: expected {FORMAT:?}, the one that is known")
            }
            Self::Missing { key } => write!(f, "key {key:?} is missing"),
            Self::Misplaced { command } => {
                write!(f, "a plan of command {command:?} does not have this key")
            }
            Self::Rules { .. } => f.write_str("there are no such rules"),
            Self::NotABase { digits } => {
                write!(f, "this is no base of {digits} digits: expected the first of its prefixes")
            }
            Self::Counted { count } => write!(f, "expected {count}, as counted in the waves"),
            Self::Minimal { is_minimal } => {
                write!(f, "expected {is_minimal}, as the bound and the moves say")
            }
            Self::HalfAProof => f.write_str("expected a bound and a certificate, or null for both"),
            Self::Proof { is_wanted: true } => f.write_str("expected a bound and its certificate"),
            Self::Proof { is_wanted: false } => {
                f.write_str("expected null: nobody asked for the fewest moves")
            }
            Self::HoldingDecommission => {
                f.write_str("expected an empty array: a decommission holds no services")
            }
            Self::HeldAndDrained { service } => {
                write!(f, "{service:?} is drained as well: expected one of the two")
            }
            Self::NotDrained { service } => write!(
                f,
                "{service:?} loses all its bases and is not drained: expected it among \"drained\""
            ),
        }
    }
}
