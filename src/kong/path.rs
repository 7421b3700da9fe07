//! The canonical path of an Admin API request: parsed once, judged and forwarded byte for byte (kong-manager.md 4.3).
//!
//! Kong itself decodes `%6f` but knows neither `//` nor dot segments; a path that another parser could read differently
//! is refused instead of being repaired.

use std::fmt;

use percent_encoding::percent_decode_str;

use crate::domain::rbac::{Endpoint, SegmentError, canonical_segment};

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
    /// `%2F` in one of the first two segments.
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
            if segments.len() < 2 && segment.contains("%2F") {
                return Err(PathError::EncodedSlash);
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
        if self.segments.is_empty() {
            return f.write_str("/");
        }
        self.segments.iter().try_for_each(|segment| write!(f, "/{segment}"))
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

    proptest! {
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
