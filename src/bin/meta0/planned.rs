//! A plan and what becomes of it: the mapping it leads to, judged, the files it
//! is written to, the report, the exit status.

use std::process::ExitCode;

use meta0::{CheckOptions, Plan, PrefixMapping, Rules, ServiceIndex, Topology};

use crate::args::ReportArgs;
use crate::failure::Failure;
use crate::files::{Files, StagedFiles, misfit};
use crate::report::Report;

/// How many breaches of each kind the report shows.
pub(crate) const EXAMPLES: usize = 3;

/// A plan, and all that it is judged by.
#[derive(Debug)]
pub(crate) struct Planned {
    /// The name of the command that made it.
    pub(crate) command: &'static str,
    /// The cluster as it is.
    pub(crate) cluster: Topology,
    /// The same with the services that are to go drained, if some are.
    pub(crate) target: Option<Topology>,
    pub(crate) rules: Rules,
    pub(crate) options: CheckOptions,
    /// The mapping that the plan is for.
    pub(crate) before: PrefixMapping,
    pub(crate) plan: Plan,
    /// Whether it may leave something undone.
    pub(crate) is_restricted: bool,
    /// Whether the status is 1 when it does.
    pub(crate) is_strict: bool,
}

impl Planned {
    /// Writes the mapping and the plan where told, unless nothing changes, and
    /// reports.
    pub(crate) fn deliver(self, files: Files<'_>, args: &ReportArgs) -> Result<ExitCode, Failure> {
        let plan = files.in_waves(self.plan);
        let after = self.before.apply(&plan).map_err(|error| misfit(&error))?;
        let was = self.before.check(&self.cluster, &self.options)?;
        let is = after.check(self.target.as_ref().unwrap_or(&self.cluster), &self.options)?;

        let is_sound = is.is_clean() || self.is_restricted;
        let staged = if is_sound && !plan.is_empty() {
            files.stage(&plan, &self.before, &after)?
        } else {
            StagedFiles::default()
        };
        let report = Report {
            command: self.command,
            topology: &self.cluster,
            digits: plan.digits(),
            rules: self.rules,
            before: Some(&was),
            after: Some(&is),
            plan: Some(&plan),
            outcome: staged.describe().unwrap_or_else(|| files.why_nothing(&plan).to_owned()),
        };
        report.print(args, files.use_stdout())?;
        staged.commit()?;
        let is_done = is.is_clean() || (self.is_restricted && !self.is_strict);
        Ok(ExitCode::from(u8::from(!is_done)))
    }
}

/// The cluster without the services that some names stand for; `None` when they
/// stand for none. Names that only the mapping has are passed over.
pub(crate) fn without<'a>(
    cluster: &Topology,
    names: impl IntoIterator<Item = &'a String>,
) -> Option<Topology> {
    let gone: Vec<ServiceIndex> = names.into_iter().flat_map(|name| cluster.select(name)).collect();
    (!gone.is_empty()).then(|| cluster.drain(&gone))
}
