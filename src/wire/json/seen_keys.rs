//! What the quick reader has read is gone, and an error may still speak of it.
//!
//! The thorough reader goes on where the quick one stopped. What it may have to name is
//! the first of two keys of a prefix, and the last key before something that is no
//! JSON.

use crate::prefix::{PREFIXES, Prefix};

/// The keys of the entries that were read, unless nobody will ask: where each is, and
/// below that the four bytes that it has in the text. Zero stands for none.
#[derive(Debug)]
pub(super) struct SeenKeys(Vec<u64>);

impl SeenKeys {
    /// Keeps no keys.
    pub(super) const fn none() -> Self {
        Self(Vec::new())
    }

    pub(super) fn new() -> Self {
        Self(vec![0; PREFIXES])
    }

    /// Whether a document that ends there is too long for its keys to be kept.
    pub(super) fn is_too_long(&self, end: usize) -> bool {
        !self.0.is_empty() && u32::try_from(end).is_err()
    }

    #[inline]
    pub(super) fn see(&mut self, prefix: Prefix, offset: usize, digits: [u8; 4]) {
        if let Some(key) = self.0.get_mut(usize::from(prefix.get())) {
            *key = (offset as u64) << 32 | u64::from(u32::from_le_bytes(digits));
        }
    }

    /// The key of a prefix and where it is, if it was seen.
    pub(super) fn get(&self, prefix: Prefix) -> Option<(String, usize)> {
        let key = *self.0.get(usize::from(prefix.get()))?;
        (key > 0).then(|| (digits(key), (key >> 32) as usize))
    }

    /// The last key that was seen.
    pub(super) fn last(&self) -> Option<String> {
        self.0.iter().copied().max().filter(|&key| key > 0).map(digits)
    }
}

fn digits(key: u64) -> String {
    key.to_le_bytes().into_iter().take(4).map(char::from).collect()
}
