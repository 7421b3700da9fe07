//! Changes go through the doors of the Admin API, so that pages decide, check and record like every other client.

use std::sync::Arc;

use serde_json::{Map, Value};

use super::extractors::AdminSession;
use crate::domain::audit::Verdict;
use crate::domain::rbac::Action;
use crate::domain::workspace::Workspace;
use crate::web::admin_api::own::{self, Call, Place, Query};
use crate::web::error::ApiError;

/// One change by a door.
pub(super) struct Change<'c> {
    /// The workspace it is made in.
    pub(super) workspace: &'c Workspace,
    /// POST, PATCH or DELETE.
    pub(super) method: &'static str,
    /// Decoded segments of the path.
    pub(super) segments: Vec<String>,
    /// Members of the body; anything but an object counts as none.
    pub(super) body: Value,
}

impl<'c> Change<'c> {
    /// A change; `segments` are the decoded parts of the door's path.
    pub(super) fn new(workspace: &'c Workspace, method: &'static str, segments: &[&str], body: Value) -> Self {
        Self { workspace, method, segments: segments.iter().map(ToString::to_string).collect(), body }
    }
}

impl AdminSession {
    /// Makes a change; returns the door's body.
    ///
    /// # Errors
    /// What the door refuses.
    pub(super) async fn change(&self, change: Change<'_>) -> Result<Value, ApiError> {
        self.call(change, Query::default()).await
    }

    /// The same with arguments.
    ///
    /// # Errors
    /// What the door refuses.
    pub(super) async fn call(&self, change: Change<'_>, query: Query) -> Result<Value, ApiError> {
        let action = Action::of_method(change.method).unwrap_or(Action::Update);
        let place = Place { workspace: change.workspace, prefix: "" };
        let path = own::path_of(&change.segments)?;
        let judgement = own::judge(&self.services, &self.caller, &place, &path, action).await?;
        self.trail.note(|trail| {
            trail.workspace = Some(change.workspace.id);
            trail.verdict = if judgement.is_allowed { Verdict::Allowed } else { Verdict::Denied };
            trail.rule = Some(Arc::clone(&judgement.rule));
        });
        let body = match change.body {
            Value::Object(members) => members,
            _ => Map::new(),
        };
        let call = Call {
            services: &self.services,
            caller: &self.caller,
            place,
            action,
            method: change.method,
            segments: change.segments,
            query,
            body,
        };
        Ok(own::call(&call).await?.body.unwrap_or(Value::Null))
    }
}
