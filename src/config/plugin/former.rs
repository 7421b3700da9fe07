//! Former and alternative names of parameters (openid-connect.md 13.1). Both names may be there when they say the same, as
//! Kong's own exports do.

use serde_json::{Map, Value};

use crate::config::finding::Findings;

/// A name, as dotted path, and what it became.
struct Former {
    name: &'static str,
    now: &'static [&'static str],
    convert: fn(&Value) -> Value,
}

const fn renamed(name: &'static str, now: &'static [&'static str]) -> Former {
    Former { name, now, convert: Value::clone }
}

const FORMER: &[Former] = &[
    Former { name: "consumer_claim", now: &["consumer_claims"], convert: in_a_list },
    renamed("session_redis_host", &["redis.host"]),
    renamed("session_redis_port", &["redis.port"]),
    renamed("session_redis_username", &["redis.username"]),
    renamed("session_redis_password", &["redis.password"]),
    renamed("session_redis_auth", &["redis.password"]),
    renamed("session_redis_prefix", &["redis.prefix"]),
    renamed("session_redis_socket", &["redis.socket"]),
    renamed("session_redis_connect_timeout", &["redis.connect_timeout"]),
    renamed("session_redis_read_timeout", &["redis.read_timeout"]),
    renamed("session_redis_send_timeout", &["redis.send_timeout"]),
    renamed("session_redis_ssl", &["redis.ssl"]),
    renamed("session_redis_ssl_verify", &["redis.ssl_verify"]),
    renamed("session_redis_server_name", &["redis.server_name"]),
    renamed("session_redis_cluster_nodes", &["redis.cluster_nodes"]),
    renamed("session_redis_cluster_max_redirections", &["redis.cluster_max_redirections"]),
    renamed("session_redis_cluster_maxredirections", &["redis.cluster_max_redirections"]),
    renamed("redis.timeout", &["redis.connect_timeout", "redis.send_timeout", "redis.read_timeout"]),
    renamed(
        "cluster_cache_redis.timeout",
        &[
            "cluster_cache_redis.connect_timeout",
            "cluster_cache_redis.send_timeout",
            "cluster_cache_redis.read_timeout",
        ],
    ),
    Former { name: "redis.cluster_addresses", now: &["redis.cluster_nodes"], convert: cluster_nodes },
    Former { name: "redis.sentinel_addresses", now: &["redis.sentinel_nodes"], convert: sentinel_nodes },
    Former {
        name: "cluster_cache_redis.cluster_addresses",
        now: &["cluster_cache_redis.cluster_nodes"],
        convert: cluster_nodes,
    },
    Former {
        name: "cluster_cache_redis.sentinel_addresses",
        now: &["cluster_cache_redis.sentinel_nodes"],
        convert: sentinel_nodes,
    },
    renamed("authorization_cookie_lifetime", &["authorization_rolling_timeout"]),
    Former { name: "authorization_cookie_samesite", now: &["authorization_cookie_same_site"], convert: same_site },
    renamed("authorization_cookie_httponly", &["authorization_cookie_http_only"]),
    renamed("session_cookie_lifetime", &["session_rolling_timeout"]),
    renamed("session_cookie_idletime", &["session_idling_timeout"]),
    Former { name: "session_cookie_samesite", now: &["session_cookie_same_site"], convert: same_site },
    renamed("session_cookie_httponly", &["session_cookie_http_only"]),
    renamed("session_memcache_prefix", &["session_memcached_prefix"]),
    renamed("session_memcache_socket", &["session_memcached_socket"]),
    renamed("session_memcache_host", &["session_memcached_host"]),
    renamed("session_memcache_port", &["session_memcached_port"]),
];

/// Names that mean nothing any more.
const GONE: [&str; 4] = ["session_cookie_renew", "session_cookie_maxsize", "session_strategy", "session_compressor"];

/// Renames what has a former name.
pub(super) fn rename(config: &mut Map<String, Value>, root: &str, findings: &mut Findings) {
    for name in GONE {
        if config.remove(name).is_some_and(|value| !value.is_null()) {
            let place = format!("{root}.{name}");
            findings.warn(&place, format!("{place} has no effect any more"));
        }
    }
    for former in FORMER {
        let Some(value) = take(config, former.name).filter(|value| !value.is_null()) else { continue };
        let place = format!("{root}.{}", former.name);
        findings.warn(&place, format!("{place} is a former name of {}", former.now.join(", ")));
        let value = (former.convert)(&value);
        if former.now.iter().any(|now| !put(config, now, &value)) {
            findings.error(&place, format!("{place} differs from {}", former.now.join(", ")));
        }
    }
}

fn take(config: &mut Map<String, Value>, path: &str) -> Option<Value> {
    match path.split_once('.') {
        Some((record, member)) => config.get_mut(record)?.as_object_mut()?.remove(member),
        None => config.remove(path),
    }
}

/// Sets what is unset; `false` when something else is there.
fn put(config: &mut Map<String, Value>, path: &str, value: &Value) -> bool {
    let (record, member) = path.split_once('.').unwrap_or(("", path));
    let members = if record.is_empty() {
        Some(config)
    } else {
        let slot = config.entry(record).or_insert(Value::Null);
        if slot.is_null() {
            *slot = Value::Object(Map::new());
        }
        slot.as_object_mut()
    };
    // What is no object is reported where types are.
    let Some(members) = members else { return true };
    let slot = members.entry(member).or_insert(Value::Null);
    if slot.is_null() {
        *slot = value.clone();
    }
    agrees(slot, value)
}

/// Equal, or a list that begins so: the shorthand of several paths is the first one.
fn agrees(now: &Value, former: &Value) -> bool {
    match (now, former) {
        (Value::Array(now), Value::Array(former)) => now.starts_with(former),
        _ => now == former,
    }
}

/// One path as the only one of a list.
fn in_a_list(path: &Value) -> Value {
    Value::Array(vec![path.clone()])
}

fn same_site(value: &Value) -> Value {
    if value == "off" { "Default".into() } else { value.clone() }
}

fn cluster_nodes(addresses: &Value) -> Value {
    nodes(addresses, "ip")
}

fn sentinel_nodes(addresses: &Value) -> Value {
    nodes(addresses, "host")
}

/// `host:port` texts as records; anything else stays, for the types to refuse.
fn nodes(addresses: &Value, host_name: &str) -> Value {
    let node = |address: &Value| {
        let (host, port) = address.as_str()?.rsplit_once(':')?;
        Some(serde_json::json!({host_name: host, "port": port.parse::<u16>().ok()?}))
    };
    match addresses {
        Value::Array(items) => Value::Array(items.iter().map(|item| node(item).unwrap_or(item.clone())).collect()),
        other => other.clone(),
    }
}
