//! A plan is verified: whether it is what it says, by nothing of the planner.
//!
//! The digests are computed anew, the changes are laid over the mapping, the result is
//! judged by the check, the moves are counted, and the bound is recomputed from the
//! certificate and the inputs. Who believes this file, the check, the certificate's
//! rooms and the shares need not believe the planner.
//!
//! What is claimed depends on where the plan comes from: [`Plan::verify`] has the list.

use std::borrow::Cow;
use std::error::Error;
use std::fmt;

use super::rest::without_gone;
use super::{ApplyError, Origin, Plan, Proof};
use crate::certificate::{Astray, CertificateError, DOMAIN_WEIGHT, Terms};
use crate::check::{CheckOptions, CheckReport};
use crate::goal::Goal;
use crate::index::{Name, PlanName};
use crate::mapping::change::RawChange;
use crate::mapping::{Alias, PrefixMapping};
use crate::prefix::Base;
use crate::share::Shares;
use crate::topology::Topology;

/// What [`Plan::verify`] found to be true of a plan.
///
/// Prints as three lines: the plan, what it leads to, and what is proven.
/// [`Plan::verify`] has an example.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    plan: String,
    moves: usize,
    lower_bound: Option<usize>,
    report: Option<CheckReport>,
}

impl Verified {
    /// How many moves the plan has.
    #[must_use]
    pub const fn moves(&self) -> usize {
        self.moves
    }

    /// The bound as recomputed. Of a decommission by a strategy, which has no certificate,
    /// it is what has to move in any case, and nothing is said of loads. `None` of a plan
    /// without a goal.
    #[must_use]
    pub const fn lower_bound(&self) -> Option<usize> {
        self.lower_bound
    }

    /// Whether no plan to the same end has fewer moves.
    #[must_use]
    pub fn is_minimal(&self) -> bool {
        self.lower_bound == Some(self.moves)
    }

    /// The check of the mapping that the plan leads to, by its own rules and without the
    /// services that it drains; `None` of a plan that has no rules, as a diff.
    #[must_use]
    pub const fn report(&self) -> Option<&CheckReport> {
        self.report.as_ref()
    }
}

impl fmt::Display for Verified {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "plan: {}, for this mapping", self.plan)?;
        match &self.report {
            Some(report) if report.is_clean() => {
                writeln!(f, "outcome: every base is valid, every load in its band")?;
            }
            Some(report) => {
                writeln!(f, "outcome: {}", report.faults())?;
            }
            None => writeln!(f, "outcome: as it says; the plan has no rules")?,
        }
        match self.lower_bound {
            Some(_) if self.is_minimal() => write!(f, "bound: no plan has fewer moves"),
            Some(bound) => write!(f, "bound: the whole plan has at least {bound} moves"),
            None => f.write_str("bound: none is claimed"),
        }
    }
}

impl Plan {
    /// Whether the plan is what it says: for this mapping, to its goal, and not to be
    /// had with fewer moves. Everything is recomputed from the arguments; nothing of
    /// the planner takes part. The topology is that of all services, those included that
    /// the plan drains.
    ///
    /// What is claimed depends on where the plan comes from:
    ///
    /// - of a rebalance where nothing is held and moves are not limited, the mapping ends up
    ///   valid and balanced, and no plan that does that has fewer moves;
    /// - of a rebalance where services or bases are held, and of a decommission by the optimal
    ///   strategy, what is fixed stays, each base has as many replicas as the rules let it, and
    ///   no plan of which that is true has a lower cost: replicas outside bands first, then
    ///   moves;
    /// - under limits on moves, the limits are kept, and the bound is that of the whole plan;
    /// - all else leads from the one mapping to the other.
    ///
    /// Takes one [`PrefixMapping::apply`], one [`PrefixMapping::check`], and the time of
    /// the bound, `O(bases * replicas^2 + services * log(services))`.
    ///
    /// # Errors
    ///
    /// [`VerifyError`] for the first claim that is not true.
    ///
    /// # Examples
    ///
    /// ```
    /// # use meta0::{BootstrapOptions, Digits, PrefixMapping, RebalanceOptions, Rules, Service, Topology};
    /// # let cluster = |hosts: u8| {
    /// #     let service = |n| Service::new(format!("s{n}"), format!("host{n}.d0").parse().unwrap());
    /// #     Topology::new((1..=hosts).map(service))
    /// # };
    /// # let (rules, digits) = (Rules::new(3)?, Digits::try_from(2)?);
    /// # let mapping = PrefixMapping::bootstrap(&cluster(9)?, digits, &BootstrapOptions::new(rules))?;
    /// # let topology = cluster(12)?;
    /// let plan = mapping.rebalance(&topology, &RebalanceOptions::new(rules))?;
    /// let verified = plan.verify(&mapping, &topology)?;
    /// assert!(verified.is_minimal());
    /// assert_eq!(
    ///     verified.to_string(),
    ///     "plan: 192 moves of 192 bases in 1 wave, for this mapping\n\
    ///      outcome: every base is valid, every load in its band\n\
    ///      bound: no plan has fewer moves"
    /// );
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn verify(
        &self,
        mapping: &PrefixMapping,
        topology: &Topology,
    ) -> Result<Verified, VerifyError> {
        self.refuse_other_names(topology)?;
        let before = self.accept(mapping)?;
        let after = before.apply(self)?;
        if after.digest() != self.after {
            return Err(VerifyError::DigestAfter { claimed: self.after, found: after.digest() });
        }
        let mut verified = Verified {
            plan: self.to_string(),
            moves: self.moves(),
            lower_bound: None,
            report: None,
        };
        if let Origin::Goal(goal) = &self.origin {
            let case = Case { plan: self, before: &before, after: &after, goal };
            let (report, lower_bound) = case.verify(topology)?;
            (verified.report, verified.lower_bound) = (Some(report), lower_bound);
        }
        Ok(verified)
    }
}

impl Plan {
    /// What the plan renames has to be the ids of services, each with their address.
    fn refuse_other_names(&self, topology: &Topology) -> Result<(), VerifyError> {
        let is_another = |(name, address): &&Alias| {
            topology.find(name).is_none_or(|it| topology.at(it).address() != &**address)
        };
        match self.aliases.iter().find(is_another) {
            Some((name, address)) => {
                Err(VerifyError::Renamed { name: name.to_string(), address: address.to_string() })
            }
            None => Ok(()),
        }
    }
}

/// A plan to a goal, and the mappings that it leads from and to.
struct Case<'a> {
    plan: &'a Plan,
    before: &'a PrefixMapping,
    after: &'a PrefixMapping,
    goal: &'a Goal,
}

impl Case<'_> {
    fn verify(&self, topology: &Topology) -> Result<(CheckReport, Option<usize>), VerifyError> {
        let (goal, digits) = (self.goal, self.before.digits());
        // What stands under its address already is borrowed.
        let Cow::Borrowed(before) = self.before.resolved(topology) else {
            return Err(VerifyError::NotResolved);
        };
        let goal = &*without_gone(goal, before, topology);
        let topology = goal.drained(before, topology)?;
        let shares = Shares::new(&topology, digits, goal.rules())
            .map_err(CertificateError::Unsatisfiable)?
            .tolerance(goal.tolerance());
        let terms = Terms::new(before, &topology, &shares, goal)?;
        self.refuse_newcomers(&topology, &terms)?;
        self.refuse_repeats()?;
        self.refuse_beyond_limits()?;
        self.plan.refuse_unsafe_waves(before, &topology, goal.rules())?;
        let options = CheckOptions::new(goal.rules()).tolerance(goal.tolerance());
        let report = self.after.check(&topology, &options);
        let report = report.map_err(CertificateError::Unsatisfiable)?;
        let Some(proof) = &self.plan.proof else {
            // A strategy chooses where what is freed goes; how much that is, it can't.
            terms.misses_after(self.after, &[])?;
            return Ok((report, Some(terms.freed())));
        };
        let is_whole = !goal.limits_moves();
        if !goal.may_miss_bands() && is_whole && !report.is_clean() {
            return Err(VerifyError::NotReached { report: Box::new(report) });
        }
        let found = self.bound(&terms, &topology, proof, is_whole)?;
        if found != proof.lower_bound {
            return Err(VerifyError::LowerBound { claimed: proof.lower_bound, found });
        }
        if is_whole && found != self.plan.moves() {
            return Err(VerifyError::NotMinimal { moves: self.plan.moves(), lower_bound: found });
        }
        Ok((report, Some(found)))
    }

    /// The bound on moves that the certificate comes to.
    fn bound(
        &self,
        terms: &Terms<'_>,
        topology: &Topology,
        proof: &Proof,
        is_whole: bool,
    ) -> Result<usize, VerifyError> {
        let numbers = proof.certificate.numbers(topology)?;
        self.refuse_beside(terms, topology, proof, is_whole)?;
        if !is_whole {
            terms.refuse_other_changes(self.after)?;
            return Ok(self.bound_of_whole(terms.bound(&numbers, None), proof.lower_bound));
        }
        let misses = terms.misses_after(self.after, &proof.beside)?;
        // A claim that a part of the bound comes to is one that all of it comes to.
        let enough = self.plan.moves() as i128 + misses;
        let bound = terms.bound(&numbers, Some(enough)) - misses;
        usize::try_from(bound).map_err(|_| {
            if self.goal.may_miss_bands() {
                // Less than no move: another plan misses by less, whatever it moves.
                VerifyError::NotClosest
            } else {
                VerifyError::LowerBound { claimed: proof.lower_bound, found: 0 }
            }
        })
    }

    /// What is said to stay beside the services that a base is to have has to be its own.
    /// Where all bases end up valid, nothing stays so.
    fn refuse_beside(
        &self,
        terms: &Terms<'_>,
        topology: &Topology,
        proof: &Proof,
        is_whole: bool,
    ) -> Result<(), VerifyError> {
        let open = terms.open_services();
        let none_may = is_whole && !self.goal.may_miss_bands();
        let is_own = |base: u16, name: &str| {
            topology.find(name).is_some_and(|service| open[service.index()])
                && self.before.services_of(self.plan.base(base)).any(|held| held == name)
        };
        match proof.beside.iter().find(|(base, name)| none_may || !is_own(*base, name)) {
            Some((base, _)) => Err(VerifyError::Changed { base: self.plan.base(*base) }),
            None => Ok(()),
        }
    }

    /// The bound on the moves of the whole plan, of which this is a part, by the bound on
    /// its cost: as claimed, where what the claim leaves is the cost of misses alone.
    fn bound_of_whole(&self, bound: i128, claimed: usize) -> usize {
        let rest = bound - claimed as i128;
        let most = self.before.num_bases() * usize::from(self.goal.rules().replicas());
        let is_of_misses = rest >= 0 && rest % i128::from(DOMAIN_WEIGHT) == 0 && claimed <= most;
        if self.goal.may_miss_bands() && is_of_misses {
            return claimed;
        }
        // No plan has more moves than that: beyond it the bound is one of misses.
        usize::try_from(bound.clamp(0, most as i128)).unwrap_or(most)
    }

    /// No base may be given a service that it has already.
    fn refuse_repeats(&self) -> Result<(), VerifyError> {
        let repeats = |row: &[Name]| row.windows(2).filter(|pair| pair[0] == pair[1]).count();
        let rows = self.before.rows().zip(self.after.rows());
        let mut bases = self.before.digits().bases().zip(rows);
        match bases.find(|(_, (before, after))| repeats(after) > repeats(before)) {
            Some((base, _)) => Err(VerifyError::Changed { base }),
            None => Ok(()),
        }
    }

    /// Every service that a move gives something has to be open.
    fn refuse_newcomers(&self, topology: &Topology, terms: &Terms<'_>) -> Result<(), VerifyError> {
        let places = terms.open_services();
        let closed: Vec<bool> = self
            .plan
            .names
            .iter()
            .map(|name| !topology.find(name).is_some_and(|service| places[service.index()]))
            .collect();
        let takes =
            |change: &&RawChange<PlanName>| closed.get(change.to.index()).copied().unwrap_or(false);
        match self.plan.changes.iter().find(takes) {
            Some(change) => Err(VerifyError::Closed {
                base: self.plan.base(change.base),
                service: self.plan.names[change.to.index()].as_ref().to_owned(),
            }),
            None => Ok(()),
        }
    }

    fn refuse_beyond_limits(&self) -> Result<(), VerifyError> {
        let Goal::Rebalance(options) = self.goal else { return Ok(()) };
        let moves = self.plan.moves();
        if let Some(most) = options.get_max_moves().filter(|&most| moves > most) {
            return Err(VerifyError::TooManyMoves { moves, most });
        }
        let Some(most) = options.get_max_moves_per_base() else { return Ok(()) };
        match self.plan.moves_by_base().find(|&moves| moves > most) {
            Some(moves) => Err(VerifyError::TooManyMoves { moves, most }),
            None => Ok(()),
        }
    }
}

/// What a plan says that is not true.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum VerifyError {
    /// It is for another mapping, or some change does not fit.
    Apply(ApplyError),
    /// It leads to another mapping than it says.
    DigestAfter {
        /// The digest that it claims.
        claimed: u64,
        /// That of the mapping it leads to.
        found: u64,
    },
    /// It names a service by its id, where plans name addresses.
    NotResolved,
    /// It takes a name for a service that is not the service's id.
    Renamed {
        /// The name.
        name: String,
        /// The address that the plan has for it.
        address: String,
    },
    /// The certificate or the goal does not fit the topology, or the mapping.
    Certificate(CertificateError),
    /// A service gets a base that may get nothing: it is unavailable, drained, held, to
    /// lose bases, or unknown.
    Closed {
        /// The base.
        base: Base,
        /// The service.
        service: String,
    },
    /// A replica that was to stay is gone, or one changed that had no part in it.
    Changed {
        /// The base.
        base: Base,
    },
    /// A base has services together that the rules keep apart, or more than it is to have.
    Crowded {
        /// The base.
        base: Base,
    },
    /// A replica is still there that was to go.
    Remains {
        /// The base.
        base: Base,
    },
    /// A base could have more replicas than the plan gives it.
    Lacking {
        /// The base.
        base: Base,
        /// How many more.
        lacking: usize,
    },
    /// Between two waves a base is worse off than before the plan and after it: it has
    /// fewer replicas, fewer that are up, or more in a domain than its cap.
    Unsafe {
        /// The base.
        base: Base,
    },
    /// More moves than its limits allow, in all or of a base.
    TooManyMoves {
        /// How many moves.
        moves: usize,
        /// How many are allowed.
        most: usize,
    },
    /// The mapping does not end up valid and balanced.
    NotReached {
        /// The check of what it ends up as.
        report: Box<CheckReport>,
    },
    /// Loads miss their bands by more than the certificate proves to be needed.
    NotClosest,
    /// The certificate proves another bound.
    LowerBound {
        /// The bound that the plan claims.
        claimed: usize,
        /// The bound as recomputed.
        found: usize,
    },
    /// There may be a plan of fewer moves.
    NotMinimal {
        /// How many moves it has.
        moves: usize,
        /// How many are proven to be needed.
        lower_bound: usize,
    },
}

impl From<ApplyError> for VerifyError {
    fn from(error: ApplyError) -> Self {
        Self::Apply(error)
    }
}

impl From<CertificateError> for VerifyError {
    fn from(error: CertificateError) -> Self {
        Self::Certificate(error)
    }
}

impl From<Astray> for VerifyError {
    fn from(astray: Astray) -> Self {
        match astray {
            Astray::Changed { base } => Self::Changed { base },
            Astray::Remains { base } => Self::Remains { base },
            Astray::Crowded { base } => Self::Crowded { base },
            Astray::Lacking { base, lacking } => Self::Lacking { base, lacking },
        }
    }
}

impl fmt::Display for VerifyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Apply(error) => error.fmt(f),
            Self::DigestAfter { claimed, found } => write!(
                f,
                "the plan says that it leads to the mapping {claimed:016x}: it leads to {found:016x}"
            ),
            Self::NotResolved => {
                f.write_str("the mapping names a service by its id: the plan knows addresses alone")
            }
            Self::Renamed { name, address } => {
                write!(f, "the plan takes {name:?} for service {address}, which has no such id")
            }
            Self::Certificate(error) => error.fmt(f),
            Self::Closed { base, service } => {
                write!(f, "base {} goes to {service}, which is to get nothing", base.first_prefix())
            }
            Self::Changed { base } => write!(
                f,
                "base {}: a replica changes that the goal leaves where it is",
                base.first_prefix()
            ),
            Self::Crowded { base } => write!(
                f,
                "base {} gets services that the rules keep apart, or too many",
                base.first_prefix()
            ),
            Self::Remains { base } => write!(
                f,
                "base {} keeps a replica on a service that is to lose it",
                base.first_prefix()
            ),
            Self::Lacking { base, lacking } => write!(
                f,
                "base {} ends up with {lacking} replicas fewer than the rules let it have",
                base.first_prefix()
            ),
            Self::Unsafe { base } => write!(
                f,
                "base {} is worse off between two waves than before the plan and after it",
                base.first_prefix()
            ),
            Self::TooManyMoves { moves, most } => {
                write!(f, "the plan has {moves} moves where its limit is {most}")
            }
            Self::NotReached { report } => write!(f, "the plan leaves {}", report.faults()),
            Self::NotClosest => f.write_str(
                "loads miss their bands by more than the certificate proves to be needed",
            ),
            Self::LowerBound { claimed, found } => write!(
                f,
                "the plan claims that {claimed} is the fewest moves: its certificate proves {found}"
            ),
            Self::NotMinimal { moves, lower_bound } => write!(
                f,
                "the plan has {moves} moves: its certificate proves no more than {lower_bound}"
            ),
        }
    }
}

impl Error for VerifyError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Apply(error) => Some(error),
            Self::Certificate(error) => Some(error),
            _ => None,
        }
    }
}
