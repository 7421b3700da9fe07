//! `/register`: asks for an account, or completes an invitation.

use actix_web::http::StatusCode;
use actix_web::web::Query;
use askama::Template;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::forms::{Fields, PageForm};
use super::inputs::{self, MetaInput};
use super::shell::{PortalSection, PortalShell};
use super::sso;
use super::visitor::{PageVisitor, see_other};
use crate::config::portal::PortalSettings;
use crate::domain::developer::{DeveloperStatus, SsoApproval};
use crate::services::error::ServiceError;
use crate::services::portal::registration::{self, Registration};
use crate::services::portal::sso::{self as services_sso, Arrived};
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
    from: From,
    token: String,
    password: Field,
    password_hint: String,
    inputs: Vec<MetaInput>,
    /// Whether an admin has to approve.
    needs_approval: bool,
}

/// Whose word the address is.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum From {
    /// The person's.
    #[default]
    Nobody,
    /// An invitation's.
    Invitation,
    /// The identity provider's.
    Provider,
}

impl From {
    fn is_nobody(self) -> bool {
        self == Self::Nobody
    }

    fn is_provider(self) -> bool {
        self == Self::Provider
    }
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
    from: From,
    meta: Map<String, Value>,
}

/// `GET /register`
pub(super) async fn show(visitor: PageVisitor, query: Query<RegisterQuery>) -> PortalResult {
    visitor.require_accounts()?;
    if visitor.is_signed_in() {
        return Ok(see_other(&visitor.url("/")));
    }
    let key = sso::identity_key(&visitor);
    if let Some(pending) = services_sso::pending_identity(&visitor.services, &visitor.portal, &key).await? {
        let typed = Typed { email: pending.email, from: From::Provider, meta: pending.meta, ..Typed::default() };
        return page(&visitor, &typed, Errors::default(), StatusCode::OK);
    }
    if !visitor.portal.settings.has_passwords() {
        // Whoever was invited is known by the address that the provider tells.
        return Ok(see_other(&visitor.url("/login")));
    }
    let mut typed = Typed::default();
    let mut errors = Errors::default();
    if !query.token.is_empty() {
        match registration::invited(&visitor.services, &visitor.portal, &query.token).await? {
            Some(email) => {
                typed = Typed { email: email.to_string(), token: query.token.clone(), from: From::Invitation, ..typed };
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
        from: typed.from,
        token: typed.token.clone(),
        password: Field::checked("", &errors, "password"),
        password_hint: settings.passwords.hint(),
        inputs: inputs::inputs(&settings.meta_fields, &typed.meta, &errors),
        needs_approval: needs_approval(settings, typed.from),
        errors,
    };
    visitor.render_secret(status, &page)
}

/// `POST /register`
pub(super) async fn register(form: PageForm) -> PortalResult {
    let PageForm { visitor, fields } = form;
    visitor.require_accounts()?;
    if !fields.text("sso").is_empty() {
        return complete(&visitor, &fields).await;
    }
    visitor.require_passwords()?;
    let settings = &visitor.portal.settings;
    let (meta, token) = (inputs::typed(&settings.meta_fields, &fields), fields.text("token").to_owned());
    let from = if token.is_empty() { From::Nobody } else { From::Invitation };
    let typed = Typed { email: fields.text("email").to_owned(), from, token, meta };
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
            let errors = refused(&visitor, refusal)?;
            let status = errors.status();
            page(&visitor, &typed, errors, status)
        }
    }
}

fn refused(visitor: &PageVisitor, refusal: ServiceError) -> Result<Errors, ApiError> {
    let labels = inputs::labels(&visitor.portal.settings.meta_fields);
    let known = [("email", "E-mail"), ("password", "Password")];
    let known: Vec<_> =
        known.into_iter().chain(labels.iter().map(|(id, label)| (id.as_str(), label.as_str()))).collect();
    Errors::of_refusal(refusal.into(), &known)
}

/// Completes the registration of whoever came through the provider. Of the form only `meta` counts.
async fn complete(visitor: &PageVisitor, fields: &Fields) -> PortalResult {
    visitor.require_provider()?;
    let (services, portal, key) = (&visitor.services, &visitor.portal, sso::identity_key(visitor));
    let meta = inputs::typed(&portal.settings.meta_fields, fields);
    let visit = visitor.visit.visit();
    match services_sso::complete_registration(services, portal, &visit, &key, &meta).await {
        Ok(Arrived::In { developer, key }) => {
            visitor.note(format!("developer.registered developer {}", developer.id), true);
            let mut response = see_other(&visitor.url(if developer.may_act() { "/" } else { "/pending" }));
            sso::forget_identity(visitor, &mut response);
            visitor.send_key(&mut response, &key);
            Ok(response)
        }
        Ok(_) => Err(ApiError::internal().into()),
        Err(ServiceError::TooManyTokens) => Err(ApiError::portal_too_many().into()),
        Err(ServiceError::BadRequest(_)) => Err(ApiError::portal_sign_in("pending_identity").into()),
        Err(refusal) => {
            let pending = services_sso::pending_identity(services, portal, &key).await?;
            let email = pending.map(|pending| pending.email).unwrap_or_default();
            let errors = refused(visitor, refusal)?;
            let status = errors.status();
            page(visitor, &Typed { email, from: From::Provider, meta, ..Typed::default() }, errors, status)
        }
    }
}

fn needs_approval(settings: &PortalSettings, from: From) -> bool {
    match (from, settings.sso.approval) {
        (From::Provider, SsoApproval::Always) => false,
        (From::Provider, SsoApproval::Never) => true,
        _ => !settings.rules.auto_approve,
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
