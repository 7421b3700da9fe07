//! Any run of decisions while Kong fails in between: nothing is open on the way, and in the end Kong is what it should be.
//! The model in `gateway_sync` tries thousands of interleavings; here a few run through the real doors, database and Kong.

use std::process::Command;

use kong_sso::config::settings::DatabaseSettings;
use serde_json::{Value, json};

use super::desk::{Desk, with_desk, with_settings};

/// Numbers that look random and are the same each time.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % sides
    }
}

/// What the run works on.
struct Run {
    developer: kong_sso::domain::ids::DeveloperId,
    applications: Vec<String>,
    keys: Vec<String>,
    apis: Vec<Value>,
}

const NAMES: [&str; 2] = ["orders", "billing"];

async fn prepare(desk: &Desk) -> Run {
    let developer = desk.developer("ann").await;
    let mut run = Run { developer, applications: vec![], keys: vec![], apis: vec![] };
    for name in NAMES {
        run.apis.push(desk.publish(name, json!({})).await);
    }
    for name in ["one", "two"] {
        let application = desk.application(developer, name).await;
        run.keys.push(desk.key(developer, &application).await.0);
        run.applications.push(application);
    }
    run
}

async fn fail_somehow(desk: &Desk, dice: &mut Dice) {
    match dice.roll(5) {
        0 => desk.kong.fault(json!({ "down": true })).await,
        1 => desk.kong.fault(json!({ "status": 500, "after": dice.roll(8) })).await,
        2 => desk.kong.fault(json!({ "status": 503, "only": "^DELETE" })).await,
        _ => desk.kong.heal().await,
    }
}

async fn decide(desk: &Desk, run: &Run, dice: &mut Dice) {
    let application = &run.applications[dice.roll(2)];
    let api = &run.apis[dice.roll(2)];
    let path = format!("/applications/{application}/application_instances");
    let held = desk.admin().get(&path).await.body["data"].as_array().unwrap().clone();
    let held = held.iter().find(|it| it["api"]["id"] == api["id"]).map(|it| it["id"].as_str().unwrap().to_owned());
    let Some(contract) = held else {
        desk.admin().post(&path, json!({ "service": { "id": api["service"]["id"] } })).await;
        return;
    };
    let one = format!("/application_instances/{contract}");
    match dice.roll(8) {
        0..=2 => drop(desk.admin().patch(&one, json!({ "status": 0 })).await),
        3 | 4 => drop(desk.admin().patch(&one, json!({ "status": 3 })).await),
        5 => drop(desk.admin().delete(&one).await),
        6 => desk.owner(run.developer, dice.roll(2) == 0).await,
        _ => drop(desk.admin().patch(&one, json!({ "suspended": dice.roll(2) == 0 })).await),
    }
}

/// The contract of an application for an API.
async fn contract(desk: &Desk, application: &str, api: &Value) -> Option<Value> {
    let path = format!("/applications/{application}/application_instances");
    let held = desk.admin().get(&path).await.body["data"].as_array().unwrap().clone();
    held.into_iter().find(|it| it["api"]["id"] == api["id"])
}

async fn check_closed(desk: &Desk, run: &Run) {
    for (api, name) in run.apis.iter().zip(NAMES) {
        assert_eq!(desk.kong.call(&format!("/{name}"), None).await.0, 401, "nobody passes without a key");
        for (application, key) in run.applications.iter().zip(&run.keys) {
            let before = contract(desk, application, api).await;
            let passes = desk.kong.call(&format!("/{name}"), Some(key)).await.0 == 200;
            // Whoever passes was approved, and is told so: a status of its own says when that ended.
            let was_approved = before.is_some_and(|it| it["status"] == json!(0));
            assert!(!passes || was_approved, "{name} let an application through without approval");
        }
    }
}

#[actix_web::test]
async fn whatever_fails_in_between_kong_ends_as_it_should_and_was_never_open() {
    with_desk(async |desk| {
        let run = prepare(desk).await;
        let mut dice = Dice(20_261_126);
        for _ in 0..40 {
            fail_somehow(desk, &mut dice).await;
            decide(desk, &run, &mut dice).await;
            check_closed(desk, &run).await;
        }
        desk.kong.heal().await;
        desk.owner(run.developer, true).await;
        desk.gateway.running.later(600);
        desk.eventually("settled", async || {
            let state = desk.admin().get("/portal/sync").await.body;
            state["counts"]["in_sync"] == json!(4) && state["lag"] == json!(0)
        })
        .await;
        for (api, name) in run.apis.iter().zip(NAMES) {
            for (application, key) in run.applications.iter().zip(&run.keys) {
                let held = contract(desk, application, api).await;
                let may = held.is_some_and(|it| it["status"] == json!(0) && it["suspended"] == json!(false));
                let answer = desk.kong.call(&format!("/{name}"), Some(key)).await.0;
                assert_eq!(answer, if may { 200 } else { 403 }, "{name}");
            }
        }
        let plan = desk.admin().post("/portal/sync?dry_run=true", json!({})).await.body;
        assert_eq!((&plan["changes"], &plan["orphans"]), (&json!([]), &json!([])), "{plan}");
    })
    .await;
}

async fn command(desk: &Desk, folder: &std::path::Path, args: &[&str]) -> (i32, String) {
    let mut keys = vec![
        format!("prefix={}", folder.display()),
        "sso_encryption_key=an encryption key of 32 characters".to_owned(),
        format!("sso_upstream_admin_url={}", desk.kong.admin),
        "sso_admin_listen=127.0.0.1:0".to_owned(),
    ];
    match &desk.settings.database {
        DatabaseSettings::Sqlite(path) => keys.push(format!("sso_database=sqlite:{}", path.display())),
        DatabaseSettings::Postgres(server) => keys.extend([
            "sso_database=postgres".to_owned(),
            format!("pg_host={}", server.host),
            format!("pg_port={}", server.port),
            format!("pg_user={}", server.user),
            format!("pg_database={}", server.database),
            format!("pg_schema={}", server.schema),
        ]),
    }
    let mut command = Command::new(env!("CARGO_BIN_EXE_kong-sso"));
    command.env_clear().args(["portal", "sync"]).args(args);
    for key in &keys {
        command.args(["--set", key]);
    }
    // The node of this test goes on meanwhile: it may hold the database's one lock for writing.
    let output = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    (output.status.code().unwrap(), text)
}

#[actix_web::test]
async fn dp_074_the_command_line_prints_the_plan_and_puts_it_right() {
    // No comparison of the node itself comes in between.
    let alone = |settings: &mut kong_sso::config::Settings| settings.portal_gateway.scan_every = 0;
    with_settings(alone, async |desk| {
        let folder = tempfile::tempdir().unwrap();
        let run = prepare(desk).await;
        let (code, text) = command(desk, folder.path(), &["--dry-run"]).await;
        assert_eq!(code, 0, "{text}");
        assert!(text.contains("workspace default: 4 compared") && text.contains("nothing to do"), "{text}");
        let id = desk.kong.list("/key-auths").await[0]["id"].as_str().unwrap().to_owned();
        desk.kong.delete(&format!("/key-auths/{id}")).await;
        let (code, text) = command(desk, folder.path(), &["--dry-run"]).await;
        assert_eq!(code, 1, "{text}");
        assert!(text.contains("PUT /consumers/") && text.contains(&id), "{text}");
        assert!(run.keys.iter().all(|key| !text.contains(key)), "no key is printed");
        assert!(desk.kong.get(&format!("/key-auths/{id}")).await.is_null(), "nothing was changed");
        let (code, text) = command(desk, folder.path(), &["--json"]).await;
        assert_eq!(code, 0, "{text}");
        assert!(!desk.kong.get(&format!("/key-auths/{id}")).await.is_null());
        assert_eq!(command(desk, folder.path(), &["--workspace", "nowhere"]).await.0, 2);
    })
    .await;
}
