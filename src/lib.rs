//! wip
mod bootstrap;
mod bound;
mod check;
mod decommission;
mod flow;
mod json;
mod location;
mod mapping;
mod network;
mod offset;
mod partial;
mod plan;
mod planner;
mod prefix;
mod ratio;
mod rebalance;
mod replace;
mod restrict;
mod rules;
mod select;
mod sequence;
mod service;
mod service_list;
mod share;
mod steps;
mod survey;
mod topology;
mod wave;

pub use bootstrap::BootstrapOptions;
pub use check::{Breach, BreachKind, CheckOptions, CheckReport, DomainLoad, ServiceLoad};
pub use decommission::{DecommissionError, DecommissionOptions, Strategy, Stuck};
pub use json::JsonError;
pub use location::{Level, Location, LocationError, MinDist};
pub use mapping::{AssignError, PrefixMapping};
pub use plan::{ApplyError, Change, DiffError, Left, Plan, Wave};
pub use prefix::{
    Base, Digits, PREFIXES, Prefix, PrefixError, count_prefixes, generate_prefixes,
    generate_short_prefixes, prefix_siblings, prefix_to_base,
};
pub use ratio::{Ratio, Tolerance, ToleranceError};
pub use rebalance::{RebalanceError, RebalanceOptions};
pub use replace::Candidate;
pub use rules::{Rules, RulesError};
pub use service::{Service, ServiceIndex};
pub use service_list::{ServiceListError, WithoutLocation, read_services};
pub use share::{Band, Shares, Unsatisfiable};
pub use steps::{Step, StepKind};
pub use topology::{Domain, Topology, TopologyError};
