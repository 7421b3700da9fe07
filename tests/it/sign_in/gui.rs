//! Scenarios 76, 93 and 102 to 107: Kong Manager behind the sign-in, on one origin with the Admin API.

use serde_json::{Value, json};

use super::with_site;

/// The value that a line of `kconfig.js` assigns.
fn assigned(script: &str, name: &str) -> Value {
    let start = format!("window.{name} = ");
    let line = script.lines().find_map(|line| line.strip_prefix(&start)).unwrap();
    serde_json::from_str(line.trim_end_matches(';')).unwrap()
}

#[actix_web::test]
async fn km_102_a_session_gets_the_document_and_its_configuration() {
    with_site(
        |_| {},
        async |site| {
            let mut browser = site.signed_in().await;
            let page = browser.navigate("/").await;
            assert_eq!((page.status, page.header("cache-control")), (200, "no-store"));
            assert!(page.header("content-security-policy").is_empty(), "Kong's own policy would block the API");
            assert_eq!(page.header("x-content-type-options"), "nosniff");
            let script = browser.fetch("GET", "/kconfig.js", "").await;
            assert_eq!(script.header("content-type"), "application/javascript; charset=utf-8");
            assert_eq!(script.header("cache-control"), "no-store");
            let config = assigned(&script.text, "K_CONFIG");
            assert_eq!(config["ADMIN_API_URL"], json!(format!("{}/_api", site.running.gui)));
            assert_eq!((&config["ANONYMOUS_REPORTS"], &config["ADMIN_GUI_PATH"]), (&json!("false"), &json!("/")));
            assert!(config.as_object().unwrap().values().all(Value::is_string));
            assert_eq!(assigned(&script.text, "KONG_SSO")["user"], json!("alice@example.com"));
            assert!(script.text.contains("XMLHttpRequest.prototype.open"), "the guard is part of it");
        },
    )
    .await;
}

#[actix_web::test]
async fn km_102_a_stranger_learns_nothing_from_the_configuration() {
    with_site(
        |_| {},
        async |site| {
            let script = site.browser().fetch("GET", "/kconfig.js", "").await;
            let guard = assigned(&script.text, "KONG_SSO");
            assert_eq!((&guard["user"], &guard["workspaces"]), (&Value::Null, &json!([])));
        },
    )
    .await;
}

#[actix_web::test]
async fn km_103_the_api_answers_with_and_without_slash_alike() {
    with_site(
        |_| {},
        async |site| {
            let mut browser = site.signed_in().await;
            let (bare, slash) = (browser.fetch("GET", "/_api", "").await, browser.fetch("GET", "/_api/", "").await);
            assert_eq!((bare.status, slash.status), (200, 200));
            assert_eq!(bare.json()["target"], slash.json()["target"]);
            assert_eq!(bare.json()["target"], json!("/"));
        },
    )
    .await;
}

#[actix_web::test]
async fn km_076_whoever_may_not_read_the_root_sees_no_database() {
    with_site(
        |_| {},
        async |site| {
            site.person("carol-id", json!({"email": "carol@example.com"}));
            let mut carol = site.signed_in().await;
            let root = carol.fetch("GET", "/_api/", "").await;
            assert_eq!(root.status, 200);
            assert_eq!(root.json(), json!({"version": "3.9.1", "configuration": {"database": "postgres"}}));
            let mut alice = site.browser();
            site.person("alice-id", json!({"email": "alice@example.com", "groups": ["platform-admins"]}));
            site.sign_in(&mut alice).await;
            assert_eq!(alice.fetch("GET", "/_api/", "").await.json()["configuration"]["pg_host"], json!("db"));
        },
    )
    .await;
}

#[actix_web::test]
async fn km_093_links_of_lists_carry_the_prefix() {
    with_site(
        |_| {},
        async |site| {
            let mut browser = site.signed_in().await;
            let list = browser.fetch("GET", "/_api/services?size=1", "").await;
            assert_eq!(list.json()["next"], json!("/_api/services?offset=x"));
            let named = browser.fetch("GET", "/_api/default/services", "").await;
            assert_eq!(named.json()["next"], json!("/_api/default/services?offset=x"));
        },
    )
    .await;
}

#[actix_web::test]
async fn km_105_only_listed_origins_get_cors_answers() {
    with_site(
        |_| {},
        async |site| {
            let mut browser = site.signed_in().await;
            let foreign = [("origin", "https://evil.example")];
            let reply = browser.send("GET", "/_api/services", &foreign, "").await;
            assert!(reply.header("access-control-allow-origin").is_empty());
            assert_eq!(reply.header("vary"), "Origin");
            let own = [("origin", site.running.gui.as_str())];
            let reply = browser.send("GET", "/_api/services", &own, "").await;
            assert_eq!(reply.header("access-control-allow-origin"), site.running.gui);
            assert_eq!(reply.header("access-control-allow-credentials"), "true");
            let preflight = [("origin", site.running.gui.as_str()), ("access-control-request-method", "DELETE")];
            let reply = site.browser().send("OPTIONS", "/_api/services", &preflight, "").await;
            assert_eq!(reply.status, 204);
            assert!(reply.header("access-control-allow-methods").contains("DELETE"));
            assert!(reply.header("access-control-allow-headers").contains("kong-admin-token"));
            let reply = site.browser().send("OPTIONS", "/_api/services", &foreign, "").await;
            assert_eq!((reply.status, reply.header("access-control-allow-methods")), (204, ""));
        },
    )
    .await;
}

#[actix_web::test]
async fn km_106_a_form_of_another_site_changes_nothing() {
    with_site(
        |_| {},
        async |site| {
            let mut browser = site.signed_in().await;
            let form = ("content-type", "application/x-www-form-urlencoded");
            for headers in [
                vec![form, ("origin", "https://evil.example"), ("sec-fetch-site", "cross-site")],
                vec![form, ("origin", "null")],
                vec![form],
                vec![form, ("sec-fetch-site", "same-site")],
            ] {
                let reply = browser.send("POST", "/_api/services", &headers, "name=x").await;
                assert_eq!((reply.status, reply.json()), (403, json!({"message": "Cross-site request refused"})));
            }
            let own = [form, ("sec-fetch-site", "same-origin")];
            assert_eq!(browser.send("POST", "/_api/services", &own, "name=x").await.status, 200);
            let listed = [form, ("origin", site.running.gui.as_str()), ("sec-fetch-site", "same-site")];
            assert_eq!(browser.send("POST", "/_api/services", &listed, "name=x").await.status, 200);
            // With a token nobody rides on a cookie; a wrong one is refused although the session is good.
            let token = [form, ("kong-admin-token", "wrong"), ("origin", "https://evil.example")];
            assert_eq!(browser.send("POST", "/_api/services", &token, "name=x").await.status, 401);
        },
    )
    .await;
}

#[actix_web::test]
async fn km_107_files_need_no_session_and_documents_do() {
    with_site(
        |_| {},
        async |site| {
            let mut browser = site.browser();
            assert_eq!(browser.fetch("GET", "/assets/x.js", "").await.status, 200);
            assert_eq!(browser.navigate("/services").await.status, 302);
            assert_eq!(browser.fetch("GET", "/services", "").await.status, 302);
            for odd in ["/..%2f_api/services", "/services/a%5Cb", "/assets%2Fx"] {
                assert_eq!(browser.navigate(odd).await.status, 400, "{odd}");
            }
        },
    )
    .await;
}

#[actix_web::test]
async fn everything_lies_below_the_configured_path() {
    with_site(
        |settings| {
            settings.gui.path = "/manager".to_owned();
            let auth = settings.admin_auth.as_mut().unwrap();
            let origin = auth.login_redirect_uri[0].clone();
            auth.relying_party.redirect_uri = vec![origin.join("/manager/_api/auth").unwrap()];
            auth.login_redirect_uri = vec![origin.join("/manager/").unwrap()];
        },
        async |site| {
            let mut browser = site.browser();
            let reply = browser.navigate("/manager/services").await;
            assert_eq!((reply.status, reply.location()), (302, "/manager/_api/auth?return_to=%2Fmanager%2Fservices"));
            assert_eq!(browser.navigate("/").await.location(), "/manager/");
            let started = browser.navigate("/manager/_api/auth").await;
            let query = site.op.sign_in(&url::Url::parse(started.location()).unwrap()).await;
            let landed = browser.navigate(&format!("/manager/_api/auth?{query}")).await;
            assert_eq!(landed.location(), format!("{}/manager/", site.running.gui));
            let config = browser.fetch("GET", "/manager/kconfig.js", "").await;
            let config = assigned(&config.text, "K_CONFIG");
            assert_eq!(config["ADMIN_API_URL"], json!(format!("{}/manager/_api", site.running.gui)));
            assert_eq!(browser.fetch("GET", "/manager/_api/services", "").await.json()["target"], json!("/services"));
        },
    )
    .await;
}
