//! Rebalance of 65,536 bases, beside a copy of their table.

mod case;
#[expect(dead_code, reason = "the cases choose their sizes themselves")]
mod fixture;
mod timed;

use criterion::{Criterion, criterion_group, criterion_main};

fn rebalance(criterion: &mut Criterion) {
    timed::group(criterion, "rebalance");
}

criterion_group! { name = benches; config = timed::short(); targets = rebalance }
criterion_main!(benches);
