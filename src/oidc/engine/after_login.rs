//! What a login leads to (openid-connect.md 2.9.5, 4.9): the request goes on, the tokens are the answer, or the browser is
//! sent on, perhaps with tokens behind the address.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use secrecy::ExposeSecret as _;
use serde_json::{Map, Value};

use crate::config::plugin::{LoginAction, LoginToken, OpenIdConnectConf};
use crate::oidc::pending_login::PendingLogin;

use super::login::{RESPONSE_PARAMETERS, redirect};
use super::proof::Proof;
use super::request::RequestView;
use super::verdict::{Answer, Changes};

/// What stays as it is in the value of a token parameter (RFC 3986 2.3).
const VALUE: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The answer to a login; `None` when the request goes upstream. `created_by` is the method that is held against
/// `login_methods`, `pending` the login that a callback finished.
#[must_use]
pub fn answer(
    conf: &OpenIdConnectConf,
    view: &RequestView<'_>,
    proof: &Proof,
    pending: Option<&PendingLogin>,
) -> Option<Answer> {
    if !conf.login.methods.has(proof.method) {
        return None;
    }
    match conf.login.action {
        LoginAction::Upstream => None,
        LoginAction::Response => Some(tokens_as_answer(conf, proof)),
        LoginAction::Redirect => Some(redirect(&target(conf, view, proof, pending))),
    }
}

/// How a callback that goes upstream changes: the provider's parameters are not the upstream's, and the query that was
/// there before the login comes back when it was kept.
pub fn changes(conf: &OpenIdConnectConf, pending: &PendingLogin, changes: &mut Changes) {
    let names = || RESPONSE_PARAMETERS.iter().map(|name| (*name).to_owned());
    changes.remove_body.extend(names());
    let original = pending.return_to.as_deref().and_then(|url| url.split_once('?')).map(|(_, query)| query.to_owned());
    match original {
        Some(query) if conf.authorization.preserve_query => changes.query = Some(query),
        _ => changes.remove_query.extend(names()),
    }
}

fn tokens_as_answer(conf: &OpenIdConnectConf, proof: &Proof) -> Answer {
    let body = whole(conf, proof).unwrap_or_else(|| Value::Object(single(conf, proof)));
    let headers = vec![("cache-control".to_owned(), "no-store".to_owned())];
    Answer { status: 200, headers, body: Some(body), reason: None }
}

/// The whole answer that `login_tokens` names, if there is one.
fn whole(conf: &OpenIdConnectConf, proof: &Proof) -> Option<Value> {
    let wants = |token| conf.login.tokens.contains(&token);
    let tokens = proof.token_answer.as_ref().filter(|_| wants(LoginToken::Tokens));
    let introspection = proof.claims.introspection.as_ref().filter(|_| wants(LoginToken::Introspection));
    tokens.or(introspection).map(|answer| Value::clone(answer))
}

/// The single tokens that `login_tokens` names and that there are.
fn single(conf: &OpenIdConnectConf, proof: &Proof) -> Map<String, Value> {
    let one = |token: &LoginToken| {
        let (name, token) = match token {
            LoginToken::IdToken => ("id_token", &proof.tokens.id_token),
            LoginToken::AccessToken => ("access_token", &proof.tokens.access_token),
            LoginToken::RefreshToken => ("refresh_token", &proof.tokens.refresh_token),
            LoginToken::Tokens | LoginToken::Introspection => return None,
        };
        Some((name.to_owned(), Value::String(token.as_ref()?.expose_secret().to_owned())))
    };
    conf.login.tokens.iter().filter_map(one).collect()
}

/// Where a redirect leads, tokens behind it.
fn target(conf: &OpenIdConnectConf, view: &RequestView<'_>, proof: &Proof, pending: Option<&PendingLogin>) -> String {
    let to = match conf.login.redirect_uri.of(proof.client) {
        Some(configured) => configured.clone(),
        None => {
            local(view, pending.and_then(|pending| pending.return_to.as_deref()), conf.authorization.preserve_query)
        }
    };
    let tokens = match whole(conf, proof) {
        Some(Value::Object(members)) => members,
        _ => single(conf, proof),
    };
    let pair = |(name, value): (&String, &Value)| {
        let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        format!("{}={}", utf8_percent_encode(name, VALUE), utf8_percent_encode(&value, VALUE))
    };
    let pairs: Vec<String> = tokens.iter().map(pair).collect();
    with_parameters(&to, &pairs.join("&"), conf.login.in_fragment)
}

/// The URL that started the login. A path that browsers would read as another host's gets this one's name.
fn local(view: &RequestView<'_>, return_to: Option<&str>, keeps_query: bool) -> String {
    let to = return_to.map_or_else(
        || match view.query.filter(|query| keeps_query && !query.is_empty()) {
            Some(query) => format!("{}?{query}", view.path),
            None => view.path.to_owned(),
        },
        str::to_owned,
    );
    let path = to.split('?').next().unwrap_or_default();
    let is_plain = path.starts_with('/') && !path.starts_with("//") && !path.contains('\\');
    if is_plain { to } else { format!("{}://{}/{}", view.scheme, view.authority, to.trim_start_matches(['/', '\\'])) }
}

/// Adds parameters to the fragment or the query; what is there stays.
fn with_parameters(url: &str, parameters: &str, in_fragment: bool) -> String {
    if parameters.is_empty() {
        return url.to_owned();
    }
    let (before, fragment) = match url.split_once('#') {
        Some((before, fragment)) => (before, Some(fragment)),
        None => (url, None),
    };
    if in_fragment {
        return match fragment.filter(|fragment| !fragment.is_empty()) {
            Some(fragment) => format!("{before}#{fragment}&{parameters}"),
            None => format!("{before}#{parameters}"),
        };
    }
    let joint = match before.split_once('?') {
        None => "?",
        Some((_, "")) => "",
        Some(_) => "&",
    };
    let fragment = fragment.map(|fragment| format!("#{fragment}")).unwrap_or_default();
    format!("{before}{joint}{parameters}{fragment}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn oidc_045_tokens_extend_what_is_there() {
        for (url, in_fragment, wanted) in [
            ("/", true, "/#t=1"),
            ("/?a=b", true, "/?a=b#t=1"),
            ("/#x", true, "/#x&t=1"),
            ("/#", true, "/#t=1"),
            ("/", false, "/?t=1"),
            ("/?", false, "/?t=1"),
            ("/?a=b", false, "/?a=b&t=1"),
            ("https://x/y?a=b#z", false, "https://x/y?a=b&t=1#z"),
        ] {
            assert_eq!(with_parameters(url, "t=1", in_fragment), wanted);
            assert_eq!(with_parameters(url, "", in_fragment), url);
        }
    }

    #[test]
    fn nobody_is_sent_to_another_host_by_a_path() {
        struct None;
        impl super::super::request::Headers for None {
            fn get(&self, _: &str, _: usize) -> Option<&[u8]> {
                Option::None
            }
        }
        let view = |path: &'static str| RequestView {
            method: "GET",
            scheme: "https",
            authority: "api.test",
            path,
            query: Some("a=b"),
            headers: &None,
            body: Option::None,
            client: [192, 0, 2, 1].into(),
            is_authenticated: false,
        };
        let to = |path| local(&view(path), Option::None, true);
        assert_eq!(to("/x"), "/x?a=b");
        for path in ["//evil.test/x", "///evil.test/x", "/\\evil.test/x", "\\\\evil.test/x"] {
            assert!(to(path).starts_with("https://api.test/"), "{path}: {}", to(path));
        }
        assert_eq!(local(&view("/cb"), Some("/a?b=c"), true), "/a?b=c");
        assert_eq!(local(&view("/cb"), Some("//evil.test/?b=c"), true), "https://api.test/evil.test/?b=c");
    }
}
