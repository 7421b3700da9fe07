//! What a credential proved: the one shape in which all nine methods hand on their result (openid-connect.md 2).

use std::sync::Arc;

use secrecy::SecretString;
use serde_json::Value;

use crate::domain::claims::ClaimPath;
use crate::domain::consumer::Consumer;
use crate::domain::method::Method;
use crate::domain::time::UnixSeconds;
use crate::oidc::verify::time_of;

use super::verified_tokens::KnownToken;

/// A proved credential.
#[derive(Clone, Debug)]
pub struct Proof {
    /// The method that authenticated the request; of a session, `Session`.
    pub method: Method,
    /// Index into `OpenIdConnectConf::clients` of the client that obtained the tokens.
    pub client: usize,
    /// Tokens.
    pub tokens: ProvedTokens,
    /// What they say.
    pub claims: ClaimSources,
    /// The JWK that verified the access token.
    pub access_token_jwk: Option<Arc<Value>>,
    /// The JWK that verified the ID token.
    pub id_token_jwk: Option<Arc<Value>>,
    /// The consumer that the credential itself names (`kong_oauth2`).
    pub consumer: Option<Arc<Consumer>>,
    /// The token endpoint's whole answer, for `login_tokens = tokens`.
    pub token_answer: Option<Arc<Value>>,
}

impl Proof {
    /// A proof that has nothing to show yet.
    #[must_use]
    pub fn new(method: Method, client: usize) -> Self {
        Self {
            method,
            client,
            tokens: ProvedTokens::default(),
            claims: ClaimSources::default(),
            access_token_jwk: None,
            id_token_jwk: None,
            consumer: None,
            token_answer: None,
        }
    }

    /// Takes over what the verified access token says.
    pub fn set_access_token(&mut self, known: KnownToken) {
        self.tokens.expires_at = time_of(&known.claims, "exp");
        self.claims.access_token = Some(known.claims);
        self.access_token_jwk = known.jwk;
    }

    /// `sub`, wherever it stands.
    #[must_use]
    pub fn subject(&self) -> Option<String> {
        let sources =
            [&self.claims.access_token, &self.claims.id_token, &self.claims.introspection, &self.claims.user_info];
        let sub = sources.into_iter().flatten().find_map(|claims| claims.get("sub")?.as_str());
        sub.map(str::to_owned)
    }
}

/// Tokens of a proof. `Debug` hides them.
#[derive(Clone, Debug, Default)]
pub struct ProvedTokens {
    /// Access token.
    pub access_token: Option<SecretString>,
    /// ID token.
    pub id_token: Option<SecretString>,
    /// Refresh token.
    pub refresh_token: Option<SecretString>,
    /// End of the access token, when it is known.
    pub expires_at: Option<UnixSeconds>,
}

impl ProvedTokens {
    /// Whether the access token has ended or ends within `leeway` seconds. A token without a known end never does.
    #[must_use]
    pub fn needs_refresh(&self, now: UnixSeconds, leeway: i64) -> bool {
        self.expires_at.is_some_and(|end| now.plus(leeway) >= end)
    }
}

/// Claims by where they come from. Verified all.
#[derive(Clone, Debug, Default)]
pub struct ClaimSources {
    /// Of the access token, when it is a JWS that was verified.
    pub access_token: Option<Arc<Value>>,
    /// Of the ID token.
    pub id_token: Option<Arc<Value>>,
    /// Of the introspection.
    pub introspection: Option<Arc<Value>>,
    /// Of UserInfo.
    pub user_info: Option<Arc<Value>>,
}

impl ClaimSources {
    /// Access token, ID token, introspection, UserInfo: headers and the virtual credential (openid-connect.md 7.7, 8.2).
    #[must_use]
    pub fn for_headers(&self, path: &ClaimPath) -> Option<&Value> {
        [&self.access_token, &self.id_token, &self.introspection, &self.user_info]
            .into_iter()
            .flatten()
            .find_map(|claims| path.find(claims).filter(|value| !value.is_null()))
    }

    /// ID token, access token, introspection, UserInfo: consumer mapping (openid-connect.md 7.4).
    #[must_use]
    pub fn for_mapping(&self, path: &ClaimPath) -> Option<&Value> {
        [&self.id_token, &self.access_token, &self.introspection, &self.user_info]
            .into_iter()
            .flatten()
            .find_map(|claims| path.find(claims).filter(|value| !value.is_null()))
    }
}
