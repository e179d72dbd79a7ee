//! Writing the wire format, beside a copy of its bytes and the plain route.
#![expect(clippy::unwrap_used, reason = "a bench that can't run stops")]

mod fixture;
mod short;

use std::collections::BTreeMap;
use std::hint::black_box;
use std::io;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use meta0::Digits;

fn write(criterion: &mut Criterion) {
    for services in fixture::SIZES {
        let mapping = fixture::mapping(services);
        let text = mapping.to_json();
        let mut group = criterion.benchmark_group(format!("write_json/{services}"));
        group.throughput(Throughput::Bytes(text.len() as u64));
        group.bench_function("whole", |bencher| bencher.iter(|| black_box(&mapping).to_json()));
        group.bench_function("streamed", |bencher| {
            bencher.iter(|| black_box(&mapping).write_json(io::sink()).unwrap());
        });
        group.bench_function("floor: memcpy", |bencher| {
            bencher.iter(|| black_box(&*text).to_owned());
        });
        let plain: BTreeMap<String, Vec<String>> = serde_json::from_str(&text).unwrap();
        group.bench_function("floor: serde_json", |bencher| {
            bencher.iter(|| serde_json::to_string(black_box(&plain)).unwrap());
        });
        let part: Vec<_> = Digits::MAX.bases().step_by(16).collect();
        let length = mapping.to_json_of(part.iter().copied()).len();
        group.throughput(Throughput::Bytes(length as u64));
        group.bench_function("partial", |bencher| {
            bencher.iter(|| black_box(&mapping).to_json_of(part.iter().copied()));
        });
    }
}

criterion_group! { name = benches; config = short::samples(); targets = write }
criterion_main!(benches);
