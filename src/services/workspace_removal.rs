//! Deleting a workspace, and what it holds (kong-manager.md 6.1). Only kong-sso's own entities count and go: a Kong
//! cluster stays as it is.

use std::collections::BTreeSet;

use super::change::{Change, Operation};
use super::error::ServiceError;
use super::escalation::{self, Guard, Watch};
use super::{Services, admins as people, applications, kong_facts::Counts, representation, workspaces as all};
use crate::domain::access::Caller;
use crate::domain::admin::{Admin, RbacUser};
use crate::domain::developer::Developer;
use crate::domain::group::GroupRole;
use crate::domain::ids::RbacUserId;
use crate::domain::rbac::Action;
use crate::domain::role::{Role, workspace_roles};
use crate::domain::workspace::Workspace;
use crate::store::developers::DeveloperSearch;
use crate::store::{Connection, Page, admins, developers, group_roles, rbac_users, roles, workspaces};

/// How many entities a workspace has: kong-sso's own, and those of its Kong as far as it tells them.
///
/// # Errors
/// [`ServiceError::NotFound`], also for a workspace that the caller does not see; [`ServiceError::Kong`] when its Kong
/// must not be asked.
pub async fn counts(services: &Services, caller: &Caller, key: &str) -> Result<Counts, ServiceError> {
    let workspace = all::get(services, caller, key).await?;
    let own = workspaces::count_entities(&mut *services.store.read().await?, workspace.id).await?;
    let of_kong = services.kong_facts.counts(&services.kong, workspace.upstream_admin_url.as_deref()).await?;
    let mut counts = Counts::clone(&of_kong);
    counts.extend(own.into_iter().map(|(kind, total)| (kind, u64::try_from(total).unwrap_or_default())));
    Ok(counts)
}

/// Deletes a workspace: an empty one, or with everything in it.
///
/// # Errors
/// [`ServiceError::NotFound`]; [`ServiceError::BadRequest`] for `default`, and for one that is not empty without
/// `cascade`; [`ServiceError::Conflict`] when the last super-admin lives there, or something of the portal in its Kong; [`ServiceError::NoPermission`] without
/// the right in every workspace.
pub async fn delete(services: &Services, caller: &Caller, key: &str, cascade: bool) -> Result<(), ServiceError> {
    all::require_right_everywhere(services, caller, &format!("/workspaces/{key}"), Action::Delete)?;
    let guard = Guard::of(services, caller);
    let mut change = Change::begin(services, caller).await?;
    change.guard_last_super_admin().await?;
    let workspace = all::find(change.connection(), key).await?;
    if workspace.name.is_default() {
        return Err(ServiceError::BadRequest("The workspace default cannot be deleted".to_owned()));
    }
    applications::refuse_while_in_kong(change.connection(), workspace.id).await?;
    let contents = Contents::of(change.connection(), &workspace).await?;
    if !cascade && !contents.is_empty() {
        return Err(ServiceError::BadRequest("Workspace is not empty".to_owned()));
    }
    guard.spare_super_admins(change.connection(), &contents.people()).await?;
    let holders = contents.holders(change.connection()).await?;
    let watch = Watch::begin(&mut change, &guard, escalation::of_users(&holders)).await?;
    contents.remove(&mut change).await?;
    workspaces::delete(change.connection(), &workspace).await?;
    change.record(Operation::Delete, "workspaces", workspace.id, representation::workspace(&workspace));
    watch.end(&mut change, &guard).await?;
    change.commit().await
}

/// kong-sso's own entities of a workspace.
struct Contents {
    admins: Vec<Admin>,
    users: Vec<RbacUser>,
    roles: Vec<Role>,
    links: Vec<GroupRole>,
    developers: Vec<Developer>,
}

impl Contents {
    async fn of(connection: &mut Connection, workspace: &Workspace) -> Result<Self, ServiceError> {
        let everything = Page { size: u32::MAX, ..Page::default() };
        let mut links = group_roles::list_all(connection).await?;
        links.retain(|link| link.workspace_id == workspace.id);
        Ok(Self {
            admins: admins::list(connection, Some(workspace.id), "", &everything).await?.items,
            users: rbac_users::list(connection, workspace.id, &everything).await?.items,
            roles: roles::list(connection, workspace.id, &everything).await?.items,
            links,
            developers: developers::list(connection, workspace.id, &DeveloperSearch::default(), &everything)
                .await?
                .items,
        })
    }

    /// Whether there is nothing but what came with the workspace.
    fn is_empty(&self) -> bool {
        let built_in = workspace_roles();
        let is_built_in = |role: &Role| built_in.iter().any(|template| template.name == role.name.as_str());
        let has_people = !self.admins.is_empty() || !self.users.is_empty() || !self.developers.is_empty();
        !has_people && self.links.is_empty() && self.roles.iter().all(is_built_in)
    }

    /// Who lives there.
    fn people(&self) -> Vec<RbacUserId> {
        self.admins.iter().map(|admin| admin.rbac_user_id).chain(self.users.iter().map(|user| user.id)).collect()
    }

    /// Who holds one of its roles.
    async fn holders(&self, connection: &mut Connection) -> Result<Vec<RbacUserId>, ServiceError> {
        let mut holders = BTreeSet::new();
        for role in &self.roles {
            holders.extend(escalation::holders(connection, role.id).await?);
        }
        Ok(holders.into_iter().collect())
    }

    async fn remove(&self, change: &mut Change<'_>) -> Result<(), ServiceError> {
        for admin in &self.admins {
            people::remove(change, admin).await?;
        }
        for user in &self.users {
            rbac_users::delete(change.connection(), user.id).await?;
            change.record(Operation::Delete, "rbac_users", user.id, representation::audited_rbac_user(user));
        }
        for developer in &self.developers {
            developers::delete(change.connection(), developer.id).await?;
            let entity = representation::audited_developer(developer, "developer.deleted");
            change.record(Operation::Delete, "developers", developer.id, entity);
        }
        for link in &self.links {
            let key = format!("{}:{}:{}", link.group.id, link.role_id, link.workspace_id);
            change.record(Operation::Delete, "group_rbac_roles", key, representation::group_role(link));
        }
        for role in &self.roles {
            roles::delete(change.connection(), role.id).await?;
            change.record(Operation::Delete, "rbac_roles", role.id, representation::role(role));
        }
        Ok(())
    }
}
