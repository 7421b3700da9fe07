//! A gateway whose only route is protected by the `openid-connect` plugin at a small provider.
//!
//! ```ignore
//! let site = protected(json!({"auth_methods": ["bearer"]})).await;
//! let token = site.op.access_token(|draft| draft.claims["scope"] = json!("a"));
//! assert_eq!(site.bearer(&token).await, 200);
//! ```

use reqwest::{RequestBuilder, Response};
use serde_json::{Value, json};

use super::gateway::{self, Echo, Gateway, echo_of};
use super::op::{CLIENT_ID, CLIENT_SECRET, Op};

/// The gateway and its provider.
pub struct Protected {
    pub op: Op,
    pub gateway: Gateway,
}

/// A protected gateway; `config` goes over issuer and client.
pub async fn protected(config: Value) -> Protected {
    protected_for(Op::start().await, config, json!([])).await
}

/// The same at a provider of the test's own, with consumers.
pub async fn protected_for(op: Op, config: Value, consumers: Value) -> Protected {
    let plugins = json!([plugin(&op, config)]);
    let gateway = gateway::with_plugins(plugins, consumers).await;
    Protected { op, gateway }
}

/// The plugin at a provider.
pub fn plugin(op: &Op, config: Value) -> Value {
    let mut whole = json!({"issuer": op.issuer(), "client_id": [CLIENT_ID], "client_secret": [CLIENT_SECRET]});
    whole.as_object_mut().unwrap().extend(config.as_object().unwrap().clone());
    json!({"name": "openid-connect", "config": whole})
}

impl Protected {
    /// The status that a bearer token gets.
    pub async fn bearer(&self, token: &str) -> u16 {
        self.with_bearer(token).send().await.unwrap().status().as_u16()
    }

    pub fn with_bearer(&self, token: &str) -> RequestBuilder {
        self.gateway.get("/").header("authorization", format!("Bearer {token}"))
    }

    /// The upstream's echo of a request with a bearer token.
    pub async fn echo(&self, token: &str) -> Echo {
        echo_of(self.with_bearer(token)).await
    }

    pub async fn get(&self, path: &str) -> Response {
        self.gateway.get(path).send().await.unwrap()
    }

    pub async fn stop(self) {
        self.gateway.stop().await;
    }
}

/// Status, body and challenge of an answer.
pub async fn told(request: RequestBuilder) -> (u16, Value, String) {
    let reply = request.send().await.unwrap();
    let challenge = reply.headers().get("www-authenticate").map(|value| value.to_str().unwrap().to_owned());
    let status = reply.status().as_u16();
    let body = serde_json::from_str(&reply.text().await.unwrap()).unwrap_or_default();
    (status, body, challenge.unwrap_or_default())
}

pub async fn status(request: RequestBuilder) -> u16 {
    request.send().await.unwrap().status().as_u16()
}

pub fn location(reply: &Response) -> Option<&str> {
    reply.headers().get("location").map(|value| value.to_str().unwrap())
}
