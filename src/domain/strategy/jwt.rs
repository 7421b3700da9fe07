//! Tokens that applications sign themselves, checked by Kong's `jwt` plugin (dev-portal.md 6.5.4).

use serde::{Deserialize, Serialize};

/// A signature algorithm that Kong's plugin knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JwtAlgorithm {
    /// HMAC with SHA-256.
    Hs256,
    /// HMAC with SHA-384.
    Hs384,
    /// HMAC with SHA-512.
    Hs512,
    /// RSA PKCS #1 with SHA-256.
    Rs256,
    /// RSA PKCS #1 with SHA-384.
    Rs384,
    /// RSA PKCS #1 with SHA-512.
    Rs512,
    /// RSA PSS with SHA-256.
    Ps256,
    /// RSA PSS with SHA-384.
    Ps384,
    /// RSA PSS with SHA-512.
    Ps512,
    /// ECDSA on P-256.
    Es256,
    /// ECDSA on P-384.
    Es384,
    /// Ed25519.
    EdDsa,
}

impl JwtAlgorithm {
    /// All that are offered.
    pub const ALL: [Self; 12] = [
        Self::Hs256,
        Self::Hs384,
        Self::Hs512,
        Self::Rs256,
        Self::Rs384,
        Self::Rs512,
        Self::Ps256,
        Self::Ps384,
        Self::Ps512,
        Self::Es256,
        Self::Es384,
        Self::EdDsa,
    ];

    /// Its name (RFC 7518).
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Hs256 => "HS256",
            Self::Hs384 => "HS384",
            Self::Hs512 => "HS512",
            Self::Rs256 => "RS256",
            Self::Rs384 => "RS384",
            Self::Rs512 => "RS512",
            Self::Ps256 => "PS256",
            Self::Ps384 => "PS384",
            Self::Ps512 => "PS512",
            Self::Es256 => "ES256",
            Self::Es384 => "ES384",
            Self::EdDsa => "EdDSA",
        }
    }

    /// Whether both sides share a secret; else the application has a private key.
    #[must_use]
    pub const fn is_symmetric(self) -> bool {
        matches!(self, Self::Hs256 | Self::Hs384 | Self::Hs512)
    }
}

impl std::str::FromStr for JwtAlgorithm {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|it| it.as_str() == text).ok_or(
            "expected one of: HS256, HS384, HS512, RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, EdDSA",
        )
    }
}

/// Settings of [`StrategyType::Jwt`](super::StrategyType::Jwt).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct JwtConfig {
    /// The claim that holds the key of the credential.
    pub key_claim_name: String,
    /// Longest life of a token, seconds.
    pub maximum_expiration: u32,
}

impl Default for JwtConfig {
    fn default() -> Self {
        Self { key_claim_name: "iss".to_owned(), maximum_expiration: 3600 }
    }
}

impl JwtConfig {
    /// Checks the settings.
    ///
    /// # Errors
    /// What is wrong with them.
    pub fn check(&self) -> Result<(), String> {
        let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | ':' | '/');
        if !(1..=255).contains(&self.key_claim_name.len()) || !self.key_claim_name.chars().all(is_name) {
            return Err("key_claim_name: expected the name of a claim".to_owned());
        }
        // Kong takes 0 as "any": tokens that never end could not be taken back.
        if !(1..=31_536_000).contains(&self.maximum_expiration) {
            return Err("maximum_expiration: expected 1 to 31536000 seconds".to_owned());
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_checked_and_names_are_kept() {
        assert!(JwtConfig::default().check().is_ok());
        for bad in [
            JwtConfig { key_claim_name: String::new(), ..JwtConfig::default() },
            JwtConfig { key_claim_name: "a b".to_owned(), ..JwtConfig::default() },
            JwtConfig { maximum_expiration: 0, ..JwtConfig::default() },
        ] {
            assert!(bad.check().is_err(), "{bad:?}");
        }
        assert!(JwtAlgorithm::ALL.into_iter().all(|it| it.as_str().parse() == Ok(it)));
        assert!("none".parse::<JwtAlgorithm>().is_err());
    }
}
