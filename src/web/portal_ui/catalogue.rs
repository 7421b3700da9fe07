//! `/apis`: what there is to use, and each API with its document and the way to get access.

use std::collections::HashMap;

use actix_web::http::StatusCode;
use actix_web::web::{Path, Query};
use askama::Template;

use super::forms::DeveloperForm;
use super::how_to::HowTo;
use super::markdown;
use super::shell::{PortalSection, PortalShell};
use super::visitor::PageVisitor;
use crate::domain::application::Application;
use crate::domain::catalogue::PublishedApi;
use crate::domain::contract::ContractStatus;
use crate::domain::strategy::Strategy;
use crate::domain::team::Owner;
use crate::domain::visibility::Sight;
use crate::services::applications::{self, Reach};
use crate::services::catalogue;
use crate::services::change::Actor;
use crate::services::portal::{asking, sight};
use crate::services::{Page, contracts, portal_representation, strategies};
use crate::web::admin_ui::flash::Flash;
use crate::web::admin_ui::form::{Choice, Errors};
use crate::web::error::ApiError;
use crate::web::portal_api::guard::{PortalError, PortalResult};

#[derive(Template)]
#[template(path = "portal/apis.html")]
struct ApisPage {
    shell: PortalShell,
    query: String,
    apis: Vec<ApiRow>,
    signed_in: bool,
}

/// An API in a list.
pub(super) struct ApiRow {
    pub(super) url: String,
    pub(super) name: String,
    pub(super) description: String,
    pub(super) is_private: bool,
}

#[derive(Template)]
#[template(path = "portal/api.html")]
struct ApiPage {
    shell: PortalShell,
    errors: Errors,
    name: String,
    slug: String,
    description: String,
    document: String,
    strategy: String,
    how_to: HowTo,
    takes_requests: bool,
    /// Whether the visitor, or a team of the visitor, may use it.
    can_register: bool,
    /// Whether admins can be asked for that right.
    can_ask: bool,
    approves_at_once: bool,
    signed_in: bool,
    /// Applications that may ask.
    applications: Vec<Choice>,
    reason: String,
    contracts: Vec<HeldRow>,
}

struct HeldRow {
    url: String,
    application: String,
    status: &'static str,
    tone: &'static str,
}

/// `GET /apis`
pub(super) async fn list(visitor: PageVisitor, query: Query<HashMap<String, String>>) -> PortalResult {
    let query = query.get("q").cloned().unwrap_or_default();
    let page = ApisPage {
        shell: visitor.shell("APIs", PortalSection::Apis)?,
        apis: rows(&visitor, &query).await?,
        signed_in: visitor.is_signed_in(),
        query,
    };
    visitor.render(StatusCode::OK, &page)
}

/// What the visitor sees of the catalogue.
///
/// # Errors
/// The store failed.
pub(super) async fn rows(visitor: &PageVisitor, search: &str) -> Result<Vec<ApiRow>, PortalError> {
    let workspace = visitor.portal.workspace.id;
    let found = catalogue::visible(&visitor.services, workspace, &visitor.sight().await?, search).await?;
    Ok(found.iter().map(|api| row(visitor, api)).collect())
}

fn row(visitor: &PageVisitor, api: &PublishedApi) -> ApiRow {
    ApiRow {
        url: visitor.url(&format!("/apis/{}", api.slug)),
        name: api.name.clone(),
        description: api.description.clone().unwrap_or_default(),
        is_private: api.visibility == crate::domain::catalogue::Visibility::Private,
    }
}

/// `GET /apis/{slug}`
pub(super) async fn show(visitor: PageVisitor, path: Path<(String, String)>) -> PortalResult {
    page(&visitor, &path.1, "", Errors::default()).await
}

async fn page(visitor: &PageVisitor, slug: &str, reason: &str, errors: Errors) -> PortalResult {
    let workspace = visitor.portal.workspace.id;
    let sight = visitor.sight().await?;
    let api = catalogue::get_visible(&visitor.services, workspace, &sight, slug).await?;
    let strategy = strategies::get(&visitor.services, workspace, &api.strategy_id.to_string()).await?;
    let enforcer = visitor.services.settings.portal_gateway.enforcer;
    let how_to = HowTo::of(&strategy, portal_representation::issuer(&api, &strategy), enforcer);
    let actions = sight.actions(&api);
    let (applications, contracts) = own(visitor, &sight, &api, &strategy).await?;
    let page = ApiPage {
        shell: visitor.shell(&api.name, PortalSection::Apis)?,
        document: api.document.as_deref().map(markdown::to_html).unwrap_or_default(),
        description: api.description.clone().unwrap_or_default(),
        slug: api.slug.clone(),
        strategy: strategy.display_name.clone(),
        how_to,
        takes_requests: api.registration_enabled,
        can_register: actions.register,
        can_ask: asking::is_possible(&visitor.portal),
        approves_at_once: api.auto_approve,
        signed_in: visitor.is_signed_in(),
        name: api.name,
        applications,
        contracts,
        reason: reason.to_owned(),
        errors,
    };
    visitor.render(page.errors.status(), &page)
}

/// The developer's applications that may ask, and those that did. Whether one of a team may is for the team's own right to
/// say.
async fn own(
    visitor: &PageVisitor,
    sight: &Sight,
    api: &PublishedApi,
    strategy: &Strategy,
) -> Result<(Vec<Choice>, Vec<HeldRow>), PortalError> {
    let strategies = strategies::list(&visitor.services, visitor.portal.workspace.id).await?;
    let fits = |application: &Application| {
        let own = strategies.iter().find(|it| it.id == application.strategy_id);
        own.is_some_and(|own| strategies::are_compatible(&visitor.services, own, strategy))
    };
    let Some(live) = visitor.live.as_ref().filter(|live| live.is_full()) else { return Ok((Vec::new(), Vec::new())) };
    let reach = Reach::developer(visitor.portal.workspace.id, live.developer.id);
    let all = applications::list(&visitor.services, reach, &Page { size: 1000, after: String::new() }).await?;
    let (mut choices, mut held) = (Vec::new(), Vec::new());
    for application in all.items {
        let id = application.id.to_string();
        let contracts = contracts::list_of(&visitor.services, reach, &id).await?;
        match contracts.iter().find(|it| it.api.id == api.id) {
            Some(it) => held.push(HeldRow {
                url: visitor.url(&format!("/applications/{id}")),
                application: application.name,
                status: it.contract.state.status.as_str(),
                tone: tone(it.contract.state.status),
            }),
            None if fits(&application) && may_ask(visitor, sight, &application, api).await? => {
                choices.push(Choice::new(id, application.name, ""));
            }
            None => {}
        }
    }
    Ok((choices, held))
}

async fn may_ask(
    visitor: &PageVisitor,
    sight: &Sight,
    application: &Application,
    api: &PublishedApi,
) -> Result<bool, PortalError> {
    Ok(match application.owner {
        Owner::Developer(_) => sight.actions(api).register,
        Owner::Team(team) => {
            sight::of_team(&visitor.services, &visitor.portal.workspace, team).await?.actions(api).register
        }
    })
}

/// `POST /apis/{slug}/ask`: a developer who may only read asks the admins for more.
pub(super) async fn ask(form: DeveloperForm, path: Path<(String, String)>) -> PortalResult {
    let DeveloperForm { page: developer, fields } = form;
    let (visit, reason) = (developer.visit.visit(), fields.text("reason"));
    let (services, portal) = (&developer.services, &developer.portal);
    match asking::ask(services, portal, &visit, developer.developer(), &path.1, reason).await {
        Ok(api) => {
            let words = format!("The administrators were asked to let you use {}.", api.name);
            developer.done(&developer.url(&format!("/apis/{}", api.slug)), &Flash::ok(words))
        }
        Err(refusal) => {
            let errors = Errors::of_refusal(ApiError::of_portal(refusal), &[])?;
            page(&developer.visitor, &path.1, reason, errors).await
        }
    }
}

/// The colour of a status.
pub(super) const fn tone(status: ContractStatus) -> &'static str {
    match status {
        ContractStatus::Approved => "ok",
        ContractStatus::Pending => "info",
        ContractStatus::Rejected | ContractStatus::Revoked => "bad",
    }
}

/// `POST /apis/{slug}/request`
pub(super) async fn request(form: DeveloperForm, path: Path<(String, String)>) -> PortalResult {
    let DeveloperForm { page: developer, fields } = form;
    let visit = developer.visit.visit();
    let id = developer.developer().id;
    let actor = Actor::Developer { id, request_id: &visit.request_id };
    let workspace = &developer.portal.workspace;
    let reach = Reach::developer(workspace.id, id);
    let reason = Some(fields.text("reason").chars().take(1000).collect::<String>()).filter(|text| !text.is_empty());
    let application = fields.text("application").to_owned();
    let asked = contracts::request(&developer.services, &actor, workspace, reach, &application, &path.1, reason).await;
    match asked {
        Ok(made) => {
            let words = match made.contract.state.status {
                ContractStatus::Approved => format!("{} may call {} now.", made.application.name, made.api.name),
                _ => format!("Access to {} was requested; an admin decides.", made.api.name),
            };
            developer.done(&developer.url(&format!("/applications/{application}")), &Flash::ok(words))
        }
        Err(refusal) => {
            let errors = Errors::of_refusal(ApiError::of_portal(refusal), &[("application", "Application")])?;
            page(&developer.visitor, &path.1, fields.text("reason"), errors).await
        }
    }
}
