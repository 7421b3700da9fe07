//! The latest failed logins of this node, for the status page: people see only the request id.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use crate::domain::time::UnixSeconds;

/// How many are kept.
const KEPT: usize = 20;

/// One failed login.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoginFailure {
    /// When.
    pub at: UnixSeconds,
    /// The cause, without secrets.
    pub cause: String,
    /// What the person was shown.
    pub request_id: String,
}

/// The list.
#[derive(Debug, Default)]
pub(super) struct Failures(Mutex<VecDeque<LoginFailure>>);

impl Failures {
    pub(super) fn note(&self, at: UnixSeconds, cause: String, request_id: &str) {
        let mut list = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        list.push_front(LoginFailure { at, cause, request_id: request_id.to_owned() });
        list.truncate(KEPT);
    }

    pub(super) fn list(&self) -> Vec<LoginFailure> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }
}
