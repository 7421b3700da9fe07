//! Links in mails: 256 random bits, kept as a hash, good once and for one purpose (dev-portal.md 2.8).

use super::Portal;
use crate::domain::developer::{Developer, EmailAddress};
use crate::domain::portal_token::Purpose;
use crate::domain::time::UnixSeconds;
use crate::sealing::{random_token, sha256_hex};
use crate::services::error::ServiceError;
use crate::store::portal_tokens::{self, PortalToken};
use crate::store::{Connection, StoreError};

/// Makes a token; the former one of its purpose is worth nothing from now on.
pub(super) async fn issue(
    connection: &mut Connection,
    portal: &Portal,
    developer: &Developer,
    purpose: Purpose,
    email: Option<EmailAddress>,
    now: UnixSeconds,
) -> Result<String, StoreError> {
    let clear = random_token();
    let token = PortalToken {
        developer_id: developer.id,
        purpose,
        email,
        created_at: now,
        expires_at: now.plus(portal.settings.token_exp),
    };
    portal_tokens::put(connection, &token, &hash(&clear)).await?;
    Ok(clear)
}

/// The hash under which a token is kept.
pub(super) fn hash(clear: &str) -> String {
    sha256_hex(clear.as_bytes())
}

/// A token that somebody sends.
///
/// # Errors
/// [`ServiceError::BadRequest`] when there is none.
pub(super) fn given(token: &str) -> Result<&str, ServiceError> {
    let token = token.trim();
    if token.is_empty() { Err(ServiceError::BadRequest("token is required".to_owned())) } else { Ok(token) }
}
