//! The check of 65,536 bases with 3 replicas, beside a copy of their table.

use std::error::Error;
use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use meta0::{CheckOptions, Digits, PrefixMapping, Rules, Service, Shares, Topology};

/// Four volumes on each host, eight hosts in each rack.
fn topology(services: usize) -> Result<Topology, Box<dyn Error>> {
    let service = |index: usize| {
        let (rack, host, volume) = (index / 32, index / 4, index % 4);
        let address = format!("10.0.{}.{}:{}", host / 250, host % 250 + 1, 6000 + volume);
        Ok(Service::new(address, format!("rack{rack}.host{host}.disk{volume}").parse()?))
    };
    Ok(Topology::new((0..services).map(service).collect::<Result<_, Box<dyn Error>>>()?)?)
}

/// Each base on three services a third of the cluster apart: on three hosts.
fn mapping(topology: &Topology) -> Result<PrefixMapping, Box<dyn Error>> {
    let (names, count) = (topology.services(), topology.services().len());
    let mut mapping = PrefixMapping::new(Digits::MAX);
    for base in mapping.digits().bases() {
        let start = base.index() * 7;
        let places = [0, 1, 2].map(|replica| (start + replica * count / 3) % count);
        mapping.assign_services(base, places.map(|place| names[place].address()))?;
    }
    Ok(mapping)
}

fn check(c: &mut Criterion) -> Result<(), Box<dyn Error>> {
    let rules = Rules::new(3)?.min_dist("2".parse()?);
    let mut group = c.benchmark_group("check");
    for services in [12, 96, 1000] {
        let topology = topology(services)?;
        let mapping = mapping(&topology)?;
        let options = CheckOptions::new(rules);
        assert!(mapping.check(&topology, &options)?.is_valid());
        group.throughput(Throughput::Elements(mapping.num_bases() as u64));
        group.bench_function(format!("{services} services"), |b| {
            b.iter(|| black_box(&mapping).check(black_box(&topology), &options));
        });
        group.bench_function(format!("{services} services, shares alone"), |b| {
            b.iter(|| Shares::new(black_box(&topology), Digits::MAX, rules));
        });
    }
    let table = vec![1_u16; 3 << 16];
    let mut copy = table.clone();
    group.bench_function("floor: copy of the table", |b| {
        b.iter(|| black_box(&mut copy).copy_from_slice(black_box(&table)));
    });
    group.finish();
    Ok(())
}

fn benches(c: &mut Criterion) {
    check(c).expect("the rules hold on every topology of the bench");
}

criterion_group!(all, benches);
criterion_main!(all);
