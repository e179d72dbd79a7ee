//! Solvers, waves and mappings pass on changes of a base as numbers.

/// A replica that comes to a base, goes, or goes from one service to another.
///
/// What `from` and `to` are the numbers of depends on who speaks: a planner means
/// those it plans for, a plan its names. Each has a number for nobody.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RawChange<N> {
    /// The index of the base.
    pub(crate) base: u16,
    /// Who gives the base up, if anybody does.
    pub(crate) from: N,
    /// Who takes it, if anybody does.
    pub(crate) to: N,
}
