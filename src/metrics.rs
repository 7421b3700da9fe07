//! What a node counts, in Prometheus's text format. Each node has a registry of its own, so that several nodes of one
//! process do not mix, and nothing is global. Called by `services` and `web`; `web::status` prints it.
//!
//! The way of a request costs one atomic increment: labels are made when a combination is seen for the first time.

mod requests;

use std::time::{Duration, Instant};

use metrics::{Counter, Gauge, Histogram, Key, KeyName, Label, Level, Metadata, Recorder as _, Unit};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusRecorder};

pub use requests::Face;
use requests::Requests;

const METADATA: Metadata<'_> = Metadata::new(module_path!(), Level::INFO, Some(module_path!()));
const UPSTREAM: &str = "kong_sso_upstream_seconds";
const SIGN_INS: &str = "kong_sso_sign_ins_total";
const SESSIONS: &str = "kong_sso_session_lookups_total";
/// Upper bounds of the upstream histogram, seconds.
const BUCKETS: [f64; 11] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0];

/// Names, and what they tell.
const DESCRIPTIONS: [(&str, &str); 11] = [
    (requests::NAME, "Answered requests by what they were for, method, class of the status and decision."),
    (UPSTREAM, "Time until Kong's response headers came, by outcome."),
    (SIGN_INS, "Finished sign-ins by outcome: ok, or the code of the refusal."),
    (SESSIONS, "Checks of a session by where it was found."),
    ("kong_sso_audit_queue_length", "Audit records that wait to be written."),
    ("kong_sso_audit_written_total", "Audit records that were written."),
    ("kong_sso_audit_write_failures_total", "Attempts to write audit records that failed; each is repeated."),
    ("kong_sso_audit_lost_total", "Audit records that were dropped because the queue was full."),
    (
        "kong_sso_gateway_config_usable",
        "1 while the present content of sso_proxy_config is served, 0 while it cannot be used.",
    ),
    ("kong_sso_audit_suppressed_total", "Audit records of callers without valid credentials that were not written."),
    ("kong_sso_build_info", "Always 1; the label tells the version."),
];

/// How a request to Kong ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UpstreamOutcome {
    /// Response headers came.
    Answered,
    /// None came in time.
    Timeout,
    /// No connection, or it broke.
    Unreachable,
}

/// The meters of the audit log.
#[derive(Clone)]
pub struct AuditMeters {
    /// Records that wait.
    pub queue: Gauge,
    /// Records that were written.
    pub written: Counter,
    /// Attempts that failed.
    pub failures: Counter,
    /// Records that were dropped.
    pub lost: Counter,
    /// Records of unknown callers that others stand for.
    pub suppressed: Counter,
}

/// Hits and misses of a cache.
#[derive(Clone)]
pub struct LookupMeters {
    /// Found in memory.
    pub hits: Counter,
    /// Read from the store.
    pub misses: Counter,
}

/// The registry of a node with its handles.
pub struct Metrics {
    recorder: PrometheusRecorder,
    requests: Requests,
    upstream: [Histogram; 3],
    /// The audit log.
    pub audit: AuditMeters,
    /// Checks of sessions.
    pub sessions: LookupMeters,
    /// Whether the gateway's file can be used.
    pub gateway_config: Gauge,
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}

impl Metrics {
    /// A registry in which nothing happened yet.
    #[must_use]
    pub fn new() -> Self {
        let builder = PrometheusBuilder::new();
        // It refuses only an empty list of bounds.
        let builder = builder.set_buckets(&BUCKETS).unwrap_or_else(|_| PrometheusBuilder::new());
        let recorder = builder.build_recorder();
        for (name, description) in DESCRIPTIONS {
            let unit = name.ends_with("_seconds").then_some(Unit::Seconds);
            recorder.describe_counter(KeyName::from_const_str(name), unit, description.into());
        }
        let upstream = ["answered", "timeout", "unreachable"]
            .map(|outcome| recorder.register_histogram(&key(UPSTREAM, [("outcome", outcome)]), &METADATA));
        let [hits, misses] = ["cache", "store"].map(|source| counter(&recorder, SESSIONS, [("found", source)]));
        let [written, failures, lost, suppressed] = ["written", "write_failures", "lost", "suppressed"]
            .map(|what| recorder.register_counter(&Key::from_name(format!("kong_sso_audit_{what}_total")), &METADATA));
        let queue = recorder.register_gauge(&Key::from_static_name("kong_sso_audit_queue_length"), &METADATA);
        let gateway_config =
            recorder.register_gauge(&Key::from_static_name("kong_sso_gateway_config_usable"), &METADATA);
        gateway_config.set(1.0);
        let build = key("kong_sso_build_info", [("version", env!("CARGO_PKG_VERSION"))]);
        recorder.register_gauge(&build, &METADATA).set(1.0);
        counter(&recorder, SIGN_INS, [("outcome", "ok")]).absolute(0);
        Self {
            recorder,
            requests: Requests::default(),
            upstream,
            audit: AuditMeters { queue, written, failures, lost, suppressed },
            sessions: LookupMeters { hits, misses },
            gateway_config,
        }
    }

    /// Counts an answered request.
    pub fn count_request(&self, face: Face, method: &str, status: u16, verdict: crate::domain::audit::Verdict) {
        self.requests.count(&self.recorder, face, method, status, verdict);
    }

    /// Notes how long Kong took.
    pub fn note_upstream(&self, outcome: UpstreamOutcome, since: Instant) {
        if let Some(histogram) = self.upstream.get(outcome as usize) {
            histogram.record(since.elapsed());
        }
    }

    /// Counts a finished sign-in: `ok`, or the code of its refusal.
    pub fn count_sign_in(&self, outcome: &'static str) {
        counter(&self.recorder, SIGN_INS, [("outcome", outcome)]).increment(1);
    }

    /// Everything in Prometheus's text format.
    #[must_use]
    pub fn render(&self) -> String {
        self.recorder.handle().render()
    }

    /// Folds the histogram's samples into its buckets; without it they would pile up between two visits of a scraper.
    pub fn fold(&self) {
        self.recorder.handle().run_upkeep();
    }
}

/// How often [`Metrics::fold`] is due.
pub const FOLD_EVERY: Duration = Duration::from_secs(5);

fn key<const N: usize>(name: &'static str, labels: [(&'static str, &'static str); N]) -> Key {
    Key::from_parts(name, labels.map(|(name, value)| Label::from_static_parts(name, value)).to_vec())
}

fn counter<const N: usize>(
    recorder: &PrometheusRecorder,
    name: &'static str,
    labels: [(&'static str, &'static str); N],
) -> Counter {
    recorder.register_counter(&key(name, labels), &METADATA)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::audit::Verdict;

    #[test]
    fn what_happened_is_printed_with_its_labels() {
        let metrics = Metrics::new();
        for _ in 0..2 {
            metrics.count_request(Face::AdminApi, "GET", 200, Verdict::Allowed);
        }
        metrics.count_request(Face::KongManager, "BREW", 418, Verdict::None);
        metrics.count_sign_in("ok");
        metrics.audit.queue.increment(3);
        metrics.note_upstream(UpstreamOutcome::Answered, Instant::now());
        let text = metrics.render();
        for line in [
            "kong_sso_requests_total{door=\"admin-api\",method=\"GET\",status=\"2xx\",verdict=\"allowed\"} 2",
            "kong_sso_requests_total{door=\"kong-manager\",method=\"other\",status=\"4xx\",verdict=\"none\"} 1",
            "kong_sso_sign_ins_total{outcome=\"ok\"} 1",
            "kong_sso_audit_queue_length 3",
            "kong_sso_audit_written_total 0",
            "kong_sso_upstream_seconds_bucket{outcome=\"answered\",le=\"0.5\"} 1",
            "kong_sso_upstream_seconds_count{outcome=\"answered\"} 1",
            "# TYPE kong_sso_upstream_seconds histogram",
            "# HELP kong_sso_requests_total Answered requests by what they were for, method, class of the status and decision.",
            concat!("kong_sso_build_info{version=\"", env!("CARGO_PKG_VERSION"), "\"} 1"),
        ] {
            assert!(text.lines().any(|printed| printed == line), "{line} is missing in\n{text}");
        }
    }

    #[test]
    fn nodes_do_not_mix() {
        let (one, other) = (Metrics::new(), Metrics::new());
        one.count_sign_in("ok");
        assert!(other.render().contains("kong_sso_sign_ins_total{outcome=\"ok\"} 0"));
    }
}
