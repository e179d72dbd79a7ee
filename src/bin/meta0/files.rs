//! The files that a plan is written to: the mapping it leads to, and the plan
//! itself. Each that is named is written, also when nothing changes, so that no
//! older file is taken for it.

use meta0::{ApplyError, Base, Plan, PrefixMapping, Topology};

use crate::args::{DiffArgs, PlanArgs, WaveArgs};
use crate::failure::Failure;
use crate::output::{Output, Staged};
use crate::plan_file;
use crate::report::first_few;

/// What becomes of a plan when no file is named.
const NOTHING: &str = "nothing written: --output FILE writes the mapping, --plan FILE the plan";

/// What is written, and where.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Files<'a> {
    mapping: Option<&'a Output>,
    /// Whether of the mapping only what changes is written.
    partial: bool,
    waves: &'a WaveArgs,
}

impl<'a> Files<'a> {
    /// The files of a command that plans.
    pub(crate) fn of_plan(args: &'a PlanArgs) -> Result<Self, Failure> {
        Self { mapping: args.output.as_ref(), partial: args.partial, waves: &args.waves }.distinct()
    }

    /// The files of a comparison.
    pub(crate) fn of_diff(args: &'a DiffArgs) -> Result<Self, Failure> {
        Self { mapping: args.output.as_ref(), partial: true, waves: &args.waves }.distinct()
    }

    fn distinct(self) -> Result<Self, Failure> {
        match (self.mapping, &self.waves.plan) {
            (Some(mapping), Some(plan)) if mapping.is_same(plan) => {
                Err(Failure::new("--output and --plan can't be one file")
                    .hint("give another file to one of them"))
            }
            _ => Ok(self),
        }
    }

    /// Whether the report goes to standard error.
    pub(crate) fn use_stdout(self) -> bool {
        [self.mapping, self.waves.plan.as_ref()].contains(&Some(&Output::Stdout))
    }

    /// A plan in waves that a service can bear.
    pub(crate) fn in_waves(self, plan: Plan) -> Plan {
        match self.waves.max_per_service {
            Some(most) => plan.max_per_service(most),
            None => plan,
        }
    }

    /// Writes the mapping and the plan where [`Staged::commit`] finds them.
    pub(crate) fn stage(
        self,
        plan: &Plan,
        cluster: &Topology,
        before: &PrefixMapping,
        after: &PrefixMapping,
    ) -> Result<StagedFiles<'a>, Failure> {
        let mut files = Vec::new();
        let mut unsaid = Vec::new();
        if let Some(output) = self.mapping {
            let staged = if self.partial {
                let object = plan.partial_json(before).map_err(|error| misfit(&error))?;
                let object = object.as_deref().unwrap_or("{}\n");
                output.stage(|out| out.write_all(object.as_bytes()))?
            } else {
                output.stage(|out| after.write_json(out))?
            };
            files.push(("mapping", output, staged));
            let had_some = |base: &Base| before.services_of(*base).len() > 0;
            unsaid.extend(after.missing_bases().filter(had_some));
        }
        if let Some(output) = &self.waves.plan {
            let namespace = self.waves.steps.then_some(self.waves.namespace.as_str());
            let steps = namespace.map(|namespace| (cluster, namespace));
            let staged = output.stage(|out| plan_file::write(plan, before, steps, out))?;
            files.push(("plan", output, staged));
        }
        Ok(StagedFiles { files, unsaid })
    }
}

/// Files that wait for their places.
#[derive(Debug, Default)]
pub(crate) struct StagedFiles<'a> {
    /// What each is, and where it goes.
    files: Vec<(&'static str, &'a Output, Staged)>,
    /// The bases that lose their last replica, which the mapping can't say.
    unsaid: Vec<Base>,
}

impl StagedFiles<'_> {
    /// What is written where, in words.
    pub(crate) fn describe(&self) -> String {
        if self.files.is_empty() {
            return NOTHING.to_owned();
        }
        let line = |(what, output, _): &(_, _, _)| format!("{what} written to {output}");
        let mut lines: Vec<_> = self.files.iter().map(line).collect();
        match self.unsaid.len() {
            0 => {}
            1 => lines.push(format!(
                "the mapping can't say that base {} loses its last replica: meta0 keeps what it \
                 has of it",
                first_few(&self.unsaid)
            )),
            count => lines.push(format!(
                "the mapping can't say that {count} bases lose their last replica: meta0 keeps \
                 what it has of {}",
                first_few(&self.unsaid)
            )),
        }
        lines.join("\n")
    }

    /// Puts each in its place.
    pub(crate) fn commit(self) -> Result<(), Failure> {
        self.files.into_iter().try_for_each(|(_, _, staged)| staged.commit())
    }
}

/// A plan that its own mapping refuses.
pub(crate) fn misfit(error: &ApplyError) -> Failure {
    Failure::because("the plan does not fit its own mapping", error)
}
