//! `/sso`: how the identity provider looks from here, and a login without effect. For super-admins.

use actix_session::SessionExt as _;
use actix_web::http::StatusCode;
use askama::Template;

use super::admin::ButtonForm;
use super::extractors::{AdminSession, CsrfForm};
use super::frame::PageResult;
use super::grants::Badge;
use super::shell::{Section, Shell};
use super::times::When;
use crate::config::auth_conf::AdminAuthConf;
use crate::domain::audit::Verdict;
use crate::domain::rbac::Action;
use crate::services::login::test_login::TestReport;
use crate::services::login::{Login, LoginPurpose};
use crate::web::error::ApiError;
use crate::web::{auth, pages, session};

#[derive(Template)]
#[template(path = "sso.html")]
struct SsoPage {
    shell: Shell,
    state: Badge,
    issuer: String,
    client_id: String,
    scopes: String,
    admin_claim: String,
    groups_claim: String,
    discovery: Discovery,
    keys: Vec<SigningKey>,
    redirect_uris: Vec<String>,
    logout_uris: Vec<String>,
    failures: Vec<Failure>,
    test: Option<TestLogin>,
}

struct Discovery {
    badge: Badge,
    fetched: Option<When>,
    expires: Option<When>,
    url: String,
    endpoints: Vec<(&'static str, String)>,
    problem: Option<String>,
}

struct SigningKey {
    kid: String,
    alg: String,
    kty: String,
}

struct Failure {
    at: When,
    text: String,
    id: String,
}

struct TestLogin {
    at: When,
    admin: String,
    outcome: Badge,
    sentence: String,
    roles: Vec<TestRole>,
    ignored: Vec<(String, String)>,
    claims: Vec<Claim>,
}

struct TestRole {
    workspace: String,
    role: String,
    why: String,
}

struct Claim {
    name: String,
    value: String,
    note: String,
}

/// `GET /sso`
pub(super) async fn show(visitor: AdminSession) -> PageResult {
    visitor.require_super_admin(Action::Read)?;
    let login = visitor.services.login.as_ref().ok_or_else(ApiError::not_found)?;
    let conf = login.conf();
    let provider = login.provider();
    let discovery = discovery(&visitor, login);
    let key = |kid: Option<&str>, alg: Option<&str>, kty: &str| SigningKey {
        kid: kid.unwrap_or_default().to_owned(),
        alg: alg.unwrap_or("any").to_owned(),
        kty: kty.to_owned(),
    };
    let keys = provider.keys.iter().map(|one| key(one.kid.as_deref(), one.alg.as_deref(), &one.kty));
    let page = SsoPage {
        shell: visitor.shell("SSO status", Section::Sso)?,
        state: discovery.badge.clone(),
        keys: keys.collect(),
        issuer: provider.issuer,
        client_id: conf.relying_party.client.id.clone(),
        scopes: conf.relying_party.request.scopes.join(" "),
        admin_claim: conf.mapping.admin_claim.to_string(),
        groups_claim: conf.mapping.groups_claim.to_string(),
        redirect_uris: conf.relying_party.redirect_uri.iter().map(ToString::to_string).collect(),
        logout_uris: conf.relying_party.logout_redirect_uri.iter().map(ToString::to_string).collect(),
        failures: failures(&visitor, login),
        test: session::last_test(&visitor.request.get_session()).map(|report| test(&visitor, conf, report)),
        discovery,
    };
    Ok(pages::render(StatusCode::OK, &page)?)
}

/// `POST /sso/test`: to the provider and back, without any change. A page leads there, not a redirect: browsers hold
/// those of a form against its page's policy.
pub(super) async fn start_test(form: CsrfForm<ButtonForm>) -> PageResult {
    let visitor = form.visitor;
    visitor.require_super_admin(Action::Update)?;
    let login = visitor.services.login.as_ref().ok_or_else(ApiError::not_found)?;
    visitor.trail.note(|trail| {
        trail.verdict = Verdict::Allowed;
        trail.rule = Some("super-admin".into());
    });
    Ok(auth::start_by_page(&visitor.arrival(), login, LoginPurpose::Test).await?)
}

fn discovery(visitor: &AdminSession, login: &Login) -> Discovery {
    let (provider, conf, now) = (login.provider(), &login.conf().relying_party, visitor.now());
    let is_failing = provider.last_error_at >= provider.discovered_at && provider.last_error.is_some();
    let badge = match (provider.discovered_at, is_failing) {
        (Some(_), false) => Badge::new("ok", "reachable"),
        (Some(_), true) => Badge::new("warn", "last fetch failed"),
        (None, true) => Badge::new("bad", "not reachable"),
        (None, false) => Badge::new("plain", "not asked yet"),
    };
    let endpoints = [
        ("Authorization", &provider.endpoints.authorization),
        ("Token", &provider.endpoints.token),
        ("UserInfo", &provider.endpoints.userinfo),
        ("Keys", &provider.endpoints.jwks),
        ("End of session", &provider.endpoints.end_session),
    ];
    let known = endpoints.into_iter().filter_map(|(name, url)| Some((name, url.as_ref()?.to_string())));
    Discovery {
        badge,
        fetched: provider.discovered_at.map(|at| When::new(at, now)),
        expires: provider.discovered_at.map(|at| When::new(at.plus(conf.provider.cache_ttl), now)),
        url: provider.discovery_url.unwrap_or_default(),
        endpoints: known.collect(),
        problem: provider.last_error.filter(|_| is_failing),
    }
}

fn failures(visitor: &AdminSession, login: &Login) -> Vec<Failure> {
    let failure = |failure: crate::services::login::LoginFailure| Failure {
        at: When::new(failure.at, visitor.now()),
        text: failure.cause,
        id: failure.request_id,
    };
    login.failures().into_iter().map(failure).collect()
}

fn test(visitor: &AdminSession, conf: &AdminAuthConf, report: TestReport) -> TestLogin {
    let outcome = if report.refusal.is_none() { Badge::new("ok", "accepted") } else { Badge::new("bad", "refused") };
    let sentence = match (&report.refusal, report.would_create) {
        (Some(refusal), _) => format!("It would be refused: {refusal}."),
        (None, true) => "It would create this admin.".to_owned(),
        (None, false) => String::new(),
    };
    let admin = if report.claim_value.is_empty() { "somebody without a name" } else { &report.claim_value };
    TestLogin {
        at: When::new(report.at, visitor.now()),
        admin: admin.to_owned(),
        outcome,
        sentence,
        roles: report.roles.into_iter().map(|(workspace, role, why)| TestRole { workspace, role, why }).collect(),
        ignored: report.ignored,
        claims: report.claims.into_iter().map(|claim| claim_row(conf, claim)).collect(),
    }
}

/// A claim with where it came from and what it is for.
fn claim_row(conf: &AdminAuthConf, (source, name, value): (String, String, String)) -> Claim {
    let is_first = |path: &crate::domain::claims::ClaimPath| path.members().first() == Some(&name);
    let used = match name.as_str() {
        _ if is_first(&conf.mapping.admin_claim) => ", names the admin",
        _ if is_first(&conf.mapping.groups_claim) => ", groups",
        "iss" | "sub" => ", identity",
        "email" => ", e-mail of a new admin",
        _ => "",
    };
    Claim { note: format!("{source}{used}"), name, value }
}
