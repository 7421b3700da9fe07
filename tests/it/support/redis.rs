//! A Redis server of a test's own, which it may stop and start. Installed by `dev/need.sh redis-server`.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use kong_sso::config::plugin::RedisConf;

/// A server that ends when it is dropped. What it holds is kept over a restart.
pub struct Redis {
    pub port: u16,
    directory: tempfile::TempDir,
    server: Option<Child>,
}

impl Redis {
    pub async fn start() -> Self {
        let port = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port();
        let mut redis = Self { port, directory: tempfile::tempdir().unwrap(), server: None };
        redis.restart().await;
        redis
    }

    /// Starts it again with what it wrote.
    pub async fn restart(&mut self) {
        self.server = Some(spawn(self.port, self.directory.path()));
        for _ in 0..100 {
            // It takes connections before it has read what it wrote.
            if self.command(&["ping"]) == "PONG" {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("redis-server does not answer");
    }

    /// Kills it. What it was told is on disk.
    pub fn stop(&mut self) {
        if let Some(mut server) = self.server.take() {
            server.kill().unwrap();
            server.wait().unwrap();
        }
    }

    /// Runs a command on it and returns what `redis-cli` prints.
    pub fn command(&self, arguments: &[&str]) -> String {
        let output = Command::new("redis-cli").args(["-p", &self.port.to_string()]).args(arguments).output().unwrap();
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    pub fn conf(&self) -> RedisConf {
        RedisConf {
            host: "127.0.0.1".into(),
            port: self.port,
            socket: None,
            database: 0,
            username: None,
            password: None,
            prefix: "sessions".into(),
            tls: false,
            tls_verify: true,
            server_name: None,
            connect_timeout_ms: 1000,
            response_timeout_ms: 1000,
        }
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        self.stop();
    }
}

fn spawn(port: u16, directory: &Path) -> Child {
    Command::new("redis-server")
        .args(["--port", &port.to_string(), "--bind", "127.0.0.1", "--dir"])
        .arg(directory)
        .args(["--save", "", "--appendonly", "yes", "--appendfsync", "always", "--daemonize", "no"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("the tests need redis-server: dev/need.sh redis-server")
}
