//! How far Kong is what it should be, for answers and pages.

use std::collections::HashMap;

use crate::domain::ids::WorkspaceId;
use crate::domain::sync::{Subject, SyncState};
use crate::domain::time::UnixSeconds;
use crate::services::Services;
use crate::services::error::ServiceError;
use crate::store::gateway_changes::GatewayChange;
use crate::store::gateway_objects::KnownState;
use crate::store::gateway_scans::Scan;
use crate::store::{gateway_changes, gateway_objects, gateway_scans};

/// The state of a subject.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct View {
    /// State.
    pub state: SyncState,
    /// What is wrong, or what an admin should know.
    pub detail: Option<String>,
    /// When Kong was looked at last.
    pub checked_at: Option<UnixSeconds>,
    /// Attempts in vain.
    pub attempts: i64,
}

impl View {
    fn of(known: Option<&KnownState>, change: Option<&GatewayChange>) -> Self {
        let told = known.map_or(SyncState::Pending, |known| known.state);
        let state = match change {
            Some(change) if change.attempts == 0 => SyncState::Pending,
            Some(_) => told.max(SyncState::Pending),
            None => told,
        };
        let is_old = change.is_some_and(|change| change.attempts == 0);
        Self {
            state,
            detail: known.filter(|_| !is_old).and_then(|known| known.detail.clone()),
            checked_at: known.map(|known| known.checked_at),
            attempts: change.map_or(0, |change| change.attempts),
        }
    }

    /// The worse of two: a contract needs both its application and its API.
    #[must_use]
    pub fn worse<'v>(&'v self, other: &'v Self) -> &'v Self {
        if other.state > self.state { other } else { self }
    }
}

/// States of a workspace.
#[derive(Clone, Debug, Default)]
pub struct Overview {
    known: HashMap<(String, String), KnownState>,
    changes: HashMap<Subject, GatewayChange>,
    /// The last comparison.
    pub scan: Option<Scan>,
}

impl Overview {
    /// The state of a subject.
    #[must_use]
    pub fn of(&self, subject: impl Into<Subject>) -> View {
        let subject = subject.into();
        let key = (subject.kind.as_str().to_owned(), subject.id.to_string());
        View::of(self.known.get(&key), self.changes.get(&subject))
    }

    /// Every subject that anything is known of, with its state.
    #[must_use]
    pub fn subjects(&self) -> Vec<(String, String, View)> {
        let mut subjects: Vec<_> = self
            .known
            .values()
            .map(|known| {
                let change = self.changes.values().find(|change| {
                    change.subject.kind.as_str() == known.kind && change.subject.id.to_string() == known.subject_id
                });
                (known.kind.clone(), known.subject_id.clone(), View::of(Some(known), change))
            })
            .collect();
        let unknown = self.changes.values().filter(|change| {
            !self.known.contains_key(&(change.subject.kind.as_str().to_owned(), change.subject.id.to_string()))
        });
        subjects.extend(unknown.map(|change| {
            let subject = change.subject;
            (subject.kind.as_str().to_owned(), subject.id.to_string(), View::of(None, Some(change)))
        }));
        subjects.sort_by(|one, other| (&one.0, &one.1).cmp(&(&other.0, &other.1)));
        subjects
    }

    /// Seconds for which the oldest change has waited.
    #[must_use]
    pub fn lag(&self, now: UnixSeconds) -> i64 {
        self.changes.values().map(|change| now.since(change.created_at)).max().unwrap_or(0)
    }
}

pub(super) async fn overview(services: &Services, workspace: WorkspaceId) -> Result<Overview, ServiceError> {
    let mut connection = services.store.read().await?;
    let known = gateway_objects::list(&mut connection, workspace).await?;
    let changes = gateway_changes::list(&mut connection, workspace).await?;
    Ok(Overview {
        known: known.into_iter().map(|known| ((known.kind.clone(), known.subject_id.clone()), known)).collect(),
        changes: changes.into_iter().map(|change| (change.subject, change)).collect(),
        scan: gateway_scans::find(&mut connection, workspace).await?,
    })
}
