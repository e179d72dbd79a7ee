//! A plan and what becomes of it: the files it is written to, the report, the
//! exit status.

use std::io::{self, BufWriter, Write};
use std::process::ExitCode;

use meta0::{CheckOptions, Plan, PrefixMapping, Rules, Topology};
use serde::Serialize;

use crate::args::{PlanArgs, ReportArgs};
use crate::failure::Failure;
use crate::output::{Output, Staged};
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
    /// The same with the services that are to go drained.
    pub(crate) target: Topology,
    pub(crate) rules: Rules,
    pub(crate) options: CheckOptions,
    /// The mapping that the plan is for.
    pub(crate) before: PrefixMapping,
    pub(crate) plan: Plan,
    /// Whether it may leave something undone.
    pub(crate) is_restricted: bool,
}

impl Planned {
    /// Writes the mapping and the plan where told, unless nothing changes, and
    /// reports.
    pub(crate) fn deliver(self, args: &PlanArgs, report: &ReportArgs) -> Result<ExitCode, Failure> {
        let Self { cluster, target, options, before, .. } = &self;
        let plan = in_waves(self.plan.clone(), args.max_per_service);
        let after = before
            .apply(&plan)
            .map_err(|error| Failure::because("the plan does not fit its own mapping", &error))?;
        let judged = (before.check(cluster, options)?, after.check(target, options)?);
        let is_sound = judged.1.is_clean() || self.is_restricted;

        let mut staged = Vec::new();
        if is_sound && !plan.is_empty() {
            staged = args.stage(&plan, &after)?;
        }
        let report_of = Report {
            command: self.command,
            topology: cluster,
            digits: plan.digits(),
            rules: self.rules,
            before: Some(&judged.0),
            after: Some(&judged.1),
            plan: Some(&plan),
            outcome: args.outcome(!staged.is_empty(), plan.is_empty()),
        };
        report_of.print(report, args.uses_stdout())?;
        staged.into_iter().try_for_each(Staged::commit)?;
        let is_done = judged.1.is_clean() || (self.is_restricted && !args.strict);
        Ok(ExitCode::from(u8::from(!is_done)))
    }
}

/// A plan in waves that a service can bear.
pub(crate) fn in_waves(plan: Plan, max_per_service: Option<usize>) -> Plan {
    match max_per_service {
        Some(most) => plan.max_per_service(most),
        None => plan,
    }
}

impl PlanArgs {
    /// Whether the report goes to standard error.
    pub(crate) fn uses_stdout(&self) -> bool {
        [&self.output, &self.plan].into_iter().any(|file| *file == Some(Output::Stdout))
    }

    /// Writes the mapping and the plan where `commit` finds them.
    pub(crate) fn stage(&self, plan: &Plan, after: &PrefixMapping) -> Result<Vec<Staged>, Failure> {
        if self.output.is_some() && self.output == self.plan {
            return Err(Failure::new("--output and --plan can't be one file")
                .hint("give another file to one of them"));
        }
        let mut staged = Vec::new();
        if let Some(output) = &self.output {
            staged.push(output.stage(|out| {
                if self.partial {
                    after.write_json_of(plan.changed_bases(), out)
                } else {
                    after.write_json(out)
                }
            })?);
        }
        if let Some(output) = &self.plan {
            staged.push(output.stage(|out| write_plan(plan, out))?);
        }
        Ok(staged)
    }

    /// What became of the files, in words.
    pub(crate) fn outcome(&self, is_written: bool, is_empty: bool) -> String {
        let files = [("mapping", &self.output), ("plan", &self.plan)];
        let mut lines = files
            .into_iter()
            .filter_map(|(what, file)| Some((what, file.as_ref()?)))
            .map(|(what, file)| format!("{what} written to {file}"))
            .collect::<Vec<_>>();
        if is_empty {
            lines = vec!["nothing written: nothing changes".to_owned()];
        } else if lines.is_empty() {
            lines.push(
                "nothing written: --output FILE writes the mapping, --plan FILE the plan"
                    .to_owned(),
            );
        } else if !is_written {
            lines = vec!["nothing written".to_owned()];
        }
        lines.join("\n")
    }
}

/// The services that names stand for: a location stands for all that are in it,
/// any other name for itself.
pub(crate) fn expand(topology: &Topology, names: &[String]) -> Vec<String> {
    let of_name = |name: &String| {
        let members = match topology.find(name) {
            Some(_) => Vec::new(),
            None => topology.in_location(name),
        };
        let addresses: Vec<_> = members
            .into_iter()
            .filter_map(|index| topology.service(index))
            .map(|service| service.address().to_owned())
            .collect();
        if addresses.is_empty() { vec![name.clone()] } else { addresses }
    };
    names.iter().flat_map(of_name).collect()
}

/// The plan as JSON: what it is for, what it counts, and its waves.
#[derive(Debug, Serialize)]
struct PlanFile<'a> {
    digits: u8,
    digest: String,
    digest_after: String,
    moves: usize,
    lower_bound: Option<usize>,
    minimal: bool,
    waves: Vec<Vec<ChangeLine<'a>>>,
}

/// A move; with a `null`, a replica that is new or one that is taken away.
#[derive(Debug, Serialize)]
struct ChangeLine<'a> {
    base: String,
    from: Option<&'a str>,
    to: Option<&'a str>,
}

fn write_plan(plan: &Plan, out: &mut dyn Write) -> io::Result<()> {
    let file = PlanFile {
        digits: plan.digits().get(),
        digest: format!("{:016x}", plan.digest()),
        digest_after: format!("{:016x}", plan.digest_afterwards()),
        moves: plan.moves(),
        lower_bound: plan.lower_bound(),
        minimal: plan.is_minimal(),
        waves: plan.waves().map(|wave| wave.changes().map(ChangeLine::of).collect()).collect(),
    };
    let mut out = BufWriter::new(out);
    serde_json::to_writer(&mut out, &file)?;
    writeln!(out)?;
    out.flush()
}

impl<'a> ChangeLine<'a> {
    fn of(change: meta0::Change<'a>) -> Self {
        Self { base: change.base.first_prefix().to_string(), from: change.from, to: change.to }
    }
}
