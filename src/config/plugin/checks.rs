//! What belongs together (openid-connect.md 11.3). `advice` says what somebody should know about what is valid.

use super::PluginContext;
use super::members::Members;
use crate::config::auth_conf::ClientAuth;
use crate::config::build::is_header_name;
use crate::config::finding::Findings;

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
/// Attributes of cookies, which end at a semicolon (RFC 6265 4.1.1).
const COOKIE_ATTRIBUTES: [&str; 4] =
    ["session_cookie_path", "session_cookie_domain", "authorization_cookie_path", "authorization_cookie_domain"];
/// Lists of values that are sent as headers.
const HEADER_VALUES: [&str; 4] =
    ["discovery_headers_values", "introspection_headers_values", "token_headers_values", "userinfo_headers_values"];
/// Lists that are parallel to `client_id` and mean nothing without one.
const OF_CLIENTS: [&str; 5] = ["client_secret", "client_auth", "client_alg", "client_jwk", "redirect_uri"];
/// Lists that demand something: an element that says nothing would demand nothing.
const DEMANDS: [&str; 6] =
    ["scopes_required", "audience_required", "groups_required", "roles_required", "issuers_allowed", "domains"];

/// What is checked and where to report.
pub(super) struct Checker<'c> {
    pub(super) members: Members<'c>,
    pub(super) root: &'c str,
    pub(super) findings: &'c mut Findings,
}

/// Reports on the whole configuration.
pub(super) fn check(members: Members<'_>, root: &str, context: &PluginContext<'_>, findings: &mut Findings) {
    let mut checker = Checker { members, root, findings };
    checker.pairs();
    checker.demands();
    checker.header_names();
    checker.header_values();
    checker.cookies();
    checker.clients();
    checker.client_algorithms();
    checker.bearer_cookie();
    checker.redis(context);
    checker.methods();
    checker.advise(context);
}

impl Checker<'_> {
    pub(super) fn error(&mut self, name: &str, rest: &str) {
        let place = format!("{}.{name}", self.root);
        self.findings.error(&place, format!("{place} {rest}"));
    }

    pub(super) fn warn(&mut self, name: &str, rest: &str) {
        let place = format!("{}.{name}", self.root);
        self.findings.warn(&place, format!("{place} {rest}"));
    }

    fn demands(&mut self) {
        for list in DEMANDS {
            let texts = self.members.texts(list).into_iter().enumerate();
            for (index, _) in texts.filter(|(_, text)| text.trim().is_empty()) {
                self.error(&format!("{list}[{index}]"), "is blank: it would demand nothing");
            }
        }
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

    fn header_values(&mut self) {
        for list in HEADER_VALUES {
            let values = self.members.texts(list).into_iter().enumerate();
            for (index, _) in values.filter(|(_, value)| value.chars().any(char::is_control)) {
                self.error(&format!("{list}[{index}]"), "cannot be the value of a header");
            }
        }
        let name = self.members.some_text("bearer_token_header_name");
        if name.is_some_and(|name| !is_header_name(&name)) {
            self.error("bearer_token_header_name", "is not a header's name");
        }
    }

    fn clients(&mut self) {
        let ids = self.members.texts("client_id");
        for (index, _) in ids.iter().enumerate().filter(|(_, id)| id.is_empty()) {
            self.error(&format!("client_id[{index}]"), "is empty");
        }
        for list in OF_CLIENTS {
            if self.members.count(list) > ids.len() {
                self.warn(list, "has more elements than client_id: those have no effect");
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
        for of in COOKIE_ATTRIBUTES {
            let value = self.members.some_text(of).unwrap_or_default();
            if value.contains(|c: char| c == ';' || c.is_control()) {
                self.error(of, "cannot be an attribute of a cookie");
            }
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
        let used_by = [("redis", "session_storage"), ("cluster_cache_redis", "cluster_cache_strategy")];
        for (record, switch) in used_by {
            let Some(redis) = self.members.record(record) else { continue };
            if self.members.text(switch) == "redis" && redis.flag("ssl") && !redis.flag("ssl_verify") {
                self.unverified(&format!("{record}.ssl_verify"), context);
            }
        }
    }

    pub(super) fn unverified(&mut self, name: &str, context: &PluginContext<'_>) {
        match context.forbid_unverified {
            true => self.error(name, "must not be false while tls_certificate_verify is on"),
            false => self.warn(name, "is false: a protection is lost"),
        }
    }

    fn methods(&mut self) {
        if self.members.methods("auth_methods").is_empty() {
            self.error("auth_methods", "is empty: nobody could pass");
        }
    }
}
