//! The outside of a signed token (RFC 7515 compact form): taken apart, nothing believed yet. Called by `verify`.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::strict_json;
use super::token_error::TokenError;

/// Longest token that is looked at, bytes.
pub const MAX_TOKEN: usize = 64 * 1024;

/// The header members that are read. `jwk`, `jku`, `x5u` and `x5c` are not among them: a token never brings its key.
#[derive(Debug, Deserialize)]
struct Header<'t> {
    #[serde(borrow)]
    alg: Cow<'t, str>,
    #[serde(borrow, default)]
    kid: Option<Cow<'t, str>>,
    #[serde(borrow, default)]
    typ: Option<Cow<'t, str>>,
    #[serde(default)]
    crit: Option<Value>,
}

/// A token that has been taken apart, its signature unchecked.
pub struct UnverifiedToken<'t> {
    alg: String,
    kid: Option<String>,
    typ: Option<String>,
    has_crit: bool,
    signing_input: &'t str,
    signature: &'t str,
    claims: Map<String, Value>,
}

impl<'t> UnverifiedToken<'t> {
    /// Takes a token apart.
    ///
    /// # Errors
    /// Too long, encrypted, or not three parts of base64url with a JSON object in the first two.
    pub fn parse(token: &'t str) -> Result<Self, TokenError> {
        if token.len() > MAX_TOKEN {
            return Err(TokenError::TooLong);
        }
        let (signing_input, signature) = token.rsplit_once('.').ok_or(TokenError::Malformed)?;
        let (header, payload) = signing_input.split_once('.').ok_or(TokenError::Malformed)?;
        if payload.contains('.') {
            return Err(if payload.split('.').count() == 3 { TokenError::Encrypted } else { TokenError::Malformed });
        }
        let header = decode(header)?;
        let header: Header<'_> = serde_json::from_slice(&header).map_err(|_| TokenError::Malformed)?;
        let claims = strict_json::object(&decode(payload)?).ok_or(TokenError::Malformed)?;
        Ok(Self {
            alg: header.alg.into_owned(),
            kid: header.kid.map(Cow::into_owned),
            typ: header.typ.map(Cow::into_owned),
            has_crit: header.crit.is_some(),
            signing_input,
            signature,
            claims,
        })
    }

    /// `alg` as it was sent.
    #[must_use]
    pub fn alg(&self) -> &str {
        &self.alg
    }

    /// `kid`, if any.
    #[must_use]
    pub fn kid(&self) -> Option<&str> {
        self.kid.as_deref()
    }

    /// `typ`, if any.
    #[must_use]
    pub fn typ(&self) -> Option<&str> {
        self.typ.as_deref()
    }

    /// Whether the header demands extensions (RFC 7515 4.1.11); none is understood here.
    #[must_use]
    pub fn has_crit(&self) -> bool {
        self.has_crit
    }

    /// What was signed.
    #[must_use]
    pub fn signing_input(&self) -> &'t str {
        self.signing_input
    }

    /// The signature in base64url.
    #[must_use]
    pub fn signature(&self) -> &'t str {
        self.signature
    }

    /// The claims, unverified.
    #[must_use]
    pub fn claims(&self) -> &Map<String, Value> {
        &self.claims
    }

    /// The claims as a value, unverified.
    #[must_use]
    pub fn into_claims(self) -> Value {
        Value::Object(self.claims)
    }
}

impl std::fmt::Debug for UnverifiedToken<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("UnverifiedToken").field("alg", &self.alg).field("typ", &self.typ).finish_non_exhaustive()
    }
}

fn decode(part: &str) -> Result<Vec<u8>, TokenError> {
    URL_SAFE_NO_PAD.decode(part).map_err(|_| TokenError::Malformed)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;

    fn token(header: &str, payload: &str) -> String {
        format!("{}.{}.c2ln", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(payload))
    }

    #[test]
    fn a_token_is_taken_apart() {
        let text = token(r#"{"alg":"RS256","kid":"a\u0062","jwk":{"kty":"RSA"}}"#, r#"{"sub":"x"}"#);
        let parsed = UnverifiedToken::parse(&text).unwrap();
        assert_eq!((parsed.alg(), parsed.kid(), parsed.typ()), ("RS256", Some("ab"), None));
        assert_eq!(parsed.signature(), "c2ln");
    }

    #[test]
    fn what_is_no_token_is_refused() {
        let long = "a".repeat(MAX_TOKEN + 1);
        for (text, wanted) in [
            (long.as_str(), TokenError::TooLong),
            ("", TokenError::Malformed),
            ("a.b", TokenError::Malformed),
            ("a.b.c.d", TokenError::Malformed),
            ("a.b.c.d.e", TokenError::Encrypted),
            (&token("[]", "{}"), TokenError::Malformed),
            (&token(r#"{"alg":1}"#, "{}"), TokenError::Malformed),
            (&token(r#"{"alg":"RS256"}"#, "null"), TokenError::Malformed),
            (&token(r#"{"alg":"RS256"}"#, r#"{"sub":"a","sub":"b"}"#), TokenError::Malformed),
            (&token(r#"{"alg":"RS256","alg":"none"}"#, "{}"), TokenError::Malformed),
        ] {
            assert_eq!(UnverifiedToken::parse(text).unwrap_err(), wanted);
        }
    }

    proptest! {
        #[test]
        fn any_text_is_parsed_without_panic(text in ".{0,300}", header in ".{0,80}", payload in ".{0,80}") {
            let _ = UnverifiedToken::parse(&text);
            let _ = UnverifiedToken::parse(&token(&header, &payload));
        }
    }
}
