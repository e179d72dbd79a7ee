//! The sums that make the bound, recomputed from the inputs.

use super::caps::Caps;
use super::greed::{Greed, Least, offers};
use super::numbers::Numbers;
use super::parts::{Part, Parts, Roster, Split};
use super::{CertificateError, DOMAIN_WEIGHT, SERVICE_WEIGHT};
use crate::goal::Goal;
use crate::index::{Name, Place};
use crate::location::Level;
use crate::mapping::{PrefixMapping, by_width};
use crate::prefix::Base;
use crate::service::ServiceIndex;
use crate::share::{Band, Shares};
use crate::topology::Topology;

/// How many values a cell of a table has.
const ALL_NAMES: usize = 1 << 16;

/// What a goal asks of a mapping, all of it recomputed from the inputs.
#[derive(Debug)]
pub(crate) struct Terms<'a> {
    mapping: &'a PrefixMapping,
    topology: &'a Topology,
    shares: &'a Shares,
    parts: Parts,
    roster: Roster,
    caps: Caps,
    replicas: usize,
    /// Whether loads may have to miss their bands.
    is_soft: bool,
}

impl<'a> Terms<'a> {
    /// The terms of a mapping that names known services by their addresses, and of a
    /// topology and shares in which the drained services are unavailable.
    pub(crate) fn new(
        mapping: &'a PrefixMapping,
        topology: &'a Topology,
        shares: &'a Shares,
        goal: &Goal,
    ) -> Result<Self, CertificateError> {
        let parts = Parts::new(mapping, topology, goal)?;
        Ok(Self {
            roster: Roster::new(mapping, topology, &parts),
            caps: Caps::new(topology, goal.rules()),
            replicas: goal.rules().replicas().into(),
            is_soft: goal.may_miss_bands(),
            mapping,
            topology,
            shares,
            parts,
        })
    }

    /// The lower bound on the cost of any plan to the goal, exact; or, where a part of
    /// it that takes less work comes to `enough` already, that part.
    pub(crate) fn bound(&self, numbers: &Numbers, enough: Option<i128>) -> i128 {
        let offers = offers(&self.caps, &self.parts.open, &numbers.services);
        let mut greed = Greed::new(&self.caps, &numbers.services, &offers);
        if self.is_soft {
            let bases = if self.parts.refills_only {
                self.refilled_bases(&mut greed)
            } else {
                self.bases(&mut greed)
            };
            let placed = i64::try_from(bases.placed).expect("a table has room for 2^28 replicas");
            let nodes = self.soft_nodes(numbers, &bases.fixed_loads, placed);
            return bases.least + nodes + i128::from(placed) * i128::from(numbers.root);
        }
        let total = (self.mapping.num_bases() * self.replicas) as i128;
        let rest = self.hard_nodes(numbers) + total * i128::from(numbers.root);
        let quick = enough.and_then(|enough| {
            let bound = self.least_without_caps(&greed, numbers)? + rest;
            (bound >= enough).then_some(bound)
        });
        quick.unwrap_or_else(|| self.bases(&mut greed).least + rest)
    }

    /// How many replicas a decommission has to place: each of them is a move.
    pub(crate) fn freed(&self) -> usize {
        let prices = vec![0; self.parts.open.len()];
        let offers = offers(&self.caps, &self.parts.open, &prices);
        self.refilled_bases(&mut Greed::new(&self.caps, &prices, &offers)).placed
    }

    /// A sum that is no more than the bases' least terms, of loads alone: a base whose
    /// own services are no dearer than the bar takes all of them and the rest at the
    /// bar, which is the least where no caps are. `None` where that does not hold.
    fn least_without_caps(&self, greed: &Greed<'_>, numbers: &Numbers) -> Option<i128> {
        if self.mapping.width() > self.replicas {
            return None;
        }
        let bar = i128::from(greed.bar());
        let loads = self.loads();
        let total = (self.mapping.num_bases() * self.replicas) as i128;
        let (mut sum, mut kept) = (0, 0);
        for ((part, place), &load) in self.roster.part.iter().zip(&self.roster.place).zip(&loads) {
            if *part == Part::Own && load > 0 {
                let price = -i128::from(numbers.services[place.index()]);
                if price > bar {
                    return None;
                }
                kept += i128::from(load);
                sum += price * i128::from(load);
            }
        }
        Some(sum + (total - kept) * bar)
    }

    /// How often each name stands in the table, and after all names more.
    fn loads(&self) -> Vec<u32> {
        let (table, names) = (self.mapping.table(), self.mapping.boxed_names().len());
        if table.len() < ALL_NAMES {
            let mut loads = vec![0; names + 1];
            for name in table {
                loads[name.index().min(names)] += 1;
            }
            return loads;
        }
        // With room for whatever a cell may be, no cell is asked whether it is a name.
        let loads = vec![0; ALL_NAMES];
        let mut loads: Box<[u32; ALL_NAMES]> = loads.try_into().expect("as long as that");
        for name in table {
            loads[name.index()] += 1;
        }
        loads[..names].to_vec()
    }

    /// What the bases come to, each by greed.
    fn bases(&self, greed: &mut Greed<'_>) -> Bases {
        let mut bases = Bases { least: 0, placed: 0, fixed_loads: vec![0; self.parts.open.len()] };
        let mut split = Split::default();
        for (base, row) in self.mapping.rows().enumerate() {
            let is_still = self.parts.is_still(base);
            self.roster.split(row, is_still, &mut split);
            let want = split.wanted(self.replicas, is_still, self.parts.refills_only);
            let least = greed.least(&split.own, &split.fixed, want);
            bases.least += least.cost;
            bases.placed += least.placed;
            for place in &split.fixed {
                bases.fixed_loads[place.index()] += 1;
            }
        }
        bases.fixed_loads = self.of_available(bases.fixed_loads);
        bases
    }

    /// What the bases come to where each gets no more than leaves it: of all others,
    /// the loads alone count.
    fn refilled_bases(&self, greed: &mut Greed<'_>) -> Bases {
        let is_leaving = |part: &Part| *part == Part::Leaving;
        let mut tally = Tally::new(self.roster.part.iter().map(is_leaving));
        let (table, width) = (self.mapping.table(), self.mapping.width());
        by_width!(width, WIDTH => {
            tally.count_all(table.as_chunks::<WIDTH>().0.iter().map(<[_; WIDTH]>::as_slice));
        }, else {
            tally.count_all(table.chunks_exact(width.max(1)));
        });
        let Tally { mut loads, marked } = tally;
        let mut bases = Bases { least: 0, placed: 0, fixed_loads: vec![0; self.parts.open.len()] };
        let bar = greed.is_bar_met(self.replicas).then(|| greed.bar());
        let mut split = Split::default();
        for base in marked.into_iter().filter(|&base| !self.parts.is_still(base)) {
            let row = self.mapping.row(base);
            let (mut last, mut leaving, mut kept) = (Name::NONE, 0, 0);
            for &name in row.iter().filter(|&&name| std::mem::replace(&mut last, name) != name) {
                if self.roster.part[name.index()] == Part::Leaving {
                    leaving += 1;
                    loads[name.index()] -= Tally::ONE;
                } else {
                    kept += 1;
                }
            }
            let want = leaving.min(self.replicas.saturating_sub(kept));
            let cheapest = if let Some(bar) = bar {
                Least { cost: want as i128 * i128::from(bar), placed: want }
            } else {
                self.roster.split(row, false, &mut split);
                greed.least(&[], &split.fixed, want)
            };
            bases.least += cheapest.cost;
            bases.placed += cheapest.placed;
        }
        for (place, load) in self.roster.place.iter().zip(loads) {
            if let Some(fixed) = bases.fixed_loads.get_mut(place.index()) {
                *fixed += u64::from(load / Tally::ONE);
            }
        }
        bases.fixed_loads = self.of_available(bases.fixed_loads);
        bases
    }

    fn of_available(&self, mut loads: Vec<u64>) -> Vec<u64> {
        for (load, &service) in loads.iter_mut().zip(self.topology.by_location()) {
            if !self.topology.at(service).is_available() {
                *load = 0;
            }
        }
        loads
    }

    /// The least of the nodes' terms where every load is in its band.
    fn hard_nodes(&self, numbers: &Numbers) -> i128 {
        let mut sum = 0;
        self.for_each_node(numbers, |node| {
            let ends = [node.band.floor, node.band.ceil];
            let terms = ends.map(|load| i128::from(node.slope) * i128::from(load));
            sum += terms[0].min(terms[1]);
        });
        sum
    }

    /// The least of the nodes' terms where a replica outside its band costs the
    /// weight of the node, over loads of up to `placed` beside the fixed ones.
    fn soft_nodes(&self, numbers: &Numbers, fixed: &[u64], placed: i64) -> i128 {
        let (fixed, open) = (sums(fixed.iter().copied()), self.parts.open.iter());
        let open = sums(open.map(|&open| u64::from(open)));
        let mut sum = 0;
        self.for_each_node(numbers, |node| {
            let below = |sums: &[u64]| sums[node.end] - sums[node.start];
            let most = if below(&open) > 0 { placed } else { 0 };
            sum += least_of_node(node.band, below(&fixed), node.slope, node.weight, most);
        });
        sum
    }

    /// What the distances of some loads from their bands cost, the loads by place.
    fn misses(&self, loads: &[u64]) -> i128 {
        let loads = sums(loads.iter().copied());
        let mut cost = 0;
        self.for_each_node(&Numbers::zeros(self.topology), |node| {
            let miss = node.band.distance(loads[node.end] - loads[node.start]);
            cost += i128::from(miss) * i128::from(node.weight);
        });
        cost
    }

    /// Shows every available service, and every domain.
    fn for_each_node(&self, numbers: &Numbers, mut show: impl FnMut(Node)) {
        // The number above each place, as the walk comes down.
        let mut above = vec![numbers.root; numbers.services.len()];
        for level in Level::ALL {
            let bands = self.shares.domain_bands(level);
            let here = self.topology.domains(level).iter().zip(&numbers.domains[level.index()]);
            for ((domain, &number), band) in here.zip(bands) {
                let (start, end) = (domain.members().start, domain.members().end);
                let slope = number - above[start];
                above[start..end].fill(number);
                show(Node { start, end, band, slope, weight: DOMAIN_WEIGHT });
            }
        }
        for (place, &service) in self.topology.by_location().iter().enumerate() {
            if self.topology.at(service).is_available() {
                let (slope, band) = (numbers.services[place] - above[place], self.band(service));
                show(Node { start: place, end: place + 1, band, slope, weight: SERVICE_WEIGHT });
            }
        }
    }

    fn band(&self, service: ServiceIndex) -> Band {
        self.shares.service_band(service)
    }

    /// What the distances of loads from their bands cost after a plan, of the replicas
    /// that stay and those that the bases place; 0 where loads can't miss. Those that
    /// stay beside them, by base and name, do not count.
    ///
    /// # Errors
    ///
    /// [`Astray`] for the first base that is not as a plan to the goal leaves it.
    pub(crate) fn misses_after(
        &self,
        after: &PrefixMapping,
        beside: &[(u16, Box<str>)],
    ) -> Result<i128, Astray> {
        if !self.is_soft {
            return Ok(0);
        }
        let prices = vec![0; self.parts.open.len()];
        let offers = offers(&self.caps, &self.parts.open, &prices);
        let mut greed = Greed::new(&self.caps, &prices, &offers);
        let mut loads = vec![0; self.parts.open.len()];
        let mut alone = Greed::new(&self.caps, &prices, &[]);
        let mut rest = beside.iter().map(|(base, name)| (usize::from(*base), &**name)).peekable();
        self.for_each_base_after(after, |base, is_still, was, is| {
            while let Some((_, name)) = rest.next_if(|(at, _)| *at == base.index()) {
                let place = self.place(name).filter(|place| was.own.contains(place));
                let at = is.placed.iter().position(|&other| Some(other) == place);
                is.placed.swap_remove(at.ok_or(Astray::Changed { base })?);
            }
            let want = was.wanted(self.replicas, is_still, self.parts.refills_only);
            let most = greed.least(&was.own, &was.fixed, want).placed;
            let placed = alone.least(&is.placed, &was.fixed, is.placed.len()).placed;
            if placed < is.placed.len() || placed > want {
                return Err(Astray::Crowded { base });
            }
            if placed < most {
                return Err(Astray::Lacking { base, lacking: most - placed });
            }
            // Where a hold leaves a base no room, a replica may stay for want of another.
            if is.leaving > 0 && (self.parts.refills_only || most == want) {
                return Err(Astray::Remains { base });
            }
            for place in is.placed.iter().chain(&was.fixed) {
                loads[place.index()] += 1;
            }
            Ok(())
        })?;
        Ok(self.misses(&self.of_available(loads)))
    }

    /// Where a service is.
    fn place(&self, address: &str) -> Option<Place> {
        let service = self.topology.find(address)?;
        let mut places = Place::all(self.parts.open.len()).zip(self.topology.by_location());
        places.find(|&(_, &other)| other == service).map(|(place, _)| place)
    }

    /// Refuses a plan that changes what the goal leaves where it is.
    pub(crate) fn refuse_other_changes(&self, after: &PrefixMapping) -> Result<(), Astray> {
        self.for_each_base_after(after, |_, _, _, _| Ok(()))
    }

    /// Shows each base before and after a plan.
    ///
    /// # Errors
    ///
    /// Those of `show`, and [`Astray::Changed`] where a fixed replica is gone, or one
    /// came to a service that gets nothing.
    fn for_each_base_after(
        &self,
        after: &PrefixMapping,
        mut show: impl FnMut(Base, bool, &Split, &mut After) -> Result<(), Astray>,
    ) -> Result<(), Astray> {
        let roster = Roster::new(after, self.topology, &self.parts);
        let (mut was, mut is) = (Split::default(), After::default());
        let rows = self.mapping.rows().zip(after.rows());
        for ((index, base), (before, after)) in self.mapping.digits().bases().enumerate().zip(rows)
        {
            let is_still = self.parts.is_still(index);
            self.roster.split(before, is_still, &mut was);
            self.find_placed(after, &roster, is_still, &was, &mut is);
            if is.kept != was.kept || !was.fixed.iter().all(|place| is.fixed.contains(place)) {
                return Err(Astray::Changed { base });
            }
            show(base, is_still, &was, &mut is)?;
        }
        Ok(())
    }

    /// Finds what stays in a base after a plan, and what is placed.
    fn find_placed(
        &self,
        row: &[Name],
        roster: &Roster,
        is_still: bool,
        was: &Split,
        is: &mut After,
    ) {
        is.fixed.clear();
        is.placed.clear();
        (is.kept, is.leaving) = (0, 0);
        for name in row.chunk_by(|a, b| a == b).map(|same| same[0]) {
            let (place, part) = (roster.place[name.index()], roster.part[name.index()]);
            let is_fixed = is_still || part == Part::Fixed;
            let is_open = place.is_some() && self.parts.open[place.index()];
            if is_fixed && (place.is_none() || was.fixed.contains(&place)) {
                is.kept += 1;
                is.fixed.extend(place.is_some().then_some(place));
            } else if is_open {
                is.placed.push(place);
            } else if is_fixed {
                // It came to a service that is held.
                is.kept += 1;
            } else {
                is.leaving += 1;
            }
        }
    }

    /// Whether each service of the topology may be given anything.
    pub(crate) fn open_services(&self) -> Vec<bool> {
        let mut open = vec![false; self.parts.open.len()];
        for (service, is_open) in self.topology.by_location().iter().zip(&self.parts.open) {
            open[service.index()] = *is_open;
        }
        open
    }
}

/// What the bases of a mapping come to.
#[derive(Debug)]
struct Bases {
    /// The sum of their least terms.
    least: i128,
    /// How many replicas they place.
    placed: usize,
    /// The replicas that stay, of each service by place; 0 where it is unavailable.
    fixed_loads: Vec<u64>,
}

/// How many bases hold each name, and which bases hold a name that is marked.
struct Tally {
    /// By name: the bases that hold it times [`Tally::ONE`], and 1 where it is marked.
    loads: Vec<u32>,
    /// Ascending.
    marked: Vec<usize>,
}

impl Tally {
    const ONE: u32 = 2;

    fn new(marks: impl Iterator<Item = bool>) -> Self {
        // The last one is for holes.
        let loads = marks.map(u32::from).chain([0]).collect();
        Self { loads, marked: Vec::new() }
    }

    /// Counts rows, whose names ascend; one that stands twice counts once.
    #[inline]
    fn count_all<'a>(&mut self, rows: impl Iterator<Item = &'a [Name]>) {
        let hole = self.loads.len() - 1;
        let loads = &mut self.loads[..];
        for (base, row) in rows.enumerate() {
            let (mut last, mut seen) = (Name::NONE, 0);
            for &name in row {
                let load = &mut loads[name.index().min(hole)];
                seen |= *load;
                *load += u32::from(name != last) * Self::ONE;
                last = name;
            }
            if seen % Self::ONE == 1 {
                self.marked.push(base);
            }
        }
    }
}

/// What a base has after a plan.
#[derive(Debug, Default)]
struct After {
    /// Those that stay, but for the ones that no service has.
    fixed: Vec<Place>,
    /// Those on services that may be given something.
    placed: Vec<Place>,
    /// How many stay.
    kept: usize,
    /// How many are on services that were to lose them.
    leaving: usize,
}

/// How a base is not as a plan to the goal leaves it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Astray {
    /// A replica that was to stay is gone, or one came where none was to come.
    Changed { base: Base },
    /// A replica that was to go is there.
    Remains { base: Base },
    /// It has services together that the rules keep apart, or more than it is to have.
    Crowded { base: Base },
    /// It could have more replicas.
    Lacking { base: Base, lacking: usize },
}

/// A service or a domain: the places below it, its band, its number less the one
/// above it, and what a replica outside its band costs.
struct Node {
    start: usize,
    end: usize,
    band: Band,
    slope: i64,
    weight: i64,
}

/// The sums of the first so many of some counts, of none first.
fn sums(counts: impl Iterator<Item = u64>) -> Vec<u64> {
    let mut sum = 0;
    let rest = counts.map(|count| {
        sum += count;
        sum
    });
    std::iter::once(0).chain(rest.collect::<Vec<_>>()).collect()
}

/// The least of `weight * miss + slope * load` over loads of 0 to `most` on top
/// of a fixed one: convex and piecewise linear, so least at an end of a piece.
pub(super) fn least_of_node(band: Band, fixed: u64, slope: i64, weight: i64, most: i64) -> i128 {
    let end = |end: u64| i64::try_from(end.saturating_sub(fixed)).unwrap_or(i64::MAX);
    let loads = [0, end(band.floor), end(band.ceil), most].map(|load| load.clamp(0, most));
    let cost = |load: i64| {
        let miss = band.distance(fixed + u64::try_from(load).expect("clamped to 0 or more"));
        i128::from(weight) * i128::from(miss) + i128::from(slope) * i128::from(load)
    };
    loads.into_iter().map(cost).min().expect("four loads")
}
