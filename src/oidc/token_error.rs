//! Why a token is not acceptable: one variant for each entry of the check list. Made by `jws`, `verify` and `claim_checks`.

/// Why a token is not acceptable.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// Longer than is looked at.
    #[error("it is too long")]
    TooLong,
    /// Five parts: encrypted.
    #[error("it is encrypted, which is not supported")]
    Encrypted,
    /// Not a signed token.
    #[error("it is not a signed token")]
    Malformed,
    /// `none`, HMAC or unknown.
    #[error("its signature algorithm is not allowed")]
    Algorithm,
    /// The header demands extensions.
    #[error("its header has crit")]
    Critical,
    /// No key of the provider fits.
    #[error("no key of the provider fits its kid and algorithm")]
    UnknownKey,
    /// The signature is wrong.
    #[error("invalid signature")]
    Signature,
    /// A token of another kind.
    #[error("its typ is that of another kind of token")]
    Type,
    /// A required claim is absent or not of its type.
    #[error("its claim {0} is missing or has the wrong type")]
    Claim(&'static str),
    /// From another issuer.
    #[error("its iss {0:?} is not the provider's")]
    Issuer(String),
    /// For another client.
    #[error("its aud does not name this client")]
    Audience,
    /// Authorized for another client.
    #[error("its azp does not name this client")]
    AuthorizedParty,
    /// Too old.
    #[error("it has expired")]
    Expired,
    /// `nbf` lies ahead.
    #[error("it is not valid yet (nbf); do the clocks differ by more than leeway?")]
    NotYetValid,
    /// `iat` lies ahead.
    #[error("it was issued in the future (iat); do the clocks differ by more than leeway?")]
    IssuedInFuture,
    /// The login at the provider is older than `max_age`.
    #[error("the login at the provider is older than max_age")]
    AuthenticationTooOld,
    /// For another login.
    #[error("its nonce is not that of this login")]
    Nonce,
    /// For another access token.
    #[error("its at_hash is not that of the access token")]
    AccessTokenHash,
    /// Of another domain.
    #[error("its hd is not one of the accepted domains")]
    Domain,
}

impl TokenError {
    /// A stable word for logs, metrics and the audit record.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::TooLong => "token_too_long",
            Self::Encrypted => "token_encrypted",
            Self::Malformed => "token_malformed",
            Self::Algorithm => "token_alg",
            Self::Critical => "token_crit",
            Self::UnknownKey => "token_key_unknown",
            Self::Signature => "token_signature",
            Self::Type => "token_typ",
            Self::Claim(_) => "token_claim",
            Self::Issuer(_) => "token_iss",
            Self::Audience => "token_aud",
            Self::AuthorizedParty => "token_azp",
            Self::Expired => "token_expired",
            Self::NotYetValid => "token_nbf",
            Self::IssuedInFuture => "token_iat",
            Self::AuthenticationTooOld => "token_auth_time",
            Self::Nonce => "token_nonce",
            Self::AccessTokenHash => "token_at_hash",
            Self::Domain => "token_hd",
        }
    }
}
