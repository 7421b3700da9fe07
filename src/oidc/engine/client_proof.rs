//! How a client of the plugin proves itself at an endpoint (openid-connect.md 4.1): with its secret, or with a signed
//! assertion (RFC 7523) by its secret, its own key, or the key set of this installation.

use std::str::FromStr as _;

use jsonwebtoken::Algorithm;
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};

use crate::config::auth_conf::ClientAuth;
use crate::config::plugin::ClientConf;
use crate::oidc::client_auth;
use crate::oidc::error::{Endpoint, OidcError};
use crate::oidc::form_request::FormRequest;
use crate::oidc::metadata::ProviderMetadata;
use crate::oidc::signing_key::{KeyError, SigningKey};
use crate::sealing::random_token;

use super::context::Context;

/// Seconds for which an assertion is good.
const LIFETIME: i64 = 60;
/// `client_assertion_type` (RFC 7523 2.2).
const JWT_BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

impl Context {
    /// Puts the proof of the client at `index` into a request for an endpoint. Without any client there is none.
    ///
    /// # Errors
    /// What the configuration has does not suffice for the method, or a key cannot be used.
    pub async fn prove_client(
        &self,
        index: usize,
        which: Endpoint,
        metadata: &ProviderMetadata,
        request: &mut FormRequest,
    ) -> Result<(), OidcError> {
        let Some(client) = self.client(index) else {
            return Ok(());
        };
        let (endpoints, conf) = (&metadata.endpoints, &self.conf);
        let (configured, offered, url) = match which {
            Endpoint::Introspection => {
                (conf.introspection.auth, &metadata.introspection_auth_methods, &endpoints.introspection)
            }
            Endpoint::Revocation => {
                (conf.logout.revocation_auth, &metadata.revocation_auth_methods, &endpoints.revocation)
            }
            _ => (conf.token.auth, &metadata.token_auth_methods, &endpoints.token),
        };
        let method = client_auth::resolve(client, configured, offered.as_deref())?;
        if !matches!(method, ClientAuth::SecretJwt | ClientAuth::PrivateKeyJwt) {
            return client_auth::prove(client, method, request);
        }
        let url = url.as_ref().ok_or(OidcError::NoEndpoint(which))?;
        let assertion = self.assertion(client, method, url.as_str()).await?;
        request.push("client_id", &client.id);
        request.push("client_assertion_type", JWT_BEARER);
        request.push("client_assertion", &assertion);
        Ok(())
    }

    async fn assertion(&self, client: &ClientConf, method: ClientAuth, audience: &str) -> Result<String, OidcError> {
        let claims = claims(&client.id, audience, self.clock.now().0);
        let unusable = |error: KeyError| OidcError::ClientKey(error.to_string());
        let alg = |default: Algorithm| match client.alg.as_deref() {
            Some(name) => Algorithm::from_str(name).map_err(|_| unusable(KeyError::Algorithm)),
            None => Ok(default),
        };
        if method == ClientAuth::SecretJwt {
            let secret = client.secret.as_ref().ok_or(OidcError::NoClientSecret)?;
            let alg = alg(Algorithm::HS256)?;
            if !matches!(alg, Algorithm::HS256 | Algorithm::HS384 | Algorithm::HS512) {
                return Err(unusable(KeyError::Algorithm));
            }
            let key = SigningKey::from_secret(alg, secret.expose_secret().as_bytes());
            return key.sign("JWT", &claims).map_err(unusable);
        }
        if let Some(jwk) = &client.jwk {
            let alg = client.alg.as_ref().map(|_| alg(Algorithm::RS256)).transpose()?;
            return SigningKey::from_jwk(&jwk.0, alg).and_then(|key| key.sign("JWT", &claims)).map_err(unusable);
        }
        let keys = self.own_keys.keys().await.map_err(OidcError::ClientKey)?;
        let key = keys.signing(alg(Algorithm::RS256)?).ok_or_else(|| unusable(KeyError::Algorithm))?;
        key.sign("JWT", &claims).map_err(unusable)
    }
}

fn claims(client_id: &str, audience: &str, now: i64) -> Value {
    json!({
        "iss": client_id, "sub": client_id, "aud": audience, "jti": random_token(), "iat": now, "exp": now + LIFETIME,
    })
}
