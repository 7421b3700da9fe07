//! The provider's answer from a query or form: never a panic, and never two codes.
#![no_main]

use kong_sso::oidc::AuthorizationResponse;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    if let Ok(response) = AuthorizationResponse::parse(data) {
        assert!(!response.state.is_empty());
        let codes = url::form_urlencoded::parse(data).filter(|(name, _)| name == "code").count();
        assert!(codes <= 1);
    }
});
