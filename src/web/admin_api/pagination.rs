//! Kong's `next` link is a path of its own Admin API; behind a prefix it must carry the prefix (kong-manager.md 4.12).
//! Only that one member changes: the rest of the body keeps its bytes.

use std::borrow::Cow;
use std::fmt;
use std::sync::LazyLock;

use actix_web::HttpResponse;
use actix_web::error::PayloadError;
use actix_web::http::StatusCode;
use actix_web::http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use actix_web::web::Bytes;
use futures_util::StreamExt as _;
use memchr::memmem;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::web::error::ApiError;
use crate::web::proxy::{UpstreamResponse, copy_headers, declared_length, stream_answer};

/// Longest list whose link is corrected, bytes. A longer one passes unchanged: clients can use its `offset`.
const LONGEST: u64 = 64 * 1024 * 1024;

static NEXT: LazyLock<memmem::Finder<'static>> = LazyLock::new(|| memmem::Finder::new("\"next\""));

/// Answers with Kong's body, its `next` link below `prefix`.
///
/// # Errors
/// 502 when Kong's answer breaks off.
pub(super) async fn prefix_links(mut upstream: UpstreamResponse, prefix: &str) -> Result<HttpResponse, ApiError> {
    if !is_list(&upstream) {
        return Ok(stream_answer(upstream));
    }
    let body = whole(&mut upstream).await.map_err(|error| {
        tracing::warn!(error = %error, "Kong's answer broke off");
        ApiError::kong_unreachable()
    })?;
    let mut answer = match rewritten(&body, prefix) {
        Some(text) => HttpResponse::build(upstream.status()).body(text),
        None => HttpResponse::build(upstream.status()).body(body),
    };
    copy_headers(&upstream, &mut answer);
    Ok(answer)
}

/// The body, whose length is known; most come in one piece, which needs no copy. Read to its end: only then the
/// connection goes back to the pool.
async fn whole(upstream: &mut UpstreamResponse) -> Result<Bytes, PayloadError> {
    let first = upstream.next().await.transpose()?.unwrap_or_default();
    let Some(second) = upstream.next().await.transpose()? else { return Ok(first) };
    let limit = usize::try_from(LONGEST).unwrap_or(usize::MAX);
    let rest = Box::pin(upstream.body().limit(limit)).await?;
    Ok([first, second, rest].concat().into())
}

/// Whether an answer may hold a link.
fn is_list(upstream: &UpstreamResponse) -> bool {
    let headers = upstream.headers();
    let is_json = || headers.get(CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"application/json"));
    upstream.status() == StatusCode::OK
        && is_json()
        && !headers.contains_key(CONTENT_ENCODING)
        && declared_length(headers).is_some_and(|length| length <= LONGEST)
}

/// Whether some member `next` is a text: most lists have one page, and need not be parsed to know that.
fn mentions_link(body: &[u8]) -> bool {
    NEXT.find_iter(body).any(|at| {
        let rest = body.get(at + NEXT.needle().len()..).unwrap_or_default();
        rest.iter().find(|byte| !byte.is_ascii_whitespace() && **byte != b':') == Some(&b'"')
    })
}

/// The body with its top-level `next` prefixed; `None` when it has no such link.
fn rewritten(body: &[u8], prefix: &str) -> Option<String> {
    if !mentions_link(body) {
        return None;
    }
    let members = serde_json::from_slice::<Members<'_>>(body).ok()?.0;
    let is_link = |name: &str, value: &RawValue| name == "next" && value.get().starts_with('"');
    let mut changed = false;
    let mut text = String::with_capacity(body.len() + prefix.len() + 2);
    for (index, (name, value)) in members.into_iter().enumerate() {
        text.push(if index == 0 { '{' } else { ',' });
        text.push_str(&serde_json::to_string(name.as_ref()).ok()?);
        text.push(':');
        if is_link(&name, value)
            && let Ok(link) = serde_json::from_str::<String>(value.get())
            && link.starts_with('/')
        {
            text.push_str(&serde_json::to_string(&format!("{prefix}{link}")).ok()?);
            changed = true;
        } else {
            text.push_str(value.get());
        }
    }
    text.push('}');
    changed.then_some(text)
}

/// The members of an object in their order, values unread.
struct Members<'b>(Vec<(Cow<'b, str>, &'b RawValue)>);

impl<'de> serde::Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl<'de> Visitor<'de> for Reader {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry::<Cow<'de, str>, &'de RawValue>()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(Reader)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn km_093_only_the_top_level_link_is_prefixed() {
        let body = br#"{"data":[{"next":"/x","n":1.50}],"next":"\/services?offset=a%2Fb","offset":"a"}"#;
        let expected =
            r#"{"data":[{"next":"/x","n":1.50}],"next":"/_api/payments/services?offset=a%2Fb","offset":"a"}"#;
        assert_eq!(rewritten(body, "/_api/payments").unwrap(), expected);
        for other in [&b"{\"next\":null}"[..], b"[]", b"{\"next\":\"http://x\"}", b"{", b"{\"a\":1}"] {
            assert_eq!(rewritten(other, "/_api"), None);
        }
    }
}
