//! The sign-in through its doors: a browser, a provider with real keys, Kong Manager behind.

mod groups;
mod gui;
mod last_super_admin;
mod login;
mod persons;
mod sessions;

use crate::support::database::databases;
use crate::support::site::{self, Site};
use kong_sso::config::Settings;
use kong_sso::config::auth_conf::AdminAuthConf;

/// Runs `test` against a site of its own on each database.
async fn with_site<F: AsyncFn(&Site)>(edit: impl Fn(&mut Settings), test: F) {
    for database in databases().await {
        let site = site::start(&database, &edit).await;
        test(&site).await;
        site.stop().await;
    }
}

/// The sign-in settings, to be changed.
fn auth(settings: &mut Settings) -> &mut AdminAuthConf {
    settings.admin_auth.as_mut().unwrap()
}
