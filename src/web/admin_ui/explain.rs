//! `/roles/explain`: asks the function that judges requests, and shows the way to its answer.

use actix_web::http::StatusCode;
use actix_web::web::Query;
use askama::Template;
use serde::Deserialize;

use super::explain_answer::{Answer, answer};
use super::extractors::AdminSession;
use super::form::{Choice, Errors, Field};
use super::frame::{PageError, PageResult};
use super::shell::{Section, Shell};
use crate::domain::rbac::Action;
use crate::domain::workspace::Workspace;
use crate::services::explain::{ExplainError, Explanation, Question, explain};
use crate::services::page_data::accounts;
use crate::services::page_data::role_pages::RolePages;
use crate::web::error::ApiError;
use crate::web::pages;

/// Methods to ask about.
const METHODS: [&str; 5] = ["GET", "POST", "PUT", "PATCH", "DELETE"];

#[derive(Template)]
#[template(path = "explain.html")]
struct ExplainPage {
    shell: Shell,
    errors: Errors,
    user: Field,
    path: Field,
    users: Vec<String>,
    endpoints: Vec<String>,
    workspace_choices: Vec<Choice>,
    method_choices: Vec<Choice>,
    verdict: Option<Answer>,
}

/// A question; it stands in the address, so that the answer can be shared.
#[derive(Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct ExplainQuery {
    user: String,
    workspace: String,
    method: String,
    path: String,
}

/// `GET /roles/explain`
pub(super) async fn show(visitor: AdminSession, query: Query<ExplainQuery>) -> PageResult {
    let readable: Vec<&Workspace> =
        visitor.reachable().into_iter().filter(|one| visitor.may(one, "/rbac/roles", Action::Read)).collect();
    let first = readable.first().copied().map_or_else(|| visitor.require_place("/rbac/roles", Action::Read), Ok)?;
    let workspace = readable.iter().copied().find(|one| one.name.as_str() == query.workspace).unwrap_or(first);
    let mut errors = Errors::default();
    let verdict = if query.user.trim().is_empty() || query.path.trim().is_empty() {
        None
    } else {
        ask(&visitor, workspace, &query, &mut errors).await?
    };
    let errors = errors.headed("This question has no answer. Please correct:");
    let sees_everybody = visitor.may(visitor.default_workspace()?, "/rbac/roles", Action::Read);
    let view = ExplainPage {
        shell: visitor.shell("Explain access", Section::Roles)?,
        user: Field::checked(query.user.trim(), &errors, "user"),
        path: Field::checked(query.path.trim(), &errors, "path"),
        users: if sees_everybody { accounts::suggest_names(&visitor.services).await? } else { Vec::new() },
        endpoints: super::endpoint_names::suggestions(&visitor).await,
        workspace_choices: workspace_choices(&readable, workspace),
        method_choices: METHODS.map(|method| Choice::new(method, method, &query.method)).to_vec(),
        verdict,
        errors,
    };
    let status = if view.errors.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    Ok(pages::render(status, &view)?)
}

fn workspace_choices(readable: &[&Workspace], selected: &Workspace) -> Vec<Choice> {
    let choice = |one: &&Workspace| Choice::new(one.name.as_str(), one.name.as_str(), selected.name.as_str());
    readable.iter().map(choice).collect()
}

async fn ask(
    visitor: &AdminSession,
    workspace: &Workspace,
    query: &ExplainQuery,
    errors: &mut Errors,
) -> Result<Option<Answer>, PageError> {
    let services = &visitor.services;
    let path = full_path(visitor, workspace, query.path.trim());
    let method = if query.method.is_empty() { "GET" } else { &query.method };
    let question = Question { user: query.user.trim(), method, path: &path };
    match explain(&services.store, &services.access, &services.settings.rbac, &question).await {
        Ok(explanation) => {
            may_know(visitor, &explanation)?;
            let roles = RolePages::of(services, visitor.reachable()).await?;
            Ok(Some(answer(visitor, &explanation, &roles)))
        }
        Err(ExplainError::Service(error)) => Err(error.into()),
        Err(error @ ExplainError::UnknownUser(_)) => {
            errors.push("user", "User or admin", &error.to_string());
            Ok(None)
        }
        Err(error) => {
            errors.push("path", "Path", &error.to_string());
            Ok(None)
        }
    }
}

/// The path as a client would write it. One that begins with a workspace is taken as it is.
fn full_path(visitor: &AdminSession, workspace: &Workspace, path: &str) -> String {
    let path = format!("/{}", path.trim_start_matches('/'));
    let first = path.split('/').nth(1).unwrap_or_default();
    if workspace.name.is_default() || visitor.find_workspace(first).is_some() {
        path
    } else {
        format!("/{}{path}", workspace.name)
    }
}

/// Only where the visitor may read roles: a path may name another workspace than the choice.
fn may_know(visitor: &AdminSession, explanation: &Explanation) -> Result<(), ApiError> {
    let asked = visitor.find_workspace(explanation.workspace.as_str()).ok_or_else(ApiError::not_found)?;
    visitor.require(asked, "/rbac/roles", Action::Read)
}
