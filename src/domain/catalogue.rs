//! Published APIs: services of Kong that developers find in the portal (dev-portal.md 5).

use std::fmt::Write as _;

use super::ids::{ApiId, ServiceId, StrategyId, WorkspaceId};
use super::time::UnixSeconds;

/// Who sees a published API.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Visibility {
    /// Everybody.
    Public,
    /// Approved developers.
    Private,
}

impl Visibility {
    /// As it is stored and shown.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::Private => "private",
        }
    }
}

impl std::str::FromStr for Visibility {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "public" => Ok(Self::Public),
            "private" => Ok(Self::Private),
            _ => Err("expected one of: public, private"),
        }
    }
}

/// A published API. One service of Kong is published at most once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublishedApi {
    /// Key.
    pub id: ApiId,
    /// Workspace.
    pub ws_id: WorkspaceId,
    /// The service behind it.
    pub service_id: ServiceId,
    /// The service's name in Kong when it was published, for people.
    pub service_name: String,
    /// What developers call it; unique in its workspace.
    pub name: String,
    /// Its part of a URL; unique in its workspace.
    pub slug: String,
    /// One paragraph.
    pub description: Option<String>,
    /// Documentation in Markdown.
    pub document: Option<String>,
    /// Who sees it.
    pub visibility: Visibility,
    /// How callers prove who they are.
    pub strategy_id: StrategyId,
    /// Whether requests for access need no decision.
    pub auto_approve: bool,
    /// Whether new requests for access are taken.
    pub registration_enabled: bool,
    /// Whether developers are told the issuer of an identity provider.
    pub show_issuer: bool,
    /// Whether developers see it at all. Existing contracts go on when it is withdrawn.
    pub is_published: bool,
    /// Whether the service must be guarded in Kong. Stays on when the API is withdrawn, or it would be open to the world.
    pub has_gate: bool,
    /// Whether Kong has lost the service.
    pub is_missing: bool,
    /// When it was published first.
    pub created_at: UnixSeconds,
    /// When it was last changed.
    pub updated_at: UnixSeconds,
}

/// Longest slug.
const LONGEST_SLUG: usize = 100;

/// A slug from a name: lower-case letters, digits and single hyphens.
#[must_use]
pub fn slug_of(name: &str) -> String {
    let mut slug = String::new();
    for letter in name.chars().flat_map(char::to_lowercase) {
        if letter.is_ascii_alphanumeric() {
            slug.push(letter);
        } else if letter.is_alphanumeric() {
            // Letters beyond ASCII keep names apart that would otherwise fall together.
            let _ = write!(slug, "{:x}", u32::from(letter));
        } else if !slug.ends_with('-') && !slug.is_empty() {
            slug.push('-');
        }
        if slug.len() >= LONGEST_SLUG {
            break;
        }
    }
    // What is beyond ASCII takes several letters at once.
    slug.truncate(LONGEST_SLUG);
    let slug = slug.trim_end_matches('-');
    if slug.is_empty() { "api".to_owned() } else { slug.to_owned() }
}

/// Checks a slug that somebody chose.
///
/// # Errors
/// What is wrong with it.
pub fn parse_slug(text: &str) -> Result<String, &'static str> {
    let is_letter = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    if text.is_empty() || text.len() > LONGEST_SLUG || !text.chars().all(is_letter) {
        return Err("expected 1 to 100 letters, digits, hyphens or underscores");
    }
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn slugs_are_readable() {
        for (name, slug) in
            [("Orders API v2", "orders-api-v2"), ("  Ä & b ", "e4-b"), ("---", "api"), ("", "api"), ("a--b", "a-b")]
        {
            assert_eq!(slug_of(name), slug, "{name}");
        }
    }

    proptest! {
        #[test]
        fn any_name_has_a_valid_slug(name in "\\PC{0,300}") {
            prop_assert!(parse_slug(&slug_of(&name)).is_ok(), "{}", slug_of(&name));
        }
    }
}
