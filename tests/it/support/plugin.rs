//! Configurations and requests of the `openid-connect` plugin for tests that call the engine itself.

use std::collections::HashMap;
use std::net::IpAddr;

use kong_sso::config::auth_conf::SameSite;
use kong_sso::config::plugin::*;
use kong_sso::domain::claims::ClaimPath;
use kong_sso::domain::method::{Method, MethodSet};
use kong_sso::oidc::engine::{Arguments, Headers, RequestView};
use url::Url;

fn path(member: &str) -> ClaimPath {
    ClaimPath::new(vec![member.to_owned()]).unwrap()
}

fn cookie(name: &str, same_site: SameSite) -> CookieConf {
    let (name, path) = (name.to_owned(), "/".to_owned());
    CookieConf { name, path, domain: None, http_only: true, secure: None, same_site }
}

/// The plugin with nothing configured but its issuer and one client.
pub fn conf(issuer: Url) -> OpenIdConnectConf {
    let required = |claim: &str| RequiredClaim { claim: path(claim), alternatives: Vec::new() };
    let anywhere = || Places(vec![Place::Header, Place::Query, Place::Body]);
    OpenIdConnectConf {
        provider: ProviderConf { timeout_ms: 5_000, ..ProviderConf::at(issuer) },
        clients: vec![ClientConf::new(super::op::CLIENT_ID.into(), Some(super::op::CLIENT_SECRET.into()))],
        client_arg: "client_id".into(),
        methods: MethodSet::ALL,
        search: CredentialSearch {
            bearer: anywhere(),
            bearer_header: None,
            bearer_cookie: None,
            password: anywhere(),
            client_credentials: anywhere(),
            refresh_token: anywhere(),
            refresh_token_name: None,
            id_token: anywhere(),
            id_token_name: None,
        },
        authorization: AuthorizationRequestConf::default(),
        token: TokenRequestConf::default(),
        introspection: IntrospectionConf {
            auth: None,
            hint: "access_token".into(),
            token_name: "token".into(),
            check_active: true,
            jwt_tokens: false,
            headers: Vec::new(),
            relayed_headers: Vec::new(),
            args: Vec::new(),
            relayed_args: Vec::new(),
            args_from_headers: Vec::new(),
        },
        user_info: UserInfoConf {
            search: false,
            headers: Vec::new(),
            relayed_headers: Vec::new(),
            args: Vec::new(),
            relayed_args: Vec::new(),
        },
        verification: VerificationConf::default(),
        cache: CacheConf {
            introspection: true,
            tokens: true,
            user_info: true,
            salt: None,
            key_includes_scope: false,
            ttl: 3600,
            ttl_min: None,
            ttl_max: None,
            ttl_neg: None,
            ttl_resurrect: None,
        },
        access: AccessConf {
            scopes: required("scope"),
            audience: required("aud"),
            groups: required("groups"),
            roles: required("roles"),
            forbidden: Vec::new(),
        },
        mapping: MappingConf {
            anonymous: None,
            consumer_claims: Vec::new(),
            consumer_by: vec![ConsumerField::Username, ConsumerField::CustomId],
            consumer_optional: false,
            ignore_case: false,
            consumer_groups_claim: None,
            consumer_groups_optional: false,
            groups_claim: None,
            credential_claim: path("sub"),
        },
        upstream: HeaderConf {
            access_token: Some(TokenHeader { name: "authorization".into(), scheme: Some("Bearer".into()) }),
            ..HeaderConf::default()
        },
        downstream: HeaderConf::default(),
        session: PluginSessionConf {
            secret: None,
            storage: SessionStorage::Cookie,
            cookie: cookie("session", SameSite::Lax),
            audience: "default".into(),
            idling_timeout: 900,
            rolling_timeout: 3600,
            absolute_timeout: 86_400,
            bind: Vec::new(),
            remember: None,
            disabled_for: MethodSet::default(),
            refresh_tokens: true,
            login_cookie: cookie("authorization", SameSite::Default),
            login_timeout: 600,
        },
        login: LoginActionConf {
            action: LoginAction::Upstream,
            methods: [Method::AuthorizationCode].into_iter().collect(),
            tokens: vec![LoginToken::IdToken],
            in_fragment: true,
            redirect_uri: PerClient::default(),
        },
        logout: LogoutConf {
            methods: vec!["POST".into(), "DELETE".into()],
            query_arg: None,
            post_arg: None,
            uri_suffix: None,
            redirect_uri: PerClient::default(),
            revoke_access_token: false,
            revoke_refresh_token: false,
            revocation_auth: None,
            revocation_token_name: "token".into(),
        },
        failure: FailureConf {
            unauthorized_message: "Unauthorized".into(),
            forbidden_message: "Forbidden".into(),
            unauthorized_redirect: PerClient::default(),
            forbidden_redirect: PerClient::default(),
            unexpected_redirect: PerClient::default(),
            unauthorized_ends_session: true,
            forbidden_ends_session: true,
            show_reason: false,
            show_code: true,
        },
        run_on_preflight: true,
        hide_credentials: true,
    }
}

/// A request in the making, with the cookies of a browser.
#[derive(Clone, Debug)]
pub struct Asked {
    pub method: String,
    pub scheme: String,
    pub authority: String,
    pub path: String,
    pub query: Option<String>,
    pub headers: HashMap<String, String>,
    pub body: Option<Arguments>,
    pub client: IpAddr,
}

impl Default for Asked {
    fn default() -> Self {
        Self {
            method: "GET".into(),
            scheme: "http".into(),
            authority: "api.test".into(),
            path: "/".into(),
            query: None,
            headers: HashMap::from([("user-agent".into(), "test".into())]),
            body: None,
            client: IpAddr::from([192, 0, 2, 1]),
        }
    }
}

impl Headers for Asked {
    fn get(&self, name: &str, index: usize) -> Option<&[u8]> {
        self.headers.get(name).filter(|_| index == 0).map(|value| value.as_bytes())
    }
}

impl Asked {
    /// A GET with the cookies of a jar.
    pub fn with(jar: &Jar) -> Self {
        Self::default().and(jar)
    }

    /// The same with the cookies of a jar.
    pub fn and(mut self, jar: &Jar) -> Self {
        let pairs: Vec<String> = jar.0.iter().map(|(name, value)| format!("{name}={value}")).collect();
        self.headers.remove("cookie");
        if !pairs.is_empty() {
            self.headers.insert("cookie".into(), pairs.join("; "));
        }
        self
    }

    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.insert(name.to_owned(), value.to_owned());
        self
    }

    pub fn view(&self) -> RequestView<'_> {
        RequestView {
            method: &self.method,
            scheme: &self.scheme,
            authority: &self.authority,
            path: &self.path,
            query: self.query.as_deref(),
            headers: self,
            body: self.body.as_ref(),
            client: self.client,
            is_authenticated: false,
        }
    }
}

/// The cookies of a browser.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Jar(pub HashMap<String, String>);

impl Jar {
    /// Obeys `Set-Cookie` lines.
    pub fn obey<'l>(&mut self, lines: impl IntoIterator<Item = &'l String>) {
        for line in lines {
            assert!(line.len() < 4096, "a cookie of {} bytes", line.len());
            let (pair, attributes) = line.split_once(';').unwrap();
            let (name, value) = pair.split_once('=').unwrap();
            if attributes.contains("Max-Age=0") {
                self.0.remove(name);
            } else {
                self.0.insert(name.to_owned(), value.to_owned());
            }
        }
    }
}
