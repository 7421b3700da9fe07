//! A logout that the identity provider tells of (openid-connect.md 6.3): its token is held against every plugin that it may be
//! made for, counts once over all nodes, and ends the sessions that it names wherever they are stored.

use crate::oidc::engine::Engine;
use crate::oidc::engine::backchannel::{self, LogoutToken};
use crate::oidc::engine::session::SessionError;
use crate::sealing::sha256_hex;
use crate::store::consumed_states;
use crate::store::{Store, StoreError};

use super::Gateway;

/// Why no session was ended.
#[derive(Debug, thiserror::Error)]
pub enum LogoutFailure {
    /// The token is not good, for any plugin.
    #[error("{0}")]
    Token(String),
    /// No declared plugin has sessions of that issuer.
    #[error("no plugin is declared that has sessions of this issuer")]
    Issuer,
    /// It was used before.
    #[error("the logout token was used before")]
    Used,
    /// Nobody can say whether it is good: the provider does not answer.
    #[error("the logout cannot be judged: {0}")]
    Provider(String),
    /// The store failed.
    #[error("the store failed")]
    Store(#[from] StoreError),
    /// The sessions are stored elsewhere, and that failed.
    #[error("the sessions could not be ended")]
    Sessions(#[from] SessionError),
}

impl Gateway {
    /// Ends the sessions that a logout token names; returns how many. Sessions that live in cookies alone cannot be reached.
    ///
    /// # Errors
    /// See [`LogoutFailure`]; a token whose sessions could not be ended may be sent again.
    pub async fn log_out(&self, store: &Store, token: &str) -> Result<u64, LogoutFailure> {
        let state = self.current();
        let (engines, told) = judge(state.engines.iter().map(AsRef::as_ref), token).await?;
        let key = sha256_hex(format!("logout token\n{}\n{}", told.name.issuer, told.jti).as_bytes());
        let mut transaction = store.write().await?;
        let is_first = consumed_states::consume(&mut transaction, &key, told.expires_at).await?;
        transaction.commit().await?;
        if !is_first {
            return Err(LogoutFailure::Used);
        }
        match end(&engines, &told).await {
            Ok(ended) => Ok(ended),
            Err(error) => {
                let mut transaction = store.write().await?;
                consumed_states::release(&mut transaction, &key).await?;
                transaction.commit().await?;
                Err(error.into())
            }
        }
    }
}

/// The plugins that the token is made for, and what it says.
async fn judge<'e>(
    engines: impl Iterator<Item = &'e Engine>,
    token: &str,
) -> Result<(Vec<&'e Engine>, LogoutToken), LogoutFailure> {
    let mut failure = LogoutFailure::Token("no plugin is declared that it could be made for".to_owned());
    let mut good = Vec::new();
    let mut said = None;
    for engine in engines {
        match backchannel::verify(engine.context(), token).await {
            Ok(token) => {
                good.push(engine);
                said = Some(token);
            }
            Err(refusal) if refusal.is_temporary() => failure = LogoutFailure::Provider(refusal.detail),
            Err(refusal) if !matches!(failure, LogoutFailure::Provider(_)) => {
                failure = LogoutFailure::Token(refusal.detail)
            }
            Err(_) => {}
        }
    }
    said.map(|said| (good, said)).ok_or(failure)
}

async fn end(engines: &[&Engine], told: &LogoutToken) -> Result<u64, SessionError> {
    let mut ended = 0;
    for engine in engines {
        ended += engine.sessions().end_named(&told.name).await?;
    }
    // Plugins that share a storage share what ended in it.
    for engine in engines {
        engine.sessions().look_again().await;
    }
    Ok(ended)
}
