//! From a groups claim to group values, and from a value to a role (kong-manager.md 3.1 and 3.3).

use serde_json::Value;

use super::claims::scalar_text;
use super::ids::{RoleName, WorkspaceName};

/// How many values of one login count.
pub const MOST_VALUES: usize = 1000;

/// The values of a groups claim: a string becomes one value (or several, split at `delimiter`), an array one per scalar
/// element; trimmed, without empty ones, without repetitions, at most [`MOST_VALUES`].
#[must_use]
pub fn group_values(claim: &Value, delimiter: Option<char>) -> Vec<String> {
    let texts: Vec<String> = match claim {
        Value::Array(items) => items.iter().filter_map(scalar_text).collect(),
        scalar => scalar_text(scalar).into_iter().collect(),
    };
    let mut values: Vec<String> = Vec::new();
    let mut seen = std::collections::HashSet::new();
    for text in &texts {
        let parts: Vec<&str> = delimiter.map_or_else(|| vec![text.as_str()], |c| text.split(c).collect());
        for part in parts.into_iter().map(str::trim).filter(|part| !part.is_empty()) {
            if values.len() < MOST_VALUES && seen.insert(part.to_owned()) {
                values.push(part.to_owned());
            }
        }
    }
    values
}

/// The values of a claim whose provider may write a list as one text: a JSON array, or words between commas and spaces
/// (dev-portal.md 2.3). Elements of an array are whole.
#[must_use]
pub fn listed_values(claim: &Value) -> Vec<String> {
    let Value::String(text) = claim else { return group_values(claim, None) };
    match serde_json::from_str(text) {
        Ok(list @ Value::Array(_)) => group_values(&list, None),
        _ => group_values(&Value::String(text.replace(char::is_whitespace, ",")), Some(',')),
    }
}

/// Reads `workspace:role`, split at the first colon. `None` when it is not of that form.
#[must_use]
pub fn direct_role(value: &str) -> Option<(WorkspaceName, RoleName)> {
    let (workspace, role) = value.split_once(':')?;
    Some((WorkspaceName::parse(workspace).ok()?, RoleName::parse(role).ok()?))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use serde_json::json;

    #[test]
    fn km_048_a_delimited_string_is_several_values() {
        assert_eq!(group_values(&json!("a:b,c:d"), Some(',')), ["a:b", "c:d"]);
        assert_eq!(group_values(&json!(["a;b", "c"]), Some(';')), ["a", "b", "c"]);
        assert_eq!(group_values(&json!("a b"), None), ["a b"]);
    }

    #[test]
    fn km_052_numbers_are_compared_as_text() {
        assert_eq!(group_values(&json!([123, " x ", "", null, {"a": 1}, "x"]), None), ["123", "x"]);
    }

    #[test]
    fn dp_037_a_list_in_one_text_is_read() {
        for claim in [json!(["a", "b c"]), json!("[\"a\",\"b c\"]")] {
            assert_eq!(listed_values(&claim), ["a", "b c"]);
        }
        for claim in [json!("a,b"), json!("a b"), json!(" a, b ")] {
            assert_eq!(listed_values(&claim), ["a", "b"]);
        }
        assert!(listed_values(&json!([])).is_empty() && listed_values(&json!("")).is_empty());
    }

    #[test]
    fn a_flood_of_values_is_capped() {
        let many: Vec<_> = (0..5000).collect();
        assert_eq!(group_values(&json!(many), None).len(), MOST_VALUES);
    }

    #[test]
    fn a_direct_value_is_split_at_the_first_colon() {
        let (workspace, role) = direct_role("default:super-admin").unwrap();
        assert_eq!((workspace.as_str(), role.as_str()), ("default", "super-admin"));
        assert_eq!(direct_role("ws:a:b").unwrap().1.as_str(), "a:b");
        assert!(direct_role("ops").is_none());
        assert!(direct_role("services:x").is_none());
    }
}
