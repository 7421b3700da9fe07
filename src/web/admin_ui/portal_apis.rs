//! `/portal/apis`: services of the chosen workspace that are published, and those that could be.

use actix_web::web::Path;
use askama::Template;
use serde::Deserialize;
use serde_json::{Value, json};

use super::doors::Change;
use super::extractors::{AdminSession, CsrfForm};
use super::flash::Flash;
use super::form::{Choice, Errors, Field, optional};
use super::frame::{PageError, PageResult};
use super::shell::{Section, Shell};
use crate::domain::catalogue::{PublishedApi, Visibility};
use crate::domain::rbac::Action;
use crate::domain::sync::SyncState;
use crate::services::gateway_sync::{self, View};
use crate::services::{catalogue, strategies};
use crate::web::admin_api::own::Query;
use crate::web::pages;

/// The door behind the pages.
const DOOR: &str = "/portal/apis";
/// Inputs of the forms: ids and labels.
const INPUTS: &[(&str, &str)] = &[
    ("service", "Service"),
    ("name", "Name"),
    ("description", "Description"),
    ("document", "Document"),
    ("visibility", "Visible to"),
    ("auth_strategy_id", "Strategy"),
];

#[derive(Template)]
#[template(path = "portal_apis.html")]
struct ApisPage {
    shell: Shell,
    workspace: String,
    can_publish: bool,
    errors: Errors,
    apis: Vec<Row>,
    services: Vec<Choice>,
    strategies: Vec<Choice>,
    visibilities: Vec<Choice>,
    /// Why the services of Kong could not be read.
    problem: Option<String>,
    form: Form,
}

struct Row {
    url: String,
    name: String,
    service: String,
    is_published: bool,
    visibility: &'static str,
    auto_approve: bool,
    state: Badge,
    detail: String,
}

/// A word with its colour.
pub(super) struct Badge {
    pub(super) tone: &'static str,
    pub(super) text: &'static str,
}

struct Form {
    name: Field,
    description: Field,
    document: Field,
    auto_approve: bool,
    registration_enabled: bool,
    show_issuer: bool,
}

#[derive(Template)]
#[template(path = "portal_api.html")]
struct ApiPage {
    shell: Shell,
    can_change: bool,
    errors: Errors,
    id: String,
    name: String,
    service: String,
    is_published: bool,
    has_gate: bool,
    is_missing: bool,
    state: Badge,
    detail: String,
    visibilities: Vec<Choice>,
    form: Form,
}

/// What a form of an API says.
#[derive(Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct ApiFields {
    service: String,
    name: String,
    description: String,
    document: String,
    visibility: String,
    auth_strategy_id: String,
    auto_approve: String,
    registration_enabled: String,
    show_issuer: String,
    confirm: String,
}

impl ApiFields {
    fn form(&self, errors: &Errors) -> Form {
        Form {
            name: Field::checked(&self.name, errors, "name"),
            description: Field::checked(&self.description, errors, "description"),
            document: Field::checked(&self.document, errors, "document"),
            auto_approve: !self.auto_approve.is_empty(),
            registration_enabled: !self.registration_enabled.is_empty(),
            show_issuer: !self.show_issuer.is_empty(),
        }
    }

    fn of(api: &PublishedApi) -> Self {
        let tick = |is_on: bool| if is_on { "on".to_owned() } else { String::new() };
        Self {
            name: api.name.clone(),
            description: api.description.clone().unwrap_or_default(),
            document: api.document.clone().unwrap_or_default(),
            visibility: api.visibility.as_str().to_owned(),
            auto_approve: tick(api.auto_approve),
            registration_enabled: tick(api.registration_enabled),
            show_issuer: tick(api.show_issuer),
            ..Self::default()
        }
    }

    fn to_body(&self) -> Value {
        json!({
            "name": optional(&self.name), "description": optional(&self.description),
            "document": optional(&self.document), "visibility": self.visibility,
            "auto_approve": !self.auto_approve.is_empty(),
            "registration_enabled": !self.registration_enabled.is_empty(),
            "show_issuer": !self.show_issuer.is_empty(),
        })
    }
}

/// The colour of a state.
pub(super) const fn badge(view: &View) -> Badge {
    match view.state {
        SyncState::InSync => Badge { tone: "ok", text: "in sync" },
        SyncState::Pending => Badge { tone: "info", text: "pending" },
        SyncState::Error => Badge { tone: "warn", text: "error" },
        SyncState::Conflict => Badge { tone: "bad", text: "conflict" },
    }
}

fn visibilities(selected: &str) -> Vec<Choice> {
    let all = [(Visibility::Private, "developers"), (Visibility::Public, "everybody")];
    all.into_iter().map(|(it, label)| Choice::new(it.as_str(), label, selected)).collect()
}

/// `GET /portal/apis`
pub(super) async fn list(visitor: AdminSession) -> PageResult {
    let visibility = visitor.services.settings.portal.default_visibility.as_str().to_owned();
    let fields = ApiFields { registration_enabled: "on".to_owned(), visibility, ..ApiFields::default() };
    list_page(&visitor, &fields, Errors::default()).await
}

async fn list_page(visitor: &AdminSession, fields: &ApiFields, errors: Errors) -> PageResult {
    let workspace = visitor.workspace_to_show("", DOOR)?;
    let services = &visitor.services;
    let overview = gateway_sync::overview(services, workspace.id).await?;
    let found = catalogue::list_all(services, workspace.id).await?;
    let can_publish = visitor.may(workspace, DOOR, Action::Create);
    let (unpublished, problem) = match catalogue::unpublished(services, workspace).await {
        Ok(unpublished) => (unpublished, None),
        Err(error) => (Vec::new(), Some(crate::web::error::ApiError::from(error).sentence().to_owned())),
    };
    let strategies = strategies::list(services, workspace.id).await?;
    let row = |api: &PublishedApi| {
        let view = overview.of(api.id);
        Row {
            url: visitor.url(&format!("/portal/apis/{}", api.id)),
            name: api.name.clone(),
            service: api.service_name.clone(),
            is_published: api.is_published,
            visibility: if api.visibility == Visibility::Public { "everybody" } else { "developers" },
            auto_approve: api.auto_approve,
            state: badge(&view),
            detail: view.detail.unwrap_or_default(),
        }
    };
    let page = ApisPage {
        shell: visitor.shell("APIs", Section::PortalApis)?,
        workspace: workspace.name.to_string(),
        can_publish,
        apis: found.iter().map(row).collect(),
        services: unpublished.into_iter().map(|(id, name)| Choice::new(id, name, &fields.service)).collect(),
        strategies: strategies
            .iter()
            .map(|it| Choice::new(it.id.to_string(), it.display_name.clone(), &fields.auth_strategy_id))
            .collect(),
        visibilities: visibilities(&fields.visibility),
        problem,
        form: fields.form(&errors),
        errors,
    };
    Ok(pages::render(page.errors.status(), &page)?)
}

/// `POST /portal/apis`
pub(super) async fn publish(form: CsrfForm<ApiFields>) -> PageResult {
    let CsrfForm { visitor, fields } = form;
    let mut body = fields.to_body();
    if let Some(members) = body.as_object_mut() {
        members.insert("service".to_owned(), json!(fields.service));
        members.insert("auth_strategy_id".to_owned(), optional(&fields.auth_strategy_id));
    }
    let workspace = visitor.workspace_to_show("", DOOR)?;
    match visitor.change(Change::new(workspace, "POST", &["portal", "apis"], body)).await {
        Ok(made) => {
            let id = made.get("id").and_then(Value::as_str).unwrap_or_default();
            let message = match made.pointer("/gateway/state").and_then(Value::as_str) {
                Some("in_sync") => Flash::ok("The API was published, and its service is guarded."),
                _ => Flash::warn("The API was published, but its service is not guarded yet. It is tried again."),
            };
            visitor.done(&visitor.url(&format!("/portal/apis/{id}")), &message)
        }
        Err(refusal) => list_page(&visitor, &fields, Errors::of_refusal(refusal, INPUTS)?).await,
    }
}

/// `GET /portal/apis/{id}`
pub(super) async fn show(visitor: AdminSession, path: Path<String>) -> PageResult {
    page(&visitor, &path, None, Errors::default()).await
}

async fn page(visitor: &AdminSession, id: &str, fields: Option<&ApiFields>, errors: Errors) -> PageResult {
    let workspace = visitor.workspace_to_show("", DOOR)?;
    let api = catalogue::get(&visitor.services, workspace.id, id).await?;
    let view = gateway_sync::overview(&visitor.services, workspace.id).await?.of(api.id);
    let fields = fields.cloned().unwrap_or_else(|| ApiFields::of(&api));
    let page = ApiPage {
        shell: visitor.shell(&api.name, Section::PortalApis)?,
        can_change: visitor.may(workspace, &format!("{DOOR}/{id}"), Action::Update),
        id: api.id.to_string(),
        service: api.service_name.clone(),
        is_published: api.is_published,
        has_gate: api.has_gate,
        is_missing: api.is_missing,
        state: badge(&view),
        detail: view.detail.unwrap_or_default(),
        visibilities: visibilities(&fields.visibility),
        form: fields.form(&errors),
        name: api.name,
        errors,
    };
    Ok(pages::render(page.errors.status(), &page)?)
}

async fn change(
    visitor: &AdminSession,
    id: &str,
    method: &'static str,
    below: &[&str],
    body: Value,
    query: Query,
) -> Result<Value, PageError> {
    let workspace = visitor.workspace_to_show("", DOOR)?;
    let segments = [&["portal", "apis", id], below].concat();
    Ok(visitor.call(Change::new(workspace, method, &segments, body), query).await?)
}

/// `POST /portal/apis/{id}`
pub(super) async fn update(form: CsrfForm<ApiFields>, path: Path<String>) -> PageResult {
    let CsrfForm { visitor, fields } = form;
    let workspace = visitor.workspace_to_show("", DOOR)?;
    let door = Change::new(workspace, "PATCH", &["portal", "apis", path.as_str()], fields.to_body());
    match visitor.change(door).await {
        Ok(_) => visitor.done(&visitor.url(&format!("/portal/apis/{path}")), &Flash::ok("The API was saved.")),
        Err(refusal) => page(&visitor, &path, Some(&fields), Errors::of_refusal(refusal, INPUTS)?).await,
    }
}

/// `POST /portal/apis/{id}/status`: publishes or withdraws it.
pub(super) async fn set_status(form: CsrfForm<ApiFields>, path: Path<String>) -> PageResult {
    let CsrfForm { visitor, fields } = form;
    let is_published = fields.confirm == "published";
    let status = if is_published { "published" } else { "unpublished" };
    change(&visitor, &path, "PATCH", &[], json!({ "status": status }), Query::new()).await?;
    let words = match is_published {
        true => "The API is shown in the portal again.",
        false => "The API is not shown any more. Its service stays guarded, and contracts go on.",
    };
    visitor.done(&visitor.url(&format!("/portal/apis/{path}")), &Flash::ok(words))
}

/// `POST /portal/apis/{id}/gate/delete`: opens the service to everybody; the name is typed.
pub(super) async fn remove_gate(form: CsrfForm<ApiFields>, path: Path<String>) -> PageResult {
    let CsrfForm { visitor, fields } = form;
    let workspace = visitor.workspace_to_show("", DOOR)?;
    let api = catalogue::get(&visitor.services, workspace.id, &path).await?;
    if fields.confirm != api.name {
        let errors = Errors::of_field("confirm", "Name", "does not match the name of the API");
        return page(&visitor, &path, None, errors).await;
    }
    let query = Query::from([("confirm".to_owned(), "true".to_owned())]);
    change(&visitor, &path, "DELETE", &["gate"], Value::Null, query).await?;
    visitor.done(
        &visitor.url(&format!("/portal/apis/{path}")),
        &Flash::warn("The gate was removed: the service is open to everybody."),
    )
}
