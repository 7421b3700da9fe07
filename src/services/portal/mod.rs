//! The developer portal's accounts (dev-portal.md 2, 3): registration, verification, login, sessions, recovery, profile,
//! and what admins do to developers.
//!
//! ```text
//! /{workspace}/.. --> open(): workspace with its settings, or nothing --> use case --> Change --> mails of the machine
//! ```

pub mod asking;
pub mod developers;
pub mod invitations;
pub mod login;
mod notices;
mod pace;
mod passwords;
pub mod profile;
pub mod recovery;
pub mod registration;
pub mod sessions;
pub mod sight;
pub mod teams;
mod tokens;
mod transitions;
pub mod verification;

use std::net::IpAddr;

use super::Services;
use super::error::ServiceError;
use crate::config::portal::PortalSettings;
use crate::domain::workspace::Workspace;
use pace::Pace;
use passwords::Passwords;

/// What the portal keeps in memory.
#[derive(Default)]
pub struct PortalState {
    pub(super) passwords: Passwords,
    pub(super) pace: Pace,
}

/// The portal of one workspace, as it is now.
#[derive(Clone, Debug)]
pub struct Portal {
    /// The workspace.
    pub workspace: Workspace,
    /// Its settings: the file's with what the workspace says otherwise.
    pub settings: PortalSettings,
}

/// One request of a developer, or of nobody yet.
#[derive(Clone, Debug)]
pub struct Visit {
    /// Its id in logs and audit records.
    pub request_id: String,
    /// Where it came from.
    pub client: IpAddr,
    /// What the browser calls itself.
    pub user_agent: String,
}

/// The portal that a path names by its workspace; `None` when there is none, or when it is off.
///
/// # Errors
/// The store failed.
pub async fn open(services: &Services, name_or_id: &str) -> Result<Option<Portal>, ServiceError> {
    if !services.settings.portal.enabled {
        return Ok(None);
    }
    let workspaces = services.access.workspaces().await?;
    let Some(workspace) = workspaces.iter().find(|workspace| workspace.is_called(name_or_id)) else {
        return Ok(None);
    };
    Ok(Portal::of(services, workspace).filter(|portal| portal.settings.enabled))
}

impl Portal {
    /// The portal of a workspace, on or off; `None` when its `config` cannot be read.
    #[must_use]
    pub fn of(services: &Services, workspace: &Workspace) -> Option<Self> {
        match services.settings.portal.of(&workspace.config) {
            Ok(settings) => Some(Self { workspace: workspace.clone(), settings }),
            Err((member, sentence)) => {
                tracing::error!(workspace = %workspace.name, "the portal is off: {member} {sentence}");
                None
            }
        }
    }

    /// The public address of its pages, without trailing slash.
    #[must_use]
    pub fn url(&self) -> String {
        format!("{}/{}", self.settings.gui_url, self.workspace.name)
    }

    /// What people call it.
    #[must_use]
    pub fn name(&self) -> String {
        if self.workspace.name.is_default() {
            "Developer portal".to_owned()
        } else {
            format!("Developer portal of {}", self.workspace.name)
        }
    }
}
