//! What rebalance and decommission have in common before they plan: every name
//! resolved, once, the shares, and the part that each service and base has.

use std::borrow::Cow;

use super::ids::Ids;
use super::limits::Limits;
use super::roles::{Role, Roles};
use super::select::{SelectError, Selection};
use crate::goal::Goal;
use crate::index::{Id, PlanName};
use crate::mapping::change::RawChange;
use crate::mapping::{Alias, PrefixMapping, TABLE_LIMIT};
use crate::plan::{Origin, Plan, Proof};
use crate::prefix::{Base, Digits};
use crate::share::Shares;
use crate::topology::Topology;
use crate::unsatisfiable::Unsatisfiable;

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
    named: Named,
}

impl<'a> Task<'a> {
    /// Sets the task of a plan.
    pub(crate) fn new(
        mapping: &'a PrefixMapping,
        topology: &'a Topology,
        goal: &Goal,
    ) -> Result<Self, TaskError> {
        let mut found = topology.find_all(mapping.boxed_names());
        let aliases = mapping.aliases(topology, &found);
        let mapping = mapping.renamed(&aliases);
        if !aliases.is_empty() {
            found = topology.find_all(mapping.boxed_names());
        }
        let named = Named::new(&mapping, topology, goal)?;
        let topology = named.drained.drained(topology);
        let (digits, replicas) = (mapping.digits(), goal.rules().replicas());
        let shares = Shares::new(&topology, digits, goal.rules())
            .map_err(TaskError::Unsatisfiable)?
            .tolerance(goal.tolerance());
        if usize::from(replicas) > TABLE_LIMIT / digits.count() {
            return Err(TaskError::TooManyReplicas { replicas: replicas.into(), digits });
        }
        let ids = Ids::new(&found, &topology).map_err(|count| TaskError::TooManyNames { count })?;
        let (roles, open) = named.roles(&mapping, &topology, &ids, goal)?;
        let limits = Limits::new(&topology, goal.rules(), open);
        Ok(Self {
            mapping,
            aliases,
            topology,
            shares,
            ids,
            roles,
            limits,
            replicas,
            is_soft: goal.may_miss_bands(),
            named,
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

    /// The names of a base's services that have a role, ascending, each once.
    pub(crate) fn names_of(&self, base: usize, role: Role) -> Vec<&str> {
        let ids = self.mapping.row(base).iter().map(|&name| self.ids.of_name(name));
        let has_role = |id: &Id| id.is_some() && self.roles.of(*id) == role;
        let mut names: Vec<_> = ids.filter(has_role).map(|id| self.name(id)).collect();
        names.sort_unstable();
        names.dedup();
        names
    }

    /// The same goal with every name resolved: to an address, or to a name that only
    /// the mapping has. Names and bases ascend, each once.
    pub(crate) fn resolved(&self, mut goal: Goal) -> Goal {
        let names = |selection: &Selection| {
            let names = selection.names(&self.mapping, &self.topology);
            names.into_iter().map(str::to_owned).collect()
        };
        let drained = names(&self.named.drained);
        let bases = match &mut goal {
            Goal::Rebalance(options) => {
                (options.drain, options.hold) = (drained, names(&self.named.held));
                Some(&mut options.hold_bases)
            }
            Goal::Decommission { services, options } => {
                (options.drain, *services) = (drained, names(&self.named.leaving));
                options.bases.as_mut()
            }
        };
        if let Some(bases) = bases {
            bases.sort_unstable();
            bases.dedup();
        }
        goal
    }

    /// The plan to a goal of some changes, those of a base together and in their order.
    pub(crate) fn plan(
        self,
        goal: Goal,
        changes: Vec<RawChange<Id>>,
        proof: Option<Proof>,
    ) -> Plan {
        let (names, changes) = self.over_names(changes);
        let origin = Origin::Goal(Box::new(self.resolved(goal)));
        let plan = Plan::new(&self.mapping, names, changes, origin);
        let plan = proof.into_iter().fold(plan, Plan::with_proof);
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
    fn new(mapping: &PrefixMapping, topology: &Topology, goal: &Goal) -> Result<Self, TaskError> {
        let select = |names: &[String]| Selection::new(mapping, topology, names);
        let mut named = Self {
            drained: Selection::default(),
            held: Selection::default(),
            leaving: Selection::default(),
        };
        match goal {
            Goal::Rebalance(options) => {
                named.drained = select(&options.drain)?;
                named.held = select(&options.hold)?;
            }
            Goal::Decommission { services, options } => {
                named.drained = select(&options.drain)?;
                named.leaving = select(services)?;
                if options.bases.is_none() {
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
        goal: &Goal,
    ) -> Result<(Roles, Vec<bool>), TaskError> {
        let services = topology.by_location().iter();
        let available: Vec<bool> =
            services.map(|service| topology.services()[service.index()].is_available()).collect();
        match goal {
            Goal::Rebalance(options) => {
                let still = flags(mapping.digits(), &options.hold_bases)?;
                Ok(rebalance_roles(ids, &available, &self.held.ids(ids), still))
            }
            Goal::Decommission { options, .. } => {
                let leaving = self.leaving.ids(ids);
                let still =
                    options.get_bases().map(|bases| others_than(mapping, ids, bases, &leaving));
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
    Unsatisfiable(Unsatisfiable),
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
