//! The bases' side of the flow: which services hold each base now, and which
//! others could.

use super::Place;
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

/// The services that bases held at the start and may keep, as a table of names
/// with a row for each base, and the place of each name; [`HOLE`] where there
/// is none, or none that may stay.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Own<'a> {
    pub(crate) table: &'a [u16],
    pub(crate) width: usize,
    pub(crate) place: &'a [u16],
}

impl Own<'_> {
    /// The cell of a service in the row of a base.
    fn cell(&self, base: usize, service: Place) -> Option<usize> {
        let mut row = self.table[base * self.width..][..self.width].iter();
        row.position(|&name| self.place.get(usize::from(name)) == Some(&service))
    }

    fn of(&self, base: usize) -> impl Iterator<Item = Place> + Clone {
        let row = self.table[base * self.width..][..self.width].iter();
        let places = row.map(|&name| self.place.get(usize::from(name)).copied().unwrap_or(HOLE));
        places.filter(|&place| place != HOLE)
    }
}

/// In which cells a base may have another service than at the start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Touched {
    No,
    /// In that cell, and in no other.
    Cell(u8),
    Anywhere,
}

impl Touched {
    /// Adds a cell.
    #[inline]
    pub(super) fn add(&mut self, cell: usize) {
        let now = u8::try_from(cell).map_or(Self::Anywhere, Self::Cell);
        *self = if *self == Self::No || *self == now { now } else { Self::Anywhere };
    }
}

/// The replicas of every base: those it may move, now and at the start, and
/// those it may not.
///
/// Tables of places with a row for each base and [`HOLE`] in cells without a
/// replica.
#[derive(Debug)]
pub(crate) struct Bases<'a> {
    width: usize,
    rows: Vec<u16>,
    own: Own<'a>,
    fixed_width: usize,
    fixed: Vec<u16>,
    capped: bool,
    touched: Vec<Touched>,
    any_touched: bool,
    scratch: Blocked,
}

impl<'a> Bases<'a> {
    /// Bases with nothing yet: room for `width` movable replicas, and for
    /// `fixed_width` that each keeps in any case.
    pub(crate) fn new(
        width: usize,
        own: Own<'a>,
        fixed_width: usize,
        count: usize,
        limits: &Limits,
    ) -> Self {
        Self {
            width,
            rows: vec![HOLE; width * count],
            own,
            fixed_width,
            fixed: vec![HOLE; fixed_width * count],
            capped: usize::from(limits.unit_cap) < width + fixed_width,
            touched: vec![Touched::No; count],
            any_touched: false,
            scratch: Blocked::default(),
        }
    }

    /// The cells of a base's movable replicas.
    pub(crate) fn row_mut(&mut self, base: usize) -> &mut [u16] {
        &mut self.rows[base * self.width..][..self.width]
    }

    /// The cells of every base's movable replicas.
    pub(crate) fn rows_mut(&mut self) -> &mut [u16] {
        &mut self.rows
    }

    /// The same, and where each base is touched: whoever changes a cell adds it.
    pub(super) fn rows_touched(&mut self) -> (&mut [u16], &mut [Touched]) {
        self.any_touched = true;
        (&mut self.rows, &mut self.touched)
    }

    /// Sets what a base keeps in any case. It is touched.
    pub(crate) fn fix(&mut self, base: usize, fixed: impl Iterator<Item = u16>) {
        self.touch(base);
        let cells = &mut self.fixed[base * self.fixed_width..][..self.fixed_width];
        cells.iter_mut().zip(fixed).for_each(|(cell, fixed)| *cell = fixed);
    }

    #[inline]
    pub(crate) fn row(&self, base: usize) -> &[u16] {
        &self.rows[base * self.width..][..self.width]
    }

    /// The services that a base held and may keep.
    pub(crate) fn own(&self, base: usize) -> impl Iterator<Item = Place> + Clone {
        self.own.of(base)
    }

    pub(crate) fn fixed(&self, base: usize) -> &[u16] {
        &self.fixed[base * self.fixed_width..][..self.fixed_width]
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
        i64::from(self.own(base).all(|own| own != service))
    }

    fn touch(&mut self, base: usize) {
        self.touched[base] = Touched::Anywhere;
        self.any_touched = true;
    }

    pub(super) const fn is_any_touched(&self) -> bool {
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
        for &service in self.row(base).iter().chain(self.fixed(base)) {
            if service != leaving && service != HOLE {
                blocked.add(service, limits, self.capped);
            }
        }
    }

    /// Which services a base could have beside those it has.
    pub(crate) fn lets(&self, base: usize, limits: &Limits) -> impl Fn(Place) -> bool {
        let mut blocked = Blocked::default();
        self.blocked(base, HOLE, limits, &mut blocked);
        move |service| blocked.lets(service, limits)
    }

    /// Whether units have no cap and nothing is fixed, so that only the groups
    /// of a base's other replicas keep a service from it.
    pub(super) const fn are_groups_all(&self) -> bool {
        !self.capped && self.fixed_width == 0
    }

    /// The base takes its own services back, as many as `need` and the rules
    /// let it, in the order given; each in its old cell, if it can.
    pub(crate) fn keep(
        &mut self,
        base: usize,
        need: usize,
        limits: &Limits,
        order: &[u16],
    ) -> usize {
        self.touch(base);
        let mut blocked = std::mem::take(&mut self.scratch);
        self.blocked(base, HOLE, limits, &mut blocked);
        let mut kept = 0;
        for &service in order {
            if kept == need || !blocked.lets(service, limits) {
                continue;
            }
            blocked.add(service, limits, self.capped);
            let cell = self.own.cell(base, service);
            let row = self.row_mut(base);
            let free = row.iter().position(|&cell| cell == HOLE).expect("need is below the width");
            let cell = cell.filter(|&cell| row.get(cell) == Some(&HOLE)).unwrap_or(free);
            row[cell] = service;
            kept += 1;
        }
        self.scratch = blocked;
        kept
    }

    /// The bases by the service that holds them: the bases of `s` are
    /// `list[start[s]..start[s + 1]]`, ascending.
    pub(super) fn by_service(&self, services: usize) -> (Vec<u32>, Vec<u32>) {
        let mut start = vec![0_u32; services + 2];
        for &service in self.rows.iter().filter(|&&service| service != HOLE) {
            start[usize::from(service) + 2] += 1;
        }
        for service in 2..start.len() {
            start[service] += start[service - 1];
        }
        let mut list = vec![0; start[services + 1] as usize];
        for (base, row) in (0_u32..).zip(self.rows.chunks_exact(self.width.max(1))) {
            for &service in row.iter().filter(|&&service| service != HOLE) {
                let slot = &mut start[usize::from(service) + 1];
                list[*slot as usize] = base;
                *slot += 1;
            }
        }
        start.pop();
        (start, list)
    }
}
