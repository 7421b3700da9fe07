//! The developer portal's pages (dev-portal.md 11.1): `/{workspace}/..` on `portal_gui_listen`, and below
//! `/portal/{workspace}` on the GUI's origin. Server-rendered, usable without scripts.
//!
//! ```text
//! GET  --> PageVisitor (anybody) or DeveloperPage (else the login) --> template
//! POST --> PageForm or DeveloperForm (same site, form token) --> service --> 303 with a message, or the page with errors
//! ```

mod agents;
mod application_owner;
mod applications;
mod catalogue;
pub mod failure;
mod forms;
mod home;
mod how_to;
mod inputs;
mod markdown;
pub mod message;
mod recovery;
mod register;
mod settings;
mod shell;
mod sign_in;
pub(in crate::web) mod sso;
mod status;
mod verify;
mod visitor;

use actix_web::HttpResponse;
use actix_web::http::header::LOCATION;
use actix_web::middleware::from_fn;
use actix_web::web::{self, Data, ServiceConfig, get, post, resource};

pub use forms::{DeveloperForm, PageForm};
pub use shell::{PortalSection, PortalShell};
pub use visitor::{DeveloperPage, PageVisitor};

use super::error::ApiError;
use super::pages::assets;
use super::portal_api::frame;
use super::portal_api::guard::{Face, Mount};
use crate::domain::ids::DEFAULT_WORKSPACE;
use crate::services::Services;

/// Path of the portal on the GUI's origin.
pub const SINGLE_ORIGIN: &str = "/portal";
/// Part of the path of assets: no workspace can have this name.
const ASSETS: &str = "/_portal";

/// Adds the pages below `mount`, which has a workspace as its next segment, or in the host.
pub fn configure(config: &mut ServiceConfig, mount: Mount) {
    let pages = mount.pages.clone();
    config.route(&format!("{pages}{ASSETS}/assets/{{name}}"), get().to(assets::serve));
    let scope = if mount.is_by_host { pages.clone() } else { format!("{pages}/{{ws}}") };
    if !mount.is_by_host {
        to_default(config, &pages);
    }
    let scope =
        web::scope(&scope).app_data(Data::new(mount)).app_data(Data::new(Face::Pages)).wrap(from_fn(frame::frame));
    config.service(
        scope
            .configure(around_accounts)
            .configure(own_account)
            .configure(own_applications)
            .default_service(web::to(frame::nothing_here)),
    );
}

/// Who names no workspace goes to the first one.
fn to_default(config: &mut ServiceConfig, pages: &str) {
    let home = format!("{pages}/{DEFAULT_WORKSPACE}/");
    for root in [pages.to_owned(), format!("{pages}/")].into_iter().filter(|root| !root.is_empty()) {
        let home = home.clone();
        config.route(&root, get().to(move |services: Data<Services>| std::future::ready(to(&services, &home))));
    }
}

/// Where assets are below.
fn assets_base(mount: &Mount) -> String {
    format!("{}{ASSETS}", mount.pages)
}

fn to(services: &Data<Services>, path: &str) -> HttpResponse {
    if !services.settings.portal.enabled {
        return ApiError::not_found().into_response();
    }
    HttpResponse::Found().insert_header((LOCATION, path)).finish()
}

/// Pages for everybody.
fn around_accounts(config: &mut ServiceConfig) {
    config
        .service(resource(["", "/"]).route(get().to(home::show)))
        .service(resource("/login").route(get().to(sign_in::show)).route(post().to(sign_in::sign_in)))
        .service(resource("/login/sso").route(get().to(sso::start)))
        .service(resource("/auth/callback").route(get().to(sso::callback)))
        .service(resource("/logout").route(get().to(sign_in::ask)).route(post().to(sign_in::sign_out)))
        .service(resource("/register").route(get().to(register::show)).route(post().to(register::register)))
        .service(resource("/registered").route(get().to(register::done)))
        .service(resource("/check-mail").route(get().to(verify::check_mail)).route(post().to(verify::resend)))
        .service(resource("/account/verify").route(get().to(verify::show)).route(post().to(verify::verify)))
        .service(
            resource("/account/invalidate-verification")
                .route(get().to(verify::show_disown))
                .route(post().to(verify::disown)),
        )
        .service(resource("/forgot-password").route(get().to(recovery::show)).route(post().to(recovery::forgot)))
        .service(resource("/reset-password").route(get().to(recovery::show_reset)).route(post().to(recovery::reset)))
        .service(resource("/pending").route(get().to(status::show)));
}

/// Pages of whoever is signed in.
fn own_account(config: &mut ServiceConfig) {
    config
        .service(resource("/settings").route(get().to(settings::show)))
        .service(resource("/settings/profile").route(post().to(settings::set_profile)))
        .service(resource("/settings/email").route(post().to(settings::set_email)))
        .service(resource("/settings/password").route(post().to(settings::set_password)))
        .service(resource("/settings/sessions/end").route(post().to(settings::end_sessions)))
        .service(resource("/settings/delete").route(post().to(settings::delete)));
}

/// The catalogue, and the applications of whoever is signed in.
fn own_applications(config: &mut ServiceConfig) {
    let one = "/applications/{application}";
    config
        .service(resource("/apis").route(get().to(catalogue::list)))
        .service(resource("/apis/{slug}").route(get().to(catalogue::show)))
        .service(resource("/apis/{slug}/request").route(post().to(catalogue::request)))
        .service(resource("/apis/{slug}/ask").route(post().to(catalogue::ask)))
        .service(resource("/applications").route(get().to(applications::list)))
        .service(
            resource("/applications/new")
                .route(get().to(applications::show_new))
                .route(post().to(applications::create)),
        )
        .service(resource(one).route(get().to(applications::show)).route(post().to(applications::update)))
        .service(resource(format!("{one}/delete")).route(post().to(applications::delete)))
        .service(resource(format!("{one}/transfer")).route(post().to(application_owner::transfer)))
        .service(resource(format!("{one}/contracts/{{contract}}/delete")).route(post().to(applications::leave)))
        .service(resource(format!("{one}/keys")).route(post().to(applications::create_key)))
        .service(resource(format!("{one}/keys/{{key}}/rotate")).route(post().to(applications::rotate_key)))
        .service(resource(format!("{one}/keys/{{key}}/revoke")).route(post().to(applications::revoke_key)))
        .service(resource(format!("{one}/access/{{api}}")).route(get().to(applications::explain)));
}
