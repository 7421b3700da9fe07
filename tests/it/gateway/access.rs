//! Claims authorization, identity and headers (openid-connect.md 7, 8).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::support::gateway::{echo_of, with_plugins};
use crate::support::op::Op;
use crate::support::op_grants::{PASSWORD, USERNAME, half_hash};
use crate::support::protected::{Protected, plugin, protected, protected_for, told};

async fn bearer(mut config: Value, consumers: Value) -> Protected {
    config["auth_methods"] = json!(["bearer"]);
    protected_for(Op::start().await, config, consumers).await
}

fn with_claims(site: &Protected, claims: &Value) -> String {
    site.op.access_token(|draft| draft.claims.as_object_mut().unwrap().extend(claims.as_object().unwrap().clone()))
}

#[actix_web::test]
async fn oidc_072_required_scopes_are_alternatives_of_words() {
    let site = bearer(json!({"scopes_required": ["a b", "c"]}), json!([])).await;
    let (status, body, challenge) = told(site.with_bearer(&with_claims(&site, &json!({"scope": "a"})))).await;
    assert_eq!((status, &body["message"]), (403, &json!("Forbidden")));
    assert!(challenge.contains("error=\"insufficient_scope\"") && challenge.contains("scope=\"a b\""), "{challenge}");
    for scope in ["b a x", "c"] {
        assert_eq!(site.bearer(&with_claims(&site, &json!({"scope": scope}))).await, 200, "{scope}");
    }
    site.stop().await;
}

#[actix_web::test]
async fn oidc_073_to_076_claims_are_demanded_by_path_all_of_them_and_some_must_be_absent() {
    let site = bearer(
        json!({
            "groups_claim": ["user", "groups"], "groups_required": ["staff"], "audience_required": ["httpbin"],
            "claims_forbidden": ["act"],
        }),
        json!([]),
    )
    .await;
    let right = json!({"user": {"groups": ["staff"]}, "aud": "httpbin"});
    assert_eq!(site.bearer(&with_claims(&site, &right)).await, 200);
    for wrong in [
        json!({"user": {"groups": ["staff"]}, "aud": "account"}),
        json!({"groups": ["staff"], "aud": "httpbin"}),
        json!({"user": {"groups": ["staff"]}, "aud": "httpbin", "act": {"sub": "x"}}),
    ] {
        let (status, body, _) = told(site.with_bearer(&with_claims(&site, &wrong))).await;
        assert_eq!((status, &body["message"]), (403, &json!("Forbidden")), "{wrong}");
    }
    site.stop().await;
}

#[actix_web::test]
async fn oidc_077_078_a_claim_names_the_consumer() {
    let mapped = |extra: Value| {
        let mut config = json!({"consumer_claims": [["preferred_username"]], "consumer_by": ["username"]});
        config.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        config
    };
    for (extra, consumers, expected) in [
        (json!({}), json!([]), Some(403)),
        (json!({}), json!([{"username": "demo"}]), None),
        (json!({}), json!([{"username": "Demo"}]), Some(403)),
        (json!({"by_username_ignore_case": true}), json!([{"username": "Demo"}]), None),
    ] {
        let site = bearer(mapped(extra), consumers).await;
        let token = site.op.access_token(|_| {});
        match expected {
            Some(status) => assert_eq!(site.bearer(&token).await, status),
            None => {
                let echo = site.echo(&token).await;
                assert!(echo.header("x-consumer-id").is_some());
                assert!(echo.header("x-consumer-username").unwrap().eq_ignore_ascii_case("demo"));
                assert_eq!(echo.header("x-credential-identifier"), None);
            }
        }
        site.stop().await;
    }
    let site = bearer(mapped(json!({"consumer_optional": true})), json!([])).await;
    let echo = echo_of(site.with_bearer(&site.op.access_token(|_| {})).header("x-consumer-id", "root")).await;
    assert_eq!((echo.header("x-consumer-id"), echo.header("x-consumer-username")), (None, None));
    site.stop().await;
}

#[actix_web::test]
async fn oidc_079_the_consumer_claim_of_an_older_file_maps_as_consumer_claims_do() {
    let consumers = json!([{"username": "app", "custom_id": "alice@app.test"}]);
    for claim in [json!({"consumer_claim": ["email"]}), json!({"consumer_claims": [["email"]]})] {
        let mut config = claim.clone();
        config["consumer_by"] = json!(["custom_id"]);
        let site = bearer(config, consumers.clone()).await;
        let token = |email: &str| site.op.access_token(|draft| draft.claims["email"] = json!(email));
        assert_eq!(site.echo(&token("alice@app.test")).await.header("x-consumer-username"), Some("app"), "{claim}");
        assert_eq!(site.bearer(&token("bob@app.test")).await, 403, "{claim}");
        site.stop().await;
    }
}

#[actix_web::test]
async fn oidc_080_groups_of_a_claim_count_for_the_acl_plugin() {
    for (acl, expected) in [(json!({"allow": ["openid"]}), 200), (json!({"deny": ["profile"]}), 403)] {
        let op = Op::start().await;
        let token = op.access_token(|_| {});
        let oidc = plugin(&op, json!({"auth_methods": ["bearer"], "authenticated_groups_claim": ["scope"]}));
        let gateway = with_plugins(json!([oidc, {"name": "acl", "config": acl}]), json!([])).await;
        let request = || gateway.get("/").header("authorization", format!("Bearer {token}"));
        let (status, body, _) = told(request()).await;
        assert_eq!(status, expected);
        match expected {
            200 => assert_eq!(body["headers"]["x-authenticated-groups"], json!(["openid, email, profile"])),
            _ => assert_eq!(body["message"], "You cannot consume this service"),
        }
        gateway.stop().await;
    }
}

#[actix_web::test]
async fn oidc_081_a_consumer_group_must_exist() {
    let config = json!({"consumer_groups_claim": ["tier"]});
    let site = bearer(config.clone(), json!([])).await;
    let token = with_claims(&site, &json!({"tier": "gold"}));
    assert_eq!(site.bearer(&token).await, 401);
    site.stop().await;
    let site = bearer(config, json!([{"username": "x", "groups": [{"name": "gold"}]}])).await;
    assert_eq!(site.bearer(&with_claims(&site, &json!({"tier": "gold"}))).await, 200);
    site.stop().await;
}

#[actix_web::test]
async fn oidc_082_the_access_tokens_subject_is_the_credential() {
    let site = bearer(json!({"id_token_param_name": "id_token"}), json!([])).await;
    let access_token = with_claims(&site, &json!({"sub": "of-the-api"}));
    let id_token = site.op.access_token(|draft| {
        draft.header["typ"] = json!("JWT");
        draft.claims["at_hash"] = json!(half_hash(&access_token));
    });
    let echo = echo_of(site.with_bearer(&access_token).header("id_token", id_token)).await;
    assert_eq!(echo.header("x-credential-identifier"), Some("of-the-api"));
    site.stop().await;
}

#[actix_web::test]
async fn oidc_083_the_persons_domain_must_be_an_accepted_one() {
    let site = bearer(json!({"domains": ["example.com"]}), json!([])).await;
    for (claims, expected) in
        [(json!({"hd": "example.com"}), 200), (json!({"hd": "example.org"}), 401), (json!({}), 401)]
    {
        assert_eq!(site.bearer(&with_claims(&site, &claims)).await, expected, "{claims}");
    }
    site.stop().await;
}

#[actix_web::test]
async fn oidc_084_to_086_claims_become_headers_that_callers_cannot_forge() {
    let site = bearer(
        json!({
            "upstream_headers_claims": ["preferred_username"], "upstream_headers_names": ["authenticated_user"],
            "upstream_headers": [{"header": "X-Org-Id", "path": ["org", "id"]}],
            "downstream_headers": [{"header": "X-Sub", "path": ["sub"]}],
        }),
        json!([]),
    )
    .await;
    let token = with_claims(&site, &json!({"org": {"id": 7}}));
    let reply = site.with_bearer(&token).send().await.unwrap();
    assert_eq!(reply.headers()["x-sub"], "alice-id");
    let echo = site.echo(&token).await;
    assert_eq!((echo.header("authenticated-user"), echo.header("x-org-id")), (Some("demo"), Some("7")));
    let bare = with_claims(&site, &json!({"preferred_username": null}));
    let forged = site.with_bearer(&bare).header("authenticated-user", "root").header("authenticated_user", "root");
    let echo = echo_of(forged.header("x-org-id", "1")).await;
    assert_eq!((echo.header("authenticated-user"), echo.header("x-org-id")), (None, None));
    assert_eq!(echo.header("authenticated_user"), None);
    site.stop().await;
}

#[actix_web::test]
async fn oidc_087_the_credential_is_hidden_and_a_token_may_not_follow_it() {
    let sign_in = |site: &Protected| site.gateway.get("/").basic_auth(USERNAME, Some(PASSWORD));
    let site = protected(json!({"auth_methods": ["password"]})).await;
    assert!(echo_of(sign_in(&site)).await.header("authorization").unwrap().starts_with("Bearer "));
    site.stop().await;
    let site = protected(json!({"auth_methods": ["password"], "upstream_access_token_header": ""})).await;
    assert_eq!(echo_of(sign_in(&site)).await.header("authorization"), None);
    site.stop().await;
}

#[actix_web::test]
async fn oidc_088_the_upstream_may_get_what_user_info_says() {
    let site = bearer(json!({"upstream_user_info_header": "x-u"}), json!([])).await;
    let echo = site.echo(&site.op.access_token(|_| {})).await;
    let document: Value = serde_json::from_slice(&STANDARD.decode(echo.header("x-u").unwrap()).unwrap()).unwrap();
    assert_eq!((&document["sub"], &document["email"]), (&json!("alice-id"), &json!("alice@example.com")));
    site.stop().await;
}
