//! A plan as a file, on request with the steps that carry it out.

use std::io::{self, Write};

use meta0::{Plan, PrefixMapping};

/// Writes a plan for a mapping, with its steps on a namespace if there is one.
pub(crate) fn write(
    plan: &Plan,
    before: &PrefixMapping,
    namespace: Option<&str>,
    out: &mut dyn Write,
) -> io::Result<()> {
    match namespace {
        Some(namespace) => {
            let steps = plan.steps(before, namespace).map_err(io::Error::other)?;
            plan.write_json_with_steps(out, steps)
        }
        None => plan.write_json(out),
    }
}
