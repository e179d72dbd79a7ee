//! A mapping can lose as many domains as leave its weakest base a quorum.

use crate::location::Level;

/// For each level, how many domains every base seen so far may lose; `None` when
/// some base has no quorum even now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Tolerated(pub(super) [Option<u32>; 4]);

impl Tolerated {
    /// What may be lost while no base has been seen.
    pub(super) const NO_BASE: Self = Self([Some(u32::MAX); 4]);

    /// Lowers what may be lost at a level to what a base withstands. `sizes` are
    /// its available replicas by domain, in any order.
    pub(super) fn lower(&mut self, level: Level, sizes: &mut [usize], quorum: usize) {
        let withstands = withstands(sizes, quorum);
        let least = &mut self.0[level.index()];
        *least = least.zip(withstands).map(|(least, withstands)| least.min(withstands));
    }

    /// Lowers what may be lost at every level to `losses`.
    pub(super) fn lower_all(&mut self, losses: u32) {
        for least in self.0.iter_mut().flatten() {
            *least = losses.min(*least);
        }
    }
}

/// How many domains a base may lose, the fullest first, and keep its quorum;
/// `None` when it has none now.
fn withstands(sizes: &mut [usize], quorum: usize) -> Option<u32> {
    let mut spare = sizes.iter().sum::<usize>().checked_sub(quorum)?;
    sizes.sort_unstable_by(|a, b| b.cmp(a));
    let mut lost = 0;
    for size in sizes {
        let Some(left) = spare.checked_sub(*size) else { break };
        spare = left;
        lost += 1;
    }
    Some(lost)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fullest_domains_go_first() {
        assert_eq!(withstands(&mut [1, 1, 1], 2), Some(1));
        assert_eq!(withstands(&mut [1, 2], 2), Some(0));
        assert_eq!(withstands(&mut [1, 1, 3, 2], 4), Some(1));
        assert_eq!(withstands(&mut [1, 1], 2), Some(0));
        assert_eq!(withstands(&mut [1], 2), None);
        assert_eq!(withstands(&mut [], 1), None);
    }
}
