//! A document is written one entry a line, from pieces that are prepared.
//!
//! What a name looks like in the document is made once, quotes, escapes and the
//! comma after it included, and copied some 200,000 times. A copy of as many
//! bytes as the name has is a call; a copy of always 32 is two instructions, so
//! that many are copied and what is too much is written over.

use std::io;

use crate::index::Name;
use crate::mapping::PrefixMapping;
use crate::prefix::{Base, Prefix};

/// Up to 31 bytes, padded, and their number; [`TOO_LONG`] for a name that has more.
type Head = [u8; 32];

const TOO_LONG: u8 = u8::MAX;

/// A mapping, and what each of its names looks like in the document.
pub(super) struct Writer<'a> {
    mapping: &'a PrefixMapping,
    heads: Vec<Head>,
    fragments: Vec<Vec<u8>>,
}

impl<'a> Writer<'a> {
    pub(super) fn new(mapping: &'a PrefixMapping) -> Self {
        let quoted = |name: &str| {
            let mut text = Vec::with_capacity(name.len() + 3);
            serde_json::to_writer(&mut text, name).expect("a vector takes any string");
            text.push(b',');
            text
        };
        let fragments: Vec<_> = mapping.names().map(quoted).collect();
        Self { mapping, heads: fragments.iter().map(|text| head(text)).collect(), fragments }
    }

    /// Writes the entries of some bases, calling `flush` after each base.
    pub(super) fn write(
        &self,
        bases: impl Iterator<Item = Base>,
        out: &mut Text,
        mut flush: impl FnMut(&mut Text) -> io::Result<()>,
    ) -> io::Result<()> {
        let mut separator = b'{';
        for base in bases {
            let row = self.mapping.row(base.index());
            if row.is_empty() {
                continue;
            }
            for prefix in base.prefixes() {
                self.push_entry(&key(separator, prefix), row, out);
                separator = b',';
            }
            flush(out)?;
        }
        out.push(if separator == b'{' { b"{}\n" } else { b"\n}\n" });
        flush(out)
    }

    /// The most bytes that [`Writer::write`] makes of some bases, and room for an
    /// entry more.
    pub(super) fn length(&self, bases: impl Iterator<Item = Base>) -> usize {
        let lengths: Vec<_> = self.fragments.iter().map(Vec::len).collect();
        let length = |name: &Name| lengths[name.index()];
        let row = |base: Base| self.mapping.row(base.index()).iter().map(length).sum::<usize>();
        let siblings = self.mapping.digits().siblings();
        let entry = KEY + self.mapping.width() * size_of::<Head>();
        bases.map(|base| (row(base) + KEY) * siblings).sum::<usize>() + entry
    }

    /// Writes the key of a prefix, its services and the bracket after them.
    #[inline]
    fn push_entry(&self, key: &[u8; KEY], row: &[Name], out: &mut Text) {
        out.reserve(KEY + row.len() * size_of::<Head>());
        out.push_whole(key, KEY);
        let mut previous = Name::NONE;
        for &name in row {
            // A service that the mapping knew under two names stands in the
            // row twice.
            if name != previous {
                let head = &self.heads[name.index()];
                if head[31] == TOO_LONG {
                    out.push(&self.fragments[name.index()]);
                    out.reserve(row.len() * size_of::<Head>());
                } else {
                    out.push_whole(head, usize::from(head[31]));
                }
            }
            previous = name;
        }
        out.replace_last(b']');
    }
}

/// A text that grows: bytes that are written come first, then as many as there is
/// room for. A vector would look for room, and set its length, at each name.
pub(super) struct Text {
    bytes: Vec<u8>,
    length: usize,
}

impl Text {
    /// An empty text with room for some bytes.
    pub(super) fn with_capacity(capacity: usize) -> Self {
        Self { bytes: vec![0; capacity], length: 0 }
    }

    pub(super) const fn len(&self) -> usize {
        self.length
    }

    pub(super) fn as_bytes(&self) -> &[u8] {
        &self.bytes[..self.length]
    }

    pub(super) const fn clear(&mut self) {
        self.length = 0;
    }

    pub(super) fn into_bytes(mut self) -> Vec<u8> {
        self.bytes.truncate(self.length);
        self.bytes
    }

    /// Makes room for some bytes more.
    #[inline]
    fn reserve(&mut self, more: usize) {
        if self.bytes.len() - self.length < more {
            self.grow(more);
        }
    }

    #[cold]
    fn grow(&mut self, more: usize) {
        let capacity = usize::max(self.length + more, 2 * self.bytes.len());
        self.bytes.resize(capacity, 0);
    }

    /// Adds some bytes.
    fn push(&mut self, part: &[u8]) {
        self.reserve(part.len());
        self.bytes[self.length..][..part.len()].copy_from_slice(part);
        self.length += part.len();
    }

    /// Adds the first `length` bytes of a part. There is room for all of it.
    #[inline]
    fn push_whole<const PART: usize>(&mut self, part: &[u8; PART], length: usize) {
        let room = self.bytes[self.length..].first_chunk_mut();
        *room.expect("room has been reserved") = *part;
        self.length += length;
    }

    #[inline]
    fn replace_last(&mut self, byte: u8) {
        self.bytes[self.length - 1] = byte;
    }
}

fn head(fragment: &[u8]) -> Head {
    let mut head = [b' '; 32];
    head[31] = match head[..31].get_mut(..fragment.len()) {
        Some(part) => {
            part.copy_from_slice(fragment);
            #[expect(clippy::cast_possible_truncation, reason = "at most 31")]
            let length = fragment.len() as u8;
            length
        }
        None => TOO_LONG,
    };
    head
}

/// How long a [`key`] is.
const KEY: usize = 10;

/// What stands before the services of a prefix: the end of the line before,
/// and the key.
#[inline]
fn key(separator: u8, prefix: Prefix) -> [u8; KEY] {
    let value = prefix.get();
    let digit = |shift: u16| b"0123456789ABCDEF"[usize::from((value >> shift) & 0xF)];
    [separator, b'\n', b'"', digit(12), digit(8), digit(4), digit(0), b'"', b':', b'[']
}
