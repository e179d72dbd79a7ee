//! One number, the digest, tells mappings apart.
//!
//! A plan is for one mapping and no other, and says which by its digest. Equal
//! mappings have equal digests whatever the order of the names and of the replicas
//! of a base, so the digest is a sum over the bases, and what a base adds depends
//! on the sum of the hashes of its names. A plan can so tell the digest of where
//! it leads from the bases that it changes.

use super::PrefixMapping;
use super::rows::by_width;
use crate::index::{Name, renumbered};
use crate::prefix::Digits;

impl PrefixMapping {
    /// A number that tells mappings apart: the same for equal mappings, on any
    /// machine, whatever the order they were read in. A mapping that changes has
    /// another, but for a chance of one in 2^64.
    ///
    /// The first time this takes `O(b + r)` for all bases and replicas, then `O(1)`
    /// until the mapping changes.
    ///
    /// # Examples
    ///
    /// ```
    /// use meta0::{Digits, PrefixMapping};
    ///
    /// let [one, other, third] = [r#"["a","b"]"#, r#"["b","a"]"#, r#"["a"]"#].map(|row| {
    ///     PrefixMapping::from_json(format!("{{\"0000\":{row}}}"), Digits::MAX)
    /// });
    /// let (one, other, third) = (one?, other?, third?);
    /// assert_eq!(one.digest(), other.digest());
    /// assert_ne!(one.digest(), third.digest());
    /// # Ok::<(), meta0::JsonError>(())
    /// ```
    #[must_use]
    pub fn digest(&self) -> u64 {
        *self.digest.get_or_init(|| {
            let sums = self.sums();
            sums.iter().enumerate().fold(digest_of_digits(self.digits), |digest, (base, sum)| {
                digest.wrapping_add(digest_of_base(base, *sum))
            })
        })
    }

    /// Keeps a digest that was found on the way.
    pub(crate) fn know_digest(&self, digest: u64) {
        let known = *self.digest.get_or_init(|| digest);
        debug_assert_eq!(known, digest, "a mapping has one digest");
    }

    /// The sum of the hashes of the names of each base.
    pub(crate) fn sums(&self) -> Vec<u64> {
        let hashes: Vec<_> = self.names.iter().map(|name| hash_of_name(name)).collect();
        let mut sums = vec![0; self.num_bases()];
        let table = &self.table;
        by_width!(self.width, WIDTH => {
            for (sum, row) in sums.iter_mut().zip(table.as_chunks::<WIDTH>().0) {
                *sum = sum_of_row(row, &hashes);
            }
        }, else {
            for (sum, row) in sums.iter_mut().zip(table.chunks_exact(self.width.max(1))) {
                *sum = sum_of_row(row, &hashes);
            }
        });
        sums
    }
}

/// The sum of the hashes of the names of a base; a hole adds nothing.
#[inline]
fn sum_of_row(row: &[Name], hashes: &[u64]) -> u64 {
    let hash = |cell: &Name| renumbered(cell.index(), hashes, 0);
    row.iter().map(hash).fold(0, u64::wrapping_add)
}

/// FNV-1a, then mixed: a few bits of difference reach all 64.
pub(crate) fn hash_of_name(name: &str) -> u64 {
    let fnv = name.bytes().fold(0xCBF2_9CE4_8422_2325, |hash: u64, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3)
    });
    mix(fnv)
}

pub(crate) fn digest_of_digits(digits: Digits) -> u64 {
    mix(u64::from(digits.get()) + 1)
}

/// What one base adds to the digest: its index and the sum of the hashes of its
/// names, so that the order of its replicas makes no difference. A missing base
/// adds nothing.
#[inline]
pub(crate) fn digest_of_base(index: usize, names: u64) -> u64 {
    // An odd multiple of the index tells bases apart.
    let index = (index as u64 + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    if names == 0 { 0 } else { mix(names.wrapping_add(index)) }
}

/// The finalizer of `SplitMix64` (Steele, Lea and Flood 2014): a bijection.
#[inline]
const fn mix(mut bits: u64) -> u64 {
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    bits ^ (bits >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_that_was_asked_for_is_forgotten_with_the_bases() {
        let mut mapping = PrefixMapping::new(Digits::try_from(1).unwrap());
        let base = |index| mapping.digits().base(index).unwrap();
        let (first, second) = (base(0), base(1));
        let missing = mapping.digest();
        mapping.assign_services(first, ["a", "b"]).unwrap();
        let assigned = mapping.digest();
        assert_ne!(assigned, missing);
        let mut other = mapping.clone();
        assert_eq!(other.digest(), assigned);
        other.assign_services(second, ["c"]).unwrap();
        let plan = mapping.diff(&other).unwrap();
        assert_eq!((plan.digest(), plan.digest_afterwards()), (assigned, other.digest()));
        let applied = mapping.apply(&plan).unwrap();
        assert_eq!((applied.digest(), mapping.digest()), (other.digest(), assigned));
        other.assign_services(second, [""; 0]).unwrap();
        assert_eq!(other.digest(), assigned, "whatever names there are besides");
    }
}
