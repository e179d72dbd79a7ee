//! The report for programs: one JSON object. Its keys and their order are a
//! contract.
//!
//! All but a few keys are the library's values as serde writes them: the
//! [`Rules`] stand among the keys of the report, `before` and `after` are each a
//! [`CheckReport`].

use meta0::{Base, CheckReport, Digits, Plan, Rules};
use serde::Serialize;

use super::Report;

#[derive(Debug, Serialize)]
struct Object<'a> {
    command: &'a str,
    digits: Digits,
    #[serde(flatten)]
    rules: Rules,
    /// Left out where none is.
    #[serde(skip_serializing_if = "<[Base]>::is_empty")]
    held_bases: &'a [Base],
    bases: usize,
    before: Option<&'a CheckReport>,
    /// Judged on the cluster that the plan is for: a service that it drains has the
    /// score 0 there.
    after: Option<&'a CheckReport>,
    #[serde(flatten)]
    plan: Option<PlanCounts>,
}

/// What a command that plans adds.
#[derive(Debug, Serialize)]
pub(super) struct PlanCounts {
    moves: usize,
    removals: usize,
    moved_bases: usize,
    multi_move_bases: usize,
    lower_bound: Option<usize>,
    minimal: bool,
    waves: usize,
}

/// The report as one line.
pub(super) fn write(report: &Report<'_>) -> String {
    to_line(&Object {
        command: report.command,
        digits: report.digits,
        rules: report.rules,
        held_bases: report.held_bases,
        bases: report.digits.count(),
        before: report.before,
        after: report.after,
        plan: report.plan.map(PlanCounts::of),
    })
}

/// An object and a newline.
pub(super) fn to_line(object: &impl Serialize) -> String {
    serde_json::to_string(object).expect("numbers and strings under known keys") + "\n"
}

impl PlanCounts {
    pub(super) fn of(plan: &Plan) -> Self {
        Self {
            moves: plan.moves(),
            removals: plan.removals(),
            moved_bases: plan.moved_bases(),
            multi_move_bases: plan.multi_move_bases(),
            lower_bound: plan.lower_bound(),
            minimal: plan.is_minimal(),
            waves: plan.waves().len(),
        }
    }
}
