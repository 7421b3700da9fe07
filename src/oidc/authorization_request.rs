//! The authorization request (openid-connect.md 2.9.1). Called by `relying_party`; the message is the library's.

use std::borrow::Cow;

use openidconnect::core::{CoreClient, CoreJsonWebKeySet, CoreResponseType};
use openidconnect::{
    AuthUrl, AuthenticationFlow, ClientId, CsrfToken, IssuerUrl, Nonce, PkceCodeChallenge, PkceCodeVerifier,
    RedirectUrl, Scope,
};
use secrecy::ExposeSecret as _;
use url::Url;

use crate::config::auth_conf::{RelyingPartyConf, ResponseMode};

use super::pending_login::PendingLogin;

/// Parameters of the authorization request that configured extra arguments may not replace.
const OWN_PARAMETERS: &[&str] = &[
    "client_id",
    "redirect_uri",
    "response_type",
    "response_mode",
    "scope",
    "state",
    "nonce",
    "code_challenge",
    "code_challenge_method",
    "max_age",
    "request",
    "request_uri",
];

/// Says at start which configured arguments will not be sent.
pub(super) fn warn_about_own_parameters(conf: &RelyingPartyConf) {
    for (name, _) in conf.request.args.iter().filter(|(name, _)| is_own_parameter(name)) {
        tracing::warn!(name, "authorization_query_args_names: this parameter is set by the login itself; ignored");
    }
}

/// The URL to send the browser to.
pub(super) fn url(conf: &RelyingPartyConf, endpoint: Url, redirect_uri: &Url, pending: &PendingLogin) -> Url {
    let (state, nonce) = (CsrfToken::new(pending.state.clone()), Nonce::new(pending.nonce.clone()));
    let issuer = IssuerUrl::from_url(conf.provider.issuer.clone());
    let client = CoreClient::new(ClientId::new(conf.client.id.clone()), issuer, CoreJsonWebKeySet::default())
        .disable_openid_scope()
        .set_auth_uri(AuthUrl::from_url(endpoint));
    let flow = AuthenticationFlow::<CoreResponseType>::AuthorizationCode;
    let mut request = client
        .authorize_url(flow, move || state, move || nonce)
        .set_redirect_uri(Cow::Owned(RedirectUrl::from_url(redirect_uri.clone())))
        .add_scopes(conf.request.scopes.iter().cloned().map(Scope::new));
    if let Some(verifier) = &pending.code_verifier {
        let verifier = PkceCodeVerifier::new(verifier.expose_secret().to_owned());
        request = request.set_pkce_challenge(PkceCodeChallenge::from_code_verifier_sha256(&verifier));
    }
    for (name, value) in extra_parameters(conf) {
        request = request.add_extra_param(name, value);
    }
    request.url().0
}

fn extra_parameters(conf: &RelyingPartyConf) -> Vec<(String, String)> {
    let mut extra = Vec::new();
    if conf.request.response_mode == ResponseMode::FormPost {
        extra.push(("response_mode".to_owned(), "form_post".to_owned()));
    }
    if let Some(max_age) = conf.request.max_age {
        extra.push(("max_age".to_owned(), max_age.to_string()));
    }
    if !conf.request.audience.is_empty() {
        extra.push(("audience".to_owned(), conf.request.audience.join(" ")));
    }
    extra.extend(conf.request.args.iter().filter(|(name, _)| !is_own_parameter(name)).cloned());
    extra
}

fn is_own_parameter(name: &str) -> bool {
    OWN_PARAMETERS.contains(&name)
}
