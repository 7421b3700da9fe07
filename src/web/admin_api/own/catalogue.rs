//! `/portal/apis`: published APIs (dev-portal.md 5.2).

use serde_json::json;

use super::input::{self, Input};
use super::{Answer, Call, listing};
use crate::domain::application::parse_line;
use crate::domain::catalogue::{Visibility, parse_slug};
use crate::kong::body::Members;
use crate::services::catalogue::{self, ApiEdit, NewApi};
use crate::services::change::Actor;
use crate::services::edit::Edit;
use crate::services::gateway_sync;
use crate::services::portal_representation as shown;
use crate::web::error::ApiError;

/// Members of answers that requests may repeat.
const READ_ONLY: &[&str] = &["id", "gate", "gateway", "link_state", "created_at", "updated_at"];

/// Answers a call of `/portal/apis` and below; `path` is what follows.
pub(super) async fn answer(call: &Call<'_>, path: &[&str]) -> Result<Answer, ApiError> {
    match (path, call.method) {
        ([], "GET") => list(call).await,
        ([], "POST") => publish(call).await,
        ([], _) => Err(ApiError::method_not_allowed("GET, HEAD, OPTIONS, POST")),
        ([api], "GET") => {
            let found = catalogue::get(call.services, call.place.workspace.id, api).await?;
            let overview = gateway_sync::overview(call.services, call.place.workspace.id).await?;
            Ok(Answer::ok(shown::api_with_state(&found, &overview)))
        }
        ([api], "PATCH") => update(call, api).await,
        ([api], "DELETE") => {
            let actor = Actor::Admin(call.caller);
            catalogue::delete(call.services, &actor, call.place.workspace.id, api).await?;
            Ok(Answer::no_content())
        }
        ([_], _) => Err(ApiError::method_not_allowed("DELETE, GET, HEAD, OPTIONS, PATCH")),
        ([api, "gate"], "DELETE") => remove_gate(call, api).await,
        ([_, "gate"], _) => Err(ApiError::method_not_allowed("DELETE, OPTIONS")),
        _ => Err(ApiError::not_found()),
    }
}

async fn list(call: &Call<'_>) -> Result<Answer, ApiError> {
    let workspace = call.place.workspace.id;
    let apis = catalogue::list(call.services, workspace, &listing::page(call)?).await?;
    let overview = gateway_sync::overview(call.services, workspace).await?;
    Ok(listing::paged(call, "/portal/apis", &apis, |api| shown::api_with_state(api, &overview)))
}

/// Services of Kong that are not published.
pub(super) async fn unpublished(call: &Call<'_>) -> Result<Answer, ApiError> {
    let found = catalogue::unpublished(call.services, call.place.workspace).await?;
    Ok(listing::complete(&found, |(id, name)| json!({ "id": id, "name": name })))
}

async fn publish(call: &Call<'_>) -> Result<Answer, ApiError> {
    let mut input = Input::of(&call.body, READ_ONLY);
    let service = input.reference("service");
    let name = input.optional("name", parse_line);
    let slug = input.optional("slug", parse_slug);
    let description = input.optional("description", input::free_text);
    let document = input.optional("document", input::document);
    let visibility = input.optional("visibility", str::parse::<Visibility>);
    let strategy = input.optional("auth_strategy_id", input::short_text);
    let auto_approve = input.flag("auto_approve");
    let registration_enabled = input.flag("registration_enabled");
    let show_issuer = input.flag("show_issuer");
    let service = match service {
        Some(None) => input.refuse("service", "required field missing"),
        other => other,
    };
    let new = input.finish(|| {
        Some(NewApi {
            service: service??,
            name: name?,
            slug: slug?,
            description: description?,
            document: document?,
            visibility: visibility?,
            strategy: strategy?,
            auto_approve: auto_approve?.unwrap_or(false),
            registration_enabled: registration_enabled?.unwrap_or(true),
            show_issuer: show_issuer?.unwrap_or(false),
        })
    })?;
    let api = catalogue::publish(call.services, &Actor::Admin(call.caller), call.place.workspace, new).await?;
    let overview = gateway_sync::overview(call.services, call.place.workspace.id).await?;
    Ok(Answer::created(shown::api_with_state(&api, &overview)))
}

fn read_edit(body: &Members) -> Result<ApiEdit, ApiError> {
    let mut input = Input::of(body, READ_ONLY);
    let kept = |given: Option<_>| given.map_or(Edit::Keep, Edit::To);
    let name = input.optional("name", parse_line);
    let slug = input.optional("slug", parse_slug);
    let description = input.edit("description", input::free_text);
    let document = input.edit("document", input::document);
    let visibility = input.optional("visibility", str::parse::<Visibility>);
    let strategy = input.optional("auth_strategy_id", input::short_text);
    let auto_approve = input.flag("auto_approve");
    let registration_enabled = input.flag("registration_enabled");
    let show_issuer = input.flag("show_issuer");
    let is_published = input.optional("status", |text| match text {
        "published" => Ok(true),
        "unpublished" => Ok(false),
        _ => Err("expected one of: published, unpublished"),
    });
    input.finish(|| {
        Some(ApiEdit {
            name: name?.map_or(Edit::Keep, Edit::To),
            slug: slug?.map_or(Edit::Keep, Edit::To),
            description: description?,
            document: document?,
            visibility: visibility?.map_or(Edit::Keep, Edit::To),
            strategy: strategy?.map_or(Edit::Keep, Edit::To),
            auto_approve: kept(auto_approve?),
            registration_enabled: kept(registration_enabled?),
            show_issuer: kept(show_issuer?),
            is_published: kept(is_published?),
        })
    })
}

async fn update(call: &Call<'_>, api: &str) -> Result<Answer, ApiError> {
    let edit = read_edit(&call.body)?;
    let api = catalogue::update(call.services, &Actor::Admin(call.caller), call.place.workspace, api, edit).await?;
    let overview = gateway_sync::overview(call.services, call.place.workspace.id).await?;
    Ok(Answer::ok(shown::api_with_state(&api, &overview)))
}

async fn remove_gate(call: &Call<'_>, api: &str) -> Result<Answer, ApiError> {
    let is_confirmed = call.query.get("confirm").is_some_and(|text| text == "true");
    let actor = Actor::Admin(call.caller);
    let api = catalogue::remove_gate(call.services, &actor, call.place.workspace, api, is_confirmed).await?;
    let overview = gateway_sync::overview(call.services, call.place.workspace.id).await?;
    Ok(Answer::ok(shown::api_with_state(&api, &overview)))
}
