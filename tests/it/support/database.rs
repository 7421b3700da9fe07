//! Both databases, freshly migrated: a SQLite file of its own, and a schema of its own on the PostgreSQL server that
//! `KONG_SSO_TEST_POSTGRES` names (host:port, user `postgres`); `make test` starts that server.

use std::time::Duration;

use kong_sso::config::settings::{DatabaseSettings, PostgresSettings, PostgresTls};
use kong_sso::store::{Store, migrations};
use uuid::Uuid;

/// A database of one test.
pub struct Database {
    /// The node under test.
    pub store: Store,
    /// To connect further nodes.
    pub settings: DatabaseSettings,
    _directory: tempfile::TempDir,
}

impl Database {
    /// Another node on the same database.
    pub async fn another_node(&self) -> Store {
        Store::connect(&self.settings).await.unwrap()
    }
}

/// Both databases with all migrations applied.
pub async fn databases() -> Vec<Database> {
    let databases = empty_databases().await;
    for database in &databases {
        migrations::up(&database.store).await.unwrap();
    }
    databases
}

/// Both databases without any table.
pub async fn empty_databases() -> Vec<Database> {
    let directory = tempfile::tempdir().unwrap();
    let sqlite = DatabaseSettings::Sqlite(directory.path().join("data").join("kong-sso.db"));
    let mut databases = Vec::new();
    for settings in [sqlite, postgres(format!("test_{}", Uuid::now_v7().simple()))] {
        let store = Store::connect(&settings).await.unwrap();
        databases.push(Database { store, settings, _directory: tempfile::tempdir().unwrap() });
    }
    if let Some(first) = databases.first_mut() {
        first._directory = directory;
    }
    databases
}

/// Settings of a schema on the test server.
pub fn postgres(schema: String) -> DatabaseSettings {
    let server =
        std::env::var("KONG_SSO_TEST_POSTGRES").expect("run the tests through dev/with-postgres.sh or make test");
    let (host, port) = server.rsplit_once(':').expect("KONG_SSO_TEST_POSTGRES must be host:port");
    DatabaseSettings::Postgres(PostgresSettings {
        host: host.to_owned(),
        port: port.parse().unwrap(),
        user: "postgres".to_owned(),
        password: None,
        database: "postgres".to_owned(),
        schema,
        timeout: Duration::from_secs(10),
        tls: PostgresTls::Off,
        pool_size: Some(4),
    })
}
