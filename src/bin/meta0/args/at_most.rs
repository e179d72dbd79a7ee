//! Caps by level, as a person types them.

use std::str::FromStr;

use meta0::{Level, Rules, RulesError};

/// What a text without a cap in it is told.
const EXPECTED: &str =
    "expected caps of levels, as site=2,host=1, or of all four from site to volume, as 2.2.1.1";

/// The most replicas of a base that a domain of some levels may hold.
#[derive(Debug, Clone)]
pub(crate) struct AtMost(Vec<(Level, u16)>);

impl AtMost {
    /// The rules with these caps.
    pub(super) fn apply(&self, rules: Rules) -> Result<Rules, RulesError> {
        self.0.iter().try_fold(rules, |rules, &(level, cap)| rules.at_most(level, cap))
    }
}

impl FromStr for AtMost {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let caps = if text.contains('=') { by_level(text) } else { from_site_to_volume(text) };
        caps.map(Self)
    }
}

/// `site=2,host=1`
fn by_level(text: &str) -> Result<Vec<(Level, u16)>, String> {
    let mut caps: Vec<(Level, u16)> = Vec::new();
    for part in text.split(',') {
        let (level, number) =
            part.split_once('=').ok_or_else(|| format!("{part:?} has no cap: {EXPECTED}"))?;
        let level: Level =
            level.parse().map_err(|error: meta0::LocationError| error.to_string())?;
        if caps.iter().any(|&(other, _)| other == level) {
            return Err(format!("{level} is named twice: expected one cap of a level"));
        }
        caps.push((level, cap(level, number)?));
    }
    Ok(caps)
}

/// `2.2.1.1`
fn from_site_to_volume(text: &str) -> Result<Vec<(Level, u16)>, String> {
    let numbers: Vec<_> = text.split('.').collect();
    if numbers.len() != Level::ALL.len() {
        let plural = if numbers.len() == 1 { "" } else { "s" };
        return Err(format!("{text:?} has {} part{plural}: {EXPECTED}", numbers.len()));
    }
    Level::ALL
        .into_iter()
        .zip(numbers)
        .map(|(level, text)| Ok((level, cap(level, text)?)))
        .collect()
}

fn cap(level: Level, text: &str) -> Result<u16, String> {
    text.parse().ok().filter(|&cap| cap > 0).ok_or_else(|| {
        format!("{text:?} is not a cap of {level}: expected a whole number, 1 to {}", u16::MAX)
    })
}
