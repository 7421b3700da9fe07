//! The four actions and sets of them.

use std::fmt;

use serde::{Serialize, Serializer};

/// What a request does to an endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    /// DELETE.
    Delete,
    /// POST.
    Create,
    /// PATCH and PUT.
    Update,
    /// GET, HEAD and OPTIONS.
    Read,
}

impl Action {
    /// All four, in the order Kong prints them.
    pub const ALL: [Self; 4] = [Self::Delete, Self::Create, Self::Update, Self::Read];

    /// The action of an HTTP method; `None` for methods the Admin API does not know.
    #[must_use]
    pub fn of_method(method: &str) -> Option<Self> {
        Some(match method {
            "GET" | "HEAD" | "OPTIONS" => Self::Read,
            "POST" => Self::Create,
            "PATCH" | "PUT" => Self::Update,
            "DELETE" => Self::Delete,
            _ => return None,
        })
    }

    /// Kong's word for the action.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Delete => "delete",
            Self::Create => "create",
            Self::Update => "update",
            Self::Read => "read",
        }
    }

    const fn bit(self) -> u8 {
        match self {
            Self::Delete => 1,
            Self::Create => 2,
            Self::Update => 4,
            Self::Read => 8,
        }
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A set of actions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub struct ActionSet(u8);

/// A word that is no action.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParseActionError {
    /// The word.
    #[error("expected one of: delete, create, update, read, *; got '{0}'")]
    Unknown(String),
    /// No action at all.
    #[error("required field missing")]
    Empty,
}

impl ActionSet {
    /// All four.
    pub const ALL: Self = Self(15);
    /// Only `read`.
    pub const READ: Self = Self(8);
    /// None.
    pub const NONE: Self = Self(0);

    /// The set of some actions.
    #[must_use]
    pub fn of(actions: &[Action]) -> Self {
        Self(actions.iter().fold(0, |bits, action| bits | action.bit()))
    }

    /// Parses action words; `*` stands for all four. Words are trimmed.
    ///
    /// # Errors
    /// An unknown word, or no word at all.
    pub fn parse<'a>(words: impl IntoIterator<Item = &'a str>) -> Result<Self, ParseActionError> {
        let mut set = Self::NONE;
        for word in words.into_iter().map(str::trim).filter(|word| !word.is_empty()) {
            let parsed = match word {
                "*" => Self::ALL,
                "delete" => Self::of(&[Action::Delete]),
                "create" => Self::of(&[Action::Create]),
                "update" => Self::of(&[Action::Update]),
                "read" => Self::READ,
                other => return Err(ParseActionError::Unknown(other.to_owned())),
            };
            set = set.union(parsed);
        }
        if set.is_empty() { Err(ParseActionError::Empty) } else { Ok(set) }
    }

    /// The stored form: a bit set, 1 delete, 2 create, 4 update, 8 read.
    #[must_use]
    pub const fn bits(self) -> i64 {
        self.0 as i64
    }

    /// The set of a stored bit set; unknown bits are dropped.
    #[must_use]
    pub const fn from_bits(bits: i64) -> Self {
        Self((bits & 15) as u8)
    }

    /// Whether `action` is in the set.
    #[must_use]
    pub const fn has(self, action: Action) -> bool {
        self.0 & action.bit() != 0
    }

    /// Both sets together.
    #[must_use]
    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// This set without `other`.
    #[must_use]
    pub const fn minus(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// Whether every action of `other` is in this set.
    #[must_use]
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Whether the set is empty.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The actions in Kong's order.
    pub fn iter(self) -> impl Iterator<Item = Action> {
        Action::ALL.into_iter().filter(move |action| self.has(*action))
    }
}

impl fmt::Display for ActionSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words: Vec<_> = self.iter().map(Action::as_str).collect();
        f.write_str(&words.join(","))
    }
}

impl Serialize for ActionSet {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter().map(Action::as_str))
    }
}
