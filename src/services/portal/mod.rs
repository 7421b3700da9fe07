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
pub mod sso;
pub mod teams;
mod tokens;
mod transitions;
pub mod verification;

use std::net::IpAddr;

use super::Services;
use super::error::ServiceError;
use super::login::pending::PendingLogins;
use secrecy::{ExposeSecret as _, SecretString};

use crate::config::portal::{PortalAuth, PortalSettings};
use crate::domain::workspace::Workspace;
use crate::sealing::Sealer;
use pace::Pace;
use passwords::Passwords;
use sso::Parties;

/// Seconds that a developer has to sign in at the provider.
const LOGIN_TIMEOUT: i64 = 600;

/// What the portal keeps in memory.
pub struct PortalState {
    pub(super) passwords: Passwords,
    pub(super) pace: Pace,
    pub(super) parties: Parties,
    pub(super) logins: PendingLogins,
    pub(super) sealer: Sealer,
    /// Takes the place of a `session_secret` that `portal_auth_conf` does not name.
    session_secret: SecretString,
}

impl PortalState {
    /// Nothing yet. All nodes have the same `encryption_key`.
    #[must_use]
    pub fn new(encryption_key: &SecretString) -> Self {
        let derived = |purpose: &str| format!("{purpose}\n{}", encryption_key.expose_secret());
        Self {
            passwords: Passwords::default(),
            pace: Pace::default(),
            parties: Parties::default(),
            logins: PendingLogins::new(Sealer::from_secret(derived("portal login").as_bytes()), LOGIN_TIMEOUT),
            sealer: Sealer::from_secret(encryption_key.expose_secret().as_bytes()),
            session_secret: derived("portal session").into(),
        }
    }
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
    open_where(services, |workspace| workspace.is_called(name_or_id)).await
}

/// The portal that a host names by its left-most label; `None` when there is none, or when it is off.
///
/// # Errors
/// The store failed.
pub async fn open_host(services: &Services, host: &str) -> Result<Option<Portal>, ServiceError> {
    match services.settings.portal.label_of(host).filter(|_| services.settings.portal.enabled) {
        Some(label) => open_where(services, |it| it.name.as_str().eq_ignore_ascii_case(label)).await,
        None => Ok(None),
    }
}

async fn open_where(services: &Services, is_it: impl Fn(&Workspace) -> bool) -> Result<Option<Portal>, ServiceError> {
    let workspaces = services.access.workspaces().await?;
    let Some(workspace) = workspaces.iter().find(|workspace| is_it(workspace)) else { return Ok(None) };
    Ok(Portal::of(services, workspace).filter(|portal| portal.settings.enabled))
}

impl Portal {
    /// The portal of a workspace, on or off; `None` when its `config` cannot be read.
    #[must_use]
    pub fn of(services: &Services, workspace: &Workspace) -> Option<Self> {
        match services.settings.portal.of(&workspace.config) {
            Ok(mut settings) => {
                let secret = &mut settings.session.secret;
                if settings.auth == Some(PortalAuth::OpenIdConnect) && secret.expose_secret().is_empty() {
                    *secret = services.portal.session_secret.clone();
                }
                Some(Self { workspace: workspace.clone(), settings })
            }
            Err((member, sentence)) => {
                tracing::error!(workspace = %workspace.name, "the portal is off: {member} {sentence}");
                None
            }
        }
    }

    /// The public address of its pages, without trailing slash.
    #[must_use]
    pub fn url(&self) -> String {
        self.settings.url_of(&self.workspace.name)
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
