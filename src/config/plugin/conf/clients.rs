//! The clients of a plugin at its provider, and values that stand in parallel arrays.

use std::sync::Arc;

use secrecy::SecretString;
use serde_json::Value;

use crate::config::auth_conf::ClientAuth;

/// One client of the plugin at the provider; the elements of the parallel arrays at its index, or the first ones
/// where an array is shorter (openid-connect.md 4.2).
#[derive(Clone, Debug)]
pub struct ClientConf {
    /// `client_id`.
    pub id: String,
    /// `client_secret`.
    pub secret: Option<SecretString>,
    /// `client_auth`.
    pub auth: Option<ClientAuth>,
    /// `client_alg`, e.g. `RS256`.
    pub alg: Option<String>,
    /// `client_jwk`, a private JWK (RFC 7517) as JSON.
    pub jwk: Option<ClientKey>,
    /// `redirect_uri` as it was written, for providers compare it as text; `None` = the URL of the request.
    pub redirect_uri: Option<String>,
}

impl ClientConf {
    /// A client that proves itself with its secret, if it has one; nothing else is configured.
    #[must_use]
    pub fn new(id: String, secret: Option<SecretString>) -> Self {
        Self { id, secret, auth: None, alg: None, jwk: None, redirect_uri: None }
    }
}

/// An array that is parallel to `client_id` (openid-connect.md 4.2), and has elements without any client too.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PerClient<T>(pub Vec<T>);

impl<T> PerClient<T> {
    /// The element of the client at `index`, or the first one where the array is shorter.
    #[must_use]
    pub fn of(&self, index: usize) -> Option<&T> {
        self.0.get(index).or(self.0.first())
    }
}

/// A private JWK. `Debug` hides it.
#[derive(Clone)]
pub struct ClientKey(pub Arc<Value>);

impl std::fmt::Debug for ClientKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ClientKey(hidden)")
    }
}
