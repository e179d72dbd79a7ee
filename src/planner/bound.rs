//! A lower bound on the moves of any plan, by weak duality alone.
//!
//! # The bound
//!
//! Give every service, domain and the root a number, `p`. For any plan in which each
//! base places as many replicas as in this one, let `T(b)` be the services on which
//! base `b` ends up, without its fixed replicas. Let `new` be 1 for those that it did
//! not hold before, and `m(x)` how many replicas of all `T` end up below node `x`.
//! Then, adding and taking away `p` along the path from each service to the root,
//!
//! ```text
//! cost = sum of new(b, s) over the pairs, and weight(x) * miss(x) over the nodes
//!      = sum over bases of  sum over s in T(b) of  new(b, s) - p(s)
//!      + sum over nodes of  weight(x) * miss(x) + m(x) * (p(x) - p(parent of x))
//!      + all replicas * p(root)
//! ```
//!
//! Each base's sum is at least its minimum over all sets that the rules allow,
//! and each node's term at least its minimum over all loads. The sum of those
//! minima is therefore a lower bound on the cost of every plan, *whatever* the
//! numbers are. With the potentials of an optimal flow it is the optimum.
//!
//! # The minima
//!
//! The sets of services that the rules let one base have are the independent sets
//! of a laminar matroid: a cap for every domain, and the number of replicas. So
//! greed finds its cheapest basis: own services at `-p(s)`, and of the others, at
//! `1 - p(s)`, the cheapest of each domain that holds one replica at most. An own
//! service stands among the others as well, one dearer, and the two exclude each
//! other, so that greed never takes the dearer one. Few of the others can matter:
//!
//! - The cheapest basis of a matroid to which elements are added lies within the
//!   old one and what was added. So for a base that is to have `n` replicas, of the
//!   others only the first `n` matter that greed takes for a base that has nothing:
//!   the same for every base. Fixed replicas are counted in `n`, and change nothing
//!   about that, even if they break caps themselves. What `k` of them leave is a
//!   laminar matroid too: a cap of `c` around `f` of them is `c - f`, or 0. And it is a
//!   contraction. Add a dummy for each fixed replica, in the finest domain around it
//!   that is not full of dummies yet, or none where all are; to contract the dummies
//!   lowers the caps by just that. Whatever spans an element in a matroid spans it in
//!   each contraction, so what greed refuses for a base that has nothing, it refuses
//!   again. And to contract `k` elements lowers a rank by `k` at most, so of the first
//!   `n` there are still as many as the base has to place.
//! - Let the *bar* be the price of the cheapest other. Say that `n` others at that
//!   price may be held together. Then a base takes those of its own services first
//!   that are no dearer than the bar, and finds what it then lacks at the bar,
//!   whatever it has: a smaller independent set can always be extended from a larger
//!   one, by the above beside fixed replicas too. If all own services are no dearer
//!   than the bar and may be held together, then the base's least is the sum of their
//!   prices and of the bar for what it lacks, and the sum over such bases is one over
//!   their loads.
//!
//! A node's term is convex and piecewise linear in its load: its minimum is at
//! an end of the band or of the range.
//!
//! # Complexity
//!
//! At most one pass over the table, in which a base takes `O(replicas^2)`, and
//! `O(services * log(services))`. The bound takes from the planner what the bases held
//! before, the limits, the shares, and which bases are broken; of the solver it uses
//! the numbers alone.

use super::flow::Bases;
use super::limits::Limits;
use super::load_nodes::{ByNode, DOMAIN_WEIGHT, SERVICE_WEIGHT};
use super::roles::Roles;
use super::survey::Broken;
use crate::index::Place;
use crate::location::Level;
use crate::service::ServiceIndex;
use crate::share::{Band, Shares};
use crate::topology::Topology;

/// What the bound is computed of.
#[derive(Debug)]
pub(crate) struct Bound<'a> {
    pub(crate) topology: &'a Topology,
    pub(crate) shares: &'a Shares,
    pub(crate) limits: &'a Limits,
    /// The number of every node.
    pub(crate) potentials: &'a ByNode<i64>,
    /// Fixed replicas of each service, by place.
    pub(crate) fixed: &'a [u64],
}

/// The bases whose own services keep the rules and that have nothing fixed.
#[derive(Debug)]
pub(crate) struct Intact<'a> {
    /// Who takes part at all.
    pub(crate) roles: &'a Roles,
    /// How many of their replicas each service holds, by place.
    pub(crate) loads: &'a [i64],
    /// How many replicas they lack, in all.
    pub(crate) lacking: i64,
    pub(crate) replicas: u16,
}

impl Intact<'_> {
    /// How many replicas they place.
    pub(crate) fn total(&self) -> i64 {
        self.loads.iter().sum::<i64>() + self.lacking
    }
}

/// What a base would pay for a service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Priced {
    cost: i64,
    place: Place,
}

impl Bound<'_> {
    /// The lower bound on the cost: moves, and weighted misses of bands.
    ///
    /// Of `bases` it asks what they held at the start, and nothing else.
    pub(crate) fn cost(&self, intact: &Intact<'_>, bases: &Bases<'_>, broken: &[Broken]) -> i128 {
        let prices = &self.potentials.services;
        let offers = offers(self.limits, prices);
        let mut greed = Greed::new(self.limits, prices, &offers);
        let need: i64 = broken.iter().map(|broken| i64::from(broken.need)).sum();
        let mut sum = Self::least_of_intact(intact, bases, broken, &mut greed);
        if bases.are_all_fixed() && greed.is_bar_met(usize::from(intact.replicas)) {
            sum += i128::from(need) * i128::from(greed.bar());
        } else {
            for &Broken { base, need, .. } in broken {
                let (own, fixed) = (bases.own(base as usize), bases.fixed(base as usize));
                sum += i128::from(greed.least(own, fixed, usize::from(need)));
            }
        }
        let total = intact.total() + need;
        sum + self.nodes(total) + i128::from(total) * i128::from(self.potentials.root)
    }

    /// The sum over the bases that are not broken.
    fn least_of_intact(
        intact: &Intact<'_>,
        bases: &Bases<'_>,
        broken: &[Broken],
        greed: &mut Greed<'_>,
    ) -> i128 {
        let prices = greed.prices;
        let loaded = || intact.loads.iter().zip(prices).filter(|(load, _)| **load > 0);
        let bar = greed.bar();
        if loaded().all(|(_, price)| -price <= bar)
            && (intact.lacking == 0 || greed.is_bar_met(usize::from(intact.replicas)))
        {
            let term = |(&load, &price): (&i64, &i64)| -i128::from(load) * i128::from(price);
            return loaded().map(term).sum::<i128>() + i128::from(intact.lacking) * i128::from(bar);
        }
        let mut next_broken = broken.iter().map(|broken| broken.base as usize).peekable();
        let mut sum = 0;
        for base in 0..bases.count() {
            if next_broken.next_if_eq(&base).is_none() && !intact.roles.is_still(base) {
                let need = usize::from(intact.replicas);
                sum += i128::from(greed.least(bases.own(base), std::iter::empty(), need));
            }
        }
        sum
    }

    /// The least that the terms of the nodes add up to.
    fn nodes(&self, total: i64) -> i128 {
        let domains = &self.potentials.domains;
        let bands: Vec<_> = self.shares.service_bands().collect();
        let mut sum = 0;
        for (place, &service) in self.topology.by_location().iter().enumerate() {
            if self.topology.services()[service.index()].is_available() {
                let parent = domains[Level::Volume.index()][self.domain(Level::Volume, service)];
                let slope = self.potentials.services[place] - parent;
                let most = if self.limits.is_open(Place::new(place)) { total } else { 0 };
                sum +=
                    least(bands[service.index()], self.fixed[place], slope, SERVICE_WEIGHT, most);
            }
        }
        for level in Level::ALL {
            let here = self.topology.domains(level).iter().zip(self.shares.domain_bands(level));
            for ((domain, band), potential) in here.zip(&domains[level.index()]) {
                let places = domain.members();
                let first = self.topology.by_location()[places.start];
                let parent = level.index().checked_sub(1).map_or(self.potentials.root, |above| {
                    domains[above][self.domain(Level::ALL[above], first)]
                });
                let is_open = places.clone().any(|place| self.limits.is_open(Place::new(place)));
                let fixed = self.fixed[places].iter().sum();
                let most = if is_open { total } else { 0 };
                sum += least(band, fixed, potential - parent, DOMAIN_WEIGHT, most);
            }
        }
        sum
    }

    fn domain(&self, level: Level, service: ServiceIndex) -> usize {
        self.topology.domain_at(level, service)
    }
}

/// The cheapest open service of each domain that holds one replica at most,
/// ascending by cost.
fn offers(limits: &Limits, prices: &[i64]) -> Vec<Priced> {
    let domain = |place: Place| limits.exclusive().domain(place);
    let mut offers: Vec<Priced> = Vec::new();
    for place in limits.open() {
        let offer = Priced { cost: 1 - prices[place.index()], place };
        match offers.last_mut() {
            Some(best) if domain(best.place) == domain(place) => *best = offer.min(*best),
            _ => offers.push(offer),
        }
    }
    offers.sort_unstable();
    offers
}

/// The least of `weight * miss + slope * load` over loads of 0 to `most` on top
/// of a fixed one.
fn least(band: Band, fixed: u64, slope: i64, weight: i64, most: i64) -> i128 {
    let end = |end: u64| i64::try_from(end.saturating_sub(fixed)).unwrap_or(i64::MAX);
    let loads = [0, end(band.floor), end(band.ceil), most].map(|load| load.clamp(0, most));
    let cost = |load: i64| {
        let miss = band.distance(fixed + u64::try_from(load).expect("clamped to 0 or more"));
        i128::from(weight) * i128::from(miss) + i128::from(slope) * i128::from(load)
    };
    loads.into_iter().map(cost).min().expect("four loads")
}

/// The services that a base takes, in keeping with the rules.
#[derive(Debug)]
struct Taken<'a> {
    limits: &'a Limits,
    places: Vec<Place>,
}

impl Taken<'_> {
    /// Starts with what a base has in any case.
    fn start(&mut self, fixed: impl Iterator<Item = Place>) {
        self.places.clear();
        self.places.extend(fixed);
    }

    fn len(&self) -> usize {
        self.places.len()
    }

    /// Takes, up to `full` in all, the first that fit of own services and others,
    /// each ascending by cost. Returns what they cost.
    fn take(&mut self, full: usize, mut own: &[Priced], mut others: &[Priced]) -> i64 {
        let mut sum = 0;
        while self.len() < full {
            let next = match (own, others) {
                ([first, rest @ ..], []) => (own = rest, first).1,
                ([first, rest @ ..], [other, ..]) if first.cost <= other.cost => {
                    (own = rest, first).1
                }
                (_, [first, rest @ ..]) => (others = rest, first).1,
                ([], []) => break,
            };
            if self.limits.lets(&self.places.iter().copied(), next.place) {
                self.places.push(next.place);
                sum += next.cost;
            }
        }
        sum
    }
}

/// The cheapest sets of bases, one base after another.
#[derive(Debug)]
struct Greed<'a> {
    prices: &'a [i64],
    /// The others, of which those before `next` were tried for `first`.
    offers: &'a [Priced],
    next: usize,
    /// The cheapest set of a base that holds nothing, as far as it was asked for.
    first: Vec<Priced>,
    first_taken: Taken<'a>,
    own: Vec<Priced>,
    taken: Taken<'a>,
}

impl<'a> Greed<'a> {
    fn new(limits: &'a Limits, prices: &'a [i64], offers: &'a [Priced]) -> Self {
        let [first_taken, taken] = [(); 2].map(|()| Taken { limits, places: Vec::new() });
        Self { prices, offers, next: 0, first: Vec::new(), first_taken, own: Vec::new(), taken }
    }

    /// What the cheapest offer costs.
    fn bar(&self) -> i64 {
        self.offers.first().map_or(i64::MAX, |offer| offer.cost)
    }

    /// The cheapest set of `full` services of a base that holds nothing, or all of
    /// it where there are fewer.
    fn first(&mut self, full: usize) -> &[Priced] {
        while self.first.len() < full
            && let Some(&offer) = self.offers.get(self.next)
        {
            self.next += 1;
            if self.first_taken.limits.lets(&self.first_taken.places.iter().copied(), offer.place) {
                self.first_taken.places.push(offer.place);
                self.first.push(offer);
            }
        }
        &self.first[..full.min(self.first.len())]
    }

    /// Whether a base that is to have `full` replicas finds those it lacks at the
    /// bar, whatever it has.
    fn is_bar_met(&mut self, full: usize) -> bool {
        let bar = self.bar();
        let first = self.first(full);
        first.len() == full && first.last().is_none_or(|dearest| dearest.cost == bar)
    }

    /// The least that the term of a base can be which places `need` replicas.
    ///
    /// By greed: own services that are no dearer than any other come first. What
    /// is then lacking costs the bar each, where it is met.
    fn least(
        &mut self,
        own: impl Iterator<Item = Place>,
        fixed: impl Iterator<Item = Place>,
        need: usize,
    ) -> i64 {
        if need == 0 {
            return 0;
        }
        let prices = self.prices;
        self.own.clear();
        self.own.extend(own.map(|place| Priced { cost: -prices[place.index()], place }));
        self.own.sort_unstable_by_key(|own| own.cost);
        self.taken.start(fixed);
        let bar = self.bar();
        let full = self.taken.len() + need;
        let cheap = self.own.partition_point(|own| own.cost <= bar);
        let sum = self.taken.take(full, &self.own[..cheap], &[]);
        let lacking = full - self.taken.len();
        if lacking == 0 {
            return sum;
        }
        if self.is_bar_met(full) {
            let lacking = i64::try_from(lacking).expect("at most the replicas of a base");
            return sum + lacking * bar;
        }
        self.first(full);
        let (first, dear) = (&self.first[..full.min(self.first.len())], &self.own[cheap..]);
        sum + self.taken.take(full, dear, first)
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::{btree_set, vec};
    use proptest::prelude::*;

    use super::*;
    use crate::rules::Rules;
    use crate::service::Service;

    const PLACES: usize = 9;

    fn limits(caps: [u16; 3], open: Vec<bool>) -> Limits {
        let service = |n: usize| {
            let location = format!("s{}.r{}.h{}.v{}", n / 5, n / 3, n / 2, n);
            Service::new(format!("a{n}"), location.parse().unwrap())
        };
        let topology = Topology::new((0..PLACES).map(service).collect()).unwrap();
        let rules = Rules::new(9).unwrap().at_most(Level::Site, caps[0]);
        let rules = rules.at_most(Level::Rack, caps[1]).at_most(Level::Host, caps[2]);
        Limits::new(&topology, rules, open)
    }

    /// What a base holds: own services, some that stay, and how many it places.
    type Held = (Vec<Place>, Vec<Place>, usize);

    /// Services of which some are a base's own, others fixed in it.
    fn held() -> impl Strategy<Value = Held> {
        (btree_set(0..PLACES, 0..4), btree_set(0..PLACES, 0..4), 0..5_usize).prop_map(
            |(own, fixed, need)| {
                let places = |set: &mut dyn Iterator<Item = usize>| set.map(Place::new).collect();
                (places(&mut own.difference(&fixed).copied()), places(&mut fixed.into_iter()), need)
            },
        )
    }

    /// Every set of open and own services that the rules let a base add, with what
    /// it costs.
    fn sets<'a>(
        limits: &'a Limits,
        prices: &'a [i64],
        (own, fixed, need): &'a Held,
    ) -> impl Iterator<Item = i64> + 'a {
        let sets = (0..1_u32 << PLACES).filter(|set| set.count_ones() as usize == *need);
        sets.filter_map(move |set| {
            let mut taken = fixed.clone();
            Place::all(PLACES).filter(|place| set >> place.index() & 1 == 1).try_fold(
                0,
                |sum, place| {
                    let is_own = own.contains(&place);
                    let fits = is_own || limits.is_open(place);
                    let fits = fits && limits.lets(&taken.iter().copied(), place);
                    taken.push(place);
                    fits.then(|| sum + i64::from(!is_own) - prices[place.index()])
                },
            )
        })
    }

    proptest! {
        #[test]
        fn the_least_of_a_base_is_that_of_all_its_sets_whatever_was_asked_before(
            open in vec(prop::bool::weighted(0.8), PLACES),
            prices in vec(-1..3_i64, PLACES),
            caps in [1..5_u16, 1..4_u16, 1..3_u16],
            bases in vec(held(), 1..5),
        ) {
            let limits = limits(caps, open);
            let offers = offers(&limits, &prices);
            let mut greed = Greed::new(&limits, &prices, &offers);
            for held in bases {
                let Some(least) = sets(&limits, &prices, &held).min() else { continue };
                let (own, fixed, need) = held;
                let found = greed.least(own.into_iter(), fixed.into_iter(), need);
                prop_assert_eq!(found, least);
            }
        }

        #[test]
        fn the_bar_is_met_where_so_many_cost_no_more_than_the_cheapest(
            open in vec(prop::bool::weighted(0.8), PLACES),
            prices in vec(0..2_i64, PLACES),
            caps in [1..5_u16, 1..4_u16, 1..3_u16],
            asked in vec(0..6_usize, 1..5),
        ) {
            let limits = limits(caps, open);
            let offers = offers(&limits, &prices);
            let mut greed = Greed::new(&limits, &prices, &offers);
            for full in asked {
                let base = (Vec::new(), Vec::new(), full);
                let least = sets(&limits, &prices, &base).min();
                let cheapest = limits.open().map(|place| 1 - prices[place.index()]).min();
                let all_cheapest = cheapest.unwrap_or(0) * i64::try_from(full).unwrap();
                prop_assert_eq!(greed.is_bar_met(full), least == Some(all_cheapest));
                prop_assert_eq!(greed.first(full).len() == full, least.is_some());
            }
        }

        #[test]
        fn the_least_of_a_node_is_that_of_all_its_loads(
            (floor, width) in (0..6_u64, 0..4_u64),
            (fixed, slope, most) in (0..8_u64, -4..5_i64, 0..12_i64),
        ) {
            let band = Band { floor, ceil: floor + width };
            let cost = |load: i64| {
                let miss = band.distance(fixed + u64::try_from(load).unwrap());
                i128::from(miss) * 3 + i128::from(slope * load)
            };
            prop_assert_eq!(Some(least(band, fixed, slope, 3, most)), (0..=most).map(cost).min());
        }
    }
}
