//! Endpoints, the patterns that match them, and the workspaces rules apply in.

use std::fmt;

use serde::{Serialize, Serializer};

use super::segment::canonical_segment;
use crate::domain::ids::{NameError, WorkspaceName};

/// An endpoint of the Admin API without workspace prefix, e.g. `/services/foo`. The root is `/`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    text: String,
    segments: usize,
}

impl Endpoint {
    /// The endpoint of canonical segments: none empty, none with a raw slash.
    #[must_use]
    pub fn from_segments<'s>(segments: impl IntoIterator<Item = &'s str>) -> Self {
        let mut text = String::with_capacity(64);
        let mut count = 0;
        for segment in segments {
            text.push('/');
            text.push_str(segment);
            count += 1;
        }
        Self { text, segments: count }
    }

    /// The endpoint of a fixed path such as `/rbac/roles`; empty segments are dropped.
    #[must_use]
    pub fn of(path: &str) -> Self {
        Self::from_segments(path.split('/').filter(|segment| !segment.is_empty()))
    }

    /// Its segments from left to right.
    pub fn segments(&self) -> impl Iterator<Item = &str> + Clone {
        self.text.split('/').skip(1)
    }

    /// How many segments it has; 0 for the root.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.segments
    }

    /// Whether it is the root.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.segments == 0
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.text.is_empty() { "/" } else { &self.text })
    }
}

/// One segment of a pattern.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Segment {
    /// Equal to this text.
    Literal(Box<str>),
    /// Exactly one segment, whatever it says.
    One,
}

/// What a rule matches.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum EndpointPattern {
    /// `*` alone: every endpoint.
    Every,
    /// As many segments as given; `*` is exactly one segment and never a glob.
    Path(Vec<Segment>),
}

/// Why a pattern was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PatternError {
    /// Neither `*` nor a path.
    #[error("should start with: / (or be * for every endpoint)")]
    NoSlash,
    /// Longer than 1024 bytes or more than 32 segments.
    #[error("must be at most 1024 bytes and 32 segments long")]
    TooLong,
    /// A segment holds something that no request path can have.
    #[error(
        "invalid segment '{0}': * stands alone in a segment; ?, #, dot segments, backslashes and control characters are not allowed"
    )]
    Segment(String),
}

impl EndpointPattern {
    /// Parses `*` or a path; a trailing slash and empty segments are dropped.
    ///
    /// # Errors
    /// See [`PatternError`].
    pub fn parse(text: &str) -> Result<Self, PatternError> {
        let text = text.trim();
        if text == "*" {
            return Ok(Self::Every);
        }
        if !text.starts_with('/') {
            return Err(PatternError::NoSlash);
        }
        let segments: Vec<_> =
            text.split('/').filter(|part| !part.is_empty()).map(parse_segment).collect::<Result<_, _>>()?;
        if text.len() > 1024 || segments.len() > 32 {
            return Err(PatternError::TooLong);
        }
        Ok(Self::Path(segments))
    }

    /// Whether the pattern matches `endpoint`.
    #[must_use]
    pub fn matches(&self, endpoint: &Endpoint) -> bool {
        match self {
            Self::Every => true,
            Self::Path(segments) => {
                segments.len() == endpoint.len()
                    && segments.iter().zip(endpoint.segments()).all(|(segment, text)| match segment {
                        Segment::One => true,
                        Segment::Literal(literal) => **literal == *text,
                    })
            }
        }
    }

    /// Whether some endpoint matches both patterns.
    #[must_use]
    pub fn overlaps(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Every, _) | (_, Self::Every) => true,
            (Self::Path(a), Self::Path(b)) => {
                a.len() == b.len()
                    && a.iter().zip(b).all(|pair| match pair {
                        (Segment::Literal(a), Segment::Literal(b)) => a == b,
                        _ => true,
                    })
            }
        }
    }

    /// Whether every endpoint that `other` matches is matched by this pattern.
    #[must_use]
    pub fn contains(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Every, _) => true,
            (Self::Path(_), Self::Every) => false,
            (Self::Path(a), Self::Path(b)) => {
                a.len() == b.len()
                    && a.iter().zip(b).all(|pair| match pair {
                        (Segment::One, _) => true,
                        (Segment::Literal(a), Segment::Literal(b)) => a == b,
                        (Segment::Literal(_), Segment::One) => false,
                    })
            }
        }
    }
}

fn parse_segment(part: &str) -> Result<Segment, PatternError> {
    if part == "*" {
        return Ok(Segment::One);
    }
    let refused = || PatternError::Segment(part.to_owned());
    let segment = canonical_segment(part).map_err(|_| refused())?;
    if part.contains(['*', '?', '#']) || segment == "." || segment == ".." {
        return Err(refused());
    }
    Ok(Segment::Literal(segment.into()))
}

impl fmt::Display for EndpointPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Every => f.write_str("*"),
            Self::Path(segments) if segments.is_empty() => f.write_str("/"),
            Self::Path(segments) => segments.iter().try_for_each(|segment| match segment {
                Segment::Literal(text) => write!(f, "/{text}"),
                Segment::One => f.write_str("/*"),
            }),
        }
    }
}

impl Serialize for EndpointPattern {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// The workspaces a rule applies in.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum WorkspaceScope {
    /// `*`: every workspace.
    Any,
    /// One workspace by name.
    Named(WorkspaceName),
}

impl WorkspaceScope {
    /// Parses `*` or a workspace name.
    ///
    /// # Errors
    /// What [`WorkspaceName::parse`] refuses.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        if text.trim() == "*" { Ok(Self::Any) } else { WorkspaceName::parse(text.trim()).map(Self::Named) }
    }
}

impl fmt::Display for WorkspaceScope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Any => f.write_str("*"),
            Self::Named(name) => name.fmt(f),
        }
    }
}

impl Serialize for WorkspaceScope {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
