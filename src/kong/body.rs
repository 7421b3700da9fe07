//! Request bodies in the three formats that Kong's Admin API takes: JSON, form and multipart, with `a.b=`, `a[]=` and
//! `a[1]=` nesting (kong-manager.md 4.10). Used for the doors that kong-sso serves itself.

use bytes::Bytes;
use serde_json::{Map, Value};

/// Members of a request body.
pub type Members = Map<String, Value>;

/// Most members of a form.
const MOST_FIELDS: usize = 1000;
/// Deepest nesting of a form member.
const DEEPEST: usize = 8;

/// Why a body was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BodyError {
    /// Not a JSON object.
    #[error("Cannot parse JSON body")]
    Json,
    /// Not a form.
    #[error("Cannot parse form body")]
    Form,
    /// A content type that nobody reads.
    #[error("Unsupported Media Type")]
    MediaType,
}

/// Parses `body` by its content type. An empty body without content type has no members.
///
/// # Errors
/// See [`BodyError`].
pub async fn parse(content_type: Option<&str>, body: Bytes) -> Result<Members, BodyError> {
    let Some(content_type) = content_type else {
        return if body.is_empty() { Ok(Members::new()) } else { Err(BodyError::MediaType) };
    };
    match content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase().as_str() {
        "application/json" => match serde_json::from_slice(&body) {
            Ok(Value::Object(members)) => Ok(members),
            _ => Err(BodyError::Json),
        },
        "application/x-www-form-urlencoded" => nest(url::form_urlencoded::parse(&body).into_owned()),
        "multipart/form-data" => nest(multipart(content_type, body).await?.into_iter()),
        _ => Err(BodyError::MediaType),
    }
}

async fn multipart(content_type: &str, body: Bytes) -> Result<Vec<(String, String)>, BodyError> {
    let boundary = multer::parse_boundary(content_type).map_err(|_| BodyError::Form)?;
    let stream = futures_util::stream::iter([Ok::<_, std::io::Error>(body)]);
    let mut parts = multer::Multipart::new(stream, boundary);
    let mut fields = Vec::new();
    while let Some(field) = parts.next_field().await.map_err(|_| BodyError::Form)? {
        let name = field.name().ok_or(BodyError::Form)?.to_owned();
        fields.push((name, field.text().await.map_err(|_| BodyError::Form)?));
        if fields.len() > MOST_FIELDS {
            return Err(BodyError::Form);
        }
    }
    Ok(fields)
}

/// One step into a nested member.
enum Step<'s> {
    Member(&'s str),
    Append,
    /// 1-based, as Lua counts.
    Index(usize),
}

fn nest(fields: impl Iterator<Item = (String, String)>) -> Result<Members, BodyError> {
    let mut root = Value::Object(Members::new());
    for (count, (name, text)) in fields.enumerate() {
        let steps = steps_of(&name).ok_or(BodyError::Form)?;
        if count >= MOST_FIELDS || steps.len() > DEEPEST {
            return Err(BodyError::Form);
        }
        place(&mut root, &steps, Value::String(text))?;
    }
    match root {
        Value::Object(members) => Ok(members),
        _ => Err(BodyError::Form),
    }
}

fn steps_of(name: &str) -> Option<Vec<Step<'_>>> {
    let mut steps = Vec::new();
    for part in name.split('.') {
        let (member, mut brackets) = part.find('[').map_or((part, ""), |at| part.split_at(at));
        if member.is_empty() {
            return None;
        }
        steps.push(Step::Member(member));
        while let Some(rest) = brackets.strip_prefix('[') {
            let (inside, after) = rest.split_once(']')?;
            steps.push(match inside {
                "" => Step::Append,
                number => match number.parse::<usize>() {
                    Ok(index) if (1..=MOST_FIELDS).contains(&index) => Step::Index(index),
                    Ok(_) => return None,
                    Err(_) => Step::Member(number),
                },
            });
            brackets = after;
        }
        if !brackets.is_empty() {
            return None;
        }
    }
    Some(steps)
}

fn place(target: &mut Value, steps: &[Step<'_>], value: Value) -> Result<(), BodyError> {
    let Some((step, rest)) = steps.split_first() else {
        // A repeated plain field becomes a list, as Kong reads it.
        match target {
            Value::Null => *target = value,
            Value::Array(items) => items.push(value),
            earlier => *earlier = Value::Array(vec![earlier.take(), value]),
        }
        return Ok(());
    };
    match step {
        Step::Member(name) => {
            let members = into_object(target).ok_or(BodyError::Form)?;
            place(members.entry((*name).to_owned()).or_insert(Value::Null), rest, value)
        }
        Step::Append => {
            let items = into_array(target).ok_or(BodyError::Form)?;
            let mut item = Value::Null;
            place(&mut item, rest, value)?;
            items.push(item);
            Ok(())
        }
        Step::Index(index) => {
            let items = into_array(target).ok_or(BodyError::Form)?;
            // Gaps would let a short body ask for a long list at every level.
            if items.len() + 1 < *index {
                return Err(BodyError::Form);
            }
            if items.len() < *index {
                items.push(Value::Null);
            }
            place(items.get_mut(index - 1).ok_or(BodyError::Form)?, rest, value)
        }
    }
}

fn into_object(value: &mut Value) -> Option<&mut Members> {
    if value.is_null() {
        *value = Value::Object(Members::new());
    }
    value.as_object_mut()
}

fn into_array(value: &mut Value) -> Option<&mut Vec<Value>> {
    if value.is_null() {
        *value = Value::Array(Vec::new());
    }
    value.as_array_mut()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn read(content_type: &str, body: &str) -> Result<Value, BodyError> {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(parse(Some(content_type), Bytes::from(body.to_owned()))).map(Value::Object)
    }

    const FORM: &str = "application/x-www-form-urlencoded";

    #[test]
    fn forms_nest_as_kong_reads_them() {
        for (body, expected) in [
            ("name=a&tags[]=x&tags[]=y", json!({"name": "a", "tags": ["x", "y"]})),
            ("tags[1]=x&tags[2]=y", json!({"tags": ["x", "y"]})),
            ("service.id=7&config.a.b=c", json!({"service": {"id": "7"}, "config": {"a": {"b": "c"}}})),
            ("a=1&a=2&a=3", json!({"a": ["1", "2", "3"]})),
            ("meta[color]=%23fff", json!({"meta": {"color": "#fff"}})),
            ("", json!({})),
        ] {
            assert_eq!(read(FORM, body), Ok(expected), "{body}");
        }
        for bad in ["a[=1", "a[0]=1", "a[99999]=1", "a[2]=1", "a=1&a.b=2", "a.b.c.d.e.f.g.h.i=1", "[]=1"] {
            assert_eq!(read(FORM, bad), Err(BodyError::Form), "{bad}");
        }
    }

    #[test]
    fn json_must_be_an_object_and_duplicate_members_take_the_last() {
        assert_eq!(read("application/json; charset=utf-8", r#"{"a":1,"a":2}"#), Ok(json!({"a": 2})));
        for bad in ["", "null", "[1]", "\"x\"", "{", &"[".repeat(100_000)] {
            assert_eq!(read("application/json", bad), Err(BodyError::Json));
        }
        assert_eq!(read("text/plain", "a=1"), Err(BodyError::MediaType));
    }

    #[test]
    fn multipart_bodies_are_read() {
        let body = "--X\r\nContent-Disposition: form-data; name=\"name\"\r\n\r\nops\r\n--X--\r\n";
        assert_eq!(read("multipart/form-data; boundary=X", body), Ok(json!({"name": "ops"})));
        assert_eq!(read("multipart/form-data", body), Err(BodyError::Form));
    }

    proptest! {
        #[test]
        fn no_form_panics(body in "[a-c.\\[\\]=&0-9%]{0,60}") {
            let _ = read(FORM, &body);
        }
    }
}
