//! What the quick reader declines is either wrong or unusual, and the thorough one
//! finds out which: `serde_json` finds the keys and values, and each is judged where
//! it stands.
//!
//! `serde_json` hands out keys and values as parts of the text, so that an
//! offset is the difference of two addresses. It keeps the last of two equal
//! keys when it fills a map; here the entries are read one by one, and the
//! first error of the text is the one reported.

use std::collections::HashMap;
use std::fmt;

use serde::de::{Deserializer as _, Error as _, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::entries::{Document, Entries};
use super::error::{JsonError, SyntaxError};
use super::quick::{Begun, Part};
use super::seen_keys::SeenKeys;
use crate::index::{LIMIT, Name};
use crate::prefix::{PREFIXES, Prefix};
use crate::wire::byte_offset::byte_offset;

const BYTE_ORDER_MARK: char = '\u{FEFF}';

/// What a text says.
///
/// # Errors
///
/// Whatever [`JsonError`] names a byte offset.
pub(super) fn read(document: &str) -> Result<Document, JsonError> {
    let text = document.strip_prefix(BYTE_ORDER_MARK).unwrap_or(document);
    ThoroughReader::new(text, document.len() - text.len()).run()
}

/// What a document says that was begun and goes on with a text. The object gets
/// another start, so that `serde_json` says of the rest what it would say of the whole.
///
/// # Errors
///
/// Whatever [`JsonError`] names a byte offset.
pub(super) fn go_on(begun: Begun, rest: &str) -> Result<Document, JsonError> {
    if begun.next == Part::Opening {
        return read(rest);
    }
    if begun.next == Part::Rest {
        return Err(JsonError::Trailing { offset: begun.end });
    }
    let last_key = begun.keys.last();
    let start = if last_key.is_some() { DUMMY } else { "{" };
    let text = format!("{start}{rest}");
    let mut reader = ThoroughReader::new(&text, begun.end);
    reader.start = start.len();
    reader.key = last_key;
    reader.take(begun);
    reader.run()
}

/// The start of an object, with an entry of which no reader knows.
const DUMMY: &str = "{\"\":0,";

struct ThoroughReader<'a> {
    text: &'a str,
    /// How much of the text is another start of the object.
    start: usize,
    /// How much of the document stands before what follows that.
    skipped: usize,
    /// The keys of the entries that were read before.
    seen: SeenKeys,
    /// The key in hand.
    key: Option<String>,
    /// The key of each prefix, as it stands in the text.
    keys: Vec<Option<&'a str>>,
    places: HashMap<Box<str>, Name>,
    names: Vec<Box<str>>,
    /// For each name the last prefix that named it.
    named_by: Vec<Option<Prefix>>,
    entries: Entries,
    refusal: Option<JsonError>,
}

impl<'a> ThoroughReader<'a> {
    fn new(text: &'a str, skipped: usize) -> Self {
        Self {
            text,
            start: 0,
            skipped,
            seen: SeenKeys::none(),
            key: None,
            keys: vec![None; PREFIXES],
            places: HashMap::new(),
            names: Vec::new(),
            named_by: Vec::new(),
            entries: Entries::new(),
            refusal: None,
        }
    }

    /// Takes what was read before.
    fn take(&mut self, begun: Begun) {
        let Document { names, entries } = begun.document;
        self.places = names.iter().cloned().zip(Name::all(names.len())).collect();
        self.named_by = vec![None; names.len()];
        (self.names, self.entries, self.seen) = (names, entries, begun.keys);
    }

    fn run(mut self) -> Result<Document, JsonError> {
        let text = self.text;
        let mut source = serde_json::Deserializer::from_str(text);
        let read = source.deserialize_map(&mut self);
        if let Some(refusal) = self.refusal {
            return Err(refusal);
        }
        if let Err(error) = read {
            let start = text.len() - text.trim_ascii_start().len();
            return Err(if error.is_data() {
                JsonError::NotAnObject { offset: self.skipped + start }
            } else {
                self.syntax(text, &error)
            });
        }
        if let Err(error) = source.end() {
            return Err(JsonError::Trailing { offset: self.offset_of(text, &error) });
        }
        Ok(Document { names: self.names, entries: self.entries })
    }

    /// Where a part of the text is in the document.
    fn offset(&self, part: &str) -> usize {
        self.in_document(part.as_ptr().addr() - self.text.as_ptr().addr())
    }

    /// Where a place in the text is in the document.
    const fn in_document(&self, place: usize) -> usize {
        self.skipped + place - self.start
    }

    /// Where in the text an error in a part of it is.
    fn offset_of(&self, part: &str, error: &serde_json::Error) -> usize {
        let within = part.as_ptr().addr() - self.text.as_ptr().addr();
        self.in_document(within + byte_offset(part, error))
    }

    fn syntax(&self, part: &str, source: &serde_json::Error) -> JsonError {
        JsonError::Syntax {
            offset: self.offset_of(part, source),
            key: self.key.clone(),
            source: SyntaxError::of(source),
        }
    }

    fn string(&self, part: &str) -> Result<String, JsonError> {
        serde_json::from_str(part).map_err(|error| self.syntax(part, &error))
    }

    fn key(&self) -> String {
        self.key.clone().expect("an array comes after its key")
    }

    fn read_key(&mut self, part: &'a str) -> Result<Prefix, JsonError> {
        let key = self.string(part)?;
        let offset = self.offset(part);
        let Ok(prefix) = key.parse::<Prefix>() else {
            return Err(JsonError::Key { offset, key });
        };
        let first = match self.keys[usize::from(prefix.get())].replace(part) {
            Some(first) => Some((self.string(first)?, self.offset(first))),
            None => self.seen.get(prefix),
        };
        if let Some((first, first_offset)) = first {
            return Err(JsonError::RepeatedKey { offset, key, first_offset, first });
        }
        self.key = Some(key);
        Ok(prefix)
    }

    fn read_row(&mut self, prefix: Prefix, part: &'a str) -> Result<(), JsonError> {
        let found = kind(part);
        if !part.starts_with('[') {
            return Err(JsonError::NotAnArray {
                offset: self.offset(part),
                key: self.key(),
                found,
            });
        }
        let values: Vec<&RawValue> =
            serde_json::from_str(part).map_err(|error| self.syntax(part, &error))?;
        for value in &values {
            let place = self.read_address(prefix, value.get())?;
            self.entries.push(place);
        }
        // An empty array leaves the prefix as if it were absent.
        if !values.is_empty() {
            self.entries.close(prefix).expect("the first array of its prefix, and not empty");
        }
        Ok(())
    }

    fn read_address(&mut self, prefix: Prefix, part: &'a str) -> Result<Name, JsonError> {
        let offset = self.offset(part);
        if !part.starts_with('"') {
            return Err(JsonError::NotAnAddress { offset, key: self.key(), found: kind(part) });
        }
        let address = self.string(part)?;
        if address.is_empty() {
            return Err(JsonError::EmptyAddress { offset, key: self.key() });
        }
        let place = match self.places.get(&*address) {
            Some(&place) => place,
            None if self.names.len() == LIMIT => {
                return Err(JsonError::TooManyServices { offset, key: self.key() });
            }
            None => self.add(&address),
        };
        if self.named_by[place.index()].replace(prefix) == Some(prefix) {
            return Err(JsonError::RepeatedAddress { offset, key: self.key(), address });
        }
        Ok(place)
    }

    fn add(&mut self, address: &str) -> Name {
        let place = Name::new(self.names.len());
        self.places.insert(address.into(), place);
        self.names.push(address.into());
        self.named_by.push(None);
        place
    }
}

impl<'de> Visitor<'de> for &mut ThoroughReader<'de> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object of prefixes and their services")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<(), A::Error> {
        if self.start == DUMMY.len() {
            entries.next_entry::<IgnoredAny, IgnoredAny>()?;
        }
        while let Some(key) = entries.next_key::<&RawValue>()? {
            let read = match self.read_key(key.get()) {
                Ok(prefix) => self.read_row(prefix, entries.next_value::<&RawValue>()?.get()),
                Err(refusal) => Err(refusal),
            };
            if let Err(refusal) = read {
                self.refusal = Some(refusal);
                return Err(A::Error::custom("refused"));
            }
        }
        Ok(())
    }
}

/// What a JSON value is, by its first byte.
fn kind(value: &str) -> &'static str {
    match value.as_bytes().first() {
        Some(b'{') => "an object",
        Some(b'[') => "an array",
        Some(b'"') => "a string",
        Some(b't' | b'f') => "a boolean",
        Some(b'n') => "null",
        _ => "a number",
    }
}
