//! `/portal/teams`: teams of the chosen workspace's developers, and whether they decide who sees which API.

use std::collections::HashSet;

use askama::Template;
use serde::Deserialize;
use serde_json::{Value, json};

use super::doors::Change;
use super::extractors::{AdminSession, CsrfForm};
use super::flash::Flash;
use super::form::{Errors, Field, optional};
use super::frame::PageResult;
use super::shell::{Section, Shell};
use crate::domain::ids::TeamId;
use crate::domain::rbac::Action;
use crate::domain::team::{ApiScope, AssignedRole, Team};
use crate::domain::workspace::Workspace;
use crate::services::portal::{sight, teams};
use crate::web::admin_api::own::Query;
use crate::web::pages;

/// The door behind the pages.
pub(super) const DOOR: &str = "/portal/teams";
/// Inputs of the forms: ids and labels.
pub(super) const INPUTS: &[(&str, &str)] = &[
    ("name", "Name"),
    ("description", "Description"),
    ("id", "Developer"),
    ("role_name", "Right"),
    ("entity_id", "API"),
    ("group", "Group"),
];

#[derive(Template)]
#[template(path = "teams.html")]
struct TeamsPage {
    shell: Shell,
    workspace: String,
    errors: Errors,
    can_create: bool,
    /// Whether teams decide.
    is_on: bool,
    can_switch: bool,
    /// What switching it on changes.
    impact: String,
    teams: Vec<Row>,
    form: TeamForm,
}

struct Row {
    url: String,
    name: String,
    description: String,
    members: usize,
    apis: String,
    can_own: bool,
}

/// The inputs of a team.
pub(super) struct TeamForm {
    pub(super) name: Field,
    pub(super) description: Field,
    pub(super) can_own: bool,
}

/// What a form of a team says.
#[derive(Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct TeamFields {
    pub(super) name: String,
    pub(super) description: String,
    pub(super) can_own_applications: String,
    pub(super) confirm: String,
}

impl TeamFields {
    pub(super) fn of(team: &Team) -> Self {
        Self {
            name: team.name.clone(),
            description: team.description.clone().unwrap_or_default(),
            can_own_applications: if team.can_own_applications { "on".to_owned() } else { String::new() },
            confirm: String::new(),
        }
    }

    pub(super) fn form(&self, errors: &Errors) -> TeamForm {
        TeamForm {
            name: Field::checked(&self.name, errors, "name"),
            description: Field::checked(&self.description, errors, "description"),
            can_own: !self.can_own_applications.is_empty(),
        }
    }

    pub(super) fn to_body(&self) -> Value {
        json!({
            "name": self.name, "description": optional(&self.description),
            "can_own_applications": !self.can_own_applications.is_empty(),
        })
    }
}

/// `GET /portal/teams`
pub(super) async fn list(visitor: AdminSession) -> PageResult {
    page(&visitor, &TeamFields::default(), Errors::default()).await
}

async fn page(visitor: &AdminSession, typed: &TeamFields, errors: Errors) -> PageResult {
    let workspace = visitor.workspace_to_show("", DOOR)?;
    let services = &visitor.services;
    let members = teams::members::list_all(services, workspace.id).await?;
    let roles = teams::roles::list_all(services, workspace.id).await?;
    let row = |team: &Team| Row {
        url: visitor.url(&format!("{DOOR}/{}", team.id)),
        name: team.name.clone(),
        description: team.description.clone().unwrap_or_default(),
        members: members.iter().filter(|(id, _)| *id == team.id).count(),
        apis: reached(&roles, team.id),
        can_own: team.can_own_applications,
    };
    let view = TeamsPage {
        shell: visitor.shell("Teams", Section::Teams)?,
        workspace: workspace.name.to_string(),
        can_create: visitor.may(workspace, DOOR, Action::Create),
        is_on: sight::has_teams(services, workspace),
        can_switch: may_switch(visitor, workspace),
        impact: sight::impact(services, workspace.id).await?.to_string(),
        teams: teams::list_all(services, workspace.id).await?.iter().map(row).collect(),
        form: typed.form(&errors),
        errors,
    };
    Ok(pages::render(view.errors.status(), &view)?)
}

fn may_switch(visitor: &AdminSession, workspace: &Workspace) -> bool {
    visitor.may(workspace, &format!("/workspaces/{}", workspace.name), Action::Update)
}

/// How many APIs a team has a right on, in words.
fn reached(roles: &[AssignedRole], team: TeamId) -> String {
    let scopes: HashSet<ApiScope> = roles.iter().filter(|role| role.team_id == team).map(|role| role.scope).collect();
    if scopes.contains(&ApiScope::All) { "all".to_owned() } else { scopes.len().to_string() }
}

/// `POST /portal/teams`
pub(super) async fn create(form: CsrfForm<TeamFields>) -> PageResult {
    let CsrfForm { visitor, fields } = form;
    let workspace = visitor.workspace_to_show("", DOOR)?;
    match visitor.change(Change::new(workspace, "POST", &["portal", "teams"], fields.to_body())).await {
        Ok(made) => {
            let id = made.get("id").and_then(Value::as_str).unwrap_or_default();
            let message = Flash::ok(format!("{} was created. Now add members and rights.", fields.name));
            visitor.done(&visitor.url(&format!("{DOOR}/{id}")), &message)
        }
        Err(refusal) => page(&visitor, &fields, Errors::of_refusal(refusal, INPUTS)?).await,
    }
}

/// What the switch says.
#[derive(Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct SwitchFields {
    to: String,
    confirm: String,
}

/// `POST /portal/teams/deciding`: lets teams decide who sees which API, or every approved developer see all again.
pub(super) async fn switch(form: CsrfForm<SwitchFields>) -> PageResult {
    let CsrfForm { visitor, fields } = form;
    let workspace = visitor.workspace_to_show("", DOOR)?;
    let is_on = fields.to == "on";
    let body = json!({ "config": { "sso_portal_rbac": is_on } });
    let confirm = (!fields.confirm.is_empty()).then(|| ("confirm".to_owned(), "true".to_owned()));
    let door = Change::new(workspace, "PATCH", &["workspaces", workspace.name.as_str()], body);
    match visitor.call(door, confirm.into_iter().collect::<Query>()).await {
        Ok(_) => {
            let words = if is_on {
                "Teams decide now who sees and uses which API."
            } else {
                "Every approved developer sees and may ask for every published API again."
            };
            visitor.done(&visitor.url(DOOR), &Flash::ok(words))
        }
        Err(refusal) => page(&visitor, &TeamFields::default(), Errors::of_refusal(refusal, INPUTS)?).await,
    }
}
