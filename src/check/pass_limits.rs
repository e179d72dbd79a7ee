//! A base within some limits keeps every rule, and needs no look.

use crate::location::Level;
use crate::rules::Rules;

/// What the replicas of a base keep to when it keeps every cap and withstands
/// the loss of as many domains as the bases seen before.
///
/// Invariants:
/// 1. `crowded` holds the levels that are coarser than `apart`, coarsest first,
///    with caps that strictly descend; a cap that a coarser level implies is
///    left out;
/// 2. a cap of 0 at any level is a cap of 0 at the sites.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct PassLimits {
    /// No two replicas are in one domain of this level.
    pub(super) apart: Level,
    /// No domain of these levels holds more replicas than its cap.
    pub(super) crowded: Vec<(Level, u16)>,
}

impl PassLimits {
    /// The limits by the rules, when every base so far may lose `tolerated`
    /// domains of each level.
    ///
    /// A base with `spare` replicas beyond its quorum withstands the loss of `k`
    /// domains when none of them holds more than `spare / k` of its replicas.
    /// Since the base withstands no more than `spare` losses, whatever more the
    /// others withstand asks nothing of it.
    pub(super) fn new(rules: Rules, tolerated: [Option<u32>; 4]) -> Self {
        let spare = u32::from(rules.replicas() - rules.quorum());
        let caps = Level::ALL.map(|level| {
            let losses = tolerated[level.index()].map_or(0, |losses| losses.min(spare));
            let withstands = spare.checked_div(losses).and_then(|cap| cap.try_into().ok());
            rules.cap(level).min(withstands.unwrap_or(u16::MAX))
        });
        if caps.contains(&0) {
            return Self { apart: Level::Volume, crowded: vec![(Level::Site, 0)] };
        }
        let apart = Level::ALL.into_iter().find(|level| caps[level.index()] == 1);
        let apart = apart.unwrap_or(Level::Volume);
        let mut least = rules.replicas();
        let coarser = Level::ALL.into_iter().zip(caps).take_while(|&(level, _)| level < apart);
        let is_tighter = |&(_, cap): &(Level, u16)| {
            let is_tighter = cap < least;
            least = least.min(cap);
            is_tighter
        };
        Self { apart, crowded: coarser.filter(is_tighter).collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits(rules: Rules, tolerated: [u32; 4]) -> (Level, Vec<(Level, u16)>) {
        let limits = PassLimits::new(rules, tolerated.map(Some));
        (limits.apart, limits.crowded)
    }

    #[test]
    fn the_first_bases_are_to_be_as_far_apart_as_can_be() {
        let rules = |replicas| Rules::new(replicas).unwrap();
        assert_eq!(limits(rules(3), [u32::MAX; 4]), (Level::Site, vec![]));
        assert_eq!(limits(rules(2), [u32::MAX; 4]), (Level::Volume, vec![]));
    }

    #[test]
    fn what_may_be_lost_is_a_cap() {
        let rules = Rules::new(7).unwrap();
        assert_eq!(limits(rules, [0, 1, 2, 3]), (Level::Host, vec![(Level::Rack, 3)]));
        assert_eq!(limits(rules, [1, 1, 1, 9]), (Level::Volume, vec![(Level::Site, 3)]));
        assert_eq!(PassLimits::new(rules, [None; 4]).apart, Level::Volume);
    }

    #[test]
    fn a_cap_that_a_coarser_level_implies_is_left_out() {
        let rules = Rules::new(5).unwrap();
        let caps = |site, rack, host| {
            let rules =
                rules.at_most(Level::Site, site).unwrap().at_most(Level::Rack, rack).unwrap();
            limits(rules.at_most(Level::Host, host).unwrap(), [0; 4])
        };
        let (site, rack, host) = (Level::Site, Level::Rack, Level::Host);
        assert_eq!(caps(4, 3, 2), (Level::Volume, vec![(site, 4), (rack, 3), (host, 2)]));
        assert_eq!(caps(2, 3, 1), (host, vec![(site, 2)]));
        assert_eq!(caps(3, 3, 3), (Level::Volume, vec![(site, 3)]));
        assert_eq!(caps(9, 2, 5), (Level::Volume, vec![(rack, 2)]));
    }
}
