//! A layer of a search: how far a node is from the sources.
//!
//! Layers count *steps*: changes of a base, from one service to another. Within a
//! step, paths run along the load tree, in *hops*, so that the way from a service
//! up to a domain that lacks load, and the way down from one that has too much,
//! need no round of their own. Arcs of the tree lead one hop on, changes of a base
//! to the first hop of the next step, so that the arcs along layers form no cycle.

/// A layer of a search: how many steps lead to it, and how many hops since.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Layer(u32);

impl Layer {
    /// The layer of the sources.
    pub(super) const FIRST: Self = Self(0);
    /// That of what no path leads to; after all others.
    pub(super) const NONE: Self = Self(u32::MAX);
    /// More hops than a path has within a step: up to the root and down again.
    const STEP: u32 = 1 << 8;

    /// What an arc of the load tree leads to.
    pub(super) const fn next_hop(self) -> Self {
        Self(self.0 + 1)
    }

    /// What a change of a base leads to.
    pub(super) const fn next_step(self) -> Self {
        Self((self.0 | (Self::STEP - 1)) + 1)
    }

    /// Whether a change of a base may lead there.
    pub(super) const fn is_after_a_step(self) -> bool {
        self.0 >= Self::STEP && self.0 != Self::NONE.0
    }
}

#[cfg(test)]
mod tests {
    use super::Layer;

    #[test]
    fn a_step_is_beyond_all_hops_of_the_one_before() {
        let hops = std::iter::successors(Some(Layer::FIRST), |layer| Some(layer.next_hop()));
        let step = Layer::FIRST.next_step();
        assert!(hops.take(20).all(|layer| layer < step && layer.next_step() == step));
        assert!(step.is_after_a_step() && !Layer::FIRST.is_after_a_step());
        assert!(step.next_step() > step.next_hop() && step.next_step() < Layer::NONE);
        assert!(!Layer::NONE.is_after_a_step());
    }
}
