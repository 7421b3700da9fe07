//! Workspaces, each with a Kong cluster of its own or on the server's (kong-manager.md 6; mode U of 6.3). What concerns
//! all of them (making and deleting one) takes a right in every workspace.

use serde_json::{Map, Value};
use url::Url;

use super::change::{Change, Operation};
use super::edit::Edit;
use super::error::ServiceError;
use super::portal::sight;
use super::{Services, applications, endpoints, representation};
use crate::domain::access::Caller;
use crate::domain::ids::{WorkspaceId, WorkspaceName};
use crate::domain::rbac::{Action, Endpoint};
use crate::domain::workspace::Workspace;
use crate::store::{Connection, Page, Paged, roles, workspaces};

/// The member of `config` with the identity provider of a workspace's portal.
const PROVIDER: &str = "portal_auth_conf";

/// A workspace to be made.
#[derive(Clone, Debug)]
pub struct NewWorkspace {
    /// Its id, when the client chose one.
    pub id: Option<WorkspaceId>,
    /// Name.
    pub name: WorkspaceName,
    /// Everything else.
    pub members: WorkspaceEdit,
}

/// Changes of a workspace.
#[derive(Clone, Debug, Default)]
pub struct WorkspaceEdit {
    /// The name: it cannot change, but may be repeated.
    pub name: Option<WorkspaceName>,
    /// Free text.
    pub comment: Edit<Option<String>>,
    /// Members that Kong keeps under `config`.
    pub config: Edit<Map<String, Value>>,
    /// `color` and `thumbnail`.
    pub meta: Edit<Map<String, Value>>,
    /// The Admin API that serves it; `None` is the server's own upstream.
    pub upstream_admin_url: Edit<Option<String>>,
    /// Whether `config` and `meta` are replaced as a whole, not member by member.
    pub replaces: bool,
    /// Whether the caller knows what developers lose sight of.
    pub is_confirmed: bool,
}

/// Every workspace that the caller sees, by name.
///
/// # Errors
/// The store failed.
pub async fn reachable(services: &Services, caller: &Caller) -> Result<Vec<Workspace>, ServiceError> {
    let all = services.access.workspaces().await?;
    let sees = |workspace: &&Workspace| services.access.reaches(&caller.principal, &workspace.name);
    Ok(all.iter().filter(sees).cloned().collect())
}

/// A page of them, by id.
///
/// # Errors
/// The store failed.
pub async fn list(services: &Services, caller: &Caller, page: &Page) -> Result<Paged<Workspace>, ServiceError> {
    let mut seen = reachable(services, caller).await?;
    seen.retain(|workspace| workspace.id.to_string() > page.after);
    seen.sort_by_key(|workspace| workspace.id);
    seen.truncate(usize::try_from(page.limit()).unwrap_or(usize::MAX));
    Ok(Paged::from_rows(seen, page, |workspace| workspace.id.to_string()))
}

/// The workspace of that name or id.
///
/// # Errors
/// [`ServiceError::NotFound`], also for one that the caller does not see.
pub async fn get(services: &Services, caller: &Caller, key: &str) -> Result<Workspace, ServiceError> {
    let seen = reachable(services, caller).await?;
    seen.into_iter().find(|workspace| workspace.is_called(key)).ok_or(ServiceError::NotFound)
}

pub(super) async fn find(connection: &mut Connection, key: &str) -> Result<Workspace, ServiceError> {
    let all = workspaces::list(connection).await?;
    all.into_iter().find(|workspace| workspace.is_called(key)).ok_or(ServiceError::NotFound)
}

/// Whether the caller may see and choose the addresses of Kong clusters.
#[must_use]
pub fn may_see_upstreams(services: &Services, caller: &Caller) -> bool {
    caller.principal.is_super_admin || !services.access.is_enforced()
}

pub(super) fn require_right_everywhere(
    services: &Services,
    caller: &Caller,
    endpoint: &str,
    action: Action,
) -> Result<(), ServiceError> {
    let policy = &caller.principal.policy;
    if !services.access.is_enforced() || policy.allows_everywhere(&Endpoint::of(endpoint), action) {
        return Ok(());
    }
    Err(ServiceError::no_permission(caller, action))
}

/// Makes a workspace with its built-in roles.
///
/// # Errors
/// [`ServiceError::NoPermission`] without the right in every workspace, [`ServiceError::Unique`] for a taken name,
/// [`ServiceError::Schema`] for one that Kong needs itself and for an upstream that is not allowed.
pub async fn create(services: &Services, caller: &Caller, new: NewWorkspace) -> Result<Workspace, ServiceError> {
    require_right_everywhere(services, caller, "/workspaces", Action::Create)?;
    if endpoints::is_first_segment(services, new.name.as_str()).await {
        return Err(ServiceError::field("name", format!("the name '{}' is reserved", new.name)));
    }
    let mut workspace = workspaces::new(new.name, services.clock.now());
    workspace.id = new.id.unwrap_or(workspace.id);
    apply(services, caller, &mut workspace, new.members)?;
    let mut change = Change::begin(services, caller).await?;
    workspaces::create(change.connection(), &workspace).await?;
    let now = change.now();
    roles::install_built_ins(change.connection(), &workspace, now).await?;
    change.record(Operation::Create, "workspaces", workspace.id, representation::workspace(&workspace));
    change.commit().await?;
    Ok(workspace)
}

/// Changes a workspace.
///
/// # Errors
/// [`ServiceError::NotFound`], [`ServiceError::Schema`] for another name and for an upstream that is not allowed,
/// [`ServiceError::Forbidden`] when somebody else than a super-admin names an upstream, [`ServiceError::Conflict`] when
/// developers lose sight of APIs and that is not confirmed.
pub async fn update(
    services: &Services,
    caller: &Caller,
    key: &str,
    edit: WorkspaceEdit,
) -> Result<Workspace, ServiceError> {
    let mut change = Change::begin(services, caller).await?;
    let mut workspace = find(change.connection(), key).await?;
    let upstream = workspace.upstream_admin_url.clone();
    let (had_teams, is_confirmed) = (sight::has_teams(services, &workspace), edit.is_confirmed);
    apply(services, caller, &mut workspace, edit)?;
    if !had_teams && !is_confirmed && sight::has_teams(services, &workspace) {
        refuse_unconfirmed(change.connection(), &workspace).await?;
    }
    if workspace.upstream_admin_url != upstream {
        applications::refuse_while_in_kong(change.connection(), workspace.id).await?;
    }
    workspace.updated_at = change.now();
    workspaces::update(change.connection(), &workspace).await?;
    change.record(Operation::Update, "workspaces", workspace.id, representation::workspace(&workspace));
    change.commit().await?;
    Ok(workspace)
}

/// Teams begin to decide what developers see: whoever does that has to know who loses sight of what.
async fn refuse_unconfirmed(connection: &mut Connection, workspace: &Workspace) -> Result<(), ServiceError> {
    let impact = sight::impact_on(connection, workspace.id).await?;
    if impact.needs_confirmation() {
        let message = format!("with sso_portal_rbac {impact}: repeat the request with confirm=true");
        return Err(ServiceError::Conflict(message));
    }
    Ok(())
}

fn apply(
    services: &Services,
    caller: &Caller,
    workspace: &mut Workspace,
    edit: WorkspaceEdit,
) -> Result<(), ServiceError> {
    if edit.name.is_some_and(|name| name != workspace.name) {
        return Err(ServiceError::field("name", "immutable"));
    }
    if edit.upstream_admin_url.changes(&workspace.upstream_admin_url) {
        if !may_see_upstreams(services, caller) {
            return Err(ServiceError::Forbidden("Only super-admins may set upstream_admin_url".to_owned()));
        }
        if workspace.name.is_default() {
            let message = "the workspace default is served by sso_upstream_admin_url";
            return Err(ServiceError::field("upstream_admin_url", message));
        }
        workspace.upstream_admin_url = match edit.upstream_admin_url {
            Edit::To(Some(url)) => Some(admitted(services, &url)?),
            Edit::To(None) | Edit::Keep => None,
        };
    }
    edit.comment.apply(&mut workspace.comment);
    let provider = workspace.config.get(PROVIDER).cloned();
    for (given, members) in [(edit.config, &mut workspace.config), (edit.meta, &mut workspace.meta)] {
        let Edit::To(given) = given else { continue };
        if edit.replaces {
            members.clear();
        }
        members.extend(given);
        members.retain(|_, value| !value.is_null());
    }
    // It names a host that this server calls, and secrets of its vaults.
    if workspace.config.get(PROVIDER) != provider.as_ref() && !may_see_upstreams(services, caller) {
        return Err(ServiceError::Forbidden(format!("Only super-admins may set config.{PROVIDER}")));
    }
    let portal = services.settings.portal.of(&workspace.config);
    portal.map(drop).map_err(|(member, sentence)| ServiceError::field(&member, sentence))
}

/// The URL of an Admin API that `sso_workspace_upstreams` lists, without trailing slash.
fn admitted(services: &Services, text: &str) -> Result<String, ServiceError> {
    let refused = |sentence: &str| ServiceError::field("upstream_admin_url", sentence);
    let url = Url::parse(text).map_err(|_| refused("must be an absolute URL"))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(refused("must begin with http:// or https://"));
    }
    if !url.username().is_empty() || url.password().is_some() || url.query().is_some() || url.fragment().is_some() {
        return Err(refused("must have no user, password, query or fragment"));
    }
    if !services.settings.upstream.admits(&url) {
        return Err(refused("is not listed in sso_workspace_upstreams"));
    }
    Ok(url.as_str().trim_end_matches('/').to_owned())
}

/// Makes a workspace what the request says, or makes one; with it, whether it is new. Members that the request does not
/// name become empty, but for the upstream.
///
/// # Errors
/// See [`create`] and [`update`].
pub async fn put(
    services: &Services,
    caller: &Caller,
    key: &str,
    edit: WorkspaceEdit,
) -> Result<(Workspace, bool), ServiceError> {
    let exists = services.access.workspaces().await?.iter().any(|workspace| workspace.is_called(key));
    if exists {
        return Ok((update(services, caller, key, edit).await?, false));
    }
    let id = key.parse().ok();
    let name = match (id, &edit.name) {
        (Some(_), Some(name)) => name.clone(),
        (Some(_), None) => return Err(ServiceError::field("name", "required field missing")),
        (None, _) => WorkspaceName::parse(key).map_err(|error| ServiceError::name("name", &error))?,
    };
    let members = WorkspaceEdit { name: None, ..edit };
    Ok((create(services, caller, NewWorkspace { id, name, members }).await?, true))
}
