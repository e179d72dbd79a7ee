//! A document is written one entry a line, from pieces that are prepared.
//!
//! What a name looks like in the document is made once, quotes, escapes and the
//! comma after it included, and copied some 200,000 times. A copy of as many
//! bytes as the name has is a call; a copy of always 32 is two instructions, so
//! that many are copied and the excess is dropped.

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
        out: &mut Vec<u8>,
        mut flush: impl FnMut(&mut Vec<u8>) -> io::Result<()>,
    ) -> io::Result<()> {
        let mut separator = b'{';
        for base in bases {
            let row = self.mapping.row(base.index());
            if row.is_empty() {
                continue;
            }
            for prefix in base.prefixes() {
                out.extend_from_slice(&key(separator, prefix));
                self.push_row(row, out);
                separator = b',';
            }
            flush(out)?;
        }
        out.extend_from_slice(if separator == b'{' { b"{}\n" } else { b"\n}\n" });
        flush(out)
    }

    /// The most bytes that [`Writer::write`] makes of some bases, and as many
    /// as the last copy is too long.
    pub(super) fn length(&self, bases: impl Iterator<Item = Base>) -> usize {
        let lengths: Vec<_> = self.fragments.iter().map(Vec::len).collect();
        let length = |name: &Name| lengths[name.index()];
        let row = |base: Base| self.mapping.row(base.index()).iter().map(length).sum::<usize>();
        let siblings = self.mapping.digits().siblings();
        bases.map(|base| (row(base) + KEY) * siblings).sum::<usize>() + size_of::<Head>()
    }

    /// Writes the services of a prefix and the bracket after them.
    #[inline]
    fn push_row(&self, row: &[Name], out: &mut Vec<u8>) {
        let mut previous = None;
        for &name in row {
            // A service that the mapping knew under two names stands in the
            // row twice.
            if previous != Some(name) {
                self.push(name.index(), out);
            }
            previous = Some(name);
        }
        *out.last_mut().expect("a comma after the last service") = b']';
    }

    #[inline]
    fn push(&self, name: usize, out: &mut Vec<u8>) {
        let head = &self.heads[name];
        if head[31] == TOO_LONG {
            out.extend_from_slice(&self.fragments[name]);
        } else {
            let end = out.len() + usize::from(head[31]);
            out.extend_from_slice(head);
            out.truncate(end);
        }
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
/// and the key. Made of one integer: what is stored byte by byte is slow to load
/// again as a whole.
#[inline]
fn key(separator: u8, prefix: Prefix) -> [u8; KEY] {
    let [high, low] = prefix.get().to_be_bytes().map(|byte| HEX[usize::from(byte)]);
    let around = u64::from_le_bytes([separator, b'\n', b'"', 0, 0, 0, 0, b'"']);
    let start = around | u64::from(high) << 24 | u64::from(low) << 40;
    let mut key = *b"........:[";
    key[..8].copy_from_slice(&start.to_le_bytes());
    key
}

/// The two digits of each byte, little-endian.
const HEX: [u16; 256] = {
    let digits = b"0123456789ABCDEF";
    let mut pairs = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        pairs[byte] = u16::from_le_bytes([digits[byte >> 4], digits[byte & 0xF]]);
        byte += 1;
    }
    pairs
};
