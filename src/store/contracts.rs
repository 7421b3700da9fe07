//! Contracts: applications' access to published APIs (dev-portal.md 6.2).

use sqlx::any::AnyRow;

use super::database::Connection;
use super::error::StoreError;
use super::page::{Page, Paged};
use super::row::{Columns, all, found, on_unique};
use super::statement::Statement;
use crate::domain::contract::{Contract, ContractState, ContractStatus, Suspension};
use crate::domain::ids::{ApiId, ApplicationId, ContractId, WorkspaceId};

fn read(row: &AnyRow) -> Result<Contract, StoreError> {
    let status = ContractStatus::from_number(row.number("status")?).ok_or(StoreError::Corrupt("status"))?;
    Ok(Contract {
        id: row.parsed("id")?,
        ws_id: row.parsed("ws_id")?,
        application_id: row.parsed("application_id")?,
        api_id: row.parsed("api_id")?,
        state: ContractState {
            status,
            suspension: Suspension::from_bits(row.number("suspended")?),
            ending: row.parsed("ending")?,
        },
        reason: row.maybe_text("reason")?,
        comment: row.maybe_text("comment")?,
        created_at: row.time("created_at")?,
        updated_at: row.time("updated_at")?,
    })
}

/// Which contracts of a workspace are wanted.
#[derive(Clone, Copy, Debug, Default)]
pub struct Wanted {
    /// Only those of an API.
    pub api: Option<ApiId>,
    /// Only those of an application.
    pub application: Option<ApplicationId>,
    /// Only those with a status.
    pub status: Option<ContractStatus>,
}

/// Stores a new one.
///
/// # Errors
/// [`StoreError::Unique`] when the application has one for that API.
pub async fn create(connection: &mut Connection, contract: &Contract) -> Result<(), StoreError> {
    let (application, api) = (contract.application_id.to_string(), contract.api_id.to_string());
    sqlx::query(
        "INSERT INTO contracts (id, ws_id, application_id, api_id, status, suspended, ending, reason, comment, created_at,
            updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
    )
    .bind(contract.id.to_string())
    .bind(contract.ws_id.to_string())
    .bind(&application)
    .bind(&api)
    .bind(contract.state.status.number())
    .bind(contract.state.suspension.bits())
    .bind(contract.state.ending.as_str())
    .bind(contract.reason.as_deref())
    .bind(contract.comment.as_deref())
    .bind(contract.created_at.0)
    .bind(contract.updated_at.0)
    .execute(connection)
    .await
    .map_err(|error| on_unique(error, "contracts", &[("application", &application), ("api", &api)]))?;
    Ok(())
}

/// Stores state and comment of an existing one.
///
/// # Errors
/// [`StoreError::NotFound`].
pub async fn update(connection: &mut Connection, contract: &Contract) -> Result<(), StoreError> {
    let done = sqlx::query(
        "UPDATE contracts SET status = $2, suspended = $3, ending = $4, comment = $5, updated_at = $6 WHERE id = $1",
    )
    .bind(contract.id.to_string())
    .bind(contract.state.status.number())
    .bind(contract.state.suspension.bits())
    .bind(contract.state.ending.as_str())
    .bind(contract.comment.as_deref())
    .bind(contract.updated_at.0)
    .execute(connection)
    .await?;
    found(&done)
}

/// The one with that id.
///
/// # Errors
/// The database failed.
pub async fn find(connection: &mut Connection, id: ContractId) -> Result<Option<Contract>, StoreError> {
    let row =
        sqlx::query("SELECT * FROM contracts WHERE id = $1").bind(id.to_string()).fetch_optional(connection).await?;
    row.as_ref().map(read).transpose()
}

/// The one of an application for an API.
///
/// # Errors
/// The database failed.
pub async fn find_between(
    connection: &mut Connection,
    application: ApplicationId,
    api: ApiId,
) -> Result<Option<Contract>, StoreError> {
    let row = sqlx::query("SELECT * FROM contracts WHERE application_id = $1 AND api_id = $2")
        .bind(application.to_string())
        .bind(api.to_string())
        .fetch_optional(connection)
        .await?;
    row.as_ref().map(read).transpose()
}

/// All of an application, the oldest first.
///
/// # Errors
/// The database failed.
pub async fn list_of(connection: &mut Connection, application: ApplicationId) -> Result<Vec<Contract>, StoreError> {
    let rows = sqlx::query("SELECT * FROM contracts WHERE application_id = $1 ORDER BY id")
        .bind(application.to_string())
        .fetch_all(connection)
        .await?;
    all(&rows, read)
}

/// All of an API, the oldest first.
///
/// # Errors
/// The database failed.
pub async fn list_of_api(connection: &mut Connection, api: ApiId) -> Result<Vec<Contract>, StoreError> {
    let rows = sqlx::query("SELECT * FROM contracts WHERE api_id = $1 ORDER BY id")
        .bind(api.to_string())
        .fetch_all(connection)
        .await?;
    all(&rows, read)
}

/// A page of a workspace's, the oldest first.
///
/// # Errors
/// The database failed.
pub async fn list(
    connection: &mut Connection,
    workspace: WorkspaceId,
    wanted: Wanted,
    page: &Page,
) -> Result<Paged<Contract>, StoreError> {
    let mut statement = Statement::new("SELECT * FROM contracts WHERE ws_id = ");
    statement.bind(workspace.to_string()).push(" AND id > ").bind(page.after.clone());
    if let Some(api) = wanted.api {
        statement.push(" AND api_id = ").bind(api.to_string());
    }
    if let Some(application) = wanted.application {
        statement.push(" AND application_id = ").bind(application.to_string());
    }
    if let Some(status) = wanted.status {
        statement.push(" AND status = ").bind(status.number());
    }
    statement.push(" ORDER BY id LIMIT ").bind(page.limit());
    let rows = statement.fetch_all(connection).await?;
    Ok(Paged::from_rows(all(&rows, read)?, page, |contract| contract.id.to_string()))
}

/// How many of a workspace wait for a decision.
///
/// # Errors
/// The database failed.
pub async fn count_pending(connection: &mut Connection, workspace: WorkspaceId) -> Result<i64, StoreError> {
    let row = sqlx::query("SELECT COUNT(*) AS total FROM contracts WHERE ws_id = $1 AND status = $2")
        .bind(workspace.to_string())
        .bind(ContractStatus::Pending.number())
        .fetch_one(connection)
        .await?;
    row.number("total")
}

/// Deletes one.
///
/// # Errors
/// The database failed.
pub async fn delete(connection: &mut Connection, id: ContractId) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM contracts WHERE id = $1").bind(id.to_string()).execute(connection).await?;
    Ok(())
}
