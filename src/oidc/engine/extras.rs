//! What goes to an endpoint besides the protocol's own parameters: configured arguments and headers, and those that the
//! caller's request lends (openid-connect.md 4.4). Part of every cache key, because the answer may depend on them.

use secrecy::ExposeSecret as _;
use zeroize::Zeroizing;

use crate::config::plugin::OpenIdConnectConf;
use crate::domain::method::Method;
use crate::oidc::form_request::FormRequest;

use super::request::RequestView;

/// Headers that belong to the connection and the message: nobody lends or configures them.
const OWN_HEADERS: [&str; 6] = ["connection", "content-length", "content-type", "host", "te", "transfer-encoding"];

/// Arguments and headers. Not `Debug`: values may be secrets.
#[derive(Clone, Default)]
pub struct Extras {
    /// Arguments of the body or the query.
    pub args: Vec<(String, String)>,
    /// Headers; a configured one replaces the protocol's own.
    pub headers: Vec<(String, Zeroizing<String>)>,
}

impl Extras {
    /// For the token endpoint, when no request of a caller is there to lend anything.
    #[must_use]
    pub fn of_lone_token(conf: &OpenIdConnectConf) -> Self {
        let mut extras = Self { args: conf.token.args.clone(), headers: Vec::new() };
        extras.set_headers(conf.token.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())));
        extras
    }

    /// For the token endpoint.
    #[must_use]
    pub fn of_token(conf: &OpenIdConnectConf, view: &RequestView<'_>) -> Self {
        let mut extras = Self::of_lone_token(conf);
        extras.lend_args(&conf.token.relayed_args, |name| {
            argument(view, name).or_else(|| view.header(&header_name(name)).map(str::to_owned))
        });
        extras.lend_headers(&conf.token.relayed_headers, view);
        extras
    }

    /// Whether the request's body may have to lend something.
    #[must_use]
    pub fn may_need_body(conf: &OpenIdConnectConf) -> bool {
        let grants = [Method::RefreshToken, Method::Password, Method::ClientCredentials, Method::AuthorizationCode];
        let introspects = conf.allows(Method::Introspection) || conf.introspection.jwt_tokens;
        !conf.token.relayed_args.is_empty() && grants.into_iter().any(|method| conf.allows(method))
            || !conf.introspection.relayed_args.is_empty() && introspects
    }

    /// For introspection.
    #[must_use]
    pub fn of_introspection(conf: &OpenIdConnectConf, view: &RequestView<'_>) -> Self {
        let conf = &conf.introspection;
        let mut extras = Self::default();
        extras.args.extend(conf.args.iter().cloned());
        extras.lend_args(&conf.relayed_args, |name| argument(view, name));
        extras.lend_args(&conf.args_from_headers, |name| view.header(&header_name(name)).map(str::to_owned));
        extras.set_headers(conf.headers.iter().map(|(name, value)| (name.as_str(), value.expose_secret())));
        extras.lend_headers(&conf.relayed_headers, view);
        extras
    }

    /// For UserInfo.
    #[must_use]
    pub fn of_user_info(conf: &OpenIdConnectConf, view: &RequestView<'_>) -> Self {
        let conf = &conf.user_info;
        let mut extras = Self::default();
        extras.args.extend(conf.args.iter().cloned());
        extras.lend_args(&conf.relayed_args, |name| view.query_argument(name));
        extras.set_headers(conf.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())));
        extras.lend_headers(&conf.relayed_headers, view);
        extras
    }

    /// Puts everything into a form.
    pub fn add_to(&self, request: &mut FormRequest) {
        for (name, value) in &self.args {
            request.replace(name, value);
        }
        for (name, value) in &self.headers {
            request.header(name, value);
        }
    }

    /// The parts of a cache key.
    pub fn parts(&self) -> impl Iterator<Item = &str> {
        self.parts_without("")
    }

    /// The parts of a cache key, without the argument of that name.
    pub fn parts_without<'s>(&'s self, name: &'s str) -> impl Iterator<Item = &'s str> {
        let counted = self.args.iter().filter(move |(known, _)| known != name);
        let args = counted.flat_map(|(name, value)| ["arg", name.as_str(), value.as_str()]);
        args.chain(self.headers.iter().flat_map(|(name, value)| ["header", name.as_str(), value.as_str()]))
    }

    fn lend_args(&mut self, names: &[String], find: impl Fn(&str) -> Option<String>) {
        self.args.extend(names.iter().filter_map(|name| Some((name.clone(), find(name)?))));
    }

    fn lend_headers(&mut self, names: &[String], view: &RequestView<'_>) {
        self.set_headers(names.iter().filter_map(|name| Some((name.as_str(), view.header(&header_name(name))?))));
    }

    fn set_headers<'h>(&mut self, headers: impl Iterator<Item = (&'h str, &'h str)>) {
        let named = headers.map(|(name, value)| (name.to_ascii_lowercase(), Zeroizing::new(value.to_owned())));
        self.headers.extend(named.filter(|(name, _)| !OWN_HEADERS.contains(&name.as_str())));
    }
}

/// An argument of the query, else of the body.
fn argument(view: &RequestView<'_>, name: &str) -> Option<String> {
    view.query_argument(name).or_else(|| view.body.and_then(|body| body.get(name)).map(str::to_owned))
}

fn header_name(name: &str) -> String {
    name.replace('_', "-").to_ascii_lowercase()
}
