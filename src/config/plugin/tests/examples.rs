//! Whole configurations, as guides and exports have them.

use serde_json::json;

use super::{errors, valid, warnings};
use crate::config::auth_conf::{ClientAuth, ResponseMode, SameSite};
use crate::config::plugin::{ConsumerField, LoginAction, Place, SessionStorage, TokenHeader};
use crate::domain::method::{Method, MethodSet};

#[test]
fn an_issuer_alone_is_a_configuration() {
    let conf = valid(json!({}));
    let unasked = Method::ALL.into_iter().filter(|method| *method != Method::KongOAuth2).collect::<MethodSet>();
    assert_eq!((conf.methods, conf.clients.len(), conf.client_arg.as_str()), (unasked, 0, "client_id"));
    assert_eq!(conf.search.bearer.0, [Place::Header, Place::Query, Place::Body]);
    assert_eq!(conf.mapping.consumer_by, [ConsumerField::Username, ConsumerField::CustomId]);
    assert_eq!(conf.session.login_cookie.same_site, SameSite::Default);
    let bearer = TokenHeader { name: "authorization".into(), scheme: Some("Bearer".into()) };
    assert_eq!(conf.upstream.access_token, Some(bearer));
    assert!(conf.downstream.access_token.is_none() && conf.hide_credentials && conf.provider.ssl_verify);
    assert_eq!(conf.login.tokens.len(), 1);
}

#[test]
fn oidc_044_the_browser_configuration_is_read() {
    let conf = valid(json!({
        "auth_methods": ["authorization_code", "session"],
        "client_id": ["a"],
        "client_secret": ["s"],
        "response_mode": "form_post",
        "preserve_query_args": true,
        "login_action": "redirect",
        "login_tokens": null,
    }));
    assert_eq!(conf.authorization.response_mode, ResponseMode::FormPost);
    assert_eq!((conf.login.action, conf.login.tokens.len()), (LoginAction::Redirect, 0));
    assert!(conf.allows(Method::Session) && !conf.allows(Method::Bearer) && conf.authorization.preserve_query);
}

#[test]
fn oidc_087_an_empty_header_parameter_switches_it_off() {
    for nothing in [json!(null), json!(""), json!("nil")] {
        assert_eq!(valid(json!({"upstream_access_token_header": nothing})).upstream.access_token, None);
    }
    let other = valid(json!({"upstream_access_token_header": "x_token"})).upstream.access_token.unwrap();
    assert_eq!((other.name.as_str(), other.scheme), ("x-token", None));
}

#[test]
fn oidc_050_parallel_arrays_make_clients() {
    let conf = valid(json!({
        "client_id": ["a", "b", "c"],
        "client_secret": ["s1", "", "s3"],
        "client_auth": ["client_secret_post", "none"],
        "client_jwk": [{"kty": "oct", "k": "AA", "kid": null}],
        "redirect_uri": ["https://gw.example.com", "https://gw.example.com/b"],
        "unauthorized_redirect_uri": ["https://x/1", "https://x/2"],
    }));
    let secrets: Vec<bool> = conf.clients.iter().map(|client| client.secret.is_some()).collect();
    assert_eq!(secrets, [true, false, true]);
    let auths: Vec<_> = conf.clients.iter().filter_map(|client| client.auth).collect();
    assert_eq!(auths, [ClientAuth::SecretPost, ClientAuth::None, ClientAuth::SecretPost]);
    // Providers compare redirect URIs as text, so no slash is added.
    assert_eq!(conf.clients[2].redirect_uri.as_deref(), Some("https://gw.example.com"));
    assert_eq!(*conf.clients[0].jwk.as_ref().unwrap().0, json!({"kty": "oct", "k": "AA"}));
    let redirect = &conf.failure.unauthorized_redirect;
    assert_eq!((redirect.of(1).unwrap().as_str(), redirect.of(2).unwrap().as_str()), ("https://x/2", "https://x/1"));
}

#[test]
fn oidc_005_redirects_need_no_client() {
    let conf = valid(json!({"auth_methods": ["bearer"], "unauthorized_redirect_uri": "https://x/login"}));
    assert_eq!(conf.failure.unauthorized_redirect.of(0).unwrap(), "https://x/login");
}

#[test]
fn oidc_079_the_older_consumer_claim_is_a_shorthand() {
    let old = valid(json!({"consumer_claim": ["user", "email"]}));
    assert_eq!(old.mapping.consumer_claims.len(), 1);
    assert_eq!(old.mapping.consumer_claims[0].members(), ["user", "email"]);
    let both = json!({"consumer_claim": ["email"], "consumer_claims": [["email"], ["sub"]]});
    assert_eq!(valid(both).mapping.consumer_claims.len(), 2);
    let differing = json!({"consumer_claim": ["email"], "consumer_claims": [["sub"]]});
    assert_eq!(errors(differing), ["config.consumer_claim differs from consumer_claims"]);
}

#[test]
fn former_names_are_understood_and_warned_about() {
    let members = json!({
        "session_storage": "redis",
        "session_redis_host": "redis.internal",
        "session_redis_auth": "hush",
        "redis": {"port": 6380, "timeout": 500},
        "session_cookie_lifetime": 60,
        "session_cookie_samesite": "off",
        "authorization_cookie_httponly": false,
    });
    let found = warnings(members.clone());
    assert_eq!(found.len(), 6, "{found:?}");
    assert!(found.contains(&"config.session_redis_host is a former name of redis.host".to_owned()));
    let conf = valid(members);
    let SessionStorage::Redis(redis) = &conf.session.storage else { panic!() };
    assert_eq!((redis.host.as_str(), redis.port, redis.prefix.as_str()), ("redis.internal", 6380, "sessions"));
    assert_eq!((redis.connect_timeout_ms, redis.response_timeout_ms), (500, 500));
    assert!(redis.password.is_some());
    assert_eq!((conf.session.rolling_timeout, conf.session.cookie.same_site), (60, SameSite::Default));
    assert!(!conf.session.login_cookie.http_only);
    assert_eq!(errors(json!({"redis": {"cluster_addresses": ["a:1"]}})).len(), 1);
}

#[test]
fn the_deprecated_header_lists_come_before_their_successor() {
    let conf = valid(json!({
        "upstream_headers": [{"header": "X-Org", "path": ["org", "id"]}],
        "upstream_headers_claims": ["preferred_username"],
        "upstream_headers_names": ["authenticated_user"],
    }));
    let names: Vec<&str> = conf.upstream.claims.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["authenticated-user", "x-org"]);
}

#[test]
fn required_claims_are_alternatives_of_words() {
    let conf = valid(json!({"scopes_required": ["a  b", "c"], "scopes_claim": "scp"}));
    assert_eq!(conf.access.scopes.alternatives, [vec!["a".to_owned(), "b".to_owned()], vec!["c".to_owned()]]);
    assert_eq!(conf.access.scopes.claim.members(), ["scp"]);
}

#[test]
fn sessions_may_live_in_the_own_database_or_in_redis() {
    let storage = |word: &str| valid(json!({"session_storage": word})).session.storage;
    assert!(matches!(storage("database"), SessionStorage::Database));
    let SessionStorage::Redis(redis) = storage("redis") else { panic!() };
    assert_eq!((redis.host.as_str(), redis.port, redis.tls_verify), ("127.0.0.1", 6379, true));
}
