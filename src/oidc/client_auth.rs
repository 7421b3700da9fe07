//! How this client proves itself to the provider (openid-connect.md 4.1; RFC 6749 2.3.1). Called by `token_endpoint` and
//! by whoever asks introspection and revocation.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use secrecy::{ExposeSecret as _, SecretString};
use url::form_urlencoded::byte_serialize;
use zeroize::Zeroizing;

use crate::config::auth_conf::ClientAuth;
use crate::config::plugin::ClientConf;

use super::error::OidcError;
use super::form_request::FormRequest;

/// The method for a client at an endpoint: the endpoint's own, else the client's, else the first of basic, post, the two
/// signed ones and none that the provider offers and the configuration can satisfy, else basic (none without a secret).
///
/// # Errors
/// A secret is needed and missing, or the provider offers none of them.
pub fn resolve(
    client: &ClientConf,
    of_endpoint: Option<ClientAuth>,
    offered: Option<&[String]>,
) -> Result<ClientAuth, OidcError> {
    let has_secret = client.secret.is_some();
    let method = match (of_endpoint.or(client.auth), offered) {
        (Some(configured), _) => configured,
        (None, Some(offered)) if !offered.is_empty() => by_offer(client, offered)?,
        (None, _) if has_secret => ClientAuth::SecretBasic,
        (None, _) => ClientAuth::None,
    };
    let needs_secret = !matches!(method, ClientAuth::None | ClientAuth::PrivateKeyJwt);
    if needs_secret && !has_secret { Err(OidcError::NoClientSecret) } else { Ok(method) }
}

fn by_offer(client: &ClientConf, offered: &[String]) -> Result<ClientAuth, OidcError> {
    let offers = |name: &str| offered.iter().any(|one| one == name);
    match client.secret.is_some() {
        true if offers("client_secret_basic") => Ok(ClientAuth::SecretBasic),
        true if offers("client_secret_post") => Ok(ClientAuth::SecretPost),
        true if offers("client_secret_jwt") => Ok(ClientAuth::SecretJwt),
        _ if offers("private_key_jwt") && client.jwk.is_some() => Ok(ClientAuth::PrivateKeyJwt),
        // A client without a secret is public: providers accept that without listing "none".
        false => Ok(ClientAuth::None),
        true if offers("none") => Ok(ClientAuth::None),
        true => Err(OidcError::NoClientAuth(super::authorization_response::clean(&offered.join(" ")))),
    }
}

/// Puts the client's proof into a request.
///
/// # Errors
/// A secret is needed and missing.
pub fn prove(client: &ClientConf, method: ClientAuth, request: &mut FormRequest) -> Result<(), OidcError> {
    let secret = || client.secret.as_ref().ok_or(OidcError::NoClientSecret);
    match method {
        ClientAuth::SecretBasic => request.header("authorization", &basic(&client.id, secret()?)),
        ClientAuth::SecretPost => {
            request.push("client_id", &client.id);
            request.push("client_secret", secret()?.expose_secret());
        }
        ClientAuth::None => request.push("client_id", &client.id),
        ClientAuth::SecretJwt | ClientAuth::PrivateKeyJwt => {
            return Err(OidcError::NoClientAuth(method.name().to_owned()));
        }
    }
    Ok(())
}

/// RFC 6749 2.3.1: id and secret are form-urlencoded before HTTP Basic encodes them.
fn basic(id: &str, secret: &SecretString) -> Zeroizing<String> {
    let encoded = |text: &str| byte_serialize(text.as_bytes()).collect::<String>();
    let pair = Zeroizing::new(format!("{}:{}", encoded(id), encoded(secret.expose_secret())));
    Zeroizing::new(format!("Basic {}", STANDARD.encode(pair.as_bytes())))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn client(secret: Option<&str>, auth: Option<ClientAuth>) -> ClientConf {
        ClientConf { auth, ..ClientConf::new("a:b".into(), secret.map(SecretString::from)) }
    }

    #[test]
    fn the_endpoints_method_counts_before_the_clients_and_that_before_the_offer() {
        let offer = ["client_secret_post".to_owned()];
        let resolved = |of_endpoint, auth| resolve(&client(Some("s"), auth), of_endpoint, Some(&offer)).unwrap();
        assert_eq!(resolved(Some(ClientAuth::None), Some(ClientAuth::SecretBasic)), ClientAuth::None);
        assert_eq!(resolved(None, Some(ClientAuth::SecretBasic)), ClientAuth::SecretBasic);
        assert_eq!(resolved(None, None), ClientAuth::SecretPost);
        assert_eq!(resolve(&client(Some("s"), None), None, None).unwrap(), ClientAuth::SecretBasic);
        assert_eq!(resolve(&client(None, None), None, Some(&offer)).unwrap(), ClientAuth::None);
        assert!(resolve(&client(None, None), Some(ClientAuth::SecretPost), None).is_err());
        assert!(resolve(&client(Some("s"), None), None, Some(&["tls_client_auth".to_owned()])).is_err());
    }

    #[test]
    fn reserved_characters_are_encoded_before_basic() {
        let header = basic("a:b", &"p&q %ü".into());
        let pair = STANDARD.decode(header.strip_prefix("Basic ").unwrap()).unwrap();
        assert_eq!(String::from_utf8(pair).unwrap(), "a%3Ab:p%26q+%25%C3%BC");
    }
}
