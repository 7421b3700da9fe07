//! The store, through the interface that services use. Every test runs on both databases.

mod audit;
mod concurrency;
mod crash;
mod groups;
mod history;
mod people;
mod portal;
mod sessions;

use kong_sso::domain::admin::{Admin, AdminStatus, RbacUser};
use kong_sso::domain::ids::{AdminId, RbacUserId, UserName, WorkspaceName};
use kong_sso::domain::rbac::{Action, Endpoint, Policy};
use kong_sso::domain::role::{Role, RoleSource};
use kong_sso::domain::time::UnixSeconds;
use kong_sso::domain::workspace::Workspace;
use kong_sso::store::epochs::{self, Epoch};
use kong_sso::store::{Connection, Page, StoreError, admins, grants, rbac_users, roles, user_roles, workspaces};

pub(crate) use crate::support::database::{Database, databases};

pub(crate) const NOW: UnixSeconds = UnixSeconds(1_700_000_000);

async fn default_workspace(connection: &mut Connection) -> Workspace {
    workspaces::ensure_default(connection, NOW).await.unwrap()
}

async fn workspace(connection: &mut Connection, name: &str) -> Workspace {
    let workspace = workspaces::new(WorkspaceName::parse(name).unwrap(), NOW);
    workspaces::create(connection, &workspace).await.unwrap();
    roles::install_built_ins(connection, &workspace, NOW).await.unwrap();
    workspace
}

pub(crate) fn some_user(workspace: &Workspace, name: &str) -> RbacUser {
    RbacUser {
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
    }
}

async fn user(connection: &mut Connection, workspace: &Workspace, name: &str) -> RbacUser {
    let user = some_user(workspace, name);
    rbac_users::create(connection, &user).await.unwrap();
    user
}

fn some_admin(workspace: &Workspace, name: &str) -> Admin {
    Admin {
        id: AdminId::generate(),
        username: UserName::parse(name).unwrap(),
        custom_id: None,
        email: None,
        status: AdminStatus::Approved,
        rbac_token_enabled: true,
        rbac_user_id: RbacUserId::generate(),
        ws_id: workspace.id,
        binding: None,
        last_login_at: None,
        created_at: NOW,
        updated_at: NOW,
    }
}

async fn admin(connection: &mut Connection, workspace: &Workspace, name: &str) -> Admin {
    let admin = some_admin(workspace, name);
    admins::create(connection, &admin).await.unwrap();
    admin
}

async fn role(connection: &mut Connection, workspace: &Workspace, name: &str) -> Role {
    roles::find(connection, workspace.id, name).await.unwrap().unwrap()
}

fn pairs(fields: &[(&str, &str)]) -> Vec<(String, String)> {
    fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
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
        let payments = workspace(&mut tx, "payments").await;
        assert_eq!(roles::list(&mut tx, payments.id, &Page::default()).await.unwrap().items.len(), 4);
        let bob = user(&mut tx, &payments, "bob").await;
        workspaces::delete(&mut tx, &payments).await.unwrap();
        tx.commit().await.unwrap();
        let mut connection = database.store.read().await.unwrap();
        assert!(rbac_users::find_by_id(&mut connection, bob.id).await.unwrap().is_none());
        assert!(roles::list(&mut connection, payments.id, &Page::default()).await.unwrap().items.is_empty());
    }
}
