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

/// What was found out about a part: a line that says so, or what is wrong.
pub type Answer = Result<String, Finding>;

/// Asks every part that the settings name.
pub async fn ask(settings: &Settings) -> Vec<Answer> {
    let (kong, provider) = tokio::join!(ask_kong(settings), ask_provider(settings));
    [Some(kong), provider].into_iter().flatten().collect()
}

/// Kong's `GET /status`.
async fn ask_kong(settings: &Settings) -> Answer {
    let upstream = &settings.upstream;
    let url = format!("{}status", slashed(upstream.admin_url.as_str()));
    let failed = |cause: String| {
        Err(Finding::about("sso_upstream_admin_url", format!("sso_upstream_admin_url: {url}: {cause}")))
    };
    let http = match HttpClient::new(&settings.egress, true, upstream.timeout.min(KONG_TIMEOUT)) {
        Ok(http) => http,
        Err(error) => return failed(chain(&error)),
    };
    let kong = KongAdmin::new(http, upstream);
    match kong.get(None, "/status").await {
        Ok(_) => Ok(format!("Kong answers: {url}")),
        Err(error) => failed(error.to_string()),
    }
}

/// The provider's discovery document and keys.
async fn ask_provider(settings: &Settings) -> Option<Answer> {
    let conf = settings.admin_auth.as_ref()?.relying_party.clone();
    let issuer = conf.provider.issuer.clone();
    let failed = |cause: String| {
        Some(Err(Finding::about("admin_gui_auth_conf", format!("admin_gui_auth_conf.issuer: {issuer}: {cause}"))))
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
        Ok(found) => {
            let keys = found.keys.summaries().len();
            Some(Ok(format!("the identity provider answers: {}, signing keys: {keys}", found.metadata.issuer)))
        }
        Err(error) => failed(error.to_string()),
    }
}

fn slashed(url: &str) -> String {
    if url.ends_with('/') { url.to_owned() } else { format!("{url}/") }
}
