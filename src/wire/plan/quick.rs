//! Nearly all waves have nothing unusual in them, and the quick reader is for those.
//!
//! It takes what is known to be JSON, in one pass over the bytes: changes with their keys
//! in order and names without escapes, any white space between. It declines all else,
//! what is wrong and what is merely rare alike, and `serde` then tells which. That takes
//! a third of the time that `serde` needs for each change.

use crate::index::PlanName;
use crate::mapping::change::RawChange;

use super::waves::{Waves, digits_of};

/// The waves of a text; `None` when it declines them.
pub(super) fn read(json: &str) -> Option<Waves> {
    let mut cursor = Cursor(json.as_bytes());
    let mut waves = Waves::default();
    cursor.expect(b"[")?;
    if cursor.expect(b"]").is_some() {
        return Some(waves);
    }
    loop {
        cursor.wave(&mut waves)?;
        waves.ends.push(waves.changes.len());
        if cursor.expect(b",").is_none() {
            return cursor.expect(b"]").map(|()| waves);
        }
    }
}

/// The text that is still to be read.
struct Cursor<'a>(&'a [u8]);

impl<'a> Cursor<'a> {
    /// Takes a token, and white space before it.
    #[inline]
    fn expect(&mut self, token: &[u8]) -> Option<()> {
        if !self.0.starts_with(token) {
            self.0 = self.0.trim_ascii_start();
        }
        self.0 = self.0.strip_prefix(token)?;
        Some(())
    }

    fn wave(&mut self, waves: &mut Waves) -> Option<()> {
        self.expect(b"[")?;
        let mut next = 0;
        loop {
            let change = self.change(waves)?;
            if u32::from(change.base) < next {
                return None;
            }
            next = u32::from(change.base) + 1;
            waves.changes.push(change);
            if self.expect(b",").is_none() {
                return self.expect(b"]");
            }
        }
    }

    #[inline]
    fn change(&mut self, waves: &mut Waves) -> Option<RawChange<PlanName>> {
        self.expect(b"{")?;
        self.key(b"\"base\"")?;
        let base = digits_of(self.string()?.as_bytes())?;
        self.expect(b",")?;
        self.key(b"\"from\"")?;
        let from = self.name(waves, 0)?;
        self.expect(b",")?;
        self.key(b"\"to\"")?;
        let to = self.name(waves, 1)?;
        self.expect(b"}")?;
        (from != to).then_some(RawChange { base, from, to })
    }

    #[inline]
    fn key(&mut self, key: &[u8]) -> Option<()> {
        self.expect(key)?;
        self.expect(b":")
    }

    /// A name, or null for nobody.
    #[inline]
    fn name(&mut self, waves: &mut Waves, side: usize) -> Option<PlanName> {
        if self.expect(b"null").is_some() {
            return Some(PlanName::NONE);
        }
        let name = self.string()?;
        if name.is_empty() { None } else { waves.names.number(name, side) }
    }

    /// A string without escapes.
    #[inline]
    fn string(&mut self) -> Option<&'a str> {
        self.expect(b"\"")?;
        let end = self.0.iter().position(|&byte| byte == b'"' || byte == b'\\')?;
        let (string, rest) = self.0.split_at(end);
        self.0 = rest.strip_prefix(b"\"")?;
        str::from_utf8(string).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What both readers make of waves.
    fn both(json: &str) -> Option<String> {
        let shown = |waves: Waves| format!("{:?}", waves.into_named());
        let thorough = serde_json::from_str(json).ok().map(shown);
        let quick = read(json).map(shown);
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
