//! Values that the server makes once and all nodes share. The caller seals what must not be read in the database.

use super::database::Connection;
use super::error::StoreError;
use super::row::Columns;

/// The value of that name.
///
/// # Errors
/// The database failed.
pub async fn find(connection: &mut Connection, name: &str) -> Result<Option<String>, StoreError> {
    let row = sqlx::query("SELECT value FROM secrets WHERE name = $1").bind(name).fetch_optional(connection).await?;
    row.map(|row| row.text("value")).transpose()
}

/// Stores a value in place of the one that the name may have.
///
/// # Errors
/// The database failed.
pub async fn replace(connection: &mut Connection, name: &str, value: &str) -> Result<(), StoreError> {
    sqlx::query("INSERT INTO secrets (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = $2")
        .bind(name)
        .bind(value)
        .execute(connection)
        .await?;
    Ok(())
}

/// Stores a value unless the name has one; returns the value that counts from now on.
///
/// # Errors
/// The database failed.
pub async fn insert_if_absent(connection: &mut Connection, name: &str, value: &str) -> Result<String, StoreError> {
    sqlx::query("INSERT INTO secrets (name, value) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING")
        .bind(name)
        .bind(value)
        .execute(&mut *connection)
        .await?;
    find(connection, name).await?.ok_or(StoreError::NotFound)
}
