//! The public surface, one file for each operation.

mod check;
mod share;
