//! `/workspaces` (kong-manager.md 6.1). The list holds what the caller sees; one workspace is judged by the rights in it,
//! whatever prefix the path has.

use serde_json::{Value, json};

use super::input::{self, Input};
use super::{Answer, Call, listing};
use crate::domain::ids::WorkspaceName;
use crate::domain::workspace::Workspace;
use crate::services::edit::Edit;
use crate::services::workspaces::{self, NewWorkspace, WorkspaceEdit};
use crate::services::{representation, workspace_removal};
use crate::web::error::ApiError;

/// Members of answers that requests may repeat.
const READ_ONLY: &[&str] = &["id", "created_at", "updated_at"];

/// Answers a call of `/workspaces` and below; `path` is what follows.
pub(super) async fn answer(call: &Call<'_>, path: &[&str]) -> Result<Answer, ApiError> {
    match (path, call.method) {
        ([], "GET") => list(call).await,
        ([], "POST") => create(call).await,
        ([], _) => Err(ApiError::method_not_allowed("GET, HEAD, OPTIONS, POST")),
        ([key], "GET") => Ok(Answer::ok(shown(call, &workspaces::get(call.services, call.caller, key).await?))),
        ([key], "PATCH") => update(call, key).await,
        ([key], "PUT") => put(call, key).await,
        ([key], "DELETE") => delete(call, key).await,
        ([_], _) => Err(ApiError::method_not_allowed("DELETE, GET, HEAD, OPTIONS, PATCH, PUT")),
        ([key, "meta"], "GET") => {
            let counts = workspace_removal::counts(call.services, call.caller, key).await?;
            Ok(Answer::ok(json!({ "counts": counts })))
        }
        ([_, "meta"], _) => Err(ApiError::method_not_allowed("GET, HEAD, OPTIONS")),
        _ => Err(ApiError::not_found()),
    }
}

/// A workspace as this caller may see it.
pub(super) fn shown(call: &Call<'_>, workspace: &Workspace) -> Value {
    if workspaces::may_see_upstreams(call.services, call.caller) {
        representation::workspace(workspace)
    } else {
        representation::workspace_without_upstream(workspace)
    }
}

async fn list(call: &Call<'_>) -> Result<Answer, ApiError> {
    let page = listing::page(call)?;
    let workspaces = workspaces::list(call.services, call.caller, &page).await?;
    Ok(listing::paged(call, "/workspaces", &workspaces, |workspace| shown(call, workspace)))
}

/// Everything but name and id.
fn read_members(input: &mut Input<'_>) -> Option<WorkspaceEdit> {
    let comment = input.edit("comment", input::free_text);
    let config = input.object("config");
    let meta = input.object("meta");
    let upstream_admin_url = input.edit("upstream_admin_url", input::free_text);
    for tagged in ["select_tags", "enforce_tags"] {
        input.refuse_if_present(tagged, "workspaces by tags are not available; use upstream_admin_url");
    }
    Some(WorkspaceEdit {
        comment: comment?,
        config: config?,
        meta: meta?,
        upstream_admin_url: upstream_admin_url?,
        ..WorkspaceEdit::default()
    })
}

fn read_edit(call: &Call<'_>) -> Result<WorkspaceEdit, ApiError> {
    let mut input = Input::of(&call.body, READ_ONLY);
    let name = input.optional("name", WorkspaceName::parse);
    let members = read_members(&mut input);
    input.finish(|| Some(WorkspaceEdit { name: name?, ..members? }))
}

async fn create(call: &Call<'_>) -> Result<Answer, ApiError> {
    let mut input = Input::of(&call.body, READ_ONLY);
    let id = input.optional("id", input::id);
    let name = input.required("name", WorkspaceName::parse);
    let members = read_members(&mut input);
    let new = input.finish(|| Some(NewWorkspace { id: id?, name: name?, members: members? }))?;
    let workspace = workspaces::create(call.services, call.caller, new).await?;
    Ok(Answer::created(shown(call, &workspace)))
}

fn is_confirmed(call: &Call<'_>) -> bool {
    call.query.get("confirm").is_some_and(|text| text == "true")
}

async fn update(call: &Call<'_>, key: &str) -> Result<Answer, ApiError> {
    let edit = WorkspaceEdit { is_confirmed: is_confirmed(call), ..read_edit(call)? };
    Ok(Answer::ok(shown(call, &workspaces::update(call.services, call.caller, key, edit).await?)))
}

async fn put(call: &Call<'_>, key: &str) -> Result<Answer, ApiError> {
    let mut edit = WorkspaceEdit { replaces: true, is_confirmed: is_confirmed(call), ..read_edit(call)? };
    if edit.comment == Edit::Keep {
        edit.comment = Edit::To(None);
    }
    for members in [&mut edit.config, &mut edit.meta] {
        if *members == Edit::Keep {
            *members = Edit::To(serde_json::Map::new());
        }
    }
    let (workspace, is_new) = workspaces::put(call.services, call.caller, key, edit).await?;
    Ok(Answer::put(shown(call, &workspace), is_new))
}

async fn delete(call: &Call<'_>, key: &str) -> Result<Answer, ApiError> {
    let cascade = call.query.get("cascade").is_some_and(|text| text == "true");
    workspace_removal::delete(call.services, call.caller, key, cascade).await?;
    Ok(Answer::no_content())
}
