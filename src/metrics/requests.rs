//! The counter of answered requests: one slot a combination of labels, filled when it is first seen.

use std::sync::OnceLock;

use metrics::Counter;
use metrics_exporter_prometheus::PrometheusRecorder;

use super::counter;
use crate::domain::access::Door;
use crate::domain::audit::Verdict;

pub(super) const NAME: &str = "kong_sso_requests_total";

const METHODS: [&str; 8] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "other"];
const CLASSES: [&str; 5] = ["1xx", "2xx", "3xx", "4xx", "5xx"];
const VERDICTS: [Verdict; 4] = [Verdict::Allowed, Verdict::Denied, Verdict::Unauthenticated, Verdict::None];
const FACES: usize = 6;

/// What a request was for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Face {
    /// The Admin API, with a token or without credentials.
    AdminApi,
    /// The Admin API, with a browser's session.
    KongManager,
    /// kong-sso's own pages.
    OwnPages,
    /// Files and documents of Kong Manager.
    Documents,
    /// Declared routes and forward-auth.
    Gateway,
    /// The developer portal.
    Portal,
}

impl Face {
    const fn label(self) -> &'static str {
        match self {
            Self::AdminApi => "admin-api",
            Self::KongManager => "kong-manager",
            Self::OwnPages => "own-pages",
            Self::Documents => "documents",
            Self::Gateway => "gateway",
            Self::Portal => "portal",
        }
    }
}

impl From<Door> for Face {
    fn from(door: Door) -> Self {
        match door {
            Door::AdminApi => Self::AdminApi,
            Door::KongManager => Self::KongManager,
            Door::OwnPages => Self::OwnPages,
            Door::Portal => Self::Portal,
        }
    }
}

/// The slots.
pub(super) struct Requests(Box<[OnceLock<Counter>]>);

impl Default for Requests {
    fn default() -> Self {
        let count = FACES * METHODS.len() * CLASSES.len() * VERDICTS.len();
        Self((0..count).map(|_| OnceLock::new()).collect())
    }
}

impl Requests {
    pub(super) fn count(&self, recorder: &PrometheusRecorder, face: Face, method: &str, status: u16, verdict: Verdict) {
        let method = METHODS.iter().position(|known| *known == method).unwrap_or(METHODS.len() - 1);
        let class = usize::from((status / 100).clamp(1, 5)) - 1;
        let verdict_index = VERDICTS.iter().position(|known| *known == verdict).unwrap_or_default();
        let index = ((face as usize * METHODS.len() + method) * CLASSES.len() + class) * VERDICTS.len() + verdict_index;
        let Some(slot) = self.0.get(index) else { return };
        let made = slot.get_or_init(|| {
            let labels = [
                ("door", face.label()),
                ("method", METHODS.get(method).copied().unwrap_or_default()),
                ("status", CLASSES.get(class).copied().unwrap_or_default()),
                ("verdict", verdict.as_str()),
            ];
            counter(recorder, NAME, labels)
        });
        made.increment(1);
    }
}
