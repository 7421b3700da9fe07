//! Nodes that share what they remember (openid-connect.md 10.4).

use serde_json::{Value, json};

use crate::support::gateway::{Gateway, with_plugins};
use crate::support::op::{Door, Op};
use crate::support::plugin_browser::config;
use crate::support::redis::Redis;

async fn node(op: &Op, redis: &Redis, change: Value) -> Gateway {
    let mut conf = json!({
        "auth_methods": ["introspection"], "cluster_cache_strategy": "redis",
        "cluster_cache_redis": { "host": "127.0.0.1", "port": redis.port },
    });
    for (name, value) in change.as_object().unwrap() {
        conf[name] = value.clone();
    }
    with_plugins(json!([{"name": "openid-connect", "config": config(op, conf)}]), json!([])).await
}

async fn ask(node: &Gateway, token: &str) -> u16 {
    node.get("/").bearer_auth(token).send().await.unwrap().status().as_u16()
}

fn active(op: &Op) -> String {
    op.opaque_token(json!({ "active": true, "sub": "alice-id", "exp": 4_000_000_000_i64 }))
}

#[actix_web::test]
async fn oidc_031_two_nodes_ask_the_provider_once() {
    let (op, redis) = (Op::start().await, Redis::start().await);
    let (one, two) = (node(&op, &redis, json!({})).await, node(&op, &redis, json!({})).await);
    let token = active(&op);
    assert_eq!([ask(&one, &token).await, ask(&two, &token).await, ask(&two, &token).await], [200; 3]);
    assert_eq!(op.hits(Door::Introspection), 1);
    let kept = redis.command(&["keys", "openid-connect:*"]);
    assert_eq!(kept.lines().count(), 1);
    let shown = redis.command(&["hgetall", &kept]);
    assert!(!shown.contains("alice-id") && !shown.contains(&token), "it is sealed: {shown}");
    assert!(redis.command(&["ttl", &kept]).parse::<i64>().unwrap() > 0);
    let inactive = op.opaque_token(json!({ "active": false }));
    assert_eq!([ask(&one, &inactive).await, ask(&two, &inactive).await], [401; 2]);
    assert_eq!(op.hits(Door::Introspection), 2, "a refusal is shared too");
    // Whoever writes to the server cannot answer for the provider.
    let other = active(&op);
    let (field, sealed) = shown.split_once('\n').unwrap();
    op.introspects(&other, json!({ "active": false }));
    redis.command(&["flushall"]);
    assert_eq!(ask(&one, &other).await, 401);
    let place = redis.command(&["keys", "openid-connect:*"]);
    let own_field = redis.command(&["hkeys", &place]);
    assert_ne!(own_field, field);
    redis.command(&["hset", &place, &own_field, sealed]);
    assert_eq!(ask(&two, &other).await, 401, "an answer counts for its own token");
}

#[actix_web::test]
async fn oidc_031_a_server_that_fails_fails_no_request() {
    let (op, mut redis) = (Op::start().await, Redis::start().await);
    let (one, two) = (node(&op, &redis, json!({})).await, node(&op, &redis, json!({})).await);
    redis.stop();
    let token = active(&op);
    assert_eq!([ask(&one, &token).await, ask(&two, &token).await], [200; 2]);
    assert_eq!(op.hits(Door::Introspection), 2, "each asks for itself");
    redis.restart().await;
    one.later(6);
    two.later(6);
    let token = active(&op);
    assert_eq!([ask(&one, &token).await, ask(&two, &token).await], [200; 2]);
    assert_eq!(op.hits(Door::Introspection), 3);
}

#[actix_web::test]
async fn oidc_031_nothing_is_shared_unless_it_is_listed() {
    let (op, redis) = (Op::start().await, Redis::start().await);
    let alone = json!({ "cluster_cache_items": [] });
    let (one, two) = (node(&op, &redis, alone.clone()).await, node(&op, &redis, alone).await);
    let token = active(&op);
    assert_eq!([ask(&one, &token).await, ask(&two, &token).await], [200; 2]);
    assert_eq!(op.hits(Door::Introspection), 2);
    assert_eq!(redis.command(&["dbsize"]), "0");
}
