//! Which credential counts (openid-connect.md 1.3).

use serde_json::json;

use crate::support::op::Door;
use crate::support::op_grants::{MACHINE_ID, MACHINE_SECRET, PASSWORD, USERNAME};
use crate::support::protected::{protected, status};

#[actix_web::test]
async fn oidc_015_a_bad_token_is_not_made_good_by_a_password_beside_it() {
    let site = protected(json!({"auth_methods": ["bearer", "password"]})).await;
    let request = || site.gateway.get("/?access_token=bad.token.here").basic_auth(USERNAME, Some(PASSWORD));
    assert_eq!(status(request()).await, 401);
    assert_eq!(status(site.gateway.get("/").basic_auth(USERNAME, Some(PASSWORD))).await, 200);
    assert_eq!(site.op.hits(Door::Token), 1);
    site.stop().await;
}

#[actix_web::test]
async fn oidc_016_basic_is_tried_as_a_password_first_and_then_as_a_clients_secret() {
    let site = protected(json!({"auth_methods": ["password", "client_credentials"]})).await;
    assert_eq!(status(site.gateway.get("/").basic_auth(MACHINE_ID, Some(MACHINE_SECRET))).await, 200);
    let grants: Vec<String> = site.op.token_requests().iter().map(|asked| asked.form["grant_type"].clone()).collect();
    assert_eq!(grants, ["password", "client_credentials"]);
    site.stop().await;
}

#[actix_web::test]
async fn oidc_017_the_same_client_costs_the_provider_one_question() {
    let site = protected(json!({"auth_methods": ["client_credentials"]})).await;
    for _ in 0..3 {
        assert_eq!(status(site.gateway.get("/").basic_auth(MACHINE_ID, Some(MACHINE_SECRET))).await, 200);
    }
    assert_eq!(site.op.hits(Door::Token), 1);
    site.stop().await;
}
