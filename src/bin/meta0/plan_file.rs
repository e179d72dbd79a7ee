//! A plan as a file, on request with the steps that carry it out.

use std::io::{self, Write};

use meta0::{Plan, PrefixMapping, Topology};

/// Writes a plan for a mapping, with its steps on the services of a namespace if they
/// are asked for.
pub(crate) fn write(
    plan: &Plan,
    before: &PrefixMapping,
    steps: Option<(&Topology, &str)>,
    out: &mut dyn Write,
) -> io::Result<()> {
    match steps {
        Some((cluster, namespace)) => {
            let steps = plan.steps(before, cluster, namespace).map_err(io::Error::other)?;
            plan.write_json_with_steps(out, steps)
        }
        None => plan.write_json(out),
    }
}
