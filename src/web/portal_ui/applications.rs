//! `/applications`: the developer's applications, each with its access to APIs and its keys.

use actix_web::http::StatusCode;
use actix_web::web::Path;
use askama::Template;

use super::application_owner;
use super::catalogue::tone;
use super::forms::{DeveloperForm, Fields};
use super::how_to::HowTo;
use super::shell::{PortalSection, PortalShell};
use super::visitor::DeveloperPage;
use crate::domain::application::{Application, ApplicationStatus, RedirectUri, parse_line};
use crate::domain::contract::{ContractStatus, Ending};
use crate::domain::credential::{Credential, CredentialKind};
use crate::domain::strategy::{BUILT_IN, JwtAlgorithm, Strategy, StrategyType};
use crate::domain::sync::SyncState;
use crate::services::applications::credentials::{self, Issued};
use crate::services::applications::{self, ApplicationEdit, Effect, NewApplication, NewCredential, Reach};
use crate::services::catalogue;
use crate::services::change::Actor;
use crate::services::contracts::{self, Connected};
use crate::services::edit::Edit;
use crate::services::gateway_sync::{self, Overview, View};
use crate::services::portal::Visit;
use crate::services::{Page, portal_representation, strategies, why};
use crate::web::admin_ui::flash::Flash;
use crate::web::admin_ui::form::{Choice, Errors, Field};
use crate::web::admin_ui::times::When;
use crate::web::error::ApiError;
use crate::web::portal_api::guard::{PortalError, PortalResult};

/// Inputs of an application: ids and labels.
pub(super) const INPUTS: &[(&str, &str)] = &[
    ("name", "Name"),
    ("description", "Description"),
    ("redirect_uri", "Redirect URI"),
    ("auth_strategy_id", "Credentials"),
    ("custom_id", "Client ID"),
    ("grace", "Grace period"),
    ("algorithm", "Algorithm"),
    ("public_key", "Public key"),
    ("team_id", "Owner"),
];

#[derive(Template)]
#[template(path = "portal/applications.html")]
struct ApplicationsPage {
    shell: PortalShell,
    applications: Vec<Row>,
}

struct Row {
    url: String,
    name: String,
    description: String,
    /// Name of the team that owns it; empty for one's own.
    team: String,
    approved: usize,
    pending: usize,
    state: Badge,
}

/// A word with its colour.
struct Badge {
    tone: &'static str,
    text: &'static str,
}

#[derive(Template)]
#[template(path = "portal/application_new.html")]
struct NewPage {
    shell: PortalShell,
    errors: Errors,
    form: Form,
    /// How its credentials are made; empty when there is one way only.
    strategies: Vec<Choice>,
    /// Whether one of them is an identity provider's.
    has_external: bool,
    /// Teams that may own it.
    teams: Vec<Choice>,
}

/// The inputs of an application.
struct Form {
    name: Field,
    description: Field,
    redirect_uri: Field,
    /// Client id at an identity provider.
    custom_id: Field,
}

#[derive(Template)]
#[template(path = "portal/application.html")]
struct ApplicationPage {
    shell: PortalShell,
    errors: Errors,
    id: String,
    name: String,
    is_going: bool,
    is_suspended: bool,
    state: Badge,
    detail: String,
    contracts: Vec<ContractRow>,
    /// Name of the strategy, for developers.
    strategy: String,
    how_to: HowTo,
    /// Whether an identity provider has the credentials.
    is_external: bool,
    /// Whether credentials sign tokens.
    signs: bool,
    algorithms: Vec<Choice>,
    public_key: Field,
    keys: Vec<KeyRow>,
    key_name: Field,
    issued: Option<Once>,
    form: Form,
    /// Name of the team that owns it; empty for one's own.
    team: String,
    /// Teams that it can be given to.
    teams: Vec<Choice>,
}

struct ContractRow {
    id: String,
    api: String,
    api_url: String,
    why_url: String,
    status: Badge,
    gateway: Badge,
    comment: String,
    is_suspended: bool,
    is_ending: bool,
    may_give_up: bool,
}

struct KeyRow {
    id: String,
    name: String,
    /// Client id, or name of the key with its algorithm.
    identifier: String,
    /// Whether another credential of its kind can be made without anything from the developer.
    can_rotate: bool,
    status: &'static str,
    tone: &'static str,
    created: When,
    expires: Option<When>,
    is_live: bool,
}

/// A credential that is shown once.
pub(super) struct Once {
    /// What it is made of: label and value.
    values: Vec<(&'static str, String)>,
    has_secret: bool,
    name: String,
    is_ready: bool,
}

#[derive(Template)]
#[template(path = "portal/access.html")]
struct AccessPage {
    shell: PortalShell,
    application: String,
    application_url: String,
    api: String,
    first: Option<String>,
    conditions: Vec<why::Condition>,
}

impl DeveloperPage {
    pub(super) fn reach(&self) -> Reach {
        Reach::developer(self.portal.workspace.id, self.developer().id)
    }

    pub(super) fn actor<'v>(&self, visit: &'v Visit) -> Actor<'v> {
        Actor::Developer { id: self.developer().id, request_id: &visit.request_id }
    }

    async fn gateway(&self) -> Result<Overview, PortalError> {
        Ok(gateway_sync::overview(&self.services, self.portal.workspace.id).await?)
    }

    pub(super) fn application_url(&self, id: &str) -> String {
        self.url(&format!("/applications/{id}"))
    }
}

const fn gateway_badge(view: &View) -> Badge {
    match view.state {
        SyncState::InSync => Badge { tone: "ok", text: "in effect" },
        SyncState::Pending => Badge { tone: "info", text: "on its way" },
        SyncState::Error => Badge { tone: "warn", text: "not yet effective" },
        SyncState::Conflict => Badge { tone: "bad", text: "needs an admin" },
    }
}

/// `GET /applications`
pub(super) async fn list(page: DeveloperPage) -> PortalResult {
    let overview = page.gateway().await?;
    let all = Page { size: 1000, after: String::new() };
    let teams = application_owner::teams(&page).await?;
    let mut rows = Vec::new();
    for application in applications::list(&page.services, page.reach(), &all).await?.items {
        let id = application.id.to_string();
        let held = contracts::list_of(&page.services, page.reach(), &id).await?;
        let count = |status| held.iter().filter(|it| it.contract.state.status == status).count();
        rows.push(Row {
            url: page.application_url(&id),
            approved: count(ContractStatus::Approved),
            pending: count(ContractStatus::Pending),
            state: gateway_badge(&overview.of(application.id)),
            team: application_owner::team_name(&teams, application.owner),
            description: application.description.unwrap_or_default(),
            name: application.name,
        });
    }
    let shell = page.shell("Applications", PortalSection::Applications)?;
    page.render(StatusCode::OK, &ApplicationsPage { shell, applications: rows })
}

/// `GET /applications/new`
pub(super) async fn show_new(page: DeveloperPage) -> PortalResult {
    new_page(&page, &Fields::default(), Errors::default()).await
}

async fn new_page(page: &DeveloperPage, fields: &Fields, errors: Errors) -> PortalResult {
    let all = usable(page).await?;
    let has_external = all.iter().any(|it| it.kind().is_external());
    let chosen = fields.text("auth_strategy_id");
    let choice = |it: &Strategy| Choice::new(it.id.to_string(), it.display_name.clone(), chosen);
    let strategies = if all.len() > 1 || has_external { all.iter().map(choice).collect() } else { Vec::new() };
    let shell = page.shell("New application", PortalSection::Applications)?;
    let form = typed(fields, &errors);
    let teams = application_owner::choices(&application_owner::teams(page).await?, None, fields.text("team_id"));
    page.render(errors.status(), &NewPage { shell, form, errors, strategies, has_external, teams })
}

/// Strategies of the APIs that the developer sees; the built-in one when there is none.
async fn usable(page: &DeveloperPage) -> Result<Vec<Strategy>, PortalError> {
    let workspace = page.portal.workspace.id;
    let apis = catalogue::visible(&page.services, workspace, &page.sight().await?, "").await?;
    let mut all = strategies::list(&page.services, workspace).await?;
    let is_used = |it: &Strategy| apis.iter().any(|api| api.strategy_id == it.id);
    if all.iter().any(is_used) {
        all.retain(is_used);
    } else {
        all.retain(|it| it.name == BUILT_IN);
    }
    Ok(all)
}

fn typed(fields: &Fields, errors: &Errors) -> Form {
    let field = |id: &str| Field::checked(fields.text(id), errors, id);
    Form {
        name: field("name"),
        description: field("description"),
        redirect_uri: field("redirect_uri"),
        custom_id: field("custom_id"),
    }
}

/// What a form says of an application, or everything that is wrong with it.
fn read(fields: &Fields) -> Result<NewApplication, Errors> {
    let mut errors = Errors::default();
    let mut line = |id: &str, label: &str, is_required: bool| match (fields.text(id), is_required) {
        ("", false) => None,
        (text, _) => match parse_line(text) {
            Ok(line) => Some(line),
            Err(sentence) => {
                errors.push(id, label, &sentence);
                None
            }
        },
    };
    let (name, description) = (line("name", "Name", true), line("description", "Description", false));
    let mut redirect_uris = Vec::new();
    for text in fields.text("redirect_uri").split_whitespace() {
        match RedirectUri::parse(text) {
            Ok(uri) => redirect_uris.push(uri),
            Err(sentence) => errors.push("redirect_uri", "Redirect URI", &sentence),
        }
    }
    let custom_id = Some(fields.text("custom_id").trim().to_owned()).filter(|text| !text.is_empty());
    let strategy = Some(fields.text("auth_strategy_id").to_owned()).filter(|text| !text.is_empty());
    match (name, errors.items.is_empty()) {
        (Some(name), true) => Ok(NewApplication { name, description, redirect_uris, custom_id, strategy }),
        _ => Err(errors),
    }
}

/// `POST /applications/new`
pub(super) async fn create(form: DeveloperForm) -> PortalResult {
    let DeveloperForm { page, fields } = form;
    let visit = page.visit.visit();
    let new = match read(&fields) {
        Ok(new) => new,
        Err(errors) => return new_page(&page, &fields, errors).await,
    };
    let owner = match application_owner::chosen(&page, &fields) {
        Ok(owner) => owner,
        Err(errors) => return new_page(&page, &fields, errors).await,
    };
    let workspace = page.portal.workspace.id;
    match applications::create(&page.services, &page.actor(&visit), workspace, owner, new).await {
        Ok(made) => {
            let next = match made.custom_id {
                Some(_) => "Now ask for access to an API.",
                None => "Now create a credential, and ask for access to an API.",
            };
            let words = format!("{} was created. {next}", made.name);
            page.done(&page.application_url(&made.id.to_string()), &Flash::ok(words))
        }
        Err(refusal) => {
            let errors = Errors::of_refusal(ApiError::of_portal(refusal), INPUTS)?;
            new_page(&page, &fields, errors).await
        }
    }
}

/// `GET /applications/{id}`
pub(super) async fn show(page: DeveloperPage, path: Path<(String, String)>) -> PortalResult {
    one(&page, &path.1, None, Errors::default(), None).await
}

/// The page of an application; `fields` is what was typed and refused.
pub(super) async fn one(
    page: &DeveloperPage,
    id: &str,
    fields: Option<&Fields>,
    errors: Errors,
    issued: Option<Once>,
) -> PortalResult {
    let application = applications::get(&page.services, page.reach(), id).await?;
    let overview = page.gateway().await?;
    let held = contracts::list_of(&page.services, page.reach(), id).await?;
    let strategy =
        strategies::get(&page.services, page.portal.workspace.id, &application.strategy_id.to_string()).await?;
    let is_external = strategy.kind().is_external();
    let keys = match is_external {
        true => Vec::new(),
        false => credentials::list(&page.services, page.reach(), id).await?,
    };
    let issuer = held.iter().find_map(|it| portal_representation::issuer(&it.api, &strategy));
    let view = overview.of(application.id);
    let text = |id: &str| fields.map(|it| it.text(id)).unwrap_or_default();
    let teams = application_owner::teams(page).await?;
    let rendered = ApplicationPage {
        shell: page.shell(&application.name, PortalSection::Applications)?,
        id: id.to_owned(),
        is_going: application.status == ApplicationStatus::Deleting,
        is_suspended: application.status == ApplicationStatus::Suspended,
        state: gateway_badge(&view),
        detail: if view.state == SyncState::InSync { String::new() } else { view.detail.unwrap_or_default() },
        contracts: held.iter().map(|it| contract_row(page, it, &overview)).collect(),
        how_to: HowTo::of(&strategy, issuer, page.services.settings.portal_gateway.enforcer),
        is_external,
        signs: strategy.kind() == StrategyType::Jwt,
        algorithms: JwtAlgorithm::ALL
            .into_iter()
            .map(|it| Choice::new(it.as_str(), it.as_str(), text("algorithm")))
            .collect(),
        public_key: Field::checked(text("public_key"), &errors, "public_key"),
        strategy: strategy.display_name.clone(),
        keys: keys.iter().map(|key| key_row(page, key)).collect(),
        key_name: Field::checked(text("display_name"), &errors, "display_name"),
        form: match fields.filter(|fields| !fields.text("name").is_empty()) {
            Some(fields) => typed(fields, &errors),
            None => stored(&application),
        },
        team: application_owner::team_name(&teams, application.owner),
        teams: application_owner::choices(&teams, Some(application.owner), ""),
        name: application.name,
        issued,
        errors,
    };
    page.render(rendered.errors.status(), &rendered)
}

fn stored(application: &Application) -> Form {
    let uris: Vec<&str> = application.redirect_uris.iter().map(RedirectUri::as_str).collect();
    Form {
        name: Field::of(&application.name),
        description: Field::of(application.description.as_deref().unwrap_or_default()),
        redirect_uri: Field::of(uris.join(" ")),
        custom_id: Field::of(application.custom_id.as_deref().unwrap_or_default()),
    }
}

fn contract_row(page: &DeveloperPage, it: &Connected, overview: &Overview) -> ContractRow {
    let state = it.contract.state;
    let (of_application, of_api) = (overview.of(it.application.id), overview.of(it.api.id));
    let application = it.application.id;
    ContractRow {
        id: it.contract.id.to_string(),
        api: it.api.name.clone(),
        api_url: page.url(&format!("/apis/{}", it.api.slug)),
        why_url: page.url(&format!("/applications/{application}/access/{}", it.api.id)),
        status: Badge { tone: tone(state.status), text: state.status.as_str() },
        gateway: match of_application.worse(&of_api) {
            // In sync with a contract that grants nothing means a closed door.
            view if view.state == SyncState::InSync && !state.wants_grant() => Badge { tone: "plain", text: "closed" },
            view => gateway_badge(view),
        },
        comment: it.contract.comment.clone().unwrap_or_default(),
        is_suspended: state.suspension.is_any(),
        is_ending: state.ending != Ending::None,
        may_give_up: !state.is_barred(),
    }
}

fn identifier(key: &Credential) -> String {
    let algorithm = key.algorithm.map(|it| format!(" ({})", it.as_str())).unwrap_or_default();
    key.identifier.clone().map(|identifier| identifier + &algorithm).unwrap_or_default()
}

fn key_row(page: &DeveloperPage, key: &Credential) -> KeyRow {
    let now = page.now();
    let status = key.shown_status(now);
    KeyRow {
        id: key.id.to_string(),
        name: key.display_name.clone(),
        identifier: identifier(key),
        can_rotate: key.algorithm.is_none_or(JwtAlgorithm::is_symmetric),
        tone: match status {
            "active" => "ok",
            "revoke_pending" => "warn",
            _ => "plain",
        },
        status: if status == "revoke_pending" { "revocation not yet effective" } else { status },
        created: When::new(key.created_at, now),
        expires: key.expires_at.map(|end| When::new(end, now)),
        is_live: key.is_live(now),
    }
}

/// `POST /applications/{id}`
pub(super) async fn update(form: DeveloperForm, path: Path<(String, String)>) -> PortalResult {
    let DeveloperForm { page, fields } = form;
    let visit = page.visit.visit();
    let new = match read(&fields) {
        Ok(new) => new,
        Err(errors) => return one(&page, &path.1, Some(&fields), errors, None).await,
    };
    // The form has the input where an identity provider has the credentials; elsewhere an admin sets the reference id.
    let has_client = fields.has("custom_id");
    let edit = ApplicationEdit {
        name: Edit::To(new.name),
        description: Edit::To(new.description),
        redirect_uris: Edit::To(new.redirect_uris),
        custom_id: if has_client { Edit::To(new.custom_id) } else { Edit::Keep },
    };
    match applications::update(&page.services, &page.actor(&visit), page.reach(), &path.1, edit).await {
        Ok(_) => page.done(&page.application_url(&path.1), &Flash::ok("The application was saved.")),
        Err(refusal) => {
            let errors = Errors::of_refusal(ApiError::of_portal(refusal), INPUTS)?;
            one(&page, &path.1, Some(&fields), errors, None).await
        }
    }
}

/// `POST /applications/{id}/delete`
pub(super) async fn delete(form: DeveloperForm, path: Path<(String, String)>) -> PortalResult {
    let DeveloperForm { page, fields } = form;
    let visit = page.visit.visit();
    let application = applications::get(&page.services, page.reach(), &path.1).await?;
    if fields.text("confirm") != application.name {
        let errors = Errors::of_field("confirm", "Name", "does not match the name of the application");
        return one(&page, &path.1, None, errors, None).await;
    }
    let effect = applications::delete(&page.services, &page.actor(&visit), page.reach(), &path.1).await?;
    let message = match effect {
        Effect::Done => Flash::ok(format!("{} was deleted; its keys do not work any more.", application.name)),
        Effect::NotYet => Flash::warn(format!("{} is being deleted: {NOT_YET}", application.name)),
    };
    page.done(&page.url("/applications"), &message)
}

/// What is said while Kong has not confirmed a removal.
const NOT_YET: &str = "not yet effective, the gateway has not confirmed it.";

/// `POST /applications/{id}/contracts/{contract}/delete`
pub(super) async fn leave(form: DeveloperForm, path: Path<(String, String, String)>) -> PortalResult {
    let DeveloperForm { page, .. } = form;
    let visit = page.visit.visit();
    let (actor, reach) = (page.actor(&visit), page.reach());
    let effect = contracts::delete(&page.services, &actor, reach, Some(&path.1), &path.2).await?;
    let message = match effect {
        Effect::Done => Flash::ok("The access was given up."),
        Effect::NotYet => Flash::warn(format!("The access is being given up: {NOT_YET}")),
    };
    page.done(&page.application_url(&path.1), &message)
}

/// What the form of a new credential says.
fn read_credential(fields: &Fields) -> Result<NewCredential, Errors> {
    let mut errors = Errors::default();
    let mut new = NewCredential::default();
    if let text @ [_, ..] = fields.text("display_name").as_bytes() {
        match parse_line(&String::from_utf8_lossy(text)) {
            Ok(name) => new.display_name = Some(name),
            Err(sentence) => errors.push("display_name", "Name", &sentence),
        }
    }
    match fields.text("algorithm") {
        "" => {}
        text => match text.parse() {
            Ok(algorithm) => new.algorithm = Some(algorithm),
            Err(sentence) => errors.push("algorithm", "Algorithm", sentence),
        },
    }
    new.public_key = Some(fields.text("public_key").to_owned()).filter(|text| !text.trim().is_empty());
    if errors.items.is_empty() { Ok(new) } else { Err(errors) }
}

/// `POST /applications/{id}/keys`: the answer itself shows the value, since no later page can.
pub(super) async fn create_key(form: DeveloperForm, path: Path<(String, String)>) -> PortalResult {
    let DeveloperForm { page, fields } = form;
    let visit = page.visit.visit();
    let new = match read_credential(&fields) {
        Ok(new) => new,
        Err(errors) => return one(&page, &path.1, Some(&fields), errors, None).await,
    };
    let made = credentials::create(&page.services, &page.actor(&visit), page.reach(), &path.1, new).await;
    shown_once(&page, &path.1, &fields, made).await
}

/// `POST /applications/{id}/keys/{key}/rotate`
pub(super) async fn rotate_key(form: DeveloperForm, path: Path<(String, String, String)>) -> PortalResult {
    let DeveloperForm { page, fields } = form;
    let visit = page.visit.visit();
    let grace = fields.text("grace").parse().unwrap_or(-1);
    let (actor, reach) = (page.actor(&visit), page.reach());
    let made =
        credentials::rotate(&page.services, &actor, reach, &path.1, &path.2, grace, NewCredential::default()).await;
    shown_once(&page, &path.1, &fields, made).await
}

/// What the developer keeps of a new credential.
fn once(issued: &Issued) -> Once {
    let label = match issued.credential.kind {
        CredentialKind::ApiKey => "Key",
        CredentialKind::ClientSecret => "Client secret",
        CredentialKind::Jwt => "Shared secret",
    };
    let public = match issued.credential.kind {
        CredentialKind::ApiKey => None,
        CredentialKind::ClientSecret => Some("Client ID"),
        CredentialKind::Jwt => Some("Name of the key"),
    };
    let identifier = public.zip(issued.credential.identifier.clone());
    let secret = issued.secret().map(|value| (label, value.expose().to_owned()));
    Once {
        has_secret: secret.is_some(),
        values: identifier.into_iter().chain(secret).collect(),
        name: issued.credential.display_name.clone(),
        is_ready: issued.effect == Effect::Done,
    }
}

async fn shown_once(
    page: &DeveloperPage,
    id: &str,
    fields: &Fields,
    made: Result<Issued, crate::services::error::ServiceError>,
) -> PortalResult {
    match made {
        Ok(issued) => one(page, id, None, Errors::default(), Some(once(&issued))).await,
        Err(refusal) => {
            let errors = Errors::of_refusal(ApiError::of_portal(refusal), INPUTS)?;
            one(page, id, Some(fields), errors, None).await
        }
    }
}

/// `POST /applications/{id}/keys/{key}/revoke`
pub(super) async fn revoke_key(form: DeveloperForm, path: Path<(String, String, String)>) -> PortalResult {
    let DeveloperForm { page, .. } = form;
    let visit = page.visit.visit();
    let (actor, reach) = (page.actor(&visit), page.reach());
    let effect = credentials::revoke(&page.services, &actor, reach, &path.1, &path.2).await?;
    let message = match effect {
        Effect::Done => Flash::ok("The credential was revoked and does not work any more."),
        Effect::NotYet => Flash::warn(format!("The credential is being revoked: {NOT_YET}")),
    };
    page.done(&page.application_url(&path.1), &message)
}

/// `GET /applications/{id}/access/{api}`: why calls are let through or refused.
pub(super) async fn explain(page: DeveloperPage, path: Path<(String, String, String)>) -> PortalResult {
    let application = applications::get(&page.services, page.reach(), &path.1).await?;
    let (api, conditions) = why::explain(&page.services, page.reach(), &path.1, &path.2).await?;
    let rendered = AccessPage {
        shell: page.shell("Access", PortalSection::Applications)?,
        application: application.name,
        application_url: page.application_url(&path.1),
        api: api.name,
        first: conditions.iter().find(|it| !it.is_met).map(|it| it.sentence.clone()),
        conditions,
    };
    page.render(StatusCode::OK, &rendered)
}
