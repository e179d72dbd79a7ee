//! Prefixes of container ids, and the bases they belong to.
//!
//! A container id is 64 hex digits. meta0 keeps one entry for each value of the
//! first four, the *prefix*; a namespace is configured with a number of
//! *digits* (`ns.meta1_digits`, 0 to 4), and the prefixes that share that many
//! leading digits form one *base*: one meta1 database on each of its services.

mod error;
mod serde;

use std::fmt;
use std::str::FromStr;

pub use error::PrefixError;

/// How many prefixes a mapping has, whatever its digits: 65,536.
pub const PREFIXES: usize = 1 << 16;

/// The first four hex digits of a container id.
///
/// Prints as four upper-case hex digits; parses either case. In serde it is that
/// string.
///
/// # Examples
///
/// ```
/// let prefix: meta0::Prefix = "00af".parse()?;
/// assert_eq!(prefix.get(), 0xAF);
/// assert_eq!(prefix.to_string(), "00AF");
/// # Ok::<(), meta0::PrefixError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Prefix(u16);

impl Prefix {
    /// The prefix of that value: `Prefix::new(0xAF)` is `00AF`.
    #[must_use]
    pub const fn new(value: u16) -> Self {
        Self(value)
    }

    /// Its value, 0 to 65,535.
    #[must_use]
    pub const fn get(self) -> u16 {
        self.0
    }
}

impl fmt::Display for Prefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04X}", self.0)
    }
}

impl FromStr for Prefix {
    type Err = PrefixError;

    fn from_str(text: &str) -> Result<Self, PrefixError> {
        let four_digits = text.len() == 4 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        match u16::from_str_radix(text, 16) {
            Ok(value) if four_digits => Ok(Self(value)),
            _ => Err(PrefixError::NotAPrefix { text: text.to_owned() }),
        }
    }
}

/// How many leading digits of a prefix name a base: 0 to 4.
///
/// Defaults to 4. Prints and parses as the number, which it is in serde as well.
///
/// # Examples
///
/// ```
/// use meta0::Digits;
///
/// assert_eq!(Digits::try_from(2)?.count(), 256);
/// assert!(Digits::try_from(5).is_err());
/// # Ok::<(), meta0::PrefixError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digits(u8);

impl Digits {
    /// Four digits: each prefix is a base of its own.
    pub const MAX: Self = Self(4);

    /// So many digits, or `None` for more than 4. Where the digits are no constant,
    /// `Digits::try_from` has an error that says what is wrong.
    ///
    /// # Examples
    ///
    /// ```
    /// use meta0::Digits;
    ///
    /// const DIGITS: Digits = Digits::new(3).unwrap();
    /// assert_eq!(DIGITS.count(), 4096);
    /// assert_eq!(Digits::new(5), None);
    /// ```
    #[must_use]
    pub const fn new(digits: u8) -> Option<Self> {
        if digits <= 4 { Some(Self(digits)) } else { None }
    }

    /// The number itself, from 0 to 4.
    #[must_use]
    pub const fn get(self) -> u8 {
        self.0
    }

    /// The number of bases, `16^digits`.
    #[must_use]
    pub const fn count(self) -> usize {
        1 << (4 * self.0)
    }

    /// How many prefixes each base has, `16^(4 - digits)`.
    #[must_use]
    pub const fn siblings(self) -> usize {
        PREFIXES >> (4 * self.0)
    }

    /// The base of that index, or `None` when there are not so many.
    #[must_use]
    pub const fn base(self, index: usize) -> Option<Base> {
        if index < self.count() {
            #[expect(clippy::cast_possible_truncation, reason = "less than 65,536")]
            Some(Base { digits: self, index: index as u16 })
        } else {
            None
        }
    }

    /// Every base, ascending.
    ///
    /// # Examples
    ///
    /// ```
    /// use meta0::Digits;
    ///
    /// let digits = Digits::try_from(1)?;
    /// assert_eq!(digits.bases().len(), 16);
    /// assert!(digits.bases().rev().take(2).map(|base| base.to_string()).eq(["F", "E"]));
    /// # Ok::<(), meta0::PrefixError>(())
    /// ```
    #[must_use]
    pub fn bases(self) -> impl DoubleEndedIterator<Item = Base> + ExactSizeIterator + Clone {
        #[expect(clippy::cast_possible_truncation, reason = "below 65,536")]
        (0..self.count()).map(move |index| Base { digits: self, index: index as u16 })
    }
}

impl Default for Digits {
    fn default() -> Self {
        Self::MAX
    }
}

impl fmt::Display for Digits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl TryFrom<u8> for Digits {
    type Error = PrefixError;

    fn try_from(digits: u8) -> Result<Self, PrefixError> {
        Self::new(digits).ok_or(PrefixError::DigitsOutOfRange { digits })
    }
}

impl FromStr for Digits {
    type Err = PrefixError;

    fn from_str(text: &str) -> Result<Self, PrefixError> {
        let digits = text.parse().map_err(|_| PrefixError::NotDigits { text: text.to_owned() })?;
        Self::try_from(u8::min(digits, 5)).map_err(|_| PrefixError::DigitsOutOfRange { digits })
    }
}

/// The prefixes that share their first digits: one meta1 database.
///
/// Ordered by digits, then by index. Prints as its short name, which the digits
/// alone tell from a prefix.
///
/// In serde it is its first prefix, four digits. It has no `Deserialize`, nor
/// `FromStr`: `BE00` is a base of 2, of 3 and of 4 digits. [`Base::parse`] is told
/// which.
///
/// # Examples
///
/// ```
/// use meta0::{Base, Digits, Prefix};
///
/// let base = Base::of(Prefix::new(0xBEEF), Digits::try_from(2)?);
/// assert_eq!(base.to_string(), "BE");
/// assert_eq!(base.first_prefix().to_string(), "BE00");
/// assert_eq!(base.prefixes().count(), 256);
/// assert_eq!(base.cid(), format!("BE{}", "0".repeat(62)));
/// # Ok::<(), meta0::PrefixError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Base {
    digits: Digits,
    index: u16,
}

impl Base {
    /// The base that a prefix is saved in; [`prefix_to_base`] is the same as a
    /// function.
    #[must_use]
    pub const fn of(prefix: Prefix, digits: Digits) -> Self {
        #[expect(clippy::cast_possible_truncation, reason = "a u16 shifted right")]
        Self { digits, index: (prefix.0 as u32 >> (16 - 4 * digits.0)) as u16 }
    }

    /// Reads a base by its short name (as many hex digits as `digits`), or by
    /// the name of its file (four digits, the rest of them 0).
    ///
    /// # Errors
    ///
    /// [`PrefixError::NotABase`] for anything else.
    ///
    /// # Examples
    ///
    /// ```
    /// use meta0::{Base, Digits};
    ///
    /// let digits = Digits::try_from(2)?;
    /// assert_eq!(Base::parse("be", digits)?, Base::parse("BE00", digits)?);
    /// assert!(Base::parse("BEEF", digits).is_err());
    /// # Ok::<(), meta0::PrefixError>(())
    /// ```
    pub fn parse(text: &str, digits: Digits) -> Result<Self, PrefixError> {
        let refused = || PrefixError::NotABase { text: text.to_owned(), digits };
        if text.len() != usize::from(digits.0) && text.len() != 4 {
            return Err(refused());
        }
        let padded = format!("{text:0<4}");
        let prefix = padded.parse().map_err(|_| refused())?;
        let base = Self::of(prefix, digits);
        if base.first_prefix() == prefix { Ok(base) } else { Err(refused()) }
    }

    /// How many digits name it.
    #[must_use]
    pub const fn digits(self) -> Digits {
        self.digits
    }

    /// Its place among the bases of its digits, from 0.
    #[must_use]
    pub const fn index(self) -> usize {
        self.index as usize
    }

    /// The first of its prefixes, whose digits name the file of the base.
    #[must_use]
    pub const fn first_prefix(self) -> Prefix {
        #[expect(clippy::cast_possible_truncation, reason = "below 65,536 by construction")]
        Prefix((self.index() * self.digits.siblings()) as u16)
    }

    /// All its prefixes, ascending.
    #[must_use]
    pub fn prefixes(self) -> impl DoubleEndedIterator<Item = Prefix> + ExactSizeIterator + Clone {
        let first = self.index() * self.digits.siblings();
        #[expect(clippy::cast_possible_truncation, reason = "below 65,536 by construction")]
        (first..first + self.digits.siblings()).map(|value| Prefix(value as u16))
    }

    /// The container id that names the base: its short name padded with `0` to
    /// 64 digits.
    #[must_use]
    pub fn cid(self) -> String {
        format!("{:0<64}", self.to_string())
    }
}

impl fmt::Display for Base {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.digits.0 == 0 {
            return Ok(());
        }
        write!(f, "{:0width$X}", self.index, width = usize::from(self.digits.0))
    }
}

/// The number of bases with that many digits, `16^digits`. The same as
/// [`Digits::count`].
///
/// # Examples
///
/// ```
/// assert_eq!(meta0::count_prefixes("3".parse()?), 4096);
/// # Ok::<(), meta0::PrefixError>(())
/// ```
#[must_use]
pub const fn count_prefixes(digits: Digits) -> usize {
    digits.count()
}

/// The first prefix of every base, ascending: the short prefixes padded with
/// `0` to four digits.
///
/// # Examples
///
/// ```
/// let mut prefixes = meta0::generate_prefixes("1".parse()?);
/// assert_eq!(prefixes.nth(15).map(|prefix| prefix.to_string()), Some("F000".to_owned()));
/// # Ok::<(), meta0::PrefixError>(())
/// ```
#[must_use]
pub fn generate_prefixes(
    digits: Digits,
) -> impl DoubleEndedIterator<Item = Prefix> + ExactSizeIterator + Clone {
    digits.bases().map(Base::first_prefix)
}

/// Every base, ascending; each prints as its short prefix. The same as
/// [`Digits::bases`].
///
/// # Examples
///
/// ```
/// let mut prefixes = meta0::generate_short_prefixes("2".parse()?);
/// assert_eq!(prefixes.next_back().map(|base| base.to_string()), Some("FF".to_owned()));
/// # Ok::<(), meta0::PrefixError>(())
/// ```
#[must_use]
pub fn generate_short_prefixes(
    digits: Digits,
) -> impl DoubleEndedIterator<Item = Base> + ExactSizeIterator + Clone {
    digits.bases()
}

/// The base that a prefix is saved in. The same as [`Base::of`].
///
/// # Examples
///
/// ```
/// let base = meta0::prefix_to_base("BEEF".parse()?, "3".parse()?);
/// assert_eq!(base.to_string(), "BEE");
/// # Ok::<(), meta0::PrefixError>(())
/// ```
#[must_use]
pub const fn prefix_to_base(prefix: Prefix, digits: Digits) -> Base {
    Base::of(prefix, digits)
}

/// All prefixes saved in the same base as `prefix`, itself included, ascending.
///
/// # Examples
///
/// ```
/// let siblings = meta0::prefix_siblings("BEEF".parse()?, "3".parse()?);
/// let ends = (siblings.clone().next(), siblings.clone().next_back());
/// assert_eq!(ends, (Some("BEE0".parse()?), Some("BEEF".parse()?)));
/// assert_eq!(siblings.len(), 16);
/// # Ok::<(), meta0::PrefixError>(())
/// ```
#[must_use]
pub fn prefix_siblings(
    prefix: Prefix,
    digits: Digits,
) -> impl DoubleEndedIterator<Item = Prefix> + ExactSizeIterator + Clone {
    Base::of(prefix, digits).prefixes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_base_owns_its_prefixes() {
        for digits in (0..=4).map(|digits| Digits::try_from(digits).unwrap()) {
            let mut next = 0;
            for base in digits.bases() {
                assert_eq!(Base::parse(&base.to_string(), digits), Ok(base));
                assert_eq!(Base::parse(&base.first_prefix().to_string(), digits), Ok(base));
                for prefix in base.prefixes() {
                    assert_eq!(usize::from(prefix.get()), next);
                    assert_eq!(Base::of(prefix, digits), base);
                    next += 1;
                }
            }
            assert_eq!(next, PREFIXES);
        }
    }

    #[test]
    fn refusals() {
        let digits = Digits(2);
        let message = |text: &str| Base::parse(text, digits).unwrap_err().to_string();
        let wanted =
            "is not a base of 2 digits: expected 2 hex digits, or 4 of which the rest are 0";
        assert_eq!(message("F"), format!("\"F\" {wanted}"));
        assert_eq!(message("BEEF"), format!("\"BEEF\" {wanted}"));
        assert_eq!(message("+1"), format!("\"+1\" {wanted}"));
        for (text, wanted) in [
            ("5", "5 is not a number of digits: expected 0 to 4"),
            ("200", "200 is not a number of digits: expected 0 to 4"),
            ("two", "\"two\" is not a number of digits: expected 0 to 4"),
        ] {
            assert_eq!(text.parse::<Digits>().unwrap_err().to_string(), wanted);
        }
        let error = "+0AF".parse::<Prefix>().unwrap_err();
        assert_eq!(error.to_string(), "\"+0AF\" is not a prefix: expected 4 hex digits");
    }
}
