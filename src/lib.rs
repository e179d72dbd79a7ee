//! wip
mod bootstrap;
mod location;
mod mapping;
mod offset;
mod prefix;
mod ratio;
mod rules;
mod service;
mod service_list;
mod share;
mod topology;

pub use bootstrap::BootstrapOptions;
pub use location::{Level, Location, LocationError, MinDist};
pub use mapping::{AssignError, PrefixMapping};
pub use prefix::{
    Base, Digits, PREFIXES, Prefix, PrefixError, count_prefixes, generate_prefixes,
    generate_short_prefixes, prefix_siblings, prefix_to_base,
};
pub use ratio::{Ratio, Tolerance, ToleranceError};
pub use rules::{Rules, RulesError};
pub use service::{Service, ServiceIndex};
pub use service_list::{ServiceListError, WithoutLocation, read_services};
pub use share::{Band, Shares, Unsatisfiable};
pub use topology::{Domain, Topology, TopologyError};
