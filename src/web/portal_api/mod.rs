//! The developer portal's JSON API (dev-portal.md 3.4): `/{workspace}/..` on `portal_api_listen`, and below
//! `/portal-api/{workspace}` on the GUI's origin.
//!
//! ```text
//! request --> frame: workspace or 404, CORS, cross-site changes --> handler --> JSON --> audit record
//!                                                   \--> DeveloperSession: an approved developer, or 401
//! ```

mod account;
mod applications;
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
    config.service(scope.configure(accounts).configure(own_applications).default_service(web::to(frame::nothing_here)));
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

/// The developer's applications.
fn own_applications(config: &mut ServiceConfig) {
    let (list, one) = ("/applications", "/applications/{application}");
    let instances = format!("{one}/application_instances");
    let keys = format!("{one}/credentials");
    config
        .service(resource("/application_services").route(get().to(applications::services)))
        .service(resource("/developer/teams").route(get().to(applications::teams)))
        .service(resource("/api/v3/apis/{api}/actions").route(get().to(applications::actions)))
        .service(resource(format!("{one}/transfer")).route(post().to(applications::transfer)))
        .service(resource(list).route(get().to(applications::list)).route(post().to(applications::create)))
        .service(
            resource(one)
                .route(get().to(applications::show))
                .route(patch().to(applications::update))
                .route(delete().to(applications::delete)),
        )
        .service(
            resource(instances.as_str())
                .route(get().to(applications::list_contracts))
                .route(post().to(applications::request)),
        )
        .service(
            resource(format!("{instances}/{{instance}}"))
                .route(get().to(applications::show_contract))
                .route(delete().to(applications::delete_contract)),
        )
        .service(
            resource(keys.as_str()).route(get().to(applications::list_keys)).route(post().to(applications::create_key)),
        )
        .service(
            resource(format!("{keys}/{{credential}}"))
                .route(get().to(applications::show_key))
                .route(delete().to(applications::delete_key)),
        )
        .service(resource(format!("{keys}/{{credential}}/rotate")).route(post().to(applications::rotate_key)))
        .service(resource(format!("{one}/access/{{api}}")).route(get().to(applications::explain)));
}

/// What is outside of every workspace.
pub async fn nothing() -> actix_web::HttpResponse {
    super::error::ApiError::not_found().into_response()
}
