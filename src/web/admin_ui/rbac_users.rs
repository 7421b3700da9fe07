//! `/rbac-users`: service accounts of a workspace, and the form for a new one, whose token is shown once.

use actix_web::HttpResponse;
use actix_web::web::Query;
use askama::Template;
use serde::Deserialize;
use serde_json::{Value, json};

use super::doors::Change;
use super::extractors::{AdminSession, CsrfForm};
use super::flash::Flash;
use super::form::{Errors, Field, RoleGroup, optional, role_groups};
use super::frame::{PageError, PageResult};
use super::grants::{RoleRef, TokenOnce, role_grants};
use super::lists::{BY_NAME, ListQuery, Order, Pager, SortLink};
use super::role_choice::{RoleChoice, assignable};
use super::shell::{Section, Shell};
use super::times::When;
use crate::domain::rbac::Action;
use crate::domain::workspace::Workspace;
use crate::services::page_data::service_accounts::{self, Search, ServiceAccount};
use crate::web::pages;

/// Inputs of the form: ids and labels.
const INPUTS: &[(&str, &str)] = &[("name", "Name"), ("comment", "Comment")];
/// By age.
const BY_AGE: [Order; 2] = [("-created", "descending"), ("-created", "descending")];

#[derive(Template)]
#[template(path = "rbac_users.html")]
struct RbacUsersPage {
    shell: Shell,
    errors: Errors,
    workspace: String,
    can_create: bool,
    token: Option<TokenOnce>,
    query: String,
    form: RbacUserForm,
    role_choices: Vec<RoleGroup>,
    users: Vec<RbacUserRow>,
    by_name: SortLink,
    by_age: SortLink,
    pager: Pager,
}

struct RbacUserForm {
    name: Field,
    comment: Field,
}

struct RbacUserRow {
    url: String,
    name: String,
    comment: String,
    enabled: bool,
    roles: Vec<RoleRef>,
    created: When,
}

/// What the form for a new service account says.
#[derive(Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct NewRbacUser {
    workspace: String,
    name: String,
    comment: String,
    role: String,
}

/// What happened before the page is shown.
#[derive(Default)]
struct Outcome {
    typed: NewRbacUser,
    errors: Errors,
    token: Option<TokenOnce>,
    message: Option<Flash>,
}

/// `GET /rbac-users`
pub(super) async fn list(visitor: AdminSession, query: Query<ListQuery>) -> PageResult {
    let workspace = visitor.workspace_to_show(&query.workspace, "/rbac/users")?;
    page(&visitor, workspace, &query, Outcome::default()).await
}

/// `POST /rbac-users`: answers with the token instead of a redirect, since it is never shown again.
pub(super) async fn create(form: CsrfForm<NewRbacUser>) -> PageResult {
    let CsrfForm { visitor, fields } = form;
    let workspace = visitor.workspace_to_show(&fields.workspace, "/rbac/users")?;
    let members = json!({ "name": fields.name, "comment": optional(&fields.comment), "enabled": true });
    let body = match visitor.change(Change::new(workspace, "POST", &["rbac", "users"], members)).await {
        Ok(body) => body,
        Err(refusal) => {
            let errors = Errors::of_refusal(refusal, INPUTS)?;
            return page(
                &visitor,
                workspace,
                &ListQuery::default(),
                Outcome { typed: fields, errors, ..Outcome::default() },
            )
            .await;
        }
    };
    let text = |name: &str| body.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let created = format!("RBAC user {} was created.", fields.name);
    let message = match RoleChoice::parse(&visitor, &fields.role) {
        None => Flash::ok(created),
        Some(role) => match role.give(&visitor, &["rbac", "users", &text("id"), "roles"]).await {
            Ok(()) => Flash::ok(created),
            Err(error) => Flash::warn(format!("{created} But the role was not given: {}", error.sentence())),
        },
    };
    let token = once(&visitor, &fields.name, text("user_token"), false);
    let outcome = Outcome { token: Some(token), message: Some(message), ..Outcome::default() };
    page(&visitor, workspace, &ListQuery::default(), outcome).await
}

/// A new token as the page shows it.
pub(super) fn once(visitor: &AdminSession, owner: &str, token: String, replaced: bool) -> TokenOnce {
    let header = title_case(&visitor.services.settings.rbac.auth_header);
    TokenOnce { owner: owner.to_owned(), token, header, replaced }
}

/// The name of a header as people write it.
fn title_case(header: &str) -> String {
    let word = |word: &str| {
        let mut letters = word.chars();
        letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
    };
    header.split('-').map(word).collect::<Vec<_>>().join("-")
}

async fn page(
    visitor: &AdminSession,
    workspace: &Workspace,
    query: &ListQuery,
    outcome: Outcome,
) -> Result<HttpResponse, PageError> {
    let newest_first = query.sort == "-created";
    let search = Search { workspace: workspace.id, text: query.text().to_owned(), newest_first };
    let found = service_accounts::list(&visitor.services, &search, query.window()).await?;
    let sort = if newest_first { "-created" } else { "name" };
    let url = visitor.url("/rbac-users");
    let can_create = visitor.may(workspace, "/rbac/users", Action::Create);
    let choices = if can_create { assignable(visitor, "/rbac/users/*/roles").await? } else { Vec::new() };
    let Outcome { typed, errors, token, message } = outcome;
    let mut shell = visitor.shell("RBAC users", Section::RbacUsers)?;
    shell.flash = message.or(shell.flash);
    let view = RbacUsersPage {
        shell,
        workspace: workspace.name.to_string(),
        can_create,
        token,
        query: query.q.clone(),
        form: RbacUserForm {
            name: Field::checked(&typed.name, &errors, "name"),
            comment: Field::checked(&typed.comment, &errors, "comment"),
        },
        role_choices: role_groups(&choices, |workspace, role| format!("{workspace}:{}", role.name), &typed.role),
        by_name: SortLink::new(query, &url, [BY_NAME[0], BY_NAME[0]], sort),
        by_age: SortLink::new(query, &url, BY_AGE, sort),
        pager: Pager::new(query, &url, found.items.len(), found.total),
        users: found.items.iter().map(|account| row(visitor, account)).collect(),
        errors,
    };
    Ok(pages::render(view.errors.status(), &view)?)
}

fn row(visitor: &AdminSession, account: &ServiceAccount) -> RbacUserRow {
    let user = &account.user;
    let door = format!("/rbac/users/{}/roles", user.id);
    let seen = role_grants(visitor, &account.roles, &door);
    RbacUserRow {
        url: visitor.url(&format!("/rbac-users/{}", user.id)),
        name: user.name.to_string(),
        comment: user.comment.clone().unwrap_or_default(),
        enabled: user.enabled,
        roles: seen.into_iter().map(|grant| RoleRef { workspace: grant.workspace, role: grant.role }).collect(),
        created: When::new(user.created_at, visitor.now()),
    }
}
