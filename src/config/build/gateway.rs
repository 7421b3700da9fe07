//! The OpenID Connect gateway.

use std::path::PathBuf;

use super::Builder;
use crate::config::declared::{self, Surroundings};
use crate::config::finding::{Finding, Findings};
use crate::config::load::LoadMode;
use crate::config::settings::{EngineSettings, GatewaySettings};

const FILE: &str = "sso_proxy_config";

impl Builder<'_> {
    pub(super) fn gateway(&mut self) -> GatewaySettings {
        let is_served = !self.values.listen("sso_proxy_listen").is_empty();
        let file = self.values.text(FILE).map(PathBuf::from);
        if is_served && file.is_none() {
            self.error(FILE, "sso_proxy_config must name the file with the routes when sso_proxy_listen is on");
        }
        if file.is_some() && !is_served {
            self.findings.warn(FILE, "sso_proxy_config has no effect while sso_proxy_listen is off");
        }
        let forward_auth_path = self.reserved_path("sso_forward_auth_path");
        let backchannel_logout_path = self.reserved_path("sso_backchannel_logout_path");
        let frontchannel_logout_path = self.reserved_path("sso_frontchannel_logout_path");
        let forward_auth = ("sso_forward_auth_path", forward_auth_path.as_deref());
        let backchannel = ("sso_backchannel_logout_path", backchannel_logout_path.as_deref());
        let frontchannel = ("sso_frontchannel_logout_path", frontchannel_logout_path.as_deref());
        for (outer, inner) in [(forward_auth, backchannel), (forward_auth, frontchannel), (backchannel, frontchannel)] {
            self.keep_apart(outer, inner);
        }
        let max_body = self.values.size("sso_proxy_max_body_size").filter(|size| *size > 0).unwrap_or(u64::MAX);
        let surroundings = Surroundings { forbid_unverified: self.forbids_unverified(), ..Surroundings::default() };
        let file = file.filter(|_| is_served);
        GatewaySettings {
            file,
            surroundings,
            forward_auth_path,
            backchannel_logout_path,
            frontchannel_logout_path,
            max_body,
            engine: EngineSettings {
                refuse_non_navigation: self.values.text("oidc_non_navigation") == Some("unauthorized"),
                plain_json: self.values.text("oidc_json_header_encoding") == Some("plain"),
                cache_bytes: self.values.size("sso_openid_connect_cache_size").unwrap_or_default(),
            },
        }
    }

    /// A path that the gateway keeps for itself, if one is given.
    fn reserved_path(&mut self, key: &'static str) -> Option<String> {
        let is_given = self.values.text(key).is_some_and(|path| !path.is_empty());
        let path = is_given.then(|| self.path(key, ""));
        if path.as_deref() == Some("/") {
            self.error(key, format!("{key} must not be '/'"));
        }
        path
    }

    /// One path is one thing; what is below the path of forward-auth is forward-auth too.
    fn keep_apart(&mut self, outer: (&'static str, Option<&str>), inner: (&'static str, Option<&str>)) {
        let ((outer_key, Some(outer)), (key, Some(inner))) = (outer, inner) else { return };
        let is_below = outer_key == "sso_forward_auth_path" && inner.starts_with(&format!("{outer}/"));
        if inner == outer || is_below {
            self.error(key, format!("{key} must not be or be below {outer_key}"));
        }
    }
}

/// Reads the declared file only to see whether it can be used.
pub(in crate::config) fn check_declared(settings: &GatewaySettings, mode: LoadMode, findings: &mut Findings) {
    let Some(path) = &settings.file else { return };
    let about = |problem: &declared::Problem| Finding::about(FILE, format!("{}: {problem}", path.display()));
    let problems = match declared::load(path, &settings.surroundings) {
        Ok(declared) => {
            findings.warnings.extend(declared.warnings.iter().map(about));
            return;
        }
        Err(problems) => problems,
    };
    for problem in problems {
        let finding = about(&problem);
        match problem.is_unresolved && mode == LoadMode::Check {
            true => findings.warnings.push(finding.strict()),
            false => findings.errors.push(finding),
        }
    }
}
