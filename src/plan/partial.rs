//! A plan has to reach meta0 without undoing what others write meanwhile.
//!
//! meta0 merges a partial object into what it has, prefix by prefix. So a plan
//! writes the bases that it changes and no others: whoever changes another base
//! meanwhile loses nothing, and a plan that changes nothing writes nothing.
//!
//! An object can't take a base away, for an empty array means "keep what is
//! there". A base that a plan leaves without a replica is no part of the object, and is
//! named beside it; so is, on the way back, one that was missing before.

use std::fmt::Write as _;

use crate::index::PlanName;
use crate::mapping::PrefixMapping;
use crate::plan::{ApplyError, Plan};
use crate::prefix::Base;

/// What meta0 is to merge, and what that can't say.
///
/// meta0 takes an empty list of services for "keep what is there". So no object makes it
/// forget a base: the bases that are to lose their last replica are
/// [`unsaid`](Partial::unsaid). [`Plan::partial`] has an example.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Partial {
    json: Option<String>,
    unsaid: Vec<Base>,
}

impl Partial {
    /// The object; `None` when there is nothing to write.
    #[must_use]
    pub fn json(&self) -> Option<&str> {
        self.json.as_deref()
    }

    /// The object; `None` when there is nothing to write.
    #[must_use]
    pub fn into_json(self) -> Option<String> {
        self.json
    }

    /// The bases that are to have no replica, ascending: after the object is merged, they
    /// still have those that they had.
    #[must_use]
    pub fn unsaid(&self) -> &[Base] {
        &self.unsaid
    }
}

/// What meta0 is to merge for one wave, and what undoes it. [`Plan::wave_partials`] has an
/// example.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct WavePartial {
    /// The bases of the wave as they are after it.
    pub forward: Partial,
    /// The same bases as they are before it, the waves before it being done.
    pub rollback: Partial,
}

impl Plan {
    /// What turns meta0 from the mapping before the plan to the one after it.
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
    /// let mut new = old.clone();
    /// let bases: Vec<_> = old.digits().bases().take(2).collect();
    /// old.assign_services(bases[0], ["a", "b"])?;
    /// new.assign_services(bases[0], ["a", "c"])?;
    /// new.assign_services(bases[1], ["a", "b"])?;
    ///
    /// let plan = old.diff(&new)?;
    /// let partial = plan.partial(&old)?;
    /// assert_eq!(partial.json(), Some("{\n\"0000\":[\"a\",\"c\"],\n\"0001\":[\"a\",\"b\"]\n}\n"));
    /// assert!(partial.unsaid().is_empty());
    ///
    /// // The second base was missing, which no object can say.
    /// let rollback = plan.rollback(&old)?;
    /// assert_eq!(rollback.json(), Some("{\n\"0000\":[\"a\",\"b\"]\n}\n"));
    /// assert_eq!(rollback.unsaid(), [bases[1]]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn partial(&self, mapping: &PrefixMapping) -> Result<Partial, ApplyError> {
        Ok(partial(&mapping.apply(self)?, self.changed_bases()))
    }

    /// What undoes [`Plan::partial`], which has an example: the same bases as they are
    /// before the plan.
    ///
    /// # Errors
    ///
    /// [`ApplyError`] when the plan was made for another mapping.
    pub fn rollback(&self, mapping: &PrefixMapping) -> Result<Partial, ApplyError> {
        Ok(partial(&*self.accept(mapping)?, self.changed_bases()))
    }

    /// What meta0 is to merge for each wave, and what undoes it, wave by wave.
    ///
    /// The waves share one copy of the rows that change: all of them together take one
    /// [`PrefixMapping::apply`], and the time of writing each changed base twice.
    ///
    /// # Errors
    ///
    /// [`ApplyError`] when the plan was made for another mapping.
    ///
    /// # Examples
    ///
    /// ```
    /// # use meta0::{Digits, PrefixMapping};
    /// # let mut old = PrefixMapping::new(Digits::MAX);
    /// # let base = old.digits().base(0).ok_or("no such base")?;
    /// # old.assign_services(base, ["a", "b"])?;
    /// # let mut new = old.clone();
    /// # new.assign_services(base, ["c", "d"])?;
    /// let plan = old.diff(&new)?;
    /// let waves: Vec<_> = plan.wave_partials(&old)?.collect();
    /// assert_eq!(waves[0].forward.json(), Some("{\n\"0000\":[\"b\",\"c\"]\n}\n"));
    /// assert_eq!(waves[1].forward.json(), Some("{\n\"0000\":[\"c\",\"d\"]\n}\n"));
    /// assert_eq!(waves[1].rollback, waves[0].forward);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn wave_partials<'a>(
        &'a self,
        mapping: &PrefixMapping,
    ) -> Result<impl ExactSizeIterator<Item = WavePartial> + use<'a>, ApplyError> {
        // Refuses a plan whose changes don't fit one another before anything is written.
        drop(mapping.apply(self)?);
        let mut rows = Rows::new(self, &*self.accept(mapping)?);
        Ok((0..self.ends.len()).map(move |wave| rows.pass(self, wave)))
    }

    /// The object of [`Plan::partial`]. What it can't say is left out.
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
        self.partial(mapping).map(Partial::into_json)
    }

    /// The object of [`Plan::rollback`]. What it can't say is left out.
    /// [`Plan::partial_json`] has an example.
    ///
    /// # Errors
    ///
    /// [`ApplyError`] when the plan was made for another mapping.
    pub fn rollback_json(&self, mapping: &PrefixMapping) -> Result<Option<String>, ApplyError> {
        self.rollback(mapping).map(Partial::into_json)
    }

    /// The object of one wave, from 0: its bases as they are after it, the
    /// waves before it being done. `None` also when there is no such wave.
    /// [`Plan::wave_partials`] makes those of all waves in less time than two of these, and
    /// has an example.
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
        Ok(partial(&after, self.bases_of_wave(wave)).json)
    }

    /// The object that undoes [`Plan::wave_json`]: the bases of the wave as they
    /// are before it, the waves before it being done. [`Plan::wave_partials`] has an example.
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
        Ok(partial(&before, self.bases_of_wave(wave)).json)
    }

    fn bases_of_wave(&self, wave: usize) -> impl Iterator<Item = Base> {
        let changes = self.wave(wave).into_iter().flat_map(|wave| wave.changes());
        changes.map(|change| change.base)
    }
}

/// Some bases of a mapping as an object, and those that are missing.
fn partial(mapping: &PrefixMapping, bases: impl Iterator<Item = Base>) -> Partial {
    let (held, unsaid): (Vec<_>, _) = bases.partition(|&base| mapping.services_of(base).len() > 0);
    let json = (!held.is_empty()).then(|| mapping.to_json_of(held));
    Partial { json, unsaid }
}

/// The rows of the bases that a plan changes, as its waves pass.
#[derive(Debug)]
struct Rows {
    /// The names of the mapping and of the plan as they are written, in the order of the
    /// names.
    texts: Vec<String>,
    /// Where each name of the plan is among all.
    places: Vec<usize>,
    /// The bases that change, ascending, and their rows: places of names, ascending.
    by_base: Vec<(u16, Vec<usize>)>,
}

impl Rows {
    fn new(plan: &Plan, mapping: &PrefixMapping) -> Self {
        let mut names: Vec<_> = mapping.names().chain(plan.names.iter().map(|it| &**it)).collect();
        names.sort_unstable();
        names.dedup();
        let place = |name: &str| names.partition_point(|other| *other < name);
        let of_mapping: Vec<_> = mapping.names().map(place).collect();
        let row = |base: Base| {
            let names = mapping.row(base.index()).iter();
            let row = names.map(|name| of_mapping[name.index()]).collect();
            (u16::try_from(base.index()).expect("at most 65,536 bases"), row)
        };
        Self {
            places: plan.names.iter().map(|name| place(name)).collect(),
            by_base: plan.changed_bases().map(row).collect(),
            texts: names.into_iter().map(quoted).collect(),
        }
    }

    /// The bases of a wave before and after it.
    fn pass(&mut self, plan: &Plan, wave: usize) -> WavePartial {
        let changes = &plan.changes[plan.end_of(wave)..plan.end_of(wave + 1)];
        let (mut before, mut after) = (Object::default(), Object::default());
        for change in changes {
            let at = self.by_base.partition_point(|(base, _)| *base < change.base);
            let Some((_, row)) = self.by_base.get_mut(at) else { continue };
            before.push(plan.base(change.base), row, &self.texts);
            let place = |name: PlanName| self.places.get(name.index());
            if let Some(from) = place(change.from)
                && let Ok(at) = row.binary_search(from)
            {
                row.remove(at);
            }
            if let Some(to) = place(change.to) {
                row.insert(row.partition_point(|other| other < to), *to);
            }
            after.push(plan.base(change.base), row, &self.texts);
        }
        WavePartial { forward: after.close(), rollback: before.close() }
    }
}

/// A name as JSON has it.
fn quoted(name: &str) -> String {
    serde_json::to_string(name).expect("a name is a string")
}

/// An object that is being written, as a mapping writes its own.
#[derive(Debug, Default)]
struct Object {
    text: String,
    unsaid: Vec<Base>,
}

impl Object {
    /// Adds a base, which is above all before it.
    fn push(&mut self, base: Base, row: &[usize], texts: &[String]) {
        if row.is_empty() {
            return self.unsaid.push(base);
        }
        for prefix in base.prefixes() {
            let separator = if self.text.is_empty() { '{' } else { ',' };
            let opened = write!(self.text, "{separator}\n\"{prefix}\":[");
            opened.expect("a string takes whatever is written");
            self.push_row(row, texts);
        }
    }

    /// Writes the services of a prefix: each once, though a row may have one twice.
    fn push_row(&mut self, row: &[usize], texts: &[String]) {
        for (place, same) in row.chunk_by(|a, b| a == b).enumerate() {
            if place > 0 {
                self.text.push(',');
            }
            self.text.push_str(&texts[same[0]]);
        }
        self.text.push(']');
    }

    fn close(mut self) -> Partial {
        if self.text.is_empty() {
            return Partial { json: None, unsaid: self.unsaid };
        }
        self.text.push_str("\n}\n");
        Partial { json: Some(self.text), unsaid: self.unsaid }
    }
}
