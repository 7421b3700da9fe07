//! The relying party of each workspace: made when it is first needed, and anew when its settings are others.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use secrecy::ExposeSecret as _;
use url::Url;

use crate::config::portal::PortalOidcConf;
use crate::domain::ids::WorkspaceId;
use crate::http_client::HttpClient;
use crate::oidc::error::Endpoint;
use crate::oidc::{OidcError, RelyingParty};
use crate::sealing::sha256_hex;
use crate::services::Services;
use crate::services::login::error::LoginError;
use crate::services::portal::Portal;

/// What this node has of the providers, by workspace. A provider that is known stays known, and one that was down is
/// asked again after its pause.
#[derive(Default)]
pub(in crate::services) struct Parties(Mutex<HashMap<WorkspaceId, Party>>);

struct Party {
    /// Of everything that it was made from.
    digest: String,
    party: RelyingParty,
}

impl Parties {
    /// The relying party of a workspace.
    ///
    /// # Errors
    /// The portal has no provider, or no client for it can be set up.
    pub(in crate::services) fn of(&self, services: &Services, portal: &Portal) -> Result<RelyingParty, LoginError> {
        let (Some(conf), Some(callback), Ok(home)) =
            (portal.settings.provider(), portal.callback(), Url::parse(&format!("{}/", portal.url())))
        else {
            return Err(LoginError::State);
        };
        let digest = digest(conf, &callback, &home);
        let mut parties = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = parties.get(&portal.workspace.id).filter(|known| known.digest == digest) {
            return Ok(known.party.clone());
        }
        let groups = portal.settings.sso.followed_groups().map(|(claim, _)| claim);
        let conf = conf.relying_party(callback, home, groups);
        let timeout = Duration::from_millis(conf.provider.timeout_ms);
        let http = HttpClient::new(&services.settings.egress, conf.provider.ssl_verify, timeout)
            .map_err(|error| OidcError::Unreachable(Endpoint::Discovery, error))?;
        let party = RelyingParty::new(conf, http, services.clock.clone());
        parties.insert(portal.workspace.id, Party { digest, party: party.clone() });
        Ok(party)
    }
}

fn digest(conf: &PortalOidcConf, callback: &Url, home: &Url) -> String {
    sha256_hex(format!("{}\n{callback}\n{home}", conf.source.expose_secret()).as_bytes())
}

impl Portal {
    /// Where the provider sends people back to.
    #[must_use]
    pub fn callback(&self) -> Option<Url> {
        let conf = self.settings.provider()?;
        conf.redirect_uri.clone().or_else(|| Url::parse(&format!("{}/auth/callback", self.url())).ok())
    }
}
