//! Scenarios 1 to 8: switches, workspaces, origins.

use serde_json::json;

use super::{Client, registration, with_portal};

#[actix_web::test]
async fn dp_001_while_the_portal_is_off_nothing_of_it_is_there() {
    with_portal(
        |settings| settings.portal.enabled = false,
        async |scene| {
            for url in [&scene.gui, &scene.api] {
                for path in ["/default/", "/default/login", "/default/auth", "/default/developer", "/"] {
                    assert_eq!(Client::at(url).get(path).await.status, 404, "{url}{path}");
                }
            }
            for path in ["/portal/default/", "/portal-api/default/developer/meta_fields"] {
                assert_eq!(Client::at(&scene.running.gui).get(path).await.status, 404, "{path}");
            }
        },
    )
    .await;
}

#[actix_web::test]
async fn dp_002_a_workspace_switches_its_portal_off_and_on_without_a_restart() {
    with_portal(
        |_| {},
        async |scene| {
            let mut client = Client::at(&scene.gui);
            assert_eq!(client.get("/default/").await.status, 200);
            let off = json!({"config": {"portal": false}});
            assert_eq!(scene.admin("PATCH", "/workspaces/default", off).await.0, 200);
            assert_eq!(client.get("/default/").await.status, 404);
            assert_eq!(scene.client().get("/developer/meta_fields").await.status, 404);
            let on = json!({"config": {"portal": true}});
            assert_eq!(scene.admin("PATCH", "/workspaces/default", on).await.0, 200);
            assert_eq!(client.get("/default/").await.status, 200);
            assert_eq!(client.get("/nowhere/").await.status, 404);
            let wrong = scene.admin("PATCH", "/workspaces/default", json!({"config": {"portal": "perhaps"}})).await;
            assert_eq!((wrong.0, &wrong.1["fields"]["config.portal"]), (400, &json!("expected a boolean")));
        },
    )
    .await;
}

#[actix_web::test]
async fn dp_003_without_portal_auth_there_are_pages_and_no_accounts() {
    with_portal(
        |settings| settings.portal.auth = None,
        async |scene| {
            assert_eq!(Client::at(&scene.gui).get("/default/").await.status, 200);
            let mut client = scene.client();
            for (method, path) in [
                ("GET", "/auth"),
                ("POST", "/register"),
                ("GET", "/developer"),
                ("GET", "/developer/meta_fields"),
                ("POST", "/forgot-password"),
                ("POST", "/applications"),
            ] {
                let body = (method == "POST").then(|| "{}".to_owned());
                let reply = client.send(method, path, &[("content-type", "application/json")], body).await;
                assert_eq!(reply.status, 404, "{method} {path}");
            }
            for path in ["/default/login", "/default/register", "/default/settings", "/default/pending"] {
                assert_eq!(Client::at(&scene.gui).get(path).await.status, 404, "{path}");
            }
        },
    )
    .await;
}

#[test]
fn dp_004_a_node_does_not_start_with_accounts_and_no_session_secret() {
    let folder = tempfile::tempdir().unwrap();
    let conf = folder.path().join("kong.conf");
    std::fs::write(&conf, "portal = on\nportal_auth = basic-auth\n").unwrap();
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_kong-sso"));
    let run = command.env_clear().args(["start", "-c", conf.to_str().unwrap()]).output().unwrap();
    let said = String::from_utf8_lossy(&run.stderr);
    assert!(!run.status.success() && said.contains("portal_session_conf"), "{said}");
}

#[actix_web::test]
async fn dp_006_a_workspace_approves_by_itself_and_others_do_not() {
    with_portal(
        |_| {},
        async |scene| {
            let payments = json!({"name": "payments", "config": {"portal_auto_approve": true}});
            let made = scene.admin("POST", "/workspaces", payments).await;
            assert_eq!(made.0, 201, "{}", made.1);
            let there = scene.client_of("payments").post("/register", registration("ann@example.com")).await;
            assert_eq!(there.json()["developer"]["status"], 0);
            assert_eq!(scene.register("ann@example.com").await["developer"]["status"], 1);
        },
    )
    .await;
}

#[actix_web::test]
async fn dp_007_the_host_names_the_workspace() {
    with_portal(
        |settings| {
            settings.portal.gui_subdomains = true;
            settings.portal.gui_url = "http://portal.test:8003".to_owned();
        },
        async |scene| {
            assert_eq!(scene.admin("POST", "/workspaces", json!({"name": "example"})).await.0, 201);
            let at = async |host: &str, path: &str| {
                let mut client = Client::at(&scene.gui);
                client.send("GET", path, &[("host", host)], None).await
            };
            for host in
                ["example.portal.test", "example.portal.test:8003", "EXAMPLE.Portal.test", "default.portal.test"]
            {
                assert_eq!(at(host, "/").await.status, 200, "{host}");
            }
            for host in ["other.portal.test", "portal.test", "example.evil.test", "a.example.portal.test", "127.0.0.1"]
            {
                for path in ["/", "/login", "/example/", "/default/"] {
                    assert_eq!(at(host, path).await.status, 404, "{host}{path}");
                }
            }
            assert_eq!(at("example.portal.test", "/example/").await.status, 404);
            let page = at("example.portal.test", "/login").await;
            assert!(page.text.contains("action=\"/login\"") && page.text.contains("Developer portal of example"));
            let css = page.text.split("href=\"").find(|part| part.contains(".css")).unwrap().split('"').next().unwrap();
            assert_eq!(at("example.portal.test", css).await.status, 200, "{css}");
            assert!(page.set_cookie("portal_browser").unwrap().ends_with("Path=/"), "of this host alone");
            scene.client_of("example").post("/register", registration("ann@example.com")).await;
            let approved = json!({"status": 0});
            assert_eq!(scene.admin("PATCH", "/example/developers/ann@example.com", approved).await.0, 200);
            let mail = scene.mails_to("ann@example.com").await.pop().unwrap();
            assert!(mail.text.contains("http://example.portal.test:8003"), "{}", mail.text);
            let mut browser = Client::at(&scene.gui);
            let page = browser.send("GET", "/login", &[("host", "example.portal.test")], None).await;
            let csrf = page.text.split("name=\"csrf\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
            let form = url::form_urlencoded::Serializer::new(String::new())
                .extend_pairs([("csrf", csrf.as_str()), ("email", "ann@example.com"), ("password", super::PASSWORD)])
                .finish();
            let headers = [
                ("host", "example.portal.test"),
                ("sec-fetch-site", "same-origin"),
                ("content-type", "application/x-www-form-urlencoded"),
            ];
            let done = browser.send("POST", "/login", &headers, Some(form)).await;
            assert_eq!((done.status, done.location()), (303, "/"), "{}", done.text);
            assert_eq!(browser.send("GET", "/settings", &[("host", "example.portal.test")], None).await.status, 200);
            let elsewhere = browser.send("GET", "/settings", &[("host", "default.portal.test")], None).await;
            assert_eq!(elsewhere.status, 303, "the session is none of another workspace");
            for (workspace, is_listed) in [("example", true), ("default", false)] {
                let preflight =
                    [("access-control-request-method", "POST"), ("origin", "http://example.portal.test:8003")];
                let reply = scene.client_of(workspace).send("OPTIONS", "/register", &preflight, None).await;
                assert_eq!(!reply.header("access-control-allow-origin").is_empty(), is_listed, "{workspace}");
            }
        },
    )
    .await;
}

#[actix_web::test]
async fn dp_008_scripts_of_the_pages_origin_may_call_and_others_may_not() {
    with_portal(
        |_| {},
        async |scene| {
            let preflight = [("access-control-request-method", "POST"), ("origin", scene.gui.as_str())];
            let reply = scene.client().send("OPTIONS", "/register", &preflight, None).await;
            assert_eq!((reply.status, reply.header("access-control-allow-origin")), (204, scene.gui.as_str()));
            assert_eq!(reply.header("access-control-allow-credentials"), "true");
            let foreign = [("access-control-request-method", "POST"), ("origin", "https://evil.example")];
            let reply = scene.client().send("OPTIONS", "/register", &foreign, None).await;
            assert_eq!(reply.header("access-control-allow-origin"), "");
            let any = json!({"config": {"portal_cors_origins": ["*"]}});
            assert_eq!(scene.admin("PATCH", "/workspaces/default", any).await.0, 200);
            let reply = scene.client().send("OPTIONS", "/register", &foreign, None).await;
            assert_eq!(reply.header("access-control-allow-origin"), "*");
            assert_eq!(reply.header("access-control-allow-credentials"), "");
            for wrong in ["null", "javascript:alert(1)", "https://a.example/path"] {
                let config = json!({"config": {"portal_cors_origins": [wrong]}});
                let refused = scene.admin("PATCH", "/workspaces/default", config).await;
                let sentence = refused.1["fields"]["config.portal_cors_origins"].as_str().unwrap_or_default();
                assert!(refused.0 == 400 && sentence.starts_with("must list origins"), "{wrong}: {}", refused.1);
            }
        },
    )
    .await;
}

#[actix_web::test]
async fn a_path_in_portal_gui_host_is_where_the_pages_are() {
    with_portal(
        |settings| settings.portal.gui_url.push_str("/dev"),
        async |scene| {
            let browser = scene.browser();
            assert_eq!(browser.get("/default/").await.status, 404);
            let root = browser.get("/dev").await;
            assert_eq!((root.status, root.location().as_str()), (302, "/dev/default/"));
            scene.developer("ann@example.com").await;
            let fields = [("email", "ann@example.com"), ("password", super::PASSWORD)];
            let home = browser.submit_and_follow("/dev/default/login", "/dev/default/login", &fields).await;
            assert!(home.status == 200 && home.has("a[href='/dev/default/settings']"), "{}", home.text);
            let css = home.attributes("link[rel=stylesheet]", "href").remove(0);
            assert_eq!(browser.get(&css).await.status, 200, "{css}");
            scene.client().post("/forgot-password", json!({"email": "ann@example.com"})).await;
            let mail = scene.mails_to("ann@example.com").await.remove(0);
            assert!(mail.text.contains(&format!("{}/dev/default/reset-password?token=", scene.gui)), "{mail:?}");
        },
    )
    .await;
}

#[actix_web::test]
async fn the_portal_is_on_the_gui_s_origin_too_with_one_session_for_both_faces() {
    with_portal(
        |_| {},
        async |scene| {
            scene.developer("ann@example.com").await;
            let mut api = Client::at(&format!("{}/portal-api/default", scene.running.gui));
            let reply = api.log_in("ann@example.com", super::PASSWORD).await;
            assert_eq!(reply.status, 204);
            let lines: Vec<_> = reply.headers.get_all("set-cookie").iter().map(|it| it.to_str().unwrap()).collect();
            let is_for = |path: &str| lines.iter().any(|line| line.ends_with(&format!("Path={path}")));
            assert!(is_for("/portal/default") && is_for("/portal-api/default"), "{lines:?}");
            let mut pages = Client::at(&format!("{}/portal/default", scene.running.gui));
            pages.cookies.clone_from(&api.cookies);
            let page = pages.get("/settings").await;
            assert!(page.status == 200 && page.text.contains("ann@example.com"), "{}", page.text);
            let css = page.text.split("href=\"").find(|part| part.contains(".css")).unwrap();
            let css = css.split('"').next().unwrap();
            assert_eq!(Client::at(&scene.running.gui).get(css).await.status, 200, "{css}");
        },
    )
    .await;
}
