//! What `check --online` asks: whether the parts that a configuration names answer as they must. Changes nothing and
//! opens no database.

use std::time::Duration;

use super::KONG_TIMEOUT;
use crate::config::Settings;
use crate::config::finding::Finding;
use crate::domain::time::Clock;
use crate::http_client::HttpClient;
use crate::kong::client::KongAdmin;
use crate::oidc::RelyingParty;
use crate::telemetry::chain;

/// Everything that does not answer as it must.
pub async fn problems(settings: &Settings) -> Vec<Finding> {
    let (kong, provider) = tokio::join!(ask_kong(settings), ask_provider(settings));
    [kong, provider].into_iter().flatten().collect()
}

/// Kong's `GET /status`.
async fn ask_kong(settings: &Settings) -> Option<Finding> {
    let upstream = &settings.upstream;
    let failed = |cause: String| {
        let message = format!("sso_upstream_admin_url: {}status: {cause}", slashed(upstream.admin_url.as_str()));
        Some(Finding::about("sso_upstream_admin_url", message))
    };
    let http = match HttpClient::new(&settings.egress, true, upstream.timeout.min(KONG_TIMEOUT)) {
        Ok(http) => http,
        Err(error) => return failed(chain(&error)),
    };
    let kong = KongAdmin::new(http, upstream);
    match kong.get(None, "/status").await {
        Ok(_) => None,
        Err(error) => failed(error.to_string()),
    }
}

/// The provider's discovery document and keys.
async fn ask_provider(settings: &Settings) -> Option<Finding> {
    let conf = settings.admin_auth.as_ref()?.relying_party.clone();
    let issuer = conf.provider.issuer.clone();
    let failed = |cause: String| {
        Some(Finding::about("admin_gui_auth_conf", format!("admin_gui_auth_conf.issuer: {issuer}: {cause}")))
    };
    let http = match HttpClient::new(
        &settings.egress,
        conf.provider.ssl_verify,
        Duration::from_millis(conf.provider.timeout_ms),
    ) {
        Ok(http) => http,
        Err(error) => return failed(chain(&error)),
    };
    match RelyingParty::new(conf, http, Clock::System).provider().snapshot().await {
        Ok(_) => None,
        Err(error) => failed(error.to_string()),
    }
}

fn slashed(url: &str) -> String {
    if url.ends_with('/') { url.to_owned() } else { format!("{url}/") }
}
