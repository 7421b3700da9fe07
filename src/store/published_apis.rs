//! Published APIs (dev-portal.md 5.2).

use sqlx::any::AnyRow;

use super::database::Connection;
use super::error::StoreError;
use super::page::{Page, Paged};
use super::row::{Columns, all, found, on_unique};
use crate::domain::catalogue::PublishedApi;
use crate::domain::ids::{ApiId, ServiceId, WorkspaceId};

fn read(row: &AnyRow) -> Result<PublishedApi, StoreError> {
    Ok(PublishedApi {
        id: row.parsed("id")?,
        ws_id: row.parsed("ws_id")?,
        service_id: row.parsed("service_id")?,
        service_name: row.text("service_name")?,
        name: row.text("name")?,
        slug: row.text("slug")?,
        description: row.maybe_text("description")?,
        document: row.maybe_text("document")?,
        visibility: row.parsed("visibility")?,
        strategy_id: row.parsed("auth_strategy_id")?,
        auto_approve: row.flag("auto_approve")?,
        registration_enabled: row.flag("registration_enabled")?,
        show_issuer: row.flag("show_issuer")?,
        is_published: row.flag("is_published")?,
        has_gate: row.flag("has_gate")?,
        is_missing: row.flag("is_missing")?,
        created_at: row.time("created_at")?,
        updated_at: row.time("updated_at")?,
    })
}

fn taken(error: sqlx::Error, api: &PublishedApi) -> StoreError {
    let service = api.service_id.to_string();
    on_unique(error, "published_apis", &[("service", &service), ("name", &api.name), ("slug", &api.slug)])
}

/// Stores a new one.
///
/// # Errors
/// [`StoreError::Unique`] when service, name or slug is taken in its workspace.
pub async fn create(connection: &mut Connection, api: &PublishedApi) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO published_apis (id, ws_id, service_id, service_name, name, slug, description, document, visibility,
            auth_strategy_id, auto_approve, registration_enabled, is_published, has_gate, is_missing, created_at, updated_at,
            show_issuer)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)",
    )
    .bind(api.id.to_string())
    .bind(api.ws_id.to_string())
    .bind(api.service_id.to_string())
    .bind(&api.service_name)
    .bind(&api.name)
    .bind(&api.slug)
    .bind(api.description.as_deref())
    .bind(api.document.as_deref())
    .bind(api.visibility.as_str())
    .bind(api.strategy_id.to_string())
    .bind(i64::from(api.auto_approve))
    .bind(i64::from(api.registration_enabled))
    .bind(i64::from(api.is_published))
    .bind(i64::from(api.has_gate))
    .bind(i64::from(api.is_missing))
    .bind(api.created_at.0)
    .bind(api.updated_at.0)
    .bind(i64::from(api.show_issuer))
    .execute(connection)
    .await
    .map_err(|error| taken(error, api))?;
    Ok(())
}

/// Stores everything but id, workspace and service of an existing one.
///
/// # Errors
/// [`StoreError::Unique`], [`StoreError::NotFound`].
pub async fn update(connection: &mut Connection, api: &PublishedApi) -> Result<(), StoreError> {
    let done = sqlx::query(
        "UPDATE published_apis SET service_name = $2, name = $3, slug = $4, description = $5, document = $6,
            visibility = $7, auth_strategy_id = $8, auto_approve = $9, registration_enabled = $10, is_published = $11,
            has_gate = $12, is_missing = $13, updated_at = $14, show_issuer = $15 WHERE id = $1",
    )
    .bind(api.id.to_string())
    .bind(&api.service_name)
    .bind(&api.name)
    .bind(&api.slug)
    .bind(api.description.as_deref())
    .bind(api.document.as_deref())
    .bind(api.visibility.as_str())
    .bind(api.strategy_id.to_string())
    .bind(i64::from(api.auto_approve))
    .bind(i64::from(api.registration_enabled))
    .bind(i64::from(api.is_published))
    .bind(i64::from(api.has_gate))
    .bind(i64::from(api.is_missing))
    .bind(api.updated_at.0)
    .bind(i64::from(api.show_issuer))
    .execute(connection)
    .await
    .map_err(|error| taken(error, api))?;
    found(&done)
}

/// A page of a workspace's, by id.
///
/// # Errors
/// The database failed.
pub async fn list(
    connection: &mut Connection,
    workspace: WorkspaceId,
    page: &Page,
) -> Result<Paged<PublishedApi>, StoreError> {
    let rows = sqlx::query("SELECT * FROM published_apis WHERE ws_id = $1 AND id > $2 ORDER BY id LIMIT $3")
        .bind(workspace.to_string())
        .bind(&page.after)
        .bind(page.limit())
        .fetch_all(connection)
        .await?;
    Ok(Paged::from_rows(all(&rows, read)?, page, |api| api.id.to_string()))
}

/// All of a workspace, by name.
///
/// # Errors
/// The database failed.
pub async fn list_all(connection: &mut Connection, workspace: WorkspaceId) -> Result<Vec<PublishedApi>, StoreError> {
    let rows = sqlx::query("SELECT * FROM published_apis WHERE ws_id = $1 ORDER BY name, id")
        .bind(workspace.to_string())
        .fetch_all(connection)
        .await?;
    all(&rows, read)
}

/// The one of that id, slug or service in a workspace.
///
/// # Errors
/// The database failed.
pub async fn find(
    connection: &mut Connection,
    workspace: WorkspaceId,
    key: &str,
) -> Result<Option<PublishedApi>, StoreError> {
    let rows =
        sqlx::query("SELECT * FROM published_apis WHERE ws_id = $1 AND (id = $2 OR slug = $2 OR service_id = $2)")
            .bind(workspace.to_string())
            .bind(key)
            .fetch_all(connection)
            .await?;
    let apis = all(&rows, read)?;
    let by_id = apis.iter().find(|api| api.id.to_string() == key || api.service_id.to_string() == key);
    Ok(by_id.or_else(|| apis.first()).cloned())
}

/// The one with that id.
///
/// # Errors
/// The database failed.
pub async fn find_by_id(connection: &mut Connection, id: ApiId) -> Result<Option<PublishedApi>, StoreError> {
    let row = sqlx::query("SELECT * FROM published_apis WHERE id = $1")
        .bind(id.to_string())
        .fetch_optional(connection)
        .await?;
    row.as_ref().map(read).transpose()
}

/// The one of a service.
///
/// # Errors
/// The database failed.
pub async fn find_by_service(
    connection: &mut Connection,
    workspace: WorkspaceId,
    service: ServiceId,
) -> Result<Option<PublishedApi>, StoreError> {
    let row = sqlx::query("SELECT * FROM published_apis WHERE ws_id = $1 AND service_id = $2")
        .bind(workspace.to_string())
        .bind(service.to_string())
        .fetch_optional(connection)
        .await?;
    row.as_ref().map(read).transpose()
}

/// Deletes one with its contracts.
///
/// # Errors
/// The database failed.
pub async fn delete(connection: &mut Connection, id: ApiId) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM published_apis WHERE id = $1").bind(id.to_string()).execute(connection).await?;
    Ok(())
}
