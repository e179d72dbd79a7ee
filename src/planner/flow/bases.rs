//! The bases' side of the flow: which services hold each base now, and which
//! others could.

use super::Place;
use super::own::Own;
use super::touched::Touched;
use crate::mapping::HOLE;

/// What the rules say of the services of one base, by place in location order.
///
/// Groups, and units, are intervals of places.
#[derive(Debug, Clone)]
pub(crate) struct Limits {
    /// The group of each service: it holds one replica of a base at most.
    pub(crate) group: Vec<u16>,
    /// The unit of each service.
    pub(crate) unit: Vec<u16>,
    /// The most replicas of a base that a unit holds.
    pub(crate) unit_cap: u16,
    /// Whether a service may be given anything.
    pub(crate) open: Vec<bool>,
}

impl Limits {
    /// Whether no unit has more of some services than its cap; holes have no
    /// unit.
    pub(crate) fn keeps_units(&self, services: &[Place]) -> bool {
        let cap = usize::from(self.unit_cap);
        let unit = |service: &Place| self.unit.get(usize::from(*service));
        let alike = |of: &Place| services.iter().filter(|&s| unit(s) == unit(of)).count();
        services.len() <= cap || services.iter().all(|s| *s == HOLE || alike(s) <= cap)
    }

    fn group_of(&self, service: Place) -> u16 {
        self.group[usize::from(service)]
    }

    fn unit_of(&self, service: Place) -> u16 {
        self.unit[usize::from(service)]
    }
}

/// Where a base can't have another replica.
#[derive(Debug, Default)]
pub(super) struct Blocked {
    pub(super) groups: Vec<u16>,
    pub(super) units: Vec<u16>,
    counts: Vec<(u16, u16)>,
}

impl Blocked {
    fn clear(&mut self) {
        self.groups.clear();
        self.units.clear();
        self.counts.clear();
    }

    fn add(&mut self, service: Place, limits: &Limits, capped: bool) {
        self.groups.push(limits.group_of(service));
        if !capped {
            return;
        }
        let unit = limits.unit_of(service);
        let known = self.counts.iter().position(|(other, _)| *other == unit);
        let at = known.unwrap_or(self.counts.len());
        if known.is_none() {
            self.counts.push((unit, 0));
        }
        self.counts[at].1 += 1;
        let count = self.counts[at].1;
        if count == limits.unit_cap {
            self.units.push(unit);
        }
    }

    pub(super) fn lets(&self, service: Place, limits: &Limits) -> bool {
        !self.groups.contains(&limits.group_of(service))
            && !self.units.contains(&limits.unit_of(service))
    }
}

/// The replicas of every base, now and at the start.
///
/// A table of places with a row for each base and [`HOLE`] in cells without a
/// replica. What is fixed stays in its cell; the row of a base that has nothing
/// else may be all holes, as nothing ever comes to it.
#[derive(Debug)]
pub(crate) struct Bases<'a> {
    width: usize,
    rows: Vec<u16>,
    own: Own<'a>,
    capped: bool,
    touched: Vec<Touched>,
    any_touched: bool,
}

impl<'a> Bases<'a> {
    /// Bases with nothing yet: room for the replicas that each is to have, and
    /// for all that it had where some are fixed.
    pub(crate) fn new(replicas: usize, own: Own<'a>, count: usize, limits: &Limits) -> Self {
        let width = if own.fixed.is_empty() { replicas } else { replicas.max(own.width) };
        Self {
            width,
            rows: vec![HOLE; width * count],
            own,
            capped: usize::from(limits.unit_cap) < width,
            touched: vec![Touched::No; count],
            any_touched: false,
        }
    }

    /// The cells of a base.
    pub(crate) fn row_mut(&mut self, base: usize) -> &mut [u16] {
        &mut self.rows[base * self.width..][..self.width]
    }

    /// The cells of every base.
    pub(crate) fn rows_mut(&mut self) -> &mut [u16] {
        &mut self.rows
    }

    /// The same, and where each base is touched: whoever changes a cell adds it.
    pub(super) fn rows_touched(&mut self) -> (&mut [u16], &mut [Touched]) {
        self.any_touched = true;
        (&mut self.rows, &mut self.touched)
    }

    /// Puts what a base keeps in any case in its cells.
    pub(crate) fn fix(&mut self, base: usize) {
        let own = self.own;
        let row = self.row_mut(base);
        own.fixed(base).for_each(|(cell, place)| row[cell] = place);
    }

    /// Whether no base has anything that it may keep or give up.
    pub(crate) const fn are_all_fixed(&self) -> bool {
        self.own.place.is_empty()
    }

    #[inline]
    pub(crate) fn row(&self, base: usize) -> &[u16] {
        &self.rows[base * self.width..][..self.width]
    }

    /// The services that a base held and may give up.
    pub(crate) fn own(&self, base: usize) -> impl Iterator<Item = Place> + Clone {
        self.own.of(base)
    }

    /// The services that a base held and keeps in any case.
    pub(crate) fn fixed(&self, base: usize) -> impl Iterator<Item = Place> {
        self.own.fixed(base).map(|(_, place)| place)
    }

    /// The services that a base has now and may give up.
    #[inline]
    pub(crate) fn movable(&self, base: usize) -> impl Iterator<Item = Place> {
        let cells = self.row(base).iter().copied().enumerate();
        let movable = cells
            .filter(move |&(cell, place)| place != HOLE && !self.own.is_fixed(base, cell, place));
        movable.map(|(_, place)| place)
    }

    pub(crate) const fn count(&self) -> usize {
        self.touched.len()
    }

    pub(super) fn holds(&self, base: usize, service: Place) -> bool {
        self.row(base).contains(&service)
    }

    /// Whether a base did not hold a service at the start: 1 or 0, what having
    /// it costs.
    pub(super) fn cost(&self, base: usize, service: Place) -> i64 {
        let is = |held: Place| held == service;
        i64::from(!self.own(base).any(is) && !self.fixed(base).any(is))
    }

    fn touch(&mut self, base: usize, now: Touched) {
        self.touched[base].merge(now);
        self.any_touched = true;
    }

    pub(crate) const fn is_any_touched(&self) -> bool {
        self.any_touched
    }

    /// Whether a base may have own services that it does not hold now.
    #[inline]
    pub(crate) fn is_touched(&self, base: usize) -> bool {
        self.touched[base] != Touched::No
    }

    #[inline]
    pub(crate) fn touched(&self, base: usize) -> Touched {
        self.touched[base]
    }

    /// How many replicas a base may move.
    pub(crate) const fn width(&self) -> usize {
        self.width
    }

    /// Puts a service in a cell.
    #[inline]
    pub(super) fn set(&mut self, base: usize, cell: usize, service: u16) {
        self.touched[base].add(cell);
        self.any_touched = true;
        self.rows[base * self.width + cell] = service;
    }

    /// Puts a service in the place of another, or of a hole.
    pub(crate) fn replace(&mut self, base: usize, from: u16, to: u16) {
        let cell = self.row(base).iter().position(|&cell| cell == from);
        self.set(base, cell.expect("the base holds what it gives"), to);
    }

    /// Where a base that gives up `leaving` (or nothing: [`HOLE`]) can't have
    /// a replica.
    pub(super) fn blocked(
        &self,
        base: usize,
        leaving: u16,
        limits: &Limits,
        blocked: &mut Blocked,
    ) {
        blocked.clear();
        for &service in self.row(base) {
            if service != leaving && service != HOLE {
                blocked.add(service, limits, self.capped);
            }
        }
    }

    /// Whether a base that gives up `leaving` (or nothing: [`HOLE`]) could have a
    /// service.
    pub(crate) fn lets(&self, base: usize, leaving: u16, service: Place, limits: &Limits) -> bool {
        let others = || self.row(base).iter().filter(|&&held| held != HOLE && held != leaving);
        let (group, unit) = (limits.group_of(service), limits.unit_of(service));
        let in_unit = || others().filter(|&&other| limits.unit_of(other) == unit).count();
        others().all(|&other| limits.group_of(other) != group)
            && (!self.capped || in_unit() < usize::from(limits.unit_cap))
    }

    /// Whether units have no cap, so that only the groups of a base's other
    /// replicas keep a service from it.
    pub(super) const fn are_groups_all(&self) -> bool {
        !self.capped
    }

    /// The base takes its own services back, as many as `need` and the rules
    /// let it, in the order given; each in its old cell, if it can. Shows each,
    /// and returns how many.
    pub(crate) fn keep(
        &mut self,
        base: usize,
        need: usize,
        limits: &Limits,
        order: impl Iterator<Item = Place>,
        mut show: impl FnMut(Place),
    ) -> usize {
        let mut kept = 0;
        for service in order {
            if kept == need || !self.lets(base, HOLE, service, limits) {
                continue;
            }
            let cell = self.own.cell(base, service);
            let row = self.row_mut(base);
            let free = row.iter().position(|&cell| cell == HOLE).expect("need is below the width");
            let cell = cell.filter(|&cell| row.get(cell) == Some(&HOLE)).unwrap_or(free);
            row[cell] = service;
            kept += 1;
            show(service);
        }
        self.compare(base, need - kept);
        kept
    }

    /// Says how far a base that lacks so many replicas is from what it was. If
    /// they fill all its holes and nothing else is in another cell, then at most
    /// the holes change.
    pub(crate) fn compare(&mut self, base: usize, lacking: usize) {
        let (row, names) = (self.row(base), self.own.names(base));
        let mut hole = None;
        let mut holes = 0;
        let mut is_alike = names.get(row.len()).is_none_or(|&name| name == HOLE);
        for (cell, &place) in row.iter().enumerate() {
            let name = names.get(cell).copied().unwrap_or(HOLE);
            let is_repeated = cell > 0 && name != HOLE && names[cell - 1] == name;
            if place == HOLE {
                (hole, holes) = (u8::try_from(cell).ok(), holes + 1);
            }
            is_alike &= !is_repeated && (place == HOLE || self.own.has(name, place));
        }
        let is_left = self.own(base).any(|own| !self.holds(base, own));
        match hole {
            _ if !is_alike || holes != lacking => self.touch(base, Touched::Anywhere),
            Some(hole) if is_left && holes == 1 => self.touch(base, Touched::Cell(hole)),
            _ if is_left => self.touch(base, Touched::Anywhere),
            _ => {}
        }
    }

    /// The bases by the service that holds them: the bases of `s` are
    /// `list[start[s]..start[s + 1]]`, ascending.
    pub(super) fn by_service(&self, services: usize) -> (Vec<u32>, Vec<u32>) {
        let mut start = vec![0_u32; services + 2];
        self.for_each_movable(|_, service| start[usize::from(service) + 2] += 1);
        for service in 2..start.len() {
            start[service] += start[service - 1];
        }
        let mut list = vec![0; start[services + 1] as usize];
        self.for_each_movable(|base, service| {
            let slot = &mut start[usize::from(service) + 1];
            list[*slot as usize] = base;
            *slot += 1;
        });
        start.pop();
        (start, list)
    }

    /// Shows each base with each service that it has now and may give up.
    #[inline]
    fn for_each_movable(&self, mut show: impl FnMut(u32, Place)) {
        let has_fixed = !self.own.fixed.is_empty();
        for (base, row) in (0_u32..).zip(self.rows.chunks_exact(self.width.max(1))) {
            for (cell, &place) in row.iter().enumerate() {
                let is_fixed = || has_fixed && self.own.is_fixed(base as usize, cell, place);
                if place != HOLE && !is_fixed() {
                    show(base, place);
                }
            }
        }
    }
}
