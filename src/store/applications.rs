//! Applications of developers (dev-portal.md 6.1).

use sqlx::any::AnyRow;

use super::database::Connection;
use super::error::StoreError;
use super::page::{Page, Paged};
use super::row::{Columns, all, found, on_unique};
use crate::domain::application::{Application, RedirectUri};
use crate::domain::ids::{ApplicationId, DeveloperId, StrategyId, WorkspaceId};
use crate::domain::team::Owner;

fn read(row: &AnyRow) -> Result<Application, StoreError> {
    let uris: Vec<String> =
        serde_json::from_str(&row.text("redirect_uris")?).map_err(|_| StoreError::Corrupt("redirect_uris"))?;
    Ok(Application {
        id: row.parsed("id")?,
        ws_id: row.parsed("ws_id")?,
        owner: read_owner(row)?,
        name: row.text("name")?,
        description: row.maybe_text("description")?,
        redirect_uris: uris.into_iter().map(RedirectUri::from_stored).collect(),
        custom_id: row.maybe_text("custom_id")?,
        strategy_id: row.parsed("auth_strategy_id")?,
        status: row.parsed("status")?,
        created_at: row.time("created_at")?,
        updated_at: row.time("updated_at")?,
    })
}

fn read_owner(row: &AnyRow) -> Result<Owner, StoreError> {
    match row.text("owner_type")?.as_str() {
        "developer" => Ok(Owner::Developer(row.parsed("owner_id")?)),
        "team" => Ok(Owner::Team(row.parsed("owner_id")?)),
        _ => Err(StoreError::Corrupt("owner_type")),
    }
}

fn uris(application: &Application) -> String {
    let uris: Vec<&str> = application.redirect_uris.iter().map(RedirectUri::as_str).collect();
    serde_json::json!(uris).to_string()
}

fn taken(error: sqlx::Error, application: &Application) -> StoreError {
    let custom_id = application.custom_id.as_deref().unwrap_or_default();
    on_unique(error, "applications", &[("name", &application.name), ("custom_id", custom_id)])
}

/// Stores a new one.
///
/// # Errors
/// [`StoreError::Unique`] when its owner has one of that name, or its workspace one of that reference id.
pub async fn create(connection: &mut Connection, application: &Application) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO applications (id, ws_id, owner_id, name, description, redirect_uris, custom_id,
            auth_strategy_id, status, created_at, updated_at, owner_type)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
    )
    .bind(application.id.to_string())
    .bind(application.ws_id.to_string())
    .bind(application.owner.id())
    .bind(&application.name)
    .bind(application.description.as_deref())
    .bind(uris(application))
    .bind(application.custom_id.as_deref())
    .bind(application.strategy_id.to_string())
    .bind(application.status.as_str())
    .bind(application.created_at.0)
    .bind(application.updated_at.0)
    .bind(application.owner.kind())
    .execute(connection)
    .await
    .map_err(|error| taken(error, application))?;
    Ok(())
}

/// Stores what may change of an existing one.
///
/// # Errors
/// [`StoreError::Unique`], [`StoreError::NotFound`].
pub async fn update(connection: &mut Connection, application: &Application) -> Result<(), StoreError> {
    let done = sqlx::query(
        "UPDATE applications SET name = $2, description = $3, redirect_uris = $4, custom_id = $5, status = $6,
            updated_at = $7, owner_id = $8, owner_type = $9 WHERE id = $1",
    )
    .bind(application.id.to_string())
    .bind(&application.name)
    .bind(application.description.as_deref())
    .bind(uris(application))
    .bind(application.custom_id.as_deref())
    .bind(application.status.as_str())
    .bind(application.updated_at.0)
    .bind(application.owner.id())
    .bind(application.owner.kind())
    .execute(connection)
    .await
    .map_err(|error| taken(error, application))?;
    found(&done)
}

/// Holds the row until the end of the transaction, so that changes of one application wait for each other.
///
/// # Errors
/// The database failed.
pub async fn hold(connection: &mut Connection, id: ApplicationId) -> Result<(), StoreError> {
    sqlx::query("UPDATE applications SET updated_at = updated_at WHERE id = $1")
        .bind(id.to_string())
        .execute(connection)
        .await?;
    Ok(())
}

/// The one with that id.
///
/// # Errors
/// The database failed.
pub async fn find(connection: &mut Connection, id: ApplicationId) -> Result<Option<Application>, StoreError> {
    let row =
        sqlx::query("SELECT * FROM applications WHERE id = $1").bind(id.to_string()).fetch_optional(connection).await?;
    row.as_ref().map(read).transpose()
}

/// A page of a workspace's, by id.
///
/// # Errors
/// The database failed.
pub async fn list(
    connection: &mut Connection,
    workspace: WorkspaceId,
    page: &Page,
) -> Result<Paged<Application>, StoreError> {
    let rows = sqlx::query("SELECT * FROM applications WHERE ws_id = $1 AND id > $2 ORDER BY id LIMIT $3")
        .bind(workspace.to_string())
        .bind(&page.after)
        .bind(page.limit())
        .fetch_all(connection)
        .await?;
    Ok(Paged::from_rows(all(&rows, read)?, page, |application| application.id.to_string()))
}

/// A page of an owner's, by id.
///
/// # Errors
/// The database failed.
pub async fn list_of(connection: &mut Connection, owner: Owner, page: &Page) -> Result<Paged<Application>, StoreError> {
    let rows = sqlx::query("SELECT * FROM applications WHERE owner_id = $1 AND id > $2 ORDER BY id LIMIT $3")
        .bind(owner.id())
        .bind(&page.after)
        .bind(page.limit())
        .fetch_all(connection)
        .await?;
    Ok(Paged::from_rows(all(&rows, read)?, page, |application| application.id.to_string()))
}

/// All of an owner, by id.
///
/// # Errors
/// The database failed.
pub async fn list_all_of(connection: &mut Connection, owner: Owner) -> Result<Vec<Application>, StoreError> {
    let rows = sqlx::query("SELECT * FROM applications WHERE owner_id = $1 ORDER BY id")
        .bind(owner.id())
        .fetch_all(connection)
        .await?;
    all(&rows, read)
}

/// All with a strategy, by id.
///
/// # Errors
/// The database failed.
pub async fn list_all_with(connection: &mut Connection, strategy: StrategyId) -> Result<Vec<Application>, StoreError> {
    let rows = sqlx::query("SELECT * FROM applications WHERE auth_strategy_id = $1 ORDER BY id")
        .bind(strategy.to_string())
        .fetch_all(connection)
        .await?;
    all(&rows, read)
}

/// How many an owner has.
///
/// # Errors
/// The database failed.
pub async fn count_of(connection: &mut Connection, owner: Owner) -> Result<i64, StoreError> {
    let row = sqlx::query("SELECT COUNT(*) AS total FROM applications WHERE owner_id = $1")
        .bind(owner.id())
        .fetch_one(connection)
        .await?;
    row.number("total")
}

/// A page of what a developer controls, by id: its own, and those of its teams.
///
/// # Errors
/// The database failed.
pub async fn list_within(
    connection: &mut Connection,
    developer: DeveloperId,
    page: &Page,
) -> Result<Paged<Application>, StoreError> {
    let rows = sqlx::query(
        "SELECT * FROM applications
         WHERE (owner_id = $1 OR owner_id IN (SELECT team_id FROM team_members WHERE developer_id = $1)) AND id > $2
         ORDER BY id LIMIT $3",
    )
    .bind(developer.to_string())
    .bind(&page.after)
    .bind(page.limit())
    .fetch_all(connection)
    .await?;
    Ok(Paged::from_rows(all(&rows, read)?, page, |application| application.id.to_string()))
}

/// How many a developer controls.
///
/// # Errors
/// The database failed.
pub async fn count_within(connection: &mut Connection, developer: DeveloperId) -> Result<i64, StoreError> {
    let row = sqlx::query(
        "SELECT COUNT(*) AS total FROM applications
         WHERE owner_id = $1 OR owner_id IN (SELECT team_id FROM team_members WHERE developer_id = $1)",
    )
    .bind(developer.to_string())
    .fetch_one(connection)
    .await?;
    row.number("total")
}

/// Deletes one with its contracts and credentials.
///
/// # Errors
/// The database failed.
pub async fn delete(connection: &mut Connection, id: ApplicationId) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM applications WHERE id = $1").bind(id.to_string()).execute(connection).await?;
    Ok(())
}
