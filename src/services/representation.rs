//! kong-sso's own entities as the Admin API and audit records show them (kong-manager.md 4.1, 5.1). Secrets never are.

use serde_json::{Value, json};

use crate::domain::admin::{Admin, RbacUser};
use crate::domain::group::{Group, GroupRole};
use crate::domain::role::{AssignedRole, Role, RoleEndpoint};
use crate::domain::workspace::Workspace;

/// An admin.
#[must_use]
pub fn admin(admin: &Admin) -> Value {
    json!({
        "id": admin.id,
        "username": admin.username,
        "username_lower": admin.username.as_str().to_lowercase(),
        "custom_id": admin.custom_id,
        "email": admin.email,
        "status": admin.status,
        "rbac_token_enabled": admin.rbac_token_enabled,
        "rbac_user": { "id": admin.rbac_user_id },
        "workspace": { "id": admin.ws_id },
        "last_login_at": admin.last_login_at,
        "created_at": admin.created_at,
        "updated_at": admin.updated_at,
    })
}

/// An RBAC user with the hash of its token.
#[must_use]
pub fn rbac_user(user: &RbacUser) -> Value {
    let mut view = audited_rbac_user(user);
    if let Some(members) = view.as_object_mut() {
        members.insert("user_token".to_owned(), json!(user.user_token));
        members.insert("user_token_ident".to_owned(), json!(user.user_token_ident));
    }
    view
}

/// An RBAC user as audit records keep it: without anything of its token.
#[must_use]
pub fn audited_rbac_user(user: &RbacUser) -> Value {
    json!({
        "id": user.id,
        "name": user.name,
        "enabled": user.enabled,
        "comment": user.comment,
        "ws_id": user.ws_id,
        "created_at": user.created_at,
        "updated_at": user.updated_at,
    })
}

/// A role.
#[must_use]
pub fn role(role: &Role) -> Value {
    json!(role)
}

/// A role in the hands of a user.
#[must_use]
pub fn assigned_role(assigned: &AssignedRole) -> Value {
    json!(assigned)
}

/// A rule of a role.
#[must_use]
pub fn role_endpoint(rule: &RoleEndpoint) -> Value {
    json!({
        "role": { "id": rule.role_id },
        "workspace": rule.workspace,
        "endpoint": rule.endpoint,
        "actions": rule.actions,
        "negative": rule.negative,
        "comment": rule.comment,
        "created_at": rule.created_at,
    })
}

/// A group.
#[must_use]
pub fn group(group: &Group) -> Value {
    json!(group)
}

/// A role of a group.
#[must_use]
pub fn group_role(link: &GroupRole) -> Value {
    json!({
        "group": link.group,
        "rbac_role": { "id": link.role_id, "name": link.role_name },
        "workspace": { "id": link.workspace_id, "name": link.workspace_name },
    })
}

/// A workspace.
#[must_use]
pub fn workspace(workspace: &Workspace) -> Value {
    json!(workspace)
}
