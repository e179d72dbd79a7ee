//! The heap that each operation takes beyond its input and its output stays
//! within the limit that its documentation gives.
#![expect(clippy::unwrap_used, reason = "a test that can't go on fails")]

#[path = "../benches/case/mod.rs"]
mod case;
#[expect(dead_code, reason = "the cases choose their sizes themselves")]
#[path = "../benches/fixture/mod.rs"]
mod fixture;

use case::Case;
use meta0::{Digits, Plan};

/// Bytes: for each 16 replicas of the table, each service (those that join or
/// are gone included), each change of the plan, and besides.
#[derive(Clone, Copy)]
struct Limit {
    replicas_16: usize,
    service: usize,
    change: usize,
    besides: usize,
}

const NOTHING: Limit = Limit { replicas_16: 0, service: 0, change: 0, besides: 4 << 10 };

/// What the check at the end of an operation takes for each service, where
/// assertions are on.
const CHECK: usize = if cfg!(debug_assertions) { 200 } else { 0 };

/// The limit of the operations whose names begin so; the first that fits.
const LIMITS: [(&str, Limit); 20] = [
    ("bootstrap", Limit { replicas_16: 1, service: 100 + CHECK, ..NOTHING }),
    ("check", Limit { service: 200, ..NOTHING }),
    // Their clusters grow tenfold, and are counted once.
    ("rebalance-limited", Limit { replicas_16: 16 * 72, service: 8000, ..NOTHING }),
    ("rebalance", Limit { replicas_16: 16 * 11, service: 800, change: 24, ..NOTHING }),
    ("decommission", Limit { replicas_16: 16 * 6, service: 1000, change: 24, ..NOTHING }),
    ("apply-inverse", Limit { service: 64, change: 8, ..NOTHING }),
    ("apply-diff", Limit { service: 100, change: 40, ..NOTHING }),
    ("apply-partial", Limit { replicas_16: 16 * 4, service: 100, ..NOTHING }),
    ("apply-wave-partials", Limit { replicas_16: 16 * 18, service: 200, ..NOTHING }),
    ("apply-progress", Limit { replicas_16: 16 * 24, service: 200, ..NOTHING }),
    ("plan-read", Limit { replicas_16: 16 * 18, service: 400, besides: 16 << 10, ..NOTHING }),
    ("plan-write", Limit { service: 200, besides: 132 << 10, ..NOTHING }),
    ("plan-verify", Limit { replicas_16: 16 * 18, service: 800, besides: 512 << 10, ..NOTHING }),
    ("apply-capped-waves", Limit { service: 100, change: 64, ..NOTHING }),
    ("apply", Limit { service: 64, ..NOTHING }),
    ("from-rows", Limit { replicas_16: 16 * 4, service: 100, besides: 580 << 10, ..NOTHING }),
    (
        "read-json-streamed",
        Limit { replicas_16: 16 * 4, service: 100, besides: 1092 << 10, ..NOTHING },
    ),
    ("read-json", Limit { replicas_16: 16 * 4, service: 100, besides: 516 << 10, ..NOTHING }),
    ("write-json-streamed", Limit { service: 132, besides: 132 << 10, ..NOTHING }),
    ("write-json", Limit { service: 132, ..NOTHING }),
];

#[test]
fn every_operation_stays_within_its_limit() {
    for case in case::all() {
        let name = |(name, _): &&(&str, Limit)| case.name.starts_with(name);
        let (_, limit) = LIMITS.iter().find(name).expect("every operation has a limit");
        judge(case, *limit);
    }
}

/// Runs an operation at all its sizes and holds its peak against its limit.
#[track_caller]
fn judge(case: Case, limit: Limit) {
    for (name, size) in case.inputs() {
        let run = (case.make)(size);
        let mut output = None;
        let heap = allocation_counter::measure(|| output = Some(run()));
        let changes = output.as_ref().and_then(|output| output.downcast_ref::<Plan>());
        let changes = changes.map_or(0, |plan| plan.changes().len());
        let replicas = Digits::MAX.count() * usize::from(size.replicas);
        let services = size.services * 5 / 4;
        let allowed = limit.replicas_16 * replicas / 16
            + limit.service * services
            + limit.change * changes
            + limit.besides;
        let left = usize::try_from(heap.bytes_current).unwrap_or(0);
        let beyond = usize::try_from(heap.bytes_max).map_or(usize::MAX, |peak| peak - left);
        assert!(beyond <= allowed, "{name}: {beyond} bytes beyond its output, {allowed} allowed");
    }
}
