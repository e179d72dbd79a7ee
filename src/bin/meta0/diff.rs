//! `meta0 diff`.

use std::borrow::Cow;
use std::process::ExitCode;

use meta0::{Location, PrefixMapping, Service, Topology};

use crate::args::DiffArgs;
use crate::failure::Failure;
use crate::files::Files;
use crate::report::Difference;

/// Finds what changes a mapping into another.
pub(crate) fn run(args: &DiffArgs) -> Result<ExitCode, Failure> {
    let files = Files::of_diff(args)?;
    let (old, new, cluster) = args.read()?;
    let plan = old.diff(&new).map_err(|error| Failure::because("no plan", &error))?;
    let plan = files.in_waves(plan);
    let up = match &cluster {
        Some(cluster) => Cow::Borrowed(cluster),
        None => Cow::Owned(all_up(&old, &new)?),
    };
    let staged = files.stage(&plan, &up, &old, &new)?;
    let outcome = staged.describe();
    let report =
        Difference { old: &old, new: &new, cluster: cluster.as_ref(), plan: &plan, outcome };
    report.print(&args.report, files.use_stdout())?;
    staged.commit()?;
    Ok(ExitCode::SUCCESS)
}

/// The services that the mappings name, all up: nothing says that one is not.
fn all_up(old: &PrefixMapping, new: &PrefixMapping) -> Result<Topology, Failure> {
    let mut names: Vec<_> = old.names().chain(new.names()).collect();
    names.sort_unstable();
    names.dedup();
    let service = |name: &str| Service::new(name, Location::of_host(name));
    Topology::new(names.into_iter().map(service))
        .map_err(|error| Failure::because("no plan", &error))
}
