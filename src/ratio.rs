//! Exact fractions: shares, and the tolerance that widens their bands.

use std::cmp::Ordering;
use std::error::Error;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A fraction of two whole numbers, at least 0.
///
/// Compares, and prints, by value: `6/4` is `3/2`. Reads and writes, with serde too,
/// as the text that it prints as, `7/2` or `3`; parts of more than 64 bits are not read.
///
/// # Examples
///
/// ```
/// use meta0::Ratio;
///
/// let share = Ratio::new(7, 2);
/// assert_eq!((share.floor(), share.ceil()), (3, 4));
/// assert_eq!(share.to_string(), "7/2");
/// assert_eq!("14/4".parse(), Ok(share));
/// assert!("7/0".parse::<Ratio>().is_err());
/// ```
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Ratio {
    numerator: u128,
    denominator: u128,
}

impl Ratio {
    /// Zero.
    pub const ZERO: Self = Self::whole(0);

    /// `numerator / denominator`.
    ///
    /// # Panics
    ///
    /// When the denominator is 0.
    #[must_use]
    pub const fn new(numerator: u64, denominator: u64) -> Self {
        assert!(denominator != 0, "a fraction has a denominator");
        Self { numerator: numerator as u128, denominator: denominator as u128 }
    }

    /// A whole number.
    #[must_use]
    pub const fn whole(number: u64) -> Self {
        Self { numerator: number as u128, denominator: 1 }
    }

    /// The whole number next to it below; itself when it is whole. `u64::MAX` where
    /// 64 bits don't hold it.
    #[must_use]
    pub fn floor(self) -> u64 {
        match self.words() {
            Some((numerator, denominator)) => numerator / denominator,
            None => u64::try_from(self.numerator / self.denominator).unwrap_or(u64::MAX),
        }
    }

    /// The whole number next to it above; itself when it is whole. `u64::MAX` where
    /// 64 bits don't hold it.
    #[must_use]
    pub fn ceil(self) -> u64 {
        match self.words() {
            Some((numerator, denominator)) => numerator.div_ceil(denominator),
            None => u64::try_from(self.numerator.div_ceil(self.denominator)).unwrap_or(u64::MAX),
        }
    }

    /// Both parts where 64 bits hold them, as they nearly always do: dividing
    /// 128 bits takes several times as long.
    fn words(self) -> Option<(u64, u64)> {
        Some((self.numerator.try_into().ok()?, self.denominator.try_into().ok()?))
    }

    /// The numerator and the denominator in lowest terms.
    #[must_use]
    pub fn parts(self) -> (u128, u128) {
        let lowest = self.reduced();
        (lowest.numerator, lowest.denominator)
    }

    fn reduced(self) -> Self {
        if let Some((numerator, denominator)) = self.words() {
            let (mut divisor, mut rest) = (numerator, denominator);
            while rest != 0 {
                (divisor, rest) = (rest, divisor % rest);
            }
            return Self::new(numerator / divisor, denominator / divisor);
        }
        let Self { numerator, denominator } = self;
        let (mut divisor, mut rest) = (numerator, denominator);
        while rest != 0 {
            (divisor, rest) = (rest, divisor % rest);
        }
        Self { numerator: numerator / divisor, denominator: denominator / divisor }
    }

    /// The sum. Terms of one denominator, which is what a domain adds up,
    /// cost no division.
    #[inline]
    pub(crate) fn plus(self, other: Self) -> Self {
        if self.numerator == 0 {
            return other;
        }
        if self.denominator == other.denominator {
            return Self { numerator: self.numerator + other.numerator, ..self };
        }
        self.plus_unlike(other)
    }

    /// The sum of terms of two denominators.
    fn plus_unlike(self, other: Self) -> Self {
        let (a, b) = (self.reduced(), other.reduced());
        Self {
            numerator: a.numerator * b.denominator + b.numerator * a.denominator,
            denominator: a.denominator * b.denominator,
        }
        .reduced()
    }

    /// A `divisor`-th of it; of nothing, when the divisor is 0.
    pub(crate) fn over(self, divisor: u64) -> Self {
        Self { denominator: self.denominator * u128::from(divisor.max(1)), ..self }.reduced()
    }
}

impl Hash for Ratio {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.parts().hash(state);
    }
}

impl PartialEq for Ratio {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Ratio {}

impl PartialOrd for Ratio {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Ratio {
    fn cmp(&self, other: &Self) -> Ordering {
        if self.denominator == other.denominator {
            return self.numerator.cmp(&other.numerator);
        }
        let (a, b) = (self.reduced(), other.reduced());
        (a.numerator * b.denominator).cmp(&(b.numerator * a.denominator))
    }
}

impl fmt::Display for Ratio {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.parts() {
            (numerator, 1) => write!(f, "{numerator}"),
            (numerator, denominator) => write!(f, "{numerator}/{denominator}"),
        }
    }
}

impl From<Ratio> for String {
    fn from(ratio: Ratio) -> Self {
        ratio.to_string()
    }
}

impl TryFrom<String> for Ratio {
    type Error = RatioError;

    fn try_from(text: String) -> Result<Self, RatioError> {
        text.parse()
    }
}

impl FromStr for Ratio {
    type Err = RatioError;

    fn from_str(text: &str) -> Result<Self, RatioError> {
        let (numerator, denominator) = text.split_once('/').unwrap_or((text, "1"));
        match (whole(numerator), whole(denominator)) {
            (Some(numerator), Some(denominator)) if denominator > 0 => {
                Ok(Self::new(numerator, denominator))
            }
            _ => Err(RatioError { text: text.to_owned() }),
        }
    }
}

/// Text that is no fraction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RatioError {
    text: String,
}

impl RatioError {
    /// What was read.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }
}

impl fmt::Display for RatioError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} is not a fraction: expected two whole numbers, like 7/2, or one", self.text)
    }
}

impl Error for RatioError {}

/// How far beyond its share a load may be, as a part of the share. Defaults to 0.
///
/// Reads `0.05`, `5%` and `1/20` alike, with serde too, and writes `1/20`.
///
/// # Examples
///
/// ```
/// use meta0::Tolerance;
///
/// let tolerance: Tolerance = "5%".parse()?;
/// assert_eq!(tolerance, "0.05".parse()?);
/// assert_eq!(tolerance, Tolerance::new(1, 20)?);
/// assert_eq!(tolerance.to_string(), "1/20");
/// # Ok::<(), meta0::ToleranceError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Tolerance(Ratio);

impl Tolerance {
    /// None: a load is as fair as whole numbers let it.
    pub const ZERO: Self = Self(Ratio::ZERO);

    /// `numerator / denominator` of the share.
    ///
    /// # Errors
    ///
    /// [`ToleranceError`] when the denominator is 0.
    pub fn new(numerator: u32, denominator: u32) -> Result<Self, ToleranceError> {
        if denominator == 0 {
            return Err(ToleranceError { text: format!("{numerator}/0") });
        }
        Ok(Self(Ratio::new(numerator.into(), denominator.into()).reduced()))
    }

    /// The part of the share, in lowest terms.
    #[must_use]
    pub const fn get(self) -> Ratio {
        self.0
    }

    /// The largest whole number not above `share * (1 - tolerance)`, and the
    /// least not below `share * (1 + tolerance)`.
    pub(crate) fn widen(self, share: Ratio) -> (u64, u64) {
        let Ratio { numerator, denominator } = self.0;
        if numerator == 0 {
            return (share.floor(), share.ceil());
        }
        let scaled = |factor| Ratio {
            numerator: share.numerator * factor,
            denominator: share.denominator * denominator,
        };
        let below = denominator.saturating_sub(numerator);
        (scaled(below).floor(), scaled(denominator + numerator).ceil())
    }
}

/// [`Tolerance::ZERO`].
impl Default for Tolerance {
    fn default() -> Self {
        Self::ZERO
    }
}

impl From<Tolerance> for String {
    fn from(tolerance: Tolerance) -> Self {
        tolerance.to_string()
    }
}

impl TryFrom<String> for Tolerance {
    type Error = ToleranceError;

    fn try_from(text: String) -> Result<Self, ToleranceError> {
        text.parse()
    }
}

impl fmt::Display for Tolerance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for Tolerance {
    type Err = ToleranceError;

    fn from_str(text: &str) -> Result<Self, ToleranceError> {
        let refused = || ToleranceError { text: text.to_owned() };
        let read = || {
            if let Some((numerator, denominator)) = text.split_once('/') {
                return Some((whole(numerator)?, whole(denominator)?));
            }
            let (number, scale) = match text.strip_suffix('%') {
                Some(percent) => (percent, 100),
                None => (text, 1),
            };
            let (ones, decimals) = number.split_once('.').unwrap_or((number, ""));
            let places = u32::try_from(decimals.len()).ok()?;
            let denominator = 10_u32.checked_pow(places)?;
            let decimals = if decimals.is_empty() { 0 } else { whole(decimals)? };
            let ones: u32 = whole(ones)?;
            let numerator = ones.checked_mul(denominator)?.checked_add(decimals)?;
            Some((numerator, denominator.checked_mul(scale)?))
        };
        let (numerator, denominator) = read().ok_or_else(refused)?;
        Self::new(numerator, denominator).map_err(|_| refused())
    }
}

/// Digits and nothing else.
fn whole<T: FromStr>(text: &str) -> Option<T> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())?
}

/// Text that is no tolerance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToleranceError {
    text: String,
}

impl ToleranceError {
    /// What was read.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }
}

impl fmt::Display for ToleranceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:?} is not a tolerance: expected a part of the share, like 0.05, 5% or 1/20",
            self.text
        )
    }
}

impl Error for ToleranceError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_are_exact() {
        let third = Ratio::new(1, 3);
        assert_eq!(third.plus(third).plus(third), Ratio::whole(1));
        assert_eq!(third.plus(Ratio::new(1, 6)).to_string(), "1/2");
        assert_eq!(Ratio::new(7, 3).over(7), third);
        assert!(Ratio::new(2, 3) > Ratio::new(3, 5));
        assert_ne!(third, Ratio::new(1, 2));
    }

    #[test]
    fn terms_of_more_than_64_bits_are_as_exact() {
        let sixth = Ratio::new(u64::MAX, 6);
        let half = sixth.plus(sixth).plus(sixth);
        assert_eq!((half.floor(), half.ceil()), (u64::MAX / 2, u64::MAX / 2 + 1));
        assert_eq!(half.parts(), (u128::from(u64::MAX), 2));
        assert_eq!(half.plus(half), Ratio::whole(u64::MAX));
    }

    #[test]
    fn a_tolerance_widens_both_ways() {
        let widen = |text: &str| text.parse::<Tolerance>().unwrap().widen(Ratio::new(201, 2));
        assert_eq!(widen("0"), (100, 101));
        assert_eq!(widen("1%"), (99, 102));
        assert_eq!(widen("0.5"), (50, 151));
        assert_eq!(widen("3/2"), (0, 252));
        assert_eq!("5%".parse::<Tolerance>().unwrap().to_string(), "1/20");
    }

    #[test]
    fn fractions_go_through_text() {
        for (text, parts) in [("0", (0, 1)), ("6/4", (3, 2)), ("7", (7, 1)), ("007/14", (1, 2))] {
            let ratio: Ratio = text.parse().unwrap();
            assert_eq!(ratio.parts(), parts);
            let json = serde_json::to_string(&ratio).unwrap();
            assert_eq!(json, format!("{:?}", ratio.to_string()));
            assert_eq!(serde_json::from_str::<Ratio>(&json).unwrap(), ratio);
        }
        for text in ["", "/", "1/", "/1", "1/0", "-1", "+1", "1/-1", "1.5", "1/2/3", " 1"] {
            let error = text.parse::<Ratio>().unwrap_err();
            let wanted = "is not a fraction: expected two whole numbers, like 7/2, or one";
            assert_eq!(error.to_string(), format!("{text:?} {wanted}"));
        }
        let json = serde_json::to_string(&Tolerance::new(2, 40).unwrap()).unwrap();
        assert_eq!(json, r#""1/20""#);
        assert_eq!(
            serde_json::from_str::<Tolerance>(r#""5%""#).unwrap(),
            Tolerance::new(1, 20).unwrap()
        );
        assert!(serde_json::from_str::<Tolerance>(r#""x""#).is_err());
    }

    #[test]
    fn what_is_no_tolerance_is_refused() {
        for text in ["", "x", "-1", "+1", "1/0", "1e3", "%", ".5%%", "9999999999", "0.00000000001"]
        {
            let error = text.parse::<Tolerance>().unwrap_err();
            let wanted = "is not a tolerance: expected a part of the share, like 0.05, 5% or 1/20";
            assert_eq!(error.to_string(), format!("{text:?} {wanted}"));
        }
    }
}
