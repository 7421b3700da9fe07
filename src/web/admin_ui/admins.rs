//! `/admins`: the people who may sign in, and the form for a new one.

use actix_web::HttpResponse;
use actix_web::web::Query;
use askama::Template;
use serde::Deserialize;
use serde_json::{Value, json};

use super::doors::Change;
use super::extractors::{AdminSession, CsrfForm};
use super::flash::Flash;
use super::form::{Choice, Errors, Field, RoleGroup, optional, role_groups};
use super::frame::{PageError, PageResult};
use super::grants::{Badge, RoleGrant, role_grants};
use super::lists::{BY_NAME, ListQuery, Order, Pager, SortLink};
use super::role_choice::{RoleChoice, assignable};
use super::shell::{Section, Shell};
use super::times::When;
use crate::domain::admin::AdminStatus;
use crate::domain::rbac::Action;
use crate::domain::workspace::Workspace;
use crate::services::page_data::accounts::{self, AdminOrder, AdminSearch, ListedAdmin};
use crate::web::pages;

/// Inputs of the form: ids and labels.
pub(super) const INPUTS: &[(&str, &str)] = &[("username", "Username"), ("email", "E-mail"), ("custom_id", "Custom id")];
/// By the last sign-in.
const BY_LOGIN: [Order; 2] = [("-login", "descending"), ("login", "ascending")];

#[derive(Template)]
#[template(path = "admins.html")]
struct AdminsPage {
    shell: Shell,
    errors: Errors,
    can_create: bool,
    query: String,
    status_choices: Vec<Choice>,
    form: AdminForm,
    role_choices: Vec<RoleGroup>,
    admins: Vec<AdminRow>,
    by_name: SortLink,
    by_login: SortLink,
    pager: Pager,
}

/// The inputs of an admin.
pub(super) struct AdminForm {
    pub(super) username: Field,
    pub(super) email: Field,
    pub(super) custom_id: Field,
    pub(super) rbac_token_enabled: bool,
}

struct AdminRow {
    url: String,
    username: String,
    email: String,
    custom_id: String,
    status: Badge,
    roles: Vec<RoleGrant>,
    token_enabled: bool,
    last_login: Option<When>,
}

/// What the form for a new admin says.
#[derive(Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct NewAdmin {
    pub(super) username: String,
    pub(super) email: String,
    pub(super) custom_id: String,
    pub(super) rbac_token_enabled: Option<String>,
    pub(super) role: String,
}

impl NewAdmin {
    /// The inputs as they were typed.
    pub(super) fn to_form(&self, errors: &Errors) -> AdminForm {
        AdminForm {
            username: Field::checked(&self.username, errors, "username"),
            email: Field::checked(&self.email, errors, "email"),
            custom_id: Field::checked(&self.custom_id, errors, "custom_id"),
            rbac_token_enabled: self.rbac_token_enabled.is_some(),
        }
    }

    /// The members of the door's body.
    pub(super) fn to_body(&self) -> Value {
        json!({
            "username": self.username,
            "email": optional(&self.email),
            "custom_id": optional(&self.custom_id),
            "rbac_token_enabled": self.rbac_token_enabled.is_some(),
        })
    }
}

/// The home of the admins that the visitor sees: any, for those who may look in every workspace; else the chosen
/// workspace, or `default`.
fn home_shown(visitor: &AdminSession) -> Result<Option<&Workspace>, PageError> {
    if visitor.may_everywhere("/admins", Action::Read) {
        return Ok(None);
    }
    Ok(Some(visitor.workspace_to_show("", "/admins")?))
}

/// Where a new admin is at home: in the workspace whose admins the page shows, `default` where it shows all.
fn home_of_new(visitor: &AdminSession) -> Result<&Workspace, PageError> {
    Ok(home_shown(visitor)?.map_or_else(|| visitor.default_workspace(), Ok)?)
}

/// `GET /admins`
pub(super) async fn list(visitor: AdminSession, query: Query<ListQuery>) -> PageResult {
    let blank = NewAdmin { rbac_token_enabled: Some(String::new()), ..NewAdmin::default() };
    page(&visitor, &query, &blank, Errors::default()).await
}

/// `POST /admins`
pub(super) async fn create(form: CsrfForm<NewAdmin>) -> PageResult {
    let CsrfForm { visitor, fields } = form;
    let home = home_of_new(&visitor)?;
    let body = visitor.change(Change::new(home, "POST", &["admins"], fields.to_body())).await;
    let id = match body {
        Ok(body) => body.pointer("/admin/id").and_then(Value::as_str).unwrap_or_default().to_owned(),
        Err(refusal) => {
            let errors = Errors::of_refusal(refusal, INPUTS)?;
            return page(&visitor, &ListQuery::default(), &fields, errors).await;
        }
    };
    let created = format!("Admin {} was created. The first sign-in binds the account to a person.", fields.username);
    let message = match RoleChoice::parse(&visitor, &fields.role) {
        None => Flash::ok(created),
        Some(role) => match role.give(&visitor, &["admins", &id, "roles"]).await {
            Ok(()) => Flash::ok(created),
            Err(error) => Flash::warn(format!("{created} But the role was not given: {}", error.sentence())),
        },
    };
    visitor.done(&visitor.url(&format!("/admins/{id}")), &message)
}

async fn page(
    visitor: &AdminSession,
    query: &ListQuery,
    typed: &NewAdmin,
    errors: Errors,
) -> Result<HttpResponse, PageError> {
    let home = home_shown(visitor)?.map(|home| home.id);
    let (order, sort) = order(&query.sort);
    let status = query.status.parse().ok().and_then(AdminStatus::from_code);
    let search = AdminSearch { text: query.text().to_owned(), status, home, order };
    let found = accounts::list(&visitor.services, &search, query.window()).await?;
    let url = visitor.url("/admins");
    let can_create = visitor.may(home_of_new(visitor)?, "/admins", Action::Create);
    let choices = if can_create { assignable(visitor, "/admins/*/roles").await? } else { Vec::new() };
    let view = AdminsPage {
        shell: visitor.shell("Admins", Section::Admins)?,
        can_create,
        query: query.q.clone(),
        status_choices: status_choices(&query.status),
        form: typed.to_form(&errors),
        role_choices: role_groups(&choices, |workspace, role| format!("{workspace}:{}", role.name), &typed.role),
        by_name: SortLink::new(query, &url, BY_NAME, sort),
        by_login: SortLink::new(query, &url, BY_LOGIN, sort),
        pager: Pager::new(query, &url, found.items.len(), found.total),
        admins: found.items.iter().map(|listed| row(visitor, listed)).collect(),
        errors,
    };
    Ok(pages::render(view.errors.status(), &view)?)
}

fn order(sort: &str) -> (AdminOrder, &'static str) {
    match sort {
        "-name" => (AdminOrder::NameDescending, "-name"),
        "-login" => (AdminOrder::LastLogin, "-login"),
        "login" => (AdminOrder::LastLoginAscending, "login"),
        _ => (AdminOrder::Name, "name"),
    }
}

fn status_choices(selected: &str) -> Vec<Choice> {
    let known = (0..=5).filter_map(AdminStatus::from_code);
    let any = Choice::new("", "any", selected);
    std::iter::once(any).chain(known.map(|it| Choice::new(it.code().to_string(), it.word(), selected))).collect()
}

fn row(visitor: &AdminSession, listed: &ListedAdmin) -> AdminRow {
    let admin = &listed.admin;
    AdminRow {
        url: visitor.url(&format!("/admins/{}", admin.id)),
        username: admin.username.to_string(),
        email: admin.email.clone().filter(|email| *email != admin.username.as_str()).unwrap_or_default(),
        custom_id: admin.custom_id.clone().unwrap_or_default(),
        status: Badge::of_status(admin.status),
        roles: role_grants(visitor, &listed.roles, &format!("/admins/{}/roles", admin.id)),
        token_enabled: admin.rbac_token_enabled,
        last_login: admin.last_login_at.map(|at| When::new(at, visitor.now())),
    }
}
