//! A change of a plan is shown in names, though it is kept in numbers.

use std::fmt;

use serde::{Serialize, Serializer};

use crate::prefix::Base;

/// One replica of one base that comes, goes, or goes from one service to
/// another.
///
/// Prints as `0050: a -> b`, with `-` for nobody. Serializes as
/// `{"base": "0050", "from": "a", "to": "b"}`, the base as its 4-digit prefix, with
/// null for nobody.
///
/// # Examples
///
/// ```
/// use meta0::{Digits, PrefixMapping};
///
/// let mut old = PrefixMapping::new(Digits::try_from(2)?);
/// let base = old.digits().base(0x50).ok_or("no such base")?;
/// old.assign_services(base, ["a", "b"])?;
/// let mut new = old.clone();
/// new.assign_services(base, ["b", "c"])?;
///
/// let plan = old.diff(&new)?;
/// let change = plan.changes().next().ok_or("no change")?;
/// assert!(change.is_move());
/// assert_eq!(change.to_string(), "5000: a -> c");
/// assert_eq!(serde_json::to_string(&change)?, r#"{"base":"5000","from":"a","to":"c"}"#);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Change<'a> {
    /// The base.
    #[serde(serialize_with = "as_prefix")]
    pub base: Base,
    /// The service that gives the base up; `None` when a replica was missing.
    pub from: Option<&'a str>,
    /// The service that takes the base; `None` when an excess replica is taken
    /// away.
    pub to: Option<&'a str>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands out references")]
fn as_prefix<S: Serializer>(base: &Base, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&base.first_prefix())
}

impl Change<'_> {
    /// Whether it is a move: some service takes the base. Else it is a removal.
    #[must_use]
    pub const fn is_move(&self) -> bool {
        self.to.is_some()
    }
}

impl fmt::Display for Change<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { base, from, to } = self;
        write!(f, "{}: {} -> {}", base.first_prefix(), from.unwrap_or("-"), to.unwrap_or("-"))
    }
}
