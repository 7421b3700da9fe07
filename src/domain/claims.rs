//! Paths into claims. `["realm_access", "roles"]` is one path, not two alternatives (openid-connect.md 7.1).

use serde_json::Value;

/// A path of member names into a claims object; never empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClaimPath(Vec<String>);

impl ClaimPath {
    /// A path from its member names; `None` when there is none or one is empty.
    #[must_use]
    pub fn new(members: Vec<String>) -> Option<Self> {
        (!members.is_empty() && members.iter().all(|member| !member.is_empty())).then_some(Self(members))
    }

    /// The member names.
    #[must_use]
    pub fn members(&self) -> &[String] {
        &self.0
    }

    /// The value at the path, if each member exists. A claim whose name itself is a URL with dots is one member.
    #[must_use]
    pub fn find<'v>(&self, claims: &'v Value) -> Option<&'v Value> {
        self.0.iter().try_fold(claims, |value, member| value.as_object()?.get(member))
    }
}

impl std::fmt::Display for ClaimPath {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0.join("."))
    }
}

/// A scalar claim as text: strings as they are, numbers and booleans as JSON writes them. `None` for the rest.
#[must_use]
pub fn scalar_text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use serde_json::json;

    #[test]
    fn km_047_a_nested_path_is_followed() {
        let path = ClaimPath::new(vec!["realm_access".into(), "roles".into()]).unwrap();
        let claims = json!({"realm_access": {"roles": ["a", "b"]}});
        assert_eq!(path.find(&claims), Some(&json!(["a", "b"])));
        assert_eq!(path.find(&json!({"realm_access": ["roles"]})), None);
        assert_eq!(path.find(&json!({"realm_access.roles": 1})), None);
    }
}
