//! Doors that links in mails lead to: verification and recovery.

use actix_web::HttpResponse;
use serde_json::json;

use super::body::Body;
use super::guard::{PortalResult, PortalVisit};
use crate::services::portal::{recovery, verification};
use crate::web::error::ApiError;

/// An empty 200, or 401 for a token that is worth nothing.
fn done(is_good: bool) -> PortalResult {
    if is_good { Ok(HttpResponse::Ok().finish()) } else { Err(ApiError::portal_token().into()) }
}

/// `POST /verify-account`
pub(super) async fn verify(visit: PortalVisit, body: Body) -> PortalResult {
    visit.require_accounts()?;
    let verified = verification::verify(&visit.services, &visit.portal, &visit.visit(), body.text("token")).await?;
    match verified {
        Some(developer) => Ok(HttpResponse::Ok().json(json!({ "status": developer.status }))),
        None => Err(ApiError::portal_token().into()),
    }
}

/// `POST /resend-account-verification`
pub(super) async fn resend(visit: PortalVisit, body: Body) -> PortalResult {
    visit.require_accounts()?;
    verification::resend(&visit.services, &visit.portal, &visit.visit(), body.text("email")).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// `POST /invalidate-account-verification`
pub(super) async fn invalidate(visit: PortalVisit, body: Body) -> PortalResult {
    visit.require_accounts()?;
    let is_done = verification::invalidate(&visit.services, &visit.portal, &visit.visit(), body.text("token")).await?;
    if is_done { Ok(HttpResponse::NoContent().finish()) } else { Err(ApiError::portal_token().into()) }
}

/// `POST /forgot-password`
pub(super) async fn forgot(visit: PortalVisit, body: Body) -> PortalResult {
    visit.require_passwords()?;
    recovery::forgot(&visit.services, &visit.portal, &visit.visit(), body.text("email")).await?;
    Ok(HttpResponse::Ok().finish())
}

/// `POST /validate-reset`
pub(super) async fn validate(visit: PortalVisit, body: Body) -> PortalResult {
    visit.require_passwords()?;
    done(recovery::is_good(&visit.services, &visit.portal, body.text("token")).await?)
}

/// `POST /reset-password`
pub(super) async fn reset(visit: PortalVisit, body: Body) -> PortalResult {
    visit.require_passwords()?;
    let (token, password) = (body.text("token"), body.text("password"));
    done(recovery::reset(&visit.services, &visit.portal, &visit.visit(), token, password).await?)
}
