//! The headers that an upstream gets: everything but what belongs to one connection, without identities that the caller
//! claims for itself, and with what the decision says.

use std::borrow::Cow;

use actix_web::http::header::{COOKIE, HOST, HeaderMap, HeaderName, HeaderValue};

use super::answer::REQUEST_ID;
use super::arrival::Arrival;
use super::changes;
use super::upstream::Forward;
use crate::kong::headers::{OVERRIDES, OneHop};
use crate::web::proxy::set_forwarded;

/// What only the gateway may say of a caller, in lower case with `-`; `*` stands for any rest.
const IDENTITY: [&str; 4] =
    ["x-consumer-*", "x-credential-identifier", "x-anonymous-consumer", "x-authenticated-groups"];
/// Set anew for each upstream request.
const REPLACED: [&str; 3] = ["host", "content-length", "expect"];
/// The names among them that Kong knows.
pub(super) const IDENTITY_NAMES: [&str; 7] = [
    "x-consumer-id",
    "x-consumer-username",
    "x-consumer-custom-id",
    "x-consumer-groups",
    "x-credential-identifier",
    "x-anonymous-consumer",
    "x-authenticated-groups",
];
const FORWARDED_PORT: HeaderName = HeaderName::from_static("x-forwarded-port");
const FORWARDED_PATH: HeaderName = HeaderName::from_static("x-forwarded-path");
const FORWARDED_PREFIX: HeaderName = HeaderName::from_static("x-forwarded-prefix");

/// Fills `target` with the headers of the upstream request.
pub(super) fn fill(target: &mut HeaderMap, arrival: &Arrival<'_>, to: &Forward<'_>) {
    let sent = arrival.request.headers();
    let hop = OneHop::of(sent);
    for (name, value) in sent {
        let text = name.as_str();
        let is_told_by_stranger = text == "forwarded" && !arrival.peer.is_trusted;
        let spelled = spelled(text);
        let is_of_one_hop = hop.holds(text) || (text != spelled && hop.holds(&spelled));
        let stays = is_of_one_hop || REPLACED.contains(&&*spelled) || *name == COOKIE;
        let stays = stays || is_told_by_stranger || is_told_otherwise(text, &spelled) || is_removed(&spelled, to);
        if !stays {
            target.append(name.clone(), value.clone());
        }
    }
    if let Some(cookies) = changes::cookies(sent, &to.changes.remove_cookies) {
        target.insert(COOKIE, cookies);
    }
    if to.route.preserve_host
        && let Ok(host) = HeaderValue::from_str(&arrival.host)
    {
        target.insert(HOST, host);
    }
    set_forwarded(target, arrival.request, &arrival.peer);
    set_more_forwarded(target, arrival, to.taken_prefix);
    if let Ok(id) = HeaderValue::from_str(&arrival.request_id) {
        target.insert(REQUEST_ID, id);
    }
    for (name, value) in &to.changes.set_headers {
        match (HeaderName::try_from(name.as_str()), HeaderValue::from_bytes(value)) {
            (Ok(name), Ok(value)) => {
                target.insert(name, value);
            }
            _ => tracing::warn!(header = name.as_str(), "a header for the upstream cannot be sent and is left out"),
        }
    }
}

/// A name as the most careless reader reads it: some servers take `X_Consumer_ID` and `X.Consumer.ID` for `X-Consumer-ID`.
pub(super) fn spelled(name: &str) -> Cow<'_, str> {
    match name.bytes().all(|byte| kept(byte) == byte) {
        true => Cow::Borrowed(name),
        false => Cow::Owned(name.bytes().map(|byte| char::from(kept(byte))).collect()),
    }
}

/// A byte of a name as the most careless reader reads it.
const fn kept(byte: u8) -> u8 {
    if byte.is_ascii_alphanumeric() { byte } else { b'-' }
}

/// Whether the caller's header of that spelling must not reach the upstream.
fn is_removed(name: &str, to: &Forward<'_>) -> bool {
    IDENTITY.into_iter().any(|pattern| fits(name, pattern))
        || OVERRIDES.contains(&name)
        || to.changes.remove_headers.iter().any(|pattern| fits(name, pattern))
        // What is set replaces every spelling.
        || to.changes.set_headers.iter().any(|(set, _)| fits(name, set))
}

/// Whether a name, as [`spelled`], is that of a pattern in any spelling.
fn fits(name: &str, pattern: &str) -> bool {
    let (begin, start) = match pattern.as_bytes() {
        [start @ .., b'*'] => (name.as_bytes().get(..start.len()), start),
        all => (Some(name.as_bytes()).filter(|name| name.len() == all.len()), all),
    };
    begin.is_some_and(|begin| begin.iter().zip(start).all(|(one, other)| *one == kept(*other)))
}

/// Whether it is what the gateway tells, in a spelling that the gateway does not use.
fn is_told_otherwise(name: &str, spelled: &str) -> bool {
    name != spelled && (spelled.starts_with("x-forwarded-") || matches!(spelled, "x-real-ip" | "x-kong-request-id"))
}

/// `X-Forwarded-Port`, `-Path` and `-Prefix`: those of a trusted peer are kept.
fn set_more_forwarded(target: &mut HeaderMap, arrival: &Arrival<'_>, taken_prefix: Option<&str>) {
    let port = match arrival.peer.authority.rsplit_once(':') {
        Some((_, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) && !port.is_empty() => port.to_owned(),
        _ => if arrival.peer.scheme == "https" { "443" } else { "80" }.to_owned(),
    };
    let values = [
        (FORWARDED_PORT, Some(port.as_str())),
        (FORWARDED_PATH, Some(&*arrival.path)),
        (FORWARDED_PREFIX, taken_prefix),
    ];
    for (name, value) in values {
        if arrival.peer.is_trusted && arrival.request.headers().contains_key(&name) {
            continue;
        }
        target.remove(&name);
        if let Some(Ok(value)) = value.map(HeaderValue::from_str) {
            target.insert(name, value);
        }
    }
}
