//! Where a sign-out goes on at the provider (OpenID Connect RP-Initiated Logout 1.0).

use secrecy::SecretString;
use url::Url;

use super::arrival::ID_TOKEN;
use crate::sealing::random_token;
use crate::services::Services;
use crate::services::portal::Portal;
use crate::services::portal::sessions::PortalSession;

/// The provider's own sign-out for a session that came through it; `None` where the provider has none, does not answer, or
/// had no part in the session.
pub async fn provider_url(services: &Services, portal: &Portal, session: &PortalSession) -> Option<Url> {
    let sealed = session.sealed_id_token.as_deref()?;
    let party = services.portal.parties.of(services, portal).ok()?;
    let id_token = services.portal.sealer.open(ID_TOKEN, sealed).and_then(|bytes| String::from_utf8(bytes).ok());
    let id_token = id_token.map(SecretString::from);
    party.end_session_url(id_token.as_ref(), 0, &random_token()).await
}
