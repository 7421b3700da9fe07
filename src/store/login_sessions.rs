//! Sign-ins: which admin, through which identity, since when, with the sealed tokens of the IdP
//! (openid-connect.md 5.2, kong-manager.md 2.6). The secret of a browser is in `web_sessions`.

use std::fmt;

use sqlx::any::AnyRow;

use super::database::Connection;
use super::error::StoreError;
use super::row::{Columns, all, found};
use crate::domain::ids::{AdminId, RbacUserId, SessionId};
use crate::domain::session::{SessionLimits, SessionTimes};
use crate::domain::time::UnixSeconds;

/// Tokens in the sealed form that the caller gave them; not shown by `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct SealedTokens(pub String);

impl fmt::Debug for SealedTokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SealedTokens")
    }
}

/// One sign-in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoginSession {
    /// Key.
    pub id: SessionId,
    /// Who signed in.
    pub admin_id: AdminId,
    /// The admin's paired RBAC user.
    pub rbac_user_id: RbacUserId,
    /// `iss` of the ID token.
    pub issuer: String,
    /// `sub` of the ID token.
    pub subject: String,
    /// `sid` of the ID token.
    pub idp_session: Option<String>,
    /// Sign-in, last recorded use, last renewal.
    pub times: SessionTimes,
    /// When the access token expires.
    pub token_expires_at: Option<UnixSeconds>,
    /// The IdP's tokens.
    pub sealed_tokens: Option<SealedTokens>,
    /// The credential type that started the session, e.g. `authorization_code`.
    pub source: String,
}

fn read(row: &AnyRow) -> Result<LoginSession, StoreError> {
    Ok(LoginSession {
        id: row.parsed("id")?,
        admin_id: row.parsed("admin_id")?,
        rbac_user_id: row.parsed("rbac_user_id")?,
        issuer: row.text("issuer")?,
        subject: row.text("subject")?,
        idp_session: row.maybe_text("idp_session")?,
        times: SessionTimes {
            created_at: row.time("created_at")?,
            last_seen_at: row.time("last_seen_at")?,
            renewed_at: row.time("renewed_at")?,
        },
        token_expires_at: row.maybe_time("token_expires_at")?,
        sealed_tokens: row.maybe_text("sealed_tokens")?.map(SealedTokens),
        source: row.text("source")?,
    })
}

/// Stores a new session.
///
/// # Errors
/// [`StoreError::ForeignKey`] when the admin is gone.
pub async fn create(connection: &mut Connection, session: &LoginSession) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO login_sessions (id, admin_id, rbac_user_id, issuer, subject, idp_session, created_at, last_seen_at,
                                     renewed_at, token_expires_at, sealed_tokens, source, lease_until)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, 0)",
    )
    .bind(session.id.to_string())
    .bind(session.admin_id.to_string())
    .bind(session.rbac_user_id.to_string())
    .bind(&session.issuer)
    .bind(&session.subject)
    .bind(session.idp_session.as_deref())
    .bind(session.times.created_at.0)
    .bind(session.times.last_seen_at.0)
    .bind(session.times.renewed_at.0)
    .bind(session.token_expires_at.map(|time| time.0))
    .bind(session.sealed_tokens.as_ref().map(|tokens| tokens.0.as_str()))
    .bind(&session.source)
    .execute(connection)
    .await?;
    Ok(())
}

/// The session with that id, whatever its age: its limits are the caller's business.
///
/// # Errors
/// The database failed.
pub async fn find(connection: &mut Connection, id: SessionId) -> Result<Option<LoginSession>, StoreError> {
    let row = sqlx::query("SELECT * FROM login_sessions WHERE id = $1")
        .bind(id.to_string())
        .fetch_optional(connection)
        .await?;
    row.as_ref().map(read).transpose()
}

/// The sessions of an admin, the latest first.
///
/// # Errors
/// The database failed.
pub async fn list_of_admin(connection: &mut Connection, admin: AdminId) -> Result<Vec<LoginSession>, StoreError> {
    let rows = sqlx::query("SELECT * FROM login_sessions WHERE admin_id = $1 ORDER BY created_at DESC, id DESC")
        .bind(admin.to_string())
        .fetch_all(connection)
        .await?;
    all(&rows, read)
}

/// Records a use. Never moves the time back, so late writers do no harm.
///
/// # Errors
/// The database failed. A session that is gone is no error.
pub async fn touch(connection: &mut Connection, id: SessionId, now: UnixSeconds) -> Result<(), StoreError> {
    sqlx::query("UPDATE login_sessions SET last_seen_at = $2 WHERE id = $1 AND last_seen_at < $2")
        .bind(id.to_string())
        .bind(now.0)
        .execute(connection)
        .await?;
    Ok(())
}

/// Records a renewal, which is a use too.
///
/// # Errors
/// [`StoreError::NotFound`] when the session is gone.
pub async fn renew(connection: &mut Connection, id: SessionId, now: UnixSeconds) -> Result<(), StoreError> {
    let done = sqlx::query("UPDATE login_sessions SET renewed_at = $2, last_seen_at = $2 WHERE id = $1")
        .bind(id.to_string())
        .bind(now.0)
        .execute(connection)
        .await?;
    found(&done)
}

/// Stores the tokens of a refresh.
///
/// # Errors
/// [`StoreError::NotFound`] when the session is gone.
pub async fn update_tokens(
    connection: &mut Connection,
    id: SessionId,
    tokens: Option<&SealedTokens>,
    expires_at: Option<UnixSeconds>,
) -> Result<(), StoreError> {
    let done = sqlx::query("UPDATE login_sessions SET sealed_tokens = $2, token_expires_at = $3 WHERE id = $1")
        .bind(id.to_string())
        .bind(tokens.map(|tokens| tokens.0.as_str()))
        .bind(expires_at.map(|time| time.0))
        .execute(connection)
        .await?;
    found(&done)
}

/// Ends a session; `false` when it was gone already.
///
/// # Errors
/// The database failed.
pub async fn delete(connection: &mut Connection, id: SessionId) -> Result<bool, StoreError> {
    let done = sqlx::query("DELETE FROM login_sessions WHERE id = $1").bind(id.to_string()).execute(connection).await?;
    Ok(done.rows_affected() > 0)
}

/// Ends the sessions of an admin, but for `except`; returns those that ended.
///
/// # Errors
/// The database failed.
pub async fn delete_of_admin(
    connection: &mut Connection,
    admin: AdminId,
    except: Option<SessionId>,
) -> Result<Vec<SessionId>, StoreError> {
    let rows = sqlx::query("DELETE FROM login_sessions WHERE admin_id = $1 AND id <> $2 RETURNING id")
        .bind(admin.to_string())
        .bind(except.map_or_else(String::new, |id| id.to_string()))
        .fetch_all(connection)
        .await?;
    all(&rows, |row| row.parsed("id"))
}

/// Ends the sessions that a logout token names (OpenID Connect Back-Channel Logout 1.0, 2.4): by subject, by the IdP's
/// session, or by both together. Without either, none.
///
/// # Errors
/// The database failed.
pub async fn delete_of_subject(
    connection: &mut Connection,
    issuer: &str,
    subject: Option<&str>,
    idp_session: Option<&str>,
) -> Result<Vec<SessionId>, StoreError> {
    if subject.is_none() && idp_session.is_none() {
        return Ok(Vec::new());
    }
    let rows = sqlx::query(
        "DELETE FROM login_sessions WHERE issuer = $1 AND ($2 IS NULL OR subject = $2)
         AND ($3 IS NULL OR idp_session = $3) RETURNING id",
    )
    .bind(issuer)
    .bind(subject)
    .bind(idp_session)
    .fetch_all(connection)
    .await?;
    all(&rows, |row| row.parsed("id"))
}

/// Tries to become the one who refreshes the session's tokens, for `seconds`. `owner` is unique for each attempt, over
/// all processes. `false` when another holds the lease or the session is gone.
///
/// # Errors
/// The database failed.
pub async fn try_lease(
    connection: &mut Connection,
    id: SessionId,
    owner: &str,
    now: UnixSeconds,
    seconds: i64,
) -> Result<bool, StoreError> {
    let done =
        sqlx::query("UPDATE login_sessions SET lease_owner = $2, lease_until = $3 WHERE id = $1 AND lease_until <= $4")
            .bind(id.to_string())
            .bind(owner)
            .bind(now.plus(seconds).0)
            .bind(now.0)
            .execute(connection)
            .await?;
    Ok(done.rows_affected() == 1)
}

/// Gives the lease back; without effect when `owner` lost it.
///
/// # Errors
/// The database failed.
pub async fn release_lease(connection: &mut Connection, id: SessionId, owner: &str) -> Result<(), StoreError> {
    sqlx::query("UPDATE login_sessions SET lease_owner = NULL, lease_until = 0 WHERE id = $1 AND lease_owner = $2")
        .bind(id.to_string())
        .bind(owner)
        .execute(connection)
        .await?;
    Ok(())
}

/// Removes every session that is over by its limits; returns how many.
///
/// # Errors
/// The database failed.
pub async fn purge_expired(
    connection: &mut Connection,
    now: UnixSeconds,
    limits: &SessionLimits,
) -> Result<u64, StoreError> {
    let over = limits.latest_over(now);
    let done =
        sqlx::query("DELETE FROM login_sessions WHERE last_seen_at <= $1 OR renewed_at <= $2 OR created_at <= $3")
            .bind(over.last_seen_at.0)
            .bind(over.renewed_at.0)
            .bind(over.created_at.0)
            .execute(connection)
            .await?;
    Ok(done.rows_affected())
}
