//! `portal_auth_conf` for `portal_auth = openid-connect` (dev-portal.md 2.2). Kong writes one value for each client as an
//! array; a scalar is as good, and of several the first one counts.

mod members;
#[cfg(test)]
mod tests;

use secrecy::SecretString;
use serde_json::Value;
use url::Url;

use super::PortalSessionConf;
use crate::config::auth_conf::{ClientAuth, RelyingPartyConf, SameSite};
use crate::config::plugin::{AuthorizationRequestConf, ClientConf, ProviderConf, VerificationConf};
use crate::domain::claims::ClaimPath;
use members::Members;

/// Longest clock skew, seconds: Kong's own samples say 1000.
const MOST_LEEWAY: i64 = 300;

/// How developers sign in through an OpenID Connect provider.
#[derive(Clone, Debug)]
pub struct PortalOidcConf {
    /// The object as text: another text is another client.
    pub source: SecretString,
    /// The provider.
    pub provider: ProviderConf,
    /// `client_id`, `client_secret`, `client_auth`.
    pub client: ClientConf,
    /// `scopes`, default `openid email profile`.
    pub scopes: Vec<String>,
    /// `redirect_uri`; `None` = `/{workspace}/auth/callback` of the pages.
    pub redirect_uri: Option<Url>,
    /// `consumer_claim`: what names an account that is not linked yet.
    pub consumer_claim: ClaimPath,
    /// `consumer_by`: what of an account it is compared with, in order.
    pub consumer_by: Vec<DeveloperField>,
    /// `login_redirect_uri`; `None` = the portal's first page.
    pub login_redirect_uri: Option<Url>,
    /// `logout_redirect_uri`; `None` = the portal's first page.
    pub logout_redirect_uri: Option<Url>,
    /// `forbidden_redirect_uri`; `None` = a page of our own.
    pub forbidden_redirect_uri: Option<Url>,
    /// `leeway`, seconds, at most 300.
    pub leeway: i64,
    /// `session_*`; the secret may be empty.
    pub session: PortalSessionConf,
}

/// A field of a developer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeveloperField {
    /// `username`: the e-mail address.
    Email,
    /// `custom_id`
    CustomId,
    /// `id`
    Id,
}

/// What was read. There is a configuration, or a reason why not.
#[derive(Debug, Default)]
pub(in crate::config) struct Read {
    /// `None` when something is missing or wrong.
    pub(in crate::config) conf: Option<PortalOidcConf>,
    /// Each begins with `.member`, or with a space when it is about the whole.
    pub(in crate::config) errors: Vec<String>,
    /// The same.
    pub(in crate::config) warnings: Vec<String>,
}

/// Reads the object. `insecure_tls`: whether `ssl_verify: false` is allowed.
pub(in crate::config) fn read(value: &Value, insecure_tls: bool) -> Read {
    let Some(object) = value.as_object() else {
        return Read { errors: vec![" must be a JSON object".to_owned()], ..Read::default() };
    };
    let mut members = Members::new(object);
    members.refuse_unknown();
    let issuer = members.required("issuer", Members::url);
    let client_id = members.required("client_id", Members::text);
    let client_auth = client_auth(&mut members);
    let client_secret = members.text("client_secret");
    if client_secret.is_none() && client_auth.is_some_and(|auth| auth != ClientAuth::None) {
        members.error("client_secret", "is required by client_auth");
    }
    // Without a secret there is nothing to prove: PKCE alone protects the code.
    let client_auth = if client_secret.is_none() { Some(ClientAuth::None) } else { client_auth };
    let redirect_uri = redirect_uri(&mut members);
    if members.text("login_action").is_some_and(|action| action != "redirect") {
        members.error("login_action", "can only be redirect");
    }
    let ssl_verify = ssl_verify(&mut members, insecure_tls);
    let scopes = scopes(&mut members);
    let (consumer_claim, consumer_by) = (consumer_claim(&mut members), consumer_by(&mut members));
    let login_redirect_uri = members.url("login_redirect_uri");
    let logout_redirect_uri = members.url("logout_redirect_uri");
    let forbidden_redirect_uri = members.url("forbidden_redirect_uri");
    let (leeway, session) = (leeway(&mut members), session(&mut members));
    // Every member has been read by now, so every error is reported.
    let conf = issuer.zip(client_id).zip(consumer_claim).map(|((issuer, client_id), consumer_claim)| PortalOidcConf {
        source: value.to_string().into(),
        provider: ProviderConf { ssl_verify, ..ProviderConf::at(issuer) },
        client: ClientConf { auth: client_auth, ..ClientConf::new(client_id, client_secret.map(Into::into)) },
        scopes,
        redirect_uri,
        consumer_claim,
        consumer_by,
        login_redirect_uri,
        logout_redirect_uri,
        forbidden_redirect_uri,
        leeway,
        session,
    });
    let Members { errors, warnings, .. } = members;
    Read { conf: conf.filter(|_| errors.is_empty()), errors, warnings }
}

fn client_auth(members: &mut Members<'_>) -> Option<ClientAuth> {
    let name = ["token_endpoint_auth_method", "client_auth"].into_iter().find(|name| members.has(name))?;
    let word = members.text(name)?;
    match ClientAuth::named(&word) {
        Some(auth @ (ClientAuth::SecretBasic | ClientAuth::SecretPost | ClientAuth::None)) => Some(auth),
        _ => {
            members.error(name, &format!("= {word} is not available: client_secret_basic, client_secret_post or none"));
            None
        }
    }
}

/// The provider sends people back to the pages' door, or to Kong's door of the JSON API.
fn redirect_uri(members: &mut Members<'_>) -> Option<Url> {
    const NAME: &str = "redirect_uri";
    let url = members.url(NAME)?;
    let is_door = ["/auth/callback", "/auth"].iter().any(|door| url.path().ends_with(door));
    let is_placeholder = url.host_str() == Some("unresolved.invalid");
    if !(is_door || is_placeholder) || url.query().is_some() || url.fragment().is_some() {
        members.error(NAME, "must end in /{workspace}/auth/callback (pages) or /{workspace}/auth (JSON API)");
    }
    Some(url)
}

fn ssl_verify(members: &mut Members<'_>, insecure_tls: bool) -> bool {
    let verify = members.flag("ssl_verify").unwrap_or(true);
    match (verify, insecure_tls) {
        (true, _) => {}
        (false, false) => members.error("ssl_verify", "= false needs sso_insecure_tls = on"),
        (false, true) => {
            members.warn("ssl_verify", "is false: anybody on the way can pretend to be the provider");
        }
    }
    verify
}

fn scopes(members: &mut Members<'_>) -> Vec<String> {
    let default = || ["openid", "email", "profile"].map(str::to_owned).to_vec();
    let scopes = members.list("scopes").unwrap_or_else(default);
    if !scopes.iter().any(|scope| scope == "openid") {
        members.error("scopes", "must have openid: without it nobody can sign in");
    }
    scopes
}

fn consumer_claim(members: &mut Members<'_>) -> Option<ClaimPath> {
    let path = ClaimPath::new(members.list("consumer_claim").unwrap_or_else(|| vec!["email".to_owned()]));
    if path.is_none() {
        members.error("consumer_claim", "has an empty member");
    }
    path
}

fn consumer_by(members: &mut Members<'_>) -> Vec<DeveloperField> {
    const NAME: &str = "consumer_by";
    let all = vec![DeveloperField::Email, DeveloperField::CustomId, DeveloperField::Id];
    let Some(words) = members.list(NAME) else { return all };
    let mut fields = Vec::new();
    for word in words {
        match word.as_str() {
            "username" => fields.push(DeveloperField::Email),
            "custom_id" => fields.push(DeveloperField::CustomId),
            "id" => fields.push(DeveloperField::Id),
            other => members.error(NAME, &format!("has an invalid value: '{other}' (username, custom_id, id)")),
        }
    }
    fields
}

fn leeway(members: &mut Members<'_>) -> i64 {
    let seconds = members.whole("leeway").unwrap_or(0);
    if seconds > MOST_LEEWAY {
        members.warn("leeway", &format!("= {seconds} is too much: {MOST_LEEWAY} seconds count"));
    }
    seconds.min(MOST_LEEWAY)
}

/// The browser comes back from another site, where a `Strict` cookie takes a page more: `Lax` unless said otherwise.
fn session(members: &mut Members<'_>) -> PortalSessionConf {
    let mut conf = PortalSessionConf { cookie_same_site: SameSite::Lax, ..PortalSessionConf::default() };
    for (name, value) in members.of_session() {
        match super::session_conf::set(&mut conf, name.trim_start_matches("session_"), &value) {
            Ok(None) => {}
            Ok(Some(warning)) => members.warn(&name, warning),
            Err(sentence) => members.error(&name, &sentence),
        }
    }
    conf
}

impl PortalOidcConf {
    /// The client side of the protocol, for a workspace whose callback is `callback` and which people come to at `home`
    /// after a logout. `groups` is looked for in UserInfo too.
    #[must_use]
    pub fn relying_party(&self, callback: Url, home: Url, groups: Option<&ClaimPath>) -> RelyingPartyConf {
        let wanted = [self.consumer_claim.clone(), ClaimPath::of("email"), ClaimPath::of("name")];
        RelyingPartyConf {
            provider: self.provider.clone(),
            client: self.client.clone(),
            request: AuthorizationRequestConf {
                scopes: self.scopes.clone(),
                pkce: Some(true),
                ..AuthorizationRequestConf::default()
            },
            verification: VerificationConf { leeway: self.leeway, ..VerificationConf::default() },
            search_user_info: false,
            only_supported_scopes: true,
            wanted_claims: wanted.into_iter().chain(groups.cloned()).collect(),
            redirect_uri: vec![self.redirect_uri.clone().unwrap_or(callback)],
            logout_redirect_uri: vec![self.logout_redirect_uri.clone().unwrap_or(home)],
        }
    }
}
