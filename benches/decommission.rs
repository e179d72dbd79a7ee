//! Decommission of 65,536 bases, beside a copy of their table.
#![expect(clippy::unwrap_used, reason = "a bench that can't go on fails")]

mod case;
#[expect(dead_code, reason = "the cases choose their sizes themselves")]
mod fixture;
mod short;
mod timed;

use criterion::{Criterion, criterion_group, criterion_main};

fn decommission(criterion: &mut Criterion) {
    timed::group(criterion, "decommission");
}

criterion_group! { name = benches; config = short::samples(); targets = decommission }
criterion_main!(benches);
