//! Forms of claim values: words of a scope or a list, and the text of a header (openid-connect.md 7.1, 8.2).

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use crate::domain::claims::scalar_text;

/// The words of a claim: a text is split at spaces, a list has one word an element, a scalar is one.
pub(super) fn words(claim: &Value) -> Vec<String> {
    match claim {
        Value::String(text) => text.split_ascii_whitespace().map(str::to_owned).collect(),
        Value::Array(items) => items.iter().filter_map(scalar_text).filter(|word| !word.is_empty()).collect(),
        scalar => scalar_text(scalar).into_iter().collect(),
    }
}

/// The value of a header; `None` when the claim says nothing.
pub(super) fn header_text(claim: &Value) -> Option<String> {
    let text = match claim {
        Value::Null => None,
        Value::Array(items) => match items.iter().map(scalar_text).collect::<Option<Vec<_>>>() {
            Some(texts) => Some(texts.join(", ")),
            None => Some(base64_json(claim)),
        },
        Value::Object(_) => Some(base64_json(claim)),
        scalar => scalar_text(scalar),
    };
    text.map(|text| clean(&text).into_owned()).filter(|text| !text.is_empty())
}

/// JSON in base64, with padding.
pub(super) fn base64_json(value: &Value) -> String {
    STANDARD.encode(value.to_string())
}

/// Text without what cannot stand in a header line: CR, LF, NUL and other control characters.
pub(super) fn clean(text: &str) -> Cow<'_, str> {
    // Tokens and most other texts have nothing of the kind.
    // Without a way out of the loop, many bytes are compared at once.
    if text.bytes().fold(true, |is_clean, byte| is_clean & (b' '..=b'~').contains(&byte)) {
        return Cow::Borrowed(text);
    }
    text.chars().filter(|c| !c.is_control()).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn a_claim_has_words() {
        let cases = [
            (json!("a  b"), vec!["a", "b"]),
            (json!(["a b", "c", 7, "", null]), vec!["a b", "c", "7"]),
            (json!(true), vec!["true"]),
            (json!({"a": 1}), vec![]),
            (json!(null), vec![]),
        ];
        for (claim, expected) in cases {
            assert_eq!(words(&claim), expected, "{claim}");
        }
    }

    #[test]
    fn a_claim_becomes_the_text_of_a_header() {
        let cases = [
            (json!("müller"), Some("müller")),
            (json!(1.5), Some("1.5")),
            (json!(["a", 1, true]), Some("a, 1, true")),
            (json!([["a"]]), Some("W1siYSJdXQ==")),
            (json!({"a": 1}), Some("eyJhIjoxfQ==")),
            (json!("a\r\nX-Evil: 1\0"), Some("aX-Evil: 1")),
            (json!(null), None),
            (json!([]), None),
            (json!("\n"), None),
        ];
        for (claim, expected) in cases {
            assert_eq!(header_text(&claim).as_deref(), expected, "{claim}");
        }
    }

    proptest! {
        #[test]
        fn no_text_ends_a_header_line(text in any::<String>()) {
            let value = header_text(&json!([text, "x"])).unwrap_or_default();
            prop_assert!(!value.chars().any(char::is_control));
        }
    }
}
