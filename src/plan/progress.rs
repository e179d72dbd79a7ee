//! A plan takes hours to carry out, and may be left half done: how far is the cluster?

use std::fmt;

use serde::{Serialize, Serializer};

use crate::mapping::PrefixMapping;
use crate::plan::Plan;
use crate::plan::position::Position;
use crate::prefix::Base;

/// How far a cluster is with a plan; made by [`Plan::progress`], which has an example.
///
/// Prints as one line: `2 of 5 waves are done, 10 of 40 changes of the next, 130 of 220 in
/// all`. Serializes as its numbers, with foreign bases named by their first prefix.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Progress {
    waves: usize,
    waves_done: usize,
    next_done: usize,
    next_open: usize,
    changes: usize,
    done: usize,
    open: usize,
    #[serde(serialize_with = "as_prefixes")]
    foreign: Vec<Base>,
    elsewhere_changed: Option<bool>,
}

impl Plan {
    /// How far a cluster is with the plan, `now` being its mapping. Names are resolved as
    /// the plan resolves those of the mapping that it was made for.
    ///
    /// Under the plan a base passes through one state after another. Its changes are done
    /// up to the state that it is in, and open from there. A base in none of its states
    /// is *foreign*: somebody else changed it, or a change was made out of its order.
    ///
    /// The plan knows what it changes, and the digest of the mapping before. So this is
    /// exact when the digest comes out, that is, when
    /// [`is_elsewhere_changed`](Progress::is_elsewhere_changed) is `Some(false)`: then
    /// `now` is the mapping before with just the changes made that are called done. When
    /// it is not, a base counts by the services of its changes alone. A base of more or
    /// fewer digits than the plan's is foreign.
    ///
    /// A base that named a service twice, as [`PrefixMapping::resolve`] may find one, is
    /// told apart where whole waves are done. While it is within a wave, or has been
    /// written as JSON, which names each service once, the digest may not come out.
    ///
    /// Takes one pass over the table, and `O(changes * log(changes))`.
    ///
    /// # Examples
    ///
    /// ```
    /// use meta0::{Digits, PrefixMapping};
    ///
    /// let mut before = PrefixMapping::new(Digits::try_from(1)?);
    /// for base in before.digits().bases() {
    ///     before.assign_services(base, ["a", "b"])?;
    /// }
    /// let mut after = before.clone();
    /// for base in before.digits().bases().take(3) {
    ///     after.assign_services(base, ["c", "b"])?;
    /// }
    /// let plan = before.diff(&after)?.max_per_service(2);
    ///
    /// let mut now = before.apply_waves(&plan, 1)?;
    /// let progress = plan.progress(&now);
    /// assert_eq!((progress.waves_done(), progress.done(), progress.open()), (1, 2, 1));
    /// assert_eq!(
    ///     progress.to_string(),
    ///     "1 of 2 waves is done, 0 of 1 change of the next, 2 of 3 in all"
    /// );
    ///
    /// now.assign_services(before.digits().base(0).ok_or("no such base")?, ["d"])?;
    /// assert_eq!(plan.progress(&now).foreign().len(), 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn progress(&self, now: &PrefixMapping) -> Progress {
        Progress::new(self, &self.position(now))
    }

    /// How far each base is.
    pub(super) fn position(&self, now: &PrefixMapping) -> Position {
        if self.digits == now.digits() {
            Position::new(self, &now.renamed(&self.aliases))
        } else {
            Position::of_stranger(self)
        }
    }
}

impl Progress {
    fn new(plan: &Plan, position: &Position) -> Self {
        let count = |some: &[Option<bool>], what| some.iter().filter(|it| **it == what).count();
        let changes = |wave| &position.is_done[plan.end_of(wave)..plan.end_of(wave + 1)];
        let is_whole = |wave: &usize| changes(*wave).iter().all(|done| *done == Some(true));
        let waves_done = (0..plan.ends.len()).take_while(is_whole).count();
        Self {
            waves: plan.ends.len(),
            waves_done,
            next_done: count(changes(waves_done), Some(true)),
            next_open: count(changes(waves_done), Some(false)),
            changes: position.is_done.len(),
            done: count(&position.is_done, Some(true)),
            open: count(&position.is_done, Some(false)),
            foreign: position.foreign.iter().map(|&base| plan.base(base)).collect(),
            elsewhere_changed: position.is_elsewhere_changed,
        }
    }

    /// How many waves the plan has.
    #[must_use]
    pub const fn waves(&self) -> usize {
        self.waves
    }

    /// How many waves are done: the first ones, all of whose changes are.
    #[must_use]
    pub const fn waves_done(&self) -> usize {
        self.waves_done
    }

    /// How many changes of the next wave are done. Those of foreign bases are neither done
    /// nor open.
    #[must_use]
    pub const fn next_done(&self) -> usize {
        self.next_done
    }

    /// How many changes of the next wave are open.
    #[must_use]
    pub const fn next_open(&self) -> usize {
        self.next_open
    }

    /// How many changes the plan has.
    #[must_use]
    pub const fn changes(&self) -> usize {
        self.changes
    }

    /// How many changes are done, whatever their wave.
    #[must_use]
    pub const fn done(&self) -> usize {
        self.done
    }

    /// How many changes are open, whatever their wave.
    #[must_use]
    pub const fn open(&self) -> usize {
        self.open
    }

    /// The bases that the plan changes and that are in none of the states through which
    /// it takes them; ascending.
    #[must_use]
    pub fn foreign(&self) -> &[Base] {
        &self.foreign
    }

    /// Whether anything has changed that the plan does not change: another base, or
    /// another replica of a base that it changes. Which, the plan can't tell. `None` where
    /// a base is foreign, for then the plan can't tell at all.
    #[must_use]
    pub const fn is_elsewhere_changed(&self) -> Option<bool> {
        self.elsewhere_changed
    }

    /// Whether some change is done.
    #[must_use]
    pub const fn is_started(&self) -> bool {
        self.done > 0
    }

    /// Whether all changes are done, as they are when there are none.
    #[must_use]
    pub const fn is_done(&self) -> bool {
        self.done == self.changes
    }

    /// Whether the cluster is on the way of the plan: no base is foreign, and nothing has
    /// changed elsewhere. Then [`Plan::rest_from`] and [`Plan::undo_from`] have an answer.
    #[must_use]
    pub const fn is_on_the_way(&self) -> bool {
        matches!(self.elsewhere_changed, Some(false))
    }
}

/// How many foreign bases are named in a line.
const NAMED: usize = 8;

impl fmt::Display for Progress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plural = |count: usize| if count == 1 { "" } else { "s" };
        let (next, all) = (self.next_done + self.next_open, self.changes);
        if self.is_done() {
            let is = if all == 1 { "is" } else { "are" };
            write!(f, "{all} of {all} change{} {is} done", plural(all))?;
        } else {
            let is = if self.waves_done == 1 { "is" } else { "are" };
            let (done, waves) = (self.waves_done, self.waves);
            write!(f, "{done} of {waves} wave{} {is} done, ", plural(waves))?;
            write!(f, "{} of {next} change{} of the next, ", self.next_done, plural(next))?;
            write!(f, "{} of {all} in all", self.done)?;
        }
        if !self.foreign.is_empty() {
            f.write_str("; ")?;
            write_foreign(f, &self.foreign)?;
        }
        if self.elsewhere_changed == Some(true) {
            f.write_str("; something has changed that the plan does not change")?;
        }
        Ok(())
    }
}

/// Says which bases are foreign: the first few by name.
pub(super) fn write_foreign(f: &mut fmt::Formatter<'_>, bases: &[Base]) -> fmt::Result {
    let (count, named) = (bases.len(), bases.iter().take(NAMED));
    write!(f, "{count} base{} foreign:", if count == 1 { " is" } else { "s are" })?;
    for (place, base) in named.enumerate() {
        write!(f, "{} {}", if place == 0 { "" } else { "," }, base.first_prefix())?;
    }
    if count > NAMED {
        write!(f, " and {} more", count - NAMED)?;
    }
    Ok(())
}

fn as_prefixes<S: Serializer>(bases: &[Base], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(bases.iter().map(|base| base.first_prefix().to_string()))
}
