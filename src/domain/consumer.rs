//! A consumer of the gateway, as the engine maps callers to it (openid-connect.md 7.4).

/// A consumer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Consumer {
    /// `id`.
    pub id: String,
    /// `username`.
    pub username: Option<String>,
    /// `custom_id`.
    pub custom_id: Option<String>,
    /// ACL groups (`acls[].group`).
    pub acl_groups: Vec<String>,
    /// Names of its consumer groups.
    pub groups: Vec<String>,
}
