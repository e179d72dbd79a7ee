//! What comes from a cluster and goes to it: lists of services, mappings.

mod byte_offset;
mod json;
mod services;

pub use json::JsonError;
pub use services::{ServiceListError, WithoutLocation, read_services};
