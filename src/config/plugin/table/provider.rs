//! Where the provider is, and how it is reached.

use crate::config::plugin::parameter::{Kind::*, Parameter, Preset::*, Status::*};

/// Rows.
pub(super) const ROWS: &[Parameter] = super::table! {
    "issuer": Url, Required, Implemented, "The provider: its issuer identifier, or the URL of its discovery document.";
    "using_pseudo_issuer": Flag, Is("false"), Implemented, "Never asks for the discovery document: endpoints and keys come from this configuration alone.";
    "issuers_allowed": Texts, Unset, Implemented, "Values of `iss` that tokens may have; unset = the discovered issuer alone.";
    "extra_jwks_uris": Urls, Unset, Implemented, "Further key sets whose keys may sign tokens.";
    "rediscovery_lifetime": Number, Is("30"), Implemented, "Seconds between two attempts to discover anew; 0 = no pause.";
    "discovery_headers_names": Texts, Unset, Implemented, "Headers that are sent with discovery requests.";
    "discovery_headers_values": Texts, Unset, Implemented, "Their values, in the same order.";
    "verify_parameters": Flag, Is("false"), Implemented, "Refuses to work when the discovery document says that the provider cannot do what is configured here.";
    "timeout": Number, Is("10000"), Implemented, "Milliseconds that a request to the provider may take.";
    "ssl_verify": Flag, Is("true"), Implemented, "Verifies the provider's certificate.";
    "keepalive": Flag, Is("true"), Implemented, "Keeps connections to the provider open.";
    "http_version": Decimal, Is("1.1"), Refused("HTTP 1.0 towards the provider"), "Version of HTTP towards the provider.";
    "http_proxy": Text, Unset, Refused("a proxy towards the provider"), "Proxy for http endpoints of the provider.";
    "http_proxy_authorization": Text, Unset, Inert("there is no proxy towards the provider"), "Credentials for that proxy.";
    "https_proxy": Text, Unset, Refused("a proxy towards the provider"), "Proxy for https endpoints of the provider.";
    "https_proxy_authorization": Text, Unset, Inert("there is no proxy towards the provider"), "Credentials for that proxy.";
    "no_proxy": Text, Unset, Inert("there is no proxy towards the provider"), "Hosts that are reached without a proxy.";
};
