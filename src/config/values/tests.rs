#![allow(clippy::unwrap_used, clippy::indexing_slicing)]
use super::*;
use crate::config::sources::{Raw, Source};

fn read(name: &str, text: &str, mode: LoadMode) -> (Values, Findings) {
    let raw = Raw { text: text.to_owned(), source: Source::CommandLine };
    let merged = Merged::from([(name.to_owned(), raw)]);
    let environment = [("OIDC_SECRET".to_owned(), "s".to_owned())];
    let vaults = Vaults { environment: &environment, env_prefix: String::new(), file_prefix: String::new() };
    let mut findings = Findings::default();
    let values = Values::read(&merged, &vaults, mode, &mut findings);
    (values, findings)
}

fn only_error(name: &str, text: &str) -> String {
    let (_, findings) = read(name, text, LoadMode::Start);
    assert_eq!(findings.errors.len(), 1, "{:?}", findings.errors);
    findings.errors[0].message.clone()
}

#[test]
fn km_004_011_012_018_messages_are_kongs() {
    assert_eq!(only_error("database", "mysql"), "database has an invalid value: 'mysql' (postgres, cassandra, off)");
    assert_eq!(only_error("enforce_rbac", "yes"), "enforce_rbac has an invalid value: 'yes' (off, on, entity, both)");
    assert_eq!(only_error("enforce_rbac", ""), "enforce_rbac has an invalid value: 'nil' (off, on, entity, both)");
    assert_eq!(only_error("audit_log", "yes"), "audit_log is not a boolean: 'yes'");
    assert_eq!(only_error("pg_port", "ten"), "pg_port is not a number: 'ten'");
    assert!(only_error("admin_listen", "").starts_with("admin_listen must be of form: [off] | <ip>:<port>"));
    assert!(only_error("admin_gui_auth_conf", "{\"a\" 1}").starts_with("admin_gui_auth_conf is not valid JSON: "));
    assert!(only_error("admin_gui_auth_conf", "{\"a\" 1}").ends_with(" at line 1 column 6"));
}

#[test]
fn km_013_text_keys_keep_their_digits() {
    assert_eq!(read("pg_password", "00123", LoadMode::Start).0.text("pg_password"), Some("00123"));
}

#[test]
fn km_014_empty_values_unset_by_type() {
    assert_eq!(read("pg_user", "", LoadMode::Start).0.text("pg_user"), None);
    assert_eq!(read("pg_port", "", LoadMode::Start).0.number("pg_port"), None);
    assert!(read("lua_ssl_trusted_certificate", "", LoadMode::Start).0.list("lua_ssl_trusted_certificate").is_empty());
    assert!(!read("pg_ssl_verify", "", LoadMode::Start).0.bool("pg_ssl_verify"));
}

#[test]
fn km_015_references_in_json_leaves_are_resolved_or_reported() {
    let text = "{\"client_secret\":[\"{vault://env/oidc-secret}\"]}";
    let (values, _) = read("admin_gui_auth_conf", text, LoadMode::Start);
    assert_eq!(values.json("admin_gui_auth_conf").unwrap()["client_secret"][0], "s");
    let missing = text.replace("oidc-secret", "gone");
    assert_eq!(
        only_error("admin_gui_auth_conf", &missing),
        "failed to dereference '{vault://env/gone}': the environment variable GONE is not set for config option \
         'admin_gui_auth_conf.client_secret[1]'"
    );
    let (_, findings) = read("admin_gui_auth_conf", &missing, LoadMode::Check);
    assert!(findings.errors.is_empty() && findings.warnings[0].strict);
}

#[test]
fn every_default_is_valid() {
    let (_, findings) = read("prefix", "/x", LoadMode::Start);
    assert!(findings.errors.is_empty() && findings.warnings.is_empty(), "{findings:?}");
}
