//! Teams: which developers see and use which APIs, and own applications together (dev-portal.md 4.2). Developer roles of
//! Kong Enterprise are the same thing under another name.

use std::collections::HashMap;

use super::application::parse_line;
use super::ids::{ApiId, AssignedRoleId, DeveloperId, GroupName, TeamGroupId, TeamId, WorkspaceId};
use super::time::UnixSeconds;

/// Longest name and description, characters.
pub const LONGEST: usize = 250;

/// A name: trimmed, 1 to 250 characters; no UUID, because paths name teams by either.
///
/// # Errors
/// What is wrong with it.
pub fn parse_team_name(text: &str) -> Result<String, String> {
    let text = parse_line(text)?;
    if text.chars().count() > LONGEST {
        return Err(format!("must be at most {LONGEST} characters long"));
    }
    if uuid::Uuid::try_parse(&text).is_ok() {
        return Err("must not be a UUID".to_owned());
    }
    Ok(text)
}

/// A description: trimmed, 1 to 250 characters.
///
/// # Errors
/// What is wrong with it.
pub fn parse_team_description(text: &str) -> Result<String, String> {
    let text = parse_line(text)?;
    if text.chars().count() > LONGEST { Err(format!("must be at most {LONGEST} characters long")) } else { Ok(text) }
}

/// A team of developers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Team {
    /// Key.
    pub id: TeamId,
    /// Workspace.
    pub ws_id: WorkspaceId,
    /// Unique in the workspace.
    pub name: String,
    /// Free text.
    pub description: Option<String>,
    /// Whether applications may belong to it.
    pub can_own_applications: bool,
    /// When it was made.
    pub created_at: UnixSeconds,
    /// When it was last changed.
    pub updated_at: UnixSeconds,
}

/// What a team may do with an API. Later ones include earlier ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ApiRole {
    /// Read its documentation.
    Viewer,
    /// That, and have applications that call it.
    Consumer,
}

impl ApiRole {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Viewer, Self::Consumer];

    /// Konnect's name, as it is stored and shown to clients.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Viewer => "API Viewer",
            Self::Consumer => "API Consumer",
        }
    }

    /// What people read.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Viewer => "View APIs",
            Self::Consumer => "Consume APIs",
        }
    }
}

impl std::str::FromStr for ApiRole {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|role| role.as_str() == text).ok_or("expected one of: API Viewer, API Consumer")
    }
}

/// Which APIs a role is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ApiScope {
    /// Every API of the workspace, later ones too.
    All,
    /// One.
    One(ApiId),
}

impl std::fmt::Display for ApiScope {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::All => f.write_str("*"),
            Self::One(id) => id.fmt(f),
        }
    }
}

impl std::str::FromStr for ApiScope {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text == "*" {
            return Ok(Self::All);
        }
        text.parse().map(Self::One).map_err(|_| "expected the id of a published API, or *")
    }
}

/// A role that a team has on APIs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AssignedRole {
    /// Key.
    pub id: AssignedRoleId,
    /// The team.
    pub team_id: TeamId,
    /// What it may do.
    pub role: ApiRole,
    /// With which APIs.
    pub scope: ApiScope,
    /// When it was assigned.
    pub created_at: UnixSeconds,
}

/// A group of the identity provider whose members are members of a team.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TeamGroup {
    /// Key.
    pub id: TeamGroupId,
    /// The workspace of the team.
    pub ws_id: WorkspaceId,
    /// The team.
    pub team_id: TeamId,
    /// The group, compared exactly.
    pub group: GroupName,
    /// When it was mapped.
    pub created_at: UnixSeconds,
}

/// Who owns an application.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Owner {
    /// A developer alone.
    Developer(DeveloperId),
    /// A team; every member has full control.
    Team(TeamId),
}

impl Owner {
    /// `developer` or `team`, as it is stored and shown.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Developer(_) => "developer",
            Self::Team(_) => "team",
        }
    }

    /// Its id as text.
    #[must_use]
    pub fn id(&self) -> String {
        match self {
            Self::Developer(id) => id.to_string(),
            Self::Team(id) => id.to_string(),
        }
    }

    /// The developer, if it is one.
    #[must_use]
    pub const fn developer(&self) -> Option<DeveloperId> {
        match self {
            Self::Developer(id) => Some(*id),
            Self::Team(_) => None,
        }
    }
}

/// The roles of somebody or of a team on the APIs of a workspace, all teams taken together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Grants {
    everywhere: Option<ApiRole>,
    by_api: HashMap<ApiId, ApiRole>,
}

impl Grants {
    /// All of several roles; the greater one counts.
    #[must_use]
    pub fn of(roles: impl IntoIterator<Item = (ApiRole, ApiScope)>) -> Self {
        let mut grants = Self::default();
        for (role, scope) in roles {
            match scope {
                ApiScope::All => grants.everywhere = grants.everywhere.max(Some(role)),
                ApiScope::One(api) => {
                    let held = grants.by_api.entry(api).or_insert(role);
                    *held = (*held).max(role);
                }
            }
        }
        grants
    }

    /// The role on an API.
    #[must_use]
    pub fn on(&self, api: ApiId) -> Option<ApiRole> {
        self.everywhere.max(self.by_api.get(&api).copied())
    }
}

/// How groups of the identity provider and membership belong together (`sso_portal_team_mapping`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GroupMode {
    /// Groups decide about the members of mapped teams.
    Own,
    /// Groups only add.
    Additive,
}

/// What groups change about somebody's membership: teams to join, teams to leave. `mapped` is every mapping of the
/// workspace, `groups` the values of the login (`None` = the claim was missing, which changes nothing), `member_of` the
/// teams of the present. Teams without a mapping are never touched.
#[must_use]
pub fn follow_groups(
    mapped: &[(TeamId, GroupName)],
    groups: Option<&[String]>,
    member_of: &[TeamId],
    mode: GroupMode,
) -> (Vec<TeamId>, Vec<TeamId>) {
    let Some(groups) = groups else { return (Vec::new(), Vec::new()) };
    let (mut join, mut leave) = (Vec::new(), Vec::new());
    let mut teams: Vec<TeamId> = mapped.iter().map(|(team, _)| *team).collect();
    teams.sort_unstable();
    teams.dedup();
    for team in teams {
        let mut names = mapped.iter().filter(|(other, _)| *other == team).map(|(_, name)| name.as_str());
        let is_wanted = names.any(|name| groups.iter().any(|group| group == name));
        match (is_wanted, member_of.contains(&team)) {
            (true, false) => join.push(team),
            (false, true) if mode == GroupMode::Own => leave.push(team),
            _ => {}
        }
    }
    (join, leave)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn the_greater_role_counts() {
        let (orders, users) = (ApiId::generate(), ApiId::generate());
        let grants = Grants::of([
            (ApiRole::Consumer, ApiScope::One(orders)),
            (ApiRole::Viewer, ApiScope::One(orders)),
            (ApiRole::Viewer, ApiScope::All),
        ]);
        assert_eq!((grants.on(orders), grants.on(users)), (Some(ApiRole::Consumer), Some(ApiRole::Viewer)));
        assert_eq!(Grants::default().on(orders), None);
        let everywhere = Grants::of([(ApiRole::Viewer, ApiScope::One(orders)), (ApiRole::Consumer, ApiScope::All)]);
        assert_eq!(everywhere.on(orders), Some(ApiRole::Consumer));
    }

    #[test]
    fn dp_037_groups_decide_about_mapped_teams_alone() {
        let [a, b, free] = [(); 3].map(|()| TeamId::generate());
        let group = |name: &str| GroupName::parse(name).unwrap();
        let mapped = [(a, group("dev-a")), (a, group("dev-all")), (b, group("dev-b"))];
        let claim = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        let here = [b, free];
        for (groups, mode, expected) in [
            (Some(claim(&["dev-a"])), GroupMode::Own, (vec![a], vec![b])),
            (Some(claim(&["dev-all", "other"])), GroupMode::Own, (vec![a], vec![b])),
            (Some(claim(&["DEV-A"])), GroupMode::Own, (vec![], vec![b])),
            (Some(claim(&[])), GroupMode::Own, (vec![], vec![b])),
            (None, GroupMode::Own, (vec![], vec![])),
            (Some(claim(&["dev-a"])), GroupMode::Additive, (vec![a], vec![])),
            (Some(claim(&[])), GroupMode::Additive, (vec![], vec![])),
        ] {
            assert_eq!(follow_groups(&mapped, groups.as_deref(), &here, mode), expected, "{groups:?} {mode:?}");
        }
    }

    #[test]
    fn names_of_teams_are_never_ids() {
        assert_eq!(parse_team_name(" Payments, EU "), Ok("Payments, EU".to_owned()));
        let long = "a".repeat(251);
        for bad in
            ["", " ", "a\nb", long.as_str(), "0190b6f5-1c2d-7e3f-8a4b-5c6d7e8f9a0b", "0190B6F51C2D7E3F8A4B5C6D7E8F9A0B"]
        {
            assert!(parse_team_name(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn scopes_and_roles_are_read_as_they_are_written() {
        let one = ApiScope::One(ApiId::generate());
        for scope in [ApiScope::All, one] {
            assert_eq!(scope.to_string().parse(), Ok(scope));
        }
        assert!("all".parse::<ApiScope>().is_err());
        for role in ApiRole::ALL {
            assert_eq!(role.as_str().parse(), Ok(role));
        }
    }
}
