//! `/register` and the definition of its form.

use actix_web::HttpResponse;
use serde_json::{Value, json};

use super::body::Body;
use super::guard::{PortalResult, PortalVisit};
use crate::domain::developer::{Developer, DeveloperStatus};
use crate::services::portal::registration::{self, Registration};
use crate::services::representation;

/// `POST /register`
pub(super) async fn register(visit: PortalVisit, body: Body) -> PortalResult {
    visit.require_passwords()?;
    let given = Registration {
        email: body.text("email").to_owned(),
        password: body.text("password").to_owned(),
        meta: body.meta()?,
        invitation: Some(body.text("token").to_owned()),
    };
    let developer = registration::register(&visit.services, &visit.portal, &visit.visit(), given).await?;
    visit.note(format!("developer.registered developer {}", developer.id), true);
    Ok(HttpResponse::Ok().json(json!({
        "developer": representation::own_developer(&developer),
        "email": mail_sent(&visit, &developer),
        "smtp_mock": visit.services.mail.is_mock(),
    })))
}

/// Which mail the person gets, in Kong's shape.
fn mail_sent(visit: &PortalVisit, developer: &Developer) -> Value {
    let is_sent = match developer.shown_status() {
        DeveloperStatus::Unverified => true,
        DeveloperStatus::Approved => visit.portal.settings.mails.approved,
        _ => false,
    };
    let emails = if is_sent { json!({ developer.email.as_str(): true }) } else { json!({}) };
    json!({ "sent": { "count": u8::from(is_sent), "emails": emails }, "error": { "count": 0, "emails": {} } })
}

/// `GET /developer/meta_fields`
pub(super) async fn meta_fields(visit: PortalVisit) -> PortalResult {
    visit.require_accounts()?;
    Ok(HttpResponse::Ok().json(visit.portal.settings.meta_fields.to_json()))
}
