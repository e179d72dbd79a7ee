//! Whether the waves of a plan pass through states that are safe.
//!
//! A base of one change has no state between. One of several passes through others, and
//! none of them may be worse than it was before the plan and than it is after it: fewer
//! replicas than in both, fewer on services that are up, or a domain that holds more than
//! its cap and more than it held before.

use std::collections::BTreeMap;

use super::{Plan, VerifyError};
use crate::index::PlanName;
use crate::location::Level;
use crate::mapping::PrefixMapping;
use crate::mapping::change::RawChange;
use crate::rules::Rules;
use crate::service::ServiceIndex;
use crate::topology::Topology;

/// What a base holds at some time: names, of services or of none, each once.
type State<'a> = Vec<(&'a str, Option<ServiceIndex>)>;

impl Plan {
    /// Refuses waves between which some base is worse off than before and after.
    pub(super) fn refuse_unsafe_waves(
        &self,
        before: &PrefixMapping,
        topology: &Topology,
        rules: Rules,
    ) -> Result<(), VerifyError> {
        let judge = Judge { topology, rules };
        for (base, changes) in self.changes_of_bases_with_several() {
            let base = self.base(base);
            let names = before.services_of(base);
            let mut was: State<'_> = names.map(|name| (name, topology.find(name))).collect();
            let states = self.states(&was, &changes, topology);
            was.dedup();
            let [between @ .., end] = &states[..] else { continue };
            let replicas = was.len().min(end.len());
            let replicas_up = judge.up(&was).min(judge.up(end));
            for state in between {
                let is_safe = state.len() >= replicas
                    && judge.up(state) >= replicas_up
                    && judge.is_no_more_crowded(state, &was);
                if !is_safe {
                    return Err(VerifyError::Unsafe { base });
                }
            }
        }
        Ok(())
    }

    /// The bases that have more than one change, with these in the order of the waves.
    fn changes_of_bases_with_several(&self) -> BTreeMap<u16, Vec<RawChange<PlanName>>> {
        let mut counts = vec![0_u8; self.digits().count()];
        for change in &self.changes {
            let count = &mut counts[usize::from(change.base)];
            *count = count.saturating_add(1);
        }
        let mut several: BTreeMap<u16, Vec<_>> = BTreeMap::new();
        let changes = self.changes.iter().filter(|change| counts[usize::from(change.base)] > 1);
        changes.for_each(|change| several.entry(change.base).or_default().push(*change));
        several
    }

    /// What a base holds after each of its changes.
    fn states<'a>(
        &'a self,
        was: &State<'a>,
        changes: &[RawChange<PlanName>],
        topology: &Topology,
    ) -> Vec<State<'a>> {
        let mut state = was.clone();
        // A name that stands twice may go once, and no replica goes with it.
        let alone = |state: &State<'a>| {
            let mut state = state.clone();
            state.sort_unstable();
            state.dedup();
            state
        };
        let name = |name: PlanName| self.names.get(name.index()).map(AsRef::as_ref);
        let next = |change: &RawChange<PlanName>| {
            if let Some(from) = name(change.from)
                && let Some(at) = state.iter().position(|(held, _)| *held == from)
            {
                state.remove(at);
            }
            state.extend(name(change.to).map(|to| (to, topology.find(to))));
            alone(&state)
        };
        changes.iter().map(next).collect()
    }
}

struct Judge<'a> {
    topology: &'a Topology,
    rules: Rules,
}

impl Judge<'_> {
    fn up(&self, state: &State<'_>) -> usize {
        let services = state.iter().filter_map(|(_, service)| *service);
        services.filter(|&service| self.topology.at(service).is_up()).count()
    }

    /// Whether each domain holds no more than its cap, or than it held.
    fn is_no_more_crowded(&self, state: &State<'_>, was: &State<'_>) -> bool {
        let binds = |level: &Level| self.rules.cap(*level) < self.rules.replicas();
        Level::ALL.into_iter().filter(binds).all(|level| {
            let cap = usize::from(self.rules.cap(level));
            let domains = |state: &State<'_>| -> Vec<usize> {
                let services = state.iter().filter_map(|(_, service)| *service);
                services.map(|service| self.topology.domain_at(level, service)).collect()
            };
            let (here, there) = (domains(state), domains(was));
            let count =
                |domains: &[usize], domain| domains.iter().filter(|&&it| it == domain).count();
            here.iter().all(|&domain| count(&here, domain) <= cap.max(count(&there, domain)))
        })
    }
}
