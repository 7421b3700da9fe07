//! The arguments of a body, and the body without some of them. What stays keeps its bytes.

use std::borrow::Cow;
use std::fmt;

use actix_web::web::Bytes;
use memchr::memmem;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;
use url::form_urlencoded;

use super::changes;
use crate::services::gateway::Arguments;

/// How a body is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// `application/x-www-form-urlencoded`
    Urlencoded,
    /// `application/json`
    Json,
    /// `multipart/form-data` with this boundary.
    Multipart(String),
    /// Anything else.
    Other,
}

impl Form {
    /// Whether bodies of this `Content-Type` are searched.
    pub(super) fn is_searched(content_type: &str) -> bool {
        Self::of(content_type) != Self::Other
    }

    fn of(content_type: &str) -> Self {
        let (kind, parameters) = content_type.split_once(';').unwrap_or((content_type, ""));
        match kind.trim().to_ascii_lowercase().as_str() {
            "application/x-www-form-urlencoded" => Self::Urlencoded,
            "application/json" => Self::Json,
            "multipart/form-data" => match parameter(parameters, "boundary") {
                Some(boundary) if !boundary.is_empty() => Self::Multipart(boundary.to_owned()),
                _ => Self::Other,
            },
            _ => Self::Other,
        }
    }

    /// The form of a whole body.
    pub(super) fn parse(content_type: &str, _body: &Bytes) -> Self {
        Self::of(content_type)
    }

    /// Its text arguments; a body that is not what it says has none.
    pub(super) fn arguments(&self, body: &[u8]) -> Option<Arguments> {
        let pairs = match self {
            Self::Urlencoded => form_urlencoded::parse(body).map(|(n, v)| (n.into_owned(), v.into_owned())).collect(),
            Self::Json => {
                let members = Members::parse(body)?.0;
                let text = |value: &RawValue| serde_json::from_str::<String>(value.get()).ok();
                members.into_iter().filter_map(|(name, value)| Some((name.into_owned(), text(value)?))).collect()
            }
            Self::Multipart(boundary) => parts(body, boundary).filter_map(|part| part.field()).collect(),
            Self::Other => return None,
        };
        Some(Arguments(pairs))
    }

    /// The body without arguments of these names.
    pub(super) fn without(&self, body: Bytes, removed: &[String]) -> Bytes {
        match self {
            Self::Urlencoded => match std::str::from_utf8(&body) {
                Ok(text) => changes::arguments(text, removed).into_owned().into(),
                Err(_) => body,
            },
            Self::Json => without_members(&body, removed).unwrap_or(body),
            Self::Multipart(boundary) => without_parts(&body, boundary, removed),
            Self::Other => body,
        }
    }
}

/// A parameter of a header value.
fn parameter<'h>(parameters: &'h str, name: &str) -> Option<&'h str> {
    let pairs = parameters.split(';').filter_map(|pair| pair.split_once('='));
    let mut found = pairs.filter(|(known, _)| known.trim().eq_ignore_ascii_case(name));
    found.next().map(|(_, value)| value.trim().trim_matches('"'))
}

/// The members of a JSON object in their order, those that stand twice included.
struct Members<'b>(Vec<(Cow<'b, str>, &'b RawValue)>);

impl<'b> Members<'b> {
    /// `None` for `null`, lists, scalars and what is no JSON.
    fn parse(body: &'b [u8]) -> Option<Self> {
        let mut reader = serde_json::Deserializer::from_slice(body);
        let members = reader.deserialize_map(MembersVisitor).ok()?;
        reader.end().ok().map(|()| members)
    }
}

struct MembersVisitor;

impl<'b> Visitor<'b> for MembersVisitor {
    type Value = Members<'b>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'b>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut members = Vec::new();
        while let Some(name) = map.next_key::<String>()? {
            members.push((Cow::Owned(name), map.next_value()?));
        }
        Ok(Members(members))
    }
}

fn without_members(body: &[u8], removed: &[String]) -> Option<Bytes> {
    let members = Members::parse(body)?.0;
    let kept = members.into_iter().filter(|(name, _)| !removed.iter().any(|known| known == name));
    let texts: Vec<String> =
        kept.map(|(name, value)| format!("{}:{}", serde_json::Value::from(&*name), value.get())).collect();
    Some(format!("{{{}}}", texts.join(",")).into())
}

/// One part of a multipart body, from its delimiter to the next.
struct Part<'b> {
    /// From its delimiter to the next.
    span: std::ops::Range<usize>,
    head: &'b str,
    content: &'b [u8],
}

impl Part<'_> {
    fn disposition(&self, name: &str) -> Option<&str> {
        let line = self.head.lines().find(|line| line.to_ascii_lowercase().starts_with("content-disposition:"))?;
        parameter(line.split_once(';')?.1, name)
    }

    /// A field that is no file.
    fn field(&self) -> Option<(String, String)> {
        let name = self.disposition("name").filter(|_| self.disposition("filename").is_none())?;
        Some((name.to_owned(), std::str::from_utf8(self.content).ok()?.to_owned()))
    }
}

/// The parts of a body; what cannot be read as one is skipped.
fn parts<'b>(body: &'b [u8], boundary: &str) -> impl Iterator<Item = Part<'b>> {
    let delimiter = format!("--{boundary}");
    let starts: Vec<usize> = memmem::find_iter(body, delimiter.as_bytes()).filter(|at| is_line(body, *at)).collect();
    let length = delimiter.len();
    let ends: Vec<usize> = starts.iter().skip(1).copied().collect();
    starts.into_iter().zip(ends).filter_map(move |(start, end)| {
        let whole = body.get(start..end)?;
        let inner = whole.get(length..)?.strip_prefix(b"\r\n")?;
        let split = memmem::find(inner, b"\r\n\r\n")?;
        let head = std::str::from_utf8(inner.get(..split)?).ok()?;
        let content = inner.get(split + 4..)?;
        Some(Part { span: start..end, head, content: content.strip_suffix(b"\r\n").unwrap_or(content) })
    })
}

/// Whether a line begins there.
fn is_line(body: &[u8], at: usize) -> bool {
    at == 0 || body.get(at.saturating_sub(2)..at) == Some(b"\r\n")
}

fn without_parts(body: &Bytes, boundary: &str, removed: &[String]) -> Bytes {
    let is_removed = |part: &Part<'_>| part.disposition("name").is_some_and(|name| removed.iter().any(|it| it == name));
    let mut kept = Vec::with_capacity(body.len());
    let mut from = 0;
    for part in parts(body, boundary).filter(is_removed) {
        kept.extend_from_slice(body.get(from..part.span.start).unwrap_or_default());
        from = part.span.end;
    }
    kept.extend_from_slice(body.get(from..).unwrap_or_default());
    kept.into()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;

    fn read(kind: &str, body: &str) -> Option<Vec<(String, String)>> {
        Form::of(kind).arguments(body.as_bytes()).map(|arguments| arguments.0)
    }

    fn without(kind: &str, body: &str, removed: &str) -> String {
        let body = Form::of(kind).without(Bytes::from(body.to_owned()), &[removed.to_owned()]);
        String::from_utf8(body.to_vec()).unwrap()
    }

    fn pair(name: &str, value: &str) -> (String, String) {
        (name.to_owned(), value.to_owned())
    }

    const MULTIPART: &str = "multipart/form-data; boundary=\"x-y\"";
    const PARTS: &str = "--x-y\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\none --x-y\r\n--x-y\r\n\
        content-disposition: form-data; name=\"f\"; filename=\"n\"\r\n\r\nbytes\r\n--x-y\r\n\
        Content-Disposition: form-data; name=\"b\"\r\n\r\ntwo\r\n--x-y--\r\n";

    #[test]
    fn arguments_are_read_from_each_kind_of_body() {
        let form = "application/x-www-form-urlencoded; charset=utf-8";
        assert_eq!(read(form, "a=1&b=%20x+y&c").unwrap(), [pair("a", "1"), pair("b", " x y"), pair("c", "")]);
        let json = r#"{"a": "1", "n": 5, "a": "2", "o": {"a": "x"}}"#;
        assert_eq!(read("Application/JSON", json).unwrap(), [pair("a", "1"), pair("a", "2")]);
        assert_eq!(read(MULTIPART, PARTS).unwrap(), [pair("a", "one --x-y"), pair("b", "two")]);
        assert_eq!(read("text/plain", "a=1"), None);
    }

    #[test]
    fn oidc_013_json_that_is_no_object_has_no_arguments() {
        for body in ["null", "[]", "1", "\"a\"", "", "{", "{\"a\":\"b\"} x"] {
            assert_eq!(read("application/json", body), None, "{body}");
        }
    }

    #[test]
    fn what_is_removed_leaves_the_rest_byte_for_byte() {
        let form = "application/x-www-form-urlencoded";
        assert_eq!(without(form, "a=1&%62=2&c=%7e", "b"), "a=1&c=%7e");
        let json = r#"{ "b":"x","a" : 1.0,"b":2, "é":"\u00e9"}"#;
        assert_eq!(without("application/json", json, "b"), r#"{"a":1.0,"é":"\u00e9"}"#);
        let rest = without(MULTIPART, PARTS, "a");
        assert!(rest.starts_with("--x-y\r\ncontent-disposition") && rest.ends_with("two\r\n--x-y--\r\n"), "{rest}");
        assert_eq!(without(MULTIPART, PARTS, "other"), PARTS);
    }

    proptest! {
        #[test]
        fn any_body_is_read_without_a_panic(body in prop::collection::vec(any::<u8>(), 0..200), text in "[-{}\":,a=&%x\r\n ]{0,80}") {
            for kind in ["application/json", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"] {
                for body in [body.as_slice(), text.as_bytes()] {
                    let form = Form::of(kind);
                    let _ = form.arguments(body);
                    let rest = form.without(Bytes::copy_from_slice(body), &["a".to_owned()]);
                    let left = form.arguments(&rest).map(|left| left.0).unwrap_or_default();
                    prop_assert!(kind.starts_with("multipart") || left.iter().all(|(name, _)| name != "a"));
                }
            }
        }
    }
}
