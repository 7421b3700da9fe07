//! `/groups` (kong-manager.md 3.2).

use std::collections::HashMap;

use serde_json::Value;

use super::input::{self, Input};
use super::{Answer, Call, listing};
use crate::domain::ids::GroupName;
use crate::kong::body::Members;
use crate::services::edit::Edit;
use crate::services::group_links::{self, Link};
use crate::services::groups::{self, GroupEdit, NewGroup};
use crate::services::representation;
use crate::web::error::ApiError;

/// Members of answers that requests may repeat.
const READ_ONLY: &[&str] = &["id", "created_at", "updated_at"];
/// Arguments that name a link: Kong's names, and those of its Terraform provider.
const LINK: &[&str] = &["rbac_role_id", "role_id", "workspace_id", "workspace"];

/// Answers a call of `/groups` and below; `path` is what follows.
pub(super) async fn answer(call: &Call<'_>, path: &[&str]) -> Result<Answer, ApiError> {
    match (path, call.method) {
        ([], "GET") => list(call).await,
        ([], "POST") => create(call).await,
        ([], _) => Err(ApiError::method_not_allowed("GET, HEAD, OPTIONS, POST")),
        ([group], "GET") => Ok(Answer::ok(representation::group(&groups::get(call.services, group).await?))),
        ([group], "PATCH") => update(call, group).await,
        ([group], "PUT") => put(call, group).await,
        ([group], "DELETE") => delete(call, group).await,
        ([_], _) => Err(ApiError::method_not_allowed("DELETE, GET, HEAD, OPTIONS, PATCH, PUT")),
        ([group, "roles"], "GET") => links(call, group).await,
        ([group, "roles"], "POST") => link(call, group).await,
        ([group, "roles"], "DELETE") => unlink(call, group).await,
        ([_, "roles"], _) => Err(ApiError::method_not_allowed("DELETE, GET, HEAD, OPTIONS, POST")),
        _ => Err(ApiError::not_found()),
    }
}

async fn list(call: &Call<'_>) -> Result<Answer, ApiError> {
    let groups = groups::list(call.services, &listing::page(call)?).await?;
    Ok(listing::paged(call, "/groups", &groups, representation::group))
}

async fn create(call: &Call<'_>) -> Result<Answer, ApiError> {
    let mut input = Input::of(&call.body, READ_ONLY);
    let id = input.optional("id", input::id);
    let name = input.required("name", GroupName::parse);
    let comment = input.optional("comment", input::free_text);
    let new = input.finish(|| Some(NewGroup { id: id?, name: name?, comment: comment? }))?;
    let group = groups::create(call.services, call.caller, &call.here()?, new).await?;
    Ok(Answer::created(representation::group(&group)))
}

fn read_edit(body: &Members) -> Result<GroupEdit, ApiError> {
    let mut input = Input::of(body, READ_ONLY);
    let name = input.optional("name", GroupName::parse);
    let comment = input.edit("comment", input::free_text);
    input.finish(|| Some(GroupEdit { name: name?, comment: comment? }))
}

async fn update(call: &Call<'_>, group: &str) -> Result<Answer, ApiError> {
    let edit = read_edit(&call.body)?;
    let group = groups::update(call.services, call.caller, &call.here()?, group, edit).await?;
    Ok(Answer::ok(representation::group(&group)))
}

async fn put(call: &Call<'_>, group: &str) -> Result<Answer, ApiError> {
    let mut edit = read_edit(&call.body)?;
    if edit.comment == Edit::Keep {
        edit.comment = Edit::To(None);
    }
    let (group, is_new) = groups::put(call.services, call.caller, &call.here()?, group, edit).await?;
    Ok(Answer::put(representation::group(&group), is_new))
}

async fn delete(call: &Call<'_>, group: &str) -> Result<Answer, ApiError> {
    groups::delete(call.services, call.caller, &call.here()?, group).await?;
    Ok(Answer::no_content())
}

async fn links(call: &Call<'_>, group: &str) -> Result<Answer, ApiError> {
    let links = group_links::list(call.services, call.caller, &call.here()?, group).await?;
    Ok(listing::complete(&links, representation::group_role))
}

async fn link(call: &Call<'_>, group: &str) -> Result<Answer, ApiError> {
    let link = read_link(&call.body)?;
    let link = group_links::create(call.services, call.caller, &call.here()?, group, &link).await?;
    Ok(Answer::created(representation::group_role(&link)))
}

async fn unlink(call: &Call<'_>, group: &str) -> Result<Answer, ApiError> {
    let link = read_link(&with_query(&call.body, &call.query))?;
    group_links::delete(call.services, call.caller, &call.here()?, group, &link).await?;
    Ok(Answer::no_content())
}

/// The body with what the query says about the link: clients that send no body with DELETE use the query.
fn with_query(body: &Members, query: &HashMap<String, String>) -> Members {
    let mut members = body.clone();
    let named = query.iter().filter(|(name, _)| LINK.contains(&name.as_str()));
    for (name, text) in named {
        members.entry(name.clone()).or_insert_with(|| Value::from(text.clone()));
    }
    members
}

fn read_link(body: &Members) -> Result<Link, ApiError> {
    let mut input = Input::of(body, &[]);
    let role = either(&mut input, "rbac_role_id", "role_id");
    let workspace = either(&mut input, "workspace_id", "workspace");
    input.finish(|| Some(Link { role: role?, workspace: workspace? }))
}

/// A required text under one of two names.
fn either(input: &mut Input<'_>, name: &'static str, other: &'static str) -> Option<String> {
    let first = input.optional(name, input::short_text)?;
    let second = input.optional(other, input::short_text)?;
    first.or(second).or_else(|| input.refuse(name, "required field missing"))
}
