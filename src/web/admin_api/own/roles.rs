//! `/rbac/roles` (kong-manager.md 4.11).

use super::input::{self, Input};
use super::{Answer, Call, listing, role_endpoints};
use crate::domain::ids::RoleName;
use crate::kong::body::Members;
use crate::services::edit::Edit;
use crate::services::roles::{self, NewRole, RoleEdit};
use crate::services::{permissions, representation};
use crate::web::error::ApiError;

/// Members of answers that requests may repeat.
const READ_ONLY: &[&str] = &["id", "ws_id", "created_at", "updated_at"];

/// Answers a call of `/rbac/roles` and below; `path` is what follows.
pub(super) async fn answer(call: &Call<'_>, path: &[&str]) -> Result<Answer, ApiError> {
    match (path, call.method) {
        ([], "GET") => list(call).await,
        ([], "POST") => create(call).await,
        ([], _) => Err(ApiError::method_not_allowed("GET, HEAD, OPTIONS, POST")),
        ([role], "GET") => get(call, role).await,
        ([role], "PATCH") => update(call, role).await,
        ([role], "PUT") => put(call, role).await,
        ([role], "DELETE") => delete(call, role).await,
        ([_], _) => Err(ApiError::method_not_allowed("DELETE, GET, HEAD, OPTIONS, PATCH, PUT")),
        ([role, "permissions"], "GET") => permissions(call, role).await,
        ([_, "permissions"], _) => Err(ApiError::method_not_allowed("GET, HEAD, OPTIONS")),
        ([role, "endpoints", rest @ ..], _) => role_endpoints::answer(call, role, rest).await,
        _ => Err(ApiError::not_found()),
    }
}

async fn list(call: &Call<'_>) -> Result<Answer, ApiError> {
    let page = listing::page(call)?;
    let roles = roles::list(call.services, call.place.workspace.id, &page).await?;
    Ok(listing::paged(call, "/rbac/roles", &roles, representation::role))
}

async fn get(call: &Call<'_>, role: &str) -> Result<Answer, ApiError> {
    let role = roles::get(call.services, call.place.workspace.id, role).await?;
    Ok(Answer::ok(representation::role(&role)))
}

/// `is_default` marks hidden roles and never changes.
fn refuse_default(input: &mut Input<'_>) {
    if input.flag("is_default") == Some(Some(true)) {
        input.refuse::<()>("is_default", "immutable");
    }
}

async fn create(call: &Call<'_>) -> Result<Answer, ApiError> {
    let mut input = Input::of(&call.body, READ_ONLY);
    let id = input.optional("id", input::id);
    let name = input.required("name", RoleName::parse);
    let comment = input.optional("comment", input::free_text);
    refuse_default(&mut input);
    let new = input.finish(|| Some(NewRole { id: id?, name: name?, comment: comment? }))?;
    let role = roles::create(call.services, call.caller, &call.here()?, new).await?;
    Ok(Answer::created(representation::role(&role)))
}

fn read_edit(body: &Members) -> Result<RoleEdit, ApiError> {
    let mut input = Input::of(body, READ_ONLY);
    let name = input.optional("name", RoleName::parse);
    let comment = input.edit("comment", input::free_text);
    refuse_default(&mut input);
    input.finish(|| Some(RoleEdit { name: name?, comment: comment? }))
}

async fn update(call: &Call<'_>, role: &str) -> Result<Answer, ApiError> {
    let edit = read_edit(&call.body)?;
    let role = roles::update(call.services, call.caller, &call.here()?, role, edit).await?;
    Ok(Answer::ok(representation::role(&role)))
}

async fn put(call: &Call<'_>, role: &str) -> Result<Answer, ApiError> {
    let mut edit = read_edit(&call.body)?;
    if edit.comment == Edit::Keep {
        edit.comment = Edit::To(None);
    }
    let (role, is_new) = roles::put(call.services, call.caller, &call.here()?, role, edit).await?;
    Ok(Answer::put(representation::role(&role), is_new))
}

async fn delete(call: &Call<'_>, role: &str) -> Result<Answer, ApiError> {
    roles::delete(call.services, call.caller, &call.here()?, role).await?;
    Ok(Answer::no_content())
}

async fn permissions(call: &Call<'_>, role: &str) -> Result<Answer, ApiError> {
    let role = roles::get(call.services, call.place.workspace.id, role).await?;
    let policy = permissions::of_role(call.services, role).await?;
    Ok(Answer::ok(representation::permissions(&policy)))
}
