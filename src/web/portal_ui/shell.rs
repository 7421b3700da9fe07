//! The frame that every page of the portal shares: its name, the navigation, who is signed in, the last message.

use super::visitor::PageVisitor;
use crate::web::admin_ui::flash::Flash;
use crate::web::error::ApiError;
use crate::web::pages::assets::Assets;
use crate::web::portal_api::guard::Mount;

/// A part of the navigation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PortalSection {
    /// The first page.
    Home,
    /// The catalogue.
    Apis,
    /// The own applications.
    Applications,
    /// The own account.
    Settings,
    /// Nothing of the navigation.
    None,
}

/// A link of the navigation.
pub(in crate::web) struct NavItem {
    pub(in crate::web) label: &'static str,
    pub(in crate::web) icon: &'static str,
    pub(in crate::web) url: String,
    pub(in crate::web) is_current: bool,
}

/// The frame. Templates that extend `portal/layout.html` have it as `shell`.
pub struct PortalShell {
    pub(in crate::web) title: String,
    /// Path of the pages of this workspace, no trailing slash.
    pub(in crate::web) base: String,
    pub(in crate::web) portal_name: String,
    pub(in crate::web) csrf: String,
    pub(in crate::web) nav: Vec<NavItem>,
    /// The name of who is signed in.
    pub(in crate::web) who: Option<String>,
    /// Whether there are accounts at all.
    pub(in crate::web) accounts: bool,
    /// Whether somebody may register who was not at a provider before.
    pub(in crate::web) can_register: bool,
    pub(in crate::web) flash: Option<Flash>,
    pub(in crate::web) request_id: String,
    pub(in crate::web) assets: Assets,
}

impl PageVisitor {
    /// The frame of a page.
    ///
    /// # Errors
    /// The form token could not be sealed.
    pub fn shell(&self, title: &str, section: PortalSection) -> Result<PortalShell, ApiError> {
        Ok(PortalShell {
            title: title.to_owned(),
            base: self.base(),
            portal_name: self.portal.name(),
            csrf: self.services.notes.portal_form_token(&self.owner())?,
            nav: self.nav(section),
            who: self.live.as_ref().map(|live| live.developer.display_name().to_owned()),
            accounts: self.portal.settings.auth.is_some(),
            can_register: self.portal.settings.has_passwords(),
            flash: self.message(),
            request_id: String::new(),
            assets: assets(&self.mount),
        })
    }

    /// The navigation.
    fn nav(&self, section: PortalSection) -> Vec<NavItem> {
        let item =
            |label, icon, page: &str, it| NavItem { label, icon, url: self.url(page), is_current: section == it };
        let mut items = vec![
            item("Home", "home", "/", PortalSection::Home),
            item("APIs", "workspaces", "/apis", PortalSection::Apis),
        ];
        if self.is_signed_in() {
            items.push(item("Applications", "key", "/applications", PortalSection::Applications));
        }
        items
    }
}

impl PortalShell {
    /// The frame of a page where nothing is known but the mount.
    #[must_use]
    pub(in crate::web) fn bare(mount: &Mount, title: &str, base: String, request_id: &str) -> Self {
        Self {
            title: title.to_owned(),
            base,
            portal_name: "Developer portal".to_owned(),
            csrf: String::new(),
            nav: Vec::new(),
            who: None,
            accounts: false,
            can_register: false,
            flash: None,
            request_id: request_id.to_owned(),
            assets: assets(mount),
        }
    }
}

fn assets(mount: &Mount) -> Assets {
    Assets::below(&super::assets_base(mount))
}
