//! kong-sso's own entities as the Admin API and audit records show them (kong-manager.md 4.1, 5.1). Secrets never are.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::Services;
use super::role_grants::Held;
use super::user_info::UserInfo;
use super::user_token::Issued;
use crate::domain::access::Caller;
use crate::domain::admin::{Admin, RbacUser};
use crate::domain::developer::{Developer, DeveloperIdentity};
use crate::domain::group::{Group, GroupRole};
use crate::domain::rbac::{ActionSet, Policy};
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

/// A developer as the Admin API shows it (dev-portal.md 3.1).
#[must_use]
pub fn developer(developer: &Developer) -> Value {
    let mut view = own_developer(developer);
    let members = json!({
        "custom_id": developer.custom_id,
        "status_reason": developer.status_reason,
        "must_verify": developer.must_verify,
        "failed_logins": developer.failed_logins,
        "last_login_at": developer.last_login_at,
        "workspace": { "id": developer.ws_id },
    });
    if let (Some(view), Value::Object(members)) = (view.as_object_mut(), members) {
        view.extend(members);
    }
    view
}

/// A developer as admins see it, with the names of its teams: what Kong Enterprise calls roles, which come with a user of
/// RBAC there.
#[must_use]
pub fn developer_in_teams(developer: &Developer, teams: &[String]) -> Value {
    let mut view = self::developer(developer);
    if let Some(members) = view.as_object_mut().filter(|_| !teams.is_empty()) {
        let user = uuid::Uuid::new_v5(&developer.id.0, b"rbac_user");
        members.insert("roles".to_owned(), json!(teams));
        members.insert("rbac_user".to_owned(), json!({ "id": user }));
    }
    view
}

/// A developer as admins see it, with the identities that sign in as this developer; `identities` may be of others too.
#[must_use]
pub fn with_identities(mut view: Value, developer: &Developer, identities: &[DeveloperIdentity]) -> Value {
    if let Some(members) = view.as_object_mut() {
        let own = identities.iter().filter(|it| it.developer_id == developer.id);
        members.insert("identities".to_owned(), own.map(identity).collect());
    }
    view
}

/// A developer as the person itself sees it. `meta` is JSON in a text, as Kong has it.
#[must_use]
pub fn own_developer(developer: &Developer) -> Value {
    json!({
        "id": developer.id,
        "email": developer.email,
        "status": developer.status,
        "meta": Value::Object(developer.meta.clone()).to_string(),
        "full_name": developer.meta.get(crate::domain::developer::FULL_NAME),
        "consumer": { "id": developer.consumer_id },
        "created_at": developer.created_at,
        "updated_at": developer.updated_at,
    })
}

/// An identity of a developer at a provider.
#[must_use]
pub fn identity(identity: &DeveloperIdentity) -> Value {
    json!({
        "id": identity.id,
        "issuer": identity.issuer,
        "subject": identity.subject,
        "email": identity.email,
        "created_at": identity.created_at,
        "last_login_at": identity.last_login_at,
    })
}

/// An identity as audit records keep it, with the name of what happened.
#[must_use]
pub fn audited_identity(identity: &DeveloperIdentity, event: &str) -> Value {
    let mut view = self::identity(identity);
    if let Some(members) = view.as_object_mut() {
        members.insert("event".to_owned(), json!(event));
        members.insert("developer".to_owned(), json!({ "id": identity.developer_id }));
        members.insert("workspace".to_owned(), json!({ "id": identity.ws_id }));
    }
    view
}

/// A developer as audit records keep it, with the name of what happened.
#[must_use]
pub fn audited_developer(developer: &Developer, event: &str) -> Value {
    let mut view = self::developer(developer);
    if let Some(members) = view.as_object_mut() {
        members.insert("event".to_owned(), json!(event));
    }
    view
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

/// An RBAC user after a change: a token that was generated is shown in clear, this once.
#[must_use]
pub fn issued(issued: &Issued) -> Value {
    let mut view = rbac_user(&issued.user);
    if let (Some(members), Some(clear)) = (view.as_object_mut(), &issued.clear) {
        members.insert("user_token".to_owned(), json!(clear.expose()));
    }
    view
}

/// Somebody's roles with the user that holds them.
#[must_use]
pub fn held(held: &Held) -> Value {
    let user = if held.is_near { rbac_user(&held.user) } else { json!({ "id": held.user.id, "name": held.user.name }) };
    json!({ "roles": held.roles.iter().map(assigned_role).collect::<Vec<_>>(), "user": user })
}

/// Merged rules by workspace and pattern. Where roles both allow and deny, the allowed actions are those that are left.
#[must_use]
pub fn permissions(policy: &Policy) -> Value {
    let mut endpoints: BTreeMap<String, Map<String, Value>> = BTreeMap::new();
    for rule in policy.rules() {
        let left = rule.allowed.minus(rule.denied);
        let negative = left.is_empty();
        let actions = if negative { rule.denied } else { left };
        let rules = endpoints.entry(rule.workspace.to_string()).or_default();
        rules.insert(rule.endpoint.to_string(), json!({ "actions": actions, "negative": negative }));
    }
    json!({ "endpoints": endpoints, "entities": {} })
}

/// What a client may know about its caller.
#[must_use]
pub fn user_info(info: &UserInfo, caller: &Caller, services: &Services) -> Value {
    let everything =
        || json!({ "endpoints": { "*": { "*": { "actions": ActionSet::ALL, "negative": false } } }, "entities": {} });
    let principal = &caller.principal;
    let limits = services.sessions.limits();
    let admin = info.admin.as_ref().map(|(who, workspaces)| {
        let mut view = admin(who);
        if let Some(members) = view.as_object_mut() {
            members.insert("workspaces".to_owned(), workspaces.iter().map(brief_workspace).collect());
        }
        view
    });
    json!({
        "admin": admin,
        "rbac_user": principal.rbac_user_id.map(|id| json!({ "id": id, "name": principal.name })),
        "groups": info.groups.iter().map(|group| group.name.as_str()).collect::<Vec<_>>(),
        "permissions": info.policy.as_ref().map_or_else(everything, |policy| permissions(policy)),
        "workspaces": info.workspaces.iter().map(brief_workspace).collect::<Vec<_>>(),
        "session": info.session_end.map(|end| json!({
            "expires": end,
            "idle": limits.idling,
            "cookie": { "rolling": limits.rolling, "absolute": limits.absolute },
        })),
        "auth": services.login.as_ref().map(|_| "openid-connect"),
    })
}

fn brief_workspace(workspace: &Workspace) -> Value {
    json!({ "id": workspace.id, "name": workspace.name, "meta": workspace.meta })
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

/// A workspace for those who need not know where its Kong is.
#[must_use]
pub fn workspace_without_upstream(workspace: &Workspace) -> Value {
    let mut view = json!(workspace);
    if let Some(members) = view.as_object_mut() {
        members.remove("upstream_admin_url");
    }
    view
}
