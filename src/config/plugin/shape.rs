//! Holds a configuration against the table: names, types, words and URLs. What comes out has every default filled in and
//! every vault reference resolved. No value of a secret gets into a finding: only words of an enumeration are shown.

use serde_json::{Map, Value};

use super::parameter::{Kind, Parameter, Preset, Rows, Status};
use super::{PluginContext, table};
use crate::config::build::{http_url, is_header_name};
use crate::config::finding::Findings;
use crate::config::{keys, types, vault};

/// Text that stands for nothing where a header is named (openid-connect.md 14, Curity).
const NIL: &str = "nil";

/// Reads values and reports. A value that is wrong counts as unset; its error is among the findings.
pub(super) struct Shaper<'c> {
    pub(super) context: &'c PluginContext<'c>,
    pub(super) findings: &'c mut Findings,
}

impl Shaper<'_> {
    fn error(&mut self, place: &str, rest: &str) {
        self.findings.error(place, format!("{place} {rest}"));
    }

    /// An error about the type; it counts as nothing.
    fn wrong(&mut self, place: &str, rest: &str) -> Option<Value> {
        self.error(place, rest);
        None
    }

    /// A record with all of its members.
    pub(super) fn record(&mut self, rows: Rows, given: &Map<String, Value>, place: &str) -> Map<String, Value> {
        self.report_unknown(rows, given, place);
        table::rows(rows)
            .map(|row| (row.name.to_owned(), self.member(row, given.get(row.name), &format!("{place}.{}", row.name))))
            .collect()
    }

    fn report_unknown(&mut self, rows: Rows, given: &Map<String, Value>, place: &str) {
        for name in given.keys().filter(|name| table::find(rows, name).is_none()) {
            let hint = match keys::nearest(name, table::rows(rows).map(|row| row.name)) {
                Some(known) => format!(" (did you mean '{known}'?)"),
                None => String::new(),
            };
            self.error(&format!("{place}.{name}"), &format!("is unknown{hint}"));
        }
    }

    fn member(&mut self, row: &Parameter, given: Option<&Value>, place: &str) -> Value {
        let errors_before = self.findings.errors.len();
        let read = given.and_then(|value| self.value(row.kind, value, place));
        let is_wrong = self.findings.errors.len() > errors_before;
        match (read, row.preset) {
            (Some(Value::Null) | None, Preset::Required) if !is_wrong => {
                self.error(place, "is required");
                Value::Null
            }
            (Some(Value::Null), Preset::Or(_)) => Value::Null,
            (Some(Value::Null) | None, _) => row.default(),
            (Some(value), _) => {
                self.judge(row, &value, place);
                value
            }
        }
    }

    /// Says what becomes of a value that was set.
    fn judge(&mut self, row: &Parameter, value: &Value, place: &str) {
        match row.status {
            Status::Implemented | Status::Within => {}
            Status::Deprecated(successor) => {
                self.findings.warn(place, format!("{place} is deprecated: use {successor}"));
            }
            Status::Except(words) => self.refuse_words(words, value, place),
            Status::Inert(_) | Status::Refused(_) if is_off(row, value) => {}
            Status::Inert(reason) => self.findings.warn(place, format!("{place} has no effect: {reason}")),
            Status::Refused(what) => self.error(place, &format!("is not available in this release ({what})")),
        }
    }

    fn refuse_words(&mut self, words: &[&str], value: &Value, place: &str) {
        for (place, word) in texts_with_places(value, place) {
            if words.contains(&word) {
                self.error(&place, &format!("= {word} is not available in this release"));
            }
        }
    }

    /// The value in its form; null when it is empty, `None` when it is wrong.
    fn value(&mut self, kind: Kind, given: &Value, place: &str) -> Option<Value> {
        if given.is_null() {
            return Some(Value::Null);
        }
        match kind {
            Kind::Flag if given.is_boolean() => Some(given.clone()),
            Kind::Flag => self.wrong(place, "is not a boolean: write true or false without quotes"),
            Kind::Decimal if given.is_number() => Some(given.clone()),
            Kind::Decimal => self.wrong(place, "is not a number"),
            Kind::Number => self.whole(given, 0, i64::MAX, place),
            Kind::Whole(least, most) => self.whole(given, least, most, place),
            Kind::Text | Kind::Url | Kind::Header | Kind::Word(_) => self.text(kind, given, place),
            Kind::Texts | Kind::Urls | Kind::Words(_) | Kind::Path => self.texts(kind, given, place),
            Kind::Paths => self.paths(given, place),
            Kind::Record(rows) => match given {
                Value::Object(members) => Some(Value::Object(self.record(rows, members, place))),
                _ => self.wrong(place, "is not an object"),
            },
            Kind::Records(rows) => self.records(rows, given, place),
        }
    }

    fn whole(&mut self, given: &Value, least: i64, most: i64, place: &str) -> Option<Value> {
        let number = given.as_f64().and_then(types::whole).and_then(|number| i64::try_from(number).ok());
        match number {
            Some(number) if (least..=most).contains(&number) => Some(number.into()),
            Some(_) => self.wrong(place, &format!("is not between {least} and {most}")),
            None => self.wrong(place, "is not a whole number of at least 0"),
        }
    }

    fn text(&mut self, kind: Kind, given: &Value, place: &str) -> Option<Value> {
        let Value::String(written) = given else { return self.wrong(place, "is not a string") };
        let text = self.resolved(written, place)?;
        let is_nothing = text.is_empty() || matches!(kind, Kind::Header) && text == NIL;
        match kind {
            _ if is_nothing => Some(Value::Null),
            Kind::Url | Kind::Urls if !is_url(&text) => self.wrong(place, "is not an http or https URL"),
            Kind::Header if !is_header(&text) => self.wrong(place, "is not a header's name"),
            Kind::Word(words) | Kind::Words(words) if !words.contains(&text.as_str()) => {
                let shown = if *written == text { format!("'{text}' ") } else { String::new() };
                self.wrong(place, &format!("has an invalid value: {shown}({})", words.join(", ")))
            }
            _ => Some(text.into()),
        }
    }

    fn resolved(&mut self, text: &str, place: &str) -> Option<String> {
        if !vault::is_reference(text) {
            return Some(text.to_owned());
        }
        let secret = (self.context.resolve)(text);
        secret.map_err(|error| self.error(place, &format!("cannot be resolved: {error}"))).ok()
    }

    /// A list; one text is a list of one. A list of one empty text is nothing, and so is a path of no members.
    fn texts(&mut self, kind: Kind, given: &Value, place: &str) -> Option<Value> {
        let given = match given {
            Value::Array(items) => items.as_slice(),
            one => std::slice::from_ref(one),
        };
        let is_nothing = match given {
            [] => matches!(kind, Kind::Path),
            [Value::String(only)] => only.is_empty(),
            _ => false,
        };
        if is_nothing {
            return Some(Value::Null);
        }
        let items = given.iter().enumerate().map(|(index, item)| self.item(kind, item, &format!("{place}[{index}]")));
        // Each item reports for itself.
        let items: Vec<Option<Value>> = items.collect();
        items.into_iter().collect::<Option<Vec<Value>>>().map(Value::Array)
    }

    /// An item keeps its place even when it is empty: lists may be parallel.
    fn item(&mut self, kind: Kind, given: &Value, place: &str) -> Option<Value> {
        match self.text(kind, given, place)? {
            Value::Null if matches!(kind, Kind::Texts) => Some(Value::String(String::new())),
            Value::Null => self.wrong(place, "is empty"),
            text => Some(text),
        }
    }

    /// Paths; a text among them, or alone, is a path of one.
    fn paths(&mut self, given: &Value, place: &str) -> Option<Value> {
        let given = match given {
            Value::Array(items) => items.as_slice(),
            one => std::slice::from_ref(one),
        };
        let paths = given.iter().enumerate();
        let paths = paths.map(|(index, path)| self.texts(Kind::Path, path, &format!("{place}[{index}]")));
        let paths: Vec<Option<Value>> = paths.collect();
        let paths = paths.into_iter().collect::<Option<Vec<Value>>>()?;
        Some(Value::Array(paths.into_iter().filter(|path| path.as_array().is_some_and(|it| !it.is_empty())).collect()))
    }

    fn records(&mut self, rows: Rows, given: &Value, place: &str) -> Option<Value> {
        let Value::Array(items) = given else { return self.wrong(place, "is not a list of objects") };
        let mut records = Vec::with_capacity(items.len());
        for (index, item) in items.iter().enumerate() {
            let place = format!("{place}[{index}]");
            records.push(self.value(Kind::Record(rows), item, &place)?);
        }
        Some(Value::Array(records))
    }
}

/// Texts of a word or a list of words, with their places.
fn texts_with_places<'v>(value: &'v Value, place: &str) -> Vec<(String, &'v str)> {
    match value {
        Value::String(text) => vec![(place.to_owned(), text)],
        Value::Array(items) => items
            .iter()
            .enumerate()
            .filter_map(|(index, item)| Some((format!("{place}[{index}]"), item.as_str()?)))
            .collect(),
        _ => Vec::new(),
    }
}

/// Whether a value says the same as leaving the parameter out: its default, off, or nothing.
fn is_off(row: &Parameter, value: &Value) -> bool {
    let is_member_off = |name: &str, member: &Value| {
        table::find(row.kind.members(), name).is_some_and(|row| member.is_null() || is_off(row, member))
    };
    match value {
        Value::Object(members) => members.iter().all(|(name, member)| is_member_off(name, member)),
        Value::Array(items) if items.is_empty() => true,
        Value::Bool(false) if row.preset == Preset::Unset => true,
        _ => *value == row.default(),
    }
}

/// A URL that can be used as it was written: parsers forgive spaces and line ends, headers do not.
fn is_url(text: &str) -> bool {
    let is_reference = vault::is_reference(text);
    http_url(text).is_some() && (is_reference || text.bytes().all(|byte| byte.is_ascii_graphic()))
}

/// A header's name, or `name:scheme`.
fn is_header(text: &str) -> bool {
    let (name, scheme) = text.split_once(':').unwrap_or((text, "scheme"));
    is_header_name(name) && is_header_name(scheme)
}
