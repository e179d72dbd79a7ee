//! What a plan moves, summed up: how many moves, the proof, and from which
//! domains to which.

use std::fmt;

use meta0::{Level, Plan, Topology};

use super::table::{Align, Cell, Table};

/// How many pairs of domains are shown.
const PAIRS: usize = 12;

/// Prints as the moves of a plan between the domains of a level.
#[derive(Debug)]
pub(super) struct Moves<'a> {
    pub(super) plan: &'a Plan,
    pub(super) topology: &'a Topology,
    pub(super) level: Level,
    pub(super) all: bool,
}

impl<'a> Moves<'a> {
    /// How many changes there are from one domain to another, most first.
    fn pairs(&self) -> Vec<((&'a str, &'a str), usize)> {
        let pairs = self.plan.count_changes_between(|name| self.place_of(name));
        let name = |place: Option<Option<usize>>, nowhere| {
            place.map_or(nowhere, |place| self.domain_name(place))
        };
        let mut pairs: Vec<_> = pairs
            .into_iter()
            .map(|(from, to, count)| ((name(from, "(missing)"), name(to, "(taken away)")), count))
            .collect();
        pairs.sort_by_key(|&(_, count)| std::cmp::Reverse(count));
        pairs
    }

    /// Which domain of the level a service is in.
    fn place_of(&self, service: &str) -> Option<usize> {
        self.topology.domain_of(self.level, self.topology.find(service)?)
    }

    fn domain_name(&self, place: Option<usize>) -> &'a str {
        place.map_or("(unknown)", |place| self.topology.domains(self.level)[place].name())
    }
}

impl fmt::Display for Moves<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let pairs = self.pairs();
        let shown = if self.all { pairs.len() } else { PAIRS.min(pairs.len()) };
        let from = format!("from {}", self.level);
        let columns = [(&*from, Align::Left), ("to", Align::Left), ("replicas", Align::Right)];
        let mut table = Table::new(columns);
        for ((from, to), count) in &pairs[..shown] {
            table.push(vec![Cell::new(from), Cell::new(to), Cell::new(count)]);
        }
        write!(f, "{table}")?;
        match pairs.len() - shown {
            0 => Ok(()),
            rest => {
                let replicas: usize = pairs[shown..].iter().map(|pair| pair.1).sum();
                let pairs = if rest == 1 { "pair" } else { "pairs" };
                writeln!(f, "and {replicas} between {rest} more {pairs} (--all lists them)")
            }
        }
    }
}
