//! JSON object to [`OpenIdConnectConf`]: former names, then the table, then what belongs together, then the structure.

use serde_json::{Map, Value};

use super::members::Members;
use super::shape::Shaper;
use super::{OpenIdConnectConf, build, checks, former, table};
use crate::config::finding::Findings;
use crate::domain::method::Method;

/// What a configuration is read in.
pub struct PluginContext<'c> {
    /// Gives the secret of a vault reference, or says why there is none. The reason is shown, so it holds no secret.
    pub resolve: &'c dyn Fn(&str) -> Result<String, String>,
    /// `tls_certificate_verify`: whether verification of certificates cannot be switched off.
    pub forbid_unverified: bool,
}

impl std::fmt::Debug for PluginContext<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PluginContext").field("forbid_unverified", &self.forbid_unverified).finish_non_exhaustive()
    }
}

/// Reads the `config` of one plugin. `root` is what its place is called in findings, e.g. `config`; every finding's key is
/// a path below it, e.g. `config.client_auth[0]`. `None` when something is missing or wrong; the reasons are among the
/// findings.
pub fn parse(
    config: &Value,
    root: &str,
    context: &PluginContext<'_>,
    findings: &mut Findings,
) -> Option<OpenIdConnectConf> {
    let Value::Object(config) = config else {
        findings.error(root, format!("{root} is not an object"));
        return None;
    };
    let has_methods = config.get("auth_methods").is_some_and(|written| !written.is_null());
    let errors_before = findings.errors.len();
    let shaped = shaped(config.clone(), root, context, findings);
    let members = Members(&shaped);
    checks::check(members, root, context, findings);
    let conf = if findings.errors.len() > errors_before { None } else { build::conf(members) };
    conf.map(|conf| if has_methods { conf } else { without_kong_oauth2(conf) })
}

/// Kong's Admin API gets the tokens that it is asked about in its address: it is only asked when that was written.
fn without_kong_oauth2(conf: OpenIdConnectConf) -> OpenIdConnectConf {
    let methods = conf.methods.iter().filter(|method| *method != Method::KongOAuth2).collect();
    OpenIdConnectConf { methods, ..conf }
}

/// The configuration under its newest names, with defaults and secrets.
fn shaped(
    mut config: Map<String, Value>,
    root: &str,
    context: &PluginContext<'_>,
    findings: &mut Findings,
) -> Map<String, Value> {
    former::rename(&mut config, root, findings);
    Shaper { context, findings }.record(table::TABLE, &config, root)
}
