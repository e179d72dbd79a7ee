//! A plan has to reach meta0 without undoing what others write meanwhile.
//!
//! meta0 merges a partial object into what it has, prefix by prefix. So a plan
//! writes the bases that it changes and no others: whoever changes another base
//! meanwhile loses nothing, and a plan that changes nothing writes nothing.
//!
//! An object can't take a base away, for an empty array means "keep what is
//! there". A base that a plan leaves without a replica is left out, as is, on
//! the way back, one that was missing before.
//!
//! Each function takes time and memory linear in the table of the mapping,
//! whatever the number of changes.

use crate::mapping::PrefixMapping;
use crate::plan::{ApplyError, Plan};
use crate::prefix::Base;

impl Plan {
    /// The object that turns meta0 from the mapping before the plan to the one
    /// after it; `None` when there is nothing to write.
    ///
    /// Beside the text this allocates at most 4 bytes for each replica and 100
    /// for each service, and 4 KiB.
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
    /// let mut old = PrefixMapping::new(Digits::MAX);
    /// for base in old.digits().bases() {
    ///     old.assign_services(base, ["a", "b"])?;
    /// }
    /// let mut new = old.clone();
    /// new.assign_services(old.digits().base(0xAF).ok_or("no such base")?, ["b", "c"])?;
    ///
    /// let plan = old.diff(&new)?;
    /// assert_eq!(plan.partial_json(&old)?.as_deref(), Some("{\n\"00AF\":[\"b\",\"c\"]\n}\n"));
    /// assert_eq!(plan.rollback_json(&old)?.as_deref(), Some("{\n\"00AF\":[\"a\",\"b\"]\n}\n"));
    /// assert_eq!(old.diff(&old)?.partial_json(&old)?, None);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn partial_json(&self, mapping: &PrefixMapping) -> Result<Option<String>, ApplyError> {
        Ok(object(&mapping.apply(self)?, self.changed_bases()))
    }

    /// The object that undoes [`Plan::partial_json`]: the same bases as they
    /// are before the plan.
    ///
    /// # Errors
    ///
    /// [`ApplyError`] when the plan was made for another mapping.
    pub fn rollback_json(&self, mapping: &PrefixMapping) -> Result<Option<String>, ApplyError> {
        Ok(object(&*self.accept(mapping)?, self.changed_bases()))
    }

    /// The object of one wave, from 0: its bases as they are after it, the
    /// waves before it being done. `None` also when there is no such wave.
    ///
    /// # Errors
    ///
    /// [`ApplyError`] when the plan was made for another mapping, which is the
    /// one before the first wave.
    pub fn wave_json(
        &self,
        mapping: &PrefixMapping,
        wave: usize,
    ) -> Result<Option<String>, ApplyError> {
        let after = mapping.apply_waves(self, wave.saturating_add(1))?;
        Ok(object(&after, self.bases_of_wave(wave)))
    }

    /// The object that undoes [`Plan::wave_json`]: the bases of the wave as they
    /// are before it, the waves before it being done.
    ///
    /// # Errors
    ///
    /// [`ApplyError`] when the plan was made for another mapping, which is the
    /// one before the first wave.
    pub fn wave_rollback_json(
        &self,
        mapping: &PrefixMapping,
        wave: usize,
    ) -> Result<Option<String>, ApplyError> {
        let before = mapping.apply_waves(self, wave)?;
        Ok(object(&before, self.bases_of_wave(wave)))
    }

    fn bases_of_wave(&self, wave: usize) -> impl Iterator<Item = Base> {
        let changes = self.waves().nth(wave).into_iter().flat_map(|wave| wave.changes());
        changes.map(|change| change.base)
    }
}

/// Some bases of a mapping as an object; `None` when they are all missing.
fn object(mapping: &PrefixMapping, bases: impl Iterator<Item = Base>) -> Option<String> {
    let mut held = bases.filter(|base| mapping.services_of(*base).len() > 0).peekable();
    held.peek()?;
    Some(mapping.to_json_of(held))
}
