//! A plan is applied to its mapping, and has a way back.
//!
//! A plan is for one mapping: applied to another it would take away what a base
//! does not have, or undo what somebody did meanwhile. It knows its mapping by its
//! digest, and refuses any other before anything is changed.

use std::borrow::Cow;
use std::error::Error;
use std::fmt;

use crate::index::{PlanName, renumbered};
use crate::mapping::change::RawChange;
use crate::mapping::{PrefixMapping, digest_of_base, digest_of_digits, hash_of_name};
use crate::plan::{Origin, Plan};

impl PrefixMapping {
    /// The mapping that a plan leads to.
    ///
    /// Takes a pass over the table for the digest, and `O(replicas)` for each change. Beside that mapping this allocates at most 64 bytes for each service, and
    /// 4 KiB; 2 bytes for each replica more when it resolves service ids.
    ///
    /// # Errors
    ///
    /// [`ApplyError`] when the plan was made for another mapping.
    ///
    /// # Examples
    ///
    /// ```
    /// use meta0::{Digits, PrefixMapping};
    ///
    /// let mut old = PrefixMapping::new(Digits::try_from(0)?);
    /// let base = old.digits().base(0).ok_or("no such base")?;
    /// old.assign_services(base, ["a", "b"])?;
    /// let mut new = old.clone();
    /// new.assign_services(base, ["c", "d"])?;
    ///
    /// let plan = old.diff(&new)?;
    /// assert_eq!(old.apply(&plan)?, new);
    /// assert!(old.apply_waves(&plan, 1)?.services_of(base).eq(["b", "c"]));
    ///
    /// // A plan is for the mapping that it was made for.
    /// let refused = new.apply(&plan).unwrap_err();
    /// assert!(refused.to_string().starts_with("the plan is for the mapping "));
    /// assert_eq!(new.apply(&plan.inverse())?, old);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn apply(&self, plan: &Plan) -> Result<Self, ApplyError> {
        self.apply_waves(plan, plan.ends.len())
    }

    /// The mapping after the first `waves` waves of a plan: each of the states
    /// that a cluster passes through. [`PrefixMapping::apply`] has an example.
    ///
    /// Takes what `apply` takes; a number beyond the last wave is that of all.
    ///
    /// # Errors
    ///
    /// [`ApplyError`] when the plan was made for another mapping.
    pub fn apply_waves(&self, plan: &Plan, waves: usize) -> Result<Self, ApplyError> {
        let mapping = plan.accept(self)?;
        let end = plan.end_of(waves);
        let refused = ApplyError { wanted: plan.before, found: plan.before };
        mapping.edit(&plan.names, &plan.changes[..end]).ok_or(refused)
    }
}

impl Plan {
    /// The mapping that the plan was made for, in the names of the plan.
    ///
    /// # Errors
    ///
    /// [`ApplyError`] when this is another mapping.
    pub(crate) fn accept<'a>(
        &self,
        mapping: &'a PrefixMapping,
    ) -> Result<Cow<'a, PrefixMapping>, ApplyError> {
        let mapping = mapping.renamed(&self.aliases);
        let found = mapping.digest();
        if self.digits != mapping.digits() || self.before != found {
            return Err(ApplyError { wanted: self.before, found });
        }
        Ok(mapping)
    }

    /// The way back: it undoes the waves, the last one first. [`PrefixMapping::apply`] has an
    /// example. A plan that is half done goes back by [`Plan::undo_from`].
    ///
    /// It has no [goal](Plan::goal) and no proof. Takes `O(changes + names)`. Beside the plan that it gives this allocates at most 8 bytes for each
    /// change and 64 for each service, and 4 KiB.
    #[must_use]
    pub fn inverse(&self) -> Self {
        let mut changes = Vec::with_capacity(self.changes.len());
        let mut ends = Vec::with_capacity(self.ends.len());
        for (wave, &end) in self.ends.iter().enumerate().rev() {
            let start = self.end_of(wave);
            let back = |change: &RawChange<PlanName>| RawChange {
                from: change.to,
                to: change.from,
                ..*change
            };
            changes.extend(self.changes[start..end].iter().map(back));
            ends.push(changes.len());
        }
        Self {
            digits: self.digits,
            names: self.names.clone(),
            aliases: self.aliases.clone(),
            changes,
            ends,
            before: self.after,
            after: self.before,
            origin: Origin::Undo,
            proof: None,
            shortfall: None,
        }
    }
}

/// The digests of a mapping, and of the one that some changes lead to. Those of
/// a base stand together.
pub(super) fn digests(
    mapping: &PrefixMapping,
    names: &[Box<str>],
    changes: &[RawChange<PlanName>],
) -> (u64, u64) {
    let hashes: Vec<_> = names.iter().map(|name| hash_of_name(name)).collect();
    let hash = |name: PlanName| renumbered(name.index(), &hashes, 0);
    if changes.is_empty() {
        let digest = mapping.digest();
        return (digest, digest);
    }
    let start = digest_of_digits(mapping.digits());
    let (mut before, mut after, mut left) = (start, start, changes);
    for (base, old) in mapping.sums().into_iter().enumerate() {
        let here = digest_of_base(base, old);
        before = before.wrapping_add(here);
        let mut new = old;
        while let [change, rest @ ..] = left
            && usize::from(change.base) == base
        {
            new = new.wrapping_add(hash(change.to)).wrapping_sub(hash(change.from));
            left = rest;
        }
        after = after.wrapping_add(if new == old { here } else { digest_of_base(base, new) });
    }
    mapping.know_digest(before);
    (before, after)
}

/// A plan applied to a mapping that it was not made for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ApplyError {
    wanted: u64,
    found: u64,
}

impl fmt::Display for ApplyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { wanted, found } = self;
        write!(
            f,
            "the plan is for the mapping {wanted:016x}, this one is {found:016x}: plan anew from \
             the mapping as it is now, with service ids resolved"
        )
    }
}

impl Error for ApplyError {}
