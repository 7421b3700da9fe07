//! The protected Admin API through its door: a real listener, a real store, an upstream that tells what reached it.

use std::sync::LazyLock;
use std::time::Duration;

use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use serde_json::{Value, json};

use kong_sso::config::Settings;
use kong_sso::config::settings::UpstreamRule;
use kong_sso::domain::admin::{Admin, AdminStatus, RbacUser};
use kong_sso::domain::ids::{AdminId, RbacUserId, RoleId, RoleName, UserName, WorkspaceName};
use kong_sso::domain::rbac::{ActionSet, EndpointPattern, WorkspaceScope};
use kong_sso::domain::role::{Role, RoleEndpoint, RoleSource};
use kong_sso::services::{bootstrap, token};
use kong_sso::store::epochs::{self, Epoch};
use kong_sso::store::{Store, admins, rbac_users, role_endpoints, roles, user_roles, workspaces};

use crate::store::{Database, NOW, databases};
use crate::support::node::{self, bind};

/// Answers every request with what it received.
pub(crate) async fn echo(request: HttpRequest, body: web::Bytes) -> HttpResponse {
    let headers: serde_json::Map<String, Value> = request
        .headers()
        .iter()
        .map(|(name, value)| (name.to_string(), json!(String::from_utf8_lossy(value.as_bytes()))))
        .collect();
    HttpResponse::Ok().insert_header(("access-control-allow-origin", "*")).json(json!({
        "method": request.method().as_str(), "target": request.uri().to_string(), "headers": headers,
        "body": String::from_utf8_lossy(&body),
    }))
}

/// A user whose token equals its name, with one role of the given (workspace, endpoint, actions) rules.
pub(crate) async fn add_user(store: &Store, name: &str, enabled: bool, rules: &[(&str, &str, &str)]) -> RbacUserId {
    let mut tx = store.write().await.unwrap();
    let workspace = workspaces::list(&mut tx).await.unwrap().into_iter().find(|w| w.name.is_default()).unwrap();
    let user = RbacUser {
        id: RbacUserId::generate(),
        name: UserName::parse(name).unwrap(),
        user_token: Some(token::hash(name).unwrap()),
        user_token_ident: Some(token::ident(name)),
        enabled,
        comment: None,
        ws_id: workspace.id,
        admin_id: None,
        created_at: NOW,
        updated_at: NOW,
    };
    rbac_users::create(&mut tx, &user).await.unwrap();
    let role = Role {
        id: RoleId::generate(),
        name: RoleName::parse(&format!("role-of-{name}")).unwrap(),
        comment: None,
        is_default: false,
        ws_id: workspace.id,
        created_at: NOW,
        updated_at: NOW,
    };
    roles::create(&mut tx, &role).await.unwrap();
    user_roles::assign(&mut tx, user.id, role.id, RoleSource::Local).await.unwrap();
    for (workspace, endpoint, actions) in rules {
        let rule = RoleEndpoint {
            role_id: role.id,
            workspace: WorkspaceScope::parse(workspace).unwrap(),
            endpoint: EndpointPattern::parse(endpoint).unwrap(),
            actions: ActionSet::parse(actions.split(',')).unwrap(),
            negative: false,
            comment: None,
            created_at: NOW,
        };
        role_endpoints::create(&mut tx, &rule).await.unwrap();
    }
    epochs::bump(&mut tx, Epoch::Rbac).await.unwrap();
    tx.commit().await.unwrap();
    user.id
}

pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: reqwest::header::HeaderMap,
    pub(crate) body: Value,
}

/// Making a client is slow (it reads every root certificate), so all tests share one. It keeps no connection, because
/// that would belong to the runtime of one test.
static CLIENT: LazyLock<reqwest::Client> =
    LazyLock::new(|| reqwest::Client::builder().pool_max_idle_per_host(0).build().unwrap());

pub(crate) async fn call(method: &str, url: String, headers: &[(&str, &str)], body: &'static str) -> Reply {
    let mut request = CLIENT.request(method.parse().unwrap(), url).body(body);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let response = request.send().await.unwrap();
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    Reply { status, headers, body: serde_json::from_slice(&response.bytes().await.unwrap()).unwrap_or_default() }
}

/// Runs `test` against a server of its own on each database.
async fn with_server<F: AsyncFn(&str, &Store)>(test: F) {
    for database in databases().await {
        let (echo_listener, echo_url) = bind();
        let upstream = HttpServer::new(|| App::new().default_service(web::to(echo)))
            .workers(1)
            .disable_signals()
            .listen(echo_listener)
            .unwrap()
            .run();
        let handle = upstream.handle();
        actix_web::rt::spawn(upstream);
        let mut tx = database.store.write().await.unwrap();
        for name in ["default", "payments"] {
            let workspace = workspaces::new(WorkspaceName::parse(name).unwrap(), NOW);
            workspaces::create(&mut tx, &workspace).await.unwrap();
            roles::install_built_ins(&mut tx, &workspace, NOW).await.unwrap();
        }
        tx.commit().await.unwrap();
        add_admin(&database.store, "first", AdminStatus::Approved, true).await;
        let running = node::start(settings(&echo_url, &database)).await;
        test(&running.admin, &database.store).await;
        running.stop().await;
        handle.stop(false).await;
    }
}

/// Settings in front of an upstream that gets the operator's header.
fn settings(upstream: &str, database: &Database) -> Settings {
    let mut settings = node::settings(upstream);
    settings.upstream.admin_headers = vec![("apikey".to_owned(), "loopback-key".to_owned().into())];
    settings.upstream.max_body = 1024;
    settings.upstream.workspace_upstreams = vec![UpstreamRule::Network("127.0.0.0/8".parse().unwrap())];
    settings.database = database.settings.clone();
    settings
}

#[actix_web::test]
async fn km_053_km_054_bad_credentials_are_401_and_never_500() {
    with_server(async |url, store| {
        add_user(store, "gone", false, &[("*", "*", "*")]).await;
        for headers in
            [&[][..], &[("kong-admin-token", "")], &[("kong-admin-token", "wrong")], &[("kong-admin-token", "gone")]]
        {
            let reply = call("GET", format!("{url}/rbac/users"), headers, "").await;
            assert_eq!((reply.status, reply.body), (401, json!({"message": "Invalid RBAC credentials"})));
            assert_eq!(reply.headers["x-kong-admin-request-id"].len(), 32);
        }
    })
    .await;
}

#[actix_web::test]
async fn km_055_km_056_a_role_is_enforced_on_each_call() {
    with_server(async |url, store| {
        add_user(store, "alex", true, &[("default", "/services/", "*"), ("default", "/routes/*", "read")]).await;
        let token = &[("kong-admin-token", "alex"), ("content-type", "application/json")];
        let denied = call("GET", format!("{url}/routes"), token, "").await;
        assert_eq!(
            (denied.status, denied.body),
            (403, json!({"message": "alex, you do not have permissions to read this resource"}))
        );
        let created = call("POST", format!("{url}/services?x=%41"), token, "{\"name\":\"a\"}").await;
        assert_eq!(
            (created.status, &created.body["body"], &created.body["target"]),
            (200, &json!("{\"name\":\"a\"}"), &json!("/services?x=%41"))
        );
        assert_eq!(call("GET", format!("{url}/services/foo"), token, "").await.status, 403);
        assert_eq!(call("GET", format!("{url}/routes/foo"), token, "").await.status, 200);
        assert_eq!(call("GET", format!("{url}/payments/services"), token, "").await.status, 403);
    })
    .await;
}

#[actix_web::test]
async fn km_065_a_workspace_prefix_is_judged_and_removed() {
    with_server(async |url, store| {
        add_user(store, "pat", true, &[("payments", "*", "*")]).await;
        let token = &[("kong-admin-token", "pat")];
        let inside = call("GET", format!("{url}/payments/services"), token, "").await;
        assert_eq!((inside.status, &inside.body["target"]), (200, &json!("/services")));
        assert_eq!(call("GET", format!("{url}/services"), token, "").await.status, 403);
    })
    .await;
}

#[actix_web::test]
async fn km_075_what_was_judged_is_what_is_forwarded() {
    with_server(async |url, store| {
        add_user(store, "root", true, &[("*", "*", "*")]).await;
        let token = &[("kong-admin-token", "root")];
        let odd = call("GET", format!("{url}//services///%6frders/"), token, "").await;
        assert_eq!((odd.status, &odd.body["target"]), (200, &json!("/services/orders")));
        for refused in ["/services%2Forders", "/services/a%5Cb", "/services/a%00"] {
            assert_eq!(call("GET", format!("{url}{refused}"), token, "").await.status, 400, "{refused}");
        }
        let own = call("GET", format!("{url}/rbac/users"), token, "").await;
        assert_eq!((own.status, &own.body["target"]), (200, &Value::Null), "Kong must not see own doors");
    })
    .await;
}

#[actix_web::test]
async fn km_077_no_credential_reaches_kong_and_no_cors_answer_comes_back() {
    with_server(async |url, store| {
        add_user(store, "root", true, &[("*", "*", "*")]).await;
        let headers = &[
            ("kong-admin-token", "root"),
            ("cookie", "a=b"),
            ("authorization", "Bearer x"),
            ("x-forwarded-for", "6.6.6.6"),
            ("accept", "*/*"),
        ];
        let reply = call("GET", format!("{url}/services"), headers, "").await;
        let seen = reply.body["headers"].as_object().unwrap();
        for secret in ["kong-admin-token", "cookie", "authorization"] {
            assert!(!seen.contains_key(secret), "{secret}");
        }
        assert_eq!((&seen["x-forwarded-for"], &seen["accept"]), (&json!("127.0.0.1"), &json!("*/*")));
        assert!(!reply.headers.contains_key("access-control-allow-origin"));
    })
    .await;
}

#[actix_web::test]
async fn a_withdrawn_right_ends_on_a_running_server() {
    with_server(async |url, store| {
        let id = add_user(store, "temp", true, &[("*", "*", "*")]).await;
        let token = &[("kong-admin-token", "temp")];
        assert_eq!(call("GET", format!("{url}/services"), token, "").await.status, 200);
        let mut tx = store.write().await.unwrap();
        rbac_users::delete(&mut tx, id).await.unwrap();
        epochs::bump(&mut tx, Epoch::Rbac).await.unwrap();
        tx.commit().await.unwrap();
        for _ in 0..100 {
            if call("GET", format!("{url}/services"), token, "").await.status == 401 {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("the deleted user is still let through");
    })
    .await;
}

#[actix_web::test]
async fn a_large_body_is_413_and_a_dead_kong_502() {
    with_server(async |url, store| {
        add_user(store, "root", true, &[("*", "*", "*")]).await;
        let large: &'static str = Box::leak("x".repeat(2000).into_boxed_str());
        assert_eq!(call("POST", format!("{url}/services"), &[("kong-admin-token", "root")], large).await.status, 413);
    })
    .await;
    for database in databases().await {
        bootstrap::first_super_admin(&database.store, &"root".to_owned().into(), NOW).await.unwrap();
        // A port that no server of a test ever gets.
        let running = node::start(settings("http://127.0.0.1:1", &database)).await;
        let reply = call("GET", format!("{}/services", running.admin), &[("kong-admin-token", "root")], "").await;
        assert_eq!((reply.status, reply.headers["retry-after"].to_str().unwrap()), (502, "5"));
        running.stop().await;
    }
}

#[actix_web::test]
async fn a_chunked_body_above_the_limit_is_413_too() {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    with_server(async |url, store| {
        add_user(store, "root", true, &[("*", "*", "*")]).await;
        let mut stream = tokio::net::TcpStream::connect(url.strip_prefix("http://").unwrap()).await.unwrap();
        let head = "POST /services HTTP/1.1\r\nhost: x\r\nkong-admin-token: root\r\ntransfer-encoding: chunked\r\n\r\n";
        let body = format!("7d0\r\n{}\r\n0\r\n\r\n", "x".repeat(2000));
        stream.write_all(format!("{head}{body}").as_bytes()).await.unwrap();
        let mut answer = vec![0; 1024];
        let read = tokio::time::timeout(Duration::from_secs(10), stream.read(&mut answer)).await.unwrap().unwrap();
        let answer = String::from_utf8_lossy(&answer[..read]).into_owned();
        assert!(answer.starts_with("HTTP/1.1 413"), "{answer}");
    })
    .await;
}

#[actix_web::test]
async fn the_operators_headers_go_to_the_own_upstream_only() {
    with_server(async |url, store| {
        add_user(store, "root", true, &[("*", "*", "*")]).await;
        let token = &[("kong-admin-token", "root"), ("apikey", "of-the-client")];
        let own = call("GET", format!("{url}/services"), token, "").await;
        assert_eq!(own.body["headers"]["apikey"], json!("loopback-key"));

        let (listener, elsewhere) = bind();
        let other = HttpServer::new(|| App::new().default_service(web::to(echo))).workers(1).disable_signals();
        let other = other.listen(listener).unwrap().run();
        let handle = other.handle();
        actix_web::rt::spawn(other);
        let mut tx = store.write().await.unwrap();
        let mut payments =
            workspaces::list(&mut tx).await.unwrap().into_iter().find(|w| w.name.as_str() == "payments").unwrap();
        payments.upstream_admin_url = Some(elsewhere);
        workspaces::update(&mut tx, &payments).await.unwrap();
        epochs::bump(&mut tx, Epoch::Rbac).await.unwrap();
        tx.commit().await.unwrap();
        for _ in 0..100 {
            let reply = call("GET", format!("{url}/payments/services"), token, "").await;
            if reply.body["headers"]["apikey"] != json!("loopback-key") {
                assert_eq!(reply.status, 200);
                handle.stop(false).await;
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("the workspace's own upstream is not used, or the key goes there");
    })
    .await;
}

/// An admin whose token equals its name, with every right.
async fn add_admin(store: &Store, name: &str, status: AdminStatus, token_enabled: bool) {
    let mut tx = store.write().await.unwrap();
    let workspace = workspaces::list(&mut tx).await.unwrap().into_iter().find(|w| w.name.is_default()).unwrap();
    let admin = Admin {
        id: AdminId::generate(),
        username: UserName::parse(name).unwrap(),
        custom_id: None,
        email: None,
        status,
        rbac_token_enabled: token_enabled,
        rbac_user_id: RbacUserId::generate(),
        ws_id: workspace.id,
        binding: None,
        last_login_at: None,
        created_at: NOW,
        updated_at: NOW,
    };
    admins::create(&mut tx, &admin).await.unwrap();
    let mut pair = rbac_users::find_by_id(&mut tx, admin.rbac_user_id).await.unwrap().unwrap();
    pair.user_token = Some(token::hash(name).unwrap());
    pair.user_token_ident = Some(token::ident(name));
    rbac_users::update(&mut tx, &pair).await.unwrap();
    let role = roles::find(&mut tx, workspace.id, "super-admin").await.unwrap().unwrap();
    user_roles::assign(&mut tx, pair.id, role.id, RoleSource::Local).await.unwrap();
    epochs::bump(&mut tx, Epoch::Rbac).await.unwrap();
    tx.commit().await.unwrap();
}

#[actix_web::test]
async fn km_054_the_token_of_an_admin_works_only_while_approved_and_enabled() {
    with_server(async |url, store| {
        for (name, status, token_enabled, expected) in [
            ("ann", AdminStatus::Approved, true, 200),
            ("ben", AdminStatus::Approved, false, 401),
            ("cid", AdminStatus::Revoked, true, 401),
            ("dan", AdminStatus::Invited, true, 401),
        ] {
            add_admin(store, name, status, token_enabled).await;
            let reply = call("GET", format!("{url}/services"), &[("kong-admin-token", name)], "").await;
            assert_eq!(reply.status, expected, "{name}");
        }
    })
    .await;
}

/// A token with the same index as `token`, so that it costs a slow comparison.
fn look_alike(token: &str) -> String {
    (0_u32..).map(|at| format!("guess-{at}")).find(|guess| token::ident(guess) == token::ident(token)).unwrap()
}

#[actix_web::test]
async fn whoever_guesses_tokens_is_turned_away_and_good_tokens_are_not() {
    with_server(async |url, store| {
        add_user(store, "root", true, &[("*", "*", "*")]).await;
        let good = &[("kong-admin-token", "root")];
        assert_eq!(call("GET", format!("{url}/services"), good, "").await.status, 200);
        let guess = look_alike("root");
        let bad = &[("kong-admin-token", guess.as_str())];
        for _ in 0..30 {
            assert_eq!(call("GET", format!("{url}/services"), bad, "").await.status, 401);
        }
        let reply = call("GET", format!("{url}/services"), bad, "").await;
        assert_eq!((reply.status, reply.headers["retry-after"].to_str().unwrap()), (429, "60"));
        assert_eq!(call("GET", format!("{url}/services"), good, "").await.status, 200, "a known token still works");
    })
    .await;
}

#[actix_web::test]
async fn a_changed_token_is_refused_at_once_and_other_changes_need_no_new_comparison() {
    with_server(async |url, store| {
        let id = add_user(store, "root", true, &[("*", "*", "*")]).await;
        let old = &[("kong-admin-token", "root")];
        assert_eq!(call("GET", format!("{url}/services"), old, "").await.status, 200);
        let mut tx = store.write().await.unwrap();
        let mut user = rbac_users::find_by_id(&mut tx, id).await.unwrap().unwrap();
        user.user_token = Some(token::hash("fresh").unwrap());
        user.user_token_ident = Some(token::ident("fresh"));
        rbac_users::update(&mut tx, &user).await.unwrap();
        epochs::bump(&mut tx, Epoch::Rbac).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(call("GET", format!("{url}/services"), &[("kong-admin-token", "fresh")], "").await.status, 200);
        for _ in 0..100 {
            if call("GET", format!("{url}/services"), old, "").await.status == 401 {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("the old token still works");
    })
    .await;
}

#[actix_web::test]
async fn an_imported_hash_is_replaced_at_its_first_use() {
    with_server(async |url, store| {
        let id = add_user(store, "root", true, &[("*", "*", "*")]).await;
        let mut tx = store.write().await.unwrap();
        let mut user = rbac_users::find_by_id(&mut tx, id).await.unwrap().unwrap();
        user.user_token = Some(bcrypt::hash("root", 4).unwrap());
        rbac_users::update(&mut tx, &user).await.unwrap();
        epochs::bump(&mut tx, Epoch::Rbac).await.unwrap();
        tx.commit().await.unwrap();
        for _ in 0..3 {
            assert_eq!(call("GET", format!("{url}/services"), &[("kong-admin-token", "root")], "").await.status, 200);
        }
        let user = rbac_users::find_by_id(&mut store.read().await.unwrap(), id).await.unwrap().unwrap();
        assert!(user.user_token.unwrap().starts_with("$argon2id$"));
    })
    .await;
}

#[actix_web::test]
async fn without_any_login_programs_may_write_and_other_sites_may_not() {
    for database in databases().await {
        let (listener, upstream_url) = bind();
        let upstream = HttpServer::new(|| App::new().default_service(web::to(echo))).workers(1).disable_signals();
        let upstream = upstream.listen(listener).unwrap().run();
        let handle = upstream.handle();
        actix_web::rt::spawn(upstream);
        let mut settings = settings(&upstream_url, &database);
        settings.rbac.enforce = kong_sso::config::settings::EnforceRbac::Off;
        let running = node::start(settings).await;
        let url = format!("{}/services", running.admin);
        assert_eq!(call("POST", url.clone(), &[], "{}").await.status, 200);
        for headers in [&[("origin", "https://evil.example")][..], &[("sec-fetch-site", "cross-site")]] {
            assert_eq!(call("POST", url.clone(), headers, "{}").await.status, 403, "{headers:?}");
        }
        running.stop().await;
        handle.stop(false).await;
    }
}

/// Opens a request whose body never comes to its end, and returns the connection.
async fn stalled(url: &str, head: &str) -> tokio::net::TcpStream {
    use tokio::io::AsyncWriteExt as _;
    let mut stream = tokio::net::TcpStream::connect(url.strip_prefix("http://").unwrap()).await.unwrap();
    stream.write_all(head.as_bytes()).await.unwrap();
    tokio::time::sleep(Duration::from_millis(300)).await;
    stream
}

#[actix_web::test]
async fn rights_withdrawn_while_a_body_comes_in_do_not_count() {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    with_server(async |url, store| {
        let fired = add_user(store, "fired", true, &[("*", "*", "*")]).await;
        add_user(store, "plain", true, &[]).await;
        let head = "POST /rbac/users/plain/roles HTTP/1.1\r\nhost: x\r\nkong-admin-token: fired\r\n\
                    content-type: application/json\r\ncontent-length: 21\r\n\r\n{\"rol";
        let mut stream = stalled(url, head).await;
        let mut tx = store.write().await.unwrap();
        rbac_users::delete(&mut tx, fired).await.unwrap();
        epochs::bump(&mut tx, Epoch::Rbac).await.unwrap();
        tx.commit().await.unwrap();
        for _ in 0..100 {
            if call("GET", format!("{url}/services"), &[("kong-admin-token", "fired")], "").await.status == 401 {
                break;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        stream.write_all(b"es\":\"read-only\"}").await.unwrap();
        let mut answer = vec![0; 1024];
        let read = tokio::time::timeout(Duration::from_secs(10), stream.read(&mut answer)).await.unwrap().unwrap();
        let answer = String::from_utf8_lossy(&answer[..read]).into_owned();
        assert!(answer.starts_with("HTTP/1.1 401"), "{answer}");
    })
    .await;
}

#[actix_web::test]
async fn a_request_whose_client_goes_away_is_recorded_all_the_same() {
    use tokio::io::AsyncWriteExt as _;
    for database in databases().await {
        let (listener, upstream_url) = bind();
        let slow = async |request: HttpRequest, body: web::Bytes| {
            tokio::time::sleep(Duration::from_millis(400)).await;
            echo(request, body).await
        };
        let upstream = HttpServer::new(move || App::new().default_service(web::to(slow))).workers(1).disable_signals();
        let upstream = upstream.listen(listener).unwrap().run();
        let handle = upstream.handle();
        actix_web::rt::spawn(upstream);
        bootstrap::first_super_admin(&database.store, &"root".to_owned().into(), NOW).await.unwrap();
        let mut settings = settings(&upstream_url, &database);
        settings.audit.enabled = true;
        settings.audit.record_ttl = 3600;
        let running = node::start(settings).await;
        let address = running.admin.strip_prefix("http://").unwrap();
        let token = &[("kong-admin-token", "root")];
        assert_eq!(call("GET", format!("{}/services", running.admin), token, "").await.status, 200);
        // A change is made to its end; what is only read ends with its connection.
        for (method, path, status) in [("DELETE", "/services/x", 200), ("GET", "/services/x", 499)] {
            let head = format!("{method} {path} HTTP/1.1\r\nhost: x\r\nkong-admin-token: root\r\n\r\n");
            let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
            stream.write_all(head.as_bytes()).await.unwrap();
            tokio::time::sleep(Duration::from_millis(200)).await;
            // Closing with a linger of zero resets the connection.
            socket2::SockRef::from(&stream).set_linger(Some(Duration::ZERO)).unwrap();
            drop(stream);
            let mut records = json!([]);
            for _ in 0..100 {
                tokio::time::sleep(Duration::from_millis(100)).await;
                let url = format!("{}/audit/requests?method={method}&path={path}", running.admin);
                records = call("GET", url, token, "").await.body["data"].clone();
                if records != json!([]) {
                    break;
                }
            }
            let told = (records.as_array().unwrap().len(), &records[0]["status"], &records[0]["verdict"]);
            assert_eq!(told, (1, &json!(status), &json!("allowed")), "{method}: {records}");
        }
        running.stop().await;
        handle.stop(false).await;
    }
}

#[actix_web::test]
async fn an_id_spelled_in_another_way_reaches_no_other_workspace() {
    with_server(async |url, store| {
        add_user(store, "pat", true, &[("payments", "*", "*")]).await;
        let all = workspaces::list(&mut store.read().await.unwrap()).await.unwrap();
        let default = all.iter().find(|workspace| workspace.name.is_default()).unwrap();
        let token = &[("kong-admin-token", "pat"), ("content-type", "application/json")];
        for key in [
            format!("%7B{}%7D", default.id),
            format!("urn%3Auuid%3A{}", default.id),
            default.id.to_string().replace('-', ""),
            default.id.to_string().to_uppercase(),
            default.id.to_string(),
            "default".to_owned(),
        ] {
            let reply = call("PATCH", format!("{url}/payments/workspaces/{key}"), token, "{\"comment\":\"x\"}").await;
            assert!(matches!(reply.status, 403 | 404), "{key}: {}", reply.status);
        }
        let now = workspaces::find_by_id(&mut store.read().await.unwrap(), default.id).await.unwrap().unwrap();
        assert_eq!(now.comment, None);
    })
    .await;
}

#[actix_web::test]
async fn nobody_plants_a_token_on_somebody_who_has_yet_to_get_rights() {
    with_server(async |url, store| {
        let rbac = ["/rbac/*", "/rbac/*/*", "/rbac/*/*/*", "/admins", "/admins/*"].map(|path| ("default", path, "*"));
        add_user(store, "desk", true, &rbac).await;
        let desk = &[("kong-admin-token", "desk"), ("content-type", "application/json")];
        let invited = call("POST", format!("{url}/admins"), desk, "{\"username\":\"dave@example.com\"}").await;
        assert_eq!(invited.status, 200, "{}", invited.body);
        let user = format!("{url}/rbac/users/dave@example.com");
        for (method, path, body) in [
            ("PATCH", format!("{user}/token"), "{\"token\":\"mine\"}"),
            ("PATCH", format!("{user}/token"), "{}"),
            ("PATCH", user.clone(), "{\"user_token\":\"mine\"}"),
            ("PUT", user.clone(), "{\"user_token\":\"mine\"}"),
        ] {
            assert_eq!(call(method, path.clone(), desk, body).await.status, 403, "{method} {path}");
        }
        let first = &[("kong-admin-token", "first"), ("content-type", "application/json")];
        assert_eq!(call("PATCH", format!("{user}/token"), first, "{}").await.status, 200, "a super-admin may");
    })
    .await;
}

#[actix_web::test]
async fn many_guesses_at_once_find_the_same_limit() {
    with_server(async |url, store| {
        add_user(store, "root", true, &[("*", "*", "*")]).await;
        let guess = look_alike("root");
        let calls = (0..60).map(|_| async {
            call("GET", format!("{url}/services"), &[("kong-admin-token", guess.as_str())], "").await.status
        });
        let statuses = futures_util::future::join_all(calls).await;
        assert_eq!(statuses.iter().filter(|status| **status == 401).count(), 30);
        assert_eq!(statuses.iter().filter(|status| **status == 429).count(), 30);
    })
    .await;
}

#[actix_web::test]
async fn a_workspace_without_rights_looks_like_none() {
    with_server(async |url, store| {
        add_user(store, "pat", true, &[("default", "/services", "read")]).await;
        let token = &[("kong-admin-token", "pat")];
        for door in ["userinfo", "endpoints", "services", ""] {
            let real = call("GET", format!("{url}/payments/{door}"), token, "").await;
            assert_eq!(real.status, 403, "{door}");
        }
        assert_eq!(call("GET", format!("{url}/userinfo"), token, "").await.status, 200);
    })
    .await;
}
