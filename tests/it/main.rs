//! The public surface, from outside: one file for each operation, and what
//! judges them.

mod check;
mod exhaustive;
mod flow;
mod instance;
mod json;
mod judge;
mod notation;
mod oracle;
mod rebalance;
mod share;
mod vectors;
