//! Bootstrap of 65,536 bases, beside a copy of their table.

#![expect(clippy::unwrap_used, reason = "a bench that can't run stops")]

#[expect(dead_code, reason = "this bench makes its mappings itself")]
mod fixture;

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use meta0::{BootstrapOptions, Digits, PrefixMapping, Shares};

fn bootstrap(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("bootstrap");
    group.throughput(Throughput::Elements(Digits::MAX.count() as u64));
    let sizes = fixture::SIZES.into_iter().chain([10_000]);
    let wide = [96, 1000].map(|services| (services, 5));
    for (services, replicas) in sizes.map(|services| (services, 3)).chain(wide) {
        let topology = fixture::cluster(services);
        let options = BootstrapOptions::new(fixture::rules(replicas));
        let name = format!("{services} services x {replicas}");
        group.bench_function(&name, |bencher| {
            bencher.iter(|| {
                PrefixMapping::bootstrap(black_box(&topology), Digits::MAX, &options).unwrap()
            });
        });
        group.bench_function(format!("{name}, shares alone"), |bencher| {
            bencher.iter(|| {
                Shares::new(black_box(&topology), Digits::MAX, fixture::rules(replicas)).unwrap()
            });
        });
    }
    let table = vec![1_u16; 3 * Digits::MAX.count()];
    let mut copy = table.clone();
    group.bench_function("floor: memcpy of the table", |bencher| {
        bencher.iter(|| black_box(&mut copy).copy_from_slice(black_box(&table)));
    });
    group.finish();
}

criterion_group!(benches, bootstrap);
criterion_main!(benches);
