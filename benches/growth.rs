//! Growth: the cost of each operation as services or replicas multiply. What is
//! linear in the table keeps its replicas a second.
#![expect(clippy::unwrap_used, reason = "a bench that can't go on fails")]

#[expect(dead_code, reason = "the sizes here are others")]
mod case;
#[expect(dead_code, reason = "the cases choose their sizes themselves")]
mod fixture;
mod short;

use case::Size;
use criterion::{
    BenchmarkId, Criterion, SamplingMode, Throughput, criterion_group, criterion_main,
};
use meta0::Digits;

const OPERATIONS: [&str; 10] = [
    "bootstrap",
    "check-sound",
    "rebalance-join",
    "rebalance-drain-service",
    "rebalance-hold-site",
    "decommission-service",
    "decommission-in-capped-sites",
    "decommission-fewest-bases",
    "read-json",
    "write-json",
];

fn growth(criterion: &mut Criterion) {
    let services = [10, 100, 1000, 10_000, 20_000].map(|services| Size::new(services, 3));
    let replicas = [1, 2, 4, 8].map(|replicas| Size::new(1000, replicas));
    let cases = case::all().into_iter().filter(|case| OPERATIONS.contains(&case.name));
    for case in cases {
        let mut group = criterion.benchmark_group(format!("growth/{}", case.name));
        group.sampling_mode(SamplingMode::Flat);
        for size in services.iter().chain(&replicas) {
            let run = (case.make)(*size);
            let table = Digits::MAX.count() as u64 * u64::from(size.replicas);
            let id = BenchmarkId::new(format!("{} services", size.services), size.replicas);
            group.throughput(Throughput::Elements(table));
            group.bench_function(id, |bencher| bencher.iter(&run));
        }
        group.finish();
    }
}

criterion_group! { name = benches; config = short::samples(); targets = growth }
criterion_main!(benches);
