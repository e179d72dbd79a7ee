//! What rebalance and decommission have in common before they plan: every name
//! resolved, once, the shares, and the part that each service and base has.

use std::borrow::Cow;

use super::ids::Ids;
use super::limits::Limits;
use super::roles::{Role, Roles};
use super::select::{SelectError, Selection};
use crate::index::{Id, PlanName};
use crate::mapping::change::RawChange;
use crate::mapping::{Alias, PrefixMapping, TABLE_LIMIT};
use crate::plan::Plan;
use crate::prefix::{Base, Digits};
use crate::ratio::Tolerance;
use crate::rules::Rules;
use crate::share::Shares;
use crate::topology::Topology;
use crate::unsatisfiable::Unsatisfiable;

/// What a plan is to reach, in the caller's names.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Aim<'a> {
    pub(crate) rules: Rules,
    pub(crate) tolerance: Tolerance,
    /// The services that get nothing and have no share.
    pub(crate) drained: &'a [String],
    pub(crate) kind: Kind<'a>,
}

/// What may move.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Kind<'a> {
    /// All that is not held: services keep what they have and get nothing, bases
    /// keep their services.
    Rebalance { held: &'a [String], held_bases: &'a [Base] },
    /// What some services have, of some bases, or of all.
    Decommission { leaving: &'a [&'a str], bases: Option<&'a [Base]> },
}

impl Kind<'_> {
    /// Whether some replicas can't move, so that loads may have to miss their bands.
    const fn may_miss_bands(self) -> bool {
        match self {
            Self::Rebalance { held, held_bases } => !held.is_empty() || !held_bases.is_empty(),
            Self::Decommission { .. } => true,
        }
    }
}

/// What the planners work on, all names resolved.
#[derive(Debug)]
pub(crate) struct Task<'a> {
    /// Names known services by their addresses.
    pub(crate) mapping: Cow<'a, PrefixMapping>,
    aliases: Vec<Alias>,
    /// Without those that are drained.
    pub(crate) topology: Cow<'a, Topology>,
    pub(crate) shares: Shares,
    pub(crate) ids: Ids,
    pub(crate) roles: Roles,
    pub(crate) limits: Limits,
    pub(crate) replicas: u16,
    /// Whether loads may have to miss their bands.
    pub(crate) is_soft: bool,
    drained: Selection,
    held: Selection,
}

impl<'a> Task<'a> {
    /// Sets the task of a plan.
    pub(crate) fn new(
        mapping: &'a PrefixMapping,
        topology: &'a Topology,
        aim: Aim<'_>,
    ) -> Result<Self, TaskError> {
        let mut found = topology.find_all(mapping.boxed_names());
        let aliases = mapping.aliases(topology, &found);
        let mapping = mapping.renamed(&aliases);
        if !aliases.is_empty() {
            found = topology.find_all(mapping.boxed_names());
        }
        let named = Named::new(&mapping, topology, aim)?;
        let topology = named.drained.drained(topology);
        let (digits, replicas) = (mapping.digits(), aim.rules.replicas());
        let shares = Shares::new(&topology, digits, aim.rules)
            .map_err(TaskError::Unsatisfiable)?
            .tolerance(aim.tolerance);
        if usize::from(replicas) > TABLE_LIMIT / digits.count() {
            return Err(TaskError::TooManyReplicas { replicas: replicas.into(), digits });
        }
        let ids = Ids::new(&found, &topology).map_err(|count| TaskError::TooManyNames { count })?;
        let (roles, open) = named.roles(&mapping, &topology, &ids, aim.kind)?;
        let limits = Limits::new(&topology, aim.rules, open);
        let Named { drained, held, .. } = named;
        let is_soft = aim.kind.may_miss_bands();
        Ok(Self {
            mapping,
            aliases,
            topology,
            shares,
            ids,
            roles,
            limits,
            replicas,
            is_soft,
            drained,
            held,
        })
    }

    /// What an id is called: a service by its address.
    pub(crate) fn name(&self, id: Id) -> &str {
        if let Some(name) = self.ids.unknown_name(id) {
            return self.mapping.name(name);
        }
        let service = self.topology.by_location()[id.index()];
        self.topology.services()[service.index()].address()
    }

    /// The names of the services that are held, ascending.
    pub(crate) fn held_names(&self) -> Vec<&str> {
        self.held.names(&self.mapping, &self.topology)
    }

    /// The plan of some changes, those of a base together and in their order.
    pub(crate) fn plan(self, changes: Vec<RawChange<Id>>, lower_bound: Option<usize>) -> Plan {
        let (names, changes) = self.over_names(changes);
        let drained = self.drained.names(&self.mapping, &self.topology);
        let plan = Plan::new(&self.mapping, names, changes)
            .with_drained(&drained)
            .with_held(&self.held_names());
        let plan = lower_bound.into_iter().fold(plan, Plan::with_proof);
        plan.with_aliases(self.aliases)
    }

    /// Changes over ids as changes over the names they use, which ascend.
    fn over_names(&self, changes: Vec<RawChange<Id>>) -> (Vec<Box<str>>, Vec<RawChange<PlanName>>) {
        // No id counts as the one after all ids, which spares a branch.
        let nobody = self.ids.len();
        let at = |id: Id| id.index().min(nobody);
        let mut used = vec![false; nobody + 1];
        for change in &changes {
            used[at(change.from)] = true;
            used[at(change.to)] = true;
        }
        let mut order: Vec<Id> = self.ids.by_name().filter(|id| used[id.index()]).collect();
        // The ids of services and those of unknown names ascend by name each, so that
        // the sort merges two runs.
        order.sort_by_key(|&id| self.name(id));
        let mut place = vec![PlanName::NONE; used.len()];
        for (at, id) in order.iter().enumerate() {
            place[id.index()] = PlanName::new(at);
        }
        let name = |id: Id| place[at(id)];
        let over =
            |RawChange { base, from, to }| RawChange { base, from: name(from), to: name(to) };
        let names = order.iter().map(|&id| self.name(id).into()).collect();
        (names, changes.into_iter().map(over).collect())
    }
}

/// The services that a caller named.
#[derive(Debug)]
struct Named {
    /// Those that get nothing and have no share.
    drained: Selection,
    /// Those that keep what they have.
    held: Selection,
    /// Those that lose what they have, of some bases or of all.
    leaving: Selection,
}

impl Named {
    fn new(mapping: &PrefixMapping, topology: &Topology, aim: Aim<'_>) -> Result<Self, TaskError> {
        let mut named = Self {
            drained: Selection::of_strings(mapping, topology, aim.drained)?,
            held: Selection::default(),
            leaving: Selection::default(),
        };
        match aim.kind {
            Kind::Rebalance { held, .. } => {
                named.held = Selection::of_strings(mapping, topology, held)?;
            }
            Kind::Decommission { leaving, bases } => {
                named.leaving = Selection::new(mapping, topology, leaving.iter().copied())?;
                if bases.is_none() {
                    named.drained.add_all(&named.leaving);
                }
            }
        }
        match named.held.common_name(&named.drained, mapping, topology) {
            Some(service) => Err(TaskError::HeldAndDrained { service: service.to_owned() }),
            None => Ok(named),
        }
    }

    /// The part that each replica has, and which places are open.
    fn roles(
        &self,
        mapping: &PrefixMapping,
        topology: &Topology,
        ids: &Ids,
        kind: Kind<'_>,
    ) -> Result<(Roles, Vec<bool>), TaskError> {
        let services = topology.by_location().iter();
        let available: Vec<bool> =
            services.map(|service| topology.services()[service.index()].is_available()).collect();
        match kind {
            Kind::Rebalance { held_bases, .. } => {
                let still = flags(mapping.digits(), held_bases)?;
                Ok(rebalance_roles(ids, &available, &self.held.ids(ids), still))
            }
            Kind::Decommission { bases, .. } => {
                let leaving = self.leaving.ids(ids);
                let still = bases.map(|bases| others_than(mapping, ids, bases, &leaving));
                let still = still.transpose()?.unwrap_or_default();
                Ok(decommission_roles(ids, &available, &leaving, still))
            }
        }
    }
}

/// The roles of a rebalance, and which places are open.
fn rebalance_roles(
    ids: &Ids,
    available: &[bool],
    held: &[Id],
    still: Vec<bool>,
) -> (Roles, Vec<bool>) {
    let is_available = |id: usize| available.get(id).copied().unwrap_or(false);
    let role = |id| if is_available(id) { Role::Own } else { Role::Leaving };
    let mut of_id: Vec<Role> = (0..ids.len()).map(role).collect();
    for id in held {
        of_id[id.index()] = Role::Fixed;
    }
    let open = of_id[..ids.services()].iter().map(|role| *role == Role::Own).collect();
    (Roles::new(ids, of_id, still), open)
}

/// The roles of a decommission, and which places are open.
fn decommission_roles(
    ids: &Ids,
    available: &[bool],
    leaving: &[Id],
    still: Vec<bool>,
) -> (Roles, Vec<bool>) {
    let mut of_id = vec![Role::Fixed; ids.len()];
    let mut open = available.to_vec();
    for id in leaving {
        of_id[id.index()] = Role::Leaving;
        if let Some(open) = open.get_mut(id.index()) {
            *open = false;
        }
    }
    (Roles::refilling(ids, of_id, still), open)
}

/// A flag for each base, set for the given ones; empty where none is given.
fn flags(digits: Digits, bases: &[Base]) -> Result<Vec<bool>, TaskError> {
    let mut flags = Vec::new();
    for &base in bases {
        if base.digits() != digits {
            return Err(TaskError::OtherDigits { base, digits });
        }
        flags.resize(digits.count(), false);
        flags[base.index()] = true;
    }
    Ok(flags)
}

/// A flag for each base, set for all but the given ones. Each of these has to be held
/// by a leaving service.
fn others_than(
    mapping: &PrefixMapping,
    ids: &Ids,
    bases: &[Base],
    leaving: &[Id],
) -> Result<Vec<bool>, TaskError> {
    let mut named = flags(mapping.digits(), bases)?;
    let mut leaves = vec![false; ids.len()];
    for id in leaving {
        leaves[id.index()] = true;
    }
    for &base in bases {
        let mut ids = mapping.row(base.index()).iter().map(|&name| ids.of_name(name));
        if !ids.any(|id| leaves[id.index()]) {
            return Err(TaskError::NotHeld { base });
        }
    }
    named.resize(mapping.num_bases(), false);
    Ok(named.into_iter().map(|is_named| !is_named).collect())
}

/// Why nothing can be planned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum TaskError {
    Select(SelectError),
    HeldAndDrained { service: String },
    Unsatisfiable(Box<Unsatisfiable>),
    TooManyReplicas { replicas: usize, digits: Digits },
    TooManyNames { count: usize },
    OtherDigits { base: Base, digits: Digits },
    NotHeld { base: Base },
}

impl From<SelectError> for TaskError {
    fn from(error: SelectError) -> Self {
        Self::Select(error)
    }
}
