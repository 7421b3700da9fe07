//! Migrations, and the file they make.

use std::os::unix::fs::PermissionsExt as _;

use kong_sso::config::settings::DatabaseSettings;
use kong_sso::store::migrations::{self, State};
use kong_sso::store::{Store, StoreError, epochs};
use kong_sso::telemetry::chain;

use crate::support::database::{empty_databases, postgres};

#[tokio::test]
async fn migrations_are_listed_and_applied_once() {
    for database in empty_databases().await {
        let all = migrations::list(&database.store).await.unwrap();
        assert!(all.iter().all(|entry| !entry.is_applied));
        assert_eq!(migrations::state(&database.store).await.unwrap(), State::Pending(all.len()));
        migrations::up(&database.store).await.unwrap();
        migrations::up(&database.store).await.unwrap();
        assert_eq!(migrations::state(&database.store).await.unwrap(), State::Current);
        assert!(migrations::list(&database.store).await.unwrap().iter().all(|entry| entry.is_applied));
    }
}

#[tokio::test]
async fn every_file_of_the_history_is_in_the_binary() {
    let mut files: Vec<_> = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/migrations"))
        .unwrap()
        .map(|file| file.unwrap().file_name().into_string().unwrap())
        .collect();
    files.sort();
    for database in empty_databases().await {
        let entries = migrations::list(&database.store).await.unwrap();
        let names = entries.iter().map(|entry| format!("{}_{}.sql", entry.version, entry.name.replace(' ', "_")));
        assert_eq!(names.collect::<Vec<_>>(), files);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn nodes_that_start_together_migrate_once() {
    for database in empty_databases().await {
        let other = database.another_node().await;
        let stores = [database.store.clone(), other.clone(), database.store.clone(), other];
        let tasks = stores.map(|store| tokio::spawn(async move { migrations::up(&store).await }));
        for task in tasks {
            task.await.unwrap().unwrap();
        }
        let mut connection = database.store.read().await.unwrap();
        assert_eq!(epochs::read_all(&mut connection).await.unwrap().rbac, 1);
    }
}

#[tokio::test]
async fn a_store_of_a_newer_release_is_told_apart_and_left_alone() {
    for database in empty_databases().await {
        migrations::up(&database.store).await.unwrap();
        let mut tx = database.store.write().await.unwrap();
        sqlx::query("UPDATE _sqlx_migrations SET version = version + 90000000000000").execute(&mut *tx).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(migrations::state(&database.store).await.unwrap(), State::Newer);
        let refused = migrations::up(&database.store).await;
        assert!(matches!(refused, Err(StoreError::Migration(_))), "{refused:?}");
        // The refusal left no lock behind.
        let other = database.another_node().await;
        other.write().await.unwrap().commit().await.unwrap();
    }
}

#[tokio::test]
async fn the_file_is_readable_by_its_owner_only_and_its_directory_is_made() {
    for database in empty_databases().await {
        migrations::up(&database.store).await.unwrap();
        if let DatabaseSettings::Sqlite(path) = &database.settings {
            let mode = |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
            assert_eq!(mode(path), 0o600);
            assert_eq!(mode(&path.with_extension("db-wal")), 0o600);
        }
    }
}

#[tokio::test]
async fn a_schema_with_an_odd_name_is_quoted() {
    let settings = postgres(format!("Odd \"name\"; {}", uuid::Uuid::now_v7().simple()));
    let store = kong_sso::store::Store::connect(&settings).await.unwrap();
    migrations::up(&store).await.unwrap();
    assert_eq!(migrations::state(&store).await.unwrap(), State::Current);
}

#[tokio::test]
async fn a_server_that_is_away_is_named_with_its_keys_and_no_password() {
    let DatabaseSettings::Postgres(settings) = postgres("away".to_owned()) else { unreachable!() };
    let password = Some("hush".to_owned().into());
    let away = kong_sso::config::settings::PostgresSettings { port: 1, password, ..settings.clone() };
    let refused = kong_sso::store::Store::connect(&DatabaseSettings::Postgres(away)).await;
    let said = chain(&refused.unwrap_err());
    assert!(said.starts_with(&format!("PostgreSQL at {}:1: Connection refused", settings.host)), "{said}");
    assert!(said.ends_with("check `pg_host` and `pg_port`") && !said.contains("hush"), "{said}");
    assert_eq!(said.matches("refused").count(), 1, "{said}");

    let elsewhere = kong_sso::config::settings::PostgresSettings { database: "nowhere".to_owned(), ..settings };
    let refused = kong_sso::store::Store::connect(&DatabaseSettings::Postgres(elsewhere)).await;
    let said = chain(&refused.unwrap_err());
    assert!(said.ends_with("database \"nowhere\" does not exist; check `pg_database`"), "{said}");
}

#[tokio::test]
async fn a_user_without_the_right_to_make_the_schema_is_told_the_grant() {
    let schema = format!("rights_{}", uuid::Uuid::now_v7().simple());
    let DatabaseSettings::Postgres(settings) = postgres(schema.clone()) else { unreachable!() };
    let owner = Store::connect(&DatabaseSettings::Postgres(settings.clone())).await.unwrap();
    let user = format!("\"poor-{}\"", uuid::Uuid::now_v7().simple());
    let made = sqlx::query(sqlx::AssertSqlSafe(format!("CREATE USER {user}")));
    made.execute(&mut *owner.read().await.unwrap()).await.unwrap();
    let poor = kong_sso::config::settings::PostgresSettings { user: user.trim_matches('"').to_owned(), ..settings };
    let store = Store::connect(&DatabaseSettings::Postgres(poor)).await.unwrap();
    let said = migrations::up(&store).await.unwrap_err().to_string();
    let grant = format!("`GRANT CREATE ON DATABASE postgres TO {user}` (docs/operations.md)");
    assert!(said.contains(&schema) && said.ends_with(&grant), "{said}");
}
