//! Who owns an application: the developer, or one of its teams; and how it is given to a team.

use actix_web::web::Path;

use super::applications::{INPUTS, one};
use super::forms::{DeveloperForm, Fields};
use super::visitor::DeveloperPage;
use crate::domain::team::{Owner, Team};
use crate::services::applications;
use crate::services::portal::teams::members;
use crate::web::admin_ui::flash::Flash;
use crate::web::admin_ui::form::{Choice, Errors};
use crate::web::error::ApiError;
use crate::web::portal_api::guard::{PortalError, PortalResult};

/// The teams of whoever is signed in.
pub(super) async fn teams(page: &DeveloperPage) -> Result<Vec<Team>, PortalError> {
    Ok(members::teams_of(&page.services, page.developer().id).await?)
}

/// The name of the team that owns something; empty for a person.
pub(super) fn team_name(teams: &[Team], owner: Owner) -> String {
    let found = teams.iter().find(|team| Owner::Team(team.id) == owner);
    found.map(|team| team.name.clone()).unwrap_or_default()
}

/// The teams that may own an application, but for its present owner; none for one of a team, which only admins move.
pub(super) fn choices(teams: &[Team], present: Option<Owner>, chosen: &str) -> Vec<Choice> {
    if matches!(present, Some(Owner::Team(_))) {
        return Vec::new();
    }
    let open = teams.iter().filter(|team| team.can_own_applications && Some(Owner::Team(team.id)) != present);
    open.map(|team| Choice::new(team.id.to_string(), team.name.as_str(), chosen)).collect()
}

/// The owner that a form names: a team, or else the developer.
pub(super) fn chosen(page: &DeveloperPage, fields: &Fields) -> Result<Owner, Errors> {
    match fields.text("team_id") {
        "" => Ok(Owner::Developer(page.developer().id)),
        team => team.parse().map(Owner::Team).map_err(|_| Errors::of_field("team_id", "Owner", "no such team")),
    }
}

/// `POST /applications/{id}/transfer`
pub(super) async fn transfer(form: DeveloperForm, path: Path<(String, String)>) -> PortalResult {
    let DeveloperForm { page, fields } = form;
    let visit = page.visit.visit();
    let to = match fields.text("team_id").parse() {
        Ok(team) => Owner::Team(team),
        Err(_) => {
            let errors = Errors::of_field("team_id", "Owner", "choose a team");
            return one(&page, &path.1, None, errors, None).await;
        }
    };
    let (actor, reach, workspace) = (page.actor(&visit), page.reach(), &page.portal.workspace);
    match applications::transfer(&page.services, &actor, workspace, reach, &path.1, to).await {
        Ok(given) => {
            let team = team_name(&teams(&page).await?, to);
            let words = format!("{} belongs to {team} now: every member has full control.", given.name);
            page.done(&page.application_url(&path.1), &Flash::ok(words))
        }
        Err(refusal) => {
            let errors = Errors::of_refusal(ApiError::of_portal(refusal), INPUTS)?;
            one(&page, &path.1, None, errors, None).await
        }
    }
}
