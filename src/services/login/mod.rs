//! The sign-in of admins: from the provider's answer to an admin, roles and a session (kong-manager.md 2.4 to 2.6, 3.3).
//!
//! ```text
//! start --302--> provider --answer--> take (cookie, once) --> finish
//!                                                              |  identity proven (oidc)
//!                                                              |  admin found, bound or created   (person)
//!                                                              |  groups and roles set            (group_sync)
//!                                                              v
//!                                                           session
//! ```

pub mod error;
mod failures;
pub mod group_sync;
pub mod pending;
mod person;
pub mod test_login;

use secrecy::SecretString;
use url::Url;

use super::Services;
use super::change::Change;
use super::error::ServiceError;
use crate::config::auth_conf::AdminAuthConf;
use crate::config::settings::{LoginSettings, Unmapped};
use crate::domain::ids::{RbacUserId, SessionId, UserName};
use crate::domain::time::UnixSeconds;
pub use crate::oidc::{AuthorizationResponse, LoginPurpose};
use crate::oidc::{AuthorizationResponseError, LoginOutcome, PendingLogin, ProviderStatus, RelyingParty};
use crate::sealing::{Sealer, random_token};
use crate::store::{admins, grants, group_values, login_sessions};

use error::LoginError;
use failures::Failures;
pub use failures::LoginFailure;
use group_sync::GroupPlan;
use pending::PendingLogins;
use person::Person;
use test_login::TestReport;

/// A login on its way to the provider.
pub struct Started {
    /// Where the browser goes.
    pub url: Url,
    /// New value of the login-state cookie.
    pub cookie: String,
}

/// A login taken out of the cookie.
pub struct Taken {
    /// What was remembered.
    pub pending: PendingLogin,
    /// New value of the cookie; `None` when no other login is pending.
    pub cookie: Option<String>,
}

/// A finished sign-in.
#[derive(Clone, Debug)]
pub struct SignedIn {
    /// The new session.
    pub session: SessionId,
    /// Whose rights count.
    pub rbac_user_id: RbacUserId,
    /// The admin's name.
    pub name: UserName,
}

/// The sign-in.
pub struct Login {
    relying_party: RelyingParty,
    conf: AdminAuthConf,
    settings: LoginSettings,
    pending: PendingLogins,
    failures: Failures,
}

impl Login {
    /// A sign-in by `conf`; `sealer` protects the login-state cookie.
    #[must_use]
    pub fn new(relying_party: RelyingParty, conf: AdminAuthConf, settings: LoginSettings, sealer: Sealer) -> Self {
        let pending = PendingLogins::new(sealer, conf.session.transaction_timeout);
        Self { relying_party, conf, settings, pending, failures: Failures::default() }
    }

    /// The configuration.
    #[must_use]
    pub const fn conf(&self) -> &AdminAuthConf {
        &self.conf
    }

    /// What is known of the provider.
    #[must_use]
    pub fn provider(&self) -> ProviderStatus {
        self.relying_party.status()
    }

    /// Fetches what is to be known of the provider, if it is not known yet.
    ///
    /// # Errors
    /// It cannot be reached, or does not fit the configuration.
    pub async fn discover(&self) -> Result<(), LoginError> {
        self.relying_party.provider().snapshot().await?;
        Ok(())
    }

    /// The latest failed logins, newest first.
    #[must_use]
    pub fn failures(&self) -> Vec<LoginFailure> {
        self.failures.list()
    }

    /// Remembers a failed login for the status page. `request_id` is what the person was shown.
    pub fn note_failure(&self, at: UnixSeconds, error: &LoginError, request_id: &str) {
        self.failures.note(at, error.to_string(), request_id);
    }

    /// Which of the paired redirect URIs belongs to the browser's `origin`; the first when none does.
    #[must_use]
    pub fn redirect_index(&self, origin: &str) -> usize {
        let is_it = |url: &Url| url.origin().ascii_serialization() == origin;
        self.conf.relying_party.redirect_uri.iter().position(is_it).unwrap_or(0)
    }

    /// The public address of `/auth` for browsers at `origin`.
    #[must_use]
    pub fn auth_url(&self, origin: &str) -> Option<&Url> {
        self.conf.relying_party.redirect_uri.get(self.redirect_index(origin))
    }

    /// Starts a login. `cookie` is the present login-state cookie: other tabs' logins stay in it.
    ///
    /// # Errors
    /// The provider is unknown and cannot be reached.
    pub async fn start(
        &self,
        origin: &str,
        return_to: Option<String>,
        purpose: LoginPurpose,
        cookie: &str,
        now: UnixSeconds,
    ) -> Result<Started, LoginError> {
        let (url, pending) = self.relying_party.start_login(self.redirect_index(origin), return_to).await?;
        Ok(self.pending.begin(url, PendingLogin { purpose, ..pending }, cookie, now)?)
    }

    /// Reads a query or form body as the provider's answer; `None` when it is something else.
    ///
    /// # Errors
    /// [`LoginError::Malformed`].
    pub fn answer(urlencoded: &[u8]) -> Result<Option<AuthorizationResponse>, LoginError> {
        match AuthorizationResponse::parse(urlencoded) {
            Ok(response) => Ok(Some(response)),
            Err(AuthorizationResponseError::NotAResponse) => Ok(None),
            Err(error) => Err(LoginError::Malformed(error.to_string())),
        }
    }

    /// Takes the login of an answer out of the cookie, once over all nodes.
    ///
    /// # Errors
    /// [`LoginError::State`] when there is none: unknown, expired, used, or another browser's.
    pub async fn take(&self, services: &Services, state: &str, cookie: &str) -> Result<Taken, LoginError> {
        self.pending.take(services, state, cookie).await
    }

    /// Proves who came back.
    ///
    /// # Errors
    /// The answer, the tokens or the provider are not acceptable.
    pub async fn prove(
        &self,
        pending: &PendingLogin,
        response: AuthorizationResponse,
    ) -> Result<LoginOutcome, LoginError> {
        Ok(self.relying_party.finish_login(pending, response).await?)
    }

    /// Signs a proven person in: finds, binds or creates the admin, sets groups and roles, and starts a session. All of
    /// it or nothing.
    ///
    /// # Errors
    /// The person is no admin; the store failed.
    pub async fn sign_in(
        &self,
        services: &Services,
        outcome: &LoginOutcome,
        request_id: &str,
    ) -> Result<SignedIn, LoginError> {
        match self.try_sign_in(services, outcome, request_id).await {
            // Another tab created or bound the same admin in the meantime: now it is found.
            Err(LoginError::Service(ServiceError::Unique(_))) => self.try_sign_in(services, outcome, request_id).await,
            other => other,
        }
    }

    async fn try_sign_in(
        &self,
        services: &Services,
        outcome: &LoginOutcome,
        request_id: &str,
    ) -> Result<SignedIn, LoginError> {
        let person = Person::of(&outcome.identity, &self.conf.mapping, self.settings.require_verified_email)?;
        let values = group_sync::values(&outcome.identity, &self.conf.mapping)?;
        let mut change = Change::begin_sign_in(services, request_id).await?;
        let (admin, is_new) = person.resolve(&mut change, &self.conf.mapping).await?;
        change.act_as(admin.rbac_user_id);
        let plan = GroupPlan::make(change.connection(), &values, &self.settings).await?;
        let supervision = group_sync::supervision(&mut change).await?;
        let has_changed = group_sync::apply(&mut change, &admin, &plan, &self.settings).await?;
        group_sync::grant_first_super_admin(&mut change, &admin, person.claim_value(), &self.settings).await?;
        if has_changed {
            group_sync::note_withdrawal(&mut change, &admin, supervision).await?;
        }
        let now = services.clock.now();
        group_values::replace_seen(change.connection(), admin.id, &values, now).await?;
        if self.settings.unmapped == Unmapped::Deny
            && grants::load_rules(change.connection(), admin.rbac_user_id).await?.is_empty()
        {
            // Withdrawn roles stay withdrawn; somebody unknown stays unknown.
            if !is_new {
                change.commit().await?;
            }
            return Err(LoginError::Unmapped(person.claim_value().to_owned()));
        }
        let identity = &outcome.identity;
        let of_idp = (identity.issuer.as_str(), identity.subject.as_str(), identity.idp_session.as_deref());
        let session = services.sessions.begin(admin.id, admin.rbac_user_id, of_idp, &outcome.tokens)?;
        admins::record_login(change.connection(), admin.id, now).await?;
        login_sessions::create(change.connection(), &session).await?;
        change.commit().await?;
        Ok(SignedIn { session: session.id, rbac_user_id: admin.rbac_user_id, name: admin.username })
    }

    /// What a sign-in of a proven person would give; changes nothing.
    ///
    /// # Errors
    /// The store failed.
    pub async fn test(&self, services: &Services, outcome: &LoginOutcome) -> Result<TestReport, LoginError> {
        test_login::report(services, self, outcome).await
    }

    /// Where a browser goes after a sign-out: the provider's own sign-out, or the configured address.
    pub async fn sign_out_url(&self, origin: &str, id_token_hint: Option<&SecretString>) -> SignOutUrl {
        let index = self.redirect_index(origin);
        let state = random_token();
        match self.relying_party.end_session_url(id_token_hint, index, &state).await {
            Some(url) => SignOutUrl { url: Some(url), is_at_provider: true },
            None => {
                let configured = &self.conf.relying_party.logout_redirect_uri;
                let url = configured.get(index).or_else(|| configured.first()).cloned();
                SignOutUrl { url, is_at_provider: false }
            }
        }
    }
}

/// Where to go after a sign-out.
#[derive(Clone, Debug)]
pub struct SignOutUrl {
    /// The address.
    pub url: Option<Url>,
    /// Whether it ends the provider's session too.
    pub is_at_provider: bool,
}
