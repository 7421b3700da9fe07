//! `key-auth` and `acl`, held to what Kong 3.9.3 answered.

use serde_json::{Value, json};

use crate::support::gateway::{self, Gateway, echo_of, json_of};

fn consumers() -> Value {
    json!([
        {
            "username": "app", "custom_id": "cid", "acls": [{"group": "g1"}, {"group": "g2"}],
            "groups": [{"name": "gold"}], "keyauth_credentials": [{"key": "good", "id": "credential-1"}],
        },
        {"username": "outsider", "keyauth_credentials": [{"key": "outsider"}]},
        {"username": "nobody", "acls": [{"group": "guests"}]},
    ])
}

async fn with(plugins: Value) -> Gateway {
    gateway::with_plugins(plugins, consumers()).await
}

/// Status, message and challenge of a refusal.
async fn refused(request: reqwest::RequestBuilder) -> (u16, String, Option<String>) {
    let reply = request.send().await.unwrap();
    let header = |name: &str| reply.headers().get(name).map(|value| value.to_str().unwrap().to_owned());
    let (status, challenge, request_id) =
        (reply.status().as_u16(), header("www-authenticate"), header("x-kong-request-id"));
    let body: Value = json_of(reply).await;
    assert_eq!(body["request_id"].as_str(), request_id.as_deref());
    (status, body["message"].as_str().unwrap().to_owned(), challenge)
}

fn said(status: u16, message: &str, challenge: Option<&str>) -> (u16, String, Option<String>) {
    (status, message.to_owned(), challenge.map(str::to_owned))
}

#[actix_web::test]
async fn a_key_names_its_consumer() {
    let gateway = with(json!([{"name": "key-auth"}])).await;
    for request in [gateway.get("/k").header("ApiKey", "good"), gateway.get("/k?a=1&apikey=%67ood")] {
        let echo = echo_of(request.header("x-consumer-id", "root").header("x_consumer_groups", "root")).await;
        assert_eq!(
            (echo.header("x-consumer-username"), echo.header("x-consumer-custom-id")),
            (Some("app"), Some("cid"))
        );
        assert_eq!(echo.header("x-credential-identifier"), Some("credential-1"));
        assert_ne!(echo.header("x-consumer-id"), Some("root"));
        assert_eq!((echo.header("x_consumer_groups"), echo.header("x-anonymous-consumer")), (None, None));
    }
    gateway.later(10 * 365 * 86_400);
    assert_eq!(gateway.echo("/k?apikey=good").await.header("x-consumer-username"), Some("app"), "keys have no end");
    let challenge = Some("Key");
    for (request, message) in [
        (gateway.get("/k"), "No API key found in request"),
        (gateway.get("/k").header("apikey", ""), "No API key found in request"),
        (gateway.get("/k").header("apikey", "bad"), "Unauthorized"),
        (gateway.get("/k").header("apikey", "good").header("apikey", "bad"), "Duplicate API key found"),
        (gateway.get("/k?apikey=good&apikey=good"), "Duplicate API key found"),
        (gateway.request(reqwest::Method::OPTIONS, "/k"), "No API key found in request"),
    ] {
        assert_eq!(refused(request).await, said(401, message, challenge));
    }
    assert_eq!(gateway.upstream.hits(), 3);
    gateway.stop().await;
}

#[actix_web::test]
async fn a_hidden_key_does_not_go_up_and_other_names_and_places_do_not_count() {
    let config = json!({
        "key_names": ["X_Key", "other"], "hide_credentials": true, "key_in_query": true, "run_on_preflight": false,
        "realm": "api",
    });
    let gateway = with(json!([{"name": "key-auth", "config": config}])).await;
    let echo = echo_of(gateway.get("/k?a=1&other=good&b=%20").header("apikey", "good")).await;
    assert_eq!((echo.query.as_deref(), echo.header("apikey")), (Some("a=1&b=%20"), Some("good")));
    let echo = echo_of(gateway.get("/k?other").header("x_key", "good").header("x-key", "good")).await;
    assert_eq!((echo.query.as_deref(), echo.header("x_key"), echo.header("x-key")), (Some("other"), None, None));
    let missing = said(401, "No API key found in request", Some("Key realm=\"api\""));
    assert_eq!(refused(gateway.get("/k").header("apikey", "good")).await, missing);
    let preflight = echo_of(gateway.request(reqwest::Method::OPTIONS, "/k")).await;
    assert_eq!(preflight.header("x-consumer-id"), None);
    gateway.stop().await;
}

#[actix_web::test]
async fn groups_decide_and_are_told() {
    let key = json!({"name": "key-auth"});
    let gateway = with(json!([key, {"name": "acl", "config": {"allow": ["g1", "x"]}}])).await;
    let echo = echo_of(gateway.get("/k").header("apikey", "good").header("x-authenticated-groups", "x")).await;
    assert_eq!((echo.header("x-consumer-groups"), echo.header("x-authenticated-groups")), (Some("g1, g2"), None));
    let outsider = gateway.get("/k").header("apikey", "outsider");
    assert_eq!(refused(outsider).await, said(403, "You cannot consume this service", None));
    let tier = json!({"allow": ["gold"], "include_consumer_groups": true, "hide_groups_header": true});
    gateway.reload(|url| gateway::one_route(url, &json!([key, {"name": "acl", "config": tier}]), &consumers())).await;
    let echo = echo_of(gateway.get("/k").header("apikey", "good").header("x-consumer-groups", "x")).await;
    assert_eq!(echo.header("x-consumer-groups"), None);
    gateway
        .reload(|url| gateway::one_route(url, &json!([{"name": "acl", "config": {"deny": ["x"]}}]), &json!([])))
        .await;
    assert_eq!(refused(gateway.get("/k")).await, said(401, "Unauthorized", None));
    gateway.stop().await;
}

#[actix_web::test]
async fn the_anonymous_consumer_stands_for_whoever_has_no_key() {
    let plugins = json!([
        {"name": "key-auth", "config": {"anonymous": "nobody"}},
        {"name": "acl", "config": {"allow": ["guests", "g1"]}},
    ]);
    let gateway = with(plugins).await;
    let echo = echo_of(gateway.get("/k").header("apikey", "bad")).await;
    assert_eq!(
        (echo.header("x-anonymous-consumer"), echo.header("x-consumer-username")),
        (Some("true"), Some("nobody"))
    );
    assert_eq!(echo.header("x-credential-identifier"), None);
    let echo = echo_of(gateway.get("/k").header("apikey", "good").header("x-anonymous-consumer", "true")).await;
    assert_eq!((echo.header("x-anonymous-consumer"), echo.header("x-consumer-username")), (None, Some("app")));
    let gone = json!([{"name": "key-auth", "config": {"anonymous": "gone"}}]);
    gateway.reload(|url| gateway::one_route(url, &gone, &consumers())).await;
    assert_eq!(refused(gateway.get("/k")).await, said(401, "Unauthorized", None));
    gateway.stop().await;
}

#[actix_web::test]
async fn the_nearest_instance_of_a_plugin_counts() {
    let acl = |group: &str| json!({"name": "acl", "config": {"allow": [group]}});
    let gateway = gateway::start(|upstream| {
        let routes = json!([
            {"paths": ["/route"], "plugins": [acl("g1")]},
            {"paths": ["/service"]},
            {"paths": ["/off"], "plugins": [{"name": "acl", "enabled": false, "config": {"allow": ["g1"]}}]},
        ]);
        json!({
            "_format_version": "3.0",
            "plugins": [{"name": "key-auth"}, acl("none")],
            "services": [
                {"name": "a", "url": upstream, "routes": routes, "plugins": [acl("g3")]},
                {"name": "b", "url": upstream, "routes": [{"paths": ["/global"]}]},
            ],
            "consumers": [
                {"username": "one", "acls": [{"group": "g1"}], "keyauth_credentials": [{"key": "one"}]},
                {"username": "three", "acls": [{"group": "g3"}], "keyauth_credentials": [{"key": "three"}]},
            ],
        })
        .to_string()
    })
    .await;
    for (path, key, expected) in [
        ("/route", "one", 200),
        ("/route", "three", 403),
        ("/service", "three", 200),
        ("/service", "one", 403),
        ("/off", "three", 200),
        ("/off", "one", 403),
        ("/global", "one", 403),
    ] {
        let reply = gateway.get(path).header("apikey", key).send().await.unwrap();
        assert_eq!(reply.status().as_u16(), expected, "{path} {key}");
    }
    gateway.stop().await;
}
