//! What forms show: what was typed, what is wrong with it, what may be chosen.

use crate::domain::ids::WorkspaceName;
use crate::domain::role::Role;
use crate::domain::workspace::Workspace;
use crate::web::error::ApiError;
use actix_web::http::StatusCode;

/// An input.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::web) struct Field {
    pub(in crate::web) value: String,
    pub(in crate::web) error: Option<String>,
}

impl Field {
    /// An input with this value.
    pub(in crate::web) fn of(value: impl Into<String>) -> Self {
        Self { value: value.into(), error: None }
    }

    /// The input `id` with what `errors` say of it.
    pub(in crate::web) fn checked(value: impl Into<String>, errors: &Errors, id: &str) -> Self {
        let error = errors.items.iter().find(|error| error.id == id).map(|error| error.sentence.clone());
        Self { value: value.into(), error }
    }
}

/// A choice of a drop-down list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::web) struct Choice {
    pub(in crate::web) value: String,
    pub(in crate::web) label: String,
    pub(in crate::web) selected: bool,
}

impl Choice {
    pub(in crate::web) fn new(value: impl Into<String>, label: impl Into<String>, selected: &str) -> Self {
        let value = value.into();
        Self { selected: value == selected, label: label.into(), value }
    }
}

/// Roles of one workspace in a drop-down list.
pub(in crate::web) struct RoleGroup {
    pub(in crate::web) workspace: String,
    pub(in crate::web) roles: Vec<Choice>,
}

/// Choices of roles; `value` makes the value of one.
pub(in crate::web) fn role_groups(
    choices: &[(&Workspace, Vec<Role>)],
    value: impl Fn(&WorkspaceName, &Role) -> String,
    selected: &str,
) -> Vec<RoleGroup> {
    let group = |(workspace, roles): &(&Workspace, Vec<Role>)| RoleGroup {
        workspace: workspace.name.to_string(),
        roles: roles
            .iter()
            .map(|role| Choice::new(value(&workspace.name, role), role.name.to_string(), selected))
            .collect(),
    };
    choices.iter().filter(|(_, roles)| !roles.is_empty()).map(group).collect()
}

/// What is wrong with an input, or with the form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::web) struct FormError {
    /// Id of the input; `main` for the form as a whole.
    pub(in crate::web) id: String,
    /// For the list above the form.
    pub(in crate::web) message: String,
    /// For the input itself.
    pub(in crate::web) sentence: String,
}

/// What is wrong with a form; empty when nothing is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::web) struct Errors {
    pub(in crate::web) heading: &'static str,
    pub(in crate::web) items: Vec<FormError>,
    status: Option<StatusCode>,
}

/// What a form says when all of it was refused.
const NOTHING_SAVED: &str = "Nothing was saved. Please correct:";

impl Errors {
    /// One wrong input.
    pub(in crate::web) fn of_field(id: &str, label: &str, sentence: &str) -> Self {
        let mut errors = Self { heading: NOTHING_SAVED, ..Self::default() };
        errors.push(id, label, sentence);
        errors
    }

    /// Another wrong input.
    pub(in crate::web) fn push(&mut self, id: &str, label: &str, sentence: &str) {
        self.heading = NOTHING_SAVED;
        let message = if label.is_empty() { capitalized(sentence) } else { format!("{label}: {sentence}") };
        self.items.push(FormError { id: id.to_owned(), message, sentence: capitalized(sentence) });
    }

    /// What a refused change means for the form it came from; `inputs` pairs ids with labels.
    ///
    /// # Errors
    /// The refusal itself, when no form can help: no permission, not found, trouble.
    pub(in crate::web) fn of_refusal(refusal: ApiError, inputs: &[(&str, &str)]) -> Result<Self, ApiError> {
        let fields = refusal.fields();
        let mut errors = Self { heading: NOTHING_SAVED, ..Self::default() };
        match (refusal.code(), refusal.status()) {
            ("schema_violation" | "unique_violation", _) if !fields.is_empty() => {
                for (name, sentence) in fields {
                    let known = inputs.iter().find(|(id, _)| *id == name || id.strip_suffix(".0") == Some(&name));
                    let (id, label) = known.copied().unwrap_or(("main", name.as_str()));
                    errors.push(id, label, &sentence);
                }
            }
            ("no_permission" | "cross_site_request", _) => return Err(refusal),
            (_, status @ (StatusCode::FORBIDDEN | StatusCode::CONFLICT)) => {
                errors.push("main", "", refusal.sentence());
                errors.status = Some(status);
            }
            (_, StatusCode::BAD_REQUEST) => errors.push("main", "", refusal.sentence()),
            _ => return Err(refusal),
        }
        Ok(errors)
    }

    /// The same below another heading: something was saved, or nothing was to be.
    pub(in crate::web) const fn headed(mut self, heading: &'static str) -> Self {
        self.heading = heading;
        self
    }

    /// Whether nothing is wrong.
    pub(in crate::web) const fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// Status of the page that shows them.
    pub(in crate::web) fn status(&self) -> StatusCode {
        match self.status {
            _ if self.is_empty() => StatusCode::OK,
            Some(status) => status,
            None => StatusCode::UNPROCESSABLE_ENTITY,
        }
    }
}

fn capitalized(sentence: &str) -> String {
    let mut letters = sentence.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// Text of an optional input as a member: empty text is none.
pub(in crate::web) fn optional(text: &str) -> serde_json::Value {
    if text.is_empty() { serde_json::Value::Null } else { text.into() }
}
