//! Everything that a decision needs to know about a user, in one query.

use std::collections::HashSet;
use std::sync::Arc;

use sqlx::any::AnyRow;

use super::database::Connection;
use super::error::StoreError;
use super::role_endpoints::read_scope;
use super::row::{Columns, all};
use super::user_roles;
use crate::domain::group::narrow_to_link;
use crate::domain::ids::{GroupName, RbacUserId, RoleName, WorkspaceName};
use crate::domain::rbac::{Action, ActionSet, Endpoint, Grant, GrantSource, GrantedRule, Policy};
use crate::domain::role::SUPER_ADMIN;

/// Which groups count as somebody's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Membership {
    /// Those that the last sign-in put them in.
    Present,
    /// Those that the next one will, if it comes with the same values.
    Expected,
}

impl Membership {
    /// What is read as a table of users and their groups.
    const fn rows(self) -> &'static str {
        match self {
            Self::Present => "rbac_user_groups",
            Self::Expected => {
                "(SELECT a.rbac_user_id AS user_id, g.id AS group_id FROM admin_group_values v
                  JOIN admins a ON a.id = v.admin_id JOIN idp_groups g ON g.name = v.value)"
            }
        }
    }

    /// A query of this file with these rows in place of `{memberships}`. Audited: both are constants of this file.
    fn query(self, text: &'static str) -> sqlx::AssertSqlSafe<String> {
        sqlx::AssertSqlSafe(text.replace("{memberships}", self.rows()))
    }
}

const RULES: &str = "
    SELECT e.workspace, e.endpoint, e.actions, e.negative, r.name AS role_name, w.name AS role_workspace,
           ur.role_source AS source, CAST(NULL AS TEXT) AS group_name, CAST(NULL AS TEXT) AS link_workspace
    FROM rbac_user_roles ur JOIN rbac_roles r ON r.id = ur.role_id JOIN workspaces w ON w.id = r.ws_id
    JOIN rbac_role_endpoints e ON e.role_id = r.id WHERE ur.user_id = $1
    UNION ALL
    SELECT e.workspace, e.endpoint, e.actions, e.negative, r.name, w.name, 'default', CAST(NULL AS TEXT), CAST(NULL AS TEXT)
    FROM rbac_roles r JOIN workspaces w ON w.id = r.ws_id
    JOIN rbac_role_endpoints e ON e.role_id = r.id WHERE r.owner_id = $1
    UNION ALL
    SELECT e.workspace, e.endpoint, e.actions, e.negative, r.name, w.name, 'group', g.name, lw.name
    FROM {memberships} ug JOIN idp_groups g ON g.id = ug.group_id
    JOIN group_rbac_roles gr ON gr.group_id = g.id JOIN workspaces lw ON lw.id = gr.workspace_id
    JOIN rbac_roles r ON r.id = gr.role_id JOIN workspaces w ON w.id = r.ws_id
    JOIN rbac_role_endpoints e ON e.role_id = r.id WHERE ug.user_id = $1";

/// All rules of a user: of its own roles, its hidden default role and the roles of its groups. Rules of group roles
/// come narrowed to the workspace of their link.
///
/// # Errors
/// The database failed.
pub async fn load_rules(connection: &mut Connection, user: RbacUserId) -> Result<Vec<GrantedRule>, StoreError> {
    load_rules_by(connection, user, Membership::Present).await
}

async fn load_rules_by(
    connection: &mut Connection,
    user: RbacUserId,
    membership: Membership,
) -> Result<Vec<GrantedRule>, StoreError> {
    let rows = sqlx::query(membership.query(RULES)).bind(user.to_string()).fetch_all(connection).await?;
    let mut grants: HashSet<Arc<Grant>> = HashSet::new();
    let mut rules = Vec::with_capacity(rows.len());
    for row in &rows {
        let grant = read_grant(row)?;
        let (mut workspace, endpoint) = read_scope(row)?;
        if let Some(link) = row.maybe_text("link_workspace")? {
            match narrow_to_link(workspace, &grant.role_workspace, &WorkspaceName::from_stored(link)) {
                Some(narrowed) => workspace = narrowed,
                None => continue,
            }
        }
        let grant = match grants.get(&grant) {
            Some(shared) => Arc::clone(shared),
            None => {
                let shared = Arc::new(grant);
                grants.insert(Arc::clone(&shared));
                shared
            }
        };
        let actions = ActionSet::from_bits(row.number("actions")?);
        rules.push(GrantedRule { workspace, endpoint, actions, negative: row.flag("negative")?, grant });
    }
    Ok(rules)
}

fn read_grant(row: &AnyRow) -> Result<Grant, StoreError> {
    let source = match row.text("source")?.as_str() {
        "default" => GrantSource::DefaultRole,
        "group" => GrantSource::Group(GroupName::from_stored(row.text("group_name")?)),
        own => GrantSource::Own(user_roles::source(own)),
    };
    Ok(Grant {
        role: RoleName::from_stored(row.text("role_name")?),
        role_workspace: WorkspaceName::from_stored(row.text("role_workspace")?),
        source,
    })
}

macro_rules! super_admins {
    () => {
        "SELECT ur.user_id AS id FROM rbac_user_roles ur JOIN rbac_roles r ON r.id = ur.role_id
         JOIN workspaces w ON w.id = r.ws_id WHERE r.name = $1 AND r.is_default = 0 AND w.name = 'default'
         UNION
         SELECT ug.user_id FROM {memberships} ug JOIN group_rbac_roles gr ON gr.group_id = ug.group_id
         JOIN rbac_roles r ON r.id = gr.role_id JOIN workspaces w ON w.id = r.ws_id AND w.id = gr.workspace_id
         WHERE r.name = $1 AND r.is_default = 0 AND w.name = 'default'"
    };
}

const IS_SUPER_ADMIN: &str =
    concat!("SELECT 1 AS one FROM rbac_users u WHERE u.id = $2 AND u.id IN (", super_admins!(), ")");
const ACTING_SUPER_ADMINS: &str = concat!(
    "SELECT u.id FROM rbac_users u LEFT JOIN admins a ON a.rbac_user_id = u.id
     WHERE u.enabled = 1 AND COALESCE(a.status, 0) = 0 AND u.id IN (",
    super_admins!(),
    ") ORDER BY u.id"
);

/// Whether a user holds `super-admin` of `default`, directly or by a group linked in `default`.
///
/// # Errors
/// The database failed.
pub async fn is_super_admin(connection: &mut Connection, user: RbacUserId) -> Result<bool, StoreError> {
    let row = sqlx::query(Membership::Present.query(IS_SUPER_ADMIN))
        .bind(SUPER_ADMIN)
        .bind(user.to_string())
        .fetch_optional(connection)
        .await?;
    Ok(row.is_some())
}

/// The super-admins that can act: enabled users whose admin, if they have one, is approved.
///
/// # Errors
/// The database failed.
pub async fn list_super_admins(connection: &mut Connection) -> Result<Vec<RbacUserId>, StoreError> {
    list_super_admins_by(connection, Membership::Present).await
}

async fn list_super_admins_by(
    connection: &mut Connection,
    membership: Membership,
) -> Result<Vec<RbacUserId>, StoreError> {
    let query = sqlx::query(membership.query(ACTING_SUPER_ADMINS)).bind(SUPER_ADMIN);
    let rows = query.fetch_all(connection).await?;
    all(&rows, |row| row.parsed("id"))
}

/// How many super-admins can act besides `excluding`. A service that must not remove the last one calls
/// [`bump`](super::epochs::bump) first: its row lock makes such transactions wait for each other.
///
/// # Errors
/// The database failed.
pub async fn count_super_admins(
    connection: &mut Connection,
    excluding: Option<RbacUserId>,
) -> Result<usize, StoreError> {
    let all = list_super_admins(connection).await?;
    Ok(all.into_iter().filter(|user| Some(*user) != excluding).count())
}

/// Requests that undo what locks somebody out.
const REPAIRS: [(Action, &str); 4] = [
    (Action::Create, "/rbac/users/x/roles"),
    (Action::Update, "/rbac/users/x/roles"),
    (Action::Delete, "/rbac/users/x/roles"),
    (Action::Delete, "/rbac/roles/x/endpoints/x/x"),
];

/// How well the store is looked after, from bad to good.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Supervision {
    /// No super-admin can act.
    Missing,
    /// There are super-admins, but the rules that they hold keep all of them from repairing anything.
    LockedOut,
    /// A super-admin can act and repair.
    Able,
}

/// Whether there is a super-admin who can act, and whether one can repair the rights of others.
///
/// # Errors
/// The database failed.
pub async fn supervision(connection: &mut Connection, membership: Membership) -> Result<Supervision, StoreError> {
    let mut found = Supervision::Missing;
    for user in list_super_admins_by(connection, membership).await? {
        if can_repair(&Policy::compile(load_rules_by(connection, user, membership).await?)) {
            return Ok(Supervision::Able);
        }
        found = Supervision::LockedOut;
    }
    Ok(found)
}

fn can_repair(policy: &Policy) -> bool {
    let default = WorkspaceName::default_workspace();
    REPAIRS.iter().all(|(action, path)| policy.allows(&default, &Endpoint::of(path), *action))
}

/// The users of admins whose last sign-in came with the group value `name`: their next one puts them in a group so called.
///
/// # Errors
/// The database failed.
pub async fn list_expected(connection: &mut Connection, name: &GroupName) -> Result<Vec<RbacUserId>, StoreError> {
    let rows = sqlx::query(
        "SELECT a.rbac_user_id AS id FROM admin_group_values v JOIN admins a ON a.id = v.admin_id WHERE v.value = $1",
    )
    .bind(name.as_str())
    .fetch_all(connection)
    .await?;
    all(&rows, |row| row.parsed("id"))
}
