//! Plans which meta1 services hold each base of an `OpenIO` SDS namespace, and
//! proves that a plan is the smallest.
//!
//! # The problem
//!
//! A namespace spreads its containers over up to 65,536 *bases*, and each base
//! has a few *replicas* on different services. A *mapping* says which services hold
//! which base. It keeps rules: how far apart the replicas of a base are, how many of
//! them one host, rack or site may hold, and how many domains may be lost. It gives
//! every service and every domain its fair share. When services come, go or die, the
//! mapping has to change, and each *move* copies a database between machines: so
//! as few replicas as possible should move. The fewest moves are a min-cost flow over
//! millions of arcs. This library finds it, exactly.
//!
//! Nobody has to trust it: the plans of [`rebalance`](PrefixMapping::rebalance) and of
//! [`decommission`](PrefixMapping::decommission) by its default strategy carry a
//! certificate, from which anyone can recompute that no plan to the same end has fewer
//! moves. [`Plan::verify`] does so, by nothing of the planner. A diff, an inverse and the
//! other strategies look for no least, and have no certificate.
//!
//! All operations are functions of their arguments. They do no I/O but on readers
//! and writers that they are given, and have no clock and no hidden randomness. The
//! same input in any order gives the same bytes on any machine.
//!
//! The [`guide`] has a short program for each trade: a mapping in memory, a thousand
//! what-ifs, a strategy of your own, a plan that is kept and one that is carried out, a
//! dashboard, and a proof checked by hand.
//!
//! # The words
//!
//! - [`Prefix`]: the first 4 hex digits of a container id. [`Base`]: the prefixes
//!   that share their first [`Digits`], one meta1 database.
//! - [`Service`]: a meta1 server, with an address, an optional id, a score (0 or
//!   less is unavailable), whether it is up, and a [`Location`] of up to four tokens,
//!   `site.rack.host.volume`.
//! - [`Level`]: one of those four. [`Domain`]: the services alike down to a
//!   level. [`Topology`]: the services and their domains.
//! - *Cap* of a level: the most replicas of one base that a domain of the level may
//!   hold. [`Rules`]: how many replicas a base has, and the caps, which are set in
//!   three ways:
//!   - [`MinDist`], the least *distance* between two replicas of a base, which is 4
//!     less the leading tokens that their locations have in common;
//!   - *degradation*: how many domains of a level may be lost while every base keeps
//!     its *quorum*, `replicas / 2 + 1`;
//!   - [`at_most`](Rules::at_most): a cap said outright.
//! - *Share*: how many bases a service or a domain ought to hold, a fraction
//!   ([`Shares`]). [`Band`]: the loads that are fair, from the floor of the share to
//!   its ceiling.
//! - *Move*: a replica on a service that did not hold the base before.
//!   [`Wave`]: changes that may run together, at most one of each base. [`Plan`]:
//!   what changes a mapping into another, as waves.
//! - [`Goal`]: what a plan is for, which is an operation with its options, every name
//!   resolved. [`Certificate`]: a number for each service and each domain, which together
//!   prove a lower bound on the moves of every plan to the goal. [`Verified`]: what was
//!   found to be true of a plan, from the services, the mapping and the plan alone.
//!
//! # The operations
//!
//! | on a [`PrefixMapping`] | what it makes |
//! |---|---|
//! | [`bootstrap`](PrefixMapping::bootstrap) | a balanced, valid and mixed mapping from nothing |
//! | [`check`](PrefixMapping::check) | every breach of the rules, every unfair load, what may be lost |
//! | [`rebalance`](PrefixMapping::rebalance) | the plan of fewest moves to a valid and balanced mapping |
//! | [`decommission`](PrefixMapping::decommission) | the plan by which services lose bases, and nothing else moves |
//! | [`diff`](PrefixMapping::diff), [`apply`](PrefixMapping::apply), [`apply_waves`](PrefixMapping::apply_waves) | the plan between two mappings, and the mapping that a plan, or its first waves, leads to |
//! | [`from_json`](PrefixMapping::from_json), [`to_json`](PrefixMapping::to_json) | the format that meta0 lists and takes |
//! | [`read_json`](PrefixMapping::read_json), [`write_json`](PrefixMapping::write_json) | the same in pieces, never whole in memory |
//!
//! | on a [`Plan`] | what it makes |
//! |---|---|
//! | [`verify`](Plan::verify) | whether the plan is what it says: for this mapping, to its goal, by the fewest moves |
//! | [`to_json`](Plan::to_json), [`from_json`](Plan::from_json) | the plan as a file, and back |
//! | [`partial`](Plan::partial), [`rollback`](Plan::rollback), [`steps`](Plan::steps) | what meta0 is to merge, what undoes that, and the requests that carry the plan out |
//! | [`progress`](Plan::progress), [`rest_from`](Plan::rest_from), [`undo_from`](Plan::undo_from) | how far a cluster is, the plan from there to the end, and back to the start |
//! | [`max_per_service`](Plan::max_per_service), [`split_at`](Plan::split_at), [`inverse`](Plan::inverse) | smaller waves, two plans in place of one, the way back |
//!
//! Each says what it takes, in time and on the heap, and what it refuses. All errors are
//! types of their own, which carry what they name.
//!
//! # Example
//!
//! What if rack `gra1.r03` of a cluster is taken away?
//!
//! ```
//! use meta0::{Digits, PrefixMapping, RebalanceOptions, Rules, Topology, MissingLocation, read_services};
//!
//! fn main() -> Result<(), Box<dyn std::error::Error>> {
//!     let services = std::fs::read_to_string("fixtures/services-1000-some-ids.conscience.json")?;
//!     let topology = Topology::new(read_services(&services, MissingLocation::Refuse)?)?;
//!     let text = std::fs::read_to_string("fixtures/mapping-1000-too-close.digits3.json")?;
//!     let mapping = PrefixMapping::from_json(&text, Digits::try_from(3)?)?;
//!
//!     let rules = Rules::new(3)?.min_dist("4".parse()?);
//!     let plan = mapping.rebalance(&topology, &RebalanceOptions::new(rules).drain(["gra1.r03"]))?;
//!     assert_eq!((plan.moves(), plan.is_minimal()), (860, true));
//!     println!("{:?}", plan.partial_json(&mapping)?); // what meta0 is to merge
//!     Ok(())
//! }
//! ```
//!
//! # Features
//!
//! `cli`: the command line, `meta0`. Off by default, so that the library alone
//! builds none of the program's dependencies. It adds nothing to the library.
//!
//! `serde` is no feature: services, rules, reports, mappings, plans and what they are made
//! of serialize always, since the formats are part of what the library is for.

mod bootstrap;
mod certificate;
mod check;
mod decommission;
mod filling;
mod goal;
// Nothing but text, which only the documentation and its tests read.
#[cfg(any(doc, doctest))]
pub mod guide;
mod index;
mod location;
mod mapping;
mod plan;
mod planner;
mod prefix;
mod ratio;
mod rebalance;
mod room;
mod rules;
mod service;
mod share;
mod topology;
mod unsatisfiable;
mod wire;

pub use bootstrap::{BootstrapError, BootstrapOptions};
pub use certificate::{Certificate, CertificateError};
pub use check::{
    Breach, BreachKind, BrokenRule, CheckOptions, CheckReport, DomainLoad, OverCap, ServiceLoad,
};
pub use decommission::{DecommissionError, Stuck};
pub use goal::{DecommissionOptions, Goal, RebalanceOptions, Strategy};
pub use location::{Level, Location, LocationError, MinDist};
pub use mapping::{AssignError, PrefixMapping, Rows, ServicesOf};
pub use plan::{
    ApplyError, Change, DiffError, Partial, Plan, Progress, RestError, Shortfall, Step, StepKind,
    Verified, VerifyError, Wave, WavePartial,
};
pub use planner::{Candidate, Freed};
pub use prefix::{
    Base, Digits, PREFIXES, Prefix, PrefixError, count_prefixes, generate_prefixes,
    generate_short_prefixes, prefix_siblings, prefix_to_base,
};
pub use ratio::{Ratio, RatioError, Tolerance, ToleranceError};
pub use rebalance::RebalanceError;
pub use rules::{Rules, RulesError};
pub use service::{Service, ServiceIndex};
pub use share::{Band, Shares};
pub use topology::{Domain, Topology, TopologyError};
pub use unsatisfiable::{FullDomain, Unsatisfiable};
pub use wire::{
    JsonError, MissingLocation, PlanFileError, ServiceListError, SyntaxError, read_services,
};

/// Runs the examples of the README.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
