//! The plugin `application-registration`, which open-source Kong does not have.

use serde_json::{Value, json};

use super::desk::with_desk;

fn plugin(display_name: &str) -> Value {
    json!({ "name": "application-registration", "config": { "display_name": display_name, "auto_approve": true } })
}

#[actix_web::test]
async fn the_plugin_publishes_its_service_and_is_listed_among_kongs() {
    with_desk(async |desk| {
        let service = desk.kong.service("orders").await;
        desk.kong.service("billing").await;
        desk.kong.post("/services/billing/plugins", json!({ "name": "correlation-id" })).await;
        let missing = json!({ "name": "application-registration", "config": {} });
        let refused = desk.admin().post("/services/orders/plugins", missing).await;
        let sentence = json!({ "config": { "display_name": "required field missing" } });
        assert_eq!((refused.status, &refused.body["code"], &refused.body["fields"]), (400, &json!(2), &sentence));
        let made = desk.admin().create("/services/orders/plugins", plugin("Orders API")).await;
        assert_eq!((&made["name"], &made["service"]["id"]), (&json!("application-registration"), &json!(service)));
        assert_eq!((&made["config"]["auto_approve"], &made["enabled"]), (&json!(true), &json!(true)));
        assert_eq!(desk.kong.call("/orders", None).await.0, 401, "the service is guarded");
        assert_eq!(desk.admin().post("/services/orders/plugins", plugin("Again")).await.status, 409);

        for (path, names) in [
            ("/plugins", vec!["acl", "application-registration", "correlation-id", "key-auth"]),
            ("/services/orders/plugins", vec!["acl", "application-registration", "key-auth"]),
            ("/services/billing/plugins", vec!["correlation-id"]),
            ("/default/plugins?size=1000", vec!["acl", "application-registration", "correlation-id", "key-auth"]),
        ] {
            let mut listed = desk.admin().get(path).await.names("data", "name");
            listed.sort();
            assert_eq!(listed, names, "{path}");
        }
        let path = format!("/plugins/{}", made["id"].as_str().unwrap());
        let changed = desk.admin().patch(&path, json!({ "enabled": false, "config": { "show_issuer": true } })).await;
        assert_eq!((changed.status, &changed.body["enabled"]), (200, &json!(false)), "{changed:?}");
        assert_eq!(changed.body["config"]["display_name"], json!("Orders API"));
        let api = desk.admin().get(&format!("/portal/apis/{}", made["id"].as_str().unwrap())).await.body;
        assert_eq!((&api["registration_enabled"], &api["show_issuer"]), (&json!(false), &json!(true)));
        assert_eq!(desk.admin().get(&path).await.body["config"]["show_issuer"], json!(true));

        assert_eq!(desk.admin().delete(&path).await.status, 204);
        assert_eq!(desk.admin().get(&path).await.status, 404);
        assert_eq!(desk.kong.call("/orders", None).await.0, 401, "its gate stays");
        let mut again = plugin("Orders again");
        again["service"] = json!({ "name": "orders" });
        assert_eq!(desk.admin().create("/plugins", again).await["id"], made["id"]);
    })
    .await;
}

#[actix_web::test]
async fn other_plugins_pass_and_what_the_plugin_cannot_be_is_refused() {
    with_desk(async |desk| {
        desk.kong.service("orders").await;
        let other = desk.admin().post("/services/orders/plugins", json!({ "name": "correlation-id" })).await;
        assert_eq!((other.status, &other.body["name"]), (201, &json!("correlation-id")));
        assert_eq!(desk.admin().delete(&format!("/plugins/{}", other.body["id"].as_str().unwrap())).await.status, 204);
        for (path, body, member) in [
            ("/plugins", plugin("x"), "service"),
            ("/services/orders/plugins", json!({ "name": "application-registration", "route": { "id": "r" }, "config": {} }), "route"),
            ("/services/orders/plugins", json!({ "name": "application-registration", "config": { "display_name": "x", "colour": 1 } }), "config"),
            (
                "/services/orders/plugins",
                json!({ "name": "application-registration", "config": { "display_name": "x", "enable_proxy_with_consumer_credential": true } }),
                "config",
            ),
        ] {
            let refused = desk.admin().post(path, body).await;
            assert_eq!((refused.status, refused.body["fields"].get(member).is_some()), (400, true), "{refused:?}");
        }
        let nowhere = desk.admin().post("/services/nowhere/plugins", plugin("x")).await;
        assert_eq!(nowhere.status, 400, "{nowhere:?}");
        assert_eq!(desk.kong.list("/plugins").await.len(), 0);
    })
    .await;
}
