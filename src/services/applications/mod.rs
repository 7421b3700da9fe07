//! Applications of developers and teams (dev-portal.md 6.1). Every change is written to Kong by `gateway_sync`.

pub mod credentials;
mod issuing;
mod owner;
mod transfer;

use super::Services;
use super::change::{Actor, Change, Operation};
use super::edit::Edit;
use super::error::ServiceError;
use super::strategies as strategy_service;
use super::{gateway_sync, portal_representation as shown};
use crate::domain::application::{Application, ApplicationStatus, RedirectUri};
use crate::domain::developer::Developer;
use crate::domain::ids::{ApplicationId, DeveloperId, StrategyId, WorkspaceId};
use crate::domain::strategy::{Strategy, StrategyConfig};
use crate::domain::team::Owner;
use crate::store::{
    Connection, Page, Paged, applications, contracts, developers, published_apis, strategies, team_members,
};
pub use issuing::NewCredential;
pub use owner::{owner_deleted, owner_lost_access, owner_name, owner_regained_access};
pub use transfer::transfer;

/// An application to be made.
#[derive(Clone, Debug, Default)]
pub struct NewApplication {
    /// Name.
    pub name: String,
    /// Free text.
    pub description: Option<String>,
    /// Where sign-ins may lead.
    pub redirect_uris: Vec<RedirectUri>,
    /// Reference id; the client id where credentials come from an identity provider.
    pub custom_id: Option<String>,
    /// Name or id of the strategy; the built-in one when missing.
    pub strategy: Option<String>,
}

/// Changes of an application.
#[derive(Clone, Debug, Default)]
pub struct ApplicationEdit {
    /// Name.
    pub name: Edit<String>,
    /// Free text.
    pub description: Edit<Option<String>>,
    /// Where sign-ins may lead.
    pub redirect_uris: Edit<Vec<RedirectUri>>,
    /// Reference id.
    pub custom_id: Edit<Option<String>>,
}

/// How far something got that Kong has to confirm.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// It is done.
    Done,
    /// It will be as soon as Kong takes it.
    NotYet,
}

/// Whose applications are reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whose {
    /// Everybody's of the workspace.
    All,
    /// What belongs to a developer alone.
    Own(DeveloperId),
    /// That, and what belongs to a team that the developer is in.
    Within(DeveloperId),
}

/// Which applications are reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reach {
    /// The workspace.
    pub workspace: WorkspaceId,
    /// Whose.
    pub whose: Whose,
}

impl Reach {
    /// Everything of a workspace, for admins.
    #[must_use]
    pub const fn workspace(workspace: WorkspaceId) -> Self {
        Self { workspace, whose: Whose::All }
    }

    /// What a developer controls.
    #[must_use]
    pub const fn developer(workspace: WorkspaceId, developer: DeveloperId) -> Self {
        Self { workspace, whose: Whose::Within(developer) }
    }

    /// What belongs to a developer alone, for admins.
    #[must_use]
    pub const fn own(workspace: WorkspaceId, developer: DeveloperId) -> Self {
        Self { workspace, whose: Whose::Own(developer) }
    }

    async fn covers(&self, connection: &mut Connection, application: &Application) -> Result<bool, ServiceError> {
        if application.ws_id != self.workspace {
            return Ok(false);
        }
        Ok(match (self.whose, application.owner) {
            (Whose::All, _) => true,
            (Whose::Own(developer) | Whose::Within(developer), Owner::Developer(owner)) => owner == developer,
            (Whose::Own(_), Owner::Team(_)) => false,
            (Whose::Within(developer), Owner::Team(team)) => team_members::has(connection, team, developer).await?,
        })
    }
}

/// A page of those in reach, by id.
///
/// # Errors
/// The store failed.
pub async fn list(services: &Services, reach: Reach, page: &Page) -> Result<Paged<Application>, ServiceError> {
    let mut connection = services.store.read().await?;
    Ok(match reach.whose {
        Whose::All => applications::list(&mut connection, reach.workspace, page).await?,
        Whose::Own(developer) => applications::list_of(&mut connection, Owner::Developer(developer), page).await?,
        Whose::Within(developer) => applications::list_within(&mut connection, developer, page).await?,
    })
}

/// All with a strategy, for admins.
///
/// # Errors
/// The store failed.
pub async fn list_with(services: &Services, strategy: StrategyId) -> Result<Vec<Application>, ServiceError> {
    Ok(applications::list_all_with(&mut *services.store.read().await?, strategy).await?)
}

/// A page of an owner's, by id.
///
/// # Errors
/// The store failed.
pub async fn list_of_owner(services: &Services, owner: Owner, page: &Page) -> Result<Paged<Application>, ServiceError> {
    Ok(applications::list_of(&mut *services.store.read().await?, owner, page).await?)
}

/// How many a developer controls.
///
/// # Errors
/// The store failed.
pub async fn count(services: &Services, developer: DeveloperId) -> Result<i64, ServiceError> {
    Ok(applications::count_within(&mut *services.store.read().await?, developer).await?)
}

/// One in reach.
///
/// # Errors
/// [`ServiceError::NotFound`], also for one of somebody else.
pub async fn get(services: &Services, reach: Reach, id: &str) -> Result<Application, ServiceError> {
    find(&mut *services.store.read().await?, reach, id).await
}

/// Refuses what would leave gates, keys and grants behind in a Kong that nobody looks after any more.
///
/// # Errors
/// [`ServiceError::Conflict`] while a workspace has published APIs or applications.
pub(super) async fn refuse_while_in_kong(
    connection: &mut Connection,
    workspace: WorkspaceId,
) -> Result<(), ServiceError> {
    let one = Page { size: 1, after: String::new() };
    let is_empty = published_apis::list(connection, workspace, &one).await?.items.is_empty()
        && applications::list(connection, workspace, &one).await?.items.is_empty();
    if is_empty {
        return Ok(());
    }
    let message = "the workspace has published APIs or applications in its Kong: delete them first";
    Err(ServiceError::Conflict(message.to_owned()))
}

/// The developer of that address or id.
///
/// # Errors
/// [`ServiceError::NotFound`].
pub async fn owner_of(services: &Services, workspace: WorkspaceId, key: &str) -> Result<Developer, ServiceError> {
    developers::find(&mut *services.store.read().await?, workspace, key).await?.ok_or(ServiceError::NotFound)
}

pub(super) async fn find(connection: &mut Connection, reach: Reach, id: &str) -> Result<Application, ServiceError> {
    let id: ApplicationId = id.parse().map_err(|_| ServiceError::NotFound)?;
    let application = applications::find(connection, id).await?.ok_or(ServiceError::NotFound)?;
    if reach.covers(connection, &application).await? { Ok(application) } else { Err(ServiceError::NotFound) }
}

/// One in reach that is not about to go.
pub(super) async fn find_kept(
    connection: &mut Connection,
    reach: Reach,
    id: &str,
) -> Result<Application, ServiceError> {
    let application = find(connection, reach, id).await?;
    if application.status == ApplicationStatus::Deleting {
        return Err(ServiceError::Conflict("the application is being deleted".to_owned()));
    }
    Ok(application)
}

/// Makes an application of a developer or a team.
///
/// # Errors
/// [`ServiceError::Forbidden`] beyond the limit and for a team that may own none, [`ServiceError::Unique`] for a taken name
/// or reference id, [`ServiceError::Schema`] for an unknown strategy and for a team out of reach.
pub async fn create(
    services: &Services,
    actor: &Actor<'_>,
    workspace: WorkspaceId,
    owner: Owner,
    new: NewApplication,
) -> Result<Application, ServiceError> {
    let mut change = Change::begin_by(services, actor).await?;
    let now = change.now();
    let status = owner::admit(services, &mut change, actor, workspace, owner).await?;
    let strategy =
        strategy_service::find_or_default(services, change.connection(), workspace, new.strategy.as_deref()).await?;
    let application = Application {
        id: ApplicationId::generate(),
        ws_id: workspace,
        owner,
        name: new.name,
        description: new.description,
        redirect_uris: new.redirect_uris,
        custom_id: reference_id(&strategy, actor, new.custom_id)?,
        strategy_id: strategy.id,
        status,
        created_at: now,
        updated_at: now,
    };
    applications::create(change.connection(), &application).await?;
    change.record(Operation::Create, "applications", application.id, shown::application(&application));
    gateway_sync::enqueue(&mut change, workspace, application.id).await?;
    change.commit().await?;
    gateway_sync::settle(services, application.id).await;
    Ok(application)
}

/// The reference id of an application. Services behind Kong see it as `X-Consumer-Custom-ID` and may trust it: developers
/// choose it only where a token of the identity provider has to prove it at each call.
fn reference_id(strategy: &Strategy, actor: &Actor<'_>, given: Option<String>) -> Result<Option<String>, ServiceError> {
    match (&strategy.config, given) {
        (StrategyConfig::OpenidConnect(config), Some(text)) => match config.client_id(&text) {
            empty if empty.is_empty() => Err(ServiceError::field("custom_id", CLIENT_ID_MISSING)),
            client => Ok(Some(client)),
        },
        (StrategyConfig::OpenidConnect(_), None) => Err(ServiceError::field("custom_id", CLIENT_ID_MISSING)),
        (_, Some(_)) if matches!(actor, Actor::Developer { .. }) => {
            Err(ServiceError::field("custom_id", SET_BY_ADMINS))
        }
        (_, given) => Ok(given),
    }
}

const SET_BY_ADMINS: &str = "is set by an administrator";
const CLIENT_ID_MISSING: &str = "required field missing: the client id of the application at the identity provider";

/// Another client is another caller: what was approved for the former one is decided again.
async fn review_contracts(change: &mut Change<'_>, application: ApplicationId) -> Result<(), ServiceError> {
    for mut contract in contracts::list_of(change.connection(), application).await? {
        let next = contract.state.reviewed();
        if next != contract.state {
            contract.state = next;
            contract.updated_at = change.now();
            contracts::update(change.connection(), &contract).await?;
        }
    }
    Ok(())
}

/// Changes one.
///
/// # Errors
/// [`ServiceError::NotFound`], [`ServiceError::Unique`], [`ServiceError::Conflict`] while it is being deleted.
pub async fn update(
    services: &Services,
    actor: &Actor<'_>,
    reach: Reach,
    id: &str,
    edit: ApplicationEdit,
) -> Result<Application, ServiceError> {
    let mut change = Change::begin_by(services, actor).await?;
    let mut application = find_kept(change.connection(), reach, id).await?;
    edit.name.apply(&mut application.name);
    edit.description.apply(&mut application.description);
    edit.redirect_uris.apply(&mut application.redirect_uris);
    if let Edit::To(given) = edit.custom_id {
        let strategy = strategies::get(change.connection(), application.strategy_id).await?;
        let is_chosen = !strategy.kind().is_external() && matches!(actor, Actor::Developer { .. });
        if is_chosen {
            return Err(ServiceError::field("custom_id", SET_BY_ADMINS));
        }
        let wanted = reference_id(&strategy, actor, given)?;
        if strategy.kind().is_external() && wanted != application.custom_id {
            review_contracts(&mut change, application.id).await?;
        }
        application.custom_id = wanted;
    }
    application.updated_at = change.now();
    applications::update(change.connection(), &application).await?;
    change.record(Operation::Update, "applications", application.id, shown::application(&application));
    gateway_sync::enqueue(&mut change, application.ws_id, application.id).await?;
    change.commit().await?;
    gateway_sync::settle(services, application.id).await;
    Ok(application)
}

/// Removes one: first from Kong, grants before keys before the consumer, then here.
///
/// # Errors
/// [`ServiceError::NotFound`]; [`ServiceError::Conflict`] for a developer whose access an admin took away: it would come back
/// with the next application.
pub async fn delete(services: &Services, actor: &Actor<'_>, reach: Reach, id: &str) -> Result<Effect, ServiceError> {
    let mut change = Change::begin_by(services, actor).await?;
    let application = find(change.connection(), reach, id).await?;
    if matches!(actor, Actor::Developer { .. }) {
        refuse_barred(change.connection(), application.id).await?;
    }
    begin_removal(&mut change, application.clone()).await?;
    change.commit().await?;
    gateway_sync::settle(services, application.id).await;
    let left = applications::find(&mut *services.store.read().await?, application.id).await?;
    Ok(if left.is_none() { Effect::Done } else { Effect::NotYet })
}

async fn refuse_barred(connection: &mut Connection, application: ApplicationId) -> Result<(), ServiceError> {
    let held = contracts::list_of(connection, application).await?;
    if held.iter().any(|contract| contract.state.is_barred()) {
        let message = "an admin has decided about access of this application: only an admin can delete it";
        return Err(ServiceError::Conflict(message.to_owned()));
    }
    Ok(())
}

/// Refuses to remove an owner whose access to some API an admin refused or took away.
///
/// # Errors
/// [`ServiceError::Conflict`]; the store failed.
pub(in crate::services) async fn refuse_barred_of(change: &mut Change<'_>, owner: Owner) -> Result<(), ServiceError> {
    for application in applications::list_all_of(change.connection(), owner).await? {
        refuse_barred(change.connection(), application.id).await?;
    }
    Ok(())
}

async fn begin_removal(change: &mut Change<'_>, mut application: Application) -> Result<(), ServiceError> {
    application.status = ApplicationStatus::Deleting;
    application.updated_at = change.now();
    applications::update(change.connection(), &application).await?;
    gateway_sync::enqueue(change, application.ws_id, application.id).await
}
