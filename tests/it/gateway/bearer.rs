//! Signed bearer tokens (openid-connect.md 2.2, 2.10, 3).

use serde_json::{Value, json};

use crate::support::gateway::echo_of;
use crate::support::op::{Door, Draft, Op, SignedBy};
use crate::support::op_grants::half_hash;
use crate::support::op_keys::OpKey;
use crate::support::protected::{Protected, protected, protected_for, status};

async fn bearer(mut config: Value) -> Protected {
    config["auth_methods"] = json!(["bearer"]);
    protected(config).await
}

#[actix_web::test]
async fn oidc_018_a_token_is_found_in_headers_query_form_and_json() {
    let site = bearer(json!({})).await;
    let token = site.op.access_token(|_| {});
    let post = || site.gateway.request(reqwest::Method::POST, "/");
    let requests = [
        site.gateway.get("/").header("Access-Token", &token),
        site.gateway.get("/").header("X-Access-Token", &token),
        site.gateway.get(&format!("/?a=1&access_token={token}")),
        post().header("content-type", "application/x-www-form-urlencoded").body(format!("a=1&access_token={token}")),
        post().header("content-type", "application/json").body(json!({"access_token": token, "a": 1}).to_string()),
    ];
    for request in requests {
        let echo = echo_of(request).await;
        assert_eq!(echo.header("authorization"), Some(format!("Bearer {token}").as_str()));
        let rest = format!("{:?}{}{:?}", echo.query, echo.body, echo.header("access-token"));
        assert!(!rest.contains(&token), "hidden where it stood: {rest}");
    }
    site.stop().await;
}

#[actix_web::test]
async fn oidc_019_a_configured_header_is_the_only_one() {
    let site = bearer(json!({"bearer_token_header_name": "X-JWT"})).await;
    let token = site.op.access_token(|_| {});
    assert_eq!(site.bearer(&token).await, 401);
    assert_eq!(status(site.gateway.get("/").header("x-jwt", &token)).await, 200);
    site.stop().await;
}

#[actix_web::test]
async fn oidc_020_a_token_may_come_in_a_cookie() {
    let site = bearer(json!({"bearer_token_param_type": ["cookie"], "bearer_token_cookie_name": "at"})).await;
    let token = site.op.access_token(|_| {});
    let echo = echo_of(site.gateway.get("/").header("cookie", format!("a=b; at={token}"))).await;
    assert_eq!(echo.header("cookie"), Some("a=b"));
    assert_eq!(site.bearer(&token).await, 401);
    site.stop().await;
}

#[actix_web::test]
async fn oidc_021_a_new_key_is_fetched_once_and_an_unknown_one_not_again_and_again() {
    let site = bearer(json!({"rediscovery_lifetime": 30})).await;
    assert_eq!(site.bearer(&site.op.access_token(|_| {})).await, 200);
    site.op.rotate_key(OpKey::ec("ec-2"));
    let rotated = site.op.access_token(|_| {});
    assert_eq!(site.bearer(&rotated).await, 200);
    assert_eq!(site.op.hits(Door::Jwks), 2);
    let unknown = site.op.access_token(|draft| draft.header["kid"] = json!("nobody's"));
    for _ in 0..5 {
        assert_eq!(site.bearer(&unknown).await, 401);
    }
    assert_eq!(site.op.hits(Door::Jwks), 2, "within rediscovery_lifetime");
    site.gateway.later(31);
    assert_eq!((site.bearer(&unknown).await, site.op.hits(Door::Jwks)), (401, 3));
    site.stop().await;
}

#[actix_web::test]
async fn oidc_022_none_and_hmac_are_refused() {
    let site = bearer(json!({})).await;
    let none = site.op.access_token(|draft| {
        draft.header["alg"] = json!("none");
        draft.by = SignedBy::Nobody;
    });
    let confused = site.op.access_token(|draft| {
        draft.header["alg"] = json!("HS256");
        if let SignedBy::Key(key) = draft.by.clone() {
            draft.by = SignedBy::PublicKeyAsSecret(key);
        }
    });
    assert_eq!((site.bearer(&none).await, site.bearer(&confused).await), (401, 401));
    site.stop().await;
    let with_hmac = bearer(json!({"enable_hs_signatures": true})).await;
    let confused = with_hmac.op.access_token(|draft| {
        draft.header["alg"] = json!("HS256");
        if let SignedBy::Key(key) = draft.by.clone() {
            draft.by = SignedBy::PublicKeyAsSecret(key);
        }
    });
    assert_eq!(with_hmac.bearer(&confused).await, 401, "a public key is no secret");
    with_hmac.stop().await;
}

#[actix_web::test]
async fn oidc_023_leeway_counts_for_remembered_tokens_too() {
    let site = bearer(json!({"leeway": 300})).await;
    let expired = |ago: i64| site.op.access_token(|d| d.claims["exp"] = json!(d.claims["iat"].as_i64().unwrap() - ago));
    let (recent, old) = (expired(100), expired(400));
    assert_eq!((site.bearer(&recent).await, site.bearer(&old).await), (200, 401));
    site.gateway.later(100);
    assert_eq!(site.bearer(&recent).await, 200);
    site.gateway.later(150);
    assert_eq!(site.bearer(&recent).await, 401, "it ends although it was verified a moment ago");
    site.stop().await;
}

#[actix_web::test]
async fn oidc_024_numbers_may_be_text_when_they_are_numbers() {
    let site = bearer(json!({})).await;
    let with = |exp: &str| site.op.access_token(|draft| draft.claims["exp"] = json!(exp));
    assert_eq!((site.bearer(&with("1900000000")).await, site.bearer(&with("soon")).await), (200, 401));
    site.stop().await;
}

#[actix_web::test]
async fn oidc_025_listed_issuers_count_with_the_keys_of_extra_sets_even_when_claims_do_not() {
    for verify_claims in [true, false] {
        let (a, b) = (Op::start().await, Op::start().await);
        b.rotate_key(OpKey::ec("b-1"));
        let config = json!({
            "auth_methods": ["bearer"], "verify_claims": verify_claims, "extra_jwks_uris": [b.url("jwks")],
            "issuers_allowed": [a.issuer(), b.issuer()],
        });
        let (of_a, of_b) = (a.access_token(|_| {}), b.access_token(|_| {}));
        let of_c = a.access_token(|draft| draft.claims["iss"] = json!("https://c"));
        let site = protected_for(a, config, json!([])).await;
        let statuses = [site.bearer(&of_a).await, site.bearer(&of_b).await, site.bearer(&of_c).await];
        assert_eq!(statuses, [200, 200, 401]);
        site.stop().await;
    }
}

#[actix_web::test]
async fn oidc_026_a_pseudo_issuer_is_never_discovered() {
    let op = Op::start().await;
    let config = json!({"auth_methods": ["bearer"], "using_pseudo_issuer": true, "jwks_endpoint": op.url("jwks")});
    let site = protected_for(op, config, json!([])).await;
    let token = site.op.access_token(|_| {});
    assert_eq!(site.bearer(&token).await, 200);
    let unknown = site.op.access_token(|draft| draft.header["kid"] = json!("nobody's"));
    assert_eq!(site.bearer(&unknown).await, 401);
    assert_eq!((site.op.hits(Door::Discovery), site.op.hits(Door::OauthDiscovery)), (0, 0));
    site.stop().await;
}

#[actix_web::test]
async fn a_token_may_be_bound_to_a_session_cookie() {
    let site = bearer(json!({"jwt_session_cookie": "sso"})).await;
    let token = site.op.access_token(|draft| draft.claims["sid"] = json!("s-1"));
    let with = |cookie: &'static str| site.with_bearer(&token).header("cookie", cookie);
    assert_eq!(status(with("sso=s-1")).await, 200);
    assert_eq!((status(with("sso=s-2")).await, site.bearer(&token).await), (401, 401));
    site.stop().await;
}

#[actix_web::test]
async fn an_id_token_that_travels_along_must_speak_of_the_same_person() {
    let site = bearer(json!({"id_token_param_name": "id_token", "upstream_id_token_header": "x-id-token"})).await;
    let access_token = site.op.access_token(|_| {});
    let id_token = |edit: &dyn Fn(&mut Value)| {
        site.op.access_token(|draft| {
            draft.header["typ"] = json!("JWT");
            edit(&mut draft.claims);
        })
    };
    let send = |id_token: &str| site.with_bearer(&access_token).header("id-token", id_token);
    let right = id_token(&|_| {});
    assert_eq!(echo_of(send(&right)).await.header("x-id-token"), Some(right.as_str()));
    let bound = id_token(&|claims| {
        claims["sub"] = json!("pairwise");
        claims["at_hash"] = json!(half_hash(&access_token));
    });
    assert_eq!(status(send(&bound)).await, 200);
    let others = id_token(&|claims| claims["sub"] = json!("mallory"));
    let of_another_token = id_token(&|claims| claims["at_hash"] = json!(half_hash("another")));
    let expired = id_token(&|claims| claims["exp"] = json!(1));
    for bad in [others, of_another_token, expired, "nonsense".to_owned()] {
        assert_eq!(status(send(&bad)).await, 401);
    }
    site.stop().await;
}

#[actix_web::test]
async fn an_id_token_that_travels_along_is_verified_whatever_is_switched_off() {
    let switches = json!([
        {"auth_methods": ["userinfo"], "ignore_signature": ["userinfo"]},
        {"auth_methods": ["bearer"], "verify_signature": false},
        {"auth_methods": ["bearer"], "verify_claims": false},
    ]);
    for mut config in switches.as_array().unwrap().clone() {
        config["id_token_param_name"] = json!("id_token");
        let site = protected(config.clone()).await;
        let access_token = site.op.access_token(|_| {});
        let id_token = |edit: &dyn Fn(&mut Draft)| {
            site.op.access_token(|draft| {
                draft.header["typ"] = json!("JWT");
                draft.claims["at_hash"] = json!(half_hash(&access_token));
                edit(draft);
            })
        };
        let send = |id_token: &str| site.with_bearer(&access_token).header("id-token", id_token);
        assert_eq!(status(send(&id_token(&|_| {}))).await, 200, "{config}");
        let forged = id_token(&|draft| draft.by = SignedBy::Key(OpKey::foreign_rsa("rsa-1")));
        let of_another_token = id_token(&|draft| draft.claims["at_hash"] = json!(half_hash("another")));
        let expired = id_token(&|draft| draft.claims["exp"] = json!(1));
        let of_another_issuer = id_token(&|draft| draft.claims["iss"] = json!("https://other.test"));
        for bad in [forged, of_another_token, expired, of_another_issuer] {
            assert_eq!(status(send(&bad)).await, 401, "{config}");
        }
        site.stop().await;
    }
}
