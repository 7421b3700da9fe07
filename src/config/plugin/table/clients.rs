//! The plugin's clients at the provider. Arrays are parallel: elements of the same index belong to one client.

use super::{CLIENT_AUTH, MTLS};
use crate::config::plugin::parameter::{Kind::*, Parameter, Preset::*, Status::*};

const ALGORITHMS: &[&str] = &[
    "ES256", "ES384", "ES512", "EdDSA", "HS256", "HS384", "HS512", "PS256", "PS384", "PS512", "RS256", "RS384", "RS512",
];
const MULTI_PRIME: crate::config::plugin::parameter::Status = Refused("RSA keys of more than two primes");
const BY_CERTIFICATE: &str = "clients do not authenticate by certificate";

/// Rows.
pub(super) const ROWS: &[Parameter] = super::table! {
    "client_id": Texts, Unset, Implemented, "Client ids.";
    "client_secret": Texts, Unset, Implemented, "Their secrets.";
    "client_auth": Words(CLIENT_AUTH), Unset, MTLS, "How each client proves itself; unset = as discovery says, `client_secret_basic` first.";
    "client_alg": Words(ALGORITHMS), Unset, Except(&["ES512"]), "Algorithm of each client's signed assertions.";
    "client_jwk": Records(&[JWK]), Unset, Implemented, "Private key of each client, for `private_key_jwt`.";
    "client_arg": Text, Is("\"client_id\""), Implemented, "Header or argument by which a caller selects one of several clients, by id or by index from 1.";
    "redirect_uri": Urls, Unset, Implemented, "Where the provider sends browsers back to; unset = the URL of the request, without its query.";
    "tls_client_auth_cert_id": Text, Unset, Inert(BY_CERTIFICATE), "Certificate of the client.";
    "tls_client_auth_ssl_verify": Flag, Is("true"), Inert(BY_CERTIFICATE), "Verifies the provider's certificate on those connections.";
};

/// Members of a private key (RFC 7517, RFC 7518).
const JWK: &[Parameter] = super::table! {
    "alg": Text, Unset, Implemented, "Algorithm.";
    "crv": Text, Unset, Implemented, "Curve.";
    "d": Text, Unset, Implemented, "Private exponent or scalar.";
    "dp": Text, Unset, Implemented, "RSA: exponent of the first prime.";
    "dq": Text, Unset, Implemented, "RSA: exponent of the second prime.";
    "e": Text, Unset, Implemented, "RSA: public exponent.";
    "issuer": Text, Unset, Implemented, "A note.";
    "k": Text, Unset, Implemented, "Symmetric key.";
    "key_ops": Texts, Unset, Implemented, "What the key is for.";
    "kid": Text, Unset, Implemented, "Key id, sent with each assertion.";
    "kty": Text, Unset, Implemented, "Type of key.";
    "n": Text, Unset, Implemented, "RSA: modulus.";
    "oth": Text, Unset, MULTI_PRIME, "RSA: further primes.";
    "p": Text, Unset, Implemented, "RSA: first prime.";
    "q": Text, Unset, Implemented, "RSA: second prime.";
    "qi": Text, Unset, Implemented, "RSA: coefficient of the second prime.";
    "r": Text, Unset, MULTI_PRIME, "RSA: a further prime.";
    "t": Text, Unset, MULTI_PRIME, "RSA: coefficient of a further prime.";
    "use": Text, Unset, Implemented, "What the key is for, `sig`.";
    "x": Text, Unset, Implemented, "Coordinate, or public key.";
    "x5c": Texts, Unset, Implemented, "Certificates.";
    "x5t": Text, Unset, Implemented, "SHA-1 thumbprint of the certificate.";
    "x5t#S256": Text, Unset, Implemented, "SHA-256 thumbprint of the certificate.";
    "x5u": Text, Unset, Implemented, "URL of the certificate.";
    "y": Text, Unset, Implemented, "Coordinate.";
};
