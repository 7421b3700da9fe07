//! Refreshing the IdP's tokens of a session (openid-connect.md 5.6): once, however many requests of however many nodes ask
//! at the same time. A lease in the store tells the nodes apart, a shared future the requests of one node.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use super::{Known, Sessions};
use crate::domain::time::UnixSeconds;
use crate::sealing::random_token;
use crate::services::error::ServiceError;
use crate::store::login_sessions;

/// Seconds before the end of an access token at which it is refreshed, at most.
const REFRESH_AHEAD: i64 = 30;
/// Seconds for which one node may be the one who refreshes.
const LEASE: i64 = 15;
/// Seconds until a refresh that failed on the way is tried again.
const REFRESH_PAUSE: i64 = 10;

/// When a token is refreshed that ends at `end` and that this node learned of at `now`: half a minute before its end, but
/// not before half of the time left has passed. Otherwise every request would refresh a token that lives half a minute.
pub(super) fn refresh_time(end: Option<UnixSeconds>, now: UnixSeconds) -> i64 {
    end.map_or(i64::MAX, |end| end.0 - (end.since(now) / 2).clamp(0, REFRESH_AHEAD))
}

/// What became of the tokens of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refreshed {
    /// There are new ones.
    Renewed,
    /// The old ones stay: the IdP could not be asked.
    Kept,
    /// The IdP refused: the session is over.
    Refused,
}

impl Sessions {
    /// Whether the access token of a sign-in ends soon and can be replaced.
    pub(super) fn needs_refresh(&self, known: &Known, now: UnixSeconds) -> bool {
        now.0 >= known.refresh_at.load(Ordering::Relaxed) && self.relying_party.is_some()
    }

    /// Refreshes the tokens of a sign-in once, however many requests of however many nodes ask at the same time.
    pub(super) async fn refresh_once(&self, known: &Arc<Known>) -> Result<Refreshed, ServiceError> {
        let key = (known.session.id, known.session.token_expires_at);
        let shared = self.refreshes.try_get_with(key, self.refresh(known)).await;
        let refreshed = shared.map_err(|error| ServiceError::Shared(error.to_string()))?;
        if refreshed == Refreshed::Kept {
            // The next attempt is a new one; until then `refresh_at` holds it back.
            self.refreshes.invalidate(&key).await;
        }
        Ok(refreshed)
    }

    async fn refresh(&self, known: &Known) -> Result<Refreshed, ServiceError> {
        let id = known.session.id;
        let owner = random_token();
        for _ in 0..LEASE * 5 {
            let mut transaction = self.store.write().await?;
            let Some(current) = login_sessions::find(&mut transaction, id).await? else {
                return Ok(Refreshed::Refused);
            };
            if current.token_expires_at != known.session.token_expires_at {
                self.known.invalidate(&self.keyed(id)).await;
                return Ok(Refreshed::Renewed);
            }
            let is_mine = login_sessions::try_lease(&mut transaction, id, &owner, self.clock.now(), LEASE).await?;
            transaction.commit().await?;
            if is_mine {
                return self.refresh_leased(known, &owner).await;
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
        Ok(Refreshed::Kept)
    }

    async fn refresh_leased(&self, known: &Known, owner: &str) -> Result<Refreshed, ServiceError> {
        let id = known.session.id;
        let (Some(relying_party), Some(tokens)) = (&self.relying_party, self.open(&known.session)) else {
            return Ok(Refreshed::Kept);
        };
        let answer = relying_party.refresh(&tokens).await;
        let mut transaction = self.store.write().await?;
        let outcome = match answer {
            Ok(fresh) => {
                let sealed = self.seal(&fresh)?;
                login_sessions::update_tokens(&mut transaction, id, Some(&sealed), fresh.expires_at).await?;
                Refreshed::Renewed
            }
            Err(error) => {
                tracing::warn!(session = %id, code = error.code(), error = %error, "tokens could not be refreshed");
                let later = self.clock.now().plus(REFRESH_PAUSE);
                known.refresh_at.store(later.0, Ordering::Relaxed);
                if error.ends_session() { Refreshed::Refused } else { Refreshed::Kept }
            }
        };
        login_sessions::release_lease(&mut transaction, id, owner).await?;
        transaction.commit().await?;
        if outcome == Refreshed::Renewed {
            self.known.invalidate(&self.keyed(id)).await;
        }
        Ok(outcome)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_lived_tokens_are_not_refreshed_at_once() {
        let at = |end| refresh_time(Some(UnixSeconds(end)), UnixSeconds(1000));
        assert_eq!((at(4600), at(1060), at(1030), at(1001)), (4570, 1030, 1015, 1001));
        assert_eq!((at(1000), at(900)), (1000, 900));
        assert_eq!(refresh_time(None, UnixSeconds(1000)), i64::MAX);
    }
}
