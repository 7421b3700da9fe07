//! What a path of the Admin API addresses (kong-manager.md 4.3, 4.9): the workspace, what is left of the path, and the
//! few doors that no rule guards. One reading for requests and for `rbac explain`.

use crate::domain::ids::{RESERVED_WORKSPACE_NAMES, WorkspaceName};
use crate::domain::rbac::{Action, Endpoint};
use crate::domain::workspace::Workspace;
use crate::kong::path::CanonicalPath;

/// A path and its workspace.
#[derive(Clone, Debug)]
pub struct Addressed<'w> {
    /// The workspace.
    pub workspace: &'w Workspace,
    /// The path without it.
    pub path: CanonicalPath,
    /// Whether the path named the workspace.
    pub is_prefixed: bool,
}

/// The workspace that the first segment names by name or id, else `default`; `None` when even that is missing.
#[must_use]
pub fn address(workspaces: &[Workspace], path: CanonicalPath) -> Option<Addressed<'_>> {
    let named = path.first().and_then(|first| workspaces.iter().find(|workspace| workspace.is_called(first)));
    match named {
        Some(workspace) => Some(Addressed { workspace, path: path.without_first(), is_prefixed: true }),
        None => {
            let default = workspaces.iter().find(|workspace| workspace.name.is_default());
            default.map(|workspace| Addressed { workspace, path, is_prefixed: false })
        }
    }
}

/// What a decision is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subject<'w> {
    /// The workspace.
    pub workspace: &'w WorkspaceName,
    /// The endpoint.
    pub endpoint: Endpoint,
}

/// What rules are matched with: a path below `/workspaces/NAME` is about that workspace.
#[must_use]
pub fn subject<'w>(workspaces: &'w [Workspace], addressed: &'w Workspace, path: &CanonicalPath) -> Subject<'w> {
    let named = match path.segments() {
        [first, key, ..] if first == "workspaces" => workspaces.iter().find(|workspace| workspace.is_called(key)),
        _ => None,
    };
    Subject { workspace: &named.unwrap_or(addressed).name, endpoint: judged_endpoint(path) }
}

/// The endpoint that rules are matched with. The endpoint at the end of a rule's own path counts as one segment however
/// it is written: patterns of fixed length, such as the built-in ones that keep the role `admin` from RBAC, would miss
/// longer ones.
#[must_use]
pub fn judged_endpoint(path: &CanonicalPath) -> Endpoint {
    match path.segments() {
        [rbac, roles, role, endpoints, workspace, rest @ ..]
            if rbac == "rbac" && roles == "roles" && endpoints == "endpoints" =>
        {
            let parts = rest.iter().flat_map(|segment| segment.split("%2F")).filter(|part| !part.is_empty());
            let rule = parts.collect::<Vec<_>>().join("%2F");
            let rule = if rule.is_empty() { "%2F" } else { rule.as_str() };
            Endpoint::from_segments([rbac, roles, role, endpoints, workspace, rule])
        }
        _ => path.endpoint(),
    }
}

/// The workspace that a path such as `/nowhere/services` means although there is none of that name: what is left after
/// [`address`] begins with no door, but goes on with one.
#[must_use]
pub fn unknown_workspace(path: &CanonicalPath) -> Option<&str> {
    let is_reserved = |name: &str| RESERVED_WORKSPACE_NAMES.contains(&name);
    match path.segments() {
        [first, second, ..] if !is_reserved(first) && is_reserved(second) => Some(first),
        _ => None,
    }
}

/// Whether a door is open to everybody who is somebody.
#[must_use]
pub fn is_open(path: &CanonicalPath, action: Action) -> bool {
    match path.segments() {
        [first] => matches!(first.as_str(), "userinfo" | "endpoints" | "workspaces") && action == Action::Read,
        [first, second, ..] => first == "admins" && second == "self",
        [] => false,
    }
}

/// Whether a door starts and ends sessions, which nobody needs a right for.
#[must_use]
pub fn is_sign_in(path: &CanonicalPath) -> bool {
    matches!(path.segments(), [only] if only == "auth")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::domain::ids::{WorkspaceId, WorkspaceName};
    use crate::domain::time::UnixSeconds;

    fn workspace(name: &str) -> Workspace {
        Workspace {
            id: WorkspaceId::generate(),
            name: WorkspaceName::parse(name).unwrap(),
            comment: None,
            config: serde_json::Map::new(),
            meta: serde_json::Map::new(),
            upstream_admin_url: None,
            created_at: UnixSeconds(0),
            updated_at: UnixSeconds(0),
        }
    }

    fn path(text: &str) -> CanonicalPath {
        CanonicalPath::parse(text).unwrap()
    }

    #[test]
    fn km_065_the_first_segment_names_a_workspace_by_name_or_id() {
        let all = [workspace("default"), workspace("payments")];
        let by_id = format!("/{}/services", all[1].id);
        for (raw, name, rest, is_prefixed) in [
            ("/services", "default", "/services", false),
            ("/default/services", "default", "/services", true),
            ("/payments", "payments", "/", true),
            (by_id.as_str(), "payments", "/services", true),
            ("/Payments/services", "default", "/Payments/services", false),
            ("/", "default", "/", false),
        ] {
            let found = address(&all, path(raw)).unwrap();
            let told = (found.workspace.name.as_str(), found.path.to_string(), found.is_prefixed);
            assert_eq!(told, (name, rest.to_owned(), is_prefixed), "{raw}");
        }
        assert!(address(&all[1..], path("/services")).is_none());
    }

    #[test]
    fn a_workspace_that_does_not_exist_is_told_from_a_path() {
        assert_eq!(unknown_workspace(&path("/nowhere/services/x")), Some("nowhere"));
        for known in ["/services/routes", "/nowhere", "/nowhere/else", "/"] {
            assert_eq!(unknown_workspace(&path(known)), None, "{known}");
        }
    }

    #[test]
    fn a_decision_is_about_the_workspace_and_the_rule_that_a_path_names() {
        let all = [workspace("default"), workspace("payments")];
        let about = |text: &str| {
            let subject = subject(&all, &all[0], &path(text));
            (subject.workspace.to_string(), subject.endpoint.to_string())
        };
        let told = |name: &str, endpoint: &str| (name.to_owned(), endpoint.to_owned());
        assert_eq!(about("/workspaces/payments/meta"), told("payments", "/workspaces/payments/meta"));
        assert_eq!(about("/workspaces/nowhere"), told("default", "/workspaces/nowhere"));
        for rule in ["services/a/plugins", "/services/a/plugins", "%2Fservices%2Fa%2Fplugins", "services%2fa/plugins"] {
            let rule = format!("/rbac/roles/r/endpoints/default/{rule}");
            assert_eq!(
                about(&rule),
                told("default", "/rbac/roles/r/endpoints/default/services%2Fa%2Fplugins"),
                "{rule}"
            );
        }
        for root in ["", "/", "//", "/%2F"] {
            let root = format!("/rbac/roles/r/endpoints/default{root}");
            assert_eq!(about(&root), told("default", "/rbac/roles/r/endpoints/default/%2F"), "{root}");
        }
        let every = "/rbac/roles/r/endpoints/*/*";
        assert_eq!(about(every), told("default", every));
    }

    #[test]
    fn open_doors_are_few() {
        for (text, action) in
            [("/userinfo", Action::Read), ("/endpoints", Action::Read), ("/admins/self/token", Action::Update)]
        {
            assert!(is_open(&path(text), action), "{text}");
        }
        for (text, action) in
            [("/userinfo", Action::Update), ("/", Action::Read), ("/admins", Action::Read), ("/admins/x", Action::Read)]
        {
            assert!(!is_open(&path(text), action), "{text}");
        }
    }
}
