//! Adding and removing rules of a role. The form has one row or, with scripts, several: `endpoint.0`, `endpoint.1`, ...

use std::collections::HashMap;

use actix_web::web::Path;
use serde::Deserialize;
use serde_json::{Value, json};

use super::extractors::CsrfForm;
use super::flash::Flash;
use super::form::{Errors, Field, optional};
use super::frame::PageResult;
use super::role::{Typed, find};
use crate::domain::rbac::EndpointPattern;
use crate::web::error::ApiError;

/// Most rows of one form.
const MOST_ROWS: usize = 50;

/// A row of the form.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct RuleForm {
    pub(super) number: usize,
    pub(super) workspace: String,
    pub(super) endpoint: Field,
    pub(super) actions: Field,
    pub(super) read: bool,
    pub(super) create: bool,
    pub(super) update: bool,
    pub(super) delete: bool,
    pub(super) negative: bool,
    pub(super) comment: String,
}

impl RuleForm {
    /// An empty row; reading is what most rules are about.
    pub(super) fn blank(number: usize) -> Self {
        Self { number, read: true, ..Self::default() }
    }

    fn of(fields: &HashMap<String, String>, key: &str, number: usize) -> Self {
        let text = |name: &str| fields.get(&format!("{name}.{key}")).cloned().unwrap_or_default();
        let is_ticked = |name: &str| fields.contains_key(&format!("{name}.{key}"));
        Self {
            number,
            workspace: text("workspace"),
            endpoint: Field::of(text("endpoint")),
            actions: Field::default(),
            read: is_ticked("read"),
            create: is_ticked("create"),
            update: is_ticked("update"),
            delete: is_ticked("delete"),
            negative: text("negative") == "true",
            comment: text("comment"),
        }
    }

    fn action_names(&self) -> Vec<&'static str> {
        let all = [(self.read, "read"), (self.create, "create"), (self.update, "update"), (self.delete, "delete")];
        all.into_iter().filter(|(ticked, _)| *ticked).map(|(_, name)| name).collect()
    }

    fn to_body(&self) -> Value {
        json!({
            "workspace": self.workspace,
            "endpoint": self.endpoint.value,
            "actions": self.action_names(),
            "negative": self.negative,
            "comment": optional(&self.comment),
        })
    }

    /// Says what is wrong with the row before anything is sent, so that one bad row does not leave half of the others.
    fn check(&mut self, errors: &mut Errors) {
        let (endpoint, actions) = (format!("endpoint.{}", self.number), format!("read.{}", self.number));
        let row = self.number + 1;
        if let Err(error) = EndpointPattern::parse(&self.endpoint.value) {
            errors.push(&endpoint, &format!("Endpoint of row {row}"), &error.to_string());
        }
        if self.action_names().is_empty() {
            errors.push(&actions, &format!("Actions of row {row}"), "tick at least one");
        }
        self.endpoint = Field::checked(&self.endpoint.value, errors, &endpoint);
        self.actions = Field::checked("", errors, &actions);
    }
}

/// The rows of a form in their order, numbered anew.
fn rows(fields: &HashMap<String, String>) -> Vec<RuleForm> {
    let mut keys: Vec<&str> = fields.keys().filter_map(|name| name.strip_prefix("endpoint.")).collect();
    keys.sort_by_key(|key| key.parse::<u32>().unwrap_or(u32::MAX));
    keys.into_iter().take(MOST_ROWS).enumerate().map(|(number, key)| RuleForm::of(fields, key, number)).collect()
}

/// `POST /roles/{id}/rules`
pub(super) async fn add(form: CsrfForm<HashMap<String, String>>, id: Path<String>) -> PageResult {
    let CsrfForm { visitor, fields } = form;
    let shown = find(&visitor, &id).await?;
    let mut drafts = rows(&fields);
    let mut errors = Errors::default();
    drafts.iter_mut().for_each(|draft| draft.check(&mut errors));
    if drafts.is_empty() {
        errors.push("main", "", "add at least one rule");
    }
    if !errors.is_empty() {
        return shown.page(Typed { drafts, ..Typed::default() }, errors).await;
    }
    for (added, draft) in drafts.iter().enumerate() {
        if let Err(refusal) = shown.send("POST", &["endpoints".to_owned()], draft.to_body()).await {
            return refused(&visitor, &id, &drafts, added, refusal).await;
        }
    }
    let message = match drafts.len() {
        1 => "The rule was added.".to_owned(),
        several => format!("{several} rules were added."),
    };
    visitor.done(&shown.url(), &Flash::ok(message))
}

/// Shows the page again with the rows that were not added.
async fn refused(
    visitor: &super::extractors::AdminSession,
    id: &str,
    drafts: &[RuleForm],
    added: usize,
    refusal: ApiError,
) -> PageResult {
    let mut errors = Errors::of_refusal(refusal, &[("endpoint.0", "Endpoint"), ("comment.0", "Comment")])?;
    if added > 0 {
        errors = errors.headed("The rules before this one were added. Please correct:");
    }
    let rest = drafts.iter().skip(added).cloned().enumerate();
    let mut drafts: Vec<RuleForm> = rest.map(|(number, draft)| RuleForm { number, ..draft }).collect();
    if let Some(first) = drafts.first_mut() {
        first.endpoint = Field::checked(first.endpoint.value.clone(), &errors, "endpoint.0");
    }
    find(visitor, id).await?.page(Typed { drafts, ..Typed::default() }, errors).await
}

/// What the form of a rule's button says.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct RuleKey {
    workspace: String,
    endpoint: String,
}

/// `POST /roles/{id}/rules/delete`
pub(super) async fn remove(form: CsrfForm<RuleKey>, id: Path<String>) -> PageResult {
    let CsrfForm { visitor, fields } = form;
    let shown = find(&visitor, &id).await?;
    let below = ["endpoints".to_owned(), fields.workspace.clone(), decoded(&fields.endpoint)];
    match shown.send("DELETE", &below, Value::Null).await {
        Ok(_) => visitor.done(&shown.url(), &Flash::ok(format!("The rule for {} was removed.", fields.endpoint))),
        Err(refusal) => shown.page(Typed::default(), Errors::of_refusal(refusal, &[])?).await,
    }
}

/// A stored pattern as the last segment of a door's path, which is written decoded.
fn decoded(endpoint: &str) -> String {
    percent_encoding::percent_decode_str(endpoint).decode_utf8_lossy().into_owned()
}
