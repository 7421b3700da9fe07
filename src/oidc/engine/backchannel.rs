//! Logouts that the provider tells of (openid-connect.md 6.3; OpenID Connect Back-Channel Logout 1.0): the token that it posts.
//! Called by `services::gateway`, which ends the sessions.

use serde_json::Value;

use crate::domain::method::Method;
use crate::domain::time::UnixSeconds;
use crate::oidc::jws::UnverifiedToken;
use crate::oidc::verify::{TokenKind, time_of};

use super::context::Context;
use super::refusal::{ChallengeError, Refusal};
use super::session::LogoutName;
use super::tokens::Wanted;

/// The member of `events` that makes a token a logout token.
const EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";

/// A logout token with which nothing is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogoutToken {
    /// Whose sessions end.
    pub name: LogoutName,
    /// `jti`: it counts once.
    pub jti: String,
    /// From then on it counts no more anyway.
    pub expires_at: UnixSeconds,
}

/// Verifies a logout token (Back-Channel Logout 1.0, 2.6), made for one of the plugin's clients.
///
/// # Errors
/// It is none, or the provider is unknown and does not answer.
pub async fn verify(context: &Context, token: &str) -> Result<LogoutToken, Refusal> {
    let wanted = Wanted::new(TokenKind::LogoutToken, Method::AuthorizationCode, addressee(context, token)?);
    let claims = context.verify(token, wanted).await?.claims;
    let text = |name: &str| claims.get(name).and_then(Value::as_str).map(str::to_owned);
    let is_event = claims.get("events").and_then(|events| events.get(EVENT)).is_some_and(Value::is_object);
    let name = LogoutName { issuer: text("iss").unwrap_or_default(), subject: text("sub"), idp_session: text("sid") };
    let is_named = name.subject.is_some() || name.idp_session.is_some();
    match (text("jti"), time_of(&claims, "exp")) {
        (Some(jti), Some(expires_at)) if is_event && is_named && claims.get("nonce").is_none() => {
            Ok(LogoutToken { name, jti, expires_at })
        }
        _ => Err(not_one("it lacks the event, a jti, or a sub or sid, or it has a nonce")),
    }
}

/// The client that a token is made for; the signature is checked afterwards.
fn addressee(context: &Context, token: &str) -> Result<usize, Refusal> {
    let claims = UnverifiedToken::parse(token).map_err(|error| not_one(&error.to_string()))?.into_claims();
    let is_for = |id: &str| match claims.get("aud") {
        Some(Value::String(only)) => only == id,
        Some(Value::Array(several)) => several.iter().any(|one| one == id),
        _ => false,
    };
    let found = context.conf.clients.iter().position(|client| is_for(&client.id));
    found.ok_or_else(|| not_one("its aud names no client of this plugin"))
}

fn not_one(why: &str) -> Refusal {
    Refusal::unauthorized(ChallengeError::InvalidRequest, "logout_token", format!("no logout token: {why}"))
}
