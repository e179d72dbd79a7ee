//! The public surface, from outside: one file for each operation, and what
//! judges them.
#![expect(clippy::unwrap_used, reason = "a test that can't go on fails")]

mod attacks;
mod bands;
mod bootstrap;
mod certificate;
mod check;
#[cfg(feature = "cli")]
mod cli;
mod decommission;
mod exhaustive;
mod fewest_broken;
mod fixtures;
mod flow;
mod instance;
mod json;
mod judge;
mod mapping;
mod notation;
mod oracle;
mod partial;
mod plan;
mod plan_file;
mod progress;
mod public_api;
mod rebalance;
mod restricted;
mod rules;
mod scale;
mod services;
mod share;
mod steps;
mod tidy;
mod vectors;
mod verify;
