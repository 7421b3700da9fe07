//! What is to happen to a request (openid-connect.md 12.5): pass, forward with changes, or answer.

use std::borrow::Cow;
use std::sync::Arc;

use serde_json::Value;

use crate::domain::consumer::Consumer;
use crate::domain::method::Method;

/// The engine's decision.
#[derive(Debug)]
pub enum Verdict {
    /// Forward it untouched.
    Pass,
    /// Forward it, changed.
    Forward(Box<Forwarded>),
    /// Answer it here.
    Answer(Box<Answer>),
}

/// A request that may go on.
#[derive(Debug, Default)]
pub struct Forwarded {
    /// How the request changes.
    pub changes: Changes,
    /// Headers of the answer, sent to the client whatever the upstream says. `Set-Cookie` among them.
    pub response_headers: Vec<(String, String)>,
    /// The credential type that let it through; `None` for the anonymous consumer.
    pub method: Option<Method>,
    /// The mapped consumer.
    pub consumer: Option<Arc<Consumer>>,
    /// Whether the consumer stands for nobody.
    pub is_anonymous: bool,
    /// Values of `authenticated_groups_claim`; `None` when that is not configured or not found.
    pub groups: Option<Vec<String>>,
    /// Consumer groups by `consumer_groups_claim`.
    pub consumer_groups: Vec<String>,
    /// The virtual credential, where no consumer is mapped.
    pub credential: Option<String>,
    /// `sub`, for logs.
    pub subject: Option<String>,
}

/// How a request changes on its way. Names are lower case.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// Headers that are removed in every spelling (`-` or `_`, any case). `*` at the end stands for any rest.
    pub remove_headers: Vec<Cow<'static, str>>,
    /// Headers that are set, replacing what was there; applied after the removal, in this order.
    pub set_headers: Vec<(String, Vec<u8>)>,
    /// Cookies that are removed from `Cookie`.
    pub remove_cookies: Vec<String>,
    /// Arguments that are removed from the query.
    pub remove_query: Vec<String>,
    /// The query that replaces the request's, before `remove_query`.
    pub query: Option<String>,
    /// Arguments that are removed from the body.
    pub remove_body: Vec<String>,
}

/// An answer of the engine.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Answer {
    /// Status.
    pub status: u16,
    /// Headers, `Set-Cookie` and `Location` among them.
    pub headers: Vec<(String, String)>,
    /// JSON body.
    pub body: Option<Value>,
    /// A word for the log, when somebody was refused.
    pub reason: Option<&'static str>,
}
