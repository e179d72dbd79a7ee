//! What each help says below its options: examples, and the exit status.

pub(super) const MAIN_HELP: &str = "\
Examples:
  openio cluster list meta1 -f json > services.json
  meta0 bootstrap --services services.json --min-dist 2 -o mapping.json
  meta0 check --services services.json --mapping mapping.json --min-dist 2

Exit status:
  0  all is well
  1  the mapping is not as the rules want it, or the rules can't be met
  2  wrong usage, or a file that can't be read or written";

pub(super) const BOOTSTRAP_HELP: &str = "\
Example: what would a mapping over different racks look like? Then write it:
  meta0 bootstrap --services services.json --min-dist 3
  meta0 bootstrap --services services.json --min-dist 3 -o mapping.json";

pub(super) const CHECK_HELP: &str = "\
Example: is this mapping sound, and could it lose a site?
  meta0 check --services services.json --mapping mapping.json \\
    --min-dist 2 --level site --degradation 1

Example: of three replicas, are at most two of every base in one site?
  meta0 check --services services.json --mapping mapping.json --at-most site=2

The exit status is 1 when a base breaks the rules, or a load is outside its band.";

pub(super) const REBALANCE_HELP: &str = "\
Example: two services are to go. What would move? Then write the plan, and what
meta0 is to merge:
  meta0 rebalance --services services.json --mapping mapping.json \\
    --min-dist 2 --drain 10.0.0.1:6001 --drain 10.0.0.2:6001
  meta0 rebalance --services services.json --mapping mapping.json \\
    --min-dist 2 --drain 10.0.0.1:6001 --drain 10.0.0.2:6001 \\
    --output changed.json --partial --plan plan.json --steps

When the rules can't be met the exit status is 1, and nothing is written. What a
restriction leaves undone is reported; with --strict the exit status is then 1.";

pub(super) const DECOMMISSION_HELP: &str = "\
Example: may a rack be taken away? Then write what meta0 is to merge:
  meta0 decommission par1.r01 --services services.json --mapping mapping.json \\
    --min-dist 2
  meta0 decommission par1.r01 --services services.json --mapping mapping.json \\
    --min-dist 2 --output changed.json --partial";

pub(super) const DIFF_HELP: &str = "\
Example: what did the last rebalance change, and what would undo it?
  meta0 diff before.json after.json
  meta0 diff after.json before.json --output undo.json

Example: the requests that undo it, none of which copies from a service that is down:
  meta0 diff after.json before.json --services services.json --plan undo.json --steps";

pub(super) const COMPLETIONS_HELP: &str = "\
Example:
  meta0 completions bash > ~/.local/share/bash-completion/completions/meta0";

pub(super) const PLAN_HELP: &str = "\
Example: a plan is written today, and carried out next week:
  meta0 rebalance --services services.json --mapping mapping.json --min-dist 2 \\
    --drain 10.0.0.1:6001 --plan plan.json
  meta0 plan verify plan.json --services services.json --mapping mapping.json
  meta0 plan waves plan.json --mapping mapping.json --dir waves
  meta0 plan status plan.json --mapping mapping-now.json";

pub(super) const PLAN_SHOW_HELP: &str = "\
Example:
  meta0 plan show plan.json";

pub(super) const PLAN_VERIFY_HELP: &str = "\
Example:
  meta0 plan verify plan.json --services services.json --mapping mapping.json

The exit status is 0 only when all that the plan says is true, and 1 when some of it
is not.";

pub(super) const PLAN_STATUS_HELP: &str = "\
Example:
  meta0 plan status plan.json --mapping mapping-now.json

Exit status:
  0  everything is done
  1  something is open
  2  somebody else has changed something, or a file can't be read";

pub(super) const PLAN_APPLY_HELP: &str = "\
Example: the mapping after two waves, and what of it meta0 is to merge:
  meta0 plan apply plan.json --mapping mapping.json --waves 2 -o after.json
  meta0 plan apply plan.json --mapping mapping.json --waves 2 -o part.json --partial";

pub(super) const PLAN_REST_HELP: &str = "\
Example: a run broke off. Go on from there:
  meta0 plan rest plan.json --mapping mapping-now.json --plan rest.json";

pub(super) const PLAN_UNDO_HELP: &str = "\
Example: a run broke off. Take back what it did:
  meta0 plan undo plan.json --mapping mapping-now.json -o undo.json --partial";

pub(super) const PLAN_WAVES_HELP: &str = "\
Example:
  meta0 plan waves plan.json --mapping mapping.json --dir waves";
