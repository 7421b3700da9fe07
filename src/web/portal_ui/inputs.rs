//! The inputs that `portal_developer_meta_fields` defines.

use serde_json::{Map, Value};

use super::forms::Fields;
use crate::domain::meta_field::{FieldKind, MetaField, MetaFields};
use crate::web::admin_ui::form::{Choice, Errors, Field};

/// An input of a form.
pub(super) struct MetaInput {
    pub(super) id: String,
    pub(super) label: String,
    /// Type of the input; `textarea`, `select` and `checkbox` are other elements.
    pub(super) kind: &'static str,
    pub(super) required: bool,
    pub(super) field: Field,
    pub(super) options: Vec<Choice>,
    pub(super) checked: bool,
}

/// The inputs with what `values` hold.
pub(super) fn inputs(fields: &MetaFields, values: &Map<String, Value>, errors: &Errors) -> Vec<MetaInput> {
    fields.iter().map(|field| input(field, values.get(&field.title), errors)).collect()
}

fn input(field: &MetaField, value: Option<&Value>, errors: &Errors) -> MetaInput {
    let id = id(field);
    let text = match value {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    };
    let options = match &field.kind {
        FieldKind::Select(options) => {
            let none = (!field.required || text.is_empty()).then(|| Choice::new("", "choose", &text));
            none.into_iter().chain(options.iter().map(|one| Choice::new(one.as_str(), one.as_str(), &text))).collect()
        }
        _ => Vec::new(),
    };
    MetaInput {
        label: field.label.clone(),
        kind: kind(&field.kind),
        required: field.required,
        options,
        checked: matches!(text.as_str(), "true" | "on"),
        field: Field::checked(text, errors, &id),
        id,
    }
}

fn id(field: &MetaField) -> String {
    format!("meta.{}", field.title)
}

const fn kind(kind: &FieldKind) -> &'static str {
    match kind {
        FieldKind::String => "text",
        FieldKind::Text => "textarea",
        FieldKind::Number => "number",
        FieldKind::Boolean => "checkbox",
        FieldKind::Email => "email",
        FieldKind::Url => "url",
        FieldKind::Select(_) => "select",
    }
}

/// What was typed. A box that is not ticked says no.
pub(super) fn typed(fields: &MetaFields, form: &Fields) -> Map<String, Value> {
    let text = |field: &MetaField| match (&field.kind, form.text(&id(field))) {
        (FieldKind::Boolean, "") => "false".to_owned(),
        (_, text) => text.to_owned(),
    };
    fields.iter().map(|field| (field.title.clone(), Value::String(text(field)))).collect()
}

/// Ids and labels, for the list of errors.
pub(super) fn labels(fields: &MetaFields) -> Vec<(String, String)> {
    fields.iter().map(|field| (id(field), field.label.clone())).collect()
}
