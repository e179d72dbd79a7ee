//! Reading the wire format, beside the same as rows in memory, a copy of its bytes
//! and the plain route.
#![expect(clippy::unwrap_used, reason = "a bench that can't run stops")]

mod fixture;
mod short;

use std::collections::BTreeMap;
use std::hint::black_box;
use std::io::Cursor;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use meta0::{Digits, PrefixMapping};

fn read(criterion: &mut Criterion) {
    for services in fixture::SIZES {
        let mapping = fixture::mapping(services);
        let text = mapping.to_json();
        let rows = mapping.iter().map(|(base, names)| (base, names.map(str::to_owned)));
        let rows: Vec<(_, Vec<_>)> = rows.map(|(base, names)| (base, names.collect())).collect();
        let mut group = criterion.benchmark_group(format!("read_json/{services}"));
        let mut measure = |name: &str, text: &str| {
            group.throughput(Throughput::Bytes(text.len() as u64));
            group.bench_function(name, |bencher| {
                bencher.iter(|| PrefixMapping::from_json(black_box(text), Digits::MAX).unwrap());
            });
        };
        measure("lines", &text);
        let compact = text.replace('\n', "");
        measure("compact", &compact);
        let spaced = [("\":", "\": "), ("\",", "\", "), ("],", "], ")];
        let spaced = spaced.iter().fold(compact, |text, (from, to)| text.replace(from, to));
        measure("spaced", &spaced);
        measure("byte swapped", &byte_swapped(&text));
        group.throughput(Throughput::Bytes(text.len() as u64));
        group.bench_function("lines, streamed", |bencher| {
            bencher.iter(|| {
                PrefixMapping::read_json(Cursor::new(black_box(&text)), Digits::MAX).unwrap()
            });
        });
        group.bench_function("rows in memory", |bencher| {
            bencher.iter(|| {
                let rows = rows.iter().map(|(base, names)| (*base, names));
                PrefixMapping::from_rows(Digits::MAX, black_box(rows)).unwrap()
            });
        });
        group.bench_function("floor: memcpy", |bencher| {
            bencher.iter(|| black_box(&*text).to_owned());
        });
        group.sample_size(10).bench_function("floor: serde_json", |bencher| {
            bencher.iter(|| {
                serde_json::from_str::<BTreeMap<String, Vec<String>>>(black_box(&text)).unwrap()
            });
        });
    }
}

/// The same document with its keys as the proxy lists them.
fn byte_swapped(text: &str) -> String {
    let mut lines: Vec<_> = text.lines().filter(|line| line.len() > 1).collect();
    lines.sort_by_key(|line| (line[3..5].to_owned(), line[1..3].to_owned()));
    let lines: Vec<_> = lines.iter().map(|line| line.trim_end_matches(',')).collect();
    format!("{{{}}}", lines.join(","))
}

criterion_group! { name = benches; config = short::samples(); targets = read }
criterion_main!(benches);
