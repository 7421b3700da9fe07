//! The store, through the interface that services use. Each test runs on a SQLite file of its own, and on PostgreSQL in
//! a schema of its own on the server that `KONG_SSO_TEST_POSTGRES` names (host:port, user `postgres`); `make test` starts it.

use kong_sso::config::settings::{DatabaseSettings, PostgresSettings, PostgresTls};
use kong_sso::domain::admin::RbacUser;
use kong_sso::domain::ids::{RbacUserId, UserName, WorkspaceName};
use kong_sso::domain::rbac::{Action, Endpoint, Policy};
use kong_sso::domain::role::RoleSource;
use kong_sso::domain::time::UnixSeconds;
use kong_sso::domain::workspace::Workspace;
use kong_sso::store::epochs::{self, Epoch};
use kong_sso::store::{
    Connection, Page, Store, StoreError, grants, migrations, rbac_users, roles, user_roles, workspaces,
};

pub(crate) const NOW: UnixSeconds = UnixSeconds(1_700_000_000);

pub(crate) struct Database {
    pub(crate) store: Store,
    _directory: tempfile::TempDir,
}

pub(crate) async fn databases() -> Vec<Database> {
    let directory = tempfile::tempdir().unwrap();
    let sqlite = DatabaseSettings::Sqlite(directory.path().join("kong-sso.db"));
    let mut databases = vec![Database { store: Store::connect(&sqlite).await.unwrap(), _directory: directory }];
    let server =
        std::env::var("KONG_SSO_TEST_POSTGRES").expect("run the tests through dev/with-postgres.sh or make test");
    {
        let (host, port) = server.rsplit_once(':').expect("KONG_SSO_TEST_POSTGRES must be host:port");
        let settings = DatabaseSettings::Postgres(PostgresSettings {
            host: host.to_owned(),
            port: port.parse().unwrap(),
            user: "postgres".to_owned(),
            password: None,
            database: "postgres".to_owned(),
            schema: format!("test_{}", RbacUserId::generate().0.simple()),
            timeout: std::time::Duration::from_secs(10),
            tls: PostgresTls::Off,
            pool_size: Some(4),
        });
        let store = Store::connect(&settings).await.unwrap();
        databases.push(Database { store, _directory: tempfile::tempdir().unwrap() });
    }
    for database in &databases {
        assert_eq!(migrations::state(&database.store).await.unwrap(), migrations::State::Pending(1));
        migrations::up(&database.store).await.unwrap();
        migrations::up(&database.store).await.unwrap();
        assert_eq!(migrations::state(&database.store).await.unwrap(), migrations::State::Current);
    }
    databases
}

async fn default_workspace(connection: &mut Connection) -> Workspace {
    let workspace = workspaces::new(WorkspaceName::default_workspace(), NOW);
    workspaces::create(connection, &workspace).await.unwrap();
    roles::install_built_ins(connection, &workspace, NOW).await.unwrap();
    workspace
}

async fn user(connection: &mut Connection, workspace: &Workspace, name: &str) -> RbacUser {
    let user = RbacUser {
        id: RbacUserId::generate(),
        name: UserName::parse(name).unwrap(),
        user_token: None,
        user_token_ident: Some("abcde".to_owned()),
        enabled: true,
        comment: None,
        ws_id: workspace.id,
        admin_id: None,
        created_at: NOW,
        updated_at: NOW,
    };
    rbac_users::create(connection, &user).await.unwrap();
    user
}

#[tokio::test]
async fn built_in_roles_decide_as_the_table_says() {
    for database in databases().await {
        let mut tx = database.store.write().await.unwrap();
        let workspace = default_workspace(&mut tx).await;
        let ann = user(&mut tx, &workspace, "ann").await;
        let role = roles::find(&mut tx, workspace.id, "admin").await.unwrap().unwrap();
        user_roles::assign(&mut tx, ann.id, role.id, RoleSource::Local).await.unwrap();
        tx.commit().await.unwrap();

        let mut connection = database.store.read().await.unwrap();
        let policy = Policy::compile(grants::load_rules(&mut connection, ann.id).await.unwrap());
        let name = WorkspaceName::parse("payments").unwrap();
        assert!(policy.allows(&name, &Endpoint::of("/services"), Action::Create));
        assert!(!policy.allows(&name, &Endpoint::of("/rbac/users"), Action::Read));
        assert!(grants::list_super_admins(&mut connection).await.unwrap().is_empty());
        assert_eq!(user_roles::list(&mut connection, ann.id).await.unwrap().len(), 1);
    }
}

#[tokio::test]
async fn names_are_unique_and_the_refusal_names_them() {
    for database in databases().await {
        let mut tx = database.store.write().await.unwrap();
        let workspace = default_workspace(&mut tx).await;
        let mut twin = user(&mut tx, &workspace, "ann").await;
        tx.commit().await.unwrap();
        twin.id = RbacUserId::generate();
        let mut tx = database.store.write().await.unwrap();
        match rbac_users::create(&mut tx, &twin).await {
            Err(StoreError::Unique { entity: "rbac_users", fields }) => {
                assert_eq!(fields, [("name".into(), "ann".into())])
            }
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn lists_are_paged_without_gap_or_repetition() {
    for database in databases().await {
        let mut tx = database.store.write().await.unwrap();
        let workspace = default_workspace(&mut tx).await;
        for number in 0..7 {
            user(&mut tx, &workspace, &format!("user-{number}")).await;
        }
        tx.commit().await.unwrap();
        let mut connection = database.store.read().await.unwrap();
        let (mut seen, mut offset) = (Vec::new(), None);
        loop {
            let page = Page::new(3, offset.as_deref()).unwrap();
            let paged = rbac_users::list(&mut connection, workspace.id, &page).await.unwrap();
            seen.extend(paged.items.iter().map(|user| user.name.to_string()));
            offset = paged.offset;
            if offset.is_none() {
                break;
            }
        }
        seen.sort();
        assert_eq!(seen, (0..7).map(|number| format!("user-{number}")).collect::<Vec<_>>());
        assert!(matches!(Page::new(3, Some("zzz")), Err(StoreError::Offset(_))));
        assert_eq!(rbac_users::list_token_candidates(&mut connection, "abcde").await.unwrap().len(), 7);
    }
}

#[tokio::test]
async fn a_transaction_that_is_dropped_leaves_nothing() {
    for database in databases().await {
        let mut tx = database.store.write().await.unwrap();
        default_workspace(&mut tx).await;
        epochs::bump(&mut tx, Epoch::Rbac).await.unwrap();
        drop(tx);
        let mut connection = database.store.read().await.unwrap();
        assert!(workspaces::list(&mut connection).await.unwrap().is_empty());
        assert_eq!(epochs::read_all(&mut connection).await.unwrap().rbac, 1);
    }
}

#[tokio::test]
async fn deleting_a_workspace_takes_its_roles_and_users_along() {
    for database in databases().await {
        let mut tx = database.store.write().await.unwrap();
        default_workspace(&mut tx).await;
        let payments = workspaces::new(WorkspaceName::parse("payments").unwrap(), NOW);
        workspaces::create(&mut tx, &payments).await.unwrap();
        roles::install_built_ins(&mut tx, &payments, NOW).await.unwrap();
        assert_eq!(roles::list(&mut tx, payments.id, &Page::default()).await.unwrap().items.len(), 4);
        let bob = user(&mut tx, &payments, "bob").await;
        workspaces::delete(&mut tx, &payments).await.unwrap();
        tx.commit().await.unwrap();
        let mut connection = database.store.read().await.unwrap();
        assert!(rbac_users::find_by_id(&mut connection, bob.id).await.unwrap().is_none());
        assert!(roles::list(&mut connection, payments.id, &Page::default()).await.unwrap().items.is_empty());
    }
}
