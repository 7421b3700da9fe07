//! A discovery document and a key set: reading them never panics, and https is never given up.
#![no_main]

use kong_sso::config::plugin::EndpointOverrides;
use kong_sso::oidc::keys::KeySet;
use kong_sso::oidc::metadata::ProviderMetadata;
use libfuzzer_sys::fuzz_target;
use url::Url;

fuzz_target!(|data: &[u8]| {
    let Ok(source) = Url::parse("https://op/.well-known/openid-configuration") else { return };
    if let Ok(metadata) = ProviderMetadata::parse(data, &source, &EndpointOverrides::default()) {
        let endpoints = metadata.endpoints;
        let all = [endpoints.authorization, endpoints.token, endpoints.userinfo, endpoints.end_session, endpoints.jwks];
        assert!(all.iter().flatten().all(|url| url.scheme() == "https"));
    }
    let _ = KeySet::parse(data);
});
