//! Logins on their way to a provider and back, for admins and developers alike: sealed in a cookie of the browser that
//! started them, and finished once over all nodes.

use super::error::LoginError;
use super::{Started, Taken};
use crate::domain::time::UnixSeconds;
use crate::oidc::{LoginCookie, PendingLogin};
use crate::sealing::{Sealer, sha256_hex};
use crate::services::Services;
use crate::services::error::ServiceError;
use crate::store::consumed_states;
use url::Url;

/// Seals and opens the cookie.
pub struct PendingLogins {
    sealer: Sealer,
    /// Seconds that somebody has to sign in at the provider.
    timeout: i64,
}

impl PendingLogins {
    /// Logins of one kind; each kind has a `sealer` of its own, so that none is taken for another.
    #[must_use]
    pub const fn new(sealer: Sealer, timeout: i64) -> Self {
        Self { sealer, timeout }
    }

    /// Seconds that somebody has to sign in at the provider.
    #[must_use]
    pub const fn timeout(&self) -> i64 {
        self.timeout
    }

    /// Remembers a login that begins at `url`. `cookie` is the present value: other tabs' logins stay in it.
    ///
    /// # Errors
    /// It could not be sealed.
    pub fn begin(
        &self,
        url: Url,
        login: PendingLogin,
        cookie: &str,
        now: UnixSeconds,
    ) -> Result<Started, ServiceError> {
        let mut logins = LoginCookie::from_value(&self.sealer, cookie, now, self.timeout);
        logins.add(login);
        Ok(Started { url, cookie: logins.to_value(&self.sealer).map_err(|_| ServiceError::Seal)? })
    }

    /// Takes the login of an answer out of the cookie, once over all nodes.
    ///
    /// # Errors
    /// [`LoginError::State`] when there is none: unknown, expired, used, or another browser's.
    pub async fn take(&self, services: &Services, state: &str, cookie: &str) -> Result<Taken, LoginError> {
        let mut logins = LoginCookie::from_value(&self.sealer, cookie, services.clock.now(), self.timeout);
        let pending = logins.take(state).ok_or(LoginError::State)?;
        let until = pending.created_at.plus(self.timeout);
        let hash = sha256_hex(state.as_bytes());
        let mut transaction = services.store.write().await?;
        if !consumed_states::consume(&mut transaction, &hash, until).await? {
            return Err(LoginError::State);
        }
        transaction.commit().await?;
        let rest = if logins.is_empty() { None } else { Some(logins.to_value(&self.sealer)) };
        Ok(Taken { pending, cookie: rest.transpose().map_err(|_| ServiceError::Seal)? })
    }
}
