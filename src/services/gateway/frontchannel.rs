//! A logout that the identity provider tells of in the browser (openid-connect.md 6.3; OpenID Connect Front-Channel Logout 1.0, 2
//! and 3): whoever knows the provider's name of a session may end it, wherever it is stored and in the cookies that came along.

use std::sync::Arc;

use super::backchannel::LogoutFailure;
use super::{Gateway, RequestView};
use crate::oidc::engine::Engine;
use crate::oidc::engine::session::LogoutName;

/// What has ended.
#[derive(Debug)]
pub struct Departure {
    /// Stored sessions.
    pub ended: u64,
    /// The cookies that take the caller's own session out of the browser.
    pub cookies: Vec<String>,
}

impl Gateway {
    /// Ends the sessions that are `idp_session` at the provider `issuer`. That there are none is no failure.
    ///
    /// # Errors
    /// [`LogoutFailure::Issuer`], or it is not known whether they have ended.
    pub async fn depart(
        &self,
        view: &RequestView<'_>,
        issuer: &str,
        idp_session: &str,
    ) -> Result<Departure, LogoutFailure> {
        let state = self.current();
        let engines = of_issuer(state.engines.iter(), issuer).await?;
        let name = LogoutName { issuer: issuer.to_owned(), subject: None, idp_session: Some(idp_session.to_owned()) };
        let mut departure = Departure { ended: 0, cookies: Vec::new() };
        for engine in &engines {
            for cookie in engine.leave(view, &name).await? {
                if !departure.cookies.contains(&cookie) {
                    departure.cookies.push(cookie);
                }
            }
        }
        for engine in &engines {
            departure.ended += engine.sessions().end_named(&name).await?;
        }
        if departure.ended > 0 {
            for engine in &engines {
                engine.sessions().look_again().await;
            }
        }
        Ok(departure)
    }
}

/// The plugins with sessions of an issuer.
async fn of_issuer<'e>(
    engines: impl Iterator<Item = &'e Arc<Engine>>,
    issuer: &str,
) -> Result<Vec<&'e Engine>, LogoutFailure> {
    let mut found: Vec<&Engine> = Vec::new();
    let mut failure = LogoutFailure::Issuer;
    for engine in engines {
        match engine.is_of_issuer(issuer).await {
            Ok(true) => found.push(engine),
            Ok(false) => {}
            Err(error) => failure = LogoutFailure::Provider(error.to_string()),
        }
    }
    if found.is_empty() { Err(failure) } else { Ok(found) }
}
