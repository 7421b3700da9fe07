//! `/application-auth-strategies` (dev-portal.md 5.5).

use serde_json::{Value, json};

use super::input::Input;
use super::{Answer, Call, listing};
use crate::domain::application::parse_line;
use crate::domain::strategy::{Strategy, StrategyConfig, StrategyType};
use crate::services::change::Actor;
use crate::services::edit::Edit;
use crate::services::issuer_keys;
use crate::services::portal_representation as shown;
use crate::services::strategies::{self, NewStrategy, StrategyEdit};
use crate::web::error::ApiError;

/// Members of answers that requests may repeat.
const READ_ONLY: &[&str] = &["id", "signing_key", "enforcer", "warnings", "created_at", "updated_at"];

/// Answers a call of `/application-auth-strategies` and below; `path` is what follows.
pub(super) async fn answer(call: &Call<'_>, path: &[&str]) -> Result<Answer, ApiError> {
    let workspace = call.place.workspace.id;
    match (path, call.method) {
        ([], "GET") => Ok(listing::complete(&strategies::list(call.services, workspace).await?, shown::strategy)),
        ([], "POST") => create(call).await,
        ([], _) => Err(ApiError::method_not_allowed("GET, HEAD, OPTIONS, POST")),
        ([key], "GET") => Ok(Answer::ok(show(call, &strategies::get(call.services, workspace, key).await?).await?)),
        ([key], "PATCH") => update(call, key).await,
        ([key], "DELETE") => {
            strategies::delete(call.services, &Actor::Admin(call.caller), workspace, key).await?;
            Ok(Answer::no_content())
        }
        ([_], _) => Err(ApiError::method_not_allowed("DELETE, GET, HEAD, OPTIONS, PATCH")),
        ([key, "refresh-keys"], "POST") => refresh(call, key).await,
        ([_, "refresh-keys"], _) => Err(ApiError::method_not_allowed("OPTIONS, POST")),
        _ => Err(ApiError::not_found()),
    }
}

/// The settings of a kind in `configs`; other kinds' must not be there.
fn read_configs(kind: StrategyType, value: &Value) -> Result<StrategyConfig, String> {
    let Value::Object(configs) = value else { return Err("expected a record".to_owned()) };
    let member = kind.member();
    if let Some(other) = configs.keys().find(|name| *name != member) {
        return Err(format!("{other}: unknown field"));
    }
    let mut settings = configs.get(member).filter(|settings| !settings.is_null()).cloned().unwrap_or_else(|| json!({}));
    if let Some(claim) = settings.get_mut("credential_claim").filter(|claim| claim.is_string()) {
        *claim = json!([claim.take()]);
    }
    StrategyConfig::read(kind, &settings).map_err(|sentence| format!("{member}: {sentence}"))
}

async fn create(call: &Call<'_>) -> Result<Answer, ApiError> {
    let mut input = Input::of(&call.body, READ_ONLY);
    let name = input.required("name", parse_line);
    let display_name = input.optional("display_name", parse_line);
    let kind = input.required("strategy_type", str::parse::<StrategyType>);
    let config = kind.and_then(|kind| input.value("configs", |value| read_configs(kind, value)));
    let new = input.finish(|| {
        let config = match config? {
            Some(config) => Ok(config),
            None => read_configs(kind?, &json!({})),
        };
        Some((name?, display_name?, config))
    })?;
    let (name, display_name, config) = new;
    let config = config.map_err(|sentence| ApiError::schema(vec![("configs".to_owned(), sentence)]))?;
    let actor = Actor::Admin(call.caller);
    let new = NewStrategy { name, display_name, config };
    let strategy = strategies::create(call.services, &actor, call.place.workspace, new).await?;
    Ok(Answer::created(show(call, &strategy).await?))
}

async fn update(call: &Call<'_>, key: &str) -> Result<Answer, ApiError> {
    let present = strategies::get(call.services, call.place.workspace.id, key).await?.kind();
    let mut input = Input::of(&call.body, READ_ONLY);
    let name = input.optional("name", parse_line);
    let display_name = input.optional("display_name", parse_line);
    let kind = input.optional("strategy_type", |text| match text.parse::<StrategyType>() {
        Ok(kind) if kind == present => Ok(kind),
        Ok(_) => Err("immutable"),
        Err(sentence) => Err(sentence),
    });
    let config = input.value("configs", |value| read_configs(present, value));
    let edit = input.finish(|| {
        kind?;
        Some(StrategyEdit {
            name: name?.map_or(Edit::Keep, Edit::To),
            display_name: display_name?.map_or(Edit::Keep, Edit::To),
            config: config?.map_or(Edit::Keep, Edit::To),
        })
    })?;
    let actor = Actor::Admin(call.caller);
    let strategy = strategies::update(call.services, &actor, call.place.workspace, key, edit).await?;
    Ok(Answer::ok(show(call, &strategy).await?))
}

/// A strategy with the key of its provider, and what admins must know of its enforcer.
async fn show(call: &Call<'_>, strategy: &Strategy) -> Result<Value, ApiError> {
    let known = issuer_keys::find(call.services, strategy.id).await?;
    Ok(shown::strategy_with_key(strategy, known.as_ref(), call.services.settings.portal_gateway.enforcer))
}

/// Asks the provider for its keys now.
async fn refresh(call: &Call<'_>, key: &str) -> Result<Answer, ApiError> {
    let workspace = call.place.workspace.id;
    issuer_keys::refresh_now(call.services, &Actor::Admin(call.caller), workspace, key).await?;
    Ok(Answer::ok(show(call, &strategies::get(call.services, workspace, key).await?).await?))
}
