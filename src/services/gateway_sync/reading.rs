//! Reading both sides: what Kong should hold from the store, and what it holds from its Admin API.

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;
use tokio::sync::Semaphore;

use super::credentials::Held;
use super::gate::Gate;
use super::names::Names;
use super::plan::{SeenApi, SeenApplication};
use super::target::{ApiTarget, ApplicationTarget, Gone};
use crate::domain::application::Application;
use crate::domain::catalogue::PublishedApi;
use crate::domain::contract::{Contract, Ending};
use crate::domain::credential::{CredentialStatus, SecretValue};
use crate::domain::ids::{ApiId, ApplicationId, ContractId, CredentialId, ServiceId, WorkspaceId};
use crate::domain::strategy::{Enforcer, Strategy, StrategyConfig};
use crate::domain::sync::{Subject, SubjectKind};
use crate::domain::time::UnixSeconds;
use crate::domain::workspace::Workspace;
use crate::kong::client::{KongAdmin, KongError};
use crate::sealing::Sealer;
use crate::services::error::ServiceError;
use crate::store::{
    Connection, application_credentials, applications, contracts, published_apis, strategies, strategy_keys, workspaces,
};

/// Purpose of sealed keys.
pub const SEALED_KEY: &str = "key of an application";
/// Entities a page. Plugins are long, and an answer of more than a megabyte is not read.
const PAGE: u32 = 500;

/// What the settings decide about targets, and how stored secrets are opened.
#[derive(Debug)]
pub(super) struct Rules {
    /// Opens stored secrets.
    pub(super) sealer: Sealer,
    /// What checks tokens of identity providers, where the settings say it.
    pub(super) enforcer: Option<Enforcer>,
    /// Client ids are API keys too.
    pub(super) has_client_id_keys: bool,
}

impl Rules {
    /// How the APIs of a strategy are guarded.
    pub(super) fn gate(&self, strategy: &Strategy) -> Gate {
        Gate::of(&strategy.config, self.enforcer)
    }

    fn enforces_jwt(&self, config: &crate::domain::strategy::OpenidConnectConfig) -> bool {
        super::gate::effective(config, self.enforcer) == Enforcer::Jwt
    }
}

/// What Kong should hold of a subject, at one moment.
#[derive(Debug)]
pub(super) enum Target {
    /// A published API.
    Api(Box<PublishedApi>, ApiTarget),
    /// An application, with what counts as ended once Kong holds no more than this.
    Application(Box<Application>, ApplicationTarget, Endings),
}

/// What waits for Kong's confirmation.
#[derive(Clone, Debug, Default)]
pub(super) struct Endings {
    /// Contracts that are being revoked or removed.
    pub(super) contracts: Vec<ContractId>,
    /// Credentials that are being revoked.
    pub(super) credentials: Vec<CredentialId>,
    /// What Kong should hold no more.
    pub(super) gone: Gone,
}

impl Endings {
    /// Whether nothing waits.
    pub(super) const fn is_empty(&self) -> bool {
        self.contracts.is_empty() && self.credentials.is_empty()
    }
}

/// Reads what Kong should hold of a subject; `None` when the subject is gone.
pub(super) async fn target(
    connection: &mut Connection,
    rules: &Rules,
    subject: Subject,
    now: UnixSeconds,
) -> Result<Option<Target>, ServiceError> {
    match subject.kind {
        SubjectKind::Api => {
            let Some(api) = published_apis::find_by_id(connection, ApiId(subject.id)).await? else { return Ok(None) };
            let strategy = strategies::get(connection, api.strategy_id).await?;
            let target = ApiTarget::of(&api, rules.gate(&strategy));
            Ok(Some(Target::Api(Box::new(api), target)))
        }
        SubjectKind::Application => {
            let id = ApplicationId(subject.id);
            let Some(application) = applications::find(connection, id).await? else { return Ok(None) };
            let (target, endings) = application_target(connection, rules, &application, now).await?;
            Ok(Some(Target::Application(Box::new(application), target, endings)))
        }
    }
}

async fn application_target(
    connection: &mut Connection,
    rules: &Rules,
    application: &Application,
    now: UnixSeconds,
) -> Result<(ApplicationTarget, Endings), ServiceError> {
    let contracts = contracts_with_services(connection, application).await?;
    let strategy = strategies::get(connection, application.strategy_id).await?;
    let mut revoked = Vec::new();
    let mut credentials = Vec::new();
    for sealed in application_credentials::list(connection, application.id).await? {
        let credential = sealed.credential;
        let Some(value) = opened(&rules.sealer, &sealed.value) else {
            tracing::error!(credential = %credential.id, "a stored key cannot be opened: was sso_encryption_key changed?");
            return Err(ServiceError::Seal);
        };
        if credential.status == CredentialStatus::RevokePending {
            revoked.push(credential.id);
        }
        credentials.push(Held::of(application, &credential, &value, rules.has_client_id_keys, now));
    }
    if let StrategyConfig::OpenidConnect(config) = &strategy.config {
        let known = strategy_keys::find(connection, strategy.id).await?.and_then(|known| known.key);
        let key = known.filter(|_| rules.enforces_jwt(config));
        credentials.push(Held::external(application, key.as_ref()));
    }
    let ending = contracts.iter().filter(|(contract, _)| contract.state.ending != Ending::None);
    let target = ApplicationTarget::of(application, strategy.kind(), &contracts, &credentials);
    let endings = Endings {
        gone: Gone::of(&target, &contracts, &credentials),
        contracts: ending.map(|(contract, _)| contract.id).collect(),
        credentials: revoked,
    };
    Ok((target, endings))
}

async fn contracts_with_services(
    connection: &mut Connection,
    application: &Application,
) -> Result<Vec<(Contract, ServiceId)>, ServiceError> {
    let apis = published_apis::list_all(connection, application.ws_id).await?;
    let contracts = contracts::list_of(connection, application.id).await?;
    let service = |contract: &Contract| apis.iter().find(|api| api.id == contract.api_id).map(|api| api.service_id);
    Ok(contracts.into_iter().filter_map(|contract| service(&contract).map(|service| (contract, service))).collect())
}

fn opened(sealer: &Sealer, sealed: &str) -> Option<SecretValue> {
    String::from_utf8(sealer.open(SEALED_KEY, sealed)?).ok().map(SecretValue::from_text)
}

/// The Kong of one workspace, asked for a few things at a time only.
#[derive(Debug)]
pub(super) struct Upstream<'u> {
    kong: &'u KongAdmin,
    lanes: &'u Semaphore,
    address: Option<String>,
    /// Names in the workspace.
    pub(super) names: Names,
}

impl<'u> Upstream<'u> {
    pub(super) fn of(kong: &'u KongAdmin, lanes: &'u Semaphore, workspace: &Workspace) -> Self {
        let names = Names::new(workspace.id, workspace.name.clone());
        Self { kong, lanes, address: workspace.upstream_admin_url.clone(), names }
    }

    pub(super) async fn put(&self, path: &str, body: &Value) -> Result<(), KongError> {
        let _lane = self.lanes.acquire().await;
        self.kong.put(self.address.as_deref(), path, body).await
    }

    pub(super) async fn patch(&self, path: &str, body: &Value) -> Result<(), KongError> {
        let _lane = self.lanes.acquire().await;
        self.kong.patch(self.address.as_deref(), path, body).await
    }

    pub(super) async fn delete(&self, path: &str) -> Result<(), KongError> {
        let _lane = self.lanes.acquire().await;
        self.kong.delete(self.address.as_deref(), path).await
    }

    pub(super) async fn find(&self, path: &str) -> Result<Option<Value>, KongError> {
        let _lane = self.lanes.acquire().await;
        match self.kong.get(self.address.as_deref(), path).await {
            Ok(entity) => Ok(Some(entity)),
            Err(KongError::Status(404)) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Every entity of a list. `filter` is a query argument such as `tags=x`, or empty.
    pub(super) async fn list(&self, path: &str, filter: &str) -> Result<Vec<Value>, KongError> {
        let mut entities = Vec::new();
        let mut offset = String::new();
        loop {
            let mut query = format!("{path}?size={PAGE}");
            for part in [filter, offset.as_str()].into_iter().filter(|part| !part.is_empty()) {
                query.push('&');
                query.push_str(part);
            }
            let Some(mut page) = self.find(&query).await? else { return Ok(entities) };
            match page.get_mut("data").map(Value::take) {
                Some(Value::Array(data)) => entities.extend(data),
                _ => return Err(KongError::NotJson),
            }
            let Some(next) = page.get("offset").and_then(Value::as_str) else { return Ok(entities) };
            offset = format!("offset={}", utf8_percent_encode(next, NON_ALPHANUMERIC));
        }
    }

    pub(super) async fn application(&self, target: &ApplicationTarget) -> Result<SeenApplication, KongError> {
        let base = format!("/consumers/{}", self.names.consumer(target.id));
        let Some(consumer) = self.find(&base).await? else { return Ok(SeenApplication::default()) };
        let mut credentials = Vec::new();
        for door in target.doors {
            let found = self.list(&format!("{base}/{}", door.segment()), "").await?;
            credentials.extend(found.into_iter().map(|held| (*door, held)));
        }
        let grants = self.list(&format!("{base}/acls"), "").await?;
        Ok(SeenApplication { consumer: Some(consumer), credentials, grants })
    }

    pub(super) async fn api(&self, target: &ApiTarget) -> Result<SeenApi, KongError> {
        let base = format!("/services/{}", target.service);
        if self.find(&base).await?.is_none() {
            return Ok(SeenApi::default());
        }
        let plugins = self.list(&format!("{base}/plugins"), "").await?;
        // Kong lists plugins that stand on a route and this service here too: they are not the service's own.
        let (route_plugins, plugins): (Vec<_>, Vec<_>) =
            plugins.into_iter().partition(|plugin| plugin.get("route").is_some_and(Value::is_object));
        let mut seen = SeenApi { has_service: true, plugins, route_plugins };
        for route in self.list(&format!("{base}/routes"), "").await? {
            let id = super::plan::entity_id(&route).to_owned();
            seen.route_plugins.extend(self.list(&format!("/routes/{id}/plugins"), "").await?);
        }
        Ok(seen)
    }
}

/// The workspace of an id.
pub(super) async fn workspace(connection: &mut Connection, id: WorkspaceId) -> Result<Workspace, ServiceError> {
    workspaces::find_by_id(connection, id).await?.ok_or(ServiceError::NotFound)
}
