//! `/admins` (kong-manager.md 5.2). Passwords belong to the identity provider, so their doors do not exist.

use serde_json::{Value, json};

use super::input::{self, Input};
use super::rbac_users::{read_token, shown_once};
use super::{Answer, Call, admin_roles, listing};
use crate::domain::admin::{Admin, AdminStatus};
use crate::domain::ids::UserName;
use crate::kong::body::Members;
use crate::services::admins::{self, AdminEdit, NewAdmin};
use crate::services::{accounts, representation};
use crate::web::error::ApiError;

/// Members of answers that requests may repeat.
const READ_ONLY: &[&str] =
    &["id", "username_lower", "rbac_user", "workspace", "last_login_at", "created_at", "updated_at"];
/// Names that mean something else in a path.
const NOT_NAMES: &[&str] = &["self", "register", "password_resets"];

/// Answers a call of `/admins` and below; `path` is what follows.
pub(super) async fn answer(call: &Call<'_>, path: &[&str]) -> Result<Answer, ApiError> {
    match (path, call.method) {
        ([], "GET") => list(call).await,
        ([], "POST") => create(call).await,
        ([], _) => Err(ApiError::method_not_allowed("GET, HEAD, OPTIONS, POST")),
        (["self", rest @ ..], _) => of_caller(call, rest).await,
        (["register" | "password_resets", ..], _) => Err(ApiError::not_found()),
        ([admin], "GET") => get(call, admin).await,
        ([admin], "PATCH") => update(call, admin).await,
        ([admin], "DELETE") => delete(call, admin).await,
        ([_], _) => Err(ApiError::method_not_allowed("DELETE, GET, HEAD, OPTIONS, PATCH")),
        ([admin, rest @ ..], _) => below(call, admin, rest).await,
    }
}

/// What stands below one admin.
async fn below(call: &Call<'_>, admin: &str, path: &[&str]) -> Result<Answer, ApiError> {
    match (path, call.method) {
        (["roles"], _) => admin_roles::answer(call, admin).await,
        (["workspaces"], "GET") => workspaces(call, admin).await,
        (["workspaces"], _) => Err(ApiError::method_not_allowed("GET, HEAD, OPTIONS")),
        (["workspaces", workspace], "PATCH") => move_home(call, admin, workspace).await,
        (["workspaces", _], _) => Err(ApiError::method_not_allowed("OPTIONS, PATCH")),
        (["binding"], "DELETE") => clear_binding(call, admin).await,
        (["sessions"], "DELETE") => end_sessions(call, admin).await,
        (["binding" | "sessions"], _) => Err(ApiError::method_not_allowed("DELETE, OPTIONS")),
        _ => Err(ApiError::not_found()),
    }
}

/// The caller's own account.
async fn of_caller(call: &Call<'_>, path: &[&str]) -> Result<Answer, ApiError> {
    match (path, call.method) {
        ([], "GET") => {
            let admin = accounts::of_caller(call.services, call.caller).await?.ok_or_else(ApiError::not_found)?;
            Ok(Answer::ok(representation::admin(&admin)))
        }
        ([], _) => Err(ApiError::method_not_allowed("GET, HEAD, OPTIONS")),
        (["token"], "PATCH") => {
            let token = read_token(&call.body)?;
            Ok(shown_once(&accounts::reset_own_token(call.services, call.caller, token).await?))
        }
        (["token"], _) => Err(ApiError::method_not_allowed("OPTIONS, PATCH")),
        _ => Err(ApiError::not_found()),
    }
}

/// Whether `all_workspaces` is asked for.
pub(super) fn asks_for_all(call: &Call<'_>) -> bool {
    call.query.get("all_workspaces").is_some_and(|text| text == "true")
}

async fn list(call: &Call<'_>) -> Result<Answer, ApiError> {
    let page = listing::page(call)?;
    let home = if asks_for_all(call) {
        admins::require_right_everywhere(call.services, call.caller, &call.here()?)?;
        None
    } else {
        Some(call.place.workspace.id)
    };
    let admins = admins::list(call.services, home, "", &page).await?;
    Ok(listing::paged(call, "/admins", &admins, representation::admin))
}

fn username(text: &str) -> Result<UserName, String> {
    let name = UserName::parse(text).map_err(|error| error.to_string())?;
    if NOT_NAMES.contains(&name.as_str()) { Err(format!("the name '{name}' is reserved")) } else { Ok(name) }
}

async fn create(call: &Call<'_>) -> Result<Answer, ApiError> {
    let mut input = Input::of(&call.body, &[]);
    let username = input.required("username", username);
    let custom_id = input.optional("custom_id", input::short_text);
    let email = input.optional("email", input::email);
    let token = input.flag("rbac_token_enabled");
    let new = input.finish(|| {
        let rbac_token_enabled = token?.unwrap_or(true);
        Some(NewAdmin { username: username?, custom_id: custom_id?, email: email?, rbac_token_enabled })
    })?;
    let admin = admins::create(call.services, call.caller, &call.here()?, new).await?;
    Ok(Answer::ok(json!({ "admin": representation::admin(&admin) })))
}

async fn get(call: &Call<'_>, admin: &str) -> Result<Answer, ApiError> {
    Ok(shown(&admins::get(call.services, call.caller, &call.here()?, admin).await?))
}

fn shown(admin: &Admin) -> Answer {
    Answer::ok(representation::admin(admin))
}

fn status(code: i64) -> Result<AdminStatus, &'static str> {
    AdminStatus::from_code(code).ok_or("expected an integer from 0 to 5")
}

fn read_edit(body: &Members) -> Result<AdminEdit, ApiError> {
    let mut input = Input::of(body, READ_ONLY);
    let username = input.optional("username", username);
    let custom_id = input.edit("custom_id", input::short_text);
    let email = input.edit("email", input::email);
    let token = input.flag("rbac_token_enabled");
    let status = input.number("status", status);
    input.finish(|| {
        let rbac_token_enabled = token?;
        Some(AdminEdit {
            username: username?,
            custom_id: custom_id?,
            email: email?,
            rbac_token_enabled,
            status: status?,
        })
    })
}

async fn update(call: &Call<'_>, admin: &str) -> Result<Answer, ApiError> {
    let edit = read_edit(&call.body)?;
    Ok(shown(&admins::update(call.services, call.caller, &call.here()?, admin, edit).await?))
}

async fn delete(call: &Call<'_>, admin: &str) -> Result<Answer, ApiError> {
    admins::delete(call.services, call.caller, &call.here()?, admin).await?;
    Ok(Answer::no_content())
}

async fn workspaces(call: &Call<'_>, admin: &str) -> Result<Answer, ApiError> {
    let admin = admins::get(call.services, call.caller, &call.here()?, admin).await?;
    let workspaces = admins::workspaces_of(call.services, call.caller, &admin).await?;
    Ok(Answer::ok(workspaces.iter().map(|workspace| super::workspaces::shown(call, workspace)).collect::<Value>()))
}

async fn move_home(call: &Call<'_>, admin: &str, workspace: &str) -> Result<Answer, ApiError> {
    Ok(shown(&admins::move_home(call.services, call.caller, &call.here()?, admin, workspace).await?))
}

async fn clear_binding(call: &Call<'_>, admin: &str) -> Result<Answer, ApiError> {
    accounts::clear_binding(call.services, call.caller, &call.here()?, admin).await?;
    Ok(Answer::no_content())
}

async fn end_sessions(call: &Call<'_>, admin: &str) -> Result<Answer, ApiError> {
    accounts::end_sessions(call.services, call.caller, &call.here()?, admin).await?;
    Ok(Answer::no_content())
}
