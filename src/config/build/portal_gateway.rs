//! Applications of developers, and what stands for them in Kong.

use super::Builder;
use crate::config::settings::PortalGatewaySettings;
use crate::domain::strategy::{Enforcer, StrategyType};

impl Builder<'_> {
    pub(super) fn portal_gateway(&mut self) -> PortalGatewaySettings {
        const MODE: &str = "sso_portal_sync_mode";
        if let Some(word) = self.values.text(MODE).filter(|word| *word != "admin-api") {
            self.error(MODE, format!("{MODE} = {word} is not available in this release; use admin-api"));
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
            enforcer: self.enforcer(),
            default_kind: match self.values.text("portal_app_auth") {
                Some("kong-oauth2") => Some(StrategyType::KongOauth2),
                Some("external-oauth2") => Some(StrategyType::OpenidConnect),
                _ => None,
            },
            has_client_id_keys: self.values.text("sso_portal_key_auth_value") == Some("client_id"),
            egress_allow: self.places("sso_portal_egress_allow"),
        }
    }

    fn enforcer(&mut self) -> Option<Enforcer> {
        const KEY: &str = "sso_portal_external_enforcer";
        match self.values.text(KEY)? {
            "jwt" => Some(Enforcer::Jwt),
            "openid-connect" => Some(Enforcer::OpenidConnect),
            "none" => Some(Enforcer::None),
            "external" => {
                let message =
                    format!("{KEY} = external is not available in this release; use auto, jwt, openid-connect or none");
                self.error(KEY, message);
                None
            }
            _ => None,
        }
    }
}
