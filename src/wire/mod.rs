//! A cluster sends lists of services and mappings, and takes mappings; plans are kept in
//! files.

mod byte_offset;
mod json;
mod plan;
mod services;

pub use json::{JsonError, SyntaxError};
pub use plan::PlanFileError;
pub use services::{MissingLocation, ServiceListError, read_services};
