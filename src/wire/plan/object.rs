//! The keys of a plan, each with a value of its type and in its range; what they say
//! together is checked where a plan is made of them.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::marker::PhantomData;
use std::num::NonZeroU16;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserialize, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::waves::{BaseName, Waves};
use crate::certificate::Certificate;
use crate::location::{Level, MinDist};
use crate::mapping::Alias;
use crate::prefix::{Digits, Prefix};
use crate::ratio::Tolerance;

/// The object. Every key may be missing: which have to be there depends on the command.
#[derive(Default, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Object {
    #[serde(deserialize_with = "some")]
    pub(super) format: Option<String>,
    #[serde(deserialize_with = "some")]
    pub(super) command: Option<Command>,
    #[serde(deserialize_with = "digits")]
    pub(super) digits: Option<Digits>,
    #[serde(deserialize_with = "some")]
    pub(super) replicas: Option<NonZeroU16>,
    #[serde(deserialize_with = "min_dist")]
    pub(super) min_dist: Option<MinDist>,
    #[serde(deserialize_with = "level")]
    pub(super) level: Option<Level>,
    #[serde(deserialize_with = "some")]
    pub(super) degradation: Option<u16>,
    #[serde(deserialize_with = "some")]
    pub(super) at_most: Option<OfObject<AtMost>>,
    #[serde(deserialize_with = "tolerance")]
    pub(super) tolerance: Option<Tolerance>,
    #[serde(deserialize_with = "some")]
    pub(super) drained: Option<List<Name>>,
    #[serde(deserialize_with = "some")]
    pub(super) held: Option<List<Name>>,
    #[serde(deserialize_with = "some")]
    pub(super) held_bases: Option<List<BasePrefix>>,
    #[serde(deserialize_with = "some")]
    pub(super) leaving: Option<List<Name>>,
    #[serde(deserialize_with = "some")]
    pub(super) bases: Option<List<BasePrefix>>,
    #[serde(deserialize_with = "some")]
    pub(super) strategy: Option<StrategyName>,
    #[serde(deserialize_with = "some")]
    pub(super) max_moves: Option<usize>,
    #[serde(deserialize_with = "some")]
    pub(super) max_moves_per_base: Option<usize>,
    #[serde(deserialize_with = "some")]
    pub(super) renamed: Option<Renamed>,
    #[serde(deserialize_with = "some")]
    pub(super) digest: Option<Digest>,
    #[serde(deserialize_with = "some")]
    pub(super) digest_after: Option<Digest>,
    #[serde(deserialize_with = "some")]
    pub(super) moves: Option<usize>,
    #[serde(deserialize_with = "some")]
    pub(super) removals: Option<usize>,
    #[serde(deserialize_with = "some")]
    pub(super) lower_bound: Option<Nullable<usize>>,
    #[serde(deserialize_with = "some")]
    pub(super) minimal: Option<bool>,
    #[serde(deserialize_with = "some")]
    pub(super) certificate: Option<Nullable<OfObject<Certificate>>>,
    #[serde(deserialize_with = "some")]
    pub(super) beside: Option<Beside>,
    #[serde(deserialize_with = "some")]
    pub(super) waves: Option<Waves>,
    #[serde(deserialize_with = "some")]
    pub(super) steps: Option<Steps>,
}

/// What is read from an object alone: what is derived takes an array as well.
#[derive(Debug)]
pub(super) struct OfObject<T>(pub(super) T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for OfObject<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(ObjectVisitor(PhantomData))
    }
}

struct ObjectVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for ObjectVisitor<T> {
    type Value = OfObject<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<OfObject<T>, A::Error> {
        T::deserialize(MapAccessDeserializer::new(map)).map(OfObject)
    }
}

/// A value, or null, which is not the same as nothing.
#[derive(serde::Deserialize)]
pub(super) struct Nullable<T>(pub(super) Option<T>);

/// What made a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Command {
    Rebalance,
    Decommission,
    Diff,
    Undo,
    Part,
}

impl Command {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Rebalance => "rebalance",
            Self::Decommission => "decommission",
            Self::Diff => "diff",
            Self::Undo => "undo",
            Self::Part => "part",
        }
    }
}

/// How the freed replicas of a decommission found their places, where not optimally.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(super) enum StrategyName {
    #[serde(rename = "fewest bases")]
    FewestBases,
    #[serde(rename = "most availability")]
    MostAvailability,
    #[serde(rename = "custom")]
    Custom,
}

/// A value that is there, which null is only where its type says so.
fn some<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

fn digits<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Digits>, D::Error> {
    Digits::try_from(u8::deserialize(deserializer)?).map(Some).map_err(Error::custom)
}

fn min_dist<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<MinDist>, D::Error> {
    MinDist::try_from(u8::deserialize(deserializer)?).map(Some).map_err(Error::custom)
}

/// What is read from a text; where that is refused, the text is where the refusal is.
fn text_as<'de, T, E, D>(
    deserializer: D,
    read: impl FnOnce(&str) -> Result<T, E>,
) -> Result<T, D::Error>
where
    E: fmt::Display,
    D: Deserializer<'de>,
{
    deserializer.deserialize_str(TextVisitor(read))
}

struct TextVisitor<F>(F);

impl<T, E: fmt::Display, F: FnOnce(&str) -> Result<T, E>> Visitor<'_> for TextVisitor<F> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_str<R: Error>(self, text: &str) -> Result<T, R> {
        (self.0)(text).map_err(R::custom)
    }
}

fn level<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Level>, D::Error> {
    text_as(deserializer, |text| text.parse().map(Some))
}

/// A tolerance as it prints: in lowest terms.
fn tolerance<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Tolerance>, D::Error> {
    text_as(deserializer, |text| {
        let tolerance: Tolerance = text.parse().map_err(|error| format!("{error}"))?;
        if tolerance.to_string() == text {
            return Ok(Some(tolerance));
        }
        Err(format!("{text:?} is not in lowest terms: expected \"{tolerance}\""))
    })
}

/// 16 lower-case hex digits.
#[derive(Debug, Clone, Copy)]
pub(super) struct Digest(pub(super) u64);

impl<'de> Deserialize<'de> for Digest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let is_digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        text_as(deserializer, |text| match u64::from_str_radix(text, 16) {
            Ok(digest) if text.len() == 16 && text.bytes().all(is_digit) => Ok(Self(digest)),
            _ => Err(format!("{text:?} is no digest: expected 16 lower-case hex digits")),
        })
    }
}

/// The caps that are said outright, by level.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct AtMost {
    #[serde(deserialize_with = "some")]
    site: Option<NonZeroU16>,
    #[serde(deserialize_with = "some")]
    rack: Option<NonZeroU16>,
    #[serde(deserialize_with = "some")]
    host: Option<NonZeroU16>,
    #[serde(deserialize_with = "some")]
    volume: Option<NonZeroU16>,
}

impl AtMost {
    /// Each cap with its level.
    pub(super) fn caps(&self) -> impl Iterator<Item = (Level, u16)> {
        let caps = [self.site, self.rack, self.host, self.volume];
        Level::ALL.into_iter().zip(caps).filter_map(|(level, cap)| Some((level, cap?.get())))
    }
}

/// A name that is not empty.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Name(pub(super) String);

impl<'de> Deserialize<'de> for Name {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        text_as(deserializer, |name| match name {
            "" => Err("the name is empty: expected that of a service"),
            name => Ok(Self(name.to_owned())),
        })
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The first prefix of a base.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct BasePrefix(pub(super) u16);

impl<'de> Deserialize<'de> for BasePrefix {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        BaseName::deserialize(deserializer).map(|name| Self(name.0))
    }
}

impl fmt::Display for BasePrefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Prefix::new(self.0).fmt(f)
    }
}

/// Values in any order, each once.
#[derive(Debug)]
pub(super) struct List<T>(pub(super) BTreeSet<T>);

impl<'de, T: Deserialize<'de> + Ord + fmt::Display> Deserialize<'de> for List<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(ListVisitor(PhantomData))
    }
}

struct ListVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de> + Ord + fmt::Display> Visitor<'de> for ListVisitor<T> {
    type Value = List<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<List<T>, A::Error> {
        let mut set = BTreeSet::new();
        while let Some(element) = elements.next_element()? {
            if let Some(twice) = set.replace(element) {
                return Err(A::Error::custom(format_args!(
                    "{twice} stands twice: expected it once"
                )));
            }
        }
        Ok(List(set))
    }
}

/// The names of a mapping that stand for an address, ascending.
#[derive(Debug)]
pub(super) struct Renamed(pub(super) Vec<Alias>);

impl<'de> Deserialize<'de> for Renamed {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(RenamedVisitor)
    }
}

struct RenamedVisitor;

impl<'de> Visitor<'de> for RenamedVisitor {
    type Value = Renamed;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object of names and addresses")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Renamed, A::Error> {
        let mut aliases = BTreeMap::new();
        while let Some((Name(name), Name(address))) = entries.next_entry()? {
            if name == address {
                return Err(A::Error::custom(format_args!(
                    "{name:?} stands for itself: expected an address that is another"
                )));
            }
            if aliases.insert(name.into_boxed_str(), address.into_boxed_str()).is_some() {
                return Err(A::Error::custom("the key stands twice: expected each key once"));
            }
        }
        Ok(Renamed(aliases.into_iter().collect()))
    }
}

/// Names by base, ascending.
#[derive(Debug)]
pub(super) struct Beside(pub(super) BTreeMap<BasePrefix, List<Name>>);

impl<'de> Deserialize<'de> for Beside {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(BesideVisitor)
    }
}

struct BesideVisitor;

impl<'de> Visitor<'de> for BesideVisitor {
    type Value = Beside;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object of bases and services")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Beside, A::Error> {
        let mut beside = BTreeMap::new();
        while let Some((base, names)) = entries.next_entry()? {
            if beside.insert(base, names).is_some() {
                return Err(A::Error::custom("the key stands twice: expected each key once"));
            }
        }
        Ok(Beside(beside))
    }
}

/// Steps, which are objects, and are passed over.
#[derive(Debug)]
pub(super) struct Steps;

impl<'de> Deserialize<'de> for Steps {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(StepsVisitor)
    }
}

struct StepsVisitor;

impl<'de> Visitor<'de> for StepsVisitor {
    type Value = Steps;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array of steps")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut steps: A) -> Result<Steps, A::Error> {
        while steps.next_element::<Step>()?.is_some() {}
        Ok(Steps)
    }
}

struct Step;

impl<'de> Deserialize<'de> for Step {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Self)
    }
}

impl<'de> Visitor<'de> for Step {
    type Value = Self;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a step, which is an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Self, A::Error> {
        while fields.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(self)
    }
}
