//! `/register`: asks for an account, or completes an invitation.

use actix_web::http::StatusCode;
use actix_web::web::Query;
use askama::Template;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::forms::PageForm;
use super::inputs::{self, MetaInput};
use super::shell::{PortalSection, PortalShell};
use super::visitor::{PageVisitor, see_other};
use crate::domain::developer::DeveloperStatus;
use crate::services::error::ServiceError;
use crate::services::portal::registration::{self, Registration};
use crate::web::admin_ui::flash::Flash;
use crate::web::admin_ui::form::{Errors, Field};
use crate::web::error::ApiError;
use crate::web::portal_api::guard::PortalResult;

#[derive(Template)]
#[template(path = "portal/register.html")]
struct RegisterPage {
    shell: PortalShell,
    errors: Errors,
    email: Field,
    /// Whether the address is that of an invitation.
    is_invited: bool,
    token: String,
    password: Field,
    password_hint: String,
    inputs: Vec<MetaInput>,
    /// Whether an admin has to approve.
    needs_approval: bool,
}

#[derive(Template)]
#[template(path = "portal/registered.html")]
struct RegisteredPage {
    shell: PortalShell,
}

/// The token of an invitation.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct RegisterQuery {
    token: String,
}

/// What was typed.
#[derive(Default)]
struct Typed {
    email: String,
    token: String,
    is_invited: bool,
    meta: Map<String, Value>,
}

/// `GET /register`
pub(super) async fn show(visitor: PageVisitor, query: Query<RegisterQuery>) -> PortalResult {
    visitor.require_accounts()?;
    if visitor.is_signed_in() {
        return Ok(see_other(&visitor.url("/")));
    }
    let mut typed = Typed::default();
    let mut errors = Errors::default();
    if !query.token.is_empty() {
        match registration::invited(&visitor.services, &visitor.portal, &query.token).await? {
            Some(email) => {
                typed = Typed { email: email.to_string(), token: query.token.clone(), is_invited: true, ..typed };
            }
            None => {
                let sentence = "the link was used or is over. Register, and look into your mail.";
                errors = Errors::of_field("email", "Invitation", sentence).headed("This invitation cannot be used.");
            }
        }
    }
    page(&visitor, &typed, errors, StatusCode::OK)
}

fn page(visitor: &PageVisitor, typed: &Typed, errors: Errors, status: StatusCode) -> PortalResult {
    let settings = &visitor.portal.settings;
    let page = RegisterPage {
        shell: visitor.shell("Register", PortalSection::None)?,
        email: Field::checked(&typed.email, &errors, "email"),
        is_invited: typed.is_invited,
        token: typed.token.clone(),
        password: Field::checked("", &errors, "password"),
        password_hint: settings.passwords.hint(),
        inputs: inputs::inputs(&settings.meta_fields, &typed.meta, &errors),
        needs_approval: !settings.rules.auto_approve,
        errors,
    };
    visitor.render_secret(status, &page)
}

/// `POST /register`
pub(super) async fn register(form: PageForm) -> PortalResult {
    let PageForm { visitor, fields } = form;
    visitor.require_accounts()?;
    let settings = &visitor.portal.settings;
    let (meta, token) = (inputs::typed(&settings.meta_fields, &fields), fields.text("token").to_owned());
    let typed = Typed { email: fields.text("email").to_owned(), is_invited: !token.is_empty(), token, meta };
    let given = Registration {
        email: typed.email.clone(),
        password: fields.exact("password").to_owned(),
        meta: typed.meta.clone(),
        invitation: Some(typed.token.clone()),
    };
    let visit = visitor.visit.visit();
    match registration::register(&visitor.services, &visitor.portal, &visit, given).await {
        Ok(developer) => {
            visitor.note(format!("developer.registered developer {}", developer.id), true);
            after(&visitor, developer.shown_status())
        }
        Err(ServiceError::Unique(_)) if settings.rules.email_verification => {
            // Whether an address has an account is told to its owner only.
            registration::tell_owner(&visitor.services, &visitor.portal, &visit, &typed.email).await?;
            after(&visitor, DeveloperStatus::Unverified)
        }
        Err(ServiceError::TooManyTokens) => Err(ApiError::portal_too_many().into()),
        Err(refusal) => {
            let labels = inputs::labels(&settings.meta_fields);
            let known = [("email", "E-mail"), ("password", "Password")];
            let known: Vec<_> =
                known.into_iter().chain(labels.iter().map(|(id, label)| (id.as_str(), label.as_str()))).collect();
            let errors = Errors::of_refusal(refusal.into(), &known)?;
            let status = errors.status();
            page(&visitor, &typed, errors, status)
        }
    }
}

/// Where somebody goes who has just registered.
fn after(visitor: &PageVisitor, status: DeveloperStatus) -> PortalResult {
    match status {
        DeveloperStatus::Unverified => Ok(see_other(&visitor.url("/check-mail"))),
        DeveloperStatus::Approved => {
            visitor.done(&visitor.url("/login"), &Flash::ok("Your account is ready. Sign in with your new password."))
        }
        _ => Ok(see_other(&visitor.url("/registered"))),
    }
}

/// `GET /registered`
pub(super) async fn done(visitor: PageVisitor) -> PortalResult {
    visitor.require_accounts()?;
    let page = RegisteredPage { shell: visitor.shell("Registered", PortalSection::None)? };
    visitor.render(StatusCode::OK, &page)
}
