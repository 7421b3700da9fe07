//! Configurations and proofs for tests of the engine's steps.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::net::{IpAddr, Ipv4Addr};

use serde_json::{Value, json};

use crate::config::finding::Findings;
use crate::config::plugin::{CredentialSearch, OpenIdConnectConf, Place, Places, PluginContext, parse};
use crate::domain::method::Method;

use super::proof::{ClaimSources, Proof, ProvedTokens};
use super::request::{Headers, RequestView};

/// The configuration of `members` at some provider.
pub(super) fn conf(members: Value) -> OpenIdConnectConf {
    let mut config = json!({"issuer": "https://idp.example.com:8443/realm"});
    config.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
    let resolve = |_: &str| Err(String::new());
    let context = PluginContext { resolve: &resolve, forbid_unverified: false };
    let mut findings = Findings::default();
    parse(&config, "config", &context, &mut findings).unwrap_or_else(|| panic!("{:?}", findings.errors))
}

/// Everything may stand everywhere, as far as it can.
pub(super) fn everywhere() -> CredentialSearch {
    let everywhere = || Places(vec![Place::Header, Place::Query, Place::Body, Place::Cookie]);
    let places = || Places(vec![Place::Header, Place::Query, Place::Body]);
    CredentialSearch {
        bearer: everywhere(),
        bearer_header: None,
        bearer_cookie: Some("at".into()),
        password: places(),
        client_credentials: places(),
        refresh_token: places(),
        refresh_token_name: Some("refresh_token".into()),
        id_token: places(),
        id_token_name: Some("id_token".into()),
    }
}

/// Headers of a request.
pub(super) struct Lines(pub(super) Vec<(String, Vec<u8>)>);

impl Headers for Lines {
    fn get(&self, name: &str, index: usize) -> Option<&[u8]> {
        self.0.iter().filter(|(known, _)| known == name).nth(index).map(|(_, value)| value.as_slice())
    }
}

/// A request with these headers.
pub(super) fn view(headers: &Lines) -> RequestView<'_> {
    RequestView {
        method: "POST",
        scheme: "https",
        authority: "api.test",
        path: "/",
        query: None,
        headers,
        body: None,
        client: IpAddr::V4(Ipv4Addr::LOCALHOST),
        is_authenticated: false,
    }
}

/// A bearer token that says `claims`.
pub(super) fn proof(claims: ClaimSources) -> Proof {
    Proof {
        method: Method::Bearer,
        client: 0,
        tokens: ProvedTokens { access_token: Some("at".to_owned().into()), ..ProvedTokens::default() },
        claims,
        access_token_jwk: None,
        id_token_jwk: None,
        consumer: None,
        token_answer: None,
    }
}
