#![allow(clippy::unwrap_used, clippy::indexing_slicing)]
use secrecy::ExposeSecret as _;
use serde_json::json;

use super::*;

/// A complete object with some members replaced; `null` removes one.
fn conf(changes: Value) -> Value {
    let mut conf = json!({"issuer": "https://idp.example.com/", "client_id": ["portal"], "client_secret": ["hush"]});
    for (name, value) in changes.as_object().unwrap() {
        conf[name] = value.clone();
    }
    conf
}

fn good(changes: Value) -> (PortalOidcConf, Vec<String>) {
    let read = read(&conf(changes), false);
    assert_eq!(read.errors, Vec::<String>::new());
    (read.conf.unwrap(), read.warnings)
}

fn errors(changes: Value) -> Vec<String> {
    let read = read(&conf(changes), false);
    assert!(read.conf.is_none());
    read.errors
}

#[test]
fn arrays_of_kong_and_scalars_say_the_same() {
    for one in [json!("https://a.example/default/auth"), json!(["https://a.example/default/auth", "https://b/"])] {
        let (conf, warnings) = good(json!({"redirect_uri": one, "scopes": "openid"}));
        assert_eq!(conf.redirect_uri.unwrap().as_str(), "https://a.example/default/auth");
        assert_eq!((conf.scopes, warnings), (vec!["openid".to_owned()], Vec::new()));
    }
    let (conf, _) = good(json!({}));
    assert_eq!(conf.client.secret.unwrap().expose_secret(), "hush");
    assert_eq!(conf.scopes, ["openid", "email", "profile"]);
    assert_eq!(conf.consumer_by, [DeveloperField::Email, DeveloperField::CustomId, DeveloperField::Id]);
    assert_eq!((conf.consumer_claim.members(), conf.leeway), (["email".to_owned()].as_slice(), 0));
    assert!(conf.provider.ssl_verify && conf.session.cookie_same_site == SameSite::Lax);
    assert_eq!(conf.provider.issuer.as_str(), "https://idp.example.com/", "the slash stays");
}

#[test]
fn a_file_of_kong_is_taken_as_it_is() {
    let (conf, warnings) = good(json!({
        "scopes": ["openid", "profile", "email", "offline_access"], "leeway": 1000, "login_action": "redirect",
        "login_redirect_mode": "query", "logout_query_arg": "logout", "logout_methods": ["GET"],
        "consumer_by": ["username", "custom_id", "id"], "consumer_claim": ["email"], "ssl_verify": true,
        "login_redirect_uri": ["https://p.example/default"], "forbidden_redirect_uri": ["https://p.example/no"],
        "session_cookie_samesite": "off", "session_cookie_lifetime": 60, "session_cookie_domain": ".example.com"
    }));
    assert_eq!((conf.leeway, conf.session.limits.rolling), (300, 60));
    assert_eq!(conf.session.cookie_domain.as_deref(), Some(".example.com"));
    assert_eq!(
        warnings,
        [
            ".leeway = 1000 is too much: 300 seconds count",
            ".session_cookie_lifetime is the old name of rolling_timeout",
            ".session_cookie_samesite is the old name of cookie_same_site",
        ]
    );
}

#[test]
fn what_is_wrong_is_named_without_its_value() {
    let cases = [
        (json!({"issuer": null}), ".issuer is required when portal_auth = openid-connect"),
        (json!({"issuer": "ftp://x"}), ".issuer is not an http or https URL"),
        (json!({"client_id": []}), ".client_id is required when portal_auth = openid-connect"),
        (json!({"client_secret": 7}), ".client_secret is not a string"),
        (json!({"client_secrets": "hush"}), ".client_secrets is not known"),
        (json!({"ssl_verify": false}), ".ssl_verify = false needs sso_insecure_tls = on"),
        (json!({"login_action": "upstream"}), ".login_action can only be redirect"),
        (json!({"consumer_by": ["email"]}), ".consumer_by has an invalid value: 'email' (username, custom_id, id)"),
        (json!({"scopes": ["email"]}), ".scopes must have openid: without it nobody can sign in"),
        (json!({"session_secret": "short"}), ".session_secret must have at least 32 characters"),
        (
            json!({"client_secret": null, "client_auth": "client_secret_post"}),
            ".client_secret is required by client_auth",
        ),
        (
            json!({"redirect_uri": "https://a.example/default"}),
            ".redirect_uri must end in /{workspace}/auth/callback (pages) or /{workspace}/auth (JSON API)",
        ),
    ];
    for (changes, message) in cases {
        assert_eq!(errors(changes), [message]);
    }
    assert_eq!(read(&json!([]), false).errors, [" must be a JSON object"]);
    let insecure = read(&conf(json!({"ssl_verify": false})), true);
    assert!(!insecure.conf.unwrap().provider.ssl_verify && insecure.warnings.len() == 1);
}

#[test]
fn a_client_without_a_secret_proves_nothing_but_the_code() {
    let (conf, _) = good(json!({"client_secret": null}));
    assert_eq!(conf.client.auth, Some(ClientAuth::None));
}
