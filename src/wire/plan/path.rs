//! What is refused in a document is told by its path, and by the byte where it starts.
//!
//! `serde_json` says where it stopped, which is in the value that was refused or just
//! behind it. What is checked of several values together is known by path alone. Both
//! ways round, the document is walked down from its root, value by value.

use std::fmt;

use serde::de::{Deserializer as _, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

/// From the root of a document down to a value.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Path(Vec<Segment>);

/// One step down: into an object, or into an array.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Segment {
    Key(Box<str>),
    Place(usize),
}

impl Path {
    /// The value of a key of the root.
    pub(super) fn key(key: &str) -> Self {
        Self(vec![Segment::Key(key.into())])
    }

    /// The value of a key below this one.
    pub(super) fn then(mut self, key: &str) -> Self {
        self.0.push(Segment::Key(key.into()));
        self
    }

    /// The element at a place of this one.
    pub(super) fn at(mut self, place: usize) -> Self {
        self.0.push(Segment::Place(place));
        self
    }

    /// Whether it is the root.
    pub(super) fn is_root(&self) -> bool {
        self.0.is_empty()
    }

    /// The nearest element of an array that it is in; itself when it is in none.
    pub(super) fn element(mut self) -> Self {
        let last = self.0.iter().rposition(|segment| matches!(segment, Segment::Place(_)));
        self.0.truncate(last.map_or(self.0.len(), |last| last + 1));
        self
    }

    /// The innermost key or value that a byte of a document is in, and where that starts.
    pub(super) fn of_byte(document: &str, byte: usize) -> (Self, usize) {
        let (mut path, mut value) = (Self::default(), document.trim_ascii());
        loop {
            let has = |part: &str| part_range(document, part).contains(&byte);
            let mut children = children(value).into_iter();
            let Some(child) = children.find(|child| has(child.key) || has(child.value)) else {
                return (path, part_range(document, value).start);
            };
            path.0.push(child.segment);
            if has(child.key) {
                return (path, part_range(document, child.key).start);
            }
            value = child.value;
        }
    }

    /// The value in a document; `None` where it is not there.
    pub(super) fn find<'a>(&self, document: &'a str) -> Option<&'a str> {
        let mut value = document.trim_ascii();
        for segment in &self.0 {
            value = children(value).into_iter().find(|child| child.segment == *segment)?.value;
        }
        Some(value)
    }

    /// Where the value starts in a document; where the innermost of those around it does
    /// when it is not there.
    pub(super) fn offset(&self, document: &str) -> usize {
        let around = (0..=self.0.len()).rev().map(|length| Self(self.0[..length].to_vec()));
        let found = around.into_iter().find_map(|path| path.find(document));
        found.map_or(0, |part| part_range(document, part).start)
    }
}

impl fmt::Display for Path {
    /// As `waves[0][17].base`; a key that is no word in quotes.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, segment) in self.0.iter().enumerate() {
            let is_word =
                |key: &str| key.bytes().all(|byte| byte == b'_' || byte.is_ascii_lowercase());
            match segment {
                Segment::Place(place) => write!(f, "[{place}]")?,
                Segment::Key(key) if !key.is_empty() && is_word(key) => {
                    write!(f, "{}{key}", if at == 0 { "" } else { "." })?;
                }
                Segment::Key(key) => write!(f, "[{key:?}]")?,
            }
        }
        Ok(())
    }
}

/// The bytes of a document that a part of it is.
fn part_range(document: &str, part: &str) -> std::ops::Range<usize> {
    let start = part.as_ptr().addr().saturating_sub(document.as_ptr().addr());
    start..start + part.len()
}

/// A value directly in another, as it stands in the document.
struct Child<'a> {
    segment: Segment,
    /// Empty in an array.
    key: &'a str,
    value: &'a str,
}

/// What an object or an array has, as far as it is JSON; nothing of other values.
fn children(value: &str) -> Vec<Child<'_>> {
    let mut found = Children(Vec::new());
    // An error ends the list.
    let _ = serde_json::Deserializer::from_str(value).deserialize_any(&mut found);
    found.0
}

struct Children<'a>(Vec<Child<'a>>);

impl<'de> Visitor<'de> for &mut Children<'de> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object or an array")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<(), A::Error> {
        while let Some((key, value)) = entries.next_entry::<&RawValue, &RawValue>()? {
            let (key, value) = (key.get(), value.get());
            let name: String = serde_json::from_str(key).unwrap_or_default();
            self.0.push(Child { segment: Segment::Key(name.into()), key, value });
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<(), A::Error> {
        while let Some(value) = elements.next_element::<&RawValue>()? {
            let segment = Segment::Place(self.0.len());
            self.0.push(Child { segment, key: "", value: value.get() });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DOCUMENT: &str = r#" {"a": 1, "waves": [[], [{"base": "0000"}]], "odd key": {"b": []}}"#;

    #[test]
    fn a_byte_has_a_path_and_a_path_a_byte() {
        for (part, path) in [
            ("1", "a"),
            ("[]", "waves[0]"),
            (r#""0000""#, "waves[1][0].base"),
            (r#"{"b": []}"#, "[\"odd key\"]"),
        ] {
            let start = DOCUMENT.find(part).unwrap();
            let (found, offset) = Path::of_byte(DOCUMENT, start);
            assert_eq!((found.to_string().as_str(), offset), (path, start));
            assert_eq!(found.offset(DOCUMENT), start);
            assert_eq!(found.find(DOCUMENT), Some(part));
        }
        let key = DOCUMENT.find("\"base\"").unwrap();
        assert_eq!(Path::of_byte(DOCUMENT, key + 3).1, key);
    }

    #[test]
    fn what_is_not_there_is_where_it_would_be() {
        assert_eq!(Path::key("digest").offset(DOCUMENT), 1);
        let waves = Path::key("waves");
        assert_eq!(waves.clone().at(7).offset(DOCUMENT), waves.offset(DOCUMENT));
        assert_eq!(waves.at(1).at(0).then("base").element().to_string(), "waves[1][0]");
        assert!(Path::of_byte("17", 1).0.is_root());
    }
}
