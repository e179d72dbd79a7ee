//! A plan and what becomes of it: the mapping it leads to, judged, the files it
//! is written to, the report, the exit status.

use std::borrow::Cow;
use std::process::ExitCode;

use meta0::{Base, CheckOptions, Digits, Plan, PrefixMapping, Rules, Topology};

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
    pub(crate) rules: Rules,
    pub(crate) options: CheckOptions,
    /// The bases that are to keep their services.
    pub(crate) held_bases: Vec<Base>,
    /// The mapping that the plan is for.
    pub(crate) before: PrefixMapping,
    pub(crate) plan: Plan,
    /// Whether it may leave something undone.
    pub(crate) is_restricted: bool,
    /// Whether the status is 1 when it does.
    pub(crate) is_strict: bool,
}

impl Planned {
    /// Writes the mapping and the plan where told, and reports.
    pub(crate) fn deliver(self, files: Files<'_>, args: &ReportArgs) -> Result<ExitCode, Failure> {
        let plan = files.in_waves(self.plan);
        let after = self.before.apply(&plan).map_err(|error| misfit(&error))?;
        let was = self.before.check(&self.cluster, &self.options)?;
        let is = after.check(&target(&self.cluster, &plan), &self.options)?;

        let is_sound = is.is_clean() || self.is_restricted;
        let staged = is_sound.then(|| files.stage(&plan, &self.cluster, &self.before, &after));
        let staged = staged.transpose()?;
        let report = Report {
            command: self.command,
            topology: &self.cluster,
            digits: plan.digits(),
            rules: self.rules,
            held_bases: &self.held_bases,
            before: Some(&was),
            after: Some(&is),
            plan: Some(&plan),
            outcome: staged
                .as_ref()
                .map_or_else(|| "nothing written".to_owned(), StagedFiles::describe),
        };
        report.print(args, files.use_stdout())?;
        staged.map_or(Ok(()), StagedFiles::commit)?;
        let is_done = is.is_clean() || (self.is_restricted && !self.is_strict);
        Ok(ExitCode::from(u8::from(!is_done)))
    }
}

/// The bases that an option names, ascending, each once; an empty text names none.
pub(crate) fn bases(option: &str, names: &[String], digits: Digits) -> Result<Vec<Base>, Failure> {
    let names = names.iter().filter(|name| !name.is_empty());
    let bases: Result<Vec<_>, _> = names.map(|name| Base::parse(name, digits)).collect();
    let mut bases = bases.map_err(|error| Failure::because(option, &error))?;
    bases.sort_unstable();
    bases.dedup();
    Ok(bases)
}

/// The cluster without the services that a plan drains.
fn target<'a>(cluster: &'a Topology, plan: &Plan) -> Cow<'a, Topology> {
    let gone: Vec<_> = plan.drained().filter_map(|name| cluster.find(name)).collect();
    if gone.is_empty() { Cow::Borrowed(cluster) } else { Cow::Owned(cluster.drained(&gone)) }
}
