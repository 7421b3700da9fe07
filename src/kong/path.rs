//! The canonical path of an Admin API request: parsed once, judged and forwarded byte for byte (kong-manager.md 4.3).
//!
//! Kong itself decodes `%6f` but knows neither `//` nor dot segments; a path that another parser could read differently
//! is refused instead of being repaired.

use std::fmt;

use percent_encoding::percent_decode_str;

use crate::domain::rbac::{Endpoint, SegmentError, canonical_segment};

/// First segments of doors that Kong does not have, so that nothing below them is forwarded, and whose second segment is
/// a name of the identity provider's: `/groups/%2Fops` is the group `/ops`.
const NAMING_DOORS: &[&str] = &["admins", "groups"];
/// Longest accepted path, bytes.
const LONGEST: usize = 8 * 1024;

/// A path without query whose only spelling this is: decoded where decoding is harmless, percent-encodings in upper
/// case, no empty and no dot segment, no trailing slash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CanonicalPath {
    segments: Vec<String>,
}

/// Why a path was refused; always a 400.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PathError {
    /// More than 8 KiB.
    #[error("the path is longer than 8192 bytes")]
    TooLong,
    /// Not absolute.
    #[error("the path must start with a slash")]
    NoSlash,
    /// `.` or `..`, encoded or not.
    #[error("the path must not contain dot segments")]
    DotSegment,
    /// `%2F` in one of the first two segments, where it is no part of a name.
    #[error("the path must not contain an encoded slash in its first two segments")]
    EncodedSlash,
    /// A segment that no path can have.
    #[error("the path {0}")]
    Segment(#[from] SegmentError),
}

impl CanonicalPath {
    /// Parses the raw path of a request target, without query.
    ///
    /// # Errors
    /// See [`PathError`].
    pub fn parse(raw: &str) -> Result<Self, PathError> {
        let path = Self::read(raw)?;
        if path.has_slash(2) { Err(PathError::EncodedSlash) } else { Ok(path) }
    }

    /// The same for a path of the Admin API: names of kong-sso's own entities may have a slash.
    ///
    /// # Errors
    /// See [`PathError`].
    pub fn parse_of_admin_api(raw: &str) -> Result<Self, PathError> {
        let path = Self::read(raw)?;
        path.check_slashes()?;
        Ok(path)
    }

    /// Refuses an encoded slash in the first two segments of what is left when mount point and workspace are gone, unless
    /// the second one is a name. What is forwarded never has one there.
    ///
    /// # Errors
    /// [`PathError::EncodedSlash`].
    pub fn check_slashes(&self) -> Result<(), PathError> {
        let names = self.first().is_some_and(|first| NAMING_DOORS.contains(&first));
        if self.has_slash(if names { 1 } else { 2 }) { Err(PathError::EncodedSlash) } else { Ok(()) }
    }

    /// Whether one of the first `count` segments has an encoded slash.
    fn has_slash(&self, count: usize) -> bool {
        self.segments.iter().take(count).any(|segment| segment.contains("%2F"))
    }

    fn read(raw: &str) -> Result<Self, PathError> {
        if raw.len() > LONGEST {
            return Err(PathError::TooLong);
        }
        let rest = raw.strip_prefix('/').ok_or(PathError::NoSlash)?;
        let mut segments: Vec<String> = Vec::with_capacity(6);
        for part in rest.split('/').filter(|part| !part.is_empty()) {
            let segment = canonical_segment(part)?;
            if segment == "." || segment == ".." {
                return Err(PathError::DotSegment);
            }
            segments.push(segment);
        }
        Ok(Self { segments })
    }

    /// The canonical segments from left to right.
    #[must_use]
    pub fn segments(&self) -> &[String] {
        &self.segments
    }

    /// The text, without a formatter's detour: each request asks for it.
    #[must_use]
    pub fn text(&self) -> String {
        let length = self.segments.iter().map(|segment| segment.len() + 1).sum::<usize>();
        let mut text = String::with_capacity(length.max(1));
        for segment in &self.segments {
            text.push('/');
            text.push_str(segment);
        }
        if text.is_empty() {
            text.push('/');
        }
        text
    }

    /// The first segment, if the path is not the root.
    #[must_use]
    pub fn first(&self) -> Option<&str> {
        self.segments.first().map(String::as_str)
    }

    /// The path without its first segment.
    #[must_use]
    pub fn without_first(&self) -> Self {
        Self { segments: self.segments.iter().skip(1).cloned().collect() }
    }

    /// The path below `prefix`, segment by segment; `None` when it is not below it.
    #[must_use]
    pub fn below(&self, prefix: &str) -> Option<Self> {
        let mut rest = self.segments.iter();
        for wanted in prefix.split('/').filter(|segment| !segment.is_empty()) {
            if rest.next()? != wanted {
                return None;
            }
        }
        Some(Self { segments: rest.cloned().collect() })
    }

    /// What the decision is about.
    #[must_use]
    pub fn endpoint(&self) -> Endpoint {
        Endpoint::from_segments(self.segments.iter().map(String::as_str))
    }

    /// The segments with every percent-encoding decoded, for doors that kong-sso serves itself. `None` when one is not
    /// UTF-8.
    #[must_use]
    pub fn decoded(&self) -> Option<Vec<String>> {
        self.segments.iter().map(|part| percent_decode_str(part).decode_utf8().ok().map(String::from)).collect()
    }
}

impl fmt::Display for CanonicalPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;

    fn canonical(raw: &str) -> String {
        CanonicalPath::parse(raw).unwrap().to_string()
    }

    #[test]
    fn a_prefix_counts_by_whole_segments() {
        let path = |text: &str| CanonicalPath::parse(text).unwrap();
        assert_eq!(path("/_api/services").below("/_api").unwrap().to_string(), "/services");
        assert_eq!(path("/_api").below("/_api").unwrap().to_string(), "/");
        assert_eq!(path("/_apix/services").below("/_api"), None);
        assert_eq!(path("/").below("/_api"), None);
        assert_eq!(path("/manager/_api/x").below("/manager/_api").unwrap().to_string(), "/x");
        assert_eq!(path("/x").below("").unwrap().to_string(), "/x");
    }

    #[test]
    fn km_075_every_spelling_has_one_canonical_form_or_none() {
        for same in ["/rbac/users", "//rbac//users/", "/rbac/users/", "/%72bac/user%73", "/rbac//users"] {
            assert_eq!(canonical(same), "/rbac/users", "{same}");
        }
        for (raw, error) in [
            ("/%2e%2e/rbac/users", PathError::DotSegment),
            ("/a/./b", PathError::DotSegment),
            ("/a/..", PathError::DotSegment),
            ("/rbac%2Fusers", PathError::EncodedSlash),
            ("/rbac/users%2fx", PathError::EncodedSlash),
            ("/services\\orders", PathError::Segment(SegmentError::Backslash)),
            ("/services%5corders", PathError::Segment(SegmentError::Backslash)),
            ("/services/a%00", PathError::Segment(SegmentError::Control)),
            ("/services/a%0d%0a", PathError::Segment(SegmentError::Control)),
            ("/services/%zz", PathError::Segment(SegmentError::Encoding)),
            ("/services/%2", PathError::Segment(SegmentError::Encoding)),
            ("services", PathError::NoSlash),
            ("", PathError::NoSlash),
        ] {
            assert_eq!(CanonicalPath::parse(raw), Err(error), "{raw}");
        }
        assert_eq!(canonical("/"), "/");
        assert_eq!(canonical("/consumers/x/acls/a%2fb"), "/consumers/x/acls/a%2Fb");
        assert_eq!(canonical("/consumers/%c3%a9%20x"), "/consumers/%C3%A9%20x");
    }

    #[test]
    fn an_encoded_slash_may_stand_in_names_of_own_entities_only() {
        let of_api = |raw: &str| CanonicalPath::parse_of_admin_api(raw).map(|path| path.to_string());
        for (raw, path) in [
            ("/groups/%2fops", "/groups/%2Fops"),
            ("/%67roups//%2Fops%2Fkong/roles/", "/groups/%2Fops%2Fkong/roles"),
            ("/admins/a%2Fb", "/admins/a%2Fb"),
            ("/groups/%252Fops", "/groups/%252Fops"),
            ("/payments/groups/%2Fops", "/payments/groups/%2Fops"),
        ] {
            assert_eq!(of_api(raw).as_deref(), Ok(path), "{raw}");
        }
        for raw in ["/groups%2Fops", "/services/%2Fops", "/workspaces/%2Fops", "/rbac/users%2fx", "/%2Fgroups/ops"] {
            assert_eq!(of_api(raw), Err(PathError::EncodedSlash), "{raw}");
        }
        assert_eq!(CanonicalPath::parse("/groups/%2Fops"), Err(PathError::EncodedSlash), "elsewhere it is no name");
        let prefixed = |raw: &str| CanonicalPath::parse_of_admin_api(raw).unwrap().without_first().check_slashes();
        assert_eq!(prefixed("/payments/groups/%2Fops"), Ok(()));
        assert_eq!(prefixed("/payments/services/%2Fops"), Err(PathError::EncodedSlash));
        assert_eq!(prefixed("/payments/x/y/services%2Fops"), Ok(()), "further on Kong takes it for a part of a name");
    }

    /// Paths that differ, or look different, by what slashes are.
    fn slashes() -> impl Strategy<Value = String> {
        let segment = "(groups|%67roups|admins|services|ops|%2F|%2f|%252F|%6Fps|%2Fops|ops%2F|~|%7E){1,3}";
        proptest::collection::vec(segment, 1..5).prop_map(|segments| format!("/{}", segments.join("/")))
    }

    proptest! {
        #[test]
        fn no_two_meanings_share_a_canonical_path(one in slashes(), other in slashes()) {
            let meant = |path: &CanonicalPath| path.decoded().unwrap();
            let parsed = |raw: &str| CanonicalPath::parse_of_admin_api(raw).ok();
            if let (Some(one), Some(other)) = (parsed(&one), parsed(&other)) {
                prop_assert_eq!(one.to_string() == other.to_string(), meant(&one) == meant(&other));
                prop_assert_eq!(one.endpoint() == other.endpoint(), meant(&one) == meant(&other));
            }
        }

        #[test]
        fn only_names_of_own_entities_have_an_encoded_slash_in_front(raw in slashes()) {
            let of_api = CanonicalPath::parse_of_admin_api(&raw);
            match (CanonicalPath::parse(&raw), of_api) {
                (Ok(strict), of_api) => prop_assert_eq!(of_api, Ok(strict)),
                (Err(PathError::EncodedSlash), Ok(named)) => {
                    prop_assert!(NAMING_DOORS.contains(&named.first().unwrap()));
                    prop_assert!(named.segments().get(1).is_some_and(|name| name.contains("%2F")));
                    prop_assert_eq!(&CanonicalPath::parse_of_admin_api(&named.to_string()), &Ok(named));
                }
                (Err(strict), of_api) => prop_assert_eq!(of_api, Err(strict)),
            }
        }

        #[test]
        fn parsing_is_idempotent_and_leaves_no_ambiguity(raw in "/[ -~]{0,60}") {
            if let Ok(path) = CanonicalPath::parse(&raw) {
                let text = path.to_string();
                prop_assert_eq!(&CanonicalPath::parse(&text).unwrap(), &path);
                prop_assert!(!text.contains("//") && !text.contains('\\') && !text.contains("/../") && !text.contains("/./"));
                prop_assert!(text.is_ascii());
                prop_assert_eq!(path.endpoint().to_string(), text);
            }
        }

        #[test]
        fn parsing_never_panics(raw in "\\PC{0,40}") {
            let _ = CanonicalPath::parse(&raw);
        }
    }
}
