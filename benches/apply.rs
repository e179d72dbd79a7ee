//! Plans for 65,536 bases applied, inverted, compared, written and cut into waves,
//! beside a copy of their table.

mod case;
#[expect(dead_code, reason = "the cases choose their sizes themselves")]
mod fixture;
mod timed;

use criterion::{Criterion, criterion_group, criterion_main};

fn apply(criterion: &mut Criterion) {
    timed::group(criterion, "apply");
}

criterion_group! { name = benches; config = timed::short(); targets = apply }
criterion_main!(benches);
