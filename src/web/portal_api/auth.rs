//! `/auth`: login with Basic credentials, and logout.

use actix_web::HttpResponse;
use actix_web::http::header::AUTHORIZATION;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use serde_json::json;

use super::guard::{PortalResult, PortalVisit};
use crate::services::portal::login::{self, Login, Unusable};
use crate::services::portal::{sessions, sso as services_sso};
use crate::web::auth::is_navigation;
use crate::web::error::ApiError;
use crate::web::portal_ui::sso;

/// `GET /auth`: the answer of the identity provider, a password, or the way to the provider.
pub(super) async fn login(visit: PortalVisit) -> PortalResult {
    visit.require_accounts()?;
    let has_provider = visit.portal.settings.provider().is_some();
    if has_provider && let Some(answer) = sso::answer_of(&visit)? {
        return sso::finish(visit, answer).await;
    }
    let Some((email, password)) = credentials(&visit) else {
        return match has_provider && is_navigation(&visit.request) {
            true => sso::begin(&visit, "").await,
            false => Err(ApiError::portal_unauthorized().into()),
        };
    };
    visit.require_passwords()?;
    let pair = [email.as_str(), password.as_str()];
    match login::login(&visit.services, &visit.portal, &visit.visit(), pair, Unusable::NoSession).await? {
        Login::Known { key: Some(key), developer } => {
            visit.record(format!("portal.login.success developer {}", developer.id), true);
            let mut response = HttpResponse::NoContent().finish();
            visit.send_key(&mut response, &key);
            Ok(response)
        }
        Login::Known { key: None, developer } => {
            visit.record(format!("portal.login.failure developer {}", developer.id), false);
            Err(ApiError::portal_unusable(developer.shown_status()).into())
        }
        Login::Refused => {
            visit.record("portal.login.failure", false);
            Err(ApiError::portal_unauthorized().into())
        }
        Login::TooMany => {
            visit.record("portal.login.failure too many", false);
            Err(ApiError::portal_too_many().into())
        }
    }
}

/// E-mail and password of the Basic scheme (RFC 7617).
fn credentials(visit: &PortalVisit) -> Option<(String, String)> {
    let header = visit.request.headers().get(AUTHORIZATION)?.to_str().ok()?;
    let (scheme, encoded) = header.split_once(' ')?;
    let decoded = scheme.eq_ignore_ascii_case("basic").then(|| STANDARD.decode(encoded.trim()).ok())??;
    let text = String::from_utf8(decoded).ok()?;
    let (email, password) = text.split_once(':')?;
    Some((email.to_owned(), password.to_owned()))
}

/// `DELETE /auth`: with a provider the answer names its own sign-out.
pub(super) async fn logout(visit: PortalVisit) -> PortalResult {
    visit.require_accounts()?;
    let mut logout_url = None;
    if let Some(live) = visit.live().await? {
        sessions::end(&visit.services, live.session.id).await?;
        visit.record(format!("portal.logout developer {}", live.developer.id), true);
        logout_url = services_sso::logout_url(&visit.services, &visit.portal, &live.session).await;
    }
    let mut response = match logout_url {
        Some(url) => HttpResponse::Ok().json(json!({ "logout_url": url.as_str() })),
        None => HttpResponse::Ok().finish(),
    };
    visit.forget_key(&mut response);
    Ok(response)
}
