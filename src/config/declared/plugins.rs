//! Plugins: the three that kong-sso runs, and a clear word about every other.

use std::cell::RefCell;
use std::sync::Arc;

use aws_lc_rs::digest;
use serde_json::Value;

use super::reader::{Object, Problem, Problems};
use super::{AclConf, KeyAuthConf, OidcPlugin, Plugin, PluginConf, resolved};
use crate::config::finding::{Finding, Findings};
use crate::config::plugin::{PluginContext, parse};
use crate::config::vault::Vaults;

/// Protocols that a plugin may list.
const PROTOCOLS: [&str; 10] = ["grpc", "grpcs", "http", "https", "ws", "wss", "tcp", "tls", "tls_passthrough", "udp"];

/// What reading a plugin needs.
pub(super) struct PluginReader<'r> {
    pub(super) vaults: &'r Vaults<'r>,
    pub(super) problems: &'r Problems,
    pub(super) forbid_unverified: bool,
    pub(super) warnings: RefCell<Vec<Problem>>,
}

impl PluginReader<'_> {
    /// The plugin, unless it is off or unknown.
    pub(super) fn read(&self, mut object: Object<'_>) -> Option<Plugin> {
        let name = object.text("name");
        let is_enabled = object.flag("enabled", true);
        object.ignore(&["id", "instance_name", "service", "route"]);
        object.refuse(&["consumer", "consumer_group"], "cannot be the scope of a plugin in kong-sso");
        object.refuse(&["ordering", "_config", "partials", "condition"], "is not served by kong-sso");
        for protocol in object.texts("protocols").iter().filter(|protocol| !PROTOCOLS.contains(&protocol.as_str())) {
            object.problem("protocols", format!("has the unknown protocol '{protocol}'"));
        }
        let written = object.get("config").cloned().unwrap_or_else(|| serde_json::json!({}));
        let config = resolved(&written, self.vaults, &object.at("config"), self.problems);
        let inner = Object::of(&config, object.at("config"), self.problems);
        let conf = match (name.as_deref(), inner) {
            (Some("openid-connect"), Some(_)) => {
                self.openid_connect(&written, &config, &object.at("config")).map(PluginConf::OpenIdConnect)
            }
            (Some("key-auth"), Some(inner)) => Some(PluginConf::KeyAuth(key_auth(inner))),
            (Some("acl"), Some(inner)) => acl(inner).map(PluginConf::Acl),
            (Some(other), Some(_)) => {
                let message = format!("is '{other}', which kong-sso does not run (openid-connect, key-auth and acl)");
                object.problem("name", message);
                None
            }
            (None, _) => {
                object.problem("name", "is required");
                None
            }
            (Some(_), None) => None,
        };
        let place = object.place.clone();
        object.finish();
        conf.filter(|_| is_enabled).map(|conf| Plugin { place, conf })
    }
}

impl PluginReader<'_> {
    /// Reads the configuration as it was written; `config`, its resolved form, tells whether it changed.
    fn openid_connect(&self, written: &Value, config: &Value, place: &str) -> Option<OidcPlugin> {
        // What cannot be resolved was reported with its place already.
        let resolve = |reference: &str| Ok(self.vaults.resolve(reference).unwrap_or_else(|_| "unresolved".to_owned()));
        let context = PluginContext { resolve: &resolve, forbid_unverified: self.forbid_unverified };
        let mut findings = Findings::default();
        let conf = parse(written, place, &context, &mut findings);
        for finding in findings.errors {
            let problem = problem_of(&finding, place);
            self.problems.add(&problem.place, problem.message);
        }
        self.warnings.borrow_mut().extend(findings.warnings.iter().map(|finding| problem_of(finding, place)));
        let hash = digest::digest(&digest::SHA256, config.to_string().as_bytes());
        let fingerprint = hash.as_ref().first_chunk().copied().unwrap_or_default();
        conf.map(|conf| OidcPlugin { conf: Arc::new(conf), fingerprint })
    }
}

/// A finding's sentence begins with its place.
fn problem_of(finding: &Finding, place: &str) -> Problem {
    let at = finding.key.as_deref().unwrap_or(place);
    let message = finding.message.strip_prefix(at).unwrap_or(&finding.message).trim_start();
    Problem { place: at.to_owned(), message: message.to_owned(), is_unresolved: false }
}

/// A plugin may stand once at each level.
pub(super) fn check_unique(plugins: &[Plugin], problems: &Problems) {
    for (index, plugin) in plugins.iter().enumerate() {
        let name = plugin.conf.name();
        if plugins.iter().take(index).any(|earlier| earlier.conf.name() == name) {
            problems.add(&plugin.place, format!("is a second '{name}' for the same scope"));
        }
    }
}

fn key_auth(mut config: Object<'_>) -> KeyAuthConf {
    let names = config.texts("key_names");
    for (index, name) in names.iter().enumerate() {
        if !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte)) {
            config.problem(&format!("key_names[{index}]"), "can only contain letters, digits, '-' and '_'");
        }
    }
    if config.flag("key_in_body", false) {
        config.problem("key_in_body", "is not available in kong-sso: send the key in a header or in the query");
    }
    config.refuse(&["identity_realms"], "is not available in kong-sso");
    let conf = KeyAuthConf {
        key_names: if names.is_empty() { vec!["apikey".to_owned()] } else { names },
        in_header: config.flag("key_in_header", true),
        in_query: config.flag("key_in_query", true),
        hide_credentials: config.flag("hide_credentials", false),
        anonymous: config.text("anonymous"),
        realm: config.text("realm"),
        run_on_preflight: config.flag("run_on_preflight", true),
    };
    config.finish();
    conf
}

/// `None` when neither or both lists are given, which is a problem.
fn acl(mut config: Object<'_>) -> Option<AclConf> {
    let (allow, deny) = (config.texts("allow"), config.texts("deny"));
    if allow.is_empty() == deny.is_empty() {
        config.problem("allow", "or deny must be given, and not both");
    }
    let conf = AclConf {
        is_allow: !allow.is_empty(),
        groups: if allow.is_empty() { deny } else { allow },
        hide_groups_header: config.flag("hide_groups_header", false),
        always_authenticated_groups: config.flag("always_use_authenticated_groups", false),
        include_consumer_groups: config.flag("include_consumer_groups", false),
    };
    config.finish();
    (!conf.groups.is_empty()).then_some(conf)
}
