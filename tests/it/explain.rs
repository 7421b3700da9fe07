//! `kong-sso rbac explain`: the command on both databases, held against what a running node does.

use std::process::{Command, Output};

use actix_web::{App, HttpServer, web};
use kong_sso::config::settings::DatabaseSettings;
use kong_sso::domain::admin::{Admin, AdminStatus, RbacUser};
use kong_sso::domain::group::Group;
use kong_sso::domain::ids::{AdminId, GroupId, GroupName, RbacUserId, RoleId, RoleName, UserName, WorkspaceName};
use kong_sso::domain::rbac::{ActionSet, EndpointPattern, WorkspaceScope};
use kong_sso::domain::role::{Role, RoleEndpoint, RoleSource};
use kong_sso::domain::workspace::Workspace;
use kong_sso::store::{
    Connection, admins, group_roles, groups, rbac_users, role_endpoints, roles, user_groups, user_roles, workspaces,
};
use serde_json::{Value, json};

use crate::admin_api::{add_user, call, echo};
use crate::store::{Database, NOW, databases};
use crate::support::node::{self, bind};

/// Settings of a command on this database.
fn conf(database: &Database) -> String {
    let store = match &database.settings {
        DatabaseSettings::Sqlite(path) => format!("sso_database = sqlite:{}\n", path.display()),
        DatabaseSettings::Postgres(pg) => format!(
            "sso_database = postgres\npg_host = {}\npg_port = {}\npg_user = {}\npg_database = {}\npg_schema = {}\n",
            pg.host, pg.port, pg.user, pg.database, pg.schema
        ),
    };
    format!("enforce_rbac = on\n{store}")
}

/// Runs `rbac explain` with a settings file.
fn explain(conf: &str, args: &[&str]) -> Output {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("kong.conf"), conf).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_kong-sso"));
    command.env_clear().current_dir(folder.path()).args(["rbac", "explain", "-c", "kong.conf"]).args(args);
    command.output().unwrap()
}

/// The JSON answer and the exit code.
fn ask(conf: &str, user: &str, method: &str, path: &str) -> (Value, i32) {
    let output = explain(conf, &["--user", user, "--method", method, path, "--json"]);
    let text = String::from_utf8(output.stdout).unwrap();
    let answer =
        serde_json::from_str(&text).unwrap_or_else(|_| panic!("{text}{}", String::from_utf8_lossy(&output.stderr)));
    (answer, output.status.code().unwrap())
}

async fn role(tx: &mut Connection, workspace: &Workspace, name: &str, rules: &[(&str, &str, &str, bool)]) -> RoleId {
    let role = Role {
        id: RoleId::generate(),
        name: RoleName::parse(name).unwrap(),
        comment: None,
        is_default: false,
        ws_id: workspace.id,
        created_at: NOW,
        updated_at: NOW,
    };
    roles::create(tx, &role).await.unwrap();
    for (workspace, endpoint, actions, negative) in rules {
        let rule = RoleEndpoint {
            role_id: role.id,
            workspace: WorkspaceScope::parse(workspace).unwrap(),
            endpoint: EndpointPattern::parse(endpoint).unwrap(),
            actions: ActionSet::parse(actions.split(',')).unwrap(),
            negative: *negative,
            comment: None,
            created_at: NOW,
        };
        role_endpoints::create(tx, &rule).await.unwrap();
    }
    role.id
}

/// `ann` reads services by a role of her own, reads everything by the IdP, and may do everything but plugins by a group.
async fn people(database: &Database) -> RbacUserId {
    let mut tx = database.store.write().await.unwrap();
    let default = workspaces::ensure_default(&mut tx, NOW).await.unwrap();
    let payments = workspaces::new(WorkspaceName::parse("payments").unwrap(), NOW);
    workspaces::create(&mut tx, &payments).await.unwrap();
    let user = RbacUser {
        id: RbacUserId::generate(),
        name: UserName::parse("ann").unwrap(),
        user_token: Some(kong_sso::services::token::hash("ann").unwrap()),
        user_token_ident: Some(kong_sso::services::token::ident("ann")),
        enabled: true,
        comment: None,
        ws_id: default.id,
        admin_id: None,
        created_at: NOW,
        updated_at: NOW,
    };
    rbac_users::create(&mut tx, &user).await.unwrap();
    let rules = [("default", "/services/*", "read", false), ("default", "/services/secret", "read", true)];
    let services = role(&mut tx, &default, "services", &rules).await;
    let reader = role(&mut tx, &default, "reader", &[("*", "*", "read", false)]).await;
    let worker = [("payments", "*", "*", false), ("payments", "/plugins", "*", true)];
    let worker = role(&mut tx, &payments, "worker", &worker).await;
    user_roles::assign(&mut tx, user.id, services, RoleSource::Local).await.unwrap();
    user_roles::assign(&mut tx, user.id, reader, RoleSource::Idp).await.unwrap();
    let group = Group {
        id: GroupId::generate(),
        name: GroupName::parse("ops").unwrap(),
        comment: None,
        created_at: NOW,
        updated_at: NOW,
    };
    groups::create(&mut tx, &group).await.unwrap();
    group_roles::create(&mut tx, group.id, worker, payments.id).await.unwrap();
    user_groups::replace(&mut tx, user.id, &[group.id]).await.unwrap();
    tx.commit().await.unwrap();
    user.id
}

#[actix_web::test]
async fn km_055_the_command_names_level_rule_role_and_its_source() {
    for database in databases().await {
        people(&database).await;
        let conf = conf(&database);
        let (answer, code) = ask(&conf, "ann", "GET", "/services/foo?x=1");
        assert_eq!((code, &answer["allowed"], &answer["level"]), (0, &json!(true), &json!(1)));
        assert_eq!(
            answer["rule"],
            json!({"workspace": "default", "endpoint": "/services/*", "allow": ["read"], "deny": [],
                "roles": [{"role": "services", "workspace": "default", "source": "local", "group": null}]})
        );
        let [other] = &answer["others"].as_array().unwrap()[..] else { panic!("{answer}") };
        assert_eq!((&other["level"], &other["why_not"]), (&json!(4), &json!("level 1 decided")));
        assert_eq!(other["roles"][0]["source"], "idp");
        let matching: Vec<_> = answer["levels"].as_array().unwrap().iter().map(|it| &it["matching_rules"]).collect();
        assert_eq!(matching, [1, 0, 0, 1]);

        let (answer, code) = ask(&conf, "ann", "delete", "/payments/services/foo");
        let from = &answer["rule"]["roles"][0];
        assert_eq!((code, &answer["level"], &answer["workspace"]), (0, &json!(3), &json!("payments")));
        assert_eq!(
            (&from["source"], &from["group"], &from["workspace"]),
            (&json!("group"), &json!("ops"), &json!("payments"))
        );

        let output = explain(&conf, &["--user", "ann", "/services/secret"]);
        assert_eq!(output.status.code(), Some(1));
        assert_eq!(
            String::from_utf8(output.stdout).unwrap(),
            "denied: ann wants to read /services/secret in workspace default\n\
             \x20 why     A deny rule covers read at level 1 of 4.\n\
             \x20 level   1 of 4: this workspace, a path\n\
             \x20 rule    /services/secret in default, deny read\n\
             \x20 from    role default:services (local)\n\
             \x20 other rules that match:\n\
             \x20   level 1: /services/* in default, allow read, role default:services (local); a more specific pattern decided\n\
             \x20   level 4: * in *, allow read, role default:reader (idp); level 1 decided\n"
        );
    }
}

#[actix_web::test]
async fn the_command_answers_what_a_request_would_get() {
    for database in databases().await {
        people(&database).await;
        add_user(&database.store, "gone", false, &[("*", "*", "*")]).await;
        add_user(&database.store, "narrow", true, &[("default", "/services", "create")]).await;
        let (listener, url) = bind();
        let upstream = HttpServer::new(|| App::new().default_service(web::to(echo))).workers(1).disable_signals();
        let upstream = upstream.listen(listener).unwrap().run();
        let handle = upstream.handle();
        actix_web::rt::spawn(upstream);
        let mut settings = node::settings(&url);
        settings.database = database.settings.clone();
        let running = node::start(settings).await;
        let conf = conf(&database);
        let cases = [
            ("ann", "GET", "/services/foo"),
            ("ann", "GET", "/services/secret"),
            ("ann", "GET", "//services/%73ecret/"),
            ("ann", "POST", "/services"),
            ("ann", "GET", "/routes"),
            ("ann", "PUT", "/payments/services/foo"),
            ("ann", "GET", "/payments/plugins"),
            ("ann", "GET", "/payments"),
            ("narrow", "POST", "/services"),
            ("narrow", "GET", "/services"),
            ("narrow", "GET", "/userinfo"),
            ("narrow", "PATCH", "/admins/self/token"),
            ("narrow", "GET", "/admins"),
            ("narrow", "HEAD", "/"),
            ("narrow", "DELETE", "/"),
            ("gone", "GET", "/services"),
            ("gone", "GET", "/userinfo"),
        ];
        for (user, method, path) in cases {
            let reply = call(method, format!("{}{path}", running.admin), &[("kong-admin-token", user)], "").await;
            let (answer, code) = ask(&conf, user, method, path);
            let is_let_through = !matches!(reply.status, 401 | 403);
            assert_eq!(answer["allowed"], is_let_through, "{user} {method} {path}: {} {answer}", reply.status);
            assert_eq!(answer["allowed_by_token"], is_let_through, "{user} {method} {path}: {answer}");
            assert_eq!(code, i32::from(!is_let_through));
        }
        running.stop().await;
        handle.stop(false).await;
    }
}

#[actix_web::test]
async fn notes_tell_what_an_answer_alone_would_hide() {
    for database in databases().await {
        people(&database).await;
        add_user(&database.store, "gone", false, &[("*", "*", "*")]).await;
        let conf = conf(&database);
        let (answer, _) = ask(&conf, "ann", "GET", "/nowhere/services");
        assert_eq!((&answer["unknown_workspace"], &answer["workspace"]), (&json!("nowhere"), &json!("default")));
        let (answer, code) = ask(&conf, "gone", "GET", "/services");
        assert_eq!((code, &answer["user"]["state"]), (1, &json!("disabled")));
        assert_eq!(answer["reason"], "gone is disabled: every call is answered with 401.");
        let (answer, code) = ask(&conf.replace("enforce_rbac = on", "enforce_rbac = off"), "ann", "DELETE", "/routes");
        assert_eq!((code, &answer["ground"], &answer["rule"]), (0, &json!("unrestricted"), &Value::Null));
        let (answer, code) = ask(&conf, "gone", "POST", "/auth");
        assert_eq!((code, &answer["ground"]), (0, &json!("sign_in")));
    }
}

#[actix_web::test]
async fn roles_of_the_idp_that_are_too_old_for_a_token_are_noted() {
    for database in databases().await {
        let id = people(&database).await;
        let mut tx = database.store.write().await.unwrap();
        let default = workspaces::ensure_default(&mut tx, NOW).await.unwrap();
        let reader = roles::find(&mut tx, default.id, "reader").await.unwrap().unwrap();
        let admin = Admin {
            id: AdminId::generate(),
            username: UserName::parse("adam").unwrap(),
            custom_id: None,
            email: Some("adam@example.com".to_owned()),
            status: AdminStatus::Approved,
            rbac_token_enabled: true,
            rbac_user_id: RbacUserId::generate(),
            ws_id: default.id,
            binding: None,
            last_login_at: None,
            created_at: NOW,
            updated_at: NOW,
        };
        admins::create(&mut tx, &admin).await.unwrap();
        admins::record_login(&mut tx, admin.id, NOW).await.unwrap();
        user_roles::assign(&mut tx, admin.rbac_user_id, reader.id, RoleSource::Idp).await.unwrap();
        tx.commit().await.unwrap();
        let conf = format!("{}sso_idp_role_max_age = 60\n", conf(&database));
        for name in ["adam", "adam@example.com", &admin.id.to_string(), &admin.rbac_user_id.to_string()] {
            let (answer, code) = ask(&conf, name, "GET", "/routes");
            assert_eq!(
                (code, &answer["allowed"], &answer["allowed_by_token"]),
                (0, &json!(true), &json!(false)),
                "{name}"
            );
        }
        let text = String::from_utf8(explain(&conf, &["--user", "adam", "/routes"]).stdout).unwrap();
        assert!(
            text.contains("  note    with the RBAC token it is denied: roles from the identity provider"),
            "{text}"
        );
        let (answer, _) = ask(&conf, &id.to_string(), "GET", "/routes");
        assert_eq!(answer["allowed_by_token"], true, "a service account has no last sign-in");
    }
}

#[actix_web::test]
async fn what_cannot_be_answered_exits_with_2() {
    for database in databases().await {
        people(&database).await;
        let conf = conf(&database);
        for (args, message) in [
            (&["--user", "nobody", "/services"][..], "there is no user 'nobody'"),
            (&["--user", "ann", "--method", "BREW", "/services"], "'BREW' is no method of the Admin API"),
            (&["--user", "ann", "services"], "the path must start with a slash"),
            (&["--user", "ann", "/a/../b"], "the path must not contain dot segments"),
            (&["--user", "ann"], "required"),
            (&["/services"], "required"),
        ] {
            let output = explain(&conf, args);
            let stderr = String::from_utf8(output.stderr).unwrap();
            assert_eq!((output.status.code(), output.stdout.len()), (Some(2), 0), "{args:?}");
            assert!(stderr.contains(message), "{args:?}: {stderr}");
        }
    }
    let missing =
        explain("enforce_rbac = on\nsso_database = sqlite:/nonexistent/kong-sso.db\n", &["--user", "ann", "/"]);
    assert_eq!(missing.status.code(), Some(2));
    assert!(String::from_utf8(missing.stderr).unwrap().contains("there is no database yet"));
}
