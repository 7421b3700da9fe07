//! What is kept equal in Kong, and how far that got (dev-portal.md 6.7).

use std::fmt;
use std::str::FromStr;

use uuid::Uuid;

use super::ids::{ApiId, ApplicationId};

/// What is compared with Kong as one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum SubjectKind {
    /// A published API: the gate of its service.
    Api,
    /// An application: consumer, keys, grants.
    Application,
}

impl SubjectKind {
    /// As it is stored and shown.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Api => "api",
            Self::Application => "application",
        }
    }
}

impl FromStr for SubjectKind {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "api" => Ok(Self::Api),
            "application" => Ok(Self::Application),
            _ => Err("expected one of: api, application"),
        }
    }
}

/// A published API or an application.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Subject {
    /// Which of them.
    pub kind: SubjectKind,
    /// Its id.
    pub id: Uuid,
}

impl From<ApiId> for Subject {
    fn from(id: ApiId) -> Self {
        Self { kind: SubjectKind::Api, id: id.0 }
    }
}

impl From<ApplicationId> for Subject {
    fn from(id: ApplicationId) -> Self {
        Self { kind: SubjectKind::Application, id: id.0 }
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.kind.as_str(), self.id)
    }
}

/// How far Kong is what it should be. The order is that of urgency.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum SyncState {
    /// It is.
    InSync,
    /// A change is on its way.
    Pending,
    /// Kong failed or refused; it is tried again.
    Error,
    /// Something that is not kong-sso's stands in the way; it is left alone.
    Conflict,
}

impl SyncState {
    /// As it is stored and shown.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::InSync => "in_sync",
            Self::Pending => "pending",
            Self::Error => "error",
            Self::Conflict => "conflict",
        }
    }
}

impl FromStr for SyncState {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let all = [Self::InSync, Self::Pending, Self::Error, Self::Conflict];
        all.into_iter().find(|state| state.as_str() == text).ok_or("expected one of: in_sync, pending, error, conflict")
    }
}
