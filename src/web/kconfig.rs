//! `kconfig.js`: the values that Kong Manager starts with, and the session guard (kong-manager.md 8.1, 8.2, 8.4, 8.7).

use actix_web::HttpResponse;
use serde_json::{Value, json};

use super::guard::Arrival;
use super::pages::{self, assets};
use crate::domain::access::{Caller, Proof};
use crate::services::error::ServiceError;

/// Cookie with the workspace that the person chose. Only Kong Manager's address of the Admin API follows it; rights
/// are judged by the path alone.
pub const WORKSPACE_COOKIE: &str = "kong_sso_ws";

/// The script for this browser; `caller` is the signed-in person, if there is one.
///
/// # Errors
/// The workspaces could not be read.
pub async fn answer(arrival: &Arrival<'_>, caller: Option<&Caller>) -> Result<HttpResponse, ServiceError> {
    let gui = &arrival.services.settings.gui;
    let names = reachable(arrival, caller).await?;
    let chosen = arrival.request.cookie(WORKSPACE_COOKIE).map(|cookie| cookie.value().to_owned());
    let chosen = chosen.filter(|name| names.contains(name)).unwrap_or_else(|| "default".to_owned());
    let api = api_url(arrival);
    let mut scoped = api.clone();
    if chosen != "default" {
        scoped.push('/');
        scoped.push_str(&chosen);
    }
    let config = json!({
        "ADMIN_GUI_PATH": if gui.path.is_empty() { "/" } else { &gui.path },
        "ADMIN_API_URL": scoped,
        "ADMIN_API_PORT": "",
        "ADMIN_API_SSL_PORT": "",
        "ANONYMOUS_REPORTS": "false",
    });
    let mut script = format!("window.K_CONFIG = {};\n", as_script(&config));
    if !arrival.services.is_pass_through() {
        let guard = json!({
            "api": api,
            "loginUrl": arrival.login_url(),
            "uiBase": pages::base(gui),
            "guiUrl": format!("{}/", gui.path),
            "signOutUrl": pages::ui_url(gui, "/logout"),
            "user": caller.filter(|who| who.proof != Proof::Off).map(|who| who.principal.name.as_str()),
            "workspace": chosen,
            "workspaces": names,
        });
        script.push_str(&format!("window.KONG_SSO = {};\n", as_script(&guard)));
        script.push_str(&assets::script("guard.js"));
    }
    Ok(HttpResponse::Ok()
        .content_type("application/javascript; charset=utf-8")
        .insert_header(("cache-control", "no-store"))
        .insert_header(("x-content-type-options", "nosniff"))
        .insert_header(("cross-origin-resource-policy", "same-origin"))
        .body(script))
}

/// Names of the workspaces the person may choose, `default` first.
async fn reachable(arrival: &Arrival<'_>, caller: Option<&Caller>) -> Result<Vec<String>, ServiceError> {
    let Some(caller) = caller else { return Ok(Vec::new()) };
    let access = &arrival.services.access;
    let all = access.workspaces().await?;
    let mut names: Vec<String> = all
        .iter()
        .filter(|workspace| access.reaches(&caller.principal, &workspace.name))
        .map(|workspace| workspace.name.to_string())
        .collect();
    names.sort_by_key(|name| (name != "default", name.clone()));
    Ok(names)
}

/// The absolute address of the Admin API without trailing slash: Kong Manager reads a path as a host name.
fn api_url(arrival: &Arrival<'_>) -> String {
    let gui = &arrival.services.settings.gui;
    match &gui.api_url {
        Some(url) if !gui.single_origin => absolute(url, arrival.peer.scheme).trim_end_matches('/').to_owned(),
        _ => format!("{}{}{}", arrival.peer.origin(), gui.path, gui.api_path),
    }
}

/// Kong accepts `host:port` and `//host` as address too.
fn absolute(url: &str, scheme: &str) -> String {
    if url.contains("://") { url.to_owned() } else { format!("{scheme}://{}", url.trim_start_matches('/')) }
}

/// JSON that is safe inside a script, whoever chose the names.
fn as_script(value: &Value) -> String {
    let text = value.to_string();
    text.replace('<', "\\u003c").replace('\u{2028}', "\\u2028").replace('\u{2029}', "\\u2029")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn km_102_values_cannot_end_the_script() {
        let script = as_script(&json!({"user": "</script><script>alert(1)//\u{2028}"}));
        assert!(!script.contains('<') && !script.contains('\u{2028}'));
        assert_eq!(absolute("api.example.com:8444", "https"), "https://api.example.com:8444");
        assert_eq!(absolute("//api.example.com/", "http"), "http://api.example.com/");
    }
}
