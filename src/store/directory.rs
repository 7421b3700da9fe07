//! Lists as people page through them: by name, filtered by a part of it, with the number of all that match, and by
//! position, so that they can go back. The Admin API pages by id instead ([`Page`](super::page::Page)).

use std::collections::{BTreeSet, HashMap};

use super::admins::{self, contains_pattern};
use super::database::Connection;
use super::error::StoreError;
use super::row::{Columns, all};
use super::statement::Statement;
use super::{groups, rbac_users, roles};
use crate::domain::admin::{Admin, AdminStatus, RbacUser};
use crate::domain::group::Group;
use crate::domain::ids::{GroupId, WorkspaceId};
use crate::domain::role::Role;

/// Most ids in one statement, which names each three times.
const IDS_AT_ONCE: usize = 500;

/// The part of a list that is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// Rows to leave out.
    pub offset: u32,
    /// Most rows to show.
    pub size: u32,
}

impl Window {
    pub(super) fn push(self, statement: &mut Statement) {
        statement.push(" LIMIT ").bind(i64::from(self.size)).push(" OFFSET ").bind(i64::from(self.offset));
    }
}

/// A part of a list.
#[derive(Clone, Debug)]
pub struct Found<T> {
    /// The rows of the window.
    pub items: Vec<T>,
    /// How many match in all.
    pub total: u64,
}

/// The order of admins.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AdminOrder {
    /// By username.
    #[default]
    Name,
    /// By username, from the end.
    NameDescending,
    /// The latest sign-in first.
    LastLogin,
    /// Who never signed in, or not for long, first.
    LastLoginAscending,
}

impl AdminOrder {
    const fn sql(self) -> &'static str {
        match self {
            Self::Name => " ORDER BY username_lower, id",
            Self::NameDescending => " ORDER BY username_lower DESC, id DESC",
            Self::LastLogin => " ORDER BY COALESCE(last_login_at, 0) DESC, username_lower, id",
            Self::LastLoginAscending => " ORDER BY COALESCE(last_login_at, 0), username_lower, id",
        }
    }
}

/// Which admins.
#[derive(Clone, Debug, Default)]
pub struct AdminSearch {
    /// A part of username, e-mail or custom id, without regard to case; empty = all.
    pub text: String,
    /// Only of this status.
    pub status: Option<AdminStatus>,
    /// Only those whose home it is.
    pub home: Option<WorkspaceId>,
    /// The order.
    pub order: AdminOrder,
}

impl AdminSearch {
    fn push(&self, statement: &mut Statement) {
        if let Some(status) = self.status {
            statement.push(" AND status = ").bind(status.code());
        }
        if let Some(home) = self.home {
            statement.push(" AND ws_id = ").bind(home.to_string());
        }
        if !self.text.is_empty() {
            let pattern = contains_pattern(&self.text);
            statement.push(" AND (username_lower LIKE ").bind(pattern.as_str()).push(" ESCAPE '!'");
            statement.push(" OR lower(email) LIKE ").bind(pattern.as_str()).push(" ESCAPE '!'");
            statement.push(" OR lower(custom_id) LIKE ").bind(pattern.as_str()).push(" ESCAPE '!')");
        }
    }
}

/// Admins.
///
/// # Errors
/// The database failed.
pub async fn list_admins(
    connection: &mut Connection,
    search: &AdminSearch,
    window: Window,
) -> Result<Found<Admin>, StoreError> {
    let mut counting = Statement::new("SELECT COUNT(*) AS total FROM admins WHERE 1 = 1");
    search.push(&mut counting);
    let mut listing = Statement::new("SELECT * FROM admins WHERE 1 = 1");
    search.push(&mut listing);
    listing.push(search.order.sql());
    window.push(&mut listing);
    let rows = listing.fetch_all(connection).await?;
    Ok(Found { items: all(&rows, admins::read)?, total: total(counting, connection).await? })
}

/// Users of a workspace that belong to no admin; `text` is a part of the name.
///
/// # Errors
/// The database failed.
pub async fn list_rbac_users(
    connection: &mut Connection,
    workspace: WorkspaceId,
    text: &str,
    newest_first: bool,
    window: Window,
) -> Result<Found<RbacUser>, StoreError> {
    let filter = |statement: &mut Statement| {
        statement.bind(workspace.to_string());
        push_name(statement, " AND lower(u.name) LIKE ", text);
    };
    let mut counting = Statement::new(
        "SELECT COUNT(*) AS total FROM rbac_users u LEFT JOIN admins a ON a.rbac_user_id = u.id
         WHERE a.id IS NULL AND u.ws_id = ",
    );
    filter(&mut counting);
    let mut listing = Statement::new(
        "SELECT u.*, a.id AS admin_id FROM rbac_users u LEFT JOIN admins a ON a.rbac_user_id = u.id
         WHERE a.id IS NULL AND u.ws_id = ",
    );
    filter(&mut listing);
    listing.push(if newest_first { " ORDER BY u.created_at DESC, u.id" } else { " ORDER BY lower(u.name), u.id" });
    window.push(&mut listing);
    let rows = listing.fetch_all(connection).await?;
    Ok(Found { items: all(&rows, rbac_users::read)?, total: total(counting, connection).await? })
}

/// The first names of users, admins and service accounts alike.
///
/// # Errors
/// The database failed.
pub async fn list_names(connection: &mut Connection, limit: u32) -> Result<Vec<String>, StoreError> {
    let rows = sqlx::query("SELECT name FROM rbac_users ORDER BY lower(name), id LIMIT $1")
        .bind(i64::from(limit))
        .fetch_all(connection)
        .await?;
    all(&rows, |row| row.text("name"))
}

/// Groups with the number of users that their last sign-in put in; `text` is a part of the name.
///
/// # Errors
/// The database failed.
pub async fn list_groups(
    connection: &mut Connection,
    text: &str,
    window: Window,
) -> Result<Found<(Group, u64)>, StoreError> {
    let mut counting = Statement::new("SELECT COUNT(*) AS total FROM idp_groups g WHERE 1 = 1");
    push_name(&mut counting, " AND lower(g.name) LIKE ", text);
    let mut listing = Statement::new(
        "SELECT g.*, (SELECT COUNT(*) FROM rbac_user_groups ug WHERE ug.group_id = g.id) AS members
         FROM idp_groups g WHERE 1 = 1",
    );
    push_name(&mut listing, " AND lower(g.name) LIKE ", text);
    listing.push(" ORDER BY lower(g.name), g.id");
    window.push(&mut listing);
    let rows = listing.fetch_all(connection).await?;
    let items = all(&rows, |row| Ok((groups::read(row)?, unsigned(row.number("members")?))))?;
    Ok(Found { items, total: total(counting, connection).await? })
}

/// Admins whom the last sign-in put in a group, by username.
///
/// # Errors
/// The database failed.
pub async fn list_members(
    connection: &mut Connection,
    group: GroupId,
    window: Window,
) -> Result<Found<Admin>, StoreError> {
    let mut counting = Statement::new(
        "SELECT COUNT(*) AS total FROM rbac_user_groups ug JOIN admins a ON a.rbac_user_id = ug.user_id
         WHERE ug.group_id = ",
    );
    counting.bind(group.to_string());
    let mut listing = Statement::new(
        "SELECT a.* FROM rbac_user_groups ug JOIN admins a ON a.rbac_user_id = ug.user_id WHERE ug.group_id = ",
    );
    listing.bind(group.to_string()).push(" ORDER BY a.username_lower, a.id");
    window.push(&mut listing);
    let rows = listing.fetch_all(connection).await?;
    Ok(Found { items: all(&rows, admins::read)?, total: total(counting, connection).await? })
}

/// A role with the numbers of its rules, of the users that hold it directly, and of the groups that give it.
#[derive(Clone, Debug)]
pub struct CountedRole {
    /// The role.
    pub role: Role,
    /// Its rules.
    pub rules: u64,
    /// Direct holders.
    pub users: u64,
    /// Groups.
    pub groups: u64,
}

/// Visible roles of a workspace by name.
///
/// # Errors
/// The database failed.
pub async fn list_roles(
    connection: &mut Connection,
    workspace: WorkspaceId,
    window: Window,
) -> Result<Found<CountedRole>, StoreError> {
    let mut counting =
        Statement::new("SELECT COUNT(*) AS total FROM rbac_roles r WHERE r.is_default = 0 AND r.ws_id = ");
    counting.bind(workspace.to_string());
    let mut listing = Statement::new(
        "SELECT r.*, (SELECT COUNT(*) FROM rbac_role_endpoints e WHERE e.role_id = r.id) AS rules,
                (SELECT COUNT(*) FROM rbac_user_roles ur WHERE ur.role_id = r.id) AS users,
                (SELECT COUNT(DISTINCT gr.group_id) FROM group_rbac_roles gr WHERE gr.role_id = r.id) AS idp_groups
         FROM rbac_roles r WHERE r.is_default = 0 AND r.ws_id = ",
    );
    listing.bind(workspace.to_string()).push(" ORDER BY lower(r.name), r.id");
    window.push(&mut listing);
    let rows = listing.fetch_all(connection).await?;
    let items = all(&rows, |row| {
        Ok(CountedRole {
            role: roles::read(row)?,
            rules: unsigned(row.number("rules")?),
            users: unsigned(row.number("users")?),
            groups: unsigned(row.number("idp_groups")?),
        })
    })?;
    Ok(Found { items, total: total(counting, connection).await? })
}

/// Names of the RBAC users, roles (with their workspace) and groups among `ids`; ids are of one kind only, so one map
/// holds them all. What was deleted is absent.
///
/// # Errors
/// The database failed.
pub async fn names(connection: &mut Connection, ids: &BTreeSet<String>) -> Result<HashMap<String, String>, StoreError> {
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    let mut names = HashMap::new();
    for some in ids.chunks(IDS_AT_ONCE) {
        let list = || some.iter().copied();
        let mut statement = Statement::new("SELECT id, name FROM rbac_users WHERE id IN ");
        statement.bind_list(list()).push(" UNION ALL SELECT id, name FROM idp_groups WHERE id IN ").bind_list(list());
        statement.push(
            " UNION ALL SELECT r.id, r.name || ' in ' || w.name AS name FROM rbac_roles r
             JOIN workspaces w ON w.id = r.ws_id WHERE r.id IN ",
        );
        statement.bind_list(list());
        for row in statement.fetch_all(connection).await? {
            names.insert(row.text("id")?, row.text("name")?);
        }
    }
    Ok(names)
}

/// Adds a condition on a name; `condition` ends with LIKE.
fn push_name(statement: &mut Statement, condition: &'static str, text: &str) {
    if !text.is_empty() {
        statement.push(condition).bind(contains_pattern(text)).push(" ESCAPE '!'");
    }
}

pub(super) async fn total(counting: Statement, connection: &mut Connection) -> Result<u64, StoreError> {
    let rows = counting.fetch_all(connection).await?;
    rows.first().map_or(Ok(0), |row| row.number("total")).map(unsigned)
}

fn unsigned(number: i64) -> u64 {
    u64::try_from(number).unwrap_or_default()
}
