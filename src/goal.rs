//! What a plan is for: the rules to reach, and what may be done for that.
//!
//! The options of an operation are what a caller asks; a plan keeps them with every
//! name resolved, as its goal.

use crate::prefix::Base;
use crate::ratio::Tolerance;
use crate::rules::Rules;

/// What a plan is for: the operation that made it, with its options.
///
/// [`Plan::goal`](crate::Plan::goal) has it with every name resolved, and
/// [`Plan::verify`](crate::Plan::verify) holds the plan against it. A caller who
/// recomputes a bound makes one ([`Certificate::lower_bound`](crate::Certificate::lower_bound)).
///
/// # Examples
///
/// ```
/// use meta0::{DecommissionOptions, Goal, RebalanceOptions, Rules, Tolerance};
///
/// let rules = Rules::new(3)?;
/// let goal = Goal::Rebalance(RebalanceOptions::new(rules).drain(["10.0.0.9:6001"]));
/// assert_eq!((goal.rules(), goal.tolerance()), (rules, Tolerance::ZERO));
/// assert!(goal.drained_names().eq(["10.0.0.9:6001"]));
/// assert!(!goal.may_miss_bands());
///
/// let services = vec!["10.0.0.9:6001".to_owned()];
/// let goal = Goal::Decommission { services, options: DecommissionOptions::new(rules) };
/// assert!(goal.drained_names().eq(["10.0.0.9:6001"]));
/// assert!(goal.may_miss_bands());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Goal {
    /// A valid and balanced mapping, by the fewest moves.
    Rebalance(RebalanceOptions),
    /// Services lose bases, and nothing else moves.
    Decommission {
        /// The services, by address or by a name that only the mapping has.
        services: Vec<String>,
        /// The rest.
        options: DecommissionOptions,
    },
}

impl Goal {
    /// The rules.
    #[must_use]
    pub const fn rules(&self) -> Rules {
        match self {
            Self::Rebalance(options) => options.rules,
            Self::Decommission { options, .. } => options.rules,
        }
    }

    /// How much wider the bands are.
    #[must_use]
    pub const fn tolerance(&self) -> Tolerance {
        match self {
            Self::Rebalance(options) => options.tolerance,
            Self::Decommission { options, .. } => options.tolerance,
        }
    }

    /// The services that get nothing and have no share, as they are named: those of a
    /// decommission among them, unless they lose some bases only.
    pub fn drained_names(&self) -> impl Iterator<Item = &String> + Clone {
        let (drain, services) = match self {
            Self::Rebalance(options) => (&options.drain, &[][..]),
            Self::Decommission { services, options } if options.bases.is_none() => {
                (&options.drain, &services[..])
            }
            Self::Decommission { options, .. } => (&options.drain, &[][..]),
        };
        drain.iter().chain(services)
    }

    /// Whether moves are limited, in all or of each base.
    pub(crate) const fn limits_moves(&self) -> bool {
        match self {
            Self::Rebalance(options) => {
                options.max_moves.is_some() || options.max_moves_per_base.is_some()
            }
            Self::Decommission { .. } => false,
        }
    }

    /// Whether some replicas can't move, so that loads may have to miss their bands:
    /// in a decommission, and where services or bases are held.
    #[must_use]
    pub const fn may_miss_bands(&self) -> bool {
        match self {
            Self::Rebalance(options) => !options.hold.is_empty() || !options.hold_bases.is_empty(),
            Self::Decommission { .. } => true,
        }
    }
}

/// How to rebalance: by which rules, and under which restrictions.
///
/// What is named several times adds up. Services are named by address, by id, or as all
/// of a location (`paris.rack1`); names are resolved when the plan is made, and a name
/// that stands for nothing, or for two things, is an error then.
///
/// | restriction | the plan | what it may leave |
/// |---|---|---|
/// | none, [`tolerance`](Self::tolerance), [`drain`](Self::drain) | has the fewest moves | nothing |
/// | [`hold`](Self::hold), [`hold_bases`](Self::hold_bases) | has the fewest broken rules, then the least distance from the bands, then the fewest moves | rules that what is held breaks, loads outside their bands |
/// | [`max_moves`](Self::max_moves), [`max_moves_per_base`](Self::max_moves_per_base) | is a part of that, and makes nothing worse | the rest |
///
/// [`Plan::shortfall`] says what is left, and why.
///
/// # Examples
///
/// ```
/// use meta0::{Base, Digits, RebalanceOptions, Rules};
///
/// let options = RebalanceOptions::new(Rules::new(3)?)
///     .tolerance("5%".parse()?)
///     .drain(["paris.rack1"])
///     .drain(["10.0.0.9:6001"])
///     .hold(["rome"])
///     .hold_bases([Base::parse("0A", Digits::try_from(2)?)?])
///     .max_moves(1_000);
/// assert_eq!(options.get_drain(), ["paris.rack1", "10.0.0.9:6001"]);
/// assert_eq!((options.get_max_moves(), options.get_max_moves_per_base()), (Some(1_000), None));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// [`Plan::shortfall`]: crate::Plan::shortfall
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RebalanceOptions {
    pub(crate) rules: Rules,
    pub(crate) tolerance: Tolerance,
    pub(crate) drain: Vec<String>,
    pub(crate) hold: Vec<String>,
    pub(crate) hold_bases: Vec<Base>,
    max_moves: Option<usize>,
    max_moves_per_base: Option<usize>,
}

impl RebalanceOptions {
    /// By these rules, with no tolerance and no restriction.
    #[must_use]
    pub fn new(rules: Rules) -> Self {
        Self {
            rules,
            tolerance: Tolerance::default(),
            drain: Vec::new(),
            hold: Vec::new(),
            hold_bases: Vec::new(),
            max_moves: None,
            max_moves_per_base: None,
        }
    }

    /// Wider bands: fewer moves for a rougher balance. Still an exact optimum. Defaults to
    /// a tolerance of 0.
    #[must_use]
    pub const fn tolerance(mut self, tolerance: Tolerance) -> Self {
        self.tolerance = tolerance;
        self
    }

    /// Services that lose all they have and get nothing, as if their score were
    /// 0: by address, by id, or all of a location (`paris.rack1`). A name that
    /// only the mapping knows is drained in any case. Said several times, the services add
    /// up. Defaults to none.
    #[must_use]
    pub fn drain(mut self, services: impl IntoIterator<Item: AsRef<str>>) -> Self {
        self.drain.extend(services.into_iter().map(|name| name.as_ref().to_owned()));
        self
    }

    /// Services, named likewise, that keep what they have and get nothing.
    /// Loads may then have to miss their bands, by as little as can be.
    ///
    /// Where what is held leaves a base no room for all its replicas, no live copy
    /// is taken away for that: replicas stay that break a rule, as few rules as can
    /// be. They are a load that the plan is not balanced around.
    ///
    /// Said several times, the services add up. Defaults to none.
    #[must_use]
    pub fn hold(mut self, services: impl IntoIterator<Item: AsRef<str>>) -> Self {
        self.hold.extend(services.into_iter().map(|name| name.as_ref().to_owned()));
        self
    }

    /// Bases that keep the services they have and get no others, whatever is wrong
    /// with them. Loads may then have to miss their bands, by as little as can be. Said
    /// several times, the bases add up. Defaults to none.
    #[must_use]
    pub fn hold_bases(mut self, bases: impl IntoIterator<Item = Base>) -> Self {
        self.hold_bases.extend(bases);
        self
    }

    /// At most `most` moves. The plan is then a part of the whole one that
    /// makes nothing worse, and [`Plan::shortfall`](crate::Plan::shortfall) says what it
    /// leaves. Defaults to as many as it takes.
    #[must_use]
    pub const fn max_moves(mut self, most: usize) -> Self {
        self.max_moves = Some(most);
        self
    }

    /// At most `most` moves of each base, with the same proviso. Defaults to as many as it
    /// takes.
    #[must_use]
    pub const fn max_moves_per_base(mut self, most: usize) -> Self {
        self.max_moves_per_base = Some(most);
        self
    }
}

impl RebalanceOptions {
    /// The rules.
    #[must_use]
    pub const fn get_rules(&self) -> Rules {
        self.rules
    }

    /// How much wider the bands are.
    #[must_use]
    pub const fn get_tolerance(&self) -> Tolerance {
        self.tolerance
    }

    /// The services to drain, as they were named.
    #[must_use]
    pub fn get_drain(&self) -> &[String] {
        &self.drain
    }

    /// The services to hold, as they were named.
    #[must_use]
    pub fn get_hold(&self) -> &[String] {
        &self.hold
    }

    /// The bases to hold.
    #[must_use]
    pub fn get_hold_bases(&self) -> &[Base] {
        &self.hold_bases
    }

    /// The most moves; `None` for as many as it takes.
    #[must_use]
    pub const fn get_max_moves(&self) -> Option<usize> {
        self.max_moves
    }

    /// The most moves of each base; `None` for as many as it takes.
    #[must_use]
    pub const fn get_max_moves_per_base(&self) -> Option<usize> {
        self.max_moves_per_base
    }
}

/// Where a freed replica goes, of the services that the rules allow. The default is
/// the only one that proves its outcome. [`DecommissionOptions`] has an example.
///
/// A choice of another kind is a closure:
/// [`PrefixMapping::decommission_with`](crate::PrefixMapping::decommission_with).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Strategy {
    /// Where the loads, all together, end up closest to their bands.
    #[default]
    Optimal,
    /// To the service with the fewest bases, the first by address of several.
    FewestBases,
    /// To the service with the most room, which is the upper end of its band
    /// less the bases that it has; the first by address of several. Where none
    /// has room, to the one that is the least beyond its band.
    MostAvailability,
}

/// How to decommission: by which rules, of which bases, and with which strategy.
///
/// # Examples
///
/// ```
/// use meta0::{Base, DecommissionOptions, Digits, Rules, Strategy};
///
/// let digits = Digits::try_from(2)?;
/// let options = DecommissionOptions::new(Rules::new(3)?)
///     .bases([Base::parse("0A", digits)?])
///     .bases([Base::parse("0B", digits)?])
///     .drain(["10.0.0.9:6001"])
///     .strategy(Strategy::FewestBases);
/// assert_eq!(options.get_bases().map(<[Base]>::len), Some(2));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DecommissionOptions {
    pub(crate) rules: Rules,
    pub(crate) tolerance: Tolerance,
    pub(crate) bases: Option<Vec<Base>>,
    pub(crate) drain: Vec<String>,
    pub(crate) strategy: Strategy,
}

impl DecommissionOptions {
    /// By these rules: all bases, no tolerance, and the optimal strategy.
    #[must_use]
    pub const fn new(rules: Rules) -> Self {
        Self {
            rules,
            tolerance: Tolerance::ZERO,
            bases: None,
            drain: Vec::new(),
            strategy: Strategy::Optimal,
        }
    }

    /// Wider bands. Defaults to a tolerance of 0.
    #[must_use]
    pub const fn tolerance(mut self, tolerance: Tolerance) -> Self {
        self.tolerance = tolerance;
        self
    }

    /// The bases that the services lose, and no others: none at all when there
    /// are none. Said several times, the bases add up. Defaults to all that they have.
    #[must_use]
    pub fn bases(mut self, bases: impl IntoIterator<Item = Base>) -> Self {
        self.bases.get_or_insert_default().extend(bases);
        self
    }

    /// Services that were drained before and are to stay so: they get nothing,
    /// and have no share. By address, by id, or all of a location. Said several times,
    /// the services add up. Defaults to none.
    #[must_use]
    pub fn drain(mut self, services: impl IntoIterator<Item: AsRef<str>>) -> Self {
        self.drain.extend(services.into_iter().map(|name| name.as_ref().to_owned()));
        self
    }

    /// How each freed replica finds its place. Defaults to [`Strategy::Optimal`].
    #[must_use]
    pub const fn strategy(mut self, strategy: Strategy) -> Self {
        self.strategy = strategy;
        self
    }
}

impl DecommissionOptions {
    /// The rules.
    #[must_use]
    pub const fn get_rules(&self) -> Rules {
        self.rules
    }

    /// How much wider the bands are.
    #[must_use]
    pub const fn get_tolerance(&self) -> Tolerance {
        self.tolerance
    }

    /// The bases that the services lose; `None` for all.
    #[must_use]
    pub fn get_bases(&self) -> Option<&[Base]> {
        self.bases.as_deref()
    }

    /// The services that stay drained, as they were named.
    #[must_use]
    pub fn get_drain(&self) -> &[String] {
        &self.drain
    }

    /// How each freed replica finds its place.
    #[must_use]
    pub const fn get_strategy(&self) -> Strategy {
        self.strategy
    }
}
