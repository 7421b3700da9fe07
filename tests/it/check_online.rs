//! `check --online` against a provider and a Kong that answer, and against others.

use std::process::{Command, Output};

use actix_web::{App, HttpResponse, HttpServer, web};
use serde_json::{Value, json};

use crate::support::node::bind;
use crate::support::op::{Door, Fault, Op};

/// Settings of a sign-in at `issuer`, in front of `kong`.
fn conf(issuer: &str, kong: &str) -> String {
    let conf = json!({
        "issuer": issuer, "client_id": ["kong-manager"], "client_secret": ["s"],
        "redirect_uri": ["https://kong.example.com/_api/auth"], "login_redirect_uri": ["https://kong.example.com/"],
        "logout_redirect_uri": ["https://kong.example.com/"], "session_secret": "a session secret of 32 characters",
    });
    format!(
        "enforce_rbac = on\nadmin_gui_auth = openid-connect\nadmin_gui_url = https://kong.example.com\n\
         sso_upstream_admin_url = {kong}\nadmin_gui_auth_conf = {conf}\n"
    )
}

async fn check(conf: String, flags: &'static [&'static str]) -> Output {
    let run = move || {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("kong.conf"), conf).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_kong-sso"));
        command.env_clear().current_dir(folder.path()).args(["check", "kong.conf"]).args(flags).output().unwrap()
    };
    actix_web::rt::task::spawn_blocking(run).await.unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// A Kong whose status is `status`.
fn kong(status: u16) -> String {
    let (listener, url) = bind();
    let answer = move || async move {
        HttpResponse::build(actix_web::http::StatusCode::from_u16(status).unwrap()).json(json!({"database": {}}))
    };
    let server = HttpServer::new(move || App::new().route("/status", web::get().to(answer))).workers(1);
    actix_web::rt::spawn(server.disable_signals().listen(listener).unwrap().run());
    url
}

#[actix_web::test]
async fn km_007_parts_that_answer_leave_the_file_valid() {
    let op = Op::start().await;
    let (kong, issuer) = (kong(200), op.issuer());
    let output = check(conf(&issuer, &kong), &["--online"]).await;
    assert_eq!((output.status.code(), text(&output.stderr).as_str()), (Some(0), ""));
    let lines = format!(
        "Kong answers: {kong}/status\nthe identity provider answers: {issuer}, signing keys: 1\n\
         configuration at kong.conf is valid\n"
    );
    assert_eq!(text(&output.stdout), lines);
    assert_eq!((op.hits(Door::Discovery), op.hits(Door::Jwks)), (1, 1));
}

#[actix_web::test]
async fn km_007_whatever_does_not_answer_is_named() {
    let op = Op::start().await;
    op.break_door(Door::Discovery, Fault::Html);
    let (unused, dead) = bind();
    drop(unused);
    let output = check(conf(&op.issuer(), &dead), &["--online"]).await;
    let stderr = text(&output.stderr);
    assert_eq!((output.status.code(), text(&output.stdout).as_str()), (Some(1), ""));
    assert!(
        stderr.contains(&format!("[error] sso_upstream_admin_url: {dead}/status: Kong's Admin API gave no answer"))
    );
    assert!(stderr.contains(&format!("[error] admin_gui_auth_conf.issuer: {}", op.issuer())), "{stderr}");
    assert!(stderr.contains("discovery document answered with something else"), "{stderr}");

    op.mend_door(Door::Discovery);
    op.break_door(Door::Jwks, Fault::Status(500));
    let output = check(conf(&op.issuer(), &kong(401)), &["--online", "--json"]).await;
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let messages: Vec<_> =
        report["errors"].as_array().unwrap().iter().map(|it| it["message"].as_str().unwrap()).collect();
    assert_eq!((output.status.code(), &report["valid"], messages.len()), (Some(1), &json!(false), 2));
    assert!(messages[0].ends_with("Kong's Admin API answered with status 401"), "{messages:?}");
    assert!(messages[1].ends_with("key set answered with status 500"), "{messages:?}");
}

#[actix_web::test]
async fn without_online_nobody_is_asked() {
    let op = Op::start().await;
    let output = check(conf(&op.issuer(), "http://127.0.0.1:9/"), &[]).await;
    assert_eq!((output.status.code(), op.hits(Door::Discovery)), (Some(0), 0));
    let broken = conf(&op.issuer(), "http://127.0.0.1:9/").replace("enforce_rbac = on", "enforce_rbac = yes");
    let output = check(broken, &["--online"]).await;
    assert_eq!((output.status.code(), op.hits(Door::Discovery)), (Some(1), 0));
}
