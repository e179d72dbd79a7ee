//! Every operation that is measured, by name: what its input is, and how it runs.
//!
//! The benches time them, `one` runs a single one for callgrind to count, and
//! the tests of the heap and of growth measure the same.

mod check;
mod cluster;
mod codec;
mod decommission;
mod plan;
mod rebalance;

use std::any::Any;

use meta0::{BootstrapOptions, Digits, PrefixMapping, Rules};

use crate::fixture;

/// How large an input is, beside its 65,536 bases.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Size {
    pub(crate) services: usize,
    pub(crate) replicas: u16,
}

impl Size {
    pub(crate) const fn new(services: usize, replicas: u16) -> Self {
        Self { services, replicas }
    }

    fn rules(self) -> Rules {
        fixture::rules(self.replicas)
    }

    /// A balanced mapping over the first so many services of the cluster.
    fn mapping(self) -> PrefixMapping {
        bootstrap(self.services, self.rules())
    }
}

/// An operation with its input made; it yields its output.
pub(crate) type Run = Box<dyn Fn() -> Box<dyn Any>>;

/// A kind of operation.
#[derive(Clone, Copy)]
pub(crate) struct Case {
    /// The operation and what it works on: `rebalance-join`.
    pub(crate) name: &'static str,
    /// The sizes to measure it at.
    pub(crate) sizes: &'static [Size],
    /// Makes its input.
    pub(crate) make: fn(Size) -> Run,
}

/// The sizes that everything is measured at.
const SIZES: &[Size] = &[Size::new(12, 3), Size::new(96, 3), Size::new(1000, 3)];
/// And those beyond that the core operations are measured at.
const MORE_SIZES: &[Size] = &[
    Size::new(12, 3),
    Size::new(96, 3),
    Size::new(1000, 3),
    Size::new(10_000, 3),
    Size::new(96, 5),
    Size::new(1000, 5),
];
/// Those of an operation that takes 32 services away, and leaves enough.
const LARGE_SIZES: &[Size] = &[Size::new(96, 3), Size::new(1000, 3), Size::new(10_000, 3)];

impl Case {
    const fn new(name: &'static str, sizes: &'static [Size], make: fn(Size) -> Run) -> Self {
        Self { name, sizes, make }
    }

    /// Its inputs by name: `rebalance-join-1000x5`.
    pub(crate) fn inputs(self) -> impl Iterator<Item = (String, Size)> {
        let name = move |size: &Size| format!("{}-{}x{}", self.name, size.services, size.replicas);
        self.sizes.iter().map(move |size| (name(size), *size))
    }
}

/// All of them.
pub(crate) fn all() -> Vec<Case> {
    let mut cases = vec![Case::new("bootstrap", MORE_SIZES, |size| {
        let (topology, options) =
            (fixture::cluster(size.services), BootstrapOptions::new(size.rules()));
        run(move || PrefixMapping::bootstrap(&topology, Digits::MAX, &options).unwrap())
    })];
    cases.extend(check::CASES);
    cases.extend(rebalance::CASES);
    cases.extend(decommission::CASES);
    cases.extend(plan::CASES);
    cases.extend(codec::CASES);
    cases
}

fn run<T: 'static>(work: impl Fn() -> T + 'static) -> Run {
    Box::new(move || Box::new(work()))
}

fn bootstrap(services: usize, rules: Rules) -> PrefixMapping {
    let options = BootstrapOptions::new(rules);
    PrefixMapping::bootstrap(&fixture::cluster(services), Digits::MAX, &options).unwrap()
}
