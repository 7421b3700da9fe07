//! A login that was started and not yet finished (openid-connect.md 2.9.2). Made by `relying_party`, kept by
//! `login_cookie`.

use secrecy::SecretString;
use serde::{Deserialize, Serialize};

use crate::domain::time::UnixSeconds;

use super::secret_text;

/// What a login is for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LoginPurpose {
    /// Somebody wants in.
    #[default]
    SignIn,
    /// An operator wants to see what a login would give; nothing is changed.
    Test,
}

/// What must be remembered between the redirect to the provider and its answer.
#[derive(Clone, Serialize, Deserialize)]
pub struct PendingLogin {
    /// `state`.
    pub state: String,
    /// `nonce`.
    pub nonce: String,
    /// PKCE verifier; `None` when PKCE is switched off.
    #[serde(with = "secret_text::optional", default, skip_serializing_if = "Option::is_none")]
    pub code_verifier: Option<SecretString>,
    /// Which `redirect_uri` was used; it pairs with `login_redirect_uri` and the token request.
    pub redirect_index: usize,
    /// Where the person wanted to go. Checked by whoever redirects there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub return_to: Option<String>,
    /// When the login was started.
    pub created_at: UnixSeconds,
    /// What it is for.
    #[serde(default)]
    pub purpose: LoginPurpose,
    /// `issuer` of the plugin that started it; instances may share a cookie.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issuer: Option<String>,
    /// The `redirect_uri` that was sent, where the configuration names none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub redirect_uri: Option<String>,
}

impl std::fmt::Debug for PendingLogin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PendingLogin")
            .field("redirect_index", &self.redirect_index)
            .field("created_at", &self.created_at)
            .finish_non_exhaustive()
    }
}
