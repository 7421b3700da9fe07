//! Bodies that the engine reads (openid-connect.md 1.4): held up to a bound, so that they can be searched and sent on. What is
//! larger, or of another kind, is not searched and streams through.

use actix_web::http::header::{CONTENT_ENCODING, CONTENT_TYPE, HeaderMap};
use actix_web::web::{Bytes, BytesMut, Payload};
use futures_util::StreamExt as _;
use futures_util::stream::{self, LocalBoxStream};

use super::arguments::Form;
use super::failure::Failure;
use crate::services::gateway::Arguments;
use crate::web::proxy::{declared_length, unhurried};

/// Largest body that is searched for credentials.
pub(super) const LARGEST_SEARCHED: usize = 64 * 1024;
/// How long a client may pause while it sends a body.
const PAUSE: std::time::Duration = std::time::Duration::from_secs(60);

/// A body on its way.
pub(super) struct Outgoing {
    /// Its length, when that is known.
    pub(super) length: Option<u64>,
    /// Its pieces.
    pub(super) pieces: LocalBoxStream<'static, std::io::Result<Bytes>>,
}

/// A body, read as far as it may be searched.
pub(super) enum Held {
    /// All of it, with what it holds.
    Whole(Bytes, Form),
    /// Not searched.
    Unread(Outgoing),
}

impl Held {
    /// A body that nobody wants to see.
    pub(super) fn unread(headers: &HeaderMap, body: Payload) -> Self {
        let pieces = unhurried(body, PAUSE).boxed_local();
        Self::Unread(Outgoing { length: declared_length(headers), pieces })
    }

    /// Reads a form or JSON body of at most [`LARGEST_SEARCHED`] bytes.
    pub(super) async fn read(headers: &HeaderMap, body: Payload) -> Result<Self, Failure> {
        let length = declared_length(headers);
        let kind = headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        let is_small = length.is_none_or(|length| length <= LARGEST_SEARCHED as u64);
        if !Form::is_searched(kind) || !is_small || headers.contains_key(CONTENT_ENCODING) {
            return Ok(Self::unread(headers, body));
        }
        let mut pieces = unhurried(body, PAUSE).boxed_local();
        let mut held = BytesMut::new();
        while let Some(piece) = pieces.next().await {
            held.extend_from_slice(&piece.map_err(|error| Failure::of_client(&error))?);
            if held.len() > LARGEST_SEARCHED {
                let first = stream::iter([Ok(held.freeze())]);
                return Ok(Self::Unread(Outgoing { length, pieces: first.chain(pieces).boxed_local() }));
            }
        }
        let held = held.freeze();
        let form = Form::parse(kind, &held);
        Ok(Self::Whole(held, form))
    }

    /// What the engine may search.
    pub(super) fn arguments(&self) -> Option<Arguments> {
        match self {
            Self::Whole(bytes, form) => form.arguments(bytes),
            Self::Unread(_) => None,
        }
    }

    /// The body for the upstream, without the arguments of these names.
    pub(super) fn into_outgoing(self, removed: &[String]) -> Outgoing {
        match self {
            Self::Unread(outgoing) => outgoing,
            Self::Whole(bytes, form) => {
                let bytes = if removed.is_empty() { bytes } else { form.without(bytes, removed) };
                Outgoing { length: Some(bytes.len() as u64), pieces: stream::iter([Ok(bytes)]).boxed_local() }
            }
        }
    }
}
