//! Tokens that Kong's own OAuth 2.0 plugin has issued, through the door (openid-connect.md 2.3): a Kong with one token, one
//! credential and one consumer.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use actix_web::web::{Data, Path};
use actix_web::{App, HttpResponse, HttpServer, web};
use kong_sso::domain::time::Clock;
use serde_json::{Value, json};

use crate::support::gateway;
use crate::support::node::bind;
use crate::support::op::Op;
use crate::support::protected::{Protected, plugin};

async fn entity(path: Path<(String, String)>, asked: Data<AtomicUsize>) -> HttpResponse {
    let now = Clock::System.now().0;
    let found = match (path.0.as_str(), path.1.as_str()) {
        ("oauth2_tokens", token @ ("good" | "ended" | "lasting")) => {
            asked.fetch_add(1, Ordering::Relaxed);
            let created_at = if token == "good" { now } else { now - 100 };
            json!({"id": "t-1", "access_token": token, "created_at": created_at, "expires_in": if token == "lasting" { 0 } else { 60 }, "scope": "read write",
                "authenticated_userid": "u-1", "service": null, "credential": {"id": "c-1"}})
        }
        ("oauth2", "c-1") => json!({"id": "c-1", "client_id": "app", "consumer": {"id": "id-1"}}),
        ("consumers", "id-1") => json!({"id": "id-1", "username": "app", "custom_id": null}),
        _ => return HttpResponse::NotFound().json(json!({"message": "Not found"})),
    };
    HttpResponse::Ok().json(found)
}

/// The site, and how often Kong was asked for a token.
async fn site(config: Value, plugins: Value, consumers: Value) -> (Protected, Arc<AtomicUsize>) {
    let (listener, kong) = bind();
    let asked = Arc::new(AtomicUsize::new(0));
    let counted = Data::from(Arc::clone(&asked));
    let server =
        HttpServer::new(move || App::new().app_data(counted.clone()).route("/{list}/{key}", web::get().to(entity)));
    actix_web::rt::spawn(server.workers(1).disable_signals().listen(listener).unwrap().run());
    (with_kong(&kong, config, plugins, consumers).await, asked)
}

async fn with_kong(kong: &str, config: Value, mut plugins: Value, consumers: Value) -> Protected {
    let op = Op::start().await;
    plugins.as_array_mut().unwrap().push(plugin(&op, config));
    let declared = |upstream: &str| gateway::one_route(upstream, &plugins, &consumers);
    let gateway = gateway::start_with(declared, |settings| settings.upstream.admin_url = kong.parse().unwrap()).await;
    Protected { op, gateway }
}

#[actix_web::test]
async fn oidc_033_a_token_of_the_gateway_names_its_consumer() {
    let (site, asked) = site(json!({"auth_methods": ["kong_oauth2"]}), json!([]), json!([])).await;
    let echo = site.echo("good").await;
    assert_eq!(echo.header("x-consumer-username"), Some("app"));
    assert_eq!(echo.header("x-consumer-id"), Some("id-1"));
    assert_eq!(echo.header("x-authenticated-scope"), Some("read write"));
    assert_eq!(echo.header("x-authenticated-userid"), Some("u-1"));
    assert_eq!((site.bearer("unknown").await, site.bearer("ended").await), (401, 401));
    let so_far = asked.load(Ordering::Relaxed);
    assert_eq!(site.bearer("good").await, 200);
    assert_eq!(asked.load(Ordering::Relaxed), so_far, "it is remembered");
    site.gateway.later(61);
    assert_eq!(site.bearer("good").await, 401, "and ends all the same");
    site.stop().await;
}

#[actix_web::test]
async fn a_token_of_the_gateway_is_remembered_for_a_minute_whatever_the_cache_says() {
    let (site, asked) =
        site(json!({"auth_methods": ["kong_oauth2"], "cache_ttl": 3600, "cache_ttl_min": 600}), json!([]), json!([]))
            .await;
    for (later, questions) in [(0, 1), (0, 1), (59, 1), (1, 2), (59, 2), (2, 3)] {
        site.gateway.later(later);
        assert_eq!((site.bearer("lasting").await, asked.load(Ordering::Relaxed)), (200, questions), "{later} s later");
    }
    site.stop().await;
}

#[actix_web::test]
async fn the_declared_consumer_of_a_gateway_token_brings_its_groups() {
    let consumers = json!([{"id": "id-1", "username": "app", "acls": [{"group": "blocked"}]}]);
    let deny = json!([{"name": "acl", "config": {"deny": ["blocked"]}}]);
    let (site, _) = site(json!({"auth_methods": ["kong_oauth2"]}), deny, consumers).await;
    assert_eq!(site.bearer("good").await, 403);
    site.stop().await;
}

#[actix_web::test]
async fn a_kong_that_is_down_stops_no_token_of_the_provider() {
    let (_listener, dead) = bind();
    let methods = json!({"auth_methods": ["kong_oauth2", "introspection"]});
    drop(_listener);
    let site = with_kong(&dead, methods, json!([]), json!([])).await;
    let token = site.op.opaque_token(json!({"active": true, "sub": "bob"}));
    assert_eq!(site.bearer(&token).await, 200);
    site.stop().await;
    let alone = with_kong(&dead, json!({"auth_methods": ["kong_oauth2"]}), json!([]), json!([])).await;
    assert_eq!(alone.bearer("good").await, 500, "nobody can say");
    alone.stop().await;
}
