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

    /// A path as `sso_*_claim` keys write it: dots part members, and `\.` is a dot in a name.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut members = vec![String::new()];
        let mut chars = text.chars().peekable();
        while let Some(c) = chars.next() {
            match (c, chars.peek()) {
                ('\\', Some('.')) => members.last_mut()?.extend(chars.next()),
                ('.', _) => members.push(String::new()),
                (c, _) => members.last_mut()?.push(c),
            }
        }
        Self::new(members)
    }

    /// A claim at the top.
    #[must_use]
    pub fn of(name: &str) -> Self {
        Self(vec![name.to_owned()])
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

    #[test]
    fn a_path_of_one_text_is_parted_at_dots() {
        let members = |text: &str| ClaimPath::parse(text).map(|path| path.members().to_vec());
        assert_eq!(members("realm_access.roles").unwrap(), ["realm_access", "roles"]);
        assert_eq!(members(r"https://acme\.example/groups").unwrap(), ["https://acme.example/groups"]);
        assert_eq!(members(r"a\b").unwrap(), [r"a\b"]);
        assert!(members("a..b").is_none() && members("").is_none() && members(".a").is_none());
    }
}
