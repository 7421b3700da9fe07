//! Any JSON as the configuration of an openid-connect plugin: a structure or errors, never a panic and never neither.
#![no_main]

use kong_sso::config::finding::Findings;
use kong_sso::config::plugin::{PluginContext, parse};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Ok(config) = serde_json::from_slice(data) else { return };
    let resolve = |reference: &str| Ok(reference.to_owned());
    let context = PluginContext { resolve: &resolve, forbid_unverified: data.len() % 2 == 0 };
    let mut findings = Findings::default();
    let conf = parse(&config, "config", &context, &mut findings);
    assert_eq!(conf.is_none(), !findings.errors.is_empty());
});
