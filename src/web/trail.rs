//! What becomes known about a request on its way: the material of its audit record (kong-manager.md 7.2).

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;

use actix_web::http::Method;
use actix_web::{HttpMessage as _, HttpRequest};
use url::form_urlencoded;

use super::peer::{Peer, text_of};
use crate::domain::access::{Caller, Door};
use crate::domain::audit::{RequestRecord, Verdict};
use crate::domain::ids::WorkspaceId;
use crate::domain::time::UnixSeconds;

/// Query arguments whose values never reach a record.
const SECRET_ARGUMENTS: &[&str] = &[
    "access_token",
    "client_secret",
    "code",
    "id_token",
    "id_token_hint",
    "iss",
    "password",
    "refresh_token",
    "secret",
    "session_state",
    "state",
    "token",
];
/// Longest path that is recorded, characters.
const LONGEST_PATH: usize = 2048;

/// The trail of one request.
#[derive(Debug)]
pub struct Trail {
    /// 32 hexadecimal characters.
    pub request_id: String,
    /// Who, once that is known.
    pub caller: Option<Caller>,
    /// The workspace that the path names.
    pub workspace: Option<WorkspaceId>,
    /// The decision.
    pub verdict: Verdict,
    /// The rule that made it.
    pub rule: Option<Arc<str>>,
    /// The door, where nobody is known.
    pub door: Door,
}

impl Trail {
    /// An empty trail with a new request id.
    #[must_use]
    pub fn new(door: Door) -> Self {
        Self {
            // Version 7 grows with time: an index of such ids is written at its end instead of everywhere.
            request_id: uuid::Uuid::now_v7().simple().to_string(),
            caller: None,
            workspace: None,
            verdict: Verdict::None,
            rule: None,
            door,
        }
    }

    /// The door that the request came through, as far as it is known.
    #[must_use]
    pub fn entrance(&self) -> Door {
        self.caller.as_ref().map_or(self.door, |caller| caller.door)
    }

    /// The audit record of the answered request.
    #[must_use]
    pub fn record(
        self,
        request: &HttpRequest,
        peer: &Peer,
        path: &str,
        status: u16,
        now: UnixSeconds,
    ) -> RequestRecord {
        let door = self.entrance();
        let principal = self.caller.map(|caller| caller.principal);
        RequestRecord {
            request_id: self.request_id,
            client_ip: text_of(peer.client),
            method: request.method().to_string(),
            path: with_masked_query(path, request.query_string()),
            rbac_user_id: principal.as_ref().and_then(|who| who.rbac_user_id).map(|id| id.to_string()),
            rbac_user_name: principal.as_ref().filter(|who| who.rbac_user_id.is_some()).map(|who| who.name.to_string()),
            request_source: door.as_source().map(str::to_owned),
            request_timestamp: now,
            status,
            workspace: self.workspace.map(|id| id.to_string()),
            verdict: self.verdict,
            rule: self.rule.map(|rule| rule.to_string()),
        }
    }
}

/// The trail of a request, shared by its extractors and the frame around them.
#[derive(Clone)]
pub(in crate::web) struct SharedTrail(Rc<TrailState>);

struct TrailState {
    trail: RefCell<Trail>,
    is_recorded: Cell<bool>,
}

impl SharedTrail {
    pub(in crate::web) fn new(method: &Method, door: Door) -> Self {
        let is_change = !matches!(*method, Method::GET | Method::HEAD);
        let trail = RefCell::new(Trail::new(door));
        Self(Rc::new(TrailState { trail, is_recorded: Cell::new(is_change) }))
    }

    /// The trail of a request below a frame.
    pub(in crate::web) fn of(request: &HttpRequest) -> Self {
        let known = request.extensions().get::<Self>().cloned();
        known.unwrap_or_else(|| Self::new(request.method(), Door::OwnPages))
    }

    /// The request's id.
    pub(in crate::web) fn request_id(&self) -> String {
        self.0.trail.borrow().request_id.clone()
    }

    /// Writes something down.
    pub(in crate::web) fn note(&self, note: impl FnOnce(&mut Trail)) {
        note(&mut self.0.trail.borrow_mut());
    }

    /// Has the audit log record this request although it only reads.
    pub(in crate::web) fn record_read(&self) {
        self.0.is_recorded.set(true);
    }

    pub(in crate::web) fn has_caller(&self) -> bool {
        self.0.trail.borrow().caller.is_some()
    }

    /// The trail at the end, and whether the audit log records it.
    pub(in crate::web) fn take(&self, door: Door) -> (Trail, bool) {
        (self.0.trail.replace(Trail::new(door)), self.0.is_recorded.get())
    }
}

/// The path with its query; values of secret arguments are `***`.
fn with_masked_query(path: &str, query: &str) -> String {
    if query.is_empty() {
        return path.chars().take(LONGEST_PATH).collect();
    }
    let is_secret = |name: &str| SECRET_ARGUMENTS.contains(&name.to_ascii_lowercase().as_str());
    let has_secret = form_urlencoded::parse(query.as_bytes()).any(|(name, _)| is_secret(&name));
    let shown = if has_secret {
        let masked = form_urlencoded::parse(query.as_bytes())
            .map(|(name, value)| if is_secret(&name) { format!("{name}=***") } else { format!("{name}={value}") });
        masked.collect::<Vec<_>>().join("&")
    } else {
        query.to_owned()
    };
    format!("{path}?{shown}").chars().take(LONGEST_PATH).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn km_099_no_code_state_or_token_value_is_recorded() {
        assert_eq!(with_masked_query("/auth", "code=abc&state=s&x=1"), "/auth?code=***&state=***&x=1");
        assert_eq!(with_masked_query("/auth", "%63ode=abc"), "/auth?code=***");
        assert_eq!(with_masked_query("/auth", "Token=abc&token=def"), "/auth?Token=***&token=***");
        assert_eq!(with_masked_query("/auth", "session_logout=true"), "/auth?session_logout=true");
        assert_eq!(with_masked_query("/services", ""), "/services");
    }
}
