//! The frame that every page of a signed-in admin shares: navigation, workspaces, the message of the last change.

use super::extractors::AdminSession;
use super::flash::Flash;
use crate::domain::rbac::Action;
use crate::web::error::ApiError;
use crate::web::pages::assets::Assets;

/// A part of the navigation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Section {
    Home,
    Admins,
    RbacUsers,
    Roles,
    Groups,
    Developers,
    Workspaces,
    Audit,
    Sso,
    PortalApis,
    PortalRequests,
    PortalStrategies,
    Teams,
    Profile,
    None,
}

impl Section {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Home => "home",
            Self::Admins => "admins",
            Self::RbacUsers => "rbac_users",
            Self::Roles => "roles",
            Self::Groups => "groups",
            Self::Developers => "developers",
            Self::Workspaces => "workspaces",
            Self::Audit => "audit",
            Self::Sso => "sso",
            Self::PortalApis => "portal_apis",
            Self::PortalRequests => "portal_requests",
            Self::PortalStrategies => "portal_strategies",
            Self::Teams => "teams",
            Self::Profile => "profile",
            Self::None => "",
        }
    }
}

/// What the visitor may read.
pub(super) struct Nav {
    pub(super) admins: bool,
    pub(super) rbac_users: bool,
    pub(super) roles: bool,
    pub(super) groups: bool,
    pub(super) developers: bool,
    pub(super) workspaces: bool,
    pub(super) audit: bool,
    pub(super) sso: bool,
    pub(super) portal_apis: bool,
    pub(super) portal_requests: bool,
    pub(super) portal_strategies: bool,
    pub(super) teams: bool,
}

/// A workspace of the switcher.
pub(super) struct WorkspaceOption {
    pub(super) name: String,
    pub(super) selected: bool,
}

/// The frame.
pub(super) struct Shell {
    pub(super) title: String,
    pub(super) base: String,
    pub(super) csrf: String,
    pub(super) admin_name: String,
    /// Nobody is, while nothing asks who calls.
    pub(super) signed_in: bool,
    pub(super) nav: Nav,
    pub(super) current: &'static str,
    pub(super) flash: Option<Flash>,
    pub(super) request_id: String,
    pub(super) workspaces: Vec<WorkspaceOption>,
    pub(super) gui_url: String,
    pub(super) assets: Assets,
}

impl AdminSession {
    /// The frame of a page.
    ///
    /// # Errors
    /// The form token could not be sealed; the store lacks `default`.
    pub(super) fn shell(&self, title: &str, section: Section) -> Result<Shell, ApiError> {
        let base = self.base();
        let chosen = self.chosen_workspace()?.id;
        let option = |workspace: &crate::domain::workspace::Workspace| WorkspaceOption {
            name: workspace.name.to_string(),
            selected: workspace.id == chosen,
        };
        Ok(Shell {
            title: title.to_owned(),
            csrf: self.services.notes.form_token(self.caller.proof)?,
            admin_name: self.caller.principal.name.to_string(),
            signed_in: self.is_signed_in(),
            nav: self.nav(),
            current: section.as_str(),
            flash: self.message(),
            request_id: self.request_id.clone(),
            workspaces: self.reachable().into_iter().map(option).collect(),
            gui_url: format!("{}/", self.services.settings.gui.path),
            assets: Assets::below(&base),
            base,
        })
    }

    fn nav(&self) -> Nav {
        let reads = |endpoint| self.place(endpoint, Action::Read).is_some();
        let has_portal = self.services.settings.portal.enabled;
        Nav {
            admins: reads("/admins"),
            rbac_users: reads("/rbac/users"),
            roles: reads("/rbac/roles"),
            groups: reads("/groups"),
            developers: self.services.settings.portal.enabled && reads("/developers"),
            workspaces: !self.reachable().is_empty(),
            audit: reads("/audit/requests"),
            portal_apis: has_portal && reads("/portal/apis"),
            portal_strategies: has_portal && reads("/application-auth-strategies"),
            portal_requests: has_portal && reads("/portal/registrations"),
            teams: has_portal && reads("/portal/teams"),
            sso: self.services.login.is_some() && self.is_super_admin(),
        }
    }
}
