//! Keys of what a process remembers of secrets it was shown: tokens and cookies.

use std::hash::Hasher as _;

use siphasher::sip128::{Hasher128 as _, SipHasher24};

use super::random_bytes;

/// Stands for a secret in a cache. Means nothing to another process, and is never stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct LookupKey(u128);

/// Makes [`LookupKey`]s: SipHash-2-4 with 128 bits under a random key of its own. Who does not know that key can neither
/// make two texts meet nor read one back, and a text takes a tenth of the time that SHA-256 would.
#[derive(Clone, Copy)]
pub struct LookupKeys(SipHasher24);

impl LookupKeys {
    /// Under a new key.
    #[must_use]
    pub fn new() -> Self {
        Self(SipHasher24::new_with_key(&random_bytes()))
    }

    /// The key of these parts. Each is preceded by its length, so that no two lists of parts look the same.
    #[must_use]
    pub fn of<'p>(&self, parts: impl IntoIterator<Item = &'p [u8]>) -> LookupKey {
        let mut hasher = self.0;
        for part in parts {
            hasher.write_usize(part.len());
            hasher.write(part);
        }
        LookupKey(hasher.finish128().as_u128())
    }
}

impl Default for LookupKeys {
    fn default() -> Self {
        Self::new()
    }
}

impl std::fmt::Debug for LookupKeys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("LookupKeys")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_parts_and_other_processes_have_other_keys() {
        let keys = LookupKeys::new();
        let of = |parts: &[&str]| keys.of(parts.iter().map(|part| part.as_bytes()));
        assert_eq!(of(&["ab", "c"]), of(&["ab", "c"]));
        for other in [&["a", "bc"][..], &["abc"], &["ab", "c", ""], &["ab", "d"], &[]] {
            assert_ne!(of(&["ab", "c"]), of(other), "{other:?}");
        }
        assert_ne!(of(&["ab"]), LookupKeys::new().of([b"ab".as_slice()]));
        assert_eq!(format!("{keys:?}"), "LookupKeys");
    }
}
