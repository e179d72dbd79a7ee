//! How far a base is from what it was, as far as that is told without a look.

/// In which cells a base may have another service than at the start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Touched {
    No,
    /// In that cell, and in no other.
    Cell(u8),
    Anywhere,
}

impl Touched {
    /// Adds a cell.
    #[inline]
    pub(super) fn add(&mut self, cell: usize) {
        self.merge(u8::try_from(cell).map_or(Self::Anywhere, Self::Cell));
    }

    /// Adds what another change touches.
    #[inline]
    pub(super) fn merge(&mut self, now: Self) {
        *self = if *self == Self::No || *self == now { now } else { Self::Anywhere };
    }
}
