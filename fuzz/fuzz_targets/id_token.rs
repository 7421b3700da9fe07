//! A token, or bytes that pretend to be one: taking it apart and checking it never panics, and nothing unsigned passes.
#![no_main]

use kong_sso::domain::time::UnixSeconds;
use kong_sso::oidc::issuer::IssuerRule;
use kong_sso::oidc::keys::KeySet;
use kong_sso::oidc::verify::{Expectations, TokenKind, verify};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: (String, Vec<u8>)| {
    let (token, jwks) = data;
    let issuers = IssuerRule::new(&[], "https://op");
    let expected = Expectations {
        nonce: Some("nonce"),
        access_token: Some("token"),
        ..Expectations::new(TokenKind::IdToken, &issuers, "client", UnixSeconds(1_800_000_000))
    };
    assert!(verify(&token, &KeySet::default(), &expected).is_err());
    if let Ok(keys) = KeySet::parse(&jwks) {
        let _ = verify(&token, &keys, &expected);
    }
});
