//! Removal of arguments and cookies, byte for byte: what stays is not rewritten.

use std::borrow::Cow;

use actix_web::http::header::{COOKIE, HeaderMap, HeaderValue};
use percent_encoding::percent_decode_str;

/// One `Cookie` line of all the caller sent (HTTP/2 splits it), without those of these names; `None` when nothing is left.
pub(super) fn cookies(headers: &HeaderMap, removed: &[String]) -> Option<HeaderValue> {
    let mut lines = headers.get_all(COOKIE);
    let first = lines.next()?;
    if removed.is_empty() && headers.get_all(COOKIE).count() == 1 {
        return Some(first.clone());
    }
    let pairs = headers.get_all(COOKIE).flat_map(|line| line.as_bytes().split(|byte| *byte == b';'));
    let is_removed = |name: &[u8]| removed.iter().any(|removed| removed.as_bytes() == name);
    let kept: Vec<&[u8]> =
        pairs.map(<[u8]>::trim_ascii).filter(|pair| !pair.is_empty() && !is_removed(name_of(pair))).collect();
    HeaderValue::from_bytes(&kept.join(&b"; "[..])).ok().filter(|value| !value.is_empty())
}

fn name_of(pair: &[u8]) -> &[u8] {
    pair.split(|byte| *byte == b'=').next().unwrap_or_default().trim_ascii()
}

/// A query, or a form body, without the arguments of these names.
pub(super) fn arguments<'q>(query: &'q str, removed: &[String]) -> Cow<'q, str> {
    if removed.is_empty() || !query.split('&').any(|pair| is_named(pair, removed)) {
        return Cow::Borrowed(query);
    }
    let kept: Vec<&str> = query.split('&').filter(|pair| !is_named(pair, removed)).collect();
    Cow::Owned(kept.join("&"))
}

fn is_named(pair: &str, names: &[String]) -> bool {
    let name = pair.split('=').next().unwrap_or_default().replace('+', " ");
    let name: Vec<u8> = percent_decode_str(&name).collect();
    names.iter().any(|known| known.as_bytes() == name)
}
