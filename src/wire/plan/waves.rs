//! Waves are read one change at a time, each name kept once.
//!
//! A document names a few services some 400,000 times. A name that stands where it
//! stood in the change before is told by one comparison; any other by a hash.

use std::collections::HashMap;
use std::fmt;

use serde::de::{Deserialize, DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

use crate::index::{LIMIT, PlanName, renumbered};
use crate::mapping::change::RawChange;
use crate::prefix::Prefix;

/// The waves of a document.
#[derive(Debug, Default)]
pub(super) struct Waves {
    pub(super) names: Names,
    /// Wave by wave; a base is its first prefix, as long as its digits are not known.
    pub(super) changes: Vec<RawChange<PlanName>>,
    /// Where each wave ends.
    pub(super) ends: Vec<usize>,
}

impl Waves {
    /// The names, ascending, and the changes over them.
    pub(super) fn into_named(mut self) -> (Vec<Box<str>>, Vec<RawChange<PlanName>>, Vec<usize>) {
        let mut names: Vec<_> = self.names.list.into_iter().enumerate().collect();
        names.sort_unstable_by(|(_, a), (_, b)| a.cmp(b));
        let mut places = vec![PlanName::NONE; names.len()];
        for (place, (old, _)) in names.iter().enumerate() {
            places[*old] = PlanName::new(place);
        }
        let new = |name: PlanName| renumbered(name.index(), &places, PlanName::NONE);
        for change in &mut self.changes {
            (change.from, change.to) = (new(change.from), new(change.to));
        }
        (names.into_iter().map(|(_, name)| name).collect(), self.changes, self.ends)
    }
}

impl<'de> Deserialize<'de> for Waves {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(WavesVisitor)
    }
}

struct WavesVisitor;

impl<'de> Visitor<'de> for WavesVisitor {
    type Value = Waves;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array of waves")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut waves: A) -> Result<Waves, A::Error> {
        let mut read = Waves::default();
        while waves.next_element_seed(WaveSeed(&mut read))?.is_some() {
            read.ends.push(read.changes.len());
        }
        Ok(read)
    }
}

/// Reads a wave.
struct WaveSeed<'a>(&'a mut Waves);

impl<'de> DeserializeSeed<'de> for WaveSeed<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for WaveSeed<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array of changes")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut wave: A) -> Result<(), A::Error> {
        let mut last = None;
        while let Some(change) = wave.next_element_seed(ChangeSeed(&mut self.0.names))? {
            if last.is_some_and(|last| last >= change.base) {
                let base = Prefix::new(change.base);
                return Err(A::Error::custom(format_args!(
                    "base {base} does not come after the one before it: expected the bases of a \
                     wave to ascend, each once"
                )));
            }
            last = Some(change.base);
            self.0.changes.push(change);
        }
        if last.is_none() {
            return Err(A::Error::custom("a wave is empty: expected a change in each"));
        }
        Ok(())
    }
}

/// Reads a change.
struct ChangeSeed<'a>(&'a mut Names);

#[derive(serde::Deserialize)]
#[serde(field_identifier, rename_all = "lowercase")]
enum Field {
    Base,
    From,
    To,
}

impl<'de> DeserializeSeed<'de> for ChangeSeed<'_> {
    type Value = RawChange<PlanName>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for ChangeSeed<'_> {
    type Value = RawChange<PlanName>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a change")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Self::Value, A::Error> {
        let (mut base, mut from, mut to) = (None, None, None);
        while let Some(field) = fields.next_key()? {
            let is_new = match field {
                Field::Base => base.replace(fields.next_value::<BaseName>()?.0).is_none(),
                Field::From => from.replace(fields.next_value_seed(self.0.at(0))?).is_none(),
                Field::To => to.replace(fields.next_value_seed(self.0.at(1))?).is_none(),
            };
            if !is_new {
                return Err(A::Error::custom("the key stands twice: expected each key once"));
            }
        }
        let base = base.ok_or_else(|| A::Error::missing_field("base"))?;
        let from = from.ok_or_else(|| A::Error::missing_field("from"))?;
        let to = to.ok_or_else(|| A::Error::missing_field("to"))?;
        if from == to {
            return Err(A::Error::custom("\"from\" and \"to\" are the same: expected a change"));
        }
        Ok(RawChange { base, from, to })
    }
}

/// A base by the first of its prefixes: 4 upper-case hex digits.
pub(super) struct BaseName(pub(super) u16);

impl<'de> Deserialize<'de> for BaseName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(BaseVisitor)
    }
}

struct BaseVisitor;

impl Visitor<'_> for BaseVisitor {
    type Value = BaseName;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a base, as 4 upper-case hex digits")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<BaseName, E> {
        let refused = || E::invalid_value(serde::de::Unexpected::Str(text), &self);
        digits_of(text.as_bytes()).map(BaseName).ok_or_else(refused)
    }
}

/// The value of 4 upper-case hex digits.
#[inline]
pub(super) fn digits_of(text: &[u8]) -> Option<u16> {
    let mut value = 0;
    for byte in <[u8; 4]>::try_from(text).ok()? {
        let digit = match byte {
            b'0'..=b'9' => byte - b'0',
            b'A'..=b'F' => byte - b'A' + 10,
            _ => return None,
        };
        value = value << 4 | u16::from(digit);
    }
    Some(value)
}

/// Every name of a document, in the order in which they came.
#[derive(Debug)]
pub(super) struct Names {
    list: Vec<Box<str>>,
    places: HashMap<Box<str>, PlanName>,
    /// The last name of each side of a change.
    last: [PlanName; 2],
}

impl Default for Names {
    fn default() -> Self {
        Self { list: Vec::new(), places: HashMap::new(), last: [PlanName::NONE; 2] }
    }
}

impl Names {
    /// Names that are known, and not looked up any more.
    pub(super) fn of_list(list: Vec<Box<str>>) -> Self {
        Self { list, ..Self::default() }
    }

    const fn at(&mut self, side: usize) -> NameSeed<'_> {
        NameSeed { names: self, side }
    }

    /// The number of a name; `None` when there are too many.
    #[inline]
    fn number(&mut self, name: &str, side: usize) -> Option<PlanName> {
        let last = self.last[side];
        if self.list.get(last.index()).is_some_and(|last| **last == *name) {
            return Some(last);
        }
        let number = match self.places.get(name) {
            Some(&number) => number,
            None => self.add(name)?,
        };
        self.last[side] = number;
        Some(number)
    }

    #[cold]
    fn add(&mut self, name: &str) -> Option<PlanName> {
        let place = Some(self.list.len()).filter(|&place| place < LIMIT)?;
        self.list.push(name.into());
        self.places.insert(name.into(), PlanName::new(place));
        Some(PlanName::new(place))
    }
}

/// Reads a name, or null for nobody.
struct NameSeed<'a> {
    names: &'a mut Names,
    side: usize,
}

impl<'de> DeserializeSeed<'de> for NameSeed<'_> {
    type Value = PlanName;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<PlanName, D::Error> {
        deserializer.deserialize_option(self)
    }
}

impl<'de> Visitor<'de> for NameSeed<'_> {
    type Value = PlanName;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a service or null")
    }

    fn visit_none<E: Error>(self) -> Result<PlanName, E> {
        Ok(PlanName::NONE)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<PlanName, D::Error> {
        deserializer.deserialize_str(self)
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<PlanName, E> {
        if name.is_empty() {
            return Err(E::custom("the name is empty: expected a service or null"));
        }
        let number = self.names.number(name, self.side);
        number
            .ok_or_else(|| E::custom(format_args!("one name too many: a plan has at most {LIMIT}")))
    }
}
