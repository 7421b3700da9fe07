//! A changed file is served without dropping a request; a broken one changes nothing.

use std::time::Duration;

use serde_json::json;

use crate::support::gateway::{self, Gateway};

fn routes(upstream: &str, paths: &[&str]) -> String {
    let routes: Vec<_> = paths.iter().map(|path| json!({"paths": [path], "strip_path": false})).collect();
    json!({"_format_version": "3.0", "services": [{"name": "echo", "url": upstream, "routes": routes}]}).to_string()
}

async fn status(gateway: &Gateway, path: &str) -> u16 {
    gateway.get(path).send().await.unwrap().status().as_u16()
}

#[actix_web::test]
async fn a_new_file_is_served_and_a_request_under_way_ends_well() {
    let gateway = gateway::start(|upstream| routes(upstream, &["/slow", "/old"])).await;
    assert_eq!((status(&gateway, "/old").await, status(&gateway, "/new").await), (200, 404));
    let under_way = actix_web::rt::spawn(gateway.get("/slow?ms=2500").send());
    tokio::time::sleep(Duration::from_millis(100)).await;
    gateway.reload(|upstream| routes(upstream, &["/new"])).await;
    assert_eq!((status(&gateway, "/old").await, status(&gateway, "/new").await), (404, 200));
    let reply = under_way.await.unwrap().unwrap();
    assert_eq!((reply.status().as_u16(), reply.text().await.unwrap().as_str()), (200, "late"));
    gateway.stop().await;
}

#[actix_web::test]
async fn a_broken_file_changes_nothing_and_is_told() {
    let gateway = gateway::start(|upstream| routes(upstream, &["/old"])).await;
    assert_eq!(status_part(&gateway).await, "ok");
    gateway.write(|_| "_format_version: [".to_owned());
    for _ in 0..200 {
        if status_part(&gateway).await == "failing" {
            break;
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    assert_eq!((status_part(&gateway).await.as_str(), status(&gateway, "/old").await), ("failing", 200));
    let metrics = gateway.client.get(format!("{}/metrics", gateway.status)).send().await.unwrap().text().await.unwrap();
    assert!(metrics.contains("kong_sso_gateway_config_usable 0"), "{metrics}");
    gateway.reload(|upstream| routes(upstream, &["/new"])).await;
    assert_eq!((status_part(&gateway).await.as_str(), status(&gateway, "/new").await), ("ok", 200));
    gateway.stop().await;
}

/// What readiness says of the gateway.
async fn status_part(gateway: &Gateway) -> String {
    let reply = gateway.client.get(format!("{}/health/ready", gateway.status)).send().await.unwrap();
    assert_eq!(reply.status().as_u16(), 200, "a broken file makes no node unready");
    let body: serde_json::Value = gateway::json_of(reply).await;
    body["gateway"].as_str().unwrap().to_owned()
}
