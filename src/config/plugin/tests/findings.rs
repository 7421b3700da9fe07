//! Errors and warnings: all of them at once, each with its path, none with a secret.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::{config, errors, read, warnings};
use crate::config::finding::Findings;
use crate::config::plugin::{PluginContext, parse};
use crate::domain::method::Method;

#[test]
fn all_errors_are_collected_with_their_places() {
    let found = errors(json!({
        "client_auth": ["none", "basic"],
        "leeway": "30",
        "ssl_verfy": true,
        "redis": {"prot": 1, "port": 70_000},
        "upstream_headers": [{"header": "x y", "path": []}, {"header": "x"}],
        "login_redirect_uri": ["/home"],
        "bearer_token_param_type": "cookie",
    }));
    let expected = [
        "config.client_auth[1] has an invalid value: 'basic' (client_secret_basic, client_secret_jwt, client_secret_post, \
         none, private_key_jwt, self_signed_tls_client_auth, tls_client_auth)",
        "config.leeway is not a whole number of at least 0",
        "config.ssl_verfy is unknown (did you mean 'ssl_verify'?)",
        "config.redis.prot is unknown (did you mean 'port'?)",
        "config.redis.port is not between 0 and 65535",
        "config.upstream_headers[0].header is not a header's name",
        "config.upstream_headers[1].path is required",
        "config.login_redirect_uri[0] is not an http or https URL",
        "config.bearer_token_cookie_name is required: bearer_token_param_type has cookie",
    ];
    for message in expected {
        assert!(found.iter().any(|it| it == message), "{message} is not among {found:#?}");
    }
}

#[test]
fn the_issuer_is_required_once() {
    let (_, findings) = read(&json!({}));
    assert_eq!(super::messages(&findings.errors), ["config.issuer is required"]);
    let (_, findings) = read(&json!({"issuer": "idp"}));
    assert_eq!(super::messages(&findings.errors), ["config.issuer is not an http or https URL"]);
    assert_eq!(super::messages(&read(&json!([])).1.errors), ["config is not an object"]);
}

#[test]
fn no_secret_is_shown() {
    let members = json!({
        "client_secret": [{"hush": 1}],
        "session_secret": 4711,
        "client_auth": ["{vault://env/secret}"],
        "jwks_endpoint": "{vault://env/secret}",
        "redis": {"password": ["hush"]},
    });
    let found = errors(members);
    assert_eq!(found.len(), 5, "{found:?}");
    assert!(!found.iter().any(|it| it.contains("hush") || it.contains("4711")), "{found:?}");
}

#[test]
fn references_are_resolved_or_reported() {
    let (conf, _) = read(&json!({
        "issuer": "{vault://env/issuer}",
        "client_id": ["a"],
        "client_secret": "{vault://env/secret}",
        "session_secret": "{vault://env/secret}",
    }));
    let conf = conf.unwrap();
    assert_eq!(conf.provider.name, "https://idp.example.com");
    use secrecy::ExposeSecret as _;
    assert_eq!(conf.clients[0].secret.as_ref().unwrap().expose_secret(), "hush");
    let found = errors(json!({"client_secret": ["{vault://env/none}"]}));
    assert_eq!(found, ["config.client_secret[0] cannot be resolved: there is no such variable"]);
}

#[test]
fn what_belongs_together_is_checked() {
    let wrong = [
        (json!({"token_headers_names": ["a"]}), "config.token_headers_names and token_headers_values differ in length"),
        (json!({"session_cookie_name": "a b"}), "config.session_cookie_name is not a cookie's name"),
        (
            json!({"authorization_cookie_name": "session"}),
            "config.authorization_cookie_name is the same as session_cookie_name",
        ),
        (
            json!({"client_auth": ["client_secret_jwt"], "client_alg": ["RS256"]}),
            "config.client_alg[0] does not fit client_secret_jwt",
        ),
        (
            json!({"client_auth": ["private_key_jwt"], "client_alg": ["HS256"]}),
            "config.client_alg[0] does not fit private_key_jwt",
        ),
        (json!({"auth_methods": []}), "config.auth_methods is empty: nobody could pass"),
        (json!({"client_id": ["a", ""]}), "config.client_id[1] is empty"),
        (json!({"bearer_token_header_name": "x y"}), "config.bearer_token_header_name is not a header's name"),
        (
            json!({"session_cookie_path": "/; Domain=x"}),
            "config.session_cookie_path cannot be an attribute of a cookie",
        ),
        (
            json!({"token_headers_names": ["a"], "token_headers_values": ["b\r\nc: d"]}),
            "config.token_headers_values[0] cannot be the value of a header",
        ),
        (json!({"login_redirect_uri": ["https://x/\n"]}), "config.login_redirect_uri[0] is not an http or https URL"),
        (
            json!({"upstream_headers_names": ["a b"], "upstream_headers_claims": ["sub"]}),
            "config.upstream_headers_names[0] is not a header's name",
        ),
    ];
    for (members, message) in wrong {
        assert_eq!(errors(members), [message]);
    }
}

#[test]
fn oidc_016_and_other_doubtful_settings_are_warned_about() {
    let doubtful = [
        (
            json!({"auth_methods": ["password", "client_credentials"]}),
            "config.auth_methods has password and client_credentials",
        ),
        (json!({"auth_methods": ["refresh_token"]}), "config.refresh_token_param_name is unset"),
        (json!({"ignore_signature": ["session"]}), "config.ignore_signature is not empty"),
        (json!({"ssl_verify": false}), "config.ssl_verify is false"),
        (json!({"verify_nonce": false}), "config.verify_nonce is false"),
        (json!({"display_errors": true}), "config.display_errors is true"),
        (json!({"response_mode": "fragment"}), "config.response_mode = fragment cannot be read by a server"),
        (
            json!({"response_mode": "form_post", "authorization_cookie_same_site": "Lax"}),
            "config.authorization_cookie_same_site keeps",
        ),
        (json!({"using_pseudo_issuer": true, "auth_methods": ["bearer"]}), "config.jwks_endpoint is unset"),
        (json!({"session_cookie_renew": 600}), "config.session_cookie_renew has no effect any more"),
        (
            json!({"upstream_headers_names": ["a"], "upstream_headers_claims": ["b"]}),
            "config.upstream_headers_claims is deprecated",
        ),
        (
            json!({"client_id": "a", "client_secret": ["b", "c"]}),
            "config.client_secret has more elements than client_id",
        ),
        (json!({"dpop_proof_lifetime": 60}), "config.dpop_proof_lifetime has no effect"),
    ];
    for (members, start) in doubtful {
        let found = warnings(members);
        assert!(found.iter().any(|it| it.starts_with(start)), "{start} is not among {found:?}");
    }
    assert_eq!(warnings(json!({"auth_methods": ["bearer"]})), Vec::<String>::new());
}

#[test]
fn verification_of_certificates_stays_on_where_it_must() {
    let resolve = |_: &str| Err(String::new());
    let context = PluginContext { resolve: &resolve, forbid_unverified: true };
    let mut findings = Findings::default();
    assert!(parse(&config(json!({"ssl_verify": false})), "config", &context, &mut findings).is_none());
    let redis = json!({"session_storage": "redis", "redis": {"ssl": true, "ssl_verify": false}});
    assert!(parse(&config(redis), "config", &context, &mut findings).is_none());
    assert_eq!(findings.errors.len(), 2);
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "[ -~]{0,12}".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::hash_map("[a-z_]{1,12}", inner, 0..4)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn any_value_of_any_parameter_is_read_or_refused(at in 0..260_usize, value in any_json()) {
        let names: Vec<&str> = crate::config::plugin::table::rows(super::super::table::TABLE).map(|row| row.name).collect();
        // `read` asserts that there is a structure or an error.
        let _ = read(&config(json!({names[at % names.len()]: value})));
    }
}

#[test]
fn a_demand_is_not_blank() {
    for list in
        ["scopes_required", "audience_required", "groups_required", "roles_required", "issuers_allowed", "domains"]
    {
        for blank in ["", " ", "\t "] {
            let found = errors(json!({ list: ["a", blank] }));
            assert_eq!(found, [format!("config.{list}[1] is blank: it would demand nothing")]);
        }
    }
    let resolve = |_: &str| Ok(" ".to_owned());
    let context = PluginContext { resolve: &resolve, forbid_unverified: false };
    let mut findings = Findings::default();
    let members = config(json!({"domains": ["{vault://env/domain}"]}));
    assert!(parse(&members, "config", &context, &mut findings).is_none(), "a reference may turn out blank");
}

#[test]
fn kong_is_only_asked_for_tokens_when_that_is_written() {
    for unwritten in [json!({}), json!({"auth_methods": null})] {
        let conf = super::valid(unwritten);
        assert!(!conf.allows(Method::KongOAuth2) && conf.allows(Method::Introspection));
    }
    assert!(super::valid(json!({"auth_methods": ["kong_oauth2"]})).allows(Method::KongOAuth2));
}
