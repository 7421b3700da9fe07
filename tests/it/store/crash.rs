//! A process that dies in the middle of a transaction leaves nothing of it.

use std::io::BufRead as _;
use std::process::{Command, Stdio};

use kong_sso::config::settings::DatabaseSettings;
use kong_sso::store::{Store, workspaces};

use super::{NOW, databases, default_workspace, workspace};
use crate::support::database::postgres;

const CHILD: &str = "KONG_SSO_TEST_CRASH";

/// The process that is killed: run by the test below, never by itself.
#[tokio::test]
#[ignore = "started by the test below"]
async fn child_that_never_commits() {
    let target = std::env::var(CHILD).unwrap();
    let settings = match target.strip_prefix("sqlite:") {
        Some(path) => DatabaseSettings::Sqlite(path.into()),
        None => postgres(target),
    };
    let store = Store::connect(&settings).await.unwrap();
    let mut tx = store.write().await.unwrap();
    workspace(&mut tx, "half-done").await;
    #[allow(clippy::print_stdout)]
    {
        println!("written");
    }
    std::future::pending::<()>().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_process_leaves_nothing_half_done() {
    for database in databases().await {
        let mut tx = database.store.write().await.unwrap();
        default_workspace(&mut tx).await;
        tx.commit().await.unwrap();
        let target = match &database.settings {
            DatabaseSettings::Sqlite(path) => format!("sqlite:{}", path.display()),
            DatabaseSettings::Postgres(settings) => settings.schema.clone(),
        };
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--ignored", "--exact", "--nocapture", "store::crash::child_that_never_commits"])
            .env(CHILD, target)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = std::io::BufReader::new(child.stdout.take().unwrap()).lines();
        let has_written = lines.map_while(Result::ok).any(|line| line.contains("written"));
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(has_written, "the child did not get as far as its write");

        let mut tx = database.store.write().await.unwrap();
        assert_eq!(workspaces::list(&mut tx).await.unwrap().len(), 1);
        // The lock of the dead process is gone too.
        workspace(&mut tx, "half-done").await;
        tx.commit().await.unwrap();
        assert_eq!(workspaces::list(&mut database.store.read().await.unwrap()).await.unwrap()[0].created_at, NOW);
    }
}
