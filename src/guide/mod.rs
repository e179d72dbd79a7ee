//! A guide for those who build a tool on this library: three chapters, each a
//! program that runs as a test.
//!
//! - [`what_if`]: plan many alternatives on one mapping, and compare what they
//!   cost and what may be lost then.
//! - [`strategy`]: decide yourself where a freed replica goes.
//! - [`carrying_out`]: take a plan to a cluster, wave by wave, with a way back.
//!
//! The module holds text alone. It is there for the documentation and its tests,
//! and no part of the library that others compile.

#[doc = include_str!("what_if.md")]
pub mod what_if {}

#[doc = include_str!("strategy.md")]
pub mod strategy {}

#[doc = include_str!("carrying_out.md")]
pub mod carrying_out {}
