//! The check list, one changed field at a time, with a real key.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use super::*;
use aws_lc_rs::digest;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::EncodingKey;
use serde_json::json;
use std::sync::LazyLock;

const NOW: i64 = 1_800_000_000;
const NONCE: &str = "the-nonce";
const ACCESS_TOKEN: &str = "the-access-token";

struct Signer {
    key: EncodingKey,
    keys: KeySet,
}

static SIGNER: LazyLock<Signer> = LazyLock::new(|| {
    let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
    let point = pair.public_key().as_ref();
    let part = |range: std::ops::Range<usize>| URL_SAFE_NO_PAD.encode(&point[range]);
    let set = json!({"keys": [{"kty": "EC", "crv": "P-256", "kid": "k1", "x": part(1..33), "y": part(33..65)}]});
    Signer {
        key: EncodingKey::from_ec_der(pair.to_pkcs8v1().unwrap().as_ref()),
        keys: KeySet::parse(set.to_string().as_bytes()).unwrap(),
    }
});

fn sign(header: &Value, claims: &Value) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let input = format!("{}.{}", part(header), part(claims));
    let signature = jsonwebtoken::crypto::sign(input.as_bytes(), &SIGNER.key, Algorithm::ES256).unwrap();
    format!("{input}.{signature}")
}

fn header() -> Value {
    json!({"alg": "ES256", "kid": "k1", "typ": "JWT"})
}

fn claims() -> Value {
    json!({"iss": "https://op", "aud": "client", "sub": "alice", "iat": NOW, "exp": NOW + 60, "nonce": NONCE})
}

fn with(mut value: Value, changes: &Value) -> Value {
    for (name, change) in changes.as_object().unwrap() {
        value[name] = change.clone();
    }
    value
}

fn without(mut value: Value, name: &str) -> Value {
    value.as_object_mut().unwrap().remove(name);
    value
}

fn check_with(token: &str, change: impl FnOnce(&mut Expectations<'_>)) -> Result<Value, TokenError> {
    let issuers = IssuerRule::new(&[], "https://op");
    let mut expected = Expectations {
        nonce: Some(NONCE),
        access_token: Some(ACCESS_TOKEN),
        ..Expectations::new(TokenKind::IdToken, &issuers, "client", UnixSeconds(NOW))
    };
    change(&mut expected);
    verify(token, &SIGNER.keys, &expected).map(|verified| verified.claims)
}

fn check(header: &Value, claims: &Value) -> Result<Value, TokenError> {
    check_with(&sign(header, claims), |_| {})
}

#[test]
fn a_right_token_gives_its_claims() {
    assert_eq!(check(&header(), &claims()).unwrap(), claims());
}

#[test]
fn each_wrong_header_field_has_its_own_failure() {
    let table = [
        (json!({"alg": "none"}), TokenError::Algorithm),
        (json!({"alg": "HS256"}), TokenError::Algorithm),
        (json!({"alg": "es256"}), TokenError::Algorithm),
        (json!({"alg": "RS256"}), TokenError::UnknownKey),
        (json!({"crit": ["b64"]}), TokenError::Critical),
        (json!({"kid": "other"}), TokenError::UnknownKey),
        (json!({"typ": "at+jwt"}), TokenError::Type),
        (json!({"typ": "logout+jwt"}), TokenError::Type),
        (json!({"typ": "application/dpop+jwt"}), TokenError::Type),
    ];
    for (change, wanted) in table {
        assert_eq!(check(&with(header(), &change), &claims()).unwrap_err(), wanted, "{change}");
    }
    for typ in ["JWT", "jwt", "application/jwt"] {
        assert!(check(&with(header(), &json!({"typ": typ})), &claims()).is_ok(), "{typ}");
    }
    assert!(check(&without(header(), "typ"), &claims()).is_ok());
    assert!(check(&without(header(), "kid"), &claims()).is_ok());
}

#[test]
fn each_wrong_claim_has_its_own_failure() {
    let table = [
        (json!({"iss": "https://op/"}), TokenError::Issuer("https://op/".into())),
        (json!({"iss": 7}), TokenError::Claim("iss")),
        (json!({"aud": "other"}), TokenError::Audience),
        (json!({"aud": ["other"]}), TokenError::Audience),
        (json!({"aud": []}), TokenError::Audience),
        (json!({"aud": 7}), TokenError::Claim("aud")),
        (json!({"aud": ["client", "other"]}), TokenError::AuthorizedParty),
        (json!({"aud": ["client", "other"], "azp": "other"}), TokenError::AuthorizedParty),
        (json!({"azp": "other"}), TokenError::AuthorizedParty),
        (json!({"exp": NOW}), TokenError::Expired),
        (json!({"exp": "soon"}), TokenError::Claim("exp")),
        (json!({"exp": true}), TokenError::Claim("exp")),
        (json!({"exp": 1e300}), TokenError::Claim("exp")),
        (json!({"nbf": NOW + 1}), TokenError::NotYetValid),
        (json!({"iat": NOW + 1}), TokenError::IssuedInFuture),
        (json!({"sub": ""}), TokenError::Claim("sub")),
        (json!({"sub": 7}), TokenError::Claim("sub")),
        (json!({"nonce": "another"}), TokenError::Nonce),
        (json!({"at_hash": "AAAAAAAAAAAAAAAAAAAAAA"}), TokenError::AccessTokenHash),
        (json!({"at_hash": "%%%"}), TokenError::AccessTokenHash),
        (json!({"at_hash": ""}), TokenError::AccessTokenHash),
    ];
    for (change, wanted) in table {
        assert_eq!(check(&header(), &with(claims(), &change)).unwrap_err(), wanted, "{change}");
    }
    for name in ["iss", "aud", "exp", "iat", "sub"] {
        let failure = check(&header(), &without(claims(), name)).unwrap_err();
        assert_eq!(failure, TokenError::Claim(name));
    }
    assert_eq!(check(&header(), &without(claims(), "nonce")).unwrap_err(), TokenError::Nonce);
}

#[test]
fn what_only_looks_odd_is_accepted() {
    for change in [
        json!({"aud": ["client"]}),
        json!({"aud": ["other", "client"], "azp": "client"}),
        json!({"exp": (NOW + 60).to_string()}),
        json!({"exp": NOW as f64 + 60.5}),
        json!({"nbf": NOW, "iat": NOW}),
        json!({"nbf": null}),
        json!({"at_hash": at_hash()}),
    ] {
        assert!(check(&header(), &with(claims(), &change)).is_ok(), "{change}");
    }
}

fn at_hash() -> String {
    URL_SAFE_NO_PAD.encode(&digest::digest(&digest::SHA256, ACCESS_TOKEN.as_bytes()).as_ref()[..16])
}

#[test]
fn oidc_023_leeway_widens_every_time_check_and_no_further() {
    let token = |change: Value| sign(&header(), &with(claims(), &change));
    let leeway = |token: &str| check_with(token, |expected| expected.leeway = 30);
    assert!(leeway(&token(json!({"exp": NOW - 20}))).is_ok());
    assert!(leeway(&token(json!({"exp": NOW - 29}))).is_ok());
    assert_eq!(leeway(&token(json!({"exp": NOW - 30}))).unwrap_err(), TokenError::Expired);
    assert_eq!(leeway(&token(json!({"exp": NOW - 40}))).unwrap_err(), TokenError::Expired);
    assert!(leeway(&token(json!({"nbf": NOW + 30}))).is_ok());
    assert_eq!(leeway(&token(json!({"nbf": NOW + 31}))).unwrap_err(), TokenError::NotYetValid);
    assert!(leeway(&token(json!({"iat": NOW + 30}))).is_ok());
    assert_eq!(leeway(&token(json!({"iat": NOW + 31}))).unwrap_err(), TokenError::IssuedInFuture);
}

#[test]
fn max_age_demands_a_recent_login_at_the_provider() {
    let aged =
        |change: Value| check_with(&sign(&header(), &with(claims(), &change)), |expected| expected.max_age = Some(100));
    assert!(aged(json!({"auth_time": NOW - 100})).is_ok());
    assert_eq!(aged(json!({"auth_time": NOW - 101})).unwrap_err(), TokenError::AuthenticationTooOld);
    assert_eq!(aged(json!({})).unwrap_err(), TokenError::Claim("auth_time"));
}

#[test]
fn oidc_049_the_nonce_counts_unless_switched_off() {
    let token = sign(&header(), &with(claims(), &json!({"nonce": "another"})));
    assert_eq!(check_with(&token, |_| {}).unwrap_err(), TokenError::Nonce);
    assert!(check_with(&token, |expected| expected.nonce = None).is_ok());
}

#[test]
fn a_changed_token_or_signature_is_refused() {
    let token = sign(&header(), &claims());
    let (input, signature) = token.rsplit_once('.').unwrap();
    let other = sign(&header(), &with(claims(), &json!({"sub": "mallory"})));
    let (other_input, _) = other.rsplit_once('.').unwrap();
    for forged in [format!("{other_input}.{signature}"), format!("{input}."), format!("{input}.AAAA")] {
        assert_eq!(check_with(&forged, |_| {}).unwrap_err(), TokenError::Signature);
    }
}

#[test]
fn a_key_in_the_header_is_not_used() {
    let foreign = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
    let point = foreign.public_key().as_ref();
    let part = |range: std::ops::Range<usize>| URL_SAFE_NO_PAD.encode(&point[range]);
    let jwk = json!({"kty": "EC", "crv": "P-256", "kid": "k1", "x": part(1..33), "y": part(33..65)});
    let header = with(header(), &json!({"jwk": jwk, "jku": "https://evil/jwks", "x5u": "https://evil/x5u"}));
    let encode = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let input = format!("{}.{}", encode(&header), encode(&claims()));
    let key = EncodingKey::from_ec_der(foreign.to_pkcs8v1().unwrap().as_ref());
    let signature = jsonwebtoken::crypto::sign(input.as_bytes(), &key, Algorithm::ES256).unwrap();
    assert_eq!(check_with(&format!("{input}.{signature}"), |_| {}).unwrap_err(), TokenError::Signature);
    // The same header signed by the provider's own key is fine: the members are ignored, not refused.
    assert!(check(&header, &claims()).is_ok());
}

#[test]
fn an_access_token_needs_no_audience_and_no_nonce() {
    let header = with(header(), &json!({"typ": "at+jwt"}));
    let kind = |token: &str| {
        check_with(token, |expected| {
            expected.kind = TokenKind::AccessToken;
            expected.nonce = None;
        })
    };
    let bare = json!({"iss": "https://op", "exp": NOW + 1});
    assert!(kind(&sign(&header, &bare)).is_ok());
    assert_eq!(kind(&sign(&header, &without(bare, "exp"))).unwrap_err(), TokenError::Claim("exp"));
}

#[test]
fn a_signed_user_info_answer_may_omit_issuer_and_audience() {
    let kind = |claims: &Value| {
        check_with(&sign(&header(), claims), |expected| {
            expected.kind = TokenKind::UserInfo;
            expected.nonce = None;
        })
    };
    assert!(kind(&json!({"sub": "alice"})).is_ok());
    assert_eq!(kind(&json!({"sub": "alice", "aud": "other"})).unwrap_err(), TokenError::Audience);
    assert_eq!(kind(&json!({"sub": "a", "iss": "https://x"})).unwrap_err(), TokenError::Issuer("https://x".into()));
    assert_eq!(kind(&json!({"aud": "client"})).unwrap_err(), TokenError::Claim("sub"));
}

fn access_token_with(
    header: &Value,
    claims: &Value,
    change: impl FnOnce(&mut Expectations<'_>),
) -> Result<Value, TokenError> {
    check_with(&sign(header, claims), |expected| {
        expected.kind = TokenKind::AccessToken;
        expected.nonce = None;
        change(expected);
    })
}

#[test]
fn an_unchecked_signature_leaves_the_claims_checked() {
    let skip = |expected: &mut Expectations<'_>| expected.checks.signature = false;
    let foreign = with(header(), &json!({"kid": "nobody's"}));
    assert!(access_token_with(&foreign, &claims(), skip).is_ok());
    assert_eq!(access_token_with(&foreign, &with(claims(), &json!({"exp": NOW})), skip), Err(TokenError::Expired));
    for (change, wanted) in [
        (json!({"alg": "none"}), TokenError::Algorithm),
        (json!({"alg": "HS256"}), TokenError::Algorithm),
        (json!({"crit": ["exp"]}), TokenError::Critical),
        (json!({"typ": "dpop+jwt"}), TokenError::Type),
    ] {
        assert_eq!(access_token_with(&with(header(), &change), &claims(), skip), Err(wanted), "{change}");
    }
}

#[test]
fn oidc_025_unchecked_claims_leave_a_configured_list_of_issuers() {
    let unchecked = |issuers: &IssuerRule, claims: &Value| {
        let expected = Expectations {
            checks: Checks { signature: true, claims: false },
            ..Expectations::new(TokenKind::AccessToken, issuers, "client", UnixSeconds(NOW))
        };
        verify(&sign(&header(), claims), &SIGNER.keys, &expected).map(|_| ())
    };
    let (listed, discovered) =
        (IssuerRule::new(&["https://a".into()], "https://op"), IssuerRule::new(&[], "https://op"));
    assert!(unchecked(&discovered, &json!({"iss": "https://z", "exp": 1})).is_ok());
    assert!(unchecked(&listed, &json!({"iss": "https://a", "exp": 1})).is_ok());
    assert_eq!(unchecked(&listed, &json!({"iss": "https://z"})), Err(TokenError::Issuer("https://z".into())));
    assert_eq!(unchecked(&listed, &json!({})), Err(TokenError::Claim("iss")));
}

#[test]
fn oidc_022_hmac_needs_a_secret_and_no_key_of_the_provider_ever_is_one() {
    let issuers = IssuerRule::new(&[], "https://op");
    let signed = |secret: &str, algorithm: &str| {
        let header = json!({"alg": algorithm});
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let input = format!("{}.{}", part(&header), part(&claims()));
        let key = EncodingKey::from_secret(secret.as_bytes());
        let signature = jsonwebtoken::crypto::sign(input.as_bytes(), &key, hmac_named(algorithm).unwrap()).unwrap();
        format!("{input}.{signature}")
    };
    let check = |token: &str, secret: Option<&str>| {
        let secret = secret.map(SecretString::from);
        let expected = Expectations {
            hmac_secret: secret.as_ref(),
            ..Expectations::new(TokenKind::IdToken, &issuers, "client", UnixSeconds(NOW))
        };
        verify(token, &SIGNER.keys, &expected).map(|verified| verified.jwk)
    };
    for algorithm in ["HS256", "HS384", "HS512"] {
        assert_eq!(check(&signed("secret", algorithm), Some("secret")), Ok(None));
        assert_eq!(check(&signed("other", algorithm), Some("secret")), Err(TokenError::Signature));
        assert_eq!(check(&signed("secret", algorithm), None), Err(TokenError::Algorithm));
        assert_eq!(check(&signed("", algorithm), Some("")), Err(TokenError::Signature));
    }
    let public = SIGNER.keys.jwks().next().unwrap().to_string();
    assert_eq!(check(&signed(&public, "HS256"), Some("secret")), Err(TokenError::Signature));
}

#[test]
fn oidc_083_the_domain_of_the_person_must_be_an_accepted_one() {
    static DOMAINS: LazyLock<[String; 1]> = LazyLock::new(|| ["example.com".to_owned()]);
    let hosted =
        |change: Value| access_token_with(&header(), &with(claims(), &change), |expected| expected.domains = &*DOMAINS);
    assert!(hosted(json!({"hd": "example.com"})).is_ok());
    assert_eq!(hosted(json!({"hd": "example.org"})), Err(TokenError::Domain));
    assert_eq!(hosted(json!({})), Err(TokenError::Domain));
}

#[test]
fn a_carried_id_token_may_be_for_another_client_but_not_for_another_access_token() {
    let carried = |change: Value| {
        check_with(&sign(&header(), &with(claims(), &change)), |expected| {
            expected.kind = TokenKind::CarriedIdToken;
            expected.nonce = None;
        })
    };
    assert!(carried(json!({"aud": "spa", "at_hash": at_hash()})).is_ok());
    assert_eq!(carried(json!({"at_hash": "AAAAAAAAAAAAAAAAAAAAAA"})), Err(TokenError::AccessTokenHash));
    assert_eq!(carried(json!({"iss": "https://other"})), Err(TokenError::Issuer("https://other".into())));
    assert_eq!(carried(json!({"exp": NOW})), Err(TokenError::Expired));
}

#[test]
fn an_introspection_answer_is_held_against_what_it_has() {
    let issuers = IssuerRule::new(&[], "https://op");
    let expected = Expectations::new(TokenKind::Introspection, &issuers, "client", UnixSeconds(NOW));
    let check = |claims: Value| verify_claims(claims.as_object().unwrap(), &expected);
    assert!(check(json!({"active": true, "aud": "whoever"})).is_ok());
    assert_eq!(check(json!({"iss": "https://z"})), Err(TokenError::Issuer("https://z".into())));
    assert_eq!(check(json!({"exp": NOW})), Err(TokenError::Expired));
    assert_eq!(check(json!({"nbf": NOW + 1})), Err(TokenError::NotYetValid));
    assert_eq!(check(json!({"iat": (NOW + 1).to_string()})), Err(TokenError::IssuedInFuture));
}
