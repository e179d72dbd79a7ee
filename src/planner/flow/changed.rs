//! How far a base is from what it was, as far as that is told without a look.

/// In which cells a base may have another service than before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Changed {
    Nowhere,
    /// In that cell, and in no other.
    Cell(u8),
    Anywhere,
}

impl Changed {
    /// Adds a cell.
    #[inline]
    pub(super) fn add(&mut self, cell: usize) {
        self.merge(u8::try_from(cell).map_or(Self::Anywhere, Self::Cell));
    }

    /// Adds what another change changes.
    #[inline]
    pub(super) fn merge(&mut self, now: Self) {
        *self = if *self == Self::Nowhere || *self == now { now } else { Self::Anywhere };
    }
}

#[cfg(test)]
mod tests {
    use super::Changed;

    #[test]
    fn two_cells_are_anywhere() {
        let mut changed = Changed::Nowhere;
        changed.add(3);
        changed.add(3);
        assert_eq!(changed, Changed::Cell(3));
        changed.add(4);
        assert_eq!(changed, Changed::Anywhere);
        changed.add(4);
        assert_eq!(changed, Changed::Anywhere);
    }

    #[test]
    fn a_cell_beyond_255_is_anywhere() {
        let mut changed = Changed::Nowhere;
        changed.add(256);
        assert_eq!(changed, Changed::Anywhere);
    }
}
