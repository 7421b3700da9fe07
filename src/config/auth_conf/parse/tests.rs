#![allow(clippy::unwrap_used, clippy::indexing_slicing)]
use serde_json::json;

use super::super::SameSite;
use super::*;

/// A complete object with some members replaced; `null` removes one.
fn conf(changes: Value) -> Value {
    let mut conf = json!({
        "issuer": "https://idp.example.com/realms/ops",
        "client_id": ["kong-manager"],
        "client_secret": ["hush"],
        "redirect_uri": ["https://kong.example.com/_api/auth"],
        "login_redirect_uri": ["https://kong.example.com/"],
        "logout_redirect_uri": ["https://kong.example.com/"],
        "session_secret": "hush, hush, hush, hush, hush, hush"
    });
    for (name, value) in changes.as_object().unwrap() {
        conf[name] = value.clone();
    }
    conf
}

fn good(changes: Value) -> (AdminAuthConf, Vec<String>) {
    let mut findings = Findings::default();
    let parsed = parse(&conf(changes), false, &mut findings);
    assert!(findings.errors.is_empty(), "{:?}", findings.errors);
    (parsed.unwrap(), findings.warnings.into_iter().map(|warning| warning.message).collect())
}

fn errors(changes: Value) -> Vec<String> {
    let mut findings = Findings::default();
    assert!(parse(&conf(changes), true, &mut findings).is_none());
    findings.errors.into_iter().map(|error| error.message).collect()
}

#[test]
fn a_minimal_object_gets_the_defaults() {
    let (conf, warnings) = good(json!({}));
    assert!(warnings.is_empty(), "{warnings:?}");
    assert_eq!(conf.relying_party.request.scopes, ["openid", "email", "offline_access"]);
    assert!(conf.relying_party.request.pkce == Some(true) && conf.relying_party.provider.ssl_verify);
    assert_eq!(conf.mapping.admin_claim.members(), ["email"]);
    assert_eq!(conf.mapping.groups_claim.members(), ["groups"]);
    assert!(conf.mapping.auto_create && conf.mapping.auto_create_token_enabled);
    assert_eq!(conf.session.cookie_name, "kong_sso_session");
    assert!(conf.session.cookie_secure);
    assert_eq!(conf.session.cookie_same_site, SameSite::Lax);
    let timeouts = (conf.session.idling_timeout, conf.session.rolling_timeout, conf.session.absolute_timeout);
    assert_eq!(timeouts, (900, 3600, 86_400));
}

#[test]
fn scalars_and_lists_are_both_accepted() {
    let (conf, _) = good(json!({
        "client_id": "kong-manager", "redirect_uri": "https://k/_api/auth", "admin_claim": ["email"],
        "authenticated_groups_claim": ["realm_access", "roles"], "authenticated_groups_delimiter": ";",
        "admin_auto_create_rbac_token_disabled": true, "admin_by": "custom_id"
    }));
    assert_eq!(conf.relying_party.client.id, "kong-manager");
    assert_eq!(conf.mapping.groups_claim.members(), ["realm_access", "roles"]);
    assert_eq!(conf.mapping.groups_delimiter, Some(';'));
    assert!(!conf.mapping.auto_create_token_enabled);
    assert_eq!(conf.mapping.admin_by, [AdminField::CustomId]);
}

#[test]
fn km_019_fixed_members_are_ignored_with_one_warning() {
    let (_, warnings) = good(json!({"auth_methods": ["session"], "logout_revoke": true}));
    assert_eq!(warnings, ["admin_gui_auth_conf: ignored, because the gateway fixes them: auth_methods, logout_revoke"]);
}

#[test]
fn km_020_a_redirect_to_the_gui_points_at_the_migration() {
    let errors = errors(json!({"redirect_uri": ["http://localhost:8002/default"]}));
    assert_eq!(errors.len(), 1);
    let start = "admin_gui_auth_conf.redirect_uri must point at the Admin API's /auth endpoint (Kong 3.6";
    assert!(errors[0].starts_with(start) && errors[0].contains("docs/configuration.md"));
}

#[test]
fn missing_and_wrong_members_are_all_reported() {
    let all = errors(
        json!({"issuer": null, "client_secret": null, "ssl_verify": "no", "leeway": -1, "logout_redirect_uri": ["x"]}),
    );
    let expected = [
        "admin_gui_auth_conf.issuer is required when admin_gui_auth = openid-connect",
        "admin_gui_auth_conf.client_secret is required when admin_gui_auth = openid-connect",
        "admin_gui_auth_conf.logout_redirect_uri is not an http or https URL",
        "admin_gui_auth_conf.ssl_verify is not a boolean: write true or false without quotes",
        "admin_gui_auth_conf.leeway is not a whole number of at least 0",
    ];
    assert_eq!(all, expected);
    assert_eq!(
        errors(json!({"ssl_verify": "no"})),
        ["admin_gui_auth_conf.ssl_verify is not a boolean: write true or false without quotes"]
    );
}

#[test]
fn what_this_release_lacks_is_refused() {
    let cases = [
        (
            json!({"client_auth": ["private_key_jwt"]}),
            "admin_gui_auth_conf.client_auth = private_key_jwt is not available in this release",
        ),
        (
            json!({"session_storage": "redis"}),
            "admin_gui_auth_conf.session_storage = redis is not available in this release",
        ),
        (
            json!({"session_storage": "memcached"}),
            "admin_gui_auth_conf.session_storage = memcached is not available in this release",
        ),
        (
            json!({"response_mode": "fragment"}),
            "admin_gui_auth_conf.response_mode has an invalid value: 'fragment' (query, form_post)",
        ),
        (json!({"consumer_claim": ["email"]}), "consumer_claim was replaced by admin_claim"),
        (
            json!({"ssl_verify": false}),
            "admin_gui_auth_conf.ssl_verify must not be false while tls_certificate_verify is on",
        ),
        (
            json!({"session_cookie_same_site": "None", "session_cookie_secure": false}),
            "admin_gui_auth_conf.session_cookie_same_site = None needs session_cookie_secure: browsers drop the cookie otherwise",
        ),
        (json!({"session_secret": "hush"}), "admin_gui_auth_conf.session_secret must have at least 32 characters"),
        (
            json!({"login_redirect_uri": ["https://a/", "https://b/"]}),
            "admin_gui_auth_conf.login_redirect_uri has 2 elements while redirect_uri has 1",
        ),
    ];
    for (changes, message) in cases {
        assert_eq!(errors(changes), [message]);
    }
}

#[test]
fn weak_and_unused_members_warn() {
    let cases = [
        (
            json!({"session_storage": "cookie"}),
            "admin_gui_auth_conf.session_storage = cookie: sessions are kept in the database, which can be revoked",
        ),
        (
            json!({"hide_credentials": true, "groups_required": ["a"]}),
            "admin_gui_auth_conf: without effect in this release: groups_required",
        ),
        (json!({"isuer": "x"}), "unknown member 'isuer' in admin_gui_auth_conf (did you mean 'issuer'?)"),
        (
            json!({"issuer": "http://idp.example.com"}),
            "admin_gui_auth_conf.issuer is http: codes and tokens travel in clear text",
        ),
        (
            json!({"require_proof_key_for_code_exchange": false}),
            "admin_gui_auth_conf.require_proof_key_for_code_exchange is false: sign-in loses a protection",
        ),
        (
            json!({"scopes": ["openid", "email"]}),
            "admin_gui_auth_conf.scopes lacks offline_access: the provider may issue no refresh token, and sessions end with the access token",
        ),
    ];
    for (changes, message) in cases {
        assert_eq!(good(changes).1, [message]);
    }
}

#[test]
fn a_public_client_needs_no_secret() {
    let (conf, _) = good(json!({"client_secret": null, "client_auth": "none"}));
    assert_eq!(conf.relying_party.client.auth, Some(ClientAuth::None));
    assert!(conf.relying_party.client.secret.is_none());
}
