//! `meta0 plan show`.

use std::fmt::{Display, Write as _};
use std::process::ExitCode;

use meta0::{Base, Goal, Plan, Strategy};

use crate::args::ShowArgs;
use crate::failure::Failure;
use crate::report::say;

/// The most waves that are listed.
const WAVES: usize = 16;

/// Says what a plan is.
pub(super) fn run(args: &ShowArgs) -> Result<ExitCode, Failure> {
    let plan = args.file.read()?;
    say(&text(&plan), false)?;
    Ok(ExitCode::SUCCESS)
}

/// Names and values, one a line, below what is said first.
struct Lines(String);

impl Lines {
    fn add(&mut self, name: &str, value: impl Display) {
        writeln!(self.0, "{name:<10} {value}").expect("a string takes whatever is written");
    }

    /// A list on one line, the first few of it; no line where it is empty.
    fn list(&mut self, name: &str, all: &[String]) {
        let some = all.iter().take(4).map(String::as_str).collect::<Vec<_>>().join(", ");
        match all.len() {
            0 => {}
            5.. => self.add(name, format_args!("{some}, … ({} in all)", all.len())),
            _ => self.add(name, some),
        }
    }

    fn bases(&mut self, name: &str, bases: &[Base]) {
        let bases = bases.iter().map(|base| base.first_prefix().to_string());
        self.list(name, &bases.collect::<Vec<_>>());
    }
}

fn text(plan: &Plan) -> String {
    let mut lines = Lines(format!("{plan}\n{}\n\n", claim(plan)));
    lines.add("from", format_args!("mapping {:016x}", plan.digest()));
    lines.add("to", format_args!("mapping {:016x}", plan.digest_afterwards()));
    lines.add("digits", plan.digits());
    if let Some(goal) = plan.goal() {
        add_goal(&mut lines, goal);
    }
    for (number, wave) in plan.waves().enumerate().take(WAVES) {
        let plural = if wave.len() == 1 { "" } else { "s" };
        lines.add(&format!("wave {}", number + 1), format_args!("{} change{plural}", wave.len()));
    }
    match plan.waves().len().saturating_sub(WAVES) {
        0 => {}
        1 => lines.add("…", "1 more wave"),
        more => lines.add("…", format_args!("{more} more waves")),
    }
    lines.0
}

/// What the plan is to reach, and what restricts it.
fn add_goal(lines: &mut Lines, goal: &Goal) {
    let name = match goal {
        Goal::Rebalance(_) => "rebalance",
        _ => "decommission",
    };
    lines.add("goal", name);
    lines.add("rules", goal.rules());
    lines.add("tolerance", goal.tolerance());
    match goal {
        Goal::Rebalance(options) => {
            lines.list("drained", options.get_drain());
            lines.list("held", options.get_hold());
            lines.bases("held bases", options.get_hold_bases());
            if let Some(most) = options.get_max_moves() {
                lines.add("at most", moves(most));
            }
            if let Some(most) = options.get_max_moves_per_base() {
                lines.add("at most", format_args!("{} of each base", moves(most)));
            }
        }
        Goal::Decommission { services, options } => {
            lines.list("leaving", services);
            lines.list("drained", options.get_drain());
            lines.bases("bases", options.get_bases().unwrap_or_default());
            match options.get_strategy() {
                Strategy::FewestBases => lines.add("strategy", "fewest bases"),
                Strategy::MostAvailability => lines.add("strategy", "most availability"),
                _ => {}
            }
        }
        _ => {}
    }
}

fn moves(count: usize) -> String {
    format!("{count} move{}", if count == 1 { "" } else { "s" })
}

/// What the plan claims of its moves.
fn claim(plan: &Plan) -> String {
    match plan.lower_bound() {
        Some(_) if plan.is_minimal() => "it claims that no plan has fewer moves".to_owned(),
        Some(bound) => format!(
            "it claims that the whole plan, of which it is a part, has at least {bound} moves"
        ),
        None => "it claims nothing of the fewest moves".to_owned(),
    }
}
