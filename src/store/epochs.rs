//! Counters that tell every node of a change.

use super::database::Connection;
use super::error::StoreError;
use super::row::Columns;

/// A counter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Epoch {
    /// Admins, users, roles, rules, groups, workspaces.
    Rbac,
    /// Ended sessions.
    Sessions,
    /// What the `openid-connect` plugin forgets or makes anew.
    OpenIdConnect,
}

/// All counters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Epochs {
    /// See [`Epoch::Rbac`].
    pub rbac: i64,
    /// See [`Epoch::Sessions`].
    pub sessions: i64,
    /// See [`Epoch::OpenIdConnect`].
    pub openid_connect: i64,
}

/// Counts a change; call it in the transaction that makes the change.
///
/// # Errors
/// The database failed.
pub async fn bump(connection: &mut Connection, epoch: Epoch) -> Result<(), StoreError> {
    let name = match epoch {
        Epoch::Rbac => "rbac",
        Epoch::Sessions => "sessions",
        Epoch::OpenIdConnect => "openid_connect",
    };
    sqlx::query("UPDATE epochs SET value = value + 1 WHERE name = $1").bind(name).execute(connection).await?;
    Ok(())
}

/// Holds the counter of changes of rights without counting: such transactions wait for each other here, before any of them
/// locks a person. Taken in another order, a sign-in and a change of the same person could wait for each other for ever.
///
/// # Errors
/// The database failed.
pub async fn hold_rights(connection: &mut Connection) -> Result<(), StoreError> {
    sqlx::query("UPDATE epochs SET value = value WHERE name = 'rbac'").execute(connection).await?;
    Ok(())
}

/// Reads all counters.
///
/// # Errors
/// The database failed.
pub async fn read_all(connection: &mut Connection) -> Result<Epochs, StoreError> {
    let mut epochs = Epochs { rbac: 0, sessions: 0, openid_connect: 0 };
    for row in sqlx::query("SELECT name, value FROM epochs").fetch_all(connection).await? {
        match row.text("name")?.as_str() {
            "rbac" => epochs.rbac = row.number("value")?,
            "sessions" => epochs.sessions = row.number("value")?,
            "openid_connect" => epochs.openid_connect = row.number("value")?,
            _ => {}
        }
    }
    Ok(epochs)
}
