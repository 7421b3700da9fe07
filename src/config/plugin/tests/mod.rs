//! The table against the schema, the parser against the table, and examples of whole configurations.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

mod examples;
mod findings;
mod implemented;
mod schema;

use serde_json::{Value, json};

use super::{OpenIdConnectConf, PluginContext, parse};
use crate::config::finding::{Finding, Findings};

/// A configuration with what must be there, and `members`.
fn config(members: Value) -> Value {
    let mut config = json!({"issuer": "https://idp.example.com"});
    config.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
    config
}

fn read(config: &Value) -> (Option<OpenIdConnectConf>, Findings) {
    let resolve = |reference: &str| match reference {
        "{vault://env/secret}" => Ok("hush".to_owned()),
        "{vault://env/issuer}" => Ok("https://idp.example.com".to_owned()),
        _ => Err("there is no such variable".to_owned()),
    };
    let mut findings = Findings::default();
    let conf = parse(config, "config", &PluginContext { resolve: &resolve, forbid_unverified: false }, &mut findings);
    assert_eq!(conf.is_none(), !findings.errors.is_empty(), "{:?}", findings.errors);
    (conf, findings)
}

/// The configuration of `members`, which is valid.
fn valid(members: Value) -> OpenIdConnectConf {
    let (conf, findings) = read(&config(members));
    conf.unwrap_or_else(|| panic!("{:?}", findings.errors))
}

fn messages(findings: &[Finding]) -> Vec<&str> {
    findings.iter().map(|finding| finding.message.as_str()).collect()
}

/// The errors of `members`.
fn errors(members: Value) -> Vec<String> {
    messages(&read(&config(members)).1.errors).into_iter().map(str::to_owned).collect()
}

/// The warnings of `members`, which are valid.
fn warnings(members: Value) -> Vec<String> {
    let (conf, findings) = read(&config(members));
    assert!(conf.is_some(), "{:?}", findings.errors);
    messages(&findings.warnings).into_iter().map(str::to_owned).collect()
}
