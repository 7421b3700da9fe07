//! Tokens that Kong's own OAuth 2.0 plugin has issued, looked up at Kong's Admin API (openid-connect.md 2.3). Called by the
//! engine, which remembers the answers.

use std::sync::Arc;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;

use crate::domain::consumer::Consumer;
use crate::domain::time::UnixSeconds;
use crate::kong::client::{KongAdmin, KongError};
use crate::oidc::engine::methods::kong_oauth2::{GatewayToken, GatewayTokens};

/// Longest token that is looked up; Kong's own have 32 characters.
const MAX_TOKEN: usize = 256;

/// The tokens of one Kong.
#[derive(Clone, Debug)]
pub struct KongTokens(pub KongAdmin);

impl GatewayTokens for KongTokens {
    fn find(&self, token: &str) -> BoxFuture<'_, Result<Option<GatewayToken>, String>> {
        let token = token.to_owned();
        async move { self.look_up(&token).await.map_err(|error| error.to_string()) }.boxed()
    }
}

impl KongTokens {
    async fn look_up(&self, token: &str) -> Result<Option<GatewayToken>, KongError> {
        if token.len() > MAX_TOKEN {
            return Ok(None);
        }
        let Some(record) = self.get("/oauth2_tokens", token).await? else { return Ok(None) };
        // The path also takes ids, which are no secrets.
        if record.get("access_token").and_then(Value::as_str) != Some(token) {
            return Ok(None);
        }
        let Some(credential) = self.follow("/oauth2", &record, "credential").await? else { return Ok(None) };
        let Some(consumer) = self.follow("/consumers", &credential, "consumer").await? else { return Ok(None) };
        Ok(read(&record, &consumer))
    }

    /// The entity that `member` of `from` refers to.
    async fn follow(&self, list: &str, from: &Value, member: &str) -> Result<Option<Value>, KongError> {
        match from.get(member).and_then(|reference| reference.get("id")).and_then(Value::as_str) {
            Some(id) => self.get(list, id).await,
            None => Ok(None),
        }
    }

    async fn get(&self, list: &str, key: &str) -> Result<Option<Value>, KongError> {
        let key = utf8_percent_encode(key, NON_ALPHANUMERIC);
        match self.0.get(None, &format!("{list}/{key}")).await {
            Ok(entity) => Ok(Some(entity)),
            Err(KongError::Status(404)) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

fn read(record: &Value, consumer: &Value) -> Option<GatewayToken> {
    let text = |entity: &Value, name: &str| entity.get(name).and_then(Value::as_str).map(str::to_owned);
    let number = |name: &str| record.get(name).and_then(Value::as_i64);
    let lifetime = number("expires_in").filter(|seconds| *seconds > 0);
    Some(GatewayToken {
        consumer: Arc::new(Consumer {
            id: text(consumer, "id")?,
            username: text(consumer, "username"),
            custom_id: text(consumer, "custom_id"),
            ..Consumer::default()
        }),
        expires_at: lifetime.and_then(|seconds| Some(UnixSeconds(number("created_at")?).plus(seconds))),
        service: record.get("service").and_then(|service| text(service, "id")),
        scope: text(record, "scope").filter(|scope| !scope.is_empty()),
        user_id: text(record, "authenticated_userid"),
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use serde_json::json;

    #[test]
    fn a_token_is_read_with_its_end_and_owner() {
        let consumer = json!({"id": "c-1", "username": "app", "custom_id": null});
        let record = json!({"access_token": "t", "created_at": 100, "expires_in": 60, "scope": "a b",
            "authenticated_userid": "u", "service": null});
        let token = read(&record, &consumer).unwrap();
        assert_eq!(token.expires_at, Some(UnixSeconds(160)));
        assert_eq!((token.consumer.username.as_deref(), token.service), (Some("app"), None));
        assert_eq!((token.scope.as_deref(), token.user_id.as_deref()), (Some("a b"), Some("u")));
        let eternal = json!({"access_token": "t", "created_at": 100, "expires_in": 0, "service": {"id": "s"}});
        let token = read(&eternal, &consumer).unwrap();
        assert_eq!((token.expires_at, token.service.as_deref()), (None, Some("s")));
        assert!(read(&record, &json!({})).is_none());
    }
}
