//! The session cookie: actix-session over `services::sessions`. The only file that knows member names of the state.

use actix_session::config::{BrowserSession, CookieContentSecurity};
use actix_session::storage::{LoadError, SaveError, SessionKey, SessionStore, UpdateError};
use actix_session::{Session, SessionMiddleware};
use actix_web::cookie::time::Duration;
use actix_web::cookie::{Key, SameSite};
use actix_web::web::Data;
use secrecy::ExposeSecret as _;

use crate::config::auth_conf::{SameSite as ConfiguredSameSite, SessionConf};
use crate::domain::ids::SessionId;
use crate::sealing::sha256_hex;
use crate::services::Services;
use crate::services::login::test_login::TestReport;
use crate::services::sessions::{BrowserState, SIGN_IN};

/// Set instead of a state that could not be read.
const UNREADABLE: &str = "unreadable";
/// When the cookie was last sent again.
const RENEWED: &str = "renewed";
/// The operator's last dry run of a sign-in.
const TEST_LOGIN: &str = "test_login";

/// Sessions in the store.
#[derive(Clone)]
pub struct StoredSessions(Data<Services>);

impl SessionStore for StoredSessions {
    /// A store that fails must not look like "no session": the state then says so, and the guard answers 503.
    async fn load(&self, key: &SessionKey) -> Result<Option<BrowserState>, LoadError> {
        match self.0.sessions.load_browser(key.as_ref()).await {
            Ok(state) => Ok(state),
            Err(error) => {
                tracing::error!(error = %error, "a session could not be read");
                Ok(Some(BrowserState::from([(UNREADABLE.to_owned(), "true".to_owned())])))
            }
        }
    }

    async fn save(&self, state: BrowserState, _ttl: &Duration) -> Result<SessionKey, SaveError> {
        let key = self.0.sessions.save_browser(&state).await.map_err(|error| SaveError::Other(error.into()))?;
        key.try_into().map_err(|_| SaveError::Other(anyhow::anyhow!("the session key is too long")))
    }

    async fn update(&self, key: SessionKey, state: BrowserState, ttl: &Duration) -> Result<SessionKey, UpdateError> {
        match self.0.sessions.update_browser(key.as_ref(), &state).await {
            Ok(true) => Ok(key),
            Ok(false) => self.save(state, ttl).await.map_err(|error| UpdateError::Other(error.into())),
            Err(error) => Err(UpdateError::Other(error.into())),
        }
    }

    async fn update_ttl(&self, _key: &SessionKey, _ttl: &Duration) -> Result<(), anyhow::Error> {
        Ok(())
    }

    async fn delete(&self, key: &SessionKey) -> Result<(), anyhow::Error> {
        Ok(self.0.sessions.delete_browser(key.as_ref()).await?)
    }
}

/// The middleware for every listener that browsers use. `secret` encrypts the cookie.
#[must_use]
pub fn middleware(
    services: &Data<Services>,
    conf: &SessionConf,
    secret: &secrecy::SecretString,
) -> SessionMiddleware<StoredSessions> {
    let key = Key::derive_from(sha256_hex(secret.expose_secret().as_bytes()).as_bytes());
    SessionMiddleware::builder(StoredSessions(services.clone()), key)
        .cookie_name(conf.cookie_name.clone())
        .cookie_secure(conf.cookie_secure)
        .cookie_http_only(true)
        .cookie_same_site(same_site(conf.cookie_same_site))
        .cookie_domain(conf.cookie_domain.clone())
        .cookie_path("/".to_owned())
        .cookie_content_security(CookieContentSecurity::Private)
        .session_lifecycle(BrowserSession::default())
        .build()
}

/// The attribute; without one, browsers treat a cookie as `Lax`.
#[must_use]
pub const fn same_site(configured: ConfiguredSameSite) -> SameSite {
    match configured {
        ConfiguredSameSite::Strict => SameSite::Strict,
        ConfiguredSameSite::Lax | ConfiguredSameSite::Default => SameSite::Lax,
        ConfiguredSameSite::None => SameSite::None,
    }
}

/// What a browser's session says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignIn {
    /// Nobody is signed in.
    None,
    /// This sign-in.
    Of(SessionId),
    /// The store could not be asked.
    Unreadable,
}

/// The sign-in of a browser.
#[must_use]
pub fn sign_in(session: &Session) -> SignIn {
    if session.contains_key(UNREADABLE) {
        return SignIn::Unreadable;
    }
    session.get::<SessionId>(SIGN_IN).ok().flatten().map_or(SignIn::None, SignIn::Of)
}

/// Starts a signed-in session under a new key, so that a key somebody planted before is worth nothing.
///
/// # Errors
/// The state could not be written.
pub fn start(session: &Session, id: SessionId) -> Result<(), actix_session::SessionInsertError> {
    session.clear();
    session.renew();
    session.insert(SIGN_IN, id)
}

/// Sends the cookie again after a renewal.
pub fn note_renewal(session: &Session, at: i64) {
    if session.insert(RENEWED, at).is_err() {
        tracing::warn!("a renewed session could not be written");
    }
}

/// Forgets the browser's session.
pub fn end(session: &Session) {
    session.purge();
}

/// Keeps the outcome of a dry run for the status page.
///
/// # Errors
/// The state could not be written.
pub fn keep_test(session: &Session, report: &TestReport) -> Result<(), actix_session::SessionInsertError> {
    session.insert(TEST_LOGIN, report)
}

/// The outcome of the last dry run.
#[must_use]
pub fn last_test(session: &Session) -> Option<TestReport> {
    session.get(TEST_LOGIN).ok().flatten()
}
