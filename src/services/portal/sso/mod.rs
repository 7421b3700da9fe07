//! Sign-in of developers through an identity provider (dev-portal.md 2.2, 2.3). The protocol is the engine's, the way there
//! and back is that of the admins' sign-in; here is what becomes of whoever comes back.
//!
//! ```text
//! start --302--> provider --answer--> take (cookie, once) --> prove (oidc) --> arrive
//!   identity known --------------------------------------------------------> session (limited while not approved)
//!   account with the claimed address --link allowed--> linked -------------> session
//!                                      --refused--> page; the password links it, where there are passwords
//!   nobody --auto--> made --> session      --form--> pending identity --> registration form --> made --> session
//!          --deny--> page
//! ```

mod account;
mod arrival;
pub(super) mod identities;
mod link;
mod logout;
mod party;
mod pending;
mod person;

use super::{Portal, Visit};
use crate::domain::developer::Developer;
use crate::oidc::AuthorizationResponse;
use crate::services::Services;
use crate::services::login::error::LoginError;
use crate::services::login::{Started, Taken};

pub use arrival::complete_registration;
pub use identities::{list, list_of_workspace, unlink};
pub use link::link_by_password;
pub use logout::provider_url as logout_url;
pub(super) use party::Parties;
pub use pending::{PendingIdentity, find as pending_identity};
use person::Person;

/// How somebody who was proven arrives.
#[derive(Debug)]
pub enum Arrived {
    /// With a session; a limited one when the account may not be used.
    In {
        /// Who.
        developer: Box<Developer>,
        /// The key for the cookie.
        key: String,
    },
    /// At the registration form, with the key of the pending identity.
    Form {
        /// The key for the cookie.
        key: String,
    },
    /// An account exists that the provider's word does not open.
    LinkRefused {
        /// Its address, where the provider told the same one.
        email: Option<String>,
        /// The key of the pending identity, where the account's password opens it.
        key: Option<String>,
    },
    /// Nobody new comes in.
    Denied,
    /// The provider told no address to make an account of.
    NoEmail,
}

/// Starts a login. `cookie` is the present login-state cookie; `return_to` is only remembered.
///
/// # Errors
/// The provider is unknown and cannot be reached.
pub async fn start(
    services: &Services,
    portal: &Portal,
    return_to: Option<String>,
    cookie: &str,
) -> Result<Started, LoginError> {
    let party = services.portal.parties.of(services, portal)?;
    let (url, mut pending) = party.start_login(0, return_to).await?;
    // Another workspace's answer is none of ours, although its login may be in the same cookie.
    pending.redirect_uri = portal.callback().map(String::from);
    Ok(services.portal.logins.begin(url, pending, cookie, services.clock.now())?)
}

/// Seconds that somebody has to sign in at the provider.
#[must_use]
pub fn timeout(services: &Services) -> i64 {
    services.portal.logins.timeout()
}

/// Whether the provider is known, or tells of itself now.
pub async fn is_provider_there(services: &Services, portal: &Portal) -> bool {
    match services.portal.parties.of(services, portal) {
        Ok(party) => party.provider().snapshot().await.is_ok(),
        Err(_) => false,
    }
}

/// Takes the login of an answer out of the cookie, once over all nodes.
///
/// # Errors
/// [`LoginError::State`] when there is none: unknown, expired, used, another browser's or another workspace's.
pub async fn take(services: &Services, portal: &Portal, state: &str, cookie: &str) -> Result<Taken, LoginError> {
    let taken = services.portal.logins.take(services, state, cookie).await?;
    if taken.pending.redirect_uri != portal.callback().map(String::from) {
        return Err(LoginError::State);
    }
    Ok(taken)
}

/// Proves who came back and lets them in, as far as the settings do.
///
/// # Errors
/// The answer, the tokens or the provider are not acceptable; the store failed.
pub async fn finish(
    services: &Services,
    portal: &Portal,
    visit: &Visit,
    taken: &Taken,
    response: AuthorizationResponse,
) -> Result<Arrived, LoginError> {
    let party = services.portal.parties.of(services, portal)?;
    let outcome = party.finish_login(&taken.pending, response).await?;
    let Some(conf) = portal.settings.provider() else { return Err(LoginError::State) };
    let person = Person::of(&outcome, conf, &portal.settings.sso);
    Ok(arrival::arrive(services, portal, visit, &person).await?)
}
