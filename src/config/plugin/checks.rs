//! What belongs together (openid-connect.md 11.3), and what somebody should know about a configuration that is valid.

use super::PluginContext;
use super::members::Members;
use crate::config::auth_conf::ClientAuth;
use crate::config::build::is_header_name;
use crate::config::finding::Findings;
use crate::domain::method::{Method, MethodSet};

/// Lists that are paired by index.
const PAIRS: [(&str, &str); 10] = [
    ("authorization_query_args_names", "authorization_query_args_values"),
    ("discovery_headers_names", "discovery_headers_values"),
    ("downstream_headers_names", "downstream_headers_claims"),
    ("introspection_headers_names", "introspection_headers_values"),
    ("introspection_post_args_names", "introspection_post_args_values"),
    ("token_headers_names", "token_headers_values"),
    ("token_post_args_names", "token_post_args_values"),
    ("upstream_headers_names", "upstream_headers_claims"),
    ("userinfo_headers_names", "userinfo_headers_values"),
    ("userinfo_query_args_names", "userinfo_query_args_values"),
];
const COOKIES: [&str; 4] =
    ["session_cookie_name", "session_remember_cookie_name", "authorization_cookie_name", "bearer_token_cookie_name"];
/// Switches that weaken the plugin when they are off, and when they are on.
const GUARDS: [&str; 3] = ["verify_signature", "verify_claims", "verify_nonce"];
const HAZARDS: [(&str, &str); 2] = [
    ("display_errors", "callers are told why they were refused"),
    ("enable_hs_signatures", "whoever knows a client secret can sign tokens"),
];

struct Checker<'c> {
    members: Members<'c>,
    root: &'c str,
    findings: &'c mut Findings,
}

/// Reports on the whole configuration.
pub(super) fn check(members: Members<'_>, root: &str, context: &PluginContext<'_>, findings: &mut Findings) {
    let mut checker = Checker { members, root, findings };
    checker.pairs();
    checker.header_names();
    checker.cookies();
    checker.client_algorithms();
    checker.bearer_cookie();
    checker.redis(context);
    checker.guards(context);
    checker.methods();
    checker.response_mode();
    checker.endpoints();
}

impl Checker<'_> {
    fn error(&mut self, name: &str, rest: &str) {
        let place = format!("{}.{name}", self.root);
        self.findings.error(&place, format!("{place} {rest}"));
    }

    fn warn(&mut self, name: &str, rest: &str) {
        let place = format!("{}.{name}", self.root);
        self.findings.warn(&place, format!("{place} {rest}"));
    }

    fn pairs(&mut self) {
        for (names, values) in PAIRS {
            if self.members.texts(names).len() != self.members.texts(values).len() {
                self.error(names, &format!("and {values} differ in length"));
            }
        }
    }

    /// Names of headers that stand in plain lists.
    fn header_names(&mut self) {
        let lists = ["discovery", "introspection", "token", "userinfo", "upstream", "downstream"];
        for list in lists.map(|list| format!("{list}_headers_names")) {
            let texts = self.members.texts(&list).into_iter().enumerate();
            for (index, _) in texts.filter(|(_, name)| !is_header_name(name)) {
                self.error(&format!("{list}[{index}]"), "is not a header's name");
            }
        }
    }

    /// A cookie's name is a token (RFC 6265 4.1.1), and no two cookies may share one.
    fn cookies(&mut self) {
        let mut seen: Vec<(&str, String)> = Vec::new();
        for of in COOKIES {
            let Some(name) = self.members.some_text(of) else { continue };
            if !is_header_name(&name) {
                self.error(of, "is not a cookie's name");
            }
            if let Some((other, _)) = seen.iter().find(|(_, known)| *known == name) {
                self.error(of, &format!("is the same as {other}"));
            }
            seen.push((of, name));
        }
    }

    /// A secret signs with HMAC, a private key does not.
    fn client_algorithms(&mut self) {
        let methods = self.members.words("client_auth", |name| Some(ClientAuth::named(name)));
        for (index, alg) in self.members.texts("client_alg").iter().enumerate() {
            let method = methods.get(index).or(methods.first()).copied().flatten();
            let is_wrong = match method {
                Some(ClientAuth::SecretJwt) => !alg.starts_with("HS"),
                Some(ClientAuth::PrivateKeyJwt) => alg.starts_with("HS"),
                _ => false,
            };
            if let Some(method) = method.filter(|_| is_wrong) {
                self.error(&format!("client_alg[{index}]"), &format!("does not fit {}", method.name()));
            }
        }
    }

    fn bearer_cookie(&mut self) {
        let by_cookie = self.members.texts("bearer_token_param_type").iter().any(|place| place == "cookie");
        let has_name = self.members.some_text("bearer_token_cookie_name").is_some();
        match (by_cookie, has_name) {
            (true, false) => self.error("bearer_token_cookie_name", "is required: bearer_token_param_type has cookie"),
            (false, true) => {
                self.warn("bearer_token_cookie_name", "has no effect: bearer_token_param_type has no cookie")
            }
            _ => {}
        }
    }

    fn redis(&mut self, context: &PluginContext<'_>) {
        let Some(redis) = self.members.record("redis").filter(|_| self.members.text("session_storage") == "redis")
        else {
            return;
        };
        if redis.flag("ssl") && !redis.flag("ssl_verify") {
            self.unverified("redis.ssl_verify", context);
        }
    }

    fn unverified(&mut self, name: &str, context: &PluginContext<'_>) {
        match context.forbid_unverified {
            true => self.error(name, "must not be false while tls_certificate_verify is on"),
            false => self.warn(name, "is false: a protection is lost"),
        }
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

    fn methods(&mut self) {
        let methods = self.members.methods("auth_methods");
        if methods.is_empty() {
            self.error("auth_methods", "is empty: nobody could pass");
        }
        // The default has all nine: only who chose some of them wants each.
        if methods != MethodSet::ALL {
            self.chosen_methods(methods);
        }
    }

    fn chosen_methods(&mut self, methods: MethodSet) {
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
