//! Two services are compared by an integer each, which says where they are.

use crate::location::Level;
use crate::service::ServiceIndex;
use crate::topology::Topology;

/// The domains that a service is in: 16 bits for each level, coarsest on top.
///
/// Domains are nested, so two services are alike at the coarsest few levels and
/// at no others, and the leading bits that their paths have in common count
/// those levels. Paths are ordered by location.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(super) struct Path(u64);

impl Path {
    pub(super) fn of(topology: &Topology, service: ServiceIndex) -> Self {
        let domain = |level| topology.domain_at(level, service);
        Self(Level::ALL.into_iter().fold(0, |path, level| path << 16 | domain(level) as u64))
    }

    /// At how many levels both are alike: 4 less their distance.
    #[inline]
    pub(super) const fn depth(self, other: Self) -> usize {
        ((self.0 ^ other.0).leading_zeros() / 16) as usize
    }
}

/// Cuts items, which are in order of their paths, into those of each domain of a
/// level.
pub(super) fn by_domain<T>(
    items: &[T],
    level: Level,
    path: impl Fn(&T) -> Path,
) -> impl Iterator<Item = &[T]> {
    items.chunk_by(move |a, b| path(a).depth(path(b)) > level.index())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::service::Service;

    #[test]
    fn depth_is_four_less_the_distance() {
        let locations =
            ["s.r.h.v", "s.r.h.w", "s.r.i.v", "s.q.h.v", "t.r.h.v", "h.v", "v", "r.h.v"];
        let services: Vec<_> = (0..)
            .zip(locations)
            .map(|(port, location)| Service::new(format!("a:{port}"), location.parse().unwrap()))
            .collect();
        let topology = Topology::new(services).unwrap();
        let indices = topology.by_location();
        let path = |index: &ServiceIndex| Path::of(&topology, *index);
        let location = |index: &ServiceIndex| topology.services()[index.index()].location();
        assert!(indices.is_sorted_by_key(path));
        for a in indices {
            for b in indices {
                let distance = usize::from(location(a).distance(location(b)));
                assert_eq!(path(a).depth(path(b)), 4 - distance);
            }
        }
    }
}
