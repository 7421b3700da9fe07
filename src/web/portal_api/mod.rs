//! The developer portal's JSON API (dev-portal.md 3.4): `/{workspace}/..` on `portal_api_listen`, and below
//! `/portal-api/{workspace}` on the GUI's origin.
//!
//! ```text
//! request --> frame: workspace or 404, CORS, cross-site changes --> handler --> JSON --> audit record
//!                                                   \--> DeveloperSession: an approved developer, or 401
//! ```

mod account;
mod auth;
mod body;
mod cors;
pub mod frame;
pub mod guard;
mod registration;
mod tokens;

use actix_web::middleware::from_fn;
use actix_web::web::{self, Data, ServiceConfig, delete, get, patch, post, resource};

use guard::{Face, Mount};

/// Path of the JSON API on the GUI's origin.
pub const SINGLE_ORIGIN: &str = "/portal-api";

/// Adds the JSON API below `mount`, which has a workspace as its next segment.
pub fn configure(config: &mut ServiceConfig, mount: Mount) {
    let scope = web::scope(&format!("{}/{{ws}}", mount.api))
        .app_data(Data::new(mount))
        .app_data(Data::new(Face::Api))
        .wrap(from_fn(frame::frame));
    config.service(scope.configure(accounts).default_service(web::to(frame::nothing_here)));
}

/// Registration, login and the own account.
fn accounts(config: &mut ServiceConfig) {
    config
        .service(resource("/auth").route(get().to(auth::login)).route(delete().to(auth::logout)))
        .service(resource("/register").route(post().to(registration::register)))
        .service(resource("/verify-account").route(post().to(tokens::verify)))
        .service(resource("/resend-account-verification").route(post().to(tokens::resend)))
        .service(resource("/invalidate-account-verification").route(post().to(tokens::invalidate)))
        .service(resource("/forgot-password").route(post().to(tokens::forgot)))
        .service(resource("/validate-reset").route(post().to(tokens::validate)))
        .service(resource("/reset-password").route(post().to(tokens::reset)))
        .service(resource("/developer").route(get().to(account::show)).route(delete().to(account::delete)))
        .service(resource("/developer/meta_fields").route(get().to(registration::meta_fields)))
        .service(resource("/developer/meta").route(patch().to(account::set_meta)))
        .service(resource("/developer/email").route(patch().to(account::set_email)))
        .service(resource("/developer/password").route(patch().to(account::set_password)));
}

/// What is outside of every workspace.
pub async fn nothing() -> actix_web::HttpResponse {
    super::error::ApiError::not_found().into_response()
}
