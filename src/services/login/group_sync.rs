//! From the groups claim to roles and groups of a user (kong-manager.md 3.3).

use serde_json::{Value, json};

use super::error::LoginError;
use crate::config::auth_conf::AdminMappingConf;
use crate::config::settings::{LoginSettings, ManualRoles};
use crate::domain::admin::Admin;
use crate::domain::group::Group;
use crate::domain::group_claim::{direct_role, group_values};
use crate::domain::identity::Identity;
use crate::domain::ids::{GroupId, RoleId, WorkspaceName};
use crate::domain::role::{Role, RoleSource, SUPER_ADMIN};
use crate::services::change::{Change, Operation};
use crate::services::error::ServiceError;
use crate::services::representation;
use crate::store::grants::{Membership, Supervision};
use crate::store::{Connection, grants, groups, roles, user_groups, user_roles, workspaces};

/// The group values of a login.
///
/// # Errors
/// [`LoginError::GroupsUnreadable`] when the provider only points at them (overage).
pub fn values(identity: &Identity, mapping: &AdminMappingConf) -> Result<Vec<String>, LoginError> {
    if let Some(claim) = identity.find_claim(&mapping.groups_claim) {
        return Ok(group_values(claim, mapping.groups_delimiter));
    }
    let name = mapping.groups_claim.members().first().map(String::as_str).unwrap_or_default();
    if identity.sources().any(|claims| points_elsewhere(claims, name)) {
        return Err(LoginError::GroupsUnreadable);
    }
    tracing::warn!(claim = %mapping.groups_claim, "the login has no groups claim; it counts as no groups");
    Ok(Vec::new())
}

/// Entra ID's overage: the claim's name is among `_claim_names`, or `hasgroups` is set.
fn points_elsewhere(claims: &Value, name: &str) -> bool {
    let is_set = |flag: &Value| flag.as_bool() == Some(true) || flag.as_str() == Some("true");
    claims.get("_claim_names").is_some_and(|names| names.get(name).is_some())
        || name == "groups" && claims.get("hasgroups").is_some_and(is_set)
}

/// A role that a login gives directly, and why.
pub struct DirectRole {
    /// The role.
    pub role: Role,
    /// Its workspace.
    pub workspace: WorkspaceName,
    /// The group value.
    pub value: String,
    /// Whether `sso_bootstrap_groups` names the value.
    pub is_bootstrap: bool,
}

/// What the values of a login lead to.
#[derive(Default)]
pub struct GroupPlan {
    /// Roles by `workspace:role` values and bootstrap groups.
    pub direct: Vec<DirectRole>,
    /// Group entities of that name.
    pub groups: Vec<Group>,
    /// Values that lead nowhere, with the reason.
    pub ignored: Vec<(String, &'static str)>,
}

impl GroupPlan {
    /// Looks every value up.
    ///
    /// # Errors
    /// The store failed.
    pub async fn make(
        connection: &mut Connection,
        values: &[String],
        settings: &LoginSettings,
    ) -> Result<Self, ServiceError> {
        let mut plan = Self { groups: groups::find_by_names(connection, values).await?, ..Self::default() };
        for value in values {
            let is_bootstrap = settings.bootstrap_groups.contains(value);
            if is_bootstrap {
                plan.add_bootstrap(connection, value).await?;
            }
            let is_group = plan.groups.iter().any(|group| group.name.as_str() == value);
            match direct_role(value) {
                Some(_) if !settings.direct_role_claims && !is_group && !is_bootstrap => {
                    plan.ignored.push((value.clone(), "sso_direct_role_claims is off"));
                }
                Some((workspace, role)) if settings.direct_role_claims => {
                    let found = find_role(connection, &workspace, role.as_str()).await?;
                    match found {
                        Some(role) => {
                            plan.direct.push(DirectRole { role, workspace, value: value.clone(), is_bootstrap: false })
                        }
                        None if is_group || is_bootstrap => {}
                        None => {
                            tracing::warn!(value = %value, "a group value names an unknown workspace or role");
                            plan.ignored.push((value.clone(), "no such workspace or role"));
                        }
                    }
                }
                _ if is_group || is_bootstrap => {}
                _ => {
                    tracing::debug!(value = %value, "a group value is not mapped");
                    plan.ignored.push((value.clone(), "no group of that name"));
                }
            }
        }
        Ok(plan)
    }

    async fn add_bootstrap(&mut self, connection: &mut Connection, value: &str) -> Result<(), ServiceError> {
        let workspace = WorkspaceName::default_workspace();
        if let Some(role) = find_role(connection, &workspace, SUPER_ADMIN).await? {
            self.direct.push(DirectRole { role, workspace, value: value.to_owned(), is_bootstrap: true });
        }
        Ok(())
    }

    fn role_ids(&self) -> Vec<RoleId> {
        self.direct.iter().map(|direct| direct.role.id).collect()
    }

    fn group_ids(&self) -> Vec<GroupId> {
        self.groups.iter().map(|group| group.id).collect()
    }
}

async fn find_role(
    connection: &mut Connection,
    workspace: &WorkspaceName,
    role: &str,
) -> Result<Option<Role>, ServiceError> {
    let Some(workspace) = workspaces::find_by_name(connection, workspace).await? else { return Ok(None) };
    // Only a name is meant here, never an id.
    let found = roles::find(connection, workspace.id, role).await?;
    Ok(found.filter(|found| found.name.as_str() == role))
}

/// Makes the plan the admin's IdP roles and groups; tells whether they are others now.
///
/// # Errors
/// The store failed.
pub async fn apply(
    change: &mut Change<'_>,
    admin: &Admin,
    plan: &GroupPlan,
    settings: &LoginSettings,
) -> Result<bool, ServiceError> {
    let user = admin.rbac_user_id;
    let overwrites = settings.manual_roles == ManualRoles::Overwrite;
    let roles = user_roles::replace_idp_roles(change.connection(), user, &plan.role_ids(), overwrites).await?;
    let groups = user_groups::replace(change.connection(), user, &plan.group_ids()).await?;
    let has_changed = !(roles.is_empty() && groups.is_empty());
    if has_changed {
        change.touch_rights().await?;
    }
    let role = |id: &RoleId| json!({ "user": { "id": user }, "role": { "id": id }, "role_source": "idp" });
    for id in &roles.added {
        change.record(Operation::Create, "rbac_user_roles", format!("{user}:{id}"), role(id));
    }
    for id in &roles.removed {
        change.record(Operation::Delete, "rbac_user_roles", format!("{user}:{id}"), role(id));
    }
    let group = |id: &GroupId| json!({ "user": { "id": user }, "group": { "id": id } });
    for id in &groups.added {
        change.record(Operation::Create, "rbac_user_groups", format!("{user}:{id}"), group(id));
    }
    for id in &groups.removed {
        change.record(Operation::Delete, "rbac_user_groups", format!("{user}:{id}"), group(id));
    }
    Ok(has_changed)
}

/// How well the store is looked after, for [`note_withdrawal`].
///
/// # Errors
/// The store failed.
pub async fn supervision(change: &mut Change<'_>) -> Result<Supervision, ServiceError> {
    Ok(grants::supervision(change.connection(), Membership::Present).await?)
}

/// The provider decides who is in which group: what it takes from the last super-admin is gone, but not in silence.
///
/// # Errors
/// The store failed.
pub async fn note_withdrawal(change: &mut Change<'_>, admin: &Admin, before: Supervision) -> Result<(), ServiceError> {
    let after = supervision(change).await?;
    if after >= before {
        return Ok(());
    }
    let note = match after {
        Supervision::Missing => "nobody is super-admin any more: the identity provider withdrew it from the last one",
        _ => "no super-admin may change rights any more: a group of the identity provider denies it to the last one",
    };
    tracing::warn!(admin = %admin.username, "{note}; docs/operations.md says under \"Locked out\" what to do");
    let default = WorkspaceName::default_workspace();
    if let Some(role) = find_role(change.connection(), &default, SUPER_ADMIN).await? {
        let mut entity = representation::role(&role);
        if let Some(members) = entity.as_object_mut() {
            members.insert("note".to_owned(), json!(note));
        }
        change.record(Operation::Update, "rbac_roles", role.id, entity);
    }
    Ok(())
}

/// Gives `super-admin` to somebody whom `sso_super_admins` names while nobody has it (kong-manager.md 2.9).
///
/// # Errors
/// The store failed.
pub async fn grant_first_super_admin(
    change: &mut Change<'_>,
    admin: &Admin,
    claim_value: &str,
    settings: &LoginSettings,
) -> Result<(), ServiceError> {
    if !settings.super_admins.iter().any(|name| name == claim_value) {
        return Ok(());
    }
    // The counter's row lock lets only one such login look at a time.
    change.touch_rights().await?;
    if !grants::list_super_admins(change.connection()).await?.is_empty() {
        return Ok(());
    }
    let default = WorkspaceName::default_workspace();
    let Some(role) = find_role(change.connection(), &default, SUPER_ADMIN).await? else { return Ok(()) };
    user_roles::assign(change.connection(), admin.rbac_user_id, role.id, RoleSource::Local).await?;
    tracing::warn!(admin = %admin.username, "became super-admin by sso_super_admins: there was none");
    let entity = json!({ "user": { "id": admin.rbac_user_id }, "role": { "id": role.id }, "role_source": "local" });
    change.record(Operation::Create, "rbac_user_roles", format!("{}:{}", admin.rbac_user_id, role.id), entity);
    Ok(())
}
