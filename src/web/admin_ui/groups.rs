//! `/groups`: groups of the provider that give roles, values of sign-ins that give none yet, and the form for a new
//! group.

use actix_web::HttpResponse;
use actix_web::web::Query;
use askama::Template;
use serde::Deserialize;
use serde_json::{Value, json};

use super::doors::Change;
use super::extractors::{AdminSession, CsrfForm};
use super::flash::Flash;
use super::form::{Errors, Field, optional};
use super::frame::{PageError, PageResult};
use super::grants::RoleRef;
use super::lists::{ListQuery, Pager};
use super::shell::{Section, Shell};
use super::times::When;
use crate::domain::group::{GroupRole, SeenGroupValue};
use crate::domain::rbac::Action;
use crate::services::page_data::groups::{self, ListedGroup};
use crate::web::pages;

/// Inputs of the forms: ids and labels.
pub(super) const INPUTS: &[(&str, &str)] = &[("name", "Name"), ("comment", "Comment")];

#[derive(Template)]
#[template(path = "groups.html")]
struct GroupsPage {
    shell: Shell,
    can_create: bool,
    errors: Errors,
    form: GroupForm,
    query: String,
    claim: String,
    direct_claims: bool,
    bootstrap: Vec<String>,
    groups: Vec<GroupRow>,
    unmapped: Vec<SeenGroup>,
    pager: Pager,
}

/// The inputs of a group.
pub(super) struct GroupForm {
    pub(super) name: Field,
    pub(super) comment: Field,
}

struct GroupRow {
    url: String,
    name: String,
    comment: String,
    roles: Vec<RoleRef>,
    members: u64,
}

struct SeenGroup {
    value: String,
    admins: u64,
    last_seen: When,
}

/// What a form of a group says.
#[derive(Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct GroupFields {
    pub(super) name: String,
    pub(super) comment: String,
}

impl GroupFields {
    /// The inputs as they were typed.
    pub(super) fn to_form(&self, errors: &Errors) -> GroupForm {
        GroupForm {
            name: Field::checked(&self.name, errors, "name"),
            comment: Field::checked(&self.comment, errors, "comment"),
        }
    }

    /// The members of the door's body.
    pub(super) fn to_body(&self) -> Value {
        json!({ "name": self.name, "comment": optional(&self.comment) })
    }
}

/// `GET /groups`; `?name=` fills the form for a value that was seen.
pub(super) async fn list(visitor: AdminSession, query: Query<ListQuery>) -> PageResult {
    let typed = GroupFields { name: query.name.clone(), ..GroupFields::default() };
    page(&visitor, &query, &typed, Errors::default()).await
}

/// `POST /groups`
pub(super) async fn create(form: CsrfForm<GroupFields>) -> PageResult {
    let CsrfForm { visitor, fields } = form;
    match visitor.change(Change::new(visitor.default_workspace()?, "POST", &["groups"], fields.to_body())).await {
        Ok(body) => {
            let id = body.get("id").and_then(Value::as_str).unwrap_or_default();
            let message = Flash::ok(format!("Group {} was created. Now add its roles.", fields.name));
            visitor.done(&visitor.url(&format!("/groups/{id}")), &message)
        }
        Err(refusal) => {
            let errors = Errors::of_refusal(refusal, INPUTS)?;
            page(&visitor, &ListQuery::default(), &fields, errors).await
        }
    }
}

async fn page(
    visitor: &AdminSession,
    query: &ListQuery,
    typed: &GroupFields,
    errors: Errors,
) -> Result<HttpResponse, PageError> {
    visitor.require_place("/groups", Action::Read)?;
    let services = &visitor.services;
    let found = groups::list(services, query.text(), query.window()).await?;
    let unmapped = groups::list_unmapped(services).await?;
    let claim = services.login.as_ref().map(|login| login.conf().mapping.groups_claim.to_string());
    let view = GroupsPage {
        shell: visitor.shell("Groups", Section::Groups)?,
        can_create: visitor.may(visitor.default_workspace()?, "/groups", Action::Create),
        form: typed.to_form(&errors),
        query: query.q.clone(),
        claim: claim.unwrap_or_default(),
        direct_claims: services.settings.login.direct_role_claims,
        bootstrap: services.settings.login.bootstrap_groups.clone(),
        pager: Pager::new(query, &visitor.url("/groups"), found.items.len(), found.total),
        groups: found.items.iter().map(|listed| row(visitor, listed)).collect(),
        unmapped: unmapped.iter().map(|value| seen(visitor, value)).collect(),
        errors,
    };
    Ok(pages::render(view.errors.status(), &view)?)
}

/// Whether the visitor may know of a role of a group: where it counts, roles of groups must be readable.
pub(super) fn sees_link(visitor: &AdminSession, link: &GroupRole) -> bool {
    let workspace = visitor.workspace_of(link.workspace_id);
    workspace.is_ok_and(|one| visitor.may(one, &format!("/groups/{}/roles", link.group.id), Action::Read))
}

fn row(visitor: &AdminSession, listed: &ListedGroup) -> GroupRow {
    let role =
        |link: &GroupRole| RoleRef { workspace: link.workspace_name.to_string(), role: link.role_name.to_string() };
    GroupRow {
        url: visitor.url(&format!("/groups/{}", listed.group.id)),
        name: listed.group.name.to_string(),
        comment: listed.group.comment.clone().unwrap_or_default(),
        roles: listed.roles.iter().filter(|link| sees_link(visitor, link)).map(role).collect(),
        members: listed.members,
    }
}

fn seen(visitor: &AdminSession, value: &SeenGroupValue) -> SeenGroup {
    SeenGroup { value: value.value.clone(), admins: value.admins, last_seen: When::new(value.last_seen, visitor.now()) }
}
