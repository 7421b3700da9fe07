//! `admin_gui_auth_conf`: JSON object to [`AdminAuthConf`], both generations of files (kong-manager.md 2.2 and 2.3).

use secrecy::SecretString;
use serde_json::Value;
use url::Url;

use super::members::Members;
use super::session::session;
use super::{AdminAuthConf, AdminField, AdminMappingConf, ClientAuth, RelyingPartyConf, ResponseMode};
use crate::config::finding::Findings;
use crate::config::plugin::{AuthorizationRequestConf, ClientConf, EndpointOverrides, ProviderConf, VerificationConf};
use crate::domain::claims::ClaimPath;

/// The key whose value is read here.
pub(in crate::config) const KEY: &str = "admin_gui_auth_conf";

/// Reads the object. `forbid_unverified`: whether `ssl_verify: false` is an error (`tls_certificate_verify = on`).
/// `None` when something is missing or wrong; the reasons are among the findings.
pub(in crate::config) fn parse(
    conf: &Value,
    forbid_unverified: bool,
    findings: &mut Findings,
) -> Option<AdminAuthConf> {
    let Value::Object(object) = conf else {
        findings.error(KEY, format!("{KEY} must be a JSON object"));
        return None;
    };
    let mut members = Members { object, findings };
    let errors_before = members.findings.errors.len();
    members.report_unused();
    if object.contains_key("consumer_claim") {
        members.findings.error(KEY, "consumer_claim was replaced by admin_claim");
    }
    let login_redirect_uri = required(&mut members, "login_redirect_uri", Members::urls);
    let relying_party = relying_party(&mut members, forbid_unverified);
    let mapping = mapping(&mut members);
    let session = session(&mut members, login_redirect_uri.as_deref().unwrap_or_default());
    let conf = AdminAuthConf {
        relying_party: relying_party?,
        mapping: mapping?,
        session,
        login_redirect_uri: login_redirect_uri?,
    };
    check_pairs(&mut members, &conf);
    (members.findings.errors.len() == errors_before).then_some(conf)
}

/// A member that must be there; absence is an error of its own, a wrong value has reported itself.
fn required<'m, T>(
    members: &mut Members<'m>,
    name: &str,
    read: impl FnOnce(&mut Members<'m>, &str) -> Option<T>,
) -> Option<T> {
    let errors_before = members.findings.errors.len();
    let value = read(members, name);
    if value.is_none() && members.findings.errors.len() == errors_before {
        members.missing(name);
    }
    value
}

fn relying_party(members: &mut Members<'_>, forbid_unverified: bool) -> Option<RelyingPartyConf> {
    let issuer = required(members, "issuer", Members::url);
    let client_id = required(members, "client_id", Members::list);
    let client_auth = client_auth(members);
    let client_secret = client_secret(members, client_auth);
    let redirect_uri = redirect_uri(members);
    let logout_redirect_uri = required(members, "logout_redirect_uri", Members::urls);
    if client_id.as_ref().is_some_and(|ids| ids.len() > 1) {
        members.findings.warn(KEY, format!("{KEY}.client_id: only the first client is used in this release"));
    }
    let modes = [("query", ResponseMode::Query), ("form_post", ResponseMode::FormPost)];
    let response_mode = members.word("response_mode", &modes).unwrap_or(ResponseMode::Query);
    let scopes = scopes(members);
    let pkce = members.bool("require_proof_key_for_code_exchange").unwrap_or(true);
    let verify_nonce = members.bool("verify_nonce").unwrap_or(true);
    let search_user_info = members.bool("search_user_info").unwrap_or(false);
    let ssl_verify = ssl_verify(members, forbid_unverified);
    let Times { leeway, max_age, timeout_ms, rediscovery_lifetime, cache_ttl } = times(members);
    let issuers_allowed = members.list("issuers_allowed").unwrap_or_default();
    let authorization_args = authorization_args(members);
    let endpoints = endpoints(members);
    let audience = members.list("audience").unwrap_or_default();
    // Every member has been read by now, so every error is reported.
    let provider = ProviderConf {
        issuers_allowed,
        endpoints,
        rediscovery_lifetime,
        cache_ttl,
        timeout_ms,
        ssl_verify,
        ..ProviderConf::at(issuer?)
    };
    let party = RelyingPartyConf {
        provider,
        client: ClientConf { auth: client_auth, ..ClientConf::new(client_id?.into_iter().next()?, client_secret) },
        request: AuthorizationRequestConf {
            scopes,
            audience,
            response_mode,
            max_age,
            pkce: Some(pkce),
            args: authorization_args,
            ..AuthorizationRequestConf::default()
        },
        verification: VerificationConf { nonce: verify_nonce, leeway, ..VerificationConf::default() },
        search_user_info,
        wanted_claims: Vec::new(),
        only_supported_scopes: false,
        redirect_uri: redirect_uri?,
        logout_redirect_uri: logout_redirect_uri?,
    };
    warn_weak(members, &party);
    Some(party)
}

/// The members that are numbers.
struct Times {
    leeway: i64,
    max_age: Option<i64>,
    timeout_ms: u64,
    rediscovery_lifetime: i64,
    cache_ttl: i64,
}

fn times(members: &mut Members<'_>) -> Times {
    Times {
        leeway: members.whole("leeway").unwrap_or(0),
        max_age: members.whole("max_age"),
        timeout_ms: members.whole("timeout").and_then(|timeout| u64::try_from(timeout).ok()).unwrap_or(10_000),
        rediscovery_lifetime: members.whole("rediscovery_lifetime").unwrap_or(30),
        cache_ttl: members.whole("cache_ttl").unwrap_or(3600),
    }
}

/// Clear text to the provider, and protections that were switched off.
fn warn_weak(members: &mut Members<'_>, party: &RelyingPartyConf) {
    let host = party.provider.issuer.host_str().unwrap_or_default();
    let is_local = matches!(host, "localhost" | "[::1]" | "unresolved.invalid") || host.starts_with("127.");
    if party.provider.issuer.scheme() == "http" && !is_local {
        members.findings.warn(KEY, format!("{KEY}.issuer is http: codes and tokens travel in clear text"));
    }
    for (is_on, name) in [
        (party.request.pkce != Some(false), "require_proof_key_for_code_exchange"),
        (party.verification.nonce, "verify_nonce"),
    ] {
        if !is_on {
            members.findings.warn(KEY, format!("{KEY}.{name} is false: sign-in loses a protection"));
        }
    }
}

/// `token_endpoint_auth_method`, else `client_auth[0]`.
fn client_auth(members: &mut Members<'_>) -> Option<ClientAuth> {
    let of_endpoint = members.list("token_endpoint_auth_method").map(|list| ("token_endpoint_auth_method", list));
    let (name, list) = of_endpoint.or_else(|| members.list("client_auth").map(|list| ("client_auth", list)))?;
    let method = list.into_iter().next()?;
    let known = ClientAuth::named(&method);
    match (known, method.as_str()) {
        (Some(ClientAuth::SecretBasic | ClientAuth::SecretPost | ClientAuth::None), _) => known,
        (Some(_), _) | (None, "tls_client_auth" | "self_signed_tls_client_auth") => {
            members.error(name, &format!("= {method} is not available in this release"));
            None
        }
        (None, other) => {
            let words = "client_secret_basic, client_secret_post, none";
            members.error(name, &format!("has an invalid value: '{other}' ({words})"));
            None
        }
    }
}

fn client_secret(members: &mut Members<'_>, client_auth: Option<ClientAuth>) -> Option<SecretString> {
    const NAME: &str = "client_secret";
    let errors_before = members.findings.errors.len();
    let secret = members.list(NAME).and_then(|list| list.into_iter().next()).filter(|secret| !secret.is_empty());
    let is_needed = client_auth != Some(ClientAuth::None);
    if secret.is_none() && is_needed && members.findings.errors.len() == errors_before {
        members.missing(NAME);
    }
    secret.map(SecretString::from)
}

/// Redirect URIs end in `/auth` since Kong 3.6; before, they were URLs of the GUI.
fn redirect_uri(members: &mut Members<'_>) -> Option<Vec<Url>> {
    const NAME: &str = "redirect_uri";
    let urls = required(members, NAME, Members::urls)?;
    let is_placeholder = |url: &Url| url.host_str() == Some("unresolved.invalid");
    if urls.iter().any(|url| !url.path().ends_with("/auth") && !is_placeholder(url)) {
        let hint = "(Kong 3.6 changed this: before, it was a URL of the GUI; see \"Files from Kong 3.5 and older\" in \
                    docs/configuration.md)";
        members.error(NAME, &format!("must point at the Admin API's /auth endpoint {hint}"));
    }
    if urls.iter().any(|url| url.fragment().is_some()) {
        members.error(NAME, "must not have a fragment");
    }
    Some(urls)
}

fn scopes(members: &mut Members<'_>) -> Vec<String> {
    let default = || ["openid", "email", "offline_access"].map(str::to_owned).to_vec();
    let scopes = members.list("scopes").unwrap_or_else(default);
    let effects = [
        ("openid", "the provider may issue no ID token, and then nobody can sign in"),
        ("offline_access", "the provider may issue no refresh token, and sessions end with the access token"),
    ];
    for (scope, effect) in effects {
        if !scopes.iter().any(|have| have == scope) {
            members.findings.warn(KEY, format!("{KEY}.scopes lacks {scope}: {effect}"));
        }
    }
    scopes
}

fn ssl_verify(members: &mut Members<'_>, forbid_unverified: bool) -> bool {
    let verify = members.bool("ssl_verify").unwrap_or(true);
    match (verify, forbid_unverified) {
        (true, _) => {}
        (false, true) => members.error("ssl_verify", "must not be false while tls_certificate_verify is on"),
        (false, false) => {
            let message = format!("{KEY}.ssl_verify is false: anybody on the way can pretend to be the provider");
            members.findings.warn(KEY, message);
        }
    }
    verify
}

fn authorization_args(members: &mut Members<'_>) -> Vec<(String, String)> {
    let names = members.list("authorization_query_args_names").unwrap_or_default();
    let values = members.list("authorization_query_args_values").unwrap_or_default();
    if names.len() != values.len() {
        members.error("authorization_query_args_names", "and authorization_query_args_values differ in length");
    }
    names.into_iter().zip(values).collect()
}

fn endpoints(members: &mut Members<'_>) -> EndpointOverrides {
    EndpointOverrides {
        introspection: None,
        revocation: None,
        authorization: members.url("authorization_endpoint"),
        token: members.url("token_endpoint"),
        userinfo: members.url("userinfo_endpoint"),
        end_session: members.url("end_session_endpoint"),
        jwks: members.url("jwks_endpoint"),
    }
}

fn mapping(members: &mut Members<'_>) -> Option<AdminMappingConf> {
    let admin_claim = claim_path(members, "admin_claim", "email");
    let groups_claim = claim_path(members, "authenticated_groups_claim", "groups");
    let delimiters = [(",", ','), (";", ';'), ("|", '|')];
    Some(AdminMappingConf {
        admin_by: admin_by(members),
        groups_delimiter: members.word("authenticated_groups_delimiter", &delimiters),
        auto_create: members.bool("admin_auto_create").unwrap_or(true),
        auto_create_token_enabled: !members.bool("admin_auto_create_rbac_token_disabled").unwrap_or(false),
        admin_claim: admin_claim?,
        groups_claim: groups_claim?,
    })
}

/// A list is one path into nested claims, not alternatives.
fn claim_path(members: &mut Members<'_>, name: &str, default: &str) -> Option<ClaimPath> {
    let path = ClaimPath::new(members.list(name).unwrap_or_else(|| vec![default.to_owned()]));
    if path.is_none() {
        members.error(name, "has an empty member");
    }
    path
}

fn admin_by(members: &mut Members<'_>) -> Vec<AdminField> {
    const NAME: &str = "admin_by";
    let Some(fields) = members.list(NAME) else { return vec![AdminField::Username, AdminField::CustomId] };
    let mut parsed = Vec::new();
    for field in fields {
        match field.as_str() {
            "username" => parsed.push(AdminField::Username),
            "custom_id" => parsed.push(AdminField::CustomId),
            other => members.error(NAME, &format!("has an invalid value: '{other}' (username, custom_id)")),
        }
    }
    parsed
}

/// Lists that are paired by index have one element or as many as `redirect_uri`.
fn check_pairs(members: &mut Members<'_>, conf: &AdminAuthConf) {
    let wanted = conf.relying_party.redirect_uri.len();
    let lists = [
        ("login_redirect_uri", conf.login_redirect_uri.len()),
        ("logout_redirect_uri", conf.relying_party.logout_redirect_uri.len()),
    ];
    for (name, length) in lists {
        if length != wanted && length != 1 {
            members.error(name, &format!("has {length} elements while redirect_uri has {wanted}"));
        }
    }
}

#[cfg(test)]
mod tests;
