//! What somebody may see of the catalogue: loads what the table of [`crate::domain::visibility`] needs. Pages, searches,
//! lists, requests for access and explanations all ask here.

use crate::domain::catalogue::Visibility;
use crate::domain::developer::DeveloperStatus;
use crate::domain::ids::{DeveloperId, TeamId, WorkspaceId};
use crate::domain::team::{Grants, Owner};
use crate::domain::visibility::{ApiRight, Sight, Standing, decide};
use crate::domain::workspace::Workspace;
use crate::services::Services;
use crate::services::error::ServiceError;
use crate::store::{Connection, Page, developers, published_apis, team_members, team_roles, teams};

/// Whether teams decide in a workspace (`sso_portal_rbac`). A `config` that cannot be read hides what it can.
#[must_use]
pub fn has_teams(services: &Services, workspace: &Workspace) -> bool {
    services.settings.portal.of(&workspace.config).map_or(true, |settings| settings.has_teams)
}

/// The same for the id of a workspace.
///
/// # Errors
/// [`ServiceError::NotFound`]; the store failed.
pub(in crate::services) async fn has_teams_in(services: &Services, id: WorkspaceId) -> Result<bool, ServiceError> {
    let workspaces = services.access.workspaces().await?;
    let workspace = workspaces.iter().find(|workspace| workspace.id == id).ok_or(ServiceError::NotFound)?;
    Ok(has_teams(services, workspace))
}

/// What a visitor sees: an approved developer, or nobody known.
///
/// # Errors
/// The store failed.
pub async fn of_visitor(
    services: &Services,
    workspace: &Workspace,
    developer: Option<DeveloperId>,
) -> Result<Sight, ServiceError> {
    let has_teams = has_teams(services, workspace);
    match developer {
        Some(id) => of_owner(&mut *services.store.read().await?, has_teams, Owner::Developer(id)).await,
        None => Ok(Sight::anonymous(has_teams)),
    }
}

/// What a team itself may do.
///
/// # Errors
/// The store failed.
pub async fn of_team(services: &Services, workspace: &Workspace, team: TeamId) -> Result<Sight, ServiceError> {
    of_owner(&mut *services.store.read().await?, has_teams(services, workspace), Owner::Team(team)).await
}

/// What an approved developer may do through its teams, or what a team itself may do.
///
/// # Errors
/// The store failed.
pub(in crate::services) async fn of_owner(
    connection: &mut Connection,
    has_teams: bool,
    owner: Owner,
) -> Result<Sight, ServiceError> {
    let roles = match owner {
        Owner::Developer(id) => team_roles::list_of_developer(connection, id).await?,
        Owner::Team(id) => team_roles::list_of_team(connection, id).await?,
    };
    Ok(Sight::of(has_teams, Grants::of(roles.iter().map(|assigned| (assigned.role, assigned.scope)))))
}

/// What changes for developers when teams begin to decide.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Impact {
    /// Teams that there are.
    pub teams: usize,
    /// Approved developers who lose sight of something.
    pub developers: usize,
    /// Published APIs that somebody loses sight of.
    pub apis: usize,
}

impl Impact {
    /// Whether it has to be confirmed: somebody loses something, or nobody could ever be given anything.
    #[must_use]
    pub const fn needs_confirmation(&self) -> bool {
        self.teams == 0 || self.developers > 0
    }
}

impl std::fmt::Display for Impact {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let plural = |count: usize, one: &str| format!("{count} {one}{}", if count == 1 { "" } else { "s" });
        let (developers, apis) = (plural(self.developers, "developer"), plural(self.apis, "API"));
        write!(f, "{developers} will lose sight of {apis}")?;
        if self.teams == 0 { f.write_str("; there is no team yet") } else { Ok(()) }
    }
}

/// What would change for a workspace's developers if teams decided.
///
/// # Errors
/// The store failed.
pub async fn impact(services: &Services, workspace: WorkspaceId) -> Result<Impact, ServiceError> {
    impact_on(&mut *services.store.read().await?, workspace).await
}

/// The same within a change.
pub(in crate::services) async fn impact_on(
    connection: &mut Connection,
    workspace: WorkspaceId,
) -> Result<Impact, ServiceError> {
    let apis = published_apis::list_all(connection, workspace).await?;
    let shown: Vec<_> = apis.iter().filter(|api| api.is_published && api.visibility == Visibility::Private).collect();
    let roles = team_roles::list_all(connection, workspace).await?;
    let members = team_members::list_all(connection, workspace).await?;
    let mut impact = Impact { teams: teams::list_all(connection, workspace).await?.len(), ..Impact::default() };
    let mut lost = vec![false; shown.len()];
    for developer in approved(connection, workspace).await? {
        let own = members.iter().filter(|(_, member)| *member == developer).map(|(team, _)| *team);
        let own: Vec<_> = own.collect();
        let held = roles.iter().filter(|assigned| own.contains(&assigned.team_id));
        let grants = Grants::of(held.map(|assigned| (assigned.role, assigned.scope)));
        let mut loses = false;
        for (api, is_lost) in shown.iter().zip(&mut lost) {
            if decide(api.visibility, true, Standing::Known(grants.on(api.id))) == ApiRight::Hidden {
                (*is_lost, loses) = (true, true);
            }
        }
        impact.developers += usize::from(loses);
    }
    impact.apis = lost.into_iter().filter(|is_lost| *is_lost).count();
    Ok(impact)
}

async fn approved(connection: &mut Connection, workspace: WorkspaceId) -> Result<Vec<DeveloperId>, ServiceError> {
    let search = developers::DeveloperSearch {
        status: Some(DeveloperStatus::Approved),
        ..developers::DeveloperSearch::default()
    };
    let (mut found, mut page) = (Vec::new(), Page::new(1000, None)?);
    loop {
        let paged = developers::list(connection, workspace, &search, &page).await?;
        found.extend(paged.items.iter().map(|developer| developer.id));
        match paged.offset {
            Some(offset) => page = Page::new(1000, Some(&offset))?,
            None => return Ok(found),
        }
    }
}
