//! What a path of the Admin API addresses (kong-manager.md 4.3, 4.9): the workspace, what is left of the path, and the
//! few doors that no rule guards. One reading for requests and for `rbac explain`.

use crate::domain::ids::RESERVED_WORKSPACE_NAMES;
use crate::domain::rbac::Action;
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
    let named = path.first().and_then(|first| {
        workspaces.iter().find(|workspace| workspace.name.as_str() == first || workspace.id.to_string() == first)
    });
    match named {
        Some(workspace) => Some(Addressed { workspace, path: path.without_first(), is_prefixed: true }),
        None => {
            let default = workspaces.iter().find(|workspace| workspace.name.is_default());
            default.map(|workspace| Addressed { workspace, path, is_prefixed: false })
        }
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
        [first] => matches!(first.as_str(), "userinfo" | "endpoints") && action == Action::Read,
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
