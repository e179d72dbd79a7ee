//! A guide for those who build a tool on this library: chapters, each a program
//! that runs as a test.
//!
//! - [`in_memory`]: a mapping and a topology of tables of your own.
//! - [`what_if`]: plan 1,000 alternatives on one mapping, and compare what they
//!   cost and what may be lost then.
//! - [`strategy`]: decide yourself where a freed replica goes.
//! - [`keeping`]: keep a plan in a file, verify it elsewhere, go on after a break or
//!   roll back.
//! - [`carrying_out`]: take a plan to a cluster, wave by wave, with a way back.
//! - [`dashboard`]: show all that is known, as JSON.
//! - [`proof`]: what proves a plan, and how to check it yourself.
//!
//! The module holds text alone. It is there for the documentation and its tests,
//! and no part of the library that others compile.

#[doc = include_str!("in_memory.md")]
pub mod in_memory {}

#[doc = include_str!("what_if.md")]
pub mod what_if {}

#[doc = include_str!("strategy.md")]
pub mod strategy {}

#[doc = include_str!("keeping.md")]
pub mod keeping {}

#[doc = include_str!("carrying_out.md")]
pub mod carrying_out {}

#[doc = include_str!("dashboard.md")]
pub mod dashboard {}

#[doc = include_str!("proof.md")]
pub mod proof {}
