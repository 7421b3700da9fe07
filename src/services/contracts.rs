//! Contracts: applications ask for APIs, admins decide (dev-portal.md 6.2). What takes access away counts when Kong has
//! confirmed it; until then the answer says so.

use super::Services;
use super::applications::{self, Effect, Reach};
use super::change::{Actor, Change, Operation};
use super::error::ServiceError;
use super::portal::sight;
use super::strategies::are_compatible;
use super::{gateway_sync, portal_representation as shown};
use crate::domain::application::{Application, ApplicationStatus};
use crate::domain::catalogue::PublishedApi;
use crate::domain::contract::{
    Cause, Contract, ContractEvent, ContractState, ContractStatus, Ending, InvalidTransition, Suspension,
    is_auto_approved,
};
use crate::domain::ids::{ApiId, ApplicationId, ContractId, DeveloperId, WorkspaceId};
use crate::domain::team::Owner;
use crate::domain::visibility::ApiRight;
use crate::domain::workspace::Workspace;
use crate::store::{
    Connection, Page, Paged, applications as application_store, contracts as store, published_apis, strategies, teams,
};

/// A contract with what it connects.
#[derive(Clone, Debug)]
pub struct Connected {
    /// The contract.
    pub contract: Contract,
    /// The application.
    pub application: Application,
    /// The API.
    pub api: PublishedApi,
}

/// Which contracts are wanted.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// Id of an application.
    pub application: Option<ApplicationId>,
    /// Id, slug or service of an API.
    pub api: Option<String>,
    /// A status.
    pub status: Option<ContractStatus>,
}

/// What an admin does to a contract.
#[derive(Clone, Debug, Default)]
pub struct Decision {
    /// The status that it shall have, if it changes.
    pub status: Option<ContractStatus>,
    /// The status that the admin saw: with another one the decision is about something else.
    pub expected: Option<ContractStatus>,
    /// Pause or resume.
    pub suspended: Option<bool>,
    /// What the admin says to it.
    pub comment: Option<String>,
}

/// Contracts of a workspace, the oldest first.
///
/// # Errors
/// The store failed; [`ServiceError::NotFound`] for an unknown API.
pub async fn list(
    services: &Services,
    workspace: WorkspaceId,
    wanted: Wanted,
    page: &Page,
) -> Result<Paged<Connected>, ServiceError> {
    let mut connection = services.store.read().await?;
    let api = match wanted.api {
        Some(key) => {
            let found = published_apis::find(&mut connection, workspace, &key).await?;
            Some(found.ok_or(ServiceError::NotFound)?.id)
        }
        None => None,
    };
    let wanted = store::Wanted { api, application: wanted.application, status: wanted.status };
    let found = store::list(&mut connection, workspace, wanted, page).await?;
    let mut items = Vec::new();
    for contract in found.items {
        items.extend(connect(&mut connection, contract).await?);
    }
    Ok(Paged { items, offset: found.offset })
}

/// How many wait for a decision.
///
/// # Errors
/// The store failed.
pub async fn count_pending(services: &Services, workspace: WorkspaceId) -> Result<i64, ServiceError> {
    Ok(store::count_pending(&mut *services.store.read().await?, workspace).await?)
}

async fn connect(connection: &mut Connection, contract: Contract) -> Result<Option<Connected>, ServiceError> {
    let application = application_store::find(connection, contract.application_id).await?;
    let api = published_apis::find_by_id(connection, contract.api_id).await?;
    Ok(application.zip(api).map(|(application, api)| Connected { contract, application, api }))
}

/// Contracts of an application, the oldest first.
///
/// # Errors
/// [`ServiceError::NotFound`].
pub async fn list_of(services: &Services, reach: Reach, application: &str) -> Result<Vec<Connected>, ServiceError> {
    let mut connection = services.store.read().await?;
    let application = applications::find(&mut connection, reach, application).await?;
    let mut found = Vec::new();
    for contract in store::list_of(&mut connection, application.id).await? {
        found.extend(connect(&mut connection, contract).await?);
    }
    Ok(found)
}

/// One in reach; only of `application` if that is given.
///
/// # Errors
/// [`ServiceError::NotFound`].
pub async fn get(
    services: &Services,
    reach: Reach,
    application: Option<&str>,
    id: &str,
) -> Result<Connected, ServiceError> {
    find(&mut *services.store.read().await?, reach, application, id).await
}

async fn find(
    connection: &mut Connection,
    reach: Reach,
    application: Option<&str>,
    id: &str,
) -> Result<Connected, ServiceError> {
    let id: ContractId = id.parse().map_err(|_| ServiceError::NotFound)?;
    let contract = store::find(connection, id).await?.ok_or(ServiceError::NotFound)?;
    let owner = contract.application_id.to_string();
    if application.is_some_and(|application| application != owner) {
        return Err(ServiceError::NotFound);
    }
    applications::find(connection, reach, &owner).await?;
    connect(connection, contract).await?.ok_or(ServiceError::NotFound)
}

/// Whether the portal approves every request: a workspace's config rules over the settings.
fn portal_approves(services: &Services, workspace: &Workspace) -> bool {
    let configured = workspace.config.get("sso_portal_auto_approve_applications");
    let configured = configured.and_then(serde_json::Value::as_bool);
    configured.unwrap_or(services.settings.portal_gateway.auto_approve)
}

/// An application asks for an API.
///
/// # Errors
/// [`ServiceError::NotFound`] for an application out of reach and, to a developer, for an API that is hidden or takes no
/// requests; [`ServiceError::Forbidden`] to a developer where the owner of the application may only look;
/// [`ServiceError::Conflict`] for another strategy and for a contract that there is.
pub async fn request(
    services: &Services,
    actor: &Actor<'_>,
    workspace: &Workspace,
    reach: Reach,
    application: &str,
    api: &str,
    reason: Option<String>,
) -> Result<Connected, ServiceError> {
    let mut change = Change::begin_by(services, actor).await?;
    let application = applications::find_kept(change.connection(), reach, application).await?;
    let api = published_apis::find(change.connection(), workspace.id, api).await?.ok_or(ServiceError::NotFound)?;
    if let Actor::Developer { id, .. } = *actor {
        let has_teams = sight::has_teams(services, workspace);
        check_rights(change.connection(), has_teams, id, &application, &api).await?;
    }
    check_request(services, &mut change, &application, &api, matches!(actor, Actor::Developer { .. })).await?;
    let now = change.now();
    let is_approved = is_auto_approved(portal_approves(services, workspace), api.auto_approve)
        && !is_barred(change.connection(), actor, &application, &api).await?;
    let mut state = ContractState::requested(is_approved);
    let is_suspended = application.status == ApplicationStatus::Suspended;
    state.suspension = Suspension::default().with(Cause::Owner, is_suspended).with(Cause::Service, api.is_missing);
    let contract = Contract {
        id: ContractId::generate(),
        ws_id: workspace.id,
        application_id: application.id,
        api_id: api.id,
        state,
        reason,
        comment: None,
        created_at: now,
        updated_at: now,
    };
    store::create(change.connection(), &contract).await?;
    change.record(Operation::Create, "contracts", contract.id, shown::contract(&contract));
    gateway_sync::enqueue(&mut change, workspace.id, application.id).await?;
    change.commit().await?;
    gateway_sync::settle(services, application.id).await;
    Ok(Connected { contract, application, api })
}

/// Whether the developer may ask for this API for this application: the developer has to see it, and the owner of the
/// application, which may be a team, has to be allowed to consume it of itself.
async fn check_rights(
    connection: &mut Connection,
    has_teams: bool,
    developer: DeveloperId,
    application: &Application,
    api: &PublishedApi,
) -> Result<(), ServiceError> {
    let seen = sight::of_owner(connection, has_teams, Owner::Developer(developer)).await?;
    if !seen.sees(api) {
        return Err(ServiceError::NotFound);
    }
    let held = sight::of_owner(connection, has_teams, application.owner).await?;
    if held.right(api) >= ApiRight::Register {
        return Ok(());
    }
    let owner = match application.owner {
        Owner::Developer(_) => "you",
        Owner::Team(_) => "the team of this application",
    };
    Err(ServiceError::Forbidden(format!("{owner} may read about {} but not use it: ask an administrator", api.name)))
}

/// Whether an admin refused this API, or took it away, to any application of the owner or within reach of the developer
/// who asks: else another application would bring it back.
async fn is_barred(
    connection: &mut Connection,
    actor: &Actor<'_>,
    application: &Application,
    api: &PublishedApi,
) -> Result<bool, ServiceError> {
    let mut owners = vec![application.owner];
    if let Actor::Developer { id, .. } = *actor {
        owners.push(Owner::Developer(id));
        owners.extend(teams::list_of(connection, id).await?.iter().map(|team| Owner::Team(team.id)));
    }
    is_barred_for(connection, &owners, api.id).await
}

/// Whether an admin refused an API, or took it away, to any application of these owners.
pub(in crate::services) async fn is_barred_for(
    connection: &mut Connection,
    owners: &[Owner],
    api: ApiId,
) -> Result<bool, ServiceError> {
    for owner in owners {
        for owned in application_store::list_all_of(connection, *owner).await? {
            let held = store::find_between(connection, owned.id, api).await?;
            if held.is_some_and(|contract| contract.state.is_barred()) {
                return Ok(true);
            }
        }
    }
    Ok(false)
}

async fn check_request(
    services: &Services,
    change: &mut Change<'_>,
    application: &Application,
    api: &PublishedApi,
    by_developer: bool,
) -> Result<(), ServiceError> {
    if let Some(held) = store::find_between(change.connection(), application.id, api.id).await? {
        let status = held.state.status.as_str();
        return Err(ServiceError::Conflict(format!("the application has a contract for this API already ({status})")));
    }
    let of_application = strategies::get(change.connection(), application.strategy_id).await?;
    let of_api = strategies::get(change.connection(), api.strategy_id).await?;
    if !are_compatible(services, &of_application, &of_api) {
        let message = "auth_strategy_mismatch: the application's credentials are of another strategy than the API's";
        return Err(ServiceError::Conflict(message.to_owned()));
    }
    if by_developer && !api.registration_enabled {
        return Err(ServiceError::NotFound);
    }
    Ok(())
}

/// An admin decides about a contract.
///
/// # Errors
/// [`ServiceError::NotFound`], [`ServiceError::Conflict`] for a status that cannot follow and for one that the admin did
/// not see.
pub async fn decide(
    services: &Services,
    actor: &Actor<'_>,
    reach: Reach,
    application: Option<&str>,
    id: &str,
    decision: Decision,
) -> Result<Connected, ServiceError> {
    let mut change = Change::begin_by(services, actor).await?;
    let Connected { mut contract, .. } = find(change.connection(), reach, application, id).await?;
    contract.state = decided(contract.state, &decision)?;
    if let Some(suspended) = decision.suspended {
        contract.state.suspension = contract.state.suspension.with(Cause::Admin, suspended);
    }
    contract.comment = decision.comment.or(contract.comment);
    contract.updated_at = change.now();
    store::update(change.connection(), &contract).await?;
    // A revocation is recorded when it counts.
    if contract.state.ending == Ending::None {
        change.record(Operation::Update, "contracts", contract.id, shown::contract(&contract));
    }
    gateway_sync::enqueue(&mut change, contract.ws_id, contract.application_id).await?;
    change.commit().await?;
    gateway_sync::settle(services, contract.application_id).await;
    get(services, reach, application, id).await
}

/// The state with the status that was decided.
fn decided(state: ContractState, decision: &Decision) -> Result<ContractState, ServiceError> {
    let held = state.status;
    if decision.expected.is_some_and(|expected| expected != held) {
        let message = format!("somebody else has decided meanwhile: the contract is {}", held.as_str());
        return Err(ServiceError::Conflict(message));
    }
    // What is ending keeps its status until Kong confirmed it; that status is not what it will have.
    let Some(status) = decision.status.filter(|status| *status != held || state.ending != Ending::None) else {
        return Ok(state);
    };
    let next = ContractEvent::towards(status).ok_or(InvalidTransition).and_then(|event| state.after(event));
    next.map_err(|error| ServiceError::Conflict(error.to_string()))
}

/// Removes a contract: first from Kong, then here; a new request is possible afterwards.
///
/// # Errors
/// [`ServiceError::NotFound`], [`ServiceError::Conflict`] for a developer whom an admin refused the access or took it away.
pub async fn delete(
    services: &Services,
    actor: &Actor<'_>,
    reach: Reach,
    application: Option<&str>,
    id: &str,
) -> Result<Effect, ServiceError> {
    let mut change = Change::begin_by(services, actor).await?;
    let Connected { mut contract, .. } = find(change.connection(), reach, application, id).await?;
    if matches!(actor, Actor::Developer { .. }) && contract.state.is_barred() {
        let message = "an admin has decided about this access: only an admin can remove it";
        return Err(ServiceError::Conflict(message.to_owned()));
    }
    contract.state.ending = Ending::Delete;
    contract.updated_at = change.now();
    store::update(change.connection(), &contract).await?;
    gateway_sync::enqueue(&mut change, contract.ws_id, contract.application_id).await?;
    change.commit().await?;
    gateway_sync::settle(services, contract.application_id).await;
    let left = store::find(&mut *services.store.read().await?, contract.id).await?;
    Ok(if left.is_none() { Effect::Done } else { Effect::NotYet })
}
