//! How the benches time the cases of an operation.

use std::hint::black_box;

use criterion::{Criterion, SamplingMode, Throughput};
use meta0::Digits;

use crate::case;

/// Times every case of an operation, and a copy of a table of 65,536 x 3.
pub(crate) fn group(criterion: &mut Criterion, operation: &str) {
    let mut group = criterion.benchmark_group(operation);
    group.sampling_mode(SamplingMode::Flat);
    group.throughput(Throughput::Elements(Digits::MAX.count() as u64));
    for case in case::all().into_iter().filter(|case| case.name.starts_with(operation)) {
        for (name, size) in case.inputs() {
            let run = (case.make)(size);
            group.bench_function(name, |bencher| bencher.iter(&run));
        }
    }
    let table = vec![1_u16; 3 * Digits::MAX.count()];
    let mut copy = table.clone();
    group.bench_function("floor: memcpy of the table", |bencher| {
        bencher.iter(|| black_box(&mut copy).copy_from_slice(black_box(&table)));
    });
    group.finish();
}
