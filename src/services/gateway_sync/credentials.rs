//! What a credential is in Kong (dev-portal.md 6.5, 9.2): one entity, or two where an API key is the client id.

use std::fmt;

use serde_json::{Value, json};
use uuid::Uuid;

use crate::domain::application::{Application, RedirectUri};
use crate::domain::credential::{Credential, CredentialKind, CredentialStatus, SecretValue};
use crate::domain::strategy::{SigningKey, StrategyType};
use crate::domain::time::UnixSeconds;

/// A kind of credential of Kong's consumers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Door {
    /// Of the plugin `key-auth`.
    KeyAuth,
    /// Of the plugin `oauth2`.
    Oauth2,
    /// Of the plugin `jwt`.
    Jwt,
}

impl Door {
    /// All kinds.
    pub const ALL: [Self; 3] = [Self::KeyAuth, Self::Oauth2, Self::Jwt];

    /// The kinds that consumers of a strategy may have.
    #[must_use]
    pub const fn of(kind: StrategyType) -> &'static [Self] {
        match kind {
            // Under sso_portal_key_auth_value = client_id a credential is both, and what was stays to be found.
            StrategyType::KeyAuth | StrategyType::KongOauth2 => &[Self::KeyAuth, Self::Oauth2],
            StrategyType::Jwt | StrategyType::OpenidConnect => &[Self::Jwt],
        }
    }

    /// Its part of a path below a consumer.
    #[must_use]
    pub const fn segment(self) -> &'static str {
        match self {
            Self::KeyAuth => "key-auth",
            Self::Oauth2 => "oauth2",
            Self::Jwt => "jwt",
        }
    }

    /// Path of the list of all of them.
    #[must_use]
    pub const fn list(self) -> &'static str {
        match self {
            Self::KeyAuth => "/key-auths",
            Self::Oauth2 => "/oauth2",
            Self::Jwt => "/jwts",
        }
    }

    /// The member by which Kong finds one.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::KeyAuth | Self::Jwt => "key",
            Self::Oauth2 => "client_id",
        }
    }
}

/// A credential that Kong should know.
#[derive(Clone, PartialEq, Eq)]
pub struct CredentialTarget {
    /// Its kind.
    pub door: Door,
    /// Its id in Kong.
    pub id: Uuid,
    /// Its members without tags; they hold secrets.
    pub body: Value,
    /// When it ends.
    pub expires_at: Option<UnixSeconds>,
}

impl fmt::Debug for CredentialTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CredentialTarget").field("door", &self.door).field("id", &self.id).finish_non_exhaustive()
    }
}

/// A credential as a whole, and whether Kong should know it.
#[derive(Clone, Debug)]
pub struct Held {
    /// It should.
    pub is_live: bool,
    /// It may, whether it should or not: nobody has confirmed that it is gone.
    pub may_be_there: bool,
    /// What it is there.
    pub entities: Vec<CredentialTarget>,
}

impl Held {
    /// A credential that kong-sso made. `with_key`: the client id is an API key too.
    #[must_use]
    pub fn of(
        application: &Application,
        credential: &Credential,
        value: &SecretValue,
        with_key: bool,
        now: UnixSeconds,
    ) -> Self {
        let target =
            |door, body| CredentialTarget { door, id: credential.id.0, body, expires_at: credential.expires_at };
        let identifier = credential.identifier.as_deref().unwrap_or_default();
        let entities = match credential.kind {
            CredentialKind::ApiKey => vec![target(Door::KeyAuth, json!({ "key": value.expose() }))],
            CredentialKind::ClientSecret => {
                let mut entities = vec![target(Door::Oauth2, client(application, credential, identifier, value))];
                if with_key {
                    entities.push(target(Door::KeyAuth, json!({ "key": identifier })));
                }
                entities
            }
            CredentialKind::Jwt => vec![target(Door::Jwt, jwt(credential, identifier, value))],
        };
        Self {
            is_live: credential.is_live(now),
            may_be_there: credential.status != CredentialStatus::Revoked,
            entities,
        }
    }

    /// The provider's key under the client id of an application. Its id is the application's: there is one at most.
    #[must_use]
    pub fn external(application: &Application, key: Option<&SigningKey>) -> Self {
        let body = match (&application.custom_id, key) {
            (Some(client), Some(key)) => Some(json!({
                "key": client, "algorithm": key.algorithm.as_str(), "rsa_public_key": key.public_key,
            })),
            _ => None,
        };
        let is_live = body.is_some();
        let body = body.unwrap_or_default();
        let target = CredentialTarget { door: Door::Jwt, id: application.id.0, body, expires_at: None };
        Self { is_live, may_be_there: true, entities: vec![target] }
    }
}

fn client(application: &Application, credential: &Credential, identifier: &str, secret: &SecretValue) -> Value {
    let uris: Vec<&str> = application.redirect_uris.iter().map(RedirectUri::as_str).collect();
    json!({
        "name": application.name, "client_id": identifier, "client_secret": secret.expose(),
        "hash_secret": credential.is_hashed, "client_type": "confidential", "redirect_uris": uris,
    })
}

fn jwt(credential: &Credential, identifier: &str, value: &SecretValue) -> Value {
    let algorithm = credential.algorithm.unwrap_or(crate::domain::strategy::JwtAlgorithm::Hs256);
    let material = if algorithm.is_symmetric() { "secret" } else { "rsa_public_key" };
    json!({ "key": identifier, "algorithm": algorithm.as_str(), material: value.expose() })
}
