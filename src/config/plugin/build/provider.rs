//! The provider, the clients at it, and what is remembered of both.

use std::sync::Arc;

use secrecy::SecretString;
use serde_json::{Map, Value};

use crate::config::auth_conf::ClientAuth;
use crate::config::plugin::members::Members;
use crate::config::plugin::{CacheConf, ClientConf, ClientKey, EndpointOverrides, PerClient, ProviderConf, RedisConf};

use super::redis::redis;

pub(super) fn provider(members: Members<'_>) -> Option<ProviderConf> {
    Some(ProviderConf {
        name: members.text("issuer"),
        issuer: members.url("issuer")?,
        is_pseudo: members.flag("using_pseudo_issuer"),
        issuers_allowed: members.texts("issuers_allowed"),
        endpoints: endpoints(members),
        extra_jwks: members.urls("extra_jwks_uris"),
        rediscovery_lifetime: members.number("rediscovery_lifetime"),
        cache_ttl: members.number("cache_ttl"),
        discovery_headers: members.pairs("discovery_headers_names", "discovery_headers_values"),
        timeout_ms: members.millis("timeout"),
        ssl_verify: members.flag("ssl_verify"),
        keepalive: members.flag("keepalive"),
        verify_parameters: members.flag("verify_parameters"),
    })
}

fn endpoints(members: Members<'_>) -> EndpointOverrides {
    EndpointOverrides {
        authorization: members.url("authorization_endpoint"),
        token: members.url("token_endpoint"),
        introspection: members.url("introspection_endpoint"),
        revocation: members.url("revocation_endpoint"),
        userinfo: members.url("userinfo_endpoint"),
        end_session: members.url("end_session_endpoint"),
        jwks: members.url("jwks_endpoint"),
    }
}

/// One client an id; the other arrays give the element of its index, or their first one.
pub(super) fn clients(members: Members<'_>) -> Vec<ClientConf> {
    let secrets = members.per_client("client_secret");
    let auths = PerClient(members.words("client_auth", ClientAuth::named));
    let algs = members.per_client("client_alg");
    let keys = PerClient(members.records("client_jwk").map(client_key).collect());
    let redirects = members.per_client("redirect_uri");
    let client = |(index, id): (usize, String)| ClientConf {
        id,
        secret: secrets.of(index).filter(|secret| !secret.is_empty()).cloned().map(SecretString::from),
        auth: auths.of(index).copied(),
        alg: algs.of(index).cloned(),
        jwk: keys.of(index).cloned(),
        redirect_uri: redirects.of(index).cloned(),
    };
    members.texts("client_id").into_iter().enumerate().map(client).collect()
}

/// The key without what is unset.
fn client_key(members: Members<'_>) -> ClientKey {
    let set = members.0.iter().filter(|(_, value)| !value.is_null());
    ClientKey(Arc::new(Value::Object(set.map(|(name, value)| (name.clone(), value.clone())).collect::<Map<_, _>>())))
}

pub(super) fn cache(members: Members<'_>) -> CacheConf {
    CacheConf {
        introspection: members.flag("cache_introspection"),
        tokens: members.flag("cache_tokens"),
        user_info: members.flag("cache_user_info"),
        salt: members.some_text("cache_tokens_salt"),
        key_includes_scope: members.flag("token_cache_key_include_scope"),
        ttl: members.number("cache_ttl"),
        ttl_min: members.some_number("cache_ttl_min"),
        ttl_max: members.some_number("cache_ttl_max"),
        ttl_neg: members.some_number("cache_ttl_neg"),
        ttl_resurrect: members.some_number("cache_ttl_resurrect"),
        shared: shared(members),
    }
}

/// The server on which nodes share introspection answers.
fn shared(members: Members<'_>) -> Option<RedisConf> {
    let is_on = members.text("cluster_cache_strategy") == "redis";
    let is_wanted = members.texts("cluster_cache_items").iter().any(|item| item == "introspection");
    if is_on && is_wanted { redis(members, "cluster_cache_redis", "openid-connect") } else { None }
}
