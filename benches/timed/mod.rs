//! How the benches time the cases of an operation.

use std::hint::black_box;
use std::time::Duration;

use criterion::{Criterion, SamplingMode, Throughput};
use meta0::Digits;

use crate::case;

/// Samples few and short enough for all benches to end within minutes.
pub(crate) fn short() -> Criterion {
    Criterion::default()
        .sample_size(10)
        .warm_up_time(Duration::from_millis(200))
        .measurement_time(Duration::from_millis(800))
        .without_plots()
}

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
