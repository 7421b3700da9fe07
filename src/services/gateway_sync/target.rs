//! What Kong should hold, computed from the store's values alone (dev-portal.md 6.5).

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::names::Names;
use crate::domain::application::{Application, ApplicationStatus};
use crate::domain::catalogue::PublishedApi;
use crate::domain::contract::Contract;
use crate::domain::credential::{ApiKey, Credential, CredentialStatus};
use crate::domain::ids::{ApiId, ApplicationId, CredentialId, ServiceId};
use crate::domain::strategy::KeyAuthConfig;
use crate::domain::time::UnixSeconds;

/// A gate stands for every protocol: left to a hand-made choice, the others would be open.
const PROTOCOLS: [&str; 4] = ["grpc", "grpcs", "http", "https"];

/// A key that Kong should know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyTarget {
    /// Its id, here and in Kong.
    pub id: CredentialId,
    /// Its value.
    pub key: ApiKey,
    /// When it ends.
    pub expires_at: Option<UnixSeconds>,
}

/// What Kong should hold of an application.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApplicationTarget {
    /// The application.
    pub id: ApplicationId,
    /// Whether there should be a consumer.
    pub has_consumer: bool,
    /// `custom_id` of the consumer.
    pub custom_id: Option<String>,
    /// Its keys.
    pub keys: Vec<KeyTarget>,
    /// The services that it may call.
    pub services: BTreeSet<ServiceId>,
}

impl ApplicationTarget {
    /// The target of an application with its contracts, each with the service behind it, and the values of its keys. An
    /// application whose owner may not use the portal has a consumer, but neither keys nor grants.
    #[must_use]
    pub fn of(
        application: &Application,
        contracts: &[(Contract, ServiceId)],
        keys: &[(Credential, ApiKey)],
        now: UnixSeconds,
    ) -> Self {
        let is_active = application.status == ApplicationStatus::Active;
        let granted = contracts.iter().filter(|(contract, _)| is_active && contract.state.wants_grant());
        let live = keys.iter().filter(|(credential, _)| is_active && credential.is_live(now));
        Self {
            id: application.id,
            has_consumer: application.status != ApplicationStatus::Deleting,
            custom_id: application.custom_id.clone(),
            keys: live
                .map(|(credential, key)| KeyTarget {
                    id: credential.id,
                    key: key.clone(),
                    expires_at: credential.expires_at,
                })
                .collect(),
            services: granted.map(|(_, service)| *service).collect(),
        }
    }

    /// The consumer's body.
    #[must_use]
    pub fn consumer_body(&self, names: &Names) -> Value {
        json!({
            "username": format!("app-{}", self.id), "custom_id": self.custom_id, "tags": names.application_tags(self.id),
        })
    }
}

/// What Kong should hold no more, by the names under which a write on its way may bring it back.
#[derive(Clone, Debug, Default)]
pub struct Gone {
    /// Services that the application may not call.
    pub services: Vec<ServiceId>,
    /// Its keys that should not be known.
    pub keys: Vec<CredentialId>,
}

impl Gone {
    /// What a target leaves out of an application's contracts and keys. Keys that are revoked for good were confirmed.
    #[must_use]
    pub fn of(target: &ApplicationTarget, contracts: &[(Contract, ServiceId)], keys: &[(Credential, ApiKey)]) -> Self {
        let services = contracts.iter().map(|(_, service)| *service);
        let unconfirmed = keys.iter().filter(|(credential, _)| credential.status != CredentialStatus::Revoked);
        let keys = unconfirmed.map(|(credential, _)| credential.id);
        Self {
            services: services.filter(|service| !target.services.contains(service)).collect(),
            keys: keys.filter(|id| target.keys.iter().all(|wanted| wanted.id != *id)).collect(),
        }
    }
}

/// What Kong should hold of a published API.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiTarget {
    /// The API.
    pub id: ApiId,
    /// Its service.
    pub service: ServiceId,
    /// How callers are identified; `None` when nothing should guard the service.
    pub gate: Option<KeyAuthConfig>,
}

impl ApiTarget {
    /// The target of a published API with its strategy's settings.
    #[must_use]
    pub fn of(api: &PublishedApi, config: &KeyAuthConfig) -> Self {
        Self { id: api.id, service: api.service_id, gate: api.has_gate.then(|| config.clone()) }
    }

    /// The body of the plugin that lets only holders of the group pass.
    #[must_use]
    pub fn acl_body(&self, names: &Names) -> Value {
        json!({
            "name": "acl", "enabled": true, "protocols": PROTOCOLS, "tags": names.api_tags(self.id, self.service),
            "config": { "allow": [names.group(self.service)], "deny": null, "hide_groups_header": true },
        })
    }

    /// The body of the plugin that identifies callers.
    #[must_use]
    pub fn auth_body(&self, names: &Names, config: &KeyAuthConfig) -> Value {
        json!({
            "name": "key-auth", "enabled": true, "protocols": PROTOCOLS, "tags": names.api_tags(self.id, self.service),
            "config": {
                "key_names": config.key_names, "hide_credentials": true, "key_in_header": true, "key_in_query": false,
                "key_in_body": false, "anonymous": null,
            },
        })
    }
}
