//! What happens when the storage fails: nobody gets in by mistake and nobody is logged out.

use super::*;
use kong_sso::oidc::engine::session::SessionError;

#[tokio::test]
async fn while_redis_is_down_sessions_are_neither_found_nor_lost() {
    let mut place = redis_place().await;
    let node = node(&place, |_| {});
    let mut jar = node.sign_in().await;
    node.visit(&mut jar).await.unwrap();
    place.redis.as_mut().unwrap().stop();
    tokio::time::sleep(Duration::from_millis(1_100)).await;
    let asked = Asked::with(&jar);
    assert!(node.sessions.open(&asked.view()).await.is_err(), "it is not known whether there is a session");
    let started = node.sessions.start(&Asked::default().view(), &proof("a", "r", None)).await;
    assert!(matches!(started, Err(SessionError::Storage(_))));
    place.redis.as_mut().unwrap().restart().await;
    assert_eq!(node.visit(&mut jar).await.as_deref(), Some("access-0"), "the session is still there");
}

#[tokio::test]
async fn a_node_starts_without_redis_and_finds_it_later() {
    let mut place = redis_place().await;
    let redis = place.redis.as_mut().unwrap();
    redis.stop();
    let storage = RedisSessions::new(&redis.conf(), &EgressSettings::default()).unwrap();
    assert!(storage.load("a").await.is_err());
    redis.restart().await;
    assert!(storage.load("a").await.unwrap().is_none());
}

#[tokio::test]
async fn a_redis_that_hangs_is_not_waited_for() {
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let silent = Redis::start().await;
    let conf = kong_sso::config::plugin::RedisConf {
        port,
        connect_timeout_ms: 200,
        response_timeout_ms: 200,
        ..silent.conf()
    };
    let storage = RedisSessions::new(&conf, &EgressSettings::default()).unwrap();
    let start = std::time::Instant::now();
    assert!(storage.load("a").await.is_err());
    assert!(start.elapsed() < Duration::from_secs(2));
}
