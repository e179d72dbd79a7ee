//! The wire format of meta0: what its `meta0_force` request takes and its
//! `meta0_list` request gives.
//!
//! One JSON object: a key for each prefix, 4 hex digits, and for a value the
//! array of the services of that prefix. A document may be partial.
//!
//! meta0 itself reads this laxly: a bad key lands on prefix `0000`, keys that
//! differ by case are added up, a repeated address fails the whole upload. So
//! reading refuses, with the key and the byte offset, whatever meta0 would take
//! for something else, and writing is strict: 4 upper-case digits, ascending,
//! no array empty or with a repeat.
//!
//! Reading goes by two readers over one table:
//!
//! 1. `quick` takes documents without escapes, empty arrays or errors, which
//!    those of meta0, of its proxy, of Python and of this library are;
//! 2. what it declines, `thorough` reads with `serde_json`: it finds what is
//!    wrong and where, or takes what is only unusual (an escape in a name).
//!
//! The first takes a document in pieces; `stream` hands it those of an input, and
//! the second goes on where the first stopped.
//!
//! Both fill the same entries, one for each prefix, and those of one base are then
//! compared as sets, by service where a topology says which names are one service.
//! All of it is linear in the text. Nothing depends on the order of the keys.

mod cursor;
mod entries;
mod error;
pub(super) mod quick;
mod seen_keys;
mod serialize;
mod stream;
mod thorough;
mod write;

use std::io;

use entries::Document;
pub use error::{JsonError, SyntaxError};
use quick::QuickReader;

use crate::mapping::PrefixMapping;
use crate::prefix::{Base, Digits};
use crate::topology::Topology;

/// How much of a text is read or written at once.
const PIECE: usize = 64 << 10;

impl PrefixMapping {
    /// Reads a mapping from the JSON object that meta0 and its proxy give: a text,
    /// or its bytes.
    ///
    /// Keys of either case in any order, white space and a byte order mark are
    /// fine. Prefixes that are absent, or have an empty array, say nothing: a
    /// base is taken from those of its prefixes that say something, and is
    /// missing when none does.
    ///
    /// This takes `O(t + n log n)` for a text of `t` bytes with `n` distinct addresses.
    /// Beside the mapping it allocates 4 bytes for each address in the text,
    /// 512 KiB for the prefixes and about 100 bytes for each distinct address;
    /// for a text with something unusual in it, 1.5 MiB more and 16 bytes for
    /// each address of its longest array.
    ///
    /// # Errors
    ///
    /// [`JsonError`], with the first error of the text; nothing is half read.
    /// Prefixes of one base that disagree are an error: that is also how a
    /// text shows that was made with more digits.
    ///
    /// # Examples
    ///
    /// ```
    /// use meta0::{Digits, PrefixMapping};
    ///
    /// let text = r#"{"0001": ["10.0.0.2:6001"], "00af": ["10.0.0.2:6001", "10.0.0.1:6001"]}"#;
    /// let mapping = PrefixMapping::from_json(text, Digits::MAX)?;
    /// assert_eq!(mapping.missing_bases().count(), 65_534);
    ///
    /// let error = PrefixMapping::from_json(text, Digits::try_from(2)?).unwrap_err();
    /// assert!(error.to_string().starts_with("prefixes 0001 and 00AF of base \"00\" disagree"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn from_json(text: impl AsRef<[u8]>, digits: Digits) -> Result<Self, JsonError> {
        read(text.as_ref())?.into_mapping(digits, None)
    }

    /// Reads what [`PrefixMapping::from_json`] takes, and names every service that
    /// a topology knows by its address, as [`PrefixMapping::resolve`] does.
    ///
    /// Prefixes of one base are compared by service: they agree also where one
    /// names a service by its address and another by its service id, which no
    /// resolving of a mapping that was read can tell.
    ///
    /// # Errors
    ///
    /// Those of `from_json`.
    ///
    /// # Examples
    ///
    /// ```
    /// use meta0::{Digits, PrefixMapping, Service, Topology};
    ///
    /// let service = Service::new("10.0.0.1:6001", "rack1.host1.disk1".parse()?).with_id("meta1-a");
    /// let topology = Topology::new(vec![service])?;
    /// let text = r#"{"0000": ["meta1-a"], "0001": ["10.0.0.1:6001"]}"#;
    /// let digits = Digits::try_from(3)?;
    /// assert!(PrefixMapping::from_json(text, digits).is_err());
    /// let mapping = PrefixMapping::from_json_resolved(text, digits, &topology)?;
    /// assert!(mapping.names().eq(["10.0.0.1:6001"]));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn from_json_resolved(
        text: impl AsRef<[u8]>,
        digits: Digits,
        topology: &Topology,
    ) -> Result<Self, JsonError> {
        read(text.as_ref())?.into_mapping(digits, Some(topology))
    }

    /// Reads what [`PrefixMapping::from_json`] takes from a file, a pipe or a socket,
    /// in pieces of 64 KiB, until it ends: the text of an ordinary document is never
    /// in memory as a whole. There is no need for a buffer around `input`.
    ///
    /// Beside the mapping this allocates what `from_json` does, 512 KiB for the keys
    /// and one piece, which grows to the longest entry where that is more. A text with
    /// something unusual in it, or an entry of more than 1 MiB, is in memory from
    /// there on.
    ///
    /// # Errors
    ///
    /// Those of `from_json`, with the same offsets; [`JsonError::Io`] for those
    /// of `input`.
    ///
    /// # Examples
    ///
    /// ```no_run
    /// use std::fs::File;
    ///
    /// use meta0::{Digits, PrefixMapping};
    ///
    /// let mapping = PrefixMapping::read_json(File::open("mapping.json")?, Digits::MAX)?;
    /// let piped = PrefixMapping::read_json(std::io::stdin(), Digits::MAX)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn read_json(input: impl io::Read, digits: Digits) -> Result<Self, JsonError> {
        stream::read(input, PIECE)?.into_mapping(digits, None)
    }

    /// Reads what [`PrefixMapping::read_json`] takes, and names services as
    /// [`PrefixMapping::from_json_resolved`] does, which has an example.
    ///
    /// # Errors
    ///
    /// Those of `read_json`.
    pub fn read_json_resolved(
        input: impl io::Read,
        digits: Digits,
        topology: &Topology,
    ) -> Result<Self, JsonError> {
        stream::read(input, PIECE)?.into_mapping(digits, Some(topology))
    }

    /// The mapping as the JSON object that meta0 takes: one line for each
    /// prefix, ascending. Missing bases are left out, so that meta0 keeps what
    /// it has of them.
    ///
    /// This takes `O(t)` for a text of `t` bytes, which it allocates at its exact size,
    /// and at most 100 bytes and twice the name for each name of the mapping.
    ///
    /// # Examples
    ///
    /// ```
    /// use meta0::{Digits, PrefixMapping};
    ///
    /// let mut mapping = PrefixMapping::new(Digits::MAX);
    /// assert_eq!(mapping.to_json(), "{}\n");
    /// let base = mapping.digits().base(0xAF).ok_or("no such base")?;
    /// mapping.assign_services(base, ["10.0.0.2:6001", "10.0.0.1:6001"])?;
    /// assert_eq!(mapping.to_json(), "{\n\"00AF\":[\"10.0.0.1:6001\",\"10.0.0.2:6001\"]\n}\n");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn to_json(&self) -> String {
        self.text(self.digits().bases())
    }

    /// Like [`PrefixMapping::to_json`], of some bases only: a partial object,
    /// which meta0 merges into what it has. Bases that are missing, or of other
    /// digits, are left out; what repeats stands once.
    ///
    /// # Examples
    ///
    /// ```
    /// use meta0::{Base, Digits, PrefixMapping};
    ///
    /// let digits = Digits::try_from(1)?;
    /// let mapping = PrefixMapping::from_rows(digits, digits.bases().zip([["b", "a"]; 9]))?;
    /// let part = mapping.to_json_of([Base::parse("8", digits)?]);
    /// assert!(part.starts_with("{\n\"8000\":[\"a\",\"b\"],\n\"8001\":"));
    /// assert_eq!(PrefixMapping::from_json(part, digits)?.missing_bases().count(), 15);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn to_json_of(&self, bases: impl IntoIterator<Item = Base>) -> String {
        self.text(self.own(bases).into_iter())
    }

    /// Writes what [`PrefixMapping::to_json`] gives, in pieces of about 64 KiB.
    ///
    /// This allocates one piece, which grows to the entries of one base where
    /// those are more, and at most 100 bytes and twice the name for each name
    /// of the mapping.
    ///
    /// # Errors
    ///
    /// Those of `out`.
    ///
    /// # Examples
    ///
    /// ```no_run
    /// use std::fs::File;
    ///
    /// use meta0::{Digits, PrefixMapping};
    ///
    /// let mapping = PrefixMapping::read_json(std::io::stdin(), Digits::MAX)?;
    /// mapping.write_json(File::create("mapping.json")?)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn write_json(&self, out: impl io::Write) -> io::Result<()> {
        self.stream(self.digits().bases(), out)
    }

    /// Writes what [`PrefixMapping::to_json_of`] gives, in pieces of about
    /// 64 KiB. `to_json_of` has an example.
    ///
    /// # Errors
    ///
    /// Those of `out`.
    pub fn write_json_of(
        &self,
        bases: impl IntoIterator<Item = Base>,
        out: impl io::Write,
    ) -> io::Result<()> {
        self.stream(self.own(bases).into_iter(), out)
    }

    /// Those of the bases that have the digits of the mapping, ascending, once
    /// each.
    fn own(&self, bases: impl IntoIterator<Item = Base>) -> Vec<Base> {
        let own = |base: &Base| base.digits() == self.digits();
        let mut bases: Vec<_> = bases.into_iter().filter(own).collect();
        bases.sort_unstable();
        bases.dedup();
        bases
    }

    fn text(&self, bases: impl Iterator<Item = Base> + Clone) -> String {
        let writer = write::Writer::new(self);
        let mut out = Vec::with_capacity(writer.length(bases.clone()));
        writer.write(bases, &mut out, |_| Ok(())).expect("a vector takes whatever is written");
        String::from_utf8(out).expect("keys are digits, and names were strings")
    }

    fn stream(&self, bases: impl Iterator<Item = Base>, mut out: impl io::Write) -> io::Result<()> {
        let mut piece = Vec::with_capacity(2 * PIECE);
        let flush = |piece: &mut Vec<u8>| {
            if piece.len() < PIECE {
                return Ok(());
            }
            out.write_all(piece)?;
            piece.clear();
            Ok(())
        };
        write::Writer::new(self).write(bases, &mut piece, flush)?;
        out.write_all(&piece)
    }
}

/// What a text says.
///
/// # Errors
///
/// Whatever [`JsonError`] names a byte offset.
fn read(text: &[u8]) -> Result<Document, JsonError> {
    let mut reader = QuickReader::of_whole();
    let is_whole = reader.feed(text) == text.len();
    if is_whole && reader.is_done() {
        return Ok(reader.finish().document);
    }
    let refused = |error: std::str::Utf8Error| JsonError::Encoding { offset: error.valid_up_to() };
    thorough::read(str::from_utf8(text).map_err(refused)?)
}
