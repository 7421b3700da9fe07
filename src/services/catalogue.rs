//! The catalogue: services of Kong that are published as APIs (dev-portal.md 5). Publishing guards the service in Kong.
//! Withdrawing it from the portal does not: else the API would be open to the world. That is a second, explicit step.

use serde_json::Value;

use super::Services;
use super::change::{Actor, Change, Operation};
use super::edit::Edit;
use super::error::ServiceError;
use super::gateway_sync::{self, plan};
use super::portal_representation as shown;
use super::strategies as strategy_service;
use crate::domain::catalogue::{PublishedApi, Visibility, slug_of};
use crate::domain::contract::ContractStatus;
use crate::domain::ids::{ApiId, WorkspaceId};
use crate::domain::strategy::Strategy;
use crate::domain::visibility::Sight;
use crate::domain::workspace::Workspace;
use crate::store::{Page, Paged, contracts, published_apis};

/// A service to be published.
#[derive(Clone, Debug)]
pub struct NewApi {
    /// Name or id of the service.
    pub service: String,
    /// Name for developers; the service's when missing.
    pub name: Option<String>,
    /// Part of the URL; made from the name when missing.
    pub slug: Option<String>,
    /// One paragraph.
    pub description: Option<String>,
    /// Markdown.
    pub document: Option<String>,
    /// Who sees it; `sso_portal_default_api_visibility` when missing.
    pub visibility: Option<Visibility>,
    /// Name or id of the strategy; the built-in one when missing.
    pub strategy: Option<String>,
    /// Approve requests at once.
    pub auto_approve: bool,
    /// Take requests.
    pub registration_enabled: bool,
    /// Tell developers the issuer of the identity provider.
    pub show_issuer: bool,
}

/// Changes of a published API.
#[derive(Clone, Debug, Default)]
pub struct ApiEdit {
    /// Name for developers.
    pub name: Edit<String>,
    /// Part of the URL.
    pub slug: Edit<String>,
    /// One paragraph.
    pub description: Edit<Option<String>>,
    /// Markdown.
    pub document: Edit<Option<String>>,
    /// Who sees it.
    pub visibility: Edit<Visibility>,
    /// Name or id of the strategy.
    pub strategy: Edit<String>,
    /// Approve requests at once.
    pub auto_approve: Edit<bool>,
    /// Take requests.
    pub registration_enabled: Edit<bool>,
    /// Tell developers the issuer of the identity provider.
    pub show_issuer: Edit<bool>,
    /// Show it in the portal.
    pub is_published: Edit<bool>,
}

/// A page of a workspace's, for admins.
///
/// # Errors
/// The store failed.
pub async fn list(
    services: &Services,
    workspace: WorkspaceId,
    page: &Page,
) -> Result<Paged<PublishedApi>, ServiceError> {
    Ok(published_apis::list(&mut *services.store.read().await?, workspace, page).await?)
}

/// All of a workspace, by name, for admins.
///
/// # Errors
/// The store failed.
pub async fn list_all(services: &Services, workspace: WorkspaceId) -> Result<Vec<PublishedApi>, ServiceError> {
    Ok(published_apis::list_all(&mut *services.store.read().await?, workspace).await?)
}

/// The one of that id, slug or service, for admins.
///
/// # Errors
/// [`ServiceError::NotFound`].
pub async fn get(services: &Services, workspace: WorkspaceId, key: &str) -> Result<PublishedApi, ServiceError> {
    published_apis::find(&mut *services.store.read().await?, workspace, key).await?.ok_or(ServiceError::NotFound)
}

/// What somebody sees of the catalogue, by name; `search` looks in names, descriptions and documents.
///
/// # Errors
/// The store failed.
pub async fn visible(
    services: &Services,
    workspace: WorkspaceId,
    sight: &Sight,
    search: &str,
) -> Result<Vec<PublishedApi>, ServiceError> {
    let wanted = search.trim().to_lowercase();
    let mut apis = list_all(services, workspace).await?;
    apis.retain(|api| sight.sees(api) && (wanted.is_empty() || mentions(api, &wanted)));
    Ok(apis)
}

fn mentions(api: &PublishedApi, wanted: &str) -> bool {
    let texts = [Some(api.name.as_str()), api.description.as_deref(), api.document.as_deref(), Some(api.slug.as_str())];
    texts.into_iter().flatten().any(|text| text.to_lowercase().contains(wanted))
}

/// One API as somebody sees it.
///
/// # Errors
/// [`ServiceError::NotFound`], also for one that is hidden from that viewer.
pub async fn get_visible(
    services: &Services,
    workspace: WorkspaceId,
    sight: &Sight,
    key: &str,
) -> Result<PublishedApi, ServiceError> {
    let api = get(services, workspace, key).await?;
    if sight.sees(&api) { Ok(api) } else { Err(ServiceError::NotFound) }
}

/// Services of Kong that are not published: id and name.
///
/// # Errors
/// Kong or the store failed.
pub async fn unpublished(services: &Services, workspace: &Workspace) -> Result<Vec<(String, String)>, ServiceError> {
    let published = list_all(services, workspace.id).await?;
    let all = gateway_sync::kong_services(services, workspace).await?;
    let is_new = |service: &&Value| !published.iter().any(|api| api.service_id.to_string() == plan::entity_id(service));
    let mut found: Vec<_> = all.iter().filter(is_new).map(named).collect();
    found.sort_by(|one, other| one.1.cmp(&other.1));
    Ok(found)
}

fn named(service: &Value) -> (String, String) {
    let id = plan::entity_id(service).to_owned();
    let name = plan::text(service, "name").map_or_else(|| id.clone(), str::to_owned);
    (id, name)
}

/// Publishes a service: stored, then guarded in Kong.
///
/// # Errors
/// [`ServiceError::Schema`] without such a service or strategy, [`ServiceError::Unique`] for a service, name or slug that is
/// taken, [`ServiceError::Conflict`] when the service has a guard of its own.
pub async fn publish(
    services: &Services,
    actor: &Actor<'_>,
    workspace: &Workspace,
    new: NewApi,
) -> Result<PublishedApi, ServiceError> {
    let service = gateway_sync::kong_service(services, workspace, &new.service).await?;
    let service =
        service.ok_or_else(|| ServiceError::field("service", format!("Kong has no service '{}'", new.service)))?;
    let (service_id, service_name) = named(&service);
    let service_id = service_id.parse().map_err(|_| ServiceError::field("service", "its id is no UUID"))?;
    let strategy = find_strategy(services, workspace.id, new.strategy.as_deref()).await?;
    // Before the transaction: Kong may take its time, and the database has one writer.
    gateway_sync::check_gate(services, workspace, service_id, &strategy).await?;
    let mut change = Change::begin_by(services, actor).await?;
    let now = change.now();
    let name = new.name.unwrap_or_else(|| service_name.clone());
    let api = PublishedApi {
        id: ApiId::generate(),
        ws_id: workspace.id,
        service_id,
        service_name,
        slug: new.slug.unwrap_or_else(|| slug_of(&name)),
        name,
        description: new.description,
        document: new.document,
        visibility: new.visibility.unwrap_or(services.settings.portal.default_visibility),
        strategy_id: strategy.id,
        auto_approve: new.auto_approve,
        registration_enabled: new.registration_enabled,
        show_issuer: new.show_issuer,
        is_published: true,
        has_gate: true,
        is_missing: false,
        created_at: now,
        updated_at: now,
    };
    published_apis::create(change.connection(), &api).await?;
    change.record(Operation::Create, "published_apis", api.id, shown::api(&api));
    gateway_sync::enqueue(&mut change, workspace.id, api.id).await?;
    change.commit().await?;
    gateway_sync::settle(services, api.id).await;
    Ok(api)
}

/// Changes a published API.
///
/// # Errors
/// See [`publish`]; [`ServiceError::NotFound`]; [`ServiceError::Conflict`] for another strategy while there are contracts.
pub async fn update(
    services: &Services,
    actor: &Actor<'_>,
    workspace: &Workspace,
    key: &str,
    edit: ApiEdit,
) -> Result<PublishedApi, ServiceError> {
    check_reopening(services, workspace, key, &edit).await?;
    let mut change = Change::begin_by(services, actor).await?;
    let found = published_apis::find(change.connection(), workspace.id, key).await?;
    let mut api = found.ok_or(ServiceError::NotFound)?;
    if let Edit::To(strategy) = &edit.strategy {
        let strategy =
            strategy_service::find_or_default(services, change.connection(), workspace.id, Some(strategy)).await?;
        if strategy.id != api.strategy_id && !contracts::list_of_api(change.connection(), api.id).await?.is_empty() {
            return Err(ServiceError::Conflict("the strategy cannot change while there are contracts".to_owned()));
        }
        api.strategy_id = strategy.id;
    }
    edit.name.apply(&mut api.name);
    edit.slug.apply(&mut api.slug);
    edit.description.apply(&mut api.description);
    edit.document.apply(&mut api.document);
    edit.visibility.apply(&mut api.visibility);
    edit.auto_approve.apply(&mut api.auto_approve);
    edit.registration_enabled.apply(&mut api.registration_enabled);
    edit.show_issuer.apply(&mut api.show_issuer);
    edit.is_published.apply(&mut api.is_published);
    api.has_gate |= api.is_published;
    store(&mut change, &mut api).await?;
    change.commit().await?;
    gateway_sync::settle(services, api.id).await;
    Ok(api)
}

/// The strategy that a request names.
async fn find_strategy(
    services: &Services,
    workspace: WorkspaceId,
    key: Option<&str>,
) -> Result<Strategy, ServiceError> {
    let mut tx = services.store.write().await?;
    let found = strategy_service::find_or_default(services, &mut tx, workspace, key).await?;
    tx.commit().await?;
    Ok(found)
}

/// A gate that is closed again, or of another kind, must be one that this Kong can have, and the service must have none of
/// its own by now.
async fn check_reopening(
    services: &Services,
    workspace: &Workspace,
    key: &str,
    edit: &ApiEdit,
) -> Result<(), ServiceError> {
    let api = get(services, workspace.id, key).await?;
    let present = api.strategy_id.to_string();
    let strategy = match &edit.strategy {
        Edit::To(wanted) => find_strategy(services, workspace.id, Some(wanted)).await?,
        Edit::Keep => find_strategy(services, workspace.id, Some(&present)).await?,
    };
    let is_other = strategy.id != api.strategy_id;
    let is_reopened = !api.has_gate && edit.is_published == Edit::To(true);
    if !(is_reopened || (is_other && api.has_gate)) {
        return Ok(());
    }
    gateway_sync::check_gate(services, workspace, api.service_id, &strategy).await
}

async fn store(change: &mut Change<'_>, api: &mut PublishedApi) -> Result<(), ServiceError> {
    api.updated_at = change.now();
    published_apis::update(change.connection(), api).await?;
    change.record(Operation::Update, "published_apis", api.id, shown::api(api));
    gateway_sync::enqueue(change, api.ws_id, api.id).await
}

/// Takes the guard of a withdrawn API away: the service is open to the world then.
///
/// # Errors
/// [`ServiceError::NotFound`]; [`ServiceError::Conflict`] while it is published or without `is_confirmed`.
pub async fn remove_gate(
    services: &Services,
    actor: &Actor<'_>,
    workspace: &Workspace,
    key: &str,
    is_confirmed: bool,
) -> Result<PublishedApi, ServiceError> {
    let mut change = Change::begin_by(services, actor).await?;
    let found = published_apis::find(change.connection(), workspace.id, key).await?;
    let mut api = found.ok_or(ServiceError::NotFound)?;
    if api.is_published {
        return Err(ServiceError::Conflict("unpublish the API before its gate is removed".to_owned()));
    }
    if !is_confirmed {
        let warning = "without its gate the service is open to everybody: repeat the request with confirm=true";
        return Err(ServiceError::Conflict(warning.to_owned()));
    }
    api.has_gate = false;
    store(&mut change, &mut api).await?;
    change.commit().await?;
    gateway_sync::settle(services, api.id).await;
    Ok(api)
}

/// Forgets an API that neither is guarded nor has contracts.
///
/// # Errors
/// [`ServiceError::NotFound`]; [`ServiceError::Conflict`].
pub async fn delete(
    services: &Services,
    actor: &Actor<'_>,
    workspace: WorkspaceId,
    key: &str,
) -> Result<(), ServiceError> {
    let mut change = Change::begin_by(services, actor).await?;
    let found = published_apis::find(change.connection(), workspace, key).await?;
    let api = found.ok_or(ServiceError::NotFound)?;
    let open = contracts::list_of_api(change.connection(), api.id).await?;
    if !open.is_empty() {
        let approved = open.iter().filter(|contract| contract.state.status == ContractStatus::Approved).count();
        let message = format!("{} contracts ({approved} approved) use this API: delete them first", open.len());
        return Err(ServiceError::Conflict(message));
    }
    let overview = gateway_sync::overview(services, workspace).await?;
    let is_settled = overview.of(api.id).state == crate::domain::sync::SyncState::InSync;
    if api.has_gate || !(is_settled || api.is_missing) {
        return Err(ServiceError::Conflict("remove the gate of the API first".to_owned()));
    }
    published_apis::delete(change.connection(), api.id).await?;
    gateway_sync::enqueue(&mut change, workspace, api.id).await?;
    change.record(Operation::Delete, "published_apis", api.id, shown::api(&api));
    change.commit().await
}
