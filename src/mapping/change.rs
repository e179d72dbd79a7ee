//! A change of one base as numbers: what solvers, waves and mappings pass on.

/// A change over the names of its plan, [`HOLE`](crate::mapping::HOLE) for none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RawChange {
    pub(crate) base: u16,
    pub(crate) from: u16,
    pub(crate) to: u16,
}
