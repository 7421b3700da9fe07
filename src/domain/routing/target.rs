//! The path that the upstream gets (Kong's `path_handling = v0`).

/// Joins the path of a service with what is left of the normalized `path` after a route took `taken` bytes of it; `None`
/// keeps the whole path (`strip_path` off, or a route without paths). `None` when a dot segment would come of it, as of
/// `/public../x` without its `/public`: the upstream would follow it to a path that nobody judged.
#[must_use]
pub fn upstream_path(base: &str, path: &str, taken: Option<usize>) -> Option<String> {
    let rest = taken.and_then(|taken| path.get(taken..)).unwrap_or(path);
    let bare = base.strip_suffix('/').unwrap_or(base);
    let joined = match (rest.is_empty(), rest.strip_prefix('/')) {
        // All of the path was taken: a slash at its end is kept.
        (true, _) if path.len() > 1 && path.ends_with('/') => format!("{bare}/"),
        (true, _) => bare.to_owned(),
        (false, Some("")) if taken.is_none() => base.to_owned(),
        (false, Some(tail)) => format!("{bare}/{tail}"),
        (false, None) => format!("{bare}/{rest}"),
    };
    let has_dots = joined.split('/').any(|segment| matches!(segment, "." | ".."));
    match joined.is_empty() {
        true => Some("/".to_owned()),
        false => (!has_dots).then_some(joined),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_join_as_in_kong_s_table() {
        for (base, path, taken, expected) in [
            ("/", "/a/b", None, "/a/b"),
            ("/", "/", None, "/"),
            ("/s", "/", None, "/s"),
            ("/s/", "/", None, "/s/"),
            ("/s", "/a", None, "/s/a"),
            ("/s/", "/a", None, "/s/a"),
            ("/", "/a", Some(2), "/"),
            ("/", "/a/", Some(2), "/"),
            ("/", "/a/b", Some(2), "/b"),
            ("/s", "/a", Some(2), "/s"),
            ("/s/", "/a", Some(2), "/s"),
            ("/s", "/a/", Some(3), "/s/"),
            ("/s", "/a/b", Some(2), "/s/b"),
            ("/s", "/ab", Some(2), "/s/b"),
            ("/s/", "/a/b", Some(3), "/s/b"),
            ("/s", "/a/b", Some(1), "/s/a/b"),
        ] {
            let joined = upstream_path(base, path, taken);
            assert_eq!(joined.as_deref(), Some(expected), "{base} {path} {taken:?}");
        }
    }

    #[test]
    fn what_is_left_of_a_path_makes_no_dot_segment() {
        for (base, path, taken) in [
            ("/pub/files", "/public../admin/x", 7),
            ("/pub/files", "/public..", 7),
            ("/pub/files", "/public./x", 7),
            ("/", "/public../admin", 7),
        ] {
            assert_eq!(upstream_path(base, path, Some(taken)), None, "{base} {path} {taken}");
        }
        assert_eq!(upstream_path("/s", "/public...", Some(7)).as_deref(), Some("/s/..."));
        assert_eq!(upstream_path("/s", "/public../x", None).as_deref(), Some("/s/public../x"));
    }
}
