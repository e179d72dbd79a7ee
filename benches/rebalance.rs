//! Rebalance of 65,536 bases, beside a copy of their table.
#![expect(clippy::unwrap_used, reason = "a bench that can't go on fails")]

mod case;
#[expect(dead_code, reason = "the cases choose their sizes themselves")]
mod fixture;
mod short;
mod timed;

use criterion::{Criterion, criterion_group, criterion_main};

fn rebalance(criterion: &mut Criterion) {
    timed::group(criterion, "rebalance");
}

criterion_group! { name = benches; config = short::samples(); targets = rebalance }
criterion_main!(benches);
