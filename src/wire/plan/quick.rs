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

use super::waves::{Waves, digits_of};

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
    let mut cursor = Cursor(text);
    let mut waves = Waves::default();
    cursor.expect("[")?;
    if cursor.expect("]").is_some() {
        return Some((waves, cursor.0));
    }
    loop {
        cursor.wave(&mut waves)?;
        waves.ends.push(waves.changes.len());
        if cursor.expect(",").is_none() {
            return cursor.expect("]").map(|()| (waves, cursor.0));
        }
    }
}

/// The text that is still to be read.
struct Cursor<'a>(&'a str);

impl<'a> Cursor<'a> {
    /// Takes a token, and white space before it.
    #[inline]
    fn expect(&mut self, token: &str) -> Option<()> {
        if !self.0.starts_with(token) {
            self.0 = self.0.trim_start_matches([' ', '\n', '\r', '\t']);
        }
        self.0 = self.0.strip_prefix(token)?;
        Some(())
    }

    fn wave(&mut self, waves: &mut Waves) -> Option<()> {
        self.expect("[")?;
        let mut next = 0;
        loop {
            let change = self.change(waves)?;
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
    fn change(&mut self, waves: &mut Waves) -> Option<RawChange<PlanName>> {
        self.expect("{")?;
        self.key("\"base\"")?;
        let base = digits_of(self.string()?.as_bytes())?;
        self.expect(",")?;
        self.key("\"from\"")?;
        let from = self.name(waves, 0)?;
        self.expect(",")?;
        self.key("\"to\"")?;
        let to = self.name(waves, 1)?;
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
    fn name(&mut self, waves: &mut Waves, side: usize) -> Option<PlanName> {
        if self.expect("null").is_some() {
            return Some(PlanName::NONE);
        }
        let name = self.string()?;
        if name.is_empty() { None } else { waves.names.number(name, side) }
    }

    /// A string without escapes.
    #[inline]
    fn string(&mut self) -> Option<&'a str> {
        self.expect("\"")?;
        let mut bytes = self.0.bytes();
        let end = bytes.position(|byte| byte == b'"' || byte == b'\\' || byte < b' ')?;
        let (string, rest) = self.0.split_at(end);
        self.0 = rest.strip_prefix('"')?;
        Some(string)
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
