//! A change of a plan is shown in names, though it is kept in numbers.

use std::fmt;

use crate::prefix::Base;

/// One replica of one base that comes, goes, or goes from one service to
/// another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Change<'a> {
    /// The base.
    pub base: Base,
    /// The service that gives the base up; `None` when a replica was missing.
    pub from: Option<&'a str>,
    /// The service that takes the base; `None` when an excess replica is taken
    /// away.
    pub to: Option<&'a str>,
}

impl Change<'_> {
    /// Whether it is a move: some service takes the base.
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
