//! Proof of possession, token exchange and principals: none of them is available yet.

use crate::config::plugin::parameter::{Kind::*, Parameter, Preset::*, Status, Status::*};

const LEVELS: &[&str] = &["off", "optional", "strict"];
const DPOP: Status = Refused("DPoP (RFC 9449)");
const MTLS: Status = Refused("tokens that are bound to a certificate (RFC 8705)");
const EXCHANGE: Status = Refused("token exchange");
const PRINCIPALS: Status = Refused("a directory of principals");

/// Rows.
pub(super) const ROWS: &[Parameter] = super::table! {
    "proof_of_possession_dpop": Word(LEVELS), Is("\"off\""), DPOP, "Demands a proof that the caller holds the token's key.";
    "dpop_proof_lifetime": Number, Is("300"), Inert("there is no DPoP"), "Seconds for which such a proof is good.";
    "dpop_use_nonce": Flag, Is("false"), DPOP, "Demands proofs with a nonce.";
    "proof_of_possession_mtls": Word(LEVELS), Is("\"off\""), MTLS, "Demands the certificate that the token is bound to.";
    "proof_of_possession_mtls_from_header": Record(&[FROM_HEADER]), Unset, MTLS, "Takes that certificate from a header.";
    "proof_of_possession_auth_methods_validation": Flag, Is("true"), Inert("there is no proof of possession"), "Refuses methods that know no proof of possession.";
    "token_exchange": Record(&[TOKEN_EXCHANGE]), Unset, EXCHANGE, "Exchanges tokens (RFC 8693).";
    "token_exchange_endpoint": Url, Unset, EXCHANGE, "Exchanges tokens, the older way.";
    "principals": Record(&[PRINCIPAL]), Unset, PRINCIPALS, "Looks the caller up in a directory.";
};

const FROM_HEADER: &[Parameter] = super::table! {
    "certificate_header_name": Text, Required, Within, "The header.";
    "certificate_header_format": Word(&["base64_encoded", "url_encoded"]), Is("\"url_encoded\""), Within, "Form of the certificate.";
    "ca_certificates": Texts, Required, Within, "Authorities that it may come from.";
    "allow_partial_chain": Flag, Is("false"), Within, "Trusts intermediates too.";
    "secure_source": Flag, Is("true"), Within, "Believes trusted peers only.";
    "revocation_check_mode": Word(&["IGNORE_CA_ERROR", "SKIP", "STRICT"]), Is("\"IGNORE_CA_ERROR\""), Within, "Whether revocation is checked.";
    "cert_cache_ttl": Number, Is("60000"), Within, "Milliseconds for which the verdict is remembered.";
    "http_timeout": Number, Is("30000"), Within, "Milliseconds for a revocation request.";
    "http_proxy_host": Text, Unset, Within, "Proxy for revocation requests by http: host.";
    "http_proxy_port": Whole(0, 65_535), Unset, Within, "Proxy for revocation requests by http: port.";
    "https_proxy_host": Text, Unset, Within, "Proxy for revocation requests by https: host.";
    "https_proxy_port": Whole(0, 65_535), Unset, Within, "Proxy for revocation requests by https: port.";
    "ssl_verify": Flag, Is("true"), Within, "Verifies certificates of revocation servers.";
};

const TOKEN_EXCHANGE: &[Parameter] = super::table! {
    "subject_token_issuers": Records(&[SUBJECT_ISSUER]), Required, Within, "Issuers whose tokens are exchanged.";
    "request": Record(&[EXCHANGE_REQUEST]), Unset, Within, "What is asked for.";
    "cache": Record(&[EXCHANGE_CACHE]), Unset, Within, "What is remembered.";
};

const SUBJECT_ISSUER: &[Parameter] = super::table! {
    "issuer": Text, Required, Within, "The issuer.";
    "jwks_uri": Url, Unset, Within, "Its key set.";
    "verify_signature": Flag, Is("false"), Within, "Verifies its tokens first.";
    "conditions": Record(&[CONDITIONS]), Unset, Within, "When a token is exchanged.";
};

const CONDITIONS: &[Parameter] = super::table! {
    "has_audience": Texts, Unset, Within, "Audiences that it must have.";
    "has_scopes": Texts, Unset, Within, "Scopes that it must have.";
    "missing_audience": Texts, Unset, Within, "Audiences that it must not have.";
    "missing_scopes": Texts, Unset, Within, "Scopes that it must not have.";
};

const EXCHANGE_REQUEST: &[Parameter] = super::table! {
    "audience": Texts, Unset, Within, "Audiences.";
    "empty_audience": Flag, Is("false"), Within, "Asks for no audience.";
    "scopes": Texts, Unset, Within, "Scopes.";
    "empty_scopes": Flag, Is("false"), Within, "Asks for no scope.";
};

const EXCHANGE_CACHE: &[Parameter] = super::table! {
    "enabled": Flag, Is("true"), Within, "Whether anything is.";
    "ttl": Whole(0, i64::MAX), Unset, Within, "Seconds.";
};

const PRINCIPAL: &[Parameter] = super::table! {
    "enabled": Flag, Is("false"), Within, "Whether it does.";
    "directory": Text, Is("\"default\""), Within, "The directory.";
    "error_on_miss": Flag, Is("true"), Within, "Refuses callers who are not in it.";
    "match_consumer": Flag, Is("true"), Within, "Takes the consumer from it.";
    "match_consumer_groups": Flag, Is("true"), Within, "Takes consumer groups from it.";
    "principal_by": Text, Unset, Within, "Kind of identity to look up.";
    "principal_claim": Path, Unset, Within, "Path to the claim to look up.";
};
