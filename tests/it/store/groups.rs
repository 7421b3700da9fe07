//! Groups, their roles, the roles they give, and the values nobody mapped.

use std::collections::BTreeSet;

use kong_sso::domain::admin::{Admin, AdminStatus, RbacUser};
use kong_sso::domain::group::Group;
use kong_sso::domain::ids::{GroupId, GroupName, RbacUserId, RoleId, WorkspaceName};
use kong_sso::domain::rbac::{Action, Endpoint, GrantSource, Policy};
use kong_sso::domain::role::RoleSource;
use kong_sso::store::{
    Changes, Connection, Page, StoreError, admins, grants, group_roles, group_values, groups, rbac_users, roles,
    user_groups, user_roles,
};

use super::{NOW, admin, databases, default_workspace, pairs, role, some_admin, user, workspace};

async fn group(connection: &mut Connection, name: &str) -> Group {
    let group = Group {
        id: GroupId::generate(),
        name: GroupName::parse(name).unwrap(),
        comment: Some("from the IdP".to_owned()),
        created_at: NOW,
        updated_at: NOW,
    };
    groups::create(connection, &group).await.unwrap();
    group
}

#[tokio::test]
async fn groups_are_found_by_id_name_and_names() {
    for database in databases().await {
        let mut tx = database.store.write().await.unwrap();
        let ops = group(&mut tx, "/ops/kong-admins").await;
        let entra = group(&mut tx, "6c1be0a2-3d3c-4a2e-9d3e-0d6a5c8b9f00").await;
        assert_eq!(groups::find(&mut tx, "/ops/kong-admins").await.unwrap(), Some(ops.clone()));
        assert_eq!(groups::find(&mut tx, &ops.id.to_string()).await.unwrap(), Some(ops.clone()));
        assert_eq!(groups::find(&mut tx, entra.name.as_str()).await.unwrap(), Some(entra.clone()));
        assert_eq!(groups::find(&mut tx, "OPS").await.unwrap(), None);
        let mut values: Vec<String> = (0..700).map(|number| format!("value-{number}")).collect();
        values.extend(["/ops/kong-admins".to_owned(), "nul\0".to_owned(), entra.name.to_string()]);
        let found: BTreeSet<_> =
            groups::find_by_names(&mut tx, &values).await.unwrap().into_iter().map(|group| group.id).collect();
        assert_eq!(found, BTreeSet::from([ops.id, entra.id]));

        let renamed = Group { name: entra.name.clone(), ..ops.clone() };
        match groups::update(&mut tx, &renamed).await {
            Err(StoreError::Unique { entity: "groups", fields }) => {
                assert_eq!(fields, pairs(&[("name", entra.name.as_str())]));
            }
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn a_role_may_be_linked_under_its_own_workspace_or_be_of_default() {
    for database in databases().await {
        let mut tx = database.store.write().await.unwrap();
        let home = default_workspace(&mut tx).await;
        let (payments, teams) = (workspace(&mut tx, "payments").await, workspace(&mut tx, "teams").await);
        let ops = group(&mut tx, "ops").await;
        let own = role(&mut tx, &payments, "workspace-admin").await;
        let cluster = role(&mut tx, &home, "read-only").await;
        group_roles::create(&mut tx, ops.id, own.id, payments.id).await.unwrap();
        group_roles::create(&mut tx, ops.id, cluster.id, teams.id).await.unwrap();
        let stray = group_roles::create(&mut tx, ops.id, own.id, teams.id).await;
        assert!(matches!(stray, Err(StoreError::NotFound)), "{stray:?}");
        let unknown = group_roles::create(&mut tx, ops.id, RoleId::generate(), teams.id).await;
        assert!(matches!(unknown, Err(StoreError::NotFound)));
        let links: Vec<_> = group_roles::list(&mut tx, ops.id)
            .await
            .unwrap()
            .into_iter()
            .map(|link| (link.workspace_name.to_string(), link.role_name.to_string(), link.group.id))
            .collect();
        let expected = [("payments", "workspace-admin"), ("teams", "read-only")];
        assert_eq!(links, expected.map(|(workspace, role)| (workspace.to_owned(), role.to_owned(), ops.id)));
        assert_eq!(group_roles::list_all(&mut tx).await.unwrap().len(), 2);
        group_roles::delete(&mut tx, ops.id, own.id, payments.id).await.unwrap();
        let again = group_roles::delete(&mut tx, ops.id, own.id, payments.id).await;
        assert!(matches!(again, Err(StoreError::NotFound)));
        match group_roles::create(&mut tx, ops.id, cluster.id, teams.id).await {
            Err(StoreError::Unique { fields, .. }) => assert_eq!(fields.len(), 3),
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn km_045_rules_of_a_group_role_count_where_it_is_linked() {
    for database in databases().await {
        let mut tx = database.store.write().await.unwrap();
        let home = default_workspace(&mut tx).await;
        let payments = workspace(&mut tx, "payments").await;
        let ops = group(&mut tx, "ops").await;
        let ann = user(&mut tx, &home, "ann").await;
        let super_admin = role(&mut tx, &home, "super-admin").await;
        group_roles::create(&mut tx, ops.id, super_admin.id, payments.id).await.unwrap();
        user_groups::replace(&mut tx, ann.id, &[ops.id]).await.unwrap();

        let rules = grants::load_rules(&mut tx, ann.id).await.unwrap();
        assert_eq!(rules[0].grant.source, GrantSource::Group(ops.name.clone()));
        let policy = Policy::compile(rules);
        let services = Endpoint::of("/services");
        assert!(policy.allows(&payments.name, &services, Action::Delete));
        assert!(!policy.allows(&home.name, &services, Action::Read));
        assert!(!policy.allows(&WorkspaceName::parse("teams").unwrap(), &services, Action::Read));
        assert!(!grants::is_super_admin(&mut tx, ann.id).await.unwrap());

        group_roles::create(&mut tx, ops.id, super_admin.id, home.id).await.unwrap();
        assert!(grants::is_super_admin(&mut tx, ann.id).await.unwrap());
        assert_eq!(grants::list_super_admins(&mut tx).await.unwrap(), [ann.id]);

        groups::delete(&mut tx, ops.id).await.unwrap();
        assert!(grants::load_rules(&mut tx, ann.id).await.unwrap().is_empty());
        assert!(!grants::is_super_admin(&mut tx, ann.id).await.unwrap());
    }
}

#[tokio::test]
async fn only_super_admins_that_can_act_are_counted() {
    for database in databases().await {
        let mut tx = database.store.write().await.unwrap();
        let home = default_workspace(&mut tx).await;
        let super_admin = role(&mut tx, &home, "super-admin").await;
        let ann = admin(&mut tx, &home, "ann").await;
        let invited = Admin { status: AdminStatus::Invited, ..some_admin(&home, "ivy") };
        admins::create(&mut tx, &invited).await.unwrap();
        let robot = user(&mut tx, &home, "robot").await;
        let disabled = user(&mut tx, &home, "off").await;
        rbac_users::update(&mut tx, &RbacUser { enabled: false, ..disabled.clone() }).await.unwrap();
        for id in [ann.rbac_user_id, invited.rbac_user_id, robot.id, disabled.id] {
            user_roles::assign(&mut tx, id, super_admin.id, RoleSource::Local).await.unwrap();
        }
        assert_eq!(grants::count_super_admins(&mut tx, None).await.unwrap(), 2);
        assert_eq!(grants::count_super_admins(&mut tx, Some(robot.id)).await.unwrap(), 1);
        assert!(grants::is_super_admin(&mut tx, disabled.id).await.unwrap());
        assert!(!grants::is_super_admin(&mut tx, RbacUserId::generate()).await.unwrap());
    }
}

#[tokio::test]
async fn km_043_roles_of_the_idp_replace_each_other_and_leave_local_ones() {
    for database in databases().await {
        let mut tx = database.store.write().await.unwrap();
        let home = default_workspace(&mut tx).await;
        let ann = user(&mut tx, &home, "ann").await;
        let [full, most, read] = [
            role(&mut tx, &home, "super-admin").await.id,
            role(&mut tx, &home, "admin").await.id,
            role(&mut tx, &home, "read-only").await.id,
        ];
        user_roles::assign(&mut tx, ann.id, full, RoleSource::Local).await.unwrap();
        let held = async |tx: &mut Connection| -> BTreeSet<(RoleId, bool)> {
            let roles = user_roles::list(tx, ann.id).await.unwrap();
            roles.iter().map(|role| (role.role.id, role.role_source == RoleSource::Idp)).collect()
        };
        let changes = user_roles::replace_idp_roles(&mut tx, ann.id, &[most, full, most], false).await.unwrap();
        assert_eq!(changes, Changes { added: vec![most], removed: vec![] });
        assert_eq!(held(&mut tx).await, BTreeSet::from([(full, false), (most, true)]));

        let changes = user_roles::replace_idp_roles(&mut tx, ann.id, &[read], false).await.unwrap();
        assert_eq!(changes, Changes { added: vec![read], removed: vec![most] });
        assert_eq!(held(&mut tx).await, BTreeSet::from([(full, false), (read, true)]));
        assert!(user_roles::replace_idp_roles(&mut tx, ann.id, &[read], false).await.unwrap().is_empty());

        let changes = user_roles::replace_idp_roles(&mut tx, ann.id, &[full], true).await.unwrap();
        assert_eq!(changes, Changes { added: vec![], removed: vec![read] });
        assert_eq!(held(&mut tx).await, BTreeSet::from([(full, true)]));
        user_roles::assign(&mut tx, ann.id, most, RoleSource::Local).await.unwrap();
        let changes = user_roles::replace_idp_roles(&mut tx, ann.id, &[], true).await.unwrap();
        assert_eq!(changes.removed.len(), 2);
        let gone = user_roles::replace_idp_roles(&mut tx, RbacUserId::generate(), &[], true).await;
        assert!(matches!(gone, Err(StoreError::NotFound)));
    }
}

#[tokio::test]
async fn a_role_that_is_gone_is_refused_as_a_missing_reference() {
    for database in databases().await {
        let mut tx = database.store.write().await.unwrap();
        let home = default_workspace(&mut tx).await;
        let ann = user(&mut tx, &home, "ann").await;
        let missing = user_roles::replace_idp_roles(&mut tx, ann.id, &[RoleId::generate()], false).await;
        assert!(matches!(missing, Err(StoreError::ForeignKey)), "{missing:?}");
    }
}

#[tokio::test]
async fn memberships_and_holders_are_listed_from_both_ends() {
    for database in databases().await {
        let mut tx = database.store.write().await.unwrap();
        let home = default_workspace(&mut tx).await;
        let (ops, dev) = (group(&mut tx, "ops").await, group(&mut tx, "dev").await);
        let ann = admin(&mut tx, &home, "ann").await;
        let bob = user(&mut tx, &home, "bob").await;
        user_groups::replace(&mut tx, bob.id, &[ops.id]).await.unwrap();
        let changes = user_groups::replace(&mut tx, ann.rbac_user_id, &[ops.id, dev.id]).await.unwrap();
        assert_eq!(changes.added, [ops.id, dev.id]);
        let users = user_groups::list_users(&mut tx, ops.id).await.unwrap();
        let users: Vec<_> = users.iter().map(|user| (user.name.as_str(), user.admin_id)).collect();
        assert_eq!(users, [("ann", Some(ann.id)), ("bob", None)]);
        let changes = user_groups::replace(&mut tx, ann.rbac_user_id, &[dev.id]).await.unwrap();
        assert_eq!(changes.removed, [ops.id]);
        let left = user_groups::list(&mut tx, ann.rbac_user_id).await.unwrap();
        assert_eq!(left, [dev]);

        let read = role(&mut tx, &home, "read-only").await;
        user_roles::assign(&mut tx, bob.id, read.id, RoleSource::Idp).await.unwrap();
        user_roles::assign(&mut tx, bob.id, read.id, RoleSource::Local).await.unwrap();
        let holders = user_roles::list_users(&mut tx, read.id).await.unwrap();
        assert_eq!(
            holders.iter().map(|(user, source)| (user.id, *source)).collect::<Vec<_>>(),
            [(bob.id, RoleSource::Idp)]
        );
        let counts = roles::count_users(&mut tx, home.id).await.unwrap();
        assert_eq!(counts.into_iter().collect::<Vec<_>>(), [(read.id, 1)]);
    }
}

#[tokio::test]
async fn values_without_a_group_are_listed_with_their_admins() {
    for database in databases().await {
        let mut tx = database.store.write().await.unwrap();
        let home = default_workspace(&mut tx).await;
        let (ann, bob) = (admin(&mut tx, &home, "ann").await, admin(&mut tx, &home, "bob").await);
        let texts = |values: &[&str]| values.iter().map(|value| (*value).to_owned()).collect::<Vec<_>>();
        let long = "x".repeat(5000);
        group_values::replace_seen(&mut tx, ann.id, &texts(&["old", "gone"]), NOW).await.unwrap();
        group_values::replace_seen(&mut tx, ann.id, &texts(&["old", "new", "new", "nul\0", &long]), NOW.plus(1))
            .await
            .unwrap();
        group_values::replace_seen(&mut tx, bob.id, &texts(&["old", "ops"]), NOW.plus(2)).await.unwrap();
        group(&mut tx, "ops").await;
        let seen = group_values::list_unmapped(&mut tx, 10).await.unwrap();
        let seen: Vec<_> = seen.iter().map(|seen| (seen.value.as_str(), seen.admins, seen.last_seen)).collect();
        assert_eq!(seen, [("old", 2, NOW.plus(2)), ("new", 1, NOW.plus(1))]);
        assert_eq!(group_values::list_unmapped(&mut tx, 1).await.unwrap().len(), 1);
        admins::delete(&mut tx, bob.id).await.unwrap();
        assert_eq!(group_values::list_unmapped(&mut tx, 10).await.unwrap().len(), 2);
        let paged = groups::list(&mut tx, &Page::default()).await.unwrap();
        assert_eq!(paged.items.len(), 1);
    }
}
