//! What a browser sends back as the session of the plugin: reading never panics, and what was not sealed here is no session.
#![no_main]

use kong_sso::oidc::engine::session::codec;
use kong_sso::oidc::engine::{Headers, RequestView};
use kong_sso::sealing::Sealer;
use libfuzzer_sys::fuzz_target;

struct Cookies<'d>(&'d [u8]);

impl Headers for Cookies<'_> {
    fn get(&self, name: &str, index: usize) -> Option<&[u8]> {
        (name == "cookie" && index == 0).then_some(self.0)
    }
}

fuzz_target!(|data: &[u8]| {
    let cookies = Cookies(data);
    let view = RequestView {
        method: "GET",
        scheme: "https",
        authority: "api.test",
        path: "/",
        query: None,
        headers: &cookies,
        body: None,
        client: [192, 0, 2, 1].into(),
        is_authenticated: false,
    };
    let sealer = Sealer::from_secret(b"fuzz");
    if let Some(text) = codec::joined(&view, "session") {
        assert!(text.len() <= data.len());
        assert!(codec::open(&sealer, "fuzz", &text).is_none());
    }
    // Whatever was sealed here is read without panic too.
    if let Ok(sealed) = sealer.seal("fuzz", data)
        && let Some(slots) = codec::open(&sealer, "fuzz", &sealed)
    {
        let _ = slots.own("default");
    }
});
