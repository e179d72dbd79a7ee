//! `meta0 plan show`.

use std::fmt::Write as _;
use std::process::ExitCode;

use meta0::{Goal, Plan, Strategy};

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

fn text(plan: &Plan) -> String {
    let mut text = format!("{plan}\n{}\n\n", proof(plan));
    let mut line = |name: &str, value: &dyn std::fmt::Display| {
        writeln!(text, "{name:<9} {value}").expect("a string takes whatever is written");
    };
    line("from", &format_args!("mapping {:016x}", plan.digest()));
    line("to", &format_args!("mapping {:016x}", plan.digest_afterwards()));
    line("digits", &plan.digits());
    match plan.goal() {
        Some(Goal::Rebalance(options)) => {
            line("goal", &"rebalance");
            line("rules", &options.get_rules());
            line("tolerance", &options.get_tolerance());
            list(&mut line, "drained", options.get_drain());
            list(&mut line, "held", options.get_hold());
            let bases: Vec<_> =
                options.get_hold_bases().iter().map(|it| it.first_prefix().to_string()).collect();
            list(&mut line, "held", &bases);
            let limits = [
                ("at most", options.get_max_moves()),
                ("at most", options.get_max_moves_per_base()),
            ];
            for ((name, most), of) in limits.into_iter().zip(["moves", "moves of each base"]) {
                if let Some(most) = most {
                    line(name, &format_args!("{most} {of}"));
                }
            }
        }
        Some(Goal::Decommission { services, options }) => {
            line("goal", &"decommission");
            line("rules", &options.get_rules());
            line("tolerance", &options.get_tolerance());
            list(&mut line, "leaving", services);
            list(&mut line, "drained", options.get_drain());
            if let Some(bases) = options.get_bases() {
                let bases: Vec<_> = bases.iter().map(|it| it.first_prefix().to_string()).collect();
                list(&mut line, "bases", &bases);
            }
            match options.get_strategy() {
                Strategy::Optimal => {}
                strategy => line("strategy", &format_args!("{strategy:?}")),
            }
        }
        _ => {}
    }
    for (number, wave) in plan.waves().enumerate().take(WAVES) {
        line(&format!("wave {}", number + 1), &format_args!("{} changes", wave.len()));
    }
    if let Some(more) = plan.waves().len().checked_sub(WAVES).filter(|&more| more > 0) {
        line("…", &format_args!("{more} more waves"));
    }
    text
}

/// What the plan claims of its moves.
fn proof(plan: &Plan) -> String {
    match plan.lower_bound() {
        Some(_) if plan.is_minimal() => "it says that no plan has fewer moves".to_owned(),
        Some(bound) => format!("it says that no whole plan has fewer than {bound} moves"),
        None => "it says nothing of the fewest moves".to_owned(),
    }
}

/// A list on one line, the first few of it.
fn list(line: &mut impl FnMut(&str, &dyn std::fmt::Display), name: &str, all: &[String]) {
    let some: Vec<_> = all.iter().take(4).map(String::as_str).collect();
    match all.len() {
        0 => {}
        5.. => line(name, &format_args!("{}, … ({} in all)", some.join(", "), all.len())),
        _ => line(name, &some.join(", ")),
    }
}
