//! What is no prefix, no base or no number of digits is refused with what it is.

use std::error::Error;
use std::fmt;

use super::Digits;

/// Why a prefix, a base or a number of digits can't be read.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum PrefixError {
    /// Not four hex digits.
    NotAPrefix {
        /// What was read.
        text: String,
    },
    /// Neither the short name of a base nor the name of its file.
    NotABase {
        /// What was read.
        text: String,
        /// The digits of the base that was expected.
        digits: Digits,
    },
    /// Not a number of digits.
    NotDigits {
        /// What was read.
        text: String,
    },
    /// More than four digits.
    DigitsOutOfRange {
        /// The number asked for.
        digits: u8,
    },
}

impl fmt::Display for PrefixError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotAPrefix { text } => {
                write!(f, "{text:?} is not a prefix: expected 4 hex digits")
            }
            Self::NotABase { text, digits: Digits(4) } => {
                write!(f, "{text:?} is not a base of 4 digits: expected 4 hex digits")
            }
            Self::NotABase { text, digits } => write!(
                f,
                "{text:?} is not a base of {digits} digits: expected {digits} hex digits, or 4 of \
                 which the rest are 0"
            ),
            Self::NotDigits { text } => {
                write!(f, "{text:?} is not a number of digits: expected 0 to 4")
            }
            Self::DigitsOutOfRange { digits } => {
                write!(f, "{digits} is not a number of digits: expected 0 to 4")
            }
        }
    }
}

impl Error for PrefixError {}
