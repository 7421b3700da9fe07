//! The session cookie (openid-connect.md 5.3): sealed, in as many chunks as browsers need, shared by several audiences.
//!
//! ```text
//! session  = N.v1.AAAA      N chunks; the text behind it goes on in
//! session2 = BBBB           the next ones
//! opened:  [{"audience": ..., "id" or "content": ...}, ...]
//! ```

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::content::SessionContent;
use crate::config::plugin::CookieConf;
use crate::oidc::engine::request::RequestView;
use crate::oidc::engine::set_cookie;
use crate::sealing::Sealer;

/// Chunks of one cookie, at most.
pub const MAX_CHUNKS: usize = 9;
/// Name, value and attributes of a cookie stay below what browsers keep: 4096 bytes.
const MAX_COOKIE: usize = 4090;
/// Audiences that share a cookie, at most; the oldest goes first.
const MAX_AUDIENCES: usize = 8;

/// A session cookie could not be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CodecError {
    /// The tokens do not fit.
    #[error("the session does not fit into {MAX_CHUNKS} cookies: use session_storage redis or database")]
    TooLarge,
    /// It could not be sealed.
    #[error("the session could not be sealed")]
    Seal,
}

/// One audience's part of a cookie.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Slot {
    /// Whose it is.
    pub audience: String,
    /// The session, where the cookie itself is the storage.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content: Option<SessionContent>,
    /// Its id, where the server stores it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
}

/// The slots of a cookie; those of others stay as they are.
#[derive(Clone, Debug, Default)]
pub struct Slots(Vec<Value>);

impl Slots {
    /// The slot of an audience.
    #[must_use]
    pub fn own(&self, audience: &str) -> Option<Slot> {
        let found = self.0.iter().find(|slot| slot.get("audience").and_then(Value::as_str) == Some(audience))?;
        Slot::deserialize(found).ok()
    }

    /// The slots of the others, with `slot` in front.
    #[must_use]
    pub fn with(&self, slot: &Slot) -> Self {
        let own = serde_json::to_value(slot).ok();
        let mut slots: Vec<Value> = own.into_iter().chain(self.without(&slot.audience).0).collect();
        slots.truncate(MAX_AUDIENCES);
        Self(slots)
    }

    /// The slots of the others.
    #[must_use]
    pub fn without(&self, audience: &str) -> Self {
        let is_other = |slot: &&Value| slot.get("audience").and_then(Value::as_str) != Some(audience);
        Self(self.0.iter().filter(is_other).cloned().collect())
    }

    /// Whether nobody has one.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// The name of a chunk: `session`, `session2`, ...
fn chunk_name(name: &str, index: usize) -> String {
    let mut chunk = String::with_capacity(name.len() + 1);
    chunk.push_str(name);
    let number = u32::try_from(index + 1).ok().filter(|number| *number > 1);
    chunk.extend(number.and_then(|number| char::from_digit(number, 10)));
    chunk
}

/// The text in the chunks of a request's cookie; `None` when it has no such cookie or a chunk is missing.
#[must_use]
pub fn joined(view: &RequestView<'_>, name: &str) -> Option<String> {
    let first = view.cookie(name)?;
    let (count, text) = first.split_once('.')?;
    let count: usize = count.parse().ok().filter(|count| (1..=MAX_CHUNKS).contains(count))?;
    let mut whole = text.to_owned();
    for index in 1..count {
        whole.push_str(view.cookie(&chunk_name(name, index))?);
    }
    Some(whole)
}

/// Opens the text of a cookie; what does not open is as good as no cookie.
#[must_use]
pub fn open(sealer: &Sealer, purpose: &'static str, text: &str) -> Option<Slots> {
    serde_json::from_slice(&sealer.open(purpose, text)?).ok().map(Slots)
}

/// A cookie as it is written.
#[derive(Clone, Copy, Debug)]
pub struct Writing<'w> {
    /// Name.
    pub name: &'w str,
    /// Attributes.
    pub conf: &'w CookieConf,
    /// Persistent for so many seconds.
    pub max_age: Option<i64>,
    /// What it is sealed for.
    pub purpose: &'static str,
}

/// The `Set-Cookie` lines that make `slots` the browser's cookie, surplus chunks of the request removed.
///
/// # Errors
/// [`CodecError`].
pub fn write(
    sealer: &Sealer,
    slots: &Slots,
    writing: &Writing<'_>,
    view: &RequestView<'_>,
) -> Result<Vec<String>, CodecError> {
    if slots.is_empty() {
        return Ok(clear(writing.name, writing.conf, view));
    }
    let json = serde_json::to_vec(&slots.0).map_err(|_| CodecError::Seal)?;
    let text = sealer.seal(writing.purpose, &json).map_err(|_| CodecError::Seal)?;
    let attributes = set_cookie::attributes(writing.conf, view.scheme);
    // The longest name, `=`, the count in front, and a Max-Age.
    let overhead = writing.name.len() + attributes.len() + 32;
    let room = MAX_COOKIE.checked_sub(overhead).filter(|room| *room >= 256).ok_or(CodecError::TooLarge)?;
    let chunks: Vec<&str> =
        text.as_bytes().chunks(room).map(|chunk| std::str::from_utf8(chunk).unwrap_or_default()).collect();
    if chunks.len() > MAX_CHUNKS {
        return Err(CodecError::TooLarge);
    }
    let mut lines = Vec::with_capacity(chunks.len());
    for (index, chunk) in chunks.iter().enumerate() {
        let value = if index == 0 { format!("{}.{chunk}", chunks.len()) } else { (*chunk).to_owned() };
        lines.push(set_cookie::set(&chunk_name(writing.name, index), &value, &attributes, writing.max_age));
    }
    lines.extend(clear_from(chunks.len(), writing.name, &attributes, view));
    Ok(lines)
}

/// The lines that remove every chunk that the request has.
#[must_use]
pub fn clear(name: &str, conf: &CookieConf, view: &RequestView<'_>) -> Vec<String> {
    clear_from(0, name, &set_cookie::attributes(conf, view.scheme), view).collect()
}

fn clear_from<'v>(
    first: usize,
    name: &'v str,
    attributes: &'v str,
    view: &'v RequestView<'_>,
) -> impl Iterator<Item = String> + 'v {
    let names = (first..MAX_CHUNKS).map(move |index| chunk_name(name, index));
    names.filter(|name| view.cookie(name).is_some()).map(move |name| set_cookie::clear(&name, attributes))
}

/// Every name that the cookie may have in a request.
pub fn names(name: &str) -> impl Iterator<Item = String> + '_ {
    (0..MAX_CHUNKS).map(move |index| chunk_name(name, index))
}
