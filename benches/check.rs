//! The check of 65,536 bases, what they can lose included, beside a copy of their
//! table.

mod case;
#[expect(dead_code, reason = "the cases choose their sizes themselves")]
mod fixture;
mod timed;

use criterion::{Criterion, criterion_group, criterion_main};

fn check(criterion: &mut Criterion) {
    timed::group(criterion, "check");
}

criterion_group! { name = benches; config = timed::short(); targets = check }
criterion_main!(benches);
