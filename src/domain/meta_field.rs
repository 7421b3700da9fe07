//! What a registration form asks for (dev-portal.md 3.1, `portal_developer_meta_fields`).

use serde_json::{Map, Value, json};
use url::Url;

use super::developer::EmailAddress;

/// Most fields of a form.
const MOST: usize = 32;
/// Longest value, characters.
const LONGEST: usize = 1024;

/// How a value is typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FieldKind {
    /// One line.
    String,
    /// Several lines.
    Text,
    /// A number.
    Number,
    /// Yes or no.
    Boolean,
    /// An e-mail address.
    Email,
    /// An address of the web.
    Url,
    /// One of these.
    Select(Vec<String>),
}

/// One field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MetaField {
    /// Its heading.
    pub label: String,
    /// Its key in `meta`.
    pub title: String,
    /// Whether it holds the e-mail address.
    pub is_email: bool,
    /// How its value is typed.
    pub kind: FieldKind,
    /// Whether it must have one.
    pub required: bool,
}

/// Every field, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MetaFields(Vec<MetaField>);

impl Default for MetaFields {
    fn default() -> Self {
        Self(vec![MetaField {
            label: "Full Name".to_owned(),
            title: super::developer::FULL_NAME.to_owned(),
            is_email: false,
            kind: FieldKind::String,
            required: true,
        }])
    }
}

impl MetaFields {
    /// Reads a definition.
    ///
    /// # Errors
    /// What is wrong, to be put behind the name of the key.
    pub fn parse(value: &Value) -> Result<Self, String> {
        let items = value.as_array().ok_or("must be a JSON array")?;
        if items.len() > MOST {
            return Err(format!("must have at most {MOST} fields"));
        }
        let fields = items.iter().map(field).collect::<Result<Vec<_>, _>>()?;
        let is_twice = |(at, field): (usize, &MetaField)| fields.iter().skip(at + 1).any(|it| it.title == field.title);
        if fields.iter().enumerate().any(is_twice) {
            return Err("has a title twice".to_owned());
        }
        if fields.iter().filter(|field| field.is_email).count() > 1 {
            return Err("has more than one is_email".to_owned());
        }
        Ok(Self(fields))
    }

    /// The fields.
    pub fn iter(&self) -> impl Iterator<Item = &MetaField> {
        self.0.iter()
    }

    /// The definition as clients see it.
    #[must_use]
    pub fn to_json(&self) -> Value {
        self.0.iter().map(MetaField::to_json).collect()
    }

    /// Checks what somebody submits, and brings each value into its type. Values of text that are empty count as missing.
    ///
    /// # Errors
    /// (title, sentence) of every field that is wrong; unknown ones are.
    pub fn check(&self, given: &Map<String, Value>) -> Result<Map<String, Value>, Vec<(String, String)>> {
        let mut wrong = Vec::new();
        let mut checked = Map::new();
        for field in &self.0 {
            match given.get(&field.title).filter(|value| !is_empty(value)) {
                None if field.required => wrong.push((field.title.clone(), "required field missing".to_owned())),
                None => {}
                Some(value) => match field.value(value) {
                    Ok(value) => drop(checked.insert(field.title.clone(), value)),
                    Err(sentence) => wrong.push((field.title.clone(), sentence)),
                },
            }
        }
        let is_known = |name: &&String| self.0.iter().any(|field| field.title == **name);
        wrong
            .extend(given.keys().filter(|name| !is_known(name)).map(|name| (name.clone(), "unknown field".to_owned())));
        if wrong.is_empty() { Ok(checked) } else { Err(wrong) }
    }
}

fn is_empty(value: &Value) -> bool {
    value.is_null() || value.as_str().is_some_and(|text| text.trim().is_empty())
}

fn field(value: &Value) -> Result<MetaField, String> {
    let text = |name: &str| value.get(name).and_then(Value::as_str);
    let title = text("title").ok_or("has a field without title")?;
    let is_key = title.len() <= 64
        && title.starts_with(|c: char| c.is_ascii_lowercase())
        && title.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
    if !is_key {
        return Err(format!("has the title '{title}': small letters, digits and '_' only, a letter first"));
    }
    let validator = value.get("validator").cloned().unwrap_or_else(|| json!({}));
    let word = validator.get("type").and_then(Value::as_str).unwrap_or("string");
    let options = validator.get("one_of").and_then(Value::as_array);
    let kind = match (word, options) {
        ("string" | "select", Some(options)) if !options.is_empty() => {
            let texts = options.iter().map(|one| one.as_str().map(str::to_owned)).collect::<Option<_>>();
            FieldKind::Select(texts.ok_or_else(|| format!("{title}: one_of must list strings"))?)
        }
        ("select", _) => return Err(format!("{title}: a select needs one_of")),
        ("string", _) => FieldKind::String,
        ("text", _) => FieldKind::Text,
        ("number", _) => FieldKind::Number,
        ("boolean", _) => FieldKind::Boolean,
        ("email", _) => FieldKind::Email,
        ("url", _) => FieldKind::Url,
        (other, _) => return Err(format!("{title}: '{other}' is no type of a field")),
    };
    Ok(MetaField {
        label: text("label").unwrap_or(title).to_owned(),
        title: title.to_owned(),
        is_email: value.get("is_email").and_then(Value::as_bool).unwrap_or(false),
        kind,
        required: validator.get("required").and_then(Value::as_bool).unwrap_or(false),
    })
}

impl MetaField {
    fn word(&self) -> &'static str {
        match self.kind {
            FieldKind::String => "string",
            FieldKind::Text => "text",
            FieldKind::Number => "number",
            FieldKind::Boolean => "boolean",
            FieldKind::Email => "email",
            FieldKind::Url => "url",
            FieldKind::Select(_) => "select",
        }
    }

    fn to_json(&self) -> Value {
        let mut validator = json!({ "type": self.word(), "required": self.required });
        if let (FieldKind::Select(options), Some(members)) = (&self.kind, validator.as_object_mut()) {
            members.insert("one_of".to_owned(), json!(options));
        }
        json!({ "label": self.label, "title": self.title, "is_email": self.is_email, "validator": validator })
    }

    fn value(&self, value: &Value) -> Result<Value, String> {
        let text = match value {
            Value::String(text) => text.trim().to_owned(),
            Value::Number(number) if self.kind == FieldKind::Number => number.to_string(),
            Value::Bool(flag) if self.kind == FieldKind::Boolean => flag.to_string(),
            _ => return Err(format!("expected a {}", self.word())),
        };
        if text.chars().count() > LONGEST {
            return Err(format!("must be at most {LONGEST} characters long"));
        }
        let is_line = self.kind != FieldKind::Text;
        if text.chars().any(|c| c.is_control() && (is_line || !matches!(c, '\n' | '\r' | '\t'))) {
            return Err("must not contain control characters".to_owned());
        }
        self.typed(text)
    }

    fn typed(&self, text: String) -> Result<Value, String> {
        let wrong = || format!("expected a {}", self.word());
        match &self.kind {
            FieldKind::String | FieldKind::Text => Ok(text.into()),
            FieldKind::Number => {
                let number: serde_json::Number = text.parse().map_err(|_| wrong())?;
                Ok(number.into())
            }
            FieldKind::Boolean => match text.as_str() {
                "true" | "on" => Ok(true.into()),
                "false" | "off" => Ok(false.into()),
                _ => Err(wrong()),
            },
            FieldKind::Email => {
                EmailAddress::parse(&text).map(|address| address.as_str().into()).map_err(|error| error.to_string())
            }
            FieldKind::Url => match Url::parse(&text) {
                Ok(url) if matches!(url.scheme(), "http" | "https") => Ok(text.into()),
                _ => Err("expected an address that begins with http:// or https://".to_owned()),
            },
            FieldKind::Select(options) if options.contains(&text) => Ok(text.into()),
            FieldKind::Select(options) => Err(format!("expected one of: {}", options.join(", "))),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use super::*;
    use proptest::prelude::*;

    fn fields() -> MetaFields {
        MetaFields::parse(&json!([
            {"label": "Full Name", "title": "full_name", "validator": {"required": true, "type": "string"}},
            {"label": "Team", "title": "team", "validator": {"type": "select", "one_of": ["web", "mobile"]}},
            {"label": "Seats", "title": "seats", "validator": {"type": "number"}},
            {"label": "Site", "title": "site", "validator": {"type": "url"}},
            {"label": "News", "title": "news", "validator": {"type": "boolean"}}
        ]))
        .unwrap()
    }

    fn check(given: Value) -> Result<Value, Vec<(String, String)>> {
        fields().check(given.as_object().unwrap()).map(Value::Object)
    }

    #[test]
    fn values_come_into_their_types() {
        let given = json!({"full_name": " Ann ", "team": "web", "seats": "3", "site": "https://a.b", "news": "on"});
        let typed = json!({"full_name": "Ann", "team": "web", "seats": 3, "site": "https://a.b", "news": true});
        assert_eq!(check(given), Ok(typed));
        assert_eq!(check(json!({"full_name": "Ann", "team": ""})), Ok(json!({"full_name": "Ann"})));
    }

    #[test]
    fn every_wrong_value_is_named() {
        let wrong = check(json!({"team": "ops", "seats": "x", "site": "javascript:1", "other": 1})).unwrap_err();
        let names: Vec<&str> = wrong.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["full_name", "team", "seats", "site", "other"]);
        assert_eq!(wrong[0].1, "required field missing");
        assert!(check(json!({"full_name": "a\nb"})).is_err() && check(json!({"full_name": "x".repeat(1025)})).is_err());
    }

    #[test]
    fn definitions_that_no_form_can_be_made_of_are_refused() {
        let field = |title: &str, kind: &str| json!({"title": title, "validator": {"type": kind}});
        for bad in [
            json!({}),
            json!([field("Full Name", "string")]),
            json!([field("a", "string"), field("a", "text")]),
            json!([field("a", "file")]),
            json!([field("a", "select")]),
            Value::Array(vec![field("a", "string"); 33]),
        ] {
            assert!(MetaFields::parse(&bad).is_err(), "{bad}");
        }
        assert_eq!(MetaFields::parse(&MetaFields::default().to_json()).unwrap(), MetaFields::default());
        assert_eq!(MetaFields::parse(&fields().to_json()).unwrap(), fields());
    }

    proptest! {
        #[test]
        fn what_was_accepted_is_accepted_again(name in "\\PC{0,30}", seats in "[0-9.eE+-]{0,6}") {
            if let Ok(Value::Object(checked)) = check(json!({"full_name": name, "seats": seats})) {
                prop_assert_eq!(fields().check(&checked).unwrap(), checked);
            }
        }
    }
}
