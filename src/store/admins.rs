//! Admins: people who sign in, each with a paired RBAC user of the same name (kong-manager.md 5.1).

use sqlx::any::AnyRow;

use super::database::Connection;
use super::error::StoreError;
use super::page::{Page, Paged};
use super::rbac_users;
use super::row::{Columns, all, as_id, found, on_unique};
use super::statement::Statement;
use crate::domain::admin::{Admin, AdminStatus, IdpBinding, RbacUser};
use crate::domain::ids::{AdminId, RbacUserId, UserName, WorkspaceId};
use crate::domain::time::UnixSeconds;

pub(super) fn read(row: &AnyRow) -> Result<Admin, StoreError> {
    let issuer = row.maybe_text("issuer")?;
    let subject = row.maybe_text("subject")?;
    Ok(Admin {
        id: row.parsed("id")?,
        username: UserName::from_stored(row.text("username")?),
        custom_id: row.maybe_text("custom_id")?,
        email: row.maybe_text("email")?,
        status: AdminStatus::from_code(row.number("status")?).ok_or(StoreError::Corrupt("status"))?,
        rbac_token_enabled: row.flag("rbac_token_enabled")?,
        rbac_user_id: row.parsed("rbac_user_id")?,
        ws_id: row.parsed("ws_id")?,
        binding: issuer.zip(subject).map(|(issuer, subject)| IdpBinding { issuer, subject }),
        last_login_at: row.maybe_time("last_login_at")?,
        created_at: row.time("created_at")?,
        updated_at: row.time("updated_at")?,
    })
}

fn conflict(error: sqlx::Error, admin: &Admin) -> StoreError {
    let mut fields = vec![("username", admin.username.as_str())];
    fields.extend(admin.custom_id.as_deref().map(|value| ("custom_id", value)));
    fields.extend(admin.email.as_deref().map(|value| ("email", value)));
    if let Some(binding) = &admin.binding {
        fields.extend([("issuer", binding.issuer.as_str()), ("subject", binding.subject.as_str())]);
    }
    on_unique(error, "admins", &fields)
}

/// A user's name that is taken is, for the one who names an admin, a taken username.
fn as_username(error: StoreError, admin: &Admin) -> StoreError {
    match error {
        StoreError::Unique { fields, .. } if fields.iter().any(|(name, _)| name == "name") => {
            StoreError::Unique { entity: "admins", fields: vec![("username".to_owned(), admin.username.to_string())] }
        }
        other => other,
    }
}

/// Stores a new admin together with its paired RBAC user, which has the admin's name and no token.
///
/// # Errors
/// [`StoreError::Unique`] when username, custom id, e-mail or identity are taken; the username also by a user.
pub async fn create(connection: &mut Connection, admin: &Admin) -> Result<(), StoreError> {
    let pair = RbacUser {
        id: admin.rbac_user_id,
        name: admin.username.clone(),
        user_token: None,
        user_token_ident: None,
        enabled: true,
        comment: None,
        ws_id: admin.ws_id,
        admin_id: Some(admin.id),
        created_at: admin.created_at,
        updated_at: admin.updated_at,
    };
    rbac_users::create(connection, &pair).await.map_err(|error| as_username(error, admin))?;
    sqlx::query(
        "INSERT INTO admins (id, username, username_lower, custom_id, email, status, rbac_token_enabled, rbac_user_id,
                             ws_id, issuer, subject, last_login_at, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)",
    )
    .bind(admin.id.to_string())
    .bind(admin.username.as_str())
    .bind(admin.username.as_str().to_lowercase())
    .bind(admin.custom_id.as_deref())
    .bind(admin.email.as_deref())
    .bind(admin.status.code())
    .bind(i64::from(admin.rbac_token_enabled))
    .bind(admin.rbac_user_id.to_string())
    .bind(admin.ws_id.to_string())
    .bind(admin.binding.as_ref().map(|binding| binding.issuer.as_str()))
    .bind(admin.binding.as_ref().map(|binding| binding.subject.as_str()))
    .bind(admin.last_login_at.map(|time| time.0))
    .bind(admin.created_at.0)
    .bind(admin.updated_at.0)
    .execute(connection)
    .await
    .map_err(|error| conflict(error, admin))?;
    Ok(())
}

async fn find_where(
    connection: &mut Connection,
    condition: &'static str,
    value: &str,
) -> Result<Option<Admin>, StoreError> {
    let mut statement = Statement::new("SELECT * FROM admins WHERE ");
    statement.push(condition).push(" = ").bind(value);
    statement.fetch_all(connection).await?.first().map(read).transpose()
}

/// The admin with that id.
///
/// # Errors
/// The database failed.
pub async fn find_by_id(connection: &mut Connection, id: AdminId) -> Result<Option<Admin>, StoreError> {
    find_where(connection, "id", &id.to_string()).await
}

/// The admin with exactly that username.
///
/// # Errors
/// The database failed.
pub async fn find_by_username(connection: &mut Connection, username: &str) -> Result<Option<Admin>, StoreError> {
    find_where(connection, "username", username).await
}

/// Every admin whose username is that one but for upper and lower case: more than one is ambiguous.
///
/// # Errors
/// The database failed.
pub async fn find_by_username_lower(connection: &mut Connection, username: &str) -> Result<Vec<Admin>, StoreError> {
    let rows = sqlx::query("SELECT * FROM admins WHERE username_lower = $1 ORDER BY id")
        .bind(username.to_lowercase())
        .fetch_all(connection)
        .await?;
    all(&rows, read)
}

/// The member by which a sign-in could mean this admin as well as another one, with its value.
///
/// # Errors
/// The database failed.
pub async fn find_namesake(
    connection: &mut Connection,
    admin: &Admin,
) -> Result<Option<(&'static str, String)>, StoreError> {
    let username = admin.username.as_str();
    let custom_id = admin.custom_id.as_deref();
    let row = sqlx::query(
        "SELECT CASE WHEN username_lower = $2 OR LOWER(custom_id) = $2 THEN 1 ELSE 0 END AS by_username FROM admins
         WHERE id <> $1 AND (username_lower = $2 OR LOWER(custom_id) = $2 OR username_lower = $3)",
    )
    .bind(admin.id.to_string())
    .bind(username.to_lowercase())
    .bind(custom_id.map(str::to_lowercase))
    .fetch_optional(connection)
    .await?;
    Ok(match row {
        Some(row) if row.flag("by_username")? => Some(("username", username.to_owned())),
        Some(_) => custom_id.map(|value| ("custom_id", value.to_owned())),
        None => None,
    })
}

/// The admin with exactly that custom id.
///
/// # Errors
/// The database failed.
pub async fn find_by_custom_id(connection: &mut Connection, custom_id: &str) -> Result<Option<Admin>, StoreError> {
    find_where(connection, "custom_id", custom_id).await
}

/// The admin with exactly that e-mail address.
///
/// # Errors
/// The database failed.
pub async fn find_by_email(connection: &mut Connection, email: &str) -> Result<Option<Admin>, StoreError> {
    find_where(connection, "email", email).await
}

/// The admin of a paired RBAC user.
///
/// # Errors
/// The database failed.
pub async fn find_by_rbac_user(connection: &mut Connection, user: RbacUserId) -> Result<Option<Admin>, StoreError> {
    find_where(connection, "rbac_user_id", &user.to_string()).await
}

/// The admin bound to an identity.
///
/// # Errors
/// The database failed.
pub async fn find_by_binding(connection: &mut Connection, binding: &IdpBinding) -> Result<Option<Admin>, StoreError> {
    let row = sqlx::query("SELECT * FROM admins WHERE issuer = $1 AND subject = $2")
        .bind(&binding.issuer)
        .bind(&binding.subject)
        .fetch_optional(connection)
        .await?;
    row.as_ref().map(read).transpose()
}

/// The admin that a path names: by id, or else by username, e-mail or custom id, in this order.
///
/// # Errors
/// The database failed.
pub async fn find(connection: &mut Connection, name_or_id: &str) -> Result<Option<Admin>, StoreError> {
    if let Some(id) = as_id(name_or_id)
        && let Some(admin) = find_where(connection, "id", &id).await?
    {
        return Ok(Some(admin));
    }
    for column in ["username", "email", "custom_id"] {
        if let Some(admin) = find_where(connection, column, name_or_id).await? {
            return Ok(Some(admin));
        }
    }
    Ok(None)
}

/// A page of admins, by id: those whose home is `workspace` (`None` = all), and whose username or e-mail contains
/// `text` without regard to case (empty = all).
///
/// # Errors
/// The database failed.
pub async fn list(
    connection: &mut Connection,
    workspace: Option<WorkspaceId>,
    text: &str,
    page: &Page,
) -> Result<Paged<Admin>, StoreError> {
    let mut statement = Statement::new("SELECT * FROM admins WHERE id > ");
    statement.bind(page.after.as_str());
    if let Some(workspace) = workspace {
        statement.push(" AND ws_id = ").bind(workspace.to_string());
    }
    if !text.is_empty() {
        let pattern = contains_pattern(text);
        statement.push(" AND (username_lower LIKE ").bind(pattern.as_str()).push(" ESCAPE '!'");
        statement.push(" OR lower(email) LIKE ").bind(pattern.as_str()).push(" ESCAPE '!')");
    }
    statement.push(" ORDER BY id LIMIT ").bind(page.limit());
    let rows = statement.fetch_all(connection).await?;
    Ok(Paged::from_rows(all(&rows, read)?, page, |admin| admin.id.to_string()))
}

/// A LIKE pattern for "contains this text", in lower case; `!` escapes.
pub(super) fn contains_pattern(text: &str) -> String {
    let escaped = text.to_lowercase().replace('!', "!!").replace('%', "!%").replace('_', "!_");
    format!("%{escaped}%")
}

/// Stores username, custom id, e-mail, status, token switch and home workspace. The paired user follows username and
/// workspace.
///
/// # Errors
/// [`StoreError::Unique`] when a value is taken, [`StoreError::NotFound`] when the admin is gone.
pub async fn update(connection: &mut Connection, admin: &Admin) -> Result<(), StoreError> {
    let done = sqlx::query(
        "UPDATE admins SET username = $2, username_lower = $3, custom_id = $4, email = $5, status = $6,
                rbac_token_enabled = $7, ws_id = $8, updated_at = $9 WHERE id = $1",
    )
    .bind(admin.id.to_string())
    .bind(admin.username.as_str())
    .bind(admin.username.as_str().to_lowercase())
    .bind(admin.custom_id.as_deref())
    .bind(admin.email.as_deref())
    .bind(admin.status.code())
    .bind(i64::from(admin.rbac_token_enabled))
    .bind(admin.ws_id.to_string())
    .bind(admin.updated_at.0)
    .execute(&mut *connection)
    .await
    .map_err(|error| conflict(error, admin))?;
    found(&done)?;
    let pair = rbac_users::find_by_id(connection, admin.rbac_user_id).await?.ok_or(StoreError::NotFound)?;
    let pair = RbacUser { name: admin.username.clone(), ws_id: admin.ws_id, updated_at: admin.updated_at, ..pair };
    rbac_users::update(connection, &pair).await.map_err(|error| as_username(error, admin))
}

/// Binds an admin to the identity of its first login.
///
/// # Errors
/// [`StoreError::Unique`] when another admin is bound to it, [`StoreError::NotFound`] when the admin is gone or bound
/// to another identity already.
pub async fn set_binding(connection: &mut Connection, id: AdminId, binding: &IdpBinding) -> Result<(), StoreError> {
    let done = sqlx::query(
        "UPDATE admins SET issuer = $2, subject = $3
         WHERE id = $1 AND (issuer IS NULL OR (issuer = $2 AND subject = $3))",
    )
    .bind(id.to_string())
    .bind(&binding.issuer)
    .bind(&binding.subject)
    .execute(connection)
    .await
    .map_err(|error| on_unique(error, "admins", &[("issuer", &binding.issuer), ("subject", &binding.subject)]))?;
    found(&done)
}

/// Forgets the identity, so that the next login binds anew.
///
/// # Errors
/// [`StoreError::NotFound`] when the admin is gone.
pub async fn clear_binding(connection: &mut Connection, id: AdminId, now: UnixSeconds) -> Result<(), StoreError> {
    let done = sqlx::query("UPDATE admins SET issuer = NULL, subject = NULL, updated_at = $2 WHERE id = $1")
        .bind(id.to_string())
        .bind(now.0)
        .execute(connection)
        .await?;
    found(&done)
}

/// Stores a new status.
///
/// # Errors
/// [`StoreError::NotFound`] when the admin is gone.
pub async fn set_status(
    connection: &mut Connection,
    id: AdminId,
    status: AdminStatus,
    now: UnixSeconds,
) -> Result<(), StoreError> {
    let done = sqlx::query("UPDATE admins SET status = $2, updated_at = $3 WHERE id = $1")
        .bind(id.to_string())
        .bind(status.code())
        .bind(now.0)
        .execute(connection)
        .await?;
    found(&done)
}

/// Records a successful sign-in.
///
/// # Errors
/// [`StoreError::NotFound`] when the admin is gone.
pub async fn record_login(connection: &mut Connection, id: AdminId, now: UnixSeconds) -> Result<(), StoreError> {
    let done = sqlx::query("UPDATE admins SET last_login_at = $2 WHERE id = $1")
        .bind(id.to_string())
        .bind(now.0)
        .execute(connection)
        .await?;
    found(&done)
}

/// Deletes an admin with its paired user, sessions, roles and groups.
///
/// # Errors
/// [`StoreError::NotFound`] when the admin is gone.
pub async fn delete(connection: &mut Connection, id: AdminId) -> Result<(), StoreError> {
    let done = sqlx::query("DELETE FROM rbac_users WHERE id IN (SELECT rbac_user_id FROM admins WHERE id = $1)")
        .bind(id.to_string())
        .execute(connection)
        .await?;
    found(&done)
}
