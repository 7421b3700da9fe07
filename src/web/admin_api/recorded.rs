//! The record of a request, written whatever becomes of it: also when the client goes away before it is answered.

use std::ops::{Deref, DerefMut};

use actix_web::HttpRequest;
use actix_web::http::Method;

use crate::domain::access::Door;
use crate::services::Services;
use crate::web::peer::Peer;
use crate::web::trail::Trail;

/// The status that is recorded where the client did not wait; nobody is ever answered with it.
const CLIENT_GONE: u16 = 499;

/// The trail of a request that will be counted and recorded.
pub(super) struct Recorded<'r> {
    request: &'r HttpRequest,
    services: &'r Services,
    peer: &'r Peer,
    /// The path as records show it.
    shown: String,
    trail: Trail,
    status: u16,
}

impl<'r> Recorded<'r> {
    /// A new trail.
    pub(super) fn begin(request: &'r HttpRequest, services: &'r Services, peer: &'r Peer, shown: String) -> Self {
        Self { request, services, peer, shown, trail: Trail::new(Door::AdminApi), status: CLIENT_GONE }
    }

    /// The request was answered.
    pub(super) fn finish(mut self, status: u16) {
        self.status = status;
    }
}

impl Deref for Recorded<'_> {
    type Target = Trail;

    fn deref(&self) -> &Trail {
        &self.trail
    }
}

impl DerefMut for Recorded<'_> {
    fn deref_mut(&mut self) -> &mut Trail {
        &mut self.trail
    }
}

impl Drop for Recorded<'_> {
    fn drop(&mut self) {
        let Self { request, services, peer, .. } = *self;
        let (method, face) = (request.method(), self.trail.entrance().into());
        services.metrics.count_request(face, method.as_str(), self.status, self.trail.verdict);
        if services.audit.is_on() && *method != Method::OPTIONS {
            let trail = std::mem::replace(&mut self.trail, Trail::new(Door::AdminApi));
            services.audit.record(trail.record(request, peer, &self.shown, self.status, services.clock.now()));
        }
    }
}
