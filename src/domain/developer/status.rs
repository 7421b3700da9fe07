//! Status of a developer, as Kong's integers (dev-portal.md 3.2).

use serde::Serialize;

/// Life cycle of a developer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DeveloperStatus {
    /// 0: may sign in.
    Approved,
    /// 1: waits for an admin.
    Pending,
    /// 2: refused.
    Rejected,
    /// 3: access withdrawn.
    Revoked,
    /// 4: invited, has not registered yet.
    Invited,
    /// 5: the address is not verified.
    Unverified,
}

impl DeveloperStatus {
    /// All of them, by their integers.
    pub const ALL: [Self; 6] =
        [Self::Approved, Self::Pending, Self::Rejected, Self::Revoked, Self::Invited, Self::Unverified];

    /// Kong's integer.
    #[must_use]
    pub const fn code(self) -> i64 {
        match self {
            Self::Approved => 0,
            Self::Pending => 1,
            Self::Rejected => 2,
            Self::Revoked => 3,
            Self::Invited => 4,
            Self::Unverified => 5,
        }
    }

    /// The status of Kong's integer, if it is one.
    #[must_use]
    pub fn from_code(code: i64) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.code() == code)
    }

    /// A word for people and addresses.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Approved => "approved",
            Self::Pending => "pending",
            Self::Rejected => "rejected",
            Self::Revoked => "revoked",
            Self::Invited => "invited",
            Self::Unverified => "unverified",
        }
    }

    /// The status of a word, in either case of letters.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.word().eq_ignore_ascii_case(word))
    }
}

impl Serialize for DeveloperStatus {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_i64(self.code())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_and_words_lead_back() {
        for status in DeveloperStatus::ALL {
            assert_eq!(DeveloperStatus::from_code(status.code()), Some(status));
            assert_eq!(DeveloperStatus::from_word(&status.word().to_uppercase()), Some(status));
        }
        assert_eq!(DeveloperStatus::from_code(6), None);
        assert_eq!(DeveloperStatus::from_word("gone"), None);
    }
}
