//! Suggestions for inputs that take an endpoint: what Kong and kong-sso serve.

use super::extractors::AdminSession;

/// Endpoints that kong-sso serves itself.
const OWN: &[&str] = &[
    "/admins",
    "/admins/*",
    "/admins/*/roles",
    "/audit/objects",
    "/audit/requests",
    "/groups",
    "/groups/*",
    "/groups/*/roles",
    "/rbac/roles",
    "/rbac/roles/*",
    "/rbac/roles/*/endpoints",
    "/rbac/users",
    "/rbac/users/*",
    "/rbac/users/*/roles",
    "/workspaces",
    "/workspaces/*",
];

/// Patterns to choose from, `*` first.
pub(super) async fn suggestions(visitor: &AdminSession) -> Vec<String> {
    let of_kong = visitor.services.kong_watch.endpoints().await;
    let mut all: Vec<String> = of_kong.iter().cloned().chain(OWN.iter().map(ToString::to_string)).collect();
    all.sort();
    all.dedup();
    all.insert(0, "*".to_owned());
    all
}
