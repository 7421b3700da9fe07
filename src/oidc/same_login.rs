//! Whether a refreshed ID token continues the login that it came from. Called by `relying_party`.

use secrecy::{ExposeSecret as _, SecretString};
use serde_json::Value;

use super::error::OidcError;
use super::jws::UnverifiedToken;

/// OpenID Connect Core 12.2: a refreshed ID token has the same `iss`, `sub` and `aud`. The old one was verified when
/// it came, and it has been sealed since.
pub(super) fn is_same_login(old_id_token: &SecretString, claims: &Value) -> Result<(), OidcError> {
    let old = UnverifiedToken::parse(old_id_token.expose_secret()).map_err(OidcError::IdToken)?;
    for name in ["iss", "sub"] {
        if old.claims().get(name) != claims.get(name) {
            return Err(OidcError::RefreshedIdToken(name));
        }
    }
    if audience(old.claims().get("aud")) == audience(claims.get("aud")) {
        Ok(())
    } else {
        Err(OidcError::RefreshedIdToken("aud"))
    }
}

/// The audiences in order, whether they came as text or as a list.
fn audience(aud: Option<&Value>) -> Vec<&str> {
    let mut names: Vec<&str> = match aud {
        Some(Value::String(only)) => vec![only],
        Some(Value::Array(list)) => list.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    };
    names.sort_unstable();
    names
}
