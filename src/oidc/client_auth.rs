//! How this client proves itself at the token endpoint (openid-connect.md 4.1; RFC 6749 2.3.1). Called by
//! `token_endpoint`. The library form-urlencodes id and secret before it puts them into HTTP Basic, as RFC 6749
//! demands; a test with reserved characters proves it.

use openidconnect::{AuthType, ClientSecret};
use secrecy::ExposeSecret as _;

use crate::config::auth_conf::ClientAuth;
use crate::config::plugin::ClientConf;

use super::error::OidcError;

/// The method for this client at this provider: the configured one, else the first of basic, post and none that the
/// provider offers and the configuration can satisfy, else basic (none without a secret).
///
/// # Errors
/// A secret is needed and missing, or the provider offers none of the three.
pub fn resolve(client: &ClientConf, offered: Option<&[String]>) -> Result<ClientAuth, OidcError> {
    let has_secret = client.secret.is_some();
    let method = match (client.auth, offered) {
        (Some(configured), _) => configured,
        (None, Some(offered)) if !offered.is_empty() => by_offer(has_secret, offered)?,
        (None, _) if has_secret => ClientAuth::SecretBasic,
        (None, _) => ClientAuth::None,
    };
    if method != ClientAuth::None && !has_secret { Err(OidcError::NoClientSecret) } else { Ok(method) }
}

fn by_offer(has_secret: bool, offered: &[String]) -> Result<ClientAuth, OidcError> {
    let offers = |name: &str| offered.iter().any(|one| one == name);
    match has_secret {
        true if offers("client_secret_basic") => Ok(ClientAuth::SecretBasic),
        true if offers("client_secret_post") => Ok(ClientAuth::SecretPost),
        // A client without a secret is public: providers accept that without listing "none".
        false => Ok(ClientAuth::None),
        true if offers("none") => Ok(ClientAuth::None),
        true => Err(OidcError::NoClientAuth(super::authorization_response::clean(&offered.join(" ")))),
    }
}

/// The method in the library's terms: where credentials stand, and the secret that is sent at all.
pub(super) fn credentials(client: &ClientConf, method: ClientAuth) -> (AuthType, Option<ClientSecret>) {
    let secret = || client.secret.as_ref().map(|secret| ClientSecret::new(secret.expose_secret().to_owned()));
    match method {
        ClientAuth::SecretBasic => (AuthType::BasicAuth, secret()),
        ClientAuth::SecretPost => (AuthType::RequestBody, secret()),
        // What proves a JWT client stands in other parameters.
        ClientAuth::None | ClientAuth::SecretJwt | ClientAuth::PrivateKeyJwt => (AuthType::RequestBody, None),
    }
}
