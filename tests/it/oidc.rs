//! The relying party against a provider with real keys: one changed field, one test.

mod discovery;
mod id_token;
mod keys;
mod login_answer;
mod login_request;
mod logout;
mod refresh;
mod token_endpoint;
mod user_info;

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

use kong_sso::config::auth_conf::{ClientAuth, ResponseMode};
use kong_sso::domain::time::Clock;
use kong_sso::oidc::error::Endpoint;
use kong_sso::oidc::{
    AuthorizationResponse, ErrorClass, LoginOutcome, OidcError, RefreshError, RelyingParty, TokenError, TokenSet,
};
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};
use url::Url;

use super::support::op::{
    ACCESS_TOKEN_LIFETIME, CLIENT_ID, CLIENT_SECRET, Door, Draft, Fault, ID_TOKEN_LIFETIME, IssParameter, Op,
    RefreshMode, SignedBy,
};
use super::support::op_keys::OpKey;

async fn login(op: &Op, rp: &RelyingParty) -> Result<LoginOutcome, OidcError> {
    let (url, pending) = rp.start_login(0, None).await?;
    rp.finish_login(&pending, answer(&op.sign_in(&url).await)).await
}

fn answer(urlencoded: &str) -> AuthorizationResponse {
    AuthorizationResponse::parse(urlencoded.as_bytes()).unwrap()
}

async fn login_with_id_token(edit: impl Fn(&mut Draft) + Send + Sync + 'static) -> Result<LoginOutcome, OidcError> {
    let op = Op::start().await;
    op.edit_id_token(edit);
    login(&op, &op.relying_party(|_| {})).await
}

async fn id_token_failure(edit: impl Fn(&mut Draft) + Send + Sync + 'static) -> TokenError {
    let error = login_with_id_token(edit).await.unwrap_err();
    assert_eq!(error.class(), ErrorClass::Unauthorized);
    match error {
        OidcError::IdToken(error) => error,
        other => panic!("not an ID token failure: {other}"),
    }
}

fn query(url: &Url) -> HashMap<String, String> {
    url.query_pairs().into_owned().collect()
}

/// A clock that the test moves.
fn moving_clock() -> (Clock, Arc<AtomicI64>) {
    let by = Arc::new(AtomicI64::new(0));
    (Clock::Shifted(Arc::clone(&by)), by)
}

fn later(by: &AtomicI64, seconds: i64) {
    by.fetch_add(seconds, Ordering::Relaxed);
}

async fn logged_in(op: &Op) -> (RelyingParty, TokenSet) {
    let rp = op.relying_party(|_| {});
    let tokens = login(op, &rp).await.unwrap().tokens;
    (rp, tokens)
}

fn secret(token: Option<&secrecy::SecretString>) -> String {
    token.unwrap().expose_secret().to_owned()
}
