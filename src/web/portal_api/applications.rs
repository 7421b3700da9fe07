//! `/applications`: the developer's applications, their contracts and keys (dev-portal.md 6.4). What belongs to somebody else
//! is not found.

use std::collections::HashMap;

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::{Path, Query};
use serde_json::{Value, json};
use url::form_urlencoded::Serializer;

use super::body::Body;
use super::guard::{DeveloperSession, PortalError, PortalResult, PortalVisit};
use crate::domain::credential::CredentialKind;
use crate::domain::team::Owner;
use crate::services::applications::credentials::{self, Issued};
use crate::services::applications::{self, Effect, Reach};
use crate::services::catalogue;
use crate::services::change::Actor;
use crate::services::portal::teams::members;
use crate::services::portal_representation as shown;
use crate::services::{Page, contracts, gateway_sync, strategies, why};
use crate::web::admin_api::own::applications as inputs;
use crate::web::error::ApiError;

impl DeveloperSession {
    /// What is the developer's own.
    fn reach(&self) -> Reach {
        Reach::developer(self.portal.workspace.id, self.developer().id)
    }
}

/// Who acts: the developer, by this request.
macro_rules! actor {
    ($session:ident, $visit:ident) => {
        Actor::Developer { id: $session.developer().id, request_id: &$visit.request_id }
    };
}

/// `GET /applications`
pub(super) async fn list(session: DeveloperSession, query: Query<HashMap<String, String>>) -> PortalResult {
    let page = page(&query)?;
    let found = applications::list(&session.services, session.reach(), &page).await?;
    let total = applications::count(&session.services, session.developer().id).await?;
    let overview = gateway_sync::overview(&session.services, session.portal.workspace.id).await?;
    let data: Vec<Value> =
        found.items.iter().map(|it| shown::application_with_state(it, &session.portal.workspace, &overview)).collect();
    let next = found.offset.as_ref().map(|offset| {
        let query = Serializer::new(String::new())
            .append_pair("size", &page.size.to_string())
            .append_pair("offset", offset)
            .finish();
        format!("/applications?{query}")
    });
    Ok(HttpResponse::Ok().json(json!({ "data": data, "next": next, "offset": found.offset, "total": total })))
}

fn page(query: &HashMap<String, String>) -> Result<Page, PortalError> {
    let wrong = || ApiError::invalid_size("size must be an integer between 1 and 1000");
    let size = match query.get("size") {
        None => 100,
        Some(text) => text.parse().ok().filter(|size| (1..=1000).contains(size)).ok_or_else(wrong)?,
    };
    let offset = query.get("offset").map(String::as_str);
    Page::new(size, offset).map_err(|_| ApiError::invalid_offset(offset.unwrap_or_default()).into())
}

/// `POST /applications`
pub(super) async fn create(session: DeveloperSession, body: Body) -> PortalResult {
    let visit = session.visit();
    let (new, team) = inputs::read_new(&body.0)?;
    let workspace = session.portal.workspace.id;
    let owner = team.map_or(Owner::Developer(session.developer().id), Owner::Team);
    let made = applications::create(&session.services, &actor!(session, visit), workspace, owner, new).await?;
    answer(&session, StatusCode::CREATED, &made).await
}

async fn answer(
    session: &DeveloperSession,
    status: StatusCode,
    application: &crate::domain::application::Application,
) -> PortalResult {
    let overview = gateway_sync::overview(&session.services, session.portal.workspace.id).await?;
    let body = shown::application_with_state(application, &session.portal.workspace, &overview);
    Ok(HttpResponse::build(status).json(body))
}

/// `POST /applications/{id}/transfer`: to a team of the developer.
pub(super) async fn transfer(session: DeveloperSession, path: Path<(String, String)>, body: Body) -> PortalResult {
    let visit = session.visit();
    let to = Owner::Team(inputs::read_team(&body.0)?);
    let (actor, reach, workspace) = (actor!(session, visit), session.reach(), &session.portal.workspace);
    let given = applications::transfer(&session.services, &actor, workspace, reach, &path.1, to).await?;
    answer(&session, StatusCode::OK, &given).await
}

/// `GET /developer/teams`
pub(super) async fn teams(session: DeveloperSession) -> PortalResult {
    let teams = members::teams_of(&session.services, session.developer().id).await?;
    let data: Vec<Value> = teams.iter().map(shown::team).collect();
    Ok(HttpResponse::Ok().json(json!({ "data": data, "next": null })))
}

/// `GET /api/v3/apis/{api}/actions`: what the visitor may do with an API; buttons of pages follow the same answer.
pub(super) async fn actions(visit: PortalVisit, path: Path<(String, String)>) -> PortalResult {
    let sight = visit.sight_of(visit.live().await?.as_ref()).await?;
    let api = catalogue::get_visible(&visit.services, visit.portal.workspace.id, &sight, &path.1).await?;
    Ok(HttpResponse::Ok().json(json!({ "actions": shown::actions(sight.actions(&api)) })))
}

/// `GET /applications/{id}`
pub(super) async fn show(session: DeveloperSession, path: Path<(String, String)>) -> PortalResult {
    let found = applications::get(&session.services, session.reach(), &path.1).await?;
    answer(&session, StatusCode::OK, &found).await
}

/// `PATCH /applications/{id}`
pub(super) async fn update(session: DeveloperSession, path: Path<(String, String)>, body: Body) -> PortalResult {
    let visit = session.visit();
    let edit = inputs::read_edit(&body.0)?;
    let (actor, reach) = (actor!(session, visit), session.reach());
    let changed = applications::update(&session.services, &actor, reach, &path.1, edit).await?;
    answer(&session, StatusCode::OK, &changed).await
}

/// `DELETE /applications/{id}`
pub(super) async fn delete(session: DeveloperSession, path: Path<(String, String)>) -> PortalResult {
    let visit = session.visit();
    let (actor, reach) = (actor!(session, visit), session.reach());
    Ok(gone(applications::delete(&session.services, &actor, reach, &path.1).await?))
}

/// 204 when it is done, 202 when Kong has not confirmed it.
fn gone(effect: Effect) -> HttpResponse {
    match effect {
        Effect::Done => HttpResponse::NoContent().finish(),
        Effect::NotYet => {
            HttpResponse::Accepted().json(json!({ "message": "not yet effective: the gateway has not confirmed it" }))
        }
    }
}

/// `GET /application_services`: published APIs that take requests.
pub(super) async fn services(session: DeveloperSession) -> PortalResult {
    let workspace = session.portal.workspace.id;
    let sight = session.sight_of(Some(&session.live)).await?;
    let apis = catalogue::visible(&session.services, workspace, &sight, "").await?;
    let strategies = strategies::list(&session.services, workspace).await?;
    let data: Vec<Value> = apis
        .iter()
        .filter(|api| api.registration_enabled)
        .map(|api| {
            let strategy = strategies.iter().find(|strategy| strategy.id == api.strategy_id);
            json!({
                "id": api.service_id,
                "name": api.service_name,
                "api": { "id": api.id, "slug": api.slug },
                "actions": shown::actions(sight.actions(api)),
                "strategy": strategy.map(shown::strategy_for_developers),
                "issuer": strategy.and_then(|it| shown::issuer(api, it)),
                "app_registration_config": {
                    "display_name": api.name, "description": api.description, "auto_approve": api.auto_approve,
                    "show_issuer": api.show_issuer,
                },
            })
        })
        .collect();
    Ok(HttpResponse::Ok().json(json!({ "data": data, "next": null })))
}

/// `GET /applications/{id}/application_instances`
pub(super) async fn list_contracts(session: DeveloperSession, path: Path<(String, String)>) -> PortalResult {
    let found = contracts::list_of(&session.services, session.reach(), &path.1).await?;
    let overview = gateway_sync::overview(&session.services, session.portal.workspace.id).await?;
    let data: Vec<Value> = found.iter().map(|it| shown::connected(it, &overview)).collect();
    Ok(HttpResponse::Ok().json(json!({ "data": data, "next": null })))
}

/// `POST /applications/{id}/application_instances`
pub(super) async fn request(session: DeveloperSession, path: Path<(String, String)>, body: Body) -> PortalResult {
    let visit = session.visit();
    let (key, reason) = inputs::read_request(&body.0)?;
    let (actor, reach) = (actor!(session, visit), session.reach());
    let workspace = &session.portal.workspace;
    let made = contracts::request(&session.services, &actor, workspace, reach, &path.1, &key, reason).await?;
    let overview = gateway_sync::overview(&session.services, workspace.id).await?;
    Ok(HttpResponse::Created().json(shown::connected(&made, &overview)))
}

/// `GET /applications/{id}/application_instances/{instance}`
pub(super) async fn show_contract(session: DeveloperSession, path: Path<(String, String, String)>) -> PortalResult {
    let found = contracts::get(&session.services, session.reach(), Some(&path.1), &path.2).await?;
    let overview = gateway_sync::overview(&session.services, session.portal.workspace.id).await?;
    Ok(HttpResponse::Ok().json(shown::connected(&found, &overview)))
}

/// `DELETE /applications/{id}/application_instances/{instance}`
pub(super) async fn delete_contract(session: DeveloperSession, path: Path<(String, String, String)>) -> PortalResult {
    let visit = session.visit();
    let (actor, reach) = (actor!(session, visit), session.reach());
    Ok(gone(contracts::delete(&session.services, &actor, reach, Some(&path.1), &path.2).await?))
}

/// `GET /applications/{id}/credentials`
pub(super) async fn list_keys(session: DeveloperSession, path: Path<(String, String)>) -> PortalResult {
    let keys = credentials::list(&session.services, session.reach(), &path.1).await?;
    let now = session.now();
    let data: Vec<Value> = keys.iter().map(|key| shown::credential(key, now)).collect();
    Ok(HttpResponse::Ok().json(json!({ "data": data, "next": null })))
}

/// `POST /applications/{id}/credentials`: the only answer that ever holds the value.
pub(super) async fn create_key(session: DeveloperSession, path: Path<(String, String)>, body: Body) -> PortalResult {
    let visit = session.visit();
    let new = inputs::read_credential(&body.0)?;
    let (actor, reach) = (actor!(session, visit), session.reach());
    Ok(issued(&session, &credentials::create(&session.services, &actor, reach, &path.1, new).await?))
}

fn issued(session: &DeveloperSession, issued: &Issued) -> HttpResponse {
    let mut body = shown::credential(&issued.credential, session.now());
    if let Some(members) = body.as_object_mut() {
        if let Some(value) = issued.secret() {
            members.insert(secret_member(issued.credential.kind).to_owned(), json!(value.expose()));
        }
        members.insert("gateway_ready".to_owned(), json!(issued.effect == Effect::Done));
    }
    HttpResponse::Created().insert_header(("cache-control", "no-store")).json(body)
}

/// The member that holds a value, once.
const fn secret_member(kind: CredentialKind) -> &'static str {
    match kind {
        CredentialKind::ApiKey => "credential",
        CredentialKind::ClientSecret => "client_secret",
        CredentialKind::Jwt => "secret",
    }
}

/// `GET /applications/{id}/credentials/{credential}`
pub(super) async fn show_key(session: DeveloperSession, path: Path<(String, String, String)>) -> PortalResult {
    let key = credentials::get(&session.services, session.reach(), &path.1, &path.2).await?;
    Ok(HttpResponse::Ok().json(shown::credential(&key, session.now())))
}

/// `POST /applications/{id}/credentials/{credential}/rotate`
pub(super) async fn rotate_key(
    session: DeveloperSession,
    path: Path<(String, String, String)>,
    body: Body,
) -> PortalResult {
    let visit = session.visit();
    let (grace, changes) = inputs::read_rotation(&body.0)?;
    let (actor, reach) = (actor!(session, visit), session.reach());
    let new = credentials::rotate(&session.services, &actor, reach, &path.1, &path.2, grace, changes).await?;
    Ok(issued(&session, &new))
}

/// `DELETE /applications/{id}/credentials/{credential}`
pub(super) async fn delete_key(session: DeveloperSession, path: Path<(String, String, String)>) -> PortalResult {
    let visit = session.visit();
    let (actor, reach) = (actor!(session, visit), session.reach());
    Ok(gone(credentials::revoke(&session.services, &actor, reach, &path.1, &path.2).await?))
}

/// `GET /applications/{id}/access/{api}`: why calls are let through or refused.
pub(super) async fn explain(session: DeveloperSession, path: Path<(String, String, String)>) -> PortalResult {
    let (api, conditions) = why::explain(&session.services, session.reach(), &path.1, &path.2).await?;
    let first = conditions.iter().find(|condition| !condition.is_met);
    let all: Vec<Value> =
        conditions.iter().map(|it| json!({ "name": it.name, "is_met": it.is_met, "sentence": it.sentence })).collect();
    Ok(HttpResponse::Ok().json(json!({
        "api": { "id": api.id, "name": api.name },
        "allowed": first.is_none(),
        "first_unmet": first.map(|it| it.name),
        "conditions": all,
    })))
}
