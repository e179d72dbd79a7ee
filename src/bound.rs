//! A lower bound on the moves of any plan, by weak duality alone.
//!
//! # The bound
//!
//! Give every service, domain and the root a number, `p`. For any plan, let
//! `T(b)` be the services that base `b` moves or keeps of its free will, `new`
//! 1 for those it did not hold, and `m(x)` how many such replicas end up below
//! node `x`. Then, adding and taking away `p` along the path from each service
//! to the root,
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
//! What the rules allow one base is a laminar matroid (one in a group, `cap` in
//! a unit, so many in all), so greed finds its cheapest basis: own services at
//! `-p(s)`, and of the others, at `1 - p(s)`, the best of each group. The
//! cheapest basis of a matroid to which elements are added lies within the old
//! one and what was added, so the others that matter are the same `R` for every
//! base. A base whose services all cost no more than the cheapest other needs no
//! greed: their sum is a bound for it, and the minimum if they keep the rules.
//!
//! A node's term is convex and piecewise linear in its load: its minimum is at
//! an end of the band or of the range.
//!
//! # Complexity
//!
//! One pass over the table, and `O(services * log(services))`. It uses the
//! mapping, the shares and the numbers; none of the solver's code.

use crate::flow::Limits;
use crate::location::Level;
use crate::mapping::HOLE;
use crate::network::{ByNode, DOMAIN_WEIGHT, SERVICE_WEIGHT};
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

/// What one base says: its own services, its fixed ones, as places, and how
/// many replicas it places.
#[derive(Debug, Clone, Copy)]
pub(crate) struct BaseView<'a> {
    pub(crate) own: &'a [u16],
    pub(crate) fixed: &'a [u16],
    pub(crate) need: usize,
    /// Whether the cheap bound for bases that keep the rules may be tried.
    pub(crate) keeps_rules: bool,
}

/// The best service of a group: what another base would pay for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Offer {
    cost: i64,
    place: u16,
}

impl Bound<'_> {
    /// The lower bound on the cost: moves, and weighted misses of bands.
    pub(crate) fn cost<'b>(&self, bases: impl Iterator<Item = BaseView<'b>>) -> i128 {
        let prices = &self.potentials.services;
        let offers = self.offers(prices);
        let mut greed =
            Greed { limits: self.limits, prices, offers: &offers, list: vec![], taken: vec![] };
        let mut shared = Vec::new();
        let mut total = 0_i64;
        let mut sum = 0_i128;
        for base in bases {
            total += i64::try_from(base.need).expect("a base has fewer than 65,536 replicas");
            sum += i128::from(greed.cheapest(base, &mut shared));
        }
        sum + self.nodes(total) + i128::from(total) * i128::from(self.potentials.root)
    }

    /// The cheapest open service of each group, ascending by cost.
    fn offers(&self, prices: &[i64]) -> Vec<Offer> {
        let open = (0_u16..).zip(&self.limits.open).filter(|(_, open)| **open);
        let mut offers: Vec<Offer> = Vec::new();
        for (place, _) in open {
            let offer = Offer { cost: 1 - prices[usize::from(place)], place };
            match offers.last_mut() {
                Some(best) if self.group(best.place) == self.group(place) => {
                    *best = offer.min(*best);
                }
                _ => offers.push(offer),
            }
        }
        offers.sort_unstable();
        offers
    }

    fn group(&self, place: u16) -> u16 {
        self.limits.group[usize::from(place)]
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
                let most = if self.limits.open[place] { total } else { 0 };
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
                let is_open = self.limits.open[places.clone()].contains(&true);
                let fixed = self.fixed[places].iter().sum();
                let most = if is_open { total } else { 0 };
                sum += least(band, fixed, potential - parent, DOMAIN_WEIGHT, most);
            }
        }
        sum
    }

    fn domain(&self, level: Level, service: ServiceIndex) -> usize {
        self.topology.domain_of(level, service).expect("a service of this topology")
    }
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

/// The cheapest set of one base.
#[derive(Debug)]
struct Greed<'a> {
    limits: &'a Limits,
    prices: &'a [i64],
    offers: &'a [Offer],
    list: Vec<Offer>,
    taken: Vec<u16>,
}

impl Greed<'_> {
    /// The least that the term of a base can be. `shared` keeps the offers
    /// that matter to bases without fixed replicas, once they are known.
    fn cheapest(&mut self, base: BaseView<'_>, shared: &mut Vec<Offer>) -> i64 {
        let own = base.own.iter().filter(|&&place| place != HOLE);
        let costs = own.map(|&place| Offer { cost: -self.prices[usize::from(place)], place });
        if base.keeps_rules && base.own.len() == base.need {
            let bar = self.offers.first().map_or(i64::MAX, |offer| offer.cost);
            if costs.clone().all(|own| own.cost <= bar) && !base.own.contains(&HOLE) {
                return costs.map(|own| own.cost).sum();
            }
        }
        self.list.clear();
        self.list.extend(costs);
        if !base.fixed.is_empty() && base.fixed[0] != HOLE {
            self.list.extend(self.offers);
        } else {
            if shared.len() < base.need {
                *shared = self.first(base.need);
            }
            self.list.extend(shared.iter());
        }
        self.list.sort_unstable();
        self.taken.clear();
        self.taken.extend(base.fixed.iter().filter(|&&place| place != HOLE));
        let mut sum = 0;
        let mut placed = 0;
        for index in 0..self.list.len() {
            let Offer { cost, place } = self.list[index];
            if placed == base.need {
                break;
            }
            if self.fits(place) {
                self.taken.push(place);
                sum += cost;
                placed += 1;
            }
        }
        sum
    }

    /// The cheapest set of a base that holds nothing.
    fn first(&mut self, need: usize) -> Vec<Offer> {
        self.taken.clear();
        let mut first = Vec::new();
        for &offer in self.offers {
            if first.len() == need {
                break;
            }
            if self.fits(offer.place) {
                self.taken.push(offer.place);
                first.push(offer);
            }
        }
        first
    }

    fn fits(&self, place: u16) -> bool {
        let of = |part: &[u16], place: u16| part.get(usize::from(place)).copied();
        let group = of(&self.limits.group, place);
        let unit = of(&self.limits.unit, place);
        let taken = || self.taken.iter();
        taken().all(|&other| of(&self.limits.group, other) != group)
            && taken().filter(|&&other| of(&self.limits.unit, other) == unit).count()
                < usize::from(self.limits.unit_cap)
    }
}
