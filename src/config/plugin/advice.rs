//! What somebody should know about a configuration that is valid: lost protections, and what cannot work.

use super::PluginContext;
use super::checks::Checker;
use crate::domain::method::{Method, MethodSet};

/// Switches that weaken the plugin when they are off, and when they are on.
const GUARDS: [&str; 3] = ["verify_signature", "verify_claims", "verify_nonce"];
const HAZARDS: [(&str, &str); 2] = [
    ("display_errors", "callers are told why they were refused"),
    ("enable_hs_signatures", "whoever knows a client secret can sign tokens"),
];

impl Checker<'_> {
    /// All warnings, and the error about certificates that must be verified.
    pub(super) fn advise(&mut self, context: &PluginContext<'_>) {
        self.guards(context);
        self.chosen_methods();
        self.response_mode();
        self.endpoints();
    }

    fn guards(&mut self, context: &PluginContext<'_>) {
        let members = self.members;
        if !self.members.flag("ssl_verify") {
            self.unverified("ssl_verify", context);
        }
        for name in GUARDS.into_iter().filter(|name| !members.flag(name)) {
            self.warn(name, "is false: a protection is lost");
        }
        for (name, effect) in HAZARDS.into_iter().filter(|(name, _)| members.flag(name)) {
            self.warn(name, &format!("is true: {effect}"));
        }
        if !self.members.methods("ignore_signature").is_empty() {
            self.warn("ignore_signature", "is not empty: signatures of some tokens are not verified");
        }
    }

    /// The default has all nine methods: only who chose some of them wants each.
    fn chosen_methods(&mut self) {
        let methods = self.members.methods("auth_methods");
        if methods == MethodSet::ALL {
            return;
        }
        let has_name = self.members.some_text("refresh_token_param_name").is_some();
        if methods.has(Method::RefreshToken) && !has_name {
            self.warn("refresh_token_param_name", "is unset: no refresh token can be found");
        }
        let in_header = |name: &str| self.members.texts(name).iter().any(|place| place == "header");
        let is_shared = in_header("password_param_type") && in_header("client_credentials_param_type");
        if methods.has(Method::Password) && methods.has(Method::ClientCredentials) && is_shared {
            let message = "has password and client_credentials, which share a header: each request tries both";
            self.warn("auth_methods", message);
        }
    }

    fn response_mode(&mut self) {
        let mode = self.members.text("response_mode");
        let same_site = self.members.text("authorization_cookie_same_site");
        if mode == "fragment" {
            self.warn("response_mode", "= fragment cannot be read by a server: no login can be completed");
        }
        if mode == "form_post" && ["Lax", "Strict"].contains(&same_site.as_str()) {
            self.warn(
                "authorization_cookie_same_site",
                "keeps browsers from sending the cookie with a form_post answer",
            );
        }
    }

    /// Without discovery, what is used must be configured.
    fn endpoints(&mut self) {
        if !self.members.flag("using_pseudo_issuer") {
            return;
        }
        let methods = self.members.methods("auth_methods");
        let is_unset = |name: &str| self.members.some_text(name).is_none();
        let needed = [
            (Method::Bearer, "jwks_endpoint"),
            (Method::Introspection, "introspection_endpoint"),
            (Method::UserInfo, "userinfo_endpoint"),
            (Method::Password, "token_endpoint"),
            (Method::ClientCredentials, "token_endpoint"),
            (Method::AuthorizationCode, "authorization_endpoint"),
            (Method::AuthorizationCode, "token_endpoint"),
        ];
        let missing: Vec<_> =
            needed.into_iter().filter(|(method, name)| methods.has(*method) && is_unset(name)).collect();
        for (method, name) in missing {
            self.warn(name, &format!("is unset and using_pseudo_issuer is true: {} cannot work", method.name()));
        }
    }
}
