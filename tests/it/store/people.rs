//! Admins, RBAC users, their hidden roles, and what goes with them.

use kong_sso::domain::admin::{Admin, AdminStatus, IdpBinding, RbacUser};
use kong_sso::domain::ids::{RoleId, RoleName, UserName};
use kong_sso::domain::rbac::{ActionSet, EndpointPattern, GrantSource, WorkspaceScope};
use kong_sso::domain::role::{Role, RoleEndpoint, RoleSource};
use kong_sso::store::{Page, StoreError, admins, grants, rbac_users, role_endpoints, roles, user_roles, workspaces};

use super::{NOW, admin, databases, default_workspace, pairs, role, some_admin, some_user, user, workspace};

#[tokio::test]
async fn an_admin_has_a_hidden_pair_of_the_same_name() {
    for database in databases().await {
        let mut tx = database.store.write().await.unwrap();
        let home = default_workspace(&mut tx).await;
        let mut ann = admin(&mut tx, &home, "ann").await;
        user(&mut tx, &home, "robot").await;
        let pair = rbac_users::find_by_name(&mut tx, "ann").await.unwrap().unwrap();
        assert_eq!((pair.id, pair.admin_id, pair.enabled), (ann.rbac_user_id, Some(ann.id), true));
        let listed = rbac_users::list(&mut tx, home.id, &Page::default()).await.unwrap();
        assert_eq!(listed.items.iter().map(|user| user.name.as_str()).collect::<Vec<_>>(), ["robot"]);

        let payments = workspace(&mut tx, "payments").await;
        ann.username = UserName::parse("anna").unwrap();
        ann.ws_id = payments.id;
        admins::update(&mut tx, &ann).await.unwrap();
        let pair = rbac_users::find_by_id(&mut tx, ann.rbac_user_id).await.unwrap().unwrap();
        assert_eq!((pair.name.as_str(), pair.ws_id), ("anna", payments.id));
        let hidden = roles::get_default(&mut tx, pair.id).await.unwrap();
        assert_eq!((hidden.name.as_str(), hidden.ws_id, hidden.is_default), ("anna", payments.id, true));
        assert_eq!(hidden.comment.as_deref(), Some("Default user role generated for anna"));
    }
}

#[tokio::test]
async fn an_admin_is_read_back_as_it_was_stored() {
    for database in databases().await {
        let mut tx = database.store.write().await.unwrap();
        let home = default_workspace(&mut tx).await;
        let full = Admin {
            custom_id: Some("e-17".to_owned()),
            email: Some("Bo@corp.example".to_owned()),
            status: AdminStatus::Invited,
            rbac_token_enabled: false,
            binding: Some(IdpBinding { issuer: "https://idp.example".to_owned(), subject: "s-1".to_owned() }),
            last_login_at: Some(NOW.plus(5)),
            ..some_admin(&home, "Bo Ångström")
        };
        admins::create(&mut tx, &full).await.unwrap();
        let found = Some(full.clone());
        assert_eq!(admins::find_by_id(&mut tx, full.id).await.unwrap(), found);
        assert_eq!(admins::find_by_username(&mut tx, "Bo Ångström").await.unwrap(), found);
        assert_eq!(admins::find_by_username(&mut tx, "bo ångström").await.unwrap(), None);
        assert_eq!(admins::find_by_username_lower(&mut tx, "BO ÅNGSTRÖM").await.unwrap(), std::slice::from_ref(&full));
        assert_eq!(admins::find_by_custom_id(&mut tx, "e-17").await.unwrap(), found);
        assert_eq!(admins::find_by_email(&mut tx, "Bo@corp.example").await.unwrap(), found);
        assert_eq!(admins::find_by_rbac_user(&mut tx, full.rbac_user_id).await.unwrap(), found);
        assert_eq!(admins::find_by_binding(&mut tx, full.binding.as_ref().unwrap()).await.unwrap(), found);
        for name in [full.id.to_string().to_uppercase().as_str(), "Bo Ångström", "Bo@corp.example", "e-17"] {
            assert_eq!(admins::find(&mut tx, name).await.unwrap(), found, "{name}");
        }
        assert_eq!(admins::find(&mut tx, "nobody").await.unwrap(), None);
    }
}

#[tokio::test]
async fn every_unique_value_of_an_admin_is_named_when_it_collides() {
    for database in databases().await {
        let mut tx = database.store.write().await.unwrap();
        let home = default_workspace(&mut tx).await;
        let binding = || Some(IdpBinding { issuer: "https://idp.example".to_owned(), subject: "s-1".to_owned() });
        let first = Admin {
            custom_id: Some("e-17".to_owned()),
            email: Some("ann@corp.example".to_owned()),
            binding: binding(),
            ..some_admin(&home, "ann")
        };
        admins::create(&mut tx, &first).await.unwrap();
        user(&mut tx, &home, "robot").await;
        tx.commit().await.unwrap();
        let other = || some_admin(&home, "other");
        let identity = pairs(&[("issuer", "https://idp.example"), ("subject", "s-1")]);
        let cases = [
            (some_admin(&home, "ann"), pairs(&[("username", "ann")])),
            (some_admin(&home, "robot"), pairs(&[("username", "robot")])),
            (Admin { custom_id: Some("e-17".to_owned()), ..other() }, pairs(&[("custom_id", "e-17")])),
            (Admin { email: first.email.clone(), ..other() }, pairs(&[("email", "ann@corp.example")])),
            (Admin { binding: binding(), ..other() }, identity),
        ];
        for (twin, expected) in cases {
            let mut tx = database.store.write().await.unwrap();
            match admins::create(&mut tx, &twin).await {
                Err(StoreError::Unique { entity: "admins", fields }) => assert_eq!(fields, expected),
                other => panic!("{other:?} for {twin:?}"),
            }
        }
        // The refused admins left no pair behind.
        let mut connection = database.store.read().await.unwrap();
        assert!(rbac_users::find_by_name(&mut connection, "other").await.unwrap().is_none());
    }
}

#[tokio::test]
async fn a_binding_is_never_replaced_but_can_be_cleared() {
    for database in databases().await {
        let mut tx = database.store.write().await.unwrap();
        let home = default_workspace(&mut tx).await;
        let ann = admin(&mut tx, &home, "ann").await;
        let to = |subject: &str| IdpBinding { issuer: "https://idp.example".to_owned(), subject: subject.to_owned() };
        admins::set_binding(&mut tx, ann.id, &to("s-1")).await.unwrap();
        admins::set_binding(&mut tx, ann.id, &to("s-1")).await.unwrap();
        assert!(matches!(admins::set_binding(&mut tx, ann.id, &to("s-2")).await, Err(StoreError::NotFound)));
        admins::clear_binding(&mut tx, ann.id, NOW).await.unwrap();
        admins::set_binding(&mut tx, ann.id, &to("s-2")).await.unwrap();
        admins::record_login(&mut tx, ann.id, NOW.plus(9)).await.unwrap();
        admins::set_status(&mut tx, ann.id, AdminStatus::Revoked, NOW.plus(10)).await.unwrap();
        let stored = admins::find_by_id(&mut tx, ann.id).await.unwrap().unwrap();
        assert_eq!(stored.binding, Some(to("s-2")));
        assert_eq!((stored.last_login_at, stored.status), (Some(NOW.plus(9)), AdminStatus::Revoked));
    }
}

#[tokio::test]
async fn admins_are_listed_by_home_and_text() {
    for database in databases().await {
        let mut tx = database.store.write().await.unwrap();
        let home = default_workspace(&mut tx).await;
        let payments = workspace(&mut tx, "payments").await;
        for name in ["Ann", "ANNA", "bob", "100%", "a_b"] {
            admin(&mut tx, &home, name).await;
        }
        let carol = Admin { email: Some("Joanne@corp.example".to_owned()), ..some_admin(&payments, "carol") };
        admins::create(&mut tx, &carol).await.unwrap();
        let cases = [
            (None, "", vec!["100%", "ANNA", "Ann", "a_b", "bob", "carol"]),
            (Some(home.id), "ann", vec!["ANNA", "Ann"]),
            (None, "aNn", vec!["ANNA", "Ann", "carol"]),
            (None, "%", vec!["100%"]),
            (None, "_", vec!["a_b"]),
            (Some(payments.id), "", vec!["carol"]),
        ];
        for (workspace, text, expected) in cases {
            let page = admins::list(&mut tx, workspace, text, &Page::default()).await.unwrap();
            let mut names: Vec<_> = page.items.iter().map(|admin| admin.username.to_string()).collect();
            names.sort();
            assert_eq!(names, expected, "{text}");
        }
    }
}

#[tokio::test]
async fn a_user_takes_its_hidden_role_along_and_nothing_else() {
    for database in databases().await {
        let mut tx = database.store.write().await.unwrap();
        let home = default_workspace(&mut tx).await;
        let visible = Role {
            id: RoleId::generate(),
            name: RoleName::parse("ann").unwrap(),
            comment: None,
            is_default: false,
            ws_id: home.id,
            created_at: NOW,
            updated_at: NOW,
        };
        roles::create(&mut tx, &visible).await.unwrap();
        let ann = user(&mut tx, &home, "ann").await;
        user_roles::assign(&mut tx, ann.id, visible.id, RoleSource::Local).await.unwrap();
        let hidden = roles::get_default(&mut tx, ann.id).await.unwrap();
        let listed = roles::list(&mut tx, home.id, &Page::default()).await.unwrap();
        assert!(listed.items.iter().all(|role| !role.is_default));
        assert_eq!(roles::find(&mut tx, home.id, "ann").await.unwrap().unwrap().id, visible.id);

        let rule = RoleEndpoint {
            role_id: hidden.id,
            workspace: WorkspaceScope::Any,
            endpoint: EndpointPattern::parse("/services/*").unwrap(),
            actions: ActionSet::READ,
            negative: true,
            comment: Some("own".to_owned()),
            created_at: NOW,
        };
        role_endpoints::create(&mut tx, &rule).await.unwrap();
        assert_eq!(role_endpoints::list(&mut tx, hidden.id).await.unwrap(), std::slice::from_ref(&rule));
        let rules = grants::load_rules(&mut tx, ann.id).await.unwrap();
        assert_eq!(rules.len(), 1);
        assert_eq!((&rules[0].grant.source, rules[0].negative), (&GrantSource::DefaultRole, true));

        rbac_users::delete(&mut tx, ann.id).await.unwrap();
        assert!(roles::find_by_id(&mut tx, hidden.id).await.unwrap().is_none());
        assert!(roles::find_by_id(&mut tx, visible.id).await.unwrap().is_some());
        assert!(role_endpoints::list(&mut tx, hidden.id).await.unwrap().is_empty());
    }
}

#[tokio::test]
async fn rules_are_unique_by_role_workspace_and_endpoint() {
    for database in databases().await {
        let mut tx = database.store.write().await.unwrap();
        let home = default_workspace(&mut tx).await;
        let role = role(&mut tx, &home, "read-only").await;
        let rule = |actions| RoleEndpoint {
            role_id: role.id,
            workspace: WorkspaceScope::Named(home.name.clone()),
            endpoint: EndpointPattern::parse("/services").unwrap(),
            actions,
            negative: false,
            comment: None,
            created_at: NOW,
        };
        let missing = role_endpoints::update(&mut tx, &rule(ActionSet::READ)).await;
        assert!(matches!(missing, Err(StoreError::NotFound)));
        role_endpoints::create(&mut tx, &rule(ActionSet::READ)).await.unwrap();
        role_endpoints::update(&mut tx, &rule(ActionSet::ALL)).await.unwrap();
        let scope = rule(ActionSet::ALL);
        let stored = role_endpoints::find(&mut tx, role.id, &scope.workspace, &scope.endpoint).await.unwrap();
        assert_eq!(stored.unwrap().actions, ActionSet::ALL);
        match role_endpoints::create(&mut tx, &scope).await {
            Err(StoreError::Unique { fields, .. }) => {
                let id = role.id.to_string();
                assert_eq!(fields, pairs(&[("role", &id), ("workspace", "default"), ("endpoint", "/services")]));
            }
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn a_renamed_user_keeps_out_of_taken_names() {
    for database in databases().await {
        let mut tx = database.store.write().await.unwrap();
        let home = default_workspace(&mut tx).await;
        admin(&mut tx, &home, "ann").await;
        let robot = user(&mut tx, &home, "robot").await;
        tx.commit().await.unwrap();
        let mut tx = database.store.write().await.unwrap();
        let renamed = RbacUser { name: UserName::parse("ann").unwrap(), ..robot.clone() };
        match rbac_users::update(&mut tx, &renamed).await {
            Err(StoreError::Unique { fields, .. }) => assert_eq!(fields, pairs(&[("name", "ann")])),
            other => panic!("{other:?}"),
        }
        drop(tx);
        let mut tx = database.store.write().await.unwrap();
        rbac_users::delete(&mut tx, robot.id).await.unwrap();
        assert!(matches!(rbac_users::update(&mut tx, &robot).await, Err(StoreError::NotFound)));
    }
}

#[tokio::test]
async fn token_candidates_tell_whether_the_token_may_be_used() {
    for database in databases().await {
        let mut tx = database.store.write().await.unwrap();
        let home = default_workspace(&mut tx).await;
        let ann = Admin { rbac_token_enabled: false, ..some_admin(&home, "ann") };
        admins::create(&mut tx, &ann).await.unwrap();
        let pair = rbac_users::find_by_id(&mut tx, ann.rbac_user_id).await.unwrap().unwrap();
        let pair = RbacUser { user_token: Some("hash".to_owned()), user_token_ident: Some("abcde".to_owned()), ..pair };
        rbac_users::update(&mut tx, &pair).await.unwrap();
        user(&mut tx, &home, "robot").await;
        let other = RbacUser { user_token_ident: Some("fffff".to_owned()), ..some_user(&home, "other") };
        rbac_users::create(&mut tx, &other).await.unwrap();
        let mut found: Vec<_> = rbac_users::list_token_candidates(&mut tx, "abcde")
            .await
            .unwrap()
            .into_iter()
            .map(|(user, is_enabled)| (user.name.to_string(), is_enabled))
            .collect();
        found.sort();
        assert_eq!(found, [("ann".to_owned(), false), ("robot".to_owned(), true)]);
    }
}

#[tokio::test]
async fn a_workspace_leaves_no_rule_behind_for_a_later_one_of_its_name() {
    for database in databases().await {
        let mut tx = database.store.write().await.unwrap();
        let home = default_workspace(&mut tx).await;
        let payments = workspace(&mut tx, "payments").await;
        let rule = RoleEndpoint {
            role_id: role(&mut tx, &home, "read-only").await.id,
            workspace: WorkspaceScope::Named(payments.name.clone()),
            endpoint: EndpointPattern::Every,
            actions: ActionSet::ALL,
            negative: false,
            comment: None,
            created_at: NOW,
        };
        role_endpoints::create(&mut tx, &rule).await.unwrap();
        let ann = admin(&mut tx, &payments, "ann").await;
        user(&mut tx, &payments, "robot").await;
        let counts = workspaces::count_entities(&mut tx, payments.id).await.unwrap();
        let counts: Vec<_> = counts.iter().map(|(entity, total)| (entity.as_str(), *total)).collect();
        assert_eq!(counts, [("admins", 1), ("rbac_roles", 4), ("rbac_users", 1)]);
        workspaces::delete(&mut tx, &payments).await.unwrap();
        assert_eq!(role_endpoints::list(&mut tx, rule.role_id).await.unwrap().len(), 1);
        assert!(admins::find_by_id(&mut tx, ann.id).await.unwrap().is_none());
        assert!(rbac_users::find_by_name(&mut tx, "ann").await.unwrap().is_none());
        assert_eq!(workspaces::list(&mut tx).await.unwrap().len(), 1);
    }
}

#[tokio::test]
async fn a_text_with_nul_never_breaks_a_lookup_silently() {
    for database in databases().await {
        let mut tx = database.store.write().await.unwrap();
        let home = default_workspace(&mut tx).await;
        admin(&mut tx, &home, "ann").await;
        let found = admins::find_by_username(&mut tx, "ann\0").await;
        assert!(matches!(found, Ok(None) | Err(StoreError::Nul)), "{found:?}");
    }
}
