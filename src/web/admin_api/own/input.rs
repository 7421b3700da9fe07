//! Bodies of own doors become typed values here: every wrong member is named, as Kong does (kong-manager.md 4.10). Form
//! bodies are text, so `"true"` is a boolean, `"4"` a number, `"a,b"` a list, and an empty value is none.

use std::collections::BTreeMap;
use std::fmt::Display;

use serde_json::{Map, Value};

use crate::domain::application::RedirectUri;
use crate::domain::rbac::ActionSet;
use crate::kong::body::Members;
use crate::services::edit::Edit;
use crate::web::error::ApiError;

/// Longest free text, characters.
const LONGEST_TEXT: usize = 4096;
/// Longest document, bytes.
const LONGEST_DOCUMENT: usize = 256 * 1024;
/// Most redirect URIs of an application.
const MOST_URIS: usize = 50;
/// Most items of a list.
const MOST_ITEMS: usize = 1000;

/// A body that is being read. Readers give `None` for a member that is wrong; [`Input::finish`] then refuses all of them.
pub(super) struct Input<'b> {
    body: &'b Members,
    known: Vec<&'static str>,
    wrong: BTreeMap<String, String>,
}

/// How a member is given.
enum Given<'b> {
    Absent,
    Null,
    Value(&'b Value),
}

impl<'b> Input<'b> {
    /// Begins to read a body. `read_only` are members that answers show and requests may repeat without effect.
    pub(super) fn of(body: &'b Members, read_only: &[&'static str]) -> Self {
        Self { body, known: read_only.to_vec(), wrong: BTreeMap::new() }
    }

    fn take(&mut self, name: &'static str) -> Given<'b> {
        self.known.push(name);
        match self.body.get(name) {
            None => Given::Absent,
            Some(Value::Null) => Given::Null,
            Some(Value::String(text)) if text.is_empty() => Given::Null,
            Some(value) => Given::Value(value),
        }
    }

    /// Refuses a member with a sentence.
    pub(super) fn refuse<T>(&mut self, name: &'static str, sentence: impl Display) -> Option<T> {
        self.known.push(name);
        self.wrong.insert(name.to_owned(), sentence.to_string());
        None
    }

    /// Refuses a member with a sentence if the body has it.
    pub(super) fn refuse_if_present(&mut self, name: &'static str, sentence: &str) {
        if self.body.contains_key(name) {
            self.refuse::<()>(name, sentence);
        }
    }

    fn parsed<T, E: Display>(
        &mut self,
        name: &'static str,
        value: &Value,
        parse: impl Fn(&str) -> Result<T, E>,
    ) -> Option<T> {
        let Value::String(text) = value else { return self.refuse(name, "expected a string") };
        match parse(text) {
            Ok(parsed) => Some(parsed),
            Err(error) => self.refuse(name, error),
        }
    }

    /// A text that must be there.
    pub(super) fn required<T, E: Display>(
        &mut self,
        name: &'static str,
        parse: impl Fn(&str) -> Result<T, E>,
    ) -> Option<T> {
        match self.take(name) {
            Given::Value(value) => self.parsed(name, value, parse),
            Given::Absent | Given::Null => self.refuse(name, "required field missing"),
        }
    }

    /// A text that may be missing.
    pub(super) fn optional<T, E: Display>(
        &mut self,
        name: &'static str,
        parse: impl Fn(&str) -> Result<T, E>,
    ) -> Option<Option<T>> {
        match self.take(name) {
            Given::Value(value) => self.parsed(name, value, parse).map(Some),
            Given::Absent | Given::Null => Some(None),
        }
    }

    /// A text that may be kept, changed or removed.
    pub(super) fn edit<T, E: Display>(
        &mut self,
        name: &'static str,
        parse: impl Fn(&str) -> Result<T, E>,
    ) -> Option<Edit<Option<T>>> {
        match self.take(name) {
            Given::Value(value) => self.parsed(name, value, parse).map(|parsed| Edit::To(Some(parsed))),
            Given::Null => Some(Edit::To(None)),
            Given::Absent => Some(Edit::Keep),
        }
    }

    /// A boolean that may be missing.
    pub(super) fn flag(&mut self, name: &'static str) -> Option<Option<bool>> {
        match self.take(name) {
            Given::Absent | Given::Null => Some(None),
            Given::Value(Value::Bool(flag)) => Some(Some(*flag)),
            Given::Value(Value::String(text)) if text == "true" => Some(Some(true)),
            Given::Value(Value::String(text)) if text == "false" => Some(Some(false)),
            Given::Value(_) => self.refuse(name, "expected a boolean"),
        }
    }

    /// A whole number that may be missing.
    pub(super) fn number<T, E: Display>(
        &mut self,
        name: &'static str,
        parse: impl Fn(i64) -> Result<T, E>,
    ) -> Option<Option<T>> {
        let number = match self.take(name) {
            Given::Absent | Given::Null => return Some(None),
            Given::Value(Value::Number(number)) => number.as_i64(),
            Given::Value(Value::String(text)) => text.parse().ok(),
            Given::Value(_) => None,
        };
        match number.map(parse) {
            Some(Ok(parsed)) => Some(Some(parsed)),
            Some(Err(error)) => self.refuse(name, error),
            None => self.refuse(name, "expected an integer"),
        }
    }

    /// A list of texts that may be missing: comma separated, or an array.
    pub(super) fn words(&mut self, name: &'static str) -> Option<Option<Vec<String>>> {
        let items: Vec<&str> = match self.take(name) {
            Given::Absent | Given::Null => return Some(None),
            Given::Value(Value::String(text)) => vec![text],
            Given::Value(Value::Array(items)) => match items.iter().map(Value::as_str).collect() {
                Some(items) => items,
                None => return self.refuse(name, "expected an array of strings"),
            },
            Given::Value(_) => return self.refuse(name, "expected a string or an array"),
        };
        let words = items.into_iter().flat_map(|item| item.split(',')).map(str::trim).filter(|word| !word.is_empty());
        let words: Vec<String> = words.map(str::to_owned).collect();
        if words.len() > MOST_ITEMS {
            self.refuse(name, format!("at most {MOST_ITEMS} items"))
        } else {
            Some(Some(words))
        }
    }

    /// A list of texts that must not be empty.
    pub(super) fn required_words(&mut self, name: &'static str) -> Option<Vec<String>> {
        match self.words(name)? {
            Some(words) if !words.is_empty() => Some(words),
            _ => self.refuse(name, "required field missing"),
        }
    }

    /// Actions that may be missing; `*` stands for all four.
    pub(super) fn actions(&mut self, name: &'static str) -> Option<Option<ActionSet>> {
        let Some(words) = self.words(name)? else { return Some(None) };
        match ActionSet::parse(words.iter().map(String::as_str)) {
            Ok(actions) => Some(Some(actions)),
            Err(error) => self.refuse(name, error),
        }
    }

    /// An object that may be kept, changed or emptied.
    pub(super) fn object(&mut self, name: &'static str) -> Option<Edit<Map<String, Value>>> {
        match self.take(name) {
            Given::Absent => Some(Edit::Keep),
            Given::Null => Some(Edit::To(Map::new())),
            Given::Value(Value::Object(members)) => Some(Edit::To(members.clone())),
            Given::Value(_) => self.refuse(name, "expected a record"),
        }
    }

    /// A value of any form that may be missing.
    pub(super) fn value<T, E: Display>(
        &mut self,
        name: &'static str,
        parse: impl Fn(&Value) -> Result<T, E>,
    ) -> Option<Option<T>> {
        match self.take(name) {
            Given::Absent | Given::Null => Some(None),
            Given::Value(value) => match parse(value) {
                Ok(parsed) => Some(Some(parsed)),
                Err(error) => self.refuse(name, error),
            },
        }
    }

    /// A reference to another entity that may be missing: `{"id": ..}`, `{"name": ..}`, `name.id=..` of a form, or the key
    /// itself.
    pub(super) fn reference(&mut self, name: &'static str) -> Option<Option<String>> {
        self.value(name, |value| {
            let key = match value {
                Value::Object(members) => members.get("id").or_else(|| members.get("name")).unwrap_or(&Value::Null),
                other => other,
            };
            key.as_str().ok_or("expected a reference such as {\"id\": \"..\"}").and_then(|key| {
                if key.is_empty() || key.len() > 256 { Err("expected a reference") } else { Ok(key.to_owned()) }
            })
        })
    }

    /// Redirect URIs that may be missing: `redirect_uris`, or one as `redirect_uri` (in Kong's own description also
    /// `request_uri`).
    pub(super) fn redirect_uris(&mut self) -> Option<Option<Vec<RedirectUri>>> {
        let mut found = None;
        for name in ["redirect_uris", "redirect_uri", "request_uri"] {
            let texts = |value: &Value| match value {
                Value::String(text) => Ok(vec![text.clone()]),
                Value::Array(items) => items
                    .iter()
                    .map(|item| item.as_str().map(str::to_owned))
                    .collect::<Option<_>>()
                    .ok_or("expected strings".to_owned()),
                _ => Err("expected a string or an array".to_owned()),
            };
            let parsed = self.value(name, |value| {
                let texts: Vec<String> = texts(value)?;
                if texts.len() > MOST_URIS {
                    return Err(format!("at most {MOST_URIS} items"));
                }
                texts.iter().map(|text| RedirectUri::parse(text)).collect::<Result<Vec<_>, _>>()
            })?;
            found = found.or(parsed);
        }
        Some(found)
    }

    /// Makes the typed input, unless a member was wrong or is unknown.
    ///
    /// # Errors
    /// 400 with every wrong member.
    pub(super) fn finish<T>(mut self, build: impl FnOnce() -> Option<T>) -> Result<T, ApiError> {
        for name in self.body.keys().filter(|name| !self.known.contains(&name.as_str())) {
            self.wrong.insert(name.clone(), "unknown field".to_owned());
        }
        if self.wrong.is_empty() {
            return build().ok_or_else(ApiError::internal);
        }
        Err(ApiError::schema(self.wrong.into_iter().collect()))
    }
}

/// Free text: any characters but control characters other than line breaks and tabs.
///
/// # Errors
/// What is wrong with it.
pub(super) fn free_text(text: &str) -> Result<String, String> {
    if text.chars().count() > LONGEST_TEXT {
        return Err(format!("must be at most {LONGEST_TEXT} characters long"));
    }
    if text.chars().any(|character| character.is_control() && !matches!(character, '\n' | '\r' | '\t')) {
        return Err("must not contain control characters".to_owned());
    }
    Ok(text.to_owned())
}

/// A document: text of many lines.
///
/// # Errors
/// What is wrong with it.
pub(super) fn document(text: &str) -> Result<String, String> {
    if text.len() > LONGEST_DOCUMENT {
        return Err(format!("must be at most {LONGEST_DOCUMENT} bytes long"));
    }
    if text.contains('\0') {
        return Err("must not contain the NUL character".to_owned());
    }
    Ok(text.to_owned())
}

/// Text on one line, trimmed, at most 256 characters.
///
/// # Errors
/// What is wrong with it.
pub(super) fn short_text(text: &str) -> Result<String, String> {
    let text = text.trim();
    match text.chars().count() {
        0 => Err("must not be empty".to_owned()),
        257.. => Err("must be at most 256 characters long".to_owned()),
        _ if text.chars().any(char::is_control) => Err("must not contain control characters".to_owned()),
        _ => Ok(text.to_owned()),
    }
}

/// A mail address, roughly: whether mail arrives is seen when it is sent.
///
/// # Errors
/// What is wrong with it.
pub(super) fn email(text: &str) -> Result<String, String> {
    let text = short_text(text)?;
    let is_address = text.rsplit_once('@').is_some_and(|(local, domain)| !local.is_empty() && !domain.is_empty());
    if is_address && !text.chars().any(char::is_whitespace) {
        Ok(text)
    } else {
        Err(format!("invalid email address '{text}'"))
    }
}

/// A UUID.
///
/// # Errors
/// It is none.
pub(super) fn id<T: std::str::FromStr>(text: &str) -> Result<T, &'static str> {
    text.parse().map_err(|_| "expected a valid UUID")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::domain::ids::UserName;
    use proptest::prelude::*;
    use serde_json::json;

    type Read = (UserName, Option<bool>, Edit<Option<String>>, Option<Vec<String>>, Option<ActionSet>);

    fn read(body: &Value) -> Result<Read, ApiError> {
        let body = body.as_object().unwrap();
        let mut input = Input::of(body, &["id"]);
        let name = input.required("name", UserName::parse);
        let enabled = input.flag("enabled");
        let comment = input.edit("comment", free_text);
        let roles = input.words("roles");
        let actions = input.actions("actions");
        input.finish(|| Some((name?, enabled?, comment?, roles?, actions?)))
    }

    fn refusal(body: &Value) -> String {
        read(body).unwrap_err().sentence().to_owned()
    }

    #[test]
    fn members_of_json_and_forms_are_read_alike() {
        let json =
            json!({"id": 7, "name": "a", "enabled": false, "comment": null, "roles": ["x", " y"], "actions": ["*"]});
        let form = json!({"name": "a", "enabled": "false", "comment": "", "roles": "x, y,", "actions": "*"});
        for body in [json, form] {
            let (name, enabled, comment, roles, actions) = read(&body).unwrap();
            assert_eq!((name.as_str(), enabled, comment), ("a", Some(false), Edit::To(None)));
            assert_eq!(roles.unwrap(), ["x", "y"]);
            assert_eq!(actions, Some(ActionSet::ALL));
        }
        let (_, enabled, comment, roles, actions) = read(&json!({"name": "a"})).unwrap();
        assert_eq!((enabled, comment, roles, actions), (None, Edit::Keep, None, None));
    }

    #[test]
    fn every_wrong_member_is_named() {
        assert_eq!(refusal(&json!({})), "schema violation (name: required field missing)");
        assert_eq!(refusal(&json!({"name": ""})), "schema violation (name: required field missing)");
        assert_eq!(refusal(&json!({"name": "a", "colour": "red"})), "schema violation (colour: unknown field)");
        let all = json!({"name": 1, "enabled": "yes", "comment": "a\u{0}", "roles": [1], "actions": "fly", "x": {}});
        assert_eq!(
            refusal(&all),
            "6 schema violations (actions: expected one of: delete, create, update, read, *; got 'fly'; comment: must \
             not contain control characters; enabled: expected a boolean; name: expected a string; roles: expected an \
             array of strings; x: unknown field)"
        );
    }

    #[test]
    fn addresses_are_checked_roughly() {
        assert_eq!(email(" u@x.y ").unwrap(), "u@x.y");
        for bad in ["", "u", "@x", "u@", "a b@x", "a@x\n.y"] {
            assert!(email(bad).is_err(), "{bad}");
        }
    }

    fn any_json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            "\\PC{0,12}|\\x00|true|read,\\*".prop_map(Value::from),
        ];
        leaf.prop_recursive(2, 8, 4, |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                proptest::collection::btree_map("[a-z]{1,3}", inner, 0..3)
                    .prop_map(|members| Value::from(members.into_iter().collect::<Map<_, _>>())),
            ]
        })
    }

    proptest! {
        #[test]
        fn any_body_is_read_or_refused_with_400(
            members in proptest::collection::btree_map("name|enabled|comment|roles|actions|[a-z]{1,4}", any_json(), 0..6),
        ) {
            let body = Value::from(members.into_iter().collect::<Map<_, _>>());
            match read(&body) {
                Ok((name, _, comment, roles, actions)) => {
                    prop_assert!(!name.as_str().is_empty());
                    prop_assert!(roles.iter().flatten().all(|word| !word.is_empty() && !word.contains(',')));
                    prop_assert!(actions.is_none_or(|actions| !actions.is_empty()));
                    if let Edit::To(Some(text)) = comment {
                        prop_assert!(!text.contains('\0'));
                    }
                }
                Err(error) => prop_assert_eq!(error.status().as_u16(), 400),
            }
        }
    }
}
