//! `/settings`: the own account.

use askama::Template;
use serde_json::{Map, Value};

use super::agents;
use super::forms::DeveloperForm;
use super::inputs::{self, MetaInput};
use super::shell::{PortalSection, PortalShell};
use super::visitor::DeveloperPage;
use crate::services::error::ServiceError;
use crate::services::portal::{profile, sessions};
use crate::web::admin_ui::flash::Flash;
use crate::web::admin_ui::form::{Errors, Field};
use crate::web::admin_ui::times::When;
use crate::web::error::ApiError;
use crate::web::portal_api::guard::{PortalError, PortalResult};

#[derive(Template)]
#[template(path = "portal/settings.html")]
struct SettingsPage {
    shell: PortalShell,
    errors: Errors,
    email: String,
    inputs: Vec<MetaInput>,
    may_change_email: bool,
    /// Whether there is a password to change.
    has_password: bool,
    /// Whether a sign-in through the provider stands for the password.
    is_by_provider: bool,
    is_fresh: bool,
    new_email: Field,
    email_password: Field,
    old_password: Field,
    password: Field,
    password_hint: String,
    sessions: Vec<SessionRow>,
    delete_password: Field,
}

struct SessionRow {
    agent: String,
    client: String,
    last_seen: When,
    is_this: bool,
}

/// What was typed and refused.
#[derive(Default)]
struct Typed {
    meta: Option<Map<String, Value>>,
    email: String,
    errors: Errors,
}

/// `GET /settings`
pub(super) async fn show(page: DeveloperPage) -> PortalResult {
    render(&page, Typed::default()).await
}

async fn render(page: &DeveloperPage, typed: Typed) -> PortalResult {
    let (settings, developer) = (&page.portal.settings, page.developer());
    let live = sessions::list(&page.services, &page.portal, developer).await?;
    let row = |session: &crate::services::portal::sessions::PortalSession| SessionRow {
        agent: agents::words(&session.user_agent),
        client: session.client.clone(),
        last_seen: When::new(session.times.last_seen_at, page.now()),
        is_this: session.id == page.session.session.id,
    };
    let errors = typed.errors;
    let view = SettingsPage {
        shell: page.shell("Settings", PortalSection::Settings)?,
        email: developer.email.to_string(),
        inputs: inputs::inputs(&settings.meta_fields, typed.meta.as_ref().unwrap_or(&developer.meta), &errors),
        may_change_email: profile::may_change_email(&page.services, &page.portal, developer).await?,
        has_password: settings.has_passwords() && developer.password_hash.is_some(),
        is_by_provider: page.session.session.sealed_id_token.is_some(),
        is_fresh: profile::is_fresh(&page.services, &page.session),
        new_email: Field::checked(typed.email, &errors, "email"),
        email_password: Field::checked("", &errors, "email_password"),
        old_password: Field::checked("", &errors, "old_password"),
        password: Field::checked("", &errors, "password"),
        password_hint: settings.passwords.hint(),
        sessions: live.iter().map(row).collect(),
        delete_password: Field::checked("", &errors, "delete_password"),
        errors,
    };
    page.render(view.errors.status(), &view)
}

/// What a refusal means for the form; trouble is no matter of forms.
fn refused(refusal: ServiceError, inputs: &[(&str, &str)]) -> Result<Errors, PortalError> {
    match refusal {
        ServiceError::TooManyTokens => Err(ApiError::portal_too_many().into()),
        refusal => Ok(Errors::of_refusal(refusal.into(), inputs)?),
    }
}

/// `POST /settings/profile`
pub(super) async fn set_profile(form: DeveloperForm) -> PortalResult {
    let DeveloperForm { page, fields } = form;
    let definition = &page.portal.settings.meta_fields;
    let meta = inputs::typed(definition, &fields);
    match profile::set_meta(&page.services, &page.portal, &page.visit.visit(), &page.session, &meta).await {
        Ok(_) => page.done(&page.url("/settings"), &Flash::ok("Your profile was saved.")),
        Err(refusal) => {
            let labels = inputs::labels(definition);
            let known: Vec<_> = labels.iter().map(|(id, label)| (id.as_str(), label.as_str())).collect();
            let errors = refused(refusal, &known)?;
            render(&page, Typed { meta: Some(meta), errors, ..Typed::default() }).await
        }
    }
}

/// `POST /settings/email`
pub(super) async fn set_email(form: DeveloperForm) -> PortalResult {
    let DeveloperForm { page, fields } = form;
    let email = fields.text("email");
    let pair = [email, fields.exact("email_password")];
    match profile::ask_email(&page.services, &page.portal, &page.visit.visit(), &page.session, pair).await {
        Ok(()) => {
            let message = Flash::ok("A link was sent to the new address. It counts once you follow that link.");
            page.done(&page.url("/settings"), &message)
        }
        Err(ServiceError::BadRequest(sentence)) => {
            let errors = Errors::of_field("email_password", "Present password", &sentence);
            render(&page, Typed { email: email.to_owned(), errors, ..Typed::default() }).await
        }
        Err(refusal) => {
            let errors = refused(refusal, &[("email", "New e-mail address")])?;
            render(&page, Typed { email: email.to_owned(), errors, ..Typed::default() }).await
        }
    }
}

/// `POST /settings/password`
pub(super) async fn set_password(form: DeveloperForm) -> PortalResult {
    let DeveloperForm { page, fields } = form;
    let pair = [fields.exact("old_password"), fields.exact("password")];
    match profile::set_password(&page.services, &page.portal, &page.visit.visit(), &page.session, pair).await {
        Ok(key) => {
            let visitor = page.visitor.clone().renewed(&key).await?;
            let message = Flash::ok("Your password was changed. Every other session was ended.");
            let mut response = visitor.done(&visitor.url("/settings"), &message)?;
            visitor.send_key(&mut response, &key);
            Ok(response)
        }
        Err(ServiceError::BadRequest(sentence)) => {
            let errors = Errors::of_field("old_password", "Present password", &sentence);
            render(&page, Typed { errors, ..Typed::default() }).await
        }
        Err(refusal) => {
            let errors = refused(refusal, &[("password", "New password")])?;
            render(&page, Typed { errors, ..Typed::default() }).await
        }
    }
}

/// `POST /settings/sessions/end`
pub(super) async fn end_sessions(form: DeveloperForm) -> PortalResult {
    let DeveloperForm { page, .. } = form;
    let ended = sessions::end_others(&page.services, &page.session).await?;
    let words = match ended {
        0 => "There was no other session.".to_owned(),
        1 => "One other session was ended.".to_owned(),
        many => format!("{many} other sessions were ended."),
    };
    page.done(&page.url("/settings"), &Flash::ok(words))
}

/// `POST /settings/delete`
pub(super) async fn delete(form: DeveloperForm) -> PortalResult {
    let DeveloperForm { page, fields } = form;
    let password = fields.exact("delete_password");
    match profile::delete(&page.services, &page.visit.visit(), &page.session, password).await {
        Ok(()) => {
            let visitor = page.visitor.clone().signed_out();
            let mut response = visitor.done(&visitor.url("/"), &Flash::ok("Your account was deleted."))?;
            visitor.forget_key(&mut response);
            Ok(response)
        }
        Err(ServiceError::BadRequest(sentence)) => {
            let errors = Errors::of_field("delete_password", "Password", &sentence);
            render(&page, Typed { errors, ..Typed::default() }).await
        }
        Err(refusal) => Err(PortalError::from(refusal)),
    }
}
