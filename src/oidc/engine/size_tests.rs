//! What a decision takes while it is under way.
#![allow(clippy::unwrap_used)]

use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use serde_json::json;

use super::session::{SessionParts, SessionSecret};
use super::tests_support::{Lines, conf, view};
use super::*;
use crate::config::plugin::ConsumerField;
use crate::config::settings::{EgressSettings, EngineSettings};
use crate::domain::consumer::Consumer;
use crate::oidc::own_keys::OwnKeys;

struct Nothing;

impl ConsumerDirectory for Nothing {
    fn find(&self, _: ConsumerField, _: &str, _: bool) -> Option<Arc<Consumer>> {
        None
    }

    fn has_group(&self, _: &str) -> bool {
        false
    }
}

impl OwnKeyRing for Nothing {
    fn keys(&self) -> BoxFuture<'_, Result<Arc<OwnKeys>, String>> {
        async { Err(String::new()) }.boxed()
    }
}

#[test]
fn a_decision_is_small_enough_to_be_moved_for_each_request() {
    let parts = EngineParts {
        http: HttpClient::new(&EgressSettings::default(), true, Duration::from_secs(1)).unwrap(),
        clock: Clock::System,
        settings: EngineSettings::default(),
        consumers: Arc::new(Nothing),
        gateway_tokens: None,
        own_keys: Arc::new(Nothing),
        shared: None,
        sessions: SessionParts { secret: SessionSecret::new(&"secret".into(), &[]), storage: None },
    };
    let engine = Engine::new(conf(json!({})), parts);
    let lines = Lines(Vec::new());
    let view = view(&lines);
    let asks = methods::introspection::prove(&engine.context, &view, 0, "");
    for (what, bytes, most) in [
        ("a decision", size_of_val(&engine.decide(&view)), 4096),
        ("an introspection, which it boxes", size_of_val(&asks), 4096),
    ] {
        assert!(bytes <= most, "{what} takes {bytes} bytes");
    }
}
