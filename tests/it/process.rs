//! The binary as a process: bootstrap, start, signals, a kill in the middle.

use std::io::{BufRead as _, BufReader, Read as _};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use crate::support::database::postgres;
use kong_sso::config::settings::DatabaseSettings;
use serde_json::json;

/// How long a process may take for anything.
const PATIENCE: Duration = Duration::from_secs(20);

/// Where the processes of a test keep their data: a folder, and the keys that name the database.
struct Place {
    folder: tempfile::TempDir,
    database: Vec<String>,
}

impl Place {
    fn both() -> Vec<Self> {
        let sqlite = Self { folder: tempfile::tempdir().unwrap(), database: Vec::new() };
        let schema = format!("process_{}", uuid::Uuid::now_v7().simple());
        let DatabaseSettings::Postgres(server) = postgres(schema) else { unreachable!() };
        let keys = [
            "sso_database=postgres".to_owned(),
            format!("pg_host={}", server.host),
            format!("pg_port={}", server.port),
            format!("pg_user={}", server.user),
            format!("pg_database={}", server.database),
            format!("pg_schema={}", server.schema),
        ];
        vec![sqlite, Self { folder: tempfile::tempdir().unwrap(), database: keys.to_vec() }]
    }

    fn command(&self, args: &[&str], keys: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_kong-sso"));
        command.env_clear().args(args).current_dir(self.folder.path());
        let prefix = format!("prefix={}", self.folder.path().display());
        for key in keys.iter().copied().chain([prefix.as_str()]).chain(self.database.iter().map(String::as_str)) {
            command.args(["--set", key]);
        }
        command
    }

    fn run(&self, args: &[&str], keys: &[&str], password: Option<&str>) -> Output {
        let mut command = self.command(args, keys);
        command.envs(password.map(|password| ("KONG_PASSWORD", password)));
        command.output().unwrap()
    }

    /// Starts a server on free ports and waits until it answers.
    fn start(&self, upstream: &str) -> Server {
        let [admin, gui, status] = [(); 3].map(|()| free_port());
        let keys = [
            format!("sso_admin_listen=127.0.0.1:{admin}"),
            format!("sso_gui_listen=127.0.0.1:{gui}"),
            format!("sso_status_listen=127.0.0.1:{status}"),
            format!("sso_upstream_admin_url={upstream}"),
            "enforce_rbac=on".to_owned(),
        ];
        let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
        let child = self.command(&["start"], &keys).stderr(Stdio::piped()).spawn().unwrap();
        let server = Server { child, admin: format!("http://127.0.0.1:{admin}"), port: admin };
        let since = Instant::now();
        while std::net::TcpStream::connect(("127.0.0.1", admin)).is_err() {
            assert!(since.elapsed() < PATIENCE, "the server does not listen");
            std::thread::sleep(Duration::from_millis(20));
        }
        server
    }
}

struct Server {
    child: Child,
    admin: String,
    port: u16,
}

impl Server {
    fn signal(&self, name: &str) {
        let status = Command::new("kill").args([&format!("-{name}"), &self.child.id().to_string()]).status().unwrap();
        assert!(status.success());
    }

    fn wait(mut self) -> (Option<i32>, String) {
        let since = Instant::now();
        while self.child.try_wait().unwrap().is_none() {
            assert!(since.elapsed() < PATIENCE, "the server does not end");
            std::thread::sleep(Duration::from_millis(20));
        }
        let mut log = String::new();
        self.child.stderr.take().unwrap().read_to_string(&mut log).unwrap();
        (self.child.wait().unwrap().code(), log)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Ended by the test, or by this.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A port that was free a moment ago, below those that the system hands out by itself.
fn free_port() -> u16 {
    let offset = u16::try_from(uuid::Uuid::new_v4().as_u128() % 12_000).unwrap();
    match TcpListener::bind(("127.0.0.1", 20_000 + offset)) {
        Ok(listener) => listener.local_addr().unwrap().port(),
        Err(_) => free_port(),
    }
}

fn get(url: &str, token: &str) -> (u16, serde_json::Value) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let reply = client.get(url).header("kong-admin-token", token).send().await.unwrap();
        let status = reply.status().as_u16();
        (status, serde_json::from_slice(&reply.bytes().await.unwrap()).unwrap_or_default())
    })
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// A Kong that answers everything with `{"kong":true}`, on a thread of its own.
fn kong() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { return };
            let mut reader = BufReader::new(stream.try_clone().unwrap());
            let mut line = String::new();
            while reader.read_line(&mut line).is_ok_and(|read| read > 2) {
                line.clear();
            }
            let answer = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 13\r\nconnection: close\r\n\r\n{\"kong\":true}";
            let _ = std::io::Write::write_all(&mut stream, answer.as_bytes());
        }
    });
    url
}

#[test]
fn km_088_the_bootstrap_password_is_a_token_once() {
    for place in Place::both() {
        let first = place.run(&["migrations", "bootstrap"], &[], Some("s"));
        assert!(first.status.success(), "{}", text(&first.stderr));
        assert!(text(&first.stdout).contains("made the super-admin kong_admin"));
        let second = place.run(&["migrations", "bootstrap"], &[], Some("other"));
        assert!(second.status.success() && text(&second.stdout).contains("changes nothing"));
        let list = place.run(&["migrations", "list"], &[], None);
        assert!(text(&list.stdout).lines().all(|line| line.contains("  applied  ")), "{}", text(&list.stdout));
        let server = place.start(&kong());
        assert_eq!(get(&format!("{}/services", server.admin), "s"), (200, json!({"kong": true})));
        assert_eq!(get(&format!("{}/services", server.admin), "other").0, 401);
        server.signal("TERM");
        assert_eq!(server.wait().0, Some(0));
    }
}

#[test]
fn km_089_rbac_on_an_empty_store_is_refused_with_the_ways_out() {
    for place in Place::both() {
        assert!(place.run(&["migrations", "up"], &[], None).status.success());
        let start = place.run(&["start"], &["enforce_rbac=on", "sso_admin_listen=127.0.0.1:0"], None);
        let said = text(&start.stderr);
        assert_eq!(start.status.code(), Some(1), "{said}");
        for way in ["KONG_PASSWORD", "enforce_rbac = off", "sso_bootstrap_groups", "sso_super_admins"] {
            assert!(said.contains(way), "{way} is missing in {said}");
        }
    }
}

#[test]
fn a_postgresql_store_that_was_never_migrated_says_what_to_run() {
    let place = Place::both().pop().unwrap();
    let start = place.run(&["start"], &["enforce_rbac=on"], Some("ignored"));
    assert_eq!(start.status.code(), Some(1));
    assert!(text(&start.stderr).contains("kong-sso migrations up"), "{}", text(&start.stderr));
}

#[test]
fn listing_migrations_makes_no_database() {
    let place = Place { folder: tempfile::tempdir().unwrap(), database: Vec::new() };
    let prefix = place.folder.path().join("new");
    let missing = format!("prefix={}", prefix.display());
    let mut list = Command::new(env!("CARGO_BIN_EXE_kong-sso"));
    let list = list.env_clear().args(["migrations", "list", "--set", &missing]).output().unwrap();
    assert!(list.status.success(), "{}", text(&list.stderr));
    assert!(!text(&list.stdout).is_empty() && text(&list.stdout).lines().all(|line| line.contains("  pending  ")));
    assert!(!prefix.exists());
}

#[test]
fn a_prefix_that_cannot_be_used_is_named_with_its_key_and_said_once() {
    let place = Place { folder: tempfile::tempdir().unwrap(), database: Vec::new() };
    // Also for root, who may write everywhere: a file is no directory.
    let file = place.folder.path().join("file");
    std::fs::write(&file, "").unwrap();
    for args in [&["start"] as &[&str], &["migrations", "up"], &["migrations", "list"]] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_kong-sso"));
        let run = command.env_clear().args(args).args(["--set", &format!("prefix={}/x", file.display())]).output();
        let said = text(&run.unwrap().stderr);
        assert!(said.contains(&format!("{}/x/kong-sso.db", file.display())) && said.contains("`prefix`"), "{said}");
        assert_eq!(said.matches("os error").count(), 1, "{said}");
    }
}

#[test]
fn an_address_that_is_taken_is_named() {
    let place = Place { folder: tempfile::tempdir().unwrap(), database: Vec::new() };
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();
    let start = place.run(&["start"], &[&format!("sso_gui_listen={address}"), "sso_admin_listen=off"], None);
    let said = text(&start.stderr);
    assert_eq!(start.status.code(), Some(1));
    assert!(said.contains("sso_gui_listen") && said.contains(&address.to_string()), "{said}");
}

#[test]
fn a_start_that_fails_logs_in_the_form_that_was_asked_for() {
    let place = Place { folder: tempfile::tempdir().unwrap(), database: Vec::new() };
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let listen = format!("sso_gui_listen={}", taken.local_addr().unwrap());
    let keys = [listen.as_str(), "sso_admin_listen=off", "sso_log_format=json", "proxy_server=http://127.0.0.1:1"];
    let said = text(&place.run(&["start"], &keys, None).stderr);
    let events: Vec<serde_json::Value> = said.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let is_said = |level: &str, part: &str| {
        events.iter().any(|event| event["level"] == level && event["message"].as_str().unwrap().contains(part))
    };
    assert!(is_said("WARN", "proxy_server") && is_said("ERROR", "sso_gui_listen"), "{said}");
}

#[test]
fn km_015_a_missing_secret_stops_the_start() {
    let place = Place { folder: tempfile::tempdir().unwrap(), database: Vec::new() };
    let start = place.run(&["start"], &["sso_encryption_key={vault://env/not-there}"], None);
    assert_eq!(start.status.code(), Some(1));
    assert!(text(&start.stderr).contains("failed to dereference"), "{}", text(&start.stderr));
}

#[test]
fn a_killed_server_starts_again_with_what_it_had() {
    for place in Place::both() {
        assert!(place.run(&["migrations", "bootstrap"], &[], Some("s")).status.success());
        let kong = kong();
        let server = place.start(&kong);
        assert_eq!(get(&format!("{}/services", server.admin), "s").0, 200);
        server.signal("KILL");
        let port = server.port;
        assert_eq!(server.wait().0, None);
        assert!(std::net::TcpStream::connect(("127.0.0.1", port)).is_err());
        let again = place.start(&kong);
        assert_eq!(get(&format!("{}/services", again.admin), "s").0, 200);
        again.signal("INT");
        let (code, log) = again.wait();
        assert_eq!(code, Some(0), "{log}");
        assert!(!log.contains("panicked"), "{log}");
    }
}

#[test]
fn generated_keys_and_the_database_are_for_their_owner_only() {
    use std::os::unix::fs::PermissionsExt as _;
    let place = Place { folder: tempfile::tempdir().unwrap(), database: Vec::new() };
    assert!(place.run(&["migrations", "bootstrap"], &[], Some("s")).status.success());
    let server = place.start(&kong());
    let mode = |name: &str| std::fs::metadata(Path::new(place.folder.path()).join(name)).unwrap().permissions().mode();
    for name in ["encryption_key", "session_secret", "kong-sso.db"] {
        assert_eq!(mode(name) & 0o077, 0, "{name}");
    }
    drop(server);
}
