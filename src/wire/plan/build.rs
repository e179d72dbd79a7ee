//! A plan is made of the keys of its document where they agree.

use super::FORMAT;
use super::error::{Reason, Refusal};
use super::object::{BasePrefix, Command, List, Name, Object, OfObject, StrategyName};
use super::path::Path;
use super::waves::Waves;
use crate::goal::{DecommissionOptions, Goal, RebalanceOptions, Strategy};
use crate::index::PlanName;
use crate::mapping::change::RawChange;
use crate::plan::{Origin, Plan, Proof};
use crate::prefix::{Base, Digits, Prefix};
use crate::rules::Rules;

/// The value of a key, taken; a refusal where it is missing.
macro_rules! take {
    ($object:ident.$key:ident) => {
        $object.$key.take().ok_or(Reason::Missing { key: stringify!($key) }.at(Path::default()))
    };
}

/// Refuses those of some keys that are there.
macro_rules! refuse {
    ($object:ident, $command:expr, $($key:ident)*) => {
        $(if $object.$key.is_some() {
            let command = $command.name();
            return Err(Reason::Misplaced { command }.at(Path::key(stringify!($key))));
        })*
    };
}

impl Object {
    /// The plan, with the waves that were read apart.
    ///
    /// # Errors
    ///
    /// [`Refusal`] of the first key that disagrees with others.
    pub(super) fn into_plan(mut self, waves: Option<Waves>) -> Result<Plan, Refusal> {
        let format = take!(self.format)?;
        if format != FORMAT {
            return Err(Reason::OtherFormat { found: format }.at(Path::key("format")));
        }
        let command = take!(self.command)?;
        let digits = take!(self.digits)?;
        let origin = self.origin(command, digits)?;
        let is_custom = self.strategy.is_some();
        let proof = self.proof(command, is_custom, digits)?;
        let digests = (take!(self.digest)?.0, take!(self.digest_after)?.0);
        let (names, mut changes, ends) =
            waves.ok_or(Reason::Missing { key: "waves" }.at(Path::default()))?.into_named();
        to_bases(&mut changes, &ends, digits)?;
        take!(self.steps)?;
        let plan = Plan::of_waves(digits, names, changes, ends, digests, origin);
        let plan = plan.with_aliases(self.renamed.take().map_or_else(Vec::new, |it| it.0));
        let plan = proof.into_iter().fold(plan, Plan::with_proof);
        self.refuse_miscounts(&plan)?;
        Ok(plan)
    }

    /// Where the plan comes from.
    fn origin(&mut self, command: Command, digits: Digits) -> Result<Origin, Refusal> {
        let goal = match command {
            Command::Rebalance => {
                refuse!(self, command, leaving bases strategy);
                Goal::Rebalance(self.rebalance(digits)?)
            }
            Command::Decommission => {
                refuse!(self, command, held_bases max_moves max_moves_per_base beside);
                self.decommission(digits)?
            }
            Command::Diff | Command::Undo | Command::Part => {
                refuse!(self, command, replicas min_dist level degradation at_most tolerance);
                refuse!(self, command, drained held held_bases leaving bases strategy);
                refuse!(self, command, max_moves max_moves_per_base beside);
                return Ok(match command {
                    Command::Diff => Origin::Diff,
                    Command::Undo => Origin::Undo,
                    _ => Origin::Part,
                });
            }
        };
        Ok(Origin::Goal(Box::new(goal)))
    }

    fn rules(&mut self) -> Result<Rules, Refusal> {
        let refused = |source| Reason::Rules { source }.at(Path::key("replicas"));
        let rules = Rules::new(take!(self.replicas)?.get()).map_err(refused)?;
        let mut rules = rules.min_dist(take!(self.min_dist)?);
        let level = take!(self.level)?;
        if level != rules.get_level() {
            rules = rules.level(level);
        }
        let refused = |source| Reason::Rules { source }.at(Path::key("degradation"));
        let rules = rules.degradation(take!(self.degradation)?).map_err(refused)?;
        let caps = take!(self.at_most)?.0;
        let refused = |source| Reason::Rules { source }.at(Path::key("at_most"));
        let mut caps = caps.caps();
        caps.try_fold(rules, |rules, (level, cap)| rules.at_most(level, cap)).map_err(refused)
    }

    fn rebalance(&mut self, digits: Digits) -> Result<RebalanceOptions, Refusal> {
        let (drained, held) = (names(take!(self.drained)?), names(take!(self.held)?));
        if let Some(service) = held.iter().find(|name| drained.binary_search(name).is_ok()) {
            let service = service.clone();
            return Err(Reason::HeldAndDrained { service }.at(Path::key("held")));
        }
        let options = RebalanceOptions::new(self.rules()?)
            .tolerance(take!(self.tolerance)?)
            .drain(drained)
            .hold(held)
            .hold_bases(bases(self.held_bases.take(), "held_bases", digits)?.unwrap_or_default());
        let options = match self.max_moves.take() {
            Some(most) => options.max_moves(most),
            None => options,
        };
        Ok(match self.max_moves_per_base.take() {
            Some(most) => options.max_moves_per_base(most),
            None => options,
        })
    }

    fn decommission(&mut self, digits: Digits) -> Result<Goal, Refusal> {
        let mut options = DecommissionOptions::new(self.rules()?).tolerance(take!(self.tolerance)?);
        let drained = names(take!(self.drained)?);
        if !take!(self.held)?.0.is_empty() {
            return Err(Reason::HoldingDecommission.at(Path::key("held")));
        }
        let services = self.leaving.take().map_or_else(|| drained.clone(), names);
        let stays = |name: &&String| drained.binary_search(name).is_err();
        if let Some(bases) = bases(self.bases.take(), "bases", digits)? {
            options = options.bases(bases);
        } else if let Some(service) = services.iter().find(stays) {
            let service = service.clone();
            return Err(Reason::NotDrained { service }.at(Path::key("leaving")));
        }
        let options = options.drain(drained).strategy(match self.strategy {
            None | Some(StrategyName::Custom) => Strategy::Optimal,
            Some(StrategyName::FewestBases) => Strategy::FewestBases,
            Some(StrategyName::MostAvailability) => Strategy::MostAvailability,
        });
        Ok(Goal::Decommission { services, options })
    }

    /// The bound and its certificate, which are both there or neither.
    fn proof(
        &mut self,
        command: Command,
        has_strategy: bool,
        digits: Digits,
    ) -> Result<Option<Proof>, Refusal> {
        let beside = self.beside(digits)?;
        let (bound, certificate) = (take!(self.lower_bound)?.0, take!(self.certificate)?.0);
        let is_wanted =
            matches!(command, Command::Rebalance | Command::Decommission) && !has_strategy;
        match (bound, certificate) {
            (Some(lower_bound), Some(OfObject(certificate))) if is_wanted => {
                Ok(Some(Proof { certificate, lower_bound, beside }))
            }
            (None, None) if !is_wanted => Ok(None),
            (Some(_), None) | (None, Some(_)) => {
                Err(Reason::HalfAProof.at(Path::key("certificate")))
            }
            _ => Err(Reason::Proof { is_wanted }.at(Path::key("lower_bound"))),
        }
    }

    /// What stays beside, by the index of its base.
    fn beside(&mut self, digits: Digits) -> Result<Vec<(u16, Box<str>)>, Refusal> {
        let mut beside = Vec::new();
        for (BasePrefix(prefix), List(names)) in self.beside.take().into_iter().flat_map(|it| it.0)
        {
            let refused = || Reason::NotABase { digits }.at(Path::key("beside"));
            let base = base(prefix, digits).ok_or_else(refused)?;
            let index = u16::try_from(base.index()).expect("below 65,536");
            beside.extend(names.into_iter().map(|Name(name)| (index, name.into_boxed_str())));
        }
        Ok(beside)
    }

    fn refuse_miscounts(&mut self, plan: &Plan) -> Result<(), Refusal> {
        let counts = [
            ("moves", take!(self.moves)?, plan.moves()),
            ("removals", take!(self.removals)?, plan.removals()),
        ];
        for (key, said, count) in counts {
            if said != count {
                return Err(Reason::Counted { count }.at(Path::key(key)));
            }
        }
        let is_minimal = plan.is_minimal();
        if take!(self.minimal)? == is_minimal {
            Ok(())
        } else {
            Err(Reason::Minimal { is_minimal }.at(Path::key("minimal")))
        }
    }
}

/// Makes the index of its base of each first prefix.
fn to_bases(
    changes: &mut [RawChange<PlanName>],
    ends: &[usize],
    digits: Digits,
) -> Result<(), Refusal> {
    for (at, change) in changes.iter_mut().enumerate() {
        let Some(base) = base(change.base, digits) else {
            let wave = ends.partition_point(|&end| end <= at);
            let start = wave.checked_sub(1).map_or(0, |before| ends[before]);
            let path = Path::key("waves").at(wave).at(at - start).then("base");
            return Err(Reason::NotABase { digits }.at(path));
        };
        change.base = u16::try_from(base.index()).expect("below 65,536");
    }
    Ok(())
}

/// The base that a prefix is the first of.
fn base(prefix: u16, digits: Digits) -> Option<Base> {
    let prefix = Prefix::new(prefix);
    Some(Base::of(prefix, digits)).filter(|base| base.first_prefix() == prefix)
}

fn bases(
    list: Option<List<BasePrefix>>,
    key: &str,
    digits: Digits,
) -> Result<Option<Vec<Base>>, Refusal> {
    let Some(List(prefixes)) = list else { return Ok(None) };
    let bases = prefixes.into_iter().map(|BasePrefix(prefix)| {
        let refused = || Reason::NotABase { digits }.at(Path::key(key));
        base(prefix, digits).ok_or_else(refused)
    });
    bases.collect::<Result<_, _>>().map(Some)
}

fn names(List(names): List<Name>) -> Vec<String> {
    names.into_iter().map(|Name(name)| name).collect()
}
