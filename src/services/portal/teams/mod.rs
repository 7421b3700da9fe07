//! Teams of developers (dev-portal.md 4.2): what they are called, who is in them, what they may do with which APIs, and
//! which groups of the identity provider fill them. Only admins change them, and logins by their groups.

pub mod groups;
pub mod members;
pub mod roles;

pub use members::set_memberships_from_groups;
use serde_json::{Value, json};

use crate::domain::ids::{TeamId, WorkspaceId};
use crate::domain::team::{Owner, Team};
use crate::services::Services;
use crate::services::change::{Actor, Change, Operation};
use crate::services::edit::Edit;
use crate::services::error::ServiceError;
use crate::services::portal_representation as shown;
use crate::store::{Connection, Page, Paged, applications, teams as store};

/// A team to be made.
#[derive(Clone, Debug)]
pub struct NewTeam {
    /// Name.
    pub name: String,
    /// Free text.
    pub description: Option<String>,
    /// Whether applications may belong to it.
    pub can_own_applications: bool,
}

/// Changes of a team.
#[derive(Clone, Debug, Default)]
pub struct TeamEdit {
    /// Name.
    pub name: Edit<String>,
    /// Free text.
    pub description: Edit<Option<String>>,
    /// Whether applications may belong to it. Those that do stay.
    pub can_own_applications: Edit<bool>,
}

/// A page of a workspace's, by id.
///
/// # Errors
/// The store failed.
pub async fn list(services: &Services, workspace: WorkspaceId, page: &Page) -> Result<Paged<Team>, ServiceError> {
    Ok(store::list(&mut *services.store.read().await?, workspace, page).await?)
}

/// All of a workspace, by name.
///
/// # Errors
/// The store failed.
pub async fn list_all(services: &Services, workspace: WorkspaceId) -> Result<Vec<Team>, ServiceError> {
    Ok(store::list_all(&mut *services.store.read().await?, workspace).await?)
}

/// The one of that id or name.
///
/// # Errors
/// [`ServiceError::NotFound`].
pub async fn get(services: &Services, workspace: WorkspaceId, key: &str) -> Result<Team, ServiceError> {
    find(&mut *services.store.read().await?, workspace, key).await
}

pub(in crate::services) async fn find(
    connection: &mut Connection,
    workspace: WorkspaceId,
    key: &str,
) -> Result<Team, ServiceError> {
    store::find(connection, workspace, key).await?.ok_or(ServiceError::NotFound)
}

/// Makes a team: nobody is in it, and it may do nothing.
///
/// # Errors
/// [`ServiceError::Unique`] for a taken name.
pub async fn create(
    services: &Services,
    actor: &Actor<'_>,
    workspace: WorkspaceId,
    new: NewTeam,
) -> Result<Team, ServiceError> {
    let mut change = Change::begin_by(services, actor).await?;
    let now = change.now();
    let team = Team {
        id: TeamId::generate(),
        ws_id: workspace,
        name: new.name,
        description: new.description,
        can_own_applications: new.can_own_applications,
        created_at: now,
        updated_at: now,
    };
    store::create(change.connection(), &team).await?;
    change.record(Operation::Create, "teams", team.id, shown::team(&team));
    change.commit().await?;
    Ok(team)
}

/// Changes a team.
///
/// # Errors
/// [`ServiceError::NotFound`], [`ServiceError::Unique`].
pub async fn update(
    services: &Services,
    actor: &Actor<'_>,
    workspace: WorkspaceId,
    key: &str,
    edit: TeamEdit,
) -> Result<Team, ServiceError> {
    let mut change = Change::begin_by(services, actor).await?;
    let mut team = find(change.connection(), workspace, key).await?;
    edit.name.apply(&mut team.name);
    edit.description.apply(&mut team.description);
    edit.can_own_applications.apply(&mut team.can_own_applications);
    team.updated_at = change.now();
    store::update(change.connection(), &team).await?;
    change.record(Operation::Update, "teams", team.id, shown::team(&team));
    change.commit().await?;
    Ok(team)
}

/// Deletes a team with memberships, roles and mappings.
///
/// # Errors
/// [`ServiceError::NotFound`]; [`ServiceError::Conflict`] while it owns applications.
pub async fn delete(
    services: &Services,
    actor: &Actor<'_>,
    workspace: WorkspaceId,
    key: &str,
) -> Result<(), ServiceError> {
    let mut change = Change::begin_by(services, actor).await?;
    let team = find(change.connection(), workspace, key).await?;
    let owned = applications::count_of(change.connection(), Owner::Team(team.id)).await?;
    if owned > 0 {
        let message = format!("the team owns {owned} applications: transfer or delete them first");
        return Err(ServiceError::Conflict(message));
    }
    store::delete(change.connection(), team.id).await?;
    change.record(Operation::Delete, "teams", team.id, shown::team(&team));
    change.commit().await
}

/// A team as records of what is in it name it.
fn named(team: &Team) -> Value {
    json!({ "id": team.id, "name": team.name })
}
