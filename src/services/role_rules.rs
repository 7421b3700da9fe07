//! Endpoint rules of roles (kong-manager.md 4.1, 4.8, 4.11).

use super::change::{Change, Operation};
use super::edit::Edit;
use super::error::ServiceError;
use super::escalation::{self, Guard, Watch};
use super::here::Here;
use super::{Services, granted, representation, roles};
use crate::domain::access::Caller;
use crate::domain::ids::RbacUserId;
use crate::domain::rbac::{ActionSet, EndpointPattern, WorkspaceScope};
use crate::domain::role::{Role, RoleEndpoint, SUPER_ADMIN};
use crate::store::{Connection, role_endpoints, workspaces};

/// A rule to be made.
#[derive(Clone, Debug)]
pub struct NewRule {
    /// `*`, or a workspace by name or id; the request's workspace when absent.
    pub workspace: Option<String>,
    /// What it matches.
    pub endpoint: EndpointPattern,
    /// The actions it speaks of.
    pub actions: ActionSet,
    /// Whether it denies them.
    pub negative: bool,
    /// Free text.
    pub comment: Option<String>,
}

/// The part of a path that names a rule.
#[derive(Clone, Debug)]
pub struct RuleKey<'k> {
    /// The role by name or id.
    pub role: &'k str,
    /// `*`, or a workspace by name or id.
    pub workspace: &'k str,
    /// What it matches.
    pub endpoint: EndpointPattern,
}

/// Changes of a rule.
#[derive(Clone, Debug, Default)]
pub struct RuleEdit {
    /// Other actions.
    pub actions: Option<ActionSet>,
    /// Whether it denies them.
    pub negative: Option<bool>,
    /// Free text.
    pub comment: Edit<Option<String>>,
}

/// The rules of a role.
///
/// # Errors
/// [`ServiceError::NotFound`].
pub async fn list(services: &Services, here: &Here<'_>, role: &str) -> Result<Vec<RoleEndpoint>, ServiceError> {
    let mut connection = services.store.read().await?;
    let role = roles::find(&mut connection, here.workspace.id, role).await?;
    Ok(role_endpoints::list(&mut connection, role.id).await?)
}

/// One rule.
///
/// # Errors
/// [`ServiceError::NotFound`].
pub async fn get(services: &Services, here: &Here<'_>, key: &RuleKey<'_>) -> Result<RoleEndpoint, ServiceError> {
    Ok(find(&mut *services.store.read().await?, here, key).await?.1)
}

async fn find(
    connection: &mut Connection,
    here: &Here<'_>,
    key: &RuleKey<'_>,
) -> Result<(Role, RoleEndpoint), ServiceError> {
    let role = roles::find(connection, here.workspace.id, key.role).await?;
    let scope = find_scope(connection, key.workspace).await?.ok_or(ServiceError::NotFound)?;
    let rule = role_endpoints::find(connection, role.id, &scope, &key.endpoint).await?;
    Ok((role, rule.ok_or(ServiceError::NotFound)?))
}

/// The scope that a text names; ids become names, because rules are compared by name.
async fn find_scope(connection: &mut Connection, text: &str) -> Result<Option<WorkspaceScope>, ServiceError> {
    let text = text.trim();
    if text == "*" {
        return Ok(Some(WorkspaceScope::Any));
    }
    let found = workspaces::list(connection).await?.into_iter().find(|workspace| workspace.is_called(text));
    Ok(found.map(|workspace| WorkspaceScope::Named(workspace.name)))
}

/// Refuses what nobody may do to a role, and what this caller may not do to a rule of `scope`; returns who holds the role.
async fn guard_role(
    change: &mut Change<'_>,
    guard: &Guard<'_>,
    here: &Here<'_>,
    role: &Role,
    scope: &WorkspaceScope,
) -> Result<Vec<RbacUserId>, ServiceError> {
    if granted::is_super_admin(role, &here.workspace.name) {
        return Err(ServiceError::Conflict(format!("the rules of the role {SUPER_ADMIN} cannot be changed")));
    }
    guard.may_rule(here, scope)?;
    let holders = escalation::holders(change.connection(), role.id).await?;
    guard.refuse_holder(&holders)?;
    guard.spare_super_admins(change.connection(), &holders).await?;
    change.guard_last_super_admin().await?;
    Ok(holders)
}

/// Adds a rule.
///
/// # Errors
/// [`ServiceError::NotFound`], [`ServiceError::Schema`] for an unknown workspace, [`ServiceError::Unique`] for a second
/// rule of the same workspace and endpoint, and the refusals of kong-manager.md 4.8.
pub async fn create(
    services: &Services,
    caller: &Caller,
    here: &Here<'_>,
    role: &str,
    new: NewRule,
) -> Result<RoleEndpoint, ServiceError> {
    let guard = Guard::of(services, caller);
    let mut change = Change::begin(services, caller).await?;
    let role = roles::find(change.connection(), here.workspace.id, role).await?;
    let scope = match &new.workspace {
        None => WorkspaceScope::Named(here.workspace.name.clone()),
        Some(text) => {
            let unknown = || ServiceError::field("workspace", format!("workspace '{text}' not found"));
            find_scope(change.connection(), text).await?.ok_or_else(unknown)?
        }
    };
    guard_role(&mut change, &guard, here, &role, &scope).await?;
    let rule = RoleEndpoint {
        role_id: role.id,
        workspace: scope,
        endpoint: new.endpoint,
        actions: new.actions,
        negative: new.negative,
        comment: new.comment,
        created_at: change.now(),
    };
    if !rule.negative {
        guard.may_give(&rule.workspace, &rule.endpoint, rule.actions)?;
    }
    role_endpoints::create(change.connection(), &rule).await?;
    record(&mut change, Operation::Create, &rule);
    change.commit().await?;
    Ok(rule)
}

/// Changes a rule.
///
/// # Errors
/// [`ServiceError::NotFound`], and the refusals of kong-manager.md 4.8.
pub async fn update(
    services: &Services,
    caller: &Caller,
    here: &Here<'_>,
    key: &RuleKey<'_>,
    edit: RuleEdit,
) -> Result<RoleEndpoint, ServiceError> {
    let guard = Guard::of(services, caller);
    let mut change = Change::begin(services, caller).await?;
    let (role, mut rule) = find(change.connection(), here, key).await?;
    let holders = guard_role(&mut change, &guard, here, &role, &rule.workspace).await?;
    let watch = Watch::begin(&mut change, &guard, escalation::of_role(role.id, &holders)).await?;
    rule.actions = edit.actions.unwrap_or(rule.actions);
    rule.negative = edit.negative.unwrap_or(rule.negative);
    edit.comment.apply(&mut rule.comment);
    role_endpoints::update(change.connection(), &rule).await?;
    record(&mut change, Operation::Update, &rule);
    watch.end(&mut change, &guard).await?;
    change.commit().await?;
    Ok(rule)
}

/// Removes a rule.
///
/// # Errors
/// See [`update`].
pub async fn delete(
    services: &Services,
    caller: &Caller,
    here: &Here<'_>,
    key: &RuleKey<'_>,
) -> Result<(), ServiceError> {
    let guard = Guard::of(services, caller);
    let mut change = Change::begin(services, caller).await?;
    let (role, rule) = find(change.connection(), here, key).await?;
    let holders = guard_role(&mut change, &guard, here, &role, &rule.workspace).await?;
    let watch = Watch::begin(&mut change, &guard, escalation::of_role(role.id, &holders)).await?;
    role_endpoints::delete(change.connection(), &rule).await?;
    record(&mut change, Operation::Delete, &rule);
    watch.end(&mut change, &guard).await?;
    change.commit().await
}

fn record(change: &mut Change<'_>, operation: Operation, rule: &RoleEndpoint) {
    let key = format!("{}:{}:{}", rule.role_id, rule.workspace, rule.endpoint);
    change.record(operation, "rbac_role_endpoints", key, representation::role_endpoint(rule));
}
