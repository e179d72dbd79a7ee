//! The least of the terms of a base, by greed.
//!
//! The sets of services that the rules let one base have are the independent sets of a
//! laminar matroid: a cap for every domain, and the number of replicas. So greed finds
//! its cheapest basis: own services at `-p(s)`, and of the others, at `1 - p(s)`, the
//! cheapest of each domain that holds one replica at most. An own service stands among
//! the others as well, one dearer, and the two exclude each other, so that greed never
//! takes the dearer one. Few of the others can matter:
//!
//! - The cheapest basis of a matroid to which elements are added lies within the old
//!   one and what was added. So for a base that is to have `n` replicas, of the others
//!   only the first `n` matter that greed takes for a base that has nothing: the same
//!   for every base. Fixed replicas are counted in `n`, and change nothing about that,
//!   even if they break caps themselves. What `k` of them leave is a laminar matroid
//!   too: a cap of `c` around `f` of them is `c - f`, or 0. And it is a contraction.
//!   Add a dummy for each fixed replica, in the finest domain around it that is not
//!   full of dummies yet, or none where all are; to contract the dummies lowers the
//!   caps by just that. Whatever spans an element in a matroid spans it in each
//!   contraction, so what greed refuses for a base that has nothing, it refuses again.
//!   And to contract `k` elements lowers a rank by `k` at most, so of the first `n`
//!   there are still as many as the base has to place.
//! - Let the *bar* be the price of the cheapest other. Say that `n` others at that
//!   price may be held together. Then a base takes those of its own services first that
//!   are no dearer than the bar, and finds what it then lacks at the bar, whatever it
//!   has: a smaller independent set can always be extended from a larger one, by the
//!   above beside fixed replicas too.

use super::caps::Caps;
use crate::index::Place;

/// What a base would pay for a service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Priced {
    pub(super) cost: i64,
    pub(super) place: Place,
}

/// The cheapest open service of each domain that holds one replica at most,
/// ascending by cost.
pub(super) fn offers(caps: &Caps, open: &[bool], prices: &[i64]) -> Vec<Priced> {
    let mut offers: Vec<Priced> = Vec::new();
    for place in Place::all(open.len()).filter(|place| open[place.index()]) {
        let offer = Priced { cost: 1 - prices[place.index()], place };
        let domain = |offer: &Priced| caps.exclusive_domain(offer.place);
        match offers.last_mut() {
            Some(best) if domain(best) == domain(&offer) => *best = offer.min(*best),
            _ => offers.push(offer),
        }
    }
    offers.sort_unstable();
    offers
}

/// The cheapest sets of bases, one base after another.
#[derive(Debug)]
pub(super) struct Greed<'a> {
    caps: &'a Caps,
    prices: &'a [i64],
    /// The others, of which those before `next` were tried for `first`.
    offers: &'a [Priced],
    next: usize,
    /// The cheapest set of a base that holds nothing, as far as it was asked for.
    first: Vec<Priced>,
    first_taken: Vec<Place>,
    own: Vec<Priced>,
    taken: Vec<Place>,
}

/// The least of the terms of a base.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Least {
    pub(super) cost: i128,
    /// How many replicas the base places.
    pub(super) placed: usize,
}

impl<'a> Greed<'a> {
    pub(super) fn new(caps: &'a Caps, prices: &'a [i64], offers: &'a [Priced]) -> Self {
        let (first, own) = (Vec::new(), Vec::new());
        let (first_taken, taken) = (Vec::new(), Vec::new());
        Self { caps, prices, offers, next: 0, first, first_taken, own, taken }
    }

    /// What the cheapest offer costs.
    pub(super) fn bar(&self) -> i64 {
        self.offers.first().map_or(i64::MAX, |offer| offer.cost)
    }

    /// Finds the cheapest set of `full` services of a base that holds nothing, or all
    /// of it where there are fewer.
    fn find_first(&mut self, full: usize) {
        while self.first.len() < full
            && let Some(&offer) = self.offers.get(self.next)
        {
            self.next += 1;
            if self.caps.let_in(&self.first_taken, offer.place) {
                self.first_taken.push(offer.place);
                self.first.push(offer);
            }
        }
    }

    /// Whether a base that is to have `full` replicas finds those it lacks at the
    /// bar, whatever it has.
    pub(super) fn is_bar_met(&mut self, full: usize) -> bool {
        self.find_first(full);
        let last = full.checked_sub(1).map(|last| self.first.get(last).map(|offer| offer.cost));
        last.is_none_or(|cost| cost == Some(self.bar()))
    }

    /// The least that the term of a base can be which places at most `want` replicas,
    /// and as many as the rules let it, beside fixed ones.
    pub(super) fn least(&mut self, own: &[Place], fixed: &[Place], want: usize) -> Least {
        if want == 0 {
            return Least { cost: 0, placed: 0 };
        }
        self.own.clear();
        let priced = |&place: &Place| Priced { cost: -self.prices[place.index()], place };
        self.own.extend(own.iter().map(priced));
        self.own.sort_unstable();
        self.taken.clear();
        self.taken.extend(fixed);
        let (bar, full) = (self.bar(), fixed.len() + want);
        let cheap = self.own.partition_point(|own| own.cost <= bar);
        let sum = take(self.caps, &mut self.taken, full, &self.own[..cheap], &[]);
        let lacking = full - self.taken.len();
        if lacking == 0 {
            return Least { cost: sum, placed: want };
        }
        if self.is_bar_met(full) {
            return Least { cost: sum + lacking as i128 * i128::from(bar), placed: want };
        }
        let first = &self.first[..full.min(self.first.len())];
        let rest = take(self.caps, &mut self.taken, full, &self.own[cheap..], first);
        Least { cost: sum + rest, placed: self.taken.len() - fixed.len() }
    }
}

/// Takes, up to `full` in all, the first that fit of own services and others, each
/// ascending by cost. Returns what they cost.
fn take(
    caps: &Caps,
    taken: &mut Vec<Place>,
    full: usize,
    mut own: &[Priced],
    mut others: &[Priced],
) -> i128 {
    let mut sum = 0;
    while taken.len() < full {
        let next = match (own, others) {
            ([first, rest @ ..], []) => (own = rest, first).1,
            ([first, rest @ ..], [other, ..]) if first.cost <= other.cost => (own = rest, first).1,
            (_, [first, rest @ ..]) => (others = rest, first).1,
            ([], []) => break,
        };
        if caps.let_in(taken, next.place) {
            taken.push(next.place);
            sum += i128::from(next.cost);
        }
    }
    sum
}
