//! Configurations and proofs for tests of the engine's steps.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::net::{IpAddr, Ipv4Addr};

use serde_json::{Value, json};

use crate::config::finding::Findings;
use crate::config::plugin::{OpenIdConnectConf, PluginContext, parse};
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
