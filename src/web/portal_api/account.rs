//! `/developer`: the own account.

use actix_web::HttpResponse;

use super::body::Body;
use super::guard::{DeveloperSession, PortalResult};
use crate::services::portal::profile;
use crate::services::representation;

/// `GET /developer`
pub(super) async fn show(session: DeveloperSession) -> PortalResult {
    Ok(HttpResponse::Ok().json(representation::own_developer(session.developer())))
}

/// `DELETE /developer`: the body carries the password again.
pub(super) async fn delete(session: DeveloperSession, body: Body) -> PortalResult {
    profile::delete(&session.services, &session.visit(), &session.live, body.text("password")).await?;
    let mut response = HttpResponse::NoContent().finish();
    session.forget_key(&mut response);
    Ok(response)
}

/// `PATCH /developer/meta`
pub(super) async fn set_meta(session: DeveloperSession, body: Body) -> PortalResult {
    let (services, portal, visit) = (&session.services, &session.portal, session.visit());
    let developer = profile::set_meta(services, portal, &visit, &session.live, &body.meta()?).await?;
    Ok(HttpResponse::Ok().json(representation::own_developer(&developer)))
}

/// `PATCH /developer/email`: the body carries the password again.
pub(super) async fn set_email(session: DeveloperSession, body: Body) -> PortalResult {
    let (services, portal, visit) = (&session.services, &session.portal, session.visit());
    let pair = [body.text("email"), body.text("password")];
    profile::ask_email(services, portal, &visit, &session.live, pair).await?;
    Ok(HttpResponse::Ok().json(representation::own_developer(session.developer())))
}

/// `PATCH /developer/password`
pub(super) async fn set_password(session: DeveloperSession, body: Body) -> PortalResult {
    session.require_passwords()?;
    let (services, portal, visit) = (&session.services, &session.portal, session.visit());
    let pair = [body.text("old_password"), body.text("password")];
    let key = profile::set_password(services, portal, &visit, &session.live, pair).await?;
    let mut response = HttpResponse::NoContent().finish();
    session.send_key(&mut response, &key);
    Ok(response)
}
