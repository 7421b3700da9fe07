//! `/portal/strategies`: how callers of published APIs prove who they are. Each kind has a form of its own, made from a
//! table of inputs.

use std::collections::HashMap;

use actix_web::web::{Path, Query as UrlQuery};
use askama::Template;
use serde_json::{Map, Value, json};

use super::doors::Change;
use super::extractors::{AdminSession, CsrfForm};
use super::flash::Flash;
use super::form::{Errors, Field};
use super::frame::PageResult;
use super::shell::{Section, Shell};
use super::times::When;
use crate::domain::rbac::Action;
use crate::domain::strategy::{BUILT_IN, Strategy, StrategyConfig, StrategyType};
use crate::services::gateway_sync::gate;
use crate::services::{applications, catalogue, issuer_keys, portal_representation, strategies};
use crate::web::error::ApiError;
use crate::web::pages;

/// The door behind the pages.
const DOOR: &str = "/application-auth-strategies";

/// How an input is read and shown.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Text,
    /// Texts with spaces between them.
    Words,
    Number,
    Tick,
}

/// An input of the settings of a kind: member, label, hint.
type Input = (&'static str, Kind, &'static str, &'static str);

const KEY_AUTH: &[Input] = &[
    ("key_names", Kind::Words, "Headers", "Which may carry the key, with spaces between them. apikey when empty."),
    ("ttl_days", Kind::Number, "Life of a key, days", "For ever when empty. Keys that exist keep their end."),
];
const KONG_OAUTH2: &[Input] = &[
    ("scopes", Kind::Words, "Scopes", "Optional, with spaces between them."),
    ("mandatory_scope", Kind::Tick, "A token needs a scope", ""),
    ("token_expiration", Kind::Number, "Life of a token, seconds", "7200 when empty."),
    ("accept_http_if_already_terminated", Kind::Tick, "Believe X-Forwarded-Proto of proxies that Kong trusts", ""),
    ("enable_authorization_code", Kind::Tick, "Authorization code too; needs a page of yours that asks the user", ""),
    ("hash_secret", Kind::Tick, "Have Kong keep hashes of new secrets", ""),
];
const JWT: &[Input] = &[
    ("key_claim_name", Kind::Text, "Claim with the name of the key", "iss when empty."),
    ("maximum_expiration", Kind::Number, "Longest life of a token, seconds", "3600 when empty."),
];
const OPENID_CONNECT: &[Input] = &[
    ("issuer", Kind::Text, "Issuer", "URL of the provider, https. Its discovery document is read when you save."),
    (
        "credential_claim",
        Kind::Words,
        "Claim with the client id",
        "azp for Keycloak and Auth0, cid for Okta, appid or azp for Entra ID.",
    ),
    ("scopes", Kind::Words, "Scopes", "What developers ask for, with spaces between them."),
    ("auth_methods", Kind::Words, "Ways to a token", "client_credentials bearer, for example."),
    (
        "claims_to_verify",
        Kind::Words,
        "Times that a token must have",
        "exp when empty; exp nbf where the provider sends both.",
    ),
];

const fn inputs(kind: StrategyType) -> &'static [Input] {
    match kind {
        StrategyType::KeyAuth => KEY_AUTH,
        StrategyType::KongOauth2 => KONG_OAUTH2,
        StrategyType::Jwt => JWT,
        StrategyType::OpenidConnect => OPENID_CONNECT,
    }
}

const fn label(kind: StrategyType) -> &'static str {
    match kind {
        StrategyType::KeyAuth => "API keys",
        StrategyType::KongOauth2 => "OAuth 2.0 by Kong",
        StrategyType::Jwt => "Tokens that applications sign",
        StrategyType::OpenidConnect => "Identity provider",
    }
}

#[derive(Template)]
#[template(path = "portal_strategies.html")]
struct ListPage {
    shell: Shell,
    workspace: String,
    can_create: bool,
    strategies: Vec<Row>,
    /// Kinds that can be made: name and label.
    kinds: Vec<(&'static str, &'static str)>,
}

struct Row {
    url: String,
    name: String,
    display_name: String,
    kind: &'static str,
    apis: usize,
    applications: usize,
}

#[derive(Template)]
#[template(path = "portal_strategy.html")]
struct StrategyPage {
    shell: Shell,
    errors: Errors,
    /// Path of the form.
    action: String,
    heading: String,
    kind: &'static str,
    kind_label: &'static str,
    /// A new one otherwise.
    id: Option<String>,
    can_change: bool,
    is_built_in: bool,
    name: Field,
    display_name: Field,
    inputs: Vec<InputRow>,
    warnings: Vec<&'static str>,
    provider: Option<Provider>,
    /// What uses it: names.
    apis: Vec<String>,
    applications: Vec<String>,
}

struct InputRow {
    id: &'static str,
    label: &'static str,
    hint: &'static str,
    is_tick: bool,
    is_ticked: bool,
    field: Field,
}

/// What is known of an identity provider's key.
struct Provider {
    enforcer: &'static str,
    key: String,
    checked: Option<When>,
    problem: String,
}

type Fields = HashMap<String, String>;

fn text<'f>(fields: &'f Fields, name: &str) -> &'f str {
    fields.get(name).map_or("", |text| text.trim())
}

/// The settings that a form says; what is left empty keeps its default.
fn settings(kind: StrategyType, fields: &Fields) -> Value {
    let mut members = Map::new();
    for (name, how, ..) in inputs(kind) {
        let given = text(fields, name);
        let value = match how {
            Kind::Tick => json!(fields.contains_key(*name)),
            // A provider's strategy always says which scopes, even if none.
            Kind::Words if given.is_empty() && *name == "scopes" => json!([]),
            _ if given.is_empty() => continue,
            Kind::Text => json!(given),
            Kind::Words => json!(given.split_whitespace().collect::<Vec<_>>()),
            Kind::Number => given.parse::<u32>().map_or_else(|_| json!(given), |number| json!(number)),
        };
        members.insert((*name).to_owned(), value);
    }
    if let Some(days) = members.remove("ttl_days") {
        members.insert("ttl".to_owned(), json!({ "value": days, "unit": "days" }));
    }
    Value::Object(members)
}

fn body(kind: StrategyType, fields: &Fields) -> Value {
    let display_name = Some(text(fields, "display_name")).filter(|text| !text.is_empty());
    json!({
        "name": text(fields, "name"), "display_name": display_name, "strategy_type": kind.as_str(),
        "configs": { kind.member(): settings(kind, fields) },
    })
}

/// A strategy as its form says it.
fn stored(strategy: &Strategy) -> Fields {
    let mut fields = Fields::from([
        ("name".to_owned(), strategy.name.clone()),
        ("display_name".to_owned(), strategy.display_name.clone()),
    ]);
    let config = strategy.config.to_value();
    for (name, how, ..) in inputs(strategy.kind()) {
        let written = match (how, config.get(name)) {
            (Kind::Tick, Some(Value::Bool(true))) => Some("on".to_owned()),
            (Kind::Words, Some(Value::Array(words))) => {
                Some(words.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" "))
            }
            (Kind::Text, Some(Value::String(text))) => Some(text.clone()),
            (Kind::Number, Some(Value::Number(number))) => Some(number.to_string()),
            _ => None,
        };
        fields.extend(written.map(|written| ((*name).to_owned(), written)));
    }
    if let StrategyConfig::KeyAuth(config) = &strategy.config
        && let Some(ttl) = config.ttl
    {
        fields.insert("ttl_days".to_owned(), (ttl.seconds() / 86_400).to_string());
    }
    fields
}

fn rows(kind: StrategyType, fields: &Fields, errors: &Errors) -> Vec<InputRow> {
    let row = |&(id, how, label, hint): &Input| InputRow {
        id,
        label,
        hint,
        is_tick: how == Kind::Tick,
        is_ticked: fields.contains_key(id),
        field: Field::checked(text(fields, id), errors, id),
    };
    inputs(kind).iter().map(row).collect()
}

/// What a refusal means for the form: sentences about settings name the member, which is an input.
fn errors_of(kind: StrategyType, refusal: ApiError) -> Result<Errors, ApiError> {
    let named = |sentence: &str| inputs(kind).iter().find(|(name, ..)| sentence.contains(name)).copied();
    let about_settings: Vec<(Input, String)> = refusal
        .fields()
        .into_iter()
        .filter(|(member, _)| member.starts_with("configs"))
        .filter_map(|(_, sentence)| named(&sentence).map(|input| (input, sentence)))
        .collect();
    if about_settings.is_empty() {
        return Errors::of_refusal(refusal, &[("name", "Name"), ("display_name", "Name for developers")]);
    }
    let mut errors = Errors::default();
    for ((id, _, label, _), sentence) in about_settings {
        errors.push(id, label, &sentence);
    }
    Ok(errors)
}

/// `GET /portal/strategies`
pub(super) async fn list(visitor: AdminSession) -> PageResult {
    let workspace = visitor.workspace_to_show("", DOOR)?;
    let all = strategies::list(&visitor.services, workspace.id).await?;
    let apis = catalogue::list_all(&visitor.services, workspace.id).await?;
    let mut rows = Vec::new();
    for strategy in &all {
        let users = applications::list_with(&visitor.services, strategy.id).await?;
        rows.push(Row {
            url: visitor.url(&format!("/portal/strategies/{}", strategy.id)),
            name: strategy.name.clone(),
            display_name: strategy.display_name.clone(),
            kind: label(strategy.kind()),
            apis: apis.iter().filter(|api| api.strategy_id == strategy.id).count(),
            applications: users.len(),
        });
    }
    let page = ListPage {
        shell: visitor.shell("Strategies", Section::PortalStrategies)?,
        workspace: workspace.name.to_string(),
        can_create: visitor.may(workspace, DOOR, Action::Create),
        strategies: rows,
        kinds: StrategyType::ALL.into_iter().map(|kind| (kind.as_str(), label(kind))).collect(),
    };
    Ok(pages::render(actix_web::http::StatusCode::OK, &page)?)
}

/// `GET /portal/strategies/new?kind=..`
pub(super) async fn show_new(visitor: AdminSession, query: UrlQuery<Fields>) -> PageResult {
    let kind = text(&query, "kind").parse().unwrap_or(StrategyType::KeyAuth);
    new_page(&visitor, kind, &Fields::new(), Errors::default())
}

fn new_page(visitor: &AdminSession, kind: StrategyType, fields: &Fields, errors: Errors) -> PageResult {
    let workspace = visitor.workspace_to_show("", DOOR)?;
    let page = StrategyPage {
        shell: visitor.shell("New strategy", Section::PortalStrategies)?,
        action: visitor.url("/portal/strategies"),
        heading: "New strategy".to_owned(),
        kind: kind.as_str(),
        kind_label: label(kind),
        id: None,
        can_change: visitor.may(workspace, DOOR, Action::Create),
        is_built_in: false,
        name: Field::checked(text(fields, "name"), &errors, "name"),
        display_name: Field::checked(text(fields, "display_name"), &errors, "display_name"),
        inputs: rows(kind, fields, &errors),
        warnings: Vec::new(),
        provider: None,
        apis: Vec::new(),
        applications: Vec::new(),
        errors,
    };
    Ok(pages::render(page.errors.status(), &page)?)
}

/// `POST /portal/strategies`
pub(super) async fn create(form: CsrfForm<Fields>) -> PageResult {
    let CsrfForm { visitor, fields } = form;
    let kind = text(&fields, "kind").parse().unwrap_or(StrategyType::KeyAuth);
    let workspace = visitor.workspace_to_show("", DOOR)?;
    let door = Change::new(workspace, "POST", &["application-auth-strategies"], body(kind, &fields));
    match visitor.change(door).await {
        Ok(made) => {
            let id = made.get("id").and_then(Value::as_str).unwrap_or_default();
            let message = Flash::ok("The strategy was made. APIs and applications can use it.");
            visitor.done(&visitor.url(&format!("/portal/strategies/{id}")), &message)
        }
        Err(refusal) => new_page(&visitor, kind, &fields, errors_of(kind, refusal)?),
    }
}

/// `GET /portal/strategies/{id}`
pub(super) async fn show(visitor: AdminSession, path: Path<String>) -> PageResult {
    page(&visitor, &path, None, Errors::default()).await
}

async fn page(visitor: &AdminSession, id: &str, fields: Option<&Fields>, errors: Errors) -> PageResult {
    let workspace = visitor.workspace_to_show("", DOOR)?;
    let strategy = strategies::get(&visitor.services, workspace.id, id).await?;
    let fields = fields.cloned().unwrap_or_else(|| stored(&strategy));
    let apis = catalogue::list_all(&visitor.services, workspace.id).await?;
    let users = applications::list_with(&visitor.services, strategy.id).await?;
    let provider = provider(visitor, &strategy).await?;
    let page = StrategyPage {
        shell: visitor.shell(&strategy.display_name, Section::PortalStrategies)?,
        action: visitor.url(&format!("/portal/strategies/{}", strategy.id)),
        heading: strategy.display_name.clone(),
        kind: strategy.kind().as_str(),
        kind_label: label(strategy.kind()),
        id: Some(strategy.id.to_string()),
        can_change: visitor.may(workspace, &format!("{DOOR}/{id}"), Action::Update),
        is_built_in: strategy.name == BUILT_IN,
        name: Field::checked(text(&fields, "name"), &errors, "name"),
        display_name: Field::checked(text(&fields, "display_name"), &errors, "display_name"),
        inputs: rows(strategy.kind(), &fields, &errors),
        warnings: warnings(visitor, &strategy),
        provider,
        apis: apis.into_iter().filter(|api| api.strategy_id == strategy.id).map(|api| api.name).collect(),
        applications: users.into_iter().map(|it| it.name).collect(),
        errors,
    };
    Ok(pages::render(page.errors.status(), &page)?)
}

fn warnings(visitor: &AdminSession, strategy: &Strategy) -> Vec<&'static str> {
    match &strategy.config {
        StrategyConfig::OpenidConnect(config) => {
            let enforcer = gate::effective(config, visitor.services.settings.portal_gateway.enforcer);
            portal_representation::enforcer_warnings(enforcer).to_vec()
        }
        _ => Vec::new(),
    }
}

async fn provider(visitor: &AdminSession, strategy: &Strategy) -> Result<Option<Provider>, ApiError> {
    let StrategyConfig::OpenidConnect(config) = &strategy.config else { return Ok(None) };
    let known = issuer_keys::find(&visitor.services, strategy.id).await?;
    let now = visitor.services.clock.now();
    let key = known.as_ref().and_then(|known| known.key.as_ref());
    Ok(Some(Provider {
        enforcer: gate::effective(config, visitor.services.settings.portal_gateway.enforcer).as_str(),
        key: key.map_or_else(
            || "none: tokens are refused".to_owned(),
            |key| format!("{} ({})", key.kid.as_deref().unwrap_or("without name"), key.algorithm.as_str()),
        ),
        checked: known.as_ref().map(|known| When::new(known.checked_at, now)),
        problem: known.and_then(|known| known.problem).unwrap_or_default(),
    }))
}

/// `POST /portal/strategies/{id}`
pub(super) async fn update(form: CsrfForm<Fields>, path: Path<String>) -> PageResult {
    let CsrfForm { visitor, fields } = form;
    let workspace = visitor.workspace_to_show("", DOOR)?;
    let kind = strategies::get(&visitor.services, workspace.id, &path).await?.kind();
    let segments = ["application-auth-strategies", path.as_str()];
    let door = Change::new(workspace, "PATCH", &segments, body(kind, &fields));
    match visitor.change(door).await {
        Ok(_) => {
            let message = Flash::ok("The strategy was saved. The gates of its APIs follow.");
            visitor.done(&visitor.url(&format!("/portal/strategies/{path}")), &message)
        }
        Err(refusal) => page(&visitor, &path, Some(&fields), errors_of(kind, refusal)?).await,
    }
}

/// `POST /portal/strategies/{id}/refresh-keys`
pub(super) async fn refresh(form: CsrfForm<Fields>, path: Path<String>) -> PageResult {
    let CsrfForm { visitor, .. } = form;
    let workspace = visitor.workspace_to_show("", DOOR)?;
    let segments = ["application-auth-strategies", path.as_str(), "refresh-keys"];
    let told = visitor.change(Change::new(workspace, "POST", &segments, Value::Null)).await?;
    let message = match told.pointer("/signing_key/problem").and_then(Value::as_str) {
        Some(problem) => Flash::warn(format!("The provider gave no keys: {problem}")),
        None => Flash::ok("The provider's keys were read."),
    };
    visitor.done(&visitor.url(&format!("/portal/strategies/{path}")), &message)
}

/// `POST /portal/strategies/{id}/delete`
pub(super) async fn delete(form: CsrfForm<Fields>, path: Path<String>) -> PageResult {
    let CsrfForm { visitor, .. } = form;
    let workspace = visitor.workspace_to_show("", DOOR)?;
    let segments = ["application-auth-strategies", path.as_str()];
    match visitor.change(Change::new(workspace, "DELETE", &segments, Value::Null)).await {
        Ok(_) => visitor.done(&visitor.url("/portal/strategies"), &Flash::ok("The strategy was deleted.")),
        Err(refusal) => {
            let errors = Errors::of_refusal(refusal, &[])?;
            page(&visitor, &path, None, errors).await
        }
    }
}
