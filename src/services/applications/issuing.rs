//! Making the material of a credential: what is random, what the caller gave, and what is refused (dev-portal.md 6.3, 6.5).

use crate::domain::credential::{Credential, CredentialKind, CredentialStatus, SecretValue, token_of};
use crate::domain::ids::CredentialId;
use crate::domain::strategy::{JwtAlgorithm, Strategy, StrategyConfig};
use crate::domain::time::UnixSeconds;
use crate::oidc::public_pem;
use crate::sealing::random_bytes;
use crate::services::error::ServiceError;

/// What a caller may say of a new credential; which of it counts depends on the kind.
#[derive(Clone, Default)]
pub struct NewCredential {
    /// Name for people.
    pub display_name: Option<String>,
    /// How tokens will be signed.
    pub algorithm: Option<JwtAlgorithm>,
    /// Public half of the application's own key.
    pub public_key: Option<String>,
    /// A client id of an admin's choice.
    pub client_id: Option<String>,
    /// A client secret of an admin's choice.
    pub client_secret: Option<SecretValue>,
    /// Have Kong keep a hash.
    pub hash_secret: Option<bool>,
}

impl std::fmt::Debug for NewCredential {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NewCredential").field("display_name", &self.display_name).finish_non_exhaustive()
    }
}

/// What credentials of an application are made of.
pub(super) struct Mint<'m> {
    /// The application's strategy.
    pub(super) strategy: &'m Strategy,
    /// How API keys begin.
    pub(super) prefix: &'m str,
    /// Name of the workspace.
    pub(super) workspace: &'m str,
    /// Client ids are API keys too.
    pub(super) has_client_id_keys: bool,
}

/// The parts of a credential that its kind decides.
struct Material {
    kind: CredentialKind,
    identifier: Option<String>,
    algorithm: Option<JwtAlgorithm>,
    is_hashed: bool,
    expires_at: Option<UnixSeconds>,
    value: SecretValue,
}

impl Mint<'_> {
    /// A credential as the caller wants it, with its value. Application, workspace and name are the caller's business.
    ///
    /// # Errors
    /// [`ServiceError::Forbidden`] where credentials come from an identity provider, [`ServiceError::Schema`] for what the
    /// kind does not take.
    pub(super) fn make(
        &self,
        new: NewCredential,
        name: String,
        application: &crate::domain::application::Application,
        now: UnixSeconds,
    ) -> Result<(Credential, SecretValue), ServiceError> {
        let material = self.material(new, now)?;
        let credential = Credential {
            id: CredentialId::generate(),
            ws_id: application.ws_id,
            application_id: application.id,
            kind: material.kind,
            identifier: material.identifier,
            algorithm: material.algorithm,
            is_hashed: material.is_hashed,
            display_name: name,
            status: CredentialStatus::Active,
            expires_at: material.expires_at,
            created_at: now,
        };
        Ok((credential, material.value))
    }

    fn material(&self, new: NewCredential, now: UnixSeconds) -> Result<Material, ServiceError> {
        let is_signing = matches!(self.strategy.config, StrategyConfig::Jwt(_));
        if !is_signing && (new.algorithm.is_some() || new.public_key.is_some()) {
            return Err(ServiceError::field("algorithm", "credentials of this application sign nothing"));
        }
        self.refuse_chosen_key(&new)?;
        match &self.strategy.config {
            StrategyConfig::OpenidConnect(_) => Err(managed_elsewhere()),
            StrategyConfig::Jwt(_) => signing(new),
            StrategyConfig::KongOauth2(config) => client(new, config.hash_secret, None),
            StrategyConfig::KeyAuth(config) => {
                let expires_at = config.ttl.map(|ttl| now.plus(ttl.seconds()));
                if self.has_client_id_keys { client(new, false, expires_at) } else { self.key(expires_at) }
            }
        }
    }

    /// Refuses a client id that somebody chose where client ids are API keys: it could be guessed.
    fn refuse_chosen_key(&self, new: &NewCredential) -> Result<(), ServiceError> {
        if self.has_client_id_keys && new.client_id.is_some() {
            let sentence = "cannot be chosen while sso_portal_key_auth_value is client_id: it is a key, and made here";
            return Err(ServiceError::field("client_id", sentence));
        }
        Ok(())
    }

    fn key(&self, expires_at: Option<UnixSeconds>) -> Result<Material, ServiceError> {
        let value = SecretValue::of(self.prefix, self.workspace, random_bytes::<32>());
        let kind = CredentialKind::ApiKey;
        Ok(Material { kind, identifier: None, algorithm: None, is_hashed: false, expires_at, value })
    }
}

/// What is said where an identity provider has the credentials.
pub(super) fn managed_elsewhere() -> ServiceError {
    ServiceError::Forbidden("the credentials of this application are managed by the identity provider".to_owned())
}

fn client(new: NewCredential, is_hashed: bool, expires_at: Option<UnixSeconds>) -> Result<Material, ServiceError> {
    Ok(Material {
        kind: CredentialKind::ClientSecret,
        identifier: Some(new.client_id.unwrap_or_else(|| token_of(random_bytes::<32>()))),
        algorithm: None,
        is_hashed: new.hash_secret.unwrap_or(is_hashed),
        expires_at,
        value: new.client_secret.unwrap_or_else(|| SecretValue::from_text(token_of(random_bytes::<32>()))),
    })
}

/// The name of the key is ours: who chose it could take the client id of somebody else.
fn signing(new: NewCredential) -> Result<Material, ServiceError> {
    let algorithm = new.algorithm.unwrap_or(JwtAlgorithm::Hs256);
    let value = match (algorithm.is_symmetric(), new.public_key) {
        (true, None) => {
            // As long as the longest hash (RFC 7518 3.2).
            SecretValue::from_text(token_of(random_bytes::<32>()) + &token_of(random_bytes::<32>()))
        }
        (true, Some(_)) => {
            let message = format!("{} has a shared secret, which is made here", algorithm.as_str());
            return Err(ServiceError::field("public_key", message));
        }
        (false, None) => {
            let message = format!("required field missing: {} needs the public half of your key", algorithm.as_str());
            return Err(ServiceError::field("public_key", message));
        }
        (false, Some(text)) => {
            let pem = public_pem::parse(&text, algorithm).map_err(|why| ServiceError::field("public_key", why))?;
            SecretValue::from_text(pem)
        }
    };
    Ok(Material {
        kind: CredentialKind::Jwt,
        identifier: Some(token_of(random_bytes::<32>())),
        algorithm: Some(algorithm),
        is_hashed: false,
        expires_at: None,
        value,
    })
}
