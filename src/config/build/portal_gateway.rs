//! Applications of developers, and what stands for them in Kong.

use super::Builder;
use crate::config::settings::PortalGatewaySettings;

impl Builder<'_> {
    pub(super) fn portal_gateway(&mut self) -> PortalGatewaySettings {
        for (key, built) in [("sso_portal_key_auth_value", "separate"), ("sso_portal_sync_mode", "admin-api")] {
            if let Some(word) = self.values.text(key).filter(|word| *word != built) {
                self.error(key, format!("{key} = {word} is not available in this release; use {built}"));
            }
        }
        let key_prefix = self.values.text("sso_portal_credential_prefix").unwrap_or_default().to_owned();
        if !(1..=16).contains(&key_prefix.len()) || !key_prefix.chars().all(|c| c.is_ascii_alphanumeric()) {
            let message = "sso_portal_credential_prefix must be 1 to 16 letters and digits";
            self.error("sso_portal_credential_prefix", message);
        }
        PortalGatewaySettings {
            auto_approve: self.values.bool("sso_portal_auto_approve_applications"),
            max_applications: self.seconds("sso_portal_max_apps_per_developer"),
            max_credentials: self.seconds("sso_portal_max_credentials_per_app"),
            key_prefix,
            scan_every: self.seconds("sso_portal_sync_interval"),
            prunes: self.values.text("sso_portal_sync_prune") == Some("delete"),
        }
    }
}
