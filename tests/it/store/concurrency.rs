//! Several nodes at once, each with connections of its own: exactly one wins, and nothing interleaves.

use std::collections::BTreeSet;

use futures_util::future::join_all;
use kong_sso::domain::ids::RoleId;
use kong_sso::domain::role::RoleSource;
use kong_sso::store::epochs::{self, Epoch};
use kong_sso::store::{Store, consumed_states, grants, login_sessions, secrets, user_roles, workspaces};

use super::sessions::sign_in;
use super::{Database, NOW, admin, databases, default_workspace, role, user};

const TASKS: usize = 20;

/// A store for each task: half of them on one node, half on another.
async fn nodes(database: &Database) -> Vec<Store> {
    let other = database.another_node().await;
    (0..TASKS).map(|task| if task % 2 == 0 { database.store.clone() } else { other.clone() }).collect()
}

async fn all<T: Send + 'static>(tasks: impl Iterator<Item = impl Future<Output = T> + Send + 'static>) -> Vec<T> {
    join_all(tasks.map(tokio::spawn)).await.into_iter().map(Result::unwrap).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_state_is_consumed_by_exactly_one() {
    for database in databases().await {
        let tasks = nodes(&database).await.into_iter().map(|store| async move {
            let mut tx = store.write().await.unwrap();
            let is_first = consumed_states::consume(&mut tx, "state", NOW).await.unwrap();
            tx.commit().await.unwrap();
            is_first
        });
        assert_eq!(all(tasks).await.into_iter().filter(|is_first| *is_first).count(), 1);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_lease_goes_to_exactly_one() {
    for database in databases().await {
        let mut tx = database.store.write().await.unwrap();
        let home = default_workspace(&mut tx).await;
        let ann = admin(&mut tx, &home, "ann").await;
        let session = sign_in(&mut tx, &ann).await.id;
        tx.commit().await.unwrap();
        let tasks = nodes(&database).await.into_iter().enumerate().map(|(task, store)| async move {
            let mut tx = store.write().await.unwrap();
            let owner = format!("owner-{task}");
            let has_lease = login_sessions::try_lease(&mut tx, session, &owner, NOW, 10).await.unwrap();
            tx.commit().await.unwrap();
            has_lease
        });
        assert_eq!(all(tasks).await.into_iter().filter(|has_lease| *has_lease).count(), 1);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_shared_secret_is_the_same_for_all() {
    for database in databases().await {
        let tasks = nodes(&database).await.into_iter().enumerate().map(|(task, store)| async move {
            let mut tx = store.write().await.unwrap();
            let value = secrets::insert_if_absent(&mut tx, "key", &format!("value-{task}")).await.unwrap();
            tx.commit().await.unwrap();
            value
        });
        assert_eq!(all(tasks).await.into_iter().collect::<BTreeSet<_>>().len(), 1);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_default_workspace_is_made_once() {
    for database in databases().await {
        let tasks = nodes(&database).await.into_iter().map(|store| async move {
            let mut tx = store.write().await.unwrap();
            let workspace = workspaces::ensure_default(&mut tx, NOW).await.unwrap();
            tx.commit().await.unwrap();
            workspace.id
        });
        assert_eq!(all(tasks).await.into_iter().collect::<BTreeSet<_>>().len(), 1);
        let mut connection = database.store.read().await.unwrap();
        assert_eq!(workspaces::list(&mut connection).await.unwrap().len(), 1);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn km_051_logins_at_the_same_time_never_mix_their_roles() {
    for database in databases().await {
        let mut tx = database.store.write().await.unwrap();
        let home = default_workspace(&mut tx).await;
        let ann = user(&mut tx, &home, "ann").await.id;
        let [full, most, read] = [
            role(&mut tx, &home, "super-admin").await.id,
            role(&mut tx, &home, "admin").await.id,
            role(&mut tx, &home, "read-only").await.id,
        ];
        tx.commit().await.unwrap();
        let sets: [Vec<RoleId>; 3] = [vec![full, most], vec![most, read], vec![]];
        let tasks = nodes(&database).await.into_iter().enumerate().map(|(task, store)| {
            let wanted = sets[task % sets.len()].clone();
            async move {
                let mut tx = store.write().await.unwrap();
                user_roles::replace_idp_roles(&mut tx, ann, &wanted, false).await.unwrap();
                let held = user_roles::list(&mut tx, ann).await.unwrap();
                assert!(held.iter().all(|role| role.role_source == RoleSource::Idp));
                let held: BTreeSet<_> = held.iter().map(|role| role.role.id).collect();
                assert_eq!(held, wanted.into_iter().collect(), "another login came in between");
                tx.commit().await.unwrap();
            }
        });
        all(tasks).await;
        let mut connection = database.store.read().await.unwrap();
        let held = user_roles::list(&mut connection, ann).await.unwrap();
        let held: BTreeSet<_> = held.iter().map(|role| role.role.id).collect();
        assert!(sets.iter().any(|set| held == set.iter().copied().collect()), "{held:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_change_is_lost_from_the_counters() {
    for database in databases().await {
        let tasks = nodes(&database).await.into_iter().map(|store| async move {
            let mut tx = store.write().await.unwrap();
            epochs::bump(&mut tx, Epoch::Sessions).await.unwrap();
            tx.commit().await.unwrap();
        });
        all(tasks).await;
        let mut connection = database.store.read().await.unwrap();
        let epochs = epochs::read_all(&mut connection).await.unwrap();
        assert_eq!((epochs.rbac, epochs.sessions), (1, 1 + TASKS as i64));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_last_super_admin_survives_removals_at_the_same_time() {
    for database in databases().await {
        let mut tx = database.store.write().await.unwrap();
        let home = default_workspace(&mut tx).await;
        let super_admin = role(&mut tx, &home, "super-admin").await.id;
        let mut users = Vec::new();
        for task in 0..TASKS {
            let user = user(&mut tx, &home, &format!("user-{task}")).await.id;
            user_roles::assign(&mut tx, user, super_admin, RoleSource::Local).await.unwrap();
            users.push(user);
        }
        tx.commit().await.unwrap();
        let tasks = nodes(&database).await.into_iter().zip(users).map(|(store, user)| async move {
            let mut tx = store.write().await.unwrap();
            epochs::bump(&mut tx, Epoch::Rbac).await.unwrap();
            if grants::count_super_admins(&mut tx, Some(user)).await.unwrap() > 0 {
                user_roles::unassign(&mut tx, user, super_admin).await.unwrap();
            }
            tx.commit().await.unwrap();
        });
        all(tasks).await;
        let mut connection = database.store.read().await.unwrap();
        assert_eq!(grants::count_super_admins(&mut connection, None).await.unwrap(), 1);
    }
}
