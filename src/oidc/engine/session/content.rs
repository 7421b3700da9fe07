//! What a session holds (openid-connect.md 5.2). It leaves the process only sealed.

use std::sync::Arc;

use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

use crate::config::plugin::SessionBinding;
use crate::domain::method::Method;
use crate::domain::session::SessionTimes;
use crate::domain::time::UnixSeconds;
use crate::oidc::engine::proof::{ClaimSources, Proof, ProvedTokens};
use crate::oidc::engine::request::RequestView;
use crate::oidc::jws::UnverifiedToken;
use crate::oidc::secret_text;
use crate::sealing::sha256_hex;

/// The content of a session. `Debug` hides the tokens.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SessionContent {
    /// Random, new each time that the session is saved.
    pub id: String,
    /// `session_audience`.
    pub audience: String,
    /// The method that created it.
    #[serde(with = "method_name")]
    pub method: Method,
    /// `issuer` of the plugin that created it, as written.
    pub plugin_issuer: String,
    /// Digest of what decided who may get it; without one it is nobody's.
    #[serde(default)]
    pub rules: String,
    /// `client_id` of the client that obtained the tokens.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client: Option<String>,
    /// `iss`, `sub` and `sid` of the tokens.
    #[serde(default, skip_serializing_if = "Who::is_nobody")]
    pub who: Who,
    /// Access token.
    #[serde(with = "secret_text::optional", default, skip_serializing_if = "Option::is_none")]
    pub access_token: Option<SecretString>,
    /// Whether the access token is a JWS whose claims count.
    #[serde(default)]
    pub has_access_claims: bool,
    /// ID token.
    #[serde(with = "secret_text::optional", default, skip_serializing_if = "Option::is_none")]
    pub id_token: Option<SecretString>,
    /// Refresh token.
    #[serde(with = "secret_text::optional", default, skip_serializing_if = "Option::is_none")]
    pub refresh_token: Option<SecretString>,
    /// End of the access token.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<UnixSeconds>,
    /// The JWK that verified the access token.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub access_token_jwk: Option<Arc<Value>>,
    /// The JWK that verified the ID token.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id_token_jwk: Option<Arc<Value>>,
    /// The introspection that created it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub introspection: Option<Arc<Value>>,
    /// UserInfo at its creation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_info: Option<Arc<Value>>,
    /// Id of the consumer that the credential itself named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub consumer: Option<String>,
    /// When it began.
    pub created_at: UnixSeconds,
    /// When it was renewed.
    pub renewed_at: UnixSeconds,
    /// When it was last used.
    pub last_seen_at: UnixSeconds,
    /// Beginning and renewal of the persistent session around it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remembered: Option<(UnixSeconds, UnixSeconds)>,
    /// What it is bound to.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub bound_to: Vec<(String, String)>,
}

/// Who a session belongs to, in the provider's words.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Who {
    /// `iss`.
    pub issuer: Option<String>,
    /// `sub`.
    pub subject: Option<String>,
    /// `sid`.
    pub idp_session: Option<String>,
}

impl Who {
    fn is_nobody(&self) -> bool {
        *self == Self::default()
    }

    fn of(claims: &ClaimSources) -> Self {
        let text = |name: &str| {
            let sources = [&claims.id_token, &claims.access_token, &claims.introspection, &claims.user_info];
            let found = sources.into_iter().flatten().find_map(|claims| claims.get(name)?.as_str());
            found.map(str::to_owned)
        };
        Self { issuer: text("iss"), subject: text("sub"), idp_session: text("sid") }
    }
}

impl SessionContent {
    /// The times that limits look at.
    #[must_use]
    pub const fn times(&self) -> SessionTimes {
        SessionTimes { created_at: self.created_at, last_seen_at: self.last_seen_at, renewed_at: self.renewed_at }
    }

    /// Takes over what a credential proved; everything else stays.
    pub fn take_proof(&mut self, proof: &Proof) {
        let who = Who::of(&proof.claims);
        if !who.is_nobody() {
            self.who = who;
        }
        self.access_token.clone_from(&proof.tokens.access_token);
        self.has_access_claims = proof.claims.access_token.is_some();
        self.id_token.clone_from(&proof.tokens.id_token);
        self.refresh_token.clone_from(&proof.tokens.refresh_token);
        self.expires_at = proof.tokens.expires_at;
        self.access_token_jwk.clone_from(&proof.access_token_jwk);
        self.id_token_jwk.clone_from(&proof.id_token_jwk);
        self.introspection.clone_from(&proof.claims.introspection);
        self.user_info.clone_from(&proof.claims.user_info);
        self.consumer = proof.consumer.as_ref().map(|consumer| consumer.id.clone());
    }

    /// What the session proves, with its client at that index. The consumer that `kong_oauth2` named is `consumer`.
    #[must_use]
    pub fn proof(&self, client: usize) -> Proof {
        let mut proof = Proof::new(Method::Session, client);
        proof.tokens = self.tokens();
        proof.claims = self.claims();
        proof.access_token_jwk.clone_from(&self.access_token_jwk);
        proof.id_token_jwk.clone_from(&self.id_token_jwk);
        proof
    }

    /// Bytes of the texts that make it large.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let tokens = [&self.access_token, &self.id_token, &self.refresh_token].into_iter().flatten();
        let answers = [&self.introspection, &self.user_info].into_iter().flatten();
        tokens.map(|token| token.expose_secret().len()).sum::<usize>()
            + answers.map(|claims| claims.to_string().len()).sum::<usize>()
    }

    /// The tokens.
    #[must_use]
    pub fn tokens(&self) -> ProvedTokens {
        ProvedTokens {
            access_token: self.access_token.clone(),
            id_token: self.id_token.clone(),
            refresh_token: self.refresh_token.clone(),
            expires_at: self.expires_at,
        }
    }

    /// The claims: they were verified when the session was made, and it has been sealed since.
    #[must_use]
    pub fn claims(&self) -> ClaimSources {
        let of = |token: &Option<SecretString>| {
            let token = token.as_ref()?.expose_secret();
            UnverifiedToken::parse(token).ok().map(|token| Arc::new(token.into_claims()))
        };
        ClaimSources {
            access_token: if self.has_access_claims { of(&self.access_token) } else { None },
            id_token: of(&self.id_token),
            introspection: self.introspection.clone(),
            user_info: self.user_info.clone(),
        }
    }

    /// Whether the request is from where the session is bound to. What was bound at its creation counts, and what is
    /// configured must have been bound.
    #[must_use]
    pub fn is_bound_here(&self, view: &RequestView<'_>, bind: &[SessionBinding]) -> bool {
        let now = bindings(view, bind);
        now.iter().all(|(name, value)| self.bound_to.iter().any(|(n, v)| n == name && v == value))
    }
}

/// What a request is bound by (openid-connect.md 5.5).
#[must_use]
pub fn bindings(view: &RequestView<'_>, bind: &[SessionBinding]) -> Vec<(String, String)> {
    let one = |binding: &SessionBinding| match binding {
        SessionBinding::Ip => ("ip".to_owned(), view.client.to_canonical().to_string()),
        SessionBinding::Scheme => ("scheme".to_owned(), view.scheme.to_owned()),
        SessionBinding::UserAgent => {
            let agent = view.headers.get("user-agent", 0).unwrap_or_default();
            ("user-agent".to_owned(), sha256_hex(agent))
        }
    };
    bind.iter().map(one).collect()
}

mod method_name {
    use super::{Deserialize as _, Deserializer, Method, Serialize as _, Serializer};

    pub(super) fn serialize<S: Serializer>(method: &Method, serializer: S) -> Result<S::Ok, S::Error> {
        method.name().serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Method, D::Error> {
        let name = String::deserialize(deserializer)?;
        Method::named(&name).ok_or_else(|| serde::de::Error::custom("no method"))
    }
}
