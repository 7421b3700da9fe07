//! What Kong should hold, computed from the store's values alone (dev-portal.md 6.5).

use std::collections::BTreeSet;

use serde_json::{Value, json};

use uuid::Uuid;

use super::credentials::{CredentialTarget, Door, Held};
use super::gate::{AuthPlugin, Gate};
use super::names::Names;
use crate::domain::application::{Application, ApplicationStatus};
use crate::domain::catalogue::PublishedApi;
use crate::domain::contract::Contract;
use crate::domain::ids::{ApiId, ApplicationId, ServiceId};
use crate::domain::strategy::StrategyType;

/// A gate stands for every protocol: left to a hand-made choice, the others would be open.
const PROTOCOLS: [&str; 4] = ["grpc", "grpcs", "http", "https"];

/// What Kong should hold of an application.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApplicationTarget {
    /// The application.
    pub id: ApplicationId,
    /// Whether there should be a consumer.
    pub has_consumer: bool,
    /// `custom_id` of the consumer.
    pub custom_id: Option<String>,
    /// The kinds of credentials that it may have.
    pub doors: &'static [Door],
    /// Its credentials.
    pub credentials: Vec<CredentialTarget>,
    /// The services that it may call.
    pub services: BTreeSet<ServiceId>,
}

impl ApplicationTarget {
    /// The target of an application with its contracts, each with the service behind it, and its credentials. An
    /// application whose owner may not use the portal has a consumer, but neither credentials nor grants.
    #[must_use]
    pub fn of(
        application: &Application,
        kind: StrategyType,
        contracts: &[(Contract, ServiceId)],
        credentials: &[Held],
    ) -> Self {
        let is_active = application.status == ApplicationStatus::Active;
        let granted = contracts.iter().filter(|(contract, _)| is_active && contract.state.wants_grant());
        let live = credentials.iter().filter(|held| is_active && held.is_live);
        Self {
            id: application.id,
            has_consumer: application.status != ApplicationStatus::Deleting,
            custom_id: application.custom_id.clone(),
            doors: Door::of(kind),
            credentials: live.flat_map(|held| held.entities.iter().cloned()).collect(),
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
    /// Its credentials that should not be known.
    pub credentials: Vec<(Door, Uuid)>,
}

impl Gone {
    /// What a target leaves out of an application's contracts and credentials. What was revoked for good was confirmed.
    #[must_use]
    pub fn of(target: &ApplicationTarget, contracts: &[(Contract, ServiceId)], credentials: &[Held]) -> Self {
        let services = contracts.iter().map(|(_, service)| *service);
        let unconfirmed = credentials.iter().filter(|held| held.may_be_there).flat_map(|held| &held.entities);
        let named = unconfirmed.map(|entity| (entity.door, entity.id));
        let is_wanted = |door, id| target.credentials.iter().any(|wanted| (wanted.door, wanted.id) == (door, id));
        Self {
            services: services.filter(|service| !target.services.contains(service)).collect(),
            credentials: named.filter(|(door, id)| !is_wanted(*door, *id)).collect(),
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
    /// How it is guarded; `None` when nothing should.
    pub gate: Option<Gate>,
}

impl ApiTarget {
    /// The target of a published API with the gate of its strategy.
    #[must_use]
    pub fn of(api: &PublishedApi, gate: Gate) -> Self {
        Self { id: api.id, service: api.service_id, gate: api.has_gate.then_some(gate) }
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
    pub fn auth_body(&self, names: &Names, plugin: &AuthPlugin) -> Value {
        json!({
            "name": plugin.name, "enabled": true, "protocols": PROTOCOLS, "config": plugin.config,
            "tags": names.api_tags(self.id, self.service),
        })
    }
}
