//! No parameter is silently ignored: another value than the default changes the structure, is warned about or refused.

use secrecy::ExposeSecret as _;
use serde_json::{Value, json};

use super::{config, read};
use crate::config::plugin::parameter::{Kind, Parameter, Status};
use crate::config::plugin::table::{TABLE, find, rows};

/// What must be set for other parameters to count.
fn base() -> Value {
    config(json!({
        "client_id": ["one", "two"],
        "session_storage": "redis",
        "session_remember": true,
        "logout_revoke": true,
        "jwt_session_cookie": "jwt",
        "bearer_token_param_type": ["header", "cookie"],
        "bearer_token_cookie_name": "bearer",
        "redis": {},
        "cluster_cache_strategy": "redis",
        "cluster_cache_redis": {},
        "authorization_query_args_names": ["a"], "authorization_query_args_values": ["1"],
        "discovery_headers_names": ["a"], "discovery_headers_values": ["1"],
        "downstream_headers_names": ["a"], "downstream_headers_claims": ["1"],
        "introspection_headers_names": ["a"], "introspection_headers_values": ["1"],
        "introspection_post_args_names": ["a"], "introspection_post_args_values": ["1"],
        "token_headers_names": ["a"], "token_headers_values": ["1"],
        "token_post_args_names": ["a"], "token_post_args_values": ["1"],
        "upstream_headers_names": ["a"], "upstream_headers_claims": ["1"],
        "userinfo_headers_names": ["a"], "userinfo_headers_values": ["1"],
        "userinfo_query_args_names": ["a"], "userinfo_query_args_values": ["1"],
    }))
}

/// A valid value that is neither the default nor the base's.
fn another(row: &Parameter, present: &Value) -> Value {
    let words = |words: &[&str]| {
        let refused = if let Status::Except(words) = row.status { words } else { &[] };
        let is_other = |word: &&&str| json!(word) != *present && json!([word]) != *present && !refused.contains(word);
        words.iter().find(is_other).map(|word| json!(word))
    };
    match row.kind {
        Kind::Flag => json!(!present.as_bool().unwrap_or_default()),
        Kind::Number | Kind::Whole(..) => json!(present.as_i64().unwrap_or_default() + 5000),
        Kind::Decimal => json!(1.0),
        Kind::Text | Kind::Header => json!("other"),
        Kind::Url => json!("https://other.example.com/"),
        Kind::Word(known) => words(known).unwrap(),
        Kind::Texts | Kind::Path => json!(["other"]),
        Kind::Urls => json!(["https://other.example.com/"]),
        Kind::Words(known) => words(known).map_or_else(|| json!([]), |word| json!([word])),
        Kind::Paths => json!([["other"]]),
        Kind::Records(_) if row.name == "client_jwk" => json!([{"kty": "oct", "k": "AA"}]),
        Kind::Records(_) => json!([{"header": "other", "path": ["a"]}]),
        Kind::Record(_) => json!({}),
    }
}

fn debug(config: &Value) -> String {
    let (conf, findings) = read(config);
    let conf = conf.unwrap_or_else(|| panic!("{:?}", findings.errors));
    let hidden: Vec<&str> = conf.introspection.headers.iter().map(|(_, value)| value.expose_secret()).collect();
    format!("{conf:?} {hidden:?}")
}

fn check(row: &Parameter, path: &str, with: impl Fn(&mut Value, Value)) {
    let present = base().pointer(&format!("/{}", path.replace('.', "/"))).cloned().unwrap_or_else(|| row.default());
    let mut changed = base();
    with(&mut changed, another(row, &present));
    let (conf, findings) = read(&changed);
    let says = |found: &[crate::config::finding::Finding]| {
        found.iter().any(|it| it.key.as_deref().is_some_and(|key| key.starts_with(&format!("config.{path}"))))
    };
    match row.status {
        Status::Refused(_) => assert!(conf.is_none() && says(&findings.errors), "{path} is not refused"),
        Status::Inert(_) => {
            assert!(debug(&changed) == debug(&base()), "{path} has an effect");
            assert!(says(&findings.warnings), "{path} is silently ignored");
        }
        Status::Within => panic!("{path} is in no record"),
        Status::Implemented | Status::Deprecated(_) | Status::Except(_) => {
            assert!(debug(&changed) != debug(&base()), "{path} has no effect");
        }
    }
}

#[test]
fn no_parameter_is_silently_ignored() {
    // Records without members say nothing; their members are checked below, or are refused one by one.
    for row in rows(TABLE).filter(|row| !matches!(row.kind, Kind::Record(_))) {
        check(row, row.name, |config, value| config[row.name] = value);
    }
    for record in ["redis", "cluster_cache_redis"] {
        let members = rows(find(TABLE, record).unwrap().kind.members());
        for row in members.filter(|row| row.kind.members().is_empty()) {
            check(row, &format!("{record}.{}", row.name), |config, value| config[record][row.name] = value);
        }
    }
}

#[test]
fn what_is_not_available_is_refused_by_word_and_by_record() {
    let refused = [
        (json!({"client_auth": ["none", "tls_client_auth"]}), "config.client_auth[1]"),
        (json!({"token_endpoint_auth_method": "self_signed_tls_client_auth"}), "config.token_endpoint_auth_method"),
        (json!({"response_mode": "query.jwt"}), "config.response_mode"),
        (json!({"session_storage": "memcache"}), "config.session_storage"),
        (json!({"client_alg": ["ES512"]}), "config.client_alg[0]"),
        (json!({"response_type": ["code", "id_token"]}), "config.response_type"),
        (json!({"principals": {"enabled": true}}), "config.principals"),
        (json!({"token_exchange": {"subject_token_issuers": [{"issuer": "a"}]}}), "config.token_exchange"),
        (json!({"redis": {"cluster_nodes": [{"ip": "a"}]}}), "config.redis.cluster_nodes"),
        (json!({"redis": {"cloud_authentication": {"auth_provider": "aws"}}}), "config.redis.cloud_authentication"),
        (json!({"client_jwk": [{"kty": "RSA", "oth": "x"}]}), "config.client_jwk[0].oth"),
        (json!({"token_headers_replay": ["x-a"], "token_headers_grants": ["password"]}), "config.token_headers_replay"),
        (json!({"cluster_cache_items": ["tokens"]}), "config.cluster_cache_items[0]"),
        (json!({"cluster_cache_redis": {"sentinel_master": "x"}}), "config.cluster_cache_redis.sentinel_master"),
    ];
    for (members, key) in refused {
        let (conf, findings) = read(&config(members));
        assert!(conf.is_none());
        let found = findings.errors.iter().find(|error| error.key.as_deref() == Some(key));
        assert!(found.is_some_and(|it| it.message.contains("not available in this release")), "{:?}", findings.errors);
    }
}

#[test]
fn what_is_switched_off_is_no_reason_to_refuse() {
    let exported = json!({
        "proof_of_possession_dpop": "off",
        "require_pushed_authorization_requests": false,
        "principals": {"enabled": false, "directory": "default", "principal_by": null},
        "token_exchange": null,
        "response_type": ["code"],
        "http_version": 1.1,
        "cluster_cache_strategy": "off",
        "cluster_cache_redis": {"host": "127.0.0.1", "port": 6379, "cloud_authentication": null, "cluster_nodes": null},
        "redis": {"sentinel_nodes": [], "cloud_authentication": {"aws_is_serverless": true}},
    });
    assert_eq!(super::warnings(exported), Vec::<String>::new());
}
