//! Who sees a published API and who may ask for access to it: the table of dev-portal.md 4.3, and nothing else decides.

use super::catalogue::{PublishedApi, Visibility};
use super::team::{ApiRole, Grants};

/// Who looks at an API.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Nobody known, or a developer who is not approved.
    Anonymous,
    /// An approved developer or a team, with the role on this API.
    Known(Option<ApiRole>),
}

/// What somebody may do with an API. Later ones include earlier ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ApiRight {
    /// Not even know of it.
    Hidden,
    /// Read about it.
    View,
    /// That, and ask for access.
    Register,
}

/// The decision table. `has_teams` is `sso_portal_rbac`.
#[must_use]
pub const fn decide(visibility: Visibility, has_teams: bool, who: Standing) -> ApiRight {
    use ApiRight::{Hidden, Register, View};
    match (visibility, has_teams, who) {
        (Visibility::Public, _, Standing::Anonymous) => View,
        (Visibility::Private, _, Standing::Anonymous) => Hidden,
        (_, false, Standing::Known(_)) | (_, true, Standing::Known(Some(ApiRole::Consumer))) => Register,
        (_, true, Standing::Known(Some(ApiRole::Viewer))) | (Visibility::Public, true, Standing::Known(None)) => View,
        (Visibility::Private, true, Standing::Known(None)) => Hidden,
    }
}

/// What one viewer of a workspace's catalogue may see.
#[derive(Clone, Debug)]
pub struct Sight {
    has_teams: bool,
    /// `None` for nobody known.
    grants: Option<Grants>,
}

/// What pages and clients may offer for an API.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ApiActions {
    /// See it.
    pub view: bool,
    /// Ask for access.
    pub register: bool,
    /// Read its documents.
    pub view_documentation: bool,
}

impl Sight {
    /// Nobody known.
    #[must_use]
    pub const fn anonymous(has_teams: bool) -> Self {
        Self { has_teams, grants: None }
    }

    /// An approved developer or a team, with its roles.
    #[must_use]
    pub const fn of(has_teams: bool, grants: Grants) -> Self {
        Self { has_teams, grants: Some(grants) }
    }

    /// What the viewer may do with an API. One that is not published is nobody's.
    #[must_use]
    pub fn right(&self, api: &PublishedApi) -> ApiRight {
        if api.is_published { self.entitlement(api) } else { ApiRight::Hidden }
    }

    /// The same without regard to publication, which existing contracts do not depend on.
    #[must_use]
    pub fn entitlement(&self, api: &PublishedApi) -> ApiRight {
        let who = self.grants.as_ref().map_or(Standing::Anonymous, |grants| Standing::Known(grants.on(api.id)));
        decide(api.visibility, self.has_teams, who)
    }

    /// Whether the viewer may know of an API.
    #[must_use]
    pub fn sees(&self, api: &PublishedApi) -> bool {
        self.right(api) >= ApiRight::View
    }

    /// What is offered. Nobody may ask for an API that takes no requests.
    #[must_use]
    pub fn actions(&self, api: &PublishedApi) -> ApiActions {
        let right = self.right(api);
        ApiActions {
            view: right >= ApiRight::View,
            register: right >= ApiRight::Register && api.registration_enabled,
            view_documentation: right >= ApiRight::View,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ids::{ApiId, ServiceId, StrategyId, WorkspaceId};
    use crate::domain::team::ApiScope;
    use crate::domain::time::UnixSeconds;
    use proptest::prelude::*;

    const WHO: [Standing; 4] = [
        Standing::Anonymous,
        Standing::Known(None),
        Standing::Known(Some(ApiRole::Viewer)),
        Standing::Known(Some(ApiRole::Consumer)),
    ];

    /// The table as the specification prints it: visibility, rbac, then anonymous, no role, viewer, consumer.
    const TABLE: [(Visibility, bool, [ApiRight; 4]); 4] = {
        use ApiRight::{Hidden, Register, View};
        [
            (Visibility::Public, false, [View, Register, Register, Register]),
            (Visibility::Public, true, [View, View, View, Register]),
            (Visibility::Private, false, [Hidden, Register, Register, Register]),
            (Visibility::Private, true, [Hidden, Hidden, View, Register]),
        ]
    };

    fn api(visibility: Visibility, is_published: bool, registration_enabled: bool) -> PublishedApi {
        PublishedApi {
            id: ApiId::generate(),
            ws_id: WorkspaceId::generate(),
            service_id: ServiceId::generate(),
            service_name: "s".to_owned(),
            name: "n".to_owned(),
            slug: "n".to_owned(),
            description: None,
            document: None,
            visibility,
            strategy_id: StrategyId::generate(),
            auto_approve: false,
            registration_enabled,
            show_issuer: false,
            is_published,
            has_gate: true,
            is_missing: false,
            created_at: UnixSeconds(0),
            updated_at: UnixSeconds(0),
        }
    }

    #[test]
    fn dp_049_dp_050_dp_051_the_table_is_the_specifications() {
        for (visibility, has_teams, row) in TABLE {
            for (who, right) in WHO.into_iter().zip(row) {
                assert_eq!(decide(visibility, has_teams, who), right, "{visibility:?} rbac={has_teams} {who:?}");
            }
        }
    }

    proptest! {
        #[test]
        fn dp_049_a_viewer_has_what_the_table_says_and_never_more(
            row in 0_usize..4, is_published: bool, takes_requests: bool,
            roles in proptest::collection::vec((any::<bool>(), 0_u8..3), 0..6), is_known: bool,
        ) {
            let Some((visibility, has_teams, rights)) = TABLE.get(row).copied() else { return Ok(()) };
            let api = api(visibility, is_published, takes_requests);
            // Each role is on this API, on all, or on another one.
            let roles: Vec<_> = roles.into_iter().map(|(is_consumer, at)| {
                let role = if is_consumer { ApiRole::Consumer } else { ApiRole::Viewer };
                (role, match at { 0 => ApiScope::All, 1 => ApiScope::One(api.id), _ => ApiScope::One(ApiId::generate()) })
            }).collect();
            let here = roles.iter().filter(|(_, scope)| [ApiScope::All, ApiScope::One(api.id)].contains(scope));
            let held = here.map(|(role, _)| *role).max();
            let sight = if is_known { Sight::of(has_teams, Grants::of(roles)) } else { Sight::anonymous(has_teams) };
            let who = if is_known { Standing::Known(held) } else { Standing::Anonymous };
            let column = WHO.iter().position(|it| *it == who).unwrap_or_default();
            let right = if is_published { rights.get(column).copied() } else { Some(ApiRight::Hidden) };
            prop_assert_eq!(Some(sight.right(&api)), right);
            let actions = sight.actions(&api);
            prop_assert_eq!(actions.view, right > Some(ApiRight::Hidden));
            prop_assert_eq!(actions.view_documentation, actions.view);
            prop_assert_eq!(actions.register, right == Some(ApiRight::Register) && takes_requests);
        }

        #[test]
        fn dp_049_a_greater_role_never_takes_a_right(is_public: bool, has_teams: bool) {
            let visibility = if is_public { Visibility::Public } else { Visibility::Private };
            let rights = WHO.map(|who| decide(visibility, has_teams, who));
            prop_assert!(rights.is_sorted());
        }
    }
}
