//! A change of one base as numbers: what solvers, waves and mappings pass on.

/// A change over what `N` numbers: names of a plan, ids of a planner. Where a
/// replica comes from nowhere, or goes, there is none of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RawChange<N = u16> {
    pub(crate) base: u16,
    pub(crate) from: N,
    pub(crate) to: N,
}
