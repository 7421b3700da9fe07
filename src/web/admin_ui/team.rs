//! `/portal/teams/{id}`: who is in a team, what it may do with which API, which groups fill it, and what it owns.

use actix_web::web::Path;
use askama::Template;
use serde::Deserialize;
use serde_json::{Value, json};

use super::doors::Change;
use super::extractors::{AdminSession, CsrfForm};
use super::flash::Flash;
use super::form::{Choice, Errors, Field};
use super::frame::PageResult;
use super::shell::{Section, Shell};
use super::teams::{DOOR, INPUTS, TeamFields, TeamForm};
use super::times::When;
use crate::domain::catalogue::PublishedApi;
use crate::domain::developer::Developer;
use crate::domain::rbac::Action;
use crate::domain::team::{ApiRole, ApiScope, AssignedRole, Owner};
use crate::services::portal::{sight, teams};
use crate::services::{Page, applications, catalogue};
use crate::web::error::ApiError;
use crate::web::pages;

/// Members and applications that a page shows at most.
const SHOWN: u32 = 200;

#[derive(Template)]
#[template(path = "team.html")]
struct TeamPage {
    shell: Shell,
    errors: Errors,
    url: String,
    id: String,
    name: String,
    description: String,
    created: When,
    updated: When,
    /// Whether rights count in this workspace.
    is_on: bool,
    can_change: bool,
    can_delete: bool,
    members: Vec<Member>,
    has_more: bool,
    rights: Vec<Right>,
    groups: Vec<Group>,
    applications: Vec<String>,
    apis: Vec<Choice>,
    roles: Vec<Choice>,
    member: Field,
    group: Field,
    form: TeamForm,
}

struct Member {
    id: String,
    url: String,
    name: String,
    email: String,
    is_approved: bool,
}

struct Right {
    id: String,
    api: String,
    label: &'static str,
}

struct Group {
    id: String,
    name: String,
}

/// What one of the small forms of a team says.
#[derive(Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct Part {
    id: String,
    role_name: String,
    entity_id: String,
    group: String,
}

/// `GET /portal/teams/{id}`
pub(super) async fn show(visitor: AdminSession, path: Path<String>) -> PageResult {
    page(&visitor, &path, None, &Part::default(), Errors::default()).await
}

async fn page(visitor: &AdminSession, id: &str, typed: Option<&TeamFields>, part: &Part, errors: Errors) -> PageResult {
    let workspace = visitor.workspace_to_show("", DOOR)?;
    let services = &visitor.services;
    let team = teams::get(services, workspace.id, id).await?;
    let shown = Page { size: SHOWN, after: String::new() };
    let members = teams::members::list(services, workspace.id, id, &shown).await?;
    let roles = teams::roles::list(services, workspace.id, id, &Page { size: 1000, after: String::new() }).await?;
    let apis = catalogue::list_all(services, workspace.id).await?;
    let owned = applications::list_of_owner(services, Owner::Team(team.id), &shown).await?;
    let door = format!("{DOOR}/{id}");
    let fields = typed.cloned().unwrap_or_else(|| TeamFields::of(&team));
    let groups = teams::groups::list_of(services, workspace.id, id).await?;
    let view = TeamPage {
        shell: visitor.shell(&team.name, Section::Teams)?,
        url: visitor.url(&door),
        id: team.id.to_string(),
        description: team.description.clone().unwrap_or_default(),
        created: When::new(team.created_at, visitor.now()),
        updated: When::new(team.updated_at, visitor.now()),
        is_on: sight::has_teams(services, workspace),
        can_change: visitor.may(workspace, &door, Action::Update),
        can_delete: visitor.may(workspace, &door, Action::Delete),
        members: members.items.iter().map(|developer| member(visitor, developer)).collect(),
        has_more: members.offset.is_some(),
        rights: roles.items.iter().map(|assigned| right(assigned, &apis)).collect(),
        groups: groups.into_iter().map(|it| Group { id: it.id.to_string(), name: it.group.to_string() }).collect(),
        applications: owned.items.into_iter().map(|application| application.name).collect(),
        apis: api_choices(&apis, &part.entity_id),
        roles: ApiRole::ALL.map(|role| Choice::new(role.as_str(), role.label(), &part.role_name)).into(),
        member: Field::checked(&part.id, &errors, "id"),
        group: Field::checked(&part.group, &errors, "group"),
        form: fields.form(&errors),
        name: team.name,
        errors,
    };
    Ok(pages::render(view.errors.status(), &view)?)
}

fn member(visitor: &AdminSession, developer: &Developer) -> Member {
    Member {
        id: developer.id.to_string(),
        url: visitor.url(&format!("/developers/{}", developer.id)),
        name: developer.display_name().to_owned(),
        email: developer.email.to_string(),
        is_approved: developer.may_act(),
    }
}

fn right(assigned: &AssignedRole, apis: &[PublishedApi]) -> Right {
    let named = |id| apis.iter().find(|api| api.id == id).map(|api| api.name.clone()).unwrap_or_default();
    Right {
        id: assigned.id.to_string(),
        api: match assigned.scope {
            ApiScope::All => "All APIs, later ones too".to_owned(),
            ApiScope::One(id) => named(id),
        },
        label: assigned.role.label(),
    }
}

fn api_choices(apis: &[PublishedApi], chosen: &str) -> Vec<Choice> {
    let each = apis.iter().map(|api| Choice::new(api.id.to_string(), api.name.as_str(), chosen));
    each.chain([Choice::new("*", "All APIs, later ones too", chosen)]).collect()
}

/// `POST /portal/teams/{id}`
pub(super) async fn update(form: CsrfForm<TeamFields>, path: Path<String>) -> PageResult {
    let CsrfForm { visitor, fields } = form;
    let workspace = visitor.workspace_to_show("", DOOR)?;
    let door = Change::new(workspace, "PATCH", &["portal", "teams", path.as_str()], fields.to_body());
    match visitor.change(door).await {
        Ok(_) => visitor.done(&visitor.url(&format!("{DOOR}/{path}")), &Flash::ok("The team was saved.")),
        Err(refusal) => {
            let errors = Errors::of_refusal(refusal, INPUTS)?;
            page(&visitor, &path, Some(&fields), &Part::default(), errors).await
        }
    }
}

/// `POST /portal/teams/{id}/delete`: the name is typed.
pub(super) async fn delete(form: CsrfForm<TeamFields>, path: Path<String>) -> PageResult {
    let CsrfForm { visitor, fields } = form;
    let workspace = visitor.workspace_to_show("", DOOR)?;
    let team = teams::get(&visitor.services, workspace.id, &path).await?;
    if fields.confirm != team.name {
        let errors = Errors::of_field("confirm", "Name", "does not match the name of the team");
        return page(&visitor, &path, None, &Part::default(), errors).await;
    }
    match visitor.change(Change::new(workspace, "DELETE", &["portal", "teams", path.as_str()], Value::Null)).await {
        Ok(_) => visitor.done(&visitor.url(DOOR), &Flash::ok(format!("{} was deleted.", team.name))),
        Err(refusal) => {
            let errors = Errors::of_refusal(refusal, INPUTS)?;
            page(&visitor, &path, None, &Part::default(), errors).await
        }
    }
}

/// A change of what is in a team: method, path of the door, body, and what is said afterwards.
async fn change(
    form: CsrfForm<Part>,
    id: &str,
    door: impl FnOnce(&Part) -> (&'static str, Vec<String>, Value),
    words: &'static str,
) -> PageResult {
    let CsrfForm { visitor, fields } = form;
    let workspace = visitor.workspace_to_show("", DOOR)?;
    let (method, below, body) = door(&fields);
    let mut segments = vec!["portal"];
    segments.extend(below.iter().map(String::as_str));
    match visitor.change(Change::new(workspace, method, &segments, body)).await {
        Ok(_) => visitor.done(&visitor.url(&format!("{DOOR}/{id}")), &Flash::ok(words)),
        Err(refusal) => {
            let errors = Errors::of_refusal(told(refusal), INPUTS)?;
            page(&visitor, id, None, &fields, errors).await
        }
    }
}

/// Whatever is there already is said in words for people.
fn told(refusal: ApiError) -> ApiError {
    if refusal.code() == "unique_violation" {
        return ApiError::schema(vec![("main".to_owned(), "The team has that already".to_owned())]);
    }
    refusal
}

fn of_team(id: &str, below: &[&str]) -> Vec<String> {
    ["teams", id].iter().chain(below).map(ToString::to_string).collect()
}

/// `POST /portal/teams/{id}/developers`
pub(super) async fn add_member(form: CsrfForm<Part>, path: Path<String>) -> PageResult {
    let door = |part: &Part| ("POST", of_team(&path, &["developers"]), json!({ "id": part.id }));
    change(form, &path, door, "The developer is in the team now.").await
}

/// `POST /portal/teams/{id}/developers/delete`
pub(super) async fn remove_member(form: CsrfForm<Part>, path: Path<String>) -> PageResult {
    let door = |part: &Part| ("DELETE", of_team(&path, &["developers", &part.id]), Value::Null);
    change(form, &path, door, "The developer left the team.").await
}

/// `POST /portal/teams/{id}/rights`
pub(super) async fn add_right(form: CsrfForm<Part>, path: Path<String>) -> PageResult {
    let door = |part: &Part| {
        let body = json!({ "role_name": part.role_name, "entity_id": part.entity_id });
        ("POST", of_team(&path, &["assigned-roles"]), body)
    };
    change(form, &path, door, "The team has that right now.").await
}

/// `POST /portal/teams/{id}/rights/delete`
pub(super) async fn remove_right(form: CsrfForm<Part>, path: Path<String>) -> PageResult {
    let door = |part: &Part| ("DELETE", of_team(&path, &["assigned-roles", &part.id]), Value::Null);
    change(form, &path, door, "The team has that right no more. Contracts that there are go on.").await
}

/// What stands before the mappings of groups.
fn mappings() -> Vec<String> {
    ["identity-provider", "team-group-mappings"].map(str::to_owned).into()
}

/// `POST /portal/teams/{id}/groups`
pub(super) async fn add_group(form: CsrfForm<Part>, path: Path<String>) -> PageResult {
    let door = |part: &Part| ("POST", mappings(), json!({ "team_id": path.as_str(), "group": part.group }));
    change(form, &path, door, "Members of the group join the team with their next login.").await
}

/// `POST /portal/teams/{id}/groups/delete`
pub(super) async fn remove_group(form: CsrfForm<Part>, path: Path<String>) -> PageResult {
    let door = |part: &Part| {
        let mut path = mappings();
        path.push(part.id.clone());
        ("DELETE", path, Value::Null)
    };
    change(form, &path, door, "The group does not fill the team any more. Who is in it stays.").await
}
