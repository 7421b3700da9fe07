//! The admin pages below `sso_ui_path` (kong-manager.md 9): server-rendered, usable without scripts. A page shows what
//! the visitor may read; its forms call the doors of the Admin API, so both decide, check and record alike.
//!
//! ```text
//! GET  --> AdminSession (or the sign-in page) --> may read? --> services::page_data --> template
//! POST --> CsrfForm (same site, form token) ----> door of the Admin API --> 303 with a message, or the page with errors
//! ```

mod admin;
mod admins;
mod audit;
mod audit_export;
mod audit_objects;
mod audit_query;
mod audit_record;
mod developer;
mod developers;
mod doors;
mod endpoint_names;
mod explain;
mod explain_answer;
mod extractors;
pub(super) mod flash;
pub(super) mod form;
mod frame;
mod grants;
mod group;
mod groups;
mod home;
mod lists;
mod not_found;
mod portal_apis;
mod portal_requests;
mod portal_strategies;
mod profile;
mod rbac_user;
mod rbac_users;
mod role;
mod role_choice;
mod role_rules;
mod roles;
mod shell;
mod sign_in;
mod sign_out;
mod sso;
mod team;
mod teams;
pub(super) mod times;
mod workspace;
mod workspace_switch;
mod workspaces;

use actix_web::middleware::from_fn;
use actix_web::web::{self, ServiceConfig, get, post, resource};

use crate::web::pages::assets;

/// Adds the pages below `base`, the path of the admin pages.
pub fn configure(config: &mut ServiceConfig, base: &str) {
    let pages = web::scope("").wrap(from_fn(frame::frame)).configure(public).configure(people).configure(rights);
    let pages = pages.configure(portal).configure(state).configure(portal_apis_and_requests);
    let pages = pages.configure(strategies).configure(portal_teams);
    let pages = pages.default_service(web::to(not_found::answer));
    // One prefix, so that a call of the Admin API is compared with one pattern only.
    config.service(web::scope(base).route("/assets/{name}", get().to(assets::serve)).service(pages));
}

/// Pages around the session.
fn public(config: &mut ServiceConfig) {
    config
        .service(resource(["", "/"]).route(get().to(home::show)))
        .service(resource("/workspace").route(post().to(workspace_switch::choose)))
        .service(resource("/login").route(get().to(sign_in::show)))
        .service(resource("/logout").route(get().to(sign_out::show)).route(post().to(sign_out::sign_out)))
        .service(resource("/profile").route(get().to(profile::show)))
        .service(resource("/profile/token").route(post().to(profile::reset_token)));
}

/// Who there is.
fn people(config: &mut ServiceConfig) {
    config
        .service(resource("/admins").route(get().to(admins::list)).route(post().to(admins::create)))
        .service(resource(id("/admins", "")).route(get().to(admin::show)).route(post().to(admin::update)))
        .service(resource(id("/admins", "/roles")).route(post().to(admin::add_role)))
        .service(resource(id("/admins", "/roles/delete")).route(post().to(admin::remove_role)))
        .service(resource(id("/admins", "/revoke")).route(post().to(admin::revoke)))
        .service(resource(id("/admins", "/restore")).route(post().to(admin::restore)))
        .service(resource(id("/admins", "/delete")).route(post().to(admin::delete)))
        .service(resource(id("/admins", "/binding/clear")).route(post().to(admin::clear_binding)))
        .service(resource(id("/admins", "/sessions/end")).route(post().to(admin::end_sessions)))
        .service(resource("/rbac-users").route(get().to(rbac_users::list)).route(post().to(rbac_users::create)))
        .service(resource(id("/rbac-users", "")).route(get().to(rbac_user::show)).route(post().to(rbac_user::update)))
        .service(resource(id("/rbac-users", "/roles")).route(post().to(rbac_user::add_role)))
        .service(resource(id("/rbac-users", "/roles/delete")).route(post().to(rbac_user::remove_role)))
        .service(resource(id("/rbac-users", "/token")).route(post().to(rbac_user::reset_token)))
        .service(resource(id("/rbac-users", "/delete")).route(post().to(rbac_user::delete)));
}

/// Who uses the developer portal.
fn portal(config: &mut ServiceConfig) {
    config
        .service(resource("/developers").route(get().to(developers::list)))
        .service(resource("/developers/invite").route(post().to(developers::invite)))
        .service(resource("/developers/export").route(get().to(developers::export)))
        .service(resource(id("/developers", "")).route(get().to(developer::show)).route(post().to(developer::decide)))
        .service(resource(id("/developers", "/identities/{identity}/unlink")).route(post().to(developer::unlink)))
        .service(resource(id("/developers", "/delete")).route(post().to(developer::delete)));
}

/// What they may do.
fn rights(config: &mut ServiceConfig) {
    config
        .service(resource("/roles").route(get().to(roles::list)).route(post().to(roles::create)))
        .service(resource("/roles/explain").route(get().to(explain::show)))
        .service(resource(id("/roles", "")).route(get().to(role::show)).route(post().to(role::update)))
        .service(resource(id("/roles", "/rules")).route(post().to(role_rules::add)))
        .service(resource(id("/roles", "/rules/delete")).route(post().to(role_rules::remove)))
        .service(resource(id("/roles", "/delete")).route(post().to(role::delete)))
        .service(resource("/groups").route(get().to(groups::list)).route(post().to(groups::create)))
        .service(resource(id("/groups", "")).route(get().to(group::show)).route(post().to(group::update)))
        .service(resource(id("/groups", "/roles")).route(post().to(group::map)))
        .service(resource(id("/groups", "/roles/delete")).route(post().to(group::unmap)))
        .service(resource(id("/groups", "/delete")).route(post().to(group::delete)));
}

/// What there is, and how it is.
fn state(config: &mut ServiceConfig) {
    config
        .service(resource("/workspaces").route(get().to(workspaces::list)).route(post().to(workspaces::create)))
        .service(resource("/workspaces/{name}").route(get().to(workspace::show)).route(post().to(workspace::update)))
        .service(resource("/workspaces/{name}/delete").route(post().to(workspace::delete)))
        .service(resource("/audit").route(get().to(audit::list)))
        .service(resource("/audit/objects").route(get().to(audit_objects::list)))
        .service(resource("/audit/export").route(get().to(audit_export::download)))
        .service(resource("/audit/requests/{id:[0-9a-f]{32}}").route(get().to(audit_record::show)))
        .service(resource("/sso").route(get().to(sso::show)))
        .service(resource("/sso/test").route(post().to(sso::start_test)));
}

/// How callers of published APIs prove who they are.
fn strategies(config: &mut ServiceConfig) {
    const LIST: &str = "/portal/strategies";
    config
        .service(resource(LIST).route(get().to(portal_strategies::list)).route(post().to(portal_strategies::create)))
        .service(resource("/portal/strategies/new").route(get().to(portal_strategies::show_new)))
        .service(
            resource(id(LIST, "")).route(get().to(portal_strategies::show)).route(post().to(portal_strategies::update)),
        )
        .service(resource(id(LIST, "/refresh-keys")).route(post().to(portal_strategies::refresh)))
        .service(resource(id(LIST, "/delete")).route(post().to(portal_strategies::delete)));
}

/// What the portal publishes, and who asks for it.
fn portal_apis_and_requests(config: &mut ServiceConfig) {
    config
        .service(resource("/portal/apis").route(get().to(portal_apis::list)).route(post().to(portal_apis::publish)))
        .service(
            resource(id("/portal/apis", "")).route(get().to(portal_apis::show)).route(post().to(portal_apis::update)),
        )
        .service(resource(id("/portal/apis", "/status")).route(post().to(portal_apis::set_status)))
        .service(resource(id("/portal/apis", "/gate/delete")).route(post().to(portal_apis::remove_gate)))
        .service(
            resource("/portal/requests")
                .route(get().to(portal_requests::list))
                .route(post().to(portal_requests::decide)),
        );
}

/// Teams of developers.
fn portal_teams(config: &mut ServiceConfig) {
    let of = |below: &str| id("/portal/teams", below);
    config
        .service(resource("/portal/teams").route(get().to(teams::list)).route(post().to(teams::create)))
        .service(resource("/portal/teams/deciding").route(post().to(teams::switch)))
        .service(resource(of("")).route(get().to(team::show)).route(post().to(team::update)))
        .service(resource(of("/delete")).route(post().to(team::delete)))
        .service(resource(of("/developers")).route(post().to(team::add_member)))
        .service(resource(of("/developers/delete")).route(post().to(team::remove_member)))
        .service(resource(of("/rights")).route(post().to(team::add_right)))
        .service(resource(of("/rights/delete")).route(post().to(team::remove_right)))
        .service(resource(of("/groups")).route(post().to(team::add_group)))
        .service(resource(of("/groups/delete")).route(post().to(team::remove_group)));
}

/// The path of an entity's page: links always carry ids, since names may hold anything.
fn id(list: &str, below: &str) -> String {
    format!("{list}/{{id:[0-9a-f]{{8}}-[0-9a-f-]{{27}}}}{below}")
}
