//! Nearly all waves have nothing unusual in them, and the quick reader is for those.
//!
//! It makes one pass over the text, and takes changes with their keys in order and names
//! without escapes, any white space between. It declines all else, what is wrong and what
//! is merely rare alike, and `serde` then tells which.
//!
//! The keys around the waves are for `serde` in any case, which reads them with an empty
//! array for the waves.

use crate::index::PlanName;
use crate::mapping::change::RawChange;

use super::waves::{Names, Waves, digits_of};
use crate::mapping::{KnownNames, PackedName};
use crate::wire::json::quick::plain_text;

/// A document without its waves, and the waves; `None` when it declines them.
///
/// Up to the waves there are neither escapes nor steps. So what looks like their key is
/// a key, and where it is not that of the document, an empty array for its value is
/// refused like any other.
pub(super) fn split(json: &str) -> Option<(String, Waves)> {
    const KEY: &str = "\"waves\":";
    let (head, text) = json.split_at(json.find(KEY)? + KEY.len());
    if head.contains('\\') || head.contains("\"steps\"") {
        return None;
    }
    let (waves, rest) = read(text)?;
    Some(([head, "[]", rest].concat(), waves))
}

/// The waves that a text starts with, and the rest of it.
fn read(text: &str) -> Option<(Waves, &str)> {
    let mut cursor = Cursor { rest: text, names: KnownNames::new(), lookups: 0 };
    let mut waves = Waves::default();
    cursor.expect("[")?;
    if cursor.expect("]").is_none() {
        loop {
            cursor.wave(&mut waves)?;
            waves.ends.push(waves.changes.len());
            if cursor.expect(",").is_none() {
                cursor.expect("]")?;
                break;
            }
        }
    }
    waves.names = Names::of_list(cursor.names.into_vec());
    Some((waves, cursor.rest))
}

/// The text that is still to be read.
struct Cursor<'a> {
    rest: &'a str,
    names: KnownNames,
    /// Tells names apart that are looked up: here any may stand again.
    lookups: u32,
}

impl Cursor<'_> {
    /// Takes a token, and white space before it.
    #[inline]
    fn expect(&mut self, token: &str) -> Option<()> {
        if !self.rest.starts_with(token) {
            self.rest = self.rest.trim_start_matches([' ', '\n', '\r', '\t']);
        }
        self.rest = self.rest.strip_prefix(token)?;
        Some(())
    }

    fn wave(&mut self, waves: &mut Waves) -> Option<()> {
        self.expect("[")?;
        let mut next = 0;
        loop {
            let change = self.change()?;
            if u32::from(change.base) < next {
                return None;
            }
            next = u32::from(change.base) + 1;
            waves.changes.push(change);
            if self.expect(",").is_none() {
                return self.expect("]");
            }
        }
    }

    #[inline]
    fn change(&mut self) -> Option<RawChange<PlanName>> {
        self.expect("{")?;
        self.key("\"base\"")?;
        let base = self.base()?;
        self.expect(",")?;
        self.key("\"from\"")?;
        let from = self.name()?;
        self.expect(",")?;
        self.key("\"to\"")?;
        let to = self.name()?;
        self.expect("}")?;
        (from != to).then_some(RawChange { base, from, to })
    }

    #[inline]
    fn key(&mut self, key: &str) -> Option<()> {
        self.expect(key)?;
        self.expect(":")
    }

    /// A name, or null for nobody.
    #[inline]
    fn name(&mut self) -> Option<PlanName> {
        if self.expect("null").is_some() {
            return Some(PlanName::NONE);
        }
        self.expect("\"")?;
        let (packed, length) = PackedName::until_quote(self.rest.as_bytes())?;
        let (name, rest) = self.rest.split_at_checked(length)?;
        self.rest = rest.get(1..)?;
        self.lookups = self.lookups.wrapping_add(1);
        let place = match self.names.find(packed, self.lookups) {
            Some(place) => place,
            None => self.names.search(packed, name.as_bytes(), self.lookups, plain_text).ok()?,
        };
        Some(PlanName::new(place.index()))
    }

    /// The index of a first prefix.
    #[inline]
    fn base(&mut self) -> Option<u16> {
        self.expect("\"")?;
        let (digits, rest) = self.rest.split_at_checked(4)?;
        self.rest = rest.strip_prefix('"')?;
        digits_of(digits.as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What both readers make of waves.
    fn both(json: &str) -> Option<String> {
        let shown = |waves: Waves| format!("{:?}", waves.into_named());
        let thorough = serde_json::from_str(json).ok().map(shown);
        let quick = read(json).map(|(waves, _)| shown(waves));
        assert!(quick.is_none() || quick == thorough, "{json}");
        quick
    }

    #[test]
    fn waves_are_read_as_serde_reads_them() {
        let change = r#"{"base":"00AF","from":"b","to":"a"}"#;
        let spaced = r#" { "base" : "1000" , "from" : null , "to" : "a" } "#;
        for json in [
            "[]".to_owned(),
            format!("[\n[\n{change}\n],[{spaced}]\n]"),
            format!("[[{change},{spaced}]]"),
        ] {
            assert!(both(&json).is_some(), "{json}");
        }
        for json in [
            "[[]]".to_owned(),
            format!("[[{spaced},{change}]]"),
            format!("[[{change},{change}]]"),
            "[[{\"base\":\"00AF\",\"to\":\"a\",\"from\":\"b\"}]]".to_owned(),
            format!("[[{}]]", change.replace("\"b\"", "\"a\"")),
            format!("[[{}]]", change.replace("\"b\"", "\"\"")),
            format!("[[{}]]", change.replace("\"b\"", "\"\\u0062\"")),
            format!("[[{}]]", change.replace("00AF", "00af")),
            format!("[[{}]]", change.replace("00AF", "0AF")),
        ] {
            assert!(both(&json).is_none(), "{json}");
        }
    }
}
