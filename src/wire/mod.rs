//! A cluster sends lists of services and mappings, and takes mappings.

mod byte_offset;
mod json;
mod services;

pub use json::{JsonError, SyntaxError};
pub use services::{MissingLocation, ServiceListError, read_services};
