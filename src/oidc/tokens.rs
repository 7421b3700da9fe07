//! The tokens of a login, as a session keeps them (sealed). Called by `relying_party` and the session services.

use secrecy::SecretString;
use serde::{Deserialize, Serialize};

use crate::domain::time::UnixSeconds;

use super::secret_text;

/// Tokens; `Debug` hides them, and serde is meant for sealing only.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct TokenSet {
    /// Access token.
    #[serde(with = "secret_text")]
    pub access_token: SecretString,
    /// Refresh token, if the provider gave one.
    #[serde(with = "secret_text::optional", default, skip_serializing_if = "Option::is_none")]
    pub refresh_token: Option<SecretString>,
    /// The verified ID token, as it was sent: the hint of the logout.
    #[serde(with = "secret_text")]
    pub id_token: SecretString,
    /// When the access token ends, if the provider said so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<UnixSeconds>,
}

impl TokenSet {
    /// Whether the access token has ended or ends within `leeway` seconds. A token without a known end never does.
    #[must_use]
    pub fn needs_refresh(&self, now: UnixSeconds, leeway: i64) -> bool {
        self.expires_at.is_some_and(|end| now.plus(leeway) >= end)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use secrecy::ExposeSecret as _;

    #[test]
    fn tokens_survive_json_and_hide_from_debug() {
        let tokens = TokenSet {
            access_token: "at-secret".into(),
            refresh_token: Some("rt-secret".into()),
            id_token: "id-secret".into(),
            expires_at: Some(UnixSeconds(100)),
        };
        assert!(!format!("{tokens:?}").contains("-secret"));
        let back: TokenSet = serde_json::from_str(&serde_json::to_string(&tokens).unwrap()).unwrap();
        assert_eq!(back.refresh_token.unwrap().expose_secret(), "rt-secret");
        let bare: TokenSet = serde_json::from_str(r#"{"access_token":"a","id_token":"i"}"#).unwrap();
        assert!(bare.refresh_token.is_none() && !bare.needs_refresh(UnixSeconds(1), 0));
        assert!(tokens.needs_refresh(UnixSeconds(100), 0) && !tokens.needs_refresh(UnixSeconds(99), 0));
        assert!(tokens.needs_refresh(UnixSeconds(90), 10));
    }
}
