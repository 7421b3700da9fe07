//! What a browser sends back: cookie value and authorization response. Reading them never panics, and a cookie that
//! was not sealed here holds nothing.
#![no_main]

use kong_sso::domain::time::UnixSeconds;
use kong_sso::oidc::{AuthorizationResponse, LoginCookie};
use kong_sso::sealing::Sealer;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let _ = AuthorizationResponse::parse(data);
    if let Ok(value) = std::str::from_utf8(data) {
        let sealer = Sealer::from_secret(b"fuzz");
        assert!(LoginCookie::from_value(&sealer, value, UnixSeconds(0), 600).is_empty());
    }
});
