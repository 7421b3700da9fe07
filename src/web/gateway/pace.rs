//! Time-outs between two pieces instead of over a whole message, as Kong counts them.

use std::cell::Cell;
use std::rc::Rc;
use std::time::{Duration, Instant};

use actix_web::web::Bytes;
use futures_util::{Stream, StreamExt as _};

use super::failure::Failure;

/// What is known of a body under way.
pub(super) struct Watch {
    /// When the upstream last took or was offered something.
    moved: Cell<Instant>,
    /// Whether the client is waited for, which is no fault of the upstream.
    waits_for_client: Cell<bool>,
    /// Whether all of it was sent.
    is_over: Cell<bool>,
    pub(super) fault: Cell<Option<Failure>>,
}

impl Default for Watch {
    fn default() -> Self {
        Self {
            moved: Cell::new(Instant::now()),
            waits_for_client: Cell::new(false),
            is_over: Cell::new(false),
            fault: Cell::new(None),
        }
    }
}

impl Watch {
    /// Ends when the upstream took nothing for `write`, or said nothing for `read` after the whole body.
    pub(super) async fn silence(&self, write: Duration, read: Duration) {
        loop {
            let longest = if self.is_over.get() { read } else { write };
            if self.waits_for_client.get() {
                tokio::time::sleep(longest).await;
                continue;
            }
            let since = self.moved.get().elapsed();
            match longest.checked_sub(since).filter(|left| !left.is_zero()) {
                Some(left) => tokio::time::sleep(left).await,
                None => return,
            }
        }
    }
}

/// The body, refused above `most` bytes.
pub(super) fn limited(
    body: impl Stream<Item = std::io::Result<Bytes>> + 'static,
    most: u64,
    watch: Rc<Watch>,
) -> impl Stream<Item = std::io::Result<Bytes>> {
    let start = (Box::pin(body), most, watch);
    futures_util::stream::try_unfold(start, |(mut body, left, watch)| async move {
        watch.waits_for_client.set(true);
        let chunk = body.next().await;
        watch.waits_for_client.set(false);
        watch.moved.set(Instant::now());
        let Some(chunk) = chunk else {
            watch.is_over.set(true);
            return Ok(None);
        };
        let chunk = chunk.inspect_err(|error| {
            watch.fault.set(Some(Failure::of_client(error)));
        })?;
        match left.checked_sub(chunk.len() as u64) {
            Some(left) => Ok(Some((chunk, (body, left, watch)))),
            None => {
                watch.fault.set(Some(Failure::TooLarge));
                Err(std::io::ErrorKind::FileTooLarge.into())
            }
        }
    })
}

/// The upstream's body; a pause that is too long ends it.
pub(super) fn paced(
    upstream: awc::ClientResponse,
    longest: Duration,
) -> impl Stream<Item = Result<Bytes, Box<dyn std::error::Error>>> {
    // A pointer is what moves from piece to piece.
    futures_util::stream::try_unfold(Box::new(upstream), move |mut upstream| async move {
        let chunk = tokio::time::timeout(longest, upstream.next()).await?;
        Ok(chunk.transpose()?.map(|chunk| (chunk, upstream)))
    })
}
