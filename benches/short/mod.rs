//! How long the benches measure.

use std::time::Duration;

use criterion::Criterion;

/// Samples few and short enough for all benches to end within minutes.
pub(crate) fn samples() -> Criterion {
    Criterion::default()
        .sample_size(10)
        .warm_up_time(Duration::from_millis(200))
        .measurement_time(Duration::from_millis(800))
        .without_plots()
}
