//! What a plan moves, summed up: how many moves, the proof, and from which
//! domains to which.

use std::collections::BTreeMap;
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
        let mut domains = BTreeMap::new();
        let mut counts = BTreeMap::new();
        for change in self.plan.changes() {
            let mut domain = |name: Option<&'a str>, nowhere| match name {
                Some(name) => *domains.entry(name).or_insert_with(|| self.domain_of(name)),
                None => nowhere,
            };
            let pair = (domain(change.from, "(missing)"), domain(change.to, "(taken away)"));
            *counts.entry(pair).or_default() += 1;
        }
        let mut pairs: Vec<_> = counts.into_iter().collect();
        pairs.sort_by_key(|&(_, count): &(_, usize)| std::cmp::Reverse(count));
        pairs
    }

    fn domain_of(&self, service: &str) -> &'a str {
        let index = self.topology.find(service);
        let domain = index.and_then(|index| self.topology.domain_of(self.level, index));
        domain.map_or("(unknown)", |domain| self.topology.domains(self.level)[domain].name())
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
