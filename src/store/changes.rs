//! What a replacement of a set really changed: the input of audit records.

use std::collections::BTreeSet;

/// Members that a replacement added and removed, in order of their keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Changes<T> {
    /// New members.
    pub added: Vec<T>,
    /// Members that are gone.
    pub removed: Vec<T>,
}

impl<T: Copy + Ord> Changes<T> {
    /// The difference between two sets.
    #[must_use]
    pub fn between(before: &BTreeSet<T>, after: &BTreeSet<T>) -> Self {
        Self {
            added: after.difference(before).copied().collect(),
            removed: before.difference(after).copied().collect(),
        }
    }

    /// Whether nothing changed.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.added.is_empty() && self.removed.is_empty()
    }
}
