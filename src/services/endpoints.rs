//! The paths of the protected Admin API: Kong's own and those that kong-sso adds (kong-manager.md 4.9, 4.12).

use std::collections::BTreeSet;

use super::Services;
use super::error::ServiceError;
use crate::domain::workspace::Workspace;

/// Paths of own doors, written as Kong writes its own.
pub const OWN: &[&str] = &[
    "/admins",
    "/admins/self",
    "/admins/self/token",
    "/admins/{admins}",
    "/admins/{admins}/binding",
    "/admins/{admins}/roles",
    "/admins/{admins}/sessions",
    "/admins/{admins}/workspaces",
    "/admins/{admins}/workspaces/{workspaces}",
    "/application-auth-strategies",
    "/application-auth-strategies/{strategies}",
    "/application_instances",
    "/application_instances/{application_instances}",
    "/applications",
    "/applications/{applications}",
    "/applications/{applications}/application_instances",
    "/applications/{applications}/application_instances/{application_instances}",
    "/applications/{applications}/credentials",
    "/applications/{applications}/credentials/{credentials}",
    "/audit/objects",
    "/audit/requests",
    "/auth",
    "/developers",
    "/developers/bulk",
    "/developers/export",
    "/developers/invite",
    "/developers/roles",
    "/developers/roles/{roles}",
    "/developers/{developers}",
    "/developers/{developers}/identities",
    "/developers/{developers}/identities/{identities}",
    "/endpoints",
    "/groups",
    "/groups/{groups}",
    "/groups/{groups}/roles",
    "/openid-connect/issuers",
    "/openid-connect/issuers/{issuers}",
    "/openid-connect/jwks",
    "/portal/apis",
    "/portal/apis/{apis}",
    "/portal/apis/{apis}/gate",
    "/portal/applications/{applications}/transfer",
    "/portal/developers/{developers}/teams",
    "/portal/identity-provider/team-group-mappings",
    "/portal/identity-provider/team-group-mappings/{mappings}",
    "/portal/portal-roles",
    "/portal/registrations",
    "/portal/registrations/bulk",
    "/portal/registrations/{registrations}",
    "/portal/services",
    "/portal/sync",
    "/portal/team-group-mappings",
    "/portal/teams",
    "/portal/teams/{teams}",
    "/portal/teams/{teams}/assigned-roles",
    "/portal/teams/{teams}/assigned-roles/{roles}",
    "/portal/teams/{teams}/developers",
    "/portal/teams/{teams}/developers/{developers}",
    "/rbac/roles",
    "/rbac/roles/{rbac_roles}",
    "/rbac/roles/{rbac_roles}/endpoints",
    "/rbac/roles/{rbac_roles}/endpoints/{workspace}/{endpoint}",
    "/rbac/roles/{rbac_roles}/permissions",
    "/rbac/users",
    "/rbac/users/{rbac_users}",
    "/rbac/users/{rbac_users}/permissions",
    "/rbac/users/{rbac_users}/roles",
    "/rbac/users/{rbac_users}/token",
    "/userinfo",
    "/workspaces",
    "/workspaces/{workspaces}",
    "/workspaces/{workspaces}/meta",
];

/// Every path of a workspace's Admin API, sorted.
///
/// # Errors
/// [`ServiceError::Kong`] when Kong does not tell its own.
pub async fn list(services: &Services, workspace: &Workspace) -> Result<Vec<String>, ServiceError> {
    let upstream = workspace.upstream_admin_url.as_deref();
    let of_kong = services.kong_facts.endpoints(&services.kong, upstream).await?;
    let paths: BTreeSet<&str> = of_kong.iter().map(String::as_str).chain(OWN.iter().copied()).collect();
    Ok(paths.into_iter().map(str::to_owned).collect())
}

/// Whether the server's own Kong has a path that begins with this segment; `false` when it does not answer.
pub(super) async fn is_first_segment(services: &Services, segment: &str) -> bool {
    match services.kong_facts.endpoints(&services.kong, None).await {
        Ok(paths) => paths.iter().any(|path| path.split('/').nth(1) == Some(segment)),
        Err(error) => {
            tracing::warn!(error = %error, "Kong's paths are not known; only the built-in list of names is reserved");
            false
        }
    }
}
