//! `/logout`: a page with one button, and what the button does (kong-manager.md 2.8).

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::Query;
use askama::Template;
use serde::Deserialize;

use super::extractors::{AdminSession, CsrfForm, Visit, see_other};
use super::frame::PageResult;
use super::shell::{Section, Shell};
use crate::web::auth;
use crate::web::error::ApiError;
use crate::web::pages::{self, BareShell};

#[derive(Template)]
#[template(path = "sign_out.html")]
struct SignOutPage {
    shell: Shell,
}

#[derive(Template)]
#[template(path = "signed_out.html")]
struct SignedOutPage {
    shell: BareShell,
    sign_in_url: String,
    at_provider: bool,
}

/// What the provider sends along when it leads back here.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct ReturnQuery {
    state: String,
}

/// `GET /logout`: asks first. Without a session it says so: `logout_redirect_uri` may point here.
pub(super) async fn show(visit: Visit, query: Query<ReturnQuery>) -> PageResult {
    let Ok(caller) = visit.arrival().visitor().await else {
        return signed_out(&visit, !query.state.is_empty());
    };
    let visitor = AdminSession::known(visit, caller).await?;
    if !visitor.is_signed_in() {
        return Ok(see_other(&visitor.url("/")));
    }
    let page = SignOutPage { shell: visitor.shell("Sign out", Section::None)? };
    Ok(pages::render(StatusCode::OK, &page)?)
}

/// `POST /logout`: ends the session here, then at the provider if it can.
pub(super) async fn sign_out(form: CsrfForm<ReturnQuery>) -> PageResult {
    let visitor = form.visitor;
    let login = visitor.services.login.as_ref().ok_or_else(ApiError::not_found)?;
    visitor.trail.note(|trail| trail.rule = Some("signed out".into()));
    let to = auth::end_session(&visitor.arrival(), login, visitor.caller.proof).await?;
    match to.url.filter(|_| to.is_at_provider) {
        Some(url) => Ok(pages::continue_to(&visitor.services.settings.gui, url.as_str())?),
        None => signed_out(&visitor, false),
    }
}

fn signed_out(visit: &Visit, at_provider: bool) -> Result<HttpResponse, super::frame::PageError> {
    let page = SignedOutPage {
        shell: BareShell::new(&visit.services.settings.gui, "Signed out", ""),
        sign_in_url: visit.url("/login"),
        at_provider,
    };
    Ok(pages::render(StatusCode::OK, &page)?)
}
