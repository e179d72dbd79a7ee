//! The check of 65,536 bases with 3 replicas, beside a copy of their table.

#![expect(clippy::unwrap_used, reason = "a bench that can't run stops")]

mod fixture;

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use meta0::{CheckOptions, Digits, Shares};

fn check(criterion: &mut Criterion) {
    let rules = fixture::rules(3);
    let mut group = criterion.benchmark_group("check");
    for services in fixture::SIZES {
        let topology = fixture::cluster(services);
        let mapping = fixture::mapping(services);
        let options = CheckOptions::new(rules);
        assert!(mapping.check(&topology, &options).unwrap().is_clean());
        group.throughput(Throughput::Elements(mapping.num_bases() as u64));
        group.bench_function(format!("{services} services"), |bencher| {
            bencher.iter(|| black_box(&mapping).check(black_box(&topology), &options));
        });
        group.bench_function(format!("{services} services, shares alone"), |bencher| {
            bencher.iter(|| Shares::new(black_box(&topology), Digits::MAX, rules));
        });
    }
    let table = vec![1_u16; 3 * Digits::MAX.count()];
    let mut copy = table.clone();
    group.bench_function("floor: memcpy of the table", |bencher| {
        bencher.iter(|| black_box(&mut copy).copy_from_slice(black_box(&table)));
    });
    group.finish();
}

criterion_group!(benches, check);
criterion_main!(benches);
