//! `/application-auth-strategies` (dev-portal.md 5.5).

use serde_json::Value;

use super::input::Input;
use super::{Answer, Call, listing};
use crate::domain::application::parse_line;
use crate::domain::strategy::{KeyAuthConfig, StrategyType};
use crate::services::change::Actor;
use crate::services::edit::Edit;
use crate::services::portal_representation as shown;
use crate::services::strategies::{self, NewStrategy, StrategyEdit};
use crate::web::error::ApiError;

/// Members of answers that requests may repeat.
const READ_ONLY: &[&str] = &["id", "created_at", "updated_at"];

/// Answers a call of `/application-auth-strategies` and below; `path` is what follows.
pub(super) async fn answer(call: &Call<'_>, path: &[&str]) -> Result<Answer, ApiError> {
    let workspace = call.place.workspace.id;
    match (path, call.method) {
        ([], "GET") => Ok(listing::complete(&strategies::list(call.services, workspace).await?, shown::strategy)),
        ([], "POST") => create(call).await,
        ([], _) => Err(ApiError::method_not_allowed("GET, HEAD, OPTIONS, POST")),
        ([key], "GET") => Ok(Answer::ok(shown::strategy(&strategies::get(call.services, workspace, key).await?))),
        ([key], "PATCH") => update(call, key).await,
        ([key], "DELETE") => {
            strategies::delete(call.services, &Actor::Admin(call.caller), workspace, key).await?;
            Ok(Answer::no_content())
        }
        ([_], _) => Err(ApiError::method_not_allowed("DELETE, GET, HEAD, OPTIONS, PATCH")),
        _ => Err(ApiError::not_found()),
    }
}

/// Only kinds that are enforced are taken: a strategy that guards nothing would be worse than none.
fn check_kind(text: &str) -> Result<StrategyType, String> {
    let kind: StrategyType = text.parse().map_err(str::to_owned)?;
    if kind.is_available() {
        Ok(kind)
    } else {
        Err(format!("strategies of type {text} are not available in this release; use key_auth"))
    }
}

/// The settings in `configs.key-auth`.
fn read_configs(value: &Value) -> Result<KeyAuthConfig, String> {
    let Value::Object(configs) = value else { return Err("expected a record".to_owned()) };
    if let Some(other) = configs.keys().find(|name| *name != "key-auth") {
        return Err(format!("{other}: unknown field"));
    }
    let Some(config) = configs.get("key-auth").filter(|config| !config.is_null()) else {
        return Ok(KeyAuthConfig::default());
    };
    serde_json::from_value(config.clone()).map_err(|error| format!("key-auth: {error}"))
}

async fn create(call: &Call<'_>) -> Result<Answer, ApiError> {
    let mut input = Input::of(&call.body, READ_ONLY);
    let name = input.required("name", parse_line);
    let display_name = input.optional("display_name", parse_line);
    let kind = input.required("strategy_type", check_kind);
    let key_auth = input.value("configs", read_configs);
    let new = input.finish(|| {
        kind?;
        Some(NewStrategy { name: name?, display_name: display_name?, key_auth: key_auth?.unwrap_or_default() })
    })?;
    let actor = Actor::Admin(call.caller);
    let strategy = strategies::create(call.services, &actor, call.place.workspace.id, new).await?;
    Ok(Answer::created(shown::strategy(&strategy)))
}

async fn update(call: &Call<'_>, key: &str) -> Result<Answer, ApiError> {
    let mut input = Input::of(&call.body, READ_ONLY);
    let name = input.optional("name", parse_line);
    let display_name = input.optional("display_name", parse_line);
    let kind = input.optional("strategy_type", check_kind);
    let key_auth = input.value("configs", read_configs);
    let edit = input.finish(|| {
        kind?;
        Some(StrategyEdit {
            name: name?.map_or(Edit::Keep, Edit::To),
            display_name: display_name?.map_or(Edit::Keep, Edit::To),
            key_auth: key_auth?.map_or(Edit::Keep, Edit::To),
        })
    })?;
    let actor = Actor::Admin(call.caller);
    let strategy = strategies::update(call.services, &actor, call.place.workspace.id, key, edit).await?;
    Ok(Answer::ok(shown::strategy(&strategy)))
}
