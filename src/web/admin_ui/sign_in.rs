//! `/login`: the one button of the sign-in. Public.

use actix_web::http::StatusCode;
use actix_web::web::Query;
use askama::Template;
use serde::Deserialize;

use super::extractors::{Visit, see_other};
use super::frame::PageResult;
use super::lists::address;
use crate::web::pages::{self, BareShell};

#[derive(Template)]
#[template(path = "sign_in.html")]
struct SignInPage {
    shell: BareShell,
    banner_title: String,
    banner_body: String,
    sign_in_url: String,
}

/// Where to go afterwards.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct SignInQuery {
    return_to: String,
}

/// `GET /login`; somebody who is signed in goes home.
pub(super) async fn show(visit: Visit, query: Query<SignInQuery>) -> PageResult {
    if visit.arrival().visitor().await.is_ok() {
        return Ok(see_other(&visit.url("/")));
    }
    let gui = &visit.services.settings.gui;
    let home = visit.url("/");
    let return_to = if query.return_to.is_empty() { &home } else { &query.return_to };
    let page = SignInPage {
        shell: BareShell::new(gui, "Sign in", ""),
        banner_title: gui.banner_title.clone().unwrap_or_default(),
        banner_body: gui.banner_body.clone().unwrap_or_default(),
        sign_in_url: address(&visit.arrival().login_url(), &[("return_to", return_to)]),
    };
    Ok(pages::render(StatusCode::OK, &page)?)
}
