//! Objects at places. Whoever reads an object names every member it knows; `finish` reports the rest.

use std::cell::RefCell;
use std::fmt;

use aws_lc_rs::digest;
use serde_json::{Map, Value};

use crate::config::keys::nearest;

/// Members of every entity that mean nothing here.
const WITHOUT_MEANING: [&str; 5] = ["tags", "created_at", "updated_at", "_comment", "_ignore"];

/// What is wrong, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// E.g. `services[0].routes[1].paths[0]`; empty for the whole file.
    pub place: String,
    /// The rest of the sentence.
    pub message: String,
    /// Whether a vault reference could not be resolved, which `check` only warns about.
    pub is_unresolved: bool,
}

impl Problem {
    /// A problem of the whole file.
    #[must_use]
    pub const fn about_file(message: String) -> Self {
        Self { place: String::new(), message, is_unresolved: false }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let separator = if self.place.is_empty() { "" } else { " " };
        write!(f, "{}{separator}{}", self.place, self.message)
    }
}

/// What was found wrong so far.
#[derive(Default)]
pub(super) struct Problems(RefCell<Vec<Problem>>);

impl Problems {
    pub(super) fn add(&self, place: &str, message: impl Into<String>) {
        let problem = Problem { place: place.to_owned(), message: message.into(), is_unresolved: false };
        self.0.borrow_mut().push(problem);
    }

    pub(super) fn add_unresolved(&self, place: &str, message: String) {
        self.0.borrow_mut().push(Problem { place: place.to_owned(), message, is_unresolved: true });
    }

    pub(super) fn into_vec(self) -> Vec<Problem> {
        self.0.into_inner()
    }
}

/// A JSON object at its place.
pub(super) struct Object<'v> {
    members: &'v Map<String, Value>,
    pub(super) place: String,
    known: Vec<&'static str>,
    problems: &'v Problems,
}

impl<'v> Object<'v> {
    /// `None` when `value` is no object, which is a problem.
    pub(super) fn of(value: &'v Value, place: String, problems: &'v Problems) -> Option<Self> {
        match value {
            Value::Object(members) => Some(Self { members, place, known: WITHOUT_MEANING.to_vec(), problems }),
            _ => {
                problems.add(&place, "is not an object");
                None
            }
        }
    }

    /// Where problems are reported.
    pub(super) const fn problems(&self) -> &'v Problems {
        self.problems
    }

    /// A member's place.
    pub(super) fn at(&self, name: &str) -> String {
        if self.place.is_empty() { name.to_owned() } else { format!("{}.{name}", self.place) }
    }

    /// Reports a problem of a member.
    pub(super) fn problem(&self, name: &str, message: impl Into<String>) {
        self.problems.add(&self.at(name), message);
    }

    /// The member; `null` is as good as absent.
    pub(super) fn get(&mut self, name: &'static str) -> Option<&'v Value> {
        self.known.push(name);
        self.members.get(name).filter(|value| !value.is_null())
    }

    /// Text that is not empty.
    pub(super) fn text(&mut self, name: &'static str) -> Option<String> {
        match self.get(name)? {
            Value::String(text) if text.is_empty() => None,
            Value::String(text) => Some(text.clone()),
            _ => {
                self.problem(name, "is not a string: put it in quotes");
                None
            }
        }
    }

    pub(super) fn flag(&mut self, name: &'static str, default: bool) -> bool {
        match self.get(name) {
            None => default,
            Some(Value::Bool(flag)) => *flag,
            Some(_) => {
                self.problem(name, "is not a boolean: write true or false");
                default
            }
        }
    }

    /// A whole number within limits.
    pub(super) fn whole(&mut self, name: &'static str, least: i64, most: i64) -> Option<i64> {
        let number = self.get(name)?.as_i64().filter(|number| (least..=most).contains(number));
        if number.is_none() {
            self.problem(name, format!("is not a whole number from {least} to {most}"));
        }
        number
    }

    /// Texts; a single one counts as a list of one.
    pub(super) fn texts(&mut self, name: &'static str) -> Vec<String> {
        let Some(value) = self.get(name) else { return Vec::new() };
        self.texts_of(value, name)
    }

    /// The texts of a value that stands at `name`.
    pub(super) fn texts_of(&self, value: &Value, name: &str) -> Vec<String> {
        let items = match value {
            Value::Array(items) => items.as_slice(),
            single => std::slice::from_ref(single),
        };
        let mut texts = Vec::with_capacity(items.len());
        for (index, item) in items.iter().enumerate() {
            match item {
                Value::String(text) if !text.is_empty() => texts.push(text.clone()),
                _ => self.problem(&format!("{name}[{index}]"), "is not a string with at least one character"),
            }
        }
        texts
    }

    /// The objects of a list.
    pub(super) fn objects(&mut self, name: &'static str) -> Vec<Self> {
        match self.get(name) {
            None => Vec::new(),
            Some(Value::Array(items)) => {
                let object = |(index, item)| Self::of(item, format!("{}[{index}]", self.at(name)), self.problems);
                items.iter().enumerate().filter_map(object).collect()
            }
            Some(_) => {
                self.problem(name, "is not a list");
                Vec::new()
            }
        }
    }

    /// An object.
    pub(super) fn object(&mut self, name: &'static str) -> Option<Self> {
        let value = self.get(name)?;
        Self::of(value, self.at(name), self.problems)
    }

    /// The id or name of another entity: a text, or an object with `id` or `name`.
    pub(super) fn reference(&mut self, name: &'static str) -> Option<String> {
        match self.get(name)? {
            Value::String(text) => Some(text.clone()),
            Value::Object(members) => {
                let text = members.get("id").or_else(|| members.get("name")).and_then(Value::as_str);
                if text.is_none() {
                    self.problem(name, "has neither id nor name");
                }
                text.map(str::to_owned)
            }
            _ => {
                self.problem(name, "is neither a name nor an object with id or name");
                None
            }
        }
    }

    /// Refuses members that Kong knows and kong-sso has no use for.
    pub(super) fn refuse(&mut self, names: &[&'static str], why: &str) {
        for name in names {
            if let Some(value) = self.get(name)
                && *value != Value::Array(Vec::new())
            {
                self.problem(name, why);
            }
        }
    }

    /// Knows members that have no effect.
    pub(super) fn ignore(&mut self, names: &[&'static str]) {
        self.known.extend_from_slice(names);
    }

    /// Every member name.
    pub(super) fn names(&self) -> impl Iterator<Item = &'v String> + use<'v> {
        self.members.keys()
    }

    /// What stands at a name that is not known beforehand.
    pub(super) fn value_of(&self, name: &str) -> Option<&'v Value> {
        self.members.get(name)
    }

    /// Reports the members that nobody named.
    pub(super) fn finish(self) {
        for name in self.members.keys().filter(|name| !self.known.contains(&name.as_str())) {
            let hint = match nearest(name, self.known.iter().copied()) {
                Some(known) => format!(" (did you mean '{known}'?)"),
                None => String::new(),
            };
            self.problem(name, format!("is not known{hint}"));
        }
    }
}

/// A lasting UUID for an entity that has none: the same name gives the same one after every reload.
pub(super) fn made_id(kind: &str, name: &str) -> String {
    let hash = digest::digest(&digest::SHA256, format!("{kind}:{name}").as_bytes());
    let bytes = hash.as_ref().first_chunk::<16>().copied().unwrap_or_default();
    uuid::Builder::from_custom_bytes(bytes).into_uuid().to_string()
}
