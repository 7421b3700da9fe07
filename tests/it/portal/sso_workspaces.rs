//! Workspaces with providers of their own.

use kong_sso::config::portal::PortalSessionConf;
use kong_sso::domain::role::RoleSource;
use kong_sso::store::{Store, roles, user_roles, workspaces};
use serde_json::{Value, json};

use super::sso::{ann, automatic, with_sso};
use crate::admin_api::add_user;
use crate::support::op::Op;

/// What a workspace says of its provider.
fn config(op: &Op, secret: &str) -> Value {
    let conf = json!({"issuer": op.issuer(), "client_id": crate::support::op::CLIENT_ID, "client_secret": secret});
    json!({"config": {"portal_auth": "openid-connect", "portal_auth_conf": conf}})
}

/// A user whose token is its name and who is super-admin.
async fn add_super_admin(store: &Store, name: &str) {
    let user = add_user(store, name, true, &[]).await;
    let mut tx = store.write().await.unwrap();
    let default = workspaces::list(&mut tx).await.unwrap().into_iter().find(|it| it.name.is_default()).unwrap();
    let role = roles::find(&mut tx, default.id, "super-admin").await.unwrap().unwrap();
    user_roles::assign(&mut tx, user, role.id, RoleSource::Local).await.unwrap();
    tx.commit().await.unwrap();
}

#[actix_web::test]
async fn dp_005_a_workspace_has_a_provider_of_its_own() {
    let secret = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(secret.path(), crate::support::op::CLIENT_SECRET).unwrap();
    let reference = format!("{{vault://file{}/}}", secret.path().display());
    with_sso(
        |settings| {
            automatic(settings);
            settings.portal.auth = None;
            settings.portal.openid_connect = None;
            settings.portal.session = PortalSessionConf::default();
        },
        async |scene, op| {
            add_super_admin(&scene.store, "chief").await;
            let payments = json!({"name": "payments"});
            assert_eq!(scene.admin("POST", "/workspaces", payments).await.0, 201);
            let browser = scene.browser();
            assert_eq!(browser.get("/payments/login").await.status, 404, "no accounts yet");
            let plain = scene.admin_as("chief", "PATCH", "/workspaces/payments", config(op, "plain")).await;
            assert_eq!(plain.0, 400, "{}", plain.1);
            assert!(plain.1["fields"]["config.portal_auth_conf"].as_str().unwrap().contains("must be a reference"));
            add_user(&scene.store, "carl", true, &[("*", "/workspaces/*", "read,update")]).await;
            let by_carl = scene.admin_as("carl", "PATCH", "/workspaces/payments", config(op, &reference)).await;
            assert_eq!(by_carl.0, 403, "{}", by_carl.1);
            let set = scene.admin_as("chief", "PATCH", "/workspaces/payments", config(op, &reference)).await;
            assert_eq!(set.0, 200, "{}", set.1);
            assert!(!set.1.to_string().contains(crate::support::op::CLIENT_SECRET));
            let other = json!({"comment": "of carl"});
            assert_eq!(scene.admin_as("carl", "PATCH", "/workspaces/payments", other).await.0, 200, "what he may");
            op.change(|behaviour| behaviour.user = ann());
            let to_provider = browser.get("/payments/login/sso").await;
            assert_eq!(to_provider.status, 302, "{}", to_provider.text);
            let answer = op.sign_in(&url::Url::parse(&to_provider.location()).unwrap()).await;
            let landed = browser.get(&format!("/payments/auth/callback?{answer}")).await;
            assert_eq!(landed.location(), "/payments/", "{}", landed.text);
            assert_eq!(browser.get("/payments/settings").await.status, 200);
            assert_eq!(browser.get("/default/login").await.status, 404, "the other has none");
        },
    )
    .await;
}
